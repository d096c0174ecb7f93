//! The answer for one change, and the sentence that gives the reason.

use std::collections::BTreeMap;

use super::assign::{Pair, squashed};
use super::change::Change;
use super::exclude::Exclusion;
use super::explicit::Claims;
use super::features::Features;
use super::index::At;
use super::reverts::Reverts;
use super::tiers::{Reason, Tier};
use super::verdict::{Evidence, Status, Verdict};
use crate::git::Commit;

/// How much two changes have in common where one was adapted beyond recognition: of their lines, or else of their
/// titles.
const MIN_TRACE: f64 = 0.02;
const MIN_TITLE: f64 = 0.5;

/// How much has to be in common, of lines plus words below the title, for a commit whose title is one among others in a
/// message to be more than a fragment.
const WHOLE: f64 = 0.5;

/// With less than this of the content, and another title, a named commit is doubtful if another commit has all of the
/// content.
const DOUBTFUL: f64 = 0.35;

/// How sure the answer is for several commits that together make up a change, wholly or for the most part, and for a
/// name that nothing bears out.
const WHOLE_SQUASH: f64 = 0.90;
const LIKELY_SQUASH: f64 = 0.75;
const ONLY_NAMED: f64 = 0.5;

/// How sure the answer is for a name that the content bears out.
const NAMED: f64 = 0.99;

/// How many commits of a squash are named.
const MAX_PARTS: usize = 5;

/// All that is known of one change.
pub(super) struct Facts<'a> {
    pub(super) at: At,
    pub(super) change: &'a Change,
    pub(super) claims: Option<&'a Claims>,
    /// The accepted pairs, best first.
    pub(super) settled: &'a [Pair],
    /// All pairs that were compared.
    pub(super) all: &'a [Pair],
    pub(super) mainline: &'a [Change],
    pub(super) reverts: &'a Reverts,
    /// The newest commit of the branch that surely is some commit of the mainline.
    pub(super) picked: &'a BTreeMap<At, At>,
    /// Whether a later commit of the branch says that it reverts it.
    pub(super) is_taken_back: bool,
    /// Why it need not be there, if so.
    pub(super) excluded: Option<Exclusion>,
    /// The token of the trailer by which a change says that it stays on its line.
    pub(super) exempt_trailer: &'a str,
}

/// Returns the answer for a commit that is itself on the other line.
pub(super) fn ancestor(commit: &Commit) -> Verdict {
    Verdict {
        commit: commit.id,
        subject: commit.subject().to_owned(),
        status: Status::Landed,
        matched: Some(commit.id),
        evidence: Some(Evidence::Ancestor),
        score: 1.0,
        reason: "the commit itself is there".to_owned(),
        reverted_by: None,
        disputed: None,
        also: Vec::new(),
    }
}

