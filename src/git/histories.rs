//! Histories of any shape with any clocks, for property tests.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::git::scratch::Scratch;
use crate::model::ObjectId;

/// A commit: how far back its parents are, and how far its date is from that of a correct clock.
pub(super) type Shape = (Vec<u8>, i64);

pub(super) fn history(size: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Shape>> {
    let skew = prop_oneof![4 => Just(0), 1 => -200_000_000i64..200_000_000];
    proptest::collection::vec((proptest::collection::vec(1u8..12, 0..3), skew), size)
}

/// Makes the history and returns the ids in the order in which they were made.
pub(super) fn make(scratch: &Scratch, shapes: &[Shape]) -> Vec<ObjectId> {
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
        let parents: BTreeSet<usize> = parents.iter().filter_map(|back| at.checked_sub(usize::from(*back))).collect();
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

/// Returns the true answer, computed from the parents alone.
pub(super) fn ancestors(shapes: &[Shape], of: &[usize]) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut pending = of.to_vec();
    while let Some(at) = pending.pop() {
        if found.insert(at) {
            pending.extend(shapes[at].0.iter().filter_map(|back| at.checked_sub(usize::from(*back))));
        }
    }
    found
}
