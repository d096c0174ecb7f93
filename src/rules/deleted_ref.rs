//! Refuses the deletion of branches and tags that have to stay.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{FactError, Update};
use crate::model::Level;

pub(super) struct DeletedRef;

impl Rule for DeletedRef {
    const META: Meta = Meta {
        id: "deleted-ref",
        summary: "Refuses the deletion of branches and tags that have to stay.",
        task: "checking the deletion of",
        docs: include_str!("deleted_ref.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_MOVE,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for DeletedRef {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if !change.deletes() {
            return Ok(());
        }
        let project = change.project();
        let kept = match (change.line(), change.tag()) {
            (Some(place), _) if !place.line.deletable => format!("a branch of the line `{}`", place.line.name),
            (_, Some(place)) if !place.class.deletable => format!("a tag of the class `{}`", place.class.name),
            (None, None) => match project.closes(change.name()) {
                Some(line) => format!("a tag that closes branches of the line `{}`", line.name),
                None => return Ok(()),
            },
            _ => return Ok(()),
        };
        sink.report(format!("`{}` is {kept}, which is never deleted", change.name()))
            .commit(change.old())
            .help("leave it out of the push; if it went from your clone, this brings it back")
            .command(|| commands::fetch(project));
        Ok(())
    }
}
