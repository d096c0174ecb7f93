//! `refgate landed`: for each change of one branch, where it is on another.

use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::output::FormatName;
use crate::git::{Repository, Trust};
use crate::landed::{Caching, Comparison, Options, Status, Verdict};
use crate::model::{Exit, Failure, ObjectId, RefName, Untrusted};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// Whose changes are looked for: a branch or any revision; HEAD unless given.
    #[arg(long, value_name = "REV", default_value = "HEAD")]
    from: String,
    /// Where they are looked for; `main` or `master` unless given.
    #[arg(long, value_name = "REV")]
    to: Option<String>,
    /// Only the newest changes.
    #[arg(long, value_name = "N")]
    last: Option<usize>,
    /// How the answer is written, to standard output.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: FormatName,
    /// List all changes, those that landed too.
    #[arg(long)]
    all: bool,
    /// Leave out what messages say (trailers, Change-Ids, pull requests), to measure what the rest finds.
    #[arg(long)]
    ignore_trailers: bool,
    /// Neither use nor keep what was found out about commits (`refgate/landed` in the repository).
    #[arg(long)]
    no_cache: bool,
    /// Pairs that are not compared, to measure false matches: a file of lines `BRANCH-COMMIT MAINLINE-COMMIT`.
    #[arg(long, value_name = "FILE")]
    without: Option<PathBuf>,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let repository = context.repository(arguments.repo.as_deref(), Trust::Cli)?;
    let from = commit(&repository, &arguments.from)?;
    let (to_name, to) = match &arguments.to {
        Some(name) => (name.clone(), commit(&repository, name)?),
        None => mainline(&repository)?,
    };
    let undecided = |error: &dyn std::error::Error| {
        let detail =
            format!("looking for the changes of {} on {}", Untrusted::new(&arguments.from), Untrusted::new(&to_name));
        Failure::from_error(Exit::Undecided, detail, error)
    };
    let only = match arguments.last {
        Some(count) => {
            let all = repository.commits(&[from], &[to], MAX_COMMITS).map_err(|error| undecided(&error))?;
            Some(newest(&repository, all, count).map_err(|error| undecided(&error))?)
        }
        None => None,
    };
    let shows_progress = std::io::stderr().is_terminal();
    let progress = |what: &'static str, count: usize| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{what} ({count})"));
        }
    };
    let options = Options {
        ignore_explicit: arguments.ignore_trailers,
        without: pairs(context, arguments.without.as_deref())?,
        only,
        progress: Some(&progress),
        cache: if arguments.no_cache { Caching::Off } else { Caching::Keep },
        ..Options::default()
    };
    let compared = Comparison::new(&repository, from, &[to], &options);
    if shows_progress {
        context.complain("\r\u{1b}[K");
    }
    let comparison = compared.map_err(|error| undecided(&error))?;
    let text = match arguments.format {
        FormatName::Json => json(&arguments.from, &to_name, &comparison),
        FormatName::Human => human(&arguments, &to_name, &comparison),
    };
    context.print(&text)?;
    Ok(Exit::Accepted)
}

/// More changes than this on a branch are no question.
const MAX_COMMITS: usize = 500_000;

/// The newest `count` commits that are no merges.
fn newest(repository: &Repository, all: Vec<ObjectId>, count: usize) -> Result<Vec<ObjectId>, crate::git::Error> {
    let mut newest = Vec::with_capacity(count.min(all.len()));
    for id in all {
        if newest.len() == count {
            break;
        }
        if repository.commit(id)?.parents.len() < 2 {
            newest.push(id);
        }
    }
    Ok(newest)
}

/// The commit that a revision stands for.
pub(super) fn commit(repository: &Repository, revision: &str) -> Result<ObjectId, Failure> {
    let peeled = repository.rev_parse(revision).and_then(|id| repository.peel(id));
    peeled.map(|peeled| peeled.id).map_err(|error| {
        let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Usage };
        Failure::from_error(exit, format!("resolving the revision `{}`", Untrusted::new(revision)), &error)
    })
}

