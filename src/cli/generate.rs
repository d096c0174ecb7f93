//! `refgate generate`: man pages, completions and schemas, for packagers.

use clap_complete::Shell;
use std::path::{Path, PathBuf};

use super::context::Context;
use crate::model::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// The man pages: refgate.1 and one a subcommand, into a directory.
    Man {
        /// Where to.
        directory: PathBuf,
    },
    /// A shell's completions, to standard output.
    Completions {
        /// Which shell.
        shell: Shell,
    },
    /// The JSON schema of the policy format, to standard output.
    Schema,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    match arguments.what {
        What::Man { directory } => man(&context.absolute(&directory))?,
        What::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut super::command_line(), "refgate", &mut text);
            context.print(&String::from_utf8_lossy(&text))?;
        }
        What::Schema => context.print(&super::policy::schema())?,
    }
    Ok(Exit::Accepted)
}

fn man(directory: &Path) -> Result<(), Failure> {
    let failure = |error: std::io::Error| {
        Failure::new(Exit::Usage, format!("writing the man pages to {}", directory.display()), error.to_string())
    };
    std::fs::create_dir_all(directory).map_err(failure)?;
    clap_mangen::generate_to(super::command_line(), directory).map_err(failure)
}
