//! Refuses version fields that were changed by anything but what the policy lets change them.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::{Meta, OptionError, RefRule, Rule, Sink, Standing};
use crate::facts::{
    Bindings, Commit, FactError, Facts, Kind, Manifest, Notes, PathPattern, Released, Update, VersionField,
};
use crate::manifest::changelog::Entry;
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
        standing: Standing::Edited,
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
                // A file that is too large to be read may still have a version.
                let has_some =
                    was_read || matches!(error, manifest::Error::TooMany { .. } | manifest::Error::TooLarge { .. });
                if (has_some || entry.is_some())
                    && let Some(commit) = push.who(path.as_ref(), |_| Ok(true))?
                {
                    sink.report(format!("the version in `{}` can no longer be read: {error}", Untrusted::new(path)))
                        .commit(commit.id)
                        .path(path.as_ref())
                        .help("fix the file, or tell the policy that no version stands in it");
                }
                return Ok(());
            }
            Manifest::Read { fields, bytes } => (fields, bytes),
        };
        let mut edits: Vec<Vec<Edit<'_>>> = Vec::with_capacity(before.len());
        for (before, base) in before.iter().zip(&push.bases) {
            let computed = push.computed_beside(*base, path.as_ref(), before.fields(), fields)?;
            edits.push(self.edits(before.fields(), fields, computed));
        }
        let edited: Vec<(&Field, Edited<'_>)> = fields
            .iter()
            .enumerate()
            .filter_map(|(at, field)| {
                let mut edits = edits.iter().map(|edits| edits.get(at).copied().flatten());
                let edited = edits.next()??;
                edits.all(|edit| edit.is_some()).then_some((field, edited))
            })
            .collect();
        let makers = push.makers(path, entry, edited.iter().map(|(field, _)| says(field)).collect())?;
        for (field, edited) in edited {
            facts.project().step()?;
            let Some(commit) = makers.get(&says(field)) else { continue };
            if comes_back(push.change, path.as_ref(), field)? {
                continue;
            }
            let Some(help) = forbidden(push.change, entry, commit)? else { continue };
            let new = Untrusted::new(text(&field.value));
            let message = match edited {
                Edited::Computed => format!("the version was computed, and is now set by hand to `{new}`"),
                Edited::ComputedBeside(file) => {
                    format!("the version is computed in `{file}`, and is now set by hand to `{new}`")
                }
                Edited::From(old) => {
                    format!("the version was changed by hand from `{}` to `{new}`", Untrusted::new(text(&old.value)))
                }
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

    /// Looks at a file that went away: the version goes with it, unless it is also in another file of the same entry.
    fn gone(
        &self,
        push: &mut Pushed<'_, '_, '_>,
        path: &BString,
        entry: Option<&VersionField>,
        before: &[Manifest],
        sink: &mut Sink<'_>,
    ) -> Result<(), FactError> {
        // Among the files that a pattern finds, one more or less is one component more or less.
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
        let Some(commit) = push.who(path.as_ref(), |_| Ok(true))? else { return Ok(()) };
        if forbidden(push.change, Some(entry), &commit)?.is_some() {
            sink.report(format!("the version went away with `{}`", Untrusted::new(path)))
                .asked_by(&entry.origin)
                .commit(commit.id)
                .path(path.as_ref())
                .help("put the file back, or tell the policy that no version stands in it");
        }
        Ok(())
    }

    /// Returns what became of each of the new fields, as far as it is an edit. `computed` is the other file in which the
    /// version is computed.
    fn edits<'o>(&self, old: &'o [Field], new: &'o [Field], computed: Option<&'static str>) -> Vec<Edit<'o>> {
        let is_edit = |change: What, new: &Field| match change {
            What::Edited | What::Hardcoded => true,
            // A change from a placeholder sets a version; a change to one continues development.
            What::Placeholder => new.value.literal().is_some() && (self.0.placeholders || !new.value.is_placeholder()),
            What::Computed | What::Recomputed | What::Added | What::Removed => false,
        };
        let mut edits = vec![None; new.len()];
        for found in compare(old, new) {
            let Some((at, new)) = found.new else { continue };
            let edited = match (found.change, found.old, computed) {
                (What::Added, _, Some(file)) if sets_version(new) => Some(Edited::ComputedBeside(file)),
                (What::Hardcoded, ..) => Some(Edited::Computed),
                (_, Some(old), _) => Some(Edited::From(old)),
                _ => None,
            };
            let is_edit = is_edit(found.change, new) || matches!(edited, Some(Edited::ComputedBeside(_)));
            if let Some(edit) = edits.get_mut(at) {
                *edit = edited.filter(|_| is_edit);
            }
        }
        edits
    }
}

