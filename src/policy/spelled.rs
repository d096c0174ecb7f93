//! How refs are named where a pattern stands: in full, or without their folder. A pattern in the other spelling never
//! matches, and what it was to protect stays open.

use std::ops::Range;

use super::error::Problem;
use super::pattern::Pattern;

/// How refs are named in one place of the format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelled {
    /// Branches, without `refs/heads/`.
    Branch,
    /// Tags, without `refs/tags/`.
    Tag,
    /// Any refs, in full.
    Full,
}

/// The folder of all refs.
const REFS: &str = "refs/";

impl Spelled {
    /// Returns what is wrong with a pattern that cannot match here.
    pub(super) fn problem(self, pattern: &Pattern, at: Range<usize>) -> Option<Problem> {
        let text = pattern.text();
        let (what, folder) = match self {
            Self::Full => return is_short(pattern).then(|| short(pattern, at)),
            Self::Branch => ("branch", "refs/heads/"),
            Self::Tag => ("tag", "refs/tags/"),
        };
        let expression = text.strip_prefix("regex:");
        let own = expression.map_or(text, |expression| expression.trim_start_matches('^'));
        let rest = own.strip_prefix(folder).or_else(|| own.strip_prefix(REFS))?;
        let message = format!("`{text}` can never match a {what}: it is named without `{folder}` here");
        let start = if expression.is_some() { "regex:" } else { "" };
        Some(Problem::new(at, message).help(format!("write `{start}{rest}`")))
    }
}

/// Returns whether a pattern can match no full name. What an expression matches is not looked at here.
fn is_short(pattern: &Pattern) -> bool {
    let Some((literal, is_open)) = pattern.beginning() else { return false };
    !(literal.starts_with(REFS) || is_open && REFS.starts_with(literal))
}

fn short(pattern: &Pattern, at: Range<usize>) -> Problem {
    let text = pattern.text();
    let name = text.trim_start_matches('/');
    let message = format!("`{text}` can never match: refs are named in full here");
    let help = match name.split_once('/') {
        Some(("heads" | "tags", _)) => format!("write `refs/{name}`"),
        _ => format!("write `refs/heads/{name}` for branches, `refs/tags/{name}` for tags"),
    };
    Problem::new(at, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(spelled: Spelled, text: &str) -> Option<String> {
        let problem = spelled.problem(&Pattern::parse(text).unwrap(), 0..1)?;
        Some(problem.help.unwrap())
    }

    #[test]
    fn a_name_in_the_other_spelling_is_shown_in_the_right_one() {
        assert_eq!(said(Spelled::Branch, "refs/heads/main").as_deref(), Some("write `main`"));
        assert_eq!(said(Spelled::Branch, "refs/heads/release/{name}").as_deref(), Some("write `release/{name}`"));
        assert_eq!(said(Spelled::Branch, "regex:^refs/heads/x").as_deref(), Some("write `regex:x`"));
        assert_eq!(said(Spelled::Tag, "refs/tags/v{version}").as_deref(), Some("write `v{version}`"));
        assert_eq!(said(Spelled::Full, "heads/main").as_deref(), Some("write `refs/heads/main`"));
        let both = "write `refs/heads/main` for branches, `refs/tags/main` for tags";
        assert_eq!(said(Spelled::Full, "main").as_deref(), Some(both));
        for (spelled, right) in [
            (Spelled::Branch, "main"),
            (Spelled::Branch, "**"),
            (Spelled::Branch, "refsheads/x"),
            (Spelled::Tag, "v{version}"),
            (Spelled::Full, "refs/heads/main"),
            (Spelled::Full, "**"),
            (Spelled::Full, "re{name}/heads/x"),
            (Spelled::Full, "regex:.*main"),
        ] {
            assert_eq!(said(spelled, right), None, "{right}");
        }
        for wrong in ["re", "ref{name}", "refs", "{name}-refs/heads/x", "release/**"] {
            let is_open = wrong.starts_with('{') || wrong.ends_with('}');
            assert_eq!(said(Spelled::Full, wrong).is_none(), is_open, "{wrong}");
        }
    }
}
