//! The rules, one file each. To add one, copy the smallest, `lightweight_tag.rs`; CONTRIBUTING.md has the steps.
//!
//! A rule says what is wrong and where. It does not deal with its id, its level, the wording of the status detail or
//! any rendering. Rules do no I/O, hold no state and ask [`crate::facts`] alone.

mod colliding_slug;
mod commands;
mod conflicted_commit;
mod deleted_ref;
mod discarded_change;
mod duplicate_version;
mod entry;
mod floating_image;
mod foreign_ref;
mod hand_edited_version;
mod improper_waiver;
mod invalid_policy;
mod lightweight_tag;
mod mismatched_tag;
mod misplaced_branch;
mod misplaced_change;
mod misplaced_tag;
mod moved_tag;
mod off_calendar_tag;
mod out_of_order_tag;
mod reserved_version;
mod retired_line;
mod rewritten_history;
mod rule;
mod stale_update;
mod stranded_changelog;
#[cfg(test)]
mod testing;
mod unannounced_release;
mod unauthorized_actor;
mod understated_version;
mod undocumented_release;
mod unflagged_feature;
mod unguarded_policy;
mod unlanded_fix;
mod unlisted_branch;
mod unlisted_tag;
mod unpromoted_commit;
mod unrepaired_pick;
mod unverified_pick;
mod version_gap;
mod wrong_way_merge;

pub(crate) use commands::{cherry_pick, switch_to};
pub use entry::arm;
pub(crate) use entry::{Armed, Entry, find};
use entry::{branches, commits, refs, version_tags};
pub use rule::Meta;
pub(crate) use rule::{BranchRule, CommitRule, Found, OptionError, RefRule, Rule, Sink, Standing, VersionTagRule};

/// Every rule there is, by id.
pub static REGISTRY: &[Entry] = &[
    refs::<colliding_slug::CollidingSlug>(),
    branches::<conflicted_commit::ConflictedCommit>(),
    refs::<deleted_ref::DeletedRef>(),
    branches::<discarded_change::DiscardedChange>(),
    version_tags::<duplicate_version::DuplicateVersion>(),
    refs::<floating_image::FloatingImage>(),
    refs::<foreign_ref::ForeignRef>(),
    refs::<hand_edited_version::HandEditedVersion>(),
    refs::<improper_waiver::ImproperWaiver>(),
    refs::<invalid_policy::InvalidPolicy>(),
    refs::<lightweight_tag::LightweightTag>(),
    refs::<mismatched_tag::MismatchedTag>(),
    branches::<misplaced_branch::MisplacedBranch>(),
    commits::<misplaced_change::MisplacedChange>(),
    refs::<misplaced_tag::MisplacedTag>(),
    refs::<moved_tag::MovedTag>(),
    version_tags::<off_calendar_tag::OffCalendarTag>(),
    version_tags::<out_of_order_tag::OutOfOrderTag>(),
    version_tags::<reserved_version::ReservedVersion>(),
    branches::<retired_line::RetiredLine>(),
    branches::<rewritten_history::RewrittenHistory>(),
    refs::<stale_update::StaleUpdate>(),
    version_tags::<stranded_changelog::StrandedChangelog>(),
    branches::<unannounced_release::UnannouncedRelease>(),
    refs::<unauthorized_actor::UnauthorizedActor>(),
    version_tags::<understated_version::UnderstatedVersion>(),
    version_tags::<undocumented_release::UndocumentedRelease>(),
    commits::<unflagged_feature::UnflaggedFeature>(),
    refs::<unguarded_policy::UnguardedPolicy>(),
    refs::<unlanded_fix::UnlandedFix>(),
    refs::<unlisted_branch::UnlistedBranch>(),
    refs::<unlisted_tag::UnlistedTag>(),
    branches::<unpromoted_commit::UnpromotedCommit>(),
    version_tags::<unrepaired_pick::UnrepairedPick>(),
    branches::<unverified_pick::UnverifiedPick>(),
    version_tags::<version_gap::VersionGap>(),
    branches::<wrong_way_merge::WrongWayMerge>(),
];

/// The rule that asks for changes that are due on another line: what `landed` lists as missing, it refuses.
pub(crate) const DUE_CHANGES: &str = unlanded_fix::ID;

/// The rule that asks for repairs of what was picked.
pub(crate) const REPAIRED_SINCE: &str = <unrepaired_pick::UnrepairedPick as Rule>::META.id;

/// The rule that asks for entries of changelogs that another branch lacks.
pub(crate) const STRANDED_ENTRIES: &str = <stranded_changelog::StrandedChangelog as Rule>::META.id;

/// The rules that ask where changes landed.
pub(crate) const ASKING_LANDED: [&str; 2] = [DUE_CHANGES, unverified_pick::ID];
