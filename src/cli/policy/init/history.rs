//! `refgate policy init --from-history`: a policy out of the refs and commits of a repository, tried over its past.

use std::path::Path;

use crate::cli::context::Context;
use crate::cli::judge::today;
use crate::cli::project::view;
use crate::git::{Repository, Trust};
use crate::learn::{Depth, Draft, Ground, learn};
use crate::model::{Exit, Failure, Stage};
use crate::policy::Policy;
use crate::project::{FactError, Project};

/// The remote whose branches are meant in a clone.
const REMOTE: &str = "origin";

/// Prints the policy that the repository's past proposes, and says on standard error what it would have refused.
pub(super) fn propose(context: &Context, directory: Option<&Path>) -> Result<Exit, Failure> {
    let open = || context.repository(directory, Trust::Cli);
    let repository = open()?;
    let view = view(&repository, REMOTE)?;
    let name = name(&repository);
    let place = repository.work_tree().unwrap_or_else(|| repository.git_dir()).to_owned();
    let shows_progress = context.is_watched();
    let progress = |text: &str| {
        if shows_progress {
            context.complain(&format!("\r\u{1b}[K{text}"));
        }
    };
    let failed = |error: FactError| error.into_failure("learning from the branches and tags", Stage::Ci);
    let project = Project::new(repository.for_many_reads(), Policy::empty(), view.clone());
    let draft = learn(&project, &name, Depth::History, &progress).map_err(failed)?;
    // What was remembered for learning is in the way of what judging remembers.
    drop(project);
    let ground = Ground { environment: context.environment(), directory: &place, today: today(), progress: &progress };
    let trial = draft.try_out(open()?, view, &ground);
    progress("");
    let trial = trial?;
    context.complain(&trial.summary());
    context.print(&draft.text(Some(&trial)))?;
    Ok(Exit::Accepted)
}

/// Returns what the branches and tags of the repository that this runs in propose; `None` outside of one, and where they
/// cannot be read: there is a policy to start from without them.
pub(super) fn by_refs(context: &Context) -> Option<Draft> {
    let repository = context.repository(None, Trust::Cli).ok()?;
    let view = view(&repository, REMOTE).ok()?;
    let name = name(&repository);
    learn(&Project::new(repository, Policy::empty(), view), &name, Depth::Refs, &|_| {}).ok()
}

/// Returns what the project is called: by the address that it was cloned from, or by its directory.
fn name(repository: &Repository) -> String {
    let url = repository.config(&format!("remote.{REMOTE}.url")).map(|url| url.to_string());
    let directory = repository.work_tree().unwrap_or_else(|| repository.git_dir());
    let path = url.unwrap_or_else(|| directory.to_string_lossy().into_owned());
    let path = path.trim_end_matches('/');
    let last = path.rsplit(['/', ':']).find(|part| !part.is_empty() && *part != ".git");
    let name: String = last.unwrap_or_default().trim_end_matches(".git").chars().filter(|c| !c.is_control()).collect();
    if name.is_empty() { "my-project".to_owned() } else { name }
}
