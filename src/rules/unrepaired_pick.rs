//! Refuses a version of a branch that has a pick which its own line repaired or took back since.

use std::collections::BTreeSet;

use super::rule::NoOptions;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{FactError, Line, Of, VersionTag};
use crate::model::{Level, ObjectId};

pub(super) struct UnrepairedPick;

impl Rule for UnrepairedPick {
    const META: Meta = Meta {
        id: "unrepaired-pick",
        summary: "Refuses a version with a picked change that the line which it comes from repaired or took back since.",
        task: "asking what was repaired since of the picks in",
        docs: include_str!("unrepaired_pick.md"),
        default: Level::Warn,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for UnrepairedPick {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let (project, after) = (tag.project(), tag.facts().after());
        let until = tag.facts().made_at(tag.target())?;
        let mut reported = BTreeSet::new();
        for (branch, tip) in after.home(tag.place())?.branches {
            let Some(line) = project.line_of(&branch).map(|place| place.line) else { continue };
            let mut origins = Vec::new();
            for name in origins_of(tag, line) {
                origins.extend(after.branches_of(name)?.into_iter().map(|origin| (name, origin)));
            }
            if origins.is_empty() || !project.is_ancestor(tag.commit(), tip)? {
                continue;
            }
            for (name, (_, origin)) in origins {
                for found in after.unrepaired(Of { tip, at: tag.commit() }, origin, until)? {
                    let pair: (ObjectId, ObjectId) = (found.pick, found.by.id);
                    if !reported.insert(pair) {
                        continue;
                    }
                    let (by, deed) = (found.by.id.short(), found.repair.deed());
                    let pick = if found.pick == found.original {
                        found.pick.short()
                    } else {
                        format!("{}, the pick of {}", found.pick.short(), found.original.short())
                    };
                    sink.report(format!(
                        "`{}` has {pick}, and not {by}, which {deed} on the line `{name}`",
                        tag.name()
                    ))
                    .commit(found.by.id)
                    .help("bring it to the branch before the version is made, or take the pick back there")
                    .command_instead(|| commands::pick_and_tag(tag, found.by.id, &branch));
                }
            }
        }
        Ok(())
    }
}

/// Returns the lines that the picks on a line can come from: those that flows join it with, and the one that it is cut
/// from.
fn origins_of<'p>(tag: &VersionTag<'_, '_, 'p>, line: &'p Line) -> BTreeSet<&'p str> {
    let project = tag.project();
    let from = project.flows_from(&line.name).map(|flow| flow.to.as_str());
    let to = project.flows_to(&line.name).map(|flow| flow.from.as_str());
    let cut = line.cut_from.as_deref();
    from.chain(to).chain(cut).filter(|name| *name != line.name).collect()
}
