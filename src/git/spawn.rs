//! The one way to run `git`, for what gix cannot do.

use bstr::{BString, ByteSlice as _};
use std::ffi::OsStr;
use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::alternates::bytes_of;
use super::{Error, Repository};

/// A `git` that is about to be run: in this repository, with an environment of our own, and with options that only
/// the program's source can name.
pub struct Git {
    command: Command,
    args: Vec<BString>,
    input: Vec<u8>,
    refused: Option<BString>,
}

impl Repository {
    /// Prepares `git` with a subcommand and options. What varies goes through [`Git::operand`].
    pub fn git(&self, args: &[&'static str]) -> Git {
        let paths = &self.paths;
        #[expect(clippy::disallowed_methods, reason = "this is the place that starts git")]
        let mut command = Command::new("git");
        command
            .current_dir(&paths.environment.cwd)
            .env_clear()
            .envs(&paths.environment.vars)
            .env("GIT_DIR", &paths.git_dir)
            .env("GIT_COMMON_DIR", &paths.common_dir)
            // What is judged is what is stored: `refs/replace` and grafts would show something else.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_GRAFT_FILE", if cfg!(windows) { "nul" } else { "/dev/null" })
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .args(args);
        if let Some(work_tree) = &paths.work_tree {
            command.env("GIT_WORK_TREE", work_tree);
        }
        Git { command, args: args.iter().map(|arg| BString::from(*arg)).collect(), input: Vec::new(), refused: None }
    }
}

impl Git {
    /// Adds a name, id, path or the like. One that begins with a dash makes [`Self::run`] fail.
    #[must_use]
    pub fn operand(mut self, operand: impl AsRef<OsStr>) -> Self {
        let bytes = BString::from(bytes_of(operand.as_ref()));
        if bytes.starts_with(b"-") {
            self.refused.get_or_insert(bytes);
        } else {
            self.command.arg(operand);
            self.args.push(bytes);
        }
        self
    }

    /// Sets an environment variable, one that only the program's source can name.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// What it reads on stdin; nothing unless this is called.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it to the end and returns what it wrote to stdout.
    ///
    /// # Errors
    /// An operand that could be an option; git could not be started; it failed.
    pub fn run(self) -> Result<Vec<u8>, Error> {
        let args = self.shown();
        let output = self.output()?;
        if output.status.success() { Ok(output.stdout) } else { Err(failure(args, &output)) }
    }

    /// Like [`Self::run`] for commands that answer by their status: `None` if it is 1.
    ///
    /// # Errors
    /// As [`Self::run`], with any status but 0 and 1.
    pub fn run_optional(self) -> Result<Option<Vec<u8>>, Error> {
        let args = self.shown();
        let output = self.output()?;
        match output.status.code() {
            Some(0) => Ok(Some(output.stdout)),
            Some(1) => Ok(None),
            _ => Err(failure(args, &output)),
        }
    }

    fn shown(&self) -> String {
        crate::model::Untrusted::new(&bstr::join(" ", &self.args)).to_string()
    }

    fn output(mut self) -> Result<Output, Error> {
        if let Some(operand) = self.refused {
            return Err(Error::Operand { operand });
        }
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(Error::Spawn)?;
        let stdin = child.stdin.take();
        // Written beside the reading: a full pipe on both sides would wait forever.
        std::thread::scope(|scope| {
            let input = &self.input;
            scope.spawn(move || {
                // A git that does not read its input to the end says why by its status.
                stdin.map(|mut stdin| stdin.write_all(input))
            });
            child.wait_with_output().map_err(Error::Spawn)
        })
    }
}

fn failure(args: String, output: &Output) -> Error {
    let last = output.stderr.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
    Error::Git { args, status: output.status.to_string(), stderr: last.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::Scratch;

    #[test]
    fn an_operand_is_never_an_option() {
        let scratch = Scratch::new(&[]);
        let result = scratch.open().git(&["rev-parse"]).operand("--git-dir").run();
        assert!(matches!(result, Err(Error::Operand { operand }) if operand == "--git-dir"));
    }

    #[test]
    fn input_and_output_larger_than_a_pipe_go_through() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        let line = format!("{}\n", scratch.id("main"));
        let output = scratch.open().git(&["cat-file", "--batch-check"]).input(line.repeat(20_000)).run().unwrap();
        assert_eq!(output.lines().count(), 20_000);
    }

    #[test]
    fn failure_shows_what_was_run_and_the_last_line_of_why() {
        let scratch = Scratch::new(&[]);
        let error = scratch.open().git(&["cat-file", "-t"]).operand("absent\u{1b}[2J").run().unwrap_err();
        let shown = error.to_string();
        assert!(
            shown.starts_with("`git cat-file -t absent\\u{1b}[2J` ended with exit status: 128: fatal: "),
            "{shown}"
        );
        assert!(
            scratch.open().git(&["symbolic-ref", "-q"]).operand("refs/heads/main").run_optional().unwrap().is_none()
        );
    }

    #[test]
    fn the_pushers_configuration_does_not_reach_it() {
        let scratch = Scratch::new(&[]);
        let forged = [("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", "a.b"), ("GIT_CONFIG_VALUE_0", "c")];
        let repository = scratch.open_with(&forged).unwrap();
        assert!(repository.git(&["config", "a.b"]).run_optional().unwrap().is_none());
    }
}
