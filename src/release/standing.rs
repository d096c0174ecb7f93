//! Where a commit is among the release tags, and the version that follows from that.

use super::{Error, ReleaseTag, ReleaseTags};
use crate::git::Repository;
use crate::model::ObjectId;
use crate::version::{Local, SpellError, Spelling, spell_dev, spell_release};

/// More commits than any history has: a larger number is not a distance.
const MAX_DISTANCE: usize = 100_000_000;

/// Where a commit is among the release tags.
#[derive(Clone, Debug)]
pub enum Standing {
    /// On a release tag.
    Release(ReleaseTag),
    /// Some commits after one.
    Development {
        /// The tag of the highest version that is an ancestor.
        base: ReleaseTag,
        /// The commits that are not in it.
        distance: u64,
    },
}

impl Standing {
    /// Returns the version of a commit: its tag's, or else a development version. A work tree that differs from the
    /// commit is not a release, whatever the commit is.
    ///
    /// # Errors
    /// No release tag is an ancestor, or the history is cut off where that matters.
    pub fn of(repository: &Repository, tags: &ReleaseTags, commit: ObjectId, dirty: bool) -> Result<Self, Error> {
        match tags.on(commit) {
            // Certain in a shallow clone too: it does not depend on the history.
            Some(tag) if !dirty => Ok(Self::Release(tag.clone())),
            _ => development(repository, tags, commit, |_| true),
        }
    }

    /// Returns the development version of a commit, whether or not it has been tagged: what a build of a branch
    /// publishes must not depend on a tag that came after the push.
    ///
    /// # Errors
    /// As [`Standing::of`].
    pub fn untagged(repository: &Repository, tags: &ReleaseTags, commit: ObjectId) -> Result<Self, Error> {
        development(repository, tags, commit, |tag| tag.commit != commit)
    }

    /// Returns the version in a spelling. `local` adds where it was built from, which a clean release does not need.
    ///
    /// # Errors
    /// The spelling cannot express the version.
    pub fn spell(&self, spelling: Spelling, local: Option<Local>) -> Result<String, SpellError> {
        match self {
            Self::Release(tag) => spell_release(&tag.version, spelling),
            Self::Development { base, distance } => spell_dev(&base.version, *distance, spelling, local),
        }
    }

    /// Returns the tag that the version comes from.
    pub const fn tag(&self) -> &ReleaseTag {
        match self {
            Self::Release(tag) | Self::Development { base: tag, .. } => tag,
        }
    }
}

fn development(
    repository: &Repository,
    tags: &ReleaseTags,
    commit: ObjectId,
    counts: impl Fn(&ReleaseTag) -> bool,
) -> Result<Standing, Error> {
    let mut ancestors = repository.ancestors(commit)?;
    if repository.is_shallow() {
        // A higher tag could lie behind the cut, or commits of a side branch that belong to the distance.
        ancestors.complete()?;
    }
    let mut candidates = tags.tags.iter().filter(|tag| counts(tag));
    let base = loop {
        let Some(tag) = candidates.next() else {
            let component = tags.component.clone();
            return Err(Error::NoneBelow { component, commit: commit.short() });
        };
        if ancestors.contains(tag.commit)? {
            break tag;
        }
    };
    // A version that was tagged twice counts from both.
    let mut bases = vec![base.commit];
    for tag in candidates.take_while(|tag| tag.version.same_as(&base.version).unwrap_or_default()) {
        if ancestors.contains(tag.commit)? {
            bases.push(tag.commit);
        }
    }
    let distance = repository.commits(&[commit], &bases, MAX_DISTANCE)?.len();
    Ok(Standing::Development { base: base.clone(), distance: distance as u64 })
}
