//! Refuses changes, and releases of changes, that have not reached the line where the policy wants them.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{Asking, Debt, Destination, FactError, Flow, FlowDue, Kind, Peeled, Update, Way};
use crate::model::{Level, ObjectId, RefName};

/// The rule's id, for other code that asks the same question.
pub(super) const ID: &str = "unlanded-fix";

pub(super) struct UnlandedFix;

impl Rule for UnlandedFix {
    const META: Meta = Meta {
        id: ID,
        summary: "Refuses changes on one line that are due on another and are not there.",
        task: "asking whether the changes have landed that are on",
        docs: include_str!("unlanded_fix.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for UnlandedFix {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if change.deletes() || change.old() == change.new_id() {
            return Ok(());
        }
        if let Some(place) = change.line() {
            for flow in change.facts().project().flows_from(&place.line.name) {
                branch(change, flow, sink)?;
                wishes(change, flow, sink)?;
            }
        }
        if change.tag().is_some_and(|place| place.version.is_some()) {
            tag(change, sink)?;
        }
        Ok(())
    }
}

/// Reports what a push to a branch owes: its own commits at once, older ones when their days are over.
fn branch(change: &Update<'_, '_>, flow: &Flow, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let facts = change.facts();
    let asks = |when: &dyn Fn(FlowDue) -> bool| flow.all_due_times().any(when);
    let mut debts = Vec::new();
    if asks(&is_at_once) {
        let new = facts.new_commits(change)?;
        let asking = Asking { only: Some(&new), when: &is_at_once, until: None };
        debts = facts.after().debts(flow, change.name(), change.new_id(), asking)?;
    }
    if asks(&is_in_days)
        && let Some(tip) = change.commit()?
    {
        // Counted from the newest commit that is pushed: a verdict must not depend on when it is given.
        let now = tip.committer.seconds;
        let asking = Asking { only: None, when: &is_in_days, until: None };
        let mut late = facts.after().debts(flow, change.name(), change.new_id(), asking)?;
        late.retain(|debt| is_late(debt, now) && !debts.iter().any(|known| is_same(known, debt)));
        debts.extend(late);
    }
    // The oldest one is the one to begin with: what comes after it may build on it.
    for debt in debts.iter().rev() {
        let command = || command(change, flow, debt, (change.name(), change.new_id()));
        report(flow, debt, debt.sentence(), command, sink);
    }
    Ok(())
}

fn is_at_once(due: FlowDue) -> bool {
    matches!(due, FlowDue::Before | FlowDue::Report)
}

fn is_in_days(due: FlowDue) -> bool {
    matches!(due, FlowDue::Days(_))
}

/// Returns whether the days in which a change was due are over.
fn is_late(debt: &Debt, now: i64) -> bool {
    let is_over = |due: &FlowDue| match due {
        FlowDue::Days(days) => debt.commit.committer.seconds < now - i64::from(*days) * 86_400,
        FlowDue::Before | FlowDue::NextTag | FlowDue::Report => false,
    };
    debt.due.iter().any(is_over)
}

fn is_same(a: &Debt, b: &Debt) -> bool {
    (a.commit.id, &a.place) == (b.commit.id, &b.place)
}

/// Warns of what new commits say of where they are wanted, and cannot be understood.
fn wishes(change: &Update<'_, '_>, flow: &Flow, sink: &mut Sink<'_>) -> Result<(), FactError> {
    if flow.wanted_by.is_empty() {
        return Ok(());
    }
    let (facts, tip) = (change.facts(), change.new_id());
    let help =
        format!("a branch of the line `{}` is named by its name, a series or a version of it, or `all`", flow.to);
    for wrong in facts.after().misread_lists(flow, tip, change.known_old()?)? {
        sink.report(wrong).commit(tip).asked_by(&flow.origin).help(help.clone()).only_warns();
    }
    for id in facts.new_commits(change)?.into_iter().rev() {
        let commit = facts.project().commit(id)?;
        for wrong in facts.after().misread_wishes(flow, &commit, tip)? {
            sink.report(wrong).commit(id).asked_by(&flow.origin).help(help.clone()).only_warns();
        }
    }
    Ok(())
}

