//! Scratch repositories for tests, made by the real git.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

use super::{Environment, Repository, Trust};
use crate::model::ObjectId;

/// A repository in a directory that goes away with it.
pub(crate) struct Scratch {
    directory: tempfile::TempDir,
    pub(crate) path: PathBuf,
}

/// The ways in which repositories store ids and refs.
pub(crate) const FORMATS: [[&str; 2]; 4] = [
    ["--object-format=sha1", "--ref-format=files"],
    ["--object-format=sha256", "--ref-format=files"],
    ["--object-format=sha1", "--ref-format=reftable"],
    ["--object-format=sha256", "--ref-format=reftable"],
];

impl Scratch {
    /// Makes a bare repository; `options` go to `git init`.
    pub(crate) fn new(options: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = super::canonical(directory.path()).unwrap().join("repo.git");
        std::fs::create_dir(&path).unwrap();
        for (name, content) in initial(options) {
            let path = path.join(name);
            match content {
                None => std::fs::create_dir(path).unwrap(),
                Some(content) => std::fs::write(path, content).unwrap(),
            }
        }
        Self { directory, path }
    }

    /// Returns the directory that the repository is in.
    pub(crate) fn top(&self) -> &Path {
        self.directory.path()
    }

    /// Runs git in the repository and returns what it prints, without the last line end.
    pub(crate) fn git(&self, args: &[&str]) -> String {
        self.git_with(args, &[], b"")
    }

    /// Runs git next to the repository, for clones.
    pub(crate) fn outside(&self, args: &[&str]) -> String {
        run(self.top(), args, &[], b"")
    }

    pub(crate) fn git_with(&self, args: &[&str], vars: &[(&str, &str)], input: &[u8]) -> String {
        run(&self.path, args, vars, input)
    }

    pub(crate) fn id(&self, revision: &str) -> ObjectId {
        // The file of a branch says as much as git would; whatever has none is asked about.
        let named = revision.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let loose = named.then(|| std::fs::read(self.path.join("refs/heads").join(revision)).ok()).flatten();
        let is_tag = self.path.join("refs/tags").join(revision).exists() || self.path.join("packed-refs").exists();
        if let Some(id) = loose.and_then(|text| ObjectId::from_hex(text.trim_ascii_end()).ok()).filter(|_| !is_tag) {
            return id;
        }
        ObjectId::from_hex(self.git(&["rev-parse", "--verify", revision]).as_bytes()).unwrap()
    }

    /// Feeds `git fast-import`.
    pub(crate) fn import(&self, stream: &str) {
        self.git_with(&["fast-import", "--quiet", "--force"], &[], stream.as_bytes());
    }

    /// Makes `branch` with one commit for each of `files`, every one adding a file of that name and content.
    pub(crate) fn line(&self, branch: &str, from: Option<&str>, files: &[&str]) {
        self.lines(&[(branch, from, files)]);
    }

    /// Makes some branches as [`Self::line`] does, with one git for all of them.
    pub(crate) fn lines(&self, lines: &[(&str, Option<&str>, &[&str])]) {
        let mut stream = String::new();
        for (branch, from, files) in lines {
            for (at, file) in files.iter().enumerate() {
                let date = 1_700_000_000 + at * 60;
                writeln!(stream, "commit refs/heads/{branch}\ncommitter C <c@example.com> {date} +0000").unwrap();
                writeln!(stream, "data <<END\nadd {file}\nEND").unwrap();
                if let (0, Some(from)) = (at, from) {
                    writeln!(stream, "from {from}").unwrap();
                }
                writeln!(stream, "M 644 inline {file}\ndata <<END\n{file}\nEND\n").unwrap();
            }
        }
        self.import(&stream);
    }

    /// Returns what git takes each of these for, with one git for all of them.
    pub(crate) fn ids<const N: usize>(&self, revisions: [&str; N]) -> [ObjectId; N] {
        let shown = self.git(&[&["rev-parse"], revisions.as_slice()].concat());
        let ids: Vec<ObjectId> = shown.lines().map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect();
        ids.try_into().unwrap()
    }

    pub(crate) fn open(&self) -> Repository {
        self.open_with(&[]).unwrap()
    }

    /// Opens it as a hook does, with these variables on top.
    pub(crate) fn open_with(&self, vars: &[(&str, &str)]) -> Result<Repository, super::Error> {
        Repository::open(None, &environment(&self.path, &[&[("GIT_DIR", ".")], vars].concat()), Trust::Hook)
    }
}

/// A path in a folder, and the content of the file there, or nothing for a folder.
type Entry = (PathBuf, Option<Vec<u8>>);

/// Returns what `git init` makes with these options. It runs once for each: that it does the same again is not in doubt,
/// and a git for every scratch repository took a good part of the tests' time.
fn initial(options: &[&str]) -> Vec<Entry> {
    static MADE: Mutex<BTreeMap<Vec<String>, Vec<Entry>>> = Mutex::new(BTreeMap::new());
    let key = options.iter().map(|option| (*option).to_owned()).collect();
    let mut made = MADE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let entries = made.entry(key).or_insert_with(|| {
        let folder = tempfile::tempdir().unwrap();
        let words = ["init", "--quiet", "--bare", "--initial-branch=main", "--template="];
        run(folder.path(), &[&words, options, &["."]].concat(), &[], b"");
        // The samples of hooks are of no use here; the folder that comes with them is.
        std::fs::create_dir(folder.path().join("info")).unwrap();
        let (mut entries, mut folders) = (Vec::new(), vec![PathBuf::new()]);
        while let Some(below) = folders.pop() {
            for entry in std::fs::read_dir(folder.path().join(&below)).unwrap() {
                let entry = entry.unwrap();
                let path = below.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    entries.push((path.clone(), None));
                    folders.push(path);
                } else {
                    entries.push((path, Some(std::fs::read(entry.path()).unwrap())));
                }
            }
        }
        entries
    });
    entries.clone()
}

/// Returns an environment in which nothing of this machine's configuration counts.
pub(crate) fn environment(cwd: &Path, vars: &[(&str, &str)]) -> Environment {
    #[expect(clippy::disallowed_methods, reason = "git has to be found")]
    let path = std::env::var_os("PATH").unwrap();
    let fixed = [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1")];
    let vars = fixed.iter().chain(vars).map(|(key, value)| (OsString::from(key), OsString::from(value)));
    Environment::from_vars(vars.chain([("PATH".into(), path)]), cwd)
}

fn run(directory: &Path, args: &[&str], vars: &[(&str, &str)], input: &[u8]) -> String {
    #[expect(clippy::disallowed_methods, reason = "the real git is what refgate is compared with")]
    let mut child = Command::new(environment(directory, &[]).git_program().unwrap())
        .args(args)
        .current_dir(directory)
        .env_clear()
        .envs(environment(directory, &[]).vars)
        .env("GIT_CONFIG_GLOBAL", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gitconfig"))
        .env("HOME", directory)
        .env("LC_ALL", "C")
        .env("TZ", "UTC")
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_NAME"), "A U Thor")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_EMAIL"), "author@example.com")))
        .envs(["AUTHOR", "COMMITTER"].map(|who| (format!("GIT_{who}_DATE"), "1700000000 +0000")))
        .envs(vars.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _written = writer.join().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end_matches('\n').to_owned()
}
