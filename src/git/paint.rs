//! Walking down from two commits: what one reaches of the other, and where they meet.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::Error;
use super::dag::{Dag, Node, UNKNOWN_GENERATION};
use crate::model::ObjectId;

/// A bit set for each node; grows as commits are loaded.
#[derive(Default)]
pub(super) struct Flags(Vec<u8>);

impl Flags {
    pub(super) fn get(&self, node: Node) -> u8 {
        self.0.get(node as usize).copied().unwrap_or_default()
    }

    /// Adds bits and says whether any of them is new.
    pub(super) fn add(&mut self, dag: &Dag, node: Node, bits: u8) -> bool {
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

    pub(super) fn remove(&mut self, node: Node, bits: u8) {
        if let Some(flags) = self.0.get_mut(node as usize) {
            *flags &= !bits;
        }
    }
}

/// Commits, children before parents as far as generations and dates tell.
#[derive(Default)]
pub(super) struct Queue(BinaryHeap<(u32, i64, Reverse<Node>)>);

impl Queue {
    pub(super) fn push(&mut self, dag: &Dag, node: Node) {
        self.0.push((dag.generation(node), dag.date(node), Reverse(node)));
    }

    pub(super) fn pop(&mut self) -> Option<Node> {
        self.0.pop().map(|(_, _, Reverse(node))| node)
    }

    pub(super) fn peek(&self) -> Option<(u32, i64)> {
        self.0.peek().map(|(generation, date, _)| (*generation, *date))
    }
}

/// Depth first, turning back where the commit-graph rules the target out: at generations not above its own, and, if
/// it is not in the graph, at the graph, which holds all ancestors of what it holds.
pub(super) fn reaches(dag: &mut Dag, from: Node, to: Node) -> Result<bool, Error> {
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
pub(super) struct Painted {
    /// Whether the commit that was looked for is an ancestor of the right one.
    pub(super) found: bool,
    /// Common ancestors, newest first: all best ones, and maybe ancestors of those.
    pub(super) common: Vec<ObjectId>,
    /// A commit reached only from the left at which a shallow clone ends.
    pub(super) cut_off_left: Option<ObjectId>,
    /// The same from the right.
    pub(super) cut_off_right: Option<ObjectId>,
}

/// Paints the ancestors of both commits in their own colour and stops when all that is left is below a commit of
/// both colours (git's `paint_down_to_common`).
///
/// No date can end it early: a descendant of a common ancestor is never below one of the same colours' meeting
/// points, so it is followed to the end however old it claims to be.
pub(super) fn paint(dag: &mut Dag, left: Node, right: Node, looked_for: Option<Node>) -> Result<Painted, Error> {
    const LEFT: u8 = 1;
    const RIGHT: u8 = 2;
    const BOTH: u8 = LEFT | RIGHT;
    const BELOW: u8 = 4;
    const QUEUED: u8 = 8;
    const COMMON: u8 = 16;
    let mut flags = Flags::default();
    let mut queue = Queue::default();
    let mut undecided = 0usize;
    let (mut common, mut cut_off) = (Vec::new(), Vec::new());
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
            cut_off.push(node);
        }
        for parent in &parents {
            if !flags.add(dag, *parent, passed_on) {
                continue;
            }
            if flags.add(dag, *parent, QUEUED) {
                queue.push(dag, *parent);
                undecided += usize::from(flags.get(*parent) & BELOW == 0);
            } else if passed_on & BELOW != 0 {
                // What is below has both colours already, so that this is news only once.
                undecided -= 1;
            }
        }
    }
    for node in cut_off {
        match flags.get(node) & BOTH {
            LEFT => painted.cut_off_left = Some(dag.id(node)),
            RIGHT => painted.cut_off_right = Some(dag.id(node)),
            _ => {}
        }
    }
    common.retain(|node| flags.get(*node) & BELOW == 0);
    common.sort_by_key(|node| Reverse(dag.date(*node)));
    painted.common = common.into_iter().map(|node| dag.id(node)).collect();
    Ok(painted)
}
