//! Finding the policy.

use bstr::ByteSlice as _;
use std::path::Path;

use super::context::Context;
use super::output::When;
use crate::facts::read_source;
use crate::git::Repository;
use crate::model::{Exit, Failure};
use crate::policy::{self, LoadError, Policy, PolicyErrors, Source};
use crate::report::policy_errors;

/// The policy that a flag names, or else the configuration.
pub(super) fn policy_source(
    context: &Context,
    named: Option<&str>,
    repository: &Repository,
) -> Result<Option<Source>, Failure> {
    let failure = |cause: String| Failure::new(Exit::Policy, "finding the policy", cause);
    let parse = |text: &str| Source::parse(text).map_err(|error| failure(error.to_string()));
    if let Some(text) = named {
        return Ok(Some(absolute(parse(text)?, &context.absolute(Path::new("")))));
    }
    let Some(text) = repository.config("refgate.policy") else { return Ok(None) };
    let text = text.to_str().map_err(|_| failure("`refgate.policy` is not UTF-8".to_owned()))?;
    Ok(Some(absolute(parse(text)?, repository.common_dir())))
}

/// The policy where one is wanted but not needed: the flag's, the configuration's, or `.refgate.toml` at the top of the
/// work tree.
pub(super) fn optional_policy(
    context: &Context,
    named: Option<&str>,
    repository: &Repository,
) -> Result<Option<Policy>, Failure> {
    let own = repository.work_tree().map(|top| top.join(".refgate.toml")).filter(|file| file.exists());
    let source = policy_source(context, named, repository)?.or(own.map(Source::File));
    let Some(source) = source else { return Ok(None) };
    match policy::load(source, &|source| read_source(repository, source)) {
        Ok(policy) => Ok(Some(policy)),
        Err(LoadError::Unreadable(failure)) => Err(failure),
        Err(LoadError::Invalid(errors)) => {
            context.complain(&policy_errors(&errors, context.colour(When::Auto)));
            Err(invalid(&errors))
        }
    }
}

/// The failure that an invalid policy is, besides its errors.
pub(super) fn invalid(errors: &PolicyErrors) -> Failure {
    let first = errors.0.first().map_or_else(String::new, |error| {
        let (line, column) = error.position();
        format!("{}:{line}:{column}: {error}", error.source.name)
    });
    Failure::new(Exit::Policy, "reading the policy", first)
        .help("`refgate policy check` shows every error in its place")
}

fn absolute(source: Source, base: &Path) -> Source {
    match source {
        Source::File(path) => Source::File(base.join(path)),
        other => other,
    }
}
