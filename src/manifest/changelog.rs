//! Changelogs: the entries of `debian/changelog`, of files with a heading for each version, and of files whose headings
//! a policy describes.
//!
//! <https://manpages.debian.org/deb-changelog.5>, <https://keepachangelog.com/en/1.1.0/>.

use regex::{Regex, RegexBuilder};
use std::ops::Range;
use std::sync::LazyLock;

use super::lines::{Line, lines};
use super::source::{Encoding, Source};
use super::{Error, Field};

/// Most bytes that are read of a changelog.
pub(crate) const MAX_BYTES: usize = 8 << 20;

/// One entry of a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The source package (Debian only).
    pub package: Option<String>,
    /// The version; `None` for the section of what is not released yet.
    pub version: Option<String>,
    /// The distribution, or several separated by spaces (Debian only). One version for two distributions is two
    /// releases, and `UNRELEASED` is not a release.
    pub distribution: Option<String>,
    /// The date, as it is written.
    pub date: Option<String>,
    /// The bytes of the version, or of the word that stands for it.
    pub span: Range<usize>,
    /// The bytes of the whole entry, from its heading to the next.
    pub whole: Range<usize>,
    /// Whether it says that it is not released yet.
    pub is_open: bool,
    /// Whether nothing is written under its heading.
    pub is_empty: bool,
}

/// `package (version) distribution…; key=value`, as dpkg's own parser has it.
static HEADING: LazyLock<Regex> = LazyLock::new(|| {
    let heading = r"(?i)^(\w[-+0-9a-z.]*) \(([^\(\) \t]+)\)((?:\s+[-+0-9a-z.]+)+);";
    Regex::new(heading).expect("a constant")
});

/// What ends the entries in old files: editor settings, and formats before the present one.
static END: LazyLock<Regex> = LazyLock::new(|| {
    let end = r"(?i)^(?:(?:;;\s*)?local variables:|vim:|old changelog:|changes (?:from version |for )|\w+\s+\w+\s+\d{1,2} \d{1,2}:\d{2}:\d{2}\s)";
    Regex::new(end).expect("a constant")
});

/// Returns the entries of a `debian/changelog`, newest first as in the file.
///
/// # Errors
/// A line that begins in column 1 and is not a heading: an entry that is not recognised would be missed silently. Also
/// as [`fields`](super::fields).
pub(crate) fn debian(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    located(&source, debian_entries(&source, usize::MAX)?)
}

/// The name of the version where an entry before it is not released.
pub(crate) const LAST_RELEASE: &str = "version of the last release";

/// Returns the version of the first entry that is released. One for `UNRELEASED` collects changes: its version counts
/// once it has a distribution. An entry for `UNRELEASED` in a file of nothing else is a version as well.
pub(super) fn first_version(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let entries = debian_entries(source, 1)?;
    let name = match entries.as_slice() {
        [_, .., last] if !last.is_open => LAST_RELEASE,
        _ => "version",
    };
    let entry = entries.iter().find(|entry| !entry.is_open).or(entries.first());
    let version = |entry: &Entry| Some(Field::new(name, entry.version.as_ref()?, entry.span.clone()));
    Ok(entry.and_then(version).into_iter().collect())
}

/// Returns whether a list of distributions says that an entry is not released.
fn is_unreleased(distributions: &str) -> bool {
    distributions.split_whitespace().any(|word| word.eq_ignore_ascii_case("unreleased"))
}

