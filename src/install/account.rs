//! Accounts of this machine, and running programs as one of them.

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, Uid, User};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use super::Error;

/// An environment, as values: this module never reads its own.
pub(crate) type Variables = BTreeMap<OsString, OsString>;

/// Which of the caller's variables a program gets when it runs as the caller.
const OWN: &[&str] =
    &["PATH", "HOME", "TMPDIR", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM"];

/// A hook that takes longer hangs: web servers cut a push off after a minute.
const PATIENCE: Duration = Duration::from_secs(60);

/// An account as which programs are run.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    name: String,
    uid: u32,
    gid: u32,
    /// Whether that is somebody else than the caller.
    is_other: bool,
    variables: Variables,
}

impl Account {
    /// Returns the account that runs this program, with its `PATH`, `HOME` and git configuration.
    pub(crate) fn current(variables: &Variables) -> Self {
        let uid = Uid::effective();
        let name = User::from_uid(uid).ok().flatten().map_or_else(|| format!("uid {uid}"), |user| user.name);
        let own = variables.iter().filter(|(key, _)| key.to_str().is_some_and(|key| OWN.contains(&key)));
        let mut variables: Variables = own.map(|(key, value)| (key.clone(), value.clone())).collect();
        variables.insert("LC_ALL".into(), "C".into());
        let gid = nix::unistd::Gid::effective().as_raw();
        Self { name, uid: uid.as_raw(), gid, is_other: false, variables }
    }

    /// Makes an account by name, with its own `HOME` and nothing of the caller's environment but `PATH`.
    ///
    /// # Errors
    /// There is no account of that name, or the caller is neither root nor that account.
    pub(crate) fn named(name: &str, variables: &Variables) -> Result<Self, Error> {
        let user = User::from_name(name).ok().flatten().ok_or_else(|| Error::NoAccount(name.to_owned()))?;
        Self::of(user, variables)
    }

    /// Returns the account whose git works in a repository: its owner where root asks, the caller otherwise. Root does
    /// not run other people's hooks as root.
    ///
    /// # Errors
    /// The directory cannot be looked at, or its owner has no name.
    pub(crate) fn of_repository(path: &Path, variables: &Variables) -> Result<Self, Error> {
        if !Uid::effective().is_root() {
            return Ok(Self::current(variables));
        }
        let metadata = std::fs::metadata(path).map_err(|source| Error::Io { path: path.to_owned(), source })?;
        let user = User::from_uid(Uid::from_raw(metadata.uid())).ok().flatten();
        Self::of(user.ok_or_else(|| Error::NoAccount(format!("uid {}", metadata.uid())))?, variables)
    }

    fn of(user: User, variables: &Variables) -> Result<Self, Error> {
        let caller = Uid::effective();
        if user.uid == caller {
            return Ok(Self::current(variables));
        }
        if !caller.is_root() {
            return Err(Error::NotRoot(user.name));
        }
        let mut own = Variables::from([
            ("HOME".into(), user.dir.into_os_string()),
            ("USER".into(), user.name.clone().into()),
            ("LOGNAME".into(), user.name.clone().into()),
            ("LC_ALL".into(), "C".into()),
        ]);
        own.extend(variables.get(OsStr::new("PATH")).map(|path| ("PATH".into(), path.clone())));
        let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
        Ok(Self { name: user.name, uid, gid, is_other: true, variables: own })
    }

    /// Returns its name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether that is somebody else than the caller.
    pub(crate) fn is_other(&self) -> bool {
        self.is_other
    }

    /// Returns the environment of what is run as this account.
    pub(crate) fn variables(&self) -> &Variables {
        &self.variables
    }

    /// Returns whether `test -OPERATOR PATH` holds for this account.
    pub(super) fn may(&self, operator: &'static str, path: &Path) -> Result<bool, Error> {
        let output = Job::new("test", Path::new("/")).word(operator).word(path).run(self)?;
        Ok(output.status.success())
    }

    /// Gives a directory to this account.
    pub(super) fn give(&self, path: &Path) -> Result<(), Error> {
        if !self.is_other {
            return Ok(());
        }
        std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
            .map_err(|source| Error::Io { path: path.to_owned(), source })
    }
}

