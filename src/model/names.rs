//! Ref names: bytes, as git has them.

use bstr::{BStr, BString, ByteSlice as _};
use std::fmt;

use super::Untrusted;

/// The two namespaces that releases live in, and the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Namespace {
    /// `refs/heads/`.
    Branch,
    /// `refs/tags/`.
    Tag,
    /// Any other: notes, replacements, a review system's own refs.
    Other,
}

/// A full ref name such as `refs/heads/main`. Any bytes: what a pusher sends need not be UTF-8, nor even a
/// name git would accept (pre-receive is asked before git checks it). `Display` escapes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(BString);

impl RefName {
    /// Wraps the bytes of a full name.
    pub fn new(full: impl Into<BString>) -> Self {
        Self(full.into())
    }

    /// Makes the name of the branch with this short name.
    pub fn branch(short: impl AsRef<[u8]>) -> Self {
        Self(BString::from([b"refs/heads/", short.as_ref()].concat()))
    }

    /// Makes the name of the tag with this short name.
    pub fn tag(short: impl AsRef<[u8]>) -> Self {
        Self(BString::from([b"refs/tags/", short.as_ref()].concat()))
    }

    /// Returns the full name.
    pub fn full(&self) -> &BStr {
        self.0.as_bstr()
    }

    /// Returns which namespace the name is in.
    pub fn namespace(&self) -> Namespace {
        if self.0.starts_with(b"refs/heads/") {
            Namespace::Branch
        } else if self.0.starts_with(b"refs/tags/") {
            Namespace::Tag
        } else {
            Namespace::Other
        }
    }

    /// Returns the name without `refs/heads/` or `refs/tags/`; the full name in any other namespace.
    pub fn short(&self) -> &BStr {
        let full = self.0.as_slice();
        full.strip_prefix(b"refs/heads/").or_else(|| full.strip_prefix(b"refs/tags/")).unwrap_or(full).as_bstr()
    }
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Untrusted::new(&self.0).fmt(f)
    }
}

impl fmt::Debug for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
