//! What `install`, `uninstall` and `doctor` share: the repository, its host and its hooks.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::path::{Path, PathBuf};

use super::context::Context;
use crate::git::{Repository, Trust};
use crate::hosts::{self, HOSTS, Hook, Host, Traces};
use crate::install::{Account, Error, Plan, Site};
use crate::model::{Exit, Failure};

/// Where the hooks are.
#[derive(Debug, clap::Args)]
pub(super) struct PlaceFlags {
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// The hook; pre-receive, reference-transaction and post-receive in a bare repository and pre-push in a clone unless given. May be given
    /// several times.
    #[arg(long = "hook", value_name = "NAME", value_parser = hook_parser())]
    hooks: Vec<Hook>,
    /// The program that manages the repository; found out unless given.
    #[arg(long, value_name = "HOST", value_parser = host_parser())]
    host: Option<&'static Host>,
}

fn hook_parser() -> impl clap::builder::TypedValueParser<Value = Hook> {
    let names = PossibleValuesParser::new(Hook::ALL.map(Hook::name));
    names.try_map(|name| Hook::ALL.into_iter().find(|hook| hook.name() == name).ok_or("no such hook"))
}

/// Returns the hosts into whose repositories refgate can put hooks.
fn host_parser() -> impl clap::builder::TypedValueParser<Value = &'static Host> {
    let hosts = HOSTS.iter().filter(|host| host.installs.is_some());
    PossibleValuesParser::new(hosts.map(|host| host.name)).try_map(|name| hosts::find(&name).ok_or("no such host"))
}

/// An open repository with the account whose git runs its hooks.
pub(super) struct Place {
    repository: Repository,
    account: Account,
    host: &'static Host,
}

impl Place {
    pub(super) fn site(&self) -> Site<'_> {
        Site::new(&self.repository, self.account.clone(), self.host)
    }
}

impl PlaceFlags {
    /// Opens the repository. Its owner does not matter: root installs into the git account's repositories, and runs
    /// everything in them as that account.
    pub(super) fn open(&self, context: &Context, account: Option<&str>) -> Result<Place, Failure> {
        let here = Path::new(".");
        let directory = Some(self.repo.as_deref().unwrap_or(here));
        let repository = context.repository(directory, Trust::Hook)?;
        let account = match account {
            Some(name) => Account::named(name, context.variables()),
            None => Account::of_repository(repository.git_dir(), context.variables()),
        };
        let account = account.map_err(|error| failure("finding the git account", &error))?;
        // In hooks the account's own git configuration counts, not that of whoever runs this command.
        let repository = if account.is_other() {
            context.repository_as(account.variables(), directory, Trust::Hook)?
        } else {
            repository
        };
        let traces = Traces { common_dir: repository.common_dir(), config: &|key| repository.config(key) };
        let host = self.host.unwrap_or_else(|| hosts::detect(&traces));
        Ok(Place { repository, account, host })
    }

    pub(super) fn hooks(&self) -> Vec<Hook> {
        let mut hooks = self.hooks.clone();
        hooks.sort();
        hooks.dedup();
        hooks
    }

    /// Takes the steps of a plan, and says each when it is done.
    pub(super) fn perform(
        &self,
        context: &Context,
        site: &Site<'_>,
        plan: &Plan,
        dry_run: bool,
    ) -> Result<(), Failure> {
        if dry_run {
            return plan.steps.iter().try_for_each(|step| context.say(&format!("would {step}")));
        }
        // A closed standard output is not a reason to stop half-way.
        let mut printed = Ok(());
        let carried = plan.carry_out(site, &mut |step| {
            let line = context.say(&step.to_string());
            printed = std::mem::replace(&mut printed, Ok(())).and(line);
        });
        carried.map_err(|broken| {
            let failure = failure(&broken.step, &broken.error);
            let undone = match broken.left.as_slice() {
                [] => "nothing was changed: what had been done was undone".to_owned(),
                left => format!("not everything could be undone: {}", left.join("; ")),
            };
            let help = failure.help.iter().chain([&undone]).cloned().collect::<Vec<_>>().join("; ");
            failure.help(help)
        })?;
        printed
    }
}

/// Returns an obstacle as a failure.
pub(super) fn failure(detail: &str, error: &Error) -> Failure {
    let failure = Failure::from_error(Exit::Usage, detail, error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
