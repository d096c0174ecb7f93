//! Version fields of files that no reader knows, by a pattern of the policy.

use bstr::ByteSlice as _;
use regex::bytes::{Regex, RegexBuilder};

use super::source::{Encoding, Source};
use super::{Error, Field, position};

/// Most bytes of a file a pattern is tried on: matching is linear, but a file can be anything.
pub(crate) const MAX_PATTERN_BYTES: usize = 8 << 20;

/// Most memory a compiled pattern may take; a policy is trusted, a typing error in a repetition is not.
const MAX_REGEX: usize = 1 << 20;

/// A regular expression that says where a version is.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    join: Option<String>,
}

impl Pattern {
    /// Compiles a pattern (syntax of the `regex` crate; `$` also matches before `\r\n` under `(?m)`).
    ///
    /// Without `join` it needs exactly one named group, `version`. With `join`, for a version that is written in parts,
    /// the texts of all named groups are joined by it in the order in which the groups open; a group that took no part
    /// in the match, or matched nothing, is left out.
    ///
    /// # Errors
    /// [`Error::Pattern`]: not a regular expression, too big, or without the groups it needs.
    pub fn new(regex: &str, join: Option<&str>) -> Result<Self, Error> {
        let regex = RegexBuilder::new(regex)
            .size_limit(MAX_REGEX)
            .crlf(true)
            .build()
            .map_err(|error| Error::Pattern(format!("the pattern is not a regular expression: {error}")))?;
        let names: Vec<&str> = regex.capture_names().flatten().collect();
        match (join, names.as_slice()) {
            (None, ["version"]) | (Some(_), [_, ..]) => Ok(Self { regex, join: join.map(Into::into) }),
            (None, _) => Err(Error::Pattern("the pattern needs exactly one named group, `version`".into())),
            (Some(_), []) => Err(Error::Pattern("the pattern needs named groups to join".into())),
        }
    }
}

/// Reads the one field that a pattern finds. Its name is `version`.
///
/// # Errors
/// [`Error::Unmatched`] and [`Error::Ambiguous`] unless the pattern matches exactly once;
/// [`Error::TooLarge`] beyond [`MAX_PATTERN_BYTES`]; [`Error::NotUtf8`] if the version is not UTF-8.
pub(crate) fn fields_by_pattern(pattern: &Pattern, bytes: &[u8]) -> Result<Field, Error> {
    let source = Source::new(bytes, MAX_PATTERN_BYTES, Encoding::Legacy)?;
    let text = source.text();
    let mut matches = pattern.regex.captures_iter(text.as_bytes());
    let groups = matches.next().ok_or(Error::Unmatched)?;
    if let (Some(second), Some(first)) = (matches.next().and_then(|groups| groups.get(0)), groups.get(0)) {
        let line = |offset| position(text.as_bytes(), offset).0;
        return Err(Error::Ambiguous { first: line(first.start()), second: line(second.start()) });
    }
    let parts = pattern.regex.capture_names().flatten().filter_map(|name| groups.name(name));
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else { return Err(Error::Unmatched) };
    let texts = parts.iter().map(|part| part.as_bytes().to_str_lossy());
    let text = texts.collect::<Vec<_>>().join(pattern.join.as_deref().unwrap_or_default());
    // Groups can nest, so the last to open need not be the last to end.
    let end = parts.iter().map(|part| part.end()).max().unwrap_or(last.end());
    source.located(Field::new("version", &text, first.start()..end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Value;

    #[test]
    fn one_match_is_the_field() {
        let pattern = Pattern::new(r"(?m)^export XEN_SUBVERSION\s*=\s*(?P<version>\d+)$", None).unwrap();
        let bytes = b"\xef\xbb\xbfexport XEN_VERSION = 4\r\nexport XEN_SUBVERSION = 20\r\n# \xe9\n";
        let field = fields_by_pattern(&pattern, bytes).unwrap();
        assert_eq!(field.value, Value::Literal("20".into()));
        assert_eq!(&bytes[field.span], b"20");
    }

    #[test]
    fn zero_and_several_matches_are_errors_of_their_own() {
        // etcd's version.go has MinClusterVersion before Version: taking the first would be a wrong answer.
        let go = b"var (\n\tMinClusterVersion = \"3.0.0\"\n\tVersion           = \"3.6.1\"\n)\n";
        let careless = Pattern::new(r#"Version\s*= "(?P<version>[^"]+)""#, None).unwrap();
        assert_eq!(fields_by_pattern(&careless, go), Err(Error::Ambiguous { first: 2, second: 3 }));
        assert_eq!(fields_by_pattern(&careless, b"package version\n"), Err(Error::Unmatched));
        let careful = Pattern::new(r#"(?m)^\s+Version\s*= "(?P<version>[^"]+)""#, None).unwrap();
        assert_eq!(fields_by_pattern(&careful, go).map(|field| go[field.span].to_vec()), Ok(b"3.6.1".to_vec()));
    }

    #[test]
    fn parts_are_joined_in_order() {
        let pattern = Pattern::new(r"MAJOR (?P<a>\d+)\nMINOR (?P<b>\d+)\n(?:PRE (?P<c>\w+))?", Some(".")).unwrap();
        let bytes = b"MAJOR 4\nMINOR 20\n";
        let field = fields_by_pattern(&pattern, bytes).unwrap();
        assert_eq!(field.value.literal(), Some("4.20"));
        assert_eq!(&bytes[field.span], b"4\nMINOR 20");
        assert_eq!(
            fields_by_pattern(&pattern, b"MAJOR 4\nMINOR 20\nPRE rc1").unwrap().value.literal(),
            Some("4.20.rc1")
        );
    }

    #[test]
    fn a_pattern_without_its_groups_is_refused() {
        for (regex, join) in [(r"\d+", None), (r"(?P<v>\d+)", None), (r"(\d+)", Some(".")), ("(", None)] {
            assert!(matches!(Pattern::new(regex, join), Err(Error::Pattern(_))), "{regex}");
        }
        assert!(matches!(Pattern::new(r"(?P<version>\w{1000}{1000})", None), Err(Error::Pattern(_))));
    }

    #[test]
    fn a_version_must_be_utf8() {
        let pattern = Pattern::new(r"v=(?P<version>.+)", None).unwrap();
        assert_eq!(fields_by_pattern(&pattern, b"v=1\xe9"), Err(Error::NotUtf8 { line: 1, column: 4 }));
    }
}
