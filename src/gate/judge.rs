//! Policy × rules × push → outcome.

use jiff::civil::Date;
use std::collections::BTreeSet;

use super::open::Gate;
use super::outcome::{JudgedUpdate, Outcome, PolicyId};
use crate::facts::{Exceptions, FactError, Facts, Update};
use crate::git::Installed;
use crate::model::{Failure, Finding, Level, Push, RefName, Stage, Unevaluated, Untrusted, Verdict, Waived};
use crate::policy::{Pattern, Since};
use crate::project::Project;
use crate::rules::{Armed, Sink};

impl Gate {
    /// Judges a push by the rules that are on. `today` is the day on which waivers have to be valid.
    ///
    /// # Errors
    /// A ref is to hold an object that is nowhere: there is nothing to judge then.
    pub(crate) fn judge(&self, push: &Push, today: Date) -> Result<Outcome, Failure> {
        let facts = Facts::new(&self.project, push);
        if let Some((name, error)) = facts.missing() {
            return Err(error.into_failure(format!("looking for what {name} is to hold"), push.stage));
        }
        let mut judging = Judging::new(&facts, today);
        let mut leaning = Vec::new();
        // git itself warns of the deletion of a ref that does not exist, and does nothing.
        let updates: Vec<Update<'_, '_>> = facts.updates().collect();
        for update in updates.iter().filter(|update| !(update.changes_nothing() && update.new_id().is_null())) {
            for rule in self.rules.iter().filter(|rule| applies(rule, update.name())) {
                judging.ask(rule, update);
                if facts.take_asked() {
                    leaning.push((rule, update.index()));
                }
            }
        }
        let resting = self.resting(&mut judging, &leaning, &updates);
        let Judging { findings, unevaluated, .. } = judging;
        Ok(Outcome {
            verdict: verdict(&findings, &unevaluated),
            stage: push.stage,
            host: push.host.clone(),
            actor: push.actor.clone(),
            policy: self.policy_id(),
            updates: updates.iter().map(|update| judged(push, update, &resting)).collect(),
            findings,
            unevaluated,
        })
    }

    /// Finds the updates that are right only together with others of the push. git applies a push ref by ref and may leave
    /// some out. Where the server has a hook of refgate's that looks again when each ref moves, that one decides; otherwise
    /// such an update is undecided if another may be left out.
    fn resting(
        &self,
        judging: &mut Judging<'_, '_>,
        leaning: &[(&Armed, usize)],
        updates: &[Update<'_, '_>],
    ) -> BTreeSet<usize> {
        let push = judging.facts.push();
        let mut resting = BTreeSet::new();
        let is_accepted = verdict(&judging.findings, &judging.unevaluated) == Verdict::Accepted;
        if push.stage != Stage::PreReceive || updates.len() < 2 || !is_accepted {
            return resting;
        }
        let alone = Facts::of_each_alone(&self.project, push);
        let by_place: Vec<Update<'_, '_>> = alone.updates().collect();
        let looks_again = ["reference-transaction", "update"];
        let looks_again =
            looks_again.iter().any(|hook| self.project.repository().installed(hook) == Installed::Refgate);
        for (rule, at) in leaning.iter().filter(|(rule, _)| rule.level == Level::Refuse) {
            let (Some(update), Some(alike)) = (updates.get(*at), by_place.get(*at)) else { continue };
            let mut once_more = Judging::new(&alone, judging.today);
            once_more.ask(rule, alike);
            if verdict(&once_more.findings, &once_more.unevaluated) == Verdict::Accepted {
                continue;
            }
            resting.insert(*at);
            if looks_again {
                continue;
            }
            let others = updates.iter().filter(|other| other.name() != update.name());
            match may_decline(&self.project, others) {
                Ok(None) => {}
                Ok(Some(error)) | Err(error) => judging.leave_open(rule, update, error),
            }
        }
        resting
    }

    fn policy_id(&self) -> PolicyId {
        let policy = self.project.policy();
        let text = policy.texts.last().map_or("", |text| &text.text);
        let hash = self.project.repository().hash_kind();
        PolicyId {
            name: policy.name.clone(),
            source: policy.source.to_string(),
            id: crate::git::blob_id(hash, text.as_bytes()).to_string(),
        }
    }
}

/// A push that is being judged.
struct Judging<'f, 'p> {
    facts: &'f Facts<'p>,
    /// The day on which waivers have to be valid.
    today: Date,
    findings: Vec<Finding>,
    unevaluated: Vec<Unevaluated>,
}

/// Why one of the updates may be left out, as what keeps open an update that rests on them.
fn may_decline<'u, 'f: 'u, 'p: 'f>(
    project: &Project,
    updates: impl Iterator<Item = &'u Update<'f, 'p>>,
) -> Result<Option<FactError>, FactError> {
    for update in updates {
        let Some(why) = project.repository().may_decline(update.name(), update.movement().ok())? else { continue };
        let (name, why) = (update.name(), Untrusted::new(&why));
        let cause = format!("it rests on other refs of the push, and git may leave out {name} alone ({why})");
        let help = "push the others first, and this one when they are there".to_owned();
        return Ok(Some(FactError::undecided(cause).help(help)));
    }
    Ok(None)
}

