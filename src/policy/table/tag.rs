//! `[[tag]]`: the classes of tags, and which versions their tags name.

use bstr::{BStr, BString};
use schemars::JsonSchema;
use serde::Deserialize;
use std::borrow::Cow;

use super::form::{Many, Table};
use super::merge::Named;
use super::permissions::{Permissions, RawTagMay};
use crate::model::did_you_mean;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::pattern::{Bindings, Pattern};
use crate::policy::spelled::Spelled;
use crate::policy::text::{LineName, Located, Meaning, NewName, Template, Text, Texts};
use crate::version::{SCHEMES, Scheme, Version, spell_release};

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
    /// Returns the word the policy uses.
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
    /// Returns the word that messages use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Final => "final version",
            Self::PreRelease => "pre-release",
            Self::Dev => "development version",
        }
    }
}

/// A class of tags. The first class counts that has a pattern which matches the tag's name, a scheme that reads the
/// version in it, and takes versions of that kind.
///
/// ```toml
/// [[tag]]
/// name = "version"
/// tag = "v{version}"
/// scheme = "semver"
/// line = "release"
/// series = "{major}.{minor}"
/// object = "annotated"
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawTag {
    /// What messages and other tables call it.
    #[schemars(example = &"version")]
    #[schemars(extend("x-also" = "messages, and the tables that name the class"))]
    name: Located<Text<NewName>>,
    /// The tags it has, without `refs/tags/`.
    #[schemars(example = &"{scope}-{version}")]
    #[schemars(extend("x-rules" = ["unlisted-tag"], "x-also" = "everything that is asked about tags"))]
    tag: Located<Texts<Pattern>>,
    /// What its tags are for.
    #[serde(default)]
    #[schemars(example = &"marker", extend("default" = "version"))]
    #[schemars(extend("x-rules" = ["misplaced-tag", "mismatched-tag", "floating-image"], "x-also" = "which rules judge its tags at all"))]
    kind: TagKind,
    /// How its versions are read and ordered. A class whose patterns have `{version}` needs one.
    #[schemars(example = &"calver:YYYY.MM.MICRO")]
    #[schemars(extend("x-rules" = ["unlisted-tag", "out-of-order-tag", "duplicate-version", "mismatched-tag", "version-gap"], "x-also" = "`refgate version`, `refgate release-plan`"))]
    scheme: Option<Located<Text<Scheme>>>,
    /// A second scheme that has to be able to read its versions too: PEP 440 versions that are Semantic Versions as well.
    #[schemars(example = &"semver")]
    #[schemars(extend("x-rules" = ["unlisted-tag"]))]
    valid_as: Option<Located<Text<Scheme>>>,
    /// Which kinds of version it takes.
    #[schemars(example = ["final"], extend("default" = ["final", "pre-release"]))]
    #[schemars(extend("x-rules" = ["unlisted-tag"]))]
    accepts: Option<Vec<Stability>>,
    /// Further spellings of the same versions: a second tag of one of these on the same commit is not a duplicate.
    #[schemars(example = &"v{version}")]
    #[schemars(extend("x-rules" = ["duplicate-version"]))]
    alias: Option<Located<Texts<Pattern>>>,
    /// The component whose versions these are, where no `{scope}` in the pattern says it. Versions of different scopes
    /// are never compared.
    #[schemars(example = &"server")]
    #[schemars(extend("x-rules" = ["out-of-order-tag", "duplicate-version", "version-gap", "mismatched-tag"], "x-also" = "`refgate version`, `refgate release-plan`"))]
    scope: Option<String>,
    /// Where a project began to count again: versions of a later era are above all of an earlier one.
    #[serde(default)]
    #[schemars(example = 1)]
    #[schemars(extend("x-rules" = ["out-of-order-tag", "version-gap"], "x-also" = "`refgate version`, `refgate release-plan`, `refgate where`"))]
    era: u32,
    /// The versions that form one series.
    #[schemars(example = &"{major}.{minor}")]
    #[schemars(extend("x-rules" = ["out-of-order-tag", "stranded-changelog"], "x-also" = "`refgate where`"))]
    series: Option<Located<Text<Template>>>,
    /// The series that hotfixes form within it: 5.2.4.6 follows 5.2.4.5 although there is a 5.2.5.
    #[schemars(example = &"{major}.{minor}.{patch}")]
    #[schemars(extend("x-rules" = ["out-of-order-tag"]))]
    hotfix_series: Option<Located<Text<Template>>>,
    /// How many commits a tag may hang off its branch: a release commit that was tagged and never pushed to it.
    #[serde(default)]
    #[schemars(example = 1)]
    #[schemars(extend("x-rules" = ["misplaced-tag", "reserved-version", "stranded-changelog"]))]
    off_branch_commits: usize,
    /// The lines its tags must sit on; one that contains the commit is enough.
    #[schemars(example = ["release", "main"], extend("x-default" = "any branch or none"))]
    #[schemars(extend("x-rules" = ["misplaced-tag", "misplaced-branch", "unlanded-fix", "unrepaired-pick"], "x-also" = "`refgate version`, `refgate release-plan`"))]
    line: Option<Located<Texts<LineName>>>,
    /// Which objects its tags may be.
    #[serde(default)]
    #[schemars(example = &"annotated", extend("default" = "any"))]
    #[schemars(extend("x-rules" = ["lightweight-tag"]))]
    object: TagObject,
    /// Who may do what.
    #[serde(default)]
    may: RawTagMay,
    /// Whether its tags may be deleted. Naming somebody in `may.delete` makes them so, too.
    #[serde(default)]
    #[schemars(example = true)]
    #[schemars(extend("x-rules" = ["deleted-ref"]))]
    deletable: bool,
    /// Whether its tags may be moved. Naming somebody in `may.move` makes them so, too.
    #[serde(default)]
    #[schemars(example = true)]
    #[schemars(extend("x-rules" = ["moved-tag"]))]
    movable: bool,
    /// What a push of its tags publishes (`refgate release-plan`).
    #[schemars(example = &"none", extend("x-default" = "`\"release\"` where its tags name versions, else `\"none\"`"))]
    #[schemars(extend("x-also" = "`refgate release-plan`"))]
    publishes: Option<Located<TagPublishes>>,
}

