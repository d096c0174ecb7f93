//! `[rules.ID]`: what is said about single rules.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema, schema_for};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::form::{Table, Written};
use crate::model::{Level, ObjectId};
use crate::policy::cx::Cx;
use crate::policy::decode::{decode, table, take_entry};
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::Pattern;
use crate::policy::spelled::Spelled;
use crate::policy::text::{DayOrCommit, Located, Text, Texts};

/// What is said about a rule, by its id. Every rule takes these keys; some have options of their own, too. A level alone can
/// stand for the table.
///
/// ```toml
/// [rules.misplaced-tag]
/// level = "warn"
/// since = "2026-01-01"
/// except = "refs/tags/archive/**"
///
/// [rules]
/// unlisted-tag = "off"
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RawRule {
    /// How much its findings weigh.
    #[schemars(example = &"warn", extend("x-default" = "the rule's own, which `refgate rules` lists"))]
    #[schemars(extend("x-also" = "the rule of that id"))]
    level: Option<Level>,
    /// What is older than this is not judged, so that an old repository can take up a rule without rewriting its history.
    ///
    /// A day is compared with the date of the committer. A pusher can set that, so that no commit of a push is taken to be
    /// older than the newest of its ancestors: a commit with an old date on top of new ones is new. On top of old ones,
    /// a merged branch included, it is as old as it says; where that matters, name a commit: it and its ancestors are
    /// older, and nothing else is.
    #[schemars(example = &"2026-11-21", extend("x-default" = "everything is judged"))]
    #[schemars(extend("x-also" = "the rule of that id"))]
    since: Option<Located<Text<DayOrCommit>>>,
    /// Only these refs are judged, in full.
    #[schemars(example = &"refs/heads/release/**", extend("x-default" = "every ref"))]
    #[schemars(extend("x-also" = "the rule of that id"))]
    only: Option<Located<Texts<Pattern>>>,
    /// These refs are not judged, in full.
    #[schemars(example = &"refs/tags/archive/**")]
    #[schemars(extend("x-also" = "the rule of that id"))]
    except: Option<Located<Texts<Pattern>>>,
}

/// The names of the keys that every rule takes, read off [`RawRule`], so that they stand in one place.
static COMMON: LazyLock<Vec<String>> = LazyLock::new(|| {
    let schema = schema_for!(RawRule).to_value();
    let properties = schema.get("properties").and_then(serde_json::Value::as_object);
    properties.into_iter().flat_map(|properties| properties.keys().cloned()).collect()
});

/// Takes the keys that every rule takes out of a rule's table; what is left are the rule's own options.
fn take_common<'i>(own: &mut DeTable<'i>) -> DeTable<'i> {
    COMMON.iter().filter_map(|key| take_entry(own, key)).collect()
}

/// Decodes what stands for a rule's table: the table, or a level alone.
fn rule_table<'i>(
    value: Spanned<DeValue<'i>>,
    id: &str,
    problems: &mut Vec<Problem>,
) -> Option<(DeTable<'i>, Range<usize>)> {
    let what = format!("`rules.{id}`");
    if !matches!(value.get_ref(), DeValue::String(_)) {
        return table(value, &what, problems);
    }
    let span = value.span();
    let mut own = DeTable::new();
    own.insert(Spanned::new(span.clone(), "level".into()), value);
    Some((own, span))
}

/// Decodes a rule's own options out of the table `[rules]` of a file.
pub(crate) fn options<T: serde::de::DeserializeOwned>(
    rules: Spanned<DeValue<'_>>,
    rule: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let (mut rules, _) = table(rules, "`rules`", problems)?;
    let (_, own) = take_entry(&mut rules, rule)?;
    let (mut own, span) = rule_table(own, rule, problems)?;
    take_common(&mut own);
    decode(own, span, problems)
}

/// One `[rules.ID]` table: the common keys decoded, its own options left for the rule.
#[derive(Debug)]
struct RawRuleTable {
    id: Spanned<String>,
    common: RawRule,
    has_options: bool,
}

/// `[rules]`: the tables of one layer.
#[derive(Debug, Default)]
pub(crate) struct RawRules(Vec<RawRuleTable>);

