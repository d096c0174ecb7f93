//! `[[flow]]`: how changes travel between lines.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;

use super::form::{Many, Table};
use super::wanted::{RawWanted, Wanted};
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::{Bindings, Pattern};
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
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change", "unverified-pick", "unrepaired-pick"], "x-also" = "`refgate landed`"))]
    from: Located<Text<LineName>>,
    /// The line they must get to.
    #[schemars(example = &"main")]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change", "unverified-pick", "unrepaired-pick"], "x-also" = "`refgate landed`"))]
    to: Located<Text<LineName>>,
    /// How they may travel.
    #[schemars(example = ["pick"])]
    #[schemars(extend("x-rules" = ["unlanded-fix", "unverified-pick"], "x-also" = "`refgate landed`"))]
    by: Located<Vec<Way>>,
    /// When they are due. `before` is already, or with the same push; `next-tag` before the next version of the line is
    /// tagged; `14d` so many days after the commit was made; `report` never holds anything up.
    #[schemars(example = &"14d")]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    due: Located<Text<FlowDueText>>,
    /// The same for kinds of change that are due at another time. A change of several of these kinds is due at each of
    /// their times.
    #[schemars(with = "Option<BTreeMap<String, Text<FlowDueText>>>", example = raw_example("security", "before"))]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    due_for: Option<Located<BTreeMap<String, Located<Text<FlowDueText>>>>>,
    /// Which branches have to have a change, where a line has more than one. It speaks of the branches of `to`; where that
    /// is a single branch, of those of `from`: `latest` then means that only the newest of them owes, `maintained` that
    /// those which are no longer maintained owe nothing.
    #[schemars(example = &"latest", extend("default" = "any"))]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    branches: Option<Located<Branches>>,
    /// Which branches of `from` owe what is on them.
    #[schemars(example = &"latest", extend("default" = "every"))]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    from_branches: Option<Located<FromBranches>>,
    /// The only kinds of change that have to get to the other line.
    #[schemars(example = ["fix", "security"], extend("x-default" = "every kind"))]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change"], "x-also" = "`refgate landed`"))]
    only_changes: Option<Located<Texts<KindName>>>,
    /// Only changes that touch one of these paths have to get there.
    #[schemars(example = ["src/**"], extend("x-default" = "every path"))]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change"], "x-also" = "`refgate landed`"))]
    only_paths: Option<Located<Texts<Pattern>>>,
    /// What a change is of which only a part has landed.
    #[schemars(example = &"refuse", extend("default" = "warn"))]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    partial: Option<Part>,
    /// Only what is wanted on a branch of `to` has to get there, and each branch is answered for itself: by any of these
    /// signs. With `due = "next-tag"` it is due before the next version of the branch that it is wanted on.
    #[schemars(example = [raw_example("trailer", "Backport-To")])]
    wanted_by: Option<Located<Vec<Located<RawWanted>>>>,
    /// Kinds of change that stay where they are.
    #[schemars(example = ["release", "docs"])]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change"], "x-also" = "`refgate landed`"))]
    exempt_changes: Option<Located<Texts<KindName>>>,
    /// A change that touches these paths alone stays where it is.
    #[schemars(example = ["debian/**"])]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change"], "x-also" = "`refgate landed`"))]
    exempt_paths: Option<Located<Texts<Pattern>>>,
    /// The trailer by which a commit says that it stays where it is, and why.
    #[schemars(with = "Option<Text<Token>>", example = &"Release-Only", extend("default" = EXEMPT_TRAILER))]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change"], "x-also" = "`refgate landed`"))]
    exempt_trailer: Option<String>,
    /// Whether release chores (version bumps, changelog syncs, release commits) have to reach the other line too.
    #[serde(default)]
    #[schemars(example = true)]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change"], "x-also" = "`refgate landed`"))]
    owes_chores: bool,
    /// The older way to write `branches = "every"`.
    #[schemars(example = true, extend("default" = false))]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    each: Option<Located<bool>>,
}

