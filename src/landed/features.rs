//! How alike two changes are, in numbers.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::change::{Change, dice};
use super::index::Index;
use super::patch::{Line, MOST_PATHS, Patch, basename, common_paths, is_mostly_generated};
use super::titles::{self, Numbers};

/// How telling each line is: a brace is in half of all patches, a distinctive line in one.
pub(super) struct Weights {
    /// In how many of the patches that were read the line occurs.
    occurrences: HashMap<Line, u32, ByLine>,
    /// The weights of lines that occur never, once, twice and so on.
    table: Vec<f64>,
}

/// Lines are hashes already.
type ByLine = BuildHasherDefault<AsIs>;

/// Takes a number for its own hash.
#[derive(Default)]
pub(super) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.rotate_left(8) ^ number;
    }
}

/// Lines in more patches than this all weigh the same.
const MAX_OCCURRENCES: u32 = 1000;

impl Weights {
    pub(super) fn new<'p>(patches: impl Iterator<Item = &'p Patch>, all: usize) -> Self {
        let mut occurrences: HashMap<Line, u32, ByLine> = HashMap::default();
        let mut read = 0u32;
        for patch in patches.filter(|patch| patch.has_lines) {
            read += 1;
            for (line, _) in &patch.lines {
                *occurrences.entry(*line).or_default() += 1;
            }
        }
        let (read, all) = (f64::from(read.max(1)), (all as f64).max(1.0));
        // What was not read is taken to be like what was, except that one occurrence is no more than one.
        let expected = |seen: f64| if seen > 1.0 { 1.0 + (seen - 1.0) * (all / read).max(1.0) } else { seen };
        let weight = |seen: u32| ((all + 1.0) / (expected(f64::from(seen)) + 0.5)).ln().max(0.05);
        Self { occurrences, table: (0..=MAX_OCCURRENCES).map(weight).collect() }
    }

    /// The weight of a line in nats: the logarithm of how many patches there are for each one that has it.
    fn of(&self, line: Line) -> f64 {
        let seen = self.occurrences.get(&line).copied().unwrap_or_default().min(MAX_OCCURRENCES);
        self.table.get(seen as usize).copied().unwrap_or_default()
    }

    fn total(&self, patch: &Patch) -> f64 {
        patch.lines.iter().map(|(line, count)| self.of(*line) * f64::from(*count)).sum()
    }

    /// The weight of the lines that both have.
    pub(super) fn shared(&self, a: &Patch, b: &Patch) -> f64 {
        let mut right = b.lines.iter().peekable();
        let mut sum = 0.0;
        for (line, count) in &a.lines {
            while right.next_if(|(other, _)| other < line).is_some() {}
            if let Some((_, other)) = right.next_if(|(other, _)| other == line) {
                sum += self.of(*line) * f64::from(*count.min(other));
            }
        }
        sum
    }
}

/// What two changes have in common. Thresholds on these are in [`super::tiers`].
#[derive(Clone, Debug)]
pub(super) struct Features {
    /// Lines were compared; otherwise only trees and what the commits say were.
    pub(super) has_lines: bool,
    /// git's patch-id is equal, or the very same files were replaced by the very same files.
    pub(super) same_patch: bool,
    /// The same lines were changed in the same files, whatever is around them.
    pub(super) same_lines: bool,
    /// The same lines were changed, maybe in other files.
    pub(super) same_moved_lines: bool,
    /// The weight of the lines that both change, in nats.
    pub(super) shared: f64,
    /// The same as a part of both (Dice), of the branch's, and of the mainline's lines, from 0 to 1.
    pub(super) both: f64,
    pub(super) of_branch: f64,
    pub(super) of_mainline: f64,
    pub(super) same_author: bool,
    /// Written in the same second.
    pub(super) same_second: bool,
    /// The author wrote nothing else on the mainline in that second.
    pub(super) only_second: bool,
    pub(super) same_title: bool,
    /// The mainline's title is a line of the branch's message.
    pub(super) is_listed: bool,
    /// How alike the titles are, from 0 to 1.
    pub(super) title: f64,
    /// Words of the titles that were replaced, not only added.
    pub(super) replaced: usize,
    pub(super) numbers: Numbers,
    pub(super) same_numbers: bool,
    /// The subjects share the number of an issue or a pull request.
    pub(super) same_request: bool,
    /// The branch's subject says that it is a backport.
    pub(super) is_backport: bool,
    /// The title says too little: it is short or frequent.
    pub(super) is_generic: bool,
    pub(super) reverts_differ: bool,
    /// How alike the messages below the titles are, and how many words the shorter one has.
    pub(super) body: f64,
    pub(super) body_words: usize,
    pub(super) shares_path: bool,
    pub(super) shares_name: bool,
    /// The same files were changed, however.
    pub(super) same_paths: bool,
    /// Most of the files that either changed, both did.
    pub(super) most_paths: bool,
    pub(super) is_generated: bool,
    /// Both change no more than a handful of lines, of which one word changed is much.
    pub(super) is_tiny: bool,
    /// Days between the two commits.
    pub(super) days: f64,
    /// The mainline's was committed after the branch's: it is not what that was picked from.
    pub(super) is_later: bool,
    pub(super) is_merge: bool,
}

