//! `refgate policy`: writes, validates, prints, compares and tries policies.

mod check;
mod diff;
mod init;
mod load;
mod schema;
mod show;
mod test;

use super::context::Context;
use crate::model::{Exit, Failure};

pub(super) use schema::schema;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write a policy to start from.
    Init(init::Args),
    /// Validate a policy and every layer under it, and hold it against itself and the repository; shows all errors at
    /// once.
    Check(check::Args),
    /// Print what a policy comes to, layers resolved, or what it says of one ref.
    Show(show::Args),
    /// Say what another policy makes weaker and what stronger, with a push that shows it, and with `--repo` what it would
    /// have changed over the past. Ends with 1 where something is weaker.
    Diff(diff::Args),
    /// Try pushes that nobody has made: a history, a push and what has to come out of it, without a repository at hand.
    /// Ends with 1 where something else comes out.
    Test(test::Args),
    /// Print the JSON schema of the format.
    Schema,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Init(arguments) => init::run(context, &arguments),
        Action::Check(arguments) => check::run(context, &arguments),
        Action::Show(arguments) => show::run(context, &arguments),
        Action::Diff(arguments) => diff::run(context, &arguments),
        Action::Test(arguments) => test::run(context, &arguments),
        Action::Schema => context.print(&schema()).map(|()| Exit::Accepted),
    }
}
