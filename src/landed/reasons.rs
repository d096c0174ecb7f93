//! The answer for one change, and the sentence that gives the reason.

use super::assign::{Holders, Pair, Squash};
use super::change::Change;
use super::coverage::Coverage;
use super::exclude::{Asked, Exclusion};
use super::explicit::Claims;
use super::features::Features;
use super::index::At;
use super::reverts::Reverts;
use super::tier::{Reason, Tier};
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

/// With so much of a change there, adapted, in what its message names, the name is not false.
const LIKE: f64 = 0.25;

/// Of a change whose lines were looked at, a considerable part is not there if less than half of it is, and what is
/// missing weighs as much as three lines; or if a tenth is missing, and that is as much as twenty lines.
const HALF: f64 = 0.5;
const THREE_LINES: f64 = 25.0;
const MOST: f64 = 0.9;
const TWENTY_LINES: f64 = 150.0;

/// With less of a commit than this, a change that says that it is a part of it is one.
const SAID_PART: f64 = 0.5;

/// How many commits of a squash are named.
const MAX_PARTS: usize = 5;

/// All that is known of one change.
pub(super) struct Facts<'a> {
    pub(super) change: &'a Change,
    pub(super) claims: Option<&'a Claims>,
    /// The accepted pairs, best first.
    pub(super) settled: &'a [Pair],
    /// All pairs that were compared.
    pub(super) all: &'a [Pair],
    pub(super) mainline: &'a [Change],
    pub(super) reverts: &'a Reverts,
    pub(super) asked: &'a Asked,
    /// Which changes of the branch plainly are which commits of the mainline.
    pub(super) holders: &'a Holders,
    /// The commits that together make it up.
    pub(super) squash: Option<Squash>,
    /// How much of it is there, where that had to be looked at.
    pub(super) coverage: Option<&'a Coverage>,
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
        part: 1.0,
        missing: Vec::new(),
        is_false_name: false,
        is_same_patch: true,
    }
}

