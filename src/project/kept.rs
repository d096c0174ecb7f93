//! Merges that did not keep what they brought.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{Destination, FactError, Snapshot};
use crate::git::Commit;
use crate::landed::{self, Caching, Lost, Options, Status, Verdict};
use crate::model::ObjectId;
use crate::policy::Flow;

/// So many merges of a branch are looked into, the newest ones, and so far back are they looked for.
const MAX_MERGES: usize = 1000;
const MAX_CHAIN: usize = 50_000;

/// A change that a merge brought and did not keep.
#[derive(Clone, Debug)]
pub struct Discarded {
    /// The commit that made it.
    pub commit: Commit,
    /// The merge.
    pub merge: ObjectId,
    /// Whether nothing of it was kept.
    pub is_whole: bool,
}

impl Discarded {
    /// Returns the sentence about it, without what it is about.
    pub fn reason(&self) -> String {
        let lines = if self.is_whole { "its lines" } else { "most of its lines" };
        format!("merged by {}, and {lines} are not in that tree", self.merge.short())
    }
}

/// Returns a destination of which nobody asks what it wants: a merge has brought the change already.
fn nowhere() -> Destination {
    Destination { name: String::new(), branches: Vec::new() }
}

impl Snapshot<'_> {
    /// Returns the changes of the line that a flow leads from which these merges on a branch of the other line brought and
    /// did not keep, oldest first. `tip` is what that branch holds: what is there by now is not listed.
    ///
    /// # Errors
    /// Refs or objects that cannot be read.
    pub fn discarded(&self, flow: &Flow, merges: &[ObjectId], tip: ObjectId) -> Result<Vec<Discarded>, FactError> {
        if flow.from == flow.to || merges.is_empty() {
            return Ok(Vec::new());
        }
        let from = self.tips_of(&flow.from)?;
        let options = || self.as_flow_asks(flow, Options::default());
        let mut found = Vec::new();
        for id in merges.iter().rev() {
            for discarded in self.discarded_by(*id, &from, tip, &options)? {
                if self.exemption(flow, &discarded.commit, tip, &nowhere())?.is_none() {
                    found.push(discarded);
                }
            }
        }
        Ok(found)
    }

    /// Returns the changes below a commit that came to a branch by merges which did not keep them, newest first. That no
    /// merge lost any is kept.
    ///
    /// # Errors
    /// Objects that cannot be read.
    fn discarded_between(&self, from: ObjectId, tip: ObjectId, caching: Caching) -> Result<Vec<Discarded>, FactError> {
        let repository = self.project().repository();
        if caching != Caching::Off && landed::lost_nothing(repository, from, tip) {
            return Ok(Vec::new());
        }
        let options = || self.comparing();
        let mut merges = Vec::new();
        for id in self.first_parents_since(tip, from)? {
            if repository.parents(id)?.len() > 1 && merges.len() < MAX_MERGES {
                merges.push(id);
            }
        }
        let beyond = if merges.is_empty() { Vec::new() } else { self.project().commits(&[tip], &[from])? };
        let beyond: BTreeSet<ObjectId> = beyond.into_iter().collect();
        let (mut found, mut lost_nothing) = (Vec::new(), true);
        for id in merges {
            let brought = self.brought_by(id)?.into_iter().filter(|id| !beyond.contains(id)).collect::<Vec<_>>();
            let lost = self.lost(id, &brought, tip)?;
            lost_nothing &= lost.is_empty();
            found.extend(self.discarded_of(id, &lost, &options)?);
        }
        if lost_nothing && caching == Caching::Keep {
            landed::keep_lost_nothing(repository, from, tip);
        }
        Ok(found)
    }

    /// Returns the answers for changes below a commit that came to branches by merges which did not keep them, without
    /// those that a flow exempts.
    ///
    /// # Errors
    /// Objects that cannot be read.
    pub fn merged_and_lost(
        &self,
        flow: Option<&Flow>,
        from: ObjectId,
        tips: &[ObjectId],
        caching: Caching,
    ) -> Result<Vec<Verdict>, FactError> {
        let mut verdicts = Vec::new();
        for tip in tips {
            for discarded in self.discarded_between(from, *tip, caching)? {
                if let Some(flow) = flow
                    && self.exemption(flow, &discarded.commit, *tip, &nowhere())?.is_some()
                {
                    continue;
                }
                let status = if discarded.is_whole { Status::Missing } else { Status::Probable };
                verdicts.push(Verdict::merged(&discarded.commit, status, discarded.merge, discarded.reason()));
            }
        }
        Ok(verdicts)
    }

    /// Returns the merge that brought a commit to a branch and did not keep its change.
    ///
    /// # Errors
    /// Objects that cannot be read.
    pub fn discarding_merge(&self, commit: ObjectId, tip: ObjectId) -> Result<Option<Discarded>, FactError> {
        let project = self.project();
        // Each commit of a first-parent history has all before it below it.
        let chain = self.first_parents(tip)?;
        let (mut newest, mut end) = (0, chain.len());
        while newest < end {
            let middle = newest.midpoint(end);
            let Some(at) = chain.get(middle) else { break };
            if project.is_ancestor(commit, *at)? { newest = middle + 1 } else { end = middle }
        }
        let Some(merge) = newest.checked_sub(1).and_then(|at| chain.get(at)) else { return Ok(None) };
        if *merge == commit || project.repository().parents(*merge)?.len() < 2 {
            return Ok(None);
        }
        let options = || self.comparing();
        let lost = self.lost(*merge, &[commit], tip)?;
        Ok(self.discarded_of(*merge, &lost, &options)?.into_iter().next())
    }

    /// Returns the first-parent history of a branch down to where that of another one meets it. Both are followed turn by
    /// turn: branches have been one for most of the time.
    fn first_parents_since(&self, tip: ObjectId, other: ObjectId) -> Result<Vec<ObjectId>, FactError> {
        let (mut chain, mut places) = (Vec::new(), HashMap::new());
        let mut others = HashSet::new();
        let (mut next, mut next_other) = (Some(tip), Some(other));
        while next.is_some() || next_other.is_some() {
            self.project().step()?;
            if let Some(id) = next_other.filter(|_| others.len() < MAX_CHAIN) {
                others.insert(id);
                if let Some(place) = places.get(&id) {
                    chain.truncate(*place);
                    break;
                }
                next_other = self.first_parent(id)?;
            } else {
                next_other = None;
            }
            if let Some(id) = next.filter(|id| chain.len() < MAX_CHAIN && !others.contains(id)) {
                places.insert(id, chain.len());
                chain.push(id);
                next = self.first_parent(id)?;
            } else if next.take().is_some_and(|id| others.contains(&id)) {
                break;
            }
        }
        Ok(chain)
    }

    fn first_parent(&self, commit: ObjectId) -> Result<Option<ObjectId>, FactError> {
        Ok(self.project().repository().parents(commit)?.first().copied())
    }

    fn first_parents(&self, tip: ObjectId) -> Result<Vec<ObjectId>, FactError> {
        let mut chain = Vec::new();
        let mut next = Some(tip);
        while let Some(id) = next.filter(|_| chain.len() < MAX_CHAIN) {
            self.project().step()?;
            chain.push(id);
            next = self.first_parent(id)?;
        }
        Ok(chain)
    }

    /// Returns what a merge brought from below some commits and did not keep.
    fn discarded_by<'o>(
        &self,
        merge: ObjectId,
        from: &[ObjectId],
        tip: ObjectId,
        options: &dyn Fn() -> Options<'o>,
    ) -> Result<Vec<Discarded>, FactError> {
        let others: BTreeSet<ObjectId> = self.brought_beyond(merge, from)?.into_iter().collect();
        let brought = self.brought_by(merge)?.into_iter().filter(|id| !others.contains(id)).collect::<Vec<_>>();
        self.discarded_of(merge, &self.lost(merge, &brought, tip)?, options)
    }

    /// Returns the commits that a merge brought.
    fn brought_by(&self, merge: ObjectId) -> Result<Vec<ObjectId>, FactError> {
        self.brought_beyond(merge, &[])
    }

    /// Returns the commits that a merge brought and that are not below some others.
    fn brought_beyond(&self, merge: ObjectId, from: &[ObjectId]) -> Result<Vec<ObjectId>, FactError> {
        let parents = self.project().repository().parents(merge)?;
        match parents.split_first() {
            Some((first, merged)) if !merged.is_empty() => self.project().commits(merged, &[from, &[*first]].concat()),
            _ => Ok(Vec::new()),
        }
    }

    /// Returns what a merge brought of which it does not have the lines.
    fn lost(&self, merge: ObjectId, brought: &[ObjectId], tip: ObjectId) -> Result<Vec<Lost>, FactError> {
        if brought.is_empty() {
            return Ok(Vec::new());
        }
        let project = self.project();
        Ok(landed::lost(project.repository(), &project.commit(merge)?, brought, tip)?)
    }

    /// Returns those of them that the branch wants and does not have as other commits.
    fn discarded_of<'o>(
        &self,
        merge: ObjectId,
        lost: &[Lost],
        options: &dyn Fn() -> Options<'o>,
    ) -> Result<Vec<Discarded>, FactError> {
        let project = self.project();
        if lost.is_empty() {
            return Ok(Vec::new());
        }
        let merge = project.commit(merge)?;
        let (Some(first), Some(merged)) = (merge.parents.first(), merge.parents.get(1)) else { return Ok(Vec::new()) };
        // What the branch had already, as another commit, came to nothing when it came again; chores stay behind.
        let options = Options { only: Some(lost.iter().map(|lost| lost.commit).collect()), ..options() };
        let compared = landed::compare(project.repository(), *merged, &[*first], &options)?;
        let is_wanted =
            |verdict: &&Verdict| matches!(verdict.status, Status::Missing | Status::Probable | Status::Elsewhere);
        let wanted = compared.verdicts().iter().filter(is_wanted);
        let wanted: BTreeSet<(ObjectId, bool)> =
            wanted.map(|verdict| (verdict.commit, verdict.status == Status::Probable)).collect();
        let mut found = Vec::new();
        for Lost { commit, is_whole } in lost.iter().copied() {
            let is_probable = wanted.contains(&(commit, true));
            if is_probable || wanted.contains(&(commit, false)) {
                let commit = project.commit(commit)?;
                found.push(Discarded { commit, merge: merge.id, is_whole: is_whole && !is_probable });
            }
        }
        Ok(found)
    }
}
