//! What a message says about where its change comes from.
//!
//! A form counts only where it begins a line below the subject: "also includes the backport of X" does not name an
//! original.

use bstr::{BString, ByteSlice as _};
use std::borrow::Cow;

use super::forms::{self, DEFAULT_FORMS};
use super::named::{MAX_NAMED, Named, is_id, list};
use super::own_form::Form;
use super::titles;

/// How many lines with an id or a number in them are looked at.
const MAX_LINES: usize = 10_000;

/// The forms that count: the built-in ones and those of a project's own.
#[derive(Clone, Debug, Default)]
pub struct Grammar {
    own: Vec<Form>,
}

impl Grammar {
    /// Makes a grammar of these forms and the built-in ones. Where a line has several of them, the first counts, and
    /// before a built-in one.
    pub const fn with(own: Vec<Form>) -> Self {
        Self { own }
    }

    /// Returns all forms as they are written.
    pub(super) fn forms(&self) -> Vec<&str> {
        DEFAULT_FORMS.into_iter().chain(self.own.iter().map(Form::text)).collect()
    }

    /// Returns cheaply whether a message could name another commit, by its id or by the number of its pull request.
    /// Most do not, and need not be compared with anything.
    pub fn may_name(&self, message: &[u8]) -> bool {
        message.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| is_id(word) || is_revision(word))
            || message.windows(2).any(|pair| matches!(pair, [b'#' | b'!', digit] if digit.is_ascii_digit()))
            || [b"/pull/".as_slice(), b"/merge_requests/", b"gh-"].iter().any(|mark| message.contains_str(mark))
            || holds_revisions(message)
            || self.own.iter().any(|form| form.may_name(message))
    }

    /// Returns what a message names as originals, in its order. A revert quotes another message, trailers included, and
    /// names no original.
    pub(super) fn named(&self, subject: &[u8], body: &[u8]) -> Vec<Named> {
        let mut found = Vec::new();
        if titles::is_revert(subject.as_bstr()) {
            return found;
        }
        names_in_subject(subject.trim_start(), &mut found);
        // Whether what stands above are the lines of a list of originals, and whether it has begun.
        let (mut is_list, mut has_begun) = (false, false);
        let mut lines = body.lines().map(<[u8]>::trim_ascii).peekable();
        let (mut before, mut read): (&[u8], usize) = (b"", 0);
        while let Some(line) = lines.next().filter(|_| found.len() < MAX_NAMED && read < MAX_LINES) {
            let above = std::mem::replace(&mut before, line);
            if is_list {
                let known = found.len();
                list(line.trim_start_with(|c| matches!(c, '-' | '*' | ' ')), false, &mut found);
                has_begun |= found.len() > known;
                is_list = found.len() > known || (line.is_empty() && !has_begun);
                if is_list {
                    continue;
                }
            }
            if (self.own.is_empty() && !forms::may_match(line)) || runs_on(above, line) {
                continue;
            }
            if forms::is_heading(line) {
                (is_list, has_begun) = (true, false);
                continue;
            }
            let whole = unwrapped(line, lines.peek().copied());
            let most = MAX_NAMED - found.len();
            let own = self.own.iter().map(|form| form.named(&whole, most)).find(|named| !named.is_empty());
            if let Some(own) = own {
                found.extend(own);
                continue;
            }
            if !forms::may_match(line) || !holds_name(&whole) {
                continue;
            }
            read += 1;
            for form in forms::built_in() {
                let Some(groups) = form.captures(&whole) else { continue };
                let known = found.len();
                if let Some(names) = groups.name("list") {
                    list(names.as_bytes(), false, &mut found);
                } else if let Some(names) = groups.name("revisions") {
                    list(names.as_bytes(), true, &mut found);
                } else {
                    names_in(groups.name("names").map_or(whole.as_ref(), |names| names.as_bytes()), &mut found);
                }
                if found.len() > known {
                    break;
                }
            }
        }
        let mut seen = Vec::new();
        found.retain(|named| {
            let is_new = !seen.contains(named);
            seen.push(named.clone());
            is_new
        });
        found
    }
}

/// Returns a line with the next one where the id may have been wrapped onto that: in brackets that are not closed.
fn unwrapped<'a>(line: &'a [u8], next: Option<&[u8]>) -> Cow<'a, [u8]> {
    let is_open = matches!(line.first(), Some(b'(' | b'[')) && !line.contains(&b')') && !line.contains(&b']');
    next.filter(|_| is_open).map_or(Cow::Borrowed(line), |next| Cow::Owned([line, b" ", next].concat()))
}

