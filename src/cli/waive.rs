//! `refgate waive`: records an exception from a rule in a git note about a commit.

use bstr::ByteSlice as _;
use jiff::civil::Date;

use super::context::Context;
use super::judge::today;
use super::project::{ProjectFlags, commit};
use crate::git::{Error, Repository};
use crate::model::{Exit, Failure, ObjectId, RefName, Untrusted, WAIVER_NOTES, did_you_mean};
use crate::policy::{ActorSet, MAX_NOTE_BYTES, NotedWaiver};
use crate::rules::{REGISTRY, find};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The commit.
    commit: String,
    /// The rule that shall not refuse it.
    #[arg(long, value_name = "RULE")]
    rule: String,
    /// Why, in one line.
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The last day on which it counts (2026-12-31); without it, it counts for good.
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    /// Who grants it; git's own idea of who you are unless given.
    #[arg(long, value_name = "WHO")]
    by: Option<String>,
    /// Replace a waiver of the same rule, or a note that is none.
    #[arg(long)]
    force: bool,
    /// Print the note and write nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    project: ProjectFlags,
}

/// The variables that name the committer, besides git's configuration (`git(1)`, "Git Commits").
const IDENTITY: [&str; 6] = [
    "GIT_AUTHOR_NAME",
    "GIT_AUTHOR_EMAIL",
    "GIT_AUTHOR_DATE",
    "GIT_COMMITTER_NAME",
    "GIT_COMMITTER_EMAIL",
    "GIT_COMMITTER_DATE",
];

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let gate = arguments.project.open(context, "origin")?;
    let (repository, policy) = (gate.project().repository(), gate.project().policy());
    let waived = commit(repository, &arguments.commit)?;
    let waiver = waiver(context, repository, &arguments)?;
    let mut waivers = others(repository, waived, &waiver.rule, arguments.force)?;
    waivers.push(waiver);
    let note = waivers.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    if note.len() as u64 > MAX_NOTE_BYTES {
        return Err(wrong(format!("the note about it would be longer than {MAX_NOTE_BYTES} bytes")));
    }
    let shown = Untrusted::new(&note).lines();
    if arguments.dry_run {
        context.print(&format!("would write to {WAIVER_NOTES} about {waived}:\n\n{shown}"))?;
        return Ok(Exit::Accepted);
    }
    write(context, repository, waived, &note)?;
    context.print(&format!(
        "wrote to {WAIVER_NOTES} about {waived}:\n\n{shown}\nIt counts once it is pushed: git push origin {WAIVER_NOTES}\n"
    ))?;
    if !policy.name.is_empty() && policy.waiver_notes.as_ref().is_none_or(ActorSet::is_nobody) {
        context.complain(&format!(
            "warning: the policy `{}` takes waivers in notes from nobody: `accepted-from` in `[waiver-notes]` names them\n",
            Untrusted::new(&policy.name)
        ));
    }
    Ok(Exit::Accepted)
}

fn wrong(cause: impl Into<String>) -> Failure {
    Failure::new(Exit::Usage, "recording a waiver", cause)
}

fn unread(error: &Error) -> Failure {
    Failure::from_error(Exit::Undecided, "reading the waivers there are", error)
}

/// Returns the waiver that the command line describes.
fn waiver(context: &Context, repository: &Repository, arguments: &Args) -> Result<NotedWaiver, Failure> {
    let rule = &arguments.rule;
    if find(rule).is_none() {
        let hint = did_you_mean(rule, REGISTRY.iter().map(|entry| entry.meta.id));
        let failure = wrong(format!("there is no rule `{}`{hint}", Untrusted::new(rule)));
        return Err(failure.help("`refgate rules` lists the rules there are"));
    }
    let until = match &arguments.until {
        Some(text) => Some(
            text.parse::<Date>()
                .map_err(|_| wrong(format!("`--until {}` is not a date like `2026-12-31`", Untrusted::new(text))))?,
        ),
        None => None,
    };
    if let Some(over) = until.filter(|until| today().is_some_and(|today| *until < today)) {
        return Err(wrong(format!("{over} is over, so that the waiver would never count")));
    }
    let by = match &arguments.by {
        Some(by) => by.clone(),
        None => own_name(context, repository)?,
    };
    let waiver = NotedWaiver {
        rule: rule.clone(),
        reason: arguments.reason.trim().to_owned(),
        until,
        by: Some(by.trim().to_owned()).filter(|by| !by.is_empty()),
    };
    // A note that would be read as something else is not written: one with a line end in the reason, or with an empty
    // reason.
    match NotedWaiver::read(waiver.to_string().as_bytes()) {
        Ok(read) if read == [waiver.clone()] => Ok(waiver),
        Ok(_) => Err(wrong("`--reason` and `--by` are one line each")),
        Err(error) => Err(wrong(format!("the note would be none: {error}"))),
    }
}

fn own_name(context: &Context, repository: &Repository) -> Result<String, Failure> {
    let asked = with_identity(context, repository.git(&["var", "GIT_COMMITTER_IDENT"])).run();
    let ident = asked.map_err(|error| {
        Failure::from_error(Exit::Usage, "asking git who you are", &error).help("name yourself with `--by`")
    })?;
    // `Ann <ann@example.com> 1700000000 +0000`
    let text = ident.to_str_lossy();
    Ok(text.rsplit_once('>').map_or_else(|| text.trim().to_owned(), |(who, _)| format!("{who}>")))
}

fn with_identity(context: &Context, git: crate::git::Git) -> crate::git::Git {
    IDENTITY.into_iter().fold(git, |git, name| match context.variable(name) {
        Some(value) => git.variable(name, value.to_os_str_lossy()),
        None => git,
    })
}

/// Returns the waivers of the commit that stay next to the new one.
fn others(repository: &Repository, waived: ObjectId, rule: &str, force: bool) -> Result<Vec<NotedWaiver>, Failure> {
    let (_, notes) = repository.resolve(&RefName::new(WAIVER_NOTES)).map_err(|error| unread(&error))?;
    let Some(notes) = notes else { return Ok(Vec::new()) };
    let mut others = Vec::new();
    for blob in repository.notes_about(notes, waived).map_err(|error| unread(&error))? {
        let read = match repository.blob(blob, MAX_NOTE_BYTES) {
            Ok(note) => NotedWaiver::read(&note).map_err(|error| error.to_string()),
            Err(error @ Error::TooLarge { .. }) => Err(error.to_string()),
            Err(error) => return Err(unread(&error)),
        };
        match read {
            Ok(waivers) => others.extend(waivers),
            Err(_) if force => {}
            Err(error) => {
                let failure = wrong(format!("the note about {} is not a waiver: {error}", waived.short()));
                return Err(failure.help("`--force` replaces it"));
            }
        }
    }
    if let Some(same) = others.iter().find(|waiver| waiver.rule == rule).filter(|_| !force) {
        let cause = format!("{} has a waiver of `{rule}`: {}", waived.short(), Untrusted::new(&same.reason));
        return Err(wrong(cause).help("`--force` replaces it"));
    }
    others.retain(|waiver| waiver.rule != rule);
    Ok(others)
}

fn write(context: &Context, repository: &Repository, waived: ObjectId, note: &str) -> Result<(), Failure> {
    // git's own command: it spreads notes over directories and knows every kind of ref store.
    let add = repository.git(&["notes", "--ref", "refgate", "add", "--force", "--file", "-"]);
    let added = with_identity(context, add).operand(waived.to_string()).input(note).run();
    added.map(|_| ()).map_err(|error| Failure::from_error(Exit::Undecided, "writing the note", &error))
}
