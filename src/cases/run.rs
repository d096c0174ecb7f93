//! Judging a case.

use bstr::BString;
use jiff::civil::Date;
use std::collections::BTreeSet;
use std::path::Path;

use super::script::{self, Ids};
use super::{Case, Wrong};
use crate::gate::{Ask, Gate, Outcome};
use crate::git::{Environment, Made, Repository, Trust};
use crate::model::{Actor, Exit, Failure, ObjectId, Push, RefName, RefUpdate, Stage, Untrusted};
use crate::policy::{LoadError, Source};
use crate::project::View;
use crate::push::resolve_symbolic;

/// On what terms cases are judged.
#[derive(Debug)]
pub(crate) struct Terms<'t> {
    /// What git's own variables say.
    pub environment: &'t Environment,
    /// The policy of cases that have none of their own.
    pub policy: Option<Source>,
    /// The day on which waivers have to be valid.
    pub today: Option<Date>,
}

/// What came of a case.
#[derive(Debug)]
pub(crate) struct Ran {
    /// What was expected and did not come, as it is written in the case.
    pub missing: Vec<String>,
    /// What came and was not expected, in the same words, with what each says.
    pub more: Vec<(String, String)>,
}

impl Ran {
    /// Returns whether what was expected is what came out.
    pub(crate) fn is_right(&self) -> bool {
        self.missing.is_empty() && self.more.is_empty()
    }
}