/// A class of tags.
#[derive(Clone, Debug)]
pub struct TagClass {
    /// What messages and other tables call it.
    pub name: String,
    /// The tags it has, without `refs/tags/`.
    pub patterns: Vec<Pattern>,
    /// What its tags are for.
    pub kind: TagKind,
    /// How its versions are read; `None` for a class whose patterns hold no `{version}`.
    pub scheme: Option<Scheme>,
    /// A second scheme that has to be able to read them too.
    pub valid_as: Option<Scheme>,
    /// Further spellings of the same versions: a second tag of one of these on the same commit is not a duplicate.
    pub aliases: Vec<Pattern>,
    /// The component whose versions these are; versions of different scopes are never compared. What `{scope}`
    /// binds goes before.
    pub scope: String,
    /// Where a project began to count again: versions of a later era are above all of an earlier one.
    pub era: u32,
    /// The versions that form one series: `{major}.{minor}`.
    pub series: Option<String>,
    /// The series within a series that hotfixes form: `{major}.{minor}.{patch}` where 5.2.4.6 follows 5.2.4.5
    /// although there is a 5.2.5.
    pub hotfix_series: Option<String>,
    /// How many commits a tag may hang off its branch: a release commit that was tagged and never pushed to it.
    pub off_branch_commits: usize,
    /// Which kinds of version it takes.
    pub accepts: Vec<Stability>,
    /// The lines its tags must sit on; empty leaves it open.
    pub lines: Vec<String>,
    /// Which objects its tags may be.
    pub object: TagObject,
    /// Who may do what.
    pub may: Permissions,
    /// Whether its tags may be deleted at all.
    pub deletable: bool,
    /// Whether its tags may be moved at all.
    pub movable: bool,
    /// What a push of its tags publishes.
    pub publishes: TagPublishes,
    /// Where the policy says it.
    pub origin: Origin,
    /// Where it lists the tags.
    pub tags_at: Origin,
}

/// A tag's place in the policy.
#[derive(Clone, Debug)]
pub struct TagMatch<'p> {
    /// The class.
    pub class: &'p TagClass,
    /// What its pattern bound, and the components of its version.
    pub bindings: Bindings,
    /// The version it names; `None` for a class without `{version}`.
    pub version: Option<Version>,
    /// Whether the name is one of the class's further spellings.
    pub alias: bool,
}

