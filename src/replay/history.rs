//! The pushes that a repository's history can have been made by, in an order that it allows.
//!
//! A branch grew along its first parents, one commit with each push; of two branches that share commits, those of the line
//! that comes first have them, and the other was created on them. A tag was pushed when it was made, and not before its
//! commit was on a branch. Times are those of committers, and never before those of what they are based on. What was
//! deleted has left nothing behind, and is not known.

use bstr::BString;
use std::collections::{HashMap, HashSet};

use crate::facts::{FactError, Role, Snapshot};
use crate::gate::Gate;
use crate::git::{self, Commit};
use crate::model::{Namespace, ObjectId, RefName, Untrusted};
use crate::policy::Pattern;
use crate::project::Project;

/// One push of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    /// When, in seconds since 1970.
    pub time: i64,
    /// The place of the ref among [`History::refs`].
    pub name: usize,
    /// What it held; null where it is created.
    pub old: ObjectId,
    /// What it holds afterwards.
    pub new: ObjectId,
    /// The place of who made it among [`History::authors`].
    pub author: usize,
    /// Whether it is judged: otherwise it only happens.
    pub is_judged: bool,
}

/// All pushes, in order.
#[derive(Debug, Default)]
pub(crate) struct History {
    pub refs: Vec<RefName>,
    /// Who made commits and tags, escaped.
    pub authors: Vec<String>,
    pub events: Vec<Event>,
    /// What is not known of the past, a sentence each.
    pub unknown: Vec<String>,
    /// The commits, for all who judge these pushes: each asks about ancestry, and most answers are a "no".
    pub commits: Option<git::WholeHistory>,
}

/// Which pushes are judged.
#[derive(Debug, Default)]
pub(crate) struct Selection {
    /// Those from this second on.
    pub since: Option<i64>,
    /// Those of commits that are neither this one nor its ancestors.
    pub after: Option<ObjectId>,
    /// Those of refs that one of these matches, by their full or short names; all where there are none.
    pub refs: Vec<Pattern>,
}

/// A commit that a branch had as its tip.
#[derive(Clone, Copy, Debug)]
struct Made {
    /// When it was pushed.
    time: i64,
    /// Greater than that of everything that it is based on.
    place: usize,
    author: usize,
}

/// By as many seconds two clocks differ at most; what is further ahead was never right.
const MOST_BEHIND: i64 = 86_400;

/// What happens at one time and place, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A branch is created on what was there before.
    Created,
    Grown,
    /// A branch that has no commits of its own.
    Pointed,
    Tagged,
}

/// Reads the history of a project.
///
/// # Errors
/// Refs or commits that cannot be read.
pub(crate) fn history(gate: &Gate, selection: &Selection) -> Result<History, FactError> {
    let project = gate.project();
    let now = Snapshot::now(project);
    let mut reader = Reader {
        project,
        history: History::default(),
        authors: HashMap::new(),
        parents: HashMap::new(),
        made: HashMap::new(),
        sorted: Vec::new(),
    };
    let mut branches = now.refs(Namespace::Branch, "")?.to_vec();
    let tags = now.refs(Namespace::Tag, "")?;
    let tips: Vec<ObjectId> = branches.iter().chain(tags.iter()).map(|(_, id)| *id).collect();
    reader.history.commits = project.repository().read_history(&tips);
    if let Some(commits) = &reader.history.commits {
        project.repository().use_history(commits);
    }
    branches.sort_by_cached_key(|(name, _)| rank(project, name));
    let mut chains = Vec::new();
    for (name, tip) in branches {
        if let Some(tip) = project.commit_of(tip)? {
            chains.push((name, tip, reader.chain(tip)?));
        }
    }
    for (_, _, chain) in &chains {
        for id in chain.iter().rev() {
            reader.time(*id)?;
        }
    }
    for (name, tip, chain) in chains {
        reader.branch(name, tip, &chain)?;
    }
    reader.tags(&tags)?;
    reader.finish(selection)
}

/// Returns when a commit was made at the earliest: not before somebody wrote it. A pick keeps the time at which its original was
/// made, by the clock of a host maybe, and the clock of whoever picks may be behind that.
fn made(commit: &Commit) -> i64 {
    let (written, committed) = (commit.author.seconds, commit.committer.seconds);
    if (0..=MOST_BEHIND).contains(&written.saturating_sub(committed)) { written } else { committed }
}

