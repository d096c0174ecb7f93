//! Lines that are the same but for what their branch needed: another name of the same thing, an argument more.

use bstr::BString;
use std::collections::BTreeMap;

/// Lines are compared word by word where there are no more of them than this, on either side.
const MAX_LIKE: usize = 400;

/// How many of the words of two lines must be the same for one to be the other, adapted (Dice); numbers must all be.
const LIKE: f64 = 0.6;

/// The lines of the commits there that a line may be, adapted to its branch. Each stands for one line.
pub(super) struct Adapted {
    lines: Vec<(u8, Vec<BString>, bool)>,
}

impl Adapted {
    /// Takes lines by their signs, without blanks. Of more than can be compared, none is like another.
    pub(super) fn new<'l>(all: impl Iterator<Item = &'l (u8, BString)> + Clone) -> Self {
        let lines = if all.clone().count() <= 4 * MAX_LIKE {
            all.map(|(sign, text)| (*sign, words(text), false)).collect()
        } else {
            Vec::new()
        };
        Self { lines }
    }

    /// Returns whether a line is one of these, adapted.
    pub(super) fn has(&mut self, sign: u8, text: &BString) -> bool {
        let own = words(text);
        let mut best: Option<(f64, usize)> = None;
        for (at, (other_sign, words, is_used)) in self.lines.iter().enumerate() {
            if *other_sign != sign || *is_used {
                continue;
            }
            let likeness = likeness(&own, words);
            if likeness >= LIKE && best.is_none_or(|(most, _)| likeness > most) {
                best = Some((likeness, at));
            }
        }
        let Some((_, at)) = best else { return false };
        if let Some((.., is_used)) = self.lines.get_mut(at) {
            *is_used = true;
        }
        true
    }
}

/// Returns the words of a line and the marks between them, sorted.
fn words(text: &BString) -> Vec<BString> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte >= 0x80;
    let mut words: Vec<BString> = Vec::new();
    let mut word = BString::default();
    for byte in text.iter().copied() {
        if is_word(byte) {
            word.push(byte);
            continue;
        }
        if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if byte != b'_' {
            words.push(BString::from(vec![byte]));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words.sort_unstable();
    words
}

/// Returns how many of the words of two lines are the same, from 0 to 1 (Dice); 0 where a number differs, as in two
/// versions of one dependency, or where no name is common.
fn likeness(a: &[BString], b: &[BString]) -> f64 {
    // `0x1f`, `12` and an id in hexadecimal, but not `log2`.
    let is_number = |word: &&BString| {
        let is_id = word.len() >= 7 && word.iter().all(u8::is_ascii_hexdigit);
        word.first().is_some_and(u8::is_ascii_digit) || (is_id && word.iter().any(u8::is_ascii_digit))
    };
    if !a.iter().filter(is_number).eq(b.iter().filter(is_number)) {
        return 0.0;
    }
    let mut left: BTreeMap<&BString, usize> = BTreeMap::new();
    for word in a {
        *left.entry(word).or_default() += 1;
    }
    let (mut common, mut names) = (0usize, 0usize);
    for word in b {
        if let Some(count) = left.get_mut(word).filter(|count| **count > 0) {
            *count -= 1;
            common += 1;
            names += usize::from(word.len() > 2);
        }
    }
    if names == 0 {
        return 0.0;
    }
    2.0 * common as f64 / (a.len() + b.len()).max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::super::patch_id;
    use super::*;

    fn is_like(a: &str, b: &str) -> bool {
        let words = |text: &str| words(&BString::from(patch_id::strip(text.as_bytes())));
        likeness(&words(a), &words(b)) >= LIKE
    }

    #[test]
    fn an_adapted_line_is_like_the_original_and_another_version_is_not() {
        for (a, b) in [
            ("  r = table_free(table, &error);", "table_free(table);"),
            ("    ./app --junitxml=results.xml test/", "    ./app --junit-xml=results.xml test/"),
            ("case INTEL_FAM6_HASWELL_X:", "case INTEL_HASWELL_X:"),
            ("log_debug(\"failed to get the status\", error);", "log(\"failed to get the status\", error);"),
        ] {
            assert!(is_like(a, b), "{a} and {b}");
        }
        for (a, b) in [
            ("FROM golang:1.26.4-alpine", "FROM golang:1.26.2-alpine"),
            ("if (c->alpha3_a > 1)", "if (c->alpha3_a > 2)"),
            ("image: nightly", "limit: 512"),
            ("return parse(text);", "free(table);"),
        ] {
            assert!(!is_like(a, b), "{a} and {b}");
        }
    }
}
