//! One-to-one assignment: which of the commits that resemble a change really is that change.

use std::collections::BTreeMap;

use super::change::Change;
use super::features::{Cover, Features};
use super::index::At;
use super::reading::Patches;
use super::tier::{Reason, Tier};
use super::verdict::Evidence;
use crate::model::ObjectId;

/// A mainline commit that a branch commit may be.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pub(super) branch: At,
    pub(super) mainline: At,
    pub(super) features: Features,
    /// Named by a message, and the content agrees.
    pub(super) named: Option<Evidence>,
    pub(super) tier: Option<Tier>,
    /// Excluded, for measuring: it claims its mainline commit before others, and is not an answer.
    pub(super) is_taken_away: bool,
}

/// How much of a commit must be in a change, and weigh more than a brace, for the commit to be a part of the change;
/// and how much of the change must be in its parts for them to make it up.
pub(super) const PART_INSIDE: f64 = 0.8;
const PART_WEIGHT: f64 = 2.0;
const MOSTLY_COVERED: f64 = 0.7;

/// The same, for an answer that nobody has to check.
const WHOLE_PART_INSIDE: f64 = 0.95;
const WHOLE_PART_WEIGHT: f64 = 15.0;
const COVERED: f64 = 0.9;

/// How good a pair is; smaller is better.
type Rank = (bool, Option<Evidence>, Option<Tier>, bool, bool, bool, bool, std::cmp::Reverse<u16>, At);

impl Pair {
    /// Ranks a pair. Explicit evidence comes first, a commit that is named before a pull request, then the strongest
    /// rule; among equals the one with the same author timestamp, then the same title, then what was there before it
    /// was picked, then what is not a merge, then the most in common, then the newest.
    ///
    /// Where a change landed twice, both commits have its author timestamp and title, and the content only has to
    /// agree.
    fn rank(&self) -> Rank {
        let f = &self.features;
        let permille = (f.content.both * 1000.0) as u16;
        let is_twin = |tier: &Tier| *tier <= Tier::SecondAndTitle && f.same_origin() && !f.content_differs();
        let tier = self.tier.map(|tier| if is_twin(&tier) { Tier::SamePatch } else { tier });
        (
            self.named.is_none(),
            self.named,
            tier,
            !(f.people.same_author && f.people.same_second),
            !f.words.same_title,
            f.people.is_later,
            f.is_merge,
            std::cmp::Reverse(permille),
            self.mainline,
        )
    }

    /// Returns whether the change plainly is the commit, or nothing is known of its lines.
    pub(super) fn is_same(&self) -> bool {
        let content = &self.features.content;
        let is_same = content.same_patch || content.same_lines || content.same_moved_lines;
        is_same || !content.has_lines || self.tier == Some(Tier::Brought)
    }

    /// Returns whether what the commit does counts as done: it is the change, or larger or smaller than that.
    pub(super) fn is_measured(&self) -> bool {
        self.is_sure() || (!self.is_taken_away && self.tier == Some(Tier::Review(Reason::Contains)))
    }

    /// Returns whether no person has to look at it.
    pub(super) fn is_sure(&self) -> bool {
        !self.is_taken_away && (self.named.is_some() || self.tier.is_some_and(|tier| !tier.is_review()))
    }
}

/// A change of the branch that plainly is some commit of the mainline, by what commits say.
#[derive(Clone, Copy, Debug)]
pub(super) struct Holder {
    pub(super) branch: ObjectId,
    /// The rule; `None` where a message names the commit.
    strength: Option<Tier>,
    is_sure: bool,
}

/// Which changes of the whole branch are which commits of the mainline, whether they are asked about or not.
///
/// A claim depends on nothing but what the change and the commit say: of each change the best candidate by that, and
/// only where either side leads to the other. So the same claims are known whatever is asked about.
#[derive(Default)]
pub(super) struct Holders(BTreeMap<At, Vec<Holder>>);

impl Holders {
    /// Adds the claims of changes from the pairs that what commits say led to.
    pub(super) fn add(&mut self, branch: &[Change], mainline: &[Change], pairs: &[Pair]) {
        let mut own: BTreeMap<At, Vec<&Pair>> = BTreeMap::new();
        for pair in pairs.iter().filter(|pair| pair.named.is_some() || pair.tier.is_some()) {
            own.entry(pair.branch).or_default().push(pair);
        }
        for mut pairs in own.into_values() {
            pairs.sort_by_key(|pair| pair.rank());
            let (away, left): (Vec<&Pair>, Vec<&Pair>) = pairs.iter().partition(|pair| pair.is_taken_away);
            let best = if away.is_empty() { left.into_iter().take(1).collect() } else { away };
            for pair in best {
                let Some((change, other)) = branch.get(pair.branch).zip(mainline.get(pair.mainline)) else { continue };
                if are_related(change, other) && (pair.is_taken_away || pair.is_sure()) {
                    let strength = pair.tier.filter(|_| pair.named.is_none());
                    let holder = Holder { branch: change.id, strength, is_sure: pair.is_sure() };
                    self.0.entry(pair.mainline).or_default().push(holder);
                }
            }
        }
    }

