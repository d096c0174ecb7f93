//! All history below some commits, read once into memory: for whoever asks thousands of questions of a repository without
//! a commit-graph. It has what a commit-graph has, generations above all: without them a "no" takes a walk to the very
//! beginning.

use std::sync::Arc;

use gix::hashtable::HashMap;

use crate::git::object::odb::{gix_id, model_id};
use crate::git::walk::dag::{Dag, Node};
use crate::git::{Error, Repository};
use crate::model::ObjectId;

/// The history, numbered so that its parents are nodes of its own. Shared by all threads.
#[derive(Debug)]
pub(in crate::git) struct Whole {
    ids: Vec<gix::ObjectId>,
    by_id: HashMap<gix::ObjectId, Node>,
    dates: Vec<i64>,
    generations: Vec<u32>,
    parents: Vec<Node>,
    /// Where the parents of each commit end; they begin where those of the one before do.
    ends: Vec<u32>,
}

/// A history that a repository can be given, see [`Repository::use_history`].
#[derive(Clone, Debug)]
pub(crate) struct WholeHistory(Arc<Whole>);

impl Repository {
    /// Reads all history below some commits. `None` where the repository has a commit-graph, where it is a shallow clone, and
    /// where not all of it can be read: then questions about ancestry read what they need.
    pub(crate) fn read_history(&self, tips: &[ObjectId]) -> Option<WholeHistory> {
        {
            let mut own = self.dag.borrow_mut();
            own.open_graph();
            if own.has_graph() || own.is_shallow() {
                return None;
            }
        }
        let tips: Vec<ObjectId> = tips.iter().filter_map(|id| Some(self.peel(*id).ok()?.id)).collect();
        let dag = Dag::new(self.odb.clone(), Vec::new(), false);
        Whole::read(dag, &tips).ok().map(|whole| WholeHistory(Arc::new(whole)))
    }

    /// Lets all questions about ancestry be answered from a history that was read before.
    pub(crate) fn use_history(&self, history: &WholeHistory) {
        self.dag.borrow_mut().set_history(Arc::clone(&history.0));
    }
}

impl Whole {
    fn read(mut dag: Dag, tips: &[ObjectId]) -> Result<Self, Error> {
        let mut open = Vec::new();
        for tip in tips {
            match dag.node(*tip) {
                Ok(node) => open.push(node),
                // A tag of a tree or a file has no history.
                Err(Error::WrongKind { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let mut whole = Self {
            ids: Vec::new(),
            by_id: HashMap::default(),
            dates: Vec::new(),
            generations: Vec::new(),
            parents: Vec::new(),
            ends: Vec::new(),
        };
        let mut parents = Vec::new();
        // Parents get their numbers before their children: then all that a commit needs is known when its turn comes.
        while let Some(node) = open.last().copied() {
            let id = dag.id(node);
            if whole.by_id.contains_key(&gix_id(id)) {
                open.pop();
                continue;
            }
            dag.parents(node, &mut parents)?;
            let missing = open.len();
            for parent in &parents {
                if !whole.by_id.contains_key(&gix_id(dag.id(*parent))) {
                    open.push(*parent);
                }
            }
            if open.len() == missing {
                open.pop();
                whole.add(&dag, node, &parents)?;
            }
        }
        Ok(whole)
    }

    fn add(&mut self, dag: &Dag, node: Node, parents: &[Node]) -> Result<(), Error> {
        let too_many = || Error::Limit { what: "commits", limit: u32::MAX as usize };
        let (id, own) = (gix_id(dag.id(node)), Node::try_from(self.ids.len()).map_err(|_| too_many())?);
        let mut generation = 0;
        for parent in parents {
            let parent = self.by_id.get(&gix_id(dag.id(*parent))).copied().unwrap_or_default();
            generation = generation.max(self.generation(parent));
            self.parents.push(parent);
        }
        self.by_id.insert(id, own);
        self.ids.push(id);
        self.dates.push(dag.date(node));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::histories::{Shape, ancestors, history, make};
    use crate::git::scratch::{FORMATS, Scratch};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn the_answers_are_those_of_the_repository_itself(
            shapes in history(1..40),
            picks in proptest::collection::vec(any::<usize>(), 6),
        ) {
            let shapes: Vec<Shape> = shapes.into_iter().map(|(parents, _)| (parents, 0)).collect();
            let scratch = Scratch::new(&[]);
            let ids = make(&scratch, &shapes);
            let pick = |nth: usize| picks[nth] % ids.len();
            // Half of what is asked about may lie outside of what was read.
            let read = scratch.open().read_history(&[ids[pick(0)], ids[pick(1)]]).unwrap();
            let (own, other) = (scratch.open(), scratch.open());
            own.use_history(&read);
            for (a, b) in [(0, 1), (2, 3), (3, 2), (4, 5), (1, 4)] {
                let (a, b) = (pick(a), pick(b));
                let is_below = ancestors(&shapes, &[b]).contains(&a);
                prop_assert_eq!(own.is_ancestor(ids[a], ids[b]).unwrap(), is_below);
                prop_assert_eq!(own.ancestors(ids[b]).unwrap().contains(ids[a]).unwrap(), is_below);
                let (include, exclude) = ([ids[a], ids[pick(5)]], [ids[b]]);
                prop_assert_eq!(
                    own.commits(&include, &exclude, ids.len()).unwrap(),
                    other.commits(&include, &exclude, ids.len()).unwrap()
                );
                prop_assert_eq!(own.parents(ids[a]).unwrap(), other.parents(ids[a]).unwrap());
            }
        }
    }

    #[test]
    fn every_format_is_read_and_tags_stand_for_their_commits() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b", "c"]);
            scratch.git(&["tag", "-a", "-m", "x", "v1", "main~1"]);
            scratch.git(&["tag", "blob", "main:a"]);
            let [tag, blob, main, second] = scratch.ids(["refs/tags/v1", "blob", "main", "main~1"]);
            let read = scratch.open().read_history(&[tag, blob]).unwrap();
            assert_eq!(read.0.len(), 2);
            let repository = scratch.open();
            repository.use_history(&read);
            assert!(repository.is_ancestor(tag, main).unwrap());
            assert_eq!(repository.commits(&[main], &[second], 9).unwrap(), [main]);
        }
    }

    #[test]
    fn nothing_is_read_where_there_is_a_commit_graph_or_history_is_cut_off() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b"]);
        let main = scratch.id("main");
        scratch.git(&["commit-graph", "write", "--reachable"]);
        assert!(scratch.open().read_history(&[main]).is_none());
        let url = format!("file://{}", scratch.path.display());
        scratch.outside(&["clone", "--quiet", "--bare", "--depth=1", &url, "shallow.git"]);
        let shallow = scratch.top().join("shallow.git");
        let environment = crate::git::scratch::environment(&shallow, &[("GIT_DIR", ".")]);
        let shallow = Repository::open(None, &environment, crate::git::Trust::Hook).unwrap();
        assert!(shallow.read_history(&[main]).is_none());
    }
}
