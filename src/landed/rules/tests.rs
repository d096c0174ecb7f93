//! An example for each rule, and its limit.

use super::super::features::{Content, Features, Files, People, Words};
use super::super::judging::judge;
use super::super::tier::{Reason, Tier};
use super::super::titles::Numbers;
use super::TIERS;

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
        assert!((0.5..1.0).contains(&rule.score), "{:?}", rule.tier);
        let (right, wrong) = rule.measured;
        assert!(wrong * 100 <= right, "{:?} is wrong too often", rule.tier);
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