    /// Returns the changes that surely are a commit of the mainline.
    pub(super) fn of(&self, mainline: At) -> impl Iterator<Item = ObjectId> {
        let holders = self.0.get(&mainline).into_iter().flatten();
        holders.filter(|holder| holder.is_sure).map(|holder| holder.branch)
    }

    /// Returns whether a commit plainly is another change of the branch.
    fn is_of_another(&self, mainline: At, change: ObjectId) -> bool {
        self.0.get(&mainline).is_some_and(|holders| holders.iter().any(|holder| holder.branch != change))
    }

    /// Returns whether a commit is claimed by a stronger rule than this one for another change.
    fn is_taken(&self, mainline: At, change: ObjectId, tier: Option<Tier>) -> bool {
        let others = self.0.get(&mainline).into_iter().flatten().filter(|holder| holder.branch != change);
        others.into_iter().any(|holder| holder.strength.is_none() || holder.strength < tier)
    }
}

/// Returns whether either of two commits leads to the other by what it says.
fn are_related(own: &Change, other: &Change) -> bool {
    (own.author.is(other.author) && own.seconds == other.seconds)
        || (own.key == other.key && !own.key.is_empty())
        || (own.change_id.is_some() && own.change_id == other.change_id)
        || own.names(other)
        || other.names(own)
}

/// Returns the accepted pairs of each branch commit, best first.
///
/// The mainline is sorted newest first: a smaller place is newer.
pub(super) fn assign(branch: &[Change], pairs: &[Pair], holders: &Holders) -> BTreeMap<At, Vec<Pair>> {
    let is_accepted = |pair: &&Pair| {
        let yields = pair.named.is_none() && pair.tier.is_some_and(|tier| tier.yields(&pair.features));
        let id = branch.get(pair.branch).map(|change| change.id);
        let is_taken = yields && id.is_some_and(|id| holders.is_taken(pair.mainline, id, pair.tier));
        !pair.is_taken_away && (pair.named.is_some() || pair.tier.is_some()) && !is_taken
    };
    let mut settled: BTreeMap<At, Vec<Pair>> = BTreeMap::new();
    for pair in pairs.iter().filter(is_accepted) {
        settled.entry(pair.branch).or_default().push(pair.clone());
    }
    settled.values_mut().for_each(|own| own.sort_by_key(Pair::rank));
    settled
}

/// Mainline commits that together make up a change.
pub(super) struct Squash {
    /// Two or more, each nearly all in it, and most of it in them.
    pub(super) parts: Vec<At>,
    /// Whether they make up so much of it that nobody has to look.
    pub(super) is_whole: bool,
}

/// Returns the mainline commits that together make up a change. What several of them do is counted once, and what
/// plainly is another change of the branch is not a part of this one.
pub(super) fn squashed(
    change: &Change,
    pairs: &[Pair],
    holders: &Holders,
    (own, there): (&Patches<'_>, &Patches<'_>),
) -> Option<Squash> {
    let is_inside = |pair: &&Pair| {
        pair.features.content.of_mainline >= PART_INSIDE
            && pair.features.content.shared > PART_WEIGHT
            && !pair.is_taken_away
            && !holders.is_of_another(pair.mainline, change.id)
    };
    let mut parts: Vec<&Pair> = pairs.iter().filter(is_inside).collect();
    if parts.len() < 2 {
        return None;
    }
    parts.sort_by(|a, b| {
        b.features.content.shared.total_cmp(&a.features.content.shared).then(a.mainline.cmp(&b.mainline))
    });
    let mut cover = Cover::of(own.get(parts.first()?.branch)?);
    parts.retain(|pair| there.get(pair.mainline).is_some_and(|patch| cover.add(patch) > PART_WEIGHT));
    if parts.len() < 2 || cover.part() < MOSTLY_COVERED {
        return None;
    }
    let is_whole = cover.part() >= COVERED
        && parts.iter().all(|pair| {
            pair.features.content.of_mainline >= WHOLE_PART_INSIDE && pair.features.content.shared >= WHOLE_PART_WEIGHT
        });
    Some(Squash { parts: parts.into_iter().map(|pair| pair.mainline).collect(), is_whole })
}
