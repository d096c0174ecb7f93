//! Where a commit is among the release tags, and the version that follows from that.

use super::{Error, ReleaseTag, ReleaseTags};
use crate::git::{Ancestors, Repository};
use crate::model::{ObjectId, RefName};
use crate::policy::{Bindings, Line, Place, Role, TagMatch};
use crate::project::Snapshot;
use crate::version::{Level, Local, Scheme, SpellError, Spelling, Version, spell_dev, spell_release, spell_towards};

/// More commits than any history has: a larger number is not a distance.
const MAX_DISTANCE: usize = 100_000_000;

/// Where a commit is among the release tags.
#[derive(Clone, Debug)]
pub enum Standing {
    /// On a release tag.
    Release(ReleaseTag),
    /// Some commits after one.
    Development {
        /// The tag of the highest version that is an ancestor, or that was released on a branch cut from the commit's line.
        base: ReleaseTag,
        /// The version that the commits count towards, where that is not the one after the tag's.
        towards: Option<Version>,
        /// The commits that are not in it.
        distance: u64,
    },
    /// Before any release.
    Before {
        /// The component that was asked for.
        component: Option<String>,
        /// What the first release will be.
        first: Version,
        /// The commits so far.
        distance: u64,
    },
}

/// What decides about a commit's version besides the tags.
#[derive(Clone, Copy)]
pub struct Asked<'a, 'p> {
    /// The refs, and the policy whose lines they are of.
    pub refs: &'a Snapshot<'p>,
    /// The release tags.
    pub tags: &'a ReleaseTags,
    /// The commit.
    pub commit: ObjectId,
    /// The branch that it is asked about for, where that is known.
    pub branch: Option<&'a RefName>,
    /// What the first release will be, where somebody says it.
    pub first: Option<&'a Version>,
}

impl Standing {
    /// Returns the version of a commit: its tag's, or else a development version. A work tree that differs from the
    /// commit is not a release, whatever the commit is.
    ///
    /// # Errors
    /// No release tag is an ancestor, or the history is cut off where that matters.
    pub fn of(asked: Asked<'_, '_>, dirty: bool) -> Result<Self, Error> {
        match asked.tags.on(asked.commit) {
            // Certain in a shallow clone too: it does not depend on the history.
            Some(tag) if !dirty => Ok(Self::Release(tag.clone())),
            _ => asked.development(|_| true),
        }
    }

    /// Returns the development version of a commit, whether or not it has been tagged: what a build of a branch
    /// publishes must not depend on a tag that came after the push.
    ///
    /// # Errors
    /// As [`Standing::of`].
    pub fn untagged(asked: Asked<'_, '_>) -> Result<Self, Error> {
        asked.development(|tag| tag.commit != asked.commit)
    }

    /// Returns the version in a spelling. `local` adds where it was built from, which a clean release does not need.
    ///
    /// # Errors
    /// The spelling cannot express the version.
    pub fn spell(&self, spelling: Spelling, local: Option<Local>) -> Result<String, SpellError> {
        match self {
            Self::Release(tag) => spell_release(&tag.version, spelling),
            Self::Development { base, towards: None, distance } => spell_dev(&base.version, *distance, spelling, local),
            Self::Development { towards: Some(next), distance, .. } | Self::Before { first: next, distance, .. } => {
                spell_towards(next, *distance, spelling, local)
            }
        }
    }

    /// Returns the scheme of the version.
    pub fn scheme(&self) -> &Scheme {
        match self {
            Self::Release(tag) | Self::Development { base: tag, .. } => tag.version.scheme(),
            Self::Before { first, .. } => first.scheme(),
        }
    }

    /// Returns the component whose version it is.
    pub const fn component(&self) -> Option<&String> {
        match self {
            Self::Release(tag) | Self::Development { base: tag, .. } => tag.component.as_ref(),
            Self::Before { component, .. } => component.as_ref(),
        }
    }
}

