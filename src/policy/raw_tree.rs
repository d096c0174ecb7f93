//! `[[version-field]]` and `[[changelog]]` as they are written.

use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

use super::raw::{Located, Texts};
use super::tree::{Agreement, ChangelogFormat, Due};

/// Where the project's own version stands.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawVersionField {
    /// The files. Which manifest they are is told by their names.
    pub(super) path: Located<Texts>,
    /// For any other file: a regular expression with the group `version` that matches exactly once.
    pub(super) pattern: Option<Located<String>>,
    /// For a version in parts: the named groups of the pattern are joined by this.
    pub(super) join: Option<Located<String>>,
    /// The names to look for where the manifest leaves the name to the project: variables of a makefile, keys.
    pub(super) names: Option<Vec<String>>,
    /// Whether the file need not be there.
    #[serde(default)]
    pub(super) optional: bool,
    /// How it has to agree with the tag on its tree.
    #[serde(default)]
    pub(super) agrees: Agreement,
    /// The tag classes it has to agree with; all unless given.
    pub(super) tag: Option<Located<Texts>>,
    /// The kinds of change that may edit it; every other edit is one by hand.
    pub(super) changed_by: Option<Located<Texts>>,
    /// Who may edit it.
    pub(super) may: Option<Located<Texts>>,
    /// The lines on which it may be edited.
    pub(super) only_on: Option<Located<Texts>>,
}

/// Where changes are written down.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawChangelog {
    /// A file with an entry for each version.
    pub(super) path: Option<Located<String>>,
    /// How that file is written.
    pub(super) format: Option<Located<ChangelogFormat>>,
    /// Instead: a file of its own for each version, such as `docs/releases/{version}.md`.
    pub(super) notes: Option<Located<String>>,
    /// Whether a version's tag needs its entry; or the tag classes whose versions do.
    pub(super) required_by_tag: Option<Located<Required>>,
    /// Where entries have to be brought.
    pub(super) reintegrate: Option<RawReintegrate>,
}

/// `true`, `false`, or names.
#[derive(Clone, Debug)]
pub(super) enum Required {
    Always(bool),
    By(Vec<String>),
}

impl<'de> Deserialize<'de> for Required {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Required;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or a list of tag classes")
            }
            fn visit_bool<E>(self, always: bool) -> Result<Required, E> {
                Ok(Required::Always(always))
            }
            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Required, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Required::By(names))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl JsonSchema for Required {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Required".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [{ "type": "boolean" }, { "type": "array", "items": { "type": "string" } }]
        })
    }
}

/// The entries that are made on one line have to get to another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawReintegrate {
    /// The line they are made on.
    pub(super) from: Located<String>,
    /// The line they have to get to.
    pub(super) to: Located<String>,
    /// When they have to be there.
    #[serde(default)]
    pub(super) due: Due,
}
