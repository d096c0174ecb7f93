//! `[[version-field]]`: where the project's own version stands in the tree.

use schemars::JsonSchema;
use serde::Deserialize;

use super::form::{Many, Table};
use super::merge::by_files;
use crate::manifest;
use crate::policy::actors::ActorSet;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::path::PathPattern;
use crate::policy::text::{ClassName, Expression, KindName, LineName, Located, Text, Texts};

/// Where the project's own version stands in the tree, and who may change it there. Without `changed-by`, `may` and
/// `only-on` nobody may: every edit is one by hand.
///
/// ```toml
/// [[version-field]]
/// path = "Cargo.toml"
/// changed-by = ["release"]
///
/// [[version-field]]
/// path = "src/version.h"
/// pattern = '(?m)^#define VERSION "(?P<version>[^"]+)"$'
/// agrees = "prefix"
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawVersionField {
    /// The files. Which manifest they are is told by their names.
    #[schemars(example = ["setup.py", "charts/{scope}/Chart.yaml"])]
    #[schemars(extend("x-rules" = ["mismatched-tag", "hand-edited-version"]))]
    path: Located<Texts<PathPattern>>,
    /// For any other file: an expression with the group `version` that matches exactly once.
    #[schemars(example = &r"(?m)^VERSION = (?P<version>\S+)$")]
    #[schemars(extend("x-rules" = ["mismatched-tag", "hand-edited-version"]))]
    pattern: Option<Located<Text<Expression>>>,
    /// For a version in parts: the named groups of the pattern are joined by this.
    #[schemars(example = &".")]
    #[schemars(extend("x-rules" = ["mismatched-tag", "hand-edited-version"]))]
    join: Option<Located<String>>,
    /// The names to look for where the manifest leaves the name to the project: variables of a makefile, keys.
    #[schemars(example = ["PACKAGE_VERSION"])]
    #[schemars(extend("x-rules" = ["mismatched-tag", "hand-edited-version"]))]
    names: Option<Vec<String>>,
    /// Whether the file need not be there.
    #[serde(default)]
    #[schemars(example = true)]
    #[schemars(extend("x-rules" = ["mismatched-tag", "hand-edited-version"]))]
    optional: bool,
    /// How it has to agree with the tag on its tree.
    #[serde(default)]
    #[schemars(example = &"no", extend("default" = "exact"))]
    #[schemars(extend("x-rules" = ["mismatched-tag"]))]
    agrees: Agreement,
    /// The same for the tags of pre-releases, where it is another: `no` where a candidate is tagged before the version is set.
    #[schemars(example = &"no", extend("x-default" = "what `agrees` says"))]
    #[schemars(extend("x-rules" = ["mismatched-tag"]))]
    agrees_before: Option<Agreement>,
    /// The tag classes it has to agree with.
    #[schemars(example = &"version", extend("x-default" = "every class of versions"))]
    #[schemars(extend("x-rules" = ["mismatched-tag"]))]
    tag: Option<Located<Texts<ClassName>>>,
    /// The kinds of change that may edit it; every other edit is one by hand.
    #[schemars(example = ["release"])]
    #[schemars(extend("x-rules" = ["hand-edited-version"]))]
    changed_by: Option<Located<Texts<KindName>>>,
    /// Who may edit it.
    #[schemars(example = &"@release-managers")]
    #[schemars(extend("x-rules" = ["hand-edited-version"]))]
    may: Option<Located<Texts<ActorSet>>>,
    /// The lines on which it may be edited.
    #[schemars(example = &"release")]
    #[schemars(extend("x-rules" = ["hand-edited-version"]))]
    only_on: Option<Located<Texts<LineName>>>,
}

/// How a version field has to agree with the tag on its tree.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
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
    /// How to find the version in a file that is not a known manifest.
    pub pattern: Option<manifest::Pattern>,
    /// Names to look for in kinds of manifest that leave the name to the project.
    pub hints: manifest::Hints,
    /// Whether the file need not be there.
    pub optional: bool,
    /// How it has to agree with tags.
    pub agrees: Agreement,
    /// How it has to agree with those of pre-releases.
    pub agrees_before: Agreement,
    /// The tag classes it has to agree with; empty for all.
    pub classes: Vec<String>,
    /// The kinds of change that may edit it; `None` restricts it to none unless actors or lines are named.
    pub changed_by: Option<Vec<String>>,
    /// Who may edit it.
    pub may: Option<ActorSet>,
    /// The lines on which it may be edited.
    pub only_on: Option<Vec<String>>,
    /// Where the policy says it.
    pub origin: Origin,
}

impl VersionField {
    /// Returns whether the policy lets anybody edit it at all.
    pub fn is_editable(&self) -> bool {
        self.changed_by.is_some() || self.may.is_some() || self.only_on.is_some()
    }
}

/// The table `[[version-field]]`.
#[derive(Debug)]
pub(crate) enum VersionFields {}

