//! Policy errors: all of a file at once, each pointing at its place.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

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
        format!("{}:{line}:{column}: {self}", self.source.name)
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.problem.message)
    }
}

impl std::error::Error for PolicyError {}

/// All errors of a policy and the layers under it. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            let separator = if at == 0 { "" } else { "; " };
            write!(f, "{separator}{}", error.placed())?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}
