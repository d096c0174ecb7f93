//! Caches whole answers for when the same is asked again, about a branch and a mainline that have not moved since.
//!
//! An answer is a function of the commits that are asked about, of how they are compared, and of two more things:
//! whether the ids that messages name and that are not on the mainline are in the repository, and which files were
//! missing. Those two are looked up again.

use serde::{Deserialize, Serialize};

use super::chores::DEFAULT_TITLES;
use super::explicit::{self, Lookup};
use super::options::{Caching, Options};
use super::record;
use super::store::{Store, sealed, unsealed};
use super::verdict::{Comparison, Verdict};
use crate::git::{self, Digest, Repository};
use crate::model::ObjectId;

/// To be changed whenever something else is cached, or the same is computed in another way.
pub(super) const VERSION: u32 = 11;

const DIRECTORY: &str = "answers";

/// How many answers are cached.
const MAX_ANSWERS: usize = 64;

/// A larger answer is not cached.
const MAX_FILE: u64 = 8 << 20;

/// The place where the answer to one question is cached, or will be.
pub(super) struct Answers {
    store: Store,
    name: String,
    question: Vec<u8>,
}

impl Answers {
    /// Makes a question, or returns `None` where no answer is to be looked for.
    pub(super) fn new(repository: &Repository, from: ObjectId, to: &[ObjectId], options: &Options<'_>) -> Option<Self> {
        if options.cache == Caching::Off || !options.without.is_empty() {
            return None;
        }
        let question = record::encoded(&Question {
            version: VERSION,
            program: env!("CARGO_PKG_VERSION"),
            forms: options.grammar.forms(),
            chores: if options.owes_chores { &[] } else { DEFAULT_TITLES },
            ignores_explicit: options.ignore_explicit,
            from,
            to,
            only: options.only.as_deref(),
        });
        let mut digest = Digest::new(repository.hash_kind());
        digest.update(&question);
        let name = digest.finish()?.to_string();
        Some(Self { store: Store::new(repository), name: format!("{DIRECTORY}/{name}"), question })
    }

    /// Returns the answer, if it was cached and still holds.
    pub(super) fn known(&self, repository: &Repository) -> Option<Comparison> {
        let Kept { lookups, unread, verdicts, .. } =
            Kept::read(&self.store.read(&self.name, MAX_FILE)?, &self.question)?;
        let still_holds = |(prefix, id): &Lookup| explicit::lookup(repository, prefix).is_ok_and(|found| found == *id);
        let is_absent = |id: &ObjectId| matches!(repository.kind(*id), Ok(None) | Err(git::Error::Promised { .. }));
        let holds = lookups.iter().all(still_holds) && unread.iter().all(is_absent);
        holds.then_some(Comparison { verdicts, unread })
    }

    /// Keeps an answer that depended on these lookups. A failure to write it is not an error.
    pub(super) fn keep(&self, comparison: &Comparison, lookups: &[Lookup]) {
        let content = Kept::of(&self.question, lookups, &comparison.unread, &comparison.verdicts).file();
        if content.len() as u64 <= MAX_FILE {
            let written = self.store.write(&self.name, &content);
            let _not_kept = written.and_then(|()| self.store.prune(DIRECTORY, MAX_ANSWERS));
        }
    }
}

/// Everything that an answer depends on besides the repository.
#[derive(Serialize)]
struct Question<'a> {
    version: u32,
    program: &'a str,
    forms: Vec<&'a str>,
    chores: &'a [&'a str],
    ignores_explicit: bool,
    from: ObjectId,
    to: &'a [ObjectId],
    only: Option<&'a [ObjectId]>,
}

/// All that a file holds.
#[derive(Serialize, Deserialize)]
pub(super) struct Kept {
    question: Vec<u8>,
    lookups: Vec<Lookup>,
    unread: Vec<ObjectId>,
    verdicts: Vec<Verdict>,
}

impl Kept {
    pub(super) fn of(question: &[u8], lookups: &[Lookup], unread: &[ObjectId], verdicts: &[Verdict]) -> Self {
        Self {
            question: question.to_vec(),
            lookups: lookups.to_vec(),
            unread: unread.to_vec(),
            verdicts: verdicts.to_vec(),
        }
    }

    /// Serializes this as a file.
    pub(super) fn file(&self) -> Vec<u8> {
        sealed(&record::encoded(self))
    }

    /// Returns what a file says, if it is complete and about this question.
    pub(super) fn read(file: &[u8], question: &[u8]) -> Option<Self> {
        record::decoded(unsealed(file)?).filter(|kept: &Self| kept.question == question)
    }
}