impl Table for VersionFields {
    const KEY: &'static str = "version-field";
    const OPENS: bool = true;
    type Written = Many<RawVersionField>;
    type Resolved = Vec<VersionField>;

    fn resolve(layers: &[&Many<RawVersionField>], cx: &mut Cx<'_>) -> Vec<VersionField> {
        let key = |raw: &RawVersionField| {
            let paths = raw.path.texts().join(", ");
            let pattern = raw.pattern.as_ref().map(Located::text).unwrap_or_default();
            (format!("{paths}\n{pattern}"), paths)
        };
        by_files(Self::KEY, layers, cx, key, |raw, origin, cx| Some(resolve(raw, origin, cx)))
    }
}

fn resolve(raw: &RawVersionField, origin: Origin, cx: &mut Cx<'_>) -> VersionField {
    let paths = cx.paths(&raw.path);
    if raw.pattern.is_none() {
        if let Some(join) = &raw.join {
            cx.report(Problem::new(join.span(), "`join` puts the groups of a `pattern` together"));
        }
        known_manifests(&raw.path, cx);
    }
    let join = raw.join.as_ref().map(|join| join.get_ref().as_str());
    let pattern = raw.pattern.as_ref();
    let pattern = pattern.and_then(|text| cx.value(manifest::Pattern::new(text.text(), join), text.span()));
    VersionField {
        paths,
        pattern,
        hints: manifest::Hints { names: raw.names.clone().unwrap_or_default() },
        optional: raw.optional,
        agrees: raw.agrees,
        agrees_before: raw.agrees_before.unwrap_or(raw.agrees),
        classes: raw.tag.as_ref().map(|names| cx.version_classes(names)).unwrap_or_default(),
        changed_by: raw.changed_by.as_ref().map(|kinds| cx.kinds(kinds)),
        may: cx.actors(raw.may.as_ref()),
        only_on: raw.only_on.as_ref().map(|names| cx.lines(names)),
        origin,
    }
}

/// A file that no reader knows would never be looked at.
fn known_manifests(paths: &Located<Texts<PathPattern>>, cx: &mut Cx<'_>) {
    for text in paths.texts() {
        let open = text.starts_with("regex:") || text.rsplit('/').next().is_some_and(|name| name.contains(['*', '{']));
        if !open && manifest::Kind::of_path(text.as_str().into()).is_none() {
            let message = format!("`{text}` is not a manifest that refgate knows");
            let help = r"say where its version stands: `pattern = '(?m)^VERSION = (?P<version>\S+)$'`";
            let known: Vec<String> =
                manifest::Kind::all().flat_map(|kind| kind.files().iter().map(ToString::to_string)).collect();
            cx.report(Problem::new(paths.span(), message).help(format!("{help}; known are {}", known.join(", "))));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn a_file_is_a_known_manifest_or_has_a_pattern() {
        let field = |more: &str| errors(&format!("[[version-field]]\n{more}\n"));
        assert_eq!(field("path = ['setup.py', '**/Chart.yaml']"), [""; 0]);
        assert_eq!(field("path = 'VERSIONS.h'"), ["2:8: `VERSIONS.h` is not a manifest that refgate knows"]);
        assert_eq!(field("path = 'v.h'\npattern = 'V (?P<version>.*)'"), [""; 0]);
        assert_eq!(field("path = 'v.h'\npattern = 'V (.*)'").len(), 1);
        assert_eq!(field("path = 'setup.py'\njoin = '.'").len(), 1);
        assert_eq!(field("path = []"), ["2:8: the list is empty: it matches nothing"]);
        assert_eq!(
            field("path = 'setup.py'\ntag = 'versoin'"),
            ["3:7: there is no class of version tags named `versoin`; did you mean `version`?"]
        );
        assert_eq!(field("path = 'setup.py'\nonly-on = 'mian'").len(), 1);
        assert_eq!(field("path = 'setup.py'\nchanged-by = 'relaese'").len(), 1);
    }

    #[test]
    fn nobody_may_edit_a_field_unless_it_is_said() {
        let field = |more: &str| policy(&format!("[[version-field]]\npath = 'setup.py'\n{more}\n"));
        assert!(!field("").version_fields[0].is_editable());
        assert_eq!(field("").version_fields[0].agrees, Agreement::Exact);
        assert_eq!(field("agrees = 'prefix'").version_fields[0].agrees_before, Agreement::Prefix);
        assert!(field("changed-by = 'release'").version_fields[0].is_editable());
    }

    #[test]
    fn another_word_on_the_same_files_needs_permission() {
        let field = "[[version-field]]\npath = 'setup.py'\n";
        assert_eq!(layered(field, field), ["another `version-field` for `setup.py` is not left open by `base.toml`"]);
        assert_eq!(layered("", field), [""; 0]);
        assert_eq!(errors(&field.repeat(2)), ["3:1: there are two entries `version-field` for `setup.py`"]);
    }
}
