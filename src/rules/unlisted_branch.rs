//! Refuses branches that no line of the policy has.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{FactError, LineMatch, Upcoming, Update};
use crate::model::{Level, Namespace, did_you_mean, listed};

pub(super) struct UnlistedBranch;

impl Rule for UnlistedBranch {
    const META: Meta = Meta {
        id: "unlisted-branch",
        summary: "Refuses branches that belong to no line of the policy, or to a version that is not next.",
        task: "finding the line of",
        docs: include_str!("unlisted_branch.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for UnlistedBranch {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if let Some(place) = change.line().filter(|_| change.creates()) {
            return not_next(change, place, sink);
        }
        let lines = change.facts().project().lines();
        // A branch that no line lists may always be deleted.
        if change.namespace() != Namespace::Branch || change.line().is_some() || change.deletes() || lines.is_empty() {
            return Ok(());
        }
        let short = change.name().short().to_string();
        let patterns: Vec<&str> = lines.iter().flat_map(|line| &line.branches).map(|pattern| pattern.text()).collect();
        let hint = did_you_mean(&short, patterns.iter().copied());
        sink.report(format!("no line of the policy has a branch `{}`{hint}", change.name()))
            .commit(change.new_id())
            .help(format!("branches here are named {}; rename yours and push it again", listed(&patterns, "or")))
            .command_instead(|| {
                // A name that is nearly right was mistyped: it is not that of a topic.
                let topics = hint.is_empty().then(|| commands::topic_names(change.project(), change.name()))?;
                commands::push_as(change, topics)
            });
        Ok(())
    }
}

/// Refuses a new branch for a major version that does not follow the highest release's.
fn not_next(change: &Update<'_, '_>, place: &LineMatch<'_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let Some(Upcoming::Major) = place.line.next else { return Ok(()) };
    let highest = change.facts().after().highest_release()?;
    let version = highest.as_ref().and_then(|highest| highest.tag.version.as_ref());
    let next = version.and_then(|version| version.release_component(0)?.checked_add(1));
    let (Some(version), Some(next)) = (version, next) else { return Ok(()) };
    // Compared as written: 011 is not the same branch as 11, and a number too large to be read is not the next one.
    if place.bindings.get("major").is_some_and(|major| *major == next.to_string()) {
        return Ok(());
    }
    sink.report(format!(
        "`{}` is for a major version that is not next: the line `{}` prepares {next}, which comes after {version}",
        change.name(),
        place.line.name
    ))
    .commit(change.new_id())
    .help("name the branch after the version that is next, or release those before it first");
    Ok(())
}
