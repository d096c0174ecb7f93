//! The jobs of `docs/ci.md`, followed: their commands, in clones that are made as each system makes them, with the
//! variables that each documents.

use std::path::{Path, PathBuf};

use super::{Server, ZERO, push, request};
use crate::support::{REFGATE, command, git, run, stderr};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/ci.md");

type Variables = Vec<(&'static str, String)>;

/// A system, and what it gives a job.
struct System {
    /// The heading of its section.
    section: &'static str,
    /// The commands of the section's job, the last of which judges.
    commands: &'static [&'static str],
    known: &'static [(&'static str, &'static str)],
    /// Makes the clone of a job about a ref and its commit.
    clone: fn(&Server, &str, &str) -> PathBuf,
    request: Option<fn(&str, &str) -> Variables>,
    tag: fn(&str, &str) -> Variables,
    push: fn(&str, &str, &str) -> Variables,
    /// Whether the job says what a branch held.
    says_before: bool,
}

/// Two branches off `main`, one of which may land there, and two tags, one of which is lightweight.
pub(super) struct Project {
    pub(super) server: Server,
    pub(super) before: String,
    pub(super) after: String,
    pub(super) good: String,
    pub(super) bad: String,
}

impl Project {
    pub(super) fn new() -> Self {
        let server = Server::usual();
        let before = server.id("main");
        let after = server.commit("fix: one", &[("one", "1")]);
        git(&server.work, &["tag", "--annotate", "--message", "m", "v1.0.0"]);
        git(&server.work, &["tag", "v1.0.1"]);
        server.checkout(&["-b", "topic/a"]);
        let good = server.commit("feat: more", &[("two", "2")]);
        server.checkout(&["-b", "topic/b", "main"]);
        let bad = server.commit("feat!: other", &[("three", "3")]);
        server.push(&["main", "topic/a", "topic/b", "v1.0.0", "v1.0.1"]);
        Self { server, before, after, good, bad }
    }

