//! How alike two changes are, in numbers.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasherDefault, Hasher};

use super::change::basename;
use super::change::{Change, dice};
use super::index::Index;
use super::patch::{Line, MOST_PATHS, Patch, common_paths, is_mostly_generated};
use super::titles::{self, Numbers};

/// How telling each line is: a brace is in half of all patches, a distinctive line in one.
pub(super) struct Weights {
    /// How many of the patches that were read contain the line.
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
        // The patches that were not read are assumed to resemble those that were, except that one occurrence is never
        // scaled up.
        let expected = |seen: f64| if seen > 1.0 { 1.0 + (seen - 1.0) * (all / read).max(1.0) } else { seen };
        let weight = |seen: u32| ((all + 1.0) / (expected(f64::from(seen)) + 0.5)).ln().max(0.05);
        Self { occurrences, table: (0..=MAX_OCCURRENCES).map(weight).collect() }
    }

    /// Returns the weight of a line in nats: the logarithm of how many patches there are for each one that has it.
    fn of(&self, line: Line) -> f64 {
        let seen = self.occurrences.get(&line).copied().unwrap_or_default().min(MAX_OCCURRENCES);
        self.table.get(seen as usize).copied().unwrap_or_default()
    }

    fn total(&self, patch: &Patch) -> f64 {
        patch.lines.iter().map(|(line, count)| self.of(*line) * f64::from(*count)).sum()
    }

    /// Returns the weight of the lines that both have.
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
    pub(super) content: Content,
    pub(super) people: People,
    pub(super) words: Words,
    pub(super) files: Files,
    /// The mainline's is a merge.
    pub(super) is_merge: bool,
    /// The branch's is a chore: version bumps and release notes resemble each other without being the same.
    pub(super) is_chore: bool,
}

/// What the lines of two changes have in common.
#[derive(Clone, Debug)]
pub(super) struct Content {
    /// Whether lines were compared, and not only trees and what the commits say.
    pub(super) has_lines: bool,
    /// git's patch-id is equal, or the very same files were replaced by the very same files.
    pub(super) same_patch: bool,
    /// The same lines were changed in the same files, whatever is around them.
    pub(super) same_lines: bool,
    /// The same lines were changed, maybe in other files.
    pub(super) same_moved_lines: bool,
    /// The weight of the lines that both change, in nats.
    pub(super) shared: f64,
    /// The same as a fraction of both (Dice), of the branch's, and of the mainline's lines, from 0 to 1.
    pub(super) both: f64,
    pub(super) of_branch: f64,
    pub(super) of_mainline: f64,
    /// Both change no more than a handful of lines: one changed word is a large part of them.
    pub(super) is_tiny: bool,
}

/// Who made them, and when.
#[derive(Clone, Debug)]
pub(super) struct People {
    pub(super) same_author: bool,
    /// Both have the same author timestamp.
    pub(super) same_second: bool,
    /// The author wrote nothing else on the mainline with that timestamp.
    pub(super) only_second: bool,
    /// Days between the two commits.
    pub(super) days: f64,
    /// The mainline's was committed after the branch's, which therefore was not picked from it.
    pub(super) is_later: bool,
}

/// What their titles and messages have in common.
#[derive(Clone, Debug)]
pub(super) struct Words {
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
    /// One is a revert and the other is not.
    pub(super) reverts_differ: bool,
    /// How alike the messages below the titles are, and how many words the shorter one has.
    pub(super) body: f64,
    pub(super) body_words: usize,
}

/// Which files they change.
#[derive(Clone, Debug)]
pub(super) struct Files {
    pub(super) shares_path: bool,
    pub(super) shares_name: bool,
    /// The same files were changed, in whatever way.
    pub(super) same_paths: bool,
    /// Most of the files that either changed, both did.
    pub(super) most_paths: bool,
    /// Most of the branch's files are not written by hand.
    pub(super) is_generated: bool,
}

/// A shorter title says too little, as does one that more commits have.
const MIN_TITLE: usize = 12;
const MAX_FREQUENCY: usize = 4;

/// With less than this in common, of both and of the larger part, lines that were compared count as different content.
const SAME_CONTENT: f64 = 0.1;
const PART_OF_CONTENT: f64 = 0.4;

/// A change is not picked from a commit that came more than so many days after it.
const STALE_DAYS: f64 = 60.0;

const SECONDS_A_DAY: f64 = 86_400.0;

/// What matters for a pair about the mainline as a whole.
pub(super) struct Surroundings<'a> {
    pub(super) weights: &'a Weights,
    pub(super) index: &'a Index<'a>,
}