/// Collects what a subject names: `Backport PR #12: …`, `[PR #12/0123abc backport] …`, `MFC r12: …`, `… (backport of #12)`.
fn names_in_subject(subject: &[u8], found: &mut Vec<Named>) {
    let is_port = |text: &[u8]| titles::is_backport(text) || text.to_ascii_lowercase().contains_str("forward");
    let mut rest = subject;
    while let Some((mark, behind)) = rest.strip_prefix(b"[").and_then(|rest| rest.split_once_str("]")) {
        if is_port(mark) {
            names_in_mark(mark, found);
        }
        rest = behind.trim_start();
    }
    // Most subjects do not begin like one that names something.
    if forms::may_match(rest) || rest.get(..4).is_some_and(|start| start.eq_ignore_ascii_case(b"redo")) {
        for (form, group) in forms::of_subjects().into_iter().zip(["list", "revisions"]) {
            if let Some(names) = form.captures(rest).and_then(|groups| groups.name(group)) {
                list(names.as_bytes(), group == "revisions", found);
                return;
            }
        }
    }
    while let Some((before, mark)) = rest.trim_end().strip_suffix(b")").and_then(|rest| rest.rsplit_once_str("(")) {
        if is_port(mark) {
            names_in_mark(mark, found);
            return;
        }
        rest = before;
    }
}

/// Collects the names in a mark of a title, in which nothing else looks like one.
fn names_in_mark(mark: &[u8], found: &mut Vec<Named>) {
    let words = mark.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b'/'));
    words.for_each(|word| list(word, false, found));
}

/// Returns cheaply whether a message could name revisions by numbers alone. Most messages have a word that begins like
/// `review`.
fn holds_revisions(message: &[u8]) -> bool {
    let marks: [&[u8]; 8] = [b"revis", b"rev ", b"rev:", b"revs", b"rev(", b"mfc", b"mfh", b"mfs"];
    let is_mark = |at: usize, first: u8| {
        matches!(first, b'r' | b'R' | b'm' | b'M')
            && message.get(at..).is_some_and(|rest| {
                marks.iter().any(|mark| rest.get(..mark.len()).is_some_and(|start| start.eq_ignore_ascii_case(mark)))
            })
    };
    message.iter().enumerate().any(|(at, first)| is_mark(at, *first))
}

/// Returns whether a word is a revision such as `r12`.
fn is_revision(word: &[u8]) -> bool {
    matches!(word, [b'r' | b'R', digit, ..] if digit.is_ascii_digit())
}

/// Returns whether something in a text looks like an id or a number.
fn holds_name(text: &[u8]) -> bool {
    if text.iter().any(|byte| matches!(byte, b'#' | b'!')) || text.contains_str("://") {
        return true;
    }
    let mut digits = 0;
    let is_id = text.iter().any(|byte| {
        digits = if byte.is_ascii_hexdigit() { digits + 1 } else { 0 };
        digits == 7
    });
    is_id || text.split(|byte| !byte.is_ascii_alphanumeric()).any(|word| is_revision(word) || starts_a_number(word))
}

/// Returns whether a word could be a number of some kind.
fn starts_a_number(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_digit)
}

/// Returns whether a line is the middle of a sentence of prose: "which was a / backport of X" says what something else
/// was. A line in brackets, or one that begins with a capital or has the form `token: value`, begins a sentence of its
/// own.
fn runs_on(above: &[u8], line: &[u8]) -> bool {
    let is_token = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b' ');
    let is_trailer = |line: &[u8]| {
        line.split_once_str(":").is_some_and(|(token, value)| token.iter().all(is_token) && value.starts_with(b" "))
    };
    let ends = |byte: &u8| matches!(byte, b'.' | b'!' | b'?' | b':' | b';' | b')' | b']' | b'>');
    line.first().is_some_and(u8::is_ascii_lowercase)
        && !is_trailer(line)
        && !is_trailer(above)
        && above.last().is_some_and(|last| !ends(last))
}

