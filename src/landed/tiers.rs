//! The rules: from what two changes have in common to whether one is the other.
//!
//! The thresholds were measured on 12,960 release-branch commits of 22 projects that name their original; each tier
//! below `Review` named a wrong commit in at most two of its cases there. The page `README.md` in this folder describes
//! them in words.

use super::features::Features;
use super::titles::Numbers;

/// A rule that holds for two changes, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// The same patch, and the title or the author say so too, or it is too distinctive to be chance.
    SamePatch,
    /// The same lines in other files.
    MovedLines,
    /// The same author, timestamp and title.
    SecondAndTitle,
    /// The same lines in the same files, with other context.
    SameLines,
    /// A merge of the branch brought it, and all of that merge is the mainline's commit.
    Brought,
    /// The same author and timestamp, and some content or the title.
    Second,
    /// The same author, timestamp and file, and a similar title or message.
    SecondAndWords,
    /// The same author, timestamp and file, and most of the content.
    SecondAndLines,
    /// The same author, timestamp and files.
    SecondAndFiles,
    /// The same number of an issue or a pull request in the title, and some content.
    NumberAndLines,
    /// The same title and author, and some content.
    TitleAndLines,
    /// The same title and author, and most of the files; lines were not compared.
    TitleAndFiles,
    /// The same title and author, the same message, and the content written anew.
    TitleAndWords,
    /// The same title by somebody else, and much of the content.
    TitleOnly,
    /// The same title and message.
    TitleAndBody,
    /// Its title is a line of the branch's message, and most of its content is in the branch's.
    ListedTitle,
    /// The same title, author and file, within days.
    TitleAndDays,
    /// The same frequent title, author, file, and much of the content.
    FrequentTitle,
    /// A similar title, the same author, and content.
    SimilarTitle,
    /// The same message, author and some content.
    SameBody,
    /// The same long message by anybody.
    SameLongBody,
    /// Much of the content of the same file.
    Content,
    /// The mainline's message lists its title, and its content is there.
    InSquash,
    /// All of its content is in a larger commit by the same author.
    Part,
    /// Good reasons, but not enough without a person who looks.
    Review(Reason),
}

/// Why a person should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The same patch, and nothing else.
    BarePatch,
    /// Nearly all of the content.
    MostContent,
    /// The same title.
    Title,
    /// The same author and timestamp, and a similar title.
    Second,
    /// Part of a larger mainline commit.
    PartOf,
    /// Contains a mainline commit.
    Contains,
}

/// One rule.
pub(super) struct TierRule {
    pub(super) tier: Tier,
    /// How sure it is, from 0 to 1.
    pub(super) score: f64,
    /// Whether it is strict enough for version bumps and release notes, which resemble each other.
    for_chores: bool,
    /// Whether it holds for two changes.
    holds: fn(&Features) -> bool,
    /// How often it named a right commit and a wrong one, of the labelled commits whose messages were not read.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for people, and a test asks that no row is without"))]
    measured: &'static str,
}

/// The weight of lines in nats. A brace weighs nothing, a line that is in one patch of thousands eight or nine.
mod weight {
    /// Something, where git's patch-id is the same.
    pub(super) const SOME: f64 = 5.0;
    pub(super) const ONE_LINE: f64 = 8.0;
    pub(super) const MORE_THAN_ONE: f64 = 12.0;
    pub(super) const TWO_LINES: f64 = 15.0;
    pub(super) const THREE_LINES: f64 = 25.0;
    pub(super) const FIVE_LINES: f64 = 40.0;
    pub(super) const SEVEN_LINES: f64 = 60.0;
}

/// Parts of the content, from 0 to 1.
mod part {
    pub(super) const TRACE: f64 = 0.1;
    pub(super) const LITTLE: f64 = 0.15;
    pub(super) const SOME: f64 = 0.2;
    pub(super) const QUARTER: f64 = 0.25;
    pub(super) const THIRD: f64 = 0.3;
    pub(super) const OVER_A_THIRD: f64 = 0.35;
    pub(super) const MUCH: f64 = 0.4;
    pub(super) const HALF: f64 = 0.5;
    pub(super) const OVER_HALF: f64 = 0.6;
    pub(super) const MOST: f64 = 0.7;
    pub(super) const THREE_QUARTERS: f64 = 0.75;
    pub(super) const FOUR_FIFTHS: f64 = 0.8;
    pub(super) const NEARLY_ALL: f64 = 0.85;
    pub(super) const ALL_BUT_A_TENTH: f64 = 0.9;
    pub(super) const ALL: f64 = 0.98;
}