/// How a field was edited.
#[derive(Clone, Copy)]
enum Edited<'o> {
    /// It said something else.
    From(&'o Field),
    /// It was computed.
    Computed,
    /// It is new, and the version is computed in another file of the same directory.
    ComputedBeside(&'static str),
}

/// What became of a field; `None` where that is not an edit.
type Edit<'o> = Option<Edited<'o>>;

/// Returns whether a field sets a version.
fn sets_version(field: &Field) -> bool {
    field.value.literal().is_some() && !field.value.is_placeholder()
}

impl Pushed<'_, '_, '_> {
    /// Returns the other file, in the directory of a manifest, in which the version was computed; asked only where the
    /// manifest sets a version and said nothing before.
    fn computed_beside(
        &self,
        base: ObjectId,
        path: &BStr,
        old: &[Field],
        new: &[Field],
    ) -> Result<Option<&'static str>, FactError> {
        let Some(kind) = manifest::Kind::of_path(path).filter(|_| old.is_empty() && new.iter().any(sets_version))
        else {
            return Ok(None);
        };
        let directory = path.rfind_byte(b'/').map_or(&b""[..], |slash| path.get(..=slash).unwrap_or_default());
        for name in kind.with() {
            let other = BString::from([directory, name.as_bytes()].concat());
            let before = self.change.facts().project().manifest(base, other.as_ref(), None)?;
            if before.fields().iter().any(|field| field.value.literal().is_none()) {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }

    fn unseen(&mut self) -> Result<&[ObjectId], FactError> {
        if self.unseen.is_none() {
            self.unseen = Some(self.change.facts().unseen_commits(self.change)?);
        }
        Ok(self.unseen.as_deref().unwrap_or_default())
    }

    /// Returns the newest of the commits that touches a file against each of its parents and that `did` says did it.
    fn who(
        &mut self,
        path: &BStr,
        mut did: impl FnMut(&Commit) -> Result<bool, FactError>,
    ) -> Result<Option<Commit>, FactError> {
        let facts = self.change.facts();
        for id in self.unseen()? {
            let commit = facts.project().commit(*id)?;
            let object = facts.project().object_at(*id, path)?;
            let mut touched = true;
            for parent in &commit.parents {
                touched = touched && facts.project().object_at(*parent, path)? != object;
            }
            if touched && did(&commit)? {
                return Ok(Some(commit));
            }
        }
        Ok(None)
    }

    /// Returns for each field the newest of the commits that gave it the value that it now has: none of the commit's
    /// parents has it. Every commit is looked at once, however many fields there are.
    fn makers<'v>(
        &mut self,
        path: &BString,
        entry: Option<&VersionField>,
        mut wanted: HashSet<Says<'v>>,
    ) -> Result<HashMap<Says<'v>, Rc<Commit>>, FactError> {
        let mut makers = HashMap::new();
        if wanted.is_empty() {
            return Ok(makers);
        }
        let project = self.change.facts().project();
        let read = |commit: ObjectId| project.manifest(commit, path.as_ref(), entry);
        self.who(path.as_ref(), |commit| {
            let then = read(commit.id)?;
            let mut made: HashSet<Says<'_>> =
                then.fields().iter().map(says).filter(|own| wanted.contains(own)).collect();
            for parent in &commit.parents {
                let before = read(*parent)?;
                let other = compare(before.fields(), then.fields());
                let other: HashSet<Says<'_>> = other.iter().filter_map(|found| Some(says(found.new?.1))).collect();
                made.retain(|own| other.contains(own));
            }
            let maker = Rc::new(commit.clone());
            let own: Vec<Says<'v>> = wanted.iter().filter(|own| made.contains(*own)).copied().collect();
            for field in own {
                wanted.remove(&field);
                makers.insert(field, Rc::clone(&maker));
            }
            Ok(wanted.is_empty())
        })?;
        Ok(makers)
    }
}

/// A field by what it says: its name and its value.
type Says<'v> = (&'v str, &'v Value);

fn says(field: &Field) -> Says<'_> {
    (&field.name, &field.value)
}

/// Returns what the new tip is compared with: what the branch held, or where a new branch starts from.
fn compared_with(change: &Update<'_, '_>) -> Result<Vec<ObjectId>, FactError> {
    match change.known_old()? {
        Some(old) => Ok(vec![old]),
        None => change.facts().starting_points(change),
    }
}

/// Returns the entries of the policy that a file falls under; one without an entry where the policy declares none.
fn entries<'a>(facts: &Facts<'a>, path: &BStr) -> Vec<Option<&'a VersionField>> {
    let declared = facts.project().version_fields();
    if declared.is_empty() {
        let lock = manifest::Kind::of_path(path).is_none_or(manifest::Kind::is_lock);
        return if lock || is_vendored(path) { Vec::new() } else { vec![None] };
    }
    // A policy that spells out a path means that file, wherever it is.
    let meant = |pattern: &PathPattern| {
        pattern.matches(path).is_some() && (!is_vendored(path) || pattern.instances(&Bindings::new()).is_some())
    };
    declared.iter().filter(|entry| entry.paths.iter().any(meant)).map(Some).collect()
}

/// Returns whether a field says a version whose entry was made on another line and has to come back to this one
/// (`reintegrate`). A changelog there that cannot be read has no entries: the edit is then judged as any other.
fn comes_back(change: &Update<'_, '_>, path: &BStr, field: &Field) -> Result<bool, FactError> {
    let facts = change.facts();
    let own = change.line().map(|place| place.line.name.as_str());
    for changelog in facts.project().changelogs() {
        let (Notes::Entries(pattern, format), Some(back)) = (&changelog.place, &changelog.reintegrate) else {
            continue;
        };
        if pattern.matches(path).is_none() || own == Some(back.from.as_str()) {
            continue;
        }
        for (_, tip) in facts.after().branches_of(&back.from)? {
            let Some(Ok(entries)) = facts.project().entries(tip, path, format)? else { continue };
            let released = |entry: &Entry| Released::of(entry).map(|released| released.version);
            if entries.iter().any(|entry| released(entry).as_deref() == field.value.literal()) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns why the policy does not let this commit of this push edit the field, as advice; `None` when it does.
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
        && !facts.project().is_one_of(commit, kinds)?
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
