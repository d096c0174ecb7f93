//! The regular expressions of a policy, which most pushes never compare with anything.

use regex::bytes::{Regex, RegexBuilder};
use regex_automata::util::syntax;
use std::sync::OnceLock;

/// Expressions of at most this many bytes, with at most so many classes and no counted repetition, stay far below the size
/// at which `regex` refuses to compile one: whether they can be used needs no compiling.
const SHORT: usize = 1024;
const FEW_CLASSES: usize = 64;

/// An expression in which `^` and `$` match at each line. It is read when the policy is, and compiled when something is
/// first matched: compiling one takes as long as all else that a hook does before it judges.
#[derive(Clone, Debug)]
pub struct LazyRegex {
    text: String,
    compiled: OnceLock<Option<Regex>>,
}

impl LazyRegex {
    /// Reads an expression (syntax of the `regex` crate).
    ///
    /// # Errors
    /// What is wrong with it: its syntax, or its size.
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let compiled = OnceLock::new();
        if is_small(text) {
            let config = syntax::Config::new().multi_line(true).utf8(false);
            syntax::parse_with(text, &config).map_err(|error| error.to_string())?;
        } else {
            let regex = compile(text).map_err(|error| error.to_string())?;
            compiled.get_or_init(|| Some(regex));
        }
        Ok(Self { text: text.to_owned(), compiled })
    }

    /// Returns the compiled expression: `None` would be one too big to compile, which `new` has refused.
    fn compiled(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| compile(&self.text).ok()).as_ref()
    }

    /// Returns whether it matches anywhere.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.compiled().is_some_and(|regex| regex.is_match(text))
    }

    /// Returns what it matches, from left to right.
    pub(super) fn find_iter<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
        self.compiled().into_iter().flat_map(|regex| regex.find_iter(text)).map(|found| found.as_bytes())
    }
}

/// Returns whether the size of the compiled expression is in a fixed proportion to its length: only a counted repetition
/// multiplies, and only a class by name, which begins with a backslash, stands for thousands of characters.
fn is_small(text: &str) -> bool {
    text.len() <= SHORT && !text.contains('{') && text.bytes().filter(|byte| *byte == b'\\').count() <= FEW_CLASSES
}

fn compile(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text).multi_line(true).build()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_refused_is_what_regex_refuses() {
        for text in ["(", "a{2}{", "[z-a]", "(?P<a>x)(?P<a>y)", r"\p{Nothing}", r"(\w{1000}){1000}", "x{1000}{1000}"] {
            assert_eq!(LazyRegex::new(text).unwrap_err(), compile(text).unwrap_err().to_string());
        }
    }

    #[test]
    fn the_largest_that_are_only_read_can_be_compiled() {
        let ignoring_case = format!("(?i){}", "ſ".repeat(510));
        let negated = "[^a]".repeat(256);
        let classes = |class: &str| format!("(?i){}", class.repeat(FEW_CLASSES));
        let nested = format!("{}a{}", "(".repeat(80), "*)+?".repeat(80));
        for text in [ignoring_case, negated, classes(r"\w"), classes(r"\W"), classes(r"\pL"), classes(r"[^\w]"), nested]
        {
            assert!(is_small(&text), "{text}");
            assert!(LazyRegex::new(&text).unwrap().compiled().is_some(), "{text}");
        }
    }

    proptest! {
        #[test]
        #[ignore = "the outer ring: more than half a second of a core"]
        fn whatever_is_read_can_be_compiled(text in r"(\\[wWdDsSbB]|\\pL|[a-c.|^$*+?()ſ]|\[\^?[a-z]\]|\(\?i\)|[{][0-9]{1,4}[}]){0,12}") {
            match LazyRegex::new(&text) {
                Ok(lazy) => prop_assert!(lazy.compiled().is_some()),
                Err(error) => prop_assert_eq!(error, compile(&text).unwrap_err().to_string()),
            }
        }
    }
}
