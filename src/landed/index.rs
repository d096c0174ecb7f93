//! The mainline's commits by what is compared first.

use bstr::{BString, ByteSlice as _};
use std::collections::{BTreeMap, HashMap, HashSet};

use super::change::Change;
use super::titles;
use super::trailers::{Named, Prefix};
use crate::model::ObjectId;

/// The place of a commit in the list of its line.
pub(super) type At = usize;

/// Of commits with the same title, this many nearest in time are compared.
const MAX_SAME_TITLE: usize = 24;

/// Of prefixes of ids, this many digits are looked up; shorter ones name nothing.
const PREFIX: usize = 7;

/// The mainline's commits by title, author and second, and the ids and numbers they carry.
pub(super) struct Index<'c> {
    pub(super) commits: &'c [Change],
    by_title: HashMap<&'c [u8], Vec<At>>,
    by_second: HashMap<(u64, i64), Vec<At>>,
    /// By the first digits of the id.
    by_id: HashMap<BString, Vec<At>>,
    /// Those that name a commit, by the first digits of it.
    by_named: HashMap<BString, Vec<At>>,
    by_change_id: HashMap<&'c [u8], Vec<At>>,
    by_pull_request: HashMap<u64, Vec<At>>,
    pub(super) titles: HashMap<BString, u32>,
    pub(super) repeated_seconds: HashSet<(u64, i64)>,
}

impl<'c> Index<'c> {
    pub(super) fn new(commits: &'c [Change]) -> Self {
        let mut index = Self {
            commits,
            by_title: HashMap::with_capacity(commits.len()),
            by_second: HashMap::with_capacity(2 * commits.len()),
            by_id: HashMap::with_capacity(commits.len()),
            by_named: HashMap::new(),
            by_change_id: HashMap::new(),
            by_pull_request: HashMap::new(),
            titles: HashMap::with_capacity(commits.len()),
            repeated_seconds: HashSet::new(),
        };
        for (at, commit) in commits.iter().enumerate() {
            index.add(at, commit);
        }
        index
    }

    fn add(&mut self, at: At, commit: &'c Change) {
        self.by_title.entry(&commit.key).or_default().push(at);
        for who in [commit.author.email, commit.author.name].into_iter().filter(|who| *who != 0) {
            let same = self.by_second.entry((who, commit.seconds)).or_default();
            same.push(at);
            if same.len() > 1 {
                self.repeated_seconds.insert((who, commit.seconds));
            }
        }
        let id = commit.id.to_string();
        self.by_id.entry(start(id.as_bytes())).or_default().push(at);
        for named in &commit.named {
            if let Named::Commit(prefix) = named {
                self.by_named.entry(start(prefix)).or_default().push(at);
            }
        }
        if let Some(id) = &commit.change_id {
            self.by_change_id.entry(id).or_default().push(at);
        }
        if let Some(number) = commit.pull_request {
            self.by_pull_request.entry(number).or_default().push(at);
        }
        *self.titles.entry(commit.key.clone()).or_default() += 1;
    }

