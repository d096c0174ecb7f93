//! Refuses changes, and releases of changes, that have not reached the line where the policy wants them.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, commands};
use crate::facts::{Debt, FactError, Flow, FlowDue, Kind, Update, Way};
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
    let debts = match flow.due {
        FlowDue::NextTag => return Ok(()),
        FlowDue::Before | FlowDue::Report => {
            facts.after().debts(flow, change.name(), change.new_id(), Some(&facts.new_commits(change)?))?
        }
        FlowDue::Days(days) => {
            // Counted from the newest commit that is pushed: a verdict must not depend on when it is given.
            let Some(tip) = change.commit()? else { return Ok(()) };
            let oldest = tip.committer.seconds - i64::from(days) * 86_400;
            let mut debts = facts.after().debts(flow, change.name(), change.new_id(), None)?;
            debts.retain(|debt| debt.commit.committer.seconds < oldest);
            debts
        }
    };
    let said = |debt: &Debt| format!("{} is due on {}: {}", debt.commit.id.short(), debt.place, debt.reason);
    // The oldest one is the one to begin with: what comes after it may build on it.
    let said = debts.iter().rev().map(|debt| (debt, said(debt)));
    report(change, flow, (change.name(), change.new_id()), said, sink)
}

/// Reports what a release owes: everything on its branch that is due with the next tag.
fn tag(change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let facts = change.facts();
    let Some(place) = change.tag() else { return Ok(()) };
    let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
    for (name, tip) in facts.after().home(place)?.branches {
        let Some(line) = facts.project().line_of(&name) else { continue };
        let mut flows =
            facts.project().flows_from(&line.line.name).filter(|flow| flow.due == FlowDue::NextTag).peekable();
        if flows.peek().is_none() || !facts.project().is_ancestor(peeled.id, tip)? {
            continue;
        }
        for flow in flows {
            let debts = facts.after().debts(flow, &name, peeled.id, None)?;
            let said = |debt: &Debt| {
                let short = debt.commit.id.short();
                format!("`{}` releases {short}, which is due on {}: {}", change.name(), debt.place, debt.reason)
            };
            report(change, flow, (&name, peeled.id), debts.iter().rev().map(|debt| (debt, said(debt))), sink)?;
        }
    }
    Ok(())
}

/// Reports one finding for each commit: a waiver is for one commit, and leaves the others owed.
fn report<'d>(
    change: &Update<'_, '_>,
    flow: &Flow,
    (from, tip): (&RefName, ObjectId),
    debts: impl Iterator<Item = (&'d Debt, String)>,
    sink: &mut Sink<'_>,
) -> Result<(), FactError> {
    for (debt, message) in debts {
        let report = sink
            .report(message)
            .commit(debt.commit.id)
            .asked_by(&flow.origin)
            .help(help(flow))
            .command(|| command(change, flow, debt, from, debt.to.as_ref()?, tip));
        if debt.probable || flow.due == FlowDue::Report {
            report.only_warns();
        }
    }
    Ok(())
}

fn help(flow: &Flow) -> String {
    let token = &flow.exempt_trailer;
    format!("bring it there, in the same push if you like; what belongs here alone says `{token}: REASON` in a trailer")
}

/// Returns the command that brings a change where it is due, in the way that the policy names first. What seems to be
/// there is for a person to look at.
fn command(
    change: &Update<'_, '_>,
    flow: &Flow,
    debt: &Debt,
    from: &RefName,
    to: &RefName,
    tip: ObjectId,
) -> Option<String> {
    match flow.by.first().filter(|_| !debt.probable)? {
        Way::Pick => commands::pick(change.project(), debt.commit.id, to),
        // What is below the tip comes along: one merge is enough for everything that is owed.
        Way::Merge => commands::merge(change.project(), tip, from, to),
    }
}
