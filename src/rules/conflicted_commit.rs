//! Refuses commits that store a conflict.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing};
use crate::facts::{BranchUpdate, FactError};
use crate::model::Level;

/// Of a push of more commits only the newest is looked at.
const MAX_COMMITS: usize = 20_000;

/// An update of no more commits is looked at before anybody asks what other lines have.
const FEW: usize = 100;

pub(super) struct ConflictedCommit;

impl Rule for ConflictedCommit {
    const META: Meta = Meta {
        id: "conflicted-commit",
        summary: "Refuses commits that store a conflict which nobody has resolved, as jj makes them.",
        task: "looking for stored conflicts on",
        docs: include_str!("conflicted_commit.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for ConflictedCommit {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let project = branch.project();
        if is_free_of_them(branch)? {
            return Ok(());
        }
        // What another line has already is there to stay, and would stop every merge from it. A whole history that comes to
        // a repository without any line is there to stay too, and can be longer than there is time for.
        let is_import = branch.known_old()?.is_none() && branch.facts().before().line_tips()?.is_empty();
        let mut brought = if is_import { vec![branch.tip()] } else { branch.facts().unseen_commits(branch)? };
        if brought.len() > MAX_COMMITS {
            brought.truncate(1);
        }
        for id in brought {
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

/// Returns whether a branch gets only a few commits, and none of them stores a conflict. What other lines have need not be
/// known then: that takes reading all refs, of which there can be a hundred thousand.
fn is_free_of_them(branch: &BranchUpdate<'_, '_, '_>) -> Result<bool, FactError> {
    if branch.known_old()?.is_none() {
        return Ok(false);
    }
    let brought = branch.facts().new_commits(branch)?;
    if brought.len() > FEW {
        return Ok(false);
    }
    let project = branch.project();
    for id in brought {
        if project.stored_conflict(&project.commit(id)?)?.is_some() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn of_a_whole_history_only_what_a_branch_holds_is_looked_at() {
        let mut memory = Memory::default();
        let first = memory.conflict(&[], "feat: first");
        let second = memory.commit(&[first], "feat: second", &[]);
        assert!(ask("conflicted-commit", "", &memory, &[("refs/heads/main", None, Some(second))]).is_empty());
        let refused = [format!("{} stores a conflict that nobody has resolved", first.short())];
        assert_eq!(ask("conflicted-commit", "", &memory, &[("refs/heads/main", None, Some(first))]), refused);
        memory.set("refs/heads/1.0", second);
        let third = memory.conflict(&[second], "feat: third");
        let fourth = memory.commit(&[third], "feat: fourth", &[]);
        let refused = [format!("{} stores a conflict that nobody has resolved", third.short())];
        assert_eq!(ask("conflicted-commit", "", &memory, &[("refs/heads/main", None, Some(fourth))]), refused);
    }

    #[test]
    fn files_of_that_name_are_not_a_conflict() {
        let mut memory = Memory::default();
        let first = memory.commit(&[], "feat: first", &[]);
        let second = memory.commit(&[first], "feat: second", &[(".jjconflict-base-0", "x\n")]);
        assert!(ask("conflicted-commit", "", &memory, &[("refs/heads/main", Some(first), Some(second))]).is_empty());
    }
}