/// Reads entries, until `most` of them are released.
fn debian_entries(source: &Source<'_>, most: usize) -> Result<Vec<Entry>, Error> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut ended = false;
    let mut released = 0;
    for line in lines(source.text()) {
        let text = line.text;
        if let Some(trailer) = text.strip_prefix(" -- ") {
            let date = trailer.rsplit_once('>').map(|(_, date)| date.trim().to_owned());
            if let Some(entry) = entries.last_mut() {
                entry.date = date.filter(|date| !date.is_empty());
            }
        } else if text.trim().is_empty() || ended || is_comment(text) {
            continue;
        } else if let Some(entry) = entries.last_mut().filter(|_| is_indented(text)) {
            entry.is_empty = entry.is_empty && !has_words(text);
        } else if let Some(heading) = HEADING.captures(text) {
            end_last(&mut entries, line.start);
            if released == most {
                return Ok(entries);
            }
            let part = |group| heading.get(group).map_or("", |part| part.as_str());
            let range = heading.get(2).map_or(0..0, |version| version.range());
            let is_open = is_unreleased(part(3));
            released += usize::from(!is_open);
            entries.push(Entry {
                package: Some(part(1).into()),
                version: Some(part(2).into()),
                distribution: Some(part(3).split_whitespace().collect::<Vec<_>>().join(" ")),
                date: None,
                span: line.start + range.start..line.start + range.end,
                whole: line.start..source.text().len(),
                is_open,
                is_empty: true,
            });
        } else if !entries.is_empty() && END.is_match(text) {
            ended = true;
            end_last(&mut entries, line.start);
        } else {
            return Err(source.syntax(line.start, "not the heading of an entry"));
        }
    }
    Ok(entries)
}

fn is_indented(text: &str) -> bool {
    text.starts_with([' ', '\t'])
}

/// Returns whether this is a line that dpkg skips wherever it is.
fn is_comment(text: &str) -> bool {
    let keyword = text.starts_with('$') && text.trim_end().ends_with('$');
    text.starts_with('#') || keyword || (text.starts_with("/*") && text.trim_end().ends_with("*/"))
}

fn end_last(entries: &mut [Entry], at: usize) {
    if let Some(last) = entries.last_mut().filter(|last| last.whole.end > at) {
        last.whole.end = at;
    }
}

/// A heading's version: `[1.2.3]`, `1.2.3`, `v1.2.3`, `[1.2.3](link)`, `Version 1.2.3`; in brackets also with a
/// component's name.
static VERSION: LazyLock<Regex> = LazyLock::new(|| {
    let version = r"(?x)^
        (?:<a\s[^>]*></a>\s*)?                                    # an anchor of its own
        (?:\*\*|__)?
        (?:(?i:version|release|ver|rel)\.?\s+)?
        (?:\[([^\]\s]*\d[^\]\s]*|(?i:unreleased))\] | ([vV]?\d[^\s(:\]*,]*|(?i:unreleased)\b))";
    Regex::new(version).expect("a constant")
});

/// A date after the version.
static DATE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{4}-\d{2}-\d{2}\b").expect("a constant"));

/// Where a link leads, right after its text.
static LINK: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^\]\([^)\s]*\)").expect("a constant"));

/// What stands in an entry and says nothing: a link's definition, an anchor.
static SILENT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:\[[^\]]+\]:\s*\S+|<a\s[^>]*></a>)\s*$").expect("a constant"));

/// What a heading says instead of a date until there is one, in lower case and without punctuation and numbers. The
/// letters are those of dates that are still to be filled in, such as `YYYY-MM-DD` and `2026-XX-XX`.
const NOT_YET: [&str; 21] = [
    "unreleased",
    "not released",
    "not yet released",
    "to be released",
    "to be announced",
    "to be determined",
    "tba",
    "tbd",
    "in development",
    "in active development",
    "under development",
    "in progress",
    "work in progress",
    "wip",
    "upcoming",
    "pending",
    "yyyy mm dd",
    "xxxx xx xx",
    "xx xx",
    "mm dd",
    "xx",
];

/// Words of a date, and of what else may follow a version in a heading that is nothing but that.
const DATE_WORDS: [&str; 35] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "jan",
    "feb",
    "mar",
    "apr",
    "jun",
    "jul",
    "aug",
    "sep",
    "sept",
    "oct",
    "nov",
    "dec",
    "mon",
    "tue",
    "wed",
    "thu",
    "fri",
    "sat",
    "sun",
    "st",
    "nd",
    "rd",
    "th",
];

