//! Kinds of change: what a commit is, by its own words or by what it touches.

use bstr::{BStr, BString, ByteSlice as _};
use regex::bytes::Regex;

use super::Pattern;

/// A kind of change that the policy declares. A commit is of it when any of the given signs is there.
#[derive(Clone, Debug)]
pub struct KindOfChange {
    /// What other tables call it.
    pub name: String,
    /// Its subject matches.
    pub subject: Option<Regex>,
    /// It touches these paths and no others.
    pub paths: Vec<Pattern>,
    /// It carries a trailer of this token whose value is the kind's name.
    pub trailer: Option<String>,
}

/// The kinds that Conventional Commits 1.0.0 has words for, without a declaration.
const CONVENTIONAL: &[(&str, &str)] = &[
    ("build", "build"),
    ("chore", "chore"),
    ("ci", "ci"),
    ("docs", "docs"),
    ("feat", "feature"),
    ("fix", "fix"),
    ("perf", "perf"),
    ("refactor", "refactor"),
    ("release", "release"),
    ("revert", "revert"),
    ("style", "style"),
    ("test", "test"),
];

/// The kinds that need no declaration.
pub(super) fn built_in() -> impl Iterator<Item = &'static str> {
    CONVENTIONAL.iter().map(|(_, kind)| *kind).chain(["breaking"])
}

/// What a commit says of itself; the paths only where some kind asks for them.
#[derive(Clone, Copy, Debug)]
pub struct Described<'c> {
    /// The subject.
    pub subject: &'c BStr,
    /// The whole message.
    pub message: &'c BStr,
    /// Trailer tokens and values.
    pub trailers: &'c [(BString, BString)],
}

impl KindOfChange {
    /// Whether the kind can only be told by the paths that a commit touches.
    pub fn needs_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Whether a commit is of this kind. `paths` are those it touches against its first parent.
    pub fn holds(&self, commit: &Described<'_>, paths: &[BString]) -> bool {
        let touches = |path: &BString| self.paths.iter().any(|pattern| pattern.matches(path.as_bstr()).is_some());
        self.subject.as_ref().is_some_and(|subject| subject.is_match(commit.subject))
            || (self.needs_paths() && !paths.is_empty() && paths.iter().all(touches))
            || self.trailer.as_ref().is_some_and(|token| {
                let named = |(key, value): &(BString, BString)| {
                    key.eq_ignore_ascii_case(token.as_bytes()) && value.eq_ignore_ascii_case(self.name.as_bytes())
                };
                commit.trailers.iter().any(named)
            })
    }
}

/// The kinds that a commit's subject and footers name in Conventional Commits' words: `feat(api)!: …` is a `feature`
/// and `breaking`. <https://www.conventionalcommits.org/en/v1.0.0/>
pub(super) fn conventional(commit: &Described<'_>) -> Vec<&'static str> {
    let mut kinds = Vec::new();
    let subject = commit.subject.to_str_lossy();
    let head = subject.split_once(':').map(|(head, _)| head.trim_end());
    let (word, bang) = head.map_or(("", false), |head| match head.strip_suffix('!') {
        Some(head) => (head, true),
        None => (head, false),
    });
    let (word, scope) = word.split_once('(').map_or((word, ""), |(word, scope)| (word, scope.trim_end_matches(')')));
    let known = CONVENTIONAL.iter().find(|(key, _)| word.eq_ignore_ascii_case(key));
    if let Some((_, kind)) = known {
        // `chore(release): 1.2.0` is how release tools spell it.
        kinds.push(if scope.eq_ignore_ascii_case("release") { "release" } else { kind });
    }
    let footer = commit
        .message
        .lines()
        .any(|line| line.starts_with(b"BREAKING CHANGE:") || line.starts_with(b"BREAKING-CHANGE:"));
    if footer || (bang && known.is_some()) {
        kinds.push("breaking");
    }
    if commit.subject.starts_with(b"Revert \"") && !kinds.contains(&"revert") {
        kinds.push("revert");
    }
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(message: &str) -> Vec<&'static str> {
        let subject = message.lines().next().unwrap_or("");
        conventional(&Described { subject: subject.into(), message: message.into(), trailers: &[] })
    }

    #[test]
    fn conventional_words_name_kinds() {
        assert_eq!(kinds("feat: x"), ["feature"]);
        assert_eq!(kinds("Fix(parser): x"), ["fix"]);
        assert_eq!(kinds("feat(api)!: x"), ["feature", "breaking"]);
        assert_eq!(kinds("chore(release): 1.2.0"), ["release"]);
        assert_eq!(kinds("fix: x\n\nBREAKING CHANGE: y"), ["fix", "breaking"]);
        assert_eq!(kinds("Revert \"feat: x\""), ["revert"]);
        assert_eq!(kinds("wow: what!"), [""; 0]);
        assert_eq!(kinds("fixes nothing"), [""; 0]);
    }
}
