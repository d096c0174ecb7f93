//! The rules: from what two changes have in common to whether one is the other.
//!
//! The thresholds were measured on 12,960 release-branch commits of 22 projects that name their original; each tier below
//! `Review` named a wrong commit in none to two of its cases there. The page `README.md` beside this file tells them in words.

use super::features::Features;
use super::titles::Numbers;

/// A rule that holds for two changes, strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// The same patch, and the title or the author say so too, or it is too distinctive to be chance.
    SamePatch,
    /// The same lines in other files.
    MovedLines,
    /// The same author, second and title.
    SecondAndTitle,
    /// The same lines in the same files, with other context.
    SameLines,
    /// The same author and second, and some content or the title.
    Second,
    /// The same author, second and file, and a similar title or message.
    SecondAndWords,
    /// The same author, second and file, and most of the content.
    SecondAndLines,
    /// The same author, second and files.
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
    /// Part of a larger mainline commit.
    PartOf,
    /// Contains a mainline commit.
    Contains,
}

impl Tier {
    /// How sure it is, from 0 to 1.
    pub(super) fn score(self) -> f64 {
        match self {
            Self::SamePatch | Self::SecondAndTitle => 0.99,
            Self::Second => 0.98,
            Self::MovedLines | Self::SameLines | Self::TitleAndLines => 0.97,
            Self::SecondAndWords | Self::TitleOnly | Self::NumberAndLines | Self::TitleAndFiles => 0.95,
            Self::SecondAndLines | Self::SecondAndFiles | Self::TitleAndWords => 0.93,
            Self::SameLongBody | Self::ListedTitle => 0.92,
            Self::TitleAndBody
            | Self::TitleAndDays
            | Self::FrequentTitle
            | Self::SimilarTitle
            | Self::SameBody
            | Self::Content
            | Self::Part => 0.90,
            Self::Review(Reason::MostContent) => 0.85,
            Self::Review(Reason::BarePatch | Reason::Title) => 0.80,
            Self::Review(Reason::PartOf | Reason::Contains) => 0.75,
        }
    }

    pub(super) fn is_review(self) -> bool {
        matches!(self, Self::Review(_))
    }

    /// Whether it rests on author and second.
    pub(super) fn is_by_second(self) -> bool {
        matches!(
            self,
            Self::SecondAndTitle | Self::Second | Self::SecondAndWords | Self::SecondAndLines | Self::SecondAndFiles
        )
    }

    /// Whether it rests on words alone, so that a commit with the content would be better.
    pub(super) fn is_wordy(self) -> bool {
        matches!(self, Self::TitleAndWords | Self::TitleAndBody | Self::TitleAndDays | Self::SecondAndWords)
    }

    /// Whether a commit that is another's by a stronger rule is out of reach for this one: what siblings of a series
    /// share is not enough.
    pub(super) fn yields(self, features: &Features) -> bool {
        match self {
            Self::SamePatch | Self::MovedLines | Self::SecondAndTitle => false,
            // Nearly all of it is in that commit, which may have been picked in parts.
            Self::Second => features.of_branch < 0.7,
            Self::TitleAndLines
            | Self::TitleAndFiles
            | Self::TitleAndWords
            | Self::TitleOnly
            | Self::TitleAndBody
            | Self::TitleAndDays
            | Self::FrequentTitle => features.both < 0.6,
            _ => true,
        }
    }
}

/// The strongest rule that holds, if any. `is_chore` keeps to the strict ones: version bumps and release notes resemble
/// each other.
pub(super) fn judge(f: &Features, is_chore: bool) -> Option<Tier> {
    let same_content = f.same_patch || f.same_lines;
    let is_same_moment = f.same_author && f.same_second && (f.same_title || (f.only_second && !f.is_generated));
    if f.reverts_differ && !same_content {
        return None;
    }
    if f.numbers == Numbers::Differ && f.title >= 0.6 && !same_content && !is_same_moment {
        return None;
    }
    by_patch(f, is_chore)
        .or_else(|| by_second(f))
        .or_else(|| by_title(f))
        .or_else(|| if is_chore { None } else { by_likeness(f).or_else(|| for_review(f)) })
}

fn by_patch(f: &Features, is_chore: bool) -> Option<Tier> {
    let is_by_author = |least: f64| f.same_author && (f.same_second || f.shared >= least);
    let distinctive = if is_chore { 25.0 } else { 5.0 };
    if f.same_patch && (f.same_title || is_by_author(8.0) || f.shared >= distinctive) {
        return Some(Tier::SamePatch);
    }
    // Without what is around them, a line or two may be another place in the same file.
    let is_titled = f.same_title && (!f.is_generic || f.same_second || f.shared >= 8.0);
    if f.same_lines && (is_titled || (!f.is_stale() && (is_by_author(15.0) || f.shared >= 25.0))) {
        return Some(if f.same_author && f.same_second { Tier::SamePatch } else { Tier::SameLines });
    }
    let is_moved = f.same_moved_lines
        && (f.same_title
            || (f.same_author && f.same_second && f.only_second)
            || (f.same_author && f.shares_name && f.shared >= 25.0));
    is_moved.then_some(Tier::MovedLines)
}

