//! `[[waiver]]`: recorded exceptions.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Many, Table};
use crate::model::ObjectId;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::Pattern;
use crate::policy::spelled::Spelled;
use crate::policy::text::{CommitId, Day, Located, Text, Texts};

/// A recorded exception: what the rule finds at the commit or the refs is reported, and holds nothing up.
///
/// ```toml
/// [[waiver]]
/// rule = "unlanded-fix"
/// commit = "0123456789abcdef0123456789abcdef01234567"
/// reason = "main was rewritten and does not have the fault"
/// by = "alice"
/// until = "2026-12-31"
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawWaiver {
    /// The id of the rule.
    #[schemars(example = &"unlanded-fix")]
    #[schemars(extend("x-also" = "every finding that it may waive, and `refgate landed`"))]
    rule: String,
    /// The commit. A waiver names a commit, or refs, or both.
    #[schemars(example = &"0123456789abcdef0123456789abcdef01234567")]
    #[schemars(extend("x-also" = "every finding that it may waive, and `refgate landed`"))]
    commit: Option<Located<Text<CommitId>>>,
    /// The refs, in full.
    #[schemars(example = &"refs/tags/1.0.*")]
    #[schemars(extend("x-also" = "every finding that it may waive, and `refgate landed`"))]
    r#ref: Option<Located<Texts<Pattern>>>,
    /// Why.
    #[schemars(example = &"main was rewritten and does not have the fault")]
    #[schemars(extend("x-also" = "every finding that it may waive, and `refgate landed`"))]
    reason: Located<String>,
    /// Who granted it.
    #[schemars(example = &"alice")]
    #[schemars(extend("x-also" = "every finding that it may waive, and `refgate landed`"))]
    by: Option<String>,
    /// The last day on which it counts.
    #[schemars(example = &"2026-12-31", extend("x-default" = "for good"))]
    #[schemars(extend("x-also" = "every finding that it may waive, and `refgate landed`"))]
    until: Option<Located<Text<Day>>>,
}

/// A recorded exception.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The rule.
    pub rule: String,
    /// The commit.
    pub commit: Option<ObjectId>,
    /// The refs, in full.
    pub refs: Vec<Pattern>,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub by: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Where the policy grants it.
    pub origin: Origin,
    /// The uppermost layer above that does not leave the rule open, where none above says anything of the rule.
    silent_above: Option<usize>,
}

impl Waiver {
    /// Returns the uppermost layer that has the rule by itself, without a word on it, and does not leave it open.
    pub(crate) const fn closed_by(&self) -> Option<usize> {
        self.silent_above
    }
}

/// What is wrong with a waiver whose reason does not [say something](says_something).
pub(crate) const NO_REASON: &str = "a waiver needs a reason";

/// Whether a reason gives any.
pub(crate) fn says_something(reason: &str) -> bool {
    reason.chars().any(char::is_alphanumeric)
}

/// The table `[[waiver]]`.
#[derive(Debug)]
pub(crate) enum Waivers {}

impl Table for Waivers {
    const KEY: &'static str = "waiver";
    type Written = Many<RawWaiver>;
    type Resolved = Vec<Waiver>;

    /// A waiver weakens: a layer that extends another needs that one's permission.
    fn resolve(layers: &[&Many<RawWaiver>], cx: &mut Cx<'_>) -> Vec<Waiver> {
        let mut waivers = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            for (raw, span) in &layer.0 {
                let stated = cx.names.rules.get(&raw.rule).into_iter().flatten();
                let stated = stated.copied().rfind(|upper| *upper < at);
                if let Some(upper) = stated
                    && !cx.may_weaken(upper, &raw.rule, span.clone(), &format!("a waiver of `{}`", raw.rule))
                {
                    continue;
                }
                let silent_above = if stated.is_some() { None } else { cx.first_closed(&raw.rule) };
                waivers.push(Waiver { silent_above, ..resolve(raw, cx.origin(span), cx) });
            }
        }
        waivers
    }
}

fn resolve(raw: &RawWaiver, origin: Origin, cx: &mut Cx<'_>) -> Waiver {
    if !says_something(raw.reason.get_ref()) {
        cx.report(Problem::new(raw.reason.span(), NO_REASON));
    }
    if raw.commit.is_none() && raw.r#ref.is_none() {
        cx.report(Problem::new(origin.span.clone(), "a waiver names a `commit` or a `ref`"));
    }
    let commit = raw.commit.as_ref();
    let commit = commit.and_then(|text| cx.value(ObjectId::from_hex(text.text().as_bytes()), text.span()));
    let until = raw.until.as_ref().and_then(|text| {
        let read = text.text().parse::<Date>();
        cx.value(read.map_err(|_| format!("`{}` is not a date like `2026-11-21`", text.text())), text.span())
    });
    Waiver {
        rule: raw.rule.clone(),
        commit,
        refs: raw.r#ref.as_ref().map(|refs| cx.refs(refs, Spelled::Full)).unwrap_or_default(),
        reason: raw.reason.get_ref().clone(),
        by: raw.by.clone(),
        until,
        origin,
        silent_above: None,
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn a_waiver_says_what_why_and_until_when() {
        let waiver = |more: &str| errors(&format!("[[waiver]]\nrule = 'unlanded-fix'\n{more}\n"));
        assert_eq!(waiver("reason = 'x'\nref = 'refs/heads/main'\nuntil = '2026-12-31'"), [""; 0]);
        assert_eq!(waiver("reason = '-'\nref = 'refs/heads/main'"), ["3:10: a waiver needs a reason"]);
        assert_eq!(waiver("reason = 'x'"), ["1:1: a waiver names a `commit` or a `ref`"]);
        assert_eq!(waiver("reason = 'x'\ncommit = 'abc'").len(), 1);
        assert_eq!(
            waiver("reason = 'x'\nref = 'refs/heads/a'\nuntil = 'soon'"),
            ["5:9: `soon` is not a date like `2026-11-21`"]
        );
    }

    #[test]
    fn a_waiver_of_a_rule_above_needs_permission() {
        let waiver = "[[waiver]]\nrule = 'a-rule'\nreason = 'x'\nref = 'refs/heads/main'\n";
        let rule = "[rules.a-rule]\nlevel = 'refuse'\n";
        assert_eq!(layered(rule, waiver), ["a waiver of `a-rule` is not left open by `base.toml`"]);
        assert_eq!(layered(&format!("open = ['a-rule']\n|{rule}"), waiver), [""; 0]);
        // In one layer nobody has to ask.
        assert_eq!(policy(&format!("{rule}{waiver}")).waives_default("a-rule", crate::model::Level::Refuse).len(), 0);
    }
}