impl<'f, 'p> Judging<'f, 'p> {
    fn new(facts: &'f Facts<'p>, today: Date) -> Self {
        Self { facts, today, findings: Vec::new(), unevaluated: Vec::new() }
    }

    /// Asks one rule about one update. What it found before a fact was missing counts, as far as the rule judges it.
    fn ask(&mut self, rule: &Armed, update: &Update<'_, '_>) {
        let mut found = Vec::new();
        let mut sink = Sink::new(rule, update, &mut found);
        let checked = self.facts.project().in_time().and_then(|()| (rule.check)(update, &mut sink));
        for finding in found {
            match self.weigh(rule, update, finding) {
                Ok(finding) => self.findings.extend(finding),
                Err(error) => self.leave_open(rule, update, error),
            }
        }
        if let Err(error) = checked {
            self.leave_open(rule, update, error);
        }
    }

    /// What a finding comes to by the policy's `since` and by waivers; `None` where it does not count.
    fn weigh(&self, rule: &Armed, update: &Update<'_, '_>, mut finding: Finding) -> Result<Option<Finding>, FactError> {
        if is_older(rule, self.facts, update, &finding)? {
            return Ok(None);
        }
        name_commit(self.facts, &mut finding);
        waive(self.facts, &mut finding, self.today)?;
        Ok(Some(finding))
    }

    fn leave_open(&mut self, rule: &Armed, update: &Update<'_, '_>, error: FactError) {
        let stage = self.facts.push().stage;
        let open = Unevaluated {
            rule: rule.meta.id,
            level: rule.level,
            ref_name: Some(update.name().clone()),
            detail: format!("{} {}", rule.meta.task, update.name()),
            help: error.advice(stage),
            elsewhere: error.is_elsewhere(stage),
            cause: error.cause,
        };
        // One cause is reported once, however many findings it keeps open.
        if !self.unevaluated.contains(&open) {
            self.unevaluated.push(open);
        }
    }
}

fn judged(push: &Push, update: &Update<'_, '_>, resting: &BTreeSet<usize>) -> JudgedUpdate {
    let line = update.line().map(|place| place.line.name.clone());
    JudgedUpdate {
        name: update.name().clone(),
        via: push.updates.get(update.index()).and_then(|update| update.via.clone()),
        old: update.old(),
        new: update.new_id(),
        movement: update.movement().ok(),
        rests_on_others: resting.contains(&update.index()),
        place: line.or_else(|| update.tag().map(|place| place.class.name.clone())),
    }
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

/// Whether the rule's `only` and `except` let it look at this ref.
fn applies(rule: &Armed, name: &RefName) -> bool {
    let matches = |pattern: &Pattern| pattern.matches(name.full()).is_some();
    let setting = &rule.setting;
    (setting.only.is_empty() || setting.only.iter().any(matches)) && !setting.except.iter().any(matches)
}

/// Whether a finding is about a commit from before the rule's `since`.
fn is_older(rule: &Armed, facts: &Facts<'_>, update: &Update<'_, '_>, finding: &Finding) -> Result<bool, FactError> {
    let Some(since) = &rule.setting.since else { return Ok(false) };
    // A deletion happens now, however old what it deletes.
    let Some(commit) = finding.commit.filter(|_| !update.deletes()) else { return Ok(false) };
    let peeled = facts.project().peel(commit)?.id;
    match since {
        Since::Commit(id) => facts.project().is_ancestor(peeled, *id),
        Since::Date(date) => {
            let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map(|midnight| midnight.timestamp().as_second());
            let Ok(start) = midnight else { return Ok(false) };
            // Most are new by their own word, and take no walk.
            let says = facts.project().commit(peeled)?.committer.seconds;
            Ok(says < start && facts.date(update, peeled)? < start)
        }
    }
}

/// Lowers a finding that is waived to a record, and says so where a waiver has run out or does not count.
fn waive(facts: &Facts<'_>, finding: &mut Finding, today: Date) -> Result<(), FactError> {
    let Exceptions { granted, ended, flaw } =
        facts.exceptions(finding.rule, finding.commit, finding.ref_name.as_ref(), today)?;
    if let Some(waiver) = granted {
        finding.level = finding.level.min(Level::Observe);
        finding.waiver = Some(Waived {
            by: waiver.by.map(|by| Untrusted::new(&by).to_string()),
            reason: Untrusted::new(&waiver.reason).to_string(),
            until: waiver.until.map(|until| until.to_string()),
        });
        return Ok(());
    }
    let ended = ended.map(|until| format!("the waiver for it ended on {until}"));
    for said in ended.into_iter().chain(flaw) {
        let help = finding.help.take().unwrap_or_default();
        finding.help = Some(if help.is_empty() { said } else { format!("{said}; {help}") });
    }
    Ok(())
}

/// Unwraps a tag to its commit and adds the subject, for people; a finding is as good without it.
fn name_commit(facts: &Facts<'_>, finding: &mut Finding) {
    let project = facts.project();
    let peeled = finding.commit.and_then(|id| project.peel(id).ok());
    let Some(commit) = peeled.and_then(|peeled| project.commit(peeled.id).ok()) else { return };
    finding.commit = Some(commit.id);
    finding.subject = Some(Untrusted::new(&commit.subject()).to_string());
}
