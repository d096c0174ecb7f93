//! `refgate install`: puts hooks into a repository.

use std::path::PathBuf;

use super::context::Context;
use super::context::When;
use super::place::PlaceFlags;
use crate::install::{Plan, Request, plan, validate};
use crate::model::{Exit, Failure};
use crate::policy::{LoadError, PolicyErrors, Source};
use crate::push::Identity;
use crate::report::{policy_errors, policy_warnings};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    place: PlaceFlags,
    /// Set `refgate.policy`: a file, `preset:NAME` or `ref:REF:PATH`. It has to be valid.
    #[arg(long, value_name = "SOURCE")]
    policy: Option<String>,
    /// Set `refgate.identity`, where the pusher's name comes from: gitolite, remote-user, env:NAME, none, …
    #[arg(long, value_name = "SOURCE")]
    identity: Option<String>,
    /// Set `refgate.log`: every judgement is appended to this file.
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    /// Set `refgate.observe`: nothing is refused, and every report says what would have been.
    #[arg(long)]
    observe: bool,
    /// Show what would be done, and do nothing.
    #[arg(long)]
    dry_run: bool,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let place = arguments.place.open(context, None)?;
    let site = place.site();
    let usage = |detail: &str, cause: String| Failure::new(Exit::Usage, detail, cause);
    let policy = match arguments.policy.as_deref().map(Source::parse).transpose() {
        Ok(Some(Source::File(path))) => Some(Source::File(context.absolute(&path))),
        Ok(other) => other,
        Err(error) => return Err(Failure::from_error(Exit::Policy, "finding the policy", &error)),
    };
    let identity = arguments.identity.as_deref().map(Identity::parse).transpose();
    let identity = identity.map_err(|error| usage("reading `--identity`", error.to_string()))?;
    let configured = || site.policy_source();
    if let Some(source) = policy.clone().map_or_else(configured, |policy| Ok(Some(policy)))? {
        match validate(site.repository, source) {
            Ok(gate) => {
                let proof = gate.prove().proof;
                let warnings = proof.into_warnings().map_err(|errors| refused(context, &errors))?;
                context.complain(&policy_warnings(&warnings, context.colour(When::Auto)));
            }
            Err(LoadError::Unreadable(failure)) => return Err(failure),
            Err(LoadError::Invalid(errors)) => return Err(refused(context, &errors)),
        }
    }
    let program =
        std::env::current_exe().map_err(|error| usage("finding this program's own file", error.to_string()))?;
    let log = arguments.log.map(|log| context.absolute(&log));
    let observe = arguments.observe;
    let request = Request { hooks: arguments.place.hooks(), program, policy, identity, log, observe };
    let planned = plan(&site, &request).map_err(|error| super::place::failure("planning the installation", &error))?;
    let Plan { ref warnings, .. } = planned;
    arguments.place.perform(context, &site, &planned, arguments.dry_run)?;
    for warning in warnings {
        context.say(&format!("note: {warning}"))?;
    }
    let repository = crate::model::quote(&crate::push::bytes_of(site.repository.git_dir().as_os_str()));
    context.print(&format!(
        "next: prove that it refuses: `refgate doctor --repo {}`\n",
        repository.unwrap_or_else(|| "DIR".to_owned())
    ))?;
    Ok(Exit::Accepted)
}

/// Shows what is wrong with the policy, and returns the failure.
fn refused(context: &Context, errors: &PolicyErrors) -> Failure {
    context.complain(&policy_errors(errors, context.colour(When::Auto)));
    Failure::new(Exit::Policy, "checking the policy", "it is invalid; nothing was installed")
}