impl TagMatch<'_> {
    /// Returns the component that the version is of.
    pub fn scope(&self) -> BString {
        self.bindings.get("scope").cloned().unwrap_or_else(|| self.class.scope.as_str().into())
    }

    /// Returns the key of the series that the version belongs to; `None` where the class declares none.
    pub fn series(&self) -> Option<String> {
        // The template was tried when the policy was read.
        self.version.as_ref()?.series_key(self.class.series.as_ref()?).ok()
    }

    /// Returns the key of the series of hotfixes, for a version that is one: it has more numbers than the template names, or
    /// is a post-release (`2.6.10-1`, `2.6.10.post1`).
    pub fn hotfix(&self) -> Option<String> {
        let (version, template) = (self.version.as_ref()?, self.class.hotfix_series.as_ref()?);
        let named = template.matches('{').count();
        (version.release().len() > named || version.is_post_release())
            .then(|| version.series_key(template).ok())
            .flatten()
    }
}

impl TagClass {
    /// Returns why a version that was read from `text` is not one of the second scheme; `None` where it is. What is written
    /// in another way there, as `1.2.0rc1` is in SemVer, has to have as many numbers.
    pub(crate) fn why_invalid(&self, version: &Version, text: &str) -> Option<String> {
        let other = self.valid_as.as_ref()?;
        let as_written = other.read(text).err()?;
        let spelled = spell_release(version, other.native()).ok().and_then(|spelled| other.read(&spelled).ok());
        let is_same = spelled.is_some_and(|spelled| spelled.release() == version.release());
        (!is_same).then(|| as_written.to_string())
    }

    pub(crate) fn matches(&self, name: &BStr) -> Option<TagMatch<'_>> {
        let own = self.patterns.iter().map(|pattern| (pattern, false));
        let aliases = self.aliases.iter().map(|pattern| (pattern, true));
        own.chain(aliases).find_map(|(pattern, alias)| self.read(pattern, name, alias))
    }

    /// Reads a name by one of the patterns. Of the ways in which it comes apart the first counts whose version has more
    /// than one number: that of `gtk-3-3.24.1` is 3.24.1, although `3-3.24.1` can be read as well.
    fn read(&self, pattern: &Pattern, name: &BStr, alias: bool) -> Option<TagMatch<'_>> {
        let mut short = None;
        for mut bindings in pattern.readings(name) {
            let Some((scheme, text)) = self.scheme.as_ref().zip(bindings.get("version")) else {
                return Some(TagMatch { class: self, bindings, version: None, alias });
            };
            let Ok(text) = std::str::from_utf8(text) else { continue };
            let version = scheme.read_ref(text).ok().filter(|version| self.why_invalid(version, text).is_none());
            let Some(version) = version.filter(|version| self.accepts.contains(&stability(version))) else { continue };
            for key in ["major", "minor", "patch", "micro", "year", "quarter", "month"] {
                if let Some(value) = version.component(key) {
                    bindings.entry(key).or_insert_with(|| value.into());
                }
            }
            let has_more = version.release().len() > 1;
            let found = TagMatch { class: self, bindings, version: Some(version), alias };
            if has_more {
                return Some(found);
            }
            short.get_or_insert(found);
        }
        short
    }
}

pub(crate) fn stability(version: &Version) -> Stability {
    if version.is_dev() {
        Stability::Dev
    } else if version.is_prerelease() {
        Stability::PreRelease
    } else {
        Stability::Final
    }
}

/// The table `[[tag]]`.
#[derive(Debug)]
pub(crate) enum Tags {}

impl Table for Tags {
    const KEY: &'static str = "tag";
    const OPENS: bool = true;
    type Written = Many<RawTag>;
    type Resolved = Vec<TagClass>;

    fn resolve(layers: &[&Many<RawTag>], cx: &mut Cx<'_>) -> Vec<TagClass> {
        let named =
            Named { word: Self::KEY, title: "tag class", plural: "tag classes", name: |raw: &RawTag| &raw.name };
        let classes = named.merge(layers, cx, resolve);
        let names_versions = |class: &TagClass| (class.name.clone(), class.kind == TagKind::Version);
        cx.names.classes = classes.iter().map(names_versions).collect();
        classes
    }
}

