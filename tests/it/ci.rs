//! Jobs of CI systems: their environment, their clone, and the verdict.
//!
//! The environments have what the systems document, the clones are made by the commands that actions/checkout and
//! gitlab-runner run.

mod components;
mod pages;

use serde_json::{Value, json};
use std::path::{Path, PathBuf};

use crate::support::history::{configure, copied};
use crate::support::{REFGATE, command, git, run, stderr};

const POLICY: &str = r#"
schema = 1
name = "example"

[[line]]
name = "main"
branch = "main"
role = "mainline"
refuses-changes = ["breaking"]

[[line]]
name = "release"
branch = "release/{major}.{minor}"
role = "release"
cut-from = "main"
accepts-changes = ["fix"]

[[line]]
name = "topic"
branch = "topic/**"
role = "topic"

[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
line = ["main", "release"]
object = "annotated"
"#;

/// A policy that refuses next to nothing, as an attacker would push along.
const LAX: &str = "schema = 1\nname = \"lax\"\n";

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A server whose default branch is `main`, and the clone that pushes to it.
struct Server {
    folder: tempfile::TempDir,
    path: PathBuf,
    work: PathBuf,
}

/// The result of a job.
#[derive(Debug)]
struct Verdict {
    exit: Option<i32>,
    /// `rule ref` of every finding.
    findings: Vec<String>,
    text: String,
}

impl Server {
    /// Makes a system whose `main` has this policy.
    fn new(policy: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (path, work) = (folder.path().join("server.git"), folder.path().join("work"));
        copied(folder.path(), &["ci", policy], |folder| {
            let (path, work) = (folder.join("server.git"), folder.join("work"));
            git(folder, &["init", "--quiet", "--bare", "--template=", "--initial-branch=main", "server.git"]);
            // Both systems let a job fetch any commit by its id.
            let settings = [("uploadpack.allowAnySHA1InWant", "true"), ("uploadpack.allowFilter", "true")];
            configure(&path, &settings);
            git(folder, &["init", "--quiet", "--template=", "--initial-branch=main", "work"]);
            git(&work, &["remote", "add", "origin", "../server.git"]);
            let server = Self { folder: tempfile::tempdir().unwrap(), path, work };
            server.commit("feat: the beginning", &[(".refgate.toml", policy)]);
            server.push(&["main"]);
        });
        let server = Self { folder, path, work };
        // Its place is not the one in which it was made.
        let config = server.work.join(".git/config");
        let text = std::fs::read_to_string(&config).unwrap().replace("../server.git", server.path.to_str().unwrap());
        std::fs::write(config, text).unwrap();
        server
    }

    fn usual() -> Self {
        Self::new(POLICY)
    }

    /// Makes a commit and returns its id.
    fn commit(&self, message: &str, files: &[(&str, &str)]) -> String {
        for (name, content) in files {
            std::fs::write(self.work.join(name), content).unwrap();
        }
        if !files.is_empty() {
            let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
            git(&self.work, &[&["add"], names.as_slice()].concat());
        }
        git(&self.work, &["commit", "--quiet", "--allow-empty", "--message", message]);
        self.id("HEAD")
    }

    fn checkout(&self, arguments: &[&str]) {
        git(&self.work, &[&["checkout", "--quiet"], arguments].concat());
    }

    fn push(&self, specs: &[&str]) {
        git(&self.work, &[&["push", "--quiet", "origin"], specs].concat());
    }

    fn id(&self, revision: &str) -> String {
        git(&self.work, &["rev-parse", revision])
    }

    /// Sets a ref that the system makes itself.
    fn set(&self, name: &str, commit: &str) {
        git(&self.work, &["push", "--quiet", "--force", "origin", &format!("{commit}:{name}")]);
    }

    /// Makes the clone that both systems begin with.
    fn clone(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        let _ = std::fs::remove_dir_all(&path);
        git(self.folder.path(), &["init", "--quiet", "--template=", name]);
        git(&path, &["remote", "add", "origin", &format!("file://{}", self.path.display())]);
        path
    }

    /// Does what actions/checkout does for a ref and its commit, with this `fetch-depth`; further options go to git.
    fn action(&self, name: &str, commit: &str, depth: u32, options: &[&str]) -> PathBuf {
        let path = self.clone("job");
        let fetch = |specs: &[&str]| {
            let depth = format!("--depth={depth}");
            let mut arguments = vec!["-c", "protocol.version=2", "fetch", "--quiet", "--no-tags", "--prune"];
            arguments.push("--no-recurse-submodules");
            arguments.extend(options);
            arguments.extend((depth != "--depth=0").then_some(depth.as_str()));
            arguments.push("origin");
            git(&path, &[&arguments, specs].concat());
        };
        let (target, start) = match name.split_at(name.find('/').unwrap() + 1) {
            (_, rest) if name.starts_with("refs/heads/") => {
                let short = rest.strip_prefix("heads/").unwrap();
                (format!("refs/remotes/origin/{short}"), vec!["-B", short])
            }
            (_, rest) if name.starts_with("refs/pull/") => (format!("refs/remotes/{rest}"), vec![]),
            _ => (name.to_owned(), vec![]),
        };
        let one =
            if name.starts_with("refs/tags/") { format!("+{name}:{name}") } else { format!("+{commit}:{target}") };
        if depth == 0 {
            let mut specs = vec!["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"];
            if name.starts_with("refs/pull/") {
                specs.push(&one);
            }
            fetch(&specs);
            let held = run(command("git", &path).args(["rev-parse", "--verify", &format!("{target}^{{commit}}")]), b"");
            if String::from_utf8_lossy(&held.stdout).trim() != commit {
                fetch(&[&one]);
            }
        } else {
            fetch(&[&one]);
        }
        git(&path, &[&["checkout", "--quiet", "--force"], start.as_slice(), &[target.as_str()]].concat());
        path
    }

    /// Does what gitlab-runner does for a pipeline about these refs, with this `GIT_DEPTH`.
    fn runner(&self, specs: &[&str], commit: &str, depth: u32) -> PathBuf {
        self.set("refs/pipelines/7", commit);
        let path = self.clone("job");
        let depth = format!("--depth={depth}");
        let mut arguments = vec!["fetch", "--quiet", "origin", "+refs/pipelines/7:refs/pipelines/7"];
        if depth == "--depth=0" {
            arguments.extend(["+refs/heads/*:refs/remotes/origin/*", "+refs/tags/*:refs/tags/*"]);
        } else {
            arguments.extend(specs);
            arguments.push(&depth);
        }
        arguments.push("--prune");
        git(&path, &arguments);
        git(&path, &["checkout", "--quiet", "--force", commit]);
        path
    }

    fn check(&self, job: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Verdict {
        let mut asked = command(REFGATE, job);
        asked.args(["check", "--format", "json"]).args(arguments).envs(variables.iter().copied());
        let output = run(&mut asked, b"");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let findings = report["findings"].as_array().into_iter().flatten();
        let findings = findings
            .map(|finding| format!("{} {}", finding["rule"].as_str().unwrap(), finding["ref"].as_str().unwrap()))
            .collect();
        Verdict {
            exit: output.status.code(),
            findings,
            text: stderr(&output) + &String::from_utf8_lossy(&output.stdout),
        }
    }

    /// Runs a job of GitHub Actions.
    fn on_github(&self, job: &Path, event: &str, sha: &str, mut payload: Value, arguments: &[&str]) -> Verdict {
        payload["repository"] = json!({ "default_branch": "main", "full_name": "owner/project" });
        let file = self.folder.path().join("event.json");
        std::fs::write(&file, payload.to_string()).unwrap();
        let variables = [
            ("CI", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "owner/project"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
            ("GITHUB_SHA", sha),
        ];
        self.check(job, &variables, arguments)
    }

    /// Runs the job of a push, with all history.
    fn pushed_on_github(&self, name: &str, before: &str, after: &str) -> Verdict {
        let deleted = after == ZERO;
        let commit = if deleted { self.id("main") } else { self.id(&format!("{after}^{{commit}}")) };
        let job = self.action(if deleted { "refs/heads/main" } else { name }, &commit, 0, &[]);
        self.on_github(&job, "push", &commit, push(name, before, after), &[])
    }

    /// Runs the job of a request to a branch, on the test merge that the system makes.
    fn requested_on_github(&self, target: &str, head: &str) -> Verdict {
        self.checkout(&["--detach", target]);
        git(&self.work, &["merge", "--quiet", "--no-ff", "--message", "Merge", head]);
        let merge = self.id("HEAD");
        self.set("refs/pull/1/merge", &merge);
        let job = self.action("refs/pull/1/merge", &merge, 0, &[]);
        self.on_github(&job, "pull_request", &merge, request(target, &self.id(target), head), &[])
    }

    /// Runs a job of GitLab CI.
    fn on_gitlab(&self, job: &Path, variables: &[(&str, &str)]) -> Verdict {
        let known = [
            ("CI", "true"),
            ("GITLAB_CI", "true"),
            ("CI_PROJECT_PATH", "group/project"),
            ("CI_DEFAULT_BRANCH", "main"),
            ("GIT_DEPTH", "0"),
        ];
        self.check(job, &[&known, variables].concat(), &[])
    }

    /// Runs the job of a branch pipeline, with all history.
    fn pushed_on_gitlab(&self, branch: &str, before: &str, after: &str) -> Verdict {
        let job = self.runner(&[], after, 0);
        self.on_gitlab(&job, &branch_pipeline(branch, before, after))
    }
}

/// Returns the payload of a push.
fn push(name: &str, before: &str, after: &str) -> Value {
    json!({
        "ref": name, "before": before, "after": after,
        "created": before == ZERO, "deleted": after == ZERO, "forced": false,
    })
}

/// Returns the payload of a request.
fn request(target: &str, base: &str, head: &str) -> Value {
    json!({
        "number": 1,
        "pull_request": { "base": { "ref": target, "sha": base }, "head": { "ref": "topic/a", "sha": head } },
    })
}

fn branch_pipeline<'a>(branch: &'a str, before: &'a str, after: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("CI_PIPELINE_SOURCE", "push"),
        ("CI_COMMIT_BRANCH", branch),
        ("CI_COMMIT_BEFORE_SHA", before),
        ("CI_COMMIT_SHA", after),
    ]
}

fn tag_pipeline<'a>(tag: &'a str, commit: &'a str) -> [(&'a str, &'a str); 4] {
    [("CI_PIPELINE_SOURCE", "push"), ("CI_COMMIT_TAG", tag), ("CI_COMMIT_BEFORE_SHA", ZERO), ("CI_COMMIT_SHA", commit)]
}

