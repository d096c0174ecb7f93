//! `[[kind]]`: what a commit is, by its own words or by what it touches.

use bstr::{BStr, BString, ByteSlice as _};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;

use super::form::{Many, Table};
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::lazy::LazyRegex;
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
    #[schemars(extend("x-also" = "the tables that name the kind"))]
    name: Located<Text<NewName>>,
    /// It matches the commit's subject, anywhere.
    #[schemars(example = &"^Bump version to ")]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    subject: Option<Located<Text<Expression>>>,
    /// It matches the commit's message, anywhere; `^` and `$` match at each line.
    #[schemars(example = &"^Breaking( change)?:")]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    message: Option<Located<Text<Expression>>>,
    /// The commit touches these paths and no others.
    #[schemars(example = ["po/**", "debian/changelog"])]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    paths: Option<Located<Texts<Pattern>>>,
    /// The commit carries a trailer of this token with the kind's name.
    #[schemars(example = &"Change-Kind")]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    trailer: Option<String>,
    /// The commit names an issue that has this label in a file of its tree.
    issue: Option<RawIssue>,
}

/// How the labels of issues are found. Each line of the file is an issue and its labels, with blanks between them:
/// `T1234 bug monitoring`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawIssue {
    /// How a message names an issue.
    #[schemars(example = &"T[0-9]+")]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    id: Located<Text<Expression>>,
    /// The file in which labels are written down.
    #[schemars(example = &"docs/issues.txt")]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    file: String,
    /// The label.
    #[schemars(example = &"bug")]
    #[schemars(extend("x-also" = "every rule and every key that asks for kinds of change"))]
    label: String,
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
                let has_sign = raw.subject.is_some() || raw.message.is_some() || raw.issue.is_some();
                if !has_sign && raw.paths.is_none() && raw.trailer.is_none() {
                    let signs = "`subject`, `message`, `paths`, `trailer` or `issue`";
                    let message = format!("the kind `{}` has no sign: give it {signs}", raw.name.text());
                    cx.report(Problem::new(span.clone(), message));
                }
                kinds.push(KindOfChange {
                    name: raw.name.text().to_owned(),
                    subject: raw.subject.as_ref().and_then(|text| expression(text, cx)),
                    message: raw.message.as_ref().and_then(|text| expression(text, cx)),
                    paths: raw.paths.as_ref().map(|paths| cx.patterns(paths)).unwrap_or_default(),
                    trailer: raw.trailer.clone(),
                    issue: raw.issue.as_ref().and_then(|raw| issue(raw, cx)),
                });
            }
        }
        let declared = kinds.iter().map(|kind| kind.name.clone());
        cx.names.kinds = built_in().map(str::to_owned).chain(declared).collect();
        kinds
    }
}

fn expression(text: &Located<Text<Expression>>, cx: &mut Cx<'_>) -> Option<LazyRegex> {
    let read = LazyRegex::new(text.text());
    cx.value(read.map_err(|error| format!("the regular expression is invalid: {error}")), text.span())
}

fn issue(raw: &RawIssue, cx: &mut Cx<'_>) -> Option<Issue> {
    let file = raw.file.clone();
    Some(Issue { id: expression(&raw.id, cx)?, file, label: raw.label.clone() })
}

/// A kind of change that the policy declares. A commit is of it when any of the given signs is there.
#[derive(Clone, Debug)]
pub struct KindOfChange {
    /// What other tables call it.
    pub name: String,
    /// Its subject matches.
    pub subject: Option<LazyRegex>,
    /// Its message matches.
    pub message: Option<LazyRegex>,
    /// It touches these paths and no others.
    pub paths: Vec<Pattern>,
    /// It carries a trailer of this token whose value is the kind's name.
    pub trailer: Option<String>,
    /// It names an issue with a label.
    pub issue: Option<Issue>,
}

/// How the labels of issues are found.
#[derive(Clone, Debug)]
pub struct Issue {
    /// How a message names an issue.
    id: LazyRegex,
    /// The file, in the commit's tree, in which labels are written down.
    pub file: String,
    /// The label.
    label: String,
}

impl Issue {
    /// Returns whether a message names an issue at all.
    pub fn is_named(&self, message: &BStr) -> bool {
        self.id.is_match(message)
    }

    /// Returns whether an issue that the message names has the label in a file of this content.
    fn has_label(&self, message: &BStr, file: &[u8]) -> bool {
        let named: Vec<&[u8]> = self.id.find_iter(message).collect();
        file.lines().any(|line| {
            let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
            words.next().is_some_and(|id| named.contains(&id)) && words.any(|word| word == self.label.as_bytes())
        })
    }
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

    /// Returns whether a commit is of this kind. `paths` are those it touches against its first parent, `labels` is the
    /// file with the labels of issues.
    pub fn holds(&self, commit: &Described<'_>, paths: &[BString], labels: &[u8]) -> bool {
        let touches = |path: &BString| self.paths.iter().any(|pattern| pattern.matches(path.as_bstr()).is_some());
        self.subject.as_ref().is_some_and(|subject| subject.is_match(commit.subject))
            || self.message.as_ref().is_some_and(|message| message.is_match(commit.message))
            || self.issue.as_ref().is_some_and(|issue| issue.has_label(commit.message, labels))
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
            ["1:1: the kind `po` has no sign: give it `subject`, `message`, `paths`, `trailer` or `issue`"]
        );
        assert_eq!(errors("[[kind]]\nname = 'po'\nsubject = '('\n").len(), 1);
        assert_eq!(errors("[[kind]]\nname = 'po'\nmessage = '('\n").len(), 1);
        let policy = policy("[[kind]]\nname = 'po'\npaths = 'po/**'\n");
        assert!(policy.kinds[0].needs_paths());
    }

    #[test]
    fn a_kind_is_seen_by_the_body_and_by_the_labels_of_issues() {
        let policy = policy(
            "[[kind]]\nname = 'breaking'\nmessage = '^Breaking: '\n\
             [[kind]]\nname = 'fix'\nissue = { id = 'T[0-9]+', file = 'issues', label = 'bug' }\n",
        );
        let [breaking, fix] = policy.kinds.as_slice() else { panic!() };
        let holds = |kind: &KindOfChange, message: &str, labels: &str| {
            let subject = message.lines().next().unwrap_or("");
            let described = Described { subject: subject.into(), message: message.into(), trailers: &[] };
            kind.holds(&described, &[], labels.as_bytes())
        };
        assert!(holds(breaking, "Drop the old protocol\n\nBreaking: clients need 2.0", ""));
        assert!(!holds(breaking, "A text about Breaking: news", ""));
        assert!(holds(fix, "Answer at once\n\nBug: T12", "T1 feature\nT12\tmonitoring bug\n"));
        for labels in ["", "T12 feature", "T120 bug", "T1 bug\nT12 bugs", "bug T12"] {
            assert!(!holds(fix, "Answer at once\n\nBug: T12", labels), "{labels}");
        }
    }
}