fn resolve(raw: &RawTag, origin: Origin, cx: &mut Cx<'_>) -> TagClass {
    let patterns = cx.refs(&raw.tag, Spelled::Tag);
    let scheme = raw.scheme.as_ref().and_then(|text| cx.value(Scheme::parse(text.text()), text.span()));
    let versioned = patterns.iter().any(|pattern| pattern.placeholders().contains(&"version"));
    if versioned && raw.scheme.is_none() && raw.kind == TagKind::Version {
        let message = format!("the tag class `{}` has `{{version}}` but no scheme to read it by", raw.name.text());
        let help = format!("add `scheme = \"…\"`, which is {}", Scheme::choices());
        cx.report(Problem::new(raw.tag.span(), message).help(help));
    }
    if let Some(scheme) = raw.scheme.as_ref().filter(|_| !versioned) {
        let message = "a scheme reads what `{version}` matches, and no pattern of this class has it";
        cx.report(Problem::new(scheme.span(), message));
    }
    let may = raw.may.resolve(cx);
    TagClass {
        name: raw.name.text().to_owned(),
        patterns,
        kind: raw.kind,
        aliases: raw.alias.as_ref().map(|alias| cx.refs(alias, Spelled::Tag)).unwrap_or_default(),
        scope: raw.scope.clone().unwrap_or_default(),
        era: raw.era,
        series: template(raw.series.as_ref(), scheme.as_ref(), cx),
        hotfix_series: template(raw.hotfix_series.as_ref(), scheme.as_ref(), cx),
        off_branch_commits: raw.off_branch_commits,
        scheme,
        valid_as: raw.valid_as.as_ref().and_then(|text| cx.value(Scheme::parse(text.text()), text.span())),
        accepts: raw.accepts.clone().unwrap_or_else(|| vec![Stability::Final, Stability::PreRelease]),
        lines: raw.line.as_ref().map(|names| cx.lines(names)).unwrap_or_default(),
        object: raw.object,
        deletable: raw.deletable || may.delete.is_some(),
        movable: raw.movable || may.rewrite.is_some(),
        publishes: publishes(raw, versioned, cx),
        may,
        origin,
        tags_at: cx.origin(&raw.tag.span()),
    }
}

/// A class whose tags name no versions has nothing to publish.
fn publishes(raw: &RawTag, versioned: bool, cx: &mut Cx<'_>) -> TagPublishes {
    let names_versions = versioned && raw.kind == TagKind::Version;
    match &raw.publishes {
        Some(publishes) if *publishes.get_ref() == TagPublishes::Release && !names_versions => {
            let message = "this class names no versions: there is nothing to release";
            cx.report(Problem::new(publishes.span(), message));
            TagPublishes::None
        }
        Some(publishes) => *publishes.get_ref(),
        None if names_versions => TagPublishes::Release,
        None => TagPublishes::None,
    }
}

/// A template over the numbers of a scheme's versions.
fn template(template: Option<&Located<Text<Template>>>, scheme: Option<&Scheme>, cx: &mut Cx<'_>) -> Option<String> {
    let template = template?;
    let Some(scheme) = scheme else {
        cx.report(Problem::new(template.span(), "a series needs a scheme to read its versions by"));
        return None;
    };
    let known = scheme.component_names();
    let named = template.text().split('{').skip(1).map(|rest| rest.split_once('}').map(|(name, _)| name));
    for name in named {
        let problem = match name {
            Some(name) if known.contains(&name) => continue,
            Some(name) => {
                format!("`{{{name}}}` is not a number of {scheme}{}", did_you_mean(name, known.iter().copied()))
            }
            None => "`{` without a closing `}`".to_owned(),
        };
        cx.report(Problem::new(template.span(), problem));
        return None;
    }
    Some(template.text().to_owned())
}

