//! The policy format as it is written: one struct a table. The JSON schema comes from here.
//!
//! No `flatten` and no `untagged`: both lose the place and the reason of an error.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

use super::flow::{RawFlow, RawWaiver};
use super::naming::RawLanded;
use super::raw_tree::{RawChangelog, RawVersionField};
use super::waiver_note::RawWaiverNotes;
use crate::model::Level;

/// A value with its place in the file. toml's own type, with the schema of what it wraps.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Located<T>(Spanned<T>);

impl<T> std::ops::Deref for Located<T> {
    type Target = Spanned<T>;
    fn deref(&self) -> &Spanned<T> {
        &self.0
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        T::schema_name()
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        T::json_schema(generator)
    }
}

/// A text, or a list of texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Texts(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Texts;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E>(self, text: &str) -> Result<Texts, E> {
                Ok(Texts(vec![text.to_owned()]))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Texts, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(Texts(texts))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Texts {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Texts".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "type": "string" }, { "type": "array", "items": { "type": "string" }, "minItems": 1 }]
        })
    }
}

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
    /// The word used in policies and messages.
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
    /// The word the policy uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::None => "none",
        }
    }
}

impl From<Role> for LinePublishes {
    /// What a line publishes that does not say it: what runs somewhere was built before it came there.
    fn from(role: Role) -> Self {
        match role {
            Role::Environment => Self::None,
            Role::Mainline | Role::Release | Role::Development | Role::Integration | Role::Topic => Self::Dev,
        }
    }
}

/// What a push of a class's tags may publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagPublishes {
    /// The version that the tag names.
    Release,
    /// Nothing.
    None,
}

impl TagPublishes {
    /// The word the policy uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::None => "none",
        }
    }
}

/// What a tag class is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagKind {
    /// Its tags name versions.
    #[default]
    Version,
    /// Its tags mark something else: an end of life, a branch point.
    Marker,
    /// No rule looks at its tags.
    Ignore,
}

/// Which objects a tag may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagObject {
    /// A tag object or a plain ref to a commit.
    #[default]
    Any,
    /// A tag object, as `git tag -a` makes.
    Annotated,
}

/// What kinds of version a tag class takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Stability {
    /// `1.2.0`.
    Final,
    /// `1.2.0rc1`.
    PreRelease,
    /// `1.2.0.dev5`: made by builds, never tagged unless a class says so.
    Dev,
}

impl Stability {
    /// What messages call it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final version",
            Self::PreRelease => "pre-release",
            Self::Dev => "development version",
        }
    }
}

/// Who may do what to the branches of a line. An action that is not named is open to everybody whom the host lets push.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RawLineMay {
    /// Who may make a new branch.
    pub(super) create: Option<Located<Texts>>,
    /// Who may add commits.
    pub(super) push: Option<Located<Texts>>,
    /// Who may replace history. Naming somebody also makes the branches rewritable.
    pub(super) rewrite: Option<Located<Texts>>,
    /// Who may delete. Naming somebody also makes the branches deletable.
    pub(super) delete: Option<Located<Texts>>,
}

/// Who may do what to the tags of a class.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RawTagMay {
    /// Who may make a tag.
    pub(super) create: Option<Located<Texts>>,
    /// Who may move one. Naming somebody also makes the tags movable.
    pub(super) r#move: Option<Located<Texts>>,
    /// Who may delete one. Naming somebody also makes the tags deletable.
    pub(super) delete: Option<Located<Texts>>,
}

/// How a branch is declared unmaintained.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RawRetiredBy {
    /// A commit of the branch carries this trailer.
    pub(super) trailer: Option<Located<String>>,
    /// A tag of this name exists, `{major}.{minor}-eol` for instance.
    pub(super) tag: Option<Located<String>>,
    /// The policy itself lists the branches.
    pub(super) branches: Option<Located<Texts>>,
}

/// A class of long-lived branches.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawLine {
    /// What messages and other tables call it.
    pub(super) name: Located<String>,
    /// The branches it has, without `refs/heads/`.
    pub(super) branch: Located<Texts>,
    /// What it is for.
    pub(super) role: Role,
    /// The line its branches start from.
    pub(super) cut_from: Option<Located<String>>,
    /// How one of its branches is declared unmaintained.
    pub(super) retired_by: Option<RawRetiredBy>,
    /// The only kinds of change that its branches take.
    pub(super) accepts_changes: Option<Located<Texts>>,
    /// Kinds of change that they do not take.
    pub(super) refuses_changes: Option<Located<Texts>>,
    /// Lines that must have a commit before these branches receive it.
    pub(super) only_from: Option<Located<Texts>>,
    /// What its branches prepare: `major`, so that a new one has a `{major}` one above the highest release's.
    pub(super) next: Option<Located<Upcoming>>,
    /// The line that its branches are merged into in the end.
    pub(super) merges_into: Option<Located<String>>,
    /// Who may do what.
    #[serde(default)]
    pub(super) may: RawLineMay,
    /// Whether its branches may be deleted; topic branches may unless this says otherwise.
    pub(super) deletable: Option<bool>,
    /// Whether their history may be replaced; that of topic branches may unless this says otherwise.
    pub(super) rewritable: Option<bool>,
    /// What a push to them publishes (`refgate release-plan`): `dev`, or `none`, which environments do unless this says
    /// otherwise. A push to a branch never publishes a release.
    pub(super) publishes: Option<LinePublishes>,
}

