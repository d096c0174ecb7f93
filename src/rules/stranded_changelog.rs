//! Refuses the next version on a line whose earlier changelog entries never reached another line.

use bstr::BString;

use super::rule::NoOptions;
use super::undocumented_release::is_of;
use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{
    Bindings, ChangelogFormat, Due, FactError, Facts, Notes, PathPattern, Reintegrate, Released, TagMatch, VersionTag,
};
use crate::manifest::changelog::Entry;
use crate::model::{Level, ObjectId, RefName, Untrusted};

/// Further entries are counted, not named.
const NAMED: usize = 5;

pub(super) struct StrandedChangelog;

impl Rule for StrandedChangelog {
    const META: Meta = Meta {
        id: "stranded-changelog",
        summary: "Refuses a new version while changelog entries of earlier ones have not reached the line they must get to.",
        task: "comparing the changelogs for",
        docs: include_str!("stranded_changelog.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl VersionTagRule for StrandedChangelog {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        for changelog in tag.facts().project().changelogs() {
            let (Notes::Entries(path, format), Some(back)) = (&changelog.place, &changelog.reintegrate) else {
                continue;
            };
            let log =
                Log { facts: tag.facts(), place: tag.place(), name: tag.name(), commit: tag.commit(), path, format };
            log.check(back, sink)?;
        }
        Ok(())
    }
}

struct Log<'c, 'a> {
    facts: &'c Facts<'a>,
    place: &'c TagMatch<'a>,
    name: &'c RefName,
    commit: ObjectId,
    path: &'c PathPattern,
    format: &'c ChangelogFormat,
}

impl Log<'_, '_> {
    fn check(&self, back: &Reintegrate, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let named = |name: &str| self.facts.project().lines().iter().find(|line| line.name == name);
        let (Some(from), Some(to)) = (named(&back.from), named(&back.to)) else { return Ok(()) };
        let mut on_line = false;
        for (_, tip) in self.facts.after().branches(from, &Bindings::new())? {
            on_line = on_line || self.facts.after().is_on(self.commit, tip, self.place.class.off_branch_commits)?;
        }
        let targets = self.facts.after().branches(to, &Bindings::new())?;
        if !on_line || targets.is_empty() {
            return Ok(());
        }
        for path in self.facts.project().files_like(self.commit, self.path, &self.place.bindings)? {
            let earlier = self.earlier(&path)?;
            for (branch, tip) in &targets {
                let missing = self.facts.project().lacking(&earlier, path.as_ref(), self.format, self.commit, *tip)?;
                if !missing.is_empty() {
                    self.report(back, &path, (branch, *tip), &missing, sink);
                }
            }
        }
        Ok(())
    }

    /// Returns the entries of versions before the tag's: those below its own, or all where it has none.
    fn earlier(&self, path: &BString) -> Result<Vec<Released>, FactError> {
        let entries = self.facts.project().all_entries(self.commit, path.as_ref(), self.format)?;
        let own = entries.iter().position(|entry| is_of(entry, self.place, self.name.short(), self.format));
        let skipped = own.map_or(0, |at| at + 1);
        // The same version for another distribution is released with this one.
        let other = |entry: &&Entry| !is_of(entry, self.place, self.name.short(), self.format);
        Ok(entries.iter().skip(skipped).filter(other).filter_map(Released::of).collect())
    }

    fn report(
        &self,
        back: &Reintegrate,
        path: &BString,
        (branch, tip): (&RefName, ObjectId),
        missing: &[Released],
        sink: &mut Sink<'_>,
    ) {
        let shown = Untrusted::new(path);
        let mut names: Vec<String> = missing.iter().take(NAMED).map(ToString::to_string).collect();
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
            .command(|| commands::bring_file(self.facts.project(), self.name, self.commit, path.as_ref(), branch, tip));
        if back.due == Due::Report {
            report.only_warns();
        }
    }
}
