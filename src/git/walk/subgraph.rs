//! A part of the history on small numbers, for many questions about it: nothing is read after it was made.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::git::Error;
use crate::git::budget::Budget;
use crate::git::walk::dag::Dag;
use crate::git::walk::node::Node;

/// The place of a commit in a [`Subgraph`].
pub(in crate::git) type Place = u32;

/// Some commits with their dates and parents.
#[derive(Default)]
pub(in crate::git) struct Subgraph {
    nodes: Vec<Node>,
    dates: Vec<i64>,
    /// The parents of all, those of one commit next to each other; the place is `None` where a parent is outside.
    parents: Vec<(Option<Place>, Node)>,
    /// Where the parents of each end.
    ends: Vec<usize>,
    places: HashMap<Node, Place>,
    /// Whether any parent is outside.
    has_outside: bool,
}

/// What one question has found out about each commit. Made once and used for many questions: each costs no more than
/// the commits that it meets.
#[derive(Default)]
pub(in crate::git) struct Marks {
    /// The number of the question.
    round: u32,
    marks: Vec<Mark>,
}

#[derive(Clone, Copy, Default)]
struct Mark {
    /// The rounds in which the commit was last met, and barred.
    met: u32,
    barred: u32,
    /// How many of its children are met and not yet listed, and in which round they were counted.
    children: u32,
    counted: u32,
}

impl Subgraph {
    /// Returns the graph of these commits, which are all known to `dag`.
    pub(in crate::git) fn new(dag: &mut Dag, nodes: Vec<Node>) -> Result<Self, Error> {
        let places = nodes.iter().zip(0..).map(|(node, place)| (*node, place)).collect();
        let mut graph = Self { dates: nodes.iter().map(|node| dag.date(*node)).collect(), places, ..Self::default() };
        let mut parents = Vec::new();
        for node in &nodes {
            dag.parents(*node, &mut parents)?;
            for parent in &parents {
                let place = graph.places.get(parent).copied();
                graph.has_outside |= place.is_none();
                graph.parents.push((place, *parent));
            }
            graph.ends.push(graph.parents.len());
        }
        graph.nodes = nodes;
        Ok(graph)
    }

    pub(in crate::git) fn place(&self, node: Node) -> Option<Place> {
        self.places.get(&node).copied()
    }

    pub(in crate::git) fn node(&self, place: Place) -> Node {
        self.nodes.get(place as usize).copied().unwrap_or_default()
    }

    /// Returns whether a parent of any of the commits is not one of them.
    pub(in crate::git) fn has_outside(&self) -> bool {
        self.has_outside
    }

    /// Returns the parents of a commit; the place is `None` where a parent is outside.
    pub(in crate::git) fn parents(&self, place: Place) -> &[(Option<Place>, Node)] {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or_default();
        let start = (place as usize).checked_sub(1).map_or(0, end);
        self.parents.get(start..end(place as usize)).unwrap_or_default()
    }

    /// Returns the commits that are reachable from `tips` and not from `without`, newest first, but none before its
    /// children. Among several that could come next and have one date, first the one that became ready first, which is
    /// git's way (`sort_in_topological_order` in `commit.c`): the order depends on nothing but the commits.
    ///
    /// `None` where the history is cyclic: hashes rule that out, but not for a commit-graph that lies.
    ///
    /// # Errors
    /// The deadline has passed.
    pub(in crate::git) fn select(
        &self,
        tips: &[Place],
        without: &[Place],
        marks: &mut Marks,
        budget: &Budget,
    ) -> Result<Option<Vec<Place>>, Error> {
        marks.begin(self.nodes.len());
        let mut pending = without.to_vec();
        while let Some(place) = pending.pop() {
            if marks.bar(place) {
                budget.step()?;
                pending.extend(self.parents(place).iter().filter_map(|(parent, _)| *parent));
            }
        }
        let mut met = 0;
        pending.extend(tips.iter().filter(|tip| !marks.is_barred(**tip)));
        while let Some(place) = pending.pop() {
            if marks.meet(place) {
                budget.step()?;
                met += 1;
                pending.extend(self.parents(place).iter().filter_map(|(parent, _)| marks.count(*parent)));
            }
        }
        let mut ready: BinaryHeap<(i64, Reverse<usize>, Place)> = BinaryHeap::new();
        let mut next = 0;
        let mut add = |ready: &mut BinaryHeap<_>, place: Place| {
            next += 1;
            ready.push((self.date(place), Reverse(next), place));
        };
        let mut begun = HashSet::new();
        for tip in tips {
            if marks.is_tip(*tip) && begun.insert(*tip) {
                add(&mut ready, *tip);
            }
        }
        let mut sorted = Vec::with_capacity(met);
        while let Some((_, _, place)) = ready.pop() {
            budget.step()?;
            sorted.push(place);
            for (parent, _) in self.parents(place) {
                if let Some(parent) = marks.uncount(*parent) {
                    add(&mut ready, parent);
                }
            }
        }
        Ok((sorted.len() == met).then_some(sorted))
    }

    fn date(&self, place: Place) -> i64 {
        self.dates.get(place as usize).copied().unwrap_or_default()
    }
}

impl Marks {
    fn begin(&mut self, size: usize) {
        self.round = self.round.checked_add(1).unwrap_or_else(|| {
            self.marks.clear();
            1
        });
        self.marks.resize(size, Mark::default());
    }

    /// Bars a commit; `false` if it was barred before.
    fn bar(&mut self, place: Place) -> bool {
        let round = self.round;
        self.mark(place).is_some_and(|mark| std::mem::replace(&mut mark.barred, round) != round)
    }

    fn is_barred(&self, place: Place) -> bool {
        self.marks.get(place as usize).is_some_and(|mark| mark.barred == self.round)
    }

    /// Meets a commit; `false` if it was met before.
    fn meet(&mut self, place: Place) -> bool {
        let round = self.round;
        self.mark(place).is_some_and(|mark| std::mem::replace(&mut mark.met, round) != round)
    }

    /// Returns whether a commit was met in this round.
    pub(in crate::git) fn is_met(&self, place: Place) -> bool {
        self.marks.get(place as usize).is_some_and(|mark| mark.met == self.round)
    }

    /// Counts a child of a commit, and returns the commit; `None` where that is outside or barred.
    fn count(&mut self, place: Option<Place>) -> Option<Place> {
        let round = self.round;
        let mark = self.mark(place?).filter(|mark| mark.barred != round)?;
        let others = if std::mem::replace(&mut mark.counted, round) == round { mark.children } else { 0 };
        mark.children = others + 1;
        place
    }

    /// Takes a child back, and returns the commit if that was the last.
    fn uncount(&mut self, place: Option<Place>) -> Option<Place> {
        let round = self.round;
        let mark = self.mark(place?).filter(|mark| mark.met == round && mark.counted == round)?;
        mark.children = mark.children.saturating_sub(1);
        place.filter(|_| mark.children == 0)
    }

    /// Returns whether a commit was met and none of its children.
    fn is_tip(&self, place: Place) -> bool {
        self.marks.get(place as usize).is_some_and(|mark| mark.met == self.round && mark.counted != self.round)
    }

    fn mark(&mut self, place: Place) -> Option<&mut Mark> {
        self.marks.get_mut(place as usize)
    }
}
