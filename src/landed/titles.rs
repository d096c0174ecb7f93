//! Titles: what is left of one without the marks of a backport, and how similar two are.

use bstr::{BStr, BString, ByteSlice as _};
use std::borrow::Cow;
use std::collections::BTreeSet;

use super::marks;
use crate::git::Commit;

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

/// A first line that is shorter than this was not wrapped for its length.
const MIN_WRAPPED: usize = 40;

/// Titles that were cut off are compared by what is left of them, if it is so long.
const MIN_STEM: usize = 20;

/// Returns a commit's title: its subject, without what follows in the same paragraph unless that is the rest of a sentence
/// too long for one line, and with the rest of it where a forge has cut it off and goes on below.
pub(super) fn of(commit: &Commit) -> Cow<'_, BStr> {
    let mut lines = commit.message.lines().map(|line| line.trim()).skip_while(|line| line.is_empty());
    let (first, second) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let title = if second.is_empty() || is_wrapped(first, second) { commit.subject() } else { first.as_bstr() };
    match rest_below(title, commit.body()) {
        Some(whole) => Cow::Owned(start(whole.as_bstr()).to_owned()),
        None => Cow::Borrowed(start(title)),
    }
}

/// Returns whether a line goes on in the next one.
fn is_wrapped(first: &[u8], second: &[u8]) -> bool {
    let goes_on = second.first().is_some_and(u8::is_ascii_lowercase);
    let ends = first.last().is_some_and(|last| matches!(last, b'.' | b'!' | b'?' | b':' | b';'));
    first.len() >= MIN_WRAPPED && goes_on && !ends
}

/// Returns a title that ends in `…` with the rest, where the text below it begins with `…`.
fn rest_below(title: &BStr, body: &BStr) -> Option<BString> {
    ["…".as_bytes(), b"..."].iter().find_map(|ellipsis| {
        let (start, rest) = title.strip_suffix(*ellipsis).zip(body.trim_start().strip_prefix(*ellipsis))?;
        Some([start, rest.lines().next()?.trim_end()].concat().into())
    })
}