impl Meaning for Scheme {
    const NAME: &'static str = "SchemeText";
    const TITLE: &'static str = "version scheme";
    fn description() -> Cow<'static, str> {
        let schemes = SCHEMES.iter().map(|entry| {
            let others: String =
                entry.examples.iter().filter(|text| **text != entry.usage).map(|text| format!(", `{text}`")).collect();
            format!("\n- `{}`{others}: {}", entry.usage, entry.summary)
        });
        format!("How versions are read and ordered:\n{}", schemes.collect::<String>()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, layered, policy};

    #[test]
    fn a_class_without_words_takes_finals_and_pre_releases_of_any_object() {
        let policy = policy("[[tag]]\nname = 'eol'\ntag = '{major}.{minor}-eol'\nkind = 'marker'\n");
        let [version, marker] = policy.tags.as_slice() else { panic!() };
        assert_eq!(version.accepts, [Stability::Final, Stability::PreRelease]);
        assert_eq!((version.object, version.publishes), (TagObject::Any, TagPublishes::Release));
        assert_eq!((marker.scheme.is_none(), marker.publishes), (true, TagPublishes::None));
    }

    #[test]
    fn a_scheme_and_its_versions_belong_together() {
        let tag = |more: &str| errors(&format!("[[tag]]\nname = 'a'\n{more}\n"));
        assert_eq!(tag("tag = '{version}'"), ["3:7: the tag class `a` has `{version}` but no scheme to read it by"]);
        assert_eq!(
            tag("tag = 'a'\nscheme = 'semver'"),
            ["4:10: a scheme reads what `{version}` matches, and no pattern of this class has it"]
        );
        assert_eq!(tag("tag = '{version}'\nscheme = 'semvar'").len(), 1);
        assert_eq!(
            tag("tag = '{version}'\nscheme = 'semver'\nseries = '{mayor}'"),
            ["5:10: `{mayor}` is not a number of semver; did you mean `major`?"]
        );
        assert_eq!(tag("tag = 'a'\nseries = '{major}'"), ["4:10: a series needs a scheme to read its versions by"]);
        assert_eq!(
            tag("tag = 'a'\npublishes = 'release'"),
            ["4:13: this class names no versions: there is nothing to release"]
        );
        assert_eq!(tag("tag = '{version}'\nscheme = 'semver'\nline = 'mian'").len(), 1);
    }

    #[test]
    fn a_scope_that_ends_in_a_number_is_told_from_the_version() {
        for scheme in ["semver", "dotted", "pep440"] {
            let class = format!(
                "[[tag]]\nname = 'x'\ntag = ['{{scope}}-v{{version}}', '{{scope}}-{{version}}']\nscheme = '{scheme}'\n"
            );
            let policy = policy(&class);
            let read = |name: &str| {
                let found = policy.tags[1].matches(name.into())?;
                Some((found.scope().to_string(), found.version?.to_string()))
            };
            let both = |scope: &str, version: &str| Some((scope.to_owned(), version.to_owned()));
            assert_eq!(read("gtk-3-3.24.1"), both("gtk-3", "3.24.1"), "{scheme}");
            assert_eq!(read("storage-v2-v1.0.0"), both("storage-v2", "1.0.0"), "{scheme}");
            assert_eq!(read("storage-ui-0.10.0-rc.3"), both("storage-ui", "0.10.0-rc.3"), "{scheme}");
            assert_eq!(read("gtk-3-x"), None, "{scheme}");
        }
    }

    #[test]
    fn a_debian_tag_is_read_as_dep_14_writes_it() {
        let policy = policy("[[tag]]\nname = 'd'\ntag = 'debian/{version}'\nscheme = 'debian'\n");
        let read = |name: &str| Some(policy.tags[1].matches(name.into())?.version?.to_string());
        assert_eq!(read("debian/4%4.6.6-5").as_deref(), Some("4:4.6.6-5"));
        assert_eq!(read("debian/1.0_rc1-1").as_deref(), Some("1.0~rc1-1"));
        assert_eq!(read("debian/1.0-1").as_deref(), Some("1.0-1"));
    }

    #[test]
    fn a_class_of_a_lower_layer_needs_permission() {
        let tag = "[[tag]]\nname = 'any'\ntag = '**'\nkind = 'ignore'\n";
        assert_eq!(layered("", tag), ["the tag class `any` is not left open by `base.toml`"]);
        assert_eq!(layered("open = ['tag']\n|", tag), [""; 0]);
    }
}
