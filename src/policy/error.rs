//! Policy errors: all of a file at once, each pointing at its place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::model::Untrusted;

/// One policy file as it was read: what a place in it is shown against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceText {
    /// Where it came from, as it would be given to `--policy`.
    pub name: String,
    /// Its text.
    pub text: Arc<str>,
}

/// One thing wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// One sentence.
    pub message: String,
    /// Byte range in the source.
    pub span: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// Returns a problem at a byte range.
    pub fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { message: message.into(), span, help: None }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A problem together with the file it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    /// The file.
    pub source: SourceText,
    /// What is wrong in it.
    pub problem: Problem,
}

impl PolicyError {
    /// Returns the line and column (in characters) of the problem, both from 1.
    pub fn position(&self) -> (usize, usize) {
        let before = self.source.text.get(..self.problem.span.start).unwrap_or(&self.source.text);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        (before.matches('\n').count() + 1, before.get(line_start..).unwrap_or("").chars().count() + 1)
    }

    /// Returns the problem after its place: `policy.toml:3:1: …`.
    pub(crate) fn placed(&self) -> String {
        let (line, column) = self.position();
        format!("{}:{line}:{column}: {}", self.source.name, Untrusted::new(&self.problem.message))
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for PolicyError {}

/// Nobody fixes more at once, and whoever pushes a policy decides how many problems there are.
const MAX_PROBLEMS: usize = 100;

/// Returns whether a list has more problems than are reported, and the search for more can stop.
pub(super) fn is_full<T>(problems: &[T]) -> bool {
    problems.len() > MAX_PROBLEMS
}

impl PolicyErrors {
    /// Collects all errors of a policy by place, or as many of them as are reported.
    pub(super) fn of(mut errors: Vec<PolicyError>) -> Self {
        errors.sort_by(|a, b| (&a.source.name, a.problem.span.start).cmp(&(&b.source.name, b.problem.span.start)));
        if is_full(&errors) {
            errors.truncate(MAX_PROBLEMS);
            let last = errors.last().map(|last| last.source.clone());
            let more = Problem::new(0..0, format!("more than {MAX_PROBLEMS} things are wrong: the rest is not listed"));
            errors.extend(last.map(|source| PolicyError { source, problem: more }));
        }
        Self(errors)
    }
}

/// Further errors are counted, not reported: whoever pushes a policy decides how many there are.
const MAX_TOLD: usize = 20;

/// All errors of a policy and the layers under it. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().take(MAX_TOLD).enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}", error.placed())?;
        }
        match self.0.len().saturating_sub(MAX_TOLD) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

impl std::error::Error for PolicyErrors {}
