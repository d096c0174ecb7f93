//! Ref patterns: `release/{name}`, `{major}.{minor}`, `sandbox/{user}/**`, `regex:^v(?P<version>.+)$`.
//!
//! A pattern is always anchored at both ends. `*` matches within one path component, `**` across them, and a
//! placeholder matches and binds a value that other patterns of the policy can use.

use bstr::{BStr, BString, ByteSlice as _};
use regex::bytes::{Captures, Regex, RegexBuilder};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::placeholder::{self, PLACEHOLDERS, Placeholder};
use super::text::Meaning;
use crate::model::did_you_mean;

/// What the placeholders of a pattern matched: name to bytes.
pub(crate) type Bindings = BTreeMap<&'static str, BString>;

/// The prefix of a pattern that is a regular expression.
const REGEX: &str = "regex:";

/// Patterns longer than this are a mistake or an attack, not a name.
const MAX_LENGTH: usize = 1024;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Placeholder(&'static str),
    /// `*`: within a path component.
    Star,
    /// `**`: across components.
    StarStar,
}

/// Why a text is not a pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing can match the empty name.
    #[error("a pattern cannot be empty")]
    Empty,
    /// Over the length limit.
    #[error("a pattern has at most {MAX_LENGTH} bytes")]
    TooLong,
    /// `{` without its `}`.
    #[error("`{{` without a closing `}}`")]
    Unclosed,
    /// A name in braces that is not a placeholder.
    #[error(
        "`{{{found}}}` is not a placeholder{} (there are {})",
        did_you_mean(found, placeholder::names()),
        placeholder::list()
    )]
    Unknown {
        /// The name in braces.
        found: String,
    },
    /// One placeholder twice.
    #[error("`{{{0}}}` stands twice in one pattern")]
    Repeated(&'static str),
    /// A character no ref name can hold (`git check-ref-format`).
    #[error("no ref name holds the character `{}`", .0.escape_default())]
    Illegal(char),
    /// A `regex:` pattern that does not compile.
    #[error("the regular expression is invalid: {0}")]
    Regex(String),
    /// A `regex:` pattern with a group that is not a placeholder.
    #[error("the group `{0}` is not a placeholder (there are {list})", list = placeholder::list())]
    Group(String),
}

/// A compiled pattern. The regular expression behind it is built on first use.
#[derive(Debug)]
pub struct Pattern {
    text: String,
    /// `None` for a `regex:` pattern.
    pieces: Option<Vec<Piece>>,
    /// The placeholders that the groups of a `regex:` pattern are.
    groups: Vec<&'static str>,
    regex: OnceLock<Option<Regex>>,
    /// What follows `{scope}`, where `{version}` is in it.
    tail: OnceLock<Option<Regex>>,
}

impl Clone for Pattern {
    fn clone(&self) -> Self {
        let Self { text, pieces, groups, .. } = self;
        let (regex, tail) = (OnceLock::new(), OnceLock::new());
        Self { text: text.clone(), pieces: pieces.clone(), groups: groups.clone(), regex, tail }
    }
}

