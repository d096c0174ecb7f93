//! A manifest's bytes as text whose offsets are still the file's.

use std::borrow::Cow;
use std::ops::Range;

use super::{Error, Field, Value, position};
use crate::model::{Untrusted, work};

/// The mark some editors put before UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The longest version, in bytes: a longer text is not a version, and would end up in one-line messages.
pub(super) const MAX_VERSION: usize = 256;

/// Most fields of a file: the largest real lock files have some thousand.
pub(super) const MAX_FIELDS: usize = 10_000;

/// Returns the fields of a file unless there are more than are read.
pub(super) fn few<T>(fields: Vec<T>) -> Result<Vec<T>, Error> {
    if fields.len() > MAX_FIELDS { Err(Error::TooMany { limit: MAX_FIELDS }) } else { Ok(fields) }
}

/// Longest text of a file that an error message repeats, in characters.
const MAX_QUOTED: usize = 80;

/// What bytes that are not UTF-8 mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// The format is UTF-8: they are an error.
    Utf8,
    /// The format is older than UTF-8, and a Latin-1 name in a comment does not matter: such bytes are an error only
    /// within a version.
    Legacy,
}

/// Counts a step of a reader.
#[inline]
pub(super) fn step() {
    work::count(1);
}

/// A file: its bytes, and its text without the byte order mark.
///
/// Offsets in the text are offsets in the file less [`Source::bom`]; in legacy encodings each invalid byte is replaced
/// by one `?`, which keeps the offsets.
pub(super) struct Source<'a> {
    bytes: &'a [u8],
    text: Cow<'a, str>,
    bom: usize,
}

impl<'a> Source<'a> {
    /// Takes a file of at most `limit` bytes.
    pub(super) fn new(bytes: &'a [u8], limit: usize, encoding: Encoding) -> Result<Self, Error> {
        if bytes.len() > limit {
            return Err(Error::TooLarge { size: bytes.len(), limit });
        }
        let body = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let bom = bytes.len() - body.len();
        let text = match std::str::from_utf8(body) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) if encoding == Encoding::Legacy => Cow::Owned(masked(body)),
            Err(error) => return Err(not_utf8(bytes, bom + error.valid_up_to())),
        };
        Ok(Self { bytes, text, bom })
    }

    /// Returns the text, without the byte order mark.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns the text in this range; empty if the range is not within it or cuts a character.
    pub(super) fn slice(&self, range: Range<usize>) -> &str {
        step();
        self.text.get(range).unwrap_or_default()
    }

    /// Returns an error at this offset of the text.
    pub(super) fn syntax(&self, offset: usize, reason: impl AsRef<str>) -> Error {
        let (line, column) = position(self.bytes, offset.saturating_add(self.bom));
        Error::Syntax { reason: shown(reason.as_ref()), line, column }
    }

    /// Returns the error for a key that is repeated at this offset of the text.
    pub(super) fn duplicate(&self, offset: usize, key: &str) -> Error {
        let (line, column) = position(self.bytes, offset.saturating_add(self.bom));
        Error::Duplicate { key: shown(key), line, column }
    }

    /// Returns the error for a template mark at this offset of the text.
    pub(super) fn template(&self, offset: usize) -> Error {
        let (line, column) = position(self.bytes, offset.saturating_add(self.bom));
        Error::Template { line, column }
    }

    /// Returns the range of the file that this range of the text is.
    ///
    /// # Errors
    /// The bytes there are not UTF-8.
    pub(super) fn span(&self, range: Range<usize>) -> Result<Range<usize>, Error> {
        let span = range.start.saturating_add(self.bom)..range.end.saturating_add(self.bom);
        match std::str::from_utf8(self.bytes.get(span.clone()).unwrap_or_default()) {
            Ok(_) => Ok(span),
            Err(error) => Err(not_utf8(self.bytes, span.start + error.valid_up_to())),
        }
    }

    /// Returns the field with its span moved from the text to the file, and what a computed one says cut to one line.
    ///
    /// # Errors
    /// The version is not UTF-8, or longer than any version.
    pub(super) fn located(&self, mut field: Field) -> Result<Field, Error> {
        field.span = match &mut field.value {
            Value::Literal(text) if text.len() > MAX_VERSION => {
                return Err(self.syntax(field.span.start, format!("a version of more than {MAX_VERSION} bytes")));
            }
            Value::Literal(_) => self.span(field.span)?,
            Value::Dynamic(says) => {
                *says = says.chars().take(MAX_VERSION).collect();
                field.span.start.saturating_add(self.bom)..field.span.end.saturating_add(self.bom)
            }
        };
        Ok(field)
    }
}

fn not_utf8(bytes: &[u8], offset: usize) -> Error {
    let (line, column) = position(bytes, offset);
    Error::NotUtf8 { line, column }
}

/// Returns text of the file, fit for a one-line message.
fn shown(text: &str) -> String {
    let mut shown: String = Untrusted::new(
        text.char_indices()
            .nth(MAX_QUOTED)
            .map_or(text.as_bytes(), |(at, _)| text.as_bytes().get(..at).unwrap_or_default()),
    )
    .to_string();
    if text.chars().nth(MAX_QUOTED).is_some() {
        shown.push('…');
    }
    shown
}

fn masked(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_survive_the_mark_and_foreign_bytes() {
        let bytes = b"\xef\xbb\xbfa\xe9b\n1.2";
        let source = Source::new(bytes, 100, Encoding::Legacy).unwrap();
        assert_eq!(source.text(), "a?b\n1.2");
        assert_eq!(source.span(4..7).map(|span| &bytes[span]), Ok(b"1.2".as_slice()));
        assert_eq!(source.span(0..3), Err(Error::NotUtf8 { line: 1, column: 2 }));
        assert_eq!(Source::new(bytes, 100, Encoding::Utf8).err(), Some(Error::NotUtf8 { line: 1, column: 2 }));
        assert_eq!(Source::new(bytes, 9, Encoding::Utf8).err(), Some(Error::TooLarge { size: 10, limit: 9 }));
    }

    #[test]
    fn a_message_is_one_short_line() {
        let source = Source::new(b"x", 100, Encoding::Utf8).unwrap();
        let Error::Syntax { reason, .. } = source.syntax(0, format!("a\x1b\n{}", "é".repeat(500))) else { panic!() };
        assert_eq!(reason, format!("a\\u{{1b}}\\n{}…", "é".repeat(MAX_QUOTED - 3)));
    }
}
