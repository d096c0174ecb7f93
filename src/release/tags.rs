//! The release tags of one component, highest version first.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::Error;
use super::builtin::{self, Reading};
use crate::git::{Kind, Repository};
use crate::model::{Namespace, ObjectId, RefName};
use crate::policy::{Policy, TagKind};
use crate::project::Snapshot;
use crate::version::{Version, sort_by};

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
    era: u32,
}

/// All release tags of a component, highest version first.
#[derive(Debug)]
pub struct ReleaseTags {
    pub(super) component: Option<String>,
    pub(super) tags: Vec<ReleaseTag>,
}

impl<'p> Component<'_, 'p> {
    pub(super) fn policy(&self) -> &'p Policy {
        self.refs.project().policy()
    }

    pub(super) fn repository(&self) -> &'p Repository {
        self.refs.project().repository()
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
        (self.scope.is_none() || self.scope == component.as_deref()).then_some(Reading { component, version, era })
    }
}

impl ReleaseTags {
    /// Lists the tags once and reads the tag objects among them; no commit is read. Tags of trees and files are not
    /// releases.
    ///
    /// Where no component is asked for, those without one count. Where there are no such tags and all tags are of one
    /// component (`rel-8.4.0`), that is how this project spells its versions.
    ///
    /// # Errors
    /// No release tag; several components; versions of two schemes; refs or tag objects that cannot be read.
    pub fn read(wanted: Component<'_, '_>) -> Result<Self, Error> {
        let tags = wanted.refs.refs(Namespace::Tag, "")?;
        let mut readings: Vec<(RefName, ObjectId, Reading)> = tags
            .iter()
            .filter_map(|(name, id)| wanted.read(name).map(|reading| (name.clone(), *id, reading)))
            .collect();
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
        let mut tags = Vec::with_capacity(readings.len());
        for (name, id, Reading { component, version, era }) in readings {
            let peeled = wanted.repository().peel(id)?;
            if peeled.kind == Kind::Commit {
                tags.push(ReleaseTag { name, component, version, commit: peeled.id, era });
            }
        }
        if tags.is_empty() {
            return Err(Error::NoTags(component));
        }
        sort(&mut tags)?;
        Ok(Self { component, tags })
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
