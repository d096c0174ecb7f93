//! The marks that backporting leaves in titles: `[stable-2.16]`, `(#83)`, `Auto-port 4.2:`, `(backported from main)`.
//!
//! Tools and projects write them in ever new ways, from the same few words. What stands in brackets, or before a colon, is a
//! mark if each of its words is one of those: a word for porting, the name of a release line, an id or a number, or what
//! holds these together. All of this is about titles in lower case.

use bstr::ByteSlice as _;

use super::named::is_id;

/// A mark before a colon is not longer than this; more is a sentence.
const MAX_BEFORE_COLON: usize = 100;

/// The name of a release line is not longer than this.
const MAX_LINE: usize = 24;

/// What a word of a mark is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// Something was ported.
    Port,
    /// A commit, a pull request or an issue.
    Name,
    /// A release line that has a version in it, or the version alone.
    Line,
    /// A branch that most projects have.
    Branch,
    /// It means nothing alone.
    Glue,
}

/// What a text consists of, all of whose words are those of a mark.
#[derive(Clone, Copy, Debug, Default)]
struct Words {
    ports: bool,
    names: bool,
    /// A release line.
    lines: bool,
    /// A branch that most projects have: that alone is not a mark.
    branches: bool,
}

impl Words {
    fn add(&mut self, word: Word) {
        match word {
            Word::Port => self.ports = true,
            Word::Name => self.names = true,
            Word::Line => self.lines = true,
            Word::Branch => self.branches = true,
            Word::Glue => {}
        }
    }

    /// Returns what a text consists of; `None` where a word of it is not one of a mark, or where it has none.
    fn of(text: &[u8]) -> Option<Self> {
        let mut words = Self::default();
        let mut any = false;
        for Piece { word, .. } in split(text) {
            if let Some(word) = classified(word) {
                words.add(word);
            } else {
                // `pr #12/0123abcd`
                for part in word.split_str("/") {
                    words.add(classified(part)?);
                }
            }
            any = true;
        }
        any.then_some(words)
    }
}

/// A word of a text.
struct Piece<'t> {
    word: &'t [u8],
    has_colon: bool,
    /// What follows it.
    rest: &'t [u8],
}

/// Returns the words of a text, two that make one taken together.
fn split(text: &[u8]) -> impl Iterator<Item = Piece<'_>> {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';');
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = rest.iter().position(|byte| !is_end(byte))?;
        let text = rest.get(start..)?;
        let length = |text: &[u8]| text.iter().position(is_end).unwrap_or(text.len());
        let mut end = length(text);
        if text.get(..end).is_some_and(|word| HALVES.contains(&word))
            && let Some(second) = text.get(end + 1..)
            && second.get(..length(second)).is_some_and(|word| OTHER_HALVES.contains(&word))
        {
            end += 1 + length(second);
        }
        let (word, after) = text.split_at_checked(end)?;
        rest = after;
        // `mfc: r12`, but `https://…`.
        let before_colon = word.strip_suffix(b":");
        Some(Piece { word: before_colon.unwrap_or(word), has_colon: before_colon.is_some(), rest: after })
    })
}

/// Words that together with one of the others say that something was ported.
const HALVES: [&[u8]; 5] = [b"cherry", b"back", b"forward", b"auto", b"fwd"];
const OTHER_HALVES: [&[u8]; 5] = [b"pick", b"picked", b"port", b"ported", b"backport"];

const PORTS: [&[u8]; 17] = [
    b"backport",
    b"backports",
    b"backported",
    b"port",
    b"ported",
    b"pick",
    b"picked",
    b"cherrypick",
    b"cherrypicked",
    b"forwardport",
    b"forwardported",
    b"autoport",
    b"autobackport",
    b"redo",
    b"mfc",
    b"mfh",
    b"mfs",
];

const BRANCHES: [&[u8]; 8] = [b"main", b"master", b"trunk", b"mainline", b"upstream", b"devel", b"develop", b"head"];

/// Names of release lines without a version.
const LINES: [&[u8]; 4] = [b"stable", b"beta", b"lts", b"esr"];

