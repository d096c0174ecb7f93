//! Which files say the version: manifests, changelogs, notes.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

use super::proposal::{Proposal, Support};
use super::tags::{Class, Member};
use crate::manifest::changelog::Headings;
use crate::manifest::{self, Kind, is_generated, is_vendored};
use crate::model::ObjectId;
use crate::policy::ChangelogFormat;
use crate::project::{FactError, Manifest, Project};
use crate::version::{Scheme, Version, without_v};

/// As many of the newest releases are looked at.
const RELEASES: usize = 10;

/// As many releases of all times are looked at for whether they have a file.
const OLDER: usize = 40;

/// As many files are tried.
const MAX_TRIED: usize = 200;

/// So deep in the tree a file says the version of the project.
const DEPTH: usize = 4;

/// So many of a hundred releases have to agree.
const AGREED: usize = 80;

/// The files of the newest commits.
pub(super) struct Files(Vec<BString>);

impl Files {
    /// Lists them.
    ///
    /// # Errors
    /// A tree that cannot be read.
    pub(super) fn of(project: &Project, commits: impl IntoIterator<Item = ObjectId>) -> Result<Self, FactError> {
        let mut files: BTreeSet<BString> = BTreeSet::new();
        for commit in commits {
            files.extend(project.changed_files(None, commit)?);
        }
        let mut files: Vec<BString> = files.into_iter().collect();
        files.retain(|path| !is_vendored(path.as_ref()) && !is_generated(path.as_ref()) && path.to_str().is_ok());
        files.sort_by_key(|path| (path.split_str("/").count(), path.clone()));
        Ok(Self(files))
    }

    fn up_to(&self, depth: usize) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |path| path.split_str("/").count() <= depth).filter_map(|path| path.to_str().ok())
    }
}

/// A file of releases: where it stands, `{scope}` in place of the component.
fn path_of(member: &Member<'_>, pattern: &str) -> String {
    pattern.replace("{scope}", &member.scope)
}

/// Returns the pattern of a path, in which a component's name is a place; `None` where nothing can be written so.
fn pattern_of(path: &str, class: &Class<'_>, scopes: &BTreeSet<&str>) -> Option<String> {
    if path.contains(['*', '{', '}', '?', '[', '\\', ':', '^', '~']) {
        return None;
    }
    if !class.is_scoped {
        return Some(path.to_owned());
    }
    let padded = format!("/{path}");
    let found = scopes.iter().rev().find_map(|scope| {
        let at = padded.find(&format!("/{scope}/"))?;
        Some((at, scope.len()))
    });
    let (at, length) = found?;
    Some(format!("{}{{scope}}{}", path.get(..at)?, path.get(at + length..)?))
}

/// Returns the newest final versions of a class, and whether a pattern's file is there in older ones.
fn releases<'m, 's>(class: &'m Class<'s>) -> Vec<&'m Member<'s>> {
    let finals =
        class.members.iter().rev().filter(|member| !member.version.is_prerelease() && member.tag.commit.is_some());
    finals.take(RELEASES).collect()
}

