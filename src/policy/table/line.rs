//! `[[line]]`: the classes of long-lived branches.

use bstr::{BStr, BString};
use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Many, Table};
use super::merge::Named;
use super::permissions::{Permissions, RawLineMay};
use crate::model::RefName;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::{Bindings, Pattern};
use crate::policy::spelled::Spelled;
use crate::policy::text::{KindName, LineName, Located, NewName, Text, Texts, Token};

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Where development comes together: `master`, `main`.
    Mainline,
    /// Where versions are made: `release/1.0`, `1.15`.
    Release,
    /// Where the next major version is prepared: `2.0-dev`.
    Development,
    /// Where features meet before the mainline: `develop`.
    Integration,
    /// What runs somewhere: `staging`, `production`.
    Environment,
    /// Short-lived work: anybody may rewrite and delete it unless the policy says otherwise.
    Topic,
}

impl Role {
    /// Returns the word used in policies and messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mainline => "mainline",
            Self::Release => "release",
            Self::Development => "development",
            Self::Integration => "integration",
            Self::Environment => "environment",
            Self::Topic => "topic",
        }
    }

    /// Returns whether the images of a branch are tagged with its name: many are built of it, and each takes the place
    /// of the one before.
    pub const fn names_images(self) -> bool {
        matches!(self, Self::Topic | Self::Integration)
    }
}

/// Which version a line's branches are for, where only one can be next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Upcoming {
    /// The `{major}` of the pattern is the one after that of the highest release.
    Major,
}

/// What a push to a line's branches may publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LinePublishes {
    /// A development version.
    Dev,
    /// Nothing.
    None,
}

impl LinePublishes {
    /// Returns the word the policy uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::None => "none",
        }
    }
}

impl From<Role> for LinePublishes {
    /// Returns what a line publishes that does not say it: what runs somewhere was built before it came there.
    fn from(role: Role) -> Self {
        match role {
            Role::Environment => Self::None,
            Role::Mainline | Role::Release | Role::Development | Role::Integration | Role::Topic => Self::Dev,
        }
    }
}

/// A class of long-lived branches. The first line with a pattern that matches a branch's name counts.
///
/// ```toml
/// [[line]]
/// name = "release"
/// branch = "release/{major}.{minor}"
/// role = "release"
/// cut-from = "main"
/// refuses-changes = ["feature", "breaking"]
/// retired-by = { trailer = "End-of-Life" }
/// may = { create = "@release-managers" }
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawLine {
    /// What messages and other tables call it.
    #[schemars(example = &"release")]
    #[schemars(extend("x-also" = "messages, and the tables that name the line"))]
    name: Located<Text<NewName>>,
    /// The branches it has, without `refs/heads/`. A pattern after `!` takes branches out again.
    #[schemars(example = ["feature/**", "{user}/**", "!release/**"])]
    #[schemars(extend("x-rules" = ["unlisted-branch", "misplaced-branch"], "x-also" = "everything that is asked about branches"))]
    branch: Located<Texts<Pattern>>,
    /// What it is for.
    #[schemars(example = &"mainline")]
    #[schemars(extend("x-rules" = ["misplaced-branch", "unflagged-feature"], "x-also" = "`refgate release-plan`, `refgate version`, `refgate where`"))]
    role: Role,
    /// The line its branches start from.
    #[schemars(example = &"main")]
    #[schemars(extend("x-rules" = ["misplaced-branch", "wrong-way-merge", "unrepaired-pick", "retired-line"], "x-also" = "what counts as new on a branch"))]
    cut_from: Option<Located<Text<LineName>>>,
    /// How one of its branches is declared unmaintained.
    retired_by: Option<RawRetiredBy>,
    /// The only kinds of change that its branches take.
    #[schemars(example = ["fix", "docs", "release"], extend("x-default" = "every kind"))]
    #[schemars(extend("x-rules" = ["misplaced-change"]))]
    accepts_changes: Option<Located<Texts<KindName>>>,
    /// Kinds of change that they do not take.
    #[schemars(example = ["feature", "breaking"])]
    #[schemars(extend("x-rules" = ["misplaced-change"]))]
    refuses_changes: Option<Located<Texts<KindName>>>,
    /// Lines that must have a commit before these branches receive it.
    #[schemars(example = &"develop")]
    #[schemars(extend("x-rules" = ["unpromoted-commit"]))]
    only_from: Option<Located<Texts<LineName>>>,
    /// What its branches prepare: `major`, so that a new one has a `{major}` one above the highest release's.
    #[schemars(example = &"major")]
    #[schemars(extend("x-rules" = ["unlisted-branch"]))]
    next: Option<Located<Upcoming>>,
    /// The line that its branches are merged into in the end.
    #[schemars(example = &"main")]
    #[schemars(extend("x-rules" = ["misplaced-change"]))]
    merges_into: Option<Located<Text<LineName>>>,
    /// What some branches may take of the line that they are cut from, whatever is in it.
    takes: Option<RawTake>,
    /// Who may do what.
    #[serde(default)]
    may: RawLineMay,
    /// Whether its branches may be deleted.
    #[schemars(example = true, extend("x-default" = "`true` for topic branches and where `may.delete` names somebody, else `false`"))]
    #[schemars(extend("x-rules" = ["deleted-ref"]))]
    deletable: Option<bool>,
    /// Whether their history may be replaced.
    #[schemars(example = true, extend("x-default" = "`true` for topic branches and where `may.rewrite` names somebody, else `false`"))]
    #[schemars(extend("x-rules" = ["rewritten-history"]))]
    rewritable: Option<bool>,
    /// What a push to them publishes (`refgate release-plan`). A push to a branch never publishes a release.
    #[schemars(example = &"none", extend("x-default" = "`\"none\"` for environments, else `\"dev\"`"))]
    #[schemars(extend("x-also" = "`refgate release-plan`"))]
    publishes: Option<LinePublishes>,
}