/// What of the mainline as a whole matters for a pair.
pub(super) struct Surroundings<'a> {
    pub(super) weights: &'a Weights,
    pub(super) index: &'a Index<'a>,
}

impl Features {
    pub(super) fn new(
        (branch, branch_patch): (&Change, &Patch),
        (mainline, mainline_patch): (&Change, &Patch),
        around: &Surroundings<'_>,
    ) -> Self {
        let equal = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
        let shared = around.weights.shared(branch_patch, mainline_patch);
        let (own, other) = (around.weights.total(branch_patch), around.weights.total(mainline_patch));
        let part = |of: f64| if of > 0.0 { (shared / of).min(1.0) } else { 0.0 };
        let paths: BTreeSet<&[u8]> = branch_patch.paths.iter().map(|path| path.as_slice()).collect();
        let names: BTreeSet<&[u8]> = paths.iter().map(|path| basename(path)).collect();
        let others = || mainline_patch.paths.iter().map(|path| path.as_slice());
        let frequency = around.index.frequency(&branch.key);
        let same_title = branch.key == mainline.key && !branch.key.is_empty();
        Self {
            has_lines: branch_patch.has_lines && mainline_patch.has_lines,
            same_patch: (branch_patch.id.is_some() && branch_patch.id == mainline_patch.id)
                || equal(branch_patch.exact, mainline_patch.exact),
            same_lines: equal(branch_patch.bare, mainline_patch.bare),
            same_moved_lines: equal(branch_patch.moved, mainline_patch.moved),
            shared,
            both: part((own + other) / 2.0),
            of_branch: part(own),
            of_mainline: part(other),
            same_author: branch.author.is(mainline.author),
            same_second: branch.seconds == mainline.seconds,
            only_second: !around.index.is_repeated(mainline.author.email, mainline.seconds),
            same_title,
            is_listed: false,
            title: if same_title { 1.0 } else { titles::likeness(&branch.key, &mainline.key) },
            replaced: titles::replaced(&branch.key, &mainline.key),
            numbers: Numbers::compare(&branch.key, &mainline.key),
            same_numbers: titles::share_numbers(&branch.key, &mainline.key),
            same_request: titles::share_long_number(&branch.subject, &mainline.subject),
            is_backport: titles::is_backport(&branch.subject),
            is_generic: branch.key.len() < 12 || frequency > 4,
            reverts_differ: branch.is_revert != mainline.is_revert,
            body: dice(&branch_patch.words, &mainline_patch.words),
            body_words: branch_patch.words.len().min(mainline_patch.words.len()),
            shares_path: others().any(|path| paths.contains(path)),
            shares_name: others().any(|path| names.contains(basename(path))),
            same_paths: branch_patch.paths == mainline_patch.paths && !paths.is_empty(),
            most_paths: common_paths(branch_patch, mainline_patch) >= MOST_PATHS,
            is_generated: is_mostly_generated(&branch_patch.paths),
            is_tiny: branch_patch.is_tiny() && mainline_patch.is_tiny(),
            days: (branch.committed.saturating_sub(mainline.committed) as f64 / 86_400.0).abs(),
            is_later: mainline.committed > branch.committed,
            is_merge: mainline.is_merge,
        }
    }

    /// Whether lines were compared and have next to nothing in common.
    pub(super) fn content_differs(&self) -> bool {
        let is_same = self.same_patch || self.same_lines || self.same_moved_lines;
        self.has_lines && !is_same && self.both < 0.1 && self.larger_part() < 0.4
    }

    /// Whether the mainline's came so much later that it is another one.
    pub(super) fn is_stale(&self) -> bool {
        self.is_later && self.days > 60.0
    }

    /// Whether both have the same author, second and title.
    pub(super) fn same_origin(&self) -> bool {
        self.same_author && self.same_second && self.same_title
    }

    /// The larger part: of the branch's or of the mainline's lines.
    pub(super) fn larger_part(&self) -> f64 {
        self.of_branch.max(self.of_mainline)
    }
}
