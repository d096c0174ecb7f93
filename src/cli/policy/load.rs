//! The policy that a command is about: that of a repository, or one that is read by itself.

use std::path::{Path, PathBuf};

use crate::cli::context::{Context, When};
use crate::cli::project::view;
use crate::gate::{Ask, Gate};
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure};
use crate::policy::{self, LoadError, Policy, Source};
use crate::project::{confined, read_file, read_file_within};
use crate::report::policy_errors;
use crate::rules::{Armed, arm};

/// Which policy.
#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// A file, `preset:NAME` or `ref:REF:PATH`; with `--repo` the one that its hooks would judge by unless given,
    /// `.refgate.toml` otherwise.
    source: Option<String>,
    /// The repository that it is for, and that `ref:` looks in; the one this runs in, if any, unless given.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// When to colour errors.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: When,
}

impl Which {
    /// Names a policy.
    pub(super) fn named(source: &str, repo: Option<PathBuf>, color: When) -> Self {
        Self { source: Some(source.to_owned()), repo, color }
    }
}

/// A policy with the rules that it turns on.
pub(super) enum Loaded {
    /// That of a repository, opened as every command opens it.
    Here(Box<Gate>),
    /// One that was read without a repository.
    Alone(Box<Policy>, Vec<Armed>),
}

impl Loaded {
    pub(super) fn policy(&self) -> &Policy {
        match self {
            Self::Here(gate) => gate.project().policy(),
            Self::Alone(policy, _) => policy,
        }
    }

    pub(super) fn rules(&self) -> &[Armed] {
        match self {
            Self::Here(gate) => gate.rules(),
            Self::Alone(_, rules) => rules,
        }
    }
}

/// Loads the policy and arms its rules; `None` when it is invalid, in which case its errors have been shown.
pub(super) fn load(context: &Context, which: &Which) -> Result<Option<Loaded>, Failure> {
    let default = which.repo.is_none().then_some(".refgate.toml");
    let named = which.source.as_deref().or(default).map(Source::parse).transpose();
    let named = named.map_err(|error| Failure::from_error(Exit::Policy, "finding the policy", &error))?;
    let loaded = match (repository(context, which, named.as_ref())?, named) {
        (Some(repository), named) => here(context, repository, named)?,
        (None, Some(source)) => alone(context, source),
        (None, None) => return Ok(None),
    };
    match loaded {
        Ok(loaded) => Ok(Some(loaded)),
        Err(LoadError::Unreadable(failure)) => Err(failure),
        Err(LoadError::Invalid(errors)) => {
            context.complain(&policy_errors(&errors, context.colour(which.color)));
            Ok(None)
        }
    }
}

/// Opens the repository that is named or needed, or the one that this runs in. A policy can be read anywhere: nothing has to
/// be there.
fn repository(context: &Context, which: &Which, source: Option<&Source>) -> Result<Option<Repository>, Failure> {
    let opened = context.repository(which.repo.as_deref(), Trust::Cli);
    match source {
        Some(Source::File(_) | Source::Tree { .. } | Source::Preset(_)) if which.repo.is_none() => Ok(opened.ok()),
        _ => opened.map(Some),
    }
}

fn here(
    context: &Context,
    repository: Repository,
    named: Option<Source>,
) -> Result<Result<Loaded, LoadError>, Failure> {
    const REMOTE: &str = "origin";
    let view = view(&repository, REMOTE)?;
    // As it was typed, and confined to the work tree that it is in.
    let base = context.absolute(Path::new(""));
    let named = named.map(|source| match repository.work_tree() {
        Some(top) => confined(source, &base, Some(top)),
        None => source,
    });
    let ask = Ask { named, ..Ask::default() }.in_clone(&repository, REMOTE);
    Ok(Gate::open(repository, view, ask).map(|gate| Loaded::Here(Box::new(gate))))
}

fn alone(context: &Context, source: Source) -> Result<Loaded, LoadError> {
    let source = confined(source, &context.absolute(Path::new("")), None);
    let unreadable = |source: &Source, error: &std::io::Error| {
        Failure::new(Exit::Policy, format!("reading the policy `{source}`"), error.to_string())
    };
    let read = |source: &Source| match source {
        Source::File(file) => read_file(&context.absolute(file)).map_err(|error| unreadable(source, &error)),
        Source::Tree { file, top } => {
            read_file_within(&context.absolute(file), top).map_err(|error| unreadable(source, &error))
        }
        source => Err(Failure::new(
            Exit::Policy,
            format!("reading the policy `{source}`"),
            "it extends a ref, and no repository was given",
        )
        .help("run this in the repository, with `ref:REF:PATH`")),
    };
    let policy = policy::load(source, &read)?;
    let rules = arm(&policy)?;
    Ok(Loaded::Alone(Box::new(policy), rules))
}
