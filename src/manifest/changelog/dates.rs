//! What follows the version in a heading: a date, or that there is none yet.

use regex::Regex;
use std::sync::LazyLock;

/// A date after the version.
pub(super) static DATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{4}-\d{2}-\d{2}\b").expect("a constant"));

/// What a heading says instead of a date until there is one, in lower case and without punctuation and numbers. The
/// letters are those of dates that are still to be filled in, such as `YYYY-MM-DD` and `2026-XX-XX`.
const NOT_YET: [&str; 21] = [
    "unreleased",
    "not released",
    "not yet released",
    "to be released",
    "to be announced",
    "to be determined",
    "tba",
    "tbd",
    "in development",
    "in active development",
    "under development",
    "in progress",
    "work in progress",
    "wip",
    "upcoming",
    "pending",
    "yyyy mm dd",
    "xxxx xx xx",
    "xx xx",
    "mm dd",
    "xx",
];

/// Words of a date, and of what else may follow a version in a heading that is nothing but that.
const DATE_WORDS: [&str; 35] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "st",
    "nd",
    "rd",
    "th",
];

/// Words that say what became of a version.
const FATE_WORDS: [&str; 3] = ["yanked", "released", "utc"];

/// Returns the words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns whether what follows a version in its heading says that it is not released yet.
pub(super) fn says_not_yet(rest: &str) -> bool {
    let words = words(rest);
    let ends = [words.first(), words.last()];
    NOT_YET.contains(&words.join(" ").as_str()) || ends.into_iter().flatten().any(|word| word == "unreleased")
}

/// Returns whether what follows a version in its heading is nothing but a date and the like.
pub(super) fn is_date(rest: &str) -> bool {
    let known = |word: &String| [DATE_WORDS.as_slice(), &FATE_WORDS].concat().contains(&word.as_str());
    words(rest).iter().all(known) || says_not_yet(rest)
}
