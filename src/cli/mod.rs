//! The command line, one file a subcommand. Contains no logic: it reads the environment, asks the floors below and
//! writes what they say.

mod audit;
mod check;
mod context;
#[cfg(unix)]
mod doctor;
#[cfg(not(unix))]
mod elsewhere;
mod explain;
mod generate;
mod hook;
#[cfg(unix)]
mod install;
mod judge;
mod landed;
mod output;
#[cfg(unix)]
mod place;
mod policy;
#[cfg(unix)]
mod post_receive;
mod project;
mod promises;
mod release_plan;
mod replay;
mod report;
mod rules;
mod second_look;
mod trace;
#[cfg(unix)]
mod uninstall;
mod version;
mod waive;
mod watch;
mod whereabouts;

use clap::{CommandFactory as _, Parser, Subcommand};
use std::ffi::OsString;
use std::process::ExitCode;

use crate::model::{Exit, Untrusted};
use context::Context;
pub use context::Surroundings;

/// A gate on git refs: one policy file decides what may be pushed.
#[derive(Debug, Parser)]
#[command(name = "refgate", version, arg_required_else_help = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge the push that git hands to a hook.
    Hook(hook::Args),
    /// Judge what a push would do, or what a CI job is about.
    Check(check::Args),
    /// Say for each change of a branch whether it is on another, as which commit, and how that is known.
    Landed(landed::Args),
    /// Say which branches and versions have a change, by ancestry or as another commit.
    Where(whereabouts::Args),
    Version(version::Args),
    ReleasePlan(release_plan::Args),
    /// Judge the past as though it were pushed now: what a policy would have refused.
    Replay(replay::Args),
    /// Show a project under its policy as one page of HTML: lines, tags, findings, and which change is where.
    Report(report::Args),
    /// Judge what the branches and tags of many repositories hold.
    Audit(audit::Args),
    /// Record an exception from a rule, in a git note about a commit.
    Waive(waive::Args),
    /// Write, validate and print policies.
    Policy(policy::Args),
    /// List the rules.
    Rules(rules::Args),
    /// Print a rule's page.
    Explain(explain::Args),
    /// Put hooks into a repository, beside those that are there.
    #[cfg(unix)]
    Install(install::Args),
    /// Take refgate's hooks away and put back what was there.
    #[cfg(unix)]
    Uninstall(uninstall::Args),
    /// Show what is wrong with a repository's hooks, and prove that they refuse.
    #[cfg(unix)]
    Doctor(doctor::Args),
    #[cfg(not(unix))]
    #[command(flatten)]
    OnUnix(elsewhere::Command),
    /// Write man pages, completions and schemas, for packagers.
    Generate(generate::Args),
}

/// Runs the program.
pub fn main() -> ExitCode {
    announce_panics();
    let surroundings = Surroundings::of_process();
    trace::start(&surroundings);
    run(std::env::args_os(), surroundings).into()
}

/// Runs the command that these words name, the first of which is the program's own name.
pub(crate) fn run(words: impl Iterator<Item = OsString>, surroundings: Surroundings) -> Exit {
    let words: Vec<OsString> = words.collect();
    let context = Context::new(surroundings);
    let cli = match Cli::try_parse_from(&words) {
        Ok(cli) => cli,
        Err(error) => {
            if !error.use_stderr() {
                context.print_help(&error.render());
                return Exit::Accepted;
            }
            // An error quotes the words that were given, which a script may have got from anywhere.
            context.complain(&Untrusted::new(&error.render().to_string()).lines());
            judge::log_misuse(&context, &words, &error.to_string());
            return Exit::Usage;
        }
    };
    let ended = match cli.command {
        Command::Hook(arguments) => hook::run(&context, arguments),
        Command::Check(arguments) => check::run(&context, arguments),
        Command::Landed(arguments) => landed::run(&context, arguments),
        Command::Where(arguments) => whereabouts::run(&context, arguments),
        Command::Version(arguments) => version::run(&context, arguments),
        Command::ReleasePlan(arguments) => release_plan::run(&context, arguments),
        Command::Replay(arguments) => replay::run(&context, arguments),
        Command::Report(arguments) => report::run(&context, &arguments),
        Command::Audit(arguments) => audit::run(&context, arguments),
        Command::Waive(arguments) => waive::run(&context, arguments),
        Command::Policy(arguments) => policy::run(&context, arguments),
        Command::Rules(arguments) => rules::run(&context, arguments),
        Command::Explain(arguments) => explain::run(&context, arguments),
        #[cfg(unix)]
        Command::Install(arguments) => install::run(&context, arguments),
        #[cfg(unix)]
        Command::Uninstall(arguments) => uninstall::run(&context, arguments),
        #[cfg(unix)]
        Command::Doctor(arguments) => doctor::run(&context, arguments),
        #[cfg(not(unix))]
        Command::OnUnix(command) => elsewhere::run(&command),
        Command::Generate(arguments) => generate::run(&context, arguments),
    };
    ended.unwrap_or_else(|failure| {
        context.complain(&crate::report::failure(&failure, context.colour(context::When::Auto)));
        failure.exit
    })
}

/// Returns the whole command line as clap knows it, for man pages and completions.
fn command_line() -> clap::Command {
    Cli::command()
}

/// A panic is a defect: one line that says so, and an exit code of its own, which every hook reads as a refusal.
fn announce_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(String::new, |place| format!(" at {}:{}", place.file(), place.line()));
        let payload = panic.payload();
        let message = payload.downcast_ref::<&str>().copied();
        let message =
            message.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("unknown cause");
        let message = Untrusted::new(message);
        let line = format!("error: Failure encountered while: running refgate - internal error{place}: {message}\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes());
        #[expect(clippy::exit, reason = "the one place where unwinding or aborting would lose the exit code")]
        std::process::exit(i32::from(Exit::Internal.code()));
    }));
}
