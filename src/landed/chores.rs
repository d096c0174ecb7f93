//! Changes that belong to their own line and to no other: version bumps, release notes, the settings of its CI.

use bstr::{BStr, BString};
use regex::bytes::{RegexSet, RegexSetBuilder};

/// Titles of chores, as regular expressions without regard to case.
pub const DEFAULT_TITLES: &[&str] = &[
    r"^(chore\S*:? |build\S*:? |ci: |doc\S*:? )?(prepare|preparing|prep)( for| the| release| v?\d|\b.*\brelease\b)",
    r"^(chore\S*:? |build\S*:? )?(bump|set|update|change|advance|increase|increment) (the )?(\S+ )?version\b",
    r"^(\S+: )?(this is |tag |cut |make )?release[: ]v?\d",
    r"^(new )?release v?\d",
    r"^v?\d+\.\d+(\.\d+)*([-.]?(rc|beta|alpha|pre|dev|post|b|a)\.?\d*)?( release)?$",
    r"^(turn (on|off) debug|set release date|xen: release|start (the )?\S+ stable)",
    r"^(add|update|fix|finalize|generate|write)? ?(the )?(release[ -]notes?|changelogs?)\b",
    r"^(update|import|sync) (the )?(translations?|\.gitreview|tox_constraints_file)",
    r"^update (upper_constraints|\.gitreview|tox_constraints)",
    r"^imported translations",
];

/// Which changes are chores.
#[derive(Clone, Debug)]
pub struct Chores {
    titles: RegexSet,
    paths: RegexSet,
}

impl Default for Chores {
    fn default() -> Self {
        Self::new(DEFAULT_TITLES, &[]).expect("the default titles are regular expressions")
    }
}

impl Chores {
    /// Compiles patterns of titles, and of paths: a change is a chore if its title matches one of the former or all its
    /// paths match the latter.
    ///
    /// # Errors
    /// One of them is no regular expression, or too large a one.
    pub fn new<T: AsRef<str>>(titles: &[T], paths: &[T]) -> Result<Self, regex::Error> {
        let compile = |patterns: &[T]| {
            RegexSetBuilder::new(patterns.iter().map(AsRef::as_ref)).case_insensitive(true).size_limit(4 << 20).build()
        };
        Ok(Self { titles: compile(titles)?, paths: compile(paths)? })
    }

    /// The patterns of titles, as they were given.
    pub(super) fn titles(&self) -> Vec<&str> {
        self.titles.patterns().iter().map(String::as_str).collect()
    }

    /// The patterns of paths, as they were given.
    pub(super) fn paths(&self) -> Vec<&str> {
        self.paths.patterns().iter().map(String::as_str).collect()
    }

    /// Whether a title alone says so.
    pub(super) fn by_title(&self, title: &BStr) -> bool {
        self.titles.is_match(title)
    }

    /// Whether all that changed says so.
    pub(super) fn by_paths(&self, paths: &[BString]) -> bool {
        !self.paths.is_empty() && !paths.is_empty() && paths.iter().all(|path| self.paths.is_match(path))
    }
}
