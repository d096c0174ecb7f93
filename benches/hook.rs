//! Measures what the gate costs a push: `cargo bench --bench hook`.
//!
//! The hook, `git rev-parse --verify` and `git rev-list --count old..new` take turns in one process: a busy machine
//! slows all of them down alike. What counts is the ratio. Peak memory comes from GNU time, where there is one.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a benchmark that cannot go on is over; its output is its purpose"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const REFGATE: &str = env!("CARGO_BIN_EXE_refgate");
const ZERO: &str = "0000000000000000000000000000000000000000";
/// Runs of everything in the first table, and of every cell of the others.
const ROUNDS: usize = 60;
const FEWER_ROUNDS: usize = 15;

/// A policy whose release line leaves the names of its branches open.
const OPEN: &str = r#"
schema = 1
name = "open"

[[line]]
name = "master"
branch = "master"
role = "mainline"

[[line]]
name = "release"
branch = "release/{name}"
role = "release"

[[tag]]
name = "version"
tag = "{version}"
scheme = "semver"
line = "release"
"#;

fn main() {
    // `cargo test --benches` wants to know whether it still runs.
    let (rounds, fewer, most) =
        if std::env::args().any(|word| word == "--bench") { (ROUNDS, FEWER_ROUNDS, 100_000) } else { (1, 1, 1000) };
    let folder = tempfile::tempdir().unwrap();

    let server = Server::new(folder.path(), "one", "preset:pybal", most);
    println!("one new commit on one branch of a repository with {most} packed refs, {rounds} runs");
    let mut runs = [
        Run::new(
            "git rev-parse --verify",
            git(&server.path, &["rev-parse", "--verify", "--quiet", "refs/heads/master"]),
            "",
        ),
        Run::new(
            "git rev-list --count",
            git(&server.path, &["rev-list", "--count", &format!("{}..{}", server.old, server.new)]),
            "",
        ),
        Run::new("refgate hook pre-receive", server.hook(), &server.one_commit()),
    ];
    measure(&mut runs, rounds);
    table(&runs);

    first_pushes(folder.path(), most, fewer);

    println!("\ngrowth with the refs that exist, one pushed, {fewer} runs");
    for existing in [1000, 10_000, 100_000].into_iter().filter(|existing| *existing <= most) {
        let server = Server::new(folder.path(), &format!("existing-{existing}"), "preset:pybal", existing);
        let mut runs = [server.baseline(), Run::new(&format!("{existing} refs"), server.hook(), &server.one_commit())];
        measure(&mut runs, fewer);
        table(&runs);
    }

    println!("\ngrowth with the refs that are pushed, {most} exist, {fewer} runs");
    let policy = folder.path().join("open.toml");
    std::fs::write(&policy, OPEN).unwrap();
    let open = Server::new(folder.path(), "open", policy.to_str().unwrap(), most);
    for pushed in [1, 10, 100, 1000] {
        let branches = pushes(pushed, &server.new, |at| format!("refs/heads/sandbox/new/{at}"));
        // Every tag has to be looked for on all branches of the line.
        let tags = pushes(pushed, &open.old, |at| format!("refs/tags/1.{at}.0"));
        let mut runs = [
            server.baseline(),
            Run::new(&format!("{pushed} branches"), server.hook(), &branches),
            Run::new(&format!("{pushed} tags on open lines"), open.hook(), &tags),
        ];
        measure(&mut runs, fewer);
        table(&runs);
    }
}

/// Two lines and versions on the first.
const GROWN: &str = r#"
schema = 1
name = "grown"

[[line]]
name = "main"
branch = "main"
role = "mainline"

[[line]]
name = "topic"
branch = "**"
role = "topic"

