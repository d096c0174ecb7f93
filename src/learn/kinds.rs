//! How the commits are called by which versions are made.

use regex::bytes::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

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

/// What merges of other repositories begin with.
const MERGES: [&str; 2] = [r"Merge pull request \#[0-9]+ from ", "Merged in "];

/// The subject of a change to what the project depends on: by what is in front of it, or by its verb and a version.
const BUMP: &str = r"(?i)^(\[[^\]]+\] *)?(((build|chore|fix)\(deps[^)]*\)|deps|dependency|dependencies|go\.mod|vendor): |([^ :]+: +)?(bump|update|upgrade) .*[0-9]\.[0-9])";

/// Longer subjects are no form.
const MAX_FORM: usize = 60;

/// Proposes the kind of change that makes a version: by the subjects of the commits that are tagged.
///
/// # Errors
/// Commits that cannot be read.
pub(super) fn release(project: &Project, classes: &Classes<'_>) -> Result<Option<(Proposal, Regex)>, FactError> {
    let mut forms: BTreeMap<String, usize> = BTreeMap::new();
    let mut tags: Vec<(&str, BTreeSet<String>)> = Vec::new();
    for class in &classes.versions {
        for member in class.members.iter().rev().take(TAGS) {
            let Some(commit) = member.tag.commit else { continue };
            let commit = project.commit(commit)?;
            let mut own: BTreeSet<String> = form(commit.subject(), member.version.as_str()).into_iter().collect();
            // A merge brings what makes the version.
            if let Some(merged) = commit.parents.get(1) {
                own.extend(form(project.commit(*merged)?.subject(), member.version.as_str()));
            }
            for form in &own {
                *forms.entry(form.clone()).or_default() += 1;
            }
            tags.push((&member.tag.name, own));
        }
    }
    let mut forms: Vec<(String, usize)> = forms.into_iter().filter(|(_, count)| *count > 1).collect();
    forms.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    forms.truncate(MAX_FORMS);
    let is_of = |own: &BTreeSet<String>| forms.iter().any(|(known, _)| own.contains(known));
    let support =
        Support::of(tags.iter().map(|(name, own)| (name, is_of(own))), "of the newest tags are on such a commit");
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
fn form(subject: &[u8], version: &str) -> Option<String> {
    let subject = std::str::from_utf8(subject).ok()?;
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
    let mut expression = by_anybody(&expression).unwrap_or(expression);
    expression.push_str(VERSION);
    if before.trim().is_empty() {
        expression.push('$');
    }
    Some(expression)
}

/// Leaves open from whose repository a merge is, in an expression: who made the last versions need not make the next.
fn by_anybody(expression: &str) -> Option<String> {
    MERGES.iter().find_map(|merge| {
        let (owner, branch) = expression.strip_prefix(merge)?.split_once('/')?;
        (!owner.contains(' ')).then(|| format!("{merge}[^/ ]+/{branch}"))
    })
}

/// Returns whether a subject is that of a change to what the project depends on.
pub(super) fn is_bump(subject: &[u8]) -> bool {
    static COMPILED: OnceLock<Option<Regex>> = OnceLock::new();
    COMPILED.get_or_init(|| Regex::new(BUMP).ok()).as_ref().is_some_and(|bump| bump.is_match(subject))
}

/// Proposes the kind of change that moves a dependency.
pub(super) fn bump(support: &Support) -> Proposal {
    Proposal::new("kind").key("name", "bump").key("subject", BUMP).because(support)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bump_is_told_by_its_verb_and_a_version_or_by_its_scope() {
        for subject in [
            "deps: bump example.org/rpc to 1.82.1",
            "[release-3.6] Bump Go to 1.25.12",
            "*: bump go to 1.25.9",
            "runc: Update runc binary to v1.3.4",
            "build(deps): bump image from `9c346e4` to `a9fcaed`",
            "go.mod: example.org/plugins v1.9.0",
            "update to Go 1.25.9, 1.26.2",
        ] {
            assert!(is_bump(subject.as_bytes()), "{subject}");
        }
        for subject in
            ["Update the documentation", "server: fix 1.2", "bumpy: 1.2", "Prepare release notes for v2.3.2", ""]
        {
            assert!(!is_bump(subject.as_bytes()), "{subject}");
        }
    }

    #[test]
    fn a_subject_is_told_by_what_is_in_front_of_the_version() {
        for (subject, expected) in [
            ("Release 1.2.3", Some("^Release V")),
            ("[8.4.x] Prepare release version 1.2.3 (#12)", Some(r"^\[[0-9]+\.[0-9]+\.x\] Prepare release version V")),
            ("chore(main): release v1.2.3", Some(r"^chore\(main\): release V")),
            ("1.2.3", Some("^V$")),
            ("1.2.3: fix everything", None),
            ("Merge branch 'main'", None),
            (
                "Merge pull request #7 from ada-l/prepare-v1.2.3",
                Some(r"^Merge pull request \#[0-9]+ from [^/ ]+/prepare-V"),
            ),
            ("Merged in ada/release-1.2.3 (pull request #7)", Some(r"^Merged in [^/ ]+/release-V")),
        ] {
            let form = form(subject.as_bytes(), "1.2.3").map(|form| format!("^{}", form.replace(VERSION, "V")));
            assert_eq!(form.as_deref(), expected, "{subject}");
            if let Some(form) = super::form(subject.as_bytes(), "1.2.3") {
                assert!(regex::Regex::new(&format!("^{form}")).unwrap().is_match(subject), "{subject}");
            }
        }
    }
}