impl Written for RawRules {
    fn decode(key: &str, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Self {
        let Some((rules, _)) = table(value, &format!("`{key}`"), problems) else { return Self::default() };
        let mut tables = Vec::new();
        for (key, value) in rules {
            let id = Spanned::new(key.span(), key.get_ref().to_string());
            let Some((mut own, span)) = rule_table(value, key.get_ref(), problems) else { continue };
            let Some(common) = decode(take_common(&mut own), span, problems) else { continue };
            tables.push(RawRuleTable { id, common, has_options: !own.is_empty() });
        }
        Self(tables)
    }

    /// Any table: which rules there are, and their options, is known where the rules are.
    fn schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object" })
    }
}

/// What a policy says about one rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSetting {
    /// The level; `None` leaves the rule's own default.
    pub level: Option<Level>,
    /// From when on.
    pub since: Option<Since>,
    /// Only these refs, in full.
    pub only: Vec<Pattern>,
    /// Not these.
    pub except: Vec<Pattern>,
    /// Where the layer that last said something says it; `None` for a rule of which the policy does not speak.
    pub origin: Option<Origin>,
    /// The layer that gives the rule's own options.
    options: Option<usize>,
    /// The uppermost layer above the first that says something, if one does not leave it open.
    silent_above: Option<usize>,
}

/// From when on a rule judges, so that an old repository can adopt it without rewriting its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// Commits made (committer date, UTC) on or after this day. A pusher can backdate a commit; where that
    /// matters, name a commit instead.
    Date(jiff::civil::Date),
    /// Commits that are not this one or its ancestors.
    Commit(ObjectId),
}

impl Since {
    /// Reads a date, or the full id of a commit.
    fn parse(text: &str) -> Option<Self> {
        if let Ok(id) = ObjectId::from_hex(text.as_bytes()) {
            return Some(Self::Commit(id));
        }
        text.parse().ok().map(Self::Date)
    }
}

impl RuleSetting {
    /// Returns the layer that gives the rule's own options.
    pub(crate) const fn options(&self) -> Option<usize> {
        self.options
    }

    /// Returns what the first words on a rule weaken of what it does by itself, `default`, and the layer that does not
    /// leave it open. The uppermost layer's own words weaken nothing.
    pub(crate) fn weakens(&self, default: Level) -> Option<(usize, &'static str)> {
        let upper = self.silent_above?;
        if default == Level::Off {
            return None;
        }
        let deed = weakening(&Self { level: Some(default), ..Self::default() }, self)?;
        Some((upper, deed))
    }

    fn overlay(&mut self, next: Self) {
        let Self { level, since, only, except, origin, options, silent_above: _ } = next;
        self.origin = origin;
        self.level = level.or(self.level);
        self.since = since.or_else(|| self.since.take());
        if !only.is_empty() {
            self.only = only;
        }
        if !except.is_empty() {
            self.except = except;
        }
        self.options = options.or(self.options);
    }
}

/// The table `[rules]`.
#[derive(Debug)]
pub(crate) enum Rules {}

impl Table for Rules {
    const KEY: &'static str = "rules";
    type Written = RawRules;
    type Resolved = BTreeMap<String, RuleSetting>;

    fn resolve(layers: &[&RawRules], cx: &mut Cx<'_>) -> BTreeMap<String, RuleSetting> {
        let mut settings: BTreeMap<String, RuleSetting> = BTreeMap::new();
        // Which layer last said something about a rule: what a lower one may weaken depends on it.
        let mut said_by: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            for raw in &layer.0 {
                let id = raw.id.get_ref().as_str();
                cx.names.rules.entry(id.to_owned()).or_default().push(at);
                let next = resolve(raw, cx);
                let Some(upper) = said_by.insert(id, at) else {
                    settings.insert(id.to_owned(), RuleSetting { silent_above: cx.first_closed(id), ..next });
                    continue;
                };
                let setting = settings.entry(id.to_owned()).or_default();
                if let Some(deed) = weakening(setting, &next)
                    && !cx.may_weaken(upper, id, raw.id.span(), &format!("{deed} of `{id}`"))
                {
                    // What the upper layer said stays, and it stays the one to ask.
                    said_by.insert(id, upper);
                    continue;
                }
                setting.overlay(next);
            }
        }
        settings
    }
}

