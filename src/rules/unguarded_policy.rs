//! Refuses changes of the policy where everybody may push them.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing};
use crate::facts::{FactError, Update};
use crate::model::Level;

pub(super) struct UnguardedPolicy;

impl Rule for UnguardedPolicy {
    const META: Meta = Meta {
        id: "unguarded-policy",
        summary: "Refuses changes of the policy on a branch to which everybody may push.",
        task: "asking who may change the policy in",
        docs: include_str!("unguarded_policy.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_PUSHER,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for UnguardedPolicy {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        // Where pushers cannot be told apart, none of them can be named.
        let is_named = change.line().is_some_and(|place| place.line.may.push.is_some());
        if change.deletes() || is_named || !change.facts().identifies() {
            return Ok(());
        }
        // An invalid policy is refused for being invalid.
        let Some(Ok(next)) = change.facts().policy_after(change)? else { return Ok(()) };
        if next.texts == change.project().policy().texts {
            return Ok(());
        }
        sink.report(format!("the push changes the policy, and nobody is named who may push to `{}`", change.name()))
            .commit(change.new_id())
            .help(
                "the administrator names them, `may = { push = [\"@admins\"] }` on the line of that branch, in the \
                 repository itself; `[\"@anyone\"]` leaves it to everybody",
            );
        Ok(())
    }
}
