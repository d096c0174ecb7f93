//! Refuses pushes that remove commits from a branch.

use super::rule::NoOptions;
use super::{BranchRule, Meta, OptionError, Rule, Sink, Standing, commands};
use crate::facts::{BranchUpdate, FactError, Movement};
use crate::model::{Level, counted};

pub(super) struct RewrittenHistory;

impl Rule for RewrittenHistory {
    const META: Meta = Meta {
        id: "rewritten-history",
        summary: "Refuses pushes that take commits out of a branch.",
        task: "checking the history of",
        docs: include_str!("rewritten_history.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_MOVE,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl BranchRule for RewrittenHistory {
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let place = branch.place();
        if place.line.rewritable || branch.movement()? != Movement::Rewrite {
            return Ok(());
        }
        let lost = match branch.known_old()? {
            Some(old) => counted(branch.project().commits(&[old], &[branch.tip()])?.len(), "commit", "commits"),
            None => "commits that nobody has any more".to_owned(),
        };
        sink.report(format!(
            "the push takes {lost} out of `{}`, a branch of the line `{}`",
            branch.name(),
            place.line.name
        ))
        .commit(branch.old())
        .help(format!("build on what is there: the tip is {}", branch.old().short()))
        .command_instead(|| commands::put_on_top(branch));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn a_branch_of_a_line_only_moves_forward() {
        let mut memory = Memory::default();
        let first = memory.commit(&[], "feat: first", &[]);
        let [second, other] = ["feat: second", "feat: other"].map(|message| memory.commit(&[first], message, &[]));
        let refused = ask("rewritten-history", "", &memory, &[("refs/heads/main", Some(second), Some(other))]);
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert!(ask("rewritten-history", "", &memory, &[("refs/heads/main", Some(first), Some(other))]).is_empty());
        // For an object that was never received, nobody can say whether it is an ancestor.
        let unknown = crate::model::ObjectId::Sha1([7; 20]);
        let open = ask("rewritten-history", "", &memory, &[("refs/heads/main", Some(unknown), Some(other))]);
        assert!(open.iter().all(|said| said.starts_with("undecided: ")) && open.len() == 1, "{open:?}");
    }
}