/// History that a branch may take, whatever is in it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawTake {
    /// The branches.
    #[schemars(example = &"release/1.0")]
    #[schemars(extend("x-rules" = ["misplaced-change", "out-of-order-tag", "wrong-way-merge"]))]
    branch: Located<Text<Pattern>>,
    /// The tag up to which they may take it, without `refs/tags/`.
    #[schemars(example = &"1.1.2")]
    #[schemars(extend("x-rules" = ["misplaced-change", "out-of-order-tag", "wrong-way-merge"]))]
    through: Located<Text<Pattern>>,
}

/// How a branch is declared unmaintained; any of the keys is enough.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RawRetiredBy {
    /// A commit of the branch carries this trailer.
    #[schemars(example = &"End-of-Life")]
    #[schemars(extend("x-rules" = ["retired-line", "unlanded-fix"]))]
    trailer: Option<Located<Text<Token>>>,
    /// A tag of this name exists.
    #[schemars(example = &"{major}.{minor}-eol")]
    #[schemars(extend("x-rules" = ["retired-line", "unlanded-fix", "deleted-ref", "moved-tag"]))]
    tag: Option<Located<Text<Pattern>>>,
    /// The policy itself lists the branches.
    #[schemars(example = ["1.09", "1.13"])]
    #[schemars(extend("x-rules" = ["retired-line", "unlanded-fix"]))]
    branches: Option<Located<Texts<Pattern>>>,
}

/// A class of long-lived branches.
#[derive(Clone, Debug)]
pub struct Line {
    /// What messages and other tables call it.
    pub name: String,
    /// The branches it has, without `refs/heads/`.
    pub branches: Vec<Pattern>,
    /// Those that it does not have, whatever [`Self::branches`] says.
    pub excluded: Vec<Pattern>,
    /// What it is for.
    pub role: Role,
    /// What it takes.
    pub intake: Intake,
    /// Which version its branches prepare, where only one can be next.
    pub next: Option<Upcoming>,
    /// The line its branches start from.
    pub cut_from: Option<String>,
    /// How one of its branches is declared unmaintained.
    pub retired_by: RetiredBy,
    /// Who may do what.
    pub may: Permissions,
    /// Whether its branches may be deleted at all.
    pub deletable: bool,
    /// Whether their history may be replaced at all.
    pub rewritable: bool,
    /// What a push to them publishes.
    pub publishes: LinePublishes,
    /// Where the policy says it.
    pub origin: Origin,
    /// Where it lists the branches.
    pub branches_at: Origin,
}

/// What a line takes.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// The only kinds of change it takes; empty takes all.
    pub accepts: Vec<String>,
    /// Kinds of change it does not take.
    pub refuses: Vec<String>,
    /// Lines without which it receives nothing.
    pub only_from: Vec<String>,
    /// The line that its branches are merged into: what is refused there may come by that merge.
    pub merges_into: Option<String>,
    /// What some branches may take nevertheless.
    pub takes: Option<Take>,
}

