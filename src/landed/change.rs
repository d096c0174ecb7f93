//! What is known of a commit before its trees are read: enough to decide most picks.

use bstr::{BStr, BString, ByteSlice as _};
use serde::{Deserialize, Serialize};
use std::hash::{DefaultHasher, Hasher as _};

use super::grammar::Grammar;
use super::named::{Named, Prefix};
use super::said::{self, TakesBack};
use super::titles;
use crate::git::{Commit, Identity};
use crate::model::ObjectId;

/// A commit of either line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) id: ObjectId,
    pub(super) tree: ObjectId,
    pub(super) parent: Option<ObjectId>,
    pub(super) is_merge: bool,
    pub(super) author: Author,
    /// When it was written, to the second.
    pub(super) seconds: i64,
    /// When it was committed.
    pub(super) committed: i64,
    pub(super) subject: BString,
    /// The title without what backporting adds; lower case.
    pub(super) key: BString,
    /// Whether it reverts another change.
    pub(super) is_revert: bool,
    /// What it names as its original.
    pub(super) named: Vec<Named>,
    /// The commits that it says it reverts.
    pub(super) takes_back: TakesBack,
    pub(super) change_id: Option<BString>,
    /// The pull request it merged or squashed.
    pub(super) pull_request: Option<u64>,
    /// The revision that it was converted from.
    pub(super) revision: Option<u64>,
    /// Whether a trailer says that it is meant for its own line alone.
    pub(super) stays: bool,
    /// The titles that its message lists, hashed, as the message of a squash does.
    pub(super) lists: Vec<u64>,
    /// Whether it says that it is a part of what it names.
    pub(super) is_part: bool,
}

/// Who wrote a change; the same person if either address or name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Author {
    pub(super) email: u64,
    pub(super) name: u64,
}

impl Author {
    fn new(identity: &Identity) -> Self {
        Self { email: hash_lower(&identity.email), name: hash_lower(&identity.name) }
    }

    pub(super) fn is(self, other: Self) -> bool {
        (self.email != 0 && self.email == other.email) || (self.name != 0 && self.name == other.name)
    }
}

/// Hashes bytes in lower case; 0 for nothing.
fn hash_lower(text: &[u8]) -> u64 {
    if text.is_empty() {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(&text.to_ascii_lowercase());
    hasher.finish().max(1)
}

impl Change {
    pub(super) fn new(commit: &Commit, grammar: &Grammar) -> Self {
        let (subject, body) = (titles::start(commit.subject()), commit.body());
        let (title, key) = (titles::of(commit), titles::key(commit));
        Self {
            id: commit.id,
            tree: commit.tree,
            parent: commit.parents.first().copied(),
            is_merge: commit.parents.len() > 1,
            author: Author::new(&commit.author),
            seconds: commit.author.seconds,
            committed: commit.committer.seconds,
            is_revert: titles::is_revert(key.as_bstr()),
            takes_back: TakesBack::read(key.as_bstr(), body),
            key,
            named: grammar.named(subject, body),
            change_id: said::change_id(body),
            pull_request: said::own_pull_request(&title)
                .or_else(|| said::own_pull_request(subject))
                .or_else(|| said::merged_from(body)),
            revision: said::revision(body),
            stays: said::stays(commit, said::RELEASE_ONLY).is_some(),
            lists: listed_titles(body),
            is_part: says_part(body),
            subject: subject.to_owned(),
        }
    }

    /// Returns whether some id begins like this commit's.
    pub(super) fn has_prefix(&self, prefix: &Prefix) -> bool {
        self.id.to_string().as_bytes().starts_with(prefix)
    }

    /// Returns whether its message names another commit as its original, by the id.
    pub(super) fn names(&self, other: &Change) -> bool {
        self.named.iter().any(|named| matches!(named, Named::Commit(prefix) if other.has_prefix(prefix)))
    }
}

/// How many lines of a message are searched for titles, and how many words those must have: `fix tests` is a title of
/// many.
pub(super) const MAX_LISTED: usize = 100;
pub(super) const MIN_LISTED: usize = 3;

/// Returns the titles that a message lists with a bullet each, as forges write it for a squash.
fn listed_titles(body: &BStr) -> Vec<u64> {
    let listed = body.lines().filter_map(|line| line.strip_prefix(b"* ").or_else(|| line.strip_prefix(b"- ")));
    let keys = listed.take(MAX_LISTED).map(|line| titles::normalised(titles::start(line.trim().as_bstr())));
    keys.filter(|key| titles::words(key).nth(MIN_LISTED - 1).is_some()).map(|key| title_hash(&key)).collect()
}

/// Hashes a title as titles are compared.
pub(super) fn title_hash(key: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(key);
    hasher.finish()
}

/// Returns whether a message says that a part of something was picked: `Partially backported from …`.
fn says_part(body: &BStr) -> bool {
    let says = |line: &[u8]| {
        let line = line.to_ascii_lowercase();
        line.contains_str("partial") && ["backport", "pick", "port of"].iter().any(|word| line.contains_str(word))
    };
    // Next to no message has the word.
    let may_say = body.find_iter("artial").next().is_some() || body.find_iter("ARTIAL").next().is_some();
    may_say && body.lines().take(MAX_LISTED).any(says)
}

/// Returns the words of a message below the title, trailers left out: hashed, sorted, with repetitions.
pub(super) fn body_words(body: &BStr) -> Vec<u32> {
    /// No message is understood better by more words.
    const MAX_WORDS: usize = 2000;
    let mut words = Vec::new();
    for line in body.lines().filter(|line| !said::is_mark(line)) {
        let parts = line.split(|byte| !(byte.is_ascii_alphanumeric() || *byte >= 0x80 || *byte == b'_'));
        // FNV-1a: only compared within one run, and a collision would make two words one.
        let hash = |word: &[u8]| {
            word.iter().fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
            })
        };
        words.extend(parts.filter(|word| !word.is_empty()).map(hash).take(MAX_WORDS - words.len()));
        if words.len() == MAX_WORDS {
            break;
        }
    }
    words.sort_unstable();
    words
}

/// Returns how much two sorted lists have in common, from 0 to 1: twice the common part over both lengths (Dice).
pub(super) fn dice(a: &[u32], b: &[u32]) -> f64 {
    if a.is_empty() || b.is_empty() {
        return 0.0;
    }
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let mut common = 0usize;
    while let (Some(x), Some(y)) = (left.peek(), right.peek()) {
        match x.cmp(y) {
            std::cmp::Ordering::Less => drop(left.next()),
            std::cmp::Ordering::Greater => drop(right.next()),
            std::cmp::Ordering::Equal => {
                common += 1;
                left.next();
                right.next();
            }
        }
    }
    2.0 * common as f64 / (a.len() + b.len()) as f64
}

/// Returns the last component of a path.
pub(crate) fn basename(path: &[u8]) -> &[u8] {
    path.rsplit_once_str("/").map_or(path, |(_, name)| name)
}
