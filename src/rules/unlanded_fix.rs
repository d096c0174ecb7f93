//! Refuses changes, and releases of changes, that have not reached the line where the policy wants them.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Debt, FactError, Flow, FlowDue, Kind, Update, Way};
use crate::model::{Level, RefName, quote};

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
    report(flow, change.name(), debts.iter().map(|debt| (debt, said(debt))), sink)
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
            // The oldest one is the one to begin with.
            report(flow, &name, debts.iter().rev().map(|debt| (debt, said(debt))), sink)?;
        }
    }
    Ok(())
}

/// Reports one finding for each commit: a waiver is for one commit, and leaves the others owed.
fn report<'d>(
    flow: &Flow,
    from: &RefName,
    debts: impl Iterator<Item = (&'d Debt, String)>,
    sink: &mut Sink<'_>,
) -> Result<(), FactError> {
    for (debt, message) in debts {
        let report = sink
            .report(message)
            .commit(debt.commit.id)
            .asked_by(&flow.origin)
            .help(help(flow))
            .command(debt.to.as_ref().and_then(|to| command(flow, debt, from, to)));
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

/// Returns the command that brings a change where it is due, by the first of the ways that the policy names; `None` where a name cannot be shown faithfully.
fn command(flow: &Flow, debt: &Debt, from: &RefName, to: &RefName) -> Option<String> {
    let (to, from) = quote(to.short()).zip(quote(from.short()))?;
    Some(if flow.by.first() == Some(&Way::Pick) {
        format!("git switch {to} && git cherry-pick -x {}", debt.commit.id)
    } else {
        format!("git switch {to} && git merge {from}")
    })
}
