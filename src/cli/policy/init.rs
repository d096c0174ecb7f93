//! `refgate policy init`: writes a policy to start from.

use std::path::{Path, PathBuf};

use crate::cli::context::Context;
use crate::model::{Exit, Failure};
use crate::policy::{PRESETS, Source};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The preset it starts from.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Where to; an existing file is left alone.
    #[arg(default_value = ".refgate.toml")]
    file: PathBuf,
}

/// What is written where no preset is named.
const TEMPLATE: &str = include_str!("template.toml");

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    init(context, arguments.preset.as_deref(), &arguments.file).map(|()| Exit::Accepted)
}

fn init(context: &Context, preset: Option<&str>, file: &Path) -> Result<(), Failure> {
    let failure = |cause: String| Failure::new(Exit::Usage, format!("writing {}", file.display()), cause);
    let text = match preset {
        None => TEMPLATE,
        Some(name) => match Source::parse(&format!("preset:{name}")).map_err(|error| failure(error.to_string()))? {
            Source::Preset(known) => PRESETS.iter().find(|(name, _)| *name == known).map_or("", |(_, text)| text),
            Source::File(_) | Source::Tree { .. } | Source::Ref { .. } => "",
        },
    };
    // `create_new`: a policy somebody wrote is never overwritten.
    let mut made =
        std::fs::OpenOptions::new().write(true).create_new(true).open(context.absolute(file)).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                failure("there is one already; it was left alone".to_owned())
            } else {
                failure(error.to_string())
            }
        })?;
    std::io::Write::write_all(&mut made, text.as_bytes()).map_err(|error| failure(error.to_string()))?;
    context
        .say(&format!("wrote {}; next: `refgate policy check`, then `git config refgate.policy {0}`", file.display()))
}