fn request_pipeline<'a>(kind: &'a str, target: &'a str, head: &'a str) -> [(&'a str, &'a str); 6] {
    [
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
        ("CI_MERGE_REQUEST_PROJECT_PATH", "group/project"),
        ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", target),
        ("CI_COMMIT_BEFORE_SHA", ZERO),
        ("CI_COMMIT_SHA", head),
    ]
}

impl Verdict {
    fn accepted(&self) {
        assert_eq!((self.exit, self.findings.is_empty()), (Some(0), true), "{self:#?}");
    }

    fn refused(&self, findings: &[&str]) {
        assert!(self.exit == Some(1) && self.findings == findings, "{findings:?} expected: {self:#?}");
    }

    /// Asserts that it is undecided, and that every word of what to do about it is said.
    fn undecided(&self, said: &[&str]) {
        assert_eq!((self.exit, self.findings.is_empty()), (Some(4), true), "{self:#?}");
        for words in said {
            assert!(self.text.contains(words), "`{words}` is not said: {self:#?}");
        }
    }

    /// Runs the command that the hint names, as a job would.
    fn follow(&self, job: &Path) {
        let mut shown = self.text.split('`').filter(|text| text.starts_with("git ") && text.contains("git fetch "));
        let hint = shown.next().unwrap_or_else(|| panic!("no command: {self:#?}"));
        let output = run(command("sh", job).args(["-c", hint]), b"");
        assert!(output.status.success(), "{hint}: {}", stderr(&output));
    }
}