impl Facts<'_> {
    pub(super) fn verdict(&self) -> Verdict {
        let best = self.best();
        if let Some(pair) = best.filter(|pair| pair.is_sure()) {
            // One title among others in the message does not account for the rest of the change.
            let is_fragment = pair.named.is_none() && pair.tier == Some(Tier::ListedTitle) && in_common(pair) < WHOLE;
            match self.listed(pair) {
                Some(verdict) => return self.weighed(verdict, pair),
                None if is_fragment => {}
                None => return self.landed(pair),
            }
        }
        if let Some(verdict) = self.exempt() {
            return verdict;
        }
        if let Some(pair) = best {
            let reason = format!("{} {}", self.possibly(pair), self.short(pair.mainline));
            let verdict = self.answer(Status::Probable, pair, reason);
            let is_larger = pair.tier == Some(Tier::Review(Reason::Contains));
            return if is_larger { self.weighed(verdict, pair) } else { verdict };
        }
        let (parts, is_whole) = self.squash.as_ref().map_or((&[][..], false), |it| (it.parts.as_slice(), it.is_whole));
        // What it names would be a better answer if it were there.
        let is_named = self.claims.is_some_and(|claims| claims.off_line.is_some() || claims.unknown.is_some());
        let is_whole = is_whole && !is_named;
        let status = if is_whole { Status::Landed } else { Status::Probable };
        if let Some(pair) = parts.iter().max().and_then(|at| self.all.iter().find(|pair| pair.mainline == *at)) {
            let mut oldest_first = parts.to_vec();
            oldest_first.sort_unstable_by(|a, b| b.cmp(a));
            let ids: Vec<String> = oldest_first.iter().take(MAX_PARTS).map(|at| self.short(*at)).collect();
            let reason = format!("squash of {} commits: {}", parts.len(), ids.join(", "));
            let score = if is_whole { WHOLE_SQUASH } else { LIKELY_SQUASH };
            let others = oldest_first.iter().filter(|at| **at != pair.mainline);
            let also = others.filter_map(|at| self.mainline.get(*at)).map(|change| change.id).collect();
            return Verdict { evidence: Some(Evidence::Squash), score, also, ..self.answer(status, pair, reason) };
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
        let files = &pair.features.files;
        let is_like = (files.shares_path || files.shares_name)
            && self.coverage.is_some_and(|coverage| !coverage.is_nothing && coverage.part >= LIKE);
        if !is_adapted(&pair.features) && !is_like {
            let reason = format!("it names {short}, but the two have nothing in common");
            let disputed = Some(reason.clone());
            return Some(Verdict { reason, disputed, is_false_name: true, ..self.without(Status::Missing) });
        }
        let percent = (pair.features.content.both * 100.0).round();
        let trace = match (percent > 0.0, is_like) {
            (true, _) => format!("{percent} % of lines"),
            (false, true) => "its lines are adapted".to_owned(),
            (false, false) => "a like title".to_owned(),
        };
        let by = if pair.features.people.same_author { "same author" } else { "another author" };
        let reason = format!("it names {short}, from which it is far ({trace}, {by})");
        let verdict = self.answer(Status::Probable, pair, reason);
        Some(Verdict { evidence: Some(evidence), score: ONLY_NAMED, ..verdict })
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
        self.weighed(Verdict { disputed, also, ..self.answer(Status::Landed, pair, reason) }, pair)
    }

    /// Returns an answer after a look at how much of the change is there: which commit it is does not say what else was
    /// done in it.
    fn weighed(&self, verdict: Verdict, pair: &Pair) -> Verdict {
        let short = self.short(pair.mainline);
        let percent = |part: f64| (part * 100.0).round();
        let of_named = pair.features.content.of_mainline;
        let is_part = pair.named.is_some() && self.change.is_part && of_named < SAID_PART;
        let (part, missing) = match self.coverage {
            Some(coverage) => (coverage.part, coverage.missing.clone()),
            None => (verdict.part, Vec::new()),
        };
        if self.coverage.is_some_and(|coverage| coverage.is_nothing) {
            let what = if pair.named.is_some() { "it names" } else { "it resembles" };
            let reason = format!("{what} {short} by what the two say, but what it does is not there");
            let disputed = pair.named.map(|_| reason.clone()).filter(|_| !pair.features.people.same_author);
            return Verdict { status: Status::Probable, score: ONLY_NAMED, reason, disputed, part, missing, ..verdict };
        }
        if self.coverage.is_some_and(is_partial) {
            let lines: u32 = missing.iter().map(|missing| missing.lines).sum();
            let lacks = match lines {
                0 => "the rest is not".to_owned(),
                1 => "1 line is not".to_owned(),
                lines => format!("{lines} lines are not"),
            };
            let reason = format!("{} % of it is there, as {short}; {lacks}", percent(part));
            return Verdict { status: Status::Partial, reason, part, missing, ..verdict };
        }
        if is_part && verdict.status == Status::Landed {
            let reason = format!("{} % of {short}, a part of it as its message says", percent(of_named));
            return Verdict { status: Status::Partial, reason, part, missing, ..verdict };
        }
        Verdict { part, missing, ..verdict }
    }

    /// Returns whether the branch reverted it as well, maybe by a pick of the mainline's revert.
    fn is_taken_back(&self, pair: &Pair) -> bool {
        let place = |id: &crate::model::ObjectId| self.asked.places.get(id).copied();
        let is_later = |id: &crate::model::ObjectId| place(id) < place(&self.change.id);
        let is_picked = |revert: At| {
            let mut picks = self.holders.of(revert).filter(|id| !self.asked.taken_back.contains_key(id));
            picks.any(|id| is_later(&id))
        };
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
            let reason = format!("it names {unknown}, which is not a commit of this repository");
            return Verdict { disputed: Some(reason.clone()), reason, ..self.without(Status::Elsewhere) };
        }
        if let Some(named) = claims.and_then(|claims| claims.off_line.as_ref()) {
            let reason = format!("it names {named}, which is not on that line, and no commit there resembles it");
            return Verdict { disputed: Some(reason.clone()), reason, ..self.without(Status::Missing) };
        }
        self.without(Status::Missing)
    }

    fn without(&self, status: Status) -> Verdict {
        Verdict::unmatched(self.change.id, self.change.subject.clone(), status, "no counterpart".to_owned())
    }

    fn answer(&self, status: Status, pair: &Pair, reason: String) -> Verdict {
        let score = if pair.named.is_some() { NAMED } else { pair.tier.map_or(ONLY_NAMED, Tier::score) };
        Verdict {
            matched: self.mainline.get(pair.mainline).map(|change| change.id),
            evidence: Some(evidence(pair)),
            score,
            reason,
            part: self.part(pair),
            is_same_patch: pair.features.content.same_patch,
            ..self.without(status)
        }
    }

    /// Returns how much of it is there, as far as lines were compared.
    fn part(&self, pair: &Pair) -> f64 {
        let content = &pair.features.content;
        let is_same = content.same_patch || content.same_lines || content.same_moved_lines || !content.has_lines;
        let measured = self.coverage.map(|coverage| coverage.part);
        measured.unwrap_or(if is_same { 1.0 } else { content.of_branch })
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

/// Returns whether a considerable part of a change is not there.
fn is_partial(coverage: &Coverage) -> bool {
    let (part, weight) = (coverage.part, coverage.weight);
    (part < HALF && weight >= THREE_LINES) || (part < MOST && weight >= TWENTY_LINES)
}

/// Returns how much two changes have in common, in lines and in words: from 0 to 2.
fn in_common(pair: &Pair) -> f64 {
    pair.features.content.both + pair.features.words.body
}

/// Returns whether something speaks for a pick of which little was left: the same author, and a trace of lines or title
/// in a file that both touch; or by somebody else, both.
fn is_adapted(features: &Features) -> bool {
    let (has_lines, has_title) = (features.content.both >= MIN_TRACE, features.words.title >= MIN_TITLE);
    let has_trace = if features.people.same_author { has_lines || has_title } else { has_lines && has_title };
    has_trace && (features.files.shares_path || features.files.shares_name)
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
    } else if pair.tier == Some(Tier::Brought) {
        "the merge that brought it was picked".to_owned()
    } else if matches!(pair.tier, Some(Tier::Part | Tier::InSquash)) {
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