impl Pattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(PatternError::TooLong);
        }
        let is_regex = text.starts_with(REGEX);
        let pieces = if is_regex { None } else { Some(pieces_of(text)?) };
        let (regex, tail) = (OnceLock::new(), OnceLock::new());
        let mut pattern = Self { text: text.to_owned(), pieces, groups: Vec::new(), regex, tail };
        if is_regex {
            // A policy author's expression is compiled at once: its errors belong to the policy, not to a push. The
            // compiled form is dropped, since whoever pushes a policy may write thousands of expressions with which
            // nothing is ever compared.
            let regex = build(&pattern.expression()).map_err(|error| PatternError::Regex(error.to_string()))?;
            for group in regex.capture_names().flatten() {
                let known = placeholder::named(group).ok_or_else(|| PatternError::Group(group.to_owned()))?.name;
                pattern.groups.push(known);
            }
        }
        Ok(pattern)
    }

    /// Returns the pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Matches a whole name and says what the placeholders bound.
    pub fn matches(&self, name: &BStr) -> Option<Bindings> {
        if let Some([Piece::Literal(literal)]) = self.pieces.as_deref() {
            return (literal.as_bytes() == name.as_bytes()).then(Bindings::new);
        }
        // Built from escaped literals and the fixed table above. Building can fail only at the size limit, which the
        // length limit keeps out of reach; a pattern that did fail would match nothing.
        let regex = self.regex.get_or_init(|| build(&self.expression()).ok()).as_ref()?;
        Some(bound(regex, &regex.captures(name)?))
    }

    /// Matches a whole name in each way in which it comes apart into a `{scope}` and a `{version}` behind it, the shortest
    /// scope first: `gtk-3-3.24.1` may be the version 3-3.24.1 of `gtk`, or 3.24.1 of `gtk-3`. One way where the pattern
    /// does not have both.
    pub fn readings<'n>(&'n self, name: &'n BStr) -> impl Iterator<Item = Bindings> + 'n {
        let first = self.matches(name);
        let start = first.as_ref().and_then(|bound| {
            let scope = bound.get("scope")?;
            let before = self.pieces.as_deref()?.split(|piece| *piece == Piece::Placeholder("scope")).next()?;
            // Only literal text before the scope says where it begins.
            let before: Option<Vec<&str>> = before.iter().map(Piece::literal).collect();
            let start = before?.concat().len();
            Some((start, start + scope.len()))
        });
        let tail = start.and_then(|_| self.tail.get_or_init(|| self.tail()).as_ref());
        let further = start.zip(tail).into_iter().flat_map(move |((start, end), tail)| {
            (end + 1..name.len()).filter_map(move |end| {
                let captures = tail.captures(name.get(end..)?)?;
                let mut bound = bound(tail, &captures);
                bound.insert("scope", name.get(start..end)?.into());
                Some(bound)
            })
        });
        first.into_iter().chain(further)
    }

    /// Returns an expression for what follows `{scope}`; `None` unless `{version}` is in it.
    fn tail(&self) -> Option<Regex> {
        let after = self.pieces.as_deref()?.split(|piece| *piece == Piece::Placeholder("scope")).nth(1)?;
        let has_version = after.contains(&Piece::Placeholder("version"));
        has_version.then(|| build(&expression(after)).ok()).flatten()
    }

    /// Returns the names this pattern can mean once `bindings` are known: one where every placeholder is bound, with
    /// the zero padded spellings of numbers as well (`1.09` is the branch of `1.9`). `None` when the pattern
    /// leaves something open: then the refs under [`Pattern::literal_prefix`] have to be looked at.
    pub fn instances(&self, bindings: &Bindings) -> Option<Vec<BString>> {
        let mut names = vec![BString::default()];
        for piece in self.pieces.as_deref()? {
            match piece {
                Piece::Literal(literal) => names.iter_mut().for_each(|name| name.extend_from_slice(literal.as_bytes())),
                Piece::Placeholder(key) => {
                    let value = bindings.get(key)?;
                    let padded = (value.len() == 1 && value.is_ascii() && value.iter().all(u8::is_ascii_digit))
                        .then(|| BString::from([b"0", value.as_slice()].concat()));
                    let with = |value: &BString| {
                        names.iter().map(|name| BString::from([name.as_slice(), value.as_slice()].concat())).collect()
                    };
                    let mut next: Vec<BString> = with(value);
                    if let Some(padded) = &padded {
                        next.extend(with(padded));
                    }
                    names = next;
                }
                Piece::Star | Piece::StarStar => return None,
            }
        }
        Some(names)
    }

    /// Returns a name that it matches, such as people give; `None` for a regular expression.
    pub fn example(&self) -> Option<BString> {
        let mut name = BString::default();
        for piece in self.pieces.as_deref()? {
            name.extend_from_slice(match piece {
                Piece::Literal(literal) => literal.as_bytes(),
                Piece::Placeholder(name) => placeholder::named(name).map_or("", |known| known.example).as_bytes(),
                Piece::Star | Piece::StarStar => b"some-name",
            });
        }
        Some(name)
    }

    /// Returns whether what this pattern bound agrees with what is known: numbers by value, anything else by bytes.
    pub fn agrees(bound: &Bindings, known: &Bindings) -> bool {
        bound.iter().all(|(key, value)| known.get(key).is_none_or(|other| same_value(value, other)))
    }

    /// Returns the text before the first open piece, up to its last `/`: what refs to look through.
    pub fn literal_prefix(&self) -> &str {
        match self.pieces.as_deref() {
            Some([Piece::Literal(literal), ..]) => {
                literal.rfind('/').map_or("", |end| literal.get(..=end).unwrap_or(""))
            }
            _ => "",
        }
    }

    /// Returns the text that it begins with, and whether more follows; `None` for a regular expression.
    pub(super) fn beginning(&self) -> Option<(&str, bool)> {
        let pieces = self.pieces.as_deref()?;
        let literal = pieces.first().and_then(Piece::literal).unwrap_or("");
        Some((literal, pieces.iter().any(|piece| piece.literal().is_none())))
    }

    /// Returns the placeholders this pattern binds.
    pub fn placeholders(&self) -> Vec<&'static str> {
        match &self.pieces {
            Some(pieces) => pieces
                .iter()
                .filter_map(|piece| if let Piece::Placeholder(name) = piece { Some(*name) } else { None })
                .collect(),
            None => self.groups.clone(),
        }
    }

    /// Returns the regular expression behind it, anchored at both ends.
    pub(super) fn expression(&self) -> String {
        if let Some(expression) = self.text.strip_prefix(REGEX) {
            return format!("^(?:{expression})$");
        }
        expression(self.pieces.as_deref().unwrap_or_default())
    }
}