const GLUE: [&[u8]; 36] = [
    b"of",
    b"to",
    b"from",
    b"on",
    b"onto",
    b"for",
    b"in",
    b"into",
    b"and",
    b"&",
    b"+",
    b"the",
    b"a",
    b"pr",
    b"prs",
    b"pull",
    b"request",
    b"requests",
    b"mr",
    b"branch",
    b"commit",
    b"commits",
    b"c/s",
    b"revision",
    b"revisions",
    b"rev",
    b"automated",
    b"automatic",
    b"auto",
    b"automatically",
    b"manual",
    b"manually",
    b"partial",
    b"partially",
    b"merge",
    b"merged",
];

fn classified(word: &[u8]) -> Option<Word> {
    if is_port(word) {
        Some(Word::Port)
    } else if GLUE.contains(&word) {
        Some(Word::Glue)
    } else if BRANCHES.contains(&word) {
        Some(Word::Branch)
    } else if is_name(word) {
        Some(Word::Name)
    } else {
        (LINES.contains(&word) || is_line(word)).then_some(Word::Line)
    }
}

/// Returns whether a word, or two, says that something was ported: `cherry-picked`, `back port`, `backport-of`.
fn is_port(word: &[u8]) -> bool {
    let word = [b"-of".as_slice(), b"-from"].iter().find_map(|end| word.strip_suffix(*end)).unwrap_or(word);
    if PORTS.contains(&word) {
        return true;
    }
    let mut parts = word.split(|byte| matches!(byte, b'-' | b'_' | b' '));
    let (first, second) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    HALVES.contains(&first) && OTHER_HALVES.contains(&second) && parts.next().is_none()
}

/// Returns whether a word is an id, a number of a pull request or an issue, a revision, or an address.
fn is_name(word: &[u8]) -> bool {
    let is_number = |digits: &[u8], least: usize| digits.len() >= least && digits.iter().all(u8::is_ascii_digit);
    let starts: [&[u8]; 7] = [b"#", b"!", b"gh-", b"gh#", b"pr-", b"pr#", b"mr!"];
    let is_revision = |rest: &[u8]| {
        let mut ends = rest.splitn_str(2, "-");
        ends.all(|end| is_number(end.strip_prefix(b"r").unwrap_or(end), 1))
    };
    starts.iter().any(|start| word.strip_prefix(*start).is_some_and(|digits| is_number(digits, 1)))
        || is_number(word, 4)
        || word.strip_prefix(b"r").is_some_and(is_revision)
        || word.starts_with(b"https://")
        || word.starts_with(b"http://")
        || is_id(word)
}

/// Returns whether a word names a release line: `2.9`, `release/1.10.x`, `v1.7`, `stable-2.9`, `7-0-stable`.
pub(super) fn is_line(word: &[u8]) -> bool {
    let starts: [&[u8]; 12] = [
        b"releases",
        b"release",
        b"rel",
        b"stable",
        b"branches",
        b"branch",
        b"maintenance",
        b"maint",
        b"hotfix",
        b"lts",
        b"support",
        b"bp",
    ];
    let ends: [&[u8]; 5] = [b"stable", b"lts", b"maint", b"branch", b"release"];
    let is_mark = |c: char| matches!(c, '/' | '-' | '_');
    let start = starts.iter().find_map(|start| word.strip_prefix(*start)).filter(|rest| !rest.is_empty());
    let rest = start.unwrap_or(word).trim_start_with(is_mark);
    let end = ends.iter().find_map(|end| rest.strip_suffix(*end)).filter(|rest| rest.ends_with_str("-"));
    let version = end.unwrap_or(rest).trim_end_with(is_mark);
    let digits = version.strip_prefix(b"v").unwrap_or(version);
    let is_marked = start.is_some() || end.is_some();
    // `7-0-stable`, where nobody takes it for a range or a date.
    let may_have = |byte: &u8| {
        byte.is_ascii_digit() || matches!(byte, b'.' | b'x' | b'*') || (is_marked && matches!(byte, b'-' | b'_'))
    };
    word.len() <= MAX_LINE
        && digits.first().is_some_and(u8::is_ascii_digit)
        && digits.iter().all(may_have)
        && (is_marked || digits.contains(&b'.'))
}

