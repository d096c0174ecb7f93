//! Offsets as lines and columns, the way editors count them.

use bstr::ByteSlice as _;

/// Returns the line and column of a byte offset, both 1-based; the column counts characters, and each byte that is not
/// UTF-8 as one or more of them. A byte order mark takes no column. An offset beyond the end is the end.
pub(crate) fn position(bytes: &[u8], offset: usize) -> (usize, usize) {
    let before = bytes.get(..offset).unwrap_or(bytes);
    let (lines, start) = match before.rfind_byte(b'\n') {
        Some(end) => (before.find_iter(b"\n").count(), end + 1),
        None => (0, 0),
    };
    let row = before.get(start..).unwrap_or_default();
    let row = if start == 0 { row.strip_prefix(b"\xef\xbb\xbf").unwrap_or(row) } else { row };
    (lines + 1, row.chars().count() + 1)
}

/// Returns the offset of a 1-based line and a 1-based column in bytes, as parsers report them.
pub(super) fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    start.saturating_add(column.saturating_sub(1)).min(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_characters() {
        assert_eq!(position("é\r\nüx".as_bytes(), 6), (2, 2));
        assert_eq!(position(b"\xef\xbb\xbfab", 4), (1, 2));
        assert_eq!(position(b"ab\n", 3), (2, 1));
        assert_eq!(position(b"ab\n", 99), (2, 1));
        assert_eq!(position(b"", 0), (1, 1));
    }

    proptest! {
        #[test]
        fn position_and_offset_agree(text in "[a-z\\n]{0,40}", at in 0usize..40) {
            let at = at.min(text.len());
            let (line, column) = position(text.as_bytes(), at);
            prop_assert_eq!(offset_of(&text, line, column), at);
        }
    }
}
