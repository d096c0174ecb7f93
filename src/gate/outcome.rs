//! The result of judging a push, with everything that a report shows: rendering asks neither the repository nor the
//! policy.

use crate::model::{Actor, Exit, Finding, Level, Movement, ObjectId, RefName, Stage, Unevaluated, Verdict};

/// The result of judging a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict that it would have been, where everything is lowered (`highest-level`, `refgate.observe`).
    pub would: Option<Verdict>,
    /// Where the gate was asked.
    pub stage: Stage,
    /// The host's name in the configuration.
    pub host: Option<String>,
    /// Who pushes.
    pub actor: Actor,
    /// The policy it was judged by.
    pub policy: PolicyId,
    /// The updates in the order in which they were offered.
    pub updates: Vec<JudgedUpdate>,
    /// What was found, by update and then by rule.
    pub findings: Vec<Finding>,
    /// What could not be checked.
    pub unevaluated: Vec<Unevaluated>,
}

/// Which policy it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PolicyId {
    /// What it calls itself.
    pub name: String,
    /// Where it was read from.
    pub source: String,
    /// The blob id of its own text, as `git hash-object` prints it.
    pub id: String,
}

/// A ref update with its place in the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JudgedUpdate {
    /// The ref.
    pub name: RefName,
    /// The symbolic ref that was pushed, where this is the ref it stands for.
    pub via: Option<RefName>,
    /// What it held; null when it is new.
    pub old: ObjectId,
    /// What it holds afterwards; null when it goes away.
    pub new: ObjectId,
    /// What the update does to it; `None` where history does not say.
    pub movement: Option<Movement>,
    /// The line or tag class it belongs to.
    pub place: Option<String>,
    /// Whether it is right only together with other refs of the push.
    pub rests_on_others: bool,
}

impl Outcome {
    /// Lowers everything to a level, and keeps what would have been.
    pub(super) fn lowered_to(mut self, highest: Level) -> Self {
        if highest == Level::Refuse {
            return self;
        }
        self.would = Some(self.verdict);
        for finding in self.findings.iter_mut().filter(|finding| finding.level > highest) {
            finding.meant = Some(finding.level);
            finding.level = highest;
            // The push goes ahead: a command to run instead would come too late.
            finding.command = None;
        }
        for open in &mut self.unevaluated {
            open.level = open.level.min(highest);
        }
        self.verdict = verdict(&self.findings, &self.unevaluated);
        self
    }

    /// Returns the exit code, decided before anything is rendered.
    pub(crate) const fn exit(&self) -> Exit {
        self.verdict.exit()
    }
}

/// Returns the verdict. A refusal outweighs an open question: it will not go away when the question is answered.
pub(super) fn verdict(findings: &[Finding], unevaluated: &[Unevaluated]) -> Verdict {
    if findings.iter().any(|finding| finding.level == Level::Refuse) {
        Verdict::Refused
    } else if unevaluated.iter().any(|open| open.level == Level::Refuse && !open.elsewhere) {
        Verdict::Undecided
    } else {
        Verdict::Accepted
    }
}
