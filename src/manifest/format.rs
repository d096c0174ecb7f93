//! What a kind of manifest consists of. Each file in `kinds/` implements [`Format`]; everything else asks the list that
//! they make.

use bstr::BStr;
use bstr::ByteSlice as _;

use super::source::{Encoding, Source};
use super::{Error, Field, Hints};

/// A kind of manifest.
pub(super) trait Format {
    /// The name, in lower case with dashes.
    const NAME: &'static str;

    /// The files that are of this kind.
    const FILES: &'static [FileName];

    /// What is read of them and what is not, in Markdown, as the reference page has it.
    const READS: &'static str;

    /// Most bytes that are read of a file, several times what the largest real ones have.
    const MAX_BYTES: usize = 1 << 20;

    /// What bytes that are not UTF-8 mean.
    const ENCODING: Encoding = Encoding::Legacy;

    /// Whether a tool writes these files from another manifest, and nobody edits their version by hand.
    const IS_LOCK: bool = false;

    /// The names of other files in the same directory that can say the same version.
    const WITH: &'static [&'static str] = &[];

    /// The name of the version scheme that these files write versions in; `None` where anything goes.
    const SCHEME: Option<&'static str> = None;

    /// Reads the version fields, in the order of the file.
    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error>;

    /// Returns the versions that each field can be meant to say, in the order of the fields; empty for a field that is
    /// judged together with another. As [`Kind::meanings`](super::Kind::meanings).
    fn meanings(fields: &[Field]) -> Vec<Vec<String>> {
        fields.iter().map(|field| Vec::from_iter(field.value.literal().map(str::to_owned))).collect()
    }
}

/// How a manifest's file is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileName {
    /// By its name.
    Is(&'static str),
    /// By the end of its name.
    Ends(&'static str),
    /// By its name and that of its directory.
    In(&'static str, &'static str),
}

impl FileName {
    /// Returns whether a path is such a file.
    pub(super) fn matches(self, path: &BStr) -> bool {
        let (directory, name) = path.rsplit_once_str("/").unwrap_or((b"", path.as_bytes()));
        match self {
            Self::Is(wanted) => name == wanted.as_bytes(),
            Self::Ends(end) => name.ends_with(end.as_bytes()),
            Self::In(parent, wanted) => {
                let last = directory.rsplit_once_str("/").map_or(directory, |(_, last)| last);
                name == wanted.as_bytes() && last == parent.as_bytes()
            }
        }
    }
}

/// As it is written in documentation: `*.gemspec`, `debian/changelog`.
impl std::fmt::Display for FileName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Is(name) => f.write_str(name),
            Self::Ends(end) => write!(f, "*{end}"),
            Self::In(directory, name) => write!(f, "{directory}/{name}"),
        }
    }
}

/// A kind in the list of kinds.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) files: &'static [FileName],
    pub(super) reads: &'static str,
    pub(super) max_bytes: usize,
    pub(super) encoding: Encoding,
    pub(super) is_lock: bool,
    pub(super) with: &'static [&'static str],
    pub(super) scheme: Option<&'static str>,
    pub(super) read: fn(&Source<'_>, &Hints) -> Result<Vec<Field>, Error>,
    pub(super) meanings: fn(&[Field]) -> Vec<Vec<String>>,
}

impl Entry {
    /// Makes the entry of a kind.
    pub(super) const fn of<F: Format>() -> Self {
        Self {
            name: F::NAME,
            files: F::FILES,
            reads: F::READS,
            max_bytes: F::MAX_BYTES,
            encoding: F::ENCODING,
            is_lock: F::IS_LOCK,
            with: F::WITH,
            scheme: F::SCHEME,
            read: F::read,
            meanings: F::meanings,
        }
    }
}