impl Features {
    pub(super) fn new(
        (branch, branch_patch): (&Change, &Patch),
        (mainline, mainline_patch): (&Change, &Patch),
        (is_listed, is_chore): (bool, bool),
        around: &Surroundings<'_>,
    ) -> Self {
        Self {
            content: Content::new(branch_patch, mainline_patch, around.weights),
            people: People::new(branch, mainline, around.index),
            words: Words {
                is_listed,
                body: dice(&branch_patch.words, &mainline_patch.words),
                body_words: branch_patch.words.len().min(mainline_patch.words.len()),
                ..Words::of_titles(branch, mainline, around.index)
            },
            files: Files::new(branch_patch, mainline_patch),
            is_merge: mainline.is_merge,
            is_chore,
        }
    }

    /// Returns whether lines were compared and have next to nothing in common.
    pub(super) fn content_differs(&self) -> bool {
        let content = &self.content;
        let is_same = content.same_patch || content.same_lines || content.same_moved_lines;
        content.has_lines && !is_same && content.both < SAME_CONTENT && content.larger_part() < PART_OF_CONTENT
    }

    /// Returns whether both have the same author, timestamp and title.
    pub(super) fn same_origin(&self) -> bool {
        self.people.same_author && self.people.same_second && self.words.same_title
    }
}

impl Content {
    fn new(branch: &Patch, mainline: &Patch, weights: &Weights) -> Self {
        let equal = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
        let shared = weights.shared(branch, mainline);
        let (own, other) = (weights.total(branch), weights.total(mainline));
        let part = |of: f64| if of > 0.0 { (shared / of).min(1.0) } else { 0.0 };
        Self {
            has_lines: branch.has_lines && mainline.has_lines,
            same_patch: (branch.id.is_some() && branch.id == mainline.id) || equal(branch.exact, mainline.exact),
            same_lines: equal(branch.bare, mainline.bare),
            same_moved_lines: equal(branch.moved, mainline.moved),
            shared,
            both: part((own + other) / 2.0),
            of_branch: part(own),
            of_mainline: part(other),
            is_tiny: branch.is_tiny() && mainline.is_tiny(),
        }
    }

    /// Returns the larger part: of the branch's or of the mainline's lines.
    pub(super) fn larger_part(&self) -> f64 {
        self.of_branch.max(self.of_mainline)
    }
}

impl People {
    fn new(branch: &Change, mainline: &Change, index: &Index<'_>) -> Self {
        Self {
            same_author: branch.author.is(mainline.author),
            same_second: branch.seconds == mainline.seconds,
            only_second: !index.is_repeated(mainline.author.email, mainline.seconds),
            days: (branch.committed.saturating_sub(mainline.committed) as f64 / SECONDS_A_DAY).abs(),
            is_later: mainline.committed > branch.committed,
        }
    }

    /// Returns whether the mainline's commit came so much later that it has to be another one.
    pub(super) fn is_stale(&self) -> bool {
        self.is_later && self.days > STALE_DAYS
    }
}

impl Words {
    fn of_titles(branch: &Change, mainline: &Change, index: &Index<'_>) -> Self {
        let same_title = branch.key == mainline.key && !branch.key.is_empty();
        Self {
            same_title,
            is_listed: false,
            title: if same_title { 1.0 } else { titles::likeness(&branch.key, &mainline.key) },
            replaced: titles::replaced(&branch.key, &mainline.key),
            numbers: Numbers::compare(&branch.key, &mainline.key),
            same_numbers: titles::share_numbers(&branch.key, &mainline.key),
            same_request: titles::share_long_number(&branch.subject, &mainline.subject),
            is_backport: titles::is_backport(&branch.subject),
            is_generic: branch.key.len() < MIN_TITLE || index.frequency(&branch.key) > MAX_FREQUENCY,
            reverts_differ: branch.is_revert != mainline.is_revert,
            body: 0.0,
            body_words: 0,
        }
    }
}

impl Files {
    fn new(branch: &Patch, mainline: &Patch) -> Self {
        let paths: BTreeSet<&[u8]> = branch.paths.iter().map(|path| path.as_slice()).collect();
        let names: BTreeSet<&[u8]> = paths.iter().map(|path| basename(path)).collect();
        let others = || mainline.paths.iter().map(|path| path.as_slice());
        Self {
            shares_path: others().any(|path| paths.contains(path)),
            shares_name: others().any(|path| names.contains(basename(path))),
            same_paths: branch.paths == mainline.paths && !paths.is_empty(),
            most_paths: common_paths(branch, mainline) >= MOST_PATHS,
            is_generated: is_mostly_generated(&branch.paths),
        }
    }
}