[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
line = "main"
"#;

/// What asks for more of each new commit than its id.
const VERSION_FIELD: &str = r#"
[[version-field]]
path = "package.json"
optional = true
changed-by = ["release"]
"#;

/// Measures the first push of a repository that has grown elsewhere: to one branch, and to all at once.
fn first_pushes(folder: &Path, most: usize, rounds: usize) {
    let scale = |count: usize| (count * most / 100_000).max(2);
    let (commits, branches) = (scale(30_000), scale(150));
    println!("\nfirst push of {commits} commits on main and {branches} branches more, no deadline, {rounds} runs");
    let policies = [("without", GROWN.to_owned()), ("with", format!("{GROWN}{VERSION_FIELD}"))];
    for (name, policy) in &policies {
        let grown = Grown::new(folder, name, policy, commits, branches, 0);
        output(git(&grown.server.path, &["config", "refgate.deadline", "0"]));
        let mut runs = [
            Run::new(&format!("{name} [[version-field]], main"), grown.server.hook(), &grown.main),
            Run::new(&format!("{name}, all branches"), grown.server.hook(), &grown.all),
        ];
        measure(&mut runs, rounds.min(5));
        table(&runs);
    }
    let (commits, branches, tags) = (scale(110_000), scale(2000), scale(10_000));
    println!("\nmirror of {commits} commits, {branches} branches and {tags} tags, default deadline, {rounds} runs");
    for (name, policy) in &policies {
        let grown = Grown::new(folder, &format!("mirror-{name}"), policy, commits, branches, tags);
        let refs = ["for-each-ref", "--format=%(objectname)"];
        let mut runs = [
            Run::new("git for-each-ref", git(&grown.source, &refs), ""),
            Run::new("git rev-list --all --count", git(&grown.source, &["rev-list", "--all", "--count"]), ""),
            Run::new(&format!("{name} [[version-field]]"), grown.server.hook(), &grown.all),
        ];
        measure(&mut runs, rounds.min(5));
        table(&runs);
    }
}

/// A repository with a history, and a server that has received its objects and none of its refs.
struct Grown {
    source: PathBuf,
    server: Server,
    /// The hook's input for a push of main alone, and for one of all refs.
    main: String,
    all: String,
}

impl Grown {
    fn new(folder: &Path, name: &str, policy: &str, commits: usize, branches: usize, tags: usize) -> Self {
        let (source, path) = (folder.join(format!("{name}-source")), folder.join(format!("{name}-grown")));
        for path in [&source, &path] {
            std::fs::create_dir(path).unwrap();
            output(git(path, &["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "."]));
        }
        let mut import = git(&source, &["fast-import", "--quiet"]).stdin(Stdio::piped()).spawn().unwrap();
        import.stdin.take().unwrap().write_all(history(commits, branches, tags).as_bytes()).unwrap();
        assert!(import.wait().unwrap().success());
        output(git(&source, &["pack-refs", "--all"]));
        // As in quarantine: the objects are there before any ref is.
        std::fs::remove_dir(path.join("objects/pack")).unwrap();
        std::fs::rename(source.join("objects/pack"), path.join("objects/pack")).unwrap();
        let objects = path.join("objects").to_str().unwrap().to_owned();
        std::fs::create_dir_all(source.join("objects/info")).unwrap();
        std::fs::write(source.join("objects/info/alternates"), objects + "\n").unwrap();
        let file = folder.join(format!("{name}.toml"));
        std::fs::write(&file, policy).unwrap();
        output(git(&path, &["config", "refgate.policy", file.to_str().unwrap()]));
        let all = output(git(&source, &["for-each-ref", &format!("--format={ZERO} %(objectname) %(refname)")])) + "\n";
        let main = all.lines().find(|line| line.ends_with(" refs/heads/main")).unwrap().to_owned() + "\n";
        Self { source, server: Server { path, old: String::new(), new: String::new() }, main, all }
    }
}

/// Makes a line of commits, branches with one more commit near its end, and versions all along it, every other one
/// annotated.
fn history(commits: usize, branches: usize, tags: usize) -> String {
    let mut stream = String::new();
    for at in 1..=commits {
        let (date, message) = (1_600_000_000 + at * 60, format!("feat: change {at}"));
        let _ = write!(
            stream,
            "commit refs/heads/main\nmark :{at}\ncommitter A <a@example.com> {date} +0000\ndata {}\n{message}\n\
             M 100644 inline d{}/f{}\ndata 2\nx\n\n",
            message.len(),
            at % 50,
            at % 400
        );
    }
    for at in 1..=branches {
        let from = commits - at * 3 % commits;
        let _ = write!(
            stream,
            "commit refs/heads/topic/t{at}\ncommitter A <a@example.com> 1700000000 +0000\ndata 7\nfeat: t\nfrom :{from}\n\
             M 100644 inline t\ndata 2\nx\n\n"
        );
    }
    for at in 1..=tags {
        let from = at * commits / tags;
        let _ = if at % 2 == 0 {
            write!(stream, "reset refs/tags/v0.0.{at}\nfrom :{from}\n\n")
        } else {
            write!(stream, "tag v0.0.{at}\nfrom :{from}\ntagger A <a@example.com> 1700000000 +0000\ndata 1\nx\n")
        };
    }
    stream
}

/// Returns the hook's input for new refs to one commit.
fn pushes(count: usize, id: &str, name: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut input, at| {
        let _ = writeln!(input, "{ZERO} {id} {}", name(at));
        input
    })
}

/// A bare repository with a given number of packed refs, and a commit on master that is about to be pushed.
struct Server {
    path: PathBuf,
    old: String,
    new: String,
}

impl Server {
    fn new(folder: &Path, name: &str, policy: &str, refs: usize) -> Self {
        let path = folder.join(name);
        std::fs::create_dir(&path).unwrap();
        output(git(&path, &["init", "--quiet", "--bare", "--template=", "."]));
        let tree = output(git(&path, &["mktree"]));
        let old = output(git(&path, &["commit-tree", "-m", "old", &tree]));
        let new = output(git(&path, &["commit-tree", "-m", "new", "-p", &old, &tree]));
        let mut packed = "# pack-refs with: peeled fully-peeled sorted \n".to_owned();
        let mut names: Vec<String> = (0..refs).map(|at| format!("refs/heads/sandbox/user/{at}")).collect();
        names.extend((0..50).map(|at| format!("refs/heads/release/{at}")));
        names.push("refs/heads/master".to_owned());
        names.sort();
        for name in names {
            let _ = writeln!(packed, "{old} {name}");
        }
        std::fs::write(path.join("packed-refs"), packed).unwrap();
        output(git(&path, &["config", "refgate.policy", policy]));
        Self { path, old, new }
    }

    fn one_commit(&self) -> String {
        format!("{} {} refs/heads/master\n", self.old, self.new)
    }

    fn hook(&self) -> Command {
        let mut hook = command(REFGATE, &self.path);
        // As git calls it.
        hook.args(["hook", "pre-receive"]).env("GIT_DIR", ".");
        hook
    }

    fn baseline(&self) -> Run {
        let verify = git(&self.path, &["rev-parse", "--verify", "--quiet", "refs/heads/master"]);
        Run::new("git rev-parse --verify", verify, "")
    }
}

fn command(program: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().current_dir(directory).env("PATH", std::env::var_os("PATH").unwrap());
    for (name, value) in [
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
        ("GIT_AUTHOR_NAME", "Ann Author"),
        ("GIT_AUTHOR_EMAIL", "ann@example.com"),
        ("GIT_COMMITTER_NAME", "Carl Committer"),
        ("GIT_COMMITTER_EMAIL", "carl@example.com"),
    ] {
        command.env(name, value);
    }
    command
}

fn git(directory: &Path, arguments: &[&str]) -> Command {
    let mut git = command("git", directory);
    git.args(arguments);
    git
}

fn output(mut command: Command) -> String {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

/// A command that is measured.
struct Run {
    name: String,
    command: Command,
    input: Vec<u8>,
    times: Vec<Duration>,
    /// In KiB.
    memory: Option<u64>,
    /// 4 where the deadline passed first.
    code: Option<i32>,
}

impl Run {
    fn new(name: &str, command: Command, input: &str) -> Self {
        Self {
            name: name.to_owned(),
            command,
            input: input.as_bytes().to_vec(),
            times: Vec::new(),
            memory: None,
            code: None,
        }
    }

    /// Returns standard error and the exit code.
    fn once(command: &mut Command, input: &[u8]) -> (String, Option<i32>) {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let code = output.status.code();
        assert!(matches!(code, Some(0 | 4)), "{command:?}: {text}");
        (text, code)
    }

    fn peak_memory(&self) -> Option<u64> {
        let time = Path::new("/usr/bin/time");
        if !time.exists() {
            return None;
        }
        let mut timed = Command::new(time);
        timed.args(["--format", "%M"]).arg(self.command.get_program()).args(self.command.get_args());
        timed.env_clear().current_dir(self.command.get_current_dir().unwrap());
        timed.envs(self.command.get_envs().filter_map(|(name, value)| Some((name, value?))));
        Self::once(&mut timed, &self.input).0.lines().last()?.parse().ok()
    }

    fn median(&self) -> f64 {
        let mut times = self.times.clone();
        times.sort();
        times.get(times.len() / 2).unwrap().as_secs_f64() * 1000.0
    }
}

fn measure(runs: &mut [Run], rounds: usize) {
    for run in runs.iter_mut() {
        // The first run brings the files into memory.
        run.code = Run::once(&mut run.command, &run.input).1;
        run.memory = run.peak_memory();
    }
    for _ in 0..rounds {
        for run in runs.iter_mut() {
            let began = Instant::now();
            Run::once(&mut run.command, &run.input);
            run.times.push(began.elapsed());
        }
    }
}

/// Prints the medians, with the ratio to the first row.
fn table(runs: &[Run]) {
    let base = runs.first().map_or(1.0, Run::median);
    for run in runs {
        let memory = run.memory.map_or_else(|| "-".to_owned(), |memory| format!("{:.1} MiB", memory as f64 / 1024.0));
        let undecided = if run.code == Some(0) { "" } else { "  undecided: the deadline passed" };
        let (median, ratio) = (run.median(), run.median() / base);
        println!("  {:<28} {median:>9.2} ms  {ratio:>6.2} x  {memory:>10}{undecided}", run.name);
    }
}