/// Words that say what became of a version.
const FATE_WORDS: [&str; 3] = ["yanked", "released", "utc"];

/// Returns the words of a text, in lower case.
fn words(text: &str) -> Vec<String> {
    let words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

/// Returns whether what follows a version in its heading says that it is not released yet.
fn says_not_yet(rest: &str) -> bool {
    let words = words(rest);
    let ends = [words.first(), words.last()];
    NOT_YET.contains(&words.join(" ").as_str()) || ends.into_iter().flatten().any(|word| word == "unreleased")
}

/// Returns whether what follows a version in its heading is nothing but a date and the like.
fn is_date(rest: &str) -> bool {
    let known = |word: &String| [DATE_WORDS.as_slice(), &FATE_WORDS].concat().contains(&word.as_str());
    words(rest).iter().all(known) || says_not_yet(rest)
}

/// Returns whether a line has anything to read.
fn has_words(text: &str) -> bool {
    text.contains(char::is_alphanumeric)
}

/// A heading: its level, and its text without the marks.
struct Heading<'t> {
    level: usize,
    line: Line<'t>,
}

/// Returns the heading that a line is: `## Text`, or a text with a line of punctuation under it.
fn heading<'t>(line: Line<'t>, next: Option<&Line<'_>>) -> Option<Heading<'t>> {
    let text = line.text;
    let marks = text.len() - text.trim_start_matches('#').len();
    if (1..=6).contains(&marks) {
        let rest = Line { text: text.get(marks..)?, start: line.start + marks };
        let closed = Line { text: rest.text.trim_end().trim_end_matches('#'), ..rest };
        return rest.text.starts_with([' ', '\t']).then(|| Heading { level: marks, line: closed.trimmed() });
    }
    let underline = next?.text.trim_end();
    let mark = underline.chars().next().filter(|mark| "=-~^\"+*".contains(*mark))?;
    let is_underline = underline.len() >= 3 && underline.chars().all(|c| c == mark);
    let level = match mark {
        '=' => 1,
        '-' => 2,
        _ => 3,
    };
    (is_underline && has_words(text) && !is_indented(text)).then(|| Heading { level, line: line.trimmed() })
}

/// Returns the bytes of the version that a heading names, or of the word `Unreleased`, and what follows it.
///
/// Up to the second level a heading may go on after the version. Below it, where the sections of an entry are, it may
/// not: `### 5.2.1 (2026-08-19)` begins an entry, `### 2.0 support` does not.
fn named<'t>(heading: &Heading<'t>) -> Option<(Range<usize>, &'t str)> {
    let text = heading.line.text;
    let found = VERSION.captures(text)?;
    let version = found.get(1).or_else(|| found.get(2))?;
    let rest = text.get(version.end()..).unwrap_or_default();
    let rest = LINK.find(rest).map_or(rest, |link| rest.get(link.end()..).unwrap_or_default());
    // A section may be called `3D` or `404`.
    let is_number = found.get(1).is_none() && version.as_str().starts_with(|c: char| c.is_ascii_digit());
    let is_version = !is_number || version.as_str().contains('.');
    let is_alone = is_date(rest) && is_version;
    (heading.level <= 2 || is_alone).then(|| (version.range(), rest))
}

