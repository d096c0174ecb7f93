//! Refuses versions that skip one.

use super::rule::NoOptions;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{FactError, VersionTag};
use crate::model::Level;
use crate::version::Level as Step;

pub(super) struct VersionGap;

impl Rule for VersionGap {
    const META: Meta = Meta {
        id: "version-gap",
        summary: "Refuses final versions that do not follow directly on one that exists.",
        task: "looking for the version before",
        docs: include_str!("version_gap.md"),
        // Real projects skip versions, without harm.
        default: Level::Off,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for VersionGap {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if tag.version().is_prerelease() || !tag.creates() {
            return Ok(());
        }
        let (facts, place, version) = (tag.facts(), tag.place(), tag.version());
        let siblings = facts.after().siblings(place)?;
        let lower = siblings.get(..facts.after().place_among(&siblings, place)?.start).unwrap_or_default();
        let before = lower
            .iter()
            .rev()
            .filter(|sibling| sibling.tag.class.era == place.class.era)
            .find_map(|sibling| sibling.tag.version.clone().filter(|other| !other.is_prerelease()));
        // The very first version has no predecessor.
        let Some(before) = before else { return Ok(()) };
        let steps = [
            before.next().ok(),
            before.bump(Step::Patch).ok(),
            before.bump(Step::Minor).ok(),
            before.bump(Step::Major).ok(),
        ];
        if steps.iter().flatten().any(|step| step.same_as(version).unwrap_or(false)) {
            return Ok(());
        }
        let mut next: Vec<String> = steps.iter().flatten().map(|step| format!("`{step}`")).collect();
        next.dedup();
        sink.report(format!("`{}` follows on `{before}` and skips {}", tag.name(), next.join(" or ")))
            .commit(tag.commit())
            .help("use the version that comes next")
            .command_instead(|| commands::delete_tag(tag.facts(), tag.name()));
        Ok(())
    }
}
