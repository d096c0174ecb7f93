//! Refuses version fields that were changed by anything but what the policy lets change them.

use bstr::{BStr, BString};

use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Bindings, Commit, FactError, Facts, Kind, Manifest, PathPattern, Update, VersionField};
use crate::manifest::{self, Change as What, Field, Value, compare, is_vendored};
use crate::model::{Actor, Level, Namespace, ObjectId, Untrusted, listed};

/// The rule's own keys.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// Files that are not looked at, such as test data.
    exclude: Vec<PathPattern>,
    /// Whether a change to a placeholder is an edit too: to `0.0.0`, `1.3-SNAPSHOT` or `1.3.dev`.
    placeholders: bool,
}

pub(super) struct HandEditedVersion(Options);

impl Rule for HandEditedVersion {
    const META: Meta = Meta {
        id: "hand-edited-version",
        summary: "Refuses changes of a version field that the policy reserves to releases.",
        task: "comparing the version fields of",
        docs: include_str!("hand_edited_version.md"),
        default: Level::Refuse,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl RefRule for HandEditedVersion {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let facts = change.facts();
        let asked = !facts.project().version_fields().is_empty() || facts.project().names_rule(Self::META.id);
        if !asked || change.namespace() != Namespace::Branch || change.deletes() || change.old() == change.new_id() {
            return Ok(());
        }
        if change.peeled()?.is_none_or(|peeled| peeled.kind != Kind::Commit || !peeled.tags.is_empty()) {
            return Ok(());
        }
        let mut push = Pushed { change, bases: compared_with(change)?, unseen: None };
        let Some(base) = push.bases.first().copied() else { return Ok(()) };
        for path in facts.project().touched_files(base, change.new_id())? {
            if self.0.exclude.iter().any(|pattern| pattern.matches(path.as_ref()).is_some()) {
                continue;
            }
            for entry in entries(facts, path.as_ref()) {
                self.file(&mut push, &path, entry, sink)?;
            }
        }
        Ok(())
    }
}

/// An update with what is worked out once.
struct Pushed<'c, 'f, 'a> {
    change: &'c Update<'f, 'a>,
    /// The commits whose fields the new ones are compared with: an edit differs from all of them.
    bases: Vec<ObjectId>,
    /// The commits it brings, newest first; listed only when there is something to ask of them.
    unseen: Option<Vec<ObjectId>>,
}

impl HandEditedVersion {
    /// Compares the fields of one file.
    fn file(
        &self,
        push: &mut Pushed<'_, '_, '_>,
        path: &BString,
        entry: Option<&VersionField>,
        sink: &mut Sink<'_>,
    ) -> Result<(), FactError> {
        let facts = push.change.facts();
        let now = facts.project().manifest(push.change.new_id(), path.as_ref(), entry)?;
        let before: Vec<Manifest> = push
            .bases
            .iter()
            .map(|base| facts.project().manifest(*base, path.as_ref(), entry))
            .collect::<Result<_, _>>()?;
        let (fields, bytes) = match &now {
            Manifest::Absent => return self.gone(push, path, entry, &before, sink),
            Manifest::Unreadable(error) => {
                let was_read = before.iter().any(|before| !before.fields().is_empty());
                if (was_read || entry.is_some())
                    && let Some(commit) = push.who(path.as_ref(), |_, _| Ok(true))?
                {
                    sink.report(format!("the version in `{}` can no longer be read: {error}", Untrusted::new(path)))
                        .commit(commit.id)
                        .path(path.as_ref())
                        .help("mend the file, or tell the policy that no version stands in it");
                }
                return Ok(());
            }
            Manifest::Read { fields, bytes } => (fields, bytes),
        };
        for field in fields {
            let mut edits = before.iter().map(|before| self.edit(before.fields(), fields, field));
            let Some(Some((what, old))) = edits.next() else { continue };
            if !edits.all(|edit| edit.is_some()) {
                continue;
            }
            let made =
                push.who(path.as_ref(), |commit, parents| made_by(facts, path, entry, field, commit, parents))?;
            let Some(commit) = made else { continue };
            let Some(help) = forbidden(push.change, entry, &commit)? else { continue };
            let new = Untrusted::new(text(&field.value));
            let message = match what {
                What::Hardcoded => format!("the version was computed, and is now set by hand to `{new}`"),
                _ => format!("the version was changed by hand from `{}` to `{new}`", Untrusted::new(text(&old.value))),
            };
            let report = sink.report(message);
            let report = match entry {
                Some(entry) => report.asked_by(&entry.origin),
                None => report,
            };
            report
                .commit(commit.id)
                .place(path.as_ref(), bytes, &field.span)
                .help(help)
                .evidence(format!("the field `{}`", Untrusted::new(&field.name)));
        }
        Ok(())
    }

    /// Looks at a file that went away: with it goes the version, unless it stands in another file of the same entry.
    fn gone(
        &self,
        push: &mut Pushed<'_, '_, '_>,
        path: &BString,
        entry: Option<&VersionField>,
        before: &[Manifest],
        sink: &mut Sink<'_>,
    ) -> Result<(), FactError> {
        // Of files that a pattern finds, one more or less is a component more or less.
        let spelled_out: Option<Vec<BString>> = entry.filter(|entry| !entry.optional).and_then(|entry| {
            let paths = entry.paths.iter().map(|pattern| pattern.instances(&Bindings::new()));
            paths.collect::<Option<Vec<_>>>().map(|paths| paths.concat())
        });
        let (Some(entry), Some(paths)) = (entry, spelled_out) else { return Ok(()) };
        if before.iter().any(|before| before.fields().is_empty()) {
            return Ok(());
        }
        let facts = push.change.facts();
        for other in paths {
            if facts.project().object_at(push.change.new_id(), other.as_ref())?.is_some() {
                return Ok(());
            }
        }
        let Some(commit) = push.who(path.as_ref(), |_, _| Ok(true))? else { return Ok(()) };
        if forbidden(push.change, Some(entry), &commit)?.is_some() {
            sink.report(format!("the version went away with `{}`", Untrusted::new(path)))
                .asked_by(&entry.origin)
                .commit(commit.id)
                .path(path.as_ref())
                .help("put the file back, or tell the policy that no version stands in it");
        }
        Ok(())
    }

