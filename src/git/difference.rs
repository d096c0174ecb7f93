//! What is reachable from some commits and not from others.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::Error;
use super::dag::{Dag, Node, UNKNOWN_GENERATION};
use super::paint::{Flags, Queue};
use crate::model::ObjectId;

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
pub(super) struct Difference {
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
    pub(super) fn new(include: &[Node], exclude: &[Node]) -> Self {
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

    pub(super) fn run(mut self, dag: &mut Dag, limit: usize) -> Result<Vec<Node>, Error> {
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
pub(super) fn in_order(dag: &mut Dag, nodes: &[Node]) -> Result<Vec<ObjectId>, Error> {
    // For each its place, and how many of its children are not yet listed.
    let mut members: HashMap<Node, (usize, u32)> =
        nodes.iter().enumerate().map(|(at, node)| (*node, (at, 0))).collect();
    let mut parents = Vec::new();
    for node in nodes {
        dag.parents(*node, &mut parents)?;
        for parent in &parents {
            if let Some((_, children)) = members.get_mut(parent) {
                *children += 1;
            }
        }
    }
    let tips = members.iter().filter(|(_, (_, children))| *children == 0);
    let mut ready: BinaryHeap<(i64, Reverse<usize>, Node)> =
        tips.map(|(node, (at, _))| (dag.date(*node), Reverse(*at), *node)).collect();
    let mut sorted = Vec::with_capacity(nodes.len());
    while let Some((_, _, node)) = ready.pop() {
        sorted.push(dag.id(node));
        dag.parents(node, &mut parents)?;
        for parent in &parents {
            let Some((at, children)) = members.get_mut(parent) else { continue };
            *children -= 1;
            if *children == 0 {
                ready.push((dag.date(*parent), Reverse(*at), *parent));
            }
        }
    }
    match nodes.first() {
        // Hashes rule it out, but not a commit-graph that lies.
        Some(node) if sorted.len() != nodes.len() => {
            Err(Error::Malformed { id: dag.id(*node), reason: "the commit-graph shows its history as a circle" })
        }
        _ => Ok(sorted),
    }
}
