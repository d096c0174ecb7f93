//! An index of the mainline's commits by what is compared first.

use bstr::{BString, ByteSlice as _};
use std::collections::HashMap;

use super::change::{Change, MAX_LISTED, MIN_LISTED, title_hash};
use super::named::{MIN_DIGITS, Named, Prefix};
use super::{said, titles};
use crate::model::ObjectId;

/// The place of a commit in the list of its line.
pub(super) type At = usize;

/// Of commits with the same title, this many nearest in time are compared.
const MAX_SAME_TITLE: usize = 24;

/// The mainline's commits by title, author and timestamp, and by the ids and numbers that they contain.
pub(super) struct Index<'c> {
    pub(super) commits: &'c [Change],
    /// By a hash of the title; sorted, as all of these are.
    by_title: Vec<(u64, At)>,
    by_second: Vec<(u64, i64, At)>,
    by_id: Vec<(ObjectId, At)>,
    /// Those that name a commit, by the first digits of it.
    by_named: HashMap<BString, Vec<At>>,
    by_change_id: HashMap<&'c [u8], Vec<At>>,
    by_pull_request: HashMap<u64, Vec<At>>,
    by_revision: HashMap<u64, At>,
    /// By the long numbers in titles: those of issues and pull requests.
    by_number: HashMap<u64, Vec<At>>,
    /// By the hashes of the titles that messages list.
    by_listed: HashMap<u64, Vec<At>>,
    /// Those whose titles were cut off.
    cut_off: Vec<At>,
}

impl<'c> Index<'c> {
    pub(super) fn new(commits: &'c [Change]) -> Self {
        let mut index = Self {
            commits,
            by_title: Vec::with_capacity(commits.len()),
            by_second: Vec::with_capacity(2 * commits.len()),
            by_id: Vec::with_capacity(commits.len()),
            by_named: HashMap::new(),
            by_change_id: HashMap::new(),
            by_pull_request: HashMap::new(),
            by_revision: HashMap::new(),
            by_number: HashMap::new(),
            by_listed: HashMap::new(),
            cut_off: Vec::new(),
        };
        for (at, commit) in commits.iter().enumerate() {
            index.add(at, commit);
        }
        index.by_title.sort_unstable();
        index.by_second.sort_unstable();
        index.by_id.sort_unstable();
        index
    }

    fn add(&mut self, at: At, commit: &'c Change) {
        self.by_title.push((title_hash(&commit.key), at));
        for who in [commit.author.email, commit.author.name].into_iter().filter(|who| *who != 0) {
            self.by_second.push((who, commit.seconds, at));
        }
        self.by_id.push((commit.id, at));
        for named in &commit.named {
            if let Named::Commit(prefix) = named {
                self.by_named.entry(start(prefix)).or_default().push(at);
            }
        }
        if let Some(id) = &commit.change_id {
            self.by_change_id.entry(id).or_default().push(at);
        }
        for number in titles::long_numbers(&commit.subject) {
            self.by_number.entry(number).or_default().push(at);
        }
        for title in &commit.lists {
            self.by_listed.entry(*title).or_default().push(at);
        }
        if let Some(number) = commit.pull_request {
            self.by_pull_request.entry(number).or_default().push(at);
        }
        if let Some(number) = commit.revision {
            self.by_revision.entry(number).or_insert(at);
        }
        if titles::stem(&commit.key).is_some() {
            self.cut_off.push(at);
        }
    }

    /// Returns the commits with the same title where one of the two was cut off.
    fn begun_alike(&self, key: &[u8]) -> impl Iterator<Item = At> {
        let is_same = |at: &At| self.commits.get(*at).is_some_and(|commit| titles::same(&commit.key, key));
        let all = titles::stem(key).map_or(0, |_| self.commits.len());
        let cut_off = self.cut_off.iter().copied().filter(is_same);
        (0..all).filter(is_same).chain(cut_off).take(MAX_SAME_TITLE).collect::<Vec<At>>().into_iter()
    }

    /// Returns the commits with this title.
    pub(super) fn titled<'i>(&'i self, key: &'i [u8]) -> impl Iterator<Item = At> + 'i {
        let hash = title_hash(key);
        let first = self.by_title.partition_point(|(other, _)| *other < hash);
        let same = self.by_title.iter().skip(first).take_while(move |(other, _)| *other == hash);
        same.map(|(_, at)| *at).filter(move |at| self.commits.get(*at).is_some_and(|commit| commit.key == key))
    }

    /// Returns the commits with some author and author timestamp.
    fn written(&self, who: u64, seconds: i64) -> impl Iterator<Item = At> {
        let first = self.by_second.partition_point(|(other, second, _)| (*other, *second) < (who, seconds));
        let same = self.by_second.iter().skip(first);
        same.take_while(move |(other, second, _)| (*other, *second) == (who, seconds)).map(|(_, _, at)| *at)
    }

    /// Returns how many commits have this title.
    pub(super) fn frequency(&self, key: &[u8]) -> usize {
        self.titled(key).count()
    }

