//! How names are made up: where a version is in them, and which pattern they are of.

use crate::version::{Scheme, Version};

/// A name with the numbers of a version in it: `release-1.15.x` is `release-`, 1 and 15, `.x`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Numbered<'n> {
    /// What is before the numbers.
    pub before: &'n str,
    /// The numbers, at most three.
    pub numbers: Vec<u64>,
    /// What is between them.
    pub separators: Vec<char>,
    /// What is behind them.
    pub after: &'n str,
}

/// More digits are an id or a time, not the number of a version; a placeholder takes no more either.
const MAX_DIGITS: usize = 18;

/// A shorter text is not taken for a mistyped one.
const SHORT: usize = 5;

/// The placeholders for the numbers of a version, where its scheme has no others.
pub(super) const PLACES: [&str; 3] = ["major", "minor", "patch"];

impl<'n> Numbered<'n> {
    /// Takes a name apart that has one version in it and no other number.
    pub(super) fn of(name: &'n str) -> Option<Self> {
        let start = name.find(|c: char| c.is_ascii_digit())?;
        let (before, rest) = name.split_at_checked(start)?;
        // `fix2` and `ticket12` number something else; a `v` belongs to a version.
        let word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        if !word.is_empty() && !word.eq_ignore_ascii_case("v") {
            return None;
        }
        let (mut numbers, mut separators, mut rest) = (Vec::new(), Vec::new(), rest);
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
            let (digits, after) = rest.split_at_checked(end)?;
            if digits.len() > MAX_DIGITS {
                return None;
            }
            numbers.push(digits.parse().ok()?);
            rest = after;
            let mut next = after.chars();
            match (next.next(), next.next()) {
                (Some(separator @ ('.' | '-' | '_')), Some('0'..='9')) => {
                    separators.push(separator);
                    rest = after.get(1..)?;
                }
                _ => break,
            }
        }
        let is_whole = numbers.len() <= PLACES.len() && !rest.contains(|c: char| c.is_ascii_digit());
        is_whole.then_some(Self { before, numbers, separators, after: rest })
    }

    /// Returns the pattern of names that are made up in this way, with these placeholders for the numbers.
    pub(super) fn pattern(&self, places: &[&str]) -> Option<String> {
        let mut pattern = placeable(self.before)?.to_owned();
        if places.len() < self.numbers.len() {
            return None;
        }
        for (at, place) in places.iter().enumerate().take(self.numbers.len()) {
            if at > 0 {
                pattern.extend(self.separators.get(at - 1));
            }
            pattern.push_str(&format!("{{{place}}}"));
        }
        pattern.push_str(placeable(self.after)?);
        Some(pattern)
    }

    /// Returns an expression of the same names whose numbers mean nothing.
    pub(super) fn unbound(&self) -> String {
        let mut pattern = format!("{REGEX}{}", escaped(self.before));
        for at in 0..self.numbers.len() {
            if let Some(separator) = at.checked_sub(1).and_then(|at| self.separators.get(at)) {
                pattern.push_str(&escaped(&separator.to_string()));
            }
            pattern.push_str(NUMBER);
        }
        pattern.push_str(&escaped(self.after));
        pattern
    }

    /// Returns the words around the numbers, in lower case.
    pub(super) fn words(&self) -> Vec<String> {
        let texts = [self.before, self.after].into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
        texts.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
    }
}

/// What begins a pattern that is an expression.
const REGEX: &str = "regex:";

/// Any number, in an expression.
const NUMBER: &str = "[0-9]+";

/// Returns an expression of a text.
pub(super) fn escaped(text: &str) -> String {
    // A dash means something only within brackets, and a reader has to read this.
    regex::escape(text).replace(r"\-", "-")
}

/// Returns a text that can stand in a pattern as it is.
fn placeable(text: &str) -> Option<&str> {
    (!text.contains(['*', '{', '}'])).then_some(text)
}

/// Returns the pattern that is this name alone.
pub(crate) fn literal(name: &str) -> String {
    let is_plain = placeable(name).is_some() && !name.starts_with('!') && !name.starts_with("refs/");
    if is_plain {
        return name.to_owned();
    }
    // In an expression `refs/heads/` is taken for a mistake, too.
    let escaped = escaped(name);
    match escaped.strip_prefix('r') {
        Some(rest) => format!("{REGEX}[r]{rest}"),
        None => format!("{REGEX}{escaped}"),
    }
}

/// Returns an expression of the names that differ from this one in nothing but their numbers.
pub(super) fn same_but_numbers(name: &str) -> String {
    let mut expression = String::new();
    let mut rest = name;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at_checked(start).unwrap_or((rest, ""));
        expression.push_str(&escaped(before));
        expression.push_str(NUMBER);
        rest = from.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    if expression.is_empty() {
        return literal(name);
    }
    expression.push_str(&escaped(rest));
    if expression.starts_with("refs/") {
        expression.replace_range(0..1, "[r]");
    }
    format!("{REGEX}{expression}")
}

