//! The flags every judging command takes, and where its report goes.

use bstr::ByteSlice as _;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::context::{Context, When};
use super::project::ProjectFlags;
use crate::files::{self, Links};
use crate::model::{Exit, Failure, Stage};
use crate::report::{FORMATS, Format, Report, Stream, format};

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
    /// Write the report to a file, or another format than that of `--format` to a file of its own; may be given several
    /// times.
    #[arg(long, value_name = "[FORMAT=]FILE", value_parser = OsStringValueParser::new().map(OutputFile::parse))]
    pub(super) output: Vec<OutputFile>,
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

/// Returns the registry's formats, each with its help.
fn format_parser() -> impl TypedValueParser<Value = &'static Format> {
    let names = FORMATS.iter().map(|format| PossibleValue::new(format.name).help(format.help));
    PossibleValuesParser::new(names).try_map(|name| format(&name).ok_or("no such format"))
}

/// Where a report is written, and in which format.
#[derive(Clone, Debug)]
pub(super) struct OutputFile {
    /// None: that of `--format`.
    format: Option<&'static Format>,
    path: PathBuf,
}

impl OutputFile {
    /// Reads `FORMAT=FILE` or `FILE`. What begins with no format's name is a file, whatever signs it has.
    fn parse(text: OsString) -> Self {
        let named = text.to_str().and_then(|text| text.split_once('='));
        let named = named.and_then(|(name, file)| Some((format(name)?, PathBuf::from(file))));
        match named {
            Some((format, path)) => Self { format: Some(format), path },
            None => Self { format: None, path: text.into() },
        }
    }
}

impl JudgeFlags {
    /// Returns whether people read the report on standard error.
    pub(super) fn are_for_people(&self) -> bool {
        self.format.stream == Stream::Error && self.output.iter().all(|file| file.format.is_some())
    }

    /// Writes a report where it belongs: to the files that are named, and to the stream of its format unless that has a
    /// file. In a CI job, what is for the job's own files goes there.
    pub(super) fn deliver(&self, context: &Context, report: &Report<'_>) -> Result<(), Failure> {
        let colour = context.colour(self.color);
        for file in &self.output {
            let format = file.format.unwrap_or(self.format);
            write(context, Some(&file.path), format.stream, &(format.render)(report, colour))?;
        }
        if self.output.iter().all(|file| file.format.is_some()) {
            write(context, None, self.format.stream, &(self.format.render)(report, colour))?;
        }
        // A hook's environment is not a job's.
        let beside = if report.outcome.stage == Stage::Ci { self.format.beside } else { &[] };
        for file in beside {
            if let Some(path) = context.variable(file.variable).filter(|path| !path.is_empty()) {
                append(&context.absolute(&path.to_path_lossy()), (file.render)(report).trim_end())?;
            }
        }
        Ok(())
    }
}

/// Writes a report to the file that is named, or else to its format's own stream.
pub(super) fn write(context: &Context, output: Option<&Path>, stream: Stream, text: &str) -> Result<(), Failure> {
    if let Some(path) = output {
        let options = &mut OpenOptions::new();
        let open = files::open_for_writing(&context.absolute(path), options.write(true).create(true).truncate(true));
        let written = open.and_then(|mut file| files::write_as_it_is_read(&mut file, text.as_bytes()));
        return written.map_err(|error| {
            Failure::new(Exit::Undecided, format!("writing the report to {}", path.display()), error.to_string())
        });
    }
    match stream {
        Stream::Error => {
            context.complain(text);
            Ok(())
        }
        Stream::Output => context.print(text),
    }
}

/// Appends one line to a log. It is a single write, which keeps concurrent hooks from mixing their lines. A full pipe
/// is not waited for.
pub(super) fn append(path: &Path, line: &str) -> Result<(), Failure> {
    let open = files::open_for_writing(path, OpenOptions::new().append(true).create(true));
    let written = open.and_then(|mut file| {
        let torn = if is_torn(&file, path)? { "\n" } else { "" };
        file.write_all(format!("{torn}{line}\n").as_bytes())
    });
    written.map_err(|error| {
        Failure::new(Exit::Undecided, format!("writing the log {}", path.display()), error.to_string())
    })
}

/// Returns whether the last line of a log has no end, because the disk was full: the next one would be appended to it
/// and lost.
fn is_torn(log: &File, path: &Path) -> std::io::Result<bool> {
    let metadata = log.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        return Ok(false);
    }
    // Where the log may be written but not read, an empty line is the lesser evil.
    let Ok(mut log) = files::open(path, Links::Follow) else { return Ok(true) };
    let mut last = [b'\n'];
    log.seek(SeekFrom::End(-1))?;
    log.read_exact(&mut last)?;
    Ok(last != *b"\n")
}