fn by_second(f: &Features) -> Option<Tier> {
    if !(f.same_author && f.same_second) {
        return None;
    }
    let some = f.both >= 0.2 || f.larger_part() >= 0.4;
    if f.same_title && (!f.is_generic || f.shares_path || f.only_second) {
        Some(Tier::SecondAndTitle)
    } else if f.only_second && some && (f.shares_name || f.same_title) {
        Some(Tier::Second)
    } else if f.only_second && f.shares_name && (f.title >= 0.6 || f.body >= 0.5) {
        Some(Tier::SecondAndWords)
    } else if f.shares_name && (f.both >= 0.5 || f.of_branch >= 0.7) && f.replaced < 2 {
        Some(Tier::SecondAndLines)
    } else if f.only_second && f.same_paths {
        Some(Tier::SecondAndFiles)
    } else {
        None
    }
}

fn by_title(f: &Features) -> Option<Tier> {
    if !f.same_title {
        return None;
    }
    // A series does the same to one component after another.
    let is_near = f.shares_path || f.days <= 3.0;
    let some = if is_near { f.both >= 0.15 || f.larger_part() >= 0.3 } else { f.both >= 0.4 };
    if f.same_author && !f.is_generic && some {
        Some(Tier::TitleAndLines)
    } else if f.same_author && !f.is_generic && f.most_paths && !f.has_lines && !f.is_generated {
        Some(Tier::TitleAndFiles)
    } else if f.same_author && !f.is_generic && f.body >= 0.6 && f.body_words >= 8 && f.shares_path && !f.is_generated {
        Some(Tier::TitleAndWords)
    } else if !f.is_generic && (f.both >= 0.4 || f.larger_part() >= 0.6) {
        Some(Tier::TitleOnly)
    } else if !f.is_generic
        && f.body >= 0.7
        && f.body_words >= 12
        && (f.both >= 0.1 || (f.shares_name && !f.is_generated))
    {
        Some(Tier::TitleAndBody)
    } else if f.same_author
        && !f.is_generic
        && f.shares_path
        && f.days <= 3.0
        && (f.larger_part() >= 0.1 || (f.is_tiny && !f.is_generated))
    {
        Some(Tier::TitleAndDays)
    } else if f.is_generic && f.same_author && f.shares_path && f.both >= 0.5 && f.shared >= 12.0 {
        Some(Tier::FrequentTitle)
    } else {
        None
    }
}

fn by_likeness(f: &Features) -> Option<Tier> {
    // What came months after a change is not what that was picked from; a change that was made here first is soon there.
    if f.is_stale() {
        return None;
    }
    let is_listed = f.is_listed && f.shares_path && !f.is_merge && (f.of_mainline >= 0.5 || f.both >= 0.5);
    let is_similar_title = f.same_author
        && f.shares_name
        && f.title >= 0.8
        && !f.is_generic
        // Where one word and one line is all there is, another word is another change.
        && (f.replaced == 0 || (!f.is_tiny && (f.replaced < 2 || f.both >= 0.75)))
        && (f.both >= 0.25 || f.larger_part() >= 0.5)
        && (f.numbers == Numbers::Equal || f.both >= 0.6 || f.of_branch >= 0.9)
        // One word for another in other files: a series does the same to its components.
        && (f.shares_path || (f.shared >= 15.0 && f.replaced == 0))
        && (!f.is_generated || f.both >= 0.7);
    let is_same_body = f.same_author
        && f.shares_name
        && f.body >= 0.85
        && f.body_words >= 12
        && (f.both >= 0.35
            || (f.same_numbers && f.title >= 0.6 && !f.is_generated)
            || (f.title >= 0.85 && f.replaced == 0 && !f.is_generated)
            || (f.title >= 0.85 && f.replaced < 2 && f.larger_part() >= 0.3));
    let is_same_long_body = f.body >= 0.9
        && f.body_words >= 20
        && f.title >= 0.8
        && f.replaced < 2
        && f.shares_name
        && (f.both >= 0.3 || f.larger_part() >= 0.5);
    // `Fix what #12 broke` names a request too.
    let is_much = f.both >= 0.4 || (f.is_backport && (f.both >= 0.15 || f.larger_part() >= 0.3));
    let is_numbered = f.same_request && f.shares_path && f.shared >= 8.0 && is_much;
    let is_content = !f.is_generated
        && f.shares_path
        && f.both >= 0.7
        && f.shared >= 15.0
        && (f.same_author
            || f.body >= 0.5
            || (f.title >= 0.6 && !f.is_generic && f.numbers == Numbers::Equal && f.shared >= 25.0)
            || (f.same_paths && f.both >= 0.9 && f.shared >= 60.0));
    let is_part =
        !f.is_generated && f.same_author && f.shares_path && f.of_branch >= 0.98 && f.shared >= 40.0 && !f.is_later;
    match () {
        () if is_listed => Some(Tier::ListedTitle),
        () if is_numbered => Some(Tier::NumberAndLines),
        () if is_similar_title => Some(Tier::SimilarTitle),
        () if is_same_body => Some(Tier::SameBody),
        () if is_same_long_body => Some(Tier::SameLongBody),
        () if is_content => Some(Tier::Content),
        () if is_part => Some(Tier::Part),
        () => None,
    }
}

