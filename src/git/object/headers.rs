//! The lines that commits and tags begin with.
//!
//! Not gix-object's readers: see `commit`.

use bstr::{BStr, ByteSlice as _};

use crate::git::{Error, Identity};
use crate::model::ObjectId;

/// The part of a commit that the history consists of.
pub(in crate::git) struct Skeleton<'a> {
    pub(in crate::git) tree: ObjectId,
    pub(in crate::git) parents: Vec<ObjectId>,
    pub(in crate::git) rest: &'a BStr,
}

impl<'a> Skeleton<'a> {
    /// Parses the lines that come first in every commit.
    pub(in crate::git) fn parse(id: ObjectId, content: &'a [u8]) -> Result<Self, Error> {
        let malformed = |reason| Error::Malformed { id, reason };
        let mut rest = content;
        let tree = id_line(&mut rest, b"tree ", id).ok_or(malformed("it does not begin with a tree"))?;
        let mut parents = Vec::new();
        while rest.starts_with(b"parent ") {
            parents.push(id_line(&mut rest, b"parent ", id).ok_or(malformed("a parent is not an object id"))?);
        }
        Ok(Self { tree, parents, rest: rest.as_bstr() })
    }

    /// Returns the committer's date in seconds since 1970.
    pub(in crate::git) fn date(&self) -> i64 {
        let (headers, _) = split_headers(self.rest);
        let committer = header_lines(headers).find(|(key, _)| *key == "committer");
        committer.map_or(0, |(_, value)| Identity::parse(value).seconds)
    }
}

/// Takes a line `key ID` off the front.
pub(in crate::git) fn id_line(rest: &mut &[u8], key: &[u8], like: ObjectId) -> Option<ObjectId> {
    let (line, after) = rest.split_once_str("\n")?;
    let found = ObjectId::from_hex(line.strip_prefix(key)?).ok()?;
    *rest = after;
    (found.kind() == like.kind()).then_some(found)
}

/// Splits what remains of the headers from the message behind the empty line.
pub(in crate::git) fn split_headers(rest: &BStr) -> (&BStr, &BStr) {
    if let Some(message) = rest.strip_prefix(b"\n") {
        return (BStr::new(""), message.as_bstr());
    }
    match rest.split_once_str("\n\n") {
        Some((headers, message)) => (headers.as_bstr(), message.as_bstr()),
        None => (rest, BStr::new("")),
    }
}

/// Returns the first line of each header; continuation lines begin with a blank and are passed over.
pub(in crate::git) fn header_lines(headers: &BStr) -> impl Iterator<Item = (&BStr, &BStr)> {
    headers
        .lines_with_terminator()
        .map(|line| line.strip_suffix(b"\n").unwrap_or(line))
        .filter(|line| !line.starts_with(b" "))
        .filter_map(|line| line.split_once_str(" ").map(|(key, value)| (key.as_bstr(), value.as_bstr())))
}
