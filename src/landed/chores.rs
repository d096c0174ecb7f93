//! Changes that belong to their own line and to no other: version bumps, release notes, imports of translations.
//!
//! A title says that a change is such a chore, and its content has to bear that out: `Prepare the buffer` may be a fix.

use bstr::{BStr, ByteSlice as _};
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::LazyLock;

use super::change::basename;

/// Titles of chores, as regular expressions without regard to case.
pub(super) const DEFAULT_TITLES: &[&str] = &[
    r"^(chore\S*:? |build\S*:? |ci: |doc\S*:? )?(prepare|preparing|prep)( for| the| release| v?\d|\b.*\brelease\b)",
    r"^(\(\w+\) |chore\S*:? |build\S*:? )?(bump|set|update|change|advance|increase|increment) (to )?(the )?(\S+ )?version\b",
    r"^(\S+: )?(this is |tag |cut |make )?release[: ]v?\d",
    r"^(new )?release (\S+ )?v?\d",
    r"^v?\d+\.\d+(\.\d+)*([-.]?(rc|beta|alpha|pre|dev|post|b|a)\.?\d*)?( release)?$",
    r"^(turn (on|off) debug|set release date|xen: release|start (the )?\S+ stable)",
    r"\b(release[ -]notes?|changelogs?)\b",
    r"^(update|import|sync) (the )?(translations?|\.gitreview|tox_constraints_file)",
    r"^update (upper_constraints|\.gitreview|tox_constraints)",
    r"^imported translations",
];