/// History that a branch may take, whatever is in it.
#[derive(Clone, Debug)]
pub struct Take {
    /// The branches.
    pub branch: Pattern,
    /// The tags up to which they may take it.
    pub through: Pattern,
}

/// How a branch is declared unmaintained; any of them is enough.
#[derive(Clone, Debug, Default)]
pub struct RetiredBy {
    /// The token of a trailer in a commit of the branch.
    pub trailer: Option<String>,
    /// A tag that exists.
    pub tag: Option<Pattern>,
    /// The branches that the policy lists.
    pub branches: Vec<Pattern>,
}

impl Line {
    /// Returns what a branch of this name binds; `None` where it is not one of this line's.
    pub fn matches(&self, branch: &BStr) -> Option<Bindings> {
        let bindings = self.branches.iter().find_map(|pattern| pattern.matches(branch))?;
        let is_excluded = self.excluded.iter().any(|pattern| pattern.matches(branch).is_some());
        (!is_excluded).then_some(bindings)
    }

    /// Returns whether the policy itself lists a branch as unmaintained.
    pub fn lists_retired(&self, branch: &BStr) -> bool {
        self.retired_by.branches.iter().any(|pattern| pattern.matches(branch).is_some())
    }

    /// Returns the tags that close a branch whose name binds this.
    pub fn closing_tags(&self, bindings: &Bindings) -> impl Iterator<Item = RefName> + use<> {
        let names = self.retired_by.tag.as_ref().and_then(|tag| tag.instances(bindings)).unwrap_or_default();
        names.into_iter().map(RefName::tag)
    }

    /// Returns its patterns as the policy has them.
    pub fn written(&self) -> Vec<String> {
        let own = self.branches.iter().map(|pattern| pattern.text().to_owned());
        own.chain(self.excluded.iter().map(|pattern| format!("!{}", pattern.text()))).collect()
    }

    /// Returns the names a branch of this line could have, given what is known; see [`Pattern::instances`].
    pub fn instances(&self, bindings: &Bindings) -> Vec<(&Pattern, Option<Vec<BString>>)> {
        self.branches.iter().map(|pattern| (pattern, pattern.instances(bindings))).collect()
    }
}

/// The table `[[line]]`.
#[derive(Debug)]
pub(crate) enum Lines {}

impl Table for Lines {
    const KEY: &'static str = "line";
    const OPENS: bool = true;
    type Written = Many<RawLine>;
    type Resolved = Vec<Line>;

    fn resolve(layers: &[&Many<RawLine>], cx: &mut Cx<'_>) -> Vec<Line> {
        let named = Named { word: Self::KEY, title: "line", plural: "lines", name: |raw: &RawLine| &raw.name };
        let lines = named.merge(layers, cx, resolve);
        cx.names.lines = lines.iter().map(|line| (line.name.clone(), line.branches.clone())).collect();
        // Lines name each other, and only now it is known which there are.
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            for (raw, _) in &layer.0 {
                for name in raw.cut_from.iter().chain(&raw.merges_into) {
                    cx.line(name);
                }
                if let Some(names) = &raw.only_from {
                    cx.lines(names);
                }
            }
        }
        lines
    }
}