    /// What became of a field, if it is an edit.
    fn edit<'o>(&self, old: &'o [Field], new: &'o [Field], field: &Field) -> Option<(What, &'o Field)> {
        let changes = compare(old, new);
        let found = changes.into_iter().find(|found| found.new.is_some_and(|new| std::ptr::eq(new, field)))?;
        let edited = match found.change {
            What::Edited | What::Hardcoded => true,
            // Away from a placeholder is how a version is set; to one, how development goes on.
            What::Placeholder => {
                field.value.literal().is_some() && (self.0.placeholders || !field.value.is_placeholder())
            }
            What::Computed | What::Recomputed | What::Added | What::Removed => false,
        };
        found.old.filter(|_| edited).map(|old| (found.change, old))
    }
}

impl Pushed<'_, '_, '_> {
    fn unseen(&mut self) -> Result<&[ObjectId], FactError> {
        if self.unseen.is_none() {
            self.unseen = Some(self.change.facts().unseen_commits(self.change)?);
        }
        Ok(self.unseen.as_deref().unwrap_or_default())
    }

    /// The newest of the commits that touches a file against each of its parents and that `did` says did it.
    fn who(
        &mut self,
        path: &BStr,
        did: impl Fn(ObjectId, &[ObjectId]) -> Result<bool, FactError>,
    ) -> Result<Option<Commit>, FactError> {
        let facts = self.change.facts();
        for id in self.unseen()? {
            let commit = facts.project().commit(*id)?;
            let object = facts.project().object_at(*id, path)?;
            let mut touched = true;
            for parent in &commit.parents {
                touched = touched && facts.project().object_at(*parent, path)? != object;
            }
            if touched && did(*id, &commit.parents)? {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }
}

/// What the new tip is compared with: what the branch held, or where a new branch starts from.
fn compared_with(change: &Update<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
    match change.known_old()? {
        Some(old) => Ok(vec![old]),
        None => change.facts().starting_points(change),
    }
}

/// The entries of the policy that a file falls under; one without an entry where the policy declares none.
fn entries<'a>(facts: &Facts<'a>, path: &BStr) -> Vec<Option<&'a VersionField>> {
    let declared = facts.project().version_fields();
    if declared.is_empty() {
        let lock = manifest::Kind::of_path(path).is_none_or(manifest::Kind::is_lock);
        return if lock || is_vendored(path) { Vec::new() } else { vec![None] };
    }
    // A policy that spells a path out means it, wherever it lies.
    let meant = |pattern: &PathPattern| {
        pattern.matches(path).is_some() && (!is_vendored(path) || pattern.instances(&Bindings::new()).is_some())
    };
    declared.iter().filter(|entry| entry.paths.iter().any(meant)).map(Some).collect()
}

/// Whether a commit gave a field the value that it now has: none of its parents has it.
fn made_by(
    facts: &Facts<'_>,
    path: &BString,
    entry: Option<&VersionField>,
    field: &Field,
    commit: ObjectId,
    parents: &[ObjectId],
) -> Result<bool, FactError> {
    let then = facts.project().manifest(commit, path.as_ref(), entry)?;
    let made = |before: &[Field]| {
        let changes = compare(before, then.fields());
        changes.iter().any(|found| found.new.is_some_and(|new| new.name == field.name && new.value == field.value))
    };
    for parent in parents {
        if !made(facts.project().manifest(*parent, path.as_ref(), entry)?.fields()) {
            return Ok(false);
        }
    }
    Ok(made(&[]))
}

/// Why the policy does not let this commit of this push edit the field, as advice; `None` when it does.
fn forbidden(
    change: &Update<'_, '_>,
    entry: Option<&VersionField>,
    commit: &Commit,
) -> Result<Option<String>, FactError> {
    let facts = change.facts();
    let Some(entry) = entry.filter(|entry| entry.is_editable()) else {
        return Ok(Some("take the edit back: a release sets the version, no change does".to_owned()));
    };
    if let Some(lines) = &entry.only_on
        && change.line().is_none_or(|place| !lines.contains(&place.line.name))
    {
        return Ok(Some(format!("take the edit back: it is made on the line {} only", listed(lines, "or"))));
    }
    if let Some(kinds) = &entry.changed_by
        && !facts.project().kinds_of(commit)?.iter().any(|kind| kinds.iter().any(|allowed| allowed == kind))
    {
        return Ok(Some(format!("take the edit back: only a change of the kind {} makes it", listed(kinds, "or"))));
    }
    if let Some(may) = &entry.may
        && !may.is_everyone()
    {
        let actor = facts.actor()?;
        if !may.contains(actor) {
            let who = match actor {
                Actor::Known(name) => format!("`{}`", Untrusted::new(name)),
                Actor::Unknown => "an unknown pusher".to_owned(),
                Actor::Host => "the host's administrator".to_owned(),
            };
            return Ok(Some(format!("take the edit back: it is for {}, not for {who}", listed(&may.written, "or"))));
        }
    }
    Ok(None)
}

fn text(value: &Value) -> &str {
    match value {
        Value::Literal(text) | Value::Dynamic(text) => text,
    }
}
