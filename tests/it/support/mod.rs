//! Commands with a cleared environment, and repositories written in a few lines.

pub(crate) mod history;
pub(crate) mod recipe;
pub(crate) mod scenario;
pub(crate) mod site;

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, LazyLock, Mutex};

/// The date of every commit and tag, which makes ids the same everywhere.
pub(crate) const DATE: &str = "1700000000 +0000";

/// The configuration of the account that git runs as, where a test does not give it another one.
pub(crate) const GIT_CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/gitconfig");

/// The program under test.
pub(crate) const REFGATE: &str = env!("CARGO_BIN_EXE_refgate");

/// Makes a command that sees nothing of its surroundings but PATH.
pub(crate) fn command(program: impl AsRef<OsStr>, directory: &Path) -> Command {
    let mut command = Command::new(found(program.as_ref()));
    command.env_clear().current_dir(directory).stdin(Stdio::null());
    for (name, value) in [
        ("PATH", std::env::var("PATH").unwrap().as_str()),
        ("HOME", "/nonexistent"),
        ("GIT_CONFIG_GLOBAL", GIT_CONFIG),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ann Author"),
        ("GIT_AUTHOR_EMAIL", "ann@example.com"),
        ("GIT_AUTHOR_DATE", DATE),
        ("GIT_COMMITTER_NAME", "Carl Committer"),
        ("GIT_COMMITTER_EMAIL", "carl@example.com"),
        ("GIT_COMMITTER_DATE", DATE),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("LC_ALL", "C"),
        // git's own switch for test suites: nothing here has to outlast a power cut.
        ("GIT_TEST_FSYNC", "0"),
    ] {
        command.env(name, value);
    }
    command
}

/// Returns git's own file for its name: with a PATH of its own, a command that is only a name is started by copying this
/// process, which is large.
fn found(program: &OsStr) -> &OsStr {
    static GIT: LazyLock<PathBuf> = LazyLock::new(|| {
        let directories = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
        directories.into_iter().map(|directory| directory.join("git")).find(|file| file.is_file()).unwrap()
    });
    if program == "git" { GIT.as_os_str() } else { program }
}

/// Runs git and gives its standard output; fails the test when git fails.
pub(crate) fn git(directory: &Path, arguments: &[&str]) -> String {
    git_with(directory, arguments, b"")
}

/// Runs git with something on its standard input.
pub(crate) fn git_with(directory: &Path, arguments: &[&str], input: &[u8]) -> String {
    let output = run(command("git", directory).args(arguments), input);
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// Runs a command with something on its standard input.
pub(crate) fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program may refuse before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

/// Does what `run` does with a command of refgate's, in the process of the test: starting a debug build takes longer than
/// most of what it is asked for. Not for what a deadline is to end, nor for a hook that has work left when it answers.
#[cfg(unix)]
pub(crate) fn run_here(command: &Command, input: &[u8]) -> Output {
    use std::os::unix::process::ExitStatusExt as _;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);
    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    assert_eq!(command.get_program(), REFGATE);
    let (output, error) = (Written::default(), Written::default());
    let set = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
    let surroundings = refgate::testing::cli::Surroundings {
        variables: set.collect(),
        working_directory: command.get_current_dir().unwrap().to_owned(),
        input: Box::new(std::io::Cursor::new(input.to_owned())),
        output: Box::new(output.clone()),
        error: Box::new(error.clone()),
        is_terminal: (false, false),
    };
    let words = std::iter::once(command.get_program()).chain(command.get_args()).map(OsStr::to_owned);
    let code = refgate::testing::cli::run(words, surroundings);
    let taken = |written: Written| std::mem::take(&mut *written.0.lock().unwrap());
    Output {
        status: std::process::ExitStatus::from_raw(i32::from(code) << 8),
        stdout: taken(output),
        stderr: taken(error),
    }
}

/// Does what `run` does; where a process cannot be stood in for, with a process.
#[cfg(not(unix))]
pub(crate) fn run_here(command: &mut Command, input: &[u8]) -> Output {
    run(command, input)
}

/// Runs the program under test: here, save what is about processes.
pub(crate) fn refgate(directory: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = command(REFGATE, directory);
    command.args(arguments);
    // The first three look for their own file, a hook may have work left, and a deadline ends the process.
    let needs_process = ["install", "uninstall", "doctor", "hook"].iter().any(|name| arguments.first() == Some(name))
        || arguments.iter().any(|argument| argument.starts_with("--deadline"));
    if needs_process { run(&mut command, input) } else { run_here(&command, input) }
}

/// Copies the program under test. By another process: a file that this one writes is also open in whatever a test starts at
/// the same time, and nobody can run it before that has called `execve(2)`.
pub(crate) fn copy_program(to: &Path) {
    let mut copy = command("cp", Path::new("/"));
    assert!(run(copy.arg(REFGATE).arg(to), b"").status.success(), "{}", to.display());
}

/// Returns whether this git has reftable, which came with 2.45. Where it is missing, that is said once, past the test
/// harness, which hides what passing tests print.
pub(crate) fn has_reftable() -> bool {
    static HAS: LazyLock<bool> = LazyLock::new(|| {
        let version = git(Path::new("/"), &["version"]);
        let numbers = version.split_whitespace().nth(2).unwrap_or_default();
        let mut numbers = numbers.split('.').map_while(|number| number.parse::<u32>().ok());
        let has = (numbers.next(), numbers.next()) >= (Some(2), Some(45));
        if !has {
            let word = format!("SKIPPED: {version} has no reftable; git 2.45 and later are tried with it too\n");
            std::io::stderr().write_all(word.as_bytes()).unwrap();
        }
        has
    });
    *HAS
}

/// Returns standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Fails the test unless a document is as the schema says that other people's scripts rely on.
pub(crate) fn conforms(document: &serde_json::Value, schema: &str) {
    let schema: serde_json::Value = serde_json::from_str(schema).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{document:#}");
}

/// Returns standard output as JSON.
pub(crate) fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}{}", String::from_utf8_lossy(&output.stdout), stderr(output)))
}

/// Returns what `refgate policy show` says of a policy in two layers.
pub(crate) fn layered(upper: &str, lower: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("upper.toml"), format!("schema = 1\nname = \"upper\"\n{upper}")).unwrap();
    let lower = format!("schema = 1\nname = \"lower\"\nextends = [\"upper.toml\"]\n{lower}");
    std::fs::write(folder.path().join("lower.toml"), lower).unwrap();
    let output = refgate(folder.path(), &["policy", "show", "lower.toml"], b"");
    (output.status.code(), format!("{}{}", String::from_utf8_lossy(&output.stdout), stderr(&output)))
}
