//! The forms in which messages name their originals.

use regex::bytes::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// The built-in forms, as regular expressions over one line, without regard to case. What a form matches is searched for
/// ids and `#numbers`: in its group `names` if it has one, else in all of the line.
pub(super) const DEFAULT_FORMS: [&str; 15] = [
    r"^\(+(partially |manually )?(cherry[- ]?picked|back[- ]?ported) (from|of) (commit )?(?P<names>.*)",
    r"^(partially |manually )?(cherry[- ]?picked|back[- ]?ported) from (commit )?(?P<names>[0-9a-f]{7,}.*)",
    r"^\(?(this is a )?cherry[- ]pick of (commit )?(?P<names>[0-9a-f]{7,}.*)",
    r"^\(similar to commit (?P<names>.*)",
    r"^\[ ?upstream (commit|fix) (?P<names>.*)",
    r"^(master|main|mainline|upstream) commit:? (?P<names>[0-9a-f]{7,}.*)",
    r"^commit (?P<names>[0-9a-f]{40}) upstream\.?$",
    r"^pa\w+ cherry-pick of (?P<names>.*)",
    r"^(automated )?(backport|cherry[- ]pick) (of )?(PR )?(?P<names>#[0-9]+)",
    r"^port of (?P<names>[0-9a-f]{7,}) to ",
    r"^backports? (of )?(commit )?(?P<names>[0-9a-f]{7,}.*)",
    r"^equivalent to (commit )?(?P<names>[0-9a-f]{7,})",
    r"^logically a backport of (c/s|commit) (?P<names>[0-9a-f]{7,})",
    r"^the issue was fixed in the \w+ branch in commit (?P<names>[0-9a-f]{7,})",
    r"^backported a portion of (?P<names>https?://\S+/commit/[0-9a-f]{7,})",
];

/// How everything that matches a form begins, without brackets.
const BEGINNINGS: &[&[u8]] = &[
    b"automated",
    b"back",
    b"cherry",
    b"commit ",
    b"equivalent to ",
    b"logically a backport of ",
    b"main commit",
    b"mainline commit",
    b"manually",
    b"master commit",
    b"pa",
    b"port of ",
    b"similar to commit ",
    b"the issue was fixed in the ",
    b"this is a cherry",
    b"upstream ",
];

/// Compiled on first use: most messages name nothing, and most of those that do use the first form.
static COMPILED: [OnceLock<Regex>; DEFAULT_FORMS.len()] = [const { OnceLock::new() }; DEFAULT_FORMS.len()];

/// Returns the built-in forms, in their order.
pub(super) fn built_in() -> impl Iterator<Item = &'static Regex> {
    COMPILED.iter().zip(DEFAULT_FORMS).map(|(compiled, form)| {
        compiled.get_or_init(|| {
            // A message is bytes, and none of the forms contains letters beyond ASCII.
            let regex = RegexBuilder::new(form).case_insensitive(true).unicode(false).build();
            regex.expect("the built-in forms are regular expressions")
        })
    })
}

/// Returns cheaply whether a line, or a line whose end was wrapped, begins like one that matches a built-in form.
pub(super) fn may_match(line: &[u8]) -> bool {
    let brackets = line.iter().take_while(|byte| matches!(byte, b'(' | b'[' | b' ')).count();
    let line = line.get(brackets..).unwrap_or_default();
    let begins_like = |beginning: &&[u8]| line.iter().zip(*beginning).all(|(a, b)| a.eq_ignore_ascii_case(b));
    BEGINNINGS.iter().any(begins_like)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::string::string_regex;

    /// Generates texts that match some form.
    fn matching() -> impl Strategy<Value = (String, usize)> {
        (0..DEFAULT_FORMS.len()).prop_flat_map(|at| {
            // The generator knows no anchors, and takes `\w` for more than ASCII.
            let form = DEFAULT_FORMS[at].trim_start_matches('^').trim_end_matches('$').replace(r"\w", "[0-9A-Z_a-z]");
            (string_regex(&form).unwrap(), Just(at))
        })
    }

    proptest! {
        #[test]
        fn what_matches_a_form_begins_as_expected((line, at) in matching(), upper in any::<bool>(), cut in 0usize..40) {
            let line = if upper { line.to_ascii_uppercase() } else { line };
            prop_assume!(!line.contains('\n'));
            prop_assert!(built_in().nth(at).unwrap().is_match(line.as_bytes()), "{}", line);
            prop_assert!(may_match(line.as_bytes()), "{}", line);
            // Wrapped anywhere.
            prop_assert!(may_match(&line.as_bytes()[..cut.min(line.len())]), "{}", line);
        }
    }
}