/// Lines, without their blanks, that say which version this is: a number of three parts or a date, a number that is given
/// to a version, and the mark of a pre-release that is given to one.
const VERSION_LINES: &[&str] = &[
    r"[0-9]+\.[0-9]+\.[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r#"(version|release|major|minor|tiny|micro|patch|build)\w*["'\])]*(=>|:=|\?=|=|:|,)["'(\[]*\.?v?[0-9]"#,
    r#"^[^a-z]*[\w.]*(version|pre|suffix|extra|status)\w*["']?(=>|:=|\?=|=|:)["']?[-.~+]?(nil|none|null|rc|alpha|beta|dev|pre|post|snapshot|final|git|unstable)?[.-]?[0-9]*["']?[,;]?$"#,
];

/// A line, in a file that is named after the version, that consists of the version alone.
const BARE_VERSION: &str = r"^v?[0-9]+(\.[0-9]+)*([-.~+]?(rc|alpha|beta|dev|pre|post|snapshot|b|a)[-.]?[0-9]*)?$";

/// What differs between two versions: words with numbers in them, and the marks of pre-releases; quoted or not.
const VERSION_WORDS: &str =
    r#"["']?([\w.+~-]*[0-9][\w.+~-]*|\b(nil|none|null|rc|alpha|beta|dev|pre|post|snapshot|final|git|unstable)\b)["']?"#;

/// Names of files, without their endings, and of folders that hold what changed from version to version.
const NOTES: &[&[u8]] = &[
    b"changelog",
    b"changelogs",
    b"changelog.d",
    b"changes",
    b"news",
    b"newsfragments",
    b"history",
    b"releasenotes",
    b"release-notes",
    b"release_notes",
    b"relnotes",
    b"whatsnew",
];

/// Endings of files in which people write, and of those that hold notes and translations.
const PROSE: &[&[u8]] = &[b"md", b"markdown", b"rst", b"txt", b"adoc", b"html", b"yaml", b"yml", b"in"];
const TRANSLATIONS: &[&[u8]] = &[b"po", b"pot"];

/// Compiled on first use: where the answer is cached, nothing asks for it.
static TITLES: LazyLock<RegexSet> = LazyLock::new(|| set(DEFAULT_TITLES));
static LINES: LazyLock<RegexSet> = LazyLock::new(|| set(VERSION_LINES));
static BARE: LazyLock<Regex> = LazyLock::new(|| one(BARE_VERSION));
static WORDS: LazyLock<Regex> = LazyLock::new(|| one(VERSION_WORDS));

fn set(patterns: &[&str]) -> RegexSet {
    // None of them matches anything that is not ASCII.
    let set = RegexSetBuilder::new(patterns).case_insensitive(true).unicode(false).build();
    set.expect("the built-in patterns are regular expressions")
}

fn one(pattern: &str) -> Regex {
    let regex = RegexBuilder::new(pattern).case_insensitive(true).unicode(false).build();
    regex.expect("the built-in patterns are regular expressions")
}

/// Returns whether a title says that its change is a chore.
pub(super) fn by_title(title: &BStr) -> bool {
    TITLES.is_match(title)
}

/// Returns whether a file holds what changed from version to version, or translations, and no code.
pub(crate) fn is_notes(path: &[u8]) -> bool {
    let path = path.to_ascii_lowercase();
    let name = basename(&path);
    if name == b".gitreview" {
        return true;
    }
    let (stem, ending) = name.rsplit_once_str(".").unwrap_or((name, b""));
    if TRANSLATIONS.contains(&ending) {
        return true;
    }
    let folders = path.rsplit_once_str("/").map_or(&[][..], |(folders, _)| folders);
    let is_named =
        NOTES.contains(&stem) || NOTES.contains(&name) || folders.split_str("/").any(|part| NOTES.contains(&part));
    is_named && (ending.is_empty() || PROSE.contains(&ending))
}

/// What a change does to one file, as far as it replaces one version by another.
pub(super) struct Versions {
    /// Whether the file is named after the version.
    is_version_file: bool,
    /// The sum of what was added without the versions in it, less that of what was removed.
    balance: u64,
}

impl Versions {
    pub(super) fn of_file(path: &[u8]) -> Self {
        Self { is_version_file: basename(path).to_ascii_lowercase().contains_str("version"), balance: 0 }
    }

    /// Adds a changed line, its blanks taken out, and returns whether it says which version this is.
    pub(super) fn add(&mut self, sign: u8, line: &[u8]) -> bool {
        // A file that holds the version alone may be new.
        let is_bare = self.is_version_file && BARE.is_match(line);
        let is_version = is_bare || LINES.is_match(line);
        if is_version && !is_bare {
            let mut hasher = DefaultHasher::new();
            hasher.write(&WORDS.replace_all(line, &b"#"[..]));
            let hash = hasher.finish();
            self.balance = match sign {
                b'+' => self.balance.wrapping_add(hash),
                _ => self.balance.wrapping_sub(hash),
            };
        }
        is_version
    }

    /// Returns whether each line that was added took the place of one that differs in its version alone.
    pub(super) const fn is_even(&self) -> bool {
        self.balance == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_and_translations_are_told_from_code_by_their_names() {
        for path in [
            "debian/changelog",
            "CHANGELOG.md",
            "activerecord/CHANGELOG.md",
            "NEWS",
            "releasenotes/notes/fix-1.yaml",
            "changelogs/fragments/1.yml",
            "changelogs/changelog.yaml",
            "po/de.po",
            "locale/fr/LC_MESSAGES/x.po",
            ".gitreview",
            "docs/whatsnew/1.2.rst",
        ] {
            assert!(is_notes(path.as_bytes()), "{path}");
        }
        for path in
            ["changes.py", "src/news.rs", "history.c", "changelog/parser.rs", "README.md", "po/Makefile", "version.py"]
        {
            assert!(!is_notes(path.as_bytes()), "{path}");
        }
    }

    #[test]
    fn titles_of_chores_are_known_in_many_forms() {
        for title in [
            "Sync CHANGELOGs",
            "Fix railties/CHANGELOG.md offense",
            "docs: add release notes",
            "(packaging) Bump to version '7.29.0' [no-promote]",
        ] {
            assert!(by_title(title.into()), "{title}");
        }
        for title in ["Sync the buffers", "Log changes of the buffer", "Fix the changelogger"] {
            assert!(!by_title(title.into()), "{title}");
        }
    }

    fn is_bump(path: &str, removed: &[&str], added: &[&str]) -> bool {
        let mut versions = Versions::of_file(path.as_bytes());
        let mut lines = removed.iter().map(|line| (b'-', *line)).chain(added.iter().map(|line| (b'+', *line)));
        lines.all(|(sign, line)| versions.add(sign, &crate::landed::patch_id::strip(line.as_bytes())))
            && versions.is_even()
    }

    #[test]
    fn a_version_in_the_place_of_a_version_is_a_bump() {
        for (path, removed, added) in [
            ("setup.py", "setup(name='pybal', version='1.15')", "setup(name='pybal', version='1.16')"),
            ("package.json", "  \"version\": \"7.0.8\",", "  \"version\": \"7.0.10-rc1\","),
            ("RAILS_VERSION", "7.0.8.1", "7.0.10"),
            ("meson.version", "255.21", "255.22"),
            ("lib/gem_version.rb", "    TINY  = 8", "    TINY  = 10"),
            ("lib/gem_version.rb", "    PRE   = nil", "    PRE   = \"rc1\""),
            ("configure.ac", "AC_INIT(openvswitch, 3.3.9, bugs@x.org)", "AC_INIT(openvswitch, 3.3.10, bugs@x.org)"),
            (
                "Makefile",
                "export XEN_SUBVERSION = .10$(XEN_VENDORVERSION)",
                "export XEN_SUBVERSION = .11$(XEN_VENDORVERSION)",
            ),
            ("Gemfile.lock", "      rails (= 7.0.8)", "      rails (= 7.0.8.1)"),
        ] {
            assert!(is_bump(path, &[removed], &[added]), "{path}: {removed}");
        }
    }

    #[test]
    fn what_a_title_cannot_hide() {
        for (path, removed, added) in [
            ("a.c", "timeout = 3", "timeout = 5"),
            ("tls.c", "min = TLS_1_0", "min = TLS_1_2"),
            ("a.c", "if (version < 3)", "if (version < 4)"),
            ("a.c", "if (version == 3)", "if (version == 4)"),
            ("version.py", "return parse(text)", "return parse(text.strip())"),
            ("setup.py", "version='1.15'", "version='1.16', zip_safe=False"),
            ("a.py", "host = '1.2.3.4'", "allow('1.2.3.4')"),
        ] {
            assert!(!is_bump(path, &[removed], &[added]), "{path}: {removed}");
        }
        assert!(!is_bump("a.py", &[], &["requires('1.2.3')"]), "nothing stood there");
        assert!(is_bump("VERSION", &[], &["1.2.3"]));
    }

    #[test]
    fn titles_of_chores_are_known() {
        for title in [
            "preparing for 7.0.10 release",
            "bump version",
            "release 1.15.1",
            "release pybal 1.15.0",
            "1.2.3",
            "update changelog",
        ] {
            assert!(by_title(title.into()), "{title}");
        }
        assert!(!by_title("fix the release of locks".into()));
    }
}
