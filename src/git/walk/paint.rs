//! Walks down from two commits to find what one reaches of the other, and where they meet.
//!
//! Not gix-revision's `merge_base`: it cannot distinguish the end of a shallow clone from the end of the history, and
//! reads every commit again for each question.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::git::Error;
use crate::git::walk::dag::Dag;
use crate::git::walk::node::{Node, UNKNOWN_GENERATION};
use crate::model::ObjectId;

/// A bit set for each node; grows as commits are loaded.
#[derive(Default)]
pub(in crate::git) struct Flags(Vec<u8>);

impl Flags {
    pub(in crate::git) fn get(&self, node: Node) -> u8 {
        self.0.get(node as usize).copied().unwrap_or_default()
    }

    /// Adds bits and says whether any of them is new.
    pub(in crate::git) fn add(&mut self, dag: &Dag, node: Node, bits: u8) -> bool {
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

    pub(in crate::git) fn remove(&mut self, node: Node, bits: u8) {
        if let Some(flags) = self.0.get_mut(node as usize) {
            *flags &= !bits;
        }
    }
}

/// Commits, children before parents as far as generations and dates tell.
#[derive(Default)]
pub(in crate::git) struct Queue(BinaryHeap<(u32, i64, Reverse<Node>)>);

impl Queue {
    pub(in crate::git) fn push(&mut self, dag: &Dag, node: Node) {
        self.0.push((dag.generation(node), dag.date(node), Reverse(node)));
    }

    pub(in crate::git) fn pop(&mut self) -> Option<Node> {
        self.0.pop().map(|(_, _, Reverse(node))| node)
    }

    pub(in crate::git) fn peek(&self) -> Option<(u32, i64)> {
        self.0.peek().map(|(generation, date, _)| (*generation, *date))
    }
}

/// Returns whether the target can be reached. The search is depth first and turns back where the commit-graph rules the
/// target out: at generations not above the target's own, and, if the target is not in the graph, at the graph, which
/// holds all ancestors of what it holds.
pub(in crate::git) fn reaches(dag: &mut Dag, from: Node, to: Node) -> Result<bool, Error> {
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
        // The first parent is pushed last, in order to be followed first.
        pending.extend(parents.iter().rev());
    }
    Ok(false)
}

/// What painting two histories down to where they meet has found.
pub(in crate::git) struct Painted {
    /// Whether the commit that was looked for is an ancestor of the right one.
    pub(in crate::git) found: bool,
    /// Common ancestors, newest first: all best ones, and maybe ancestors of those.
    pub(in crate::git) common: Vec<ObjectId>,
    /// A commit reached only from the left at which a shallow clone ends.
    pub(in crate::git) cut_off_left: Option<ObjectId>,
    /// The same from the right.
    pub(in crate::git) cut_off_right: Option<ObjectId>,
}

const LEFT: u8 = 1;
const RIGHT: u8 = 2;
const BOTH: u8 = LEFT | RIGHT;
/// Below a commit of both colours.
const BELOW: u8 = 4;
const QUEUED: u8 = 8;
/// Once thought to be a best common ancestor.
const COMMON: u8 = 16;

/// Paints the ancestors of both commits in their own colour and stops when all that is left is below a commit of
/// both colours (git's `paint_down_to_common`).
///
/// No date can end it early: a descendant of a common ancestor is never below one of the points where the same colours
/// meet. It is followed to the end however old it claims to be.
pub(in crate::git) fn paint(
    dag: &mut Dag,
    left: Node,
    right: Node,
    looked_for: Option<Node>,
) -> Result<Painted, Error> {
    let mut brush = Brush::default();
    brush.colour(dag, left, LEFT);
    brush.colour(dag, right, RIGHT);
    let mut parents = Vec::new();
    while let Some((node, state)) = brush.next() {
        if looked_for == Some(node) && state & RIGHT != 0 {
            return Ok(Painted { found: true, common: Vec::new(), cut_off_left: None, cut_off_right: None });
        }
        let passed_on = brush.settle(dag, node, state);
        if dag.parents(node, &mut parents)? {
            brush.cut_off.push(node);
        }
        for parent in &parents {
            brush.colour(dag, *parent, passed_on);
        }
    }
    Ok(brush.result(dag))
}

/// The state of the painting. A commit only ever gains colours:
///
/// ```text
/// unseen ─► LEFT or RIGHT ─► BOTH: a common ancestor, whose parents are ─► BELOW
/// ```
///
/// Each time it gains one it is queued, unless it is waiting already, and taken out to pass its colours on to its
/// parents. A commit that waits and is not `BELOW` can still change the answer: these are counted, and the search ends
/// when there are none left.
#[derive(Default)]
struct Brush {
    flags: Flags,
    queue: Queue,
    /// How many commits in the queue are not `BELOW`.
    undecided: usize,
    common: Vec<Node>,
    cut_off: Vec<Node>,
}

impl Brush {
    /// Returns the next commit with its state, as long as there is one that can change the answer.
    fn next(&mut self) -> Option<(Node, u8)> {
        if self.undecided == 0 {
            return None;
        }
        let node = self.queue.pop()?;
        self.flags.remove(node, QUEUED);
        let state = self.flags.get(node);
        self.undecided -= usize::from(state & BELOW == 0);
        Some((node, state))
    }

    /// Notes a commit that has both colours as a common ancestor, unless it is below one. Returns what its parents get.
    fn settle(&mut self, dag: &Dag, node: Node, state: u8) -> u8 {
        if state & BOTH != BOTH {
            return state & (BOTH | BELOW);
        }
        if state & BELOW == 0 && self.flags.add(dag, node, COMMON) {
            self.common.push(node);
        }
        BOTH | BELOW
    }

    /// Gives a commit colours, and queues it if any of them is new.
    fn colour(&mut self, dag: &Dag, node: Node, colours: u8) {
        let was_below = self.flags.get(node) & BELOW != 0;
        if !self.flags.add(dag, node, colours) {
            return;
        }
        let is_below = self.flags.get(node) & BELOW != 0;
        if self.flags.add(dag, node, QUEUED) {
            self.queue.push(dag, node);
            self.undecided += usize::from(!is_below);
        } else {
            self.undecided -= usize::from(is_below && !was_below);
        }
    }

    fn result(mut self, dag: &Dag) -> Painted {
        let mut painted = Painted { found: false, common: Vec::new(), cut_off_left: None, cut_off_right: None };
        for node in self.cut_off {
            match self.flags.get(node) & BOTH {
                LEFT => painted.cut_off_left = Some(dag.id(node)),
                RIGHT => painted.cut_off_right = Some(dag.id(node)),
                _ => {}
            }
        }
        self.common.retain(|node| self.flags.get(*node) & BELOW == 0);
        self.common.sort_by_key(|node| Reverse(dag.date(*node)));
        painted.common = self.common.into_iter().map(|node| dag.id(node)).collect();
        painted
    }
}
