//! What is known of versions: the tags there are, and where a tag belongs.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

use bstr::BString;

use super::{FactError, Snapshot};
use crate::git;
use crate::model::{Namespace, ObjectId, RefName};
use crate::policy::{Bindings, Place, Series, TagMatch};
use crate::version::{partition_point, sort_by};

/// A tag among those of its scope.
#[derive(Clone, Debug)]
pub struct Sibling<'a> {
    /// Its ref.
    pub name: RefName,
    /// Its place in the policy, which has a version.
    pub tag: TagMatch<'a>,
    /// The series that the version is of.
    pub series: SeriesKey,
}

/// What a version is ordered within.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SeriesKey {
    /// The versions of one entry of the series table, by its place there.
    Entry(usize),
    /// The versions of one era whose series, where the class declares some, is written like this.
    Class(u32, Option<String>),
}

/// The tags that have versions, by scope, or why those of a scope have no order.
pub(super) type Scopes<'a> = BTreeMap<BString, Result<Scope<'a>, FactError>>;

/// The tags of one scope, lowest first.
pub(super) struct Scope<'a> {
    all: Rc<[Sibling<'a>]>,
    series: BTreeMap<SeriesKey, Rc<[Sibling<'a>]>>,
}

impl<'a> Scope<'a> {
    fn of(sorted: Vec<Sibling<'a>>) -> Self {
        let mut series: BTreeMap<SeriesKey, Vec<Sibling<'a>>> = BTreeMap::new();
        for sibling in &sorted {
            series.entry(sibling.series.clone()).or_default().push(sibling.clone());
        }
        Self { all: sorted.into(), series: series.into_iter().map(|(key, own)| (key, own.into())).collect() }
    }
}

/// Where a tag belongs.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The lines and branches as the policy words them. Empty: anywhere.
    pub wanted: Vec<String>,
    /// The branches there are, with their tips.
    pub branches: Vec<(RefName, ObjectId)>,
    /// The one branch it leads to, where the policy leaves no choice; it need not exist.
    pub only: Option<RefName>,
}

impl<'a> Snapshot<'a> {
    /// Returns the tags whose versions are of the same scope as `tag`'s, `tag` itself included, lowest version first.
    /// Reads the names of all tags once, and no object.
    pub fn siblings(&self, tag: &TagMatch<'a>) -> Result<Rc<[Sibling<'a>]>, FactError> {
        self.of_scope(tag, |scope| Rc::clone(&scope.all))
    }

    /// Returns those of them that are of the same series.
    pub fn siblings_in_series(&self, tag: &TagMatch<'a>) -> Result<Rc<[Sibling<'a>]>, FactError> {
        let series = self.series_key(tag);
        self.of_scope(tag, |scope| scope.series.get(&series).cloned().unwrap_or_default())
    }

    fn of_scope(
        &self,
        tag: &TagMatch<'a>,
        siblings: impl FnOnce(&Scope<'a>) -> Rc<[Sibling<'a>]>,
    ) -> Result<Rc<[Sibling<'a>]>, FactError> {
        let scopes = self.scopes.get((), || self.read_scopes().map(Rc::new))?;
        match scopes.get(&tag.scope()) {
            Some(Ok(scope)) => Ok(siblings(scope)),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(Rc::default()),
        }
    }

