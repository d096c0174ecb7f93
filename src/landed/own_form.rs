//! Forms of a project's own in which messages name their originals: `Ported-From: {commit}`.

use bstr::{BString, ByteSlice as _};

use super::named::{MIN_DIGITS, Named, is_id};

/// What a form names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Original {
    /// Commits, by their ids.
    Commit,
    /// Pull requests, by their numbers; `#` and `!` before a number are not part of it.
    PullRequest,
}

/// Plain text around the place where an original is named.
///
/// It matches the beginning of a line, without regard to case. A blank matches any number of blanks, including none
/// next to a punctuation mark. Several originals are separated by commas or blanks; what follows a match does not
/// matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    before: String,
    original: Original,
    after: String,
    /// The whole form, as it is written.
    text: String,
}

impl Form {
    /// Makes the form with this text before and behind an original.
    pub fn new(before: &str, original: Original, after: &str) -> Self {
        let placeholder = match original {
            Original::Commit => "{commit}",
            Original::PullRequest => "{pull-request}",
        };
        let text = [before, placeholder, after].concat();
        Self { before: before.to_owned(), original, after: after.to_owned(), text }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Returns whether a message could name something in this form that does not look like a name anywhere else.
    pub(super) fn may_name(&self, message: &[u8]) -> bool {
        match self.original {
            Original::PullRequest => message.iter().any(u8::is_ascii_digit),
            // In `r{commit}` the id is no word of its own.
            Original::Commit => {
                self.before.ends_with(char::is_alphanumeric)
                    && message
                        .split(|byte| !byte.is_ascii_hexdigit())
                        .any(|run| run.len() >= MIN_DIGITS && run.iter().any(u8::is_ascii_digit))
            }
        }
    }

    /// Returns what a line names, at most so many; empty where it does not have this form.
    pub(super) fn named(&self, line: &[u8], most: usize) -> Vec<Named> {
        let mut found = Vec::new();
        let Some(mut rest) = behind(&self.before, line) else { return found };
        let mut next = rest.trim_start();
        while let Some((named, behind)) = self.original.read(next).filter(|_| found.len() < most) {
            found.push(named);
            rest = behind;
            next = rest.trim_start_with(|c| c == ',' || c.is_whitespace());
        }
        if behind(&self.after, rest).is_none() {
            found.clear();
        }
        found
    }
}

impl Original {
    /// Reads the word that a text begins with; gives what is behind it as well.
    fn read(self, text: &[u8]) -> Option<(Named, &[u8])> {
        let text = match self {
            Self::Commit => text,
            Self::PullRequest => text.strip_prefix(b"#").or_else(|| text.strip_prefix(b"!")).unwrap_or(text),
        };
        let length = text.iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let (word, behind) = text.split_at_checked(length)?;
        let named = match self {
            Self::Commit => is_id(word).then(|| Named::Commit(BString::from(word.to_ascii_lowercase())))?,
            Self::PullRequest => Named::PullRequest(digits(word)?),
        };
        Some((named, behind))
    }
}

fn digits(word: &[u8]) -> Option<u64> {
    word.iter().all(u8::is_ascii_digit).then(|| word.to_str().ok()?.parse().ok()).flatten()
}

/// Returns what is behind a text with which a line begins. The text may follow a word, and a word may follow it.
fn behind<'a>(text: &str, line: &'a [u8]) -> Option<&'a [u8]> {
    let (mut rest, mut before) = (line, 'a');
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter.is_whitespace() {
            let there = rest.trim_start();
            let parts_words = before.is_alphanumeric() && letters.peek().is_none_or(|next| next.is_alphanumeric());
            if parts_words && there.len() == rest.len() {
                return None;
            }
            rest = there;
        } else {
            let (found, length) = bstr::decode_utf8(rest);
            let is_same = |found: char| found == letter || found.to_lowercase().eq(letter.to_lowercase());
            rest = rest.get(length..).filter(|_| found.is_some_and(is_same))?;
        }
        before = letter;
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MANY: usize = 64;

    fn commit(id: &str) -> Named {
        Named::Commit(id.into())
    }

    #[test]
    fn a_line_that_begins_like_the_form_names_its_original() {
        let ported = Form::new("Ported-From: ", Original::Commit, "");
        for line in [
            "Ported-From: abcdef12",
            "ported-from:abcdef12",
            "PORTED-FROM:\t  ABCDEF12",
            "Ported-From : abcdef12",
            "Ported-From: abcdef12, adapted",
            "Ported-From: abcdef12.",
        ] {
            let expected = if line.contains(" :") { vec![] } else { vec![commit("abcdef12")] };
            assert_eq!(ported.named(line.as_bytes(), MANY), expected, "{line}");
        }
        let several = ported.named(b"Ported-From: abcdef12, 1234567 89abcdef and 7654321", MANY);
        assert_eq!(several, [commit("abcdef12"), commit("1234567"), commit("89abcdef")]);
        assert_eq!(ported.named(b"Ported-From: abcdef12, 1234567", 1), [commit("abcdef12")]);
        for line in ["Ported-From: abcdef", "Ported-From: it", "Ported-From:", "Port", "x Ported-From: abcdef12", ""] {
            assert_eq!(ported.named(line.as_bytes(), MANY), [], "{line}");
        }
        assert_eq!(ported.named(b"Ported-From: abcdef12xyz", MANY), []);
        assert_eq!(ported.named(b"Ported-From: \xff", MANY), []);
    }

    #[test]
    fn pull_requests_have_numbers() {
        let pull = Form::new("Upstream-Pull: ", Original::PullRequest, "");
        for line in ["Upstream-Pull: 12", "upstream-pull: #12", "Upstream-Pull: !12 (adapted)"] {
            assert_eq!(pull.named(line.as_bytes(), MANY), [Named::PullRequest(12)], "{line}");
        }
        for line in ["Upstream-Pull: 12a", "Upstream-Pull: #", "Upstream-Pull: 99999999999999999999"] {
            assert_eq!(pull.named(line.as_bytes(), MANY), [], "{line}");
        }
        let link = Form::new("See https://host/pull/", Original::PullRequest, "");
        assert_eq!(link.named(b"see HTTPS://host/pull/12/files", MANY), [Named::PullRequest(12)]);
        assert!(pull.may_name(b"Upstream-Pull: 1") && !pull.may_name(b"none"));
    }

    #[test]
    fn an_id_may_stand_right_behind_a_letter() {
        let form = Form::new("rev", Original::Commit, "");
        assert_eq!(form.named(b"rev1234567", MANY), [commit("1234567")]);
        assert!(form.may_name(b"fix\n\nrev1234567"));
        assert!(!form.may_name(b"fix\n\nrev123456 deadbeef"));
        assert!(!Form::new("rev ", Original::Commit, "").may_name(b"rev1234567"), "an id is a word of its own there");
    }

    #[test]
    fn what_is_behind_the_original_belongs_to_the_form() {
        let port = Form::new("(Übernahme von ", Original::Commit, " nach 1.15)");
        assert_eq!(port.named("(übernahme  VON abcdef12 nach 1.15)".as_bytes(), MANY), [commit("abcdef12")]);
        for line in
            ["(übernahme von abcdef12)", "(übernahme von abcdef12nach 1.15)", "(übernahme vonabcdef12 nach 1.15)"]
        {
            assert_eq!(port.named(line.as_bytes(), MANY), [], "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_panics(before in any::<String>(), after in any::<String>(), line in any::<Vec<u8>>()) {
            for original in [Original::Commit, Original::PullRequest] {
                let form = Form::new(&before, original, &after);
                prop_assert!(form.named(&line, 3).len() <= 3);
                prop_assert!(form.named(&[before.as_bytes(), b"#1234567,12345678", &line].concat(), 3).len() <= 3);
            }
        }
    }
}
