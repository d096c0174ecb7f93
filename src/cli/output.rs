//! The flags every command that judges or reports takes, and where its report goes.

use bstr::ByteSlice as _;
use clap::builder::{OsStringValueParser, PossibleValue, PossibleValuesParser, TypedValueParser};
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::context::{Context, When};
use super::project::ProjectFlags;
use crate::files::{self, Links};
use crate::model::{Exit, Failure};
use crate::report::{FORMATS, Format, Reported, Stream, format};

/// How a list is written, to standard output.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub(super) enum ListFormat {
    /// A table for people.
    #[default]
    Human,
    /// JSON.
    Json,
}

/// How a report is written, and where.
#[derive(Debug, clap::Args)]
pub(super) struct OutputFlags {
    /// How the answer is written.
    #[arg(long, value_name = "FORMAT", default_value = default_format(), value_parser = formats(None))]
    format: &'static Format,
    /// Write the answer to a file, or in another format than that of `--format` to a file of its own; may be given several
    /// times.
    #[arg(long, value_name = "[FORMAT=]FILE", value_parser = OsStringValueParser::new().map(OutputFile::parse))]
    output: Vec<OutputFile>,
    /// When to colour text for people.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    pub(super) color: When,
}

/// The flags every judging command takes.
#[derive(Debug, clap::Args)]
#[command(mut_arg("format", |arg| arg.value_parser(formats(Some(OF_A_VERDICT)))))]
pub(super) struct JudgeFlags {
    #[command(flatten)]
    pub(super) project: ProjectFlags,
    #[command(flatten)]
    pub(super) report: OutputFlags,
    /// Append the whole report, as one line of JSON, to a file.
    #[arg(long, value_name = "FILE")]
    pub(super) log: Option<PathBuf>,
    /// Print what took how long to standard error.
    #[arg(long)]
    pub(super) timings: bool,
}

/// What `human` and `json` are of a verdict.
const OF_A_VERDICT: [&str; 2] = [
    "Text for people, on standard error: where git shows it to whoever pushes",
    "refgate.report/v1, on standard output",
];

fn default_format() -> &'static str {
    FORMATS.first().map_or("human", |format| format.name)
}

/// Returns the registry's formats, each with its help: what a command says of text for people and of its JSON, or else
/// what the registry says.
pub(super) fn formats(own: Option<[&'static str; 2]>) -> impl TypedValueParser<Value = &'static Format> {
    let own = own.into_iter().flatten().map(Some).chain(std::iter::repeat(None));
    let names =
        FORMATS.iter().zip(own).map(|(format, own)| PossibleValue::new(format.name).help(own.unwrap_or(format.help)));
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

impl OutputFlags {
    /// Returns whether people read the answer where the command shows it.
    pub(super) fn are_for_people(&self) -> bool {
        self.format.is_for_people && self.output.iter().all(|file| file.format.is_some())
    }

    /// Writes a report where it belongs: to the files that are named, and to the stream of its format unless that has a
    /// file. In a CI job, what is for the job's own files goes there.
    pub(super) fn deliver(&self, context: &Context, reported: &dyn Reported) -> Result<(), Failure> {
        let colour = context.colour(self.color);
        for file in &self.output {
            let format = file.format.unwrap_or(self.format);
            write(context, Some(&file.path), Stream::Output, &(format.render)(reported, colour))?;
        }
        if self.output.iter().all(|file| file.format.is_some()) {
            let stream = if self.format.is_for_people { reported.stream() } else { Stream::Output };
            write(context, None, stream, &(self.format.render)(reported, colour))?;
        }
        let beside = if reported.is_of_a_job() { self.format.beside } else { &[] };
        for file in beside {
            if let Some(path) = context.variable(file.variable).filter(|path| !path.is_empty()) {
                append(&context.absolute(&path.to_path_lossy()), (file.render)(reported).trim_end())?;
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
