//! Refuses version tags whose place in history contradicts their place among the versions.

use std::ops::Range;
use std::rc::Rc;

use super::rule::NoOptions;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{FactError, Facts, Lineage, SeriesKey, Sibling, TagMatch, Update, VersionTag};
use crate::model::{Level, ObjectId, RefName};

pub(super) struct OutOfOrderTag;

impl Rule for OutOfOrderTag {
    const META: Meta = Meta {
        id: "out-of-order-tag",
        summary: "Refuses versions that sit on top of higher ones, and finals that do not descend from the final before.",
        task: "checking the order of",
        docs: include_str!("out_of_order_tag.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for OutOfOrderTag {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let siblings = tag.facts().after().siblings_in_series(tag.place())?;
        let lineage = tag.facts().after().lineage(&siblings)?;
        let placed = Placed::new(tag, tag.place(), tag.commit(), &siblings, lineage)?;
        let contradiction = match placed.contradiction()? {
            Some(contradiction) => contradiction,
            None => match placed.on_top_of_another_series(tag)? {
                Some(contradiction) => contradiction,
                None => return Ok(()),
            },
        };
        sink.report(contradiction.message)
            .commit(tag.commit())
            .help(contradiction.help)
            .command_instead(|| commands::delete_tag(tag.facts(), tag.name()))
            .evidence(contradiction.evidence);
        Ok(())
    }
}

/// How a version's place in history contradicts its place among the versions.
struct Contradiction {
    message: String,
    help: &'static str,
    evidence: String,
}

/// A tag among those with which it is compared: those of the same series where the class has series, otherwise the
/// whole scope.
struct Placed<'s, 'a> {
    facts: &'s Facts<'a>,
    name: &'s RefName,
    place: &'s TagMatch<'a>,
    commit: ObjectId,
    series: SeriesKey,
    /// Those of the series, lowest first.
    siblings: &'s [Sibling<'a>],
    /// Which of them have the same version.
    own: Range<usize>,
    /// What is already known about all of them.
    lineage: Option<Rc<Lineage>>,
}

