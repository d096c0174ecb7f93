//! The history as a graph of small numbers: commits in the commit-graph file by their position in it, all others
//! read once and numbered behind them.
//!
//! Not gix-revwalk's `Graph`: it copies each commit out of the commit-graph into a hash map, and knows no shallow
//! boundary.

use gix::commitgraph::{Graph, Position};
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::git::budget::Budget;
use crate::git::object::headers::Skeleton;
use crate::git::object::ids::{gix_id, model_id};
use crate::git::object::kind::MAX_TEXT_OBJECT;
use crate::git::object::odb::Odb;
use crate::git::walk::node::{Node, UNKNOWN_GENERATION};
use crate::git::walk::whole::Whole;
use crate::git::{Error, Kind};
use crate::model::ObjectId;

/// The commits seen so far. Nothing is ever removed: history does not change.
#[derive(Clone)]
pub(in crate::git) struct Dag {
    odb: Odb,
    /// Where a shallow clone ends. With one, the commit-graph is not used, as git does not use it.
    shallow: BTreeSet<ObjectId>,
    graph: Source,
    loaded: Vec<Loaded>,
    by_id: gix::hashtable::HashMap<gix::ObjectId, Node>,
    buffer: Vec<u8>,
}

/// The commit-graph, opened at the first question about ancestry.
#[derive(Clone)]
enum Source {
    NotOpened,
    None,
    Graph(Arc<Graph>),
    /// What was read into memory instead.
    Whole(Arc<Whole>),
}

/// A commit that is not in the commit-graph.
#[derive(Clone)]
struct Loaded {
    id: ObjectId,
    date: i64,
    parents: Parents,
}

/// The parents of a commit, looked up by name only once, because every walk passes it again.
#[derive(Clone)]
enum Parents {
    Named(Vec<ObjectId>),
    Found(Vec<Node>),
}

impl Dag {
    pub(in crate::git) fn new(odb: Odb, shallow: Vec<ObjectId>, use_graph: bool) -> Self {
        Self {
            odb,
            shallow: shallow.into_iter().collect(),
            graph: if use_graph { Source::NotOpened } else { Source::None },
            loaded: Vec::new(),
            by_id: gix::hashtable::HashMap::default(),
            buffer: Vec::new(),
        }
    }

    /// Returns the budget, which is checked for each commit.
    pub(in crate::git) fn budget(&self) -> &Budget {
        &self.odb.budget
    }

