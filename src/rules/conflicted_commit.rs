//! Refuses commits that store a conflict.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink};
use crate::facts::{BranchUpdate, FactError};
use crate::model::Level;

pub(super) struct ConflictedCommit;

impl Rule for ConflictedCommit {
    const META: Meta = Meta {
        id: "conflicted-commit",
        summary: "Refuses commits that store a conflict which nobody has resolved, as jj makes them.",
        task: "looking for stored conflicts on",
        docs: include_str!("conflicted_commit.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for ConflictedCommit {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let project = branch.project();
        // What another line has already is there to stay, and would stop every merge from it.
        for id in branch.facts().unseen_commits(branch)? {
            let commit = project.commit(id)?;
            let Some(shown_by) = project.stored_conflict(&commit)? else { continue };
            sink.report(format!("{} stores a conflict that nobody has resolved", id.short()))
                .commit(id)
                .help("resolve it in the clone that made it (`jj resolve`), and push what comes of it")
                .evidence(shown_by);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn files_of_that_name_are_not_a_conflict() {
        let mut memory = Memory::default();
        let first = memory.commit(&[], "feat: first", &[]);
        let second = memory.commit(&[first], "feat: second", &[(".jjconflict-base-0", "x\n")]);
        assert!(ask("conflicted-commit", "", &memory, &[("refs/heads/main", Some(first), Some(second))]).is_empty());
    }
}
