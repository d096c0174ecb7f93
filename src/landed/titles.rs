//! Titles: what is left of one without the marks of a backport, and how similar two are.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::BTreeSet;

/// Longer titles are compared by their beginnings.
const MAX_COMPARED: usize = 160;

/// A longer title is cut to this length: every mark that is removed costs another pass over what is left.
const MAX_TITLE: usize = 4096;

/// Returns as much of a title as counts.
pub(super) fn start(title: &BStr) -> &BStr {
    let is_inside = |at: &usize| title.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let end = (0..=MAX_TITLE).rev().find(|at| !is_inside(at)).unwrap_or(MAX_TITLE);
    title.get(..end).map_or(title, BStr::new)
}

/// Returns the line that says what a commit does: its subject, or, where a review system wrote that, the first line
/// below it.
pub(super) fn effective<'a>(subject: &'a BStr, body: &'a BStr) -> &'a BStr {
    if !subject.starts_with(b"Merge pull request ") {
        return subject;
    }
    body.lines().map(|line| line.trim()).find(|line| !line.is_empty()).map_or(subject, |line| line.as_bstr())
}

/// Returns a title without what backporting adds to one: `[stable-2.16] Fix it. (#83) (#84)` and `fix it` are the same.
pub(super) fn normalised(title: &BStr) -> BString {
    let lower = start(title).trim().to_ascii_lowercase();
    let mut rest = lower.as_slice();
    loop {
        let before = rest;
        rest = without_prefix(rest).trim();
        rest = without_suffix(rest).trim();
        if rest.len() == before.len() {
            break;
        }
    }
    let mut rest = BString::from(if rest.is_empty() { lower.trim() } else { rest });
    // `fix(release3.5): …` is `fix: …`.
    if let (Some(open), Some(close)) = (rest.find_byte(b'('), rest.find(b"):"))
        && open < close
        && rest.iter().take(open).all(u8::is_ascii_alphabetic)
        && rest.get(open + 1..close).is_some_and(|scope| scope.starts_with(b"release") || scope.starts_with(b"stable"))
    {
        rest.drain(open..=close);
    }
    with_quoted(rest)
}

/// Returns a title that quotes another one, `revert "fix it (#83)"`, with the quoted one normalised as well.
fn with_quoted(title: BString) -> BString {
    for start in [b"revert \"".as_slice(), b"reapply \""] {
        if let Some(inner) = title.strip_prefix(start).and_then(|rest| rest.strip_suffix(b"\"")) {
            return [start, normalised(inner.as_bstr()).as_slice(), b"\""].concat().into();
        }
    }
    title
}

fn without_prefix(title: &[u8]) -> &[u8] {
    if let Some((mark, rest)) = title.strip_prefix(b"[").and_then(|rest| rest.split_once_str("]")) {
        let words: [&[u8]; 6] = [b"stable", b"release", b"backport", b"only", b"cve", b"bp"];
        if mark.iter().any(u8::is_ascii_digit) || words.iter().any(|word| mark.contains_str(word)) {
            return rest.trim_start_with(|c| c == ':' || c == ' ');
        }
    }
    for start in
        [b"backport pr #".as_slice(), b"automated cherry-pick of #", b"automated cherry pick of #", b"redo pr #"]
    {
        if let Some(rest) = title.strip_prefix(start) {
            let rest = rest.trim_start_with(|c| c.is_ascii_digit());
            if let Some((_, title)) = rest.strip_prefix(b" on branch ").and_then(|rest| rest.split_once_str(": ")) {
                return title;
            }
            return rest.trim_start_with(|c| matches!(c, ':' | ' '));
        }
    }
    for start in [b"backported".as_slice(), b"backport", b"cherry-pick", b"cherry pick", b"stable"] {
        if let Some(rest) = title.strip_prefix(start)
            && let Some(rest) = after_backport(rest)
        {
            return rest;
        }
    }
    // `2.9: …`, `v1.7: …`
    if let Some((version, rest)) = title.split_once_str(":")
        && version.len() <= 12
        && version.iter().any(u8::is_ascii_digit)
        && version.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'v' | b'x' | b'-'))
        && rest.starts_with(b" ")
    {
        return rest;
    }
    title
}

