//! Where flows lead: the branches that shall have the changes of another.

use super::{FactError, Snapshot};
use crate::model::{ObjectId, RefName};
use crate::policy::{Branches, Flow, FromBranches};

/// Where a flow wants changes: one of the branches has to have them.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The line, or the branch where each of them needs the changes, as messages call it.
    pub name: String,
    /// The branches, with their tips.
    pub branches: Vec<(RefName, ObjectId)>,
}

impl Destination {
    /// Returns one branch, which is asked about for itself.
    pub fn of_branch(name: RefName, tip: ObjectId) -> Self {
        Self { name: format!("`{name}`"), branches: vec![(name, tip)] }
    }

    /// Returns the single branch, if it is one.
    pub fn only_branch(&self) -> Option<&(RefName, ObjectId)> {
        match self.branches.as_slice() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Returns the tips of its branches.
    pub fn tips(&self) -> Vec<ObjectId> {
        self.branches.iter().map(|(_, tip)| *tip).collect()
    }
}

impl Snapshot<'_> {
    /// Returns where a flow wants the changes of a branch; nowhere where this branch owes nothing.
    ///
    /// # Errors
    /// Refs or history that cannot be read, or no branch of the line that it leads to.
    pub fn destinations(&self, flow: &Flow, from: &RefName, tip: ObjectId) -> Result<Vec<Destination>, FactError> {
        if !self.owes(flow, from, tip)? {
            return Ok(Vec::new());
        }
        let each = |branches: Vec<(RefName, ObjectId)>| {
            let others = branches.into_iter().filter(|(name, _)| name != from);
            others.map(|(name, tip)| Destination::of_branch(name, tip)).collect()
        };
        let maintained = || self.maintained(&flow.to, from);
        Ok(match flow.branches {
            Branches::Latest => each(maintained()?.pop().into_iter().collect()),
            // A change says itself on which branches it is wanted.
            _ if !flow.wanted_by.is_empty() => each(self.maintained_of(&flow.to)?),
            Branches::Every => each(self.maintained_of(&flow.to)?),
            Branches::Any => self.any_of(flow, self.branches_of(&flow.to)?)?,
            Branches::Maintained => {
                let name = format!("the maintained branches of the line `{}`", flow.to);
                let branches = maintained()?;
                let is_empty = branches.is_empty();
                (!is_empty).then_some(Destination { name, branches }).into_iter().collect()
            }
            Branches::NextUp => {
                let own = self.rank(from);
                let mut higher = self.maintained(&flow.from, from)?.into_iter();
                match higher.find(|(name, _)| name != from && self.rank(name) > own) {
                    Some(next) => each(vec![next]),
                    None if flow.from == flow.to => Vec::new(),
                    None => self.any_of(flow, self.branches_of(&flow.to)?)?,
                }
            }
        })
    }

    /// Returns a line as the place of which one branch is enough.
    fn any_of(&self, flow: &Flow, branches: Vec<(RefName, ObjectId)>) -> Result<Vec<Destination>, FactError> {
        if branches.is_empty() {
            let cause = format!("there is no branch of the line `{}` to compare with", flow.to);
            return Err(FactError::undecided(cause));
        }
        Ok(vec![Destination { name: format!("the line `{}`", flow.to), branches }])
    }

    /// Returns the branches of a line that are still maintained, in the order of their names.
    pub(super) fn maintained_of(&self, line: &str) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let mut found = Vec::new();
        for (name, tip) in self.branches_of(line)? {
            if self.is_maintained(&name, tip)? {
                found.push((name, tip));
            }
        }
        Ok(found)
    }

    /// Returns whether a branch of the line that a flow comes from owes what is on it.
    fn owes(&self, flow: &Flow, from: &RefName, tip: ObjectId) -> Result<bool, FactError> {
        Ok(match flow.from_branches {
            FromBranches::Every => true,
            FromBranches::Maintained => self.is_maintained(from, tip)?,
            FromBranches::Latest => self.maintained(&flow.from, from)?.last().is_some_and(|(name, _)| name == from),
        })
    }
}
