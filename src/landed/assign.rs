//! One-to-one assignment: which of the commits that resemble a change really is that change.

use std::collections::{BTreeMap, HashMap};

use super::features::Features;
use super::index::At;
use super::tiers::Tier;
use super::verdict::Evidence;

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
const PART_INSIDE: f64 = 0.8;
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

    /// Returns whether no person has to look at it.
    pub(super) fn is_sure(&self) -> bool {
        !self.is_taken_away && (self.named.is_some() || self.tier.is_some_and(|tier| !tier.is_review()))
    }
}

/// Returns the accepted pairs of each branch commit, best first.
///
/// The mainline is sorted newest first: a smaller place is newer.
pub(super) fn assign(pairs: Vec<Pair>) -> BTreeMap<At, Vec<Pair>> {
    let mut pairs: Vec<Pair> = pairs.into_iter().filter(|pair| pair.named.is_some() || pair.tier.is_some()).collect();
    pairs.sort_by_key(Pair::rank);
    // By whom a mainline commit is claimed most strongly.
    let mut claimed: HashMap<At, (Option<Tier>, At)> = HashMap::new();
    let mut settled: BTreeMap<At, Vec<Pair>> = BTreeMap::new();
    for pair in pairs.iter().filter(|pair| pair.is_taken_away) {
        claimed.entry(pair.mainline).or_insert((pair.tier, pair.branch));
    }
    for pair in pairs.into_iter().filter(|pair| !pair.is_taken_away) {
        let yields = pair.named.is_none() && pair.tier.is_some_and(|tier| tier.yields(&pair.features));
        let by_another = claimed.get(&pair.mainline).filter(|(_, branch)| *branch != pair.branch);
        if yields && by_another.is_some_and(|(tier, _)| tier.is_none() || *tier < pair.tier) {
            continue;
        }
        let own = settled.entry(pair.branch).or_default();
        if own.is_empty() && pair.is_sure() {
            let strength = if pair.named.is_some() { None } else { pair.tier };
            claimed.entry(pair.mainline).or_insert((strength, pair.branch));
        }
        own.push(pair);
    }
    settled
}

/// Returns the mainline commits that together make up a change (two or more, each nearly all in it, and most of it in
/// them), and whether they make up so much of it that nobody has to look.
pub(super) fn squashed(pairs: &[Pair]) -> (Vec<At>, bool) {
    let parts: Vec<&Pair> = pairs
        .iter()
        .filter(|pair| {
            !pair.is_taken_away
                && pair.features.content.of_mainline >= PART_INSIDE
                && pair.features.content.shared > PART_WEIGHT
        })
        .collect();
    let covered: f64 = parts.iter().map(|pair| pair.features.content.of_branch).sum();
    if parts.len() < 2 || covered < MOSTLY_COVERED {
        return (Vec::new(), false);
    }
    let is_whole = covered >= COVERED
        && parts.iter().all(|pair| {
            let content = &pair.features.content;
            content.of_mainline >= WHOLE_PART_INSIDE && content.shared >= WHOLE_PART_WEIGHT
        });
    (parts.into_iter().map(|pair| pair.mainline).collect(), is_whole)
}