/// Returns what follows `backport`: ` of `, ` to 2.9: `, `-3.4 `, `/2.9/64346 `, `: `.
fn after_backport(rest: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = [b" of: ".as_slice(), b": ", b" of "].iter().find_map(|mark| rest.strip_prefix(*mark)) {
        return Some(rest);
    }
    let target = [b" to ".as_slice(), b"-", b"/", b" "].iter().find_map(|mark| rest.strip_prefix(*mark))?;
    let (target, rest) = target.split_once_str(" ")?;
    (target.len() <= 20 && target.iter().any(u8::is_ascii_digit))
        .then(|| rest.trim_start_with(|c| matches!(c, ':' | '-' | ' ')))
}

fn without_suffix(title: &[u8]) -> &[u8] {
    if let Some(rest) = title.strip_suffix(b".") {
        return rest;
    }
    // `… into release/1.10.x`, `… - 2.9`
    for mark in [b" into ".as_slice(), b" - "] {
        if let Some((rest, target)) = title.rsplit_once_str(mark)
            && !rest.is_empty()
            && is_line(target)
        {
            return rest;
        }
    }
    let strip = |open: u8, close: u8, is_mark: &dyn Fn(&[u8]) -> bool| {
        let inner = title.strip_suffix(&[close])?;
        let at = inner.rfind_byte(open)?;
        let (rest, mark) = (inner.get(..at)?, inner.get(at + 1..)?);
        (is_mark(mark) && !rest.is_empty()).then_some(rest)
    };
    let is_number = |mark: &[u8]| {
        let digits =
            mark.strip_prefix(b"#").or_else(|| mark.strip_prefix(b"gh-")).or_else(|| mark.strip_prefix(b"pr #"));
        let is_number = |digits: &[u8], least| digits.len() >= least && digits.iter().all(u8::is_ascii_digit);
        let is_backport = [b"backport ".as_slice(), b"cherry-pick "].iter().any(|start| mark.starts_with(start));
        digits.is_some_and(|digits| is_number(digits, 1)) || is_number(mark, 4) || is_backport
    };
    let is_version = |mark: &[u8]| mark.len() <= 20 && mark.iter().any(u8::is_ascii_digit) && !mark.contains(&b' ');
    strip(b'(', b')', &is_number).or_else(|| strip(b'[', b']', &is_version)).unwrap_or(title)
}

/// Returns whether this names a release line: `2.9`, `release/1.10.x`, `v1.7`, `stable-2.9`.
fn is_line(target: &[u8]) -> bool {
    let starts: [&[u8]; 4] = [b"release", b"stable", b"branch", b"v"];
    let version = starts.iter().find_map(|start| target.strip_prefix(*start)).unwrap_or(target);
    let version = version.trim_start_with(|c| matches!(c, '/' | '-' | '_'));
    version.len() <= 12
        && version.contains(&b'.')
        && version.iter().any(u8::is_ascii_digit)
        && version.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'x'))
}

/// Returns whether a title is a revert. It may say so several times: an odd number means that it is.
pub(super) fn is_revert(title: &BStr) -> bool {
    let mut rest = title.trim_start();
    let mut count = 0;
    loop {
        let lower = rest.get(..8).unwrap_or(rest).to_ascii_lowercase();
        if lower.starts_with(b"revert ") || lower.starts_with(b"revert:") {
            count += 1;
            rest = rest.get(7..).unwrap_or_default();
        } else if lower.starts_with(b"reapply ") {
            return count % 2 == 1;
        } else if lower.starts_with(b"reverts ") {
            count += 1;
            rest = rest.get(8..).unwrap_or_default();
        } else if let Some(inner) = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b" ")) {
            rest = inner;
        } else {
            return count % 2 == 1;
        }
    }
}