/// Returns the entries of a Markdown or reStructuredText changelog: headings of any level with a version, such as
/// `## [1.2.3] - 2026-01-31`, `# [1.2.3](link) (2026-01-31)` or `1.2.3 / 2026-01-31` over a line of `=`, or with
/// `Unreleased`. Other headings belong to the entry that they are in; code blocks and comments are skipped.
///
/// # Errors
/// As [`fields`](super::fields).
pub(crate) fn keep_a_changelog(bytes: &[u8]) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let mut entries: Vec<Entry> = Vec::new();
    parts(source.text(), |part| {
        let found = part.heading.as_ref().and_then(named);
        let (Some(heading), Some((version, rest))) = (&part.heading, found) else {
            if let Some(entry) = entries.last_mut() {
                entry.is_empty = entry.is_empty && !part.says_something;
            }
            return;
        };
        end_last(&mut entries, part.start);
        let name = heading.line.text.get(version.clone()).unwrap_or_default();
        let is_unreleased = name.eq_ignore_ascii_case("unreleased");
        entries.push(Entry {
            package: None,
            version: (!is_unreleased).then(|| name.into()),
            distribution: None,
            date: DATE.find_iter(rest).last().map(|date| date.as_str().into()),
            span: heading.line.start + version.start..heading.line.start + version.end,
            whole: part.start..source.text().len(),
            is_open: is_unreleased || says_not_yet(rest),
            is_empty: true,
        });
    });
    located(&source, entries)
}

/// Returns whether there is anything in a file of notes besides headings and what nobody sees.
pub(crate) fn says_something(bytes: &[u8]) -> Result<bool, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let mut something = false;
    parts(source.text(), |part| something = something || part.says_something);
    Ok(something)
}

/// A line of a text with headings.
struct Part<'t> {
    /// Where it begins.
    start: usize,
    /// The heading that it is.
    heading: Option<Heading<'t>>,
    /// Whether there is anything in it to read, besides headings.
    says_something: bool,
}

/// Calls `visit` with each line outside of comments.
fn parts<'t>(text: &'t str, mut visit: impl FnMut(Part<'t>)) {
    let mut fence: Option<&str> = None;
    let mut comment = false;
    let mut lines = lines(text).peekable();
    while let Some(line) = lines.next() {
        let text = line.text.trim_start();
        if let Some(open) = fence {
            if text.starts_with(open) {
                fence = None;
            }
            visit(Part { start: line.start, heading: None, says_something: has_words(text) });
            continue;
        }
        if comment || text.starts_with("<!--") {
            comment = !text.contains("-->");
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|fence| text.starts_with(fence));
        let heading = heading(line, lines.peek());
        // A text over a line of dashes may be a paragraph before a rule.
        let says_something = !text.starts_with('#') && has_words(text) && !SILENT.is_match(text);
        visit(Part { start: line.start, heading, says_something });
    }
}

/// Most memory a compiled heading may take.
const MAX_REGEX: usize = 1 << 20;

/// What the heading of an entry looks like, in a changelog of a project's own form.
#[derive(Clone, Debug)]
pub struct Headings(Regex);

impl Headings {
    /// Compiles an expression, which matches the heading of each entry. `^` and `$` match at the ends of lines.
    ///
    /// # Errors
    /// [`Error::Pattern`]: not a regular expression, too big, or without the one group `version`.
    pub fn new(regex: &str) -> Result<Self, Error> {
        let regex = RegexBuilder::new(regex).size_limit(MAX_REGEX).multi_line(true).crlf(true).build();
        let regex = regex.map_err(|error| Error::Pattern(format!("it is not a regular expression: {error}")))?;
        match regex.capture_names().flatten().collect::<Vec<_>>().as_slice() {
            ["version"] => Ok(Self(regex)),
            _ => Err(Error::Pattern("the heading needs exactly one named group, `version`".into())),
        }
    }
}

