//! A line of a file with a part of it marked.

use bstr::ByteSlice as _;
use std::ops::Range;

use super::Untrusted;

/// How much of a line is shown on either side of the mark: a minified file is a single line.
const MAX_BESIDE: usize = 60;

/// The longest mark.
const MAX_MARKED: usize = 80;

/// As many bytes as that can take up: no character has more than four.
const MAX_BYTES: usize = 4 * (MAX_MARKED + 1);

/// A line of a file, safe to show, and where its mark is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    /// The line, or what there is room for around the mark.
    pub text: String,
    /// How many characters of it come before the mark.
    pub before: usize,
    /// How many are marked, at least one.
    pub marked: usize,
}

impl Excerpt {
    /// Makes an excerpt of the line that a range of bytes is in; of a range over several lines, the first.
    pub fn new(bytes: &[u8], span: &Range<usize>) -> Self {
        let start = span.start.min(bytes.len());
        let before = bytes.get(..start).unwrap_or_default();
        let before = before.rfind_byte(b'\n').and_then(|end| before.get(end + 1..)).unwrap_or(before);
        let rest = bytes.get(start..).unwrap_or_default();
        let rest = rest.get(..rest.find_byteset(b"\r\n").unwrap_or(rest.len())).unwrap_or_default();
        let (marked, after) = rest.split_at_checked(span.len()).unwrap_or((rest, b""));
        let before = before.strip_prefix(b"\xef\xbb\xbf").unwrap_or(before);
        // Escaping all of a line of a megabyte for each of its values would take as long as comparing them all.
        let before = before.get(before.len().saturating_sub(MAX_BYTES)..).unwrap_or(before);
        let [marked, after] = [marked, after].map(|part| part.get(..MAX_BYTES).unwrap_or(part));
        let before = clear(before).trim_start().to_owned();
        let (marked, after) = (clear(marked), clear(after));
        let length = before.chars().count();
        let left_out = length.saturating_sub(MAX_BESIDE);
        let before: String = if left_out > 0 { "…" } else { "" }.chars().chain(before.chars().skip(left_out)).collect();
        let marked = cut(&marked, MAX_MARKED);
        let text = format!("{before}{marked}{}", cut(after.trim_end(), MAX_BESIDE));
        Self { before: before.chars().count(), marked: marked.chars().count().max(1), text }
    }
}

/// Replaces each tab by one blank: the mark below has to line up with the text.
fn clear(bytes: &[u8]) -> String {
    Untrusted::new(&bytes.replace("\t", " ")).to_string()
}

fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn drawn(text: &str, mark: &str) -> String {
        let start = text.find(mark).unwrap();
        let excerpt = Excerpt::new(text.as_bytes(), &(start..start + mark.len()));
        format!("{}\n{}{}", excerpt.text, " ".repeat(excerpt.before), "^".repeat(excerpt.marked))
    }

    #[test]
    fn the_mark_stands_under_the_text() {
        assert_eq!(drawn("a\n\tversion='1.2',\r\nb", "1.2"), "version='1.2',\n         ^^^");
        assert_eq!(drawn("é = 1.2", "1.2"), "é = 1.2\n    ^^^");
        assert_eq!(drawn("MAJOR 4\nMINOR 20\n", "4\nMINOR 20"), "MAJOR 4\n      ^");
        assert_eq!(drawn("x\x1b[31m1.2", "1.2"), "x\\u{1b}[31m1.2\n           ^^^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_mark() {
        let line = format!("{}1.2{}", "x".repeat(5_000), "y".repeat(5_000));
        let drawn = drawn(&line, "1.2");
        assert!(drawn.lines().next().unwrap().chars().count() < 130);
        assert!(drawn.contains("xx1.2yy"));
    }

    proptest! {
        #[test]
        fn any_range_of_any_bytes_has_an_excerpt(bytes in proptest::collection::vec(any::<u8>(), 0..60), start in 0usize..80, length in 0usize..80) {
            let excerpt = Excerpt::new(&bytes, &(start..start + length));
            let one_line = !excerpt.text.chars().any(char::is_control);
            prop_assert!(one_line);
            prop_assert!(excerpt.before <= excerpt.text.chars().count());
        }
    }
}
