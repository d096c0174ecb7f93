//! A server with the gate in a hook, and a repository to push from.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::history::{self, Ids};
use super::{REFGATE, command, git, run, stderr};

/// The policy of most pushes here: a mainline, release branches, topics, versions on release branches.
pub(crate) const POLICY: &str = r#"
schema = 1
name = "example"

[[line]]
name = "master"
branch = "master"
role = "mainline"

[[line]]
name = "release"
branch = "{major}.{minor}"
role = "release"
cut-from = "master"
retired-by = { trailer = "End-of-Life" }

[[line]]
name = "topic"
branch = "topic/**"
role = "topic"

[[tag]]
name = "version"
tag = "{version}"
scheme = "semver"
line = "release"
object = "annotated"

[[tag]]
name = "mark"
tag = "mark/**"
kind = "marker"

# One tag object is pushed under many names here.
[rules.mismatched-tag]
level = "off"
"#;

/// The history of most pushes here: what the server has, and what is pushed.
pub(crate) const HISTORY: &str = r#"
A = commit "first"
B = commit "second" parents A
F = commit "fix" parents A
C = commit "third" parents B
G = commit "another fix" parents F
N = commit "rewritten" parents A
T = tag 1.15.1 of F
U = tag 1.15.2 of G
W = tag 1.15.9 of B
P = tag 1.15.1 of A
J = tag 1.15.7 of F
refs/heads/master = B
refs/heads/1.15 = F
refs/tags/1.15.1 = T
"#;

/// How a server is made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Setup {
    pub(crate) objects: &'static str,
    pub(crate) refs: &'static str,
    pub(crate) hook: &'static str,
    /// The server's directory below a scratch folder.
    pub(crate) path: &'static str,
}

/// What most servers are.
pub(crate) const USUAL: Setup = Setup { objects: "sha1", refs: "files", hook: "pre-receive", path: "srv.git" };

/// A bare server and a bare repository that has every object of the script.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    pub(crate) server: PathBuf,
    pub(crate) client: PathBuf,
    pub(crate) ids: Ids,
}

/// The result of a push.
#[derive(Debug)]
pub(crate) struct Pushed {
    pub(crate) landed: bool,
    /// What the pusher saw.
    pub(crate) text: String,
    /// The reports of the server's hook, in order.
    pub(crate) reports: Vec<serde_json::Value>,
}

impl Site {
    /// Makes a server on which the refs of the script are before the hook is.
    pub(crate) fn new(setup: Setup, policy: &str, script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (server, client) = (folder.path().join(setup.path), folder.path().join("client.git"));
        std::fs::create_dir_all(&server).unwrap();
        std::fs::create_dir(&client).unwrap();
        let objects = format!("--object-format={}", setup.objects);
        let ids = history::build(&client, script, &[&objects]);
        let refs = format!("--ref-format={}", setup.refs);
        let options = [objects.as_str(), refs.as_str()];
        // An older git knows neither the option nor any format but `files`.
        let options = if setup.refs == "files" { &options[..1] } else { &options[..] };
        history::init_bare(&server, &[&["--initial-branch=master"], options].concat());
        let site = Self { folder, server, client, ids };
        history::seed(&site.client, &site.server);
        let (rules, log) = (site.path("policy.toml"), site.path("log"));
        std::fs::write(&rules, policy).unwrap();
        let settings = [("refgate.policy", rules.to_str().unwrap()), ("refgate.log", log.to_str().unwrap())];
        history::configure(&site.server, &settings);
        install(&site.server, setup.hook);
        site
    }

    /// Makes the usual server, policy and history.
    pub(crate) fn usual() -> Self {
        Self::new(USUAL, POLICY, HISTORY)
    }

    /// Returns a place next to the repositories.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the id of a label of the script.
    pub(crate) fn id(&self, label: &str) -> &str {
        self.ids.get(label).unwrap_or_else(|| panic!("no object `{label}`"))
    }

