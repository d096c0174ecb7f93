//! Tag classes and series: which versions there are, and where they belong.

use bstr::{BStr, BString};

use super::{Bindings, Pattern, Permissions, Stability, TagKind, TagObject, TagPublishes};
use crate::version::{Range, Scheme, Version};

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
    /// Further spellings of the same versions: a second tag of one of these on the same commit is no duplicate.
    pub aliases: Vec<Pattern>,
    /// The component whose versions these are; versions of different scopes are never compared. What `{scope}`
    /// binds goes before.
    pub scope: String,
    /// Where a project began to count anew: versions of a later era are above all of an earlier one.
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

/// Versions whose place no pattern tells: `1.1.3` and up on master, `1.2.0` reserved.
#[derive(Clone, Debug)]
pub struct Series {
    /// The versions.
    pub versions: Range,
    /// The tag class they belong to; `None` for every class.
    pub class: Option<String>,
    /// The lines, by name, and the branches, by pattern, that they sit on; empty leaves it to the class.
    pub places: Vec<Place>,
    /// What they are kept for: nobody else may use them.
    pub reserved_for: Option<String>,
}

/// Where versions of a series sit.
#[derive(Clone, Debug)]
pub enum Place {
    /// Any branch of this line.
    Line(String),
    /// Branches of this pattern.
    Branch(Pattern),
}

impl TagMatch<'_> {
    /// The component that the version is of.
    pub fn scope(&self) -> BString {
        self.bindings.get("scope").cloned().unwrap_or_else(|| self.class.scope.as_str().into())
    }

    /// The key of the series that the version belongs to; `None` where the class declares none.
    pub fn series(&self) -> Option<String> {
        // The template was tried when the policy was read.
        self.version.as_ref()?.series_key(self.class.series.as_ref()?).ok()
    }

    /// The key of the series of hotfixes, for a version that is one: it has more numbers than the template names.
    pub fn hotfix(&self) -> Option<String> {
        let (version, template) = (self.version.as_ref()?, self.class.hotfix_series.as_ref()?);
        let named = template.matches('{').count();
        (version.release().len() > named).then(|| version.series_key(template).ok()).flatten()
    }
}

impl TagClass {
    pub(super) fn matches(&self, name: &BStr) -> Option<TagMatch<'_>> {
        let own = self.patterns.iter().map(|pattern| (pattern, false));
        let aliases = self.aliases.iter().map(|pattern| (pattern, true));
        own.chain(aliases).find_map(|(pattern, alias)| {
            let mut bindings = pattern.matches(name)?;
            let Some((scheme, text)) = self.scheme.as_ref().zip(bindings.get("version")) else {
                return Some(TagMatch { class: self, bindings, version: None, alias });
            };
            let version = scheme.read(std::str::from_utf8(text).ok()?).ok()?;
            if !self.accepts.contains(&stability(&version)) {
                return None;
            }
            for key in ["major", "minor", "patch", "micro", "year", "quarter", "month"] {
                if let Some(value) = version.component(key) {
                    bindings.entry(key).or_insert_with(|| value.into());
                }
            }
            Some(TagMatch { class: self, bindings, version: Some(version), alias })
        })
    }
}

pub(super) fn stability(version: &Version) -> Stability {
    if version.is_dev() {
        Stability::Dev
    } else if version.is_prerelease() {
        Stability::PreRelease
    } else {
        Stability::Final
    }
}
