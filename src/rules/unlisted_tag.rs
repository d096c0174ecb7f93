//! Refuses tags that no tag class of the policy has.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{FactError, Update};
use crate::model::{Level, Namespace};

pub(super) struct UnlistedTag;

impl Rule for UnlistedTag {
    const META: Meta = Meta {
        id: "unlisted-tag",
        summary: "Refuses tags that belong to no tag class of the policy.",
        task: "finding the class of",
        docs: include_str!("unlisted_tag.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for UnlistedTag {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let classes = change.facts().project().tag_classes();
        if change.namespace() != Namespace::Tag || change.tag().is_some() || change.deletes() || classes.is_empty() {
            return Ok(());
        }
        let why =
            change.facts().project().why_unlisted(change.name()).map_or_else(String::new, |why| format!(": {why}"));
        let patterns: Vec<String> =
            classes.iter().flat_map(|class| &class.patterns).map(|pattern| format!("`{}`", pattern.text())).collect();
        sink.report(format!("no tag class of the policy has a tag `{}`{why}", change.name()))
            .commit(change.new_id())
            .help(format!("tags here are named {}", patterns.join(", ")))
            .command_instead(|| commands::delete_tag(change.facts(), change.name()));
        Ok(())
    }
}