fn for_review(f: &Features) -> Option<Tier> {
    let reason = if f.same_patch || f.same_lines {
        Reason::BarePatch
    } else if (f.both >= 0.85 && f.shares_name && f.shared >= 40.0)
        || (f.same_author && f.both >= 0.8 && f.shared >= 60.0)
    {
        Reason::MostContent
    } else if f.same_title && f.shares_name && ((f.same_author && f.days <= 45.0) || f.both >= 0.1) {
        Reason::Title
    } else if f.same_author && f.shares_path && f.of_branch >= 0.8 && f.shared >= 25.0 {
        Reason::PartOf
    } else if f.same_author && f.shares_path && f.of_mainline >= 0.9 && f.of_branch >= 0.3 {
        Reason::Contains
    } else {
        return None;
    };
    Some(Tier::Review(reason))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two changes of the same file that have nothing else in common.
    fn nothing() -> Features {
        Features {
            has_lines: true,
            same_patch: false,
            same_lines: false,
            same_moved_lines: false,
            shared: 0.0,
            both: 0.0,
            of_branch: 0.0,
            of_mainline: 0.0,
            same_author: false,
            same_second: false,
            only_second: true,
            same_title: false,
            is_listed: false,
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
            shares_path: true,
            shares_name: true,
            same_paths: false,
            most_paths: false,
            is_generated: false,
            is_tiny: false,
            days: 1.0,
            is_later: false,
            is_merge: false,
        }
    }

    fn is_sure(features: &Features) -> bool {
        judge(features, false).is_some_and(|tier| !tier.is_review())
    }

    fn adapted(part: f64, shared: f64) -> Features {
        Features { both: part, of_branch: part, of_mainline: part, shared, ..nothing() }
    }

    #[test]
    fn a_patch_in_its_context_is_enough_and_a_line_without_is_not() {
        let lines = Features { same_lines: true, same_moved_lines: true, ..adapted(1.0, 8.0) };
        let patch = Features { same_patch: true, ..lines.clone() };
        assert_eq!(judge(&patch, false), Some(Tier::SamePatch));
        assert_eq!(judge(&patch, true), None, "every release bumps its version");
        assert!(!is_sure(&lines));
        assert_eq!(judge(&Features { same_author: true, shared: 16.0, ..lines }, false), Some(Tier::SameLines));
    }

    #[test]
    fn another_number_in_the_title_is_outweighed_by_the_second() {
        let numbers = Features { numbers: Numbers::Differ, title: 0.95, same_author: true, ..adapted(0.5, 40.0) };
        assert_eq!(judge(&numbers, false), None);
        let second = Features { same_second: true, ..numbers };
        assert_eq!(judge(&second, false), Some(Tier::Second));
        assert_eq!(judge(&Features { is_generated: true, ..second }, false), None, "bots update all at once");
    }

    #[test]
    fn the_next_bump_of_a_dependency_has_the_same_title_files_and_words() {
        let bump = Features {
            same_author: true,
            same_title: true,
            title: 1.0,
            replaced: 0,
            same_paths: true,
            most_paths: true,
            body: 0.9,
            body_words: 60,
            days: 80.0,
            ..nothing()
        };
        assert!(is_sure(&bump) && is_sure(&Features { has_lines: false, ..bump.clone() }));
        let lock = Features { is_generated: true, ..bump };
        assert!(!is_sure(&lock) && !is_sure(&Features { has_lines: false, ..lock }));
    }

    #[test]
    fn what_came_months_later_is_not_the_original() {
        let alike = Features { same_author: true, days: 300.0, ..adapted(0.8, 60.0) };
        assert_eq!(judge(&alike, false), Some(Tier::Content));
        assert!(!is_sure(&Features { is_later: true, ..alike.clone() }));
        let part = Features { of_branch: 1.0, both: 0.1, of_mainline: 0.05, ..alike };
        assert_eq!(judge(&part, false), Some(Tier::Part));
        assert!(!is_sure(&Features { is_later: true, days: 2.0, ..part }));
    }

    #[test]
    fn a_request_may_be_named_without_being_picked() {
        let follow_up = Features { same_request: true, ..adapted(0.2, 60.0) };
        assert!(!is_sure(&follow_up));
        assert_eq!(judge(&Features { is_backport: true, ..follow_up }, false), Some(Tier::NumberAndLines));
    }
}
