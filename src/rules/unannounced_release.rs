//! Refuses release branches that lack the notes of the version that they are for.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing};
use crate::facts::{BranchUpdate, FactError, Notes};
use crate::model::{Level, Untrusted};

pub(super) struct UnannouncedRelease;

impl Rule for UnannouncedRelease {
    const META: Meta = Meta {
        id: "unannounced-release",
        summary: "Refuses branches of a release whose notes have not been begun.",
        task: "looking for the early release notes of",
        docs: include_str!("unannounced_release.md"),
        // There is time until the tag, which another rule refuses.
        default: Level::Warn,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for UnannouncedRelease {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let place = branch.place();
        for changelog in branch.project().changelogs().iter().filter(|log| log.early.contains(&place.line.name)) {
            let Notes::Files(pattern) = &changelog.place else { continue };
            // A pattern that the branch's name leaves open does not say which file.
            let Some(paths) = pattern.instances(&place.bindings) else { continue };
            let mut is_there = false;
            for path in &paths {
                is_there = is_there || branch.project().object_at(branch.tip(), path.as_ref())?.is_some();
            }
            let Some(path) = paths.first().filter(|_| !is_there) else { continue };
            sink.report(format!("`{}` has no `{}`, the notes of its release", branch.name(), Untrusted::new(path)))
                .commit(branch.tip())
                .asked_by(&changelog.origin)
                .help("write down what the release will bring: its tag is refused without that");
        }
        Ok(())
    }
}
