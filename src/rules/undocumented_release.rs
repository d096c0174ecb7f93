//! Refuses version tags without a changelog entry or release notes.

use bstr::{BStr, ByteSlice as _};

use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{ChangelogFormat, FactError, Notes, PathPattern, TagMatch, Update, VersionTag};
use crate::manifest;
use crate::manifest::changelog::{Entry, keep_a_changelog, says_something};
use crate::model::{Level, ObjectId, Untrusted};
use crate::version::Scheme;

/// A longer file does not contain release notes; it is only read to see that there is something in it.
const MAX_NOTES: usize = 8 << 20;

/// The rule's own keys.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// Whether pre-releases need an entry too.
    pre_releases: bool,
}

pub(super) struct UndocumentedRelease(Options);

impl Rule for UndocumentedRelease {
    const META: Meta = Meta {
        id: "undocumented-release",
        summary: "Refuses version tags whose tree has no changelog entry or release notes for the version.",
        task: "looking for the release notes of",
        docs: include_str!("undocumented_release.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl VersionTagRule for UndocumentedRelease {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if tag.version().is_prerelease() && !self.0.pre_releases {
            return Ok(());
        }
        for changelog in tag.facts().project().changelogs() {
            if !changelog.required_by.contains(&tag.place().class.name) {
                continue;
            }
            let tagged = Tagged { change: tag, place: tag.place(), commit: tag.commit() };
            let missing = match &changelog.place {
                Notes::Entries(path, format) => tagged.entry(path, format)?,
                Notes::Files(path) => tagged.notes(path)?,
            };
            if let Some(missing) = missing {
                sink.report(missing)
                    .asked_by(&changelog.origin)
                    .commit(tag.commit())
                    .help("write down what the version brings, commit it, and tag the result")
                    .command_instead(|| commands::delete_tag(tag.facts(), tag.name()));
            }
        }
        Ok(())
    }
}

struct Tagged<'c, 'f, 'a> {
    change: &'c Update<'f, 'a>,
    place: &'c TagMatch<'a>,
    commit: ObjectId,
}

impl Tagged<'_, '_, '_> {
    /// Returns what is wrong with the entry of the tag's version, if anything.
    fn entry(&self, pattern: &PathPattern, format: &ChangelogFormat) -> Result<Option<String>, FactError> {
        let (facts, name) = (self.change.facts(), self.change.name());
        let paths = facts.project().files_like(self.commit, pattern, &self.place.bindings)?;
        let Some(path) = paths.first() else {
            let path = pattern.filled_in(&self.place.bindings);
            return Ok(Some(format!("the tree of `{name}` has no changelog `{path}`")));
        };
        let shown = Untrusted::new(path);
        let entries = match facts.project().entries(self.commit, path.as_ref(), format)? {
            None => return Ok(Some(format!("`{shown}` in the tree of `{name}` is not a file"))),
            Some(Err(error)) => {
                return Ok(Some(format!("the changelog `{shown}` in the tree of `{name}` cannot be read: {error}")));
            }
            Some(Ok(entries)) => entries,
        };
        let own: Vec<&Entry> = entries.iter().filter(|entry| is_of(entry, self.place, name.short(), format)).collect();
        if own.is_empty() {
            return Ok(Some(format!("`{shown}` in the tree of `{name}` has no entry for its version")));
        }
        if own.iter().all(|entry| entry.is_open) {
            return Ok(Some(match format {
                ChangelogFormat::Debian => format!("the entry for `{name}` in `{shown}` is still for `UNRELEASED`"),
                _ => format!("the entry for `{name}` in `{shown}` says that it is not released yet"),
            }));
        }
        let is_empty = own.iter().filter(|entry| !entry.is_open).all(|entry| entry.is_empty);
        Ok(is_empty.then(|| format!("the entry for `{name}` in `{shown}` has nothing under its heading")))
    }

    /// Returns what is wrong with the version's own file of notes, if anything.
    fn notes(&self, pattern: &PathPattern) -> Result<Option<String>, FactError> {
        let (facts, name) = (self.change.facts(), self.change.name());
        for path in facts.project().files_like(self.commit, pattern, &self.place.bindings)? {
            match facts.project().file(self.commit, path.as_ref(), MAX_NOTES)? {
                Some(Ok(text)) => {
                    if self.is_open(&text) {
                        let shown = Untrusted::new(&path);
                        return Ok(Some(format!("the notes of `{name}` at `{shown}` say that it is not released yet")));
                    }
                    if says_something(&text).unwrap_or(true) {
                        return Ok(None);
                    }
                }
                Some(Err(manifest::Error::NoFile(_))) | None => {}
                Some(Err(_)) => return Ok(None),
            }
        }
        let path = pattern.filled_in(&self.place.bindings);
        Ok(Some(format!("the tree of `{name}` has no release notes, or empty ones, at `{path}`")))
    }

    /// Returns whether notes have a heading for the tag's version, and it says that this is not released yet.
    fn is_open(&self, text: &[u8]) -> bool {
        let format = ChangelogFormat::KeepAChangelog;
        let own = |entry: &Entry| is_of(entry, self.place, self.change.name().short(), &format);
        let entries = keep_a_changelog(text).unwrap_or_default();
        let mut own = entries.iter().filter(|entry| own(entry)).peekable();
        own.peek().is_some() && own.all(|entry| entry.is_open)
    }
}

/// Returns whether an entry is of a tag's version. A Debian entry may add an epoch and the revision of the package.
pub(super) fn is_of(entry: &Entry, place: &TagMatch<'_>, name: &BStr, format: &ChangelogFormat) -> bool {
    let (Some(says), Some(version)) = (entry.version.as_deref(), &place.version) else { return false };
    if says.as_bytes() == name.as_bytes() {
        return true;
    }
    match format {
        ChangelogFormat::KeepAChangelog | ChangelogFormat::Headings(_) => {
            version.is_written(says, &[Scheme::semver(), Scheme::pep440()])
        }
        ChangelogFormat::Debian => {
            let upstream = says.split_once(':').map_or(says, |(_, upstream)| upstream);
            let bare = upstream.rsplit_once('-').map_or(upstream, |(bare, _)| bare);
            [says, upstream, bare].iter().any(|text| version.is_written(text, &[Scheme::debian()]))
        }
    }
}
