//! `[[changelog]]`: where changes are written down.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use std::borrow::Cow;
use std::fmt;

use super::form::{Many, Table};
use super::merge::by_files;
use crate::manifest::changelog::Headings;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::path::PathPattern;
use crate::policy::text::{ClassName, Expression, LineName, Located, Text, Texts};

/// Where changes are written down: one file with an entry for each version (`path`, with `format` or `heading`), or a
/// file for each version (`notes`).
///
/// ```toml
/// [[changelog]]
/// path = "debian/changelog"
/// format = "debian"
/// required-by-tag = true
/// reintegrate = { from = "release", to = "main" }
///
/// [[changelog]]
/// notes = "docs/releases/{version}.md"
/// required-by-tag = ["version"]
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawChangelog {
    /// A file with an entry for each version.
    #[schemars(example = &"CHANGELOG.md")]
    #[schemars(extend("x-rules" = ["undocumented-release", "stranded-changelog", "hand-edited-version"]))]
    path: Option<Located<Text<PathPattern>>>,
    /// How that file is written.
    #[schemars(example = &"keep-a-changelog")]
    #[schemars(extend("x-rules" = ["undocumented-release", "stranded-changelog", "hand-edited-version"]))]
    format: Option<Located<RawFormat>>,
    /// Instead of `format`, for a file of any other form: an expression that matches the heading of each entry, with the
    /// group `version`. `^` and `$` match at the ends of lines.
    #[schemars(example = &r"^## Cargo (?P<version>\S+)")]
    #[schemars(extend("x-rules" = ["undocumented-release", "stranded-changelog", "hand-edited-version"]))]
    heading: Option<Located<Text<Expression>>>,
    /// Instead: a file of its own for each version.
    #[schemars(example = &"docs/releases/{version}.md")]
    #[schemars(extend("x-rules" = ["undocumented-release", "unannounced-release"]))]
    notes: Option<Located<Text<PathPattern>>>,
    /// Whether a version's tag needs its entry; or the tag classes whose versions do.
    #[schemars(example = true, example = ["version"], extend("default" = false))]
    #[schemars(extend("x-rules" = ["undocumented-release"]))]
    required_by_tag: Option<Located<Required>>,
    /// Lines on whose branches the notes are asked for before any tag: the names of their branches say the version.
    #[schemars(example = &"release")]
    #[schemars(extend("x-rules" = ["unannounced-release"]))]
    early: Option<Located<Texts<LineName>>>,
    /// Where entries have to be brought.
    reintegrate: Option<RawReintegrate>,
}

/// The entries that are made on one line have to get to another.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawReintegrate {
    /// The line they are made on.
    #[schemars(example = &"release")]
    #[schemars(extend("x-rules" = ["stranded-changelog"]))]
    from: Located<Text<LineName>>,
    /// The line they have to get to.
    #[schemars(example = &"main")]
    #[schemars(extend("x-rules" = ["stranded-changelog"]))]
    to: Located<Text<LineName>>,
    /// When they have to be there.
    #[serde(default)]
    #[schemars(example = &"report", extend("default" = "next-tag"))]
    #[schemars(extend("x-rules" = ["stranded-changelog"]))]
    due: Due,
}

/// `true`, `false`, or names.
#[derive(Clone, Debug)]
enum Required {
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
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Required".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let class = generator.subschema_for::<Text<ClassName>>();
        json_schema!({ "anyOf": [{ "type": "boolean" }, { "type": "array", "items": class }] })
    }
}

/// How a changelog is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "ChangelogFormat")]
enum RawFormat {
    /// `debian/changelog`.
    Debian,
    /// A heading of any level for each version, as release tools write them too.
    KeepAChangelog,
}

/// How a changelog is written.
#[derive(Clone, Debug)]
pub enum ChangelogFormat {
    /// `debian/changelog`.
    Debian,
    /// A heading of any level for each version.
    KeepAChangelog,
    /// Headings as the policy describes them.
    Headings(Headings),
}

/// Where changes are written down.
#[derive(Clone, Debug)]
pub struct Changelog {
    /// What it is.
    pub place: Notes,
    /// The tag classes whose versions need an entry.
    pub required_by: Classes,
    /// Lines on whose branches the notes are asked for before any tag.
    pub early: Vec<String>,
    /// Where entries have to be brought.
    pub reintegrate: Option<Reintegrate>,
    /// Where the policy says it.
    pub origin: Origin,
}

/// A file of all versions, or a file for each.
#[derive(Clone, Debug)]
pub enum Notes {
    /// One file with an entry for each version.
    Entries(PathPattern, ChangelogFormat),
    /// A file of its own for each version: `docs/releases/{version}.md`.
    Files(PathPattern),
}

/// Tag classes that a changelog concerns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Classes {
    /// None of them.
    #[default]
    None,
    /// Every class of versions.
    All,
    /// These.
    Named(Vec<String>),
}

impl Classes {
    /// Returns whether a class is one of them.
    pub fn contains(&self, class: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == class),
        }
    }
}

/// When an entry has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// The next tag on the line is refused while it is not.
    #[default]
    NextTag,
    /// It is reported at the next tag, and holds nothing up.
    Report,
}

/// The entries that are made on one line have to get to another.
#[derive(Clone, Debug)]
pub struct Reintegrate {
    /// The line they are made on.
    pub from: String,
    /// The line they have to get to.
    pub to: String,
    /// When.
    pub due: Due,
}

