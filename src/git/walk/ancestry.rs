//! Questions about ancestry. Answers are exact or an error, whatever the dates of commits say. One exception: without
//! a commit-graph, and with clocks that were wrong for thousands of commits, [`Repository::commits`] may list commits
//! that are excluded. It never leaves out one that is wanted.
//!
//! Not gix-revision or gix-traverse, for the reasons that `dag`, `paint` and `difference` give; property tests
//! compare all of it with git.

use std::collections::BTreeSet;

use crate::git::walk::dag::Dag;
use crate::git::walk::difference::{Difference, Found};
use crate::git::walk::node::{Node, UNKNOWN_GENERATION};
use crate::git::walk::paint::{paint, reaches};
use crate::git::walk::subgraph::{Marks, Subgraph};
use crate::git::{Error, Kind, Repository};
use crate::model::ObjectId;

impl Repository {
    /// Returns whether `ancestor` is reachable from `descendant`; a commit is its own ancestor. Tags stand for the
    /// objects that they name.
    ///
    /// # Errors
    /// An object is missing or not a commit, or a shallow clone ends before the answer is found: a "no" that could be a
    /// "yes" in the full history is [`Error::Shallow`].
    pub fn is_ancestor(&self, ancestor: ObjectId, descendant: ObjectId) -> Result<bool, Error> {
        let (ancestor, descendant) = (self.tip(ancestor)?, self.tip(descendant)?);
        let dag = &mut *self.dag.borrow_mut();
        if dag.has_graph() {
            reaches(dag, descendant, ancestor)
        } else {
            // The common ancestors of the two include `ancestor` exactly if it is one.
            let painted = paint(dag, ancestor, descendant, Some(ancestor))?;
            match painted.cut_off_right {
                _ if painted.found => Ok(true),
                Some(id) => Err(Error::Shallow { id }),
                None => Ok(false),
            }
        }
    }

    /// Returns the best common ancestor of two commits, the newest if there are several: git's `merge-base`.
    ///
    /// # Errors
    /// An object is missing or not a commit, or a shallow clone ends before the answer is certain.
    pub fn merge_base(&self, a: ObjectId, b: ObjectId) -> Result<Option<ObjectId>, Error> {
        let (a, b) = (self.tip(a)?, self.tip(b)?);
        let painted = paint(&mut self.dag.borrow_mut(), a, b, None)?;
        if let Some(id) = painted.cut_off_left.or(painted.cut_off_right) {
            return Err(Error::Shallow { id });
        }
        let candidates: Vec<ObjectId> = painted.common;
        for candidate in &candidates {
            let mut others = candidates.iter().filter(|other| *other != candidate);
            let is_redundant = others
                .try_fold(false, |found, other| Ok::<_, Error>(found || self.is_ancestor(*candidate, *other)?))?;
            if !is_redundant {
                return Ok(Some(*candidate));
            }
        }
        Ok(None)
    }

    /// Lists the commits that are reachable from `include` and not from `exclude`, newest first and none before its
    /// children: `git rev-list --date-order INCLUDE --not EXCLUDE`. In `exclude`, what is not a commit excludes
    /// nothing. For the same question about many tips, see [`Self::fresh`].
    ///
    /// # Errors
    /// An object is missing or not a commit, a shallow clone ends before the wanted commits do, or there are more than
    /// `limit` commits.
    pub fn commits(&self, include: &[ObjectId], exclude: &[ObjectId], limit: usize) -> Result<Vec<ObjectId>, Error> {
        let include = include.iter().map(|id| self.tip(*id)).collect::<Result<Vec<_>, _>>()?;
        let excluded: Vec<Node> = self.tips_to_exclude(exclude)?.into_iter().map(|(_, node)| node).collect();
        let dag = &mut *self.dag.borrow_mut();
        let Found { commits, cut_off } = Difference::new(&include, &excluded).run(dag, limit)?;
        if let Some(node) = cut_off.first() {
            return Err(Error::Shallow { id: dag.id(*node) });
        }
        let graph = Subgraph::new(dag, commits)?;
        let tips: Vec<_> = include.iter().filter_map(|node| graph.place(*node)).collect();
        let sorted = graph.select(&tips, &[], &mut Marks::default(), dag.budget())?;
        let sorted = sorted.ok_or_else(|| circle(dag, include.first().copied()))?;
        Ok(sorted.into_iter().map(|place| dag.id(graph.node(place))).collect())
    }

