//! Questions about ancestry. Answers are exact or an error; a clock that was wrong changes none of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::dag::{Dag, Node, UNKNOWN_GENERATION};
use super::{Error, Kind, Repository};
use crate::model::ObjectId;

impl Repository {
    /// Whether `ancestor` is reachable from `descendant`; a commit is its own ancestor. Tags stand for what they are
    /// about.
    ///
    /// # Errors
    /// An object is missing or no commit, or a shallow clone ends before the answer is found: a "no" that could be a
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

    /// The best common ancestor of two commits, the newest if there are several: git's `merge-base`.
    ///
    /// # Errors
    /// An object is missing or no commit, or a shallow clone ends before the answer is certain.
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

    /// The commits that are reachable from `include` and not from `exclude`, newest first and none before its
    /// children: `git rev-list --date-order INCLUDE --not EXCLUDE`. In `exclude`, what is no commit excludes nothing.
    ///
    /// # Errors
    /// An object is missing or no commit, or there are more than `limit` commits.
    pub fn commits(&self, include: &[ObjectId], exclude: &[ObjectId], limit: usize) -> Result<Vec<ObjectId>, Error> {
        let include = include.iter().map(|id| self.tip(*id)).collect::<Result<Vec<_>, _>>()?;
        let mut excluded = Vec::with_capacity(exclude.len());
        for id in exclude {
            match self.tip(*id) {
                Ok(node) => excluded.push(node),
                Err(Error::WrongKind { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let dag = &mut *self.dag.borrow_mut();
        let found = Difference::new(&include, &excluded).run(dag, limit)?;
        in_order(dag, &found)
    }

    /// The commit that an id stands for.
    fn tip(&self, id: ObjectId) -> Result<Node, Error> {
        let mut dag = self.dag.borrow_mut();
        dag.open_graph();
        match dag.node(id) {
            Err(Error::WrongKind { actual: Kind::Tag, .. }) => {
                drop(dag);
                let peeled = self.peel(id)?;
                self.dag.borrow_mut().node(peeled.id)
            }
            result => result,
        }
    }
}

/// A bit set for each node; grows as commits are loaded.
#[derive(Default)]
struct Flags(Vec<u8>);

impl Flags {
    fn get(&self, node: Node) -> u8 {
        self.0.get(node as usize).copied().unwrap_or_default()
    }

    /// Adds bits and says whether any of them is new.
    fn add(&mut self, dag: &Dag, node: Node, bits: u8) -> bool {
        let at = node as usize;
        if at >= self.0.len() {
            self.0.resize(dag.len().max(at + 1), 0);
        }
        self.0.get_mut(at).is_some_and(|flags| {
            let is_new = *flags & bits != bits;
            *flags |= bits;
            is_new
        })
    }

    fn remove(&mut self, node: Node, bits: u8) {
        if let Some(flags) = self.0.get_mut(node as usize) {
            *flags &= !bits;
        }
    }
}

/// Commits, children before parents as far as generations and dates tell.
#[derive(Default)]
struct Queue(BinaryHeap<(u32, i64, Reverse<Node>)>);

impl Queue {
    fn push(&mut self, dag: &Dag, node: Node) {
        self.0.push((dag.generation(node), dag.date(node), Reverse(node)));
    }

    fn pop(&mut self) -> Option<Node> {
        self.0.pop().map(|(_, _, Reverse(node))| node)
    }

    fn peek(&self) -> Option<(u32, i64)> {
        self.0.peek().map(|(generation, date, _)| (*generation, *date))
    }
}

/// Depth first, turning back where the commit-graph rules the target out: at generations not above its own, and, if
/// it is not in the graph, at the graph, which holds all ancestors of what it holds.
fn reaches(dag: &mut Dag, from: Node, to: Node) -> Result<bool, Error> {
    const SEEN: u8 = 1;
    let mut seen = Flags::default();
    let mut pending = vec![from];
    let mut parents = Vec::new();
    while let Some(node) = pending.pop() {
        if node == to {
            return Ok(true);
        }
        let is_ruled_out = if dag.is_in_graph(to) {
            let (node, to) = (dag.generation(node), dag.generation(to));
            node != UNKNOWN_GENERATION && to != UNKNOWN_GENERATION && node <= to
        } else {
            dag.is_in_graph(node)
        };
        if is_ruled_out || !seen.add(dag, node, SEEN) {
            continue;
        }
        dag.parents(node, &mut parents)?;
        // The first parent last, so that it is followed first.
        pending.extend(parents.iter().rev());
    }
    Ok(false)
}

/// What painting two histories down to where they meet has found.
struct Painted {
    /// Whether the commit that was looked for is an ancestor of the right one.
    found: bool,
    /// Common ancestors, newest first: all best ones, and maybe ancestors of those.
    common: Vec<ObjectId>,
    /// A commit reached only from the left at which a shallow clone ends.
    cut_off_left: Option<ObjectId>,
    /// The same from the right.
    cut_off_right: Option<ObjectId>,
}

/// Paints the ancestors of both commits in their own colour and stops when all that is left is below a commit of
/// both colours (git's `paint_down_to_common`).
///
/// No date can end it early: a descendant of a common ancestor is never below one of the same colours' meeting
/// points, so it is followed to the end however old it claims to be.
fn paint(dag: &mut Dag, left: Node, right: Node, looked_for: Option<Node>) -> Result<Painted, Error> {
    const LEFT: u8 = 1;
    const RIGHT: u8 = 2;
    const BOTH: u8 = LEFT | RIGHT;
    const BELOW: u8 = 4;
    const QUEUED: u8 = 8;
    const COMMON: u8 = 16;
    let mut flags = Flags::default();
    let mut queue = Queue::default();
    let mut undecided = 0usize;
    let mut common = Vec::new();
    let mut painted = Painted { found: false, common: Vec::new(), cut_off_left: None, cut_off_right: None };
    let mut parents = Vec::new();
    for (node, colour) in [(left, LEFT), (right, RIGHT)] {
        flags.add(dag, node, colour);
        if flags.add(dag, node, QUEUED) {
            queue.push(dag, node);
            undecided += 1;
        }
    }
    while undecided > 0 {
        let Some(node) = queue.pop() else { break };
        flags.remove(node, QUEUED);
        let state = flags.get(node);
        if state & BELOW == 0 {
            undecided -= 1;
        }
        if looked_for == Some(node) && state & RIGHT != 0 {
            painted.found = true;
            return Ok(painted);
        }
        let mut passed_on = state & (BOTH | BELOW);
        if state & BOTH == BOTH {
            if state & BELOW == 0 && flags.add(dag, node, COMMON) {
                common.push(node);
            }
            passed_on |= BELOW;
        }
        if dag.parents(node, &mut parents)? {
            match state & BOTH {
                LEFT => painted.cut_off_left = Some(dag.id(node)),
                RIGHT => painted.cut_off_right = Some(dag.id(node)),
                _ => {}
            }
        }
        for parent in &parents {
            let before = flags.get(*parent);
            if !flags.add(dag, *parent, passed_on) {
                continue;
            }
            let is_below = passed_on & BELOW != 0;
            if flags.add(dag, *parent, QUEUED) {
                queue.push(dag, *parent);
                undecided += usize::from(flags.get(*parent) & BELOW == 0);
            } else if is_below && before & BELOW == 0 {
                undecided -= 1;
            }
        }
    }
    common.retain(|node| flags.get(*node) & BELOW == 0);
    common.sort_by_key(|node| Reverse(dag.date(*node)));
    painted.common = common.into_iter().map(|node| dag.id(node)).collect();
    Ok(painted)
}

const WANTED: u8 = 1;
const UNWANTED: u8 = 2;
const QUEUED: u8 = 4;
const LISTED: u8 = 8;
/// Expanded while wanted, and while unwanted.
const PASSED_WANTED: u8 = 16;
const PASSED_UNWANTED: u8 = 32;

/// How many more unwanted commits are looked at when dates say that they are all too old to matter, and when a date
/// was seen to be wrong. Only where there is no commit-graph; what is missed this way is that a commit was already
/// excluded, never that one was wanted. git's own `SLOP` is 5.
const SLOP: usize = 32;
const SLOP_FOR_WRONG_CLOCKS: usize = 4096;

/// Reachable from one set and not from another.
struct Difference {
    flags: Flags,
    queue: Queue,
    include: Vec<Node>,
    exclude: Vec<Node>,
    /// How many commits in the queue are wanted as far as is known.
    pending: usize,
    /// Commits that were wanted when they were met.
    listed: Vec<Node>,
    /// How many of them still are.
    wanted: usize,
    oldest: i64,
    clocks_are_wrong: bool,
}

impl Difference {
    fn new(include: &[Node], exclude: &[Node]) -> Self {
        Self {
            flags: Flags::default(),
            queue: Queue::default(),
            include: include.to_vec(),
            exclude: exclude.to_vec(),
            pending: 0,
            listed: Vec::new(),
            wanted: 0,
            oldest: i64::MAX,
            clocks_are_wrong: false,
        }
    }

    fn run(mut self, dag: &mut Dag, limit: usize) -> Result<Vec<Node>, Error> {
        // Where clocks are wrong, commits may look wanted for a while; how long is bounded all the same.
        let most_listed = limit.saturating_mul(4).saturating_add(10_000);
        for node in std::mem::take(&mut self.exclude) {
            self.mark(dag, node, UNWANTED);
        }
        for node in std::mem::take(&mut self.include) {
            self.mark(dag, node, WANTED);
        }
        let mut parents = Vec::new();
        let mut slop = 0;
        while !self.may_stop(&mut slop) {
            let Some(node) = self.queue.pop() else { break };
            self.flags.remove(node, QUEUED);
            let is_unwanted = self.flags.get(node) & UNWANTED != 0;
            let passed = if is_unwanted {
                PASSED_UNWANTED
            } else {
                self.pending -= 1;
                PASSED_WANTED
            };
            if !self.flags.add(dag, node, passed) {
                continue;
            }
            let date = dag.date(node);
            if !is_unwanted && self.flags.add(dag, node, LISTED) {
                self.listed.push(node);
                self.wanted += 1;
                self.oldest = self.oldest.min(date);
                if self.listed.len() > most_listed {
                    return Err(Error::Limit { what: "commits", limit });
                }
            }
            dag.parents(node, &mut parents)?;
            for parent in &parents {
                self.clocks_are_wrong |= dag.date(*parent) > date;
                self.mark(dag, *parent, if is_unwanted { UNWANTED } else { WANTED });
            }
        }
        if self.wanted > limit {
            return Err(Error::Limit { what: "commits", limit });
        }
        self.listed.retain(|node| self.flags.get(*node) & UNWANTED == 0);
        Ok(self.listed)
    }

    /// Colours a commit, and queues it if that is news.
    fn mark(&mut self, dag: &Dag, node: Node, colour: u8) {
        let before = self.flags.get(node);
        if !self.flags.add(dag, node, colour) || (colour == WANTED && before & UNWANTED != 0) {
            return;
        }
        if colour == UNWANTED && before & WANTED != 0 {
            self.wanted -= usize::from(before & LISTED != 0);
            self.pending -= usize::from(before & QUEUED != 0);
        }
        if self.flags.add(dag, node, QUEUED) {
            self.queue.push(dag, node);
            self.pending += usize::from(colour == WANTED);
        }
    }

    /// Whether what is left in the queue can no longer change the answer.
    fn may_stop(&self, slop: &mut usize) -> bool {
        if self.pending > 0 {
            *slop = 0;
            return false;
        }
        let Some((generation, date)) = self.queue.peek() else { return true };
        // Commits come by descending generation, so that none of the listed ones is below those that are left.
        if self.wanted == 0 || generation != UNKNOWN_GENERATION {
            return true;
        }
        if date < self.oldest {
            *slop += 1;
        } else {
            *slop = 0;
        }
        *slop > if self.clocks_are_wrong { SLOP_FOR_WRONG_CLOCKS } else { SLOP }
    }
}

/// Sorts commits newest first, but none before its children.
fn in_order(dag: &mut Dag, nodes: &[Node]) -> Result<Vec<ObjectId>, Error> {
    const MEMBER: u8 = 1;
    let mut members = Flags::default();
    for node in nodes {
        members.add(dag, *node, MEMBER);
    }
    let mut children = vec![0u32; dag.len()];
    let mut parents = Vec::new();
    for node in nodes {
        dag.parents(*node, &mut parents)?;
        for parent in &parents {
            if let Some(count) = children.get_mut(*parent as usize) {
                *count += 1;
            }
        }
    }
    let mut ready: BinaryHeap<(i64, Reverse<usize>)> = BinaryHeap::new();
    let mut place: Vec<usize> = Vec::new();
    place.resize(dag.len(), usize::MAX);
    for (at, node) in nodes.iter().enumerate() {
        if let Some(place) = place.get_mut(*node as usize) {
            *place = at;
        }
        if children.get(*node as usize) == Some(&0) {
            ready.push((dag.date(*node), Reverse(at)));
        }
    }
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some((_, Reverse(at))) = ready.pop() {
        let Some(node) = nodes.get(at) else { continue };
        sorted.push(dag.id(*node));
        dag.parents(*node, &mut parents)?;
        for parent in &parents {
            let Some(count) = children.get_mut(*parent as usize) else { continue };
            *count -= 1;
            if let (0, MEMBER, Some(at)) = (*count, members.get(*parent), place.get(*parent as usize)) {
                ready.push((dag.date(*parent), Reverse(*at)));
            }
        }
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::git::{Repository, Trust};
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::fmt::Write as _;

    /// A commit: how far back its parents are, and its date relative to when its clock was right.
    type Shape = (Vec<u8>, i64);

    fn history(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Shape>> {
        let skew = prop_oneof![4 => Just(0), 1 => -200_000_000i64..200_000_000];
        proptest::collection::vec((proptest::collection::vec(1u8..12, 0..3), skew), size)
    }

    /// Makes the history and returns the ids in the order in which they were made.
    fn make(scratch: &Scratch, shapes: &[Shape]) -> Vec<ObjectId> {
        let mut stream = String::new();
        for (at, (parents, skew)) in shapes.iter().enumerate() {
            let date = 1_000_000_000 + i64::try_from(at).unwrap() * 100 + skew;
            let branch = format!("refs/heads/c{at}");
            write!(
                stream,
                "commit {branch}\nmark :{}\ncommitter C <c@x> {date} +0000\ndata {}\n{at}\n",
                at + 1,
                at.to_string().len() + 1
            )
            .unwrap();
            let parents: BTreeSet<usize> =
                parents.iter().filter_map(|back| at.checked_sub(usize::from(*back))).collect();
            for (nth, parent) in parents.iter().rev().enumerate() {
                writeln!(stream, "{} :{}", if nth == 0 { "from" } else { "merge" }, parent + 1).unwrap();
            }
        }
        scratch.import(&stream);
        let format = "--format=%(refname:lstrip=2) %(objectname)";
        let listed = scratch.git(&["for-each-ref", format, "refs/heads/"]);
        let ids: BTreeMap<usize, ObjectId> = listed
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(at, id)| (at[1..].parse().unwrap(), ObjectId::from_hex(id.as_bytes()).unwrap()))
            .collect();
        ids.into_values().collect()
    }

    /// The truth, from the parents alone.
    fn ancestors(shapes: &[Shape], of: &[usize]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut pending = of.to_vec();
        while let Some(at) = pending.pop() {
            if found.insert(at) {
                pending.extend(shapes[at].0.iter().filter_map(|back| at.checked_sub(usize::from(*back))));
            }
        }
        found
    }

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
        #![proptest_config(ProptestConfig::with_cases(48))]
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
            for _ in 0..2 {
                let repository = scratch.open();
                let id = |name| scratch.id(name);
                assert!(repository.is_ancestor(id("v1"), id("side")).unwrap());
                assert!(!repository.is_ancestor(id("side"), id("main")).unwrap());
                assert_eq!(repository.merge_base(id("main"), id("side")).unwrap(), Some(id("main~1")));
                let expected = [id("main")];
                assert_eq!(repository.commits(&[id("main")], &[id("v1"), id("blob")], 1).unwrap(), expected);
                assert!(matches!(repository.is_ancestor(id("blob"), id("main")), Err(Error::WrongKind { .. })));
                assert!(matches!(repository.commits(&[id("blob")], &[], 9), Err(Error::WrongKind { .. })));
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
        ] {
            assert!(matches!(result, Err(Error::Missing { id }) if id.to_string() == missing));
        }
    }
}