/// How alike titles are, from 0 to 1, and how many of their words may be others.
mod title {
    pub(super) const RELATED: f64 = 0.6;
    pub(super) const SIMILAR: f64 = 0.8;
    pub(super) const CLOSE: f64 = 0.85;
    /// The number of replaced words must be below this.
    pub(super) const FEW_REPLACED: usize = 2;
}

/// How alike messages are below their titles, from 0 to 1, and of how many words the shorter one has to be.
mod body {
    pub(super) const RELATED: f64 = 0.5;
    pub(super) const ALIKE: f64 = 0.6;
    pub(super) const SIMILAR: f64 = 0.7;
    pub(super) const CLOSE: f64 = 0.85;
    pub(super) const SAME: f64 = 0.9;
    pub(super) const SHORT: usize = 8;
    pub(super) const LONG: usize = 12;
    pub(super) const VERY_LONG: usize = 20;
}

/// Days between two commits.
mod days {
    pub(super) const FEW: f64 = 3.0;
    pub(super) const MONTH_AND_A_HALF: f64 = 45.0;
}

/// The rules in the order in which they are asked: the first that holds counts.
pub(super) const TIERS: &[TierRule] = &[
    TierRule {
        tier: Tier::SamePatch,
        score: 0.99,
        for_chores: true,
        holds: same_patch,
        measured: "11,114 right, 0 wrong",
    },
    TierRule {
        tier: Tier::SameLines,
        score: 0.97,
        for_chores: true,
        holds: |f| f.content.same_lines && are_lines_telling(f),
        measured: "counted with the same patch",
    },
    TierRule {
        tier: Tier::Brought,
        score: 0.95,
        for_chores: true,
        holds: |f| f.is_brought,
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::MovedLines,
        score: 0.97,
        for_chores: true,
        holds: moved_lines,
        measured: "162 right, 0 wrong",
    },
    TierRule {
        tier: Tier::SecondAndTitle,
        score: 0.99,
        for_chores: true,
        holds: |f| {
            is_of_second(f)
                && f.words.same_title
                && (!f.words.is_generic || f.files.shares_path || f.people.only_second)
        },
        measured: "1,082 right, 0 wrong",
    },
    TierRule {
        tier: Tier::Second,
        score: 0.98,
        for_chores: true,
        holds: |f| {
            let some = f.content.both >= part::SOME || f.content.larger_part() >= part::MUCH;
            is_of_second(f) && f.people.only_second && some && (f.files.shares_name || f.words.same_title)
        },
        measured: "50 right, 0 wrong",
    },
    TierRule {
        tier: Tier::SecondAndWords,
        score: 0.95,
        for_chores: true,
        holds: |f| {
            let words = f.words.title >= title::RELATED || f.words.body >= body::RELATED;
            is_of_second(f) && f.people.only_second && f.files.shares_name && words && !f.content.is_foreign
        },
        measured: "7 right, 0 wrong",
    },
    TierRule {
        tier: Tier::SecondAndLines,
        score: 0.93,
        for_chores: true,
        holds: |f| {
            let most = f.content.both >= part::HALF || f.content.of_branch >= part::MOST;
            is_of_second(f) && f.files.shares_name && most && f.words.replaced < title::FEW_REPLACED
        },
        measured: "0 right, 0 wrong",
    },
    TierRule {
        tier: Tier::SecondAndFiles,
        score: 0.93,
        for_chores: true,
        holds: |f| is_of_second(f) && f.people.only_second && f.files.same_paths && !f.content.is_foreign,
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::TitleAndLines,
        score: 0.97,
        for_chores: true,
        holds: title_and_lines,
        measured: "347 right, 2 wrong",
    },
    TierRule {
        tier: Tier::TitleAndFiles,
        score: 0.95,
        for_chores: true,
        holds: |f| is_titled_by_author(f) && f.files.most_paths && !f.content.has_lines && !f.files.is_generated,
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::TitleAndWords,
        score: 0.93,
        for_chores: true,
        holds: |f| {
            let is_same = f.words.body >= body::ALIKE && f.words.body_words >= body::SHORT;
            is_titled_by_author(f) && is_same && f.files.shares_path && !f.files.is_generated
        },
        measured: "3 right, 0 wrong",
    },
    TierRule {
        tier: Tier::TitleOnly,
        score: 0.95,
        for_chores: true,
        holds: |f| is_titled(f) && (f.content.both >= part::MUCH || f.content.larger_part() >= part::OVER_HALF),
        measured: "48 right, 0 wrong",
    },
    TierRule {
        tier: Tier::TitleAndBody,
        score: 0.90,
        for_chores: true,
        holds: |f| {
            let is_same = f.words.body >= body::SIMILAR && f.words.body_words >= body::LONG;
            let is_near = f.files.shares_name && !f.files.is_generated;
            is_titled(f) && is_same && (f.content.both >= part::TRACE || is_near)
        },
        measured: "0 right, 0 wrong",
    },
    TierRule {
        tier: Tier::TitleAndDays,
        score: 0.90,
        for_chores: true,
        holds: |f| {
            let is_near = f.files.shares_path && f.people.days <= days::FEW;
            let is_small = f.content.is_tiny && !f.files.is_generated;
            is_titled_by_author(f) && is_near && (f.content.larger_part() >= part::TRACE || is_small)
        },
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::FrequentTitle,
        score: 0.90,
        for_chores: true,
        holds: |f| {
            let is_common = f.content.both >= part::HALF && f.content.shared >= weight::MORE_THAN_ONE;
            let is_own = f.words.same_title && f.words.is_generic && f.people.same_author;
            is_own && f.files.shares_path && is_common
        },
        measured: "8 right, 0 wrong",
    },
    TierRule {
        tier: Tier::ListedTitle,
        score: 0.92,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_mainline >= part::HALF || f.content.both >= part::HALF;
            is_timely(f) && f.words.is_listed && f.files.shares_path && !f.is_merge && is_in
        },
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::NumberAndLines,
        score: 0.95,
        for_chores: false,
        holds: number_and_lines,
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::SimilarTitle,
        score: 0.90,
        for_chores: false,
        holds: |f| is_timely(f) && has_similar_title(f) && has_content_of_similar_title(f),
        measured: "24 right, 1 wrong",
    },
    TierRule { tier: Tier::SameBody, score: 0.90, for_chores: false, holds: same_body, measured: "8 right, 0 wrong" },
    TierRule {
        tier: Tier::SameLongBody,
        score: 0.92,
        for_chores: false,
        holds: |f| {
            let is_same = f.words.body >= body::SAME && f.words.body_words >= body::VERY_LONG;
            let is_titled = f.words.title >= title::SIMILAR && f.words.replaced < title::FEW_REPLACED;
            let some = f.content.both >= part::THIRD || f.content.larger_part() >= part::HALF;
            is_timely(f) && is_same && is_titled && f.files.shares_name && some
        },
        measured: "2 right, 0 wrong",
    },
    TierRule { tier: Tier::Content, score: 0.90, for_chores: false, holds: content, measured: "43 right, 1 wrong" },
    TierRule {
        tier: Tier::InSquash,
        score: 0.92,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_branch >= part::ALL_BUT_A_TENTH && f.content.shared >= weight::ONE_LINE;
            f.words.is_listing && f.files.shares_path && is_in
        },
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::Part,
        score: 0.90,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_branch >= part::ALL && f.content.shared >= weight::FIVE_LINES;
            !f.people.is_later && !f.files.is_generated && f.people.same_author && f.files.shares_path && is_in
        },
        measured: "not counted by itself",
    },
    TierRule {
        tier: Tier::Review(Reason::BarePatch),
        score: 0.80,
        for_chores: false,
        holds: |f| f.content.same_patch || f.content.same_lines,
        measured: "all for a person to look at: 22 right, 2 wrong",
    },
    TierRule {
        tier: Tier::Review(Reason::MostContent),
        score: 0.85,
        for_chores: false,
        holds: |f| {
            let by_anybody = f.content.both >= part::NEARLY_ALL && f.content.shared >= weight::FIVE_LINES;
            let by_author = f.content.both >= part::FOUR_FIFTHS && f.content.shared >= weight::SEVEN_LINES;
            let is_there = f.content.both >= part::FOUR_FIFTHS && f.content.shared >= weight::FIVE_LINES;
            (by_anybody && f.files.shares_name)
                || (by_author && f.people.same_author)
                || (is_there && f.files.same_paths && is_timely(f))
        },
        measured: "all for a person to look at: 22 right, 2 wrong",
    },
    TierRule {
        tier: Tier::Review(Reason::Title),
        score: 0.80,
        for_chores: false,
        holds: |f| {
            let is_near = f.people.same_author && f.people.days <= days::MONTH_AND_A_HALF;
            f.words.same_title && f.files.shares_name && (is_near || f.content.both >= part::TRACE)
        },
        measured: "all for a person to look at: 22 right, 2 wrong",
    },
    TierRule {
        tier: Tier::Review(Reason::Second),
        score: 0.75,
        for_chores: false,
        holds: |f| {
            let words = f.words.title >= title::RELATED || f.words.body >= body::RELATED;
            is_of_second(f) && f.people.only_second && f.files.shares_name && words
        },
        measured: "all for a person to look at: 22 right, 2 wrong",
    },
    TierRule {
        tier: Tier::Review(Reason::PartOf),
        score: 0.75,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_branch >= part::FOUR_FIFTHS && f.content.shared >= weight::THREE_LINES;
            f.people.same_author && f.files.shares_path && is_in
        },
        measured: "all for a person to look at: 22 right, 2 wrong",
    },
    TierRule {
        tier: Tier::Review(Reason::Contains),
        score: 0.75,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_mainline >= part::ALL_BUT_A_TENTH && f.content.of_branch >= part::THIRD;
            f.people.same_author && f.files.shares_path && is_in
        },
        measured: "all for a person to look at: 22 right, 2 wrong",
    },
];

