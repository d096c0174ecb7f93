//! What messages name: ids of commits, numbers of pull requests, and revisions of another system.

use bstr::{BString, ByteSlice as _};
use serde::{Deserialize, Serialize};

/// An abbreviated or full commit id in hexadecimal, lower case.
pub(super) type Prefix = BString;

/// The fewest digits of an abbreviated id; a shorter one names nothing.
pub(super) const MIN_DIGITS: usize = 7;

/// How many names are read from a message; further ones are ignored.
pub(super) const MAX_NAMED: usize = 64;

/// What a message names as its original.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Named {
    /// A commit id, possibly abbreviated.
    Commit(Prefix),
    /// The number of a pull request.
    PullRequest(u64),
    /// The number of a revision in the system that the history was converted from.
    Revision(u64),
}

/// Returns whether a word looks like the id of a commit. A word that consists of letters from a to f alone is an
/// ordinary word.
pub(super) fn is_id(word: &[u8]) -> bool {
    (MIN_DIGITS..=64).contains(&word.len())
        && word.iter().all(u8::is_ascii_hexdigit)
        && word.iter().any(u8::is_ascii_digit)
}

/// Words that stand between the names of a list, or before them.
const BETWEEN: [&[u8]; 16] = [
    b"and",
    b"&",
    b"+",
    b"pr",
    b"prs",
    b"pull",
    b"request",
    b"requests",
    b"mr",
    b"commit",
    b"commits",
    b"revision",
    b"revisions",
    b"rev",
    b"revs",
    b"from",
];

/// Adds the names that a text begins with: ids, `#12`, `!12`, links to any of these, and revisions such as `r12` and
/// `r12-r15`, or without the `r` where `bare` says that numbers are revisions. What is not one ends the list.
pub(super) fn list(text: &[u8], bare: bool, found: &mut Vec<Named>) {
    let is_end = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b';' | b'/');
    let mut rest = text.trim();
    while !rest.is_empty() && found.len() < MAX_NAMED {
        let is_link = rest.starts_with(b"http://") || rest.starts_with(b"https://");
        let end = rest.iter().position(|byte| if is_link { byte.is_ascii_whitespace() } else { is_end(byte) });
        let Some((word, after)) = rest.split_at_checked(end.unwrap_or(rest.len())) else { break };
        let whole = word;
        let word = word.trim_with(|c| matches!(c, '(' | ')' | '[' | ']' | ':' | '.' | ','));
        let is_between = BETWEEN.contains(&word.to_ascii_lowercase().as_slice());
        if !is_between && !word.is_empty() && !item(word, is_link, bare, found) {
            break;
        }
        // What follows a colon is what the named change is called.
        if whole.ends_with(b":") && !is_between {
            break;
        }
        rest = after.trim_start_with(|c| c.is_whitespace() || matches!(c, ',' | ';' | '/'));
    }
}

/// Adds what one word names, and returns whether it names something.
fn item(word: &[u8], is_link: bool, bare: bool, found: &mut Vec<Named>) -> bool {
    let number = |digits: &[u8]| -> Option<u64> {
        let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
        is_number.then(|| digits.to_str().ok()?.parse().ok()).flatten()
    };
    if is_link {
        return linked(word).is_some_and(|named| {
            found.push(named);
            true
        });
    }
    let numbered = [b"#".as_slice(), b"!", b"gh-"].iter().find_map(|mark| word.strip_prefix(*mark));
    if let Some(number) = numbered.and_then(number) {
        found.push(Named::PullRequest(number));
        return true;
    }
    if is_id(word) && !(bare && word.iter().all(u8::is_ascii_digit)) {
        found.push(Named::Commit(BString::from(word.to_ascii_lowercase())));
        return true;
    }
    let mut ends = word.splitn_str(2, "-");
    let (first, last) = (ends.next().unwrap_or_default(), ends.next());
    let revision = |end: &[u8]| {
        let digits = end.strip_prefix(b"r").or_else(|| end.strip_prefix(b"R"));
        number(digits.or(Some(end).filter(|_| bare))?)
    };
    let Some(first) = revision(first) else { return false };
    // In `r12-15` the second number needs no `r`.
    let last = match last {
        Some(last) => match revision(last).or_else(|| number(last)) {
            Some(last) => last,
            None => return false,
        },
        None => first,
    };
    found.extend((first..=last).take(MAX_NAMED.saturating_sub(found.len())).map(Named::Revision));
    true
}

/// Returns what a link leads to: a pull request, or a commit.
fn linked(link: &[u8]) -> Option<Named> {
    let behind = |mark: &str| {
        let (_, rest) = link.rsplit_once_str(mark)?;
        rest.get(..rest.iter().position(|byte| !byte.is_ascii_alphanumeric()).unwrap_or(rest.len()))
    };
    if let Some(id) = behind("/commit/").filter(|id| is_id(id)) {
        return Some(Named::Commit(BString::from(id.to_ascii_lowercase())));
    }
    let number = behind("/pull/").or_else(|| behind("/merge_requests/"))?;
    number.to_str().ok()?.parse().ok().map(Named::PullRequest)
}