/// Returns whether a file is missing in the tree of a release.
fn is_missing(project: &Project, class: &Class<'_>, pattern: &str) -> Result<bool, FactError> {
    let step = class.members.len().div_ceil(OLDER).max(1);
    for member in class.members.iter().step_by(step) {
        let Some(commit) = member.tag.commit else { continue };
        if project.object_at(commit, BStr::new(&path_of(member, pattern)))?.is_none() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How a file's version agrees with a tag's.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Agrees {
    Not,
    Prefix,
    Exactly,
}

fn agrees(project: &Project, member: &Member<'_>, path: &str) -> Result<Option<Agrees>, FactError> {
    let Some(commit) = member.tag.commit else { return Ok(None) };
    let (path, kind) = (BStr::new(path), Kind::of_path(BStr::new(path)));
    let Manifest::Read { fields, .. } = project.manifest(commit, path, None)? else { return Ok(None) };
    let Some(kind) = kind else { return Ok(None) };
    let scheme = kind.scheme().and_then(|name| Scheme::parse(name).ok());
    let mut found: Option<Agrees> = None;
    for (field, texts) in fields.iter().zip(kind.meanings(&fields)) {
        if field.value.literal().is_none() || texts.is_empty() {
            continue;
        }
        let own = texts.iter().map(|text| text_agrees(&member.version, text, scheme.as_slice())).max();
        let own = own.unwrap_or(Agrees::Not);
        found = Some(found.map_or(own, |found| found.min(own)));
    }
    Ok(found)
}

fn text_agrees(version: &Version, text: &str, schemes: &[Scheme]) -> Agrees {
    if version.is_written(text, schemes) {
        return Agrees::Exactly;
    }
    let numbers: Option<Vec<u64>> = without_v(text).split('.').map(|number| number.parse().ok()).collect();
    if numbers.is_some_and(|numbers| numbers.len() > 1 && version.release().starts_with(&numbers)) {
        return Agrees::Prefix;
    }
    Agrees::Not
}

/// Proposes the manifests that say the version of the tags on them.
///
/// # Errors
/// Objects that cannot be read.
pub(super) fn fields(
    project: &Project,
    files: &Files,
    class: &Class<'_>,
    is_only: bool,
) -> Result<Vec<Proposal>, FactError> {
    let releases = releases(class);
    let scopes: BTreeSet<&str> = class.members.iter().map(|member| member.scope.as_str()).collect();
    let mut patterns: BTreeSet<String> = BTreeSet::new();
    let manifests = files.up_to(DEPTH).filter(|path| {
        Kind::of_path(BStr::new(path))
            .is_some_and(|kind| !kind.is_lock() && !path.contains("test") && !path.contains("example"))
    });
    for path in manifests {
        if patterns.len() < MAX_TRIED {
            patterns.extend(pattern_of(path, class, &scopes));
        }
    }
    let mut exact: Vec<(String, Support, bool)> = Vec::new();
    let mut prefix: Vec<(String, Support, bool)> = Vec::new();
    for pattern in patterns {
        let mut read = Vec::new();
        for member in &releases {
            project.step()?;
            if let Some(agrees) = agrees(project, member, &path_of(member, &pattern))? {
                read.push((&member.tag.name, agrees));
            }
        }
        let counted = |least: Agrees| {
            let read = read.iter().map(|(name, agrees)| (name, *agrees >= least));
            Support::of(read, "of the newest releases say their version there")
        };
        let enough = read.len() * 2 > releases.len();
        let (all, some) = (counted(Agrees::Exactly), counted(Agrees::Prefix));
        if !enough || !some.reaches(AGREED) {
            continue;
        }
        let is_optional = is_missing(project, class, &pattern)?;
        if all.reaches(AGREED) {
            exact.push((pattern, all, is_optional))
        } else {
            prefix.push((pattern, some, is_optional))
        }
    }
    let mut proposals = Vec::new();
    for (found, agrees) in [(exact, None), (prefix, Some("prefix"))] {
        for (pattern, support, is_optional) in found {
            let before = before(project, class, &pattern, agrees.is_some())?;
            let mut proposal = Proposal::new("version-field").key("path", pattern);
            if is_optional {
                proposal = proposal.key("optional", true);
            }
            if let Some(agrees) = agrees {
                proposal = proposal.key("agrees", agrees);
            }
            if let Some((agrees, support)) = before {
                proposal = proposal.key("agrees-before", agrees).because(support);
            }
            if !is_only {
                proposal = proposal.key("tag", class.name.as_str());
            }
            // That nobody may edit it is a decision, and no history shows who took it.
            proposals.push(proposal.key("may", "@anyone").because(support).arms(&["mismatched-tag"]));
        }
    }
    Ok(proposals)
}

/// Returns how a file agrees with the newest pre-releases, where that is less than with final versions: candidates can be
/// tagged before the version is set, or on a tree that says the next one.
fn before(
    project: &Project,
    class: &Class<'_>,
    pattern: &str,
    is_prefix: bool,
) -> Result<Option<(&'static str, Support)>, FactError> {
    let newest = class.recent().iter().rev().filter(|member| member.version.is_prerelease()).take(RELEASES);
    let mut read = Vec::new();
    for member in newest {
        project.step()?;
        if let Some(agrees) = agrees(project, member, &path_of(member, pattern))? {
            read.push((&member.tag.name, agrees));
        }
    }
    let counted =
        |least: Agrees, what: &str| Support::of(read.iter().map(|(name, agrees)| (name, *agrees >= least)), what);
    let what = "of the newest pre-releases say theirs";
    let (exact, some) =
        (counted(Agrees::Exactly, what), counted(Agrees::Prefix, "of the newest pre-releases begin with it"));
    let own = if is_prefix { &some } else { &exact };
    if own.without() == 0 {
        return Ok(None);
    }
    Ok(Some(if !is_prefix && some.without() == 0 { ("prefix", some) } else { ("no", exact) }))
}

/// What changelogs are called.
const CHANGELOGS: [&str; 7] = ["changelog", "changes", "history", "news", "releases", "release-notes", "releasenotes"];

/// Headings of changelogs that are not Markdown.
const HEADING: &str =
    r"^(?:#+ *)?(?:[A-Za-z][A-Za-z-]* +){0,3}v?(?P<version>[0-9]+(?:\.[0-9]+)+[0-9A-Za-z.+~-]*)(?:[ \t,:(].*)?$";

/// Proposes the changelogs that have an entry for the version of each tag, and the folders that have a file for it.
///
/// # Errors
/// Objects that cannot be read.
pub(super) fn changelogs(project: &Project, files: &Files, class: &Class<'_>) -> Result<Vec<Proposal>, FactError> {
    let releases = releases(class);
    let scopes: BTreeSet<&str> = class.members.iter().map(|member| member.scope.as_str()).collect();
    let is_changelog = |path: &&str| {
        let name = path.rsplit('/').next().unwrap_or_default().to_lowercase();
        let (stem, extension) = name.split_once('.').unwrap_or((name.as_str(), ""));
        let stem = stem.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-').replace('_', "-");
        path.ends_with("debian/changelog")
            || (CHANGELOGS.contains(&stem.as_str()) && ["", "md", "rst", "txt", "adoc"].contains(&extension))
    };
    let patterns: BTreeSet<String> = files
        .up_to(DEPTH)
        .filter(is_changelog)
        .filter_map(|path| pattern_of(path, class, &scopes))
        .take(MAX_TRIED)
        .collect();
    let mut proposals = Vec::new();
    for pattern in patterns {
        for (key, text, format) in formats(&pattern) {
            let mut read = Vec::new();
            for member in &releases {
                project.step()?;
                let Some(commit) = member.tag.commit else { continue };
                let entries = project.entries(commit, BStr::new(&path_of(member, &pattern)), &format)?;
                let Some(Ok(entries)) = entries else { continue };
                let schemes = [Scheme::semver(), Scheme::pep440()];
                let is_its = entries.iter().any(|entry| {
                    let says = entry.version.as_deref().unwrap_or_default();
                    let upstream = says.rsplit_once('-').map_or(says, |(bare, _)| bare);
                    let is_version = member.version.is_written(says, &schemes)
                        || (text == "debian" && member.version.is_written(upstream, &[Scheme::debian()]));
                    is_version && !entry.is_open && !entry.is_empty
                });
                read.push((&member.tag.name, is_its));
            }
            let enough = read.len() * 2 > releases.len();
            let support = Support::of(read, "of the newest releases have an entry there");
            if enough && support.reaches(AGREED) {
                let classes = Value::Array(vec![Value::from(class.name.as_str())]);
                proposals.push(
                    Proposal::new("changelog")
                        .key("path", pattern.as_str())
                        .key(key, text)
                        .key("required-by-tag", classes)
                        .because(support)
                        .arms(&["undocumented-release"]),
                );
                break;
            }
        }
    }
    proposals.extend(notes(project, files, class, &releases)?);
    Ok(proposals)
}

/// Returns the formats that a changelog may have: the key of the policy, what it says, and the format.
fn formats(path: &str) -> Vec<(&'static str, &'static str, ChangelogFormat)> {
    if path.ends_with("debian/changelog") {
        return vec![("format", "debian", ChangelogFormat::Debian)];
    }
    let headings =
        Headings::new(HEADING).ok().map(|headings| ("heading", HEADING, ChangelogFormat::Headings(headings)));
    [("format", "keep-a-changelog", ChangelogFormat::KeepAChangelog)].into_iter().chain(headings).collect()
}

/// Proposes the folder that has a file with notes for each version.
fn notes(
    project: &Project,
    files: &Files,
    class: &Class<'_>,
    releases: &[&Member<'_>],
) -> Result<Option<Proposal>, FactError> {
    if class.is_scoped {
        return Ok(None);
    }
    let versions: BTreeSet<&str> = class.members.iter().map(|member| member.version.as_str()).collect();
    // The patterns of files with a version in their names, with how many files are of each.
    let mut patterns: BTreeMap<String, usize> = BTreeMap::new();
    for path in files.up_to(DEPTH + 2) {
        let name = path.rsplit('/').next().unwrap_or_default();
        let folder = path.strip_suffix(name).unwrap_or_default();
        let Some(start) = name.find(|c: char| c.is_ascii_digit()) else { continue };
        let Some((before, rest)) = name.split_at_checked(start) else { continue };
        let ends = (0..=rest.len()).rev().filter(|end| rest.is_char_boundary(*end));
        let found = ends.into_iter().take(64).find_map(|end| {
            let (version, after) = rest.split_at_checked(end)?;
            versions.contains(version).then_some(after)
        });
        let is_text = [".md", ".rst", ".txt", ".adoc", ""].iter().any(|extension| found == Some(extension));
        if is_text && !format!("{folder}{before}").contains(['*', '{', '}', '?', '[', '\\', ':', '^', '~']) {
            *patterns.entry(format!("{folder}{before}{{version}}{}", found.unwrap_or_default())).or_default() += 1;
        }
    }
    let best = patterns.into_iter().max_by_key(|(pattern, count)| (*count, std::cmp::Reverse(pattern.clone())));
    let Some((pattern, 3..)) = best else { return Ok(None) };
    let mut read = Vec::new();
    for member in releases {
        let Some(commit) = member.tag.commit else { continue };
        let path = pattern.replace("{version}", member.version.as_str());
        let file = project.file(commit, BStr::new(&path), manifest::changelog::MAX_BYTES)?;
        let says =
            file.and_then(Result::ok).is_some_and(|text| manifest::changelog::says_something(&text).unwrap_or(true));
        read.push((&member.tag.name, says));
    }
    let support = Support::of(read, "of the newest releases have their notes there");
    if !support.reaches(AGREED) || support.with() < 3 {
        return Ok(None);
    }
    let classes = Value::Array(vec![Value::from(class.name.as_str())]);
    let proposal = Proposal::new("changelog").key("notes", pattern).key("required-by-tag", classes);
    Ok(Some(proposal.because(support).arms(&["undocumented-release"])))
}