    /// Returns the version tags of all scopes that have an order.
    pub(super) fn versions(&self) -> Result<Vec<Sibling<'a>>, FactError> {
        let scopes = self.scopes.get((), || self.read_scopes().map(Rc::new))?;
        Ok(scopes.values().flatten().flat_map(|scope| scope.all.iter().cloned()).collect())
    }

    /// Returns the places, among siblings in their order, of those whose versions equal that of a tag: before them are
    /// the lower ones, after them the higher ones.
    pub fn place_among(&self, siblings: &[Sibling<'a>], tag: &TagMatch<'a>) -> Result<Range<usize>, FactError> {
        let until = |is_before: fn(Ordering) -> bool| {
            partition_point(siblings, |sibling| {
                self.project().step()?;
                self.order(&sibling.tag, tag).map(is_before)
            })
        };
        Ok(until(Ordering::is_lt)?..until(Ordering::is_le)?)
    }

    /// Returns the highest final version that is tagged, with its tag; `None` where there is none. In a repository of
    /// several components, that of any of them.
    pub fn highest_release(&self) -> Result<Option<Sibling<'a>>, FactError> {
        self.highest.get((), || self.find_highest_release())
    }

    fn find_highest_release(&self) -> Result<Option<Sibling<'a>>, FactError> {
        let scopes = self.scopes.get((), || self.read_scopes().map(Rc::new))?;
        let mut highest: Option<Sibling<'a>> = None;
        for siblings in scopes.values() {
            let siblings = &siblings.as_ref().map_err(Clone::clone)?.all;
            let is_final = |sibling: &&Sibling<'a>| {
                let version = sibling.tag.version.as_ref();
                version.is_some_and(|version| !version.is_prerelease() && !version.is_dev())
            };
            let Some(own) = siblings.iter().rfind(is_final) else { continue };
            let is_higher = match &highest {
                Some(known) => self.order(&known.tag, &own.tag)?.is_lt(),
                None => true,
            };
            if is_higher {
                highest = Some(own.clone());
            }
        }
        Ok(highest)
    }

    fn read_scopes(&self) -> Result<Scopes<'a>, FactError> {
        let mut scopes: BTreeMap<BString, Vec<Sibling<'a>>> = BTreeMap::new();
        for (name, _) in self.refs(Namespace::Tag, "")?.iter() {
            self.project().step()?;
            if let Some(tag) = self.project().tag_of(name).filter(|tag| tag.version.is_some()) {
                let series = self.series_key(&tag);
                scopes.entry(tag.scope()).or_default().push(Sibling { name: name.clone(), tag, series });
            }
        }
        let in_order = scopes.into_iter().map(|(scope, mut siblings)| {
            let sorted = sort_by(&mut siblings, |a, b| {
                self.project().step()?;
                self.order(&a.tag, &b.tag)
            });
            (scope, sorted.map(|()| Scope::of(siblings)))
        });
        Ok(in_order.collect())
    }

    /// Returns what a tag's version is ordered within.
    pub fn series_key(&self, tag: &TagMatch<'_>) -> SeriesKey {
        let entry = self
            .project()
            .series_of(tag)
            .and_then(|own| self.project().policy().series.iter().position(|series| std::ptr::eq(series, own)));
        entry.map_or_else(|| SeriesKey::Class(tag.class.era, tag.series()), SeriesKey::Entry)
    }

    /// Returns the order of two tags' versions: by era, then by scheme.
    pub fn order(&self, a: &TagMatch<'_>, b: &TagMatch<'_>) -> Result<Ordering, FactError> {
        let eras = a.class.era.cmp(&b.class.era);
        let (Some(left), Some(right)) = (&a.version, &b.version) else { return Ok(eras) };
        if eras != Ordering::Equal {
            return Ok(eras);
        }
        left.compare(right).map_err(|error| {
            let help = "give the tag classes of one scope one scheme, or an `era` each";
            FactError::undecided(error.to_string()).help(help)
        })
    }

    /// Returns the commit a tag names; `None` for a tag of a tree or a file.
    pub fn tagged(&self, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        self.tagged.get(name.clone(), || {
            let Some(id) = self.tip(name)? else { return Ok(None) };
            self.project().commit_of(id)
        })
    }

    /// Returns where a tag belongs: where the series table puts its version, else where its class does.
    pub fn home(&self, tag: &TagMatch<'_>) -> Result<Home, FactError> {
        let mut home = Home::default();
        let class = tag.class.lines.iter().cloned().map(Place::Line).collect();
        let series = self.project().series_of(tag).filter(|series| !series.places.is_empty());
        let places: Vec<Place> = series.map_or(class, |series| series.places.clone());
        let mut possible: Vec<Option<RefName>> = Vec::new();
        for place in &places {
            match place {
                Place::Line(name) => {
                    let Some(line) = self.project().policy().line(name) else { continue };
                    home.wanted.push(name.clone());
                    home.branches.extend(self.branches(line, &tag.bindings)?);
                    possible.extend(line.instances(&tag.bindings).into_iter().map(|(_, names)| first(names)));
                }
                Place::Branch(pattern) => {
                    home.wanted.push(pattern.text().to_owned());
                    home.branches.extend(self.branches_like(pattern, &tag.bindings)?);
                    possible.push(first(pattern.instances(&tag.bindings)));
                }
            }
        }
        if let [only] = possible.as_mut_slice() {
            home.only = only.take();
        }
        home.branches.retain(|(name, _)| self.project().policy().claim_of_others(tag, name).is_none());
        Ok(home)
    }

    /// Returns the branch that holds a version of a commit although the series table keeps that branch for other
    /// versions, with what it is kept for. A commit that is also where its version belongs counts only if that can be any
    /// branch of the same line, and if all versions of the branch are lower, which would then lie on top of a higher one.
    ///
    /// # Errors
    /// Refs or history that cannot be read.
    pub fn intruded(
        &self,
        tag: &TagMatch<'a>,
        commit: ObjectId,
        home: &Home,
        is_home: bool,
    ) -> Result<Option<(RefName, &'a Series)>, FactError> {
        let policy = self.project().policy();
        let Some(version) = &tag.version else { return Ok(None) };
        for place in policy.series.iter().flat_map(|series| &series.places) {
            let Place::Branch(pattern) = place else { continue };
            for (name, tip) in self.branches_like(pattern, &Bindings::new())? {
                let Some(series) = policy.claim_of_others(tag, &name) else { continue };
                let line = self.project().line_of(&name).map(|place| &place.line.name);
                let may_be_meant = line.is_some_and(|line| home.wanted.contains(line));
                if is_home && !(may_be_meant && series.versions.ends_before(version)) {
                    continue;
                }
                if self.is_below_branch(commit, tip)? && !self.takes(&name, commit)? {
                    return Ok(Some((name, series)));
                }
            }
        }
        Ok(None)
    }

    /// Returns whether a commit is on a branch, or hangs off it by at most `tolerance` commits.
    pub fn is_on(&self, commit: ObjectId, tip: ObjectId, tolerance: usize) -> Result<bool, FactError> {
        if self.is_below_branch(commit, tip)? {
            return Ok(true);
        }
        if tolerance == 0 {
            return Ok(false);
        }
        match self.project().repository().commits(&[commit], &[tip], tolerance) {
            Ok(_) => Ok(true),
            Err(git::Error::Limit { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the single branch that holds a commit, among lines that have only one branch: to say where something is.
    pub fn found_on(&self, commit: ObjectId) -> Result<Option<RefName>, FactError> {
        for line in self.project().lines() {
            let single = line.branches.iter().filter_map(|pattern| pattern.instances(&Bindings::new())).flatten();
            for name in single.map(RefName::branch) {
                if let Some(tip) = self.tip(&name)?
                    && self.project().is_ancestor(commit, tip)?
                {
                    return Ok(Some(name));
                }
            }
        }
        Ok(None)
    }
}

fn first(names: Option<Vec<BString>>) -> Option<RefName> {
    names?.into_iter().next().map(RefName::branch)
}
