//! The environment of the process, read once.

use bstr::BString;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::git::{Environment, Repository, Trust};
use crate::model::{Exit, Failure, Untrusted};
use crate::report::Colour;

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

/// Longer standard input is not a push: 5,000 refs are half a megabyte.
const MAX_INPUT: u64 = 256 << 20;

/// What a command is given by whoever runs it: a process, or a test that runs many commands in its own.
pub struct Surroundings {
    /// The environment.
    pub variables: BTreeMap<OsString, OsString>,
    /// The directory that relative paths start from.
    pub working_directory: PathBuf,
    /// Standard input.
    pub input: Box<dyn Read + Send>,
    /// Standard output.
    pub output: Box<dyn Write + Send>,
    /// Standard error.
    pub error: Box<dyn Write + Send>,
    /// Whether somebody reads standard output, and standard error, while the command runs.
    pub is_terminal: (bool, bool),
}

impl Surroundings {
    /// Returns those of this process.
    #[expect(clippy::disallowed_methods, reason = "this is the one place that reads the environment")]
    pub(super) fn of_process() -> Self {
        Self {
            variables: std::env::vars_os().map(|(name, value)| (spelled(name), value)).collect(),
            // Only a directory that was removed has no name; `.` then fails where it is used, with a message.
            working_directory: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            input: Box::new(std::io::stdin()),
            output: Box::new(std::io::stdout()),
            error: Box::new(std::io::stderr()),
            is_terminal: (std::io::stdout().is_terminal(), std::io::stderr().is_terminal()),
        }
    }
}

/// Returns the name of a variable as git and refgate spell it: Windows has `Path`, and takes any spelling.
fn spelled(name: OsString) -> OsString {
    if cfg!(windows) { name.to_ascii_uppercase() } else { name }
}

/// What a command knows about its surroundings.
pub(super) struct Context {
    variables: BTreeMap<OsString, OsString>,
    working_directory: PathBuf,
    input: Mutex<Box<dyn Read + Send>>,
    output: Mutex<Box<dyn Write + Send>>,
    error: Mutex<Box<dyn Write + Send>>,
    is_terminal: (bool, bool),
}

impl Context {
    pub(super) fn new(surroundings: Surroundings) -> Self {
        let Surroundings { variables, working_directory, input, output, error, is_terminal } = surroundings;
        let (input, output, error) = (Mutex::new(input), Mutex::new(output), Mutex::new(error));
        Self { variables, working_directory, input, output, error, is_terminal }
    }

    /// Returns an environment variable.
    pub(super) fn variable(&self, name: &str) -> Option<BString> {
        self.variables.get(&OsString::from(name)).map(|value| crate::push::bytes_of(value))
    }

    /// Returns the environment.
    #[cfg(unix)]
    pub(super) fn variables(&self) -> &BTreeMap<OsString, OsString> {
        &self.variables
    }

    /// Returns a path as it was typed, made absolute.
    pub(super) fn absolute(&self, path: &Path) -> PathBuf {
        self.working_directory.join(path)
    }

    /// Opens the repository of `--repo`, or the one the process is in.
    pub(super) fn repository(&self, directory: Option<&Path>, trust: Trust) -> Result<Repository, Failure> {
        self.repository_as(&self.variables, directory, trust)
    }

    /// Opens a repository as somebody with another environment would.
    pub(super) fn repository_as(
        &self,
        variables: &BTreeMap<OsString, OsString>,
        directory: Option<&Path>,
        trust: Trust,
    ) -> Result<Repository, Failure> {
        let environment = self.environment_of(variables);
        let detail = match directory {
            Some(directory) => format!("opening the repository {}", directory.display()),
            None => "opening the repository".to_owned(),
        };
        let repository = Repository::open(directory, &environment, trust).map_err(|error| {
            let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Usage };
            Failure::from_error(exit, detail, &error)
        })?;
        tracing::info!(directory = %repository.git_dir().display(), "opened the repository");
        Ok(repository)
    }

    /// Returns what the environment says about repositories.
    pub(super) fn environment(&self) -> Environment {
        self.environment_of(&self.variables)
    }

    fn environment_of(&self, variables: &BTreeMap<OsString, OsString>) -> Environment {
        Environment::from_vars(variables.clone(), self.working_directory.clone())
    }

    /// Reads standard input to its end.
    pub(super) fn standard_input(&self) -> Result<Vec<u8>, Failure> {
        let failure = |cause: String| Failure::new(Exit::Usage, "reading the ref updates", cause);
        let mut input = Vec::new();
        let mut stream = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        stream.by_ref().take(MAX_INPUT + 1).read_to_end(&mut input).map_err(|error| failure(error.to_string()))?;
        if input.len() as u64 > MAX_INPUT {
            return Err(failure(format!("standard input is longer than {MAX_INPUT} bytes")));
        }
        Ok(input)
    }

    /// Writes text for people to standard error, escaped like a command's output. A closed stream changes nothing: the
    /// exit code is the verdict.
    pub(super) fn complain(&self, text: &str) {
        let _ = self.error.lock().unwrap_or_else(PoisonError::into_inner).write_all(text.as_bytes());
    }

    /// Writes a command's output to standard output. Whatever others wrote has been escaped in it.
    pub(super) fn print(&self, text: &str) -> Result<(), Failure> {
        let mut output = self.output.lock().unwrap_or_else(PoisonError::into_inner);
        output
            .write_all(text.as_bytes())
            .and_then(|()| output.flush())
            .map_err(|error| Failure::new(Exit::Undecided, "writing the output", error.to_string()))
    }

    /// Writes one line of a command's output, escaped.
    pub(super) fn say(&self, line: &str) -> Result<(), Failure> {
        self.print(&format!("{}\n", Untrusted::new(line)))
    }

    /// Returns whether to colour text for people. `NO_COLOR` counts, see no-color.org.
    pub(super) fn colour(&self, when: When) -> Colour {
        Colour(match when {
            When::Always => true,
            When::Never => false,
            When::Auto => {
                let is_unwanted = self.variable("NO_COLOR").is_some_and(|value| !value.is_empty());
                self.is_watched() && self.shows_colours() && !is_unwanted
            }
        })
    }

    /// Returns whether somebody reads standard error while the command runs, and wants to see how far it is.
    pub(super) fn is_watched(&self) -> bool {
        self.is_terminal.1
    }

    /// Returns whether a terminal here shows colours rather than what stands for them. A console of Windows does so only if
    /// it is told to, which a program that is safe Rust cannot do; a terminal of Git for Windows says what it is.
    fn shows_colours(&self) -> bool {
        !cfg!(windows) || self.variable("TERM").is_some()
    }

    /// Prints what clap has to say, in colour where standard output is a terminal.
    pub(super) fn print_help(&self, text: &clap::builder::StyledStr) {
        let text = if self.is_terminal.0 && self.shows_colours() { text.ansi().to_string() } else { text.to_string() };
        // The stream may be closed; the exit code does not change.
        let _ = self.print(&text);
    }
}
