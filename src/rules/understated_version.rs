//! Refuses releases whose version rises less than their changes ask for.

use super::rule::NoOptions;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{Commit, FactError, Sibling, VersionTag};
use crate::model::{Level, ObjectId};
use crate::version::Version;

pub(super) struct UnderstatedVersion;

impl Rule for UnderstatedVersion {
    const META: Meta = Meta {
        id: "understated-version",
        summary: "Refuses releases whose version rises less than their changes ask for.",
        task: "comparing with its changes the version of",
        docs: include_str!("understated_version.md"),
        // Projects that number otherwise, and they are many, would be refused for nothing.
        default: Level::Off,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for UnderstatedVersion {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if tag.version().is_prerelease() {
            return Ok(());
        }
        let Some((before, commit)) = release_before(tag)? else { return Ok(()) };
        let Some(version) = &before.tag.version else { return Ok(()) };
        let risen = Rise::between(version, tag.version());
        let Some((change, kind, asked)) = largest_change(tag, commit, version)?.filter(|(.., asked)| *asked > risen)
        else {
            return Ok(());
        };
        sink.report(format!(
            "`{}` has a `{kind}` change since `{}`, for which the {} version rises",
            tag.name(),
            before.name,
            asked.name()
        ))
        .commit(change)
        .help(format!("release it as the next {} version, or without that change", asked.name()))
        .command_instead(|| commands::delete_tag(tag.facts(), tag.name()))
        .evidence(format!("{} is in the release", change.short()));
        Ok(())
    }
}

/// The number of a version that rises, the smallest first (<https://semver.org/spec/v2.0.0.html>, items 6 to 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rise {
    Patch,
    Minor,
    Major,
}

impl Rise {
    const fn name(self) -> &'static str {
        match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        }
    }

    /// Returns the first number in which two versions differ.
    fn between(old: &Version, new: &Version) -> Self {
        let differ = |at: usize| number(old, at) != number(new, at);
        if differ(0) {
            Self::Major
        } else if differ(1) {
            Self::Minor
        } else {
            Self::Patch
        }
    }

    /// Returns what rises for a kind of change after this version. Before 1.0.0 anything may change, which by custom makes
    /// the minor version rise (item 4).
    fn asked_by(kind: &str, old: &Version) -> Option<Self> {
        match kind {
            "breaking" if number(old, 0) == 0 => Some(Self::Minor),
            "breaking" => Some(Self::Major),
            "feature" if number(old, 0) == 0 => None,
            "feature" => Some(Self::Minor),
            _ => None,
        }
    }
}

/// Returns a number of a version; one that is not written is 0.
fn number(version: &Version, at: usize) -> u64 {
    version.release_component(at).unwrap_or(0)
}

/// Returns the highest final version below the tag's own that is in its history, with its commit.
fn release_before<'p>(tag: &VersionTag<'_, '_, 'p>) -> Result<Option<(Sibling<'p>, ObjectId)>, FactError> {
    let after = tag.facts().after();
    let siblings = after.siblings(tag.place())?;
    let own = after.place_among(&siblings, tag.place())?;
    let mut below = after.below(tag.commit())?;
    let is_final = |sibling: &Sibling<'_>| sibling.tag.version.as_ref().is_some_and(|version| !version.is_prerelease());
    for sibling in siblings.get(..own.start).unwrap_or_default().iter().rev().filter(|sibling| is_final(sibling)) {
        tag.project().step()?;
        if let Some(commit) = after.tagged(&sibling.name)?
            && commit != tag.commit()
            && below.contains(commit)?
        {
            return Ok(Some((sibling.clone(), commit)));
        }
    }
    Ok(None)
}

/// Returns the change since a release that asks for the most, with its kind. What was taken back since does not count.
fn largest_change<'p>(
    tag: &VersionTag<'_, '_, 'p>,
    since: ObjectId,
    version: &Version,
) -> Result<Option<(ObjectId, &'p str, Rise)>, FactError> {
    let project = tag.project();
    let ids = project.commits(&[tag.commit()], &[since])?;
    let commits: Vec<Commit> = ids.into_iter().map(|id| project.commit(id)).collect::<Result<_, _>>()?;
    let mut largest: Option<(ObjectId, &'p str, Rise)> = None;
    for (commit, is_taken_back) in commits.iter().zip(project.taken_back(&commits)) {
        project.step()?;
        if is_taken_back {
            continue;
        }
        for kind in project.kinds_of(commit)? {
            let Some(asked) = Rise::asked_by(kind, version) else { continue };
            if largest.is_none_or(|(.., known)| asked > known) {
                largest = Some((commit.id, kind, asked));
            }
        }
    }
    Ok(largest)
}
