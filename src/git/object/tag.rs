//! Annotated tags.
//!
//! Not gix-object's `TagRef`, for the same reason as with commits.

use bstr::{BString, ByteSlice as _};

use crate::git::object::headers::{header_lines, id_line, split_headers};
use crate::git::{Error, Identity, Kind};
use crate::model::ObjectId;

/// An annotated tag. All text is the bytes in the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its id.
    pub id: ObjectId,
    /// The object it is about.
    pub target: ObjectId,
    /// What the tag says about the kind of that object.
    pub target_kind: Kind,
    /// The name in the object, which need not be the name of the ref.
    pub name: BString,
    /// Who made it; tags of 2005 have no tagger.
    pub tagger: Option<Identity>,
    /// The message, a signature at its end included.
    pub message: BString,
    /// Whether there is a signature; who signed and whether it is good is another question.
    pub signed: bool,
}

/// What a signature at the end of a message begins with (`gpg-interface.c`).
const SIGNATURES: [&[u8]; 4] = [
    b"-----BEGIN PGP SIGNATURE-----",
    b"-----BEGIN PGP MESSAGE-----",
    b"-----BEGIN SIGNED MESSAGE-----",
    b"-----BEGIN SSH SIGNATURE-----",
];

impl Tag {
    /// Parses the content of a tag object.
    ///
    /// # Errors
    /// Target, type or name are missing or out of place (`tag.c`, `parse_tag_buffer`).
    pub fn parse(id: ObjectId, content: &[u8]) -> Result<Self, Error> {
        let malformed = |reason| Error::Malformed { id, reason };
        let mut rest = content;
        let target = id_line(&mut rest, b"object ", id).ok_or(malformed("it does not begin with its target"))?;
        let (kind, rest) = line(rest, b"type ").ok_or(malformed("it names no type"))?;
        let target_kind = match kind {
            b"commit" => Kind::Commit,
            b"tree" => Kind::Tree,
            b"blob" => Kind::Blob,
            b"tag" => Kind::Tag,
            _ => return Err(malformed("it names an unknown type")),
        };
        let (name, rest) = line(rest, b"tag ").ok_or(malformed("it has no name"))?;
        let (headers, message) = split_headers(rest.as_bstr());
        let tagger = header_lines(headers).find(|(key, _)| *key == "tagger");
        // A tag that was converted between hash functions has the other one's signature in a header.
        let in_header = header_lines(headers).any(|(key, _)| key == "gpgsig" || key == "gpgsig-sha256");
        let in_message = message.lines().any(|line| SIGNATURES.iter().any(|begin| line.starts_with(begin)));
        Ok(Self {
            id,
            target,
            target_kind,
            name: name.into(),
            tagger: tagger.map(|(_, value)| Identity::parse(value)),
            message: message.to_owned(),
            signed: in_message || in_header,
        })
    }
}

/// Takes the line that begins with `key` off the front.
fn line<'a>(rest: &'a [u8], key: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let rest = rest.strip_prefix(key)?;
    rest.split_once_str("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::HashKind;

    fn tag(rest: &str) -> Result<Tag, Error> {
        let id = ObjectId::null(HashKind::Sha1);
        Tag::parse(id, format!("object {id}\n{rest}").as_bytes())
    }

    #[test]
    fn a_tag_without_tagger_or_message_is_read() {
        let tag = tag("type commit\ntag v0.99\n").unwrap();
        assert_eq!((tag.name.as_slice(), tag.target_kind), (b"v0.99".as_slice(), Kind::Commit));
        assert_eq!((tag.tagger, tag.signed), (None, false));
    }

    #[test]
    fn a_signature_begins_a_line() {
        let headers = "type tag\ntag v1\ntagger a <a> 1 +0000\n\n";
        assert!(tag(&format!("{headers}text\n-----BEGIN SSH SIGNATURE-----\nx")).unwrap().signed);
        assert!(!tag(&format!("{headers}text -----BEGIN SSH SIGNATURE-----\nx")).unwrap().signed);
    }

    #[test]
    fn an_unknown_type_is_malformed() {
        assert!(matches!(tag("type commits\ntag v1\n\n"), Err(Error::Malformed { .. })));
    }
}
