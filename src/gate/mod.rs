//! Floor 5: policy × rules × push → outcome. Renders nothing.

use crate::facts::{Exceptions, FactError, Facts};
use crate::model::{Exit, Finding, Level, RefName, Unevaluated, Untrusted, Verdict};
use crate::policy::{Pattern, Since};
use crate::rules::{Armed, Sink};
use jiff::civil::Date;

/// What judging a push came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The verdict.
    pub verdict: Verdict,
    /// What was found, by update and then by rule.
    pub findings: Vec<Finding>,
    /// What could not be checked.
    pub unevaluated: Vec<Unevaluated>,
}

impl Outcome {
    /// The exit code, decided before anything is rendered.
    pub const fn exit(&self) -> Exit {
        self.verdict.exit()
    }
}

/// Judges a push by the armed rules. `today` is the day on which waivers have to be valid.
pub fn judge(armed: &[Armed], facts: &Facts<'_>, today: Date) -> Outcome {
    let mut findings = Vec::new();
    let mut unevaluated = Vec::new();
    for change in facts.changes() {
        for rule in armed.iter().filter(|rule| applies(rule, change.name())) {
            let mut found = Vec::new();
            let mut sink = Sink::new(rule.meta, rule.level, &change, &mut found);
            let checked = (rule.check)(&change, &mut sink).and_then(|()| grandfather(rule, facts, &mut found));
            findings.append(&mut found);
            if let Err(error) = checked {
                unevaluated.push(Unevaluated {
                    rule: rule.meta.id,
                    level: rule.level,
                    ref_name: Some(change.name().clone()),
                    detail: format!("{} {}", rule.meta.task, change.name()),
                    cause: error.cause,
                    help: error.help,
                    elsewhere: error.elsewhere,
                });
            }
        }
    }
    for finding in &mut findings {
        name_commit(facts, finding);
        waive(facts, finding, today);
    }
    Outcome { verdict: verdict(&findings, &unevaluated), findings, unevaluated }
}

/// A refusal outweighs an open question: it will not go away when the question is answered.
fn verdict(findings: &[Finding], unevaluated: &[Unevaluated]) -> Verdict {
    if findings.iter().any(|finding| finding.level == Level::Refuse) {
        Verdict::Refused
    } else if unevaluated.iter().any(|open| open.level == Level::Refuse && !open.elsewhere) {
        Verdict::Undecided
    } else {
        Verdict::Accepted
    }
}

fn applies(rule: &Armed, name: &RefName) -> bool {
    let any = |patterns: &[Pattern]| patterns.iter().any(|pattern| pattern.matches(name.full()).is_some());
    (rule.setting.only.is_empty() || any(&rule.setting.only)) && !any(&rule.setting.except)
}

/// Drops findings about commits from before the rule was adopted.
fn grandfather(rule: &Armed, facts: &Facts<'_>, found: &mut Vec<Finding>) -> Result<(), FactError> {
    let Some(since) = &rule.setting.since else { return Ok(()) };
    let mut kept = Vec::new();
    for finding in found.drain(..) {
        if !predates(since, facts, &finding)? {
            kept.push(finding);
        }
    }
    *found = kept;
    Ok(())
}

fn predates(since: &Since, facts: &Facts<'_>, finding: &Finding) -> Result<bool, FactError> {
    // A deletion happens now, however old what it deletes.
    let deletion = finding.update.and_then(|at| facts.push().updates.get(at)).is_some_and(|update| update.deletes());
    let Some(commit) = finding.commit.filter(|_| !deletion) else { return Ok(false) };
    let peeled = facts.peel(commit)?.id;
    match since {
        Since::Commit(id) => facts.is_ancestor(peeled, *id),
        Since::Date(date) => {
            let seconds = facts.commit(peeled)?.committer.seconds;
            let start = date.to_zoned(jiff::tz::TimeZone::UTC).map(|midnight| midnight.timestamp().as_second());
            Ok(start.is_ok_and(|start| seconds < start))
        }
    }
}

/// Lowers a finding that is waived to a record, and says so where a waiver has run out or is none.
fn waive(facts: &Facts<'_>, finding: &mut Finding, today: Date) {
    let Exceptions { granted, ended, flaw } =
        facts.exceptions(finding.rule, finding.commit, finding.ref_name.as_ref(), today);
    if let Some(waiver) = granted {
        let by = waiver.by.as_ref().map_or_else(String::new, |by| format!(" ({})", Untrusted::new(by)));
        finding.level = finding.level.min(Level::Observe);
        finding.evidence = Some(format!("waived{by}: {}", Untrusted::new(&waiver.reason)));
        return;
    }
    let ended = ended.map(|until| format!("the waiver for it ended on {until}"));
    for said in ended.into_iter().chain(flaw) {
        let help = finding.help.take().unwrap_or_default();
        finding.help = Some(if help.is_empty() { said } else { format!("{said}; {help}") });
    }
}

/// Unwraps a tag to its commit and adds the subject, for people; a finding is as good without it.
fn name_commit(facts: &Facts<'_>, finding: &mut Finding) {
    let peeled = finding.commit.and_then(|id| facts.peel(id).ok());
    let Some(commit) = peeled.and_then(|peeled| facts.commit(peeled.id).ok()) else { return };
    finding.commit = Some(commit.id);
    finding.subject = Some(Untrusted::new(&commit.subject()).to_string());
}