/// Returns a title without one mark, or the title itself where it has none. Nothing is taken off that would leave nothing.
pub(super) fn without_one(title: &[u8]) -> &[u8] {
    let readers = [before, behind, without_point, without_ellipsis];
    let is_shorter = |rest: &&[u8]| !rest.is_empty() && rest.len() < title.len();
    readers.iter().find_map(|reader| reader(title).map(|rest| rest.trim()).filter(is_shorter)).unwrap_or(title)
}

/// Returns what follows a mark at the beginning of a title.
fn before(title: &[u8]) -> Option<&[u8]> {
    let rest = bracketed_before(title).or_else(|| ported_before(title)).or_else(|| before_colon(title));
    rest.or_else(|| quoted_before(title))
}

fn bracketed_before(title: &[u8]) -> Option<&[u8]> {
    if let Some((mark, rest)) = title.strip_prefix(b"[").and_then(|rest| rest.split_once_str("]")) {
        let words: [&[u8]; 6] = [b"stable", b"release", b"backport", b"only", b"cve", b"bp"];
        let is_mark = mark.iter().any(u8::is_ascii_digit) || words.iter().any(|word| mark.contains_str(word));
        return (is_mark || Words::of(mark).is_some_and(is_whole))
            .then(|| rest.trim_start_with(|c| matches!(c, ':' | ' ')));
    }
    let (mark, rest) = title.strip_prefix(b"(")?.split_once_str(")")?;
    Words::of(mark).filter(|words| is_whole(*words)).map(|_| rest.trim_start_with(|c| matches!(c, ':' | ' ')))
}

/// Returns whether a text in brackets says something by itself.
fn is_whole(words: Words) -> bool {
    words.ports || words.names || words.lines
}

/// Returns what follows `backport pr #12 on branch v3.x`, `backport/2.9/64346`, `backport of`.
fn quoted_before(title: &[u8]) -> Option<&[u8]> {
    for start in
        [b"backport pr #".as_slice(), b"automated cherry-pick of #", b"automated cherry pick of #", b"redo pr #"]
    {
        if let Some(rest) = title.strip_prefix(start) {
            let rest = rest.trim_start_with(|c| c.is_ascii_digit());
            if let Some((_, title)) = rest.strip_prefix(b" on branch ").and_then(|rest| rest.split_once_str(": ")) {
                return Some(title);
            }
            return Some(rest.trim_start_with(|c| matches!(c, ':' | ' ')));
        }
    }
    let starts: [&[u8]; 6] = [b"backported", b"backport", b"cherry-pick", b"cherry pick", b"stable", b"forward-port"];
    starts.iter().filter_map(|start| title.strip_prefix(*start)).find_map(after_backport)
}

/// Returns what follows `backport`: ` of `, ` to 2.9: `, `-3.4 `, `/2.9/64346 `, `: `.
fn after_backport(rest: &[u8]) -> Option<&[u8]> {
    if let Some(rest) = [b" of: ".as_slice(), b": ", b" of "].iter().find_map(|mark| rest.strip_prefix(*mark)) {
        return Some(rest);
    }
    let target = [b" to ".as_slice(), b"-", b"/", b" "].iter().find_map(|mark| rest.strip_prefix(*mark))?;
    let (target, rest) = target.split_once_str(" ")?;
    (target.len() <= 20 && target.iter().any(u8::is_ascii_digit))
        .then(|| rest.trim_start_with(|c| matches!(c, ':' | '-' | ' ')))
}

/// Returns what follows `2.9:`, `auto-port 4.2:`, `merge r12 from trunk:`.
fn before_colon(title: &[u8]) -> Option<&[u8]> {
    let start = title.get(..title.len().min(MAX_BEFORE_COLON))?;
    let (mark, _) = start.split_once_str(":")?;
    let rest = title.get(mark.len() + 1..).filter(|rest| rest.starts_with(b" "))?;
    // Any number before a colon was taken for a version from the start: `12: …`.
    let is_version = mark.len() <= 12
        && mark.iter().any(u8::is_ascii_digit)
        && mark.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'v' | b'x' | b'-'));
    let is_mark = |words: Words| {
        let is_merged = words.names && (mark.starts_with(b"merge") || mark.starts_with(b"merging"));
        let is_port = words.ports && !matches!(mark, b"port" | b"pick" | b"ported" | b"picked");
        is_port || words.lines || is_merged || mark == b"upstream"
    };
    (is_version || Words::of(mark).is_some_and(is_mark)).then_some(rest)
}

