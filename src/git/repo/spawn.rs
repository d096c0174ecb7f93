//! The one way to run `git`, for what gix cannot do.

use bstr::{BString, ByteSlice as _};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::{Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::git::budget::Budget;
use crate::git::object::alternates::bytes_of;
use crate::git::repo::environment::NO_FILE;
use crate::git::repo::least::too_old;
use crate::git::{Error, Repository};

/// A `git` that is about to be run: in this repository, with a controlled environment, and with options that only the
/// program's source can name.
pub struct Git {
    program: PathBuf,
    /// Whether the git has to be new enough for what is asked.
    is_checked: bool,
    command: Command,
    args: Vec<BString>,
    input: Vec<u8>,
    refused: Option<BString>,
    budget: Budget,
}

impl Repository {
    /// Prepares `git` with a subcommand and options. What varies goes through [`Git::operand`].
    pub fn git(&self, args: &[&'static str]) -> Git {
        let paths = &self.paths;
        // With a path of its own, the system need not copy this process to start another one.
        let program = paths.environment.git_program().unwrap_or_else(|| PathBuf::from("git"));
        #[expect(clippy::disallowed_methods, reason = "this is the place that starts git")]
        let mut command = Command::new(&program);
        command
            .current_dir(&paths.environment.cwd)
            .env_clear()
            .envs(&paths.environment.vars)
            .env("GIT_DIR", &paths.git_dir)
            .env("GIT_COMMON_DIR", &paths.common_dir)
            // The stored objects are judged: `refs/replace` and grafts would show something else.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_GRAFT_FILE", NO_FILE)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .args(args);
        if let Some(work_tree) = &paths.work_tree {
            command.env("GIT_WORK_TREE", work_tree);
        }
        Git {
            program,
            is_checked: true,
            command,
            args: args.iter().map(|arg| BString::from(*arg)).collect(),
            input: Vec::new(),
            refused: None,
            budget: self.odb.budget.clone(),
        }
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

    /// Leaves out the check that git is new enough, where an older one could not read the repository at all.
    #[must_use]
    pub(in crate::git) fn of_a_new_format(mut self) -> Self {
        self.is_checked = false;
        self
    }

    /// Sets an environment variable, one that only the program's source can name.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Sets what it reads on stdin; nothing unless this is called.
    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it to the end and returns what it wrote to stdout. It is killed when the repository's deadline passes.
    ///
    /// # Errors
    /// An operand that could be an option; git could not be started; it failed; [`Error::Deadline`].
    pub fn run(self) -> Result<Vec<u8>, Error> {
        let args = self.shown();
        let output = self.output()?;
        if output.status.success() { Ok(output.stdout) } else { Err(failure(args, &output)) }
    }

    /// Runs a command like [`Self::run`], for those that answer by their status: `None` if it is 1.
    ///
    /// # Errors
    /// As [`Self::run`], with any status but 0 and 1.
    pub(in crate::git) fn run_optional(self) -> Result<Option<Vec<u8>>, Error> {
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
        self.budget.check()?;
        if self.is_checked {
            check_version(&self.program, &self.budget)?;
        }
        self.command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = self.command.spawn().map_err(Error::Spawn)?;
        let result = finish(&mut child, self.input, &self.budget);
        if result.is_err() {
            // Processes that it may have started end when nobody reads what they write.
            let _ended = child.kill().and_then(|()| child.wait());
        }
        result
    }
}

/// Fails if a git is too old. It is asked once.
fn check_version(program: &Path, budget: &Budget) -> Result<(), Error> {
    static FOUND: Mutex<BTreeMap<PathBuf, Option<String>>> = Mutex::new(BTreeMap::new());
    let known = FOUND.lock().unwrap_or_else(PoisonError::into_inner).get(program).cloned();
    let found = match known {
        Some(known) => known,
        None => {
            #[expect(clippy::disallowed_methods, reason = "this is the place that starts git")]
            let mut command = Command::new(program);
            command.arg("version").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().map_err(Error::Spawn)?;
            let output = finish(&mut child, Vec::new(), budget);
            if output.is_err() {
                let _ended = child.kill().and_then(|()| child.wait());
            }
            let found = too_old(&output?.stdout);
            FOUND.lock().unwrap_or_else(PoisonError::into_inner).insert(program.to_owned(), found.clone());
            found
        }
    };
    found.map_or(Ok(()), |found| Err(Error::OldGit { found }))
}

/// Gives a child its input and waits for its output and its end, no longer than the deadline allows.
///
/// Each of the three pipes has a thread of its own: with a full pipe on either side, both processes would wait forever.
/// The threads are not joined, since a process that outlives the child can hold the pipes open.
fn finish(child: &mut Child, input: Vec<u8>, budget: &Budget) -> Result<Output, Error> {
    if let Some(mut stdin) = child.stdin.take() {
        // A git that does not read its input to the end says why in its status.
        detach(move || drop(stdin.write_all(&input)))?;
    }
    let (stdout, stderr) = (read_all(child.stdout.take())?, read_all(child.stderr.take())?);
    let (stdout, stderr) = (received(&stdout, budget)?, received(&stderr, budget)?);
    Ok(Output { status: ended(child, budget)?, stdout, stderr })
}

fn detach(job: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    std::thread::Builder::new().spawn(job).map(drop).map_err(Error::Spawn)
}

/// Reads a pipe to its end in a thread.
fn read_all(pipe: Option<impl Read + Send + 'static>) -> Result<Receiver<std::io::Result<Vec<u8>>>, Error> {
    let (sender, receiver) = channel();
    detach(move || {
        let mut bytes = Vec::new();
        let read = pipe.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut bytes));
        // After the deadline nobody receives it.
        let _sent = sender.send(read.map(|_| bytes));
    })?;
    Ok(receiver)
}

fn received(receiver: &Receiver<std::io::Result<Vec<u8>>>, budget: &Budget) -> Result<Vec<u8>, Error> {
    let received = match budget.left() {
        Some(left) => receiver.recv_timeout(left),
        None => receiver.recv().map_err(RecvTimeoutError::from),
    };
    match received {
        Ok(bytes) => bytes.map_err(Error::Spawn),
        Err(RecvTimeoutError::Timeout) => Err(Error::Deadline),
        Err(RecvTimeoutError::Disconnected) => Err(Error::Spawn(std::io::ErrorKind::BrokenPipe.into())),
    }
}

/// Waits for the end of a child that has closed its pipes, and so is about to end unless it is odd.
fn ended(child: &mut Child, budget: &Budget) -> Result<ExitStatus, Error> {
    const LONGEST_PAUSE: Duration = Duration::from_millis(10);
    let mut pause = Duration::from_micros(50);
    loop {
        let status = if budget.left().is_some() { child.try_wait() } else { child.wait().map(Some) };
        if let Some(status) = status.map_err(Error::Spawn)? {
            return Ok(status);
        }
        budget.check()?;
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
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
    use std::time::Instant;

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

    #[test]
    fn one_that_hangs_is_ended_with_the_deadline() {
        let scratch = Scratch::new(&[]);
        let repository = scratch.open();
        repository.set_deadline(Some(Instant::now() + Duration::from_millis(20)));
        let hanging = repository.git(&["-c", "alias.hang=!sleep 20", "hang"]).run();
        assert!(matches!(hanging, Err(Error::Deadline)), "{hanging:?}");
        // With its pipes closed.
        let repository = scratch.open();
        repository.set_deadline(Some(Instant::now() + Duration::from_millis(20)));
        let hanging = repository.git(&["-c", "alias.hang=!exec sleep 20 >&- 2>&-", "hang"]).run();
        assert!(matches!(hanging, Err(Error::Deadline)), "{hanging:?}");
    }
}
