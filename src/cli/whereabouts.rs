//! `refgate where`: which branches and versions have a change.

use std::collections::BTreeSet;

use super::context::Context;
use super::output::ListFormat;
use super::project::{ProjectFlags, RemoteFlag, commit};
use crate::git::{Commit, Repository};
use crate::model::{Exit, Failure, ObjectId, Untrusted};
use crate::policy::Policy;
use crate::project::Snapshot;
use crate::release::{Occurrence, OnBranch, Places, Presence, Whereabouts, changes, of_pull_request};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The commit whose change is looked for; or a pull request, `#123`, or a range, `A..B`, for each of their changes.
    #[arg(value_name = "COMMIT|#N|A..B")]
    commit: String,
    #[command(flatten)]
    project: ProjectFlags,
    #[command(flatten)]
    remote: RemoteFlag,
    /// How the answer is written, to standard output; json is refgate.where/v1.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
    /// List all branches, those without the change too.
    #[arg(long)]
    all: bool,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let gate = arguments.project.open(context, &arguments.remote.remote)?;
    let (repository, policy) = (gate.project().repository(), gate.project().policy());
    let detail = format!("looking for the change of {}", Untrusted::new(&arguments.commit));
    let shows_progress = context.is_watched();
    let progress = |what: &'static str, count: usize| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{what} ({count})"));
        }
    };
    let refs = Snapshot::now(gate.project());
    let places = Places { refs: &refs, grammar: refs.grammar(), progress: Some(&progress) };
    let (ids, are_many) = asked(repository, &arguments.commit, &places)?;
    let mut answers = Vec::with_capacity(ids.len());
    for id in ids {
        let change = repository.commit(id).map_err(|error| {
            let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Usage };
            Failure::from_error(exit, detail.clone(), &error)
        })?;
        let found = Whereabouts::find(id, &places).map_err(|error| error.into_failure(detail.clone()));
        if shows_progress {
            context.complain("\r\u{1b}[K");
        }
        answers.push((change, found?));
    }
    let text = match arguments.format {
        ListFormat::Json if are_many => {
            let documents = answers.iter().map(|(change, found)| document(change, found));
            crate::report::json(&documents.collect::<Vec<_>>())
        }
        ListFormat::Json => answers.iter().map(|(change, found)| json(change, found)).collect(),
        ListFormat::Human => {
            let texts = answers.iter().map(|(change, found)| human(change, policy, found, arguments.all));
            texts.collect::<Vec<String>>().join("\n")
        }
    };
    context.print(&text)?;
    Ok(Exit::Accepted)
}

/// Returns the changes that a word names, oldest first, and whether it can name any number of them.
fn asked(repository: &Repository, word: &str, places: &Places<'_, '_>) -> Result<(Vec<ObjectId>, bool), Failure> {
    let detail = || format!("looking for the changes of {}", Untrusted::new(word));
    let pull_request = word.strip_prefix('#').and_then(|number| number.parse().ok());
    let range = word.split_once("..").filter(|(_, to)| !to.starts_with('.'));
    let found = match (pull_request, range) {
        (Some(number), _) => of_pull_request(number, places),
        (None, Some((from, to))) => {
            let end = |name: &str| commit(repository, if name.is_empty() { "HEAD" } else { name });
            changes(&[end(to)?], &[end(from)?], places)
        }
        (None, None) => return Ok((vec![commit(repository, word)?], false)),
    };
    let mut found = found.map_err(|error| error.into_failure(detail()))?;
    found.reverse();
    if found.is_empty() {
        let cause = match pull_request {
            Some(number) => format!("no commit says that it is, or merges, the pull request #{number}"),
            None => "there is no change in this range".to_owned(),
        };
        return Err(Failure::new(Exit::Usage, detail(), cause));
    }
    Ok((found, true))
}

fn status(presence: &Presence) -> &'static str {
    match presence {
        Presence::Here(copy) => status_of(copy),
        Presence::Reverted(..) => "reverted",
        Presence::Absent => "missing",
    }
}

fn status_of(copy: &Occurrence) -> &'static str {
    match (copy.is_partial, copy.is_probable) {
        (true, _) => "partial",
        (false, true) => "probable",
        (false, false) => "landed",
    }
}

fn copy_of(presence: &Presence) -> Option<&Occurrence> {
    match presence {
        Presence::Here(copy) | Presence::Reverted(copy, _) => Some(copy),
        Presence::Absent => None,
    }
}

fn reason(presence: &Presence) -> String {
    match presence {
        Presence::Here(copy) => copy.reason.clone(),
        Presence::Reverted(copy, by) => format!("{} reverted by {}", copy.commit.short(), by.short()),
        Presence::Absent => "nothing like it is there".to_owned(),
    }
}

/// Returns the names of lines in the order of the policy; `None` for branches of no line.
fn lines(policy: &Policy, found: &Whereabouts) -> Vec<Option<String>> {
    let used: BTreeSet<&Option<String>> = found.branches.iter().map(|branch| &branch.line).collect();
    let declared = policy.lines.iter().map(|line| Some(line.name.clone()));
    declared.chain([None]).filter(|line| used.contains(line)).collect()
}

fn on_line<'w>(found: &'w Whereabouts, line: &Option<String>) -> Vec<&'w OnBranch> {
    found.branches.iter().filter(|branch| branch.line == *line).collect()
}

/// Renders `refgate.where/v1`.
fn json(change: &Commit, found: &Whereabouts) -> String {
    crate::report::json(&document(change, found))
}