/// Why a case cannot be judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// It is not written as cases are.
    #[error(transparent)]
    Wrong(#[from] Wrong),
    /// Its policy cannot be read or is invalid.
    #[error(transparent)]
    Policy(#[from] LoadError),
    /// It could not be judged.
    #[error(transparent)]
    Failure(#[from] Failure),
}

/// Judges a case in a repository of its own, as pre-receive would.
///
/// # Errors
/// The case or its policy is not as it should be, or the repository cannot be written.
pub(crate) fn run(case: &Case, terms: &Terms<'_>) -> Result<Ran, Error> {
    let failure = |detail: &str, cause: &dyn std::fmt::Display| {
        Failure::new(Exit::Undecided, detail.to_owned(), cause.to_string())
    };
    let folder = tempfile::tempdir().map_err(|error| failure("making a repository for the case", &error))?;
    let directory = folder.path().join("case.git");
    let made = Made::create(&directory).map_err(|error| failure("making a repository for the case", &error))?;
    let ids = script::write(&made, &case.history, true)?;
    let (push, expected) = (push(case, &ids)?, expected(case)?);
    let named = match &case.policy {
        Some(text) => Some(own_policy(folder.path(), text)?),
        None => terms.policy.clone(),
    };
    let named = named.ok_or_else(|| Wrong {
        line: case.line,
        cause: format!("`{}` has no policy: write one into the file, or name it with `--policy`", case.title),
    })?;
    let opened = Repository::open(Some(&directory), terms.environment, Trust::Cli);
    let repository = opened.map_err(|error| failure("opening the case's repository", &error))?;
    let updates = resolve_symbolic(&repository, push.updates);
    let updates = updates.map_err(|error| failure("reading the refs of the case", &error))?;
    let gate = Gate::open(repository, View::Own, Ask { named: Some(named), ..Ask::default() })?;
    let outcome = gate.judge(&Push { updates, ..push }, terms.today)?;
    let came = came(&outcome);
    let missing = expected.iter().filter(|line| !came.iter().any(|(found, _)| found == *line)).cloned().collect();
    let more = came.into_iter().filter(|(line, _)| !expected.contains(line)).collect();
    Ok(Ran { missing, more })
}

/// Returns the policy that a case names or holds.
fn own_policy(folder: &Path, text: &str) -> Result<Source, Failure> {
    let failure = |detail: &str, cause: String| Failure::new(Exit::Policy, detail, cause);
    let is_name = !text.trim().contains(['\n', '=']);
    if is_name {
        return Source::parse(text.trim()).map_err(|error| failure("finding the case's policy", error.to_string()));
    }
    let file = folder.join("policy.toml");
    std::fs::write(&file, text).map_err(|error| failure("writing the case's policy", error.to_string()))?;
    Ok(Source::File(file))
}

/// Reads the lines of a push: `REF OLD -> NEW`, `actor NAME` and `option TEXT`.
fn push(case: &Case, ids: &Ids) -> Result<Push, Wrong> {
    let (mut updates, mut options, mut actor) = (Vec::new(), Vec::new(), Actor::Unknown);
    for (line, text) in case.push.lines() {
        let wrong = |cause: String| Wrong { line, cause };
        if let Some(name) = text.strip_prefix("actor ") {
            actor = Actor::Known(BString::from(name.trim()));
            continue;
        }
        if let Some(option) = text.strip_prefix("option ") {
            options.push(BString::from(option));
            continue;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let [name, old, "->", new] = words.as_slice() else {
            return Err(wrong(format!("`{text}` is not one of `REF OLD -> NEW`, `actor NAME` and `option TEXT`")));
        };
        if !name.starts_with("refs/") {
            return Err(wrong(format!("`{name}` is not the full name of a ref, such as `refs/heads/{name}`")));
        }
        let id = |label: &str| match label {
            "0" => Ok(ObjectId::null(crate::model::HashKind::Sha1)),
            label => ids.get(label).copied().ok_or_else(|| wrong(format!("there is no object `{label}`"))),
        };
        updates.push(RefUpdate { name: RefName::new(*name), old: id(old)?, new: id(new)?, via: None });
    }
    if updates.is_empty() {
        let cause = format!("`{}` pushes nothing: `REF OLD -> NEW`, with `0` where there is no object", case.title);
        return Err(Wrong { line: case.line, cause });
    }
    Ok(Push { stage: Stage::PreReceive, host: None, actor, options, updates })
}

/// The words that a line of what is expected begins with.
const WORDS: [&str; 5] = ["refuse", "warn", "observe", "waived", "undecided"];

/// Reads what is expected: `accepted`, or a line for each finding.
fn expected(case: &Case) -> Result<BTreeSet<String>, Wrong> {
    let mut expected = BTreeSet::new();
    for (line, text) in case.expect.lines() {
        if text == "accepted" {
            continue;
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let is_known = words.first().is_some_and(|word| WORDS.contains(word));
        if !is_known || words.len() != 3 {
            let forms = WORDS.map(|word| format!("`{word} RULE REF`"));
            return Err(Wrong { line, cause: format!("`{text}` is not one of `accepted`, {}", forms.join(", ")) });
        }
        if let Some(rule) =
            words.get(1).filter(|rule| !crate::rules::REGISTRY.iter().any(|entry| entry.meta.id == **rule))
        {
            return Err(Wrong { line, cause: format!("there is no rule `{rule}`") });
        }
        expected.insert(words.join(" "));
    }
    let says_accepted = case.expect.lines().any(|(_, text)| text == "accepted");
    let is_refused = expected.iter().any(|line| line.starts_with("refuse ") || line.starts_with("undecided "));
    if says_accepted && is_refused {
        let cause = format!("`{}` expects `accepted`, and what is not accepted", case.title);
        return Err(Wrong { line: case.line, cause });
    }
    Ok(expected)
}

/// Returns what came out as a case writes it, each with what it says.
fn came(outcome: &Outcome) -> Vec<(String, String)> {
    let named =
        |name: Option<&RefName>| name.map_or_else(|| "-".to_owned(), |name| Untrusted::new(name.full()).to_string());
    let findings = outcome.findings.iter().map(|finding| {
        let word = if finding.waiver.is_some() { "waived" } else { finding.level.name() };
        (format!("{word} {} {}", finding.rule, named(finding.ref_name.as_ref())), finding.message.clone())
    });
    let open = outcome.unevaluated.iter().map(|open| {
        (
            format!("undecided {} {}", open.rule, named(open.ref_name.as_ref())),
            format!("{} - {}", open.detail, open.cause),
        )
    });
    let mut came: Vec<(String, String)> = findings.chain(open).collect();
    came.sort();
    came.dedup_by(|one, other| one.0 == other.0);
    came
}