/// Returns whether a subject says that its change was taken from elsewhere.
pub(super) fn is_backport(subject: &[u8]) -> bool {
    let lower = subject.to_ascii_lowercase();
    [b"backport".as_slice(), b"cherry-pick", b"cherry pick", b"redo pr"].iter().any(|word| lower.contains_str(word))
}

/// Returns the words of a text, lower case: letters, digits and what holds identifiers together.
pub(super) fn words(text: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    text.split(|byte| !(byte.is_ascii_alphanumeric() || *byte >= 0x80 || *byte == b'_'))
        .filter(|word| !word.is_empty())
        .map(|word| word.to_ascii_lowercase())
}

/// Returns the numbers in a title in their order; a version such as 4.2.1 is one.
fn numbers_in_order(title: &[u8]) -> impl Iterator<Item = &[u8]> {
    let parts = title.split(|byte| !(byte.is_ascii_digit() || *byte == b'.'));
    parts.map(|number| number.trim_with(|c| c == '.')).filter(|number| !number.is_empty())
}

fn numbers(title: &[u8]) -> BTreeSet<&[u8]> {
    numbers_in_order(title).collect()
}

fn last_number(title: &[u8]) -> Option<&[u8]> {
    numbers_in_order(title).last()
}

/// Returns the numbers in a subject that are long enough to be those of issues or pull requests.
pub(super) fn long_numbers(subject: &[u8]) -> impl Iterator<Item = u64> {
    numbers(subject)
        .into_iter()
        .filter(|number| (4..=9).contains(&number.len()))
        .filter_map(|number| number.to_str().ok()?.parse().ok())
}

/// How the numbers in two titles relate: a different number often means a different bump or a different release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Numbers {
    /// The same ones, or none.
    Equal,
    /// One title has all of the other's, and more.
    Subset,
    /// Each has one that the other does not have.
    Differ,
}

impl Numbers {
    pub(super) fn compare(a: &[u8], b: &[u8]) -> Self {
        // In `bump x from 1.1 to 1.2` the last number is the result, wherever the bump started.
        let ends_alike = last_number(a).is_some() && last_number(a) == last_number(b);
        let (a, b) = (numbers(a), numbers(b));
        if a == b {
            Self::Equal
        } else if a.is_subset(&b) || b.is_subset(&a) || ends_alike {
            Self::Subset
        } else {
            Self::Differ
        }
    }
}

/// Returns whether both titles have a number in common that is long enough to be that of an issue or a pull request.
pub(super) fn share_long_number(a: &[u8], b: &[u8]) -> bool {
    long_numbers(a).any(|number| long_numbers(b).any(|other| other == number))
}

/// Returns whether both titles have the same numbers, and have any.
pub(super) fn share_numbers(a: &[u8], b: &[u8]) -> bool {
    let a = numbers(a);
    !a.is_empty() && a == numbers(b)
}

/// Returns how many words were replaced by others, not only added or left out.
pub(super) fn replaced(a: &[u8], b: &[u8]) -> usize {
    let (a, b): (BTreeSet<_>, BTreeSet<_>) = (words(a).collect(), words(b).collect());
    a.difference(&b).count().min(b.difference(&a).count())
}