fn document(change: &Commit, found: &Whereabouts) -> serde_json::Value {
    let branches: Vec<_> = found
        .branches
        .iter()
        .map(|branch| {
            let copy = copy_of(&branch.presence);
            let reverted_by: Option<ObjectId> = match &branch.presence {
                Presence::Reverted(_, by) => Some(*by),
                Presence::Here(_) | Presence::Absent => None,
            };
            serde_json::json!({
                "branch": branch.name.short().to_string(),
                "line": branch.line,
                "status": status(&branch.presence),
                "match": copy.map(|copy| copy.commit.to_string()),
                "evidence": copy.map(|copy| copy.evidence.name()),
                "score": copy.map_or(0.0, |copy| copy.score),
                "reverted_by": reverted_by.map(|by| by.to_string()),
                "reason": reason(&branch.presence),
            })
        })
        .collect();
    let versions: Vec<_> = found
        .versions
        .iter()
        .map(|series| {
            let (tag, version, copy) = &series.first;
            serde_json::json!({
                "component": series.component,
                "series": series.series,
                "tag": tag.short().to_string(),
                "version": version.to_string(),
                "status": status_of(copy),
                "match": copy.commit.to_string(),
                "evidence": copy.evidence.name(),
                "score": copy.score,
                "others": series.others,
                "with": series.with.iter().map(|tag| tag.short().to_string()).collect::<Vec<_>>(),
                "total": series.total,
            })
        })
        .collect();
    let tags: Vec<String> = found.other_tags.iter().map(|tag| tag.short().to_string()).collect();
    serde_json::json!({
        "schema": "refgate.where/v1", "commit": change.id.to_string(),
        "subject": String::from_utf8_lossy(change.subject()), "branches": branches, "versions": versions, "tags": tags,
    })
}

/// Further tags are counted, not named.
const NAMED: usize = 10;

fn human(change: &Commit, policy: &Policy, found: &Whereabouts, all: bool) -> String {
    let mut text = format!("{}  {}\n", change.id.short(), Untrusted::new(change.subject()));
    // For a policy's lines it is worth knowing where the change is missing; for a hundred branches it is not.
    let is_shown = |branch: &&OnBranch| all || branch.line.is_some() || branch.presence != Presence::Absent;
    let name = |branch: &OnBranch| Untrusted::new(branch.name.short()).to_string();
    let shown = found.branches.iter().filter(is_shown).map(|branch| name(branch).chars().count());
    let width = shown.max().unwrap_or_default();
    for line in lines(policy, found) {
        let branches = on_line(found, &line);
        let title = line.map_or_else(|| "branches".to_owned(), |line| format!("line {}", Untrusted::new(&line)));
        text.push_str(&format!("\n{title}\n"));
        for branch in branches.iter().copied().filter(is_shown) {
            let (status, reason) = (status(&branch.presence), reason(&branch.presence));
            text.push_str(&format!("  {:<width$}  {status:<8}  {}\n", name(branch), Untrusted::new(&reason)));
        }
        let hidden = branches.iter().filter(|branch| !is_shown(branch)).count();
        if hidden > 0 {
            text.push_str(&format!("  {hidden} without it\n"));
        }
    }
    text.push_str("\nversions\n");
    for series in &found.versions {
        let (tag, _, copy) = &series.first;
        let probably = match status_of(copy) {
            "partial" => "in part ",
            "probable" => "probably ",
            _ => "",
        };
        let others = if series.others > 0 { format!(" and {} more", series.others) } else { String::new() };
        let (tag, of) = (Untrusted::new(tag.short()), Untrusted::new(&series.series));
        text.push_str(&format!("  {of}: {probably}{tag}{others} of {}, as {}\n", series.total, copy.commit.short()));
    }
    if found.versions.is_empty() {
        text.push_str("  none\n");
    }
    if !found.other_tags.is_empty() {
        let mut names: Vec<String> =
            found.other_tags.iter().take(NAMED).map(|tag| Untrusted::new(tag.short()).to_string()).collect();
        if found.other_tags.len() > NAMED {
            names.push(format!("{} more", found.other_tags.len() - NAMED));
        }
        text.push_str(&format!("\nother tags\n  {}\n", names.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::landed::Evidence;
    use crate::model::hostile::{self, acts};
    use crate::model::{HashKind, RefName};
    use crate::release::InSeries;
    use crate::version::Scheme;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_answer_acts(bytes in hostile::bytes(), text in hostile::text()) {
            let id = ObjectId::null(HashKind::Sha1);
            let own = || text.clone();
            let head = format!("tree {id}\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\n");
            let change = Commit::parse(id, &[head.as_bytes(), &bytes].concat()).unwrap();
            let name = RefName::new(bytes.as_slice());
            let copy =
                Occurrence { commit: id, evidence: Evidence::Ancestor, score: 1.0, reason: own(), is_probable: true, is_partial: false };
            let version = "semver".parse::<Scheme>().unwrap().read("1.0.0").unwrap();
            let first = (name.clone(), version, copy.clone());
            let found = Whereabouts {
                branches: vec![OnBranch { name: name.clone(), line: Some(own()), presence: Presence::Here(copy) }],
                versions: vec![InSeries { component: Some(own()), series: own(), first, with: vec![name.clone()], others: 1, total: 2 }],
                other_tags: vec![name],
            };
            prop_assert_eq!(acts(&json(&change, &found)), None);
            prop_assert_eq!(acts(&human(&change, &Policy::empty(), &found, true)), None);
        }
    }
}
