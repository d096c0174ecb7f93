//! Policy × rules × push → outcome.

use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::open::Gate;
use super::outcome::{JudgedUpdate, Outcome, PolicyId, verdict};
use crate::facts::{Exceptions, FactError, Facts, Update};
use crate::git::Installed;
use crate::hosts::Hook;
use crate::model::{
    Failure, Finding, Level, ObjectId, Push, RefName, RefUpdate, Stage, Unevaluated, Untrusted, Verdict, Waived,
};
use crate::policy::Since;
use crate::project::{Memo, Project};
use crate::rules::{Armed, Found, Sink};

/// How many findings of one rule are kept, and how many of its open questions. Nobody reads more of them, and the
/// pusher decides how many there are.
const MAX_OF_RULE: usize = 1000;

impl Gate {
    /// Judges a push by the rules that are on. `today` is the day on which waivers have to be valid; `None` where the
    /// machine's clock cannot be right.
    ///
    /// # Errors
    /// A ref would hold an object that does not exist: there is nothing to judge then.
    pub(crate) fn judge(&self, push: &Push, today: Option<Date>) -> Result<Outcome, Failure> {
        let _time = tracing::info_span!("judge", refs = push.updates.len()).entered();
        for update in &push.updates {
            tracing::info!(name = %update.name, old = %update.old, new = %update.new, "judging a ref");
        }
        let facts = Facts::new(&self.project, push);
        if let Some((name, error)) = facts.missing() {
            return Err(error.into_failure(format!("looking for what {name} is to hold"), push.stage));
        }
        let mut judging = Judging::new(&facts, today);
        let mut leaning = Vec::new();
        let mut updates = Vec::with_capacity(push.updates.len());
        for update in facts.updates() {
            // git itself warns of the deletion of a ref that does not exist, and does nothing.
            if !(update.changes_nothing() && update.new_id().is_null()) {
                for rule in self.rules.iter().filter(|rule| rule.looks_at(update.name())) {
                    judging.ask(rule, &update);
                    if facts.take_asked() {
                        leaning.push((rule, update.index()));
                    }
                }
            }
            updates.push(update);
            if judging.is_late() {
                break;
            }
        }
        let rest = push.updates.get(updates.len()..).unwrap_or_default();
        judging.leave_out(&self.rules, rest.len());
        let resting = self.resting(&mut judging, &leaning, &updates);
        let judged =
            updates.iter().map(|update| judged(push, update, &resting)).chain(rest.iter().map(unjudged)).collect();
        let Kept { findings, open, .. } = judging.into_kept();
        let unevaluated = open.in_order(&self.rules);
        let outcome = Outcome {
            verdict: verdict(&findings, &unevaluated),
            would: None,
            stage: push.stage,
            host: push.host.clone(),
            actor: push.actor.clone(),
            policy: self.policy_id(),
            updates: judged,
            findings,
            unevaluated,
        };
        for open in &outcome.unevaluated {
            tracing::info!(rule = open.rule, "while" = open.detail, cause = open.cause, "not judged");
        }
        tracing::info!(verdict = outcome.verdict.name(), findings = outcome.findings.len(), "judged");
        Ok(outcome.lowered_to(self.highest))
    }

    /// Finds the updates that are right only together with others of the push. git applies a push ref by ref and may
    /// leave some out. Where the server has a hook of refgate that looks again when each ref moves, that hook decides;
    /// otherwise such an update is undecided if another may be left out.
    fn resting(
        &self,
        judging: &mut Judging<'_, '_>,
        leaning: &[(&Armed, usize)],
        updates: &[Update<'_, '_>],
    ) -> BTreeSet<usize> {
        let push = judging.facts.push();
        let mut resting = BTreeSet::new();
        let mut leaning = leaning.iter().filter(|(rule, _)| rule.level == Level::Refuse).peekable();
        let is_one = updates.len() < 2 || leaning.peek().is_none();
        if push.stage != Stage::PreReceive || is_one || !judging.is_accepted() {
            return resting;
        }
        let alone = Facts::of_each_alone(&self.project, push);
        let by_place: Vec<Update<'_, '_>> = alone.updates().collect();
        let installed = |hook: &Hook| self.project.repository().installed(hook.name());
        let looks_again = [Hook::ReferenceTransaction, Hook::Update];
        let looks_again = looks_again.iter().any(|hook| installed(hook) == Installed::Refgate);
        let mut declining = None;
        for (rule, at) in leaning {
            let (Some(update), Some(alike)) = (updates.get(*at), by_place.get(*at)) else { continue };
            let mut once_more = Judging::new(&alone, judging.today);
            once_more.ask(rule, alike);
            if once_more.is_accepted() {
                continue;
            }
            resting.insert(*at);
            if looks_again {
                continue;
            }
            match declining.get_or_insert_with(|| may_decline(&self.project, updates)) {
                Ok(declining) => {
                    if let Some((_, error)) = declining.iter().find(|(other, _)| other != update.name()) {
                        judging.leave_open(rule, update, error.clone());
                    }
                }
                Err(error) => judging.leave_open(rule, update, error.clone()),
            }
        }
        resting
    }