    /// Runs the commands of a job, where `refgate check` may get more arguments.
    fn job(&self, system: &System, clone: &Path, variables: &Variables, more: &str) -> (Option<i32>, String) {
        let page = std::fs::read_to_string(PAGE).unwrap();
        let section = page.split("\n## ").find(|section| section.starts_with(system.section)).unwrap();
        for line in system.commands {
            assert!(section.contains(line), "`{line}` is not what {} says", system.section);
        }
        let script = system.commands.join("\n") + more;
        let path = std::env::join_paths(
            std::iter::once(Path::new(REFGATE).parent().unwrap().to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
        );
        let mut job = command("sh", clone);
        job.args(["-e", "-c", &script]).env("PATH", path.unwrap()).env("CI", "true");
        job.envs(system.known.iter().copied()).envs(variables.iter().map(|(name, value)| (name, value)));
        let output = run(&mut job, b"");
        (output.status.code(), stderr(&output))
    }
}

fn follow(system: &System) {
    let project = Project::new();
    let Project { server, before, after, good, bad } = &project;
    let clone = |name: &str, commit: &str| (system.clone)(server, name, commit);
    let accepted = |(exit, said): (Option<i32>, String), what: &str| {
        assert!(exit == Some(0) && said.contains(&format!("refgate: accepted {what}")), "{exit:?}: {said}");
    };
    let refused = |(exit, said): (Option<i32>, String), rule: &str| {
        assert!(exit == Some(1) && said.contains(&format!("error[{rule}]")), "{exit:?}: {said}");
    };

    for (branch, head) in [("topic/a", good), ("topic/b", bad)] {
        let Some(request) = system.request else { continue };
        server.checkout(&["--detach", "main"]);
        git(&server.work, &["merge", "--quiet", "--no-ff", "--message", "Merge", head]);
        server.set("refs/pull/7/merge", &server.id("HEAD"));
        let job = clone(&format!("refs/heads/{branch}"), head);
        let ended = project.job(system, &job, &request("main", head), "");
        if head == good {
            accepted(ended, "refs/heads/main (fast-forward)")
        } else {
            refused(ended, "misplaced-change")
        }
    }

    let job = clone("refs/tags/v1.0.0", after);
    accepted(project.job(system, &job, &(system.tag)("v1.0.0", after), ""), "refs/tags/v1.0.0 (create)");
    let job = clone("refs/tags/v1.0.1", after);
    refused(project.job(system, &job, &(system.tag)("v1.0.1", after), ""), "lightweight-tag");

    let pushed = |before: &str, after: &str| {
        let job = clone("refs/heads/main", after);
        let variables = (system.push)("main", before, after);
        if system.says_before {
            return project.job(system, &job, &variables, "");
        }
        let (exit, said) = project.job(system, &job, &variables, "");
        let asks = "does not say what refs/heads/main held before this push";
        assert!(exit == Some(2) && said.contains(asks) && said.contains("`--base REV`"), "{exit:?}: {said}");
        project.job(system, &job, &variables, &format!(" --base {before}"))
    };
    accepted(pushed(before, after), "refs/heads/main (fast-forward)");
    // The tags keep what it held.
    server.checkout(&["main"]);
    git(&server.work, &["commit", "--quiet", "--amend", "--message", "fix: another"]);
    server.push(&["--force", "main"]);
    refused(pushed(after, &server.id("main")), "rewritten-history");
}

/// Makes the clone of a system that begins with `git clone`, as most do.
fn whole(server: &Server, _: &str, commit: &str) -> PathBuf {
    let path = server.folder.path().join("job");
    let _ = std::fs::remove_dir_all(&path);
    let url = format!("file://{}", server.path.display());
    git(server.folder.path(), &["clone", "--quiet", "--template=", &url, "job"]);
    git(&path, &["checkout", "--quiet", "--force", "--detach", commit]);
    path
}

fn short(name: &str) -> &str {
    name.split_once('/').and_then(|(_, rest)| rest.split_once('/')).map_or(name, |(_, short)| short)
}

fn owned(variables: &[(&'static str, &str)]) -> Variables {
    variables.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn woodpecker() {
    follow(&System {
        section: "Woodpecker CI",
        commands: &["git fetch --force --tags origin '+refs/heads/*:refs/remotes/origin/*'", "refgate check"],
        known: &[("CI", "woodpecker"), ("CI_REPO", "owner/project"), ("CI_REPO_DEFAULT_BRANCH", "main")],
        clone: |server, _, commit| {
            let path = server.clone("job");
            git(&path, &["fetch", "--quiet", "--tags", "origin", &format!("+{commit}:")]);
            git(&path, &["reset", "--quiet", "--hard", commit]);
            path
        },
        request: Some(|target, head| {
            owned(&[
                ("CI_PIPELINE_EVENT", "pull_request"),
                ("CI_COMMIT_BRANCH", target),
                ("CI_COMMIT_REF", "refs/pull/7/head"),
                ("CI_COMMIT_SHA", head),
                ("CI_COMMIT_TARGET_BRANCH", target),
            ])
        }),
        tag: |tag, commit| owned(&[("CI_PIPELINE_EVENT", "tag"), ("CI_COMMIT_TAG", tag), ("CI_COMMIT_SHA", commit)]),
        push: |branch, before, after| {
            owned(&[
                ("CI_PIPELINE_EVENT", "push"),
                ("CI_COMMIT_BRANCH", branch),
                ("CI_COMMIT_SHA", after),
                ("CI_PREV_COMMIT_REF", &format!("refs/heads/{branch}")),
                ("CI_PREV_COMMIT_SHA", before),
            ])
        },
        says_before: true,
    });
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn buildkite() {
    follow(&System {
        section: "Buildkite",
        commands: &["git fetch --force --prune --tags origin '+refs/heads/*:refs/remotes/origin/*'", "refgate check"],
        known: &[
            ("BUILDKITE", "true"),
            ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
            ("BUILDKITE_SOURCE", "webhook"),
            ("BUILDKITE_PULL_REQUEST", "false"),
        ],
        clone: whole,
        request: Some(|target, head| {
            owned(&[
                ("BUILDKITE_BRANCH", "topic/a"),
                ("BUILDKITE_COMMIT", head),
                ("BUILDKITE_PULL_REQUEST", "7"),
                ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", target),
            ])
        }),
        tag: |tag, commit| owned(&[("BUILDKITE_BRANCH", tag), ("BUILDKITE_TAG", tag), ("BUILDKITE_COMMIT", commit)]),
        push: |branch, _, after| owned(&[("BUILDKITE_BRANCH", branch), ("BUILDKITE_COMMIT", after)]),
        says_before: false,
    });
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn bitbucket() {
    follow(&System {
        section: "Bitbucket Pipelines",
        commands: &["refgate check"],
        known: &[("BITBUCKET_BUILD_NUMBER", "12"), ("BITBUCKET_REPO_FULL_NAME", "owner/project")],
        clone: |server, name, commit| {
            let path = whole(server, name, commit);
            // Before a job about a request, its target is merged into it.
            if name.starts_with("refs/heads/topic/") {
                git(&path, &["merge", "--quiet", "--no-ff", "--no-edit", "origin/main"]);
            }
            path
        },
        request: Some(|target, head| {
            owned(&[
                ("BITBUCKET_BRANCH", "topic/a"),
                ("BITBUCKET_COMMIT", &head[..12]),
                ("BITBUCKET_PR_ID", "7"),
                ("BITBUCKET_PR_DESTINATION_BRANCH", target),
            ])
        }),
        tag: |tag, commit| owned(&[("BITBUCKET_TAG", tag), ("BITBUCKET_COMMIT", commit)]),
        push: |branch, _, after| owned(&[("BITBUCKET_BRANCH", branch), ("BITBUCKET_COMMIT", after)]),
        says_before: false,
    });
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn azure() {
    follow(&System {
        section: "Azure Pipelines",
        commands: &["git remote set-head origin main", "refgate check"],
        known: &[("TF_BUILD", "True"), ("BUILD_REPOSITORY_NAME", "project")],
        clone: |server, name, commit| {
            let path = server.clone("job");
            let mut fetch =
                vec!["fetch", "--quiet", "--force", "--tags", "--prune", "--no-recurse-submodules", "origin"];
            fetch.push("+refs/heads/*:refs/remotes/origin/*");
            let is_request = name.starts_with("refs/heads/topic/");
            fetch.extend(is_request.then_some("+refs/pull/7/merge:refs/remotes/pull/7/merge"));
            git(&path, &fetch);
            let start = if is_request { "refs/remotes/pull/7/merge" } else { commit };
            git(&path, &["checkout", "--quiet", "--force", start]);
            path
        },
        request: Some(|target, head| {
            owned(&[
                ("BUILD_REASON", "PullRequest"),
                ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
                ("SYSTEM_PULLREQUEST_SOURCECOMMITID", head),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", &format!("refs/heads/{target}")),
            ])
        }),
        tag: |tag, commit| {
            let name = format!("refs/tags/{tag}");
            owned(&[("BUILD_REASON", "IndividualCI"), ("BUILD_SOURCEBRANCH", &name), ("BUILD_SOURCEVERSION", commit)])
        },
        push: |branch, _, after| {
            let name = format!("refs/heads/{branch}");
            owned(&[("BUILD_REASON", "BatchedCI"), ("BUILD_SOURCEBRANCH", &name), ("BUILD_SOURCEVERSION", after)])
        },
        says_before: false,
    });
}

#[test]
fn circleci() {
    follow(&System {
        section: "CircleCI",
        commands: &["refgate check ${CIRCLE_BRANCH:+--base \"${BEFORE:-0000000000000000000000000000000000000000}\"}"],
        known: &[("CIRCLECI", "true"), ("CIRCLE_PROJECT_USERNAME", "owner"), ("CIRCLE_PROJECT_REPONAME", "project")],
        clone: whole,
        // What the target of a request is, no variable says.
        request: None,
        tag: |tag, commit| owned(&[("CIRCLE_TAG", tag), ("CIRCLE_SHA1", commit), ("BEFORE", "")]),
        push: |branch, before, after| owned(&[("CIRCLE_BRANCH", branch), ("CIRCLE_SHA1", after), ("BEFORE", before)]),
        says_before: true,
    });
    // The first build of a branch.
    let project = Project::new();
    let job = whole(&project.server, "refs/heads/topic/b", &project.bad);
    let circle = [("CIRCLECI", "true"), ("CIRCLE_BRANCH", "topic/b"), ("CIRCLE_SHA1", project.bad.as_str())];
    let verdict = project.server.check(&job, &circle, &["--base", ZERO]);
    assert_eq!(verdict.exit, Some(0), "{verdict:#?}");
    let verdict = project.server.check(&job, &circle, &[]);
    assert!(verdict.exit == Some(2) && verdict.text.contains("CircleCI does not say"), "{verdict:#?}");
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn jenkins() {
    follow(&System {
        section: "Jenkins",
        commands: &[
            "git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'",
            "git fetch --force --prune --tags origin",
            "git remote set-head origin main",
            "refgate check",
        ],
        known: &[("JENKINS_URL", "https://jenkins.example/"), ("BUILD_NUMBER", "12")],
        clone: |server, name, commit| {
            let path = server.clone("job");
            // A branch source tracks the branch of the build alone; of a tag, none.
            let spec = format!("+{name}:refs/remotes/origin/{}", short(name));
            git(&path, &["config", "--replace-all", "remote.origin.fetch", &spec]);
            git(&path, &["fetch", "--quiet", "--no-tags", "--force", "origin", &spec]);
            git(&path, &["checkout", "--quiet", "--force", commit]);
            path
        },
        request: Some(|target, head| {
            owned(&[("BRANCH_NAME", "PR-7"), ("CHANGE_ID", "7"), ("CHANGE_TARGET", target), ("GIT_COMMIT", head)])
        }),
        tag: |tag, commit| owned(&[("BRANCH_NAME", tag), ("TAG_NAME", tag), ("GIT_COMMIT", commit)]),
        push: |branch, before, after| {
            owned(&[("BRANCH_NAME", branch), ("GIT_COMMIT", after), ("GIT_PREVIOUS_COMMIT", before)])
        },
        says_before: true,
    });
}

#[test]
fn forgejo() {
    let Project { server, before, after, good, bad } = Project::new();
    let forgejo = |job: &Path, event: &str, sha: &str, mut payload: serde_json::Value| {
        payload["repository"] = serde_json::json!({ "default_branch": "main", "full_name": "owner/project" });
        let file = server.folder.path().join("event.json");
        std::fs::write(&file, payload.to_string()).unwrap();
        let variables = [
            ("FORGEJO_ACTIONS", "true"),
            ("GITEA_ACTIONS", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_REPOSITORY", "owner/project"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_EVENT_PATH", file.to_str().unwrap()),
            ("GITHUB_SHA", sha),
        ];
        server.check(job, &variables, &[])
    };
    for head in [&good, &bad] {
        let job = server.action("refs/heads/topic/a", head, 0, &[]);
        let verdict = forgejo(&job, "pull_request", head, request("main", &after, head));
        if *head == good { verdict.accepted() } else { verdict.refused(&["misplaced-change refs/heads/main"]) }
    }
    let job = server.action("refs/heads/main", &after, 0, &[]);
    forgejo(&job, "push", &after, push("refs/heads/main", &before, &after)).accepted();
    // Pushed, an annotated tag is named by its object; made on the web, by its commit.
    for named in [&server.id("v1.0.0"), &after] {
        forgejo(&job, "push", &after, push("refs/tags/v1.0.0", ZERO, named)).accepted();
    }
    let lightweight = forgejo(&job, "push", &after, push("refs/tags/v1.0.1", ZERO, &after));
    lightweight.refused(&["lightweight-tag refs/tags/v1.0.1"]);
    // A tag that is elsewhere by now.
    let moved = forgejo(&job, "push", &after, push("refs/tags/v1.0.0", ZERO, &before));
    moved.undecided(&["is not about"]);
}

#[test]
fn a_dry_run_reports_and_exits_with_0_and_an_acceptance_says_what_was_judged() {
    let Project { server, before, after, bad, .. } = Project::new();
    let job = whole(&server, "refs/heads/main", &after);
    let ask = |arguments: &[&str]| {
        let output = run(command(REFGATE, &job).arg("check").args(arguments), b"");
        (output.status.code(), stderr(&output))
    };
    let policy = "--policy=ref:refs/remotes/origin/main:.refgate.toml";
    let main = format!("refs/heads/main={before}..{after}");
    let (exit, said) = ask(&["--ref", &main, policy]);
    assert_eq!(exit, Some(0));
    let expected = "refgate: accepted refs/heads/main (fast-forward) by ";
    assert!(said.starts_with(expected) && said.contains(" rules of the policy `example` (ref:"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    // Only text for people gets it.
    assert_eq!(ask(&["--ref", &main, policy, "--format", "json"]), (Some(0), String::new()));
    let many: Vec<String> = (0..5).map(|at| format!("--ref=refs/heads/topic/{at}={ZERO}..{after}")).collect();
    let (exit, said) = ask(&[&[policy], many.iter().map(String::as_str).collect::<Vec<_>>().as_slice()].concat());
    assert!(exit == Some(0) && said.contains("refs/heads/topic/2 (create), 2 more by "), "{said}");

    let refused = format!("refs/heads/main={after}..{bad}");
    let (exit, plain) = ask(&["--ref", &refused, policy]);
    assert_eq!(exit, Some(1), "{plain}");
    let (exit, dry) = ask(&["--ref", &refused, policy, "--dry-run"]);
    assert_eq!((exit, dry), (Some(0), format!("{plain}refgate: dry run: exit 0 in place of 1\n")));
    // What could not be judged is an error still.
    assert_eq!(ask(&["--ref", "nonsense", policy, "--dry-run"]).0, Some(2));
    assert_eq!(ask(&["--ref", &main, "--policy=none.toml", "--dry-run"]).0, Some(3));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_tag_gate_judges_the_candidate_and_then_what_landed() {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let (_, section) = page.split_once("\n## Where there are no hooks\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let blocks: Vec<&str> = section.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    let [candidate, landed] = blocks.as_slice() else { panic!("{blocks:?}") };
    let server = Server::usual();
    let job = |script: &str, commit: &str| {
        let clone = whole(&server, "refs/heads/main", commit);
        let folders = std::env::split_paths(&std::env::var_os("PATH").unwrap()).collect::<Vec<_>>();
        let path = std::env::join_paths([Path::new(REFGATE).parent().unwrap().to_owned()].into_iter().chain(folders));
        let output = run(command("sh", &clone).args(["-e", "-c", script]).env("PATH", path.unwrap()), b"");
        (output.status.code(), stderr(&output))
    };
    let tags = || git(&server.path, &["tag", "--list"]);
    server.checkout(&["-b", "topic/a"]);
    for (version, change, expected) in [
        // Its tag would be accepted, and its change is not.
        ("1.0.0", "feat!: version 1.0.0", Some("misplaced-change")),
        ("1.0.0", "feat: version 1.0.0", None),
        ("0.9.0", "feat: version 0.9.0", Some("out-of-order-tag")),
    ] {
        server.checkout(&["-B", "topic/a", "main"]);
        let head = server.commit(change, &[("VERSION", version)]);
        server.push(&["--force", "topic/a"]);
        let (exit, said) = job(candidate, &head);
        let Some(rule) = expected else {
            assert!(exit == Some(0) && said.contains("(fast-forward), refs/tags/v1.0.0 (create)"), "{said}");
            assert_eq!(tags(), "", "a check makes no tag");
            git(&server.work, &["branch", "--force", "main", &head]);
            server.push(&["main"]);
            assert_eq!(job(landed, &head).0, Some(0));
            assert_eq!(tags(), "v1.0.0");
            // Once more, where there is nothing left to do.
            assert_eq!(job(candidate, &head).0, Some(0));
            assert_eq!(job(landed, &head).0, Some(0));
            continue;
        };
        assert!(exit == Some(1) && said.contains(&format!("error[{rule}]")), "{exit:?}: {said}");
        if rule == "out-of-order-tag" {
            git(&server.work, &["branch", "--force", "main", &head]);
            server.push(&["main"]);
            assert_eq!(job(landed, &head).0, Some(1));
            assert_eq!(tags(), "v1.0.0", "it is not pushed");
        }
    }
}