/// Returns the first rule that holds, unless something speaks against all of them.
pub(super) fn judge(features: &Features) -> Option<Tier> {
    if is_vetoed(features) {
        return None;
    }
    let asked = TIERS.iter().filter(|rule| rule.for_chores || !features.is_chore);
    asked.into_iter().find(|rule| (rule.holds)(features)).map(|rule| rule.tier)
}

/// Returns whether the two are different changes whatever they have in common: one is a revert and the other is not, or
/// their titles name different versions.
fn is_vetoed(f: &Features) -> bool {
    if f.content.same_patch || f.content.same_lines || f.is_brought {
        return false;
    }
    let is_same_moment = is_of_second(f) && (f.words.same_title || (f.people.only_second && !f.files.is_generated));
    let is_next = f.words.numbers == Numbers::Differ && f.words.title >= title::RELATED && !is_same_moment;
    f.words.reverts_differ || is_next
}

/// Returns whether the content bears out what a message says.
pub(super) fn agrees(f: &Features) -> bool {
    let content = &f.content;
    if content.same_patch || content.same_lines || f.is_brought {
        return true;
    }
    // Braces alone bear out nothing, and a title can be copied: then it has to be in the same place at least.
    let is_titled = (f.words.same_title || is_of_second(f)) && (!content.is_foreign || f.files.shares_name);
    is_titled || (!content.is_foreign && (content.both >= part::TRACE || content.larger_part() >= part::MUCH))
}

