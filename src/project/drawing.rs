//! The branches of a project side by side, with where each began and which tags sit on it: what a picture needs.

use std::collections::HashMap;

use super::{FactError, Snapshot};
use crate::model::{Namespace, ObjectId, RefName};
use crate::policy::{Role, TagKind};

/// More branches cannot be told apart; the newest are drawn.
const MAX_LANES: usize = 60;

/// The branches of a project.
#[derive(Clone, Debug)]
pub struct Drawing {
    /// The mainline and what is like it first, then release branches as the policy orders them.
    pub lanes: Vec<Lane>,
    /// How many older branches are left out.
    pub left_out: usize,
    /// The tags whose commit is on one of them, oldest first.
    pub tags: Vec<Mark>,
    /// How many tags are on none of them.
    pub elsewhere: usize,
    /// Where each commit of the lanes' first parents is.
    places: HashMap<ObjectId, (usize, i64)>,
}

/// A branch.
#[derive(Clone, Debug)]
pub struct Lane {
    /// The branch.
    pub name: RefName,
    /// The line it belongs to.
    pub line: String,
    /// What the line is for.
    pub role: Role,
    /// Its newest commit.
    pub tip: ObjectId,
    /// When its first own commit was made, or the one that it shares with the lane it left; seconds since 1970.
    pub begins: i64,
    /// When its newest commit was made.
    pub ends: i64,
    /// The lane that it left.
    pub left: Option<usize>,
    /// Whether it was declared unmaintained.
    pub is_retired: bool,
}

/// A tag on a lane.
#[derive(Clone, Debug)]
pub struct Mark {
    /// The tag.
    pub name: RefName,
    /// Which lane.
    pub lane: usize,
    /// When its commit was made.
    pub at: i64,
}

impl Drawing {
    /// Returns the lane that a commit is on by first parents, and when it was made.
    pub fn place(&self, commit: ObjectId) -> Option<(usize, i64)> {
        self.places.get(&commit).copied()
    }

    /// Returns the lane of a branch.
    pub fn lane(&self, name: &RefName) -> Option<usize> {
        self.lanes.iter().position(|lane| lane.name == *name)
    }
}

impl Snapshot<'_> {
    /// Returns the branches of all lines that stay, as they are drawn.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn drawing(&self) -> Result<Drawing, FactError> {
        let project = self.project();
        let mut branches = Vec::new();
        for line in project.lines().iter().filter(|line| line.role != Role::Topic) {
            for (name, tip) in self.branches_of(&line.name)? {
                let ends = project.commit(tip)?.committer.seconds;
                branches.push(Lane {
                    is_retired: !self.is_maintained(&name, tip)?,
                    name,
                    line: line.name.clone(),
                    role: line.role,
                    tip,
                    begins: ends,
                    ends,
                    left: None,
                });
            }
        }
        let left_out = branches.len().saturating_sub(MAX_LANES);
        // The newest stay; the mainline stays in any case.
        let mut by_age: Vec<usize> = (0..branches.len()).collect();
        by_age.sort_by_key(|at| {
            branches.get(*at).map(|lane| (lane.role != Role::Mainline, std::cmp::Reverse(lane.ends)))
        });
        let dropped: Vec<usize> = by_age.into_iter().skip(MAX_LANES).collect();
        let kept = branches.into_iter().enumerate().filter(|(at, _)| !dropped.contains(at));
        let mut lanes: Vec<Lane> = kept.map(|(_, lane)| lane).collect();
        lanes.sort_by_key(|lane| lane.role != Role::Mainline);

        let mut places: HashMap<ObjectId, (usize, i64)> = HashMap::new();
        for at in 0..lanes.len() {
            let Some(lane) = lanes.get_mut(at) else { continue };
            let mut next = Some(lane.tip);
            while let Some(id) = next {
                if let Some((other, time)) = places.get(&id) {
                    lane.left = Some(*other);
                    lane.begins = lane.begins.min(*time);
                    break;
                }
                let commit = project.commit(id)?;
                project.step()?;
                lane.begins = lane.begins.min(commit.committer.seconds);
                places.insert(id, (at, commit.committer.seconds));
                next = commit.parents.first().copied();
            }
        }
        let mut drawing = Drawing { lanes, left_out, tags: Vec::new(), elsewhere: 0, places };
        for (name, id) in self.refs(Namespace::Tag, "")?.iter() {
            if project.tag_of(name).is_none_or(|tag| tag.class.kind == TagKind::Ignore) {
                continue;
            }
            let Some(commit) = project.commit_of(*id)? else { continue };
            // A merged commit is on no lane by first parents, but a branch may still have it.
            let place = match drawing.place(commit) {
                Some(place) => Some(place),
                None => match self.found_on(commit)?.and_then(|branch| drawing.lane(&branch)) {
                    Some(lane) => Some((lane, project.commit(commit)?.committer.seconds)),
                    None => None,
                },
            };
            match place {
                Some((lane, at)) => drawing.tags.push(Mark { name: name.clone(), lane, at }),
                None => drawing.elsewhere += 1,
            }
        }
        drawing.tags.sort_by(|a, b| (a.at, &a.name).cmp(&(b.at, &b.name)));
        Ok(drawing)
    }
}
