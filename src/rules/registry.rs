//! From a rule's type to an entry that the gate can arm.

use super::rule::{CommitRule, Meta, RefRule, Rule, Sink};
use crate::facts::{FactError, Update};
use crate::model::{Level, did_you_mean};
use crate::policy::{Policy, PolicyError, PolicyErrors, Problem, RuleSetting};

/// Asks a rule about one update.
pub type RefCheck = dyn Fn(&Update<'_, '_>, &mut Sink<'_>) -> Result<(), FactError>;

/// A rule with its options taken over: asked once for every ref update.
pub type Check = Box<RefCheck>;

/// A rule as the registry lists it.
pub struct Entry {
    /// What is known of it without running it.
    pub meta: &'static Meta,
    /// Reads the rule's options out of a policy.
    pub bind: fn(&Policy) -> Result<Check, PolicyErrors>,
    /// The schema of the rule's options.
    pub options: fn() -> schemars::Schema,
}

/// A rule that the policy turns on, with its options taken over.
pub struct Armed {
    /// What is known of it.
    pub meta: &'static Meta,
    /// How much its findings weigh.
    pub level: Level,
    /// What the policy says of when and where it applies.
    pub setting: RuleSetting,
    /// What it does.
    pub check: Check,
}

/// Arms the rules that a policy turns on, in the order of the registry.
///
/// # Errors
/// Rules that do not exist and options that mean nothing, all of them.
pub fn arm(policy: &Policy) -> Result<Vec<Armed>, PolicyErrors> {
    let mut errors = Vec::new();
    for (id, setting) in &policy.rules {
        if super::find(id).is_none() {
            let hint = did_you_mean(id, super::REGISTRY.iter().map(|entry| entry.meta.id));
            let problem = Problem::new(setting.span.clone(), format!("there is no rule `{id}`{hint}"))
                .help("`refgate rules` lists the rules there are");
            let source = policy.texts.get(setting.layer);
            errors.extend(source.map(|source| PolicyError { source: source.clone(), problem }));
        }
    }
    errors.extend(policy.waivers.iter().filter(|waiver| super::find(&waiver.rule).is_none()).filter_map(|waiver| {
        let hint = did_you_mean(&waiver.rule, super::REGISTRY.iter().map(|entry| entry.meta.id));
        let problem = Problem::new(waiver.span.clone(), format!("there is no rule `{}`{hint}", waiver.rule));
        policy.texts.get(waiver.layer).map(|source| PolicyError { source: source.clone(), problem })
    }));
    let mut armed = Vec::new();
    for entry in super::REGISTRY {
        let setting = policy.rules.get(entry.meta.id).cloned().unwrap_or_default();
        let level = setting.level.unwrap_or(entry.meta.default);
        errors.extend(policy.weakens_default(entry.meta.id, entry.meta.default));
        errors.extend(policy.waives_default(entry.meta.id, entry.meta.default));
        // The options of a rule that is off are read all the same: a mistake in them is one.
        match (entry.bind)(policy) {
            Ok(check) if level > Level::Off => armed.push(Armed { meta: entry.meta, level, setting, check }),
            Ok(_) => {}
            Err(PolicyErrors(own)) => errors.extend(own),
        }
    }
    if errors.is_empty() { Ok(armed) } else { Err(PolicyErrors(errors)) }
}

/// The entry of a rule that looks at ref updates.
pub(super) const fn refs<R: RefRule>() -> Entry {
    Entry {
        meta: &R::META,
        bind: |policy| {
            let rule: R = build(policy)?;
            Ok(Box::new(move |change, sink| rule.check(change, sink)))
        },
        options: || schemars::schema_for!(R::Options),
    }
}

/// The entry of a rule that looks at the commits that an update brings.
pub(super) const fn commits<R: CommitRule>() -> Entry {
    Entry {
        meta: &R::META,
        bind: |policy| {
            let rule: R = build(policy)?;
            Ok(Box::new(move |change, sink| {
                if !rule.concerns(change) {
                    return Ok(());
                }
                let facts = change.facts();
                facts
                    .new_commits(change)?
                    .into_iter()
                    .try_for_each(|id| rule.check(change, &facts.project().commit(id)?, sink))
            }))
        },
        options: || schemars::schema_for!(R::Options),
    }
}

fn build<R: Rule>(policy: &Policy) -> Result<R, PolicyErrors> {
    let id = R::META.id;
    R::new(policy.options(id)?).map_err(|error| {
        let problem = Problem::new(error.span, format!("`rules.{id}`: {}", error.message));
        let source = policy.options_source(id);
        PolicyErrors(
            source.into_iter().map(|source| PolicyError { source: source.clone(), problem: problem.clone() }).collect(),
        )
    })
}