/// Collects ids of seven digits and more, and numbers behind a `#` if there is no id before them.
fn names_in(text: &[u8], found: &mut Vec<Named>) {
    let before = found.len();
    for word in text.split(|byte| !byte.is_ascii_alphanumeric()) {
        if is_id(word) && found.len() < MAX_NAMED {
            found.push(Named::Commit(BString::from(word.to_ascii_lowercase())));
        }
    }
    let is_number = |at: &usize| text.get(at + 1).is_some_and(u8::is_ascii_digit);
    if found.len() == before
        && let Some(at) = text.find_iter("#").find(is_number)
    {
        list(text.get(at..).unwrap_or_default(), false, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const S: &str = "0123456789abcdef0123456789abcdef01234567";

    fn named(body: &str) -> Vec<Named> {
        Grammar::default().named(b"a title", body.replace('S', S).as_bytes())
    }

    #[test]
    fn every_form_names_its_original() {
        for body in [
            "text\n\n(cherry picked from commit S)",
            "((cherry picked from commit S))",
            "(cherry-picked from commit S)\r\n",
            "(cherry picked from commit\nS)",
            "[ upstream commit S ]",
            "[ upstream fix S ]",
            "master commit: S",
            "(backported from commit S)",
            "(Back-ported from commit S)",
            "(similar to commit S)",
            "(This is a cherry-pick of S.)",
            "(Cherry-pick of commit S.)",
            "Cherry picked from commit S.",
            "(partially cherry picked from commit S)",
            "Partial cherry-pick of S which does it",
            "parital cherry-pick of S",
            "(manually backported from commit S)",
            "Port of S to 2.9",
            "Backport of commit S / pull #12",
            "Equivalent to S",
            "logically a backport of c/s S",
            "The issue was fixed in the master branch in commit S (\"t\")",
            "Backported a portion of https://host/owner/name/commit/S",
            // However it is wrapped, this begins a sentence of its own.
            "backport of S",
            "it is done.\nbackport of S",
            "what it does\n\nbackport of S",
            "what it does\nBackport of S",
            "what it does\n(cherry picked from commit S)",
            "what it does\n[ upstream commit S ]",
            "Reviewed-by: Ann\nmaster commit: S",
            "what it does\nmaster commit: S",
            "Signed-off-by: Ann <ann@example.com>\nbackport of S",
            "Fixes: #12\nbackport of S",
        ] {
            assert_eq!(named(body), [Named::Commit(S.into())], "{body}");
        }
        assert_eq!(named("Backport of S and 1234567"), [Named::Commit(S.into()), Named::Commit("1234567".into())]);
        assert_eq!(named("Backport PR #123: title on branch x"), [Named::PullRequest(123)]);
        let title = Grammar::default().named(b"Backport PR #9 on branch v1: it", b"");
        assert_eq!(title, [Named::PullRequest(9)]);
    }

    #[test]
    fn lists_links_and_revisions_are_read() {
        use Named::{Commit, PullRequest, Revision};
        let commit = |id: &str| Commit(id.into());
        for (body, expected) in [
            ("Backport-of: S", vec![commit(S)]),
            ("Backport-of: #7, #8 and #9", vec![PullRequest(7), PullRequest(8), PullRequest(9)]),
            ("Backported-from: https://host/owner/name/pull/7", vec![PullRequest(7)]),
            ("Cherry-picked-from: S", vec![commit(S)]),
            ("Original-Commit: S", vec![commit(S)]),
            ("Automated cherry-pick of #7 #8", vec![PullRequest(7), PullRequest(8)]),
            ("Cherry pick of #7 on release-1.2.", vec![PullRequest(7)]),
            ("Backport of https://host/owner/name/pull/7", vec![PullRequest(7)]),
            ("Backports https://host/group/name/-/merge_requests/7.", vec![PullRequest(7)]),
            ("Backport of https://host/owner/name/commit/0123abcd#r1", vec![commit("0123abcd")]),
            ("(cherry-picked from #7)", vec![PullRequest(7)]),
            ("Backports:\n\n* #7: title\n* 0123abcd title\n\n* 89abcdef", vec![PullRequest(7), commit("0123abcd")]),
            (
                "Cherry-picked from the following commits:\n  0123abcd\n  89abcdef",
                vec![commit("0123abcd"), commit("89abcdef")],
            ),
            ("MFC r12345", vec![Revision(12345)]),
            ("MFC: r12, r14-r16", vec![12, 14, 15, 16].into_iter().map(Revision).collect()),
            ("MFC: r1200, r1400-r1402", vec![1200, 1400, 1401, 1402].into_iter().map(Revision).collect()),
            ("MFC revisions 1200, 1400-1401", vec![1200, 1400, 1401].into_iter().map(Revision).collect()),
            ("Merge r12 from trunk", vec![Revision(12)]),
            ("Merging r12:", vec![Revision(12)]),
            ("Merged revision(s) 1, 2-4 from trunk:", vec![1, 2, 3, 4].into_iter().map(Revision).collect()),
            ("Merged revisions 12,14 via svnmerge from\nsvn+ssh://host/trunk", vec![Revision(12), Revision(14)]),
            ("Backport r12 and r13 to the branch", vec![Revision(12), Revision(13)]),
        ] {
            assert_eq!(named(body), expected, "{body}");
        }
        for (subject, expected) in [
            ("Backport PR #7 on branch v1: it fixes #8", vec![PullRequest(7)]),
            ("[beta] Backport #7", vec![PullRequest(7)]),
            ("Automated cherry pick of #7: a #8: b", vec![PullRequest(7)]),
            ("Automated cherry pick of #7 #8", vec![PullRequest(7), PullRequest(8)]),
            ("[PR #7/0123abcd backport][3.14] it (#9)", vec![PullRequest(7), commit("0123abcd")]),
            ("it (backport #7) (#9)", vec![PullRequest(7)]),
            ("it (cherry-picked from #7)", vec![PullRequest(7)]),
            ("it (backport of 0123abcd)", vec![commit("0123abcd")]),
            ("Backport of 0123abcd", vec![commit("0123abcd")]),
            ("backport from fix in cd2743c", vec![commit("cd2743c")]),
            ("Cherry-pick commit 0123abcd from main, a follow-up to 89abcdef", vec![commit("0123abcd")]),
            ("MFC r12345: it", vec![Revision(12345)]),
            ("MFC: r12, r14-r15", vec![Revision(12), Revision(14), Revision(15)]),
            ("merge r12 from trunk: it", vec![Revision(12)]),
            ("Merged revisions 12,13 from trunk", vec![Revision(12), Revision(13)]),
        ] {
            assert_eq!(Grammar::default().named(subject.as_bytes(), b""), expected, "{subject}");
        }
        let many = format!("Merge r1-r{}", u64::MAX);
        assert_eq!(named(&many).len(), MAX_NAMED);
    }

    #[test]
    fn other_subjects_name_nothing() {
        for subject in [
            "it (#7) (#8)",
            "Fix backport of 0123abcd",
            "Backport fix for 0123abcd",
            "Merge pull request #7 from a/b",
            "Merge branch 'r12-x'",
            "Merge r12-x",
            "MFC after 3 days",
            "Follow-up for 0123abcd",
            "it (follow-up to #7)",
            "Port 8080 is taken",
            "Cherry-pick the tests",
        ] {
            assert_eq!(Grammar::default().named(subject.as_bytes(), b""), [], "{subject}");
        }
    }

    #[test]
    fn other_mentions_are_no_originals() {
        for body in [
            "MFC after: 3 days",
            "MFC after:\t1 week",
            "Merge branch 'x' of https://host/owner/name",
            "Merge pull request #7 from a/b",
            "(Merged from https://host/owner/name/pull/7)",
            "Backports:\n\nnothing\n* #7",
            "also includes the backport of S",
            "Fixes: S",
            "Follow-up for S",
            "This reverts commit S.",
            "fix backport of S",
            // Prose, wrapped.
            "Follow-up to S, which was a\nbackport of S.",
            "This is not to be confused with what we\ncherry picked from S",
            "as it is\nequivalent to S",
            "and that is why, in fact,\nport of S to 2.9 failed",
        ] {
            assert_eq!(named(body), [], "{body}");
        }
        let quoted = format!("(cherry picked from commit {S})");
        assert_eq!(Grammar::default().named(b"Revert \"a title\"", quoted.as_bytes()), []);
    }

    proptest! {
        #[test]
        fn no_message_panics(subject in any::<Vec<u8>>(), body in any::<Vec<u8>>()) {
            Grammar::default().named(&subject, &body);
        }

        #[test]
        fn what_names_something_looks_like_it(
            words in proptest::collection::vec("backport|of|cherry-pick|MFC|merge|revisions|r?[0-9]{1,7}(-r?[0-9]{1,3})?|#[0-9]{1,3}|\\[|\\]|\\(|\\)|0123abcd|https://x/pull/1|from|:|,|-|\n|\n\n|-of:", 0..12),
        ) {
            let message = words.join(" ");
            let (subject, body) = message.split_once('\n').unwrap_or((&message, ""));
            let grammar = Grammar::default();
            let named = grammar.named(subject.as_bytes(), body.as_bytes());
            prop_assert!(named.len() <= 2 * MAX_NAMED);
            prop_assert!(named.is_empty() || grammar.may_name(message.as_bytes()), "{:?}", named);
        }
    }
}