#[test]
fn a_push_to_the_default_branch_is_judged_by_what_it_held_before() {
    let server = Server::usual();
    let before = server.id("main");
    let good = server.commit("feat: more", &[]);
    server.push(&["main"]);
    server.pushed_on_github("refs/heads/main", &before, &good).accepted();
    server.pushed_on_gitlab("main", &before, &good).accepted();
    // The push brings a policy that would accept it.
    let bad = server.commit("feat!: other", &[(".refgate.toml", LAX)]);
    server.push(&["main"]);
    server.pushed_on_github("refs/heads/main", &good, &bad).refused(&["misplaced-change refs/heads/main"]);
    server.pushed_on_gitlab("main", &good, &bad).refused(&["misplaced-change refs/heads/main"]);
}

#[test]
fn whoever_pushes_a_new_ref_does_not_bring_its_policy() {
    let server = Server::usual();
    let bad = server.commit("fix: lax", &[(".refgate.toml", LAX)]);
    git(&server.work, &["tag", "--annotate", "--message", "m", "odd"]);
    server.push(&["HEAD:refs/heads/odd/name", "odd"]);
    let tag = server.id("odd");
    server.pushed_on_github("refs/heads/odd/name", ZERO, &bad).refused(&["unlisted-branch refs/heads/odd/name"]);
    server.pushed_on_gitlab("odd/name", ZERO, &bad).refused(&["unlisted-branch refs/heads/odd/name"]);
    server.pushed_on_github("refs/tags/odd", ZERO, &tag).refused(&["unlisted-tag refs/tags/odd"]);
    let job = server.runner(&[], &bad, 0);
    server.on_gitlab(&job, &tag_pipeline("odd", &bad)).refused(&["unlisted-tag refs/tags/odd"]);
}