impl<'s, 'a> Placed<'s, 'a> {
    fn new(
        change: &'s Update<'_, 'a>,
        place: &'s TagMatch<'a>,
        commit: ObjectId,
        siblings: &'s [Sibling<'a>],
        lineage: Option<Rc<Lineage>>,
    ) -> Result<Self, FactError> {
        let (facts, name) = (change.facts(), change.name());
        let series = facts.after().series_key(place);
        let own = facts.after().place_among(siblings, place)?;
        Ok(Self { facts, name, place, commit, series, siblings, own, lineage })
    }

    fn lower(&self) -> &'s [Sibling<'a>] {
        self.siblings.get(..self.own.start).unwrap_or_default()
    }

    fn higher(&self) -> &'s [Sibling<'a>] {
        self.siblings.get(self.own.end..).unwrap_or_default()
    }

    /// Returns the higher versions that it may sit on top of.
    fn higher_below(&self) -> &'s [Sibling<'a>] {
        let none_is = self.lineage.as_ref().is_some_and(|lineage| !lineage.is_on_top(self.commit, &self.own));
        if none_is { &[] } else { self.higher() }
    }

    /// Returns the lower versions that it may lie below, if they were there before.
    fn lower_above(&self) -> &'s [Sibling<'a>] {
        let none_is = self.lineage.as_ref().is_some_and(|lineage| !lineage.is_below(self.commit, &self.own));
        if none_is { &[] } else { self.lower() }
    }

    /// Returns the first contradiction that is found.
    fn contradiction(&self) -> Result<Option<Contradiction>, FactError> {
        // A tag on top of the higher version contains all of it, while its lower number claims that it comes before.
        let mut below = self.facts.after().below(self.commit)?;
        for higher in self.higher_below() {
            self.facts.project().step()?;
            if let Some(commit) = self.commit_of(higher)?
                && below.contains(commit)?
            {
                return Ok(Some(self.on_top_of(higher, commit)));
            }
        }
        // Of two tags of one push, the one on top is reported.
        for lower in self.lower_above().iter().rev().filter(|lower| !self.facts.arrives(&lower.name)) {
            self.facts.project().step()?;
            if let Some(commit) = self.commit_of(lower)?
                && self.facts.project().is_ancestor(self.commit, commit)?
            {
                return Ok(Some(Contradiction {
                    message: format!("`{}` lies below the lower version `{}`", self.name, lower.name),
                    help: "tag a commit after that one, or give it a version below",
                    evidence: format!("{} is an ancestor of {}", self.commit.short(), commit.short()),
                }));
            }
        }
        if let Some((before, commit)) =
            self.final_neighbour(self.lower().iter().rev(), |lower| follows(self.place, &lower.tag))?
            && !self.facts.project().is_ancestor(commit, self.commit)?
        {
            return Ok(Some(Contradiction {
                message: format!(
                    "`{}` does not descend from `{}`, the final version before it",
                    self.name, before.name
                ),
                help: "bring that version's commits into the branch, and tag the result",
                evidence: format!("{} is not an ancestor of {}", commit.short(), self.commit.short()),
            }));
        }
        // Of two tags of one push, the later version is reported, for not being a descendant.
        if let Some((after, commit)) =
            self.final_neighbour(self.higher().iter(), |higher| follows(&higher.tag, self.place))?
            && !self.facts.arrives(&after.name)
            && !self.facts.project().is_ancestor(self.commit, commit)?
        {
            return Ok(Some(Contradiction {
                message: format!(
                    "`{}` has commits that `{}`, the final version after it, lacks",
                    self.name, after.name
                ),
                help: "give it a version above that one, or tag a commit that it descends from",
                evidence: format!("{} is not an ancestor of {}", self.commit.short(), commit.short()),
            }));
        }
        Ok(None)
    }

    /// Returns the contradiction of a version on top of a higher one of another series that belongs on the same branch, where
    /// a series table says which version belongs where. What the branch takes by the policy's leave may be higher.
    fn on_top_of_another_series(&self, tag: &VersionTag<'_, '_, 'a>) -> Result<Option<Contradiction>, FactError> {
        let after = self.facts.after();
        let project = self.facts.project();
        if project.policy().series.is_empty() {
            return Ok(None);
        }
        let siblings = after.siblings(tag.place())?;
        let own = after.place_among(&siblings, tag.place())?;
        let mut below = after.below(self.commit)?;
        let home = after.home(tag.place())?.branches;
        for higher in siblings.get(own.end..).unwrap_or_default().iter().filter(|other| other.series != self.series) {
            project.step()?;
            let Some(commit) = self.commit_of(higher)? else { continue };
            if !below.contains(commit)? || !after.home(&higher.tag)?.branches.iter().any(|place| home.contains(place)) {
                continue;
            }
            let mut is_taken = false;
            for (branch, _) in &home {
                is_taken = is_taken || after.takes(branch, commit)?;
            }
            if !is_taken {
                return Ok(Some(self.on_top_of(higher, commit)));
            }
        }
        Ok(None)
    }

    fn on_top_of(&self, higher: &Sibling<'_>, commit: ObjectId) -> Contradiction {
        Contradiction {
            message: format!("`{}` sits on top of the higher version `{}`", self.name, higher.name),
            help: "give it a version above, or tag a commit before that one",
            evidence: format!("{} is an ancestor of {}", commit.short(), self.commit.short()),
        }
    }

    /// Returns the commit of another version; `None` where it is the same: candidates become finals.
    fn commit_of(&self, sibling: &Sibling<'_>) -> Result<Option<ObjectId>, FactError> {
        Ok(self.facts.after().tagged(&sibling.name)?.filter(|commit| *commit != self.commit))
    }

    /// Returns the nearest final version that a final one follows, or that follows it, and its commit. Only within a
    /// series: `2.0.0` need not descend from the last `1.x`.
    fn final_neighbour(
        &self,
        mut nearest_first: impl Iterator<Item = &'s Sibling<'a>>,
        follows: impl Fn(&Sibling<'_>) -> bool,
    ) -> Result<Option<(&'s Sibling<'a>, ObjectId)>, FactError> {
        let is_final = |tag: &TagMatch<'_>| tag.version.as_ref().is_some_and(|version| !version.is_prerelease());
        if !is_final(self.place) || matches!(self.series, SeriesKey::Class(_, None)) {
            return Ok(None);
        }
        let neighbour = nearest_first.find(|sibling| is_final(&sibling.tag) && follows(sibling));
        let Some(neighbour) = neighbour else { return Ok(None) };
        Ok(self.facts.after().tagged(&neighbour.name)?.map(|commit| (neighbour, commit)))
    }
}

/// Returns whether a version has to contain what another contains. Hotfixes follow each other, and nothing else has to
/// follow them.
fn follows(higher: &TagMatch<'_>, lower: &TagMatch<'_>) -> bool {
    let hotfix = lower.hotfix();
    hotfix.is_none() || hotfix == higher.hotfix()
}
