//! The results of judging.

use bstr::BString;
use std::fmt;

use super::{Excerpt, Exit, ObjectId, RefName, Untrusted};

/// How much a finding weighs.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize, serde::Serialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The rule does not run.
    Off,
    /// Recorded, not shown to the pusher.
    Observe,
    /// Shown, and the push goes ahead.
    Warn,
    /// Shown, and the push is refused.
    Refuse,
}

impl Level {
    /// All levels, the lowest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::Observe, Self::Warn, Self::Refuse];

    /// Returns the word used in policies and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Observe => "observe",
            Self::Warn => "warn",
            Self::Refuse => "refuse",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a rule found. Its texts may hold what others wrote: reports escape them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule's id.
    pub rule: &'static str,
    /// The level the policy gives the rule.
    pub level: Level,
    /// The level that it would have, where everything is lowered.
    pub meant: Option<Level>,
    /// The index of the update in the push.
    pub update: Option<usize>,
    /// The ref it is about.
    pub ref_name: Option<RefName>,
    /// The commit it is about.
    pub commit: Option<ObjectId>,
    /// That commit's subject, for people.
    pub subject: Option<String>,
    /// The file it is about.
    pub path: Option<BString>,
    /// 1-based line in that file.
    pub line: Option<u32>,
    /// 1-based column in that line, in characters.
    pub column: Option<u32>,
    /// That line, for people.
    pub excerpt: Option<Excerpt>,
    /// One sentence: what is wrong.
    pub message: String,
    /// The status detail: what was being checked.
    pub detail: String,
    /// What to do about it, in a sentence.
    pub help: Option<String>,
    /// The exact command that fixes it.
    pub command: Option<String>,
    /// By what the finding was decided.
    pub evidence: Option<String>,
    /// The exception that lowers it to a record.
    pub waiver: Option<Waived>,
    /// Where the policy asks for what is refused.
    pub policy_line: Option<PolicyLine>,
}

/// The exception by which a finding is only recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    /// Who granted it.
    pub by: Option<String>,
    /// Why.
    pub reason: String,
    /// The last day on which it counts, `2026-12-31`.
    pub until: Option<String>,
}

/// A line of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyLine {
    /// The layer, as the policy's own `source` is written.
    pub source: String,
    /// 1-based.
    pub line: u32,
}

/// A check that could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unevaluated {
    /// The rule's id.
    pub rule: &'static str,
    /// The level the policy gives the rule.
    pub level: Level,
    /// The ref it was asked about.
    pub ref_name: Option<RefName>,
    /// The status detail: what was being checked.
    pub detail: String,
    /// Why there is no answer.
    pub cause: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether another place decides it: a developer's machine need not know who may push.
    pub elsewhere: bool,
}

/// The answer to a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Nothing at level refuse.
    Accepted,
    /// A finding at level refuse.
    Refused,
    /// No refusal, but a check at level refuse could not be carried out.
    Undecided,
}

impl Verdict {
    /// Returns the word used in reports.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::Undecided => "undecided",
        }
    }

    /// Returns the exit code of this verdict.
    pub(crate) const fn exit(self) -> Exit {
        match self {
            Self::Accepted => Exit::Accepted,
            Self::Refused => Exit::Refused,
            Self::Undecided => Exit::Undecided,
        }
    }
}

/// Why there is no verdict: one line that can be shown to a user as it is.
///
/// The wording is Image Factory's convention: the status detail says what was going on, the cause says in
/// one sentence what went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Failure encountered while: {} - {}", Untrusted::new(.detail), Untrusted::new(.cause))]
pub struct Failure {
    /// The exit code it leads to.
    pub exit: Exit,
    /// The status detail, such as `reading the policy`.
    pub detail: String,
    /// The cause in one sentence.
    pub cause: String,
    /// What to do about it.
    pub help: Option<String>,
    /// The errors behind the cause, outermost first; for the log.
    pub chain: Vec<String>,
}

impl Failure {
    /// Makes a failure without a remedy or a chain.
    pub fn new(exit: Exit, detail: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { exit, detail: detail.into(), cause: cause.into(), help: None, chain: Vec::new() }
    }

    /// Makes a failure caused by an error, whose whole chain is kept for the log.
    pub fn from_error(exit: Exit, detail: impl Into<String>, error: &dyn std::error::Error) -> Self {
        let chain: Vec<String> =
            std::iter::successors(error.source(), |inner| inner.source()).map(ToString::to_string).collect();
        // `cannot be read` alone does not say what to do; `Permission denied` does.
        let cause = chain.first().map_or_else(|| error.to_string(), |inner| format!("{error}: {inner}"));
        Self { chain, ..Self::new(exit, detail, cause) }
    }

    /// Adds the remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
