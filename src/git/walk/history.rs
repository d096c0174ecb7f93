//! Reading all history below some commits into memory, and answering from it.

use std::sync::Arc;

use crate::git::object::ids::gix_id;
use crate::git::walk::dag::Dag;
use crate::git::walk::whole::Whole;
use crate::git::{Error, Repository};
use crate::model::ObjectId;

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
            if let Some(known) = own.history() {
                return Some(WholeHistory(known));
            }
            if own.has_graph() || own.is_shallow() {
                return None;
            }
        }
        let tips: Vec<ObjectId> = tips.iter().filter_map(|id| Some(self.peel(*id).ok()?.id)).collect();
        let dag = Dag::new(self.odb.clone(), Vec::new(), false);
        read(dag, &tips).ok().map(|whole| WholeHistory(Arc::new(whole)))
    }

    /// Lets all questions about ancestry be answered from a history that was read before.
    pub(crate) fn use_history(&self, history: &WholeHistory) {
        self.dag.borrow_mut().set_history(Arc::clone(&history.0));
    }
}

/// Reads all commits below some others.
fn read(mut dag: Dag, tips: &[ObjectId]) -> Result<Whole, Error> {
    let mut open = Vec::new();
    for tip in tips {
        match dag.node(*tip) {
            Ok(node) => open.push(node),
            // A tag of a tree or a file has no history.
            Err(Error::WrongKind { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    let mut whole = Whole::default();
    let mut parents = Vec::new();
    // Parents get their numbers before their children: then all that a commit needs is known when its turn comes.
    while let Some(node) = open.last().copied() {
        let id = dag.id(node);
        if whole.known(&gix_id(id)).is_some() {
            open.pop();
            continue;
        }
        dag.parents(node, &mut parents)?;
        let missing = open.len();
        let ids: Vec<gix::ObjectId> = parents.iter().map(|parent| gix_id(dag.id(*parent))).collect();
        let unread = parents.iter().zip(&ids).filter(|(_, id)| whole.known(id).is_none());
        open.extend(unread.map(|(parent, _)| *parent));
        if open.len() == missing {
            open.pop();
            whole.add(gix_id(id), dag.date(node), &ids)?;
        }
    }
    Ok(whole)
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
                let along = std::iter::successors(Some(ids[b]), |id| other.parents(*id).unwrap().first().copied());
                let is_along = along.into_iter().any(|id| id == ids[a]);
                prop_assert!(!is_along || own.may_be_along(ids[b], &[ids[a]].into()).unwrap());
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
    fn what_is_beside_a_branch_is_not_along_it() {
        let scratch = Scratch::new(&[]);
        let base = "refs/heads/base";
        scratch.lines(&[("base", None, &["a", "b"]), ("other", Some(base), &["d"]), ("main", Some(base), &["c"])]);
        let [main, first, other] = scratch.ids(["main", "main~2", "other"]);
        let repository = scratch.open();
        let may = |tip, sought| repository.may_be_along(tip, &[sought].into()).unwrap();
        assert!(may(main, other), "without a graph there is no certain no");
        repository.use_history(&repository.read_history(&[main, other]).unwrap());
        assert!(may(main, first) && may(main, main));
        assert!(!may(main, other) && !may(first, main));
        // What was read is not read again.
        assert!(repository.read_history(&[first]).is_some_and(|again| again.0.len() == 4));
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