impl Piece {
    /// Returns the text of a piece that leaves nothing open.
    fn literal(&self) -> Option<&str> {
        if let Self::Literal(text) = self { Some(text) } else { None }
    }
}

/// Returns what the placeholders of a match bound.
fn bound(regex: &Regex, captures: &Captures<'_>) -> Bindings {
    let bound = |group| Some((placeholder::named(group)?.name, BString::from(captures.name(group)?.as_bytes())));
    regex.capture_names().flatten().filter_map(bound).collect()
}

/// Returns an expression for pieces.
fn expression(pieces: &[Piece]) -> String {
    let mut expression = String::from("^");
    for piece in pieces {
        match piece {
            Piece::Literal(literal) => expression.push_str(&regex::escape(literal)),
            Piece::Placeholder(name) => {
                let matched = placeholder::named(name).map_or("", |known| known.matched);
                expression.push_str(&format!("(?P<{name}>{matched})"));
            }
            Piece::Star => expression.push_str("[^/]*"),
            Piece::StarStar => expression.push_str(".*"),
        }
    }
    expression.push('$');
    expression
}

impl Meaning for Pattern {
    const NAME: &'static str = "Pattern";
    const TITLE: &'static str = "pattern";
    fn description() -> Cow<'static, str> {
        let mut text = String::from(
            "A name with open places. A pattern is anchored at both ends: it matches a whole name or not at all. `*` matches \
             anything within one component of the name, `**` also across `/`. A placeholder in braces matches what the \
             list says and binds it: other patterns of the policy mean the same value by the same placeholder. Numbers \
             agree by value, so that `1.09` is the branch of `1.9`. Each placeholder stands at most once in a pattern. \
             `regex:EXPRESSION` is a regular expression over the whole name, whose named groups are placeholders: \
             `regex:v(?P<version>[0-9.]+)`.\n",
        );
        for Placeholder { name, matched, description, .. } in PLACEHOLDERS {
            text.push_str(&format!("\n- `{{{name}}}`, `{matched}`: {description}"));
        }
        text.into()
    }
}

/// Compares two values: numbers by value (`09` is `9`), others by bytes.
fn same_value(a: &[u8], b: &[u8]) -> bool {
    fn number(text: &[u8]) -> Option<u64> {
        text.to_str().ok()?.parse().ok()
    }
    a == b || matches!((number(a), number(b)), (Some(a), Some(b)) if a == b)
}

fn build(expression: &str) -> Result<Regex, regex::Error> {
    // Bytes, not Unicode: ref names are bytes, and the automata stay small. `.` matches every byte.
    RegexBuilder::new(expression).unicode(false).dot_matches_new_line(true).size_limit(1 << 20).build()
}

