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
    /// An object is missing or no commit, a shallow clone ends before the wanted commits do, or there are more than
    /// `limit` commits.
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
    /// Commits at which a shallow clone ends and that were wanted when they were met.
    cut_off: Vec<Node>,
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
            cut_off: Vec::new(),
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
            if dag.parents(node, &mut parents)? && !is_unwanted {
                self.cut_off.push(node);
            }
            for parent in &parents {
                self.clocks_are_wrong |= dag.date(*parent) > date;
                self.mark(dag, *parent, if is_unwanted { UNWANTED } else { WANTED });
            }
        }
        if self.wanted > limit {
            return Err(Error::Limit { what: "commits", limit });
        }
        if let Some(node) = self.cut_off.iter().find(|node| self.flags.get(**node) & UNWANTED == 0) {
            // There is more below it that nobody here has seen.
            return Err(Error::Shallow { id: dag.id(*node) });
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