/// The table `[[changelog]]`.
#[derive(Debug)]
pub(crate) enum Changelogs {}

impl Table for Changelogs {
    const KEY: &'static str = "changelog";
    const OPENS: bool = true;
    type Written = Many<RawChangelog>;
    type Resolved = Vec<Changelog>;

    fn resolve(layers: &[&Many<RawChangelog>], cx: &mut Cx<'_>) -> Vec<Changelog> {
        let key = |raw: &RawChangelog| {
            let file = raw.path.as_ref().xor(raw.notes.as_ref()).map(|file| file.text().to_owned()).unwrap_or_default();
            (file.clone(), file)
        };
        by_files(Self::KEY, layers, cx, key, resolve)
    }
}

fn resolve(raw: &RawChangelog, origin: Origin, cx: &mut Cx<'_>) -> Option<Changelog> {
    let place = match (&raw.path, &raw.format, &raw.heading, &raw.notes) {
        (Some(path), Some(format), None, None) => {
            let format = match format.get_ref() {
                RawFormat::Debian => ChangelogFormat::Debian,
                RawFormat::KeepAChangelog => ChangelogFormat::KeepAChangelog,
            };
            cx.path(path.text(), path.span()).map(|pattern| Notes::Entries(pattern, format))
        }
        (Some(path), None, Some(heading), None) => {
            let headings = cx.value(Headings::new(heading.text()), heading.span());
            let pattern = cx.path(path.text(), path.span());
            pattern
                .zip(headings)
                .map(|(pattern, headings)| Notes::Entries(pattern, ChangelogFormat::Headings(headings)))
        }
        (None, None, None, Some(notes)) => {
            if !notes.text().contains('{') {
                let message = "a file of notes for each version has a placeholder, such as `{version}`";
                cx.report(Problem::new(notes.span(), message));
            }
            cx.path(notes.text(), notes.span()).map(Notes::Files)
        }
        _ => {
            let message = "a changelog has either `path` with `format` or `heading`, or `notes`";
            cx.report(Problem::new(origin.span, message));
            return None;
        }
    };
    let required_by = match raw.required_by_tag.as_ref().map(|required| (required.get_ref(), required.span())) {
        None | Some((Required::Always(false), _)) => Classes::None,
        Some((Required::Always(true), _)) => Classes::All,
        Some((Required::By(names), span)) => {
            cx.version_class_names(names, &span);
            Classes::Named(names.clone())
        }
    };
    let reintegrate = raw.reintegrate.as_ref().map(|raw| {
        if matches!(place, Some(Notes::Files(_))) {
            let message = "only a changelog with `path` has entries to bring anywhere";
            cx.report(Problem::new(origin.span.clone(), message));
        }
        Reintegrate { from: cx.line(&raw.from), to: cx.line(&raw.to), due: raw.due }
    });
    let early = raw.early.as_ref().map(|names| cx.lines(names)).unwrap_or_default();
    Some(Changelog { place: place?, required_by, early, reintegrate, origin })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn a_changelog_is_one_file_or_one_for_each_version() {
        let log = |more: &str| errors(&format!("[[changelog]]\n{more}\n"));
        let either = "1:1: a changelog has either `path` with `format` or `heading`, or `notes`";
        assert_eq!(log("path = 'a'\nheading = '^v(?P<version>.+)$'"), [""; 0]);
        assert_eq!(log("path = 'a'\nheading = '^v(?P<version>.+)$'\nformat = 'debian'"), [either]);
        assert_eq!(log("path = 'a'\nheading = '^v(.+)$'").len(), 1);
        assert_eq!(log("path = 'a'"), [either]);
        assert_eq!(log("path = 'a'\nformat = 'debian'\nnotes = '{version}'"), [either]);
        assert_eq!(log("notes = 'NEWS'").len(), 1);
        assert_eq!(log("path = 'a'\nformat = 'debian'\nrequired-by-tag = ['versoin']").len(), 1);
        assert_eq!(log("path = 'a'\nformat = 'debian'\nrequired-by-tag = 'version'").len(), 1);
        assert_eq!(log("notes = '{version}'\nreintegrate = { from = 'release', to = 'main' }").len(), 1);
        assert_eq!(log("path = 'a'\nformat = 'debian'\nreintegrate = { from = 'releas', to = 'main' }").len(), 1);
    }

    #[test]
    fn a_tag_needs_an_entry_where_it_is_said() {
        let required = |more: &str| {
            let policy = policy(&format!("[[changelog]]\npath = 'a'\nformat = 'debian'\n{more}\n"));
            policy.changelogs[0].required_by.clone()
        };
        assert_eq!(required(""), Classes::None);
        assert_eq!(required("required-by-tag = false"), Classes::None);
        assert!(required("required-by-tag = true").contains("version"));
        assert_eq!(required("required-by-tag = ['version']"), Classes::Named(vec!["version".to_owned()]));
    }

    #[test]
    fn another_word_on_the_same_file_needs_permission() {
        let log = "[[changelog]]\npath = 'a'\nformat = 'debian'\n";
        assert_eq!(layered(log, log), ["another `changelog` for `a` is not left open by `base.toml`"]);
        assert_eq!(layered(&format!("open = ['changelog']\n|{log}"), log), [""; 0]);
    }
}
