//! The flags every judging command takes, and where its report goes.

use std::io::Write as _;
use std::path::PathBuf;

use super::context::Context;
use crate::model::{Exit, Failure};
use crate::report::Format;

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

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum FormatName {
    /// Text for people, on standard error.
    #[default]
    Human,
    /// refgate.report/v1, on standard output.
    Json,
}

/// The flags every judging command takes.
#[derive(Debug, clap::Args)]
pub(super) struct JudgeFlags {
    /// The policy: a file, `preset:NAME` or `ref:REF:PATH`.
    #[arg(long, value_name = "SOURCE")]
    pub(super) policy: Option<String>,
    /// The repository; the one this runs in unless given.
    #[arg(long, value_name = "DIR")]
    pub(super) repo: Option<PathBuf>,
    /// How the verdict is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    pub(super) format: FormatName,
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

impl JudgeFlags {
    pub(super) fn format(&self) -> Format {
        match self.format {
            FormatName::Human => Format::Human,
            FormatName::Json => Format::Json,
        }
    }

    /// Puts a rendered report where it belongs: text for people to standard error, machine formats to standard output.
    pub(super) fn deliver(&self, context: &Context, text: &str) -> Result<(), Failure> {
        if let Some(path) = &self.output {
            return std::fs::write(context.absolute(path), text).map_err(|error| {
                Failure::new(Exit::Undecided, format!("writing the report to {}", path.display()), error.to_string())
            });
        }
        match self.format() {
            Format::Human => {
                context.complain(text);
                Ok(())
            }
            Format::Json => context.print(text),
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