fn resolve(raw: &RawRuleTable, cx: &mut Cx<'_>) -> RuleSetting {
    let since = raw.common.since.as_ref().and_then(|text| {
        let read = Since::parse(text.text())
            .ok_or_else(|| format!("`{}` is neither a date (`2026-11-21`) nor a full commit id", text.text()));
        cx.value(read, text.span())
    });
    let mut patterns = |texts: Option<&Located<Texts<Pattern>>>| texts.map(|texts| cx.refs(texts, Spelled::Full));
    let (only, except) = (patterns(raw.common.only.as_ref()), patterns(raw.common.except.as_ref()));
    RuleSetting {
        level: raw.common.level,
        since,
        only: only.unwrap_or_default(),
        except: except.unwrap_or_default(),
        origin: Some(cx.origin(&raw.id.span())),
        options: raw.has_options.then(|| cx.layer()),
        silent_above: None,
    }
}

/// What a lower layer's words on a rule would weaken, if anything.
fn weakening(upper: &RuleSetting, lower: &RuleSetting) -> Option<&'static str> {
    if upper.level.zip(lower.level).is_some_and(|(upper, lower)| lower < upper) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn the_common_keys_are_those_of_the_struct() {
        assert_eq!(*COMMON, ["except", "level", "only", "since"]);
    }

    #[test]
    fn what_is_not_a_common_key_is_an_option_of_the_rule() {
        #[derive(Debug, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Options {
            flags: Vec<String>,
        }
        let policy = policy(
            "[rules.a-rule]\nlevel = 'warn'\nflags = ['a']\nsince = '2026-01-01'\n[rules.b]\nonly = 'refs/heads/a'\n",
        );
        assert_eq!(policy.options::<Options>("a-rule").unwrap().flags, ["a"]);
        assert_eq!(policy.options::<Options>("b").unwrap(), Options::default());
        assert_eq!(policy.options::<Options>("c").unwrap(), Options::default());
        assert!(matches!(policy.rules["a-rule"].since, Some(Since::Date(_))));
    }

    #[test]
    fn a_level_alone_stands_for_the_table() {
        let short = policy("[rules]\na-rule = 'warn'\nother = { level = 'observe' }\n");
        assert_eq!(short.rules["a-rule"].level, Some(Level::Warn));
        assert_eq!(short.rules["other"].level, Some(Level::Observe));
        #[derive(Debug, Default, PartialEq, Deserialize)]
        #[serde(deny_unknown_fields)]
        struct NoOptions {}
        assert_eq!(short.options::<NoOptions>("a-rule").unwrap(), NoOptions {});
        assert_eq!(errors("[rules]\na = 'wran'\n").len(), 1);
        assert_eq!(
            layered("[rules]\na = 'refuse'\n", "[rules]\na = 'warn'\n"),
            ["a lower level of `a` is not left open by `base.toml`"]
        );
    }

    #[test]
    fn what_is_wrong_with_the_common_keys_is_shown_at_its_place() {
        assert_eq!(
            errors("[rules.a]\nsince = 'soon'\n"),
            ["2:9: `soon` is neither a date (`2026-11-21`) nor a full commit id"]
        );
        assert_eq!(errors("[rules.a]\nlevel = 'wran'\nonly = []\n").len(), 1);
        assert_eq!(errors("[rules]\na = 1\n"), ["2:5: `rules.a` is a table, not an integer"]);
    }

    #[test]
    fn a_lower_layer_weakens_a_rule_only_where_it_is_left_open() {
        let upper = "[rules.a]\nlevel = 'refuse'\n";
        for (lower, deed) in [
            ("level = 'warn'", "a lower level"),
            ("since = '2026-01-01'", "another `since`"),
            ("only = 'refs/heads/a'", "a narrower choice of refs"),
            ("flag = true", "a change of the options"),
        ] {
            let lower = format!("[rules.a]\n{lower}\n");
            assert_eq!(layered(upper, &lower), [format!("{deed} of `a` is not left open by `base.toml`")]);
            assert_eq!(layered(&format!("open = ['a']\n|{upper}"), &lower), [""; 0]);
        }
        assert_eq!(layered("[rules.a]\nlevel = 'warn'\n", upper), [""; 0]);
    }
}
