//! Changes that belong to their own line and to no other: version bumps, release notes, the settings of its CI.

use bstr::{BStr, BString};
use regex::bytes::{RegexSet, RegexSetBuilder};
use std::sync::LazyLock;

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

/// Compiled when first asked for: where an answer is known beforehand, nobody asks.
static COMPILED: LazyLock<RegexSet> = LazyLock::new(|| {
    // What is not ASCII is in none of them.
    let set = RegexSetBuilder::new(DEFAULT_TITLES).case_insensitive(true).unicode(false).build();
    set.expect("the built-in titles are regular expressions")
});

/// Which changes are chores: those with one of the built-in titles, unless something else was said.
#[derive(Clone, Debug, Default)]
pub struct Chores {
    own: Option<Own>,
}

/// What takes the place of the built-in titles.
#[derive(Clone, Debug)]
struct Own {
    titles: RegexSet,
    paths: RegexSet,
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
        Ok(Self { own: Some(Own { titles: compile(titles)?, paths: compile(paths)? }) })
    }

    /// The patterns of titles, as they were given.
    pub(super) fn titles(&self) -> Vec<&str> {
        self.own.as_ref().map_or(DEFAULT_TITLES.to_vec(), |own| patterns(&own.titles))
    }

    /// The patterns of paths, as they were given.
    pub(super) fn paths(&self) -> Vec<&str> {
        self.own.as_ref().map_or(Vec::new(), |own| patterns(&own.paths))
    }

    /// Whether a title alone says so.
    pub(super) fn by_title(&self, title: &BStr) -> bool {
        self.own.as_ref().map_or(&*COMPILED, |own| &own.titles).is_match(title)
    }

    /// Whether all that changed says so.
    pub(super) fn by_paths(&self, paths: &[BString]) -> bool {
        let own = self.own.as_ref().map(|own| &own.paths).filter(|own| !own.is_empty() && !paths.is_empty());
        own.is_some_and(|own| paths.iter().all(|path| own.is_match(path)))
    }
}

fn patterns(set: &RegexSet) -> Vec<&str> {
    set.patterns().iter().map(String::as_str).collect()
}
