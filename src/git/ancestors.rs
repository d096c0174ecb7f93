//! The ancestors of one commit, found no further than the questions about them need.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::dag::{Dag, Node, UNKNOWN_GENERATION};
use super::{Error, Repository};
use crate::model::ObjectId;

/// A commit with all that is reachable from it. Many questions cost one walk at most, where as many calls of
/// [`Repository::is_ancestor`] would each walk on their own.
pub struct Ancestors<'r> {
    repository: &'r Repository,
    seen: Vec<bool>,
    /// Children before parents as far as generations and dates tell.
    queue: BinaryHeap<(u32, i64, Reverse<Node>)>,
    parents: Vec<Node>,
    /// A commit at which a shallow clone ends.
    cut_off: Option<ObjectId>,
}

impl Repository {
    /// The ancestors of a commit, itself among them. Nothing but the commit is read yet.
    ///
    /// # Errors
    /// The object is missing or no commit.
    pub fn ancestors(&self, commit: ObjectId) -> Result<Ancestors<'_>, Error> {
        let mut ancestors =
            Ancestors { repository: self, seen: Vec::new(), queue: BinaryHeap::new(), parents: Vec::new(), cut_off: None };
        let dag = &mut *self.dag.borrow_mut();
        dag.open_graph();
        let node = dag.node(commit)?;
        ancestors.meet(dag, node);
        Ok(ancestors)
    }
}

impl Ancestors<'_> {
    /// Whether a commit is among them.
    ///
    /// # Errors
    /// An object is missing or no commit; [`Error::Shallow`] where a "no" could be a "yes" in the full history.
    pub fn contains(&mut self, commit: ObjectId) -> Result<bool, Error> {
        let dag = &mut *self.repository.dag.borrow_mut();
        let node = dag.node(commit)?;
        loop {
            if self.has_seen(node) {
                return Ok(true);
            }
            if self.queue.peek().is_some_and(|(_, _, Reverse(next))| is_below(dag, *next, node)) {
                return Ok(false);
            }
            if !self.step(dag)? {
                return self.cut_off.map_or(Ok(false), |id| Err(Error::Shallow { id }));
            }
        }
    }

    /// Walks to the end, so that a shallow clone cannot hide anything.
    ///
    /// # Errors
    /// [`Error::Shallow`] where the history is cut off; an object is missing or no commit.
    pub fn complete(&mut self) -> Result<(), Error> {
        let dag = &mut *self.repository.dag.borrow_mut();
        while self.step(dag)? {}
        self.cut_off.map_or(Ok(()), |id| Err(Error::Shallow { id }))
    }

    /// Takes the next commit; `false` when there is none left.
    fn step(&mut self, dag: &mut Dag) -> Result<bool, Error> {
        let Some((_, _, Reverse(node))) = self.queue.pop() else { return Ok(false) };
        let mut parents = std::mem::take(&mut self.parents);
        if dag.parents(node, &mut parents)? {
            self.cut_off = Some(dag.id(node));
        }
        for parent in &parents {
            self.meet(dag, *parent);
        }
        self.parents = parents;
        Ok(true)
    }

    fn meet(&mut self, dag: &Dag, node: Node) {
        let at = node as usize;
        if at >= self.seen.len() {
            self.seen.resize(dag.len().max(at + 1), false);
        }
        if let Some(seen) = self.seen.get_mut(at).filter(|seen| !**seen) {
            *seen = true;
            self.queue.push((dag.generation(node), dag.date(node), Reverse(node)));
        }
    }

    fn has_seen(&self, node: Node) -> bool {
        self.seen.get(node as usize).copied().unwrap_or_default()
    }
}

/// Whether `wanted` cannot be reached from `next`, nor from anything queued behind it: generations fall towards the
/// ancestors, and the commit-graph holds all ancestors of what it holds.
fn is_below(dag: &Dag, next: Node, wanted: Node) -> bool {
    if !dag.is_in_graph(next) {
        return false;
    }
    let (next, wanted_generation) = (dag.generation(next), dag.generation(wanted));
    next != UNKNOWN_GENERATION
        && (!dag.is_in_graph(wanted) || (wanted_generation != UNKNOWN_GENERATION && next <= wanted_generation))
}
