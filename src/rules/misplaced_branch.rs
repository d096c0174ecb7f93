//! Refuses new branches that do not start where their line is cut from.

use std::collections::BTreeSet;

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing, commands};
use crate::facts::{Bindings, BranchUpdate, FactError, Line, Pattern, Role};
use crate::model::{Level, ObjectId, RefName};

pub(super) struct MisplacedBranch;

impl Rule for MisplacedBranch {
    const META: Meta = Meta {
        id: "misplaced-branch",
        summary: "Refuses new branches that start on another line than the one they are cut from.",
        task: "looking for the beginning of",
        docs: include_str!("misplaced_branch.md"),
        // A project without such a habit starts one release from another now and then; what comes with it is judged.
        default: Level::Warn,
        standing: Standing::Started,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for MisplacedBranch {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(cut_from) = branch.place().line.cut_from.as_ref().filter(|_| branch.creates()) else { return Ok(()) };
        let origins = branch.origins(branch.facts().after())?;
        // Without a branch of that line there is no place to start from.
        let Some((origin, _)) = origins.first() else { return Ok(()) };
        let Some((commit, other)) = of_another_line(branch, &origins)? else { return Ok(()) };
        sink.report(format!(
            "`{}` starts on `{other}` and not on the line `{cut_from}`, which it is cut from",
            branch.name()
        ))
        .commit(commit)
        .help(format!("move what is its own onto the line `{cut_from}`"))
        .command_instead(|| commands::move_onto(branch, commit, origin));
        Ok(())
    }
}

/// Returns the newest commit of the branch that is not on the line that it is cut from and was on a branch of another
/// line before the push, with that branch. Branches of the same version may start on each other.
fn of_another_line(
    branch: &BranchUpdate<'_, '_, '_>,
    origins: &[(RefName, ObjectId)],
) -> Result<Option<(ObjectId, RefName)>, FactError> {
    let (facts, project, own) = (branch.facts(), branch.project(), branch.place());
    let tips: Vec<ObjectId> = origins.iter().map(|(_, tip)| *tip).collect();
    let above = project.commits(&[branch.tip()], &tips)?;
    if above.is_empty() {
        return Ok(None);
    }
    let mut others = Vec::new();
    let is_origin = |line: &&Line| own.line.cut_from.as_ref() == Some(&line.name);
    for line in project.lines().iter().filter(|line| line.role != Role::Topic && !is_origin(line)) {
        others.extend(facts.before().branches(line, &Bindings::new())?);
    }
    let is_alike = |name: &RefName| {
        project.line_of(name).is_some_and(|other| {
            other.line.name == own.line.name
                && is_version(&own.bindings)
                && Pattern::agrees(&other.bindings, &own.bindings)
        })
    };
    others.retain(|(name, _)| !is_alike(name));
    let besides: Vec<ObjectId> = tips.iter().copied().chain(others.iter().map(|(_, tip)| *tip)).collect();
    let kept: BTreeSet<ObjectId> = project.commits(&[branch.tip()], &besides)?.into_iter().collect();
    let Some(commit) = above.into_iter().find(|commit| !kept.contains(commit)) else { return Ok(None) };
    for (name, tip) in others {
        if project.is_ancestor(commit, tip)? {
            return Ok(Some((commit, name)));
        }
    }
    Ok(None)
}

/// Returns whether a branch is of a version.
fn is_version(bindings: &Bindings) -> bool {
    bindings.keys().any(|key| *key == "major")
}
