//! Refuses pushes that would leave a policy that cannot be read, or that contradicts itself.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, arm};
use crate::facts::{FactError, LoadError, Update};
use crate::model::Level;

pub(super) struct InvalidPolicy;

impl Rule for InvalidPolicy {
    const META: Meta = Meta {
        id: "invalid-policy",
        summary: "Refuses pushes after which the policy of the repository could not be read, or contradicts itself.",
        task: "reading the policy in",
        docs: include_str!("invalid_policy.md"),
        default: Level::Refuse,
        standing: Standing::Not("a repository whose policy cannot be read is not judged, and is listed as failed"),
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for InvalidPolicy {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(next) = change.facts().policy_after(change)? else { return Ok(()) };
        if change.deletes() {
            sink.report(format!("`{}` holds the policy of this repository and may not go away", change.name()))
                .commit(change.old())
                .help("name another policy with `git config refgate.policy` first");
            return Ok(());
        }
        let errors = match next.and_then(|policy| arm(&policy).map(|_| policy).map_err(LoadError::from)) {
            Ok(policy) => match change.facts().dead_in(&policy, change)? {
                Some(errors) => LoadError::from(errors),
                None => return Ok(()),
            },
            Err(errors) => errors,
        };
        sink.report(format!("the policy in `{}` would be invalid: {errors}", change.name()))
            .commit(change.new_id())
            .help("correct the policy file and push again");
        Ok(())
    }
}