/// A program that is about to be run.
pub(super) struct Job {
    words: Vec<OsString>,
    directory: PathBuf,
    variables: Vec<(&'static str, OsString)>,
    input: Vec<u8>,
}

impl Job {
    pub(super) fn new(program: impl Into<OsString>, directory: &Path) -> Self {
        Self { words: vec![program.into()], directory: directory.to_owned(), variables: Vec::new(), input: Vec::new() }
    }

    #[must_use]
    pub(super) fn word(mut self, word: impl Into<OsString>) -> Self {
        self.words.push(word.into());
        self
    }

    #[must_use]
    pub(super) fn words(mut self, words: &[&str]) -> Self {
        self.words.extend(words.iter().map(OsString::from));
        self
    }

    #[must_use]
    pub(super) fn variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    #[must_use]
    pub(super) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Runs it to the end, whatever its status.
    ///
    /// # Errors
    /// It could not be started, or hangs.
    pub(super) fn run(self, account: &Account) -> Result<Output, Error> {
        let program = self.program();
        let spawn = |source| Error::Spawn { program: program.clone(), source };
        let mut child = if account.is_other {
            let (uid, gid) = (account.uid.to_string(), account.gid.to_string());
            let switch = ["setpriv", "--reuid", &uid, "--regid", &gid, "--init-groups", "--"];
            match self.spawn(account, &switch) {
                // It does not exist on every system; the alternative asks PAM.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                    self.spawn(account, &["runuser", "-u", &account.name, "--"]).map_err(spawn)?
                }
                other => other.map_err(spawn)?,
            }
        } else {
            self.spawn(account, &[]).map_err(spawn)?
        };
        let id = child.id();
        let (stdin, input) = (child.stdin.take(), self.input);
        let (done, ended) = mpsc::channel();
        // Both at once: with a full pipe on each side, the two processes would wait forever.
        std::thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
        std::thread::spawn(move || done.send(child.wait_with_output()));
        match ended.recv_timeout(PATIENCE) {
            Ok(output) => output.map_err(spawn),
            Err(_) => {
                if let Ok(id) = i32::try_from(id) {
                    // It is our own child and was not waited for yet: the id is still its own.
                    let _ = kill(Pid::from_raw(id), Signal::SIGKILL);
                }
                Err(Error::Hangs { program, seconds: PATIENCE.as_secs() })
            }
        }
    }

    /// Runs it and gives its standard output without the last line end.
    ///
    /// # Errors
    /// As [`Self::run`], and when it fails.
    pub(super) fn answer(self, account: &Account) -> Result<Vec<u8>, Error> {
        let program = self.program();
        let output = self.run(account)?;
        if !output.status.success() {
            return Err(Error::Failed { program, message: last_line(&output.stderr) });
        }
        let mut answer = output.stdout;
        if answer.last() == Some(&b'\n') {
            answer.pop();
        }
        Ok(answer)
    }

    fn program(&self) -> String {
        let words: Vec<_> = self.words.iter().take(2).map(|word| word.to_string_lossy()).collect();
        words.join(" ")
    }

    fn spawn(&self, account: &Account, switch: &[&str]) -> std::io::Result<std::process::Child> {
        let words: Vec<&OsStr> =
            switch.iter().map(OsStr::new).chain(self.words.iter().map(OsString::as_os_str)).collect();
        let (program, rest) = words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        #[expect(
            clippy::disallowed_methods,
            reason = "hooks and git are run as the git account, as git would run them"
        )]
        let mut command = Command::new(program);
        command
            .args(rest)
            .current_dir(&self.directory)
            .env_clear()
            .envs(&account.variables)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command.spawn()
    }
}

/// Returns the last line that says something, escaped.
pub(super) fn last_line(output: &[u8]) -> String {
    let line = output.split(|byte| *byte == b'\n').rfind(|line| !line.trim_ascii().is_empty()).unwrap_or_default();
    crate::model::Untrusted::new(line.trim_ascii()).to_string()
}
