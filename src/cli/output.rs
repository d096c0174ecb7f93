//! The flags every judging command takes, and where its report goes.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use std::io::Write as _;
use std::path::PathBuf;

use super::context::Context;
use super::project::ProjectFlags;
use crate::model::{Exit, Failure};
use crate::report::{FORMATS, Format, Report, Stream, format};

/// When text for people is coloured.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum When {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How a list is written, to standard output.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum ListFormat {
    /// A table for people.
    #[default]
    Human,
    /// JSON.
    Json,
}

/// The flags every judging command takes.
#[derive(Debug, clap::Args)]
pub(super) struct JudgeFlags {
    #[command(flatten)]
    pub(super) project: ProjectFlags,
    /// How the verdict is written.
    #[arg(long, value_name = "FORMAT", default_value = default_format(), value_parser = format_parser())]
    format: &'static Format,
    /// Write the report to a file.
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// When to colour text for people.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: When,
    /// Append the whole report, as one line of JSON, to a file.
    #[arg(long, value_name = "FILE")]
    pub(super) log: Option<PathBuf>,
    /// Print what took how long to standard error.
    #[arg(long)]
    pub(super) timings: bool,
}

fn default_format() -> &'static str {
    FORMATS.first().map_or("human", |format| format.name)
}

/// The registry's formats, each with its help.
fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| format(&name).ok_or("no such format"))
}

impl JudgeFlags {
    /// Writes a report where it belongs: to the file that is named, or else to the format's own stream.
    pub(super) fn deliver(&self, context: &Context, report: &Report<'_>) -> Result<(), Failure> {
        let text = (self.format.render)(report, context.colour(self.color));
        if let Some(path) = &self.output {
            return std::fs::write(context.absolute(path), text).map_err(|error| {
                Failure::new(Exit::Undecided, format!("writing the report to {}", path.display()), error.to_string())
            });
        }
        match self.format.stream {
            Stream::Error => {
                context.complain(&text);
                Ok(())
            }
            Stream::Output => context.print(&text),
        }
    }
}

/// Appends one line to a log. One write, so that concurrent hooks do not mix their lines.
pub(super) fn append(path: &std::path::Path, line: &str) -> Result<(), Failure> {
    let open = std::fs::OpenOptions::new().append(true).create(true).open(path);
    open.and_then(|mut file| file.write_all(format!("{line}\n").as_bytes())).map_err(|error| {
        Failure::new(Exit::Undecided, format!("writing the log {}", path.display()), error.to_string())
    })
}