    pub(in crate::git) fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }

    /// Opens the commit-graph unless that was done before.
    pub(in crate::git) fn open_graph(&mut self) {
        if matches!(self.graph, Source::NotOpened) {
            // Graphs of git before 2.19 have no generations, and cannot decide anything.
            let graph = self
                .odb
                .commit_graph()
                .filter(|graph| graph.iter_commits().next().is_some_and(|commit| commit.generation() != 0));
            self.graph = graph.map_or(Source::None, |graph| Source::Graph(Arc::new(graph)));
        }
    }

    fn graph(&self) -> Option<&Graph> {
        match &self.graph {
            Source::Graph(graph) => Some(graph),
            Source::None | Source::NotOpened | Source::Whole(_) => None,
        }
    }

    /// Takes a history that was read into memory for the commit-graph; what was loaded so far is forgotten.
    pub(in crate::git) fn set_history(&mut self, whole: Arc<Whole>) {
        self.graph = Source::Whole(whole);
        self.loaded.clear();
        self.by_id.clear();
    }

    /// Returns the history that was read into memory.
    pub(in crate::git) fn history(&self) -> Option<Arc<Whole>> {
        match &self.graph {
            Source::Whole(whole) => Some(Arc::clone(whole)),
            Source::Graph(_) | Source::None | Source::NotOpened => None,
        }
    }

    pub(in crate::git) fn has_graph(&self) -> bool {
        matches!(self.graph, Source::Graph(_) | Source::Whole(_))
    }

    fn first_loaded(&self) -> Node {
        match &self.graph {
            Source::Graph(graph) => graph.num_commits(),
            Source::Whole(whole) => whole.len(),
            Source::None | Source::NotOpened => 0,
        }
    }

    /// Returns how many nodes there are by now.
    pub(in crate::git) fn len(&self) -> usize {
        self.first_loaded() as usize + self.loaded.len()
    }

    pub(in crate::git) fn is_in_graph(&self, node: Node) -> bool {
        node < self.first_loaded()
    }

    fn loaded(&self, node: Node) -> &Loaded {
        let at = (node - self.first_loaded()) as usize;
        self.loaded.get(at).expect("nodes are handed out for what was loaded")
    }

    /// Returns the node of a commit that was seen before or is in the commit-graph.
    pub(in crate::git) fn known(&self, id: ObjectId) -> Option<Node> {
        let key = gix_id(id);
        let in_graph = match &self.graph {
            Source::Graph(graph) if id.kind() == self.odb.hash_kind() => graph.lookup(key).map(|Position(at)| at),
            Source::Whole(whole) => whole.known(&key),
            Source::Graph(_) | Source::None | Source::NotOpened => None,
        };
        in_graph.or_else(|| self.by_id.get(&key).copied())
    }

    /// Returns the node of a commit, which is read unless it is known.
    pub(in crate::git) fn node(&mut self, id: ObjectId) -> Result<Node, Error> {
        if let Some(node) = self.known(id) {
            return Ok(node);
        }
        self.odb.read_part(id, Kind::Commit, MAX_TEXT_OBJECT, &mut self.buffer)?;
        let commit = Skeleton::parse(id, &self.buffer)?;
        let (date, parents) = (commit.date(), Parents::Named(commit.parents));
        let limit = Error::Limit { what: "commits", limit: u32::MAX as usize };
        let node = Node::try_from(self.len()).map_err(|_| limit)?;
        self.loaded.push(Loaded { id, date, parents });
        self.by_id.insert(gix_id(id), node);
        Ok(node)
    }

    pub(in crate::git) fn id(&self, node: Node) -> ObjectId {
        match &self.graph {
            Source::Graph(graph) if self.is_in_graph(node) => model_id(graph.id_at(Position(node))),
            Source::Whole(whole) => whole.id(node).unwrap_or_else(|| self.loaded(node).id),
            Source::Graph(_) | Source::None | Source::NotOpened => self.loaded(node).id,
        }
    }

    /// Returns the tree of a commit that is in the commit-graph, if that was opened.
    pub(in crate::git) fn tree(&self, id: ObjectId) -> Option<ObjectId> {
        let graph = self.graph().filter(|_| id.kind() == self.odb.hash_kind())?;
        let position = graph.lookup(gix_id(id))?;
        Some(model_id(graph.commit_at(position).root_tree_id()))
    }

    /// Returns the committer's date.
    pub(in crate::git) fn date(&self, node: Node) -> i64 {
        match &self.graph {
            Source::Graph(graph) if self.is_in_graph(node) => {
                i64::try_from(graph.commit_at(Position(node)).committer_timestamp()).unwrap_or(i64::MAX)
            }
            Source::Whole(whole) if self.is_in_graph(node) => whole.date(node),
            _ => self.loaded(node).date,
        }
    }

    /// Returns a number greater than those of all ancestors, or [`UNKNOWN_GENERATION`].
    pub(in crate::git) fn generation(&self, node: Node) -> u32 {
        match &self.graph {
            Source::Whole(whole) if self.is_in_graph(node) => whole.generation(node),
            Source::Graph(graph) if self.is_in_graph(node) => {
                let generation = graph.commit_at(Position(node)).generation();
                if generation == 0 { UNKNOWN_GENERATION } else { generation }
            }
            _ => UNKNOWN_GENERATION,
        }
    }

    /// Puts the parents into `parents`, reading them if necessary. Returns whether the history is cut off here: the
    /// commit has parents that this clone does not have.
    pub(in crate::git) fn parents(&mut self, node: Node, parents: &mut Vec<Node>) -> Result<bool, Error> {
        parents.clear();
        self.odb.budget.step()?;
        if let Source::Whole(whole) = &self.graph
            && self.is_in_graph(node)
        {
            parents.extend(whole.parents(node));
            return Ok(false);
        }
        if let Some(graph) = self.graph().filter(|_| self.is_in_graph(node)) {
            for position in graph.commit_at(Position(node)).iter_parents() {
                parents.push(position.map_err(Error::ObjectStore)?.0);
            }
            return Ok(false);
        }
        let Loaded { id, parents: known, .. } = self.loaded(node);
        match known {
            Parents::Named(names) if self.shallow.contains(id) => return Ok(!names.is_empty()),
            Parents::Found(nodes) => parents.extend(nodes),
            Parents::Named(names) => {
                for name in names.clone() {
                    parents.push(self.node(name)?);
                }
                let at = (node - self.first_loaded()) as usize;
                if let Some(loaded) = self.loaded.get_mut(at) {
                    loaded.parents = Parents::Found(parents.clone());
                }
            }
        }
        Ok(false)
    }
}