/// Returns whether all that a merge brought is in a commit: one that has its title may be the merge of a part of it.
pub(super) fn is_all_of(f: &Features, is_named: bool) -> bool {
    let content = &f.content;
    let is_in = content.of_branch >= part::ALL_BUT_A_TENTH && content.shared >= weight::ONE_LINE;
    content.same_patch || content.same_lines || (is_named && is_in)
}

fn is_of_second(f: &Features) -> bool {
    f.people.same_author && f.people.same_second
}

fn is_titled(f: &Features) -> bool {
    f.words.same_title && !f.words.is_generic
}

fn is_titled_by_author(f: &Features) -> bool {
    is_titled(f) && f.people.same_author
}

/// Returns whether the times fit: a change is not picked from what came months after it, and one that was made here
/// first is soon there.
fn is_timely(f: &Features) -> bool {
    !f.people.is_stale()
}

fn same_patch(f: &Features) -> bool {
    let distinctive = if f.is_chore { weight::THREE_LINES } else { weight::SOME };
    let is_by_author = f.people.same_author && (f.people.same_second || f.content.shared >= weight::ONE_LINE);
    let is_patch = f.content.same_patch && (f.words.same_title || is_by_author || f.content.shared >= distinctive);
    is_patch || (f.content.same_lines && is_of_second(f) && are_lines_telling(f))
}

