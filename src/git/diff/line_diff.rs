//! What differs between two files, line by line, exactly as git sees it.

use bstr::ByteSlice as _;
use gix_imara_diff::{Algorithm, Diff, IndentHeuristic, IndentLevel, InternedInput, Token};
use std::ops::Range;

use crate::git::diff::common::{common_prefix, common_suffix};

/// Where a block of changed lines ends up that could stand in several places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sliders {
    /// As far down as possible: what git hashes for `git cherry`.
    Plain,
    /// Moved by indentation and blank lines: what `git diff` shows.
    ByIndentation,
}

/// A block of changed lines, as line numbers that begin with 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// The lines that were removed.
    pub old: Range<u32>,
    /// The lines that were added.
    pub new: Range<u32>,
}

/// Two files and the lines that differ.
pub(crate) struct LineDiff<'a> {
    input: InternedInput<&'a [u8]>,
    hunks: Vec<Hunk>,
}

impl<'a> LineDiff<'a> {
    /// Compares two files with git's default algorithm. Its heuristics bound the time for any input.
    pub(crate) fn new(old: &'a [u8], new: &'a [u8], sliders: Sliders) -> Self {
        let input = InternedInput::new(old, new);
        let mut diff = Diff::compute(Algorithm::Myers, &input);
        match sliders {
            Sliders::Plain => diff.postprocess_no_heuristic(&input),
            Sliders::ByIndentation => {
                // To git, a form feed is not a blank (`xdiff/xdiffi.c`, `get_indent` and `XDL_ISSPACE`).
                let level = |token: Token| {
                    let line = input.interner[token].iter();
                    IndentLevel::for_ascii_line(line.map(|byte| if *byte == 0x0c { b'x' } else { *byte }), 8)
                };
                diff.postprocess_with_heuristic(&input, IndentHeuristic::new(level));
            }
        }
        let hunks = diff.hunks().map(|hunk| Hunk { old: hunk.before, new: hunk.after }).collect();
        Self { input, hunks }
    }

    /// Compares what [`middle`] leaves of two files. This is much faster for a small change of a large file. In a long
    /// run of equal lines, a block may end up elsewhere than in git, but always in the same place for the same change.
    pub(crate) fn of_middle(middle: (&'a [u8], &'a [u8])) -> Self {
        Self::new(middle.0, middle.1, Sliders::Plain)
    }

    /// Returns the blocks in the order of the file.
    pub(crate) fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }

    /// Returns how many lines the old file has.
    pub(crate) fn old_len(&self) -> u32 {
        u32::try_from(self.input.before.len()).unwrap_or(u32::MAX)
    }

    /// Returns lines of the old file with their line ends.
    pub(crate) fn old_lines(&self, lines: Range<u32>) -> impl Iterator<Item = &'a [u8]> {
        let tokens = self.input.before.get(lines.start as usize..lines.end as usize).unwrap_or_default();
        tokens.iter().map(|token| self.input.interner[*token])
    }

    /// Returns lines of the new file with their line ends.
    pub(crate) fn new_lines(&self, lines: Range<u32>) -> impl Iterator<Item = &'a [u8]> {
        let tokens = self.input.after.get(lines.start as usize..lines.end as usize).unwrap_or_default();
        tokens.iter().map(|token| self.input.interner[*token])
    }
}

/// How many equal lines are kept on each side of what differs: the context of a patch-id, and room for sliders.
const MARGIN: usize = 16;

/// Returns two texts without the lines that both begin and end with, except for some around what differs.
pub(crate) fn middle<'a>(old: &'a [u8], new: &'a [u8]) -> (&'a [u8], &'a [u8]) {
    let mut start = common_prefix(old, new);
    for _ in 0..=MARGIN {
        start = old.get(..start).and_then(|before| before.rfind_byte(b'\n')).unwrap_or(0);
    }
    // Behind the line end, if one was found.
    start += usize::from(old.get(start) == Some(&b'\n') && start > 0);
    let (old, new) = (old.get(start..).unwrap_or_default(), new.get(start..).unwrap_or_default());
    let equal = common_suffix(old, new);
    let tail = old.get(old.len() - equal..).unwrap_or_default();
    // To the end of the first line that is equal as a whole, and of some more.
    let kept = tail.find_iter(b"\n").nth(MARGIN).map_or(tail.len(), |at| at + 1);
    let cut = tail.len() - kept;
    (old.get(..old.len() - cut).unwrap_or_default(), new.get(..new.len() - cut).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn changed(diff: &LineDiff<'_>) -> Vec<Vec<u8>> {
        let hunks = diff.hunks().iter();
        let lines = hunks.flat_map(|hunk| diff.old_lines(hunk.old.clone()).chain(diff.new_lines(hunk.new.clone())));
        lines.map(<[u8]>::to_vec).collect()
    }

    proptest! {
        #[test]
        fn what_differs_in_the_middle_is_what_differs(
            lines in proptest::collection::vec("[a-z]{1,3}", 0..120),
            at in any::<usize>(),
            added in proptest::collection::vec("[A-Z]{1,3}", 0..4),
            removed in 0usize..4,
            ends in any::<bool>(),
        ) {
            let at = at % (lines.len() + 1);
            let mut other = lines.clone();
            other.splice(at..(at + removed).min(lines.len()), added);
            let text = |lines: &[String]| format!("{}{}", lines.join("\n"), if ends { "\n" } else { "" }).into_bytes();
            let (old, new) = (text(&lines), text(&other));
            let (whole, part) = (LineDiff::new(&old, &new, Sliders::Plain), LineDiff::of_middle(middle(&old, &new)));
            prop_assert_eq!(changed(&whole), changed(&part));
        }
    }

    #[test]
    fn changed_lines_come_with_their_places() {
        let diff = LineDiff::new(b"a\nb\nc\n", b"a\nx\nc\nd", Sliders::Plain);
        assert_eq!(diff.hunks(), [Hunk { old: 1..2, new: 1..2 }, Hunk { old: 3..3, new: 3..4 }]);
        assert_eq!(diff.new_lines(3..4).collect::<Vec<_>>(), [b"d".as_slice()]);
        assert_eq!(diff.old_len(), 3);
    }
}
