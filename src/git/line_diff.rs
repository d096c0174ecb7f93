//! What differs between two files, line by line, exactly as git sees it.

use gix_imara_diff::{Algorithm, Diff, IndentHeuristic, IndentLevel, InternedInput, Token};
use std::ops::Range;

/// Where a block of changed lines ends up that could stand in several places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sliders {
    /// As far down as it goes: what git hashes for `git cherry`.
    Plain,
    /// Moved by indentation and blank lines: what `git diff` shows.
    ByIndentation,
}

/// A block of changed lines, as line numbers that begin with 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines that were taken away.
    pub old: Range<u32>,
    /// The lines that were added.
    pub new: Range<u32>,
}

/// Two files and the lines that differ.
pub struct LineDiff<'a> {
    input: InternedInput<&'a [u8]>,
    hunks: Vec<Hunk>,
}

impl<'a> LineDiff<'a> {
    /// Compares two files with git's default algorithm. Its heuristics bound the time for any input.
    pub fn new(old: &'a [u8], new: &'a [u8], sliders: Sliders) -> Self {
        let input = InternedInput::new(old, new);
        let mut diff = Diff::compute(Algorithm::Myers, &input);
        match sliders {
            Sliders::Plain => diff.postprocess_no_heuristic(&input),
            Sliders::ByIndentation => {
                // To git, a form feed is no blank (`xdiff/xdiffi.c`, `get_indent` and `XDL_ISSPACE`).
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

    /// The blocks in the order of the file.
    pub fn hunks(&self) -> &[Hunk] {
        &self.hunks
    }

    /// How many lines the old file has.
    pub fn old_len(&self) -> u32 {
        u32::try_from(self.input.before.len()).unwrap_or(u32::MAX)
    }

    /// Lines of the old file with their line ends.
    pub fn old_lines(&self, lines: Range<u32>) -> impl Iterator<Item = &'a [u8]> {
        let tokens = self.input.before.get(lines.start as usize..lines.end as usize).unwrap_or_default();
        tokens.iter().map(|token| self.input.interner[*token])
    }

    /// Lines of the new file with their line ends.
    pub fn new_lines(&self, lines: Range<u32>) -> impl Iterator<Item = &'a [u8]> {
        let tokens = self.input.after.get(lines.start as usize..lines.end as usize).unwrap_or_default();
        tokens.iter().map(|token| self.input.interner[*token])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_lines_come_with_their_places() {
        let diff = LineDiff::new(b"a\nb\nc\n", b"a\nx\nc\nd", Sliders::Plain);
        assert_eq!(diff.hunks(), [Hunk { old: 1..2, new: 1..2 }, Hunk { old: 3..3, new: 3..4 }]);
        assert_eq!(diff.new_lines(3..4).collect::<Vec<_>>(), [b"d".as_slice()]);
        assert_eq!(diff.old_len(), 3);
    }
}
