//! From a rule's type to an entry that the gate can arm.

use super::rule::{CommitRule, Meta, RefRule, Rule, Sink};
use crate::facts::{FactError, Update};
use crate::model::{Level, did_you_mean, listed};
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
    let mut errors = strangers(policy);
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

/// Everything that a policy says of rules that do not exist, each at its place.
fn strangers(policy: &Policy) -> Vec<PolicyError> {
    let ids = || super::REGISTRY.iter().map(|entry| entry.meta.id);
    let help = "`refgate rules` lists the rules there are";
    let no_rule = |id: &str| format!("there is no rule `{id}`{}", did_you_mean(id, ids()));
    let rules = policy.rules.iter().filter(|(id, _)| super::find(id).is_none());
    let rules = rules.filter_map(|(id, setting)| Some((setting.origin.as_ref()?, no_rule(id), help.to_owned())));
    let waivers = policy.waivers.iter().filter(|waiver| super::find(&waiver.rule).is_none());
    let waivers = waivers.map(|waiver| (&waiver.origin, no_rule(&waiver.rule), help.to_owned()));
    let known = || Policy::open_words().chain(ids());
    let left_open = policy.open.iter().filter(|left| !known().any(|known| known == left.word)).map(|left| {
        let word = &left.word;
        let message = format!("`open` takes no `{word}`{}", did_you_mean(word, known()));
        let words: Vec<&str> = Policy::open_words().collect();
        (&left.origin, message, format!("it takes {}, and the ids that `refgate rules` lists", listed(&words, "and")))
    });
    let problems = rules.chain(waivers).chain(left_open).filter_map(|(origin, message, help)| {
        let source = policy.texts.get(origin.layer)?.clone();
        Some(PolicyError { source, problem: Problem::new(origin.span.clone(), message).help(help) })
    });
    problems.collect()
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