/// Returns a commit's title as titles are compared.
pub(super) fn key(commit: &Commit) -> BString {
    normalised(effective(&of(commit), commit.body()))
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
/// Something is left of every title.
pub(super) fn normalised(title: &BStr) -> BString {
    let mut title = BString::from(start(title).trim().to_ascii_lowercase());
    loop {
        let mut rest = title.as_slice();
        loop {
            let before = rest.len();
            rest = marks::without_one(rest);
            if rest.len() == before {
                break;
            }
        }
        let rest = without_scope(rest).unwrap_or_else(|| BString::from(rest));
        if rest.len() == title.len() {
            return with_quoted(rest);
        }
        title = rest;
    }
}

/// Returns `fix: …` for `fix(release3.5): …`.
fn without_scope(title: &[u8]) -> Option<BString> {
    let (open, close) = (title.find_byte(b'(')?, title.find(b"):")?);
    let scope = title.get(open + 1..close)?;
    let is_line = scope.starts_with(b"release") || scope.starts_with(b"stable");
    let (kind, rest) = (title.get(..open)?, title.get(close + 1..)?);
    (is_line && !kind.is_empty() && kind.iter().all(u8::is_ascii_alphabetic)).then(|| [kind, rest].concat().into())
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

/// Returns whether two titles without marks are the same. One that was cut off is the same as each that begins with what
/// is left of it.
pub(super) fn same(a: &[u8], b: &[u8]) -> bool {
    !a.is_empty()
        && (a == b || stem(a).is_some_and(|stem| begins(b, stem)) || stem(b).is_some_and(|stem| begins(a, stem)))
}

fn begins(title: &[u8], stem: &[u8]) -> bool {
    title.starts_with(stem)
}

/// Returns what is left of a title that was cut off, if that says enough.
pub(super) fn stem(key: &[u8]) -> Option<&[u8]> {
    marks::cut_off(key).filter(|stem| stem.len() >= MIN_STEM)
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
        for marked in [
            "fix it (3.8)",
            "fix it (release-8.5) (#16617)",
            "fix it (v2.9)",
            "fix it (7-0-stable)",
            "fix it [3.8]",
            "fix it [backport 3.8]",
            "fix it (backport)",
            "fix it (backport of #7)",
            "fix it (backport of #7 and #8 to release/1.2)",
            "fix it (backported from main)",
            "fix it (back-ported from commit 0123abcd)",
            "fix it (cherry-picked from #7)",
            "fix it (cherry pick of 0123abcd)",
            "fix it (forward port) (#16617)",
            "fix it (https://example.com/owner/name/pull/7)",
            "fix it (#7, #8)",
            "fix it (#7) … (#8)",
            "fix it (#7) (#1…",
            "fix it on branch 2.9",
            "Forward-port: fix it (#8)",
            "Forward port of #7: fix it",
            "Auto-port 4.2: fix it (#8)",
            "Auto-backport #7 to release/4.2: fix it",
            "Backport-of: fix it",
            "Backport of #7 and #8: fix it",
            "backport #7 fix it",
            "backport 0123abcd fix it",
            "3.8: fix it",
            "release-8.5: fix it",
            "stable/2.9: fix it",
            "stable: fix it",
            "(release-7.5) fix it",
            "(3.8) fix it",
            "(backport #7) fix it",
            "[PR #16607/8c8906a1 backport][3.14] fix it (#16617)",
            "[beta] fix it",
            "[beta] backport #7: fix it",
            "[forward-port] fix it",
            "MFC r12345: fix it",
            "MFC: r12, r14-r15: fix it",
            "mfc: fix it",
            "merge r12345 from trunk: fix it",
        ] {
            assert_eq!(key(marked), "fix it", "{marked}");
        }
        assert_eq!(key("perf(release3.5): faster"), "perf: faster");
        assert_eq!(key("backport(release3.5): faster"), "faster");
        assert_eq!(key("[core] Fix it"), "[core] fix it");
        assert_eq!(key("Build it into bin"), "build it into bin");
        assert_eq!(key("Upgrade parser - 2.9.1 of it"), "upgrade parser - 2.9.1 of it");
        for own in [
            "(#83)",
            "[2.9]",
            "backport #7",
            "upgrade sqlite (3.45)",
            "add the interface (v2)",
            "draw it (and more)",
            "port 8080 is taken",
            "[main] fix it",
            "fix it (master)",
            "port: 8080",
            "main: read the options",
            "merge the two readers",
            "pick a file",
            "release 1.2: notes",
            "backport the reader",
            "for 3.8",
            "it works on main",
            "fix it (in part)",
            "remove the print from the stor…",
        ] {
            assert_eq!(key(own), own);
        }
        for quoted in ["Revert \"Revert \"Fix it (#83)\" (#84)\" (#85)", "revert \"revert \"[2.9] fix it\"\""] {
            assert_eq!(key(quoted), "revert \"revert \"fix it\"\"", "{quoted}");
        }
        assert_eq!(key("Revert \"Fix it (#83)\" and more"), "revert \"fix it (#83)\" and more");
    }

    fn title_of(message: &str) -> String {
        let id = crate::model::ObjectId::null(crate::model::HashKind::Sha1);
        let content = format!("tree {id}\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\n{message}");
        of(&Commit::parse(id, content.as_bytes()).unwrap()).to_string()
    }

    #[test]
    fn a_paragraph_of_two_lines_is_one_title_only_where_the_sentence_goes_on() {
        for (message, title) in [
            ("Fix it\nThis is for 3.8\n\nmore", "Fix it"),
            ("\nFix it\nsigned-off-by: x", "Fix it"),
            (
                "Fix what the reader of all these records does not\nunderstand",
                "Fix what the reader of all these records does not understand",
            ),
            (
                "Fix what the reader of all these records does not.\nunderstand",
                "Fix what the reader of all these records does not.",
            ),
            (
                "Fix what the reader of all these records does not\n- one",
                "Fix what the reader of all these records does not",
            ),
            ("Fix it\n\nmore", "Fix it"),
            ("Fix the read…\n\n…er (#12)\n\nmore", "Fix the reader (#12)"),
            ("Fix the read...\n\n...er\n", "Fix the reader"),
            ("Fix the read…\n\nmore", "Fix the read…"),
        ] {
            assert_eq!(title_of(message), title, "{message}");
        }
    }

    #[test]
    fn a_title_that_was_cut_off_is_the_beginning_of_the_other() {
        let whole = "remove the ensemble print from the storage tool";
        for (other, is_same) in [
            (whole, true),
            ("remove the ensemble print from the stor…", true),
            ("remove the ensemble print from the stor...", true),
            ("remove the ensemble print from a stor…", false),
            ("remove the ensemble print from the stor", false),
            ("remove the…", false),
            ("", false),
        ] {
            assert_eq!(
                (same(whole.as_bytes(), other.as_bytes()), same(other.as_bytes(), whole.as_bytes())),
                (is_same, is_same),
                "{other}"
            );
        }
        assert!(!same(b"", b""));
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
        fn taking_marks_off_twice_changes_nothing_more_and_leaves_something(
            title in concat!(
                "([ -~]|\\[[0-9]\\.[0-9]\\] |\\(#[0-9]{1,4}\\)|backport|pick|cherry|port|forward-port|[.:] |[a-z]{1,3} |",
                "( of| to| from| on| pr|r|#)? ?[0-9]{1,5}|\\(3\\.8\\)|release-|stable|\\(|\\)|\\[|\\]|main|: |…|\\.\\.\\.|",
                "revert \"|\"|mfc |merge |0123abcd| ){0,12}",
            ),
        ) {
            let once = normalised(title.as_str().into());
            prop_assert_eq!(once.is_empty(), title.trim().is_empty());
            prop_assert!(once.len() <= title.len());
            prop_assert_eq!(normalised(once.as_bstr()), once);
        }

        #[test]
        fn likeness_is_symmetric_and_bounded(a in "[a-d]{0,20}", b in "[a-d]{0,20}") {
            let (there, back) = (likeness(a.as_bytes(), b.as_bytes()), likeness(b.as_bytes(), a.as_bytes()));
            prop_assert!((there - back).abs() < 1e-9 && (0.0..=1.0).contains(&there));
        }
    }
}
