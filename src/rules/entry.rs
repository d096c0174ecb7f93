//! From a rule's type to an entry that the gate can arm.

use super::REGISTRY;
use super::rule::{BranchRule, CommitRule, Meta, RefRule, Rule, Sink, VersionTagRule};
use crate::facts::{BranchUpdate, FactError, Update, VersionTag};
use crate::model::{Level, RefName, did_you_mean, listed};
use crate::policy::{Pattern, Policy, PolicyError, PolicyErrors, Problem, RuleSetting};

/// Returns the rule of this id.
pub(crate) fn find(id: &str) -> Option<&'static Entry> {
    REGISTRY.iter().find(|entry| entry.meta.id == id)
}

/// Asks a rule about one update.
pub(crate) type RefCheck = dyn Fn(&Update<'_, '_>, &mut Sink<'_>) -> Result<(), FactError>;

/// A rule with its options applied, which is asked once for every ref update.
pub(crate) type Check = Box<RefCheck>;

/// A rule as the registry lists it.
pub struct Entry {
    /// What is known about it without running it.
    pub meta: &'static Meta,
    /// Reads the rule's options out of a policy.
    pub bind: fn(&Policy) -> Result<Check, PolicyErrors>,
    /// The schema of the rule's options.
    pub options: fn() -> schemars::Schema,
}

/// A rule that the policy turns on, with its options applied.
pub struct Armed {
    /// What is known of it.
    pub meta: &'static Meta,
    /// How much its findings weigh.
    pub level: Level,
    /// What the policy says about when and where it applies.
    pub setting: RuleSetting,
    /// What it does.
    pub check: Check,
}

impl Armed {
    /// Returns whether `only` and `except` let the rule look at a ref.
    pub(crate) fn looks_at(&self, name: &RefName) -> bool {
        let matches = |pattern: &Pattern| pattern.matches(name.full()).is_some();
        let RuleSetting { only, except, .. } = &self.setting;
        (only.is_empty() || only.iter().any(matches)) && !except.iter().any(matches)
    }
}

/// Arms the rules that a policy turns on, in the order of the registry.
///
/// # Errors
/// All rules that do not exist and all options that are meaningless.
pub fn arm(policy: &Policy) -> Result<Vec<Armed>, PolicyErrors> {
    let mut errors = strangers(policy);
    let mut armed = Vec::new();
    for entry in REGISTRY {
        let setting = policy.rules.get(entry.meta.id).cloned().unwrap_or_default();
        let level = setting.level.unwrap_or(entry.meta.default);
        errors.extend(policy.weakens_default(entry.meta.id, entry.meta.default));
        errors.extend(policy.waives_default(entry.meta.id, entry.meta.default));
        // The options of a rule that is off are read too: a mistake in them is still a mistake.
        match (entry.bind)(policy) {
            Ok(check) if level > Level::Off => armed.push(Armed { meta: entry.meta, level, setting, check }),
            Ok(_) => {}
            Err(PolicyErrors(own)) => errors.extend(own),
        }
    }
    if errors.is_empty() { Ok(armed) } else { Err(PolicyErrors(errors)) }
}

/// How many rules that do not exist get a suggestion of the name that was meant.
const MAX_STRANGERS: usize = 100;

/// Returns everything that a policy says about rules that do not exist, each at its place.
fn strangers(policy: &Policy) -> Vec<PolicyError> {
    let ids = || REGISTRY.iter().map(|entry| entry.meta.id);
    let help = "`refgate rules` lists the rules there are";
    let no_rule = |id: &str| format!("there is no rule `{id}`{}", did_you_mean(id, ids()));
    let rules = policy.rules.iter().filter(|(id, _)| find(id).is_none());
    let rules = rules.filter_map(|(id, setting)| Some((setting.origin.as_ref()?, no_rule(id), help.to_owned())));
    let waivers = policy.waivers.iter().filter(|waiver| find(&waiver.rule).is_none());
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
    // As many as are reported for a file.
    problems.take(MAX_STRANGERS).collect()
}

/// Returns the entry of a rule that looks at ref updates.
pub(super) const fn refs<R: RefRule>() -> Entry {
    entry::<R>(|policy| {
        let rule: R = build(policy)?;
        Ok(Box::new(move |update, sink| rule.check(update, sink)))
    })
}

/// Returns the entry of a rule that looks at what branches of lines get.
pub(super) const fn branches<R: BranchRule>() -> Entry {
    entry::<R>(|policy| {
        let rule: R = build(policy)?;
        Ok(Box::new(move |update, sink| BranchUpdate::of(update).map_or(Ok(()), |branch| rule.check(&branch, sink))))
    })
}

/// Returns the entry of a rule that looks at version tags.
pub(super) const fn version_tags<R: VersionTagRule>() -> Entry {
    entry::<R>(|policy| {
        let rule: R = build(policy)?;
        Ok(Box::new(move |update, sink| VersionTag::of(update)?.map_or(Ok(()), |tag| rule.check(&tag, sink))))
    })
}

/// Returns the entry of a rule that looks at the commits that branches of lines get.
pub(super) const fn commits<R: CommitRule>() -> Entry {
    entry::<R>(|policy| {
        let rule: R = build(policy)?;
        Ok(Box::new(move |update, sink| {
            let Some(branch) = BranchUpdate::of(update).filter(|branch| rule.concerns(branch)) else { return Ok(()) };
            let project = update.project();
            branch.new_commits()?.into_iter().try_for_each(|id| rule.check(&branch, &project.commit(id)?, sink))
        }))
    })
}

const fn entry<R: Rule>(bind: fn(&Policy) -> Result<Check, PolicyErrors>) -> Entry {
    Entry { meta: &R::META, bind, options: || schemars::schema_for!(R::Options) }
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
