//! How alike two changes are, in numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::change::basename;
use super::change::{Change, dice};
use super::index::Index;
use super::patch::{MOST_PATHS, Patch, common_paths, is_mostly_generated};
use super::telling::{self, Line};
use super::titles::{self, Numbers};

/// What the lines of a change weigh: of one that changes nothing but notes the notes, and of all others the rest.
#[derive(Clone, Copy)]
struct Weights {
    counts_notes: bool,
}

impl Weights {
    fn of(patch: &Patch) -> Self {
        Self { counts_notes: patch.lines.iter().all(|(line, _)| telling::is_notes(*line)) }
    }

    fn weight(self, line: Line) -> f64 {
        if self.counts_notes || !telling::is_notes(line) { telling::weight(line) } else { 0.0 }
    }

    /// Returns the weight of all lines of a patch, and of those that it adds.
    fn total(self, patch: &Patch) -> (f64, f64) {
        patch.lines.iter().fold((0.0, 0.0), |(all, added), (line, count)| {
            let weight = self.weight(*line) * f64::from(*count);
            (all + weight, if telling::is_added(*line) { added + weight } else { added })
        })
    }

    /// Returns the weight of the lines that both have, and of those that both add.
    fn shared(self, a: &Patch, b: &Patch) -> (f64, f64) {
        let mut right = b.lines.iter().peekable();
        let (mut all, mut added) = (0.0, 0.0);
        for (line, count) in &a.lines {
            while right.next_if(|(other, _)| other < line).is_some() {}
            if let Some((_, other)) = right.next_if(|(other, _)| other == line) {
                let weight = self.weight(*line) * f64::from(*count.min(other));
                all += weight;
                added += if telling::is_added(*line) { weight } else { 0.0 };
            }
        }
        (all, added)
    }
}

/// How much of a change others do, each line of it counted once.
pub(super) struct Cover {
    weights: Weights,
    left: BTreeMap<Line, u32>,
    total: f64,
    covered: f64,
}

impl Cover {
    pub(super) fn of(patch: &Patch) -> Self {
        let weights = Weights::of(patch);
        Self { weights, left: patch.lines.iter().copied().collect(), total: weights.total(patch).0, covered: 0.0 }
    }

    /// Adds what another one does, and returns the weight of the lines that none before it did.
    pub(super) fn add(&mut self, other: &Patch) -> f64 {
        let mut new = 0.0;
        for (line, count) in &other.lines {
            if let Some(left) = self.left.get_mut(line) {
                let taken = (*left).min(*count);
                *left -= taken;
                new += self.weights.weight(*line) * f64::from(taken);
            }
        }
        self.covered += new;
        new
    }

    /// Returns how much of the change the others do, from 0 to 1.
    pub(super) fn part(&self) -> f64 {
        if self.total > 0.0 { (self.covered / self.total).min(1.0) } else { 0.0 }
    }
}

/// What two changes have in common. Thresholds on these are in [`super::thresholds`].
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
    /// A merge of the branch brought this change, and all of that merge is the mainline's commit.
    pub(super) is_brought: bool,
}

/// What is known of a pair besides the two commits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    pub(super) is_listed: bool,
    pub(super) is_listing: bool,
    pub(super) is_chore: bool,
    pub(super) is_brought: bool,
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
    /// Lines were compared, and nothing that one of them puts there does the other put there too.
    pub(super) is_foreign: bool,
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
    /// The branch's title is a line of the mainline's message.
    pub(super) is_listing: bool,
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

/// With no more of this weight in common, two changes have next to nothing in common: braces and `return 0`.
const FOREIGN: f64 = 3.0;

/// A change is not picked from a commit that came more than so many days after it.
const STALE_DAYS: f64 = 60.0;

const SECONDS_A_DAY: f64 = 86_400.0;

impl Features {
    pub(super) fn new(
        (branch, branch_patch): (&Change, &Patch),
        (mainline, mainline_patch): (&Change, &Patch),
        marks: Marks,
        index: &Index<'_>,
    ) -> Self {
        Self {
            content: Content::new(branch_patch, mainline_patch),
            people: People::new(branch, mainline, index),
            words: Words {
                is_listed: marks.is_listed,
                is_listing: marks.is_listing,
                body: dice(&branch_patch.words, &mainline_patch.words),
                body_words: branch_patch.words.len().min(mainline_patch.words.len()),
                ..Words::of_titles(branch, mainline, index)
            },
            files: Files::new(branch_patch, mainline_patch),
            is_merge: mainline.is_merge,
            is_chore: marks.is_chore,
            is_brought: marks.is_brought,
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
    fn new(branch: &Patch, mainline: &Patch) -> Self {
        let equal = |a: Option<u64>, b: Option<u64>| a.is_some() && a == b;
        let weights = Weights::of(branch);
        let (shared, shared_added) = weights.shared(branch, mainline);
        let ((own, own_added), (other, other_added)) = (weights.total(branch), weights.total(mainline));
        let part = |of: f64| if of > 0.0 { (shared / of).min(1.0) } else { 0.0 };
        let same_patch = (branch.id.is_some() && branch.id == mainline.id) || equal(branch.exact, mainline.exact);
        let (same_lines, same_moved_lines) = (equal(branch.bare, mainline.bare), equal(branch.moved, mainline.moved));
        let has_lines = branch.has_lines && mainline.has_lines;
        // What only removes is compared by what it removes.
        let (common, is_comparable) = if own_added > FOREIGN && other_added > FOREIGN {
            (shared_added, true)
        } else {
            (shared, own > FOREIGN && other > FOREIGN)
        };
        Self {
            has_lines,
            same_patch,
            same_lines,
            same_moved_lines,
            shared,
            both: part((own + other) / 2.0),
            of_branch: part(own),
            of_mainline: part(other),
            is_tiny: branch.is_tiny() && mainline.is_tiny(),
            is_foreign: has_lines
                && is_comparable
                && common < FOREIGN
                && !(same_patch || same_lines || same_moved_lines),
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
        let same_title = titles::same(&branch.key, &mainline.key);
        Self {
            same_title,
            is_listed: false,
            is_listing: false,
            title: if same_title { 1.0 } else { titles::likeness(&branch.key, &mainline.key) },
            replaced: titles::replaced(&branch.key, &mainline.key),
            numbers: Numbers::compare(&branch.key, &mainline.key),
            same_numbers: titles::share_numbers(&branch.key, &mainline.key),
            same_request: titles::share_long_number(&branch.subject, &mainline.subject)
                || (branch.pull_request.is_some() && branch.pull_request == mainline.pull_request),
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