/// Returns the entries of a changelog whose headings an expression describes.
///
/// # Errors
/// As [`fields`](super::fields).
pub(crate) fn headed(bytes: &[u8], headings: &Headings) -> Result<Vec<Entry>, Error> {
    let source = Source::new(bytes, MAX_BYTES, Encoding::Legacy)?;
    let text = source.text();
    let mut entries: Vec<Entry> = Vec::new();
    let mut content = 0;
    let mut found = headings.0.captures_iter(text).peekable();
    while let Some(groups) = found.next() {
        let (Some(whole), Some(version)) = (groups.get(0), groups.name("version")) else { continue };
        if whole.is_empty() || version.is_empty() {
            continue;
        }
        let line_end = |at: usize| text.get(at..).and_then(|rest| rest.find('\n')).map_or(text.len(), |end| at + end);
        let end = found.peek().and_then(|next| next.get(0)).map_or(text.len(), |next| next.start());
        content = line_end(whole.end()).max(content).min(end);
        let rest = text.get(version.end()..line_end(version.end())).unwrap_or_default();
        entries.push(Entry {
            package: None,
            version: Some(version.as_str().into()),
            distribution: None,
            date: DATE.find_iter(rest).last().map(|date| date.as_str().into()),
            span: version.range(),
            whole: whole.start()..end,
            is_open: says_not_yet(rest),
            is_empty: !text.get(content..end).is_some_and(has_words),
        });
    }
    located(&source, entries)
}

