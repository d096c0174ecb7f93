//! Refuses a second tag for a version that has one.

use super::rule::NoOptions;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{FactError, VersionTag};
use crate::model::Level;

pub(super) struct DuplicateVersion;

impl Rule for DuplicateVersion {
    const META: Meta = Meta {
        id: "duplicate-version",
        summary: "Refuses a second tag for a version that has one, unless it is a declared alias on the same commit.",
        task: "looking for another tag of the version of",
        docs: include_str!("duplicate_version.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for DuplicateVersion {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if !tag.creates() {
            return Ok(());
        }
        let (facts, place) = (tag.facts(), tag.place());
        let own = Some(tag.commit());
        let siblings = facts.after().siblings(place)?;
        let equal = siblings.get(facts.after().place_among(&siblings, place)?).unwrap_or_default();
        for sibling in equal.iter().filter(|sibling| sibling.name != *tag.name()) {
            facts.project().step()?;
            let same_commit = facts.after().tagged(&sibling.name)? == own;
            if same_commit && (place.alias || sibling.tag.alias) {
                continue;
            }
            let message = if same_commit {
                format!("`{}` and `{}` are one version in two spellings", tag.name(), sibling.name)
            } else {
                format!("`{}` is the version of `{}`, which is another commit", tag.name(), sibling.name)
            };
            sink.report(message)
                .commit(tag.commit())
                .help(if same_commit {
                    "keep one of them; the policy can declare the other spelling with `alias`"
                } else {
                    "a version has one content for ever: give this one the next version"
                })
                .command_instead(|| commands::delete_tag(tag.facts(), tag.name()))
                .evidence(format!(
                    "{} is equal in the order of {}",
                    sibling.name,
                    place.class.scheme.as_ref().map_or_else(String::new, ToString::to_string)
                ));
            return Ok(());
        }
        Ok(())
    }
}