/// The branch that changes are looked for on when none is named.
fn mainline(repository: &Repository) -> Result<(String, ObjectId), Failure> {
    for name in ["main", "master"] {
        if let Ok((_, Some(id))) = repository.resolve(&RefName::branch(name)) {
            return Ok((name.to_owned(), id));
        }
    }
    let failure = Failure::new(Exit::Usage, "finding the mainline", "there is no branch `main` or `master`");
    Err(failure.help("name it with `--to`"))
}

fn pairs(context: &Context, file: Option<&Path>) -> Result<BTreeSet<(ObjectId, ObjectId)>, Failure> {
    let Some(file) = file else { return Ok(BTreeSet::new()) };
    let failure = |cause: String| Failure::new(Exit::Usage, format!("reading {}", file.display()), cause);
    let text = std::fs::read_to_string(context.absolute(file)).map_err(|error| failure(error.to_string()))?;
    let mut pairs = BTreeSet::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let ids: Vec<ObjectId> =
            line.split_whitespace().filter_map(|word| ObjectId::from_hex(word.as_bytes()).ok()).collect();
        let [branch, mainline] = ids.as_slice() else {
            return Err(failure(format!("line {} is not two full commit ids", number + 1)));
        };
        pairs.insert((*branch, *mainline));
    }
    Ok(pairs)
}

fn counts(comparison: &Comparison) -> BTreeMap<&'static str, usize> {
    let mut counts: BTreeMap<&'static str, usize> = Status::ALL.iter().map(|status| (status.name(), 0)).collect();
    counts.insert("waived", 0);
    for verdict in comparison.verdicts() {
        *counts.entry(verdict.status.name()).or_default() += 1;
    }
    counts
}

/// `refgate.landed/v1`.
fn json(from: &str, to: &str, comparison: &Comparison) -> String {
    let commits: Vec<_> = comparison
        .verdicts()
        .iter()
        .map(|verdict| {
            serde_json::json!({
                "commit": verdict.commit.to_string(),
                "subject": String::from_utf8_lossy(&verdict.subject),
                "status": verdict.status.name(),
                "match": verdict.matched.map(|id| id.to_string()),
                "evidence": verdict.evidence.map(|evidence| evidence.name()),
                "score": verdict.score,
                "reason": verdict.reason,
            })
        })
        .collect();
    let document = serde_json::json!({
        "schema": "refgate.landed/v1", "from": from, "to": to, "commits": commits, "counts": counts(comparison),
    });
    format!("{document:#}\n")
}

fn human(arguments: &Args, to: &str, comparison: &Comparison) -> String {
    let mut text = String::new();
    for status in Status::ALL {
        let of_status: Vec<&Verdict> =
            comparison.verdicts().iter().filter(|verdict| verdict.status == status).collect();
        let is_settled = matches!(status, Status::Landed | Status::Exempt);
        if of_status.is_empty() || (is_settled && !arguments.all) {
            continue;
        }
        text.push_str(&format!("{status} ({})\n", of_status.len()));
        for verdict in of_status {
            let subject = Untrusted::new(&verdict.subject);
            text.push_str(&format!("  {}  {subject}\n              {}\n", verdict.commit.short(), verdict.reason));
        }
        text.push('\n');
    }
    for unread in comparison.unread() {
        text.push_str(&format!(
            "note: object {unread} is not in this repository; what needs it was judged without it\n"
        ));
    }
    // Oldest first: picks apply in the order in which they were made.
    let missing: Vec<String> = comparison
        .verdicts()
        .iter()
        .rev()
        .filter(|verdict| verdict.status == Status::Missing)
        .map(|verdict| format!("  git cherry-pick -x {}\n", verdict.commit))
        .collect();
    if !missing.is_empty() {
        text.push_str(&format!("To pick what is missing, on {}:\n{}\n", Untrusted::new(to), missing.concat()));
    }
    let counts: Vec<String> = Status::ALL
        .iter()
        .map(|status| (status, comparison.verdicts().iter().filter(|verdict| verdict.status == *status).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(status, count)| format!("{count} {status}"))
        .collect();
    let counts = if counts.is_empty() { "nothing to look for".to_owned() } else { counts.join(", ") };
    text.push_str(&format!("{} -> {}: {counts}\n", Untrusted::new(&arguments.from), Untrusted::new(to)));
    text
}