/// Takes the name of a tag apart: what is before the version in it, and the version as `scheme` reads it. The first place
/// counts where a version of more than one number begins, else the first where one does: the version of `gtk-3-3.24.1` is
/// 3.24.1.
pub(super) fn split<'n>(name: &'n str, scheme: &Scheme) -> Option<(&'n str, &'n str, Version)> {
    let bytes = name.as_bytes();
    let mut short = None;
    for (at, byte) in bytes.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        // A letter in front of a number is part of a word, unless it is a `v`, or nothing but letters are before it.
        let begins = match before {
            None => true,
            Some(b'v' | b'V') => at == 1 || bytes.get(at - 2).is_some_and(|before| !before.is_ascii_alphanumeric()),
            Some(before) if before.is_ascii_alphabetic() => {
                bytes.get(..at).is_some_and(|before| before.iter().all(u8::is_ascii_alphabetic))
            }
            // `7_34_0` is one version.
            Some(b'_') if at > 1 => !bytes.get(at - 2).is_some_and(u8::is_ascii_digit),
            Some(before) => !before.is_ascii_digit() && *before != b'.',
        };
        if !byte.is_ascii_digit() || !begins {
            continue;
        }
        let Some((prefix, rest)) = name.split_at_checked(at) else { continue };
        // `{version}` stays within one component.
        if rest.contains('/') {
            continue;
        }
        let Ok(version) = scheme.read_ref(rest) else { continue };
        let has_more = version.release().len() > 1;
        if has_more {
            return Some((prefix, rest, version));
        }
        short.get_or_insert((prefix, rest, version));
    }
    short
}

/// Returns whether a text is another one with a letter left out, put in, changed, or two of them swapped.
pub(super) fn is_slip(text: &str, meant: &str) -> bool {
    let (text, meant): (Vec<char>, Vec<char>) = (text.chars().collect(), meant.chars().collect());
    // Names as short as `v` differ in a letter for a reason.
    if text.len().min(meant.len()) < SHORT || text == meant {
        return false;
    }
    let same = text.iter().zip(&meant).take_while(|(a, b)| a == b).count();
    let (text, meant) = (text.get(same..).unwrap_or_default(), meant.get(same..).unwrap_or_default());
    match (text, meant) {
        ([a, b, text @ ..], [c, d, meant @ ..]) if a == d && b == c && text == meant => true,
        ([a, left @ ..], [b, more @ ..]) => {
            (left == meant && a.is_alphabetic())
                || (text == more && b.is_alphabetic())
                || (left == more && a.is_alphabetic() && b.is_alphabetic())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pattern;
    use proptest::prelude::*;

    fn pattern(name: &str) -> Option<String> {
        Numbered::of(name)?.pattern(&PLACES)
    }

    #[test]
    fn a_pattern_has_places_for_the_numbers_of_a_version() {
        for (name, expected) in [
            ("release-1.2", Some("release-{major}.{minor}")),
            ("v255-stable", Some("v{major}-stable")),
            ("7-0-stable", Some("{major}-{minor}-stable")),
            ("8.4.x", Some("{major}.{minor}.x")),
            ("rust-1.80.0", Some("rust-{major}.{minor}.{patch}")),
            ("stable/2025.1", Some("stable/{major}.{minor}")),
            ("release/Algiers", None),
            ("fix2", None),
            ("1.2.3.4", None),
            ("release-1.0-rc1", None),
            ("a{b}-1.0", None),
            ("12345678901234567890", None),
        ] {
            assert_eq!(pattern(name).as_deref(), expected, "{name}");
        }
        assert_eq!(Numbered::of("rust-1.80.0").unwrap().unbound(), r"regex:rust-[0-9]+\.[0-9]+\.[0-9]+");
    }

    #[test]
    fn the_version_of_a_tag_is_where_most_of_it_is() {
        let dotted = Scheme::parse("dotted").unwrap();
        for (name, expected) in [
            ("v1.2.3", Some(("v", "1.2.3"))),
            ("1.2.3-rc1", Some(("", "1.2.3-rc1"))),
            ("gtk-3-3.24.1", Some(("gtk-3-", "3.24.1"))),
            ("storage-ui-0.10.0-rc.3", Some(("storage-ui-", "0.10.0-rc.3"))),
            ("api/v3.5.0", Some(("api/v", "3.5.0"))),
            ("@scope/pkg@1.0.0", Some(("@scope/pkg@", "1.0.0"))),
            ("go1.2", Some(("go", "1.2"))),
            ("v255", Some(("v", "255"))),
            ("curl-7_34_0", None),
            ("yoga-eol", None),
            ("1.0/nightly", None),
        ] {
            let found = split(name, &dotted);
            assert_eq!(found.map(|(before, text, _)| (before, text)), expected, "{name}");
        }
    }

    #[test]
    fn a_slip_is_one_letter() {
        for text in ["jenkin-", "jenkinss-", "jenkims-", "jenkisn-", "enkins-"] {
            assert!(is_slip(text, "jenkins-"), "{text}");
        }
        for text in ["jenkins-", "jenks-", "hudson-", "v", "jenkins2-", "jenkins-1-", "jenkins/", "jenkins_-"] {
            assert!(!is_slip(text, "jenkins-"), "{text}");
        }
        assert!(!is_slip("web/", "wet/"));
    }

    proptest! {
        /// Whatever a ref is called, its pattern is one, and matches it.
        #[test]
        fn a_pattern_matches_the_name_that_it_was_made_of(name in "(refs/heads/|!|regex|v|)[a-z0-9./{}*!\"'$()+é☃-]{1,20}") {
            let patterns = [
                Some(literal(&name)),
                Some(same_but_numbers(&name)),
                pattern(&name),
                Numbered::of(&name).map(|numbered| numbered.unbound()),
            ];
            for text in patterns.into_iter().flatten() {
                let pattern = Pattern::parse(&text).unwrap();
                prop_assert!(pattern.matches(name.as_str().into()).is_some(), "{} {}", text, name);
            }
        }
    }
}
