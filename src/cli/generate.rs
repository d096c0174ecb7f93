//! `refgate generate`: man pages, completions and schemas, for packagers.

use clap::builder::PossibleValuesParser;
use clap_complete::Shell;
use std::path::{Path, PathBuf};

use super::context::Context;
use crate::model::{Exit, Failure};

/// The documents that refgate writes: each says which it is in `schema`, as `refgate.NAME/v1`.
const DOCUMENTS: &[(&str, &str)] = &[
    ("audit", include_str!("../../tests/schemas/audit-v1.json")),
    ("failure", include_str!("../../tests/schemas/failure-v1.json")),
    ("landed", include_str!("../../tests/schemas/landed-v1.json")),
    ("ledger", include_str!("../../tests/schemas/ledger-v1.json")),
    ("policy-test", include_str!("../../tests/schemas/policy-test-v1.json")),
    ("release-plan", include_str!("../../tests/schemas/release-plan-v1.json")),
    ("replay", include_str!("../../tests/schemas/replay-v1.json")),
    ("report", include_str!("../../tests/schemas/report-v1.json")),
    ("rules", include_str!("../../tests/schemas/rules-v1.json")),
    ("version", include_str!("../../tests/schemas/version-v1.json")),
    ("where", include_str!("../../tests/schemas/where-v1.json")),
];

fn names() -> impl Iterator<Item = &'static str> {
    std::iter::once("policy").chain(DOCUMENTS.iter().map(|(name, _)| *name))
}

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
    /// The JSON schema of the policy format, or of a document that refgate writes, to standard output.
    Schema {
        /// Which.
        #[arg(default_value = "policy", value_parser = PossibleValuesParser::new(names()))]
        name: String,
    },
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    match arguments.what {
        What::Man { directory } => man(&context.absolute(&directory))?,
        What::Completions { shell } => {
            let mut text = Vec::new();
            clap_complete::generate(shell, &mut super::command_line(), "refgate", &mut text);
            context.print(&String::from_utf8_lossy(&text))?;
        }
        What::Schema { name } => match DOCUMENTS.iter().find(|(known, _)| *known == name) {
            Some((_, schema)) => context.print(schema)?,
            None => context.print(&super::policy::schema())?,
        },
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
