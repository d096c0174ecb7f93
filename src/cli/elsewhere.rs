//! The commands that are for Unix alone, on systems that are something else: each says so.

use std::ffi::OsString;

use crate::model::{Exit, Failure};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Put hooks into a repository; on Unix alone.
    #[command(hide = true)]
    Install(Args),
    /// Take refgate's hooks away; on Unix alone.
    #[command(hide = true)]
    Uninstall(Args),
    /// Show what is wrong with a repository's hooks; on Unix alone.
    #[command(hide = true)]
    Doctor(Args),
}

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    _words: Vec<OsString>,
}

pub(super) fn run(command: &Command) -> Result<Exit, Failure> {
    let detail = match command {
        Command::Install(_) => "installing hooks",
        Command::Uninstall(_) => "removing hooks",
        Command::Doctor(_) => "examining hooks",
    };
    let help = "the hooks are shell scripts: a copy of `hooks/pre-push` in `.git/hooks`, with the path of refgate written into it, \
                judges what is pushed from here";
    Err(Failure::new(Exit::Usage, detail, "refgate does this on Unix alone").help(help))
}