/// Returns what follows words for porting and the names behind them: `backport of #12 and #13`, `mfc r12`.
fn ported_before(title: &[u8]) -> Option<&[u8]> {
    let mut pieces = split(title);
    let first = pieces.next()?.word;
    if !is_port(first) || matches!(first, b"port" | b"ported" | b"pick" | b"picked") {
        return None;
    }
    let mut behind = None;
    for Piece { word, has_colon, rest } in pieces {
        match classified(word) {
            Some(Word::Name | Word::Line) => behind = Some(rest),
            Some(Word::Glue | Word::Branch | Word::Port) => {}
            None => break,
        }
        if has_colon {
            break;
        }
    }
    behind.map(|rest| rest.trim_start_with(|c| matches!(c, ':' | '-' | ',' | ' ')))
}

/// Returns what stands before a mark at the end of a title.
fn behind(title: &[u8]) -> Option<&[u8]> {
    // `… into release/1.10.x`, `… - 2.9`
    for mark in [b" into ".as_slice(), b" - ", b" on branch "] {
        if let Some((rest, target)) = title.rsplit_once_str(mark)
            && is_line(target)
            && (target.contains(&b'.') || mark == b" on branch ")
        {
            return Some(rest);
        }
    }
    let (rest, mark, is_round) = bracketed_behind(title)?;
    let is_version = mark.len() <= 20 && mark.iter().any(u8::is_ascii_digit) && !mark.contains(&b' ');
    if !is_round {
        return (is_version || Words::of(mark).is_some_and(|words| words.ports)).then_some(rest);
    }
    let is_backport = [b"backport ".as_slice(), b"cherry-pick "].iter().any(|start| mark.starts_with(start));
    let words = Words::of(mark);
    // In `upgrade sqlite (3.45)` the version is what the change is about.
    let is_about = words.is_some_and(|words| !words.ports && !words.names && !words.branches)
        && !rest.iter().any(u8::is_ascii_digit)
        && IS_BUMP.iter().any(|word| rest.starts_with(word));
    (is_backport || (words.is_some_and(is_whole) && !is_about)).then_some(rest)
}

const IS_BUMP: [&[u8]; 9] =
    [b"bump", b"update", b"upgrade", b"import", b"vendor", b"sync", b"release", b"version", b"switch to"];

/// Returns what stands before the last brackets of a title, what is in them, and whether they are round.
fn bracketed_behind(title: &[u8]) -> Option<(&[u8], &[u8], bool)> {
    let (close, rest) = title.split_last()?;
    let (open, is_round) = match close {
        b')' => (b'(', true),
        b']' => (b'[', false),
        _ => return None,
    };
    let at = rest.rfind_byte(open)?;
    Some((rest.get(..at)?, rest.get(at + 1..)?, is_round))
}

fn without_point(title: &[u8]) -> Option<&[u8]> {
    title.strip_suffix(b".").filter(|rest| !rest.ends_with(b"."))
}

/// How a title ends that was cut off.
const ELLIPSES: [&[u8]; 2] = ["…".as_bytes(), b"..."];

/// Returns a title without the ellipsis at its end, if it has one.
pub(super) fn cut_off(title: &[u8]) -> Option<&[u8]> {
    ELLIPSES.iter().find_map(|ellipsis| title.strip_suffix(*ellipsis)).map(|rest| rest.trim_end())
}

/// Returns a title without an ellipsis where only marks were cut off: `fix it (#12) …`, `fix it (#1…`.
fn without_ellipsis(title: &[u8]) -> Option<&[u8]> {
    let rest = cut_off(title)?;
    if behind(rest).is_some() {
        return Some(rest);
    }
    let at = rest.rfind_byte(b'(')?;
    let mark = rest.get(at + 1..)?;
    (mark.is_empty() || mark.strip_prefix(b"#").is_some_and(|digits| digits.iter().all(u8::is_ascii_digit)))
        .then(|| rest.get(..at))?
}
