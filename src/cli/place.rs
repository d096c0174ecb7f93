//! What `install`, `uninstall` and `doctor` share: the repository, its host and its hooks.

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use std::path::{Path, PathBuf};

use super::context::Context;
use crate::git::{Repository, Trust};
use crate::install::{Account, Error, Hook, Host, Plan, Site};
use crate::model::{Exit, Failure};

/// Where the hooks are.
#[derive(Debug, clap::Args)]
pub(super) struct PlaceFlags {
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// The hook; pre-receive and post-receive in a bare repository and pre-push in a clone unless given. May be given
    /// several times.
    #[arg(long = "hook", value_name = "NAME", value_parser = hook_parser())]
    hooks: Vec<Hook>,
    /// The program that manages the repository; found out unless given.
    #[arg(long, value_name = "HOST", value_parser = host_parser())]
    host: Option<Host>,
}

fn hook_parser() -> impl clap::builder::TypedValueParser<Value = Hook> {
    let names = PossibleValuesParser::new(Hook::ALL.map(Hook::name));
    names.try_map(|name| Hook::ALL.into_iter().find(|hook| hook.name() == name).ok_or("no such hook"))
}

fn host_parser() -> impl clap::builder::TypedValueParser<Value = Host> {
    let names = PossibleValuesParser::new(Host::ALL.map(Host::name));
    names.try_map(|name| Host::ALL.into_iter().find(|host| host.name() == name).ok_or("no such host"))
}

/// An open repository with the account whose git runs its hooks.
pub(super) struct Place {
    repository: Repository,
    account: Account,
    host: Host,
}

impl Place {
    pub(super) fn site(&self) -> Site<'_> {
        Site { repository: &self.repository, account: self.account.clone(), host: self.host }
    }
}

impl PlaceFlags {
    /// Opens the repository. Whose it is does not matter: root installs into the git account's repositories, and
    /// nothing in them is run but as that account.
    pub(super) fn open(&self, context: &Context, account: Option<&str>) -> Result<Place, Failure> {
        let here = Path::new(".");
        let repository = context.repository(Some(self.repo.as_deref().unwrap_or(here)), Trust::Hook)?;
        let account = match account {
            Some(name) => Account::named(name, context.variables()),
            None => Account::of_repository(repository.git_dir(), context.variables()),
        };
        let account = account.map_err(|error| failure("finding the git account", &error))?;
        let host = self.host.unwrap_or_else(|| Host::detect(&repository));
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
        for step in &plan.steps {
            if dry_run {
                context.print(&format!("would {step}\n"))?;
                continue;
            }
            step.perform(site).map_err(|error| failure(&step.to_string(), &error))?;
            context.print(&format!("{step}\n"))?;
        }
        Ok(())
    }
}

/// An obstacle as a failure.
pub(super) fn failure(detail: &str, error: &Error) -> Failure {
    let failure = Failure::from_error(Exit::Usage, detail, error);
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
    }
}