/// Which branches of a line have to have a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Branches {
    /// **One is enough**, whichever it is.
    Any,
    /// Each one that is still maintained (`retired-by`). `from` and `to` can be one line then: what is on one of its
    /// branches must get to all others.
    Every,
    /// The one of the highest series that is still maintained.
    Latest,
    /// The one of the next higher series of `from` that is still maintained, and for the highest of them `to`: for
    /// projects that merge up. `from` and `to` can be one line: the highest owes nothing then.
    NextUp,
    /// One of those that are still maintained is enough.
    Maintained,
}

/// Which branches of the line that a flow comes from owe what is on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FromBranches {
    /// All of them.
    Every,
    /// The one of the highest series that is still maintained.
    Latest,
    /// Those that are still maintained.
    Maintained,
}

/// What a change is of which only a part has landed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// A person has to look.
    #[default]
    Warn,
    /// It is owed.
    Refuse,
}

/// Returns an example of a table with one entry.
fn raw_example(key: &str, value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(key.to_owned(), value.to_owned())])
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
    /// When changes of some kinds are due instead.
    pub due_for: Vec<(String, FlowDue)>,
    /// Which branches of `to` have to have a change.
    pub branches: Branches,
    /// Which branches of `from` owe what is on them.
    pub from_branches: FromBranches,
    /// The only kinds of change that are due; empty for all.
    pub only_changes: Vec<String>,
    /// Only changes that touch one of these are due; empty for all.
    pub only_paths: Vec<Pattern>,
    /// What a change is of which only a part has landed.
    pub partial: Part,
    /// By which signs a change is wanted on a branch; empty where every change is.
    pub wanted_by: Vec<Wanted>,
    /// Kinds of change that stay where they are.
    pub exempt_changes: Vec<String>,
    /// A change that touches these paths alone stays where it is.
    pub exempt_paths: Vec<Pattern>,
    /// The token of the trailer by which a commit says that it stays where it is, and why.
    pub exempt_trailer: String,
    /// Whether release chores (version bumps, changelog syncs, release commits) have to reach the other line too.
    pub owes_chores: bool,
    /// Where the policy says it.
    pub origin: Origin,
}

impl Flow {
    /// Returns when a change of these kinds is due: at several times where it is of several kinds that have their own.
    pub fn due_times(&self, kinds: &[&str]) -> Vec<FlowDue> {
        let own = self.due_for.iter().filter(|(kind, _)| kinds.contains(&kind.as_str())).map(|(_, due)| *due);
        let mut times: Vec<FlowDue> = own.collect();
        if times.is_empty() {
            times.push(self.due);
        }
        times
    }

    /// Returns all times at which changes can be due.
    pub fn all_due_times(&self) -> impl Iterator<Item = FlowDue> {
        self.due_for.iter().map(|(_, due)| *due).chain([self.due])
    }

    /// Returns whether the answer for a change depends on the branch that it is on, or is given for each branch that it is
    /// due on.
    pub fn tells_branches_apart(&self) -> bool {
        self.branches != Branches::Any || self.from_branches != FromBranches::Every || !self.wanted_by.is_empty()
    }
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
    let (branches, from_branches) = branches(raw, cx);
    if let Some(problem) = to_itself(raw, branches) {
        cx.report(problem);
    }
    let wanted_by = raw.wanted_by.as_ref().map(|signs| wanted_by(raw, signs, cx)).unwrap_or_default();
    Flow {
        from: cx.line(&raw.from),
        to: cx.line(&raw.to),
        by: raw.by.get_ref().clone(),
        due: due_time(&raw.due, cx),
        due_for: raw.due_for.as_ref().map(|times| due_for(times, cx)).unwrap_or_default(),
        branches,
        from_branches,
        only_changes: raw.only_changes.as_ref().map(|kinds| cx.kinds(kinds)).unwrap_or_default(),
        only_paths: raw.only_paths.as_ref().map(|paths| cx.patterns(paths)).unwrap_or_default(),
        partial: raw.partial.unwrap_or_default(),
        wanted_by,
        exempt_changes: raw.exempt_changes.as_ref().map(|kinds| cx.kinds(kinds)).unwrap_or_default(),
        exempt_paths: raw.exempt_paths.as_ref().map(|paths| cx.patterns(paths)).unwrap_or_default(),
        exempt_trailer: raw.exempt_trailer.clone().unwrap_or_else(|| EXEMPT_TRAILER.to_owned()),
        owes_chores: raw.owes_chores,
        origin,
    }
}

