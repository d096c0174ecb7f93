//! What is reachable from some commits and not from others.
//!
//! Not gix-traverse with hidden tips: it was five times slower, and does not say where a shallow clone cuts the
//! answer off.

use crate::git::Error;
use crate::git::walk::dag::Dag;
use crate::git::walk::node::{Node, UNKNOWN_GENERATION};
use crate::git::walk::paint::{Flags, Queue};

const WANTED: u8 = 1;
const UNWANTED: u8 = 2;
const QUEUED: u8 = 4;
const LISTED: u8 = 8;
/// Expanded while wanted, and while unwanted.
const PASSED_WANTED: u8 = 16;
const PASSED_UNWANTED: u8 = 32;

/// How many more unwanted commits are looked at when dates say that they are all too old to matter, and when a date
/// turned out to be wrong. This matters only without a commit-graph; what can be missed is that a commit was already
/// excluded, never that one was wanted. git's own `SLOP` is 5.
const SLOP: usize = 32;
const SLOP_FOR_WRONG_CLOCKS: usize = 4096;

/// What is reachable from one set and not from the other.
pub(in crate::git) struct Found {
    /// The commits, in the order in which they were met.
    pub(in crate::git) commits: Vec<Node>,
    /// Those of them at which a shallow clone ends: there is more below them, which this clone does not have.
    pub(in crate::git) cut_off: Vec<Node>,
}

/// Reachable from one set and not from another.
pub(in crate::git) struct Difference {
    flags: Flags,
    queue: Queue,
    include: Vec<Node>,
    exclude: Vec<Node>,
    /// How many commits in the queue are wanted as far as is known.
    pending: usize,
    /// Commits that were wanted when they were met.
    listed: Vec<Node>,
    /// How many of them are still wanted.
    wanted: usize,
    oldest: i64,
    clocks_are_wrong: bool,
    /// Commits at which a shallow clone ends and that were wanted when they were met.
    cut_off: Vec<Node>,
}

impl Difference {
    pub(in crate::git) fn new(include: &[Node], exclude: &[Node]) -> Self {
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

    pub(in crate::git) fn run(mut self, dag: &mut Dag, limit: usize) -> Result<Found, Error> {
        // Where clocks are wrong, commits may look wanted for a while; how long is bounded nevertheless.
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
        self.listed.retain(|node| self.flags.get(*node) & UNWANTED == 0);
        self.cut_off.retain(|node| self.flags.get(*node) & UNWANTED == 0);
        Ok(Found { commits: self.listed, cut_off: self.cut_off })
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

    /// Returns whether what is left in the queue can no longer change the answer.
    fn may_stop(&self, slop: &mut usize) -> bool {
        if self.pending > 0 {
            *slop = 0;
            return false;
        }
        let Some((generation, date)) = self.queue.peek() else { return true };
        // Commits come by descending generation: none of the listed ones is below those that are left.
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
