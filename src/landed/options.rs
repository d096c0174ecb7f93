//! How two lines are compared.

use std::collections::BTreeSet;

use super::grammar::Grammar;
use super::said::RELEASE_ONLY;
use super::seen::Seen;
use crate::model::ObjectId;

/// How the cache of what earlier comparisons found out about commits is used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caching {
    /// Nothing.
    Off,
    /// It is used.
    #[default]
    Read,
    /// It is read, and what is new is added, unless objects are in quarantine.
    Keep,
}

/// How to compare.
#[derive(Clone)]
pub struct Options<'a> {
    /// Leave out what messages say: trailers, Change-Ids, numbers of pull requests.
    pub ignore_explicit: bool,
    /// Pairs of a branch commit and a mainline commit that it must not be compared with, for measuring.
    pub without: BTreeSet<(ObjectId, ObjectId)>,
    /// Only these changes of the branch, such as those of a push.
    pub only: Option<Vec<ObjectId>>,
    /// The forms in which messages name originals.
    pub grammar: Grammar,
    /// The token of the trailer by which a change says that it stays on its line.
    pub exempt_trailer: &'a str,
    /// Whether version bumps, release notes and the like count as changes like any other.
    pub owes_chores: bool,
    /// How the cache of earlier comparisons is used.
    pub cache: Caching,
    /// What was read for earlier questions of this run.
    pub seen: Option<&'a Seen>,
    /// Called with what is being done, and with how many commits.
    pub progress: Option<&'a (dyn Fn(&'static str, usize) + Sync)>,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            ignore_explicit: false,
            without: BTreeSet::new(),
            only: None,
            grammar: Grammar::default(),
            exempt_trailer: RELEASE_ONLY,
            owes_chores: false,
            cache: Caching::default(),
            seen: None,
            progress: None,
        }
    }
}
