//! Refuses tags that are on none of the lines to which their class belongs.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{FactError, Home, Kind, TagKind, Update};
use crate::model::{Level, listed};

pub(super) struct MisplacedTag;

impl Rule for MisplacedTag {
    const META: Meta = Meta {
        id: "misplaced-tag",
        summary: "Refuses tags that sit on none of the lines their class belongs to.",
        task: "checking the place of",
        docs: include_str!("misplaced_tag.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for MisplacedTag {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(place) = change.tag().filter(|place| place.class.kind != TagKind::Ignore) else { return Ok(()) };
        let class = place.class;
        let Some(peeled) = change.peeled()? else { return Ok(()) };
        if peeled.kind != Kind::Commit {
            if class.kind == TagKind::Version || !class.lines.is_empty() {
                sink.report(format!(
                    "`{}` names a {}, and a tag of the class `{}` names a commit",
                    change.name(),
                    peeled.kind.name(),
                    class.name
                ))
                .commit(peeled.id)
                .help("tag the commit that is released");
            }
            return Ok(());
        }
        let facts = change.facts();
        // Another rule checks reserved versions.
        if facts.project().series_of(place).is_some_and(|series| series.reserved_for.is_some()) {
            return Ok(());
        }
        let home = facts.after().home(place)?;
        if home.wanted.is_empty() {
            return Ok(());
        }
        let mut is_home = false;
        for (_, tip) in &home.branches {
            is_home = is_home || facts.after().is_on(peeled.id, *tip, class.off_branch_commits)?;
        }
        if let Some((branch, series)) = facts.after().intruded(place, peeled.id, &home, is_home)? {
            sink.report(format!(
                "`{}` is on `{branch}`, and the versions of that branch are `{}`",
                change.name(),
                series.versions
            ))
            .commit(peeled.id)
            .asked_by(&series.origin)
            .help("give it a version of the branch that it is on, or tag a commit that is not on that branch")
            .command_instead(|| commands::delete_tag(facts, change.name()));
            return Ok(());
        }
        if is_home {
            return Ok(());
        }
        let wanted = wanted(&home);
        let message = match facts.after().found_on(peeled.id)? {
            Some(branch) => {
                format!("`{}` is on `{branch}`, and tags of the class `{}` sit on {wanted}", change.name(), class.name)
            }
            None if home.branches.is_empty() => {
                format!("`{}` is of the class `{}`, whose tags sit on {wanted}", change.name(), class.name)
            }
            None => format!("`{}` is not on {wanted}, where tags of the class `{}` sit", change.name(), class.name),
        };
        let command = || match home.branches.as_slice() {
            [(branch, tip)] => commands::bring_home(change, branch, *tip, peeled.id),
            // The branch is missing: creating it at the tagged commit makes the tag right.
            [] => commands::start_home(change, &home, peeled.id),
            _ => None,
        };
        sink.report(message)
            .commit(peeled.id)
            .help(
                "put the tag on a commit of its line, or bring the commit onto the line first; then push both together",
            )
            .command_instead(command)
            .evidence(format!("{} is not an ancestor of {wanted}", peeled.id.short()));
        Ok(())
    }
}

/// Returns where the tag should be, as a reader would say it.
fn wanted(home: &Home) -> String {
    match home.branches.as_slice() {
        [] => match &home.only {
            Some(name) => format!("`{name}`, and there is no such branch"),
            None => format!("a branch of {}, and there is none yet", listed(&home.wanted, "or")),
        },
        [(branch, _)] => format!("`{branch}`"),
        many if many.len() <= 3 => listed(&many.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>(), "or"),
        many => format!("{} ({} branches)", listed(&home.wanted, "or"), many.len()),
    }
}
