//! `refgate policy init`: writes a policy to start from.

mod history;

use std::path::{Path, PathBuf};

use toml::Value;

use crate::cli::context::Context;
use crate::learn::{EDITORS, literal};
use crate::model::{Exit, Failure};
use crate::policy::{PRESETS, Source};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The preset it starts from; what fits the branches and tags here unless given.
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// Print, on standard output, a policy that the branches, tags and last years of commits of a repository propose, and
    /// say on standard error what it would have refused in the last year. Nothing is written.
    #[arg(long, conflicts_with_all = ["preset", "file"])]
    from_history: bool,
    /// The repository to learn from; the one this runs in unless given.
    #[arg(long, value_name = "DIR", requires = "from_history")]
    repo: Option<PathBuf>,
    /// Where to; an existing file is left alone.
    #[arg(default_value = ".refgate.toml")]
    file: PathBuf,
}

/// What is written where no preset is named.
const TEMPLATE: &str = include_str!("template.toml");

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    if arguments.from_history {
        return history::propose(context, arguments.repo.as_deref());
    }
    init(context, arguments.preset.as_deref(), &arguments.file).map(|()| Exit::Accepted)
}

/// The branches that the template takes for the mainline.
const MAINLINE: &str = "[\"main\", \"master\"]";

/// Returns the policy that fits the repository this runs in: what its branches and tags show, or where they show nothing of
/// releases, the usual one with its mainline.
fn usual(context: &Context) -> String {
    let template = format!("{EDITORS}{TEMPLATE}");
    let Some(draft) = history::by_refs(context) else { return template };
    match draft.mainline() {
        _ if draft.has_releases() => draft.text(None),
        None | Some("main" | "master") => template,
        Some(mainline) => template.replace(MAINLINE, &Value::from(literal(mainline)).to_string()),
    }
}

fn init(context: &Context, preset: Option<&str>, file: &Path) -> Result<(), Failure> {
    let failure = |cause: String| Failure::new(Exit::Usage, format!("writing {}", file.display()), cause);
    let text = match preset {
        None => usual(context),
        Some(name) => match Source::parse(&format!("preset:{name}")).map_err(|error| failure(error.to_string()))? {
            Source::Preset(known) => {
                let text = PRESETS.iter().find(|(name, _)| *name == known).map_or("", |(_, text)| text);
                format!("{EDITORS}{text}")
            }
            Source::File(_) | Source::Tree { .. } | Source::Ref { .. } => String::new(),
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