    /// Commits with the same title, by the same author of the same second, or merging a pull request that the title names.
    pub(super) fn alike(&self, branch: &Change) -> Vec<At> {
        let mut found: Vec<At> = Vec::new();
        for who in [branch.author.email, branch.author.name] {
            found.extend(self.by_second.get(&(who, branch.seconds)).into_iter().flatten());
        }
        if !branch.key.is_empty() {
            let mut same: Vec<At> = self.by_title.get(branch.key.as_slice()).cloned().unwrap_or_default();
            if same.len() > MAX_SAME_TITLE {
                let distance =
                    |at: &At| self.commits.get(*at).map_or(u64::MAX, |commit| commit.seconds.abs_diff(branch.seconds));
                same.sort_by_key(distance);
                same.truncate(MAX_SAME_TITLE);
            }
            found.extend(same);
        }
        for number in titles::long_numbers(&branch.subject) {
            found.extend(self.of_pull_request(number));
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Commits with this title written before some second, newest first.
    pub(super) fn titled_before(&self, key: &[u8], committed: i64) -> Vec<At> {
        let same = self.by_title.get(key).into_iter().flatten().copied();
        let mut found: Vec<(i64, At)> = same
            .filter_map(|at| self.commits.get(at).map(|commit| (commit.committed, at)))
            .filter(|(date, _)| *date <= committed)
            .collect();
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.into_iter().map(|(_, at)| at).collect()
    }

    /// The commit that an id, maybe abbreviated, stands for; `None` for none or several.
    pub(super) fn with_id(&self, prefix: &Prefix) -> Option<At> {
        let mut found = self.by_id.get(&start(prefix))?.iter().copied();
        let mut found =
            found.by_ref().filter(|at| self.commits.get(*at).is_some_and(|commit| commit.has_prefix(prefix)));
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Commits whose messages name this one as their original.
    pub(super) fn naming(&self, id: ObjectId) -> Vec<At> {
        let id = id.to_string();
        let names = |at: &At| {
            self.commits.get(*at).is_some_and(|commit| {
                commit
                    .named
                    .iter()
                    .any(|named| matches!(named, Named::Commit(prefix) if id.as_bytes().starts_with(prefix)))
            })
        };
        self.by_named.get(&start(id.as_bytes())).into_iter().flatten().copied().filter(names).collect()
    }

    pub(super) fn with_change_id(&self, id: &[u8]) -> &[At] {
        self.by_change_id.get(id).map_or(&[], Vec::as_slice)
    }

    pub(super) fn of_pull_request(&self, number: u64) -> &[At] {
        self.by_pull_request.get(&number).map_or(&[], Vec::as_slice)
    }
}

fn start(id: &[u8]) -> BString {
    id.get(..PREFIX).unwrap_or(id).as_bstr().to_owned()
}

/// Which commits of the mainline have been taken back there, by which others.
pub(super) struct Reverts {
    by: BTreeMap<At, Vec<At>>,
}

impl Reverts {
    /// Reads the reverts of a line. `brought` gives the commits that a merge brought in, when that was taken back.
    pub(super) fn new(index: &Index<'_>, brought: &mut dyn FnMut(&Change) -> Vec<ObjectId>) -> Self {
        let mut by: BTreeMap<At, Vec<At>> = BTreeMap::new();
        for (at, commit) in index.commits.iter().enumerate() {
            if !commit.is_revert && commit.reverts.is_empty() {
                continue;
            }
            let mut targets: Vec<At> = commit.reverts.iter().filter_map(|prefix| index.with_id(prefix)).collect();
            if commit.reverts.is_empty() {
                targets.extend(quoted_title(commit).and_then(|key| {
                    index.titled_before(&key, commit.committed).into_iter().find(|target| *target != at)
                }));
            }
            for target in targets {
                by.entry(target).or_default().push(at);
                let Some(merge) = index.commits.get(target).filter(|target| target.is_merge) else { continue };
                for id in brought(merge) {
                    if let Some(target) = index.with_id(&BString::from(id.to_string())) {
                        by.entry(target).or_default().push(at);
                    }
                }
            }
        }
        Self { by }
    }

    /// The commit that took this one back and was not taken back itself.
    pub(super) fn standing(&self, at: At) -> Option<At> {
        self.standing_within(at, 16)
    }

    fn standing_within(&self, at: At, depth: u8) -> Option<At> {
        // The mainline is listed newest first: a revert stands before what it takes back.
        let reverts = self.by.get(&at)?.iter().copied().filter(|revert| *revert < at);
        reverts.min().filter(|revert| depth == 0 || self.standing_within(*revert, depth - 1).is_none())
    }
}

/// The title in `Revert "…"`, normalised.
pub(super) fn quoted_title(commit: &Change) -> Option<BString> {
    let inner = commit.subject.strip_prefix(b"Revert \"")?;
    let inner = inner.get(..inner.rfind_byte(b'"')?)?;
    Some(titles::normalised(inner.as_bstr()))
}