impl<'p> Asked<'_, 'p> {
    fn repository(&self) -> &'p Repository {
        self.refs.project().repository()
    }

    fn development(self, counts: impl Fn(&ReleaseTag) -> bool) -> Result<Standing, Error> {
        let mut ancestors = self.repository().ancestors(self.commit)?;
        if self.repository().is_shallow() {
            // A higher tag could lie behind the cut, or commits of a side branch that belong to the distance.
            ancestors.complete()?;
        }
        let tags: Vec<&ReleaseTag> = self.tags.tags.iter().filter(|tag| counts(tag)).collect();
        let mut base = None;
        for tag in &tags {
            if ancestors.contains(tag.commit)? {
                base = Some(*tag);
                break;
            }
        }
        if let Some((cut, towards)) = self.cut_release(&tags, base, &mut ancestors)? {
            let distance = self.distance(&[cut.commit])?;
            return Ok(Standing::Development { base: cut.clone(), towards, distance });
        }
        let Some(base) = base else { return self.before_all() };
        // A version that was tagged twice counts from both.
        let mut bases = Vec::new();
        for tag in tags.iter().skip_while(|tag| tag.name != base.name) {
            if !tag.version.same_as(&base.version).unwrap_or_default() {
                break;
            }
            if ancestors.contains(tag.commit)? {
                bases.push(tag.commit);
            }
        }
        Ok(Standing::Development { base: base.clone(), towards: None, distance: self.distance(&bases)? })
    }

    /// Returns the number of commits that are in none of these.
    fn distance(&self, bases: &[ObjectId]) -> Result<u64, Error> {
        Ok(self.repository().commits(&[self.commit], bases, MAX_DISTANCE)?.len() as u64)
    }

    /// Returns where a commit is that no release is below.
    fn before_all(&self) -> Result<Standing, Error> {
        let component = self.tags.component.clone();
        match self.first {
            Some(first) if self.tags.tags.is_empty() => {
                Ok(Standing::Before { component, first: first.clone(), distance: self.distance(&[])? })
            }
            _ if self.tags.tags.is_empty() => Err(self.tags.none()),
            _ => Err(Error::NoneBelow { component, commit: self.commit.short() }),
        }
    }

    /// Returns the highest release that was made on a branch cut from the commit's line and is above the releases below
    /// the commit, with the version that the line's commits count towards since. The line goes on above it, although the
    /// tag is not below the commit.
    fn cut_release<'t>(
        &self,
        tags: &[&'t ReleaseTag],
        base: Option<&ReleaseTag>,
        ancestors: &mut Ancestors<'_>,
    ) -> Result<Option<(&'t ReleaseTag, Option<Version>)>, Error> {
        let lines = &self.refs.project().policy().lines;
        let own = self.branch.and_then(|name| self.refs.project().line_of(name)).map(|place| place.line);
        let releases: Vec<Release<'_>> = lines.iter().filter_map(|line| Release::of(line, own, lines)).collect();
        if releases.is_empty() {
            return Ok(None);
        }
        let mut is_on_line = own.is_some_and(|line| line.role != Role::Topic).then_some(true);
        for tag in tags.iter().take_while(|tag| base.is_none_or(|base| base.name != tag.name)) {
            let Some(place) = self.refs.project().tag_of(&tag.name) else { continue };
            let Some(release) = releases.iter().find(|release| self.belongs(&place, release.line)) else { continue };
            let is_cut = !ancestors.contains(tag.commit)?
                && !self.repository().is_ancestor(self.commit, tag.commit)?
                && self.repository().merge_base(self.commit, tag.commit)?.is_some();
            if !is_cut {
                continue;
            }
            let on_line = match is_on_line {
                Some(known) => known,
                None => *is_on_line.insert(self.is_on_line(&releases, base)?),
            };
            if !on_line {
                return Ok(None);
            }
            return Ok(Some((tag, release.next(&place))));
        }
        Ok(None)
    }

    /// Returns whether the tags of a class belong on a line.
    fn belongs(&self, place: &TagMatch<'_>, line: &Line) -> bool {
        let series = self.refs.project().series_of(place).filter(|series| !series.places.is_empty());
        match series {
            Some(series) => series.places.iter().any(|place| match place {
                Place::Line(name) => *name == line.name,
                Place::Branch(pattern) => line.branches.iter().any(|own| own.matches(pattern.text().into()).is_some()),
            }),
            None => place.class.lines.is_empty() || place.class.lines.contains(&line.name),
        }
    }

    /// Returns whether a commit of no known line goes on where release branches are cut, and is not on one of them.
    fn is_on_line(&self, releases: &[Release<'_>], base: Option<&ReleaseTag>) -> Result<bool, Error> {
        let is_below = |lines: &[&Line], commit: ObjectId| -> Result<bool, Error> {
            for line in lines {
                for (_, tip) in self.refs.branches(line, &Bindings::new())? {
                    if self.repository().is_ancestor(commit, tip)? {
                        return Ok(true);
                    }
                }
            }
            Ok(false)
        };
        let origins: Vec<&Line> = releases.iter().flat_map(|release| release.origins.iter().copied()).collect();
        let cut: Vec<&Line> = releases.iter().map(|release| release.line).collect();
        if is_below(&origins, self.commit)? {
            return Ok(true);
        }
        if is_below(&cut, self.commit)? {
            return Ok(false);
        }
        base.map_or(Ok(true), |base| is_below(&origins, base.commit))
    }
}

/// A line on which releases of another one are made.
struct Release<'p> {
    line: &'p Line,
    /// The lines whose releases these are.
    origins: Vec<&'p Line>,
    /// Whether its branches are cut from those, each for a series.
    is_cut: bool,
}

impl<'p> Release<'p> {
    /// Returns the line as one of releases of `own`, or of any line where the commit is of a topic or of no known line.
    fn of(line: &'p Line, own: Option<&Line>, lines: &'p [Line]) -> Option<Self> {
        let is_from = |origin: &&Line| {
            line.cut_from.as_ref() == Some(&origin.name)
                || line.intake.only_from.contains(&origin.name)
                || origin.intake.merges_into.as_ref() == Some(&line.name)
        };
        let is_own = |origin: &&Line| own.is_none_or(|own| own.role == Role::Topic || own.name == origin.name);
        let is_origin = |origin: &&Line| origin.role != Role::Topic && origin.role != Role::Release;
        let origins: Vec<&Line> =
            lines.iter().filter(|line| is_origin(line) && is_own(line) && is_from(line)).collect();
        let is_cut = line.cut_from.is_some();
        (!origins.is_empty()).then_some(Self { line, origins, is_cut })
    }

    /// Returns what the line counts towards once this was released: the first version of the next series, where each
    /// series has a branch of its own. `None`: the version after it.
    fn next(&self, tag: &TagMatch<'_>) -> Option<Version> {
        let version = tag.version.as_ref().filter(|_| self.is_cut)?;
        let named = |name: &str| match &tag.class.series {
            Some(series) => series.contains(&format!("{{{name}}}")),
            None => self.line.branches.iter().any(|pattern| pattern.placeholders().contains(&name)),
        };
        let levels = [("patch", Level::Patch), ("minor", Level::Minor), ("major", Level::Major)];
        let (_, level) = levels.into_iter().find(|(name, _)| named(name))?;
        version.final_release().ok()?.bump(level).ok()
    }
}
