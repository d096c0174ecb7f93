//! Refuses version tags whose place in history contradicts their place among the versions.

use std::cmp::Ordering;

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Change, FactError, Facts, Kind, Sibling, TagKind, TagMatch};
use crate::model::{Level, ObjectId, quote};

pub(super) struct OutOfOrderTag;

impl Rule for OutOfOrderTag {
    const META: Meta = Meta {
        id: "out-of-order-tag",
        summary: "Refuses versions that sit on top of higher ones, and finals that do not descend from the final before.",
        task: "checking the order of",
        docs: include_str!("out_of_order_tag.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for OutOfOrderTag {
    fn check(&self, change: &Change<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(place) = change.tag().filter(|place| place.class.kind == TagKind::Version) else { return Ok(()) };
        if place.version.is_none() || change.deletes() || change.old() == change.new_id() {
            return Ok(());
        }
        let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
        let facts = change.facts();
        let siblings = Relatives::of(facts, place, facts.siblings(place, change.name())?)?;
        let quoted = quote(change.name().short());
        let delete = quoted.map(|name| format!("git tag -d {name}"));
        // Whoever builds on the higher version has everything of it: the lower one would claim to come before.
        for higher in &siblings.higher {
            if let Some(commit) = facts.tagged(&higher.name)?.filter(|commit| *commit != peeled.id)
                && facts.is_ancestor(commit, peeled.id)?
            {
                sink.report(format!("`{}` sits on top of the higher version `{}`", change.name(), higher.name))
                    .commit(peeled.id)
                    .help("give it a version above, or tag a commit before that one")
                    .command(delete.clone())
                    .evidence(format!("{} is an ancestor of {}", commit.short(), peeled.id.short()));
                return Ok(());
            }
        }
        for lower in siblings.lower.iter().rev() {
            if let Some(commit) = facts.tagged(&lower.name)?.filter(|commit| *commit != peeled.id)
                && facts.is_ancestor(peeled.id, commit)?
            {
                sink.report(format!("`{}` lies below the lower version `{}`", change.name(), lower.name))
                    .commit(peeled.id)
                    .help("tag a commit after that one, or give it a version below")
                    .command(delete.clone())
                    .evidence(format!("{} is an ancestor of {}", peeled.id.short(), commit.short()));
                return Ok(());
            }
        }
        if let Some((before, commit)) = siblings.final_before(facts, place)?
            && !facts.is_ancestor(commit, peeled.id)?
        {
            sink.report(format!(
                "`{}` does not descend from `{}`, the final version before it",
                change.name(),
                before.name
            ))
            .commit(peeled.id)
            .help("bring that version's commits into the branch, and tag the result")
            .command(
                delete
                    .zip(quote(before.name.short()))
                    .map(|(delete, before)| format!("{delete} && git merge {before}")),
            )
            .evidence(format!("{} is no ancestor of {}", commit.short(), peeled.id.short()));
        }
        Ok(())
    }
}

/// The versions a tag is compared with, lowest first.
struct Relatives<'a> {
    lower: Vec<Sibling<'a>>,
    higher: Vec<Sibling<'a>>,
}

impl<'a> Relatives<'a> {
    /// Those of the same series where the class has series; the whole scope otherwise.
    fn of(facts: &Facts<'a>, place: &TagMatch<'a>, siblings: Vec<Sibling<'a>>) -> Result<Self, FactError> {
        let (mut lower, mut higher) = (Vec::new(), Vec::new());
        for sibling in siblings.into_iter().filter(|sibling| same_series(facts, place, &sibling.tag)) {
            match facts.order(&sibling.tag, place)? {
                Ordering::Less => lower.push(sibling),
                Ordering::Equal => {}
                Ordering::Greater => higher.push(sibling),
            }
        }
        Ok(Self { lower, higher })
    }

    /// The final version before a final one, and its commit. Only within a series: `2.0.0` need not descend from
    /// the last `1.x`. Hotfixes follow each other, and nothing else has to follow them.
    fn final_before(
        &self,
        facts: &Facts<'a>,
        place: &TagMatch<'a>,
    ) -> Result<Option<(&Sibling<'a>, ObjectId)>, FactError> {
        let ends = |tag: &TagMatch<'_>| tag.version.as_ref().is_some_and(|version| !version.is_prerelease());
        if !ends(place) || !has_series(facts, place) {
            return Ok(None);
        }
        let before = self.lower.iter().rev().find(|sibling| {
            let hotfix = sibling.tag.hotfix();
            ends(&sibling.tag) && (hotfix.is_none() || hotfix == place.hotfix())
        });
        let Some(before) = before else { return Ok(None) };
        Ok(facts.tagged(&before.name)?.map(|commit| (before, commit)))
    }
}

fn has_series(facts: &Facts<'_>, place: &TagMatch<'_>) -> bool {
    place.class.series.is_some() || facts.series_of(place).is_some()
}

fn same_series(facts: &Facts<'_>, a: &TagMatch<'_>, b: &TagMatch<'_>) -> bool {
    match (facts.series_of(a), facts.series_of(b)) {
        (Some(left), Some(right)) => std::ptr::eq(left, right),
        (None, None) => a.class.era == b.class.era && a.series() == b.series(),
        _ => false,
    }
}