    /// Returns whether more than one commit has some author and author timestamp.
    pub(super) fn is_repeated(&self, who: u64, seconds: i64) -> bool {
        self.written(who, seconds).nth(1).is_some()
    }

    /// Returns the commits with the same title, with the same author and author timestamp, or merging a pull request
    /// that the title names.
    pub(super) fn alike(&self, branch: &Change) -> Vec<At> {
        let mut found: Vec<At> = Vec::new();
        for who in [branch.author.email, branch.author.name] {
            found.extend(self.written(who, branch.seconds));
        }
        if !branch.key.is_empty() {
            let mut same: Vec<At> = self.titled(&branch.key).collect();
            if same.len() > MAX_SAME_TITLE {
                let distance =
                    |at: &At| self.commits.get(*at).map_or(u64::MAX, |commit| commit.seconds.abs_diff(branch.seconds));
                same.sort_by_key(distance);
                same.truncate(MAX_SAME_TITLE);
            }
            found.extend(same);
            found.extend(self.begun_alike(&branch.key));
        }
        let of_request = branch.pull_request.map_or(&[][..], |number| self.of_pull_request(number));
        found.extend(of_request.iter().take(MAX_SAME_TITLE));
        for number in titles::long_numbers(&branch.subject) {
            found.extend(self.of_pull_request(number));
            let mentioned = self.by_number.get(&number).map_or(&[][..], Vec::as_slice);
            if mentioned.len() <= MAX_SAME_TITLE {
                found.extend(mentioned);
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the commits whose titles are lines in a message, as those of a squash are, or whose pull requests end
    /// such lines.
    pub(super) fn listed(&self, body: &[u8]) -> Vec<At> {
        let mut found = Vec::new();
        for line in body.lines().take(MAX_LISTED) {
            let (line, whole) = (line.trim().trim_start_with(|c| matches!(c, '*' | '-' | ' ')), line);
            if line.len() < whole.len()
                && let Some(number) = said::own_pull_request(line)
            {
                found.extend(self.of_pull_request(number).iter().take(2));
            }
            let key = titles::normalised(line.as_bstr());
            if titles::words(&key).nth(MIN_LISTED - 1).is_some() {
                found.extend(self.titled(&key).take(2));
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the commits whose messages list this title, as that of a squash does.
    pub(super) fn listing(&self, key: &[u8]) -> impl Iterator<Item = At> + '_ {
        self.by_listed.get(&title_hash(key)).into_iter().flatten().copied().take(MAX_SAME_TITLE)
    }

    /// Returns the commits that may be this one by what is the same from either side: author and second, title,
    /// Change-Id, or because one of the two names the other.
    pub(super) fn related(&self, other: &Change) -> Vec<At> {
        let mut found: Vec<At> = Vec::new();
        for who in [other.author.email, other.author.name].into_iter().filter(|who| *who != 0) {
            found.extend(self.written(who, other.seconds));
        }
        if !other.key.is_empty() {
            found.extend(self.titled(&other.key));
        }
        found.extend(other.change_id.iter().flat_map(|id| self.with_change_id(id)));
        found.extend(self.naming(other.id));
        found.extend(other.named.iter().filter_map(|named| match named {
            Named::Commit(prefix) => self.with_id(prefix),
            Named::Revision(number) => self.of_revision(*number),
            Named::PullRequest(_) => None,
        }));
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Returns the newest commit with this title behind some place, that is, older than it.
    pub(super) fn titled_behind(&self, key: &[u8], at: At) -> Option<At> {
        self.titled(key).filter(|other| *other > at).min()
    }

    /// Returns the commit that an id, maybe abbreviated, stands for; `None` for none or several.
    pub(super) fn with_id(&self, prefix: &Prefix) -> Option<At> {
        with_prefix(&self.by_id, prefix)
    }

    /// Returns the commits whose messages name this one as their original.
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

    /// Returns the commit that a revision was converted to.
    pub(super) fn of_revision(&self, number: u64) -> Option<At> {
        self.by_revision.get(&number).copied()
    }

    pub(super) fn of_pull_request(&self, number: u64) -> &[At] {
        self.by_pull_request.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// Returns the place, among those sorted by their ids, that an id, maybe abbreviated, stands for; `None` for none or
/// several.
pub(super) fn with_prefix(by_id: &[(ObjectId, At)], prefix: &Prefix) -> Option<At> {
    let kind = by_id.first()?.0.kind();
    let mut lowest = prefix.to_vec();
    lowest.resize(kind.hex_len(), b'0');
    let lowest = ObjectId::from_hex(&lowest).ok().filter(|_| prefix.len() >= MIN_DIGITS)?;
    let first = by_id.partition_point(|(id, _)| *id < lowest);
    let behind = by_id.iter().skip(first);
    let mut found = behind.take_while(|(id, _)| id.to_string().as_bytes().starts_with(prefix)).map(|(_, at)| *at);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

fn start(id: &[u8]) -> BString {
    id.get(..MIN_DIGITS).unwrap_or(id).as_bstr().to_owned()
}
