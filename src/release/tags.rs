//! The release tags of one component, highest version first.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Error;
use super::builtin::{self, Reading};
use crate::git::{Kind, Repository};
use crate::model::{Namespace, ObjectId, RefName};
use crate::policy::{Policy, TagClass, TagKind};
use crate::project::Snapshot;
use crate::version::{Scheme, Version, sort_by, without_v};

/// Whose versions are meant: in a repository of several components each has its own.
#[derive(Clone, Copy)]
pub struct Component<'a, 'p> {
    /// The refs, and the policy whose tag classes read the tags; the built-in ones do where it has none.
    pub refs: &'a Snapshot<'p>,
    /// The component's name; `None` for tags that do not name a component.
    pub scope: Option<&'a str>,
}

/// A tag that names a version.
#[derive(Clone, Debug)]
pub struct ReleaseTag {
    /// Its ref.
    pub name: RefName,
    /// The component that its name gives.
    pub component: Option<String>,
    /// The version it names.
    pub version: Version,
    /// The commit it is about.
    pub commit: ObjectId,
    pub(super) era: u32,
}

/// All release tags of a component, highest version first.
#[derive(Debug)]
pub struct ReleaseTags {
    pub(super) component: Option<String>,
    pub(super) tags: Vec<ReleaseTag>,
    /// Where no tag is read as a version: how many there are, and one of them.
    pub(super) unread: Option<(usize, RefName)>,
    /// Whether it is doubtful that they name versions: each is a single number.
    pub(super) are_doubtful: bool,
}

impl<'p> Component<'_, 'p> {
    pub(super) fn policy(&self) -> &'p Policy {
        self.refs.project().policy()
    }

    pub(super) fn repository(&self) -> &'p Repository {
        self.refs.project().repository()
    }

    /// Returns the component that is meant where a branch is asked about: the one that was named, or else the one that the
    /// branch's pattern binds.
    ///
    /// # Errors
    /// Another component was named than the branch is of.
    pub(crate) fn of_branch(&self, branch: Option<&RefName>) -> Result<Option<String>, Error> {
        let asked = self.scope.map(str::to_owned);
        let place = branch.and_then(|name| Some((name, self.policy().line_of(name)?)));
        let bound = place.and_then(|(name, place)| Some((name, place.bindings.get("scope")?.to_string())));
        match (asked, bound) {
            (Some(asked), Some((branch, bound))) if asked != bound => {
                Err(Error::Scope { branch: branch.clone(), bound, asked })
            }
            (asked, bound) => Ok(asked.or(bound.map(|(_, bound)| bound))),
        }
    }

    /// Reads what the first release will be, by the scheme of the first class of its versions.
    ///
    /// # Errors
    /// It is not a version of that scheme, or it is a development version.
    pub(crate) fn first(&self, text: &str) -> Result<Version, Error> {
        let is_own = |class: &&TagClass| {
            class.kind == TagKind::Version
                && (self.scope.is_none() || class.scope.is_empty() || self.scope == Some(&class.scope))
        };
        let scheme = self.policy().tags.iter().filter(is_own).find_map(|class| class.scheme.clone());
        let version = scheme.unwrap_or_else(Scheme::pep440).read(without_v(text))?;
        if version.is_dev() { Err(Error::FirstDev(text.to_owned())) } else { Ok(version) }
    }

    /// Reads one tag's name; `None` for a tag that does not name a version of this component.
    pub(super) fn read(&self, name: &RefName) -> Option<Reading> {
        let policy = self.policy();
        if policy.tags.is_empty() {
            return builtin::read(name.short(), self.scope);
        }
        let found = policy.tag_of(name).filter(|found| found.class.kind == TagKind::Version)?;
        let scope = found.scope();
        let component = (!scope.is_empty()).then(|| scope.to_string());
        let (version, era) = (found.version?, found.class.era);
        let is_asked = self.scope.is_none() || self.scope == component.as_deref();
        is_asked.then_some(Reading { component, version, era, is_doubtful: false })
    }
}

impl ReleaseTags {
    /// Lists the tags once and reads the tag objects among them; no commit is read. Tags of trees and files are not
    /// releases.
    ///
    /// Where no component is asked for, those without one count. Where there are no such tags and all tags are of one
    /// component (`skaha-8.4.0`), that is how this project spells its versions.
    ///
    /// # Errors
    /// Several components; versions of two schemes; refs or tag objects that cannot be read.
    pub fn read(wanted: Component<'_, '_>) -> Result<Self, Error> {
        let tags = wanted.refs.refs(Namespace::Tag, "")?;
        let mut readings: Vec<(RefName, ObjectId, Reading)> = tags
            .iter()
            .filter_map(|(name, id)| wanted.read(name).map(|reading| (name.clone(), *id, reading)))
            .collect();
        let is_unread = |(name, _): &&(RefName, ObjectId)| wanted.read(name).is_none();
        let unread = tags.iter().find(is_unread).filter(|_| readings.is_empty() && wanted.scope.is_none());
        let unread = unread.map(|(name, _)| (tags.len(), name.clone()));
        let mut component = wanted.scope.map(str::to_owned);
        if component.is_none() && readings.iter().all(|(.., reading)| reading.component.is_some()) {
            let components: BTreeSet<&String> =
                readings.iter().filter_map(|(.., reading)| reading.component.as_ref()).collect();
            if components.len() > 1 {
                return Err(Error::Components(components.into_iter().cloned().collect()));
            }
            component = components.into_iter().next().cloned();
        }
        readings.retain(|(.., reading)| reading.component == component);
        let are_doubtful = readings.iter().all(|(.., reading)| reading.is_doubtful);
        readings.retain(|(.., reading)| reading.is_doubtful == are_doubtful);
        let mut tags = Vec::with_capacity(readings.len());
        for (name, id, Reading { component, version, era, .. }) in readings {
            let peeled = wanted.repository().peel(id)?;
            if peeled.kind == Kind::Commit {
                tags.push(ReleaseTag { name, component, version, commit: peeled.id, era });
            }
        }
        sort(&mut tags)?;
        Ok(Self { component, tags, unread, are_doubtful })
    }

    /// Returns the error of there being no release tag.
    pub(super) fn none(&self) -> Error {
        match &self.unread {
            Some((count, name)) => Error::Unread { count: *count, name: name.clone() },
            None => Error::NoTags(self.component.clone()),
        }
    }

    /// Returns the tag of the highest version on a commit itself.
    pub fn on(&self, commit: ObjectId) -> Option<&ReleaseTag> {
        self.tags.iter().find(|tag| tag.commit == commit)
    }
}

/// Sorts highest first. Of the spellings of one version the longest comes first: what follows 1.2.0 is below what
/// follows 1.2, and therefore collides with nothing.
fn sort(tags: &mut [ReleaseTag]) -> Result<(), Error> {
    let numbers = |tag: &ReleaseTag| tag.version.release().len();
    sort_by(tags, |a, b| {
        let eras = b.era.cmp(&a.era);
        let versions = if eras == Ordering::Equal { b.version.compare(&a.version)? } else { eras };
        Ok(versions.then_with(|| numbers(b).cmp(&numbers(a))).then_with(|| a.name.cmp(&b.name)))
    })
}
