//! Refuses the next version on a line whose earlier changelog entries never got to another line.

use bstr::BString;
use std::collections::BTreeSet;

use super::rule::NoOptions;
use super::undocumented_release::is_of;
use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{
    Bindings, Change, ChangelogFormat, Due, FactError, Facts, Kind, Notes, PathPattern, Reintegrate, TagKind, TagMatch,
};
use crate::manifest::changelog::Entry;
use crate::model::{Level, ObjectId, RefName, Untrusted, quote};

/// More entries than these are counted, not named.
const NAMED: usize = 5;

pub(super) struct StrandedChangelog;

impl Rule for StrandedChangelog {
    const META: Meta = Meta {
        id: "stranded-changelog",
        summary: "Refuses a new version while changelog entries of earlier ones have not reached the line they must get to.",
        task: "comparing the changelogs for",
        docs: include_str!("stranded_changelog.md"),
        default: Level::Refuse,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for StrandedChangelog {
    fn check(&self, change: &Change<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(place) = change.tag().filter(|place| place.class.kind == TagKind::Version) else { return Ok(()) };
        if place.version.is_none() || change.old() == change.new_id() {
            return Ok(());
        }
        let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
        for changelog in change.facts().changelogs() {
            let (Notes::Entries(path, format), Some(back)) = (&changelog.place, &changelog.reintegrate) else {
                continue;
            };
            let log =
                Log { facts: change.facts(), place, name: change.name(), commit: peeled.id, path, format: *format };
            log.check(back, sink)?;
        }
        Ok(())
    }
}

/// What tells one entry from another.
type Identity = (String, String);

struct Log<'c, 'a> {
    facts: &'c Facts<'a>,
    place: &'c TagMatch<'a>,
    name: &'c RefName,
    commit: ObjectId,
    path: &'c PathPattern,
    format: ChangelogFormat,
}

impl Log<'_, '_> {
    fn check(&self, back: &Reintegrate, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let named = |name: &str| self.facts.lines().iter().find(|line| line.name == name);
        let (Some(from), Some(to)) = (named(&back.from), named(&back.to)) else { return Ok(()) };
        let mut on_line = false;
        for (_, tip) in self.facts.branches(from, &Bindings::new())? {
            on_line = on_line || self.facts.is_on(self.commit, tip, self.place.class.off_branch_commits)?;
        }
        let targets = self.facts.branches(to, &Bindings::new())?;
        if !on_line || targets.is_empty() {
            return Ok(());
        }
        for path in self.facts.files_like(self.commit, self.path, &self.place.bindings)? {
            let earlier = self.earlier(&path)?;
            for (branch, tip) in &targets {
                let missing = self.missing(&path, &earlier, *tip)?;
                if !missing.is_empty() {
                    self.report(back, &path, branch, &missing, sink);
                }
            }
        }
        Ok(())
    }

    /// The entries of versions before the tag's: those below its own, or all where it has none.
    fn earlier(&self, path: &BString) -> Result<Vec<Identity>, FactError> {
        let entries = self.entries(self.commit, path)?;
        let own = entries.iter().position(|entry| is_of(entry, self.place, self.name.short(), self.format));
        let skipped = own.map_or(0, |at| at + 1);
        // The same version for another distribution is released with this one.
        let other = |entry: &&Entry| !is_of(entry, self.place, self.name.short(), self.format);
        Ok(entries.iter().skip(skipped).filter(other).filter_map(identity).collect())
    }

    /// Those that were made since the line left the other one, and are not there.
    fn missing(&self, path: &BString, earlier: &[Identity], tip: ObjectId) -> Result<Vec<Identity>, FactError> {
        let mut known: BTreeSet<Identity> = self.entries(tip, path)?.iter().filter_map(identity).collect();
        if earlier.iter().all(|entry| known.contains(entry)) {
            return Ok(Vec::new());
        }
        // What both had once, the other line may have dropped since.
        if let Some(fork) = self.facts.merge_base(self.commit, tip)? {
            known.extend(self.entries(fork, path)?.iter().filter_map(identity));
        }
        Ok(earlier.iter().filter(|entry| !known.contains(entry)).cloned().collect())
    }

    fn entries(&self, commit: ObjectId, path: &BString) -> Result<Vec<Entry>, FactError> {
        match self.facts.entries(commit, path.as_ref(), self.format)? {
            None => Ok(Vec::new()),
            Some(Ok(entries)) => Ok(entries),
            Some(Err(error)) => Err(FactError::undecided(format!(
                "the changelog `{}` at {} cannot be read: {error}",
                Untrusted::new(path),
                commit.short()
            ))),
        }
    }

    fn report(&self, back: &Reintegrate, path: &BString, branch: &RefName, missing: &[Identity], sink: &mut Sink<'_>) {
        let shown = Untrusted::new(path);
        let entry = |(version, distribution): &Identity| {
            let version = Untrusted::new(version);
            if distribution.is_empty() {
                format!("`{version}`")
            } else {
                format!("`{version}` ({})", Untrusted::new(distribution))
            }
        };
        let mut names: Vec<String> = missing.iter().take(NAMED).map(entry).collect();
        if missing.len() > NAMED {
            names.push(format!("{} more", missing.len() - NAMED));
        }
        let names = names.join(", ");
        let report = sink
            .report(format!(
                "`{shown}` on `{branch}` lacks entries that were made on the line `{}`: {names}",
                back.from
            ))
            .commit(self.commit)
            .path(path.as_ref())
            .help(format!("bring the entries to `{branch}` first, or push both together"))
            .command(quote(path).map(|path| format!("git diff {branch} {} -- {path}", self.commit.short())));
        if back.due == Due::Report {
            report.only_warns();
        }
    }
}

/// The version, and for Debian the distribution: one version for two distributions is two releases.
fn identity(entry: &Entry) -> Option<Identity> {
    let distribution = entry.distribution.clone().unwrap_or_default();
    let released = distribution != "UNRELEASED";
    entry.version.clone().filter(|_| released).map(|version| (version, distribution))
}