fn pieces_of(text: &str) -> Result<Vec<Piece>, PatternError> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let piece = match c {
            '*' if rest.peek() == Some(&'*') => {
                rest.next();
                Piece::StarStar
            }
            '*' => Piece::Star,
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some('}') => break,
                        Some(inner) => name.push(inner),
                        None => return Err(PatternError::Unclosed),
                    }
                }
                let known = placeholder::named(&name).ok_or(PatternError::Unknown { found: name })?.name;
                if pieces.contains(&Piece::Placeholder(known)) {
                    return Err(PatternError::Repeated(known));
                }
                Piece::Placeholder(known)
            }
            ' ' | '~' | '^' | ':' | '?' | '[' | '\\' => return Err(PatternError::Illegal(c)),
            c if c.is_control() => return Err(PatternError::Illegal(c)),
            c => {
                literal.push(c);
                continue;
            }
        };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        pieces.push(piece);
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bound(pattern: &str, name: &str) -> Option<Vec<(&'static str, String)>> {
        let bindings = Pattern::parse(pattern).unwrap().matches(name.into())?;
        Some(bindings.into_iter().map(|(key, value)| (key, value.to_string())).collect())
    }

    #[test]
    fn a_copy_of_an_expression_matches_what_it_matches() {
        let pattern = Pattern::parse("regex:v(?P<version>[0-9.]+)").unwrap();
        let copy = pattern.clone();
        assert_eq!(copy.placeholders(), ["version"]);
        assert_eq!(copy.matches("v1.2".into()), pattern.matches("v1.2".into()));
        assert!(copy.matches("v1.2".into()).is_some());
    }

    #[test]
    fn a_pattern_is_anchored_at_both_ends() {
        assert!(bound("master", "master").is_some());
        assert!(bound("master", "master-two").is_none());
        assert!(bound("{major}.{minor}", "x1.2").is_none());
    }

    #[test]
    fn one_star_stays_in_its_component_and_two_cross() {
        assert!(bound("release/*", "release/a").is_some());
        assert!(bound("release/*", "release/a/b").is_none());
        assert!(bound("review/**", "review/a/b").is_some());
    }

    #[test]
    fn a_scope_ends_where_the_version_starts() {
        let bound = bound("{scope}-{version}", "storage-ui-0.10.0-rc.3").unwrap();
        assert_eq!(bound, [("scope", "storage-ui".to_owned()), ("version", "0.10.0-rc.3".to_owned())]);
    }

    #[test]
    fn a_scope_may_end_in_a_number() {
        let readings = |pattern: &str, name: &str| {
            let pattern = Pattern::parse(pattern).unwrap();
            let shown = |bound: Bindings| format!("{} {}", bound["scope"], bound["version"]);
            pattern.readings(name.into()).map(shown).collect::<Vec<_>>()
        };
        assert_eq!(readings("{scope}-{version}", "gtk-3-3.24.1"), ["gtk 3-3.24.1", "gtk-3 3.24.1"]);
        assert_eq!(readings("{scope}-v{version}", "storage-v2-v1.0.0"), ["storage 2-v1.0.0", "storage-v2 1.0.0"]);
        assert_eq!(readings("rel/{scope}/{version}", "rel/a/1/2.0"), ["a/1 2.0"]);
        assert_eq!(readings("{scope}-{version}", "ui-0.10.0-rc.3"), ["ui 0.10.0-rc.3"]);
        assert_eq!(readings("{scope}-{version}", "x"), [""; 0]);
        assert_eq!(Pattern::parse("v{version}").unwrap().readings("v1-2".into()).count(), 1);
        assert_eq!(Pattern::parse("regex:(?P<scope>.+?)-(?P<version>.+)").unwrap().readings("a-1-2".into()).count(), 1);
    }

    #[test]
    fn mistakes_name_themselves() {
        let error = |text: &str| Pattern::parse(text).unwrap_err().to_string();
        let all = "(there are `{code}`, `{major}`, `{micro}`, `{minor}`, `{month}`, `{name}`, `{patch}`, `{quarter}`, \
                   `{scope}`, `{user}`, `{version}` and `{year}`)";
        assert_eq!(error("{mayor}.0"), format!("`{{mayor}}` is not a placeholder; did you mean `major`? {all}"));
        assert_eq!(error("{major}.{major}"), "`{major}` stands twice in one pattern");
        assert_eq!(error("a{b"), "`{` without a closing `}`");
        assert_eq!(error("a b"), "no ref name holds the character ` `");
        assert_eq!(error("regex:(?P<what>x)"), format!("the group `what` is not a placeholder {all}"));
    }

    #[test]
    fn bound_placeholders_give_names_with_padded_numbers() {
        let bindings: Bindings = [("major", "1".into()), ("minor", "9".into())].into();
        let names = Pattern::parse("{major}.{minor}").unwrap().instances(&bindings).unwrap();
        assert_eq!(names, ["1.9", "01.9", "1.09", "01.09"]);
        assert_eq!(Pattern::parse("release/{name}").unwrap().instances(&bindings), None);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_matched_as_bytes() {
        assert!(Pattern::parse("topic/*").unwrap().matches(b"topic/\xe9".as_bstr()).is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_a_pattern_or_an_error(text in "\\PC{0,40}", name in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Ok(pattern) = Pattern::parse(&text) {
                let _ = pattern.matches(name.as_bstr());
            }
        }

        #[test]
        fn a_literal_matches_itself_alone(name in "[a-z0-9./-]{1,20}", other in "[a-z0-9./-]{1,20}") {
            let pattern = Pattern::parse(&name).unwrap();
            prop_assert_eq!(pattern.matches(other.as_str().into()).is_some(), name == other);
        }
    }
}
