//! From `[rules.ID]` as written to what it means.

use std::collections::BTreeMap;

use super::super::layer::RawRuleTable;
use super::super::raw::{Located, Texts};
use super::super::{Policy, PolicyError, Problem, RuleSetting, Since};
use super::{Resolver, not_left_open};
use crate::model::{Level, ObjectId};

impl Resolver<'_> {
    pub(super) fn rules(&mut self) -> BTreeMap<String, RuleSetting> {
        let mut settings: BTreeMap<String, RuleSetting> = BTreeMap::new();
        // Which layer last said something about a rule: what a lower one may weaken depends on it.
        let mut said_by: BTreeMap<String, usize> = BTreeMap::new();
        for (at, layer) in self.layers.iter().enumerate() {
            for raw in &layer.rules {
                let id = raw.id.get_ref();
                let next = self.rule(at, raw);
                let Some(upper) = said_by.insert(id.clone(), at) else {
                    let above = self.layers.iter().take(at);
                    let silent_above = above.clone().position(|layer| !layer.leaves_open(id));
                    settings.insert(id.clone(), RuleSetting { silent_above, ..next });
                    continue;
                };
                let setting = settings.entry(id.clone()).or_default();
                let weakens = weakening(setting, &next);
                if let Some(deed) = weakens
                    && !self.may_weaken(at, upper, id, raw.id.span(), &format!("{deed} of `{id}`"))
                {
                    // What the upper layer said stays, and it stays the one to ask.
                    said_by.insert(id.clone(), upper);
                    continue;
                }
                overlay(setting, next);
            }
        }
        settings
    }

    fn rule(&mut self, at: usize, raw: &RawRuleTable) -> RuleSetting {
        let since = raw.common.since.as_ref().and_then(|text| match Since::parse(text.get_ref()) {
            Some(since) => Some(since),
            None => {
                let message = format!("`{}` is neither a date (`2026-11-21`) nor a full commit id", text.get_ref());
                self.report(at, Problem::new(text.span(), message));
                None
            }
        });
        let mut patterns =
            |texts: Option<&Located<Texts>>| texts.map(|texts| self.patterns(at, texts)).unwrap_or_default();
        RuleSetting {
            level: raw.common.level,
            since,
            only: patterns(raw.common.only.as_ref()),
            except: patterns(raw.common.except.as_ref()),
            layer: at,
            span: raw.id.span(),
            options: raw.has_options.then_some(at),
            silent_above: None,
        }
    }
}

impl Policy {
    /// What is wrong with the first words on a rule, where they are not those of the uppermost layer: the layers above
    /// have what the rule does by itself, `default`, and may not leave it open.
    pub fn weakens_default(&self, id: &str, default: Level) -> Option<PolicyError> {
        let setting = self.rules.get(id)?;
        let upper = self.texts.get(setting.silent_above?)?;
        if default == Level::Off {
            return None;
        }
        let deed = weakening(&RuleSetting { level: Some(default), ..RuleSetting::default() }, setting)?;
        let source = self.texts.get(setting.layer)?.clone();
        Some(PolicyError {
            source,
            problem: not_left_open(upper, setting.span.clone(), id, &format!("{deed} of `{id}`")),
        })
    }
}

/// What a lower layer's words on a rule would weaken, if anything.
fn weakening(upper: &RuleSetting, lower: &RuleSetting) -> Option<&'static str> {
    let lowers = |upper: Level, lower: Level| lower < upper;
    if upper.level.zip(lower.level).is_some_and(|(upper, lower)| lowers(upper, lower)) {
        return Some("a lower level");
    }
    if lower.since.is_some() && lower.since != upper.since {
        return Some("another `since`");
    }
    if !lower.only.is_empty() || !lower.except.is_empty() {
        return Some("a narrower choice of refs");
    }
    lower.options.is_some().then_some("a change of the options")
}

fn overlay(setting: &mut RuleSetting, next: RuleSetting) {
    let RuleSetting { level, since, only, except, layer, span, options, silent_above: _ } = next;
    (setting.layer, setting.span) = (layer, span);
    setting.level = level.or(setting.level);
    setting.since = since.or_else(|| setting.since.take());
    if !only.is_empty() {
        setting.only = only;
    }
    if !except.is_empty() {
        setting.except = except;
    }
    setting.options = options.or(setting.options);
}

impl Since {
    /// A date, or the full id of a commit.
    pub(in super::super) fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = ObjectId::from_hex(text.as_bytes()) {
            return Some(Self::Commit(id));
        }
        text.parse().ok().map(Self::Date)
    }
}
