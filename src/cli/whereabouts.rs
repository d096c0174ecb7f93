//! `refgate where`: which branches and versions have a change.

use std::collections::BTreeSet;
use std::io::IsTerminal as _;
use std::path::PathBuf;

use super::context::Context;
use super::landed::commit;
use super::load::optional_policy;
use super::output::FormatName;
use crate::facts::{View, grammar};
use crate::git::{Commit, Trust};
use crate::model::{Exit, Failure, ObjectId, Untrusted};
use crate::policy::Policy;
use crate::release::{Occurrence, OnBranch, Places, Presence, Whereabouts};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The commit whose change is looked for.
    commit: String,
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// The policy, whose lines and tag classes group the answer: a file, `preset:NAME` or `ref:REF:PATH`.
    #[arg(long, value_name = "SOURCE")]
    policy: Option<String>,
    /// The remote whose tracking refs are the branches, in a clone.
    #[arg(long, value_name = "NAME", default_value = "origin")]
    remote: String,
    /// How the answer is written, to standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: FormatName,
    /// List all branches, those without the change too.
    #[arg(long)]
    all: bool,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let repository = context.repository(arguments.repo.as_deref(), Trust::Cli)?;
    let policy = optional_policy(context, arguments.policy.as_deref(), &repository)?;
    let id = commit(&repository, &arguments.commit)?;
    let detail = format!("looking for the change of {}", Untrusted::new(&arguments.commit));
    let change = repository.commit(id).map_err(|error| {
        let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Usage };
        Failure::from_error(exit, detail.clone(), &error)
    })?;
    let view = if repository.is_bare() { View::Own } else { View::of_remote(&repository, arguments.remote.as_bytes()) };
    let branches = match view {
        View::Own => "refs/heads/".to_owned(),
        View::Remote(remote) => format!("refs/remotes/{remote}/"),
    };
    let shows_progress = std::io::stderr().is_terminal();
    let progress = |what: &'static str, count: usize| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{what} ({count})"));
        }
    };
    let grammar = policy.as_ref().map(grammar).unwrap_or_default();
    let places = Places { policy: policy.as_ref(), grammar, branches, progress: Some(&progress) };
    let found = Whereabouts::find(&repository, id, &places);
    if shows_progress {
        context.complain("\r\u{1b}[K");
    }
    let found = found.map_err(|error| error.into_failure(detail))?;
    let text = match arguments.format {
        FormatName::Json => json(&change, &found),
        FormatName::Human => human(&change, policy.as_ref(), &found, arguments.all),
    };
    context.print(&text)?;
    Ok(Exit::Accepted)
}

fn status(presence: &Presence) -> &'static str {
    match presence {
        Presence::Here(copy) if copy.is_probable => "probable",
        Presence::Here(_) => "landed",
        Presence::Reverted(..) => "reverted",
        Presence::Absent => "missing",
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

/// The names of lines in the order of the policy; `None` for branches of no line.
fn lines(policy: Option<&Policy>, found: &Whereabouts) -> Vec<Option<String>> {
    let used: BTreeSet<&Option<String>> = found.branches.iter().map(|branch| &branch.line).collect();
    let declared = policy.into_iter().flat_map(|policy| &policy.lines).map(|line| Some(line.name.clone()));
    declared.chain([None]).filter(|line| used.contains(line)).collect()
}

fn on_line<'w>(found: &'w Whereabouts, line: &Option<String>) -> Vec<&'w OnBranch> {
    found.branches.iter().filter(|branch| branch.line == *line).collect()
}

/// `refgate.where/v1`.
fn json(change: &Commit, found: &Whereabouts) -> String {
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
                "status": if copy.is_probable { "probable" } else { "landed" },
                "match": copy.commit.to_string(),
                "evidence": copy.evidence.name(),
                "score": copy.score,
                "others": series.others,
                "total": series.total,
            })
        })
        .collect();
    let tags: Vec<String> = found.other_tags.iter().map(|tag| tag.short().to_string()).collect();
    let document = serde_json::json!({
        "schema": "refgate.where/v1", "commit": change.id.to_string(),
        "subject": String::from_utf8_lossy(change.subject()), "branches": branches, "versions": versions, "tags": tags,
    });
    format!("{document:#}\n")
}

/// More tags than these are counted, not named.
const NAMED: usize = 10;

fn human(change: &Commit, policy: Option<&Policy>, found: &Whereabouts, all: bool) -> String {
    let mut text = format!("{}  {}\n", change.id.short(), Untrusted::new(change.subject()));
    // Of a policy's lines it is worth knowing where the change is missing; of a hundred branches it is not.
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
            text.push_str(&format!("  {:<width$}  {status:<8}  {reason}\n", name(branch)));
        }
        let hidden = branches.iter().filter(|branch| !is_shown(branch)).count();
        if hidden > 0 {
            text.push_str(&format!("  {hidden} without it\n"));
        }
    }
    text.push_str("\nversions\n");
    for series in &found.versions {
        let (tag, _, copy) = &series.first;
        let probably = if copy.is_probable { "probably " } else { "" };
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
