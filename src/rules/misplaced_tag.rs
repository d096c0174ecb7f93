//! Refuses tags that sit on none of the lines their class belongs to.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Bindings, Change, FactError, Facts, Kind, TagKind};
use crate::model::{Level, ObjectId, RefName, quote};

pub(super) struct MisplacedTag;

impl Rule for MisplacedTag {
    const META: Meta = Meta {
        id: "misplaced-tag",
        summary: "Refuses tags that sit on none of the lines their class belongs to.",
        task: "checking the place of",
        docs: include_str!("misplaced_tag.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for MisplacedTag {
    fn check(&self, change: &Change<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
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
                .help("tag the commit that is released")
                .command(quote(change.name().short()).map(|name| format!("git tag --annotate --force {name} HEAD")));
            }
            return Ok(());
        }
        if class.lines.is_empty() {
            return Ok(());
        }
        let facts = change.facts();
        let mut branches = Vec::new();
        for line in facts.lines().iter().filter(|line| class.lines.contains(&line.name)) {
            for (branch, tip) in facts.branches(line, &place.bindings)? {
                if facts.is_ancestor(peeled.id, tip)? {
                    return Ok(());
                }
                branches.push(branch);
            }
        }
        let wanted = wanted(class.lines.as_slice(), &branches, facts, &place.bindings);
        let sits = sits_on(facts, peeled.id)?;
        let tag = quote(change.name().short());
        let command = match branches.as_slice() {
            [branch] => tag
                .zip(quote(branch.short()))
                .map(|(tag, branch)| format!("git tag --annotate --force {tag} origin/{branch}")),
            // The branch is missing: cutting it at the tagged commit is what makes the tag right.
            [] => missing(facts, &class.lines, &place.bindings)
                .and_then(|name| quote(name.full()))
                .map(|name| format!("git push origin {}:{name}", peeled.id.short())),
            _ => None,
        };
        let message = match sits {
            Some(branch) => {
                format!("`{}` is on `{branch}`, and tags of the class `{}` sit on {wanted}", change.name(), class.name)
            }
            None => format!("`{}` is not on {wanted}, where tags of the class `{}` sit", change.name(), class.name),
        };
        sink.report(message)
            .commit(peeled.id)
            .help(
                "put the tag on a commit of its line, or bring the commit onto the line first; then push both together",
            )
            .command(command)
            .evidence(format!("{} is no ancestor of {wanted}", peeled.id.short()));
        Ok(())
    }
}

/// Where the tag should be, as a reader would say it.
fn wanted(lines: &[String], branches: &[RefName], facts: &Facts<'_>, known: &Bindings) -> String {
    match branches {
        [] => match missing(facts, lines, known) {
            Some(name) => format!("`{name}`, which does not exist"),
            None => format!("the line {}, which has no branch yet", list(lines)),
        },
        [branch] => format!("`{branch}`"),
        many if many.len() <= 3 => list(&many.iter().map(ToString::to_string).collect::<Vec<_>>()),
        many => format!("the line {} ({} branches)", list(lines), many.len()),
    }
}

fn list(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// The one branch that the tag's version leads to, where the policy leaves no choice.
fn missing(facts: &Facts<'_>, lines: &[String], known: &Bindings) -> Option<RefName> {
    let line = facts.lines().iter().find(|line| lines.contains(&line.name))?;
    let [pattern] = line.branches.as_slice() else { return None };
    pattern.instances(known)?.into_iter().next().map(RefName::branch)
}

/// The branch that holds the commit, of the lines that have one branch: the pusher wants to know what went wrong.
fn sits_on(facts: &Facts<'_>, commit: ObjectId) -> Result<Option<RefName>, FactError> {
    for line in facts.lines() {
        let single = line.branches.iter().filter_map(|pattern| pattern.instances(&Bindings::new())).flatten();
        for name in single.map(RefName::branch) {
            if let Some(tip) = facts.tip(&name)?
                && facts.is_ancestor(commit, tip)?
            {
                return Ok(Some(name));
            }
        }
    }
    Ok(None)
}
