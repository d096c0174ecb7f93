//! Refuses tags that change what they name.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{FactError, Update};
use crate::model::{Level, Namespace};

pub(super) struct MovedTag;

impl Rule for MovedTag {
    const META: Meta = Meta {
        id: "moved-tag",
        summary: "Refuses to let a published tag name something else.",
        task: "checking what is named by",
        docs: include_str!("moved_tag.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_MOVE,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for MovedTag {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let stays = change.creates() || change.deletes() || change.old() == change.new_id();
        if change.namespace() != Namespace::Tag || stays || change.tag().is_some_and(|place| place.class.movable) {
            return Ok(());
        }
        let (old, new) = (change.old().short(), change.new_id().short());
        sink.report(format!("`{}` is published as {old} and would become {new}", change.name()))
            .commit(change.new_id())
            .help("whoever has the tag keeps the old one: give the change a version of its own, and take the published tag back")
            .command_instead(|| commands::take_tag(change.facts(), change.name()));
        Ok(())
    }
}
