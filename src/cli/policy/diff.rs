//! `refgate policy diff`: what another policy makes weaker and what it makes stronger.

use std::num::NonZero;
use std::path::PathBuf;

use super::load::{Loaded, Which, load};
use crate::cli::context::{Context, When};
use crate::cli::judge::today;
use crate::gate::{Change, Effect, Gate, Side, compare};
use crate::model::{Exit, Failure, RefName, Stage, Untrusted};
use crate::replay::{Selection, Terms, history, replay};
use crate::report::{Replay, replay_differences};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The policy that there is: a file, `preset:NAME` or `ref:REF:PATH`.
    old: String,
    /// The one that is to take its place.
    new: String,
    /// Compare them over the past of this repository, too.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// When to colour errors.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    let read = |source: &str| load(context, &Which::named(source, arguments.repo.clone(), arguments.color));
    let (Some(old), Some(new)) = (read(&arguments.old)?, read(&arguments.new)?) else { return Ok(Exit::Policy) };
    let refs: Vec<RefName> = match &old {
        Loaded::Here(gate) => {
            let held = gate.held().map_err(|error| error.into_failure("listing the branches and tags", Stage::Ci))?;
            held.all().map(|(name, _)| name.clone()).collect()
        }
        Loaded::Alone(..) => Vec::new(),
    };
    let old_side = Side { policy: old.policy(), rules: old.rules() };
    let new_side = Side { policy: new.policy(), rules: new.rules() };
    let changes = compare(old_side, new_side, &refs);
    for change in &changes {
        show(context, change)?;
    }
    if changes.is_empty() {
        context.say("the policies say the same")?;
    }
    if let (Some(_), Loaded::Here(old), Loaded::Here(new)) = (&arguments.repo, &old, &new) {
        past(context, old, new)?;
    }
    let is_weaker = changes.iter().any(|change| change.effect == Effect::Weaker);
    Ok(if is_weaker { Exit::Refused } else { Exit::Accepted })
}

fn show(context: &Context, change: &Change) -> Result<(), Failure> {
    context.say(&format!("{}: {}", change.effect.name(), change.what))?;
    match &change.witness {
        Some(witness) => context.print(&format!("  {}\n", Untrusted::new(witness))),
        None => Ok(()),
    }
}

/// Judges the past by both, and says what comes out differently.
fn past(context: &Context, old: &Gate, new: &Gate) -> Result<(), Failure> {
    let (before, after) = (replayed(context, old)?, replayed(context, new)?);
    context.print(&replay_differences(&before, &after))
}

fn replayed(context: &Context, gate: &Gate) -> Result<Replay, Failure> {
    let read = history(gate, &Selection::default());
    let history =
        read.map_err(|error| error.into_failure("reading the history of the branches and tags", Stage::Ci))?;
    let repository = gate.project().repository();
    let terms = Terms {
        environment: context.environment(),
        directory: repository.work_tree().unwrap_or_else(|| repository.git_dir()).to_owned(),
        policy: gate.project().policy().clone(),
        today: today(),
        limits: None,
    };
    let jobs = std::thread::available_parallelism().map_or(1, NonZero::get);
    replay(&history, &terms, None, jobs, &|_| {})
}
