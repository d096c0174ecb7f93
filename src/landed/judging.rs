//! From what two changes have in common to whether one is the other, and how sure that is.

use super::features::Features;
use super::rules::{TIERS, is_of_second};
use super::thresholds::{part, title, weight};
use super::tier::Tier;
use super::titles::Numbers;

/// Returns the first rule that holds, unless something speaks against all of them.
pub(super) fn judge(features: &Features) -> Option<Tier> {
    if is_vetoed(features) {
        return None;
    }
    let asked = TIERS.iter().filter(|rule| rule.for_chores || !features.is_chore);
    asked.into_iter().find(|rule| (rule.holds)(features)).map(|rule| rule.tier)
}

/// Returns whether the two are different changes whatever they have in common: one is a revert and the other is not, or
/// their titles name different versions.
fn is_vetoed(f: &Features) -> bool {
    if f.content.same_patch || f.content.same_lines || f.is_brought {
        return false;
    }
    let is_same_moment = is_of_second(f) && (f.words.same_title || (f.people.only_second && !f.files.is_generated));
    let is_next = f.words.numbers == Numbers::Differ && f.words.title >= title::RELATED && !is_same_moment;
    f.words.reverts_differ || is_next
}

/// Returns whether the content bears out what a message says.
pub(super) fn agrees(f: &Features) -> bool {
    let content = &f.content;
    if content.same_patch || content.same_lines || f.is_brought {
        return true;
    }
    // Braces alone bear out nothing, and a title can be copied: then it has to be in the same place at least.
    let is_titled = (f.words.same_title || is_of_second(f)) && (!content.is_foreign || f.files.shares_name);
    is_titled || (!content.is_foreign && (content.both >= part::TRACE || content.larger_part() >= part::MUCH))
}

/// Returns whether all that a merge brought is in a commit: one that has its title may be the merge of a part of it.
pub(super) fn is_all_of(f: &Features, is_named: bool) -> bool {
    let content = &f.content;
    let is_in = content.of_branch >= part::ALL_BUT_A_TENTH && content.shared >= weight::ONE_LINE;
    content.same_patch || content.same_lines || (is_named && is_in)
}
