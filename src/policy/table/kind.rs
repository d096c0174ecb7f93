//! `[[kind]]`: what a commit is, by its own words or by what it touches.

use bstr::{BStr, BString, ByteSlice as _};
use regex::bytes::Regex;
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;

use super::form::{Many, Table};
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::pattern::Pattern;
use crate::policy::text::{Expression, KindName, Located, Meaning, NewName, Text, Texts};

/// A kind of change, for the keys that name kinds: `accepts-changes`, `exempt-changes`, `changed-by`. A commit is of it
/// when any of the signs below is there, and it can be of several kinds.
///
/// The kinds of Conventional Commits need no declaration; they are seen by the words at the beginning of the subject. A
/// declaration by the name of one gives it further signs.
///
/// ```toml
/// [[kind]]
/// name = "translation"
/// subject = "^Localisation updates"
/// paths = "po/**"
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawKind {
    /// What other tables call it.
    #[schemars(example = &"translation")]
    name: Located<Text<NewName>>,
    /// It matches the commit's subject, anywhere.
    #[schemars(example = &"^Bump version to ")]
    subject: Option<Located<Text<Expression>>>,
    /// The commit touches these paths and no others.
    #[schemars(example = ["po/**", "debian/changelog"])]
    paths: Option<Located<Texts<Pattern>>>,
    /// The commit carries a trailer of this token with the kind's name.
    #[schemars(example = &"Change-Kind")]
    trailer: Option<String>,
}

/// The table `[[kind]]`.
#[derive(Debug)]
pub(crate) enum Kinds {}

impl Table for Kinds {
    const KEY: &'static str = "kind";
    type Written = Many<RawKind>;
    type Resolved = Vec<KindOfChange>;

    /// A lower layer may add signs to a kind: what a commit is, is not a permission.
    fn resolve(layers: &[&Many<RawKind>], cx: &mut Cx<'_>) -> Vec<KindOfChange> {
        let mut kinds = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            for (raw, span) in &layer.0 {
                if raw.subject.is_none() && raw.paths.is_none() && raw.trailer.is_none() {
                    let message =
                        format!("the kind `{}` has no sign: give it `subject`, `paths` or `trailer`", raw.name.text());
                    cx.report(Problem::new(span.clone(), message));
                }
                let subject = raw.subject.as_ref().and_then(|text| {
                    let read = Regex::new(text.text());
                    cx.value(read.map_err(|error| format!("the regular expression is invalid: {error}")), text.span())
                });
                kinds.push(KindOfChange {
                    name: raw.name.text().to_owned(),
                    subject,
                    paths: raw.paths.as_ref().map(|paths| cx.patterns(paths)).unwrap_or_default(),
                    trailer: raw.trailer.clone(),
                });
            }
        }
        let declared = kinds.iter().map(|kind| kind.name.clone());
        cx.names.kinds = built_in().map(str::to_owned).chain(declared).collect();
        kinds
    }
}

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

impl Meaning for KindName {
    const NAME: &'static str = "KindName";
    const TITLE: &'static str = "kind of change";
    fn description() -> Cow<'static, str> {
        let mut text = String::from(
            "A kind of change: the `name` of a `[[kind]]`, or one of those that Conventional Commits 1.0.0 has words for, \
             which need no declaration:\n",
        );
        for (word, kind) in CONVENTIONAL {
            text.push_str(&format!("\n- `{kind}`: a subject that begins with `{word}:`, with or without a scope"));
            if *kind == "release" {
                text.push_str("; or with `chore(release):`, or any other of these words with the scope `release`");
            }
            if *kind == "revert" {
                text.push_str("; or with `Revert \"`, as `git revert` writes it");
            }
        }
        text.push_str("\n- `breaking`: one of these words with `!` before the colon, or a line `BREAKING CHANGE: …`");
        text.into()
    }
}

/// The kinds that need no declaration.
fn built_in() -> impl Iterator<Item = &'static str> {
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
    /// Returns whether the kind can only be seen by the paths that a commit touches.
    pub fn needs_paths(&self) -> bool {
        !self.paths.is_empty()
    }

    /// Returns whether a commit is of this kind. `paths` are those it touches against its first parent.
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
pub(crate) fn conventional(commit: &Described<'_>) -> Vec<&'static str> {
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
    use crate::policy::testing::{errors, policy};

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

    #[test]
    fn a_declared_kind_needs_a_sign_that_can_be_read() {
        assert_eq!(
            errors("[[kind]]\nname = 'po'\n"),
            ["1:1: the kind `po` has no sign: give it `subject`, `paths` or `trailer`"]
        );
        assert_eq!(errors("[[kind]]\nname = 'po'\nsubject = '('\n").len(), 1);
        let policy = policy("[[kind]]\nname = 'po'\npaths = 'po/**'\n");
        assert!(policy.kinds[0].needs_paths());
    }
}