impl Facts<'_> {
    pub(super) fn verdict(&self) -> Verdict {
        let best = self.best();
        if let Some(pair) = best.filter(|pair| pair.is_sure()) {
            // One title among others in the message does not account for the rest of the change.
            let is_fragment = pair.named.is_none() && pair.tier == Some(Tier::ListedTitle) && in_common(pair) < WHOLE;
            match self.listed(pair) {
                Some(verdict) => return verdict,
                None if is_fragment => {}
                None => return self.landed(pair),
            }
        }
        if let Some(verdict) = self.exempt() {
            return verdict;
        }
        if let Some(pair) = best {
            let reason = format!("{} {}", self.possibly(pair), self.short(pair.mainline));
            return self.answer(Status::Probable, pair, reason);
        }
        let (parts, is_whole) = squashed(self.all);
        let status = if is_whole { Status::Landed } else { Status::Probable };
        if let Some(pair) = parts.iter().max().and_then(|at| self.all.iter().find(|pair| pair.mainline == *at)) {
            let ids: Vec<String> = parts.iter().rev().take(MAX_PARTS).map(|at| self.short(*at)).collect();
            let reason = format!("squash of {} commits: {}", parts.len(), ids.join(", "));
            let score = if is_whole { WHOLE_SQUASH } else { LIKELY_SQUASH };
            return Verdict { evidence: Some(Evidence::Squash), score, ..self.answer(status, pair, reason) };
        }
        self.claimed().unwrap_or_else(|| self.absent())
    }

    /// Returns the answer for an original that a message names and the content does not bear out. A pick that was
    /// adapted beyond recognition keeps its author and a trace of its lines or title: that is for a person to judge,
    /// and not a lie.
    fn claimed(&self) -> Option<Verdict> {
        let found = self.claims.map_or(&[][..], |claims| &claims.found);
        let mut named = found.iter().filter_map(|(at, evidence)| {
            let pair = self.all.iter().find(|pair| pair.mainline == *at && !pair.is_taken_away)?;
            Some((pair, *evidence))
        });
        let (pair, evidence) = named.clone().find(|(pair, _)| is_adapted(&pair.features)).or_else(|| named.next())?;
        let short = self.short(pair.mainline);
        let (reason, disputed) = if is_adapted(&pair.features) {
            let percent = (pair.features.content.both * 100.0).round();
            let trace = if percent > 0.0 { format!("{percent} % of lines") } else { "a like title".to_owned() };
            (format!("it names {short}, from which it is far ({trace}, same author)"), None)
        } else {
            let reason = format!("it names {short}, but the two have nothing in common");
            (reason.clone(), Some(reason))
        };
        let verdict = self.answer(Status::Probable, pair, reason);
        Some(Verdict { evidence: Some(evidence), score: ONLY_NAMED, disputed, ..verdict })
    }

    /// Returns the answer for several commits whose titles the message lists, with the one whose content and message
    /// make up most of it.
    fn listed(&self, best: &Pair) -> Option<Verdict> {
        let is_whole =
            best.named.is_some() || matches!(best.tier, Some(Tier::SamePatch | Tier::SameLines | Tier::SecondAndTitle));
        let is_part = |pair: &&Pair| pair.tier == Some(Tier::ListedTitle) && pair.named.is_none();
        let is_best = |pair: &&Pair| pair.mainline == best.mainline && !pair.features.is_merge;
        let mut parts: Vec<&Pair> = self.settled.iter().filter(|pair| is_part(pair) || is_best(pair)).collect();
        parts.sort_by_key(|pair| pair.mainline);
        if is_whole || parts.len() < 2 || parts.iter().any(|pair| self.reverts.standing(pair.mainline).is_some()) {
            return None;
        }
        let names: Vec<String> = parts.iter().map(|pair| self.short(pair.mainline)).collect();
        let reason = format!("squash of {} commits, by its message: {}", parts.len(), names.join(", "));
        let best = *parts.iter().max_by(|a, b| in_common(a).total_cmp(&in_common(b)))?;
        let others = parts.iter().filter(|pair| pair.mainline != best.mainline);
        let also = others.filter_map(|pair| self.mainline.get(pair.mainline)).map(|change| change.id).collect();
        Some(Verdict { evidence: Some(Evidence::Squash), also, ..self.answer(Status::Landed, best, reason) })
    }

    /// Returns the best pair; where a named commit has little of the content and another has all of it, the other.
    fn best(&self) -> Option<&Pair> {
        let first = self.settled.first()?;
        let f = &first.features;
        let is_doubtful =
            first.named.is_some() && ((f.content.both < DOUBTFUL && !f.words.same_title) || f.content_differs());
        let is_strong = |pair: &&Pair| {
            let tiers = [Tier::SamePatch, Tier::SameLines, Tier::TitleAndLines, Tier::SecondAndTitle];
            pair.tier.is_some_and(|tier| tiers.contains(&tier))
        };
        self.settled.iter().find(is_strong).filter(|_| is_doubtful).or(Some(first))
    }

    fn landed(&self, pair: &Pair) -> Verdict {
        let disputed = self.dispute(pair);
        let others = || self.settled.iter().filter(|other| other.is_sure() && other.mainline != pair.mainline);
        let revert =
            self.reverts.standing(pair.mainline).filter(|_| !self.is_taken_back(pair) && !self.change.is_revert);
        if let Some(revert) = revert {
            // Reverted and made again: the newer one counts.
            let again =
                others().find(|other| other.mainline < revert && self.reverts.standing(other.mainline).is_none());
            let (status, pair, reason, by) = match again {
                Some(again) => {
                    let reason = format!("landed again as {} after it was reverted", self.short(again.mainline));
                    (Status::Landed, again, reason, None)
                }
                None => {
                    let by = self.mainline.get(revert).map(|revert| revert.id);
                    let reason = format!("landed as {}, reverted by {}", self.short(pair.mainline), self.short(revert));
                    (Status::Reverted, pair, reason, by)
                }
            };
            return Verdict { reverted_by: by, disputed, ..self.answer(status, pair, reason) };
        }
        let mut reason = format!("landed as {} ({})", self.short(pair.mainline), how(pair));
        if let Some(dispute) = &disputed {
            reason = format!("{reason}; {dispute}");
        }
        let also = others().filter_map(|other| self.mainline.get(other.mainline)).map(|change| change.id).collect();
        Verdict { disputed, also, ..self.answer(Status::Landed, pair, reason) }
    }

    /// Returns whether the branch reverted it as well, maybe by a pick of the mainline's revert.
    fn is_taken_back(&self, pair: &Pair) -> bool {
        let is_picked = |revert: At| self.picked.get(&revert).is_some_and(|at| *at < self.at);
        self.is_taken_back || self.reverts.of(pair.mainline).any(is_picked)
    }

    /// Returns what is named, if it is not what the change is.
    fn dispute(&self, pair: &Pair) -> Option<String> {
        let claims = self.claims?;
        if pair.named.is_some() {
            return None;
        }
        let (at, _) =
            claims.found.iter().find(|(at, evidence)| *at != pair.mainline && *evidence == Evidence::Trailer)?;
        Some(format!("its message names {}, whose content differs", self.short(*at)))
    }

    fn exempt(&self) -> Option<Verdict> {
        let why = self.excluded?;
        let names_something = self.claims.is_some_and(|claims| !claims.found.is_empty());
        if why == Exclusion::Chore && names_something {
            return None;
        }
        Some(Verdict { reason: why.reason(self.exempt_trailer), ..self.without(Status::Exempt) })
    }

    fn absent(&self) -> Verdict {
        let claims = self.claims;
        if let Some(unknown) = claims.and_then(|claims| claims.unknown.as_ref()) {
            let reason = format!("it names {unknown}, which is no commit of this repository");
            return Verdict { disputed: Some(reason.clone()), reason, ..self.without(Status::Elsewhere) };
        }
        if let Some(named) = claims.and_then(|claims| claims.off_line.as_ref()) {
            let reason = format!("it names {named}, which is not on that line, and no commit there resembles it");
            return Verdict { disputed: Some(reason.clone()), reason, ..self.without(Status::Missing) };
        }
        self.without(Status::Missing)
    }

    fn without(&self, status: Status) -> Verdict {
        Verdict {
            commit: self.change.id,
            subject: self.change.subject.clone(),
            status,
            matched: None,
            evidence: None,
            score: 0.0,
            reason: "no counterpart".to_owned(),
            reverted_by: None,
            disputed: None,
            also: Vec::new(),
        }
    }

    fn answer(&self, status: Status, pair: &Pair, reason: String) -> Verdict {
        let score = if pair.named.is_some() { NAMED } else { pair.tier.map_or(ONLY_NAMED, Tier::score) };
        Verdict {
            matched: self.mainline.get(pair.mainline).map(|change| change.id),
            evidence: Some(evidence(pair)),
            score,
            reason,
            ..self.without(status)
        }
    }

    fn short(&self, at: At) -> String {
        self.mainline.get(at).map_or_else(String::new, |change| change.id.short())
    }

    fn possibly(&self, pair: &Pair) -> &'static str {
        match pair.tier {
            Some(Tier::Review(Reason::PartOf)) => "probably part of",
            Some(Tier::Review(Reason::Contains) | Tier::ListedTitle) => "probably contains",
            Some(Tier::Review(Reason::Title)) => "has the title of",
            Some(Tier::Review(Reason::BarePatch)) => "has the patch of",
            _ => "probably",
        }
    }
}