    /// Pushes `LABEL:REF`, `+LABEL:REF` and `:REF`, and whatever options go before them.
    pub(crate) fn push(&self, words: &[&str]) -> Pushed {
        let (options, specs): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with('-'));
        let specs = specs.into_iter().map(|spec| {
            let (label, name) = spec.split_once(':').unwrap_or_else(|| panic!("`{spec}` is not `LABEL:REF`"));
            let (force, label) = label.strip_prefix('+').map_or(("", label), |label| ("+", label));
            format!("{force}{}:{name}", if label.is_empty() { "" } else { self.id(label) })
        });
        self.pushed(&self.git_push(&options, specs))
    }

    /// Runs `git push` from the client to the server.
    pub(crate) fn git_push(&self, options: &[&str], specs: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Output {
        let mut push = command("git", &self.client);
        push.arg("push").args(options).arg(&self.server).args(specs);
        run(&mut push, b"")
    }

    /// Returns the result of a `git push`, and takes the reports out of the log.
    pub(crate) fn pushed(&self, output: &Output) -> Pushed {
        let log = self.path("log");
        let lines = std::fs::read_to_string(&log).unwrap_or_default();
        let _ = std::fs::remove_file(log);
        let reports = lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let reports = reports.map(|mut line| if line["report"].is_null() { line } else { line["report"].take() });
        Pushed { landed: output.status.success(), text: stderr(output), reports: reports.collect() }
    }

    /// Returns what a ref of the server holds.
    pub(crate) fn holds(&self, name: &str) -> Option<String> {
        // What git stores in a file of that name is what it holds; anything else is git's to know.
        let loose = std::fs::read_to_string(self.server.join(name)).unwrap_or_default();
        if loose.trim_end().len() >= 40 && loose.trim_end().bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Some(loose.trim_end().to_owned());
        }
        let shown = git(&self.server, &["for-each-ref", "--format=%(objectname)", name]);
        (!shown.is_empty()).then_some(shown)
    }

    /// Returns whether a ref of the server holds this label.
    pub(crate) fn holds_label(&self, name: &str, label: &str) -> bool {
        self.holds(name).as_deref() == Some(self.id(label))
    }
}

impl Pushed {
    /// Returns `rule ref` of every finding of the reports.
    pub(crate) fn findings(&self) -> Vec<String> {
        let findings = self.reports.iter().flat_map(|report| report["findings"].as_array().into_iter().flatten());
        findings
            .map(|finding| format!("{} {}", finding["rule"].as_str().unwrap(), finding["ref"].as_str().unwrap()))
            .collect()
    }

    /// Fails the test unless the push landed and the gate was asked.
    pub(crate) fn accepted(&self) {
        assert!(self.landed && !self.reports.is_empty(), "{self:#?}");
        assert!(self.reports.iter().all(|report| report["verdict"] == "accepted"), "{self:#?}");
    }

    /// Fails the test unless the push was refused with exactly these findings.
    pub(crate) fn refused(&self, findings: &[&str]) {
        assert!(!self.landed, "{self:#?}");
        assert_eq!(self.findings(), findings, "{self:#?}");
        for finding in findings {
            let (rule, name) = finding.split_once(' ').unwrap();
            assert!(self.text.contains(&format!("error[{rule}]")) && self.text.contains(name), "{self:#?}");
        }
    }
}

/// Puts the gate into a hook: two lines, standard input and arguments go through.
pub(crate) fn install(repository: &Path, hook: &str) {
    let hooks = if repository.join("objects").is_dir() {
        repository.join("hooks")
    } else {
        let common = git(repository, &["rev-parse", "--path-format=absolute", "--git-common-dir"]);
        Path::new(&common).join("hooks")
    };
    std::fs::create_dir_all(&hooks).unwrap();
    let path = hooks.join(hook);
    std::fs::write(&path, format!("#!/bin/sh\nexec '{REFGATE}' hook {hook} \"$@\"\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
