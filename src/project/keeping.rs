//! Precomputes what the next pushes will ask about flows, and caches the answers.

use super::{FactError, Snapshot};
use crate::landed::{Caching, Options};
use crate::model::{ObjectId, RefName};
use crate::policy::{Bindings, Flow, Policy, Way};

/// Where no branch is named, as many branches of a line as are likely to be pushed to next: those with the newest
/// commits.
const NEWEST: usize = 8;

/// A branch whose changes a flow wants elsewhere.
#[derive(Clone, Debug)]
pub struct FlowSource<'a> {
    flow: &'a Flow,
    /// The branch.
    pub branch: RefName,
    tip: ObjectId,
}

impl FlowSource<'_> {
    /// Returns the line on which its changes are looked for.
    pub fn to(&self) -> &str {
        &self.flow.to
    }
}

/// Returns whether flows ask for changes that are picked to or from the line of a ref: only picked changes have to be
/// searched for.
pub(crate) fn is_compared(policy: &Policy, name: &RefName) -> bool {
    let line = policy.line_of(name).map(|place| place.line.name.as_str());
    let mut picked = policy.flows.iter().filter(|flow| flow.by.contains(&Way::Pick));
    line.is_some_and(|line| picked.any(|flow| flow.from == line || flow.to == line))
}

impl<'a> Snapshot<'a> {
    /// Returns the branches that flows lead from and that a push to `touched` concerns: the touched branches
    /// themselves, and, where the other end of a flow was touched, the branches of its line with the newest commits.
    /// With an empty `touched`, those of every flow.
    pub fn sources(&self, touched: &[RefName]) -> Result<Vec<FlowSource<'a>>, FactError> {
        let mut sources = Vec::new();
        for flow in self.project().flows().iter().filter(|flow| flow.by.contains(&Way::Pick)) {
            let is_on = |line: &str| {
                touched.iter().any(|name| self.project().line_of(name).is_some_and(|place| place.line.name == line))
            };
            let all = touched.is_empty() || is_on(&flow.to);
            let Some(line) = self.project().lines().iter().find(|line| line.name == flow.from) else { continue };
            if !all && !is_on(&flow.from) {
                continue;
            }
            let mut branches = Vec::new();
            for (branch, tip) in self.branches(line, &Bindings::new())? {
                let is_pushed = touched.contains(&branch);
                if all || is_pushed {
                    branches.push((
                        is_pushed,
                        self.project().commit(tip)?.committer.seconds,
                        FlowSource { flow, branch, tip },
                    ));
                }
            }
            branches.sort_by_key(|(is_pushed, seconds, _)| std::cmp::Reverse((*is_pushed, *seconds)));
            let pushed = branches.iter().filter(|(is_pushed, ..)| *is_pushed).count();
            branches.truncate(pushed.max(NEWEST));
            sources.extend(branches.into_iter().map(|(.., source)| source));
        }
        Ok(sources)
    }

    /// Compares the changes of a branch as the gate would, and caches the answers.
    pub fn keep(&self, source: &FlowSource<'_>) -> Result<(), FactError> {
        if self.branches_of(&source.flow.to)?.is_empty() {
            return Ok(());
        }
        for destination in self.destinations(source.flow, &source.branch, source.tip)? {
            let options = Options { cache: Caching::Keep, ..Options::default() };
            self.answers(source.flow, source.tip, &destination, options)?;
        }
        Ok(())
    }
}
