//! Refuses versions that are reserved for something else.

use super::rule::NoOptions;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{FactError, VersionTag};
use crate::model::Level;

pub(super) struct ReservedVersion;

impl Rule for ReservedVersion {
    const META: Meta = Meta {
        id: "reserved-version",
        summary: "Refuses versions that the series table keeps for another branch.",
        task: "asking for what is kept the version of",
        docs: include_str!("reserved_version.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for ReservedVersion {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let (facts, place) = (tag.facts(), tag.place());
        let Some(series) = facts.project().series_of(place) else { return Ok(()) };
        let Some(purpose) = &series.reserved_for else { return Ok(()) };
        let home = facts.after().home(place)?;
        for (_, tip) in &home.branches {
            if facts.after().is_on(tag.commit(), *tip, place.class.off_branch_commits)? {
                return Ok(());
            }
        }
        let wanted = home.wanted.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ");
        let place = if wanted.is_empty() { "no branch".to_owned() } else { wanted };
        sink.report(format!("the version of `{}` is reserved for {purpose}, on {place}", tag.name()))
            .commit(tag.commit())
            .help("use another version; only what is on that branch may have this one")
            .command_instead(|| commands::delete_tag(tag.facts(), tag.name()));
        Ok(())
    }
}
