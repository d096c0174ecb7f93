//! The forms in which messages name their originals.

use regex::bytes::{Regex, RegexBuilder};
use std::sync::OnceLock;

/// The built-in forms, as regular expressions over one line, without regard to case. What a form matches is searched for
/// ids and `#numbers`: in its group `names` if it has one, else in all of the line. The groups `list` and `revisions` hold
/// names one after the other, and text after them names nothing; in `revisions` a number is one.
pub(super) const DEFAULT_FORMS: [&str; 23] = [
    r"^\(+(partially |manually )?(cherry[- ]?picked|back[- ]?ported) (from|of) (commit )?(?P<names>.*)",
    r"^(partially |manually )?(cherry[- ]?picked|back[- ]?ported) from (commit )?(?P<names>[0-9a-f]{7,}.*)",
    r"^\(?(this is a )?cherry[- ]pick of (commit )?(?P<names>[0-9a-f]{7,}.*)",
    r"^\(similar to commit (?P<names>.*)",
    r"^\[ ?upstream (commit|fix) (?P<names>.*)",
    r"^(master|main|mainline|upstream) commit:? (?P<names>[0-9a-f]{7,}.*)",
    r"^commit (?P<names>[0-9a-f]{40}) upstream\.?$",
    r"^pa\w+ cherry-pick of (?P<names>.*)",
    r"^(automated |automatic |manual )?(back[- ]?ports?|cherry[- ]?picks?|forward[- ]?ports?)( of)?:? (the )?(PRs? |pull requests? |MRs? )?(?P<list>[#!][0-9].*)",
    r"^\(?(automated |manual )?(back[- ]?port(s|ed)?|cherry[- ]?pick(s|ed)?|forward[- ]?port(ed)?)( of| from)?:? (PRs? |pull requests? )?(?P<list>https?://.*)",
    r"^port of (?P<names>[0-9a-f]{7,}) to ",
    r"^(partial(ly)? )?backports? (of )?(commit )?(?P<names>[0-9a-f]{7,}.*)",
    r"^equivalent to (commit )?(?P<names>[0-9a-f]{7,})",
    r"^logically a backport of (c/s|commit) (?P<names>[0-9a-f]{7,})",
    r"^the issue was fixed in the \w+ branch in commit (?P<names>[0-9a-f]{7,})",
    r"^backported a portion of (?P<names>https?://\S+/commit/[0-9a-f]{7,})",
    r"^(back-?port(ed)?|cherry-?pick(ed)?|forward-?port(ed)?)-(of|from|commit)(-commit)?: ?(?P<list>.+)",
    r"^(original|upstream|master|main|mainline|trunk)-commit: ?(?P<names>[0-9a-f]{7,}.*)",
    r"^\(?mf[chs]:? ?(rev(ision)?s?(\(s\))?:? ?)?(?P<revisions>(r[0-9]|[0-9]{3,}).*)",
    r"^\(?(svn )?merg(e|es|ed|ing)( of)?:? ?(changes? |commits? )?(in |from )?(rev(ision)?s?(\(s\))?:? ?)?(?P<list>r[0-9].*)",
    r"^\(?(svn )?merg(e|es|ed|ing)( of)?:? ?(changes? |commits? )?(in |from )?rev(ision)?s?(\(s\))?:? (?P<revisions>[0-9].*)",
    r"^\(?(back[- ]?port(s|ed)?|cherry[- ]?pick(s|ed)?)( of| from)?:? (rev(ision)?s?(\(s\))?:? ?)?(?P<list>r[0-9].*)",
    r"^\(?(back[- ]?port(s|ed)?|cherry[- ]?pick(s|ed)?)( of| from)?:? rev(ision)?s?(\(s\))?:? (?P<revisions>[0-9].*)",
];

/// How everything that matches a form begins, without brackets.
const BEGINNINGS: &[&[u8]] = &[
    b"automat",
    b"back",
    b"cherry",
    b"commit ",
    b"equivalent to ",
    b"forward",
    b"logically a backport of ",
    b"main commit",
    b"main-commit",
    b"mainline commit",
    b"mainline-commit",
    b"manual",
    b"master commit",
    b"master-commit",
    b"merg",
    b"mf",
    b"original-commit",
    b"pa",
    b"port of ",
    b"similar to commit ",
    b"svn merg",
    b"the issue was fixed in the ",
    b"this back",
    b"this cherry",
    b"this is a cherry",
    b"trunk-commit",
    b"upstream ",
    b"upstream-commit",
];

/// Compiled on first use: most messages name nothing, and most of those that do use the first form.
static COMPILED: [OnceLock<Regex>; DEFAULT_FORMS.len()] = [const { OnceLock::new() }; DEFAULT_FORMS.len()];

/// Returns the built-in forms, in their order.
pub(super) fn built_in() -> impl Iterator<Item = &'static Regex> {
    COMPILED.iter().zip(DEFAULT_FORMS).map(|(compiled, form)| compiled.get_or_init(|| compile(form)))
}

/// How a subject begins that names its original, marks in square brackets taken off. What is in `list` counts as in a form.
const SUBJECT: &str = r"^(automated |automatic |auto[- ]?|manual |partial )?(back[- ]?port(s|ed)?|cherry[- ]?pick(s|ed)?|forward[- ]?port(ed)?|redo|port of)([- ]of|[- ]from)?:? ((of|from|in|the|PRs?|pull|requests?|MRs?|commits?|changeset|c/s|fix|fixes|changes?|patch|patches|upstream|master|main|mainline|trunk|branch) ){0,6}(?P<list>([#!][0-9]|https?://|[0-9a-f]{7}|r[0-9]).*)";

/// The same for revisions.
const SUBJECT_REVISIONS: &str = r"^(mf[chs]:? ?(rev(ision)?s?(\(s\))?:? ?)?|merg(e|ed|ing)( of)?:? (rev(ision)?s?(\(s\))?:? |(?P<r>r)))(?P<revisions>r?[0-9]+.*)";

/// A line that says what the list below it is about.
const HEADING: &str = r"^(this )?(back[- ]?port(s|ed)?|cherry[- ]?pick(s|ed)?)( of| from)?( the)?( following)?( (PRs?|pull requests?|MRs?|commits?|changes|revisions))?:$";

/// Returns the two forms of subjects, the one of revisions last.
pub(super) fn of_subjects() -> [&'static Regex; 2] {
    static COMPILED: [OnceLock<Regex>; 2] = [const { OnceLock::new() }; 2];
    let [first, second] = &COMPILED;
    [first.get_or_init(|| compile(SUBJECT)), second.get_or_init(|| compile(SUBJECT_REVISIONS))]
}

/// Returns whether a line says that the list below it names originals.
pub(super) fn is_heading(line: &[u8]) -> bool {
    static COMPILED: OnceLock<Regex> = OnceLock::new();
    line.ends_with(b":") && may_match(line) && COMPILED.get_or_init(|| compile(HEADING)).is_match(line)
}

/// A message is bytes, and none of the forms contains letters beyond ASCII.
fn compile(form: &str) -> Regex {
    let regex = RegexBuilder::new(form).case_insensitive(true).unicode(false).build();
    regex.expect("the built-in forms are regular expressions")
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
