//! The ancestors of one commit, found only as far as the questions about them need.

use crate::git::walk::dag::Dag;
use crate::git::walk::node::{Node, UNKNOWN_GENERATION};
use crate::git::walk::paint::{Flags, Queue};
use crate::git::{Error, Repository};
use crate::model::ObjectId;

const SEEN: u8 = 1;

/// A commit with all that is reachable from it. Many questions cost one walk at most, whereas as many calls of
/// [`Repository::is_ancestor`] would each walk on their own.
pub struct Ancestors<'r> {
    repository: &'r Repository,
    flags: Flags,
    queue: Queue,
    parents: Vec<Node>,
    /// A commit at which a shallow clone ends.
    cut_off: Option<ObjectId>,
}

impl Repository {
    /// Returns the ancestors of a commit, itself among them. Nothing but the commit is read yet.
    ///
    /// # Errors
    /// The object is missing or not a commit.
    pub fn ancestors(&self, commit: ObjectId) -> Result<Ancestors<'_>, Error> {
        let (flags, queue) = (Flags::default(), Queue::default());
        let mut ancestors = Ancestors { repository: self, flags, queue, parents: Vec::new(), cut_off: None };
        let dag = &mut *self.dag.borrow_mut();
        dag.open_graph();
        let node = dag.node(commit)?;
        ancestors.meet(dag, node);
        Ok(ancestors)
    }
}

impl Ancestors<'_> {
    /// Returns whether a commit is among them.
    ///
    /// # Errors
    /// An object is missing or not a commit; [`Error::Shallow`] where a "no" could be a "yes" in the full history.
    pub fn contains(&mut self, commit: ObjectId) -> Result<bool, Error> {
        let dag = &mut *self.repository.dag.borrow_mut();
        let node = dag.node(commit)?;
        while self.flags.get(node) & SEEN == 0 {
            if self.queue.peek().is_some_and(|(generation, _)| is_out_of_reach(dag, node, generation)) {
                return Ok(false);
            }
            if !self.step(dag)? {
                return self.cut_off.map_or(Ok(false), |id| Err(Error::Shallow { id }));
            }
        }
        Ok(true)
    }

    /// Walks to the end, to be sure that a shallow clone does not hide anything.
    ///
    /// # Errors
    /// [`Error::Shallow`] where the history is cut off; an object is missing or not a commit.
    pub fn complete(&mut self) -> Result<(), Error> {
        let dag = &mut *self.repository.dag.borrow_mut();
        while self.step(dag)? {}
        self.cut_off.map_or(Ok(()), |id| Err(Error::Shallow { id }))
    }

    /// Takes the next commit; `false` when there is none left.
    fn step(&mut self, dag: &mut Dag) -> Result<bool, Error> {
        let Some(node) = self.queue.pop() else { return Ok(false) };
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
        if self.flags.add(dag, node, SEEN) {
            self.queue.push(dag, node);
        }
    }
}

/// Returns whether a commit is certainly not an ancestor of anything whose generation is this one or lower. Only
/// commits of the commit-graph have generations, and it holds all ancestors of what it holds.
fn is_out_of_reach(dag: &Dag, node: Node, generation: u32) -> bool {
    let own = dag.generation(node);
    generation != UNKNOWN_GENERATION && (!dag.is_in_graph(node) || (own != UNKNOWN_GENERATION && generation <= own))
}