/// Returns how alike two titles are, from 0 to 1: twice the longest common subsequence over both lengths.
pub(super) fn likeness(a: &[u8], b: &[u8]) -> f64 {
    let (a, b) = (a.get(..MAX_COMPARED).unwrap_or(a), b.get(..MAX_COMPARED).unwrap_or(b));
    if a == b {
        return 1.0;
    }
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    // Without a word in common, common letters are chance.
    let own: BTreeSet<Vec<u8>> = words(a).collect();
    if !words(b).any(|word| own.contains(&word)) {
        return 0.0;
    }
    let mut row = vec![0u16; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        let mut left = 0;
        for (y, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let above = *cell;
            *cell = if x == y { diagonal + 1 } else { above.max(left) };
            diagonal = above;
            left = *cell;
        }
    }
    2.0 * f64::from(row.last().copied().unwrap_or_default()) / (a.len() + b.len()) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(title: &str) -> String {
        normalised(title.into()).to_string()
    }

    #[test]
    fn the_marks_of_a_backport_are_taken_off() {
        for marked in [
            "[stable-2.16] Fix it. (#83) (#84)",
            "[bp-2.9] fix it",
            "Backport PR #12 on branch v3.x: Fix it",
            "Backport PR #12: Fix it",
            "Backport/2.9/64346 Fix it",
            "Backport-3.4 fix it",
            "backport of fix it",
            "Backport 2.9: fix it",
            "Automated cherry-pick of #99: Fix it",
            "2.9: Fix it",
            "fix it [2.9]",
            "fix it (gh-7)",
            "Redo PR #5: fix it",
            "Backport of: fix it (#7)",
            "Backport of fix it into release/1.10.x (#7)",
            "fix it - 2.9 (#7)",
            "fix it (backport #7) (backport #8) (#9)",
        ] {
            assert_eq!(key(marked), "fix it", "{marked}");
        }
        assert_eq!(key("perf(release3.5): faster"), "perf: faster");
        assert_eq!(key("[core] Fix it"), "[core] fix it");
        assert_eq!(key("Build it into bin"), "build it into bin");
        assert_eq!(key("Upgrade parser - 2.9.1 of it"), "upgrade parser - 2.9.1 of it");
        assert_eq!(key("(#83)"), "(#83)");
        for quoted in ["Revert \"Revert \"Fix it (#83)\" (#84)\" (#85)", "revert \"revert \"[2.9] fix it\"\""] {
            assert_eq!(key(quoted), "revert \"revert \"fix it\"\"", "{quoted}");
        }
        assert_eq!(key("Revert \"Fix it (#83)\" and more"), "revert \"fix it (#83)\" and more");
    }

    #[test]
    fn long_titles_are_cut_between_characters() {
        for before in 0..4 {
            let title = "a".repeat(before) + &"€".repeat(MAX_TITLE);
            let cut = start(title.as_str().into());
            assert!(cut.to_str().is_ok() && (MAX_TITLE - 3..=MAX_TITLE).contains(&cut.len()), "{}", cut.len());
        }
        assert_eq!(start(b"\x80\x80".into()), b"\x80\x80".as_bstr());
        assert!(start([0x80; 2 * MAX_TITLE].as_bstr()).len() <= MAX_TITLE);
        assert_eq!(start("fix it".into()), "fix it");
    }

    #[test]
    fn reverts_of_reverts_are_none() {
        assert!(is_revert("Revert \"fix it\"".into()));
        assert!(!is_revert("Revert \"Revert \"fix it\"\"".into()));
        assert!(!is_revert("Reapply \"fix it\"".into()));
        assert!(is_revert("Revert \"Reapply \"fix it\"\"".into()));
        assert!(!is_revert("Reverting is hard".into()));
    }

    #[test]
    fn another_number_is_another_title() {
        assert_eq!(Numbers::compare(b"bump go to 1.20", b"bump go to 1.21"), Numbers::Differ);
        assert_eq!(Numbers::compare(b"bump 1.2", b"bump 1.2, 1.3"), Numbers::Subset);
        assert!(!share_numbers(b"a", b"b"));
        assert_eq!(replaced(b"fix the parser", b"fix the lexer now"), 1);
    }

    proptest! {
        #[test]
        fn normalising_twice_changes_nothing_more(title in "([ -~]|\\[[0-9]\\.[0-9]\\] |\\(#[0-9]{1,4}\\)|backport|pick|[.:] |[a-z]{1,3} ){0,10}") {
            let once = normalised(title.as_str().into());
            prop_assert_eq!(normalised(once.as_bstr()), once);
        }

        #[test]
        fn likeness_is_symmetric_and_bounded(a in "[a-d]{0,20}", b in "[a-d]{0,20}") {
            let (there, back) = (likeness(a.as_bytes(), b.as_bytes()), likeness(b.as_bytes(), a.as_bytes()));
            prop_assert!((there - back).abs() < 1e-9 && (0.0..=1.0).contains(&there));
        }
    }
}