/// A class of tags.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawTag {
    /// What messages and other tables call it.
    pub(super) name: Located<String>,
    /// The tags it has, without `refs/tags/`.
    pub(super) tag: Located<Texts>,
    /// What its tags are for.
    #[serde(default)]
    pub(super) kind: TagKind,
    /// How its versions are read and ordered.
    pub(super) scheme: Option<Located<String>>,
    /// Which kinds of version it takes; final versions and pre-releases unless this says otherwise.
    pub(super) accepts: Option<Vec<Stability>>,
    /// Further spellings of the same versions, for tags on the same commit.
    pub(super) alias: Option<Located<Texts>>,
    /// The component whose versions these are, where no `{scope}` in the pattern says it.
    pub(super) scope: Option<String>,
    /// Where a project began to count anew, 0 unless given: a later era is above all of an earlier one.
    #[serde(default)]
    pub(super) era: u32,
    /// The versions that form one series: `{major}.{minor}`.
    pub(super) series: Option<Located<String>>,
    /// The series that hotfixes form within it: `{major}.{minor}.{patch}`.
    pub(super) hotfix_series: Option<Located<String>>,
    /// How many commits a tag may hang off its branch.
    #[serde(default)]
    pub(super) off_branch_commits: usize,
    /// The lines its tags must sit on; one that contains the commit is enough.
    pub(super) line: Option<Located<Texts>>,
    /// Which objects its tags may be.
    #[serde(default)]
    pub(super) object: TagObject,
    /// Who may do what.
    #[serde(default)]
    pub(super) may: RawTagMay,
    /// Whether its tags may be deleted.
    #[serde(default)]
    pub(super) deletable: bool,
    /// Whether its tags may be moved.
    #[serde(default)]
    pub(super) movable: bool,
    /// What a push of its tags publishes (`refgate release-plan`): `release`, or `none`, which classes that name no
    /// version do.
    pub(super) publishes: Option<Located<TagPublishes>>,
}

/// Versions whose place no pattern tells.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawSeries {
    /// The versions: `1.0.*`, `>=1.1.3, <1.2`, `1.2.0`.
    pub(super) versions: Located<String>,
    /// The tag class they belong to; every class unless given.
    pub(super) tag: Option<Located<String>>,
    /// The lines or branches that they sit on.
    pub(super) line: Option<Located<Texts>>,
    /// What they are kept for.
    pub(super) reserved_for: Option<String>,
}

/// A kind of change; any of the signs is enough.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawKind {
    /// What other tables call it. One of the built-in kinds gets further signs.
    pub(super) name: Located<String>,
    /// A regular expression that matches the commit's subject.
    pub(super) subject: Option<Located<String>>,
    /// The commit touches these paths and no others.
    pub(super) paths: Option<Located<Texts>>,
    /// The commit carries a trailer of this token with the kind's name.
    pub(super) trailer: Option<String>,
}

/// The keys every rule's table may have, besides the rule's own options.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RawRule {
    /// off, observe, warn or refuse.
    pub(super) level: Option<Level>,
    /// A date (`2026-11-21`) or a full commit id: what is older is not judged.
    pub(super) since: Option<Located<String>>,
    /// Only these refs are judged, in full (`refs/heads/**`).
    pub(super) only: Option<Located<Texts>>,
    /// These refs are not judged.
    pub(super) except: Option<Located<Texts>>,
}

/// The whole file, for the schema; decoding goes table by table so that each yields its own errors.
#[derive(JsonSchema)]
#[schemars(title = "refgate policy", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(super) struct RawPolicy {
    /// The version of the format: 1.
    pub(super) schema: u32,
    /// What reports call the policy.
    pub(super) name: String,
    /// Policies that this one adds to: `preset:NAME` or a file beside this one.
    #[schemars(default)]
    pub(super) extends: Option<Vec<String>>,
    /// What policies that extend this one may weaken: `line`, `tag`, `series`, `group`, `version-field`, `changelog`,
    /// rule ids, or `*`.
    #[schemars(default)]
    pub(super) open: Option<Vec<String>>,
    /// Groups of actors: a name and its members.
    #[schemars(default)]
    pub(super) group: Option<BTreeMap<String, Vec<String>>>,
    /// Classes of long-lived branches; the first that matches counts.
    #[schemars(default)]
    pub(super) line: Option<Vec<RawLine>>,
    /// Classes of tags; the first that matches counts.
    #[schemars(default)]
    pub(super) tag: Option<Vec<RawTag>>,
    /// What is on one line and must get to another.
    #[schemars(default)]
    pub(super) flow: Option<Vec<RawFlow>>,
    /// Recorded exceptions.
    #[schemars(default)]
    pub(super) waiver: Option<Vec<RawWaiver>>,
    /// Waivers in git notes, which `refgate waive` writes.
    #[schemars(default)]
    pub(super) waiver_notes: Option<RawWaiverNotes>,
    /// How it is told that a change is on another line.
    #[schemars(default)]
    pub(super) landed: Option<RawLanded>,
    /// Kinds of change, beside those of Conventional Commits.
    #[schemars(default)]
    pub(super) kind: Option<Vec<RawKind>>,
    /// Versions whose place no pattern tells; the first that holds a version counts.
    #[schemars(default)]
    pub(super) series: Option<Vec<RawSeries>>,
    /// Where the project's own version stands in the tree, and who may change it there.
    #[schemars(default)]
    pub(super) version_field: Option<Vec<RawVersionField>>,
    /// Where changes are written down.
    #[schemars(default)]
    pub(super) changelog: Option<Vec<RawChangelog>>,
    /// What is said about single rules.
    #[schemars(default)]
    pub(super) rules: Option<BTreeMap<String, serde_json::Value>>,
}

/// The keys of the file's top level.
pub(super) const TOP_KEYS: &[&str] = &[
    "schema",
    "name",
    "extends",
    "open",
    "group",
    "kind",
    "line",
    "tag",
    "series",
    "flow",
    "waiver",
    "waiver-notes",
    "landed",
    "version-field",
    "changelog",
    "rules",
];