/// Returns the problem of a flow that leads to the line that it comes from, where that asks for nothing.
fn to_itself(raw: &RawFlow, branches: Branches) -> Option<Problem> {
    let asks = matches!(branches, Branches::Every | Branches::Latest | Branches::NextUp) || raw.wanted_by.is_some();
    let is_one = raw.from.text() == raw.to.text() && !asks;
    is_one.then(|| {
        let problem = Problem::new(raw.to.span(), "`from` and `to` are one line: what is on it is there already");
        problem.help("write `branches = \"every\"` if every branch of the line needs the change")
    })
}

/// Returns which branches of the two lines a flow means.
fn branches(raw: &RawFlow, cx: &mut Cx<'_>) -> (Branches, FromBranches) {
    if let (Some(branches), Some(each)) = (&raw.branches, &raw.each)
        && *each.get_ref() != (*branches.get_ref() == Branches::Every)
    {
        let message = "`each` and `branches` contradict each other: `each = true` is `branches = \"every\"`";
        cx.report(Problem::new(each.span(), message).help("leave `each` out"));
    }
    let each = raw.each.as_ref().is_some_and(|each| *each.get_ref());
    let usual = if each { Branches::Every } else { Branches::Any };
    let branches = raw.branches.as_ref().map_or(usual, |branches| *branches.get_ref());
    let own = raw.from_branches.as_ref().map(|own| *own.get_ref());
    // Of a single branch there is nothing to choose: it is those that the changes come from that are meant.
    let of_from = match branches {
        Branches::Latest if leads_to_one(raw, cx) => FromBranches::Latest,
        Branches::Maintained if leads_to_one(raw, cx) => FromBranches::Maintained,
        _ => return (branches, own.unwrap_or(FromBranches::Every)),
    };
    if let (Some(own), Some(key)) = (own.filter(|own| *own != of_from), &raw.from_branches) {
        let message = format!(
            "`branches` speaks of the branches of `{}` here, since `{}` is a single branch, and says something else",
            raw.from.text(),
            raw.to.text()
        );
        cx.report(Problem::new(key.span(), message).help("leave one of the two out"));
        return (Branches::Any, own);
    }
    (Branches::Any, of_from)
}

/// Returns whether the line that a flow leads to is a single branch, and another line than the one that it comes from.
fn leads_to_one(raw: &RawFlow, cx: &Cx<'_>) -> bool {
    let line = cx.names.lines.iter().find(|(name, _)| name == raw.to.text());
    let is_literal = |pattern: &Pattern| pattern.instances(&Bindings::new()).is_some_and(|names| names.len() == 1);
    raw.from.text() != raw.to.text()
        && line.is_some_and(|(_, patterns)| matches!(patterns.as_slice(), [only] if is_literal(only)))
}

fn wanted_by(raw: &RawFlow, signs: &Located<Vec<Located<RawWanted>>>, cx: &mut Cx<'_>) -> Vec<Wanted> {
    if signs.get_ref().is_empty() {
        cx.report(Problem::new(signs.span(), "`wanted-by` is empty: nothing would ever be wanted"));
    }
    if let Some(branches) = raw.branches.as_ref().filter(|branches| *branches.get_ref() == Branches::NextUp) {
        let message = "with `wanted-by`, changes say themselves on which branches they are wanted";
        cx.report(Problem::new(branches.span(), message).help("leave `branches` out"));
    }
    signs.get_ref().iter().filter_map(|sign| sign.get_ref().resolve(sign.span(), cx)).collect()
}

fn due_time(text: &Located<Text<FlowDueText>>, cx: &mut Cx<'_>) -> FlowDue {
    let due = due(text.text());
    if due.is_none() {
        let message = format!("`{}` is not one of `before`, `next-tag`, `report` and days like `14d`", text.text());
        cx.report(Problem::new(text.span(), message));
    }
    due.unwrap_or(FlowDue::Before)
}

