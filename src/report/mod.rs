//! An outcome as text for people or for programs. Judges nothing, and asks neither git nor the policy: the exit
//! code is decided before this is asked, and an [`Outcome`] has all that a format shows.
//!
//! A format is one file in `formats/` and one line in [`FORMATS`].

mod colour;
mod formats;

use crate::gate::Outcome;

pub use colour::Colour;
pub(crate) use formats::human::failure;
pub use formats::human::policy_errors;
pub(crate) use formats::json::log_line;

/// A way of writing an outcome.
#[derive(Debug)]
pub(crate) struct Format {
    /// The word that `--format` takes.
    pub name: &'static str,
    /// One sentence for the help text.
    pub help: &'static str,
    /// Where it goes unless a file is named.
    pub stream: Stream,
    /// Writes an outcome. Empty where there is nothing to say.
    pub render: fn(&Report<'_>, Colour) -> String,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Text for people, where git shows it to whoever pushes.
    Error,
    /// Text for programs.
    Output,
}

/// What is rendered.
#[derive(Clone, Copy)]
pub(crate) struct Report<'a> {
    /// What judging came to.
    pub outcome: &'a Outcome,
    /// What took how long, in milliseconds.
    pub timings: &'a [(&'static str, f64)],
}

/// All formats, the default first.
pub(crate) static FORMATS: &[Format] = &[formats::human::FORMAT, formats::json::FORMAT];

/// The format of this name.
pub(crate) fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}