    /// Returns which policy it is.
    pub(crate) fn policy_id(&self) -> PolicyId {
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

/// Returns the first two updates that may be left out, each with the reason why updates that rest on it stay open. Two
/// are enough: for each update of the push, at least one of the two is a different one.
fn may_decline(project: &Project, updates: &[Update<'_, '_>]) -> Result<Vec<(RefName, FactError)>, FactError> {
    let mut found: Vec<(RefName, FactError)> = Vec::new();
    for update in updates {
        project.step()?;
        let name = update.name();
        let Some(why) = project.repository().may_decline(name, update.movement().ok())? else { continue };
        if found.iter().any(|(known, _)| known == name) {
            continue;
        }
        let why = Untrusted::new(&why);
        let cause = format!("it rests on other refs of the push, and git may leave out {name} alone ({why})");
        let help = "push the others first, and this one when they are there".to_owned();
        found.push((name.clone(), FactError::undecided(cause).help(help)));
        if found.len() == 2 {
            break;
        }
    }
    Ok(found)
}

/// A push that is being judged.
pub(super) struct Judging<'f, 'p> {
    facts: &'f Facts<'p>,
    /// The day on which waivers have to be valid.
    today: Option<Date>,
    /// Whether the remedies that a rule names are kept.
    has_remedy: fn(&str) -> bool,
    kept: Kept,
}

/// What came out so far.
#[derive(Default)]
pub(super) struct Kept {
    pub(super) findings: Vec<Finding>,
    pub(super) open: Open,
    /// The findings of each rule, by its id.
    counts: BTreeMap<&'static str, Count>,
    commits: Commits,
}

/// How many of something there are.
#[derive(Default)]
struct Count {
    kept: usize,
    left_out: usize,
}

impl<'f, 'p> Judging<'f, 'p> {
    fn new(facts: &'f Facts<'p>, today: Option<Date>) -> Self {
        Self { facts, today, has_remedy: |_| true, kept: Kept::default() }
    }

    /// Goes on with a further push of a judgement. Of a rule for which `has_remedy` does not hold, the remedies are left
    /// out.
    pub(super) fn go_on(facts: &'f Facts<'p>, today: Option<Date>, has_remedy: fn(&str) -> bool, kept: Kept) -> Self {
        Self { facts, today, has_remedy, kept }
    }

    /// Returns what came out so far.
    pub(super) fn into_kept(self) -> Kept {
        self.kept
    }

    /// Returns whether the time is over.
    pub(super) const fn is_late(&self) -> bool {
        self.kept.open.is_late
    }

    /// Asks one rule about one update. What it found before a fact was missing counts, as far as the rule judges it.
    pub(super) fn ask(&mut self, rule: &Armed, update: &Update<'_, '_>) {
        let _time = tracing::debug_span!("rule", id = rule.meta.id).entered();
        let count = self.kept.counts.entry(rule.meta.id).or_default();
        let mut found = Found::new(MAX_OF_RULE.saturating_sub(count.kept));
        let is_older = |commit| is_older(rule, self.facts, update, commit);
        let mut sink = Sink::new(rule, update, &is_older, &mut found);
        let checked = self.facts.project().in_time().and_then(|()| (rule.check)(update, &mut sink));
        count.kept += found.findings.len();
        count.left_out += found.left_out;
        for mut finding in found.findings {
            if !(self.has_remedy)(finding.rule) {
                (finding.help, finding.command) = (None, None);
            }
            name_commit(self.facts, &self.kept.commits, &mut finding);
            match waive(self.facts, &mut finding, self.today) {
                Ok(()) => self.kept.findings.push(finding),
                Err(error) => self.leave_open(rule, update, error),
            }
        }
        for error in found.error.into_iter().chain(checked.err()) {
            self.leave_open(rule, update, error);
        }
    }

    pub(super) fn leave_open(&mut self, rule: &Armed, update: &Update<'_, '_>, error: FactError) {
        let detail = format!("{} {}", rule.meta.task, update.name());
        self.kept.open.add(rule, self.facts.push().stage, Some(update.name()), detail, error);
    }

    /// Leaves open what there was no time to look at, and what there was no room for.
    fn leave_out(&mut self, rules: &[Armed], rest: usize) {
        self.kept.leave_out(rules, rest, self.facts.push().stage);
    }

    /// Returns whether nothing has refused it or left it open so far.
    fn is_accepted(&self) -> bool {
        let is_whole = self.kept.counts.values().all(|count| count.left_out == 0);
        is_whole && verdict(&self.kept.findings, &self.kept.open.questions) == Verdict::Accepted
    }
}

impl Kept {
    /// Leaves open what there was no time to look at, and what there was no room for.
    pub(super) fn leave_out(&mut self, rules: &[Armed], rest: usize, stage: Stage) {
        for rule in rules {
            if rest > 0 {
                let detail = format!("{} {rest} more refs", rule.meta.task);
                self.open.add(rule, stage, None, detail, FactError::late());
            }
            if let Some(Count { kept, left_out: left_out @ 1.. }) = self.counts.get(rule.meta.id) {
                self.open.left_out(rule, format!("of its findings {kept} are kept, and {left_out} are left out"));
            }
        }
    }
}

/// The questions that have no answer.
#[derive(Default)]
pub(super) struct Open {
    questions: Vec<Unevaluated>,
    /// Rule, ref and cause of each: one cause is reported once, however many findings it keeps open.
    known: HashSet<(&'static str, Option<RefName>, String)>,
    /// How many each rule has, and whether one of those that are left out has to be answered here.
    counts: BTreeMap<&'static str, (Count, bool)>,
    /// Whether one has no answer because the time is over: then none of the others has one.
    is_late: bool,
}

impl Open {
    /// Adds the question of a rule.
    fn add(&mut self, rule: &Armed, stage: Stage, name: Option<&RefName>, detail: String, error: FactError) {
        self.is_late |= error.is_late();
        if !self.known.insert((rule.meta.id, name.cloned(), error.cause.clone())) {
            return;
        }
        let (count, is_due) = self.counts.entry(rule.meta.id).or_default();
        if count.kept == MAX_OF_RULE {
            count.left_out += 1;
            *is_due |= !error.is_elsewhere(stage);
            return;
        }
        count.kept += 1;
        self.questions.push(Unevaluated {
            rule: rule.meta.id,
            level: rule.level,
            ref_name: name.cloned(),
            detail,
            help: error.advice(stage),
            elsewhere: error.is_elsewhere(stage),
            cause: Untrusted::new(&error.cause).to_string(),
        });
    }

    /// Adds that a rule had more to report than is kept: what is left out is not a "yes".
    fn left_out(&mut self, rule: &Armed, cause: String) {
        self.questions.push(Unevaluated {
            rule: rule.meta.id,
            level: rule.level,
            ref_name: None,
            detail: format!("{} the refs of the push", rule.meta.task),
            help: Some("push less at once".to_owned()),
            elsewhere: false,
            cause,
        });
    }

    /// Returns all questions, with the number of those that are left out.
    pub(super) fn in_order(mut self, rules: &[Armed]) -> Vec<Unevaluated> {
        for rule in rules {
            let Some((count, is_due)) = self.counts.remove(rule.meta.id).filter(|(count, _)| count.left_out > 0) else {
                continue;
            };
            self.left_out(
                rule,
                format!("of its open questions {} are kept, and {} are left out", count.kept, count.left_out),
            );
            if let Some(last) = self.questions.last_mut() {
                last.elsewhere = !is_due;
            }
        }
        self.questions
    }
}

pub(super) fn judged(push: &Push, update: &Update<'_, '_>, resting: &BTreeSet<usize>) -> JudgedUpdate {
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

/// Returns an update that there was no time to look at.
fn unjudged(update: &RefUpdate) -> JudgedUpdate {
    let RefUpdate { name, old, new, via } = update.clone();
    JudgedUpdate { name, via, old, new, movement: None, rests_on_others: false, place: None }
}

/// Returns whether a commit is from before the rule's `since`.
fn is_older(rule: &Armed, facts: &Facts<'_>, update: &Update<'_, '_>, commit: ObjectId) -> Result<bool, FactError> {
    // A deletion happens now, however old the deleted ref is.
    let Some(since) = rule.setting.since.as_ref().filter(|_| !update.deletes()) else { return Ok(false) };
    let peeled = facts.project().peel(commit)?.id;
    match since {
        Since::Commit(id) => facts.project().is_ancestor(peeled, *id),
        Since::Date(date) => {
            let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).map(|midnight| midnight.timestamp().as_second());
            let Ok(start) = midnight else { return Ok(false) };
            // Most commits are new by their own date, and need no walk.
            let says = facts.project().commit(peeled)?.committer.seconds;
            Ok(says < start && facts.date(update, peeled)? < start)
        }
    }
}

/// Lowers a finding that is waived to a record, and says so where a waiver has run out or does not count.
fn waive(facts: &Facts<'_>, finding: &mut Finding, today: Option<Date>) -> Result<(), FactError> {
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
    let ended = ended.map(|until| match today {
        Some(_) => format!("the waiver for it ended on {until}"),
        None => format!("the waiver for it until {until} does not count: the clock of this machine cannot be right"),
    });
    for said in ended.into_iter().chain(flaw) {
        let help = finding.help.take().unwrap_or_default();
        finding.help = Some(if help.is_empty() { said } else { format!("{said}; {help}") });
    }
    Ok(())
}

/// What reports show about the commits of findings, by id.
type Commits = Memo<ObjectId, (ObjectId, String)>;

/// Unwraps a tag to its commit and adds the subject, for people; a finding is as good without it.
fn name_commit(facts: &Facts<'_>, commits: &Commits, finding: &mut Finding) {
    let project = facts.project();
    let named = finding.commit.and_then(|id| {
        let named = commits.get(id, || {
            let commit = project.commit(project.peel(id)?.id)?;
            Ok((commit.id, Untrusted::new(&commit.subject()).to_string()))
        });
        named.ok()
    });
    if let Some((id, subject)) = named {
        finding.commit = Some(id);
        finding.subject = Some(subject);
    }
}
