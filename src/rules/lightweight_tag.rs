//! Refuses tags without a tag object where the policy asks for one.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{FactError, TagObject, Update};
use crate::model::Level;

pub(super) struct LightweightTag;

impl Rule for LightweightTag {
    const META: Meta = Meta {
        id: "lightweight-tag",
        summary: "Refuses plain refs where a tag class asks for annotated tags.",
        task: "reading the object of",
        docs: include_str!("lightweight_tag.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for LightweightTag {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(place) = change.tag().filter(|place| place.class.object == TagObject::Annotated) else {
            return Ok(());
        };
        let Some(peeled) = change.peeled()?.filter(|peeled| peeled.tags.is_empty()) else { return Ok(()) };
        sink.report(format!(
            "`{}` is a plain ref, and tags of the class `{}` are annotated",
            change.name(),
            place.class.name
        ))
        .commit(peeled.id)
        .help("make it a tag object, with a message, and push it again")
        .command_instead(|| commands::tag(change.name(), peeled.id));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn a_plain_ref_is_refused_where_tags_are_annotated() {
        let mut memory = Memory::default();
        let commit = memory.commit(&[], "feat: first", &[]);
        let tag = memory.tag("v1.0.0", commit);
        let offered = |id| [("refs/tags/v1.0.0", None, Some(id))];
        let refused = ["`refs/tags/v1.0.0` is a plain ref, and tags of the class `version` are annotated"];
        assert_eq!(ask("lightweight-tag", "", &memory, &offered(commit)), refused);
        assert!(ask("lightweight-tag", "", &memory, &offered(tag)).is_empty());
    }
}