/// Returns how much two changes have in common, in lines and in words: from 0 to 2.
fn in_common(pair: &Pair) -> f64 {
    pair.features.content.both + pair.features.words.body
}

/// Returns whether something speaks for a pick of which little was left: the same author, and a trace of lines or title
/// in a file that both touch.
fn is_adapted(features: &Features) -> bool {
    let has_trace = features.content.both >= MIN_TRACE || features.words.title >= MIN_TITLE;
    features.people.same_author && (features.files.shares_path || features.files.shares_name) && has_trace
}

/// Returns the kind of evidence that an accepted pair is.
fn evidence(pair: &Pair) -> Evidence {
    match (pair.named, pair.tier) {
        (Some(named), _) => named,
        (None, Some(Tier::SamePatch)) if pair.features.content.same_patch => Evidence::PatchId,
        (None, Some(tier)) if tier.is_by_second() => Evidence::Metadata,
        (None, _) => Evidence::Similar,
    }
}

/// Returns what two changes have in common, in a few words.
fn how(pair: &Pair) -> String {
    let f = &pair.features;
    let percent = (f.content.both * 100.0).round();
    let content = if f.content.same_patch {
        "same patch".to_owned()
    } else if f.content.same_lines {
        "same lines, other context".to_owned()
    } else if f.content.same_moved_lines {
        "same lines in other files".to_owned()
    } else if !f.content.has_lines && f.files.same_paths {
        "same files".to_owned()
    } else if !f.content.has_lines {
        "common files".to_owned()
    } else if pair.tier == Some(Tier::Part) {
        "part of it".to_owned()
    } else if f.content.both == 0.0 {
        "no line known to be common".to_owned()
    } else if percent == 0.0 {
        "adapted, under 1 % of lines".to_owned()
    } else {
        format!("adapted, {percent} % of lines")
    };
    let named = match pair.named {
        Some(Evidence::Trailer) => "named by its message, ",
        Some(Evidence::ChangeId) => "same Change-Id, ",
        Some(Evidence::PullRequest) => "named by its pull request, ",
        _ => "",
    };
    let metadata = match (f.people.same_author && f.people.same_second, f.words.same_title) {
        (true, true) => ", same author, second and title",
        (true, false) => ", same author and second",
        (false, true) => ", same title",
        (false, false) => "",
    };
    format!("{named}{content}{metadata}")
}