    /// Returns the commits that some ids stand for, without those of other objects.
    pub(in crate::git) fn tips_to_exclude(&self, exclude: &[ObjectId]) -> Result<Vec<(ObjectId, Node)>, Error> {
        let mut excluded = Vec::with_capacity(exclude.len());
        for id in exclude {
            match self.tip(*id) {
                Ok(node) => excluded.push((*id, node)),
                Err(Error::WrongKind { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(excluded)
    }

    /// Returns whether one of some commits may be among the first parents of `tip`, itself included. Only a "no" is certain;
    /// without a commit-graph there is none.
    ///
    /// # Errors
    /// An object is missing, or the deadline has passed.
    pub fn may_be_along(&self, tip: ObjectId, sought: &BTreeSet<ObjectId>) -> Result<bool, Error> {
        let mut next = Some(self.tip(tip)?);
        let dag = &mut *self.dag.borrow_mut();
        let sought: Option<Vec<Node>> = sought.iter().map(|id| dag.known(*id)).collect();
        let Some(sought) = sought.filter(|sought| sought.iter().all(|node| dag.is_in_graph(*node))) else {
            return Ok(true);
        };
        let Some(lowest) = sought.iter().map(|node| dag.generation(*node)).min() else { return Ok(false) };
        let mut parents = Vec::new();
        while let Some(node) = next.filter(|node| dag.generation(*node) >= lowest) {
            if sought.contains(&node) {
                return Ok(true);
            }
            dag.parents(node, &mut parents)?;
            next = parents.first().copied();
        }
        // Where generations are not known, they say nothing.
        Ok(lowest == UNKNOWN_GENERATION)
    }

    /// Returns the parents of a commit; empty where a shallow clone ends.
    ///
    /// # Errors
    /// An object is missing or not a commit.
    pub fn parents(&self, commit: ObjectId) -> Result<Vec<ObjectId>, Error> {
        let node = self.tip(commit)?;
        let dag = &mut *self.dag.borrow_mut();
        let mut parents = Vec::new();
        dag.parents(node, &mut parents)?;
        Ok(parents.into_iter().map(|node| dag.id(node)).collect())
    }

    /// Returns the commit that an id stands for.
    pub(in crate::git) fn tip(&self, id: ObjectId) -> Result<Node, Error> {
        let mut dag = self.dag.borrow_mut();
        dag.open_graph();
        if let Some(node) = dag.known(id) {
            return Ok(node);
        }
        drop(dag);
        // By headers first: what a ref points to may be a blob of any size.
        let peeled = self.peel(id)?;
        match peeled.kind {
            Kind::Commit => self.dag.borrow_mut().node(peeled.id),
            actual => Err(Error::WrongKind { id: peeled.id, expected: Kind::Commit, actual }),
        }
    }
}

/// Returns the error for a history that leads back to where it began.
pub(in crate::git) fn circle(dag: &Dag, tip: Option<Node>) -> Error {
    let id = tip.map_or(ObjectId::null(crate::model::HashKind::Sha1), |tip| dag.id(tip));
    Error::Malformed { id, reason: "the commit-graph shows its history as a circle" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::histories::{Shape, ancestors, history, make};
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::git::{Repository, Trust};
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn check(shapes: &[Shape], picks: &[usize], repository: &Repository, ids: &[ObjectId], scratch: &Scratch) {
        let pick = |nth: usize| picks[nth] % shapes.len();
        let (include, exclude) = ([pick(0), pick(1)], [pick(2), pick(3)]);
        let wanted = ancestors(shapes, &include);
        let unwanted = ancestors(shapes, &exclude);
        let expected: BTreeSet<ObjectId> = wanted.difference(&unwanted).map(|at| ids[*at]).collect();
        let found = repository.commits(&include.map(|at| ids[at]), &exclude.map(|at| ids[at]), shapes.len()).unwrap();
        assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
        assert_eq!(found.len(), expected.len(), "each once");
        let place = |id: ObjectId| found.iter().position(|other| *other == id);
        for id in &found {
            for parent in repository.commit(*id).unwrap().parents {
                assert!(place(parent).is_none_or(|parent| parent > place(*id).unwrap()), "children first");
            }
        }
        if let Some(limit) = expected.len().checked_sub(1) {
            let result = repository.commits(&include.map(|at| ids[at]), &exclude.map(|at| ids[at]), limit);
            assert!(matches!(result, Err(Error::Limit { .. })));
        }
        for a in include {
            for b in exclude {
                let expected = ancestors(shapes, &[b]).contains(&a);
                assert_eq!(repository.is_ancestor(ids[a], ids[b]).unwrap(), expected, "{a} of {b}");
                let mut below = repository.ancestors(ids[b]).unwrap();
                for at in [a, b].into_iter().chain((0..shapes.len()).rev()) {
                    assert_eq!(below.contains(ids[at]).unwrap(), ancestors(shapes, &[b]).contains(&at), "{at} of {b}");
                }
                let common: BTreeSet<usize> =
                    ancestors(shapes, &[a]).intersection(&ancestors(shapes, &[b])).copied().collect();
                let best = common
                    .iter()
                    .filter(|at| !common.iter().any(|other| other != *at && ancestors(shapes, &[*other]).contains(at)));
                let best: BTreeSet<ObjectId> = best.map(|at| ids[*at]).collect();
                match repository.merge_base(ids[a], ids[b]).unwrap() {
                    Some(base) => assert!(best.contains(&base), "{a} and {b}"),
                    None => assert!(best.is_empty(), "{a} and {b}"),
                }
            }
        }
        let git: BTreeSet<ObjectId> = scratch
            .git(&[
                "rev-list",
                &ids[include[0]].to_string(),
                &ids[include[1]].to_string(),
                "--not",
                &ids[exclude[0]].to_string(),
            ])
            .lines()
            .map(|id| ObjectId::from_hex(id.as_bytes()).unwrap())
            .collect();
        let found = repository.commits(&include.map(|at| ids[at]), &[ids[exclude[0]]], shapes.len()).unwrap();
        let expected: BTreeSet<ObjectId> =
            wanted.difference(&ancestors(shapes, &[exclude[0]])).map(|at| ids[*at]).collect();
        assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
        // git itself gives up on dates that are too wrong; it then lists more, never fewer.
        assert!(git.is_superset(&expected));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]
        #[test]
        fn answers_are_exact_whatever_clocks_say(
            shapes in history(1..60),
            picks in proptest::collection::vec(any::<usize>(), 4),
            graph_at in 0usize..60,
        ) {
            let scratch = Scratch::new(&[]);
            let ids = make(&scratch, &shapes);
            check(&shapes, &picks, &scratch.open(), &ids, &scratch);

            // A graph of a part of the history, then a chain of two.
            let tip = ids[graph_at % ids.len()].to_string();
            scratch.git_with(&["commit-graph", "write", "--stdin-commits", "--split"], &[], tip.as_bytes());
            check(&shapes, &picks, &scratch.open(), &ids, &scratch);
            let tip = ids[picks[0] % ids.len()].to_string();
            scratch.git_with(&["commit-graph", "write", "--stdin-commits", "--split=no-merge"], &[], tip.as_bytes());
            check(&shapes, &picks, &scratch.open(), &ids, &scratch);

            scratch.git(&["commit-graph", "write", "--reachable"]);
            check(&shapes, &picks, &scratch.open(), &ids, &scratch);
        }
    }

    #[test]
    fn ancestry_is_answered_in_every_format_and_through_tags() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b", "c"]);
            scratch.line("side", Some("main~1"), &["d"]);
            scratch.git(&["tag", "-a", "-m", "x", "v1", "main~1"]);
            scratch.git(&["tag", "blob", "main:a"]);
            let [main, second, side, v1, blob] = scratch.ids(["main", "main~1", "side", "v1", "blob"]);
            for _ in 0..2 {
                let repository = scratch.open();
                assert!(repository.is_ancestor(v1, side).unwrap());
                assert!(!repository.is_ancestor(side, main).unwrap());
                assert_eq!(repository.merge_base(main, side).unwrap(), Some(second));
                assert_eq!(repository.commits(&[main], &[v1, blob], 1).unwrap(), [main]);
                assert!(matches!(repository.is_ancestor(blob, main), Err(Error::WrongKind { .. })));
                assert!(matches!(repository.commits(&[blob], &[], 9), Err(Error::WrongKind { .. })));
                scratch.git(&["commit-graph", "write", "--reachable"]);
            }
        }
    }

    #[test]
    fn a_shallow_clone_never_says_no_to_what_it_cannot_see() {
        for refs in ["--ref-format=files", "--ref-format=reftable"] {
            let scratch = Scratch::new(&[refs]);
            scratch.line("main", None, &["a", "b", "c", "d"]);
            scratch.line("side", Some("main~3"), &["e", "f"]);
            let url = format!("file://{}", scratch.path.display());
            let arguments =
                ["clone", "--quiet", "--bare", "--depth=2", "--no-single-branch", refs, &url, "shallow.git"];
            scratch.outside(&arguments);
            let shallow = scratch.top().join("shallow.git");
            let environment = crate::git::scratch::environment(&shallow, &[("GIT_DIR", ".")]);
            let repository = Repository::open(None, &environment, Trust::Hook).unwrap();
            let (main, side) = (scratch.id("main"), scratch.id("side"));
            assert!(repository.is_shallow());
            assert!(repository.is_ancestor(scratch.id("main~1"), main).unwrap());
            // `side` is not below `main`, but that cannot be seen from here.
            let cut_off = scratch.id("main~1");
            assert!(matches!(repository.is_ancestor(side, main), Err(Error::Shallow { id }) if id == cut_off));
            assert!(matches!(repository.merge_base(main, side), Err(Error::Shallow { .. })));
            let mut below = repository.ancestors(main).unwrap();
            assert!(below.contains(cut_off).unwrap());
            assert!(matches!(below.contains(side), Err(Error::Shallow { id }) if id == cut_off));
            assert!(matches!(below.complete(), Err(Error::Shallow { id }) if id == cut_off));
            assert!(matches!(repository.is_ancestor(scratch.id("main~3"), main), Err(Error::Missing { .. })));
        }
    }

    #[test]
    fn a_missing_parent_is_an_error_and_not_the_end_of_history() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b", "c"]);
        scratch.line("other", None, &["d"]);
        let missing = scratch.id("main~2").to_string();
        let (main, other) = (scratch.id("main"), scratch.id("other"));
        for pack in std::fs::read_dir(scratch.path.join("objects/pack")).unwrap() {
            let pack = pack.unwrap().path();
            if pack.extension().is_some_and(|extension| extension == "pack") {
                let content = std::fs::read(&pack).unwrap();
                for extension in ["pack", "idx", "rev"] {
                    let _absent = std::fs::remove_file(pack.with_extension(extension));
                }
                scratch.git_with(&["unpack-objects", "-q"], &[], &content);
            }
        }
        std::fs::remove_file(scratch.path.join("objects").join(&missing[..2]).join(&missing[2..])).unwrap();
        let repository = scratch.open();
        for result in [
            repository.is_ancestor(other, main).map(|_| ()),
            repository.merge_base(other, main).map(|_| ()),
            repository.commits(&[main], &[other], 9).map(|_| ()),
            repository.ancestors(main).and_then(|mut below| below.contains(other)).map(|_| ()),
        ] {
            assert!(matches!(result, Err(Error::Missing { id }) if id.to_string() == missing));
        }
    }
}