#[test]
fn a_push_to_a_release_branch_is_judged_by_the_default_branch_and_a_request_by_its_target() {
    let server = Server::new(LAX);
    server.push(&["main:refs/heads/release/1.0"]);
    server.commit("fix: a policy", &[(".refgate.toml", POLICY)]);
    server.push(&["main"]);
    // The release branch has the policy that it was cut with.
    server.checkout(&["-b", "work", "main~1"]);
    let before = server.id("HEAD");
    let bad = server.commit("feat: too late", &[]);
    git(&server.work, &["branch", "release/1.0", &before]);
    server.push(&["work:refs/heads/topic/a"]);
    server.requested_on_github("release/1.0", &bad).accepted();
    server.push(&["work:refs/heads/release/1.0"]);
    server
        .pushed_on_github("refs/heads/release/1.0", &before, &bad)
        .refused(&["misplaced-change refs/heads/release/1.0"]);
    server.pushed_on_gitlab("release/1.0", &before, &bad).refused(&["misplaced-change refs/heads/release/1.0"]);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_request_is_judged_by_what_its_target_says_now() {
    let server = Server::new(&POLICY.replace("refuses-changes = [\"breaking\"]\n", ""));
    server.checkout(&["-b", "topic/a"]);
    let head = server.commit("feat!: other", &[("file", "1")]);
    server.push(&["topic/a"]);
    server.checkout(&["main"]);
    let base = server.id("main");
    server.requested_on_github("main", &head).accepted();
    server.checkout(&["main"]);
    let tip = server.commit("fix: a stricter policy", &[(".refgate.toml", POLICY)]);
    server.push(&["main"]);
    let refused = ["misplaced-change refs/heads/main"];
    server.requested_on_github("main", &head).refused(&refused);
    // The payload's base is where the branch stood when the request was opened.
    let job = server.action("refs/heads/main", &tip, 0, &[]);
    let target = server.on_github(&job, "pull_request_target", &tip, request("main", &base, &head), &[]);
    target.refused(&refused);
    let job = server.runner(&[], &head, 0);
    let detached = [("CI_MERGE_REQUEST_DIFF_BASE_SHA", base.as_str())];
    server.on_gitlab(&job, &[&request_pipeline("detached", "main", &head)[..], &detached].concat()).refused(&refused);
    server.checkout(&["--detach", "main"]);
    git(&server.work, &["merge", "--quiet", "--no-ff", "--message", "Merge", &head]);
    let merged = server.id("HEAD");
    let job = server.runner(&[], &merged, 0);
    let more = [("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", tip.as_str())];
    server
        .on_gitlab(&job, &[&request_pipeline("merged_result", "main", &merged)[..], &more].concat())
        .refused(&refused);
}

#[test]
fn a_request_that_changes_the_policy_is_judged_by_the_one_it_changes() {
    let server = Server::usual();
    server.checkout(&["-b", "topic/a"]);
    let head = server.commit("feat!: other", &[(".refgate.toml", LAX)]);
    server.push(&["topic/a"]);
    server.requested_on_github("main", &head).refused(&["misplaced-change refs/heads/main"]);
    let job = server.runner(&[], &head, 0);
    server.on_gitlab(&job, &request_pipeline("detached", "main", &head)).refused(&["misplaced-change refs/heads/main"]);
}

#[test]
fn a_request_to_a_branch_without_a_policy_is_judged_by_the_default_branch() {
    let server = Server::usual();
    git(&server.work, &["rm", "--quiet", ".refgate.toml"]);
    server.checkout(&["-b", "release/1.0"]);
    server.commit("fix: no policy here", &[]);
    server.push(&["release/1.0"]);
    let head = server.commit("feat: too late", &[]);
    server.push(&["HEAD:refs/heads/topic/a"]);
    let job = server.runner(&[], &head, 0);
    let refused = server.on_gitlab(&job, &request_pipeline("detached", "release/1.0", &head));
    refused.refused(&["misplaced-change refs/heads/release/1.0"]);
}

#[test]
fn in_a_queue_what_stands_before_is_not_judged_again() {
    let server = Server::usual();
    let tip = server.id("main");
    let first = server.commit("feat!: first in the queue", &[("a", "1")]);
    let second = server.commit("feat: second in the queue", &[("b", "1")]);
    let group = |head: &str, base: &str| {
        let name = format!("refs/heads/gh-readonly-queue/main/pr-1-{base}");
        server.set(&name, head);
        let job = server.action(&name, head, 0, &[]);
        let payload = json!({ "action": "checks_requested", "merge_group": {
            "head_sha": head, "head_ref": name, "base_sha": base, "base_ref": "refs/heads/main" } });
        server.on_github(&job, "merge_group", head, payload, &[])
    };
    group(&first, &tip).refused(&["misplaced-change refs/heads/main"]);
    group(&second, &first).accepted();
    let train = |head: &str, base: &str| {
        let job = server.runner(&[], head, 0);
        let more = [("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", base)];
        server.on_gitlab(&job, &[&request_pipeline("merge_train", "main", head)[..], &more].concat())
    };
    train(&first, &tip).refused(&["misplaced-change refs/heads/main"]);
    train(&second, &first).accepted();
}

#[test]
fn the_head_of_a_fork_is_fetched_first() {
    let server = Server::usual();
    let tip = server.id("main");
    let head = server.commit("feat: from a fork", &[]);
    server.set("refs/pull/1/head", &head);
    let job = server.action("refs/heads/main", &tip, 0, &[]);
    let ask = || server.on_github(&job, "pull_request_target", &tip, request("main", &tip, &head), &[]);
    let undecided = ask();
    undecided.undecided(&[&format!("git fetch origin {head}")]);
    undecided.follow(&job);
    ask().accepted();
}

#[test]
fn a_tag_is_judged_as_the_object_that_was_pushed() {
    let server = Server::usual();
    let commit = server.commit("fix: one", &[]);
    git(&server.work, &["tag", "--annotate", "--message", "m", "v1.0.0"]);
    git(&server.work, &["tag", "v1.0.1"]);
    server.push(&["main", "v1.0.0", "v1.0.1"]);
    let (tag, name) = (server.id("v1.0.0"), "refs/tags/v1.0.0");
    server.pushed_on_github(name, ZERO, &tag).accepted();
    server.pushed_on_github("refs/tags/v1.0.1", ZERO, &commit).refused(&["lightweight-tag refs/tags/v1.0.1"]);
    // Older versions of the action put the commit in its place.
    let job = server.action(name, &commit, 0, &[]);
    git(&job, &["fetch", "--quiet", "--no-tags", "origin", &format!("+{commit}:{name}")]);
    assert_eq!(git(&job, &["rev-parse", name]), commit);
    server.on_github(&job, "push", &commit, push(name, ZERO, &tag), &[]).accepted();

    let job = server.runner(&[], &commit, 0);
    server.on_gitlab(&job, &tag_pipeline("v1.0.0", &commit)).accepted();
    let lightweight = server.on_gitlab(&job, &tag_pipeline("v1.0.1", &commit));
    lightweight.refused(&["lightweight-tag refs/tags/v1.0.1"]);
}

#[test]
fn a_tag_that_the_clone_does_not_have_is_undecided() {
    let server = Server::usual();
    let commit = server.commit("fix: one", &[]);
    git(&server.work, &["tag", "--annotate", "--message", "m", "v1.0.0"]);
    server.push(&["main", "v1.0.0"]);
    let (tag, name) = (server.id("v1.0.0"), "refs/tags/v1.0.0");
    let hint = "git fetch --force origin refs/tags/v1.0.0:refs/tags/v1.0.0";
    // All branches and no tag but the one that is the commit.
    let job = server.clone("job");
    let specs = ["+refs/heads/*:refs/remotes/origin/*", &format!("+{commit}:{name}")];
    git(&job, &[&["fetch", "--quiet", "--no-tags", "origin"], &specs[..]].concat());
    let ask = || server.on_github(&job, "push", &commit, push(name, ZERO, &tag), &[]);
    let undecided = ask();
    undecided.undecided(&[&tag, hint]);
    undecided.follow(&job);
    ask().accepted();

    let job = server.runner(&[], &commit, 0);
    git(&job, &["tag", "--delete", "v1.0.0"]);
    let ask = || server.on_gitlab(&job, &tag_pipeline("v1.0.0", &commit));
    let undecided = ask();
    undecided.undecided(&[hint]);
    undecided.follow(&job);
    ask().accepted();
    // Moved since: the pipeline of the move judges that.
    git(&job, &["tag", "--force", "v1.0.0", &format!("{commit}~1")]);
    server.on_gitlab(&job, &tag_pipeline("v1.0.0", &commit)).undecided(&["is not about", hint]);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_clone_that_is_not_whole_is_undecided_and_the_hint_makes_it_whole() {
    let server = Server::usual();
    server.push(&["main:refs/heads/release/1.0"]);
    let before = server.commit("fix: one", &[]);
    git(&server.work, &["tag", "--annotate", "--message", "m", "v1.0.0"]);
    let after = server.commit("fix: two", &[]);
    server.push(&["main", "v1.0.0"]);
    let tag = server.id("v1.0.0");
    let name = "refs/tags/v1.0.0";
    let whole = "--force --tags origin";

    let github = |job: &Path, about: &str| match about {
        "tag" => server.on_github(job, "push", &before, push(name, ZERO, &tag), &[]),
        _ => server.on_github(job, "push", &after, push("refs/heads/main", &before, &after), &[]),
    };
    for (about, full, commit) in [("tag", name, &before), ("branch", "refs/heads/main", &after)] {
        let job = server.action(full, commit, 1, &[]);
        let undecided = github(&job, about);
        undecided.undecided(&["fetch-depth: 0", &format!("git fetch --unshallow {whole}")]);
        undecided.follow(&job);
        github(&job, about).accepted();
    }
    // Deeper than the history: nothing is cut off, and nothing but the tag is there.
    let job = server.action(name, &before, 50, &[]);
    let undecided = github(&job, "tag");
    undecided.undecided(&["fetch-depth: 0", &format!("git fetch {whole}")]);
    undecided.follow(&job);
    github(&job, "tag").accepted();

    let gitlab = |job: &Path, about: &str, depth: &str| {
        let pipeline = match about {
            "tag" => tag_pipeline("v1.0.0", &before),
            _ => branch_pipeline("main", &before, &after),
        };
        server.on_gitlab(job, &[&pipeline[..], &[("GIT_DEPTH", depth)]].concat())
    };
    let specs = [
        ("tag", "+refs/tags/v1.0.0:refs/tags/v1.0.0", &before),
        ("branch", "+refs/heads/main:refs/remotes/origin/main", &after),
    ];
    for (about, spec, commit) in specs {
        for depth in [1, 20] {
            let job = server.runner(&[spec], commit, depth);
            let undecided = gitlab(&job, about, &depth.to_string());
            undecided.undecided(&["GIT_DEPTH: \"0\"", whole]);
            undecided.follow(&job);
            gitlab(&job, about, &depth.to_string()).accepted();
        }
    }
}

#[test]
fn a_clone_of_some_branches_is_undecided() {
    let server = Server::usual();
    let before = server.id("main");
    let after = server.commit("fix: one", &[]);
    server.push(&["main", "main:refs/heads/release/1.0"]);
    let url = format!("file://{}", server.path.display());
    let arguments = ["clone", "--quiet", "--template=", "--single-branch", "--branch=main", &url, "job"];
    git(server.folder.path(), &arguments);
    let job = server.folder.path().join("job");
    let ask = || server.on_github(&job, "push", &after, push("refs/heads/main", &before, &after), &[]);
    let undecided = ask();
    undecided.undecided(&["tracks only some branches", "git remote set-branches origin '*' && git fetch "]);
    undecided.follow(&job);
    ask().accepted();
    git(&job, &["remote", "remove", "origin"]);
    ask().undecided(&["no remote `origin`"]);
}

#[test]
fn a_forced_push_of_the_default_branch_needs_what_it_held() {
    let server = Server::usual();
    let before = server.commit("fix: one", &[]);
    server.push(&["main"]);
    git(&server.work, &["commit", "--quiet", "--amend", "--allow-empty", "--message", "fix: another"]);
    server.push(&["--force", "main"]);
    let after = server.id("main");
    let hint = format!("git fetch origin {before}");
    let refused = ["rewritten-history refs/heads/main"];

    let job = server.action("refs/heads/main", &after, 0, &[]);
    let mut payload = push("refs/heads/main", &before, &after);
    payload["forced"] = json!(true);
    let undecided = server.on_github(&job, "push", &after, payload.clone(), &[]);
    undecided.undecided(&[&hint, "before a forced push"]);
    undecided.follow(&job);
    server.on_github(&job, "push", &after, payload, &[]).refused(&refused);

    let undecided = server.pushed_on_gitlab("main", &before, &after);
    undecided.undecided(&[&hint]);
    let job = server.folder.path().join("job");
    undecided.follow(&job);
    server.on_gitlab(&job, &branch_pipeline("main", &before, &after)).refused(&refused);
}

#[test]
fn a_deletion_is_judged() {
    let server = Server::usual();
    let held = server.id("main");
    server.push(&["main:refs/heads/release/1.0"]);
    server.push(&[":refs/heads/release/1.0"]);
    server.pushed_on_github("refs/heads/release/1.0", &held, ZERO).refused(&["deleted-ref refs/heads/release/1.0"]);
    server.push(&["main:refs/heads/topic/a"]);
    server.push(&[":refs/heads/topic/a"]);
    server.pushed_on_github("refs/heads/topic/a", &held, ZERO).accepted();
}

#[test]
fn what_moves_no_ref_is_not_judged() {
    let server = Server::usual();
    let tip = server.id("main");
    let job = server.action("refs/heads/main", &tip, 0, &[]);
    for event in ["workflow_dispatch", "schedule"] {
        let verdict = server.on_github(&job, event, &tip, json!({}), &[]);
        assert_eq!(verdict.exit, Some(2), "{verdict:#?}");
        assert!(verdict.text.contains("moves no ref"), "{verdict:#?}");
    }
    let mut pipeline = branch_pipeline("main", ZERO, &tip);
    for source in ["web", "schedule"] {
        pipeline[0].1 = source;
        let verdict = server.on_gitlab(&job, &pipeline);
        assert_eq!(verdict.exit, Some(2), "{verdict:#?}");
    }
}

#[test]
fn the_clone_of_a_fork_has_no_say() {
    let server = Server::usual();
    let tip = server.id("main");
    let head = server.commit("feat!: other", &[]);
    server.push(&["HEAD:refs/heads/topic/a"]);
    let job = server.action("refs/heads/topic/a", &head, 0, &[]);
    git(&job, &["remote", "set-url", "origin", "https://github.com/mallory/project"]);
    let verdict = server.on_github(&job, "pull_request_target", &tip, request("main", &tip, &head), &[]);
    verdict.undecided(&["not the project `owner/project`"]);
    git(&job, &["remote", "set-url", "origin", "https://github.com/owner/project"]);
    let verdict = server.on_github(&job, "pull_request_target", &tip, request("main", &tip, &head), &[]);
    verdict.refused(&["misplaced-change refs/heads/main"]);

    let job = server.runner(&[], &head, 0);
    git(&job, &["remote", "set-url", "origin", "https://gitlab-ci-token:x@gitlab.example/mallory/project.git"]);
    let fork = [("CI_PROJECT_PATH", "mallory/project")];
    let pipeline = [&request_pipeline("detached", "main", &head)[..], &fork].concat();
    server.on_gitlab(&job, &pipeline).undecided(&["not the project `group/project`"]);
}

#[test]
fn where_there_is_no_policy_that_is_said_and_not_where_it_is_out_of_reach() {
    let server = Server::usual();
    let policy = server.id("main");
    server.checkout(&["-b", "topic/a"]);
    let head = server.commit("fix: lax", &[(".refgate.toml", LAX)]);
    server.push(&["topic/a"]);
    // Without the contents of the files that are not checked out.
    let job = server.action("refs/heads/topic/a", &head, 0, &["--filter=blob:none"]);
    let ask = |arguments: &[&str]| {
        server.on_github(&job, "push", &head, push("refs/heads/topic/a", &policy, &head), arguments)
    };
    ask(&[]).undecided(&["the `.refgate.toml` that governs", "git fetch origin"]);

    server.checkout(&["main"]);
    git(&server.work, &["rm", "--quiet", ".refgate.toml"]);
    let without = server.commit("fix: no policy", &[]);
    server.push(&["main"]);
    // The push that removed the policy is judged by it; later pushes have no policy.
    server.pushed_on_github("refs/heads/main", &policy, &without).accepted();
    let verdict = server.pushed_on_github("refs/heads/topic/a", &policy, &head);
    assert_eq!(verdict.exit, Some(3), "{verdict:#?}");
    assert!(verdict.text.contains("there is no policy: refs/heads/main has no `.refgate.toml`"), "{verdict:#?}");
    let first = server.pushed_on_github("refs/heads/main", ZERO, &without);
    assert_eq!(first.exit, Some(3), "{first:#?}");
}

#[test]
fn a_policy_that_is_named_wins() {
    let server = Server::new(LAX);
    let before = server.id("main");
    let after = server.commit("feat!: other", &[]);
    server.push(&["main"]);
    server.pushed_on_github("refs/heads/main", &before, &after).accepted();
    let file = server.folder.path().join("policy.toml");
    std::fs::write(&file, POLICY).unwrap();
    let job = server.action("refs/heads/main", &after, 0, &[]);
    let payload = push("refs/heads/main", &before, &after);
    let named = ["--policy", file.to_str().unwrap()];
    let refused = ["misplaced-change refs/heads/main"];
    server.on_github(&job, "push", &after, payload.clone(), &named).refused(&refused);
    git(&job, &["config", "refgate.policy", file.to_str().unwrap()]);
    server.on_github(&job, "push", &after, payload.clone(), &[]).refused(&refused);
    // Also where nothing else could govern.
    let created = push("refs/heads/main", ZERO, &after);
    assert_ne!(server.on_github(&job, "push", &after, created, &[]).exit, Some(3));
}

#[test]
fn a_new_branch_gets_the_findings_it_would_have_had_before_the_push() {
    let server = Server::usual();
    server.checkout(&["-b", "release/1.1"]);
    let bad = server.commit("feat: too late", &[]);
    let refused = ["misplaced-change refs/heads/release/1.1"];
    let update = format!("refs/heads/release/1.1={ZERO}..{bad}");
    let before = server.action("refs/heads/main", &server.id("main"), 0, &[]);
    git(&before, &["fetch", "--quiet", "--no-tags", server.work.to_str().unwrap(), "release/1.1"]);
    server.check(&before, &[], &["--ref", &update]).refused(&refused);
    server.push(&["release/1.1"]);
    server.pushed_on_github("refs/heads/release/1.1", ZERO, &bad).refused(&refused);
    server.pushed_on_gitlab("release/1.1", ZERO, &bad).refused(&refused);
}

#[test]
fn a_forced_push_of_another_branch_is_judged_without_what_it_held() {
    let server = Server::usual();
    for (branch, findings) in [("topic/a", vec![]), ("release/1.0", vec!["rewritten-history refs/heads/release/1.0"])] {
        server.checkout(&["-b", branch, "main"]);
        let before = server.commit("fix: one", &[]);
        server.push(&[branch]);
        git(&server.work, &["commit", "--quiet", "--amend", "--allow-empty", "--message", "fix: another"]);
        server.push(&["--force", branch]);
        let (name, after) = (format!("refs/heads/{branch}"), server.id(branch));
        let job = server.action(&name, &after, 0, &[]);
        let mut payload = push(&name, &before, &after);
        payload["forced"] = json!(true);
        for verdict in
            [server.on_github(&job, "push", &after, payload, &[]), server.pushed_on_gitlab(branch, &before, &after)]
        {
            assert_eq!(verdict.findings, findings, "{verdict:#?}");
            assert_eq!(verdict.exit, Some(i32::from(!findings.is_empty())), "{verdict:#?}");
        }
    }
}