/// Returns whether the lines say enough: without what is around them, a line or two may be from another place in the
/// same file.
fn are_lines_telling(f: &Features) -> bool {
    let is_titled =
        f.words.same_title && (!f.words.is_generic || f.people.same_second || f.content.shared >= weight::ONE_LINE);
    let is_by_author = f.people.same_author && (f.people.same_second || f.content.shared >= weight::TWO_LINES);
    is_titled || (is_timely(f) && (is_by_author || f.content.shared >= weight::THREE_LINES))
}

fn moved_lines(f: &Features) -> bool {
    let is_of_only_second = is_of_second(f) && f.people.only_second;
    let is_by_author = f.people.same_author && f.files.shares_name && f.content.shared >= weight::THREE_LINES;
    f.content.same_moved_lines && (f.words.same_title || is_of_only_second || is_by_author)
}

/// Returns whether title and lines are enough: a series does the same to one component after another.
fn title_and_lines(f: &Features) -> bool {
    let is_near = f.files.shares_path || f.people.days <= days::FEW;
    let some = f.content.both >= part::LITTLE || f.content.larger_part() >= part::THIRD;
    is_titled_by_author(f) && ((is_near && some) || f.content.both >= part::MUCH)
}

/// Returns whether number and lines are enough: `Fix what #12 broke` names a request too.
fn number_and_lines(f: &Features) -> bool {
    let some = f.content.both >= part::LITTLE || f.content.larger_part() >= part::THIRD;
    let is_much = f.content.both >= part::MUCH || (f.words.is_backport && some);
    let is_same = f.words.same_request && f.files.shares_path && f.content.shared >= weight::ONE_LINE;
    is_timely(f) && is_same && is_much
}

fn has_similar_title(f: &Features) -> bool {
    // Where there is only one word and one line, another word means another change.
    let is_one_word = f.words.replaced < title::FEW_REPLACED || f.content.both >= part::THREE_QUARTERS;
    let is_replaced = f.words.replaced > 0 && (f.content.is_tiny || !is_one_word);
    let is_own = f.people.same_author && f.files.shares_name && !f.words.is_generic;
    is_own && f.words.title >= title::SIMILAR && !is_replaced
}

fn has_content_of_similar_title(f: &Features) -> bool {
    let some = f.content.both >= part::QUARTER || f.content.larger_part() >= part::HALF;
    let most = f.content.both >= part::OVER_HALF || f.content.of_branch >= part::ALL_BUT_A_TENTH;
    // One word for another in other files: a series does the same to its components.
    let is_there = f.files.shares_path || (f.content.shared >= weight::TWO_LINES && f.words.replaced == 0);
    let is_written = !f.files.is_generated || f.content.both >= part::MOST;
    some && (f.words.numbers == Numbers::Equal || most) && is_there && is_written
}

fn same_body(f: &Features) -> bool {
    let is_same = f.words.body >= body::CLOSE && f.words.body_words >= body::LONG;
    let is_close = f.words.title >= title::CLOSE;
    let is_numbered = f.words.same_numbers && f.words.title >= title::RELATED && !f.files.is_generated;
    let is_titled = is_close && f.words.replaced == 0 && !f.files.is_generated;
    let is_nearly = is_close && f.words.replaced < title::FEW_REPLACED && f.content.larger_part() >= part::THIRD;
    let bears_out = f.content.both >= part::OVER_A_THIRD || is_numbered || is_titled || is_nearly;
    is_timely(f) && f.people.same_author && f.files.shares_name && is_same && bears_out
}

fn content(f: &Features) -> bool {
    let is_titled = f.words.title >= title::RELATED && !f.words.is_generic && f.words.numbers == Numbers::Equal;
    let is_related =
        f.people.same_author || f.words.body >= body::RELATED || (is_titled && f.content.shared >= weight::THREE_LINES);
    let is_most = f.content.both >= part::MOST && f.content.shared >= weight::TWO_LINES;
    is_timely(f) && !f.files.is_generated && f.files.shares_path && is_most && is_related
}

