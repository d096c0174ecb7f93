//! `[[flow]]`: how changes travel between lines.

use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

use super::form::{Many, Table};
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::Pattern;
use crate::policy::text::{FlowDueText, KindName, LineName, Located, Text, Texts, Token};

/// What is on one line and must get to another.
///
/// ```toml
/// [[flow]]
/// from = "release"
/// to = "main"
/// by = ["pick", "merge"]
/// due = "next-tag"
/// exempt-changes = ["release"]
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawFlow {
    /// The line that changes are made on.
    #[schemars(example = &"release")]
    from: Located<Text<LineName>>,
    /// The line they must get to.
    #[schemars(example = &"main")]
    to: Located<Text<LineName>>,
    /// How they may travel.
    #[schemars(example = ["pick"])]
    by: Located<Vec<Way>>,
    /// When they are due. `before` is already, or with the same push; `next-tag` before the next version of the line is
    /// tagged; `14d` so many days after the commit was made; `report` never holds anything up.
    #[schemars(example = &"14d")]
    due: Located<Text<FlowDueText>>,
    /// Kinds of change that stay where they are.
    #[schemars(example = ["release", "docs"])]
    exempt_changes: Option<Located<Texts<KindName>>>,
    /// A change that touches these paths alone stays where it is.
    #[schemars(example = ["debian/**"])]
    exempt_paths: Option<Located<Texts<Pattern>>>,
    /// The trailer by which a commit says that it stays where it is, and why.
    #[schemars(with = "Option<Text<Token>>", example = &"Release-Only", extend("default" = EXEMPT_TRAILER))]
    exempt_trailer: Option<String>,
    /// Whether release chores (version bumps, changelog syncs, release commits) have to reach the other line too.
    #[serde(default)]
    #[schemars(example = true)]
    owes_chores: bool,
    /// Whether each branch of `to` that is still maintained needs the change; otherwise one of them is enough. With it,
    /// `from` and `to` can be one line: what is on one of its branches must get to all others.
    #[serde(default)]
    #[schemars(example = true)]
    each: bool,
}

/// The trailer by which a commit says that it stays where it is, where a flow names no other.
const EXEMPT_TRAILER: &str = "Release-Only";

/// How a change travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The branch is merged: the commit itself arrives.
    Merge,
    /// The change is cherry-picked: another commit with the same change arrives.
    Pick,
}

impl Way {
    /// Returns the word the policy uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Pick => "pick",
        }
    }
}

/// When what is on one line has to be on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowDue {
    /// Already, or with the same push.
    Before,
    /// Before the next version of the line is tagged.
    NextTag,
    /// So many days after the commit was made.
    Days(u16),
    /// Never held up, only reported.
    Report,
}

impl fmt::Display for FlowDue {
    /// Writes it as the policy does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before => f.write_str("before"),
            Self::NextTag => f.write_str("next-tag"),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Report => f.write_str("report"),
        }
    }
}

/// An obligation: what is on `from` must get to `to`.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The line that changes are made on.
    pub from: String,
    /// The line they must get to.
    pub to: String,
    /// How they may travel.
    pub by: Vec<Way>,
    /// When they are due.
    pub due: FlowDue,
    /// Kinds of change that stay where they are.
    pub exempt_changes: Vec<String>,
    /// A change that touches these paths alone stays where it is.
    pub exempt_paths: Vec<Pattern>,
    /// The token of the trailer by which a commit says that it stays where it is, and why.
    pub exempt_trailer: String,
    /// Whether release chores (version bumps, changelog syncs, release commits) have to reach the other line too.
    pub owes_chores: bool,
    /// Whether each branch of `to` that is still maintained needs the change; otherwise one of them is enough.
    pub each: bool,
    /// Where the policy says it.
    pub origin: Origin,
}

/// The table `[[flow]]`.
#[derive(Debug)]
pub(crate) enum Flows {}

impl Table for Flows {
    const KEY: &'static str = "flow";
    type Written = Many<RawFlow>;
    type Resolved = Vec<Flow>;