fn resolve(raw: &RawLine, origin: Origin, cx: &mut Cx<'_>) -> Line {
    let topic = raw.role == Role::Topic;
    let may = raw.may.resolve(cx);
    let (mut branches, mut excluded) = (Vec::new(), Vec::new());
    for text in raw.branch.texts() {
        match text.strip_prefix('!') {
            Some(text) => excluded.extend(cx.r#ref(text, raw.branch.span(), Spelled::Branch)),
            None => branches.extend(cx.r#ref(text, raw.branch.span(), Spelled::Branch)),
        }
    }
    if raw.branch.texts().iter().all(|text| text.starts_with('!')) {
        cx.report(Problem::new(raw.branch.span(), "a line has at least one pattern that is not after `!`"));
    }
    let has_major = |pattern: &Pattern| pattern.placeholders().contains(&"major");
    if let Some(next) = raw.next.as_ref().filter(|_| !branches.iter().all(has_major)) {
        let problem = Problem::new(next.span(), "`next` needs `{major}`, which a pattern of this line lacks");
        cx.report(problem.help("write `branch = \"{major}.0-dev\"`"));
    }
    let name = |name: &Located<Text<LineName>>| name.text().to_owned();
    Line {
        name: raw.name.text().to_owned(),
        branches,
        excluded,
        role: raw.role,
        intake: Intake {
            accepts: raw.accepts_changes.as_ref().map(|kinds| cx.kinds(kinds)).unwrap_or_default(),
            refuses: raw.refuses_changes.as_ref().map(|kinds| cx.kinds(kinds)).unwrap_or_default(),
            only_from: raw.only_from.as_ref().map(|names| names.texts().to_vec()).unwrap_or_default(),
            merges_into: raw.merges_into.as_ref().map(name),
            takes: raw.takes.as_ref().and_then(|raw| take(raw, cx)),
        },
        next: raw.next.as_ref().map(|next| *next.get_ref()),
        cut_from: raw.cut_from.as_ref().map(name),
        retired_by: raw.retired_by.as_ref().map(|raw| retired_by(raw, cx)).unwrap_or_default(),
        deletable: raw.deletable.unwrap_or(topic || may.delete.is_some()),
        rewritable: raw.rewritable.unwrap_or(topic || may.rewrite.is_some()),
        publishes: raw.publishes.unwrap_or_else(|| raw.role.into()),
        may,
        origin,
        branches_at: cx.origin(&raw.branch.span()),
    }
}

fn take(raw: &RawTake, cx: &mut Cx<'_>) -> Option<Take> {
    let branch = cx.r#ref(raw.branch.text(), raw.branch.span(), Spelled::Branch)?;
    Some(Take { branch, through: cx.r#ref(raw.through.text(), raw.through.span(), Spelled::Tag)? })
}

fn retired_by(raw: &RawRetiredBy, cx: &mut Cx<'_>) -> RetiredBy {
    if let Some(trailer) = &raw.trailer
        && (trailer.text().is_empty() || !trailer.text().chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
    {
        cx.report(Problem::new(trailer.span(), "a trailer's token has letters, digits and `-` only"));
    }
    RetiredBy {
        trailer: raw.trailer.as_ref().map(|trailer| trailer.text().to_owned()),
        tag: raw.tag.as_ref().and_then(|tag| cx.r#ref(tag.text(), tag.span(), Spelled::Tag)),
        branches: raw.branches.as_ref().map(|branches| cx.refs(branches, Spelled::Branch)).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn a_topic_branch_may_be_rewritten_and_deleted_and_no_other_unless_somebody_may() {
        let policy = policy(
            "[[line]]\nname = 'topic'\nbranch = 'topic/**'\nrole = 'topic'\n[[line]]\nname = 'next'\nbranch = 'next'\n\
             role = 'environment'\nmay = { rewrite = '@managers' }\nonly-from = 'main'\n",
        );
        let of = |name: &str| policy.line(name).map(|line| (line.deletable, line.rewritable, line.publishes)).unwrap();
        assert_eq!(of("main"), (false, false, LinePublishes::Dev));
        assert_eq!(of("topic"), (true, true, LinePublishes::Dev));
        assert_eq!(of("next"), (false, true, LinePublishes::None));
        assert_eq!(policy.line("next").unwrap().intake.only_from, ["main"]);
    }

    #[test]
    fn what_a_line_names_has_to_be_there() {
        let line = |more: &str| errors(&format!("[[line]]\nname = 'a'\nbranch = 'a'\nrole = 'release'\n{more}\n"));
        assert_eq!(line("cut-from = 'mian'"), ["5:12: there is no line named `mian`; did you mean `main`?"]);
        assert_eq!(line("merges-into = 'b'"), ["5:15: there is no line named `b`; did you mean `a`?"]);
        assert_eq!(line("only-from = ['main', 'develop']"), ["5:13: there is no line named `develop`"]);
        assert_eq!(
            line("accepts-changes = 'fx'"),
            ["5:19: there is no kind of change named `fx`; did you mean `fix`?"]
        );
        assert_eq!(
            line("may = { push = '@mangers' }"),
            ["5:16: there is no group `@mangers`; did you mean `managers`?"]
        );
        assert_eq!(line("retired-by = { trailer = 'End of life' }").len(), 1);
        assert_eq!(line("next = 'major'").len(), 1);
    }

    #[test]
    fn a_line_of_a_lower_layer_needs_permission() {
        let line = "[[line]]\nname = 'main'\nbranch = 'trunk'\nrole = 'mainline'\n";
        assert_eq!(layered("", line), ["the line `main` is not left open by `base.toml`"]);
        assert_eq!(layered("open = ['line']\n|", line), [""; 0]);
        assert_eq!(errors(line), ["2:8: there are two lines named `main`"]);
    }
}
