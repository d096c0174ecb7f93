//! Whole answers, kept for when the same is asked again: a branch and a mainline that have not moved since.
//!
//! An answer is a function of the commits that are asked about, of how they are compared, and of two things more: whether ids
//! that messages name, and that are not on the mainline, are in the repository, and which files were not. These are looked up
//! again.

use bstr::BString;

use super::comparison::{Caching, Comparison, Options};
use super::explicit::{self, Lookup};
use super::record::{Decoder, Encoder};
use super::store::{Store, checksum};
use super::verdict::{Evidence, Status, Verdict};
use crate::git::{self, Digest, Repository};
use crate::model::ObjectId;

/// Changed whenever something else is kept, or the same is found in another way.
const VERSION: &str = concat!("refgate answers 4 ", env!("CARGO_PKG_VERSION"));

const DIRECTORY: &str = "answers";

/// So many questions have their answers kept.
const MAX_ANSWERS: usize = 64;

/// A larger answer is not kept.
const MAX_FILE: u64 = 8 << 20;

/// Where the answer to one question is, or will be.
pub(super) struct Answers {
    store: Store,
    name: String,
    question: Vec<u8>,
}

impl Answers {
    /// `None` where no answer is to be looked for.
    pub(super) fn new(repository: &Repository, from: ObjectId, to: &[ObjectId], options: &Options<'_>) -> Option<Self> {
        if options.cache == Caching::Off || !options.without.is_empty() {
            return None;
        }
        let mut question = Encoder::default();
        question.text(VERSION.as_bytes());
        for patterns in [options.grammar.forms(), options.chores.titles(), options.chores.paths()] {
            question.list(&patterns, |question, pattern| question.text(pattern.as_bytes()));
        }
        question.flag(options.ignore_explicit);
        question.id(Some(from));
        question.list(to, |question, id| question.id(Some(*id)));
        question.flag(options.only.is_some());
        question.list(options.only.as_deref().unwrap_or_default(), |question, id| question.id(Some(*id)));
        let question = question.finish();
        let mut digest = Digest::new(repository.hash_kind());
        digest.update(&question);
        let name = digest.finish()?.to_string();
        Some(Self { store: Store::new(repository), name: format!("{DIRECTORY}/{name}"), question })
    }

    /// The answer, if it was kept and still holds.
    pub(super) fn known(&self, repository: &Repository) -> Option<Comparison> {
        let content = self.store.read(&self.name, MAX_FILE)?;
        let (comparison, lookups) = decoded(&content, &self.question)?;
        let still_holds = |(prefix, id): &Lookup| explicit::lookup(repository, prefix).is_ok_and(|found| found == *id);
        let is_absent = |id: &ObjectId| matches!(repository.kind(*id), Ok(None) | Err(git::Error::Promised { .. }));
        (lookups.iter().all(still_holds) && comparison.unread.iter().all(is_absent)).then_some(comparison)
    }

    /// Keeps an answer that depended on these lookups. That it cannot be written is no error.
    pub(super) fn keep(&self, comparison: &Comparison, lookups: &[Lookup]) {
        let content = encoded(&self.question, comparison, lookups);
        if content.len() as u64 <= MAX_FILE {
            let written = self.store.write(&self.name, &content);
            let _not_kept = written.and_then(|()| self.store.prune(DIRECTORY, MAX_ANSWERS));
        }
    }
}

/// A file with the answer to a question, and what else that depends on.
pub(super) fn encoded(question: &[u8], comparison: &Comparison, lookups: &[Lookup]) -> Vec<u8> {
    let mut encoder = Encoder::default();
    encoder.text(question);
    encoder.list(lookups, |encoder, (prefix, id)| {
        encoder.text(prefix);
        encoder.id(*id);
    });
    encoder.list(&comparison.unread, |encoder, id| encoder.id(Some(*id)));
    encoder.list(&comparison.verdicts, encode);
    let content = encoder.finish();
    [checksum(&content).to_le_bytes().as_slice(), &content].concat()
}

/// What a file says, if it is whole and about this question.
pub(super) fn decoded(content: &[u8], question: &[u8]) -> Option<(Comparison, Vec<Lookup>)> {
    let (sum, rest) = content.split_first_chunk()?;
    if u64::from_le_bytes(*sum) != checksum(rest) {
        return None;
    }
    let mut decoder = Decoder::new(rest);
    if decoder.text()? != question {
        return None;
    }
    let lookups = decoder.list(8, |decoder| Some((decoder.owned()?, decoder.id()?)))?;
    let unread = decoder.list(4, |decoder| decoder.id()?)?;
    let verdicts = decoder.list(40, verdict)?;
    decoder.end((Comparison { verdicts, unread }, lookups))
}

fn encode(encoder: &mut Encoder, verdict: &Verdict) {
    encoder.id(Some(verdict.commit));
    encoder.text(&verdict.subject);
    encoder.text(verdict.status.name().as_bytes());
    encoder.id(verdict.matched);
    encoder.text(verdict.evidence.map_or("", Evidence::name).as_bytes());
    encoder.u64(verdict.score.to_bits());
    encoder.text(verdict.reason.as_bytes());
    encoder.id(verdict.reverted_by);
    encoder.optional_text(verdict.disputed.as_ref().map(|disputed| disputed.as_bytes()));
    encoder.list(&verdict.also, |encoder, id| encoder.id(Some(*id)));
}

fn verdict(decoder: &mut Decoder<'_>) -> Option<Verdict> {
    let text = |bytes: BString| String::from_utf8(bytes.into()).ok();
    Some(Verdict {
        commit: decoder.id()??,
        subject: decoder.owned()?,
        status: {
            let name = decoder.text()?;
            Status::ALL.into_iter().find(|status| status.name().as_bytes() == name)?
        },
        matched: decoder.id()?,
        evidence: match decoder.text()? {
            b"" => None,
            name => Some(Evidence::ALL.into_iter().find(|evidence| evidence.name().as_bytes() == name)?),
        },
        score: f64::from_bits(decoder.u64()?),
        reason: text(decoder.owned()?)?,
        reverted_by: decoder.id()?,
        disputed: match decoder.optional_text()? {
            Some(disputed) => Some(text(disputed)?),
            None => None,
        },
        also: decoder.list(4, |decoder| decoder.id()?)?,
    })
}
