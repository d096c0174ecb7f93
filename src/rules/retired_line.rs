//! Refuses commits on branches that are no longer maintained.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing, commands};
use crate::facts::{BranchUpdate, FactError};
use crate::model::{Level, ObjectId, Untrusted};

pub(super) struct RetiredLine;

impl Rule for RetiredLine {
    const META: Meta = Meta {
        id: "retired-line",
        summary: "Refuses commits on branches that were declared unmaintained.",
        task: "asking for the end of life of",
        docs: include_str!("retired_line.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for RetiredLine {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some((commit, how)) = retired(branch)? else { return Ok(()) };
        sink.report(format!("`{}` is no longer maintained: {how}", branch.name()))
            .commit(commit.unwrap_or_else(|| branch.tip()))
            .help("bring the change to a maintained branch, or take the declaration back in a commit that reverts it")
            .command(|| commands::revert(branch, commit?))
            .evidence(how);
        Ok(())
    }
}

/// Returns how the branch was retired before this push and still is after it, with the commit that says so.
fn retired(change: &BranchUpdate<'_, '_, '_>) -> Result<Option<(Option<ObjectId>, String)>, FactError> {
    let (facts, place) = (change.facts(), change.place());
    if place.line.lists_retired(change.name().short()) {
        return Ok(Some((None, "the policy lists it as retired".to_owned())));
    }
    for tag in place.line.closing_tags(&place.bindings) {
        // A tag of this very push closes the branch from the next push on.
        let arrives = facts.push().updates.iter().any(|update| update.name == tag && update.creates());
        if !arrives && facts.after().tip(&tag)?.is_some() {
            return Ok(Some((None, format!("the tag `{tag}` closes it"))));
        }
    }
    let Some(token) = place.line.retired_by.trailer.as_ref() else { return Ok(None) };
    // A new branch whose tip is the declaration itself has come from elsewhere as it is.
    let from = if change.creates() { change.new_id() } else { change.old() };
    let declared = facts.project().declaration(token, from, &change.cut_at(from)?)?;
    let Some(declared) = declared.filter(|declared| !change.creates() || declared.commit != from) else {
        return Ok(None);
    };
    // Still declared at the new tip: the push does not revert the declaration.
    let tip = change.new_id();
    if facts.project().declaration(token, tip, &change.cut_at(tip)?)?.is_none() {
        return Ok(None);
    }
    let value = Untrusted::new(&declared.value);
    Ok(Some((Some(declared.commit), format!("{} says `{token}: {value}`", declared.commit.short()))))
}