impl Tier {
    /// Returns how sure it is, from 0 to 1.
    pub(super) fn score(self) -> f64 {
        TIERS.iter().find(|rule| rule.tier == self).map_or(0.0, |rule| rule.score)
    }

    pub(super) fn is_review(self) -> bool {
        matches!(self, Self::Review(_))
    }

    /// Returns whether it rests on author and timestamp.
    pub(super) fn is_by_second(self) -> bool {
        matches!(
            self,
            Self::SecondAndTitle | Self::Second | Self::SecondAndWords | Self::SecondAndLines | Self::SecondAndFiles
        )
    }

    /// Returns whether it rests on words alone, in which case a commit with the content would be better.
    pub(super) fn is_wordy(self) -> bool {
        matches!(self, Self::TitleAndWords | Self::TitleAndBody | Self::TitleAndDays | Self::SecondAndWords)
    }

    /// Returns whether this rule yields to a stronger one that assigns the commit to another change: what siblings of a
    /// series share is not enough.
    pub(super) fn yields(self, features: &Features) -> bool {
        match self {
            Self::SamePatch | Self::Brought | Self::MovedLines | Self::SecondAndTitle => false,
            // Nearly all of it is in that commit, which may have been picked in parts.
            Self::Second => features.content.of_branch < part::MOST,
            Self::TitleAndLines
            | Self::TitleAndFiles
            | Self::TitleAndWords
            | Self::TitleOnly
            | Self::TitleAndBody
            | Self::TitleAndDays
            | Self::FrequentTitle => features.content.both < part::OVER_HALF,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::features::{Content, Files, People, Words};
    use super::*;

    /// Makes the features of two changes of the same file that have nothing else in common.
    fn nothing() -> Features {
        Features {
            content: Content {
                has_lines: true,
                same_patch: false,
                same_lines: false,
                same_moved_lines: false,
                shared: 0.0,
                both: 0.0,
                of_branch: 0.0,
                of_mainline: 0.0,
                is_tiny: false,
                is_foreign: false,
            },
            people: People { same_author: false, same_second: false, only_second: true, days: 10.0, is_later: false },
            words: Words {
                same_title: false,
                is_listed: false,
                is_listing: false,
                title: 0.0,
                replaced: 4,
                numbers: Numbers::Equal,
                same_numbers: false,
                same_request: false,
                is_backport: false,
                is_generic: false,
                reverts_differ: false,
                body: 0.0,
                body_words: 0,
            },
            files: Files {
                shares_path: true,
                shares_name: true,
                same_paths: false,
                most_paths: false,
                is_generated: false,
            },
            is_merge: false,
            is_chore: false,
            is_brought: false,
        }
    }

    fn with(change: impl Fn(&mut Features)) -> Features {
        let mut features = nothing();
        change(&mut features);
        features
    }

    /// Asserts that so much of both changes is common, of such a weight.
    fn common(f: &mut Features, part: f64, shared: f64) {
        f.content.both = part;
        f.content.of_branch = part;
        f.content.of_mainline = part;
        f.content.shared = shared;
    }

    fn author(f: &mut Features) {
        f.people.same_author = true;
    }

    fn second(f: &mut Features) {
        f.people.same_author = true;
        f.people.same_second = true;
    }

    fn titled(f: &mut Features) {
        f.words.same_title = true;
        f.words.title = 1.0;
        f.words.replaced = 0;
    }

    fn body(f: &mut Features, likeness: f64, words: usize) {
        f.words.body = likeness;
        f.words.body_words = words;
    }

    /// Each rule with an example for which it holds, and with the last thing without which it no longer does.
    type Example = (Tier, fn(&mut Features), fn(&mut Features));

    const EXAMPLES: &[Example] = &[
        (Tier::SamePatch, |f| (f.content.same_patch, f.content.shared) = (true, 5.0), |f| f.content.shared = 4.9),
        (
            Tier::SameLines,
            |f| {
                author(f);
                (f.content.same_lines, f.content.shared) = (true, 15.0);
            },
            |f| f.content.shared = 14.9,
        ),
        (Tier::Brought, |f| f.is_brought = true, |f| f.is_brought = false),
        (
            Tier::MovedLines,
            |f| {
                author(f);
                (f.content.same_moved_lines, f.content.shared) = (true, 25.0);
            },
            |f| f.content.shared = 24.9,
        ),
        (
            Tier::SecondAndTitle,
            |f| {
                second(f);
                titled(f);
            },
            |f| f.people.same_second = false,
        ),
        (
            Tier::Second,
            |f| {
                second(f);
                common(f, 0.2, 5.0);
            },
            |f| f.content.both = 0.1,
        ),
        (
            Tier::SecondAndWords,
            |f| {
                second(f);
                f.words.title = 0.6;
            },
            |f| f.words.title = 0.5,
        ),
        (
            Tier::SecondAndLines,
            |f| {
                second(f);
                f.people.only_second = false;
                f.words.replaced = 1;
                common(f, 0.5, 5.0);
            },
            |f| f.words.replaced = 2,
        ),
        (
            Tier::SecondAndFiles,
            |f| {
                second(f);
                f.files.same_paths = true;
            },
            |f| f.people.only_second = false,
        ),
        (
            Tier::TitleAndLines,
            |f| {
                author(f);
                titled(f);
                common(f, 0.15, 5.0);
            },
            |f| common(f, 0.14, 5.0),
        ),
        (
            Tier::TitleAndFiles,
            |f| {
                author(f);
                titled(f);
                f.files.most_paths = true;
                f.content.has_lines = false;
            },
            |f| f.files.is_generated = true,
        ),
        (
            Tier::TitleAndWords,
            |f| {
                author(f);
                titled(f);
                body(f, 0.6, 8);
            },
            |f| f.words.body_words = 7,
        ),
        (
            Tier::TitleOnly,
            |f| {
                titled(f);
                common(f, 0.4, 5.0);
            },
            |f| common(f, 0.39, 5.0),
        ),
        (
            Tier::TitleAndBody,
            |f| {
                titled(f);
                body(f, 0.7, 12);
            },
            |f| f.words.body_words = 11,
        ),
        (
            Tier::TitleAndDays,
            |f| {
                author(f);
                titled(f);
                f.people.days = 3.0;
                f.content.is_tiny = true;
            },
            |f| f.people.days = 4.0,
        ),
        (
            Tier::FrequentTitle,
            |f| {
                author(f);
                titled(f);
                f.words.is_generic = true;
                common(f, 0.5, 12.0);
            },
            |f| f.content.shared = 11.9,
        ),
        (
            Tier::ListedTitle,
            |f| {
                f.words.is_listed = true;
                f.content.of_mainline = 0.5;
            },
            |f| f.is_merge = true,
        ),
        (
            Tier::NumberAndLines,
            |f| {
                f.words.same_request = true;
                common(f, 0.4, 8.0);
            },
            // `Fix what #12 broke`, which shares less, names a request too.
            |f| common(f, 0.2, 60.0),
        ),
        (
            Tier::SimilarTitle,
            |f| {
                author(f);
                (f.words.title, f.words.replaced) = (0.8, 1);
                common(f, 0.25, 5.0);
            },
            |f| f.content.is_tiny = true,
        ),
        (
            Tier::SameBody,
            |f| {
                author(f);
                body(f, 0.85, 12);
                common(f, 0.35, 5.0);
            },
            |f| common(f, 0.34, 5.0),
        ),
        (
            Tier::SameLongBody,
            |f| {
                body(f, 0.9, 20);
                (f.words.title, f.words.replaced) = (0.8, 1);
                common(f, 0.3, 5.0);
            },
            |f| f.words.body_words = 19,
        ),
        (
            Tier::Content,
            |f| {
                author(f);
                common(f, 0.7, 15.0);
            },
            |f| (f.people.is_later, f.people.days) = (true, 61.0),
        ),
        (
            Tier::InSquash,
            |f| {
                f.words.is_listing = true;
                (f.content.of_branch, f.content.shared) = (0.9, 8.0);
            },
            |f| f.content.of_branch = 0.89,
        ),
        (
            Tier::Part,
            |f| {
                author(f);
                (f.content.of_branch, f.content.shared) = (0.98, 40.0);
            },
            |f| f.people.is_later = true,
        ),
        (
            Tier::Review(Reason::BarePatch),
            |f| (f.content.same_lines, f.content.shared) = (true, 8.0),
            |f| f.content.same_lines = false,
        ),
        (
            Tier::Review(Reason::MostContent),
            |f| {
                f.files.shares_path = false;
                common(f, 0.85, 40.0);
            },
            |f| f.content.shared = 39.9,
        ),
        (
            Tier::Review(Reason::Title),
            |f| {
                author(f);
                titled(f);
                f.people.days = 45.0;
            },
            |f| f.people.days = 46.0,
        ),
        (
            Tier::Review(Reason::Second),
            |f| {
                second(f);
                f.content.is_foreign = true;
                f.words.title = 0.6;
            },
            |f| f.words.title = 0.5,
        ),
        (
            Tier::Review(Reason::PartOf),
            |f| {
                author(f);
                (f.content.of_branch, f.content.shared) = (0.8, 25.0);
            },
            |f| f.content.shared = 24.9,
        ),
        (
            Tier::Review(Reason::Contains),
            |f| {
                author(f);
                (f.content.of_branch, f.content.of_mainline) = (0.3, 0.9);
            },
            |f| f.content.of_branch = 0.29,
        ),
    ];

    #[test]
    fn every_rule_has_an_example_and_its_limit() {
        for rule in TIERS {
            assert!(!rule.measured.is_empty() && (0.5..1.0).contains(&rule.score), "{:?}", rule.tier);
            let own = EXAMPLES.iter().filter(|(tier, ..)| *tier == rule.tier).count();
            assert_eq!(own, 1, "{:?} needs one example", rule.tier);
        }
        for (tier, example, limit) in EXAMPLES {
            let mut features = with(example);
            assert_eq!(judge(&features), Some(*tier));
            assert_eq!(tier.is_review(), matches!(tier, Tier::Review(_)));
            limit(&mut features);
            assert_ne!(judge(&features), Some(*tier), "beyond its limit");
        }
        assert_eq!(judge(&nothing()), None);
    }

    #[test]
    fn chores_are_held_to_strict_rules() {
        let patch = |f: &mut Features| {
            f.is_chore = true;
            f.content.same_patch = true;
            common(f, 1.0, 8.0);
        };
        assert_eq!(judge(&with(patch)), None, "every release bumps its version");
        for (tier, example, _) in EXAMPLES {
            let mut features = with(example);
            features.is_chore = true;
            let is_strict = TIERS.iter().any(|rule| rule.tier == *tier && rule.for_chores);
            assert_eq!(judge(&features).is_some(), is_strict && *tier != Tier::SamePatch, "{tier:?}");
        }
    }

    #[test]
    fn another_number_in_the_title_is_outweighed_by_the_second() {
        let numbers = |f: &mut Features| {
            author(f);
            (f.words.numbers, f.words.title) = (Numbers::Differ, 0.95);
            common(f, 0.5, 40.0);
        };
        let mut features = with(numbers);
        assert_eq!(judge(&features), None);
        second(&mut features);
        assert_eq!(judge(&features), Some(Tier::Second));
        features.files.is_generated = true;
        assert_eq!(judge(&features), None, "bots update all at once");
    }

    #[test]
    fn what_takes_back_is_not_what_it_takes_back() {
        let mut features = with(|f| {
            second(f);
            titled(f);
            f.words.reverts_differ = true;
        });
        assert_eq!(judge(&features), None);
        features.content.same_patch = true;
        assert_eq!(judge(&features), Some(Tier::SamePatch), "by another title");
    }

    #[test]
    fn the_next_bump_of_a_dependency_has_the_same_title_files_and_words() {
        let mut bump = with(|f| {
            author(f);
            titled(f);
            body(f, 0.9, 60);
            (f.files.same_paths, f.files.most_paths) = (true, true);
        });
        let is_sure = |f: &Features| judge(f).is_some_and(|tier| !tier.is_review());
        for has_lines in [true, false] {
            bump.content.has_lines = has_lines;
            bump.files.is_generated = false;
            assert!(is_sure(&bump));
            bump.files.is_generated = true;
            assert!(!is_sure(&bump));
        }
    }
}
