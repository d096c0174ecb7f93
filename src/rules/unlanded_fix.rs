//! Refuses changes, and releases of changes, that have not got to the line where the policy wants them.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Change, Debt, FactError, Facts, Flow, FlowDue, Kind, Way};
use crate::model::{Level, RefName, quote};

pub(super) struct UnlandedFix;

impl Rule for UnlandedFix {
    const META: Meta = Meta {
        id: "unlanded-fix",
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
    fn check(&self, change: &Change<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if change.deletes() || change.old() == change.new_id() {
            return Ok(());
        }
        if let Some(place) = change.line() {
            for flow in change.facts().flows_from(&place.line.name) {
                branch(change, flow, sink)?;
            }
        }
        if change.tag().is_some_and(|place| place.version.is_some()) {
            tag(change, sink)?;
        }
        Ok(())
    }
}

/// What a push to a branch owes: its own commits at once, older ones when their days are over.
fn branch(change: &Change<'_, '_>, flow: &Flow, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let facts = change.facts();
    let debts = match flow.due {
        FlowDue::NextTag => return Ok(()),
        FlowDue::Before | FlowDue::Report => facts.debts(flow, change.new_id(), Some(&facts.new_commits(change)?))?,
        FlowDue::Days(days) => {
            // Counted from the newest commit that is pushed: a verdict must not depend on when it is asked for.
            let Some(tip) = change.commit()? else { return Ok(()) };
            let oldest = tip.committer.seconds - i64::from(days) * 86_400;
            let mut debts = facts.debts(flow, change.new_id(), None)?;
            debts.retain(|debt| debt.commit.committer.seconds < oldest);
            debts
        }
    };
    for debt in &debts {
        let report = sink
            .report(format!("{} is due on the line `{}`: {}", debt.commit.id.short(), flow.to, debt.reason))
            .commit(debt.commit.id)
            .help(help(flow))
            .command(command(facts, flow, debt, change.name())?);
        if debt.probable || flow.due == FlowDue::Report {
            report.only_warns();
        }
    }
    Ok(())
}

/// What a release owes: everything on its branch that is due with the next tag.
fn tag(change: &Change<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let facts = change.facts();
    let Some(place) = change.tag() else { return Ok(()) };
    let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
    for (name, tip) in facts.home(place)?.branches {
        let Some(line) = facts.line_of(&name) else { continue };
        let mut flows = facts.flows_from(&line.line.name).filter(|flow| flow.due == FlowDue::NextTag).peekable();
        if flows.peek().is_none() || !facts.is_ancestor(peeled.id, tip)? {
            continue;
        }
        for flow in flows {
            let debts = facts.debts(flow, peeled.id, None)?;
            let certain = debts.iter().filter(|debt| !debt.probable).count();
            // The oldest is what to begin with.
            let Some(first) = debts.iter().rev().find(|debt| !debt.probable || certain == 0) else { continue };
            let commits = if debts.len() == 1 { "commit" } else { "commits" };
            let report = sink
                .report(format!(
                    "`{}` releases {} {commits} due on the line `{}`, the first being {}: {}",
                    change.name(),
                    debts.len(),
                    flow.to,
                    first.commit.id.short(),
                    first.reason
                ))
                .commit(first.commit.id)
                .help(help(flow))
                .command(command(facts, flow, first, &name)?);
            if certain == 0 {
                report.only_warns();
            }
        }
    }
    Ok(())
}

fn help(flow: &Flow) -> String {
    let token = &flow.exempt_trailer;
    format!("bring it there, in the same push if you like; what belongs here alone says `{token}: REASON` in a trailer")
}

/// The command that brings a change where it is due.
fn command(facts: &Facts<'_>, flow: &Flow, debt: &Debt, from: &RefName) -> Result<Option<String>, FactError> {
    let to = facts.destinations(flow)?.into_iter().next();
    let names = to.and_then(|(to, _)| quote(to.short()).zip(quote(from.short())));
    Ok(names.map(|(to, from)| {
        if flow.by.contains(&Way::Pick) {
            format!("git switch {to} && git cherry-pick -x {}", debt.commit.id)
        } else {
            format!("git switch {to} && git merge {from}")
        }
    }))
}
