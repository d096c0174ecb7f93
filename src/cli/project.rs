//! The repository and the policy that every command starts from.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::context::When;
use crate::gate::{Ask, Gate};
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure, ObjectId, Untrusted};
use crate::policy::{LoadError, PolicyError, PolicyErrors, Source};
use crate::project::View;
use crate::report::{policy_error_lines, policy_errors};

/// Which repository, and under which policy.
#[derive(Debug, clap::Args)]
pub(super) struct ProjectFlags {
    /// The policy: a file, `preset:NAME` or `ref:REF:PATH`; `refgate.policy`, or `.refgate.toml` in a clone, unless given.
    #[arg(long, value_name = "SOURCE")]
    pub(super) policy: Option<String>,
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    pub(super) repo: Option<PathBuf>,
}

/// Whose branches are meant in a clone.
#[derive(Debug, clap::Args)]
pub(super) struct RemoteFlag {
    /// The remote whose tracking refs stand for the server's branches, in a clone.
    #[arg(long, value_name = "NAME", default_value = "origin")]
    pub(super) remote: String,
}

impl ProjectFlags {
    /// Returns the policy that the flag names.
    ///
    /// # Errors
    /// It does not name a source.
    pub(super) fn named(&self, context: &Context) -> Result<Option<Source>, Failure> {
        named_policy(context, self.policy.as_deref())
    }

    /// Opens the repository.
    pub(super) fn repository(&self, context: &Context, trust: Trust) -> Result<Repository, Failure> {
        context.repository(self.repo.as_deref(), trust)
    }

    /// Opens the repository under its policy, for a command that has an answer without one too.
    pub(super) fn open(&self, context: &Context, remote: &str) -> Result<Gate, Failure> {
        let repository = self.repository(context, Trust::Cli)?;
        let view = view(&repository, remote)?;
        let ask = Ask { named: self.named(context)?, is_optional: true, ..Ask::default() };
        let ask = ask.in_clone(&repository, remote);
        open(context, When::Auto, repository, view, ask)
    }
}

/// Returns the policy that a flag names.
///
/// # Errors
/// It does not name a source.
pub(super) fn named_policy(context: &Context, text: Option<&str>) -> Result<Option<Source>, Failure> {
    let Some(text) = text else { return Ok(None) };
    let source =
        Source::parse(text).map_err(|error| Failure::new(Exit::Policy, "finding the policy", error.to_string()))?;
    Ok(Some(source.relative_to(&context.absolute(Path::new("")))))
}

/// Returns whose branches are meant by somebody who asks from a command line.
pub(super) fn view(repository: &Repository, remote: &str) -> Result<View, Failure> {
    View::of_place(repository, remote.as_bytes()).map_err(|error| unusable_remote(remote.as_bytes(), &error))
}

/// Returns the failure for a remote whose refspecs cannot be followed.
pub(super) fn unusable_remote(remote: &[u8], error: &crate::git::Error) -> Failure {
    let detail = format!("reading the refspecs of `{}`", Untrusted::new(remote));
    Failure::from_error(Exit::Undecided, detail, error)
}

/// Opens a project. The errors of an invalid policy are shown, each in its place.
pub(super) fn open(
    context: &Context,
    color: When,
    repository: Repository,
    view: View,
    ask: Ask,
) -> Result<Gate, Failure> {
    Gate::open(repository, view, ask).map_err(|error| match error {
        LoadError::Unreadable(failure) => failure,
        LoadError::Invalid(errors) => {
            context.complain(&policy_errors(&errors, context.colour(color)));
            invalid(&errors)
        }
    })
}

/// Opens a project for a hook, where the pusher reads the errors of the policy but must see neither its text nor where
/// it is on the server. The log has everything.
pub(super) fn open_for_pushers(
    context: &Context,
    repository: Repository,
    view: View,
    ask: Ask,
) -> Result<Gate, Failure> {
    Gate::open(repository, view, ask).map_err(|error| {
        let chain = vec![error.to_string()];
        let failure = match error {
            LoadError::Unreadable(failure) => failure,
            LoadError::Invalid(errors) => {
                context.complain(&without_folders(&policy_error_lines(&errors)));
                invalid(&errors)
            }
        };
        let (detail, cause) = (without_folders(&failure.detail), without_folders(&failure.cause));
        Failure { detail, cause, chain, ..failure }
    })
}

/// Returns the text with absolute paths reduced to the names of the files.
fn without_folders(text: &str) -> String {
    let is_end = |c: char| c.is_whitespace() || c == '`';
    let words = text.split_inclusive(is_end);
    let shorten = |word| match str::strip_prefix(word, '/').and_then(|path| path.rsplit_once('/')) {
        Some((_, name)) if !name.trim_end_matches(is_end).is_empty() => name,
        _ => word,
    };
    words.map(shorten).collect()
}

/// Returns the failure for an invalid policy, to be shown next to its errors.
fn invalid(errors: &PolicyErrors) -> Failure {
    let first = errors.0.first().map_or_else(String::new, PolicyError::placed);
    Failure::new(Exit::Policy, "reading the policy", first)
        .help("`refgate policy check` shows every error in its place")
}

/// Returns the failure for a revision that does not name an object, or names one that cannot be read.
pub(super) fn unresolved(revision: &str, error: &crate::git::Error) -> Failure {
    let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Usage };
    Failure::from_error(exit, format!("resolving the revision `{}`", Untrusted::new(revision)), error)
}

/// Returns the commit that a revision stands for.
pub(super) fn commit(repository: &Repository, revision: &str) -> Result<ObjectId, Failure> {
    let peeled = repository.rev_parse(revision).and_then(|id| repository.peel(id));
    peeled.map(|peeled| peeled.id).map_err(|error| unresolved(revision, &error))
}
