//! `refgate policy check`: validates a policy, and holds it against itself and its repository.

use super::load::{Loaded, Which, load};
use crate::cli::context::Context;
use crate::model::{Exit, Failure, Level, counted};
use crate::report::{policy_errors, policy_warnings};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Fail where there are warnings, too.
    #[arg(long)]
    strict: bool,
}

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    let Some(loaded) = load(context, &arguments.which)? else { return Ok(Exit::Policy) };
    let (proof, unknown) = match &loaded {
        Loaded::Here(gate) => {
            let proved = gate.prove();
            (proved.proof, proved.unknown)
        }
        Loaded::Alone(policy, _) => (policy.prove(), Vec::new()),
    };
    let colour = context.colour(arguments.which.color);
    let warnings = match proof.into_warnings() {
        Ok(warnings) => warnings,
        Err(errors) => {
            context.complain(&policy_errors(&errors, colour));
            return Ok(Exit::Policy);
        }
    };
    context.complain(&policy_warnings(&warnings, colour));
    let policy = loaded.policy();
    let lines = counted(policy.lines.len(), "line", "lines");
    let tags = counted(policy.tags.len(), "tag class", "tag classes");
    let rules = counted(loaded.rules().len(), "rule", "rules");
    context.say(&format!("the policy `{}` is valid: {lines}, {tags}, {rules} on", policy.name))?;
    if policy.highest_level < Level::Refuse {
        context.say(&format!("note: nothing is refused: `highest-level` is `{}`", policy.highest_level))?;
    }
    for said in policy.left_to_everybody().iter().chain(&unknown) {
        context.say(&format!("note: {said}"))?;
    }
    Ok(if arguments.strict && !warnings.is_empty() { Exit::Policy } else { Exit::Accepted })
}
