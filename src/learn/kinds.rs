//! How the commits are called by which versions are made.

use regex::bytes::Regex;
use std::collections::BTreeMap;

use super::names::escaped;
use super::proposal::{Proposal, Support};
use super::tags::Classes;
use crate::project::{FactError, Project};

/// As many of the newest tags of each class are looked at.
const TAGS: usize = 20;

/// As many forms of subjects are written.
const MAX_FORMS: usize = 4;

/// A version in a subject.
const VERSION: &str = r"v?[0-9]+([._][0-9]+)*\S*";

/// Longer subjects are no form.
const MAX_FORM: usize = 60;

/// Proposes the kind of change that makes a version: by the subjects of the commits that are tagged.
///
/// # Errors
/// Commits that cannot be read.
pub(super) fn release(project: &Project, classes: &Classes<'_>) -> Result<Option<(Proposal, Regex)>, FactError> {
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    let mut tags: Vec<(&str, Option<String>)> = Vec::new();
    for class in &classes.versions {
        for member in class.members.iter().rev().take(TAGS) {
            let Some(commit) = member.tag.commit else { continue };
            let commit = project.commit(commit)?;
            let subject = std::str::from_utf8(commit.subject()).unwrap_or_default();
            let form = form(subject, member.version.as_str());
            if let Some(form) = &form {
                *forms.entry(form.clone()).or_default() += 1;
            }
            tags.push((&member.tag.name, form));
        }
    }
    let mut forms: Vec<(String, usize)> = forms.into_iter().filter(|(_, count)| *count > 1).collect();
    forms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    forms.truncate(MAX_FORMS);
    let is_of = |form: &Option<String>| form.as_ref().is_some_and(|form| forms.iter().any(|(known, _)| known == form));
    let support =
        Support::of(tags.iter().map(|(name, form)| (name, is_of(form))), "of the newest tags are on such a commit");
    if !support.reaches(50) || support.with() < 3 {
        return Ok(None);
    }
    let mut expressions: Vec<String> = forms.into_iter().map(|(form, _)| form).collect();
    expressions.sort();
    let subject = match expressions.as_slice() {
        [only] => format!("^{only}"),
        many => format!("^({})", many.join("|")),
    };
    let Ok(regex) = Regex::new(&subject) else { return Ok(None) };
    Ok(Some((Proposal::new("kind").key("name", "release").key("subject", subject).because(support), regex)))
}

/// Returns an expression for how a subject begins that names this version; `None` where the version stands at its
/// beginning and something is behind it, which says too little.
fn form(subject: &str, version: &str) -> Option<String> {
    let at = subject.find(version)?;
    let (before, rest) = subject.split_at_checked(at)?;
    let after = rest.get(version.len()..)?;
    let before = before.strip_suffix('v').unwrap_or(before);
    if before.chars().count() > MAX_FORM || (before.trim().is_empty() && !after.trim().is_empty()) {
        return None;
    }
    let mut expression = String::new();
    let mut rest = before;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (text, from) = rest.split_at_checked(start)?;
        expression.push_str(&escaped(text));
        expression.push_str("[0-9]+");
        rest = from.trim_start_matches(|c: char| c.is_ascii_digit());
    }
    expression.push_str(&escaped(rest));
    expression.push_str(VERSION);
    if before.trim().is_empty() {
        expression.push('$');
    }
    Some(expression)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_told_by_what_is_in_front_of_the_version() {
        for (subject, expected) in [
            ("Release 1.2.3", Some("^Release V")),
            ("[8.4.x] Prepare release version 1.2.3 (#12)", Some(r"^\[[0-9]+\.[0-9]+\.x\] Prepare release version V")),
            ("chore(main): release v1.2.3", Some(r"^chore\(main\): release V")),
            ("1.2.3", Some("^V$")),
            ("1.2.3: fix everything", None),
            ("Merge branch 'main'", None),
        ] {
            let form = form(subject, "1.2.3").map(|form| format!("^{}", form.replace(VERSION, "V")));
            assert_eq!(form.as_deref(), expected, "{subject}");
            if let Some(form) = super::form(subject, "1.2.3") {
                assert!(regex::Regex::new(&format!("^{form}")).unwrap().is_match(subject), "{subject}");
            }
        }
    }
}