fn located(source: &Source<'_>, entries: Vec<Entry>) -> Result<Vec<Entry>, Error> {
    let bom = source.span(0..0)?.start;
    let moved = |entry: Entry| {
        let whole = entry.whole.start + bom..entry.whole.end + bom;
        Ok(Entry { span: source.span(entry.span)?, whole, ..entry })
    };
    entries.into_iter().map(moved).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DEBIAN: &str = "pybal (1.15.3) stretch; urgency=medium\n\n  * Fix (really)\n\n -- A B <a@b>  Mon, 01 Jan 2018 \
                          00:00:00 +0000\n\npybal (1.15.3) jessie UNRELEASED; urgency=low\n\n  * Old\n\n -- A <a@b>\n\
                          # comment\nLocal variables:\nmode: debian-changelog\nEnd:\n";

    #[test]
    fn one_version_for_two_distributions_is_two_entries() {
        let entries = debian(DEBIAN.as_bytes()).unwrap();
        let read: Vec<_> = entries
            .iter()
            .map(|e| (e.package.as_deref().unwrap(), e.version.as_deref().unwrap(), e.distribution.as_deref().unwrap()))
            .collect();
        assert_eq!(read, [("pybal", "1.15.3", "stretch"), ("pybal", "1.15.3", "jessie UNRELEASED")]);
        assert_eq!(entries[0].date.as_deref(), Some("Mon, 01 Jan 2018 00:00:00 +0000"));
        assert_eq!(entries[1].date, None);
        assert_eq!(&DEBIAN[entries[1].span.clone()], "1.15.3");
        assert!(DEBIAN[entries[0].whole.clone()].ends_with("+0000\n\n"));
        assert!(DEBIAN[entries[1].whole.clone()].ends_with("# comment\n"));
    }

    #[test]
    fn a_heading_that_is_none_is_not_skipped() {
        for (text, line) in [
            ("pybal (1.15.4 stretch; urgency=low\n", 1),
            ("a (1) x; u=l\n\n  * y\n\npybal 1.15.4 stretch\n", 5),
            ("  * no heading\n", 1),
            ("a (1) x\n", 1),
        ] {
            let error = debian(text.as_bytes());
            assert!(matches!(error, Err(Error::Syntax { line: at, .. }) if at == line), "{text} {error:?}");
        }
        assert_eq!(debian(b""), Ok(Vec::new()));
        assert_eq!(debian(b"a (1\xff) x; u=l\n"), Err(Error::NotUtf8 { line: 1, column: 5 }));
    }

    #[test]
    fn a_latin1_name_is_no_obstacle() {
        let text = b"\xef\xbb\xbfa (1:2~rc1-3) x; u=l\r\n\r\n  * J\xf6rg\r\n";
        let entries = debian(text).unwrap();
        assert_eq!(&text[entries[0].span.clone()], b"1:2~rc1-3");
        assert_eq!(entries[0].whole, 3..text.len());
    }

    fn says(text: &str) -> Vec<String> {
        let entries = keep_a_changelog(text.as_bytes()).unwrap();
        let say = |entry: &Entry| {
            let marks = [(entry.is_open, " open"), (entry.is_empty, " empty")];
            let marks: String = marks.iter().filter(|(holds, _)| *holds).map(|(_, mark)| *mark).collect();
            format!("{}{marks}", &text[entry.span.clone()])
        };
        entries.iter().map(say).collect()
    }

    #[test]
    fn a_heading_of_any_level_and_form_begins_an_entry() {
        for heading in [
            "# [5.2.0](https://example.org/a) (2026-08-19)",
            "### [5.2.0](https://example.org/a) (2026-08-19)",
            "#### 5.2.0 (2026-08-19)",
            "## 5.2.0 / 19 August 2026 ##",
            "## <a name=\"5.2.0\"></a>5.2.0 (2026-08-19)",
            "## **5.2.0**",
            "## Version 5.2.0",
            "# Release 5.2.0: many fixes",
            "5.2.0 / 2026-08-19\n==================",
            "5.2.0\n-----",
            "=====\n5.2.0\n=====",
            "5.2.0 (2026-08-19)\n~~~~~~~~~~~~~~~~~~",
            "### 5.2.0 - Aug 19th, 2026 [YANKED]",
        ] {
            assert_eq!(says(&format!("# Changes\n\n{heading}\n\n- x\n")), ["5.2.0"], "{heading}");
        }
    }

    #[test]
    fn sections_of_an_entry_are_not_entries() {
        let text = "# [5.2.0](a) (2026-08-19)\n\n### Bug Fixes\n\n* x\n\n### 2.0 support\n\n### 404\n\n### 3D\n\n### Node 18.0\n\n\
                    #5.1.0\n\n    5.0.0\n    -----\n";
        assert_eq!(says(text), ["5.2.0"]);
    }

    #[test]
    fn an_entry_that_is_not_released_says_so() {
        for heading in [
            "## [5.2.0] - Unreleased",
            "## 5.2.0 (unreleased)",
            "# [5.2.0](https://example.org/compare) - UNRELEASED",
            "## [5.2.0] - TBD",
            "## 5.2.0 (not yet released)",
            "## 5.2.0 - YYYY-MM-DD",
            "## 5.2.0 (2026-XX-XX)",
            "## 5.2.0, in development",
            "5.2.0 (unreleased)\n------------------",
        ] {
            assert_eq!(says(&format!("{heading}\n- x\n")), ["5.2.0 open"], "{heading}");
        }
        assert_eq!(says("## 5.2.0 Fixes what is pending\n- x\n## Unreleased\n- y\n"), ["5.2.0", "Unreleased open"]);
    }

    #[test]
    fn an_entry_with_nothing_under_it_is_empty() {
        let text = "## 1.4.0\n\n### Added\n\n<!-- - nothing -->\n\n## 1.3.0\n```\ncode\n```\n## 1.2.0\n[1.2.0]: https://x.org\n\
                    <a name=\"x\"></a>\n## 1.1.0\nA sentence.\n---\n## 1.0.0\n- item\n---\n";
        assert_eq!(says(text), ["1.4.0 empty", "1.3.0", "1.2.0 empty", "1.1.0", "1.0.0"]);
        let debian_says = |text: &str| debian(text.as_bytes()).unwrap()[0].is_empty;
        assert!(debian_says("a (1) x; u=l\n\n -- A <a@b>  Mon, 01 Jan 2018 00:00:00 +0000\n"));
        assert!(debian_says("a (1) x; u=l\n\n  *\n\n -- A <a@b>  Mon, 01 Jan 2018 00:00:00 +0000\n"));
        assert!(!debian_says("a (1) x; u=l\n\n  * y\n"));
        assert_eq!(says_something(b"# 1.2.0\n\n## Added\n<!-- x -->\n"), Ok(false));
        assert_eq!(says_something(b"# 1.2.0\n\nNew.\n"), Ok(true));
    }

    #[test]
    fn headings_of_a_projects_own_form_are_those_of_the_policy() {
        let read = |pattern: &str, text: &str| {
            let entries = headed(text.as_bytes(), &Headings::new(pattern).unwrap()).unwrap();
            let say = |entry: Entry| (text[entry.span].to_owned(), entry.date, entry.is_open, entry.is_empty);
            entries.into_iter().map(say).collect::<Vec<_>>()
        };
        let entry = |version: &str, date: Option<&str>, is_open, is_empty| {
            (version.to_owned(), date.map(str::to_owned), is_open, is_empty)
        };
        assert_eq!(
            read(
                r"^Redis (?P<version>\S+) Released",
                "Redis 7.0.11 Released Mon Apr 17 2023\n=====\n\n* x\n\r\nRedis 7.0.10 Released TBD\n\nsee Redis 7.0.9 Released\n"
            ),
            [entry("7.0.11", None, false, false), entry("7.0.10", None, false, false)]
        );
        assert_eq!(
            read(
                r"^## Cargo (?P<version>[0-9.]+)",
                "# x\n## Cargo 1.98 (2026-10-01)\n\n## Cargo 1.97 (unreleased)\n- y"
            ),
            [entry("1.98", Some("2026-10-01"), false, true), entry("1.97", None, true, false)]
        );
        for wrong in ["(", "x", "(?P<v>x)", "(?P<version>x)(?P<date>y)", r"(?P<version>\w{1000}{1000})"] {
            assert!(matches!(Headings::new(wrong), Err(Error::Pattern(_))), "{wrong}");
        }
    }

    #[test]
    fn keep_a_changelog_headings() {
        let text = "# Changelog\n<!--\n## [0.0.1]\n-->\n## [Unreleased]\n### Added\n```\n## 9.9\n```\n## [1.2.0](http://x) \
                    (2026-01-31)\n## v1.1.0 - 2025-01-01 [YANKED]\n## Notes for 3\n## [skaha-1.0] \r\n## 0.9\n";
        let entries = keep_a_changelog(text.as_bytes()).unwrap();
        let read: Vec<_> = entries.iter().map(|e| (&text[e.span.clone()], e.date.as_deref())).collect();
        assert_eq!(
            read,
            [
                ("Unreleased", None),
                ("1.2.0", Some("2026-01-31")),
                ("v1.1.0", Some("2025-01-01")),
                ("skaha-1.0", None),
                ("0.9", None)
            ]
        );
        assert_eq!(entries[0].version, None);
        assert!(text[entries[2].whole.clone()].ends_with("## Notes for 3\n"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let headings = Headings::new(r"^. ?(?P<version>\S+)").unwrap();
            for entries in [debian(&bytes), keep_a_changelog(&bytes), headed(&bytes, &headings)] {
                for entry in entries.into_iter().flatten() {
                    if let Some(version) = entry.version {
                        prop_assert_eq!(&bytes[entry.span], version.as_bytes());
                    }
                }
            }
        }

        #[test]
        fn entries_lie_behind_each_other(parts in proptest::collection::vec(0usize..7, 0..12)) {
            let lines = ["a (1.2) x y; u=l\n", "  * z\n", "\n", " -- A <b>  d\n", "## [1.0] - 2020-02-02\n", "2.0\n", "===\n"];
            let text: String = parts.iter().map(|part| lines[*part]).collect();
            for entries in [debian(text.as_bytes()), keep_a_changelog(text.as_bytes())].into_iter().flatten() {
                for pair in entries.windows(2) {
                    prop_assert_eq!(pair[0].whole.end, pair[1].whole.start);
                    prop_assert!(pair[0].span.end <= pair[0].whole.end);
                }
            }
        }
    }
}
