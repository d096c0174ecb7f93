//! The rules, one file each. To add one, copy the smallest, `lightweight_tag.rs`; CONTRIBUTING.md has the steps.
//!
//! A rule says what is wrong and where. Its id, its level, the wording of the status detail and every rendering
//! are somebody else's business. Rules do no I/O, hold no state and ask [`crate::facts`] alone.

mod colliding_slug;
mod deleted_ref;
mod duplicate_version;
mod floating_image;
mod foreign_ref;
mod hand_edited_version;
mod improper_waiver;
mod invalid_policy;
mod lightweight_tag;
mod mismatched_tag;
mod misplaced_change;
mod misplaced_tag;
mod moved_tag;
mod off_calendar_tag;
mod out_of_order_tag;
mod registry;
mod reserved_version;
mod retired_line;
mod rewritten_history;
mod rule;
mod stranded_changelog;
#[cfg(test)]
mod testing;
mod unauthorized_actor;
mod undocumented_release;
mod unflagged_feature;
mod unlanded_fix;
mod unlisted_branch;
mod unlisted_tag;
mod unpromoted_commit;
mod unverified_pick;
mod version_gap;
mod wrong_way_merge;

pub(crate) use registry::{Armed, find};
pub use registry::{REGISTRY, arm};
pub use rule::Meta;
pub(crate) use rule::{BranchRule, CommitRule, OptionError, RefRule, Rule, Sink, VersionTagRule};

/// The rule that asks for changes that are due on another line: what `landed` lists as missing, it refuses.
pub(crate) const DUE_CHANGES: &str = unlanded_fix::ID;

/// The rules that ask where changes landed.
pub(crate) const ASKING_LANDED: [&str; 2] = [DUE_CHANGES, unverified_pick::ID];
