//! The rules by which a commit of the mainline is taken for a change, as a table: the first that holds counts.
//!
//! Of the labelled commits none of them named a wrong one. The page `README.md` in this folder describes the rules in
//! words.

use super::features::Features;
use super::thresholds::{body, days, part, title, weight};
use super::tier::{Reason, Tier};
use super::titles::Numbers;

/// One rule.
pub(super) struct TierRule {
    pub(super) tier: Tier,
    /// How sure it is, from 0 to 1.
    pub(super) score: f64,
    /// Whether it is strict enough for version bumps and release notes, which resemble each other.
    pub(super) for_chores: bool,
    /// Whether it holds for two changes.
    pub(super) holds: fn(&Features) -> bool,
    /// How often it was the first to hold for the right commit and for a wrong one, of the 2,883 labelled changes of
    /// which `README.md` has the table, without what their messages say. A rule that decided none of those is for what
    /// other projects do.
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for people, and a test asks that the wrong are few"))]
    measured: (u32, u32),
}

/// The rules in the order in which they are asked: the first that holds counts.
pub(super) const TIERS: &[TierRule] = &[
    TierRule { tier: Tier::SamePatch, score: 0.99, for_chores: true, holds: same_patch, measured: (1981, 0) },
    TierRule {
        tier: Tier::SameLines,
        score: 0.97,
        for_chores: true,
        holds: |f| f.content.same_lines && are_lines_telling(f),
        measured: (80, 0),
    },
    TierRule { tier: Tier::Brought, score: 0.95, for_chores: true, holds: |f| f.is_brought, measured: (0, 0) },
    TierRule { tier: Tier::MovedLines, score: 0.97, for_chores: true, holds: moved_lines, measured: (87, 0) },
    TierRule {
        tier: Tier::SecondAndTitle,
        score: 0.99,
        for_chores: true,
        holds: |f| {
            is_of_second(f)
                && f.words.same_title
                && (!f.words.is_generic || f.files.shares_path || f.people.only_second)
        },
        measured: (451, 0),
    },
    TierRule {
        tier: Tier::Second,
        score: 0.98,
        for_chores: true,
        holds: |f| {
            let some = f.content.both >= part::SOME || f.content.larger_part() >= part::MUCH;
            is_of_second(f) && f.people.only_second && some && (f.files.shares_name || f.words.same_title)
        },
        measured: (12, 0),
    },
    TierRule {
        tier: Tier::SecondAndWords,
        score: 0.95,
        for_chores: true,
        holds: |f| {
            let words = f.words.title >= title::RELATED || f.words.body >= body::RELATED;
            is_of_second(f) && f.people.only_second && f.files.shares_name && words && !f.content.is_foreign
        },
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::SecondAndLines,
        score: 0.93,
        for_chores: true,
        holds: |f| {
            let most = f.content.both >= part::HALF || f.content.of_branch >= part::MOST;
            is_of_second(f) && f.files.shares_name && most && f.words.replaced < title::FEW_REPLACED
        },
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::SecondAndFiles,
        score: 0.93,
        for_chores: true,
        holds: |f| is_of_second(f) && f.people.only_second && f.files.same_paths && !f.content.is_foreign,
        measured: (0, 0),
    },
    TierRule { tier: Tier::TitleAndLines, score: 0.97, for_chores: true, holds: title_and_lines, measured: (196, 0) },
    TierRule {
        tier: Tier::TitleAndFiles,
        score: 0.95,
        for_chores: true,
        holds: |f| is_titled_by_author(f) && f.files.most_paths && !f.content.has_lines && !f.files.is_generated,
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::TitleAndWords,
        score: 0.93,
        for_chores: true,
        holds: |f| {
            let is_same = f.words.body >= body::ALIKE && f.words.body_words >= body::SHORT;
            is_titled_by_author(f) && is_same && f.files.shares_path && !f.files.is_generated
        },
        measured: (1, 0),
    },
    TierRule {
        tier: Tier::TitleOnly,
        score: 0.95,
        for_chores: true,
        holds: |f| is_titled(f) && (f.content.both >= part::MUCH || f.content.larger_part() >= part::OVER_HALF),
        measured: (18, 0),
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
        measured: (0, 0),
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
        measured: (1, 0),
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
        measured: (3, 0),
    },
    TierRule {
        tier: Tier::ListedTitle,
        score: 0.92,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_mainline >= part::HALF || f.content.both >= part::HALF;
            is_timely(f) && f.words.is_listed && f.files.shares_path && !f.is_merge && is_in
        },
        measured: (24, 0),
    },
    TierRule { tier: Tier::NumberAndLines, score: 0.95, for_chores: false, holds: number_and_lines, measured: (3, 0) },
    TierRule {
        tier: Tier::SimilarTitle,
        score: 0.90,
        for_chores: false,
        holds: |f| is_timely(f) && has_similar_title(f) && has_content_of_similar_title(f),
        measured: (4, 0),
    },
    TierRule { tier: Tier::SameBody, score: 0.90, for_chores: false, holds: same_body, measured: (3, 0) },
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
        measured: (0, 0),
    },
    TierRule { tier: Tier::Content, score: 0.90, for_chores: false, holds: content, measured: (3, 0) },
    TierRule {
        tier: Tier::InSquash,
        score: 0.92,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_branch >= part::ALL_BUT_A_TENTH && f.content.shared >= weight::ONE_LINE;
            f.words.is_listing && f.files.shares_path && is_in
        },
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::Part,
        score: 0.90,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_branch >= part::ALL && f.content.shared >= weight::FIVE_LINES;
            !f.people.is_later && !f.files.is_generated && f.people.same_author && f.files.shares_path && is_in
        },
        measured: (1, 0),
    },
    TierRule {
        tier: Tier::Review(Reason::BarePatch),
        score: 0.80,
        for_chores: false,
        holds: |f| f.content.same_patch || f.content.same_lines,
        measured: (1, 0),
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
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::Review(Reason::Title),
        score: 0.80,
        for_chores: false,
        holds: |f| {
            let is_near = f.people.same_author && f.people.days <= days::MONTH_AND_A_HALF;
            f.words.same_title && f.files.shares_name && (is_near || f.content.both >= part::TRACE)
        },
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::Review(Reason::Second),
        score: 0.75,
        for_chores: false,
        holds: |f| {
            let words = f.words.title >= title::RELATED || f.words.body >= body::RELATED;
            is_of_second(f) && f.people.only_second && f.files.shares_name && words
        },
        measured: (5, 0),
    },
    TierRule {
        tier: Tier::Review(Reason::PartOf),
        score: 0.75,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_branch >= part::FOUR_FIFTHS && f.content.shared >= weight::THREE_LINES;
            f.people.same_author && f.files.shares_path && is_in
        },
        measured: (0, 0),
    },
    TierRule {
        tier: Tier::Review(Reason::Contains),
        score: 0.75,
        for_chores: false,
        holds: |f| {
            let is_in = f.content.of_mainline >= part::ALL_BUT_A_TENTH && f.content.of_branch >= part::THIRD;
            f.people.same_author && f.files.shares_path && is_in
        },
        measured: (0, 0),
    },
];

impl Tier {
    /// Returns how sure it is, from 0 to 1.
    pub(super) fn score(self) -> f64 {
        TIERS.iter().find(|rule| rule.tier == self).map_or(0.0, |rule| rule.score)
    }
}

pub(super) fn is_of_second(f: &Features) -> bool {
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

#[cfg(test)]
mod tests;
