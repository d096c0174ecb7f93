//! What a version scheme consists of. Each file in `schemes/` implements these two traits and describes itself in an
//! [`Entry`]; everything else in this module asks them.

use std::any::Any;
use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use jiff::civil::Date;

use super::Spelling;
use super::fault::Fault;
use super::parts::{Parts, Why};
use super::words::{before_dev, is_dev_zero};

/// A scheme in the list of schemes: its name, its documentation, and how its parameter is read.
#[derive(Debug)]
pub struct Entry {
    /// The name, which a policy writes before the colon.
    pub name: &'static str,
    /// How a policy writes it, with the parameter in capitals if it needs one: `calver:LAYOUT`.
    pub usage: &'static str,
    /// The scheme in one sentence.
    pub summary: &'static str,
    /// What is worth knowing about reading, order and the next version, in Markdown.
    pub docs: &'static str,
    /// The scheme as a policy may write it; the first is what [`Self::rising`] is read by.
    pub examples: &'static [&'static str],
    /// Versions from the lowest to the highest.
    pub rising: &'static [&'static str],
    /// A regular expression for the scheme as a policy writes it, for the JSON schema.
    pub(super) pattern: &'static str,
    /// The parameters that can be listed, for a suggestion after a typing mistake.
    pub(super) parameters: &'static [&'static str],
    /// Reads the parameter, the text behind the colon.
    pub(super) parse: fn(Option<&str>) -> Parsed,
}

/// Why a scheme does not take a parameter.
#[derive(Debug)]
pub(super) enum ParameterError {
    /// It is not one of the scheme's parameters.
    Unknown,
    /// It is missing or wrong; the whole message.
    Wrong(String),
}

/// A scheme as it was read, or why it was not.
pub(super) type Parsed = Result<Arc<dyn Form>, ParameterError>;

/// Makes a scheme that takes no parameter.
pub(super) fn plain(form: impl Form + 'static, parameter: Option<&str>) -> Parsed {
    if parameter.is_some() { Err(ParameterError::Unknown) } else { Ok(Arc::new(form)) }
}

/// A scheme with its parameter.
pub(super) trait Form: fmt::Debug + Send + Sync {
    /// Reads a version: the whole text, which is graphic ASCII and has 1 to [`MAX_LEN`](super::MAX_LEN) characters.
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault>;

    /// Returns a version as it stands in the name of a ref, which cannot hold every character.
    fn of_ref<'t>(&self, text: &'t str) -> Cow<'t, str> {
        Cow::Borrowed(text)
    }

    /// Returns the parameter as a policy writes it; `None` for the one that need not be written.
    fn parameter(&self) -> Option<String> {
        None
    }

    /// Returns the placeholders that stand for numbers of the release, each with the position of its number.
    fn numbers(&self) -> Vec<(&'static str, usize)> {
        vec![("major", 0), ("minor", 1), ("patch", 2), ("micro", 2)]
    }

    /// Returns the placeholders that stand for other parts.
    fn words(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns the spelling that its versions have where nobody asks for another.
    fn native(&self) -> Spelling {
        Spelling::Pep440
    }

    /// Returns whether its versions are written in their [`native`](Self::native) spelling as they stand.
    fn is_verbatim(&self) -> bool {
        false
    }

    /// Writes a version of another scheme in this one. Only schemes that a spelling is named after have to.
    fn write(&self, _parts: &Parts) -> Result<String, Why> {
        Err("versions of other schemes are not written in this one")
    }
}

/// A version as its scheme reads it. `text` is always what it was read from.
pub(super) trait Reading: Any + fmt::Debug + Send + Sync {
    /// Compares two versions of one scheme; `None` where they have no order.
    fn compare(&self, other: &dyn Reading) -> Option<Ordering>;

    /// Returns whether it comes before its release.
    fn is_prerelease(&self, text: &str) -> bool;

    /// Returns whether it is spelled as a development version.
    fn is_dev(&self, text: &str) -> bool;

    /// Returns whether it comes after its release and has the same numbers.
    fn is_post_release(&self) -> bool {
        self.parts().is_ok_and(|parts| parts.post.is_some())
    }

    /// Returns the epoch, 0 where there is none.
    fn epoch(&self) -> u64 {
        0
    }

    /// Returns the numbers it begins with, at least one.
    fn release(&self) -> Vec<u64>;

    /// Returns one of the release numbers as it is written.
    fn written(&self, _text: &str, index: usize) -> Option<String> {
        self.release().get(index).map(ToString::to_string)
    }

    /// Returns the part that one of [`Form::words`] stands for.
    fn word(&self, _name: &str) -> Option<String> {
        None
    }

    /// Returns the first and the last day of the period that it names.
    fn calendar_period(&self) -> Option<(Date, Date)> {
        None
    }

    /// Returns the text without build metadata or a local version.
    fn public<'t>(&self, text: &'t str) -> &'t str {
        text.split('+').next().unwrap_or_default()
    }

    /// Returns the version after one that is not a development version; `None` if its number would be too large.
    fn raised(&self, text: &str) -> Option<String>;

    /// Returns what a development version is a development version of.
    fn without_dev(&self, text: &str) -> String {
        before_dev(self.public(text)).to_owned()
    }

    /// Returns what a development version counts towards; `None` if its number would be too large.
    fn after_dev(&self, text: &str) -> Option<String> {
        Some(self.without_dev(text))
    }

    /// Returns the release it is for.
    fn final_release(&self, text: &str) -> String;

    /// Returns how a release with other numbers is written; `None` where the numbers are not major, minor and patch.
    fn levels(&self, _text: &str) -> Option<Levels> {
        None
    }

    /// Takes it apart for other spellings.
    fn parts(&self) -> Result<Parts, Why>;

    /// Writes the development version with this number in the scheme's own spelling; `next` is the version that commits
    /// count towards. `None` where there had to be one. Asked only of schemes that are
    /// [written as they stand](Form::is_verbatim).
    fn own_dev(&self, _text: &str, _next: Option<&str>, _number: u64, _local: &[String]) -> Option<String> {
        None
    }
}

impl dyn Reading {
    /// Returns the version as its own scheme knows it, for comparing two of one scheme.
    pub(super) fn of<R: Reading>(&self) -> Option<&R> {
        (self as &dyn Any).downcast_ref()
    }

    /// Returns whether it is spelled as a development version with the number 0, or with none: commits can be counted
    /// from it.
    pub(super) fn is_dev_zero(&self, text: &str) -> bool {
        self.is_dev(text) && is_dev_zero(self.public(text))
    }
}

/// How the numbers of a release are written.
#[derive(Clone, Debug, Default)]
pub(super) struct Levels {
    /// What precedes them.
    pub(super) before: String,
    /// How many digits each has at least; those that are not listed have one.
    pub(super) widths: Vec<usize>,
}
