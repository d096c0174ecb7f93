//! Which of many tips contain which of a few commits: one walk for all of them.

use crate::git::walk::dag::Dag;
use crate::git::walk::node::{Node, UNKNOWN_GENERATION};
use crate::git::{Error, Repository};
use crate::model::ObjectId;

/// The bit that says that a shallow clone cuts the history off.
const CUT_OFF: u64 = 1 << 63;

/// How many commits have a bit each.
const MAX_SOUGHT: usize = 63;

impl Repository {
    /// Returns for each of `tips` which of `sought` are it or its ancestors, in the order of `sought`. An object that
    /// is not a commit, such as a tag of a file, contains nothing.
    ///
    /// # Errors
    /// An object is missing; more than 63 commits are sought; [`Error::Shallow`] where a "no" could be a "yes" in the
    /// full history.
    pub fn containing(&self, tips: &[ObjectId], sought: &[ObjectId]) -> Result<Vec<Vec<bool>>, Error> {
        if sought.len() > MAX_SOUGHT {
            return Err(Error::Limit { what: "commits to look for", limit: MAX_SOUGHT });
        }
        let dag = &mut *self.dag.borrow_mut();
        dag.open_graph();
        let mut walk = Walk { wanted: Vec::new(), lowest: u32::MAX, masks: Vec::new() };
        for (at, id) in sought.iter().enumerate() {
            let node = dag.node(*id)?;
            walk.wanted.push((node, 1 << at));
            if dag.is_in_graph(node) {
                let generation = dag.generation(node);
                walk.lowest = walk.lowest.min(if generation == UNKNOWN_GENERATION { 0 } else { generation });
            }
        }
        let all = sought.iter().enumerate().fold(0, |all, (at, _)| all | 1 << at);
        let mut found = Vec::with_capacity(tips.len());
        for tip in tips {
            let mask = match dag.node(*tip) {
                Ok(node) => walk.mask(dag, node)?,
                Err(Error::WrongKind { .. }) => 0,
                Err(error) => return Err(error),
            };
            if mask & CUT_OFF != 0 && mask & all != all {
                return Err(Error::Shallow { id: *tip });
            }
            found.push((0..sought.len()).map(|at| mask & (1 << at) != 0).collect());
        }
        Ok(found)
    }
}

struct Walk {
    /// The nodes that are looked for, each with its bit.
    wanted: Vec<(Node, u64)>,
    /// No commit of the commit-graph with a generation below this one contains any of them.
    lowest: u32,
    /// What each node contains, once that is known.
    masks: Vec<Option<u64>>,
}

impl Walk {
    fn mask(&mut self, dag: &mut Dag, tip: Node) -> Result<u64, Error> {
        let mut stack = vec![tip];
        let mut parents = Vec::new();
        while let Some(node) = stack.last().copied() {
            dag.budget().step()?;
            if self.known(node).is_some() {
                stack.pop();
                continue;
            }
            let own = self.wanted.iter().filter(|(wanted, _)| *wanted == node).fold(0, |mask, (_, bit)| mask | bit);
            if dag.is_in_graph(node) && dag.generation(node) < self.lowest {
                self.set(node, own);
                continue;
            }
            let cut_off = if dag.parents(node, &mut parents)? { CUT_OFF } else { 0 };
            let open: Vec<Node> = parents.iter().copied().filter(|parent| self.known(*parent).is_none()).collect();
            if open.is_empty() {
                let below = parents.iter().filter_map(|parent| self.known(*parent)).fold(0, |all, mask| all | mask);
                self.set(node, own | cut_off | below);
            } else {
                stack.extend(open);
            }
        }
        Ok(self.known(tip).unwrap_or_default())
    }

    fn known(&self, node: Node) -> Option<u64> {
        self.masks.get(node as usize).copied().flatten()
    }

    fn set(&mut self, node: Node, mask: u64) {
        let at = node as usize;
        if at >= self.masks.len() {
            self.masks.resize(at + 1, None);
        }
        if let Some(slot) = self.masks.get_mut(at) {
            *slot = Some(mask);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::Scratch;

    #[test]
    fn it_agrees_with_asking_for_each_with_and_without_a_commit_graph() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b", "c", "d"]);
        scratch.line("side", Some("main~2"), &["e", "f"]);
        scratch.line("other", None, &["g"]);
        scratch.git(&["update-ref", "refs/heads/old", "main~3"]);
        for graph in [false, true] {
            if graph {
                scratch.git(&["commit-graph", "write", "--reachable"]);
                scratch.line("main", Some("main"), &["h"]);
            }
            let tips = ["main", "side", "other", "old"].map(|name| scratch.id(name));
            let sought = ["main", "main~1", "main~3", "side", "side~1", "other", "main~2"].map(|name| scratch.id(name));
            let found = scratch.open().containing(&tips, &sought).unwrap();
            for (tip, found) in tips.iter().zip(found) {
                let each: Vec<bool> =
                    sought.iter().map(|one| scratch.open().is_ancestor(*one, *tip).unwrap()).collect();
                assert_eq!(found, each);
            }
        }
    }

    #[test]
    fn a_cut_history_says_no_to_nothing() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b", "c", "d"]);
        let shallow = scratch.top().join("shallow.git");
        let from = format!("file://{}", scratch.path.display());
        scratch.outside(&["clone", "--quiet", "--bare", "--depth=2", &from, shallow.to_str().unwrap()]);
        let environment = crate::git::scratch::environment(&shallow, &[("GIT_DIR", ".")]);
        let repository = Repository::open(None, &environment, crate::git::Trust::Hook).unwrap();
        let (tip, parent) = (scratch.id("main"), scratch.id("main~1"));
        assert_eq!(repository.containing(&[tip], &[tip, parent]).unwrap(), [[true, true]]);
        assert!(matches!(repository.containing(&[parent], &[tip]), Err(Error::Shallow { .. })));
    }
}