fn due_for(times: &Located<BTreeMap<String, Located<Text<FlowDueText>>>>, cx: &mut Cx<'_>) -> Vec<(String, FlowDue)> {
    let kinds: Vec<String> = times.get_ref().keys().cloned().collect();
    cx.kind_names(&kinds, &times.span());
    times.get_ref().iter().map(|(kind, time)| (kind.clone(), due_time(time, cx))).collect()
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
        for asks in ["each = true", "branches = 'every'", "branches = 'latest'", "branches = 'next-up'"] {
            assert_eq!(flow("'main'\n", &format!("'release'\n{asks}\n")), [""; 0], "{asks}");
        }
        assert_eq!(flow("'main'\n", "'release'\nbranches = 'any'\n").len(), 1);
        assert_eq!(flow("['pick']", "[]"), ["4:6: `by` is empty: nothing could ever arrive"]);
        assert_eq!(
            flow("next-tag", "soon"),
            ["5:7: `soon` is not one of `before`, `next-tag`, `report` and days like `14d`"]
        );
        assert_eq!(flow("due", "exempt-changes = 'fixx'\ndue").len(), 1);
    }

    #[test]
    fn branches_are_those_of_the_line_that_has_several() {
        let both = |from: &str, to: &str, keys: &str| {
            let text = format!("[[flow]]\nfrom = '{from}'\nto = '{to}'\nby = ['pick']\ndue = 'before'\n{keys}\n");
            let flow = &policy(&text).flows[0];
            (flow.branches, flow.from_branches)
        };
        use {Branches as To, FromBranches as From};
        for (keys, up, down) in [
            ("", (To::Any, From::Every), (To::Any, From::Every)),
            ("each = true", (To::Every, From::Every), (To::Every, From::Every)),
            ("branches = 'every'", (To::Every, From::Every), (To::Every, From::Every)),
            ("branches = 'latest'", (To::Any, From::Latest), (To::Latest, From::Every)),
            ("branches = 'maintained'", (To::Any, From::Maintained), (To::Maintained, From::Every)),
            ("branches = 'next-up'", (To::NextUp, From::Every), (To::NextUp, From::Every)),
            ("from-branches = 'latest'", (To::Any, From::Latest), (To::Any, From::Latest)),
            ("each = true\nbranches = 'every'", (To::Every, From::Every), (To::Every, From::Every)),
        ] {
            assert_eq!(both("release", "main", keys), up, "{keys}");
            assert_eq!(both("main", "release", keys), down, "{keys}");
        }
        assert_eq!(
            errors(&format!("{FLOW}each = true\nbranches = 'latest'\n")),
            ["6:8: `each` and `branches` contradict each other: `each = true` is `branches = \"every\"`"]
        );
        assert_eq!(errors(&format!("{FLOW}each = false\nbranches = 'every'\n")).len(), 1);
        assert_eq!(errors(&format!("{FLOW}branches = 'latest'\nfrom-branches = 'every'\n")).len(), 1);
    }

    #[test]
    fn a_kind_can_be_due_at_a_time_of_its_own() {
        let flow = &policy(&format!("{FLOW}due-for = {{ fix = 'before', docs = '14d' }}\n")).flows[0];
        assert_eq!(flow.due_times(&["fix"]), [FlowDue::Before]);
        assert_eq!(flow.due_times(&["fix", "docs"]), [FlowDue::Days(14), FlowDue::Before]);
        assert_eq!(flow.due_times(&["feature"]), [FlowDue::NextTag]);
        let wrong = |text: &str| errors(&format!("{FLOW}{text}\n"));
        assert_eq!(wrong("due-for = { fixx = 'before' }").len(), 1);
        assert_eq!(wrong("due-for = { fix = 'soon' }").len(), 1);
        assert_eq!(wrong("only-changes = 'fixx'").len(), 1);
    }

    #[test]
    fn a_lower_layer_adds_obligations_without_asking() {
        assert_eq!(layered(FLOW, FLOW), [""; 0]);
    }
}
