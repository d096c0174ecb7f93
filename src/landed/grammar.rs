//! What a message says about where its change comes from.
//!
//! A form counts only where it begins a line below the subject: "also includes the backport of X" does not name an
//! original.

use bstr::{BString, ByteSlice as _};
use std::borrow::Cow;

use super::forms::{self, DEFAULT_FORMS};
use super::named::{MAX_NAMED, Named, is_id};
use super::own_form::Form;
use super::said::leading_number;

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
        message.split(|byte| !byte.is_ascii_alphanumeric()).any(is_id)
            || message.windows(2).any(|pair| matches!(pair, [b'#', digit] if digit.is_ascii_digit()))
            || self.own.iter().any(|form| form.may_name(message))
    }

    /// Returns what a message names as originals, in its order. A revert quotes another message, trailers included, and
    /// names no original.
    pub(super) fn named(&self, subject: &[u8], body: &[u8]) -> Vec<Named> {
        let mut found = Vec::new();
        if super::titles::is_revert(subject.as_bstr()) {
            return found;
        }
        if let Some(number) = subject_number(subject) {
            found.push(Named::PullRequest(number));
        }
        let mut lines = body.lines().map(<[u8]>::trim_ascii).peekable();
        let (mut before, mut read): (&[u8], usize) = (b"", 0);
        while let Some(line) = lines.next().filter(|_| found.len() < MAX_NAMED && read < MAX_LINES) {
            let above = std::mem::replace(&mut before, line);
            if (self.own.is_empty() && !forms::may_match(line)) || runs_on(above, line) {
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
                let names = groups.name("names").map_or(whole.as_ref(), |names| names.as_bytes());
                let known = found.len();
                names_in(names, &mut found);
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

/// Returns the number in titles such as `Backport PR #12: …` and `Automated cherry-pick of #12: …`.
fn subject_number(subject: &[u8]) -> Option<u64> {
    let lower = subject.trim_start().to_ascii_lowercase();
    let starts: [&[u8]; 6] = [
        b"backport pr #",
        b"backport #",
        b"backport of #",
        b"automated cherry-pick of #",
        b"automated cherry pick of #",
        b"redo pr #",
    ];
    let rest = starts.iter().find_map(|start| lower.strip_prefix(*start))?;
    leading_number(rest)
}

/// Returns whether something in a text looks like an id or a number.
fn holds_name(text: &[u8]) -> bool {
    if text.contains(&b'#') {
        return true;
    }
    let mut digits = 0;
    text.iter().any(|byte| {
        digits = if byte.is_ascii_hexdigit() { digits + 1 } else { 0 };
        digits == 7
    })
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
    if found.len() == before
        && let Some((_, rest)) = text.split_once_str("#")
        && let Some(number) = leading_number(rest)
    {
        found.push(Named::PullRequest(number));
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
    fn other_mentions_are_no_originals() {
        for body in [
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
    }
}
