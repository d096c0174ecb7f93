//! What a policy says of files in the tree: version fields and changelogs.

use bstr::{BStr, BString};

use super::{ActorSet, Bindings, Pattern, PatternError};
use crate::manifest;

/// More `**` than this in one path are a mistake; each doubles the patterns tried.
const MAX_DEEP: usize = 4;

/// Paths of files, in the words of ref patterns. Unlike in refs, `**/` also stands for no directory at all, so that
/// `**/values.yaml` is the one at the root too.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    variants: Vec<Pattern>,
}

impl PathPattern {
    /// Reads a path pattern.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut texts = vec![text.to_owned()];
        if !text.starts_with("regex:") {
            for _ in 0..text.matches("**/").count().min(MAX_DEEP) {
                let shorter: Vec<String> = texts.iter().flat_map(|text| without_one(text)).collect();
                texts.extend(shorter);
                texts.sort();
                texts.dedup();
            }
        }
        let variants = texts.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), variants })
    }

    /// The pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Matches a whole path and says what the placeholders bound.
    pub fn matches(&self, path: &BStr) -> Option<Bindings> {
        self.variants.iter().find_map(|variant| variant.matches(path))
    }

    /// Matches a whole path whose placeholders agree with what is known.
    pub fn matches_with(&self, path: &BStr, known: &Bindings) -> bool {
        let agrees = |variant: &Pattern| variant.matches(path).is_some_and(|bound| Pattern::agrees(&bound, known));
        self.variants.iter().any(agrees)
    }

    /// The paths this can mean; `None` when the tree has to be looked through.
    pub fn instances(&self, known: &Bindings) -> Option<Vec<BString>> {
        let instances: Option<Vec<Vec<BString>>> =
            self.variants.iter().map(|variant| variant.instances(known)).collect();
        instances.map(|found| found.concat())
    }
}

impl<'de> serde::Deserialize<'de> for PathPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(format!("the path `{text}`: {error}")))
    }
}

impl schemars::JsonSchema for PathPattern {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "PathPattern".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// The text with one `**/` left out, in every way there is.
fn without_one(text: &str) -> Vec<String> {
    let whole_component = |at: &usize| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'/');
    let places = text.match_indices("**/").map(|(at, _)| at).filter(whole_component);
    places.map(|at| [text.get(..at), text.get(at + 3..)].into_iter().flatten().collect()).collect()
}

/// How a version field has to agree with the tag on its tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// It says the tag's version, in whatever spelling.
    #[default]
    Exact,
    /// It may leave out the last numbers: `1.15` in the tree of `1.15.9`.
    Prefix,
    /// It need not: the version is filled in by a build.
    No,
}

/// Where a project's own version stands, and who may change it there.
#[derive(Clone, Debug)]
pub struct VersionField {
    /// The files. Placeholders bind what the tag's pattern bound: `charts/{scope}/Chart.yaml`.
    pub paths: Vec<PathPattern>,
    /// How to find the version in a file that is no known manifest.
    pub pattern: Option<manifest::Pattern>,
    /// Names to look for in kinds of manifest that leave the name to the project.
    pub hints: manifest::Hints,
    /// Whether the file need not be there.
    pub optional: bool,
    /// How it has to agree with tags.
    pub agrees: Agreement,
    /// The tag classes it has to agree with; empty for all.
    pub classes: Vec<String>,
    /// The kinds of change that may edit it; `None` restricts it to none unless actors or lines are named.
    pub changed_by: Option<Vec<String>>,
    /// Who may edit it.
    pub may: Option<ActorSet>,
    /// The lines on which it may be edited.
    pub only_on: Option<Vec<String>>,
}

impl VersionField {
    /// Whether the policy lets anybody edit it at all.
    pub fn is_editable(&self) -> bool {
        self.changed_by.is_some() || self.may.is_some() || self.only_on.is_some()
    }
}

/// How a changelog is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangelogFormat {
    /// `debian/changelog`.
    Debian,
    /// Markdown with a heading of level two for each version.
    KeepAChangelog,
}

/// Where changes are written down.
#[derive(Clone, Debug)]
pub struct Changelog {
    /// What it is.
    pub place: Notes,
    /// The tag classes whose versions need an entry.
    pub required_by: Classes,
    /// Where entries have to be brought.
    pub reintegrate: Option<Reintegrate>,
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
    /// Whether a class is one of them.
    pub fn contains(&self, class: &str) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Named(names) => names.iter().any(|name| name == class),
        }
    }
}

/// When an entry has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Due {
    /// The next tag on the line is refused while it is not.
    #[default]
    NextTag,
    /// It is told at the next tag, and holds nothing up.
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

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(path.into()).is_some()
    }

    #[test]
    fn two_stars_are_any_directories_or_none() {
        for path in ["values.yaml", "a/values.yaml", "a/b/values.yaml"] {
            assert!(matches("**/values.yaml", path), "{path}");
        }
        assert!(matches("a/**/c/**/e", "a/c/e"));
        assert!(matches("a/**/c/**/e", "a/b/c/e"));
        assert!(matches("a/**", "a/b/c"));
        assert!(!matches("**/values.yaml", "xvalues.yaml"));
        assert!(!matches("a**/b", "b"));
    }

    #[test]
    fn a_path_of_known_placeholders_needs_no_search() {
        let known: Bindings = [("scope", "skaha".into())].into();
        let paths = |text: &str| PathPattern::parse(text).unwrap().instances(&known);
        assert_eq!(paths("charts/{scope}/Chart.yaml"), Some(vec!["charts/skaha/Chart.yaml".into()]));
        assert_eq!(paths("**/Chart.yaml"), None);
        let pattern = PathPattern::parse("charts/{scope}/Chart.yaml").unwrap();
        assert!(pattern.matches_with("charts/skaha/Chart.yaml".into(), &known));
        assert!(!pattern.matches_with("charts/cavern/Chart.yaml".into(), &known));
    }
}