    /// A lower layer may add obligations, and none can be taken away.
    fn resolve(layers: &[&Many<RawFlow>], cx: &mut Cx<'_>) -> Vec<Flow> {
        let mut flows = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            for (raw, span) in &layer.0 {
                flows.push(resolve(raw, cx.origin(span), cx));
            }
        }
        flows
    }
}

fn resolve(raw: &RawFlow, origin: Origin, cx: &mut Cx<'_>) -> Flow {
    if raw.by.get_ref().is_empty() {
        cx.report(Problem::new(raw.by.span(), "`by` is empty: nothing could ever arrive"));
    }
    if let Some(problem) = to_itself(raw) {
        cx.report(problem);
    }
    let due = due(raw.due.text());
    if due.is_none() {
        let message = format!("`{}` is not one of `before`, `next-tag`, `report` and days like `14d`", raw.due.text());
        cx.report(Problem::new(raw.due.span(), message));
    }
    Flow {
        from: cx.line(&raw.from),
        to: cx.line(&raw.to),
        by: raw.by.get_ref().clone(),
        due: due.unwrap_or(FlowDue::Before),
        exempt_changes: raw.exempt_changes.as_ref().map(|kinds| cx.kinds(kinds)).unwrap_or_default(),
        exempt_paths: raw.exempt_paths.as_ref().map(|paths| cx.patterns(paths)).unwrap_or_default(),
        exempt_trailer: raw.exempt_trailer.clone().unwrap_or_else(|| EXEMPT_TRAILER.to_owned()),
        owes_chores: raw.owes_chores,
        each: raw.each,
        origin,
    }
}

/// Returns the problem of a flow that leads to the line that it comes from, where that asks for nothing.
fn to_itself(raw: &RawFlow) -> Option<Problem> {
    let is_one = raw.from.text() == raw.to.text() && !raw.each;
    is_one.then(|| {
        let problem = Problem::new(raw.to.span(), "`from` and `to` are one line: what is on it is there already");
        problem.help("write `each = true` if every branch of the line needs the change")
    })
}

fn due(text: &str) -> Option<FlowDue> {
    match text {
        "before" => Some(FlowDue::Before),
        "next-tag" => Some(FlowDue::NextTag),
        "report" => Some(FlowDue::Report),
        days => days.strip_suffix('d')?.parse().ok().map(FlowDue::Days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    const FLOW: &str = "[[flow]]\nfrom = 'release'\nto = 'main'\nby = ['pick']\ndue = 'next-tag'\n";

    #[test]
    fn a_flow_owes_chores_only_where_it_says_so() {
        let owes = |more: &str| policy(&format!("{FLOW}{more}\n")).flows[0].owes_chores;
        assert!(!owes(""));
        assert!(owes("owes-chores = true"));
        assert_eq!(errors(&format!("{FLOW}owes-chores = 'yes'\n")).len(), 1);
    }

    #[test]
    fn a_time_is_written_as_it_is_read() {
        for time in ["before", "next-tag", "report", "14d"] {
            assert_eq!(due(time).unwrap().to_string(), time);
        }
        for text in ["", "soon", "d", "-1d", "14", "70000d"] {
            assert_eq!(due(text), None, "{text:?}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_flow_is_shown_at_its_place() {
        let flow = |from: &str, to: &str| errors(&FLOW.replace(from, to));
        assert_eq!(flow("'main'", "'mian'"), ["3:6: there is no line named `mian`; did you mean `main`?"]);
        assert_eq!(flow("'main'", "'release'").len(), 1);
        assert_eq!(flow("'main'\n", "'release'\neach = true\n"), [""; 0]);
        assert_eq!(flow("['pick']", "[]"), ["4:6: `by` is empty: nothing could ever arrive"]);
        assert_eq!(
            flow("next-tag", "soon"),
            ["5:7: `soon` is not one of `before`, `next-tag`, `report` and days like `14d`"]
        );
        assert_eq!(flow("due", "exempt-changes = 'fixx'\ndue").len(), 1);
    }

    #[test]
    fn a_lower_layer_adds_obligations_without_asking() {
        assert_eq!(layered(FLOW, FLOW), [""; 0]);
    }
}
