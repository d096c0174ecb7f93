//! All history below some commits, read once into memory: for whoever asks thousands of questions of a repository without
//! a commit-graph. It has what a commit-graph has, generations above all: without them a "no" takes a walk to the very
//! beginning.

use gix::hashtable::HashMap;

use crate::git::Error;
use crate::git::object::ids::model_id;
use crate::git::walk::node::Node;
use crate::model::ObjectId;

/// The history, numbered so that its parents are nodes of its own. Shared by all threads.
#[derive(Debug, Default)]
pub(in crate::git) struct Whole {
    ids: Vec<gix::ObjectId>,
    by_id: HashMap<gix::ObjectId, Node>,
    dates: Vec<i64>,
    generations: Vec<u32>,
    parents: Vec<Node>,
    /// Where the parents of each commit end; they begin where those of the one before do.
    ends: Vec<u32>,
}

impl Whole {
    /// Adds a commit below which all is there already.
    ///
    /// # Errors
    /// There are too many commits.
    pub(super) fn add(&mut self, id: gix::ObjectId, date: i64, parents: &[gix::ObjectId]) -> Result<(), Error> {
        let too_many = || Error::Limit { what: "commits", limit: u32::MAX as usize };
        let own = Node::try_from(self.ids.len()).map_err(|_| too_many())?;
        let mut generation = 0;
        for parent in parents {
            let parent = self.by_id.get(parent).copied().unwrap_or_default();
            generation = generation.max(self.generation(parent));
            self.parents.push(parent);
        }
        self.by_id.insert(id, own);
        self.ids.push(id);
        self.dates.push(date);
        self.generations.push(generation + 1);
        self.ends.push(u32::try_from(self.parents.len()).map_err(|_| too_many())?);
        Ok(())
    }

    pub(in crate::git) fn len(&self) -> Node {
        // As many as fit were added.
        self.ids.len() as Node
    }

    pub(in crate::git) fn known(&self, id: &gix::ObjectId) -> Option<Node> {
        self.by_id.get(id).copied()
    }

    pub(in crate::git) fn id(&self, node: Node) -> Option<ObjectId> {
        self.ids.get(node as usize).map(|id| model_id(id))
    }

    pub(in crate::git) fn date(&self, node: Node) -> i64 {
        self.dates.get(node as usize).copied().unwrap_or_default()
    }

    pub(in crate::git) fn generation(&self, node: Node) -> u32 {
        self.generations.get(node as usize).copied().unwrap_or_default()
    }

    pub(in crate::git) fn parents(&self, node: Node) -> &[Node] {
        let end = |node: Node| self.ends.get(node as usize).map_or(0, |end| *end as usize);
        let start = node.checked_sub(1).map_or(0, end);
        self.parents.get(start..end(node)).unwrap_or_default()
    }
}
