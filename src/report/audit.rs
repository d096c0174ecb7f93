//! An audit: the standing judgements of many repositories.

use serde::{Deserialize, Serialize};

use super::Stream;
use super::formats::json::{FoundDto, PolicyDto, found, policy};
use crate::gate::Outcome;
use crate::model::{Exit, Failure, Namespace, Untrusted, Verdict};

/// One repository of an audit. Its texts are escaped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// Where it is, as it was named.
    pub path: String,
    /// What became of it.
    pub(super) status: Status,
    pub(super) exit_code: u8,
    pub(super) policy: Option<PolicyDto>,
    pub(super) branches: usize,
    pub(super) tags: usize,
    #[serde(flatten)]
    pub(super) found: FoundDto,
    pub(super) failure: Option<FailureDto>,
}

/// What became of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Status {
    /// Nothing at level refuse stands.
    Accepted,
    /// Something does.
    Refused,
    /// A question has no answer, and nothing is refused.
    Undecided,
    /// It was not judged: it cannot be opened or read, or its policy cannot.
    Failed,
}

impl Status {
    pub(super) const ALL: [Self; 4] = [Self::Accepted, Self::Refused, Self::Undecided, Self::Failed];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Accepted => Verdict::Accepted.name(),
            Self::Refused => Verdict::Refused.name(),
            Self::Undecided => Verdict::Undecided.name(),
            Self::Failed => "failed",
        }
    }
}

/// Why a repository was not judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FailureDto {
    r#while: String,
    cause: String,
    pub(super) help: Option<String>,
}

impl FailureDto {
    /// Returns the failure in one line.
    pub(super) fn sentence(&self) -> String {
        Failure::new(Exit::Undecided, &self.r#while, &self.cause).to_string()
    }
}

impl Entry {
    /// Makes the entry of a repository that was judged.
    pub(crate) fn judged(path: String, outcome: &Outcome) -> Self {
        let count = |namespace| outcome.updates.iter().filter(|update| update.name.namespace() == namespace).count();
        Self {
            path,
            status: match outcome.verdict {
                Verdict::Accepted => Status::Accepted,
                Verdict::Refused => Status::Refused,
                Verdict::Undecided => Status::Undecided,
            },
            exit_code: outcome.exit().code(),
            policy: Some(policy(&outcome.policy)),
            branches: count(Namespace::Branch),
            tags: count(Namespace::Tag),
            found: found(outcome, 0),
            failure: None,
        }
    }

    /// Makes the entry of a repository that could not be judged.
    pub(crate) fn failed(path: String, failure: &Failure) -> Self {
        let shown = |text: &String| Untrusted::new(text).to_string();
        // The path of a repository is not a usage error of whoever audits a hundred of them.
        let exit = if failure.exit == Exit::Policy { Exit::Policy } else { Exit::Undecided };
        Self {
            path,
            status: Status::Failed,
            exit_code: exit.code(),
            policy: None,
            branches: 0,
            tags: 0,
            found: FoundDto { findings: Vec::new(), unevaluated: Vec::new(), left_out: None },
            failure: Some(FailureDto {
                r#while: shown(&failure.detail),
                cause: shown(&failure.cause),
                help: failure.help.as_ref().map(shown),
            }),
        }
    }

    /// Returns the same entry under another path.
    pub(crate) fn at(self, path: String) -> Self {
        Self { path, ..self }
    }

    /// Returns whether the judgement has no open question that another attempt may answer.
    pub(crate) fn is_complete(&self) -> bool {
        self.failure.is_none() && self.found.unevaluated.iter().all(|open| open.elsewhere)
    }

    /// Returns how many findings it has at a level.
    pub(super) fn count(&self, level: &str) -> usize {
        self.found.findings.iter().filter(|finding| finding.level == level).count()
    }
}

/// What an audit came to.
#[derive(Debug)]
pub(crate) struct Audit {
    /// One for each repository, in the order in which they were named.
    pub entries: Vec<Entry>,
    /// How many of them were looked at now; the others are known from the state of an earlier run.
    pub judged: usize,
    /// How long it took, in milliseconds.
    pub milliseconds: f64,
}

impl Audit {
    /// Returns the worst exit code of all repositories. A refusal outweighs a policy that cannot be read, and both
    /// outweigh an open question: a refusal does not go away when the others are answered.
    pub(crate) fn exit(&self) -> Exit {
        let worst = [Exit::Refused, Exit::Policy, Exit::Undecided];
        let is_there = |exit: &Exit| self.entries.iter().any(|entry| entry.exit_code == exit.code());
        worst.into_iter().find(is_there).unwrap_or(Exit::Accepted)
    }

    /// Returns how many repositories have a status.
    pub(super) fn count(&self, status: Status) -> usize {
        self.entries.iter().filter(|entry| entry.status == status).count()
    }
}

/// A way of writing an audit.
#[derive(Debug)]
pub(crate) struct AuditFormat {
    /// The word that `--format` takes.
    pub name: &'static str,
    /// One sentence for the help text.
    pub help: &'static str,
    /// Where it goes unless a file is named.
    pub stream: Stream,
    /// Writes an audit; the flag says whether text for people lists the findings.
    pub render: fn(&Audit, bool) -> String,
}