/// The order in which branches are given the commits that they share: those that stay before those that come and go, and
/// those whose versions are tagged before copies of them, on which something is tried or kept secret for a while.
fn rank(project: &Project, name: &RefName) -> (usize, bool, usize, RefName) {
    let Some(place) = project.line_of(name) else { return (3, false, 0, name.clone()) };
    let role = match place.line.role {
        Role::Mainline => 0,
        Role::Topic => 2,
        Role::Release | Role::Development | Role::Integration | Role::Environment => 1,
    };
    let line = project.lines().iter().position(|line| line.name == place.line.name).unwrap_or_default();
    let is_tagged = project.policy().tags.iter().any(|class| class.lines.contains(&place.line.name));
    (role, !is_tagged, line, name.clone())
}

struct Reader<'p> {
    project: &'p Project,
    history: History,
    /// The places of those who made something.
    authors: HashMap<BString, usize>,
    /// The parents of each commit that was the tip of a branch.
    parents: HashMap<ObjectId, Vec<ObjectId>>,
    made: HashMap<ObjectId, Made>,
    sorted: Vec<((i64, usize, Kind), Event)>,
}

impl Reader<'_> {
    /// Returns the commits that were made on a branch, the tip first: those along its first parents that no branch before it
    /// has.
    fn chain(&mut self, tip: ObjectId) -> Result<Vec<ObjectId>, FactError> {
        let repository = self.project.repository();
        let mut chain = Vec::new();
        let mut next = Some(tip);
        while let Some(id) = next.filter(|id| !self.parents.contains_key(id)) {
            self.project.step()?;
            let parents = repository.parents(id)?;
            next = parents.first().copied();
            if next.is_none() && repository.is_shallow() {
                self.unknown("the clone is shallow: what came before is not known");
            }
            self.parents.insert(id, parents);
            chain.push(id);
        }
        Ok(chain)
    }

    fn unknown(&mut self, sentence: &str) {
        if !self.history.unknown.iter().any(|known| known == sentence) {
            self.history.unknown.push(sentence.to_owned());
        }
    }

    /// Finds out when a tip of a branch was pushed, after the tips that it is based on.
    fn time(&mut self, id: ObjectId) -> Result<(), FactError> {
        let mut open = vec![id];
        while let Some(id) = open.last().copied() {
            let parents = self.parents.get(&id).cloned().unwrap_or_default();
            let before: Vec<ObjectId> =
                parents.into_iter().filter(|parent| self.parents.contains_key(parent)).collect();
            let missing: Vec<ObjectId> =
                before.iter().copied().filter(|parent| !self.made.contains_key(parent)).collect();
            if !missing.is_empty() && !self.made.contains_key(&id) {
                open.extend(missing);
                continue;
            }
            open.pop();
            if self.made.contains_key(&id) {
                continue;
            }
            let commit = self.project.commit(id)?;
            let earliest = before.iter().filter_map(|parent| Some(self.made.get(parent)?.time)).max();
            let time = made(&commit).max(earliest.unwrap_or(i64::MIN));
            let author = self.author(&commit.author.name);
            self.made.insert(id, Made { time, place: self.made.len() + 1, author });
        }
        Ok(())
    }

    fn author(&mut self, name: &BString) -> usize {
        if let Some(known) = self.authors.get(name) {
            return *known;
        }
        let place = self.history.authors.len();
        self.history.authors.push(Untrusted::new(name).to_string());
        self.authors.insert(name.clone(), place);
        place
    }

    fn add(&mut self, made: Made, kind: Kind, name: usize, old: ObjectId, new: ObjectId) {
        let event = Event { time: made.time, name, old, new, author: made.author, is_judged: false };
        self.sorted.push(((made.time, made.place, kind), event));
    }

    fn branch(&mut self, name: RefName, tip: ObjectId, chain: &[ObjectId]) -> Result<(), FactError> {
        let null = ObjectId::null(self.project.repository().hash_kind());
        let place = self.history.refs.len();
        self.history.refs.push(name);
        let Some(first) = chain.last() else {
            // It has no commit of its own.
            if let Some(made) = self.made.get(&tip).copied() {
                self.add(made, Kind::Pointed, place, null, tip);
            }
            return Ok(());
        };
        let mut old = null;
        let fork = self.parents.get(first).and_then(|parents| parents.first().copied());
        if let (Some(fork), Some(made)) = (fork.filter(|fork| self.made.contains_key(fork)), self.made.get(first)) {
            self.add(*made, Kind::Created, place, null, fork);
            old = fork;
        }
        for id in chain.iter().rev() {
            if let Some(made) = self.made.get(id).copied() {
                self.add(made, Kind::Grown, place, old, *id);
                old = *id;
            }
        }
        Ok(())
    }

    fn tags(&mut self, tags: &[(RefName, ObjectId)]) -> Result<(), FactError> {
        let null = ObjectId::null(self.project.repository().hash_kind());
        let mut found = Vec::new();
        for (name, id) in tags {
            let peeled = self.project.peel(*id)?;
            let tagger = peeled.tags.first().and_then(|tag| tag.tagger.clone());
            let is_commit = peeled.kind == git::Kind::Commit;
            let commit = if is_commit { Some(self.project.commit(peeled.id)?) } else { None };
            let who = tagger.as_ref().map(|tagger| &tagger.name).or(commit.as_ref().map(|commit| &commit.author.name));
            let author = self.author(who.unwrap_or(&BString::default()));
            let time = tagger.map(|tagger| tagger.seconds).or(commit.as_ref().map(|commit| commit.committer.seconds));
            found.push((name.clone(), *id, is_commit.then_some(peeled.id), time.unwrap_or_default(), author));
        }
        let aside: HashSet<ObjectId> =
            found.iter().filter_map(|(_, _, commit, ..)| commit.filter(|id| !self.made.contains_key(id))).collect();
        let arrived = self.arrivals(aside)?;
        for (name, id, commit, time, author) in found {
            let on = commit.and_then(|commit| self.made.get(&commit).or(arrived.get(&commit)).copied());
            let made = match on {
                Some(on) if time <= on.time => Made { author, ..on },
                Some(_) | None => Made { time, place: usize::MAX, author },
            };
            let place = self.history.refs.len();
            self.history.refs.push(name);
            self.add(made, Kind::Tagged, place, null, id);
        }
        Ok(())
    }

    /// Returns with which push commits came to a branch that were never its tip.
    fn arrivals(&mut self, mut sought: HashSet<ObjectId>) -> Result<HashMap<ObjectId, Made>, FactError> {
        let mut arrived = HashMap::new();
        if sought.is_empty() {
            return Ok(arrived);
        }
        self.sorted.sort_by_key(|(key, _)| *key);
        let repository = self.project.repository();
        let mut seen: HashSet<ObjectId> = HashSet::new();
        for (_, event) in &self.sorted {
            let Some(made) = self.made.get(&event.new).copied() else { continue };
            let mut open: Vec<ObjectId> = self.parents.get(&event.new).into_iter().flatten().skip(1).copied().collect();
            while let Some(id) = open.pop() {
                if self.parents.contains_key(&id) || !seen.insert(id) {
                    continue;
                }
                self.project.step()?;
                if sought.remove(&id) {
                    arrived.insert(id, made);
                    if sought.is_empty() {
                        return Ok(arrived);
                    }
                }
                open.extend(repository.parents(id)?);
            }
        }
        Ok(arrived)
    }

    fn finish(mut self, selection: &Selection) -> Result<History, FactError> {
        self.sorted.sort_by_key(|(key, event)| (*key, event.name));
        let repository = self.project.repository();
        let mut older = match selection.after {
            Some(commit) => Some(repository.ancestors(commit)?),
            None => None,
        };
        let matches = |pattern: &Pattern, name: &RefName| {
            pattern.matches(name.full()).is_some() || pattern.matches(name.short()).is_some()
        };
        let is_chosen: Vec<bool> = (self.history.refs.iter())
            .map(|name| selection.refs.is_empty() || selection.refs.iter().any(|pattern| matches(pattern, name)))
            .collect();
        for (_, mut event) in std::mem::take(&mut self.sorted) {
            let is_in_time = selection.since.is_none_or(|since| event.time >= since);
            event.is_judged = is_in_time && is_chosen.get(event.name) == Some(&true);
            if let (true, Some(older)) = (event.is_judged, older.as_mut())
                && let Some(commit) = self.project.commit_of(event.new)?
            {
                event.is_judged = !older.contains(commit)?;
            }
            self.history.events.push(event);
        }
        Ok(self.history)
    }
}