/// Reports what a release owes: everything on its branch that is due with the next tag, and what is wanted on its branch
/// and is not in it.
fn tag(change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let facts = change.facts();
    let Some(place) = change.tag() else { return Ok(()) };
    let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
    let is_due = |due| due == FlowDue::NextTag;
    for (name, tip) in facts.after().home(place)?.branches {
        let Some(line) = facts.project().line_of(&name) else { continue };
        let asks = |flow: &&Flow| flow.wanted_by.is_empty() && flow.all_due_times().any(is_due);
        let mut flows = facts.project().flows_from(&line.line.name).filter(asks).peekable();
        let is_wanting = |flow: &&Flow| !flow.wanted_by.is_empty();
        let mut wanting = facts.project().flows_to(&line.line.name).filter(is_wanting).peekable();
        if (flows.peek().is_none() && wanting.peek().is_none()) || !facts.project().is_ancestor(peeled.id, tip)? {
            continue;
        }
        for flow in flows {
            let asking = Asking { only: None, when: &is_due, until: None };
            for debt in facts.after().debts(flow, &name, peeled.id, asking)?.iter().rev() {
                let short = debt.commit.id.short();
                let message =
                    format!("`{}` releases {short}, which is due on {}: {}", change.name(), debt.place, debt.reason);
                report(flow, debt, message, || command(change, flow, debt, (&name, peeled.id)), sink);
            }
        }
        for flow in wanting {
            wanted(change, flow, (&name, &peeled), sink)?;
        }
    }
    Ok(())
}

/// Reports what is wanted on the branch of a release and is not in it.
fn wanted(
    change: &Update<'_, '_>,
    flow: &Flow,
    (branch, peeled): (&RefName, &Peeled),
    sink: &mut Sink<'_>,
) -> Result<(), FactError> {
    let after = change.facts().after();
    let tagged = change.facts().made_at(peeled)?;
    for (from, tip) in after.branches_of(&flow.from)?.iter().filter(|(from, _)| from != branch) {
        let destinations = after.destinations(flow, from, *tip)?;
        // As the version has it: what came to the branch after it is not in it.
        let Some(own) = destinations.into_iter().find(|place| place.branches.iter().any(|(name, _)| name == branch))
        else {
            continue;
        };
        let destination = Destination { branches: vec![(branch.clone(), peeled.id)], ..own };
        let when = |due| due != FlowDue::Before;
        let asking = Asking { only: None, when: &when, until: tagged };
        let mut debts = after.debts_at(flow, *tip, &destination, asking)?;
        let now = match tagged {
            Some(tagged) => tagged,
            None => change.project().commit(peeled.id)?.committer.seconds,
        };
        debts.retain(|debt| !debt.due.iter().all(|due| is_in_days(*due)) || is_late(debt, now));
        for debt in debts.iter().rev() {
            let wanted = debt.wanted.as_deref().unwrap_or_default();
            let (tag, short) = (change.name(), debt.commit.id.short());
            let message =
                format!("`{tag}` is without {short}, which is wanted on {} ({wanted}): {}", debt.place, debt.reason);
            // A version that is only warned about is there by then.
            if is_reported(debt) {
                report(flow, debt, message, || commands::pick(change.project(), debt.commit.id, branch), sink);
                continue;
            }
            let refused = sink.report(message).commit(debt.commit.id).asked_by(&flow.origin).help(help(flow));
            if debt.probable {
                refused.only_warns();
            } else {
                refused.command_instead(|| commands::pick_and_tag(change, debt.commit.id, branch));
            }
        }
    }
    Ok(())
}

/// Reports one finding for a commit: a waiver is for one commit, and leaves the others owed.
fn report(flow: &Flow, debt: &Debt, message: String, command: impl FnOnce() -> Option<String>, sink: &mut Sink<'_>) {
    let report = sink.report(message).commit(debt.commit.id).asked_by(&flow.origin).help(help(flow)).command(command);
    if debt.probable || is_reported(debt) {
        report.only_warns();
    }
}

/// Returns whether a change never holds anything up.
fn is_reported(debt: &Debt) -> bool {
    debt.due.iter().all(|due| *due == FlowDue::Report)
}

fn help(flow: &Flow) -> String {
    let token = &flow.exempt_trailer;
    format!("bring it there, in the same push if you like; what belongs here alone says `{token}: REASON` in a trailer")
}

/// Returns the command that brings a change where it is due, in the way that the policy names first. What seems to be
/// there is for a person to look at.
fn command(change: &Update<'_, '_>, flow: &Flow, debt: &Debt, (from, tip): (&RefName, ObjectId)) -> Option<String> {
    let to = debt.to.as_ref()?;
    match flow.by.first().filter(|_| !debt.probable)? {
        Way::Pick => commands::pick(change.project(), debt.commit.id, to),
        // What is below the tip comes along: one merge is enough for everything that is owed.
        Way::Merge => commands::merge(change.project(), tip, from, to),
    }
}
