//! The new commits of a push: one walk for all its refs.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};

use crate::git::walk::ancestry::circle;
use crate::git::walk::difference::{Difference, Found};
use crate::git::walk::node::Node;
use crate::git::walk::subgraph::{Marks, Place, Subgraph};
use crate::git::{Error, Repository};
use crate::model::ObjectId;

/// The commits that some tips reach and that were not known before, for questions about each tip. All of them together
/// cost one walk and read nothing after it, whereas as many calls of [`Repository::commits`] would each walk on their
/// own.
pub struct Fresh<'r> {
    repository: &'r Repository,
    tips: Vec<ObjectId>,
    known: Vec<ObjectId>,
    limit: usize,
    graph: Subgraph,
    /// Where the tips are; tips that were known before are nowhere here.
    places: HashMap<ObjectId, Option<Place>>,
    /// Commits at which a shallow clone ends.
    cut_off: HashSet<Place>,
    /// Whether the walk met something that cannot be read. Each question is then a walk of its own, and fails only for
    /// the tips that reach it.
    is_broken: bool,
    marks: RefCell<Marks>,
}

impl Repository {
    /// Finds all commits that are reachable from any of `tips` and from none of `known`, in one walk. An object that is
    /// not a commit adds and excludes nothing here; asking [`Fresh::of`] about a tip that is not one is an error.
    ///
    /// # Errors
    /// One of `known` is missing, there are more than `limit` commits, or the deadline has passed. A history that
    /// cannot be read, or that a shallow clone cuts off, is an error of the questions about the tips that reach it.
    pub fn fresh(&self, tips: &[ObjectId], known: &[ObjectId], limit: usize) -> Result<Fresh<'_>, Error> {
        let mut fresh = Fresh {
            repository: self,
            tips: tips.to_vec(),
            known: known.to_vec(),
            limit,
            graph: Subgraph::default(),
            places: HashMap::new(),
            cut_off: HashSet::new(),
            is_broken: false,
            marks: RefCell::default(),
        };
        let excluded = self.tips_to_exclude(known)?;
        let mut included = Vec::with_capacity(tips.len());
        for id in tips {
            match self.tip(*id) {
                Ok(node) => included.push((*id, node)),
                // Reported to whoever asks about this tip.
                Err(error) if is_of_the_history(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let dag = &mut *self.dag.borrow_mut();
        let nodes = |tips: &[(ObjectId, Node)]| tips.iter().map(|(_, node)| *node).collect::<Vec<_>>();
        let found = Difference::new(&nodes(&included), &nodes(&excluded)).run(dag, limit);
        let Found { commits, cut_off } = match found {
            Err(error) if is_of_the_history(&error) => {
                fresh.is_broken = true;
                return Ok(fresh);
            }
            found => found?,
        };
        let graph = Subgraph::new(dag, commits)?;
        fresh.places.extend(excluded.into_iter().map(|(id, _)| (id, None)));
        fresh.places.extend(included.into_iter().map(|(id, node)| (id, graph.place(node))));
        fresh.cut_off = cut_off.into_iter().filter_map(|node| graph.place(node)).collect();
        fresh.graph = graph;
        Ok(fresh)
    }
}

impl Fresh<'_> {
    /// Lists all of them, newest first and none before its children, as [`Repository::commits`] does.
    ///
    /// # Errors
    /// As [`Repository::commits`].
    pub fn all(&self) -> Result<Vec<ObjectId>, Error> {
        let commits: Vec<ObjectId> = self.tips.iter().copied().filter(|tip| self.is_commit(*tip)).collect();
        if self.is_broken {
            return self.repository.commits(&commits, &self.known, self.limit);
        }
        let tips: Vec<Place> = commits.iter().filter_map(|tip| self.places.get(tip).copied().flatten()).collect();
        self.ids(&self.select(&tips, &[])?)
    }

    /// Returns whether a commit is among them; `false` for all where the history cannot be read.
    pub fn contains(&self, commit: ObjectId) -> bool {
        self.place(commit).is_some()
    }

    /// Lists the commits of `tip` that were not known and are not reachable from `without`: the same, in the same
    /// order, as `commits(&[tip], &[known, without])`. Fast where `tip` and `without` are among the tips of the walk,
    /// or among what it found, or known; otherwise this walks.
    ///
    /// # Errors
    /// As [`Repository::commits`].
    pub fn of(&self, tip: ObjectId, without: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        match self.question(tip, without) {
            None => self.walk(tip, without),
            Some((None, _)) => Ok(Vec::new()),
            Some((Some(tip), without)) => self.ids(&self.select(&[tip], &without)?),
        }
    }

    /// Lists the commits that the new ones of `tip` build on: the parents of what [`Self::of`] lists that are not
    /// listed themselves, each once, in the order in which they come up. Nothing for a history that begins with the
    /// push.
    ///
    /// # Errors
    /// As [`Repository::commits`].
    pub fn boundary(&self, tip: ObjectId, without: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        let (tip, without) = match self.question(tip, without) {
            None => return self.walked_boundary(tip, without),
            Some((None, _)) => return Ok(Vec::new()),
            Some((Some(tip), without)) => (tip, without),
        };
        if without.is_empty() && !self.graph.has_outside() && self.cut_off.is_empty() {
            return Ok(Vec::new());
        }
        let listed = self.select(&[tip], &without)?;
        let marks = self.marks.borrow();
        let dag = self.repository.dag.borrow();
        let mut seen = HashSet::new();
        let parents = listed.iter().flat_map(|place| self.graph.parents(*place));
        let outside = parents.filter(|(place, _)| place.is_none_or(|place| !marks.is_met(place)));
        Ok(outside.filter(|(_, node)| seen.insert(*node)).map(|(_, node)| dag.id(*node)).collect())
    }

    /// Lists the parents of a commit that are among them too; empty for a commit that is not.
    pub fn parents(&self, commit: ObjectId) -> Vec<ObjectId> {
        let Some(place) = self.place(commit) else { return Vec::new() };
        let dag = self.repository.dag.borrow();
        let parents = self.graph.parents(place).iter().filter(|(place, _)| place.is_some());
        parents.map(|(_, node)| dag.id(*node)).collect()
    }

    /// Returns the places of the commits that a question is about; `None` where the question takes a walk.
    fn question(&self, tip: ObjectId, without: &[ObjectId]) -> Option<(Option<Place>, Vec<Place>)> {
        let places = without.iter().map(|id| self.find(*id)).collect::<Option<Vec<_>>>()?;
        Some((self.find(tip)?, places.into_iter().flatten().collect()))
    }

    /// Returns where an id is: `Some(None)` if it is not here but reachable from what was known, and `None` if neither
    /// is known.
    fn find(&self, id: ObjectId) -> Option<Option<Place>> {
        if self.is_broken {
            return None;
        }
        self.places.get(&id).copied().or_else(|| self.place(id).map(Some))
    }

    fn place(&self, id: ObjectId) -> Option<Place> {
        self.repository.dag.borrow().known(id).and_then(|node| self.graph.place(node))
    }

    fn select(&self, tips: &[Place], without: &[Place]) -> Result<Vec<Place>, Error> {
        let dag = self.repository.dag.borrow();
        let node = |place: Place| self.graph.node(place);
        let listed = self.graph.select(tips, without, &mut self.marks.borrow_mut(), dag.budget())?;
        let listed = listed.ok_or_else(|| circle(&dag, tips.first().copied().map(node)))?;
        match listed.iter().find(|place| self.cut_off.contains(place)) {
            Some(place) => Err(Error::Shallow { id: dag.id(node(*place)) }),
            None => Ok(listed),
        }
    }

    fn ids(&self, places: &[Place]) -> Result<Vec<ObjectId>, Error> {
        let dag = self.repository.dag.borrow();
        Ok(places.iter().map(|place| dag.id(self.graph.node(*place))).collect())
    }

    fn is_commit(&self, tip: ObjectId) -> bool {
        !matches!(self.repository.tip(tip), Err(Error::WrongKind { .. }))
    }

    fn walk(&self, tip: ObjectId, without: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        self.repository.commits(&[tip], &[&self.known, without].concat(), self.limit)
    }

    fn walked_boundary(&self, tip: ObjectId, without: &[ObjectId]) -> Result<Vec<ObjectId>, Error> {
        let listed = self.walk(tip, without)?;
        let mut seen: HashSet<ObjectId> = listed.iter().copied().collect();
        let mut outside = Vec::new();
        for id in listed {
            outside.extend(self.repository.parents(id)?.into_iter().filter(|parent| seen.insert(*parent)));
        }
        Ok(outside)
    }
}

/// Returns whether a part of the history cannot be read, which need not matter for the rest of it.
const fn is_of_the_history(error: &Error) -> bool {
    !matches!(error, Error::Deadline | Error::Limit { .. })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::histories::{Shape, history, make};
    use crate::git::scratch::{FORMATS, Scratch, environment};
    use crate::git::{Repository, Trust};
    use proptest::prelude::*;
    use std::time::Instant;

    /// Returns what [`Fresh::boundary`] has to be, asking one question after the other.
    fn boundary(repository: &Repository, listed: &[ObjectId]) -> Vec<ObjectId> {
        let mut found = Vec::new();
        for parent in listed.iter().flat_map(|id| repository.parents(*id).unwrap()) {
            if !listed.contains(&parent) && !found.contains(&parent) {
                found.push(parent);
            }
        }
        found
    }

    fn check(scratch: &Scratch, ids: &[ObjectId], picks: &[usize], clocks_are_right: bool) {
        let repository = scratch.open();
        let pick = |nth: usize| ids[picks[nth] % ids.len()];
        let (tips, known) = ([pick(0), pick(1), pick(2)], [pick(3), pick(4)]);
        let fresh = repository.fresh(&tips, &known, ids.len()).unwrap();
        let all = repository.commits(&tips, &known, ids.len()).unwrap();
        assert_eq!(fresh.all().unwrap(), all);
        for id in ids {
            assert_eq!(fresh.contains(*id), all.contains(id));
            let parents: Vec<ObjectId> = repository.parents(*id).unwrap();
            let expected: Vec<ObjectId> =
                parents.into_iter().filter(|parent| all.contains(id) && all.contains(parent)).collect();
            assert_eq!(fresh.parents(*id), expected);
        }
        // Opened anew: the walk that is compared must not profit from the first.
        let apart = scratch.open();
        // The last two may be anywhere.
        for tip in tips.into_iter().chain([pick(5)]) {
            for without in [vec![], vec![tips[1]], vec![tips[2], known[0]], vec![pick(6)]] {
                let listed = fresh.of(tip, &without).unwrap();
                let expected = apart.commits(&[tip], &[&known, without.as_slice()].concat(), ids.len()).unwrap();
                assert_eq!(listed, expected, "{tip} without {without:?}");
                assert_eq!(fresh.boundary(tip, &without).unwrap(), boundary(&apart, &expected));
                if clocks_are_right {
                    let mut list = vec!["rev-list".to_owned(), "--date-order".to_owned(), tip.to_string()];
                    list.push("--not".to_owned());
                    list.extend(known.iter().chain(&without).map(ObjectId::to_string));
                    let list: Vec<&str> = list.iter().map(String::as_str).collect();
                    let listed: Vec<String> = listed.iter().map(ObjectId::to_string).collect();
                    assert_eq!(listed, scratch.git(&list).lines().collect::<Vec<_>>());
                }
            }
        }
        if let Some(limit) = all.len().checked_sub(1) {
            assert!(matches!(repository.fresh(&tips, &known, limit), Err(Error::Limit { .. })));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5))]
        #[test]
        fn one_walk_answers_as_many_do(
            shapes in history(1..40),
            picks in proptest::collection::vec(any::<usize>(), 7),
            same_clock in any::<bool>(),
        ) {
            let right: Vec<Shape> = shapes.iter().map(|(parents, _)| (parents.clone(), 0)).collect();
            for (shapes, clocks_are_right) in [(&shapes, false), (&right, true)] {
                let scratch = Scratch::new(&[]);
                let ids = make(&scratch, shapes);
                if same_clock {
                    let tip = ids[picks[0] % ids.len()].to_string();
                    scratch.git_with(&["commit-graph", "write", "--stdin-commits"], &[], tip.as_bytes());
                }
                check(&scratch, &ids, &picks, clocks_are_right);
            }
        }
    }

    #[test]
    fn tags_stand_for_commits_in_every_format() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b", "c"]);
            scratch.git(&["tag", "-a", "-m", "x", "v1", "main~1"]);
            scratch.git(&["tag", "-a", "-m", "x", "v2", "main"]);
            scratch.git(&["tag", "blob", "main:a"]);
            let repository = scratch.open();
            let [main, second, v1, v2, blob] = scratch.ids(["main", "main~1", "refs/tags/v1", "refs/tags/v2", "blob"]);
            let fresh = repository.fresh(&[v2, blob, v1], &[blob], 9).unwrap();
            assert_eq!(fresh.of(v2, &[v1]).unwrap(), [main]);
            assert_eq!(fresh.boundary(v2, &[v1]).unwrap(), [second]);
            assert_eq!(fresh.all().unwrap().len(), 3);
            assert!(matches!(fresh.of(blob, &[]), Err(Error::WrongKind { .. })));
            let fresh = repository.fresh(&[v2], &[v1], 9).unwrap();
            assert_eq!(fresh.of(v2, &[blob]).unwrap(), [main]);
            assert_eq!((fresh.of(v1, &[]).unwrap(), fresh.boundary(v1, &[]).unwrap()), (vec![], vec![]));
        }
    }

    #[test]
    fn what_a_shallow_clone_cuts_off_concerns_those_that_reach_it() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b", "c", "d"]);
        let url = format!("file://{}", scratch.path.display());
        scratch.outside(&["clone", "--quiet", "--bare", "--depth=2", &url, "shallow.git"]);
        let shallow = scratch.top().join("shallow.git");
        scratch.git(&["branch", "old", "main~3"]);
        scratch.outside(&["-C", "shallow.git", "fetch", "--quiet", "--depth=1", &url, "old:refs/heads/old"]);
        let environment = environment(&shallow, &[("GIT_DIR", ".")]);
        let repository = Repository::open(None, &environment, Trust::Hook).unwrap();
        let [main, cut, old] = scratch.ids(["main", "main~1", "main~3"]);
        let fresh = repository.fresh(&[main, old], &[], 9).unwrap();
        assert!(matches!(fresh.of(main, &[]), Err(Error::Shallow { id }) if id == cut));
        assert!(matches!(fresh.boundary(main, &[]), Err(Error::Shallow { .. })));
        assert_eq!(fresh.of(main, &[cut]).unwrap(), [main]);
        assert_eq!(fresh.of(old, &[]).unwrap(), [old]);
        assert!(matches!(fresh.all(), Err(Error::Shallow { .. })));
    }

    #[test]
    fn what_is_missing_concerns_those_that_reach_it() {
        let scratch = Scratch::new(&[]);
        scratch.line("other", None, &["d", "e"]);
        let [other, below] = scratch.ids(["other", "other~1"]);
        let broken = scratch.git(&["cat-file", "commit", "other"]).replace(&below.to_string(), &"1".repeat(40));
        let write = ["hash-object", "-t", "commit", "-w", "--literally", "--stdin"];
        let broken = ObjectId::from_hex(scratch.git_with(&write, &[], broken.as_bytes()).as_bytes()).unwrap();
        let absent = ObjectId::Sha1([7; 20]);
        let repository = scratch.open();
        let fresh = repository.fresh(&[other, broken, absent], &[], 9).unwrap();
        assert_eq!(fresh.of(other, &[below]).unwrap(), [other]);
        assert_eq!(fresh.boundary(other, &[below]).unwrap(), [below]);
        for result in [fresh.of(broken, &[]), fresh.of(absent, &[]), fresh.boundary(broken, &[]), fresh.all()] {
            assert!(matches!(result, Err(Error::Missing { .. })), "{result:?}");
        }
        assert!(matches!(repository.fresh(&[other], &[absent], 9), Err(Error::Missing { .. })));
    }

    #[test]
    fn no_question_outlasts_the_deadline() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b"]);
        let (repository, main) = (scratch.open(), scratch.id("main"));
        let fresh = repository.fresh(&[main], &[], 9).unwrap();
        repository.set_deadline(Some(Instant::now()));
        for result in [fresh.of(main, &[]), fresh.boundary(main, &[main]), fresh.all()] {
            assert!(matches!(result, Err(Error::Deadline)), "{result:?}");
        }
        assert!(matches!(repository.fresh(&[main], &[], 9), Err(Error::Deadline)));
    }
}
