//! `refgate release-plan`: the event decides, and nothing is published twice.

use serde_json::Value;
use std::path::Path;
use std::process::Output;

use crate::support::recipe::cook;
use crate::support::{REFGATE, command, git, json, refgate, run, stderr};

/// BrewBlox: 1.2.3 was released, develop went on and was merged into master.
const BREWBLOX: &str = "init -b master; c; t 1.2.3; git checkout -q -b develop; c 4; git checkout -q master; m develop; \
                        git checkout -q -b feature/implement-doodad develop; c; git checkout -q master; \
                        git config refgate.policy preset:brewblox";

fn plan(directory: &Path, arguments: &[&str]) -> Output {
    refgate(directory, &[&["release-plan"], arguments].concat(), b"")
}

fn plan_json(directory: &Path, arguments: &[&str]) -> Value {
    let output = plan(directory, &[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    json(&output)
}

/// Returns what is published, and the version.
fn short(plan: &Value) -> String {
    let word = |key: &str| plan[key].as_str().unwrap_or("-").to_owned();
    format!("{} {}", word("publish"), word("version"))
}

#[test]
fn brewbloxes_decision_holds() {
    let (_made, path) = cook(BREWBLOX);
    let image = ["--image", "brewblox/devcon"];
    let event = |kind, name| plan_json(&path, &[&["--event", kind, "--ref", name][..], &image].concat());

    let develop = event("branch", "develop");
    assert_eq!(short(&develop), "dev 1.2.4.dev4");
    assert_eq!(develop["images"], serde_json::json!(["brewblox/devcon:develop"]));
    assert_eq!(develop["prerelease"], true);

    let feature = event("branch", "feature/implement-doodad");
    assert_eq!(short(&feature), "dev 1.2.4.dev5");
    assert_eq!(feature["images"], serde_json::json!(["brewblox/devcon:feature-implement-doodad"]));
    let further = serde_json::json!(["brewblox/devcon:rpi-feature-implement-doodad"]);
    assert_eq!(feature["further_images"], further);
    assert_eq!(feature["spellings"]["pep440"], "1.2.4.dev5");
    assert_eq!(feature["spellings"]["debian"], "1.2.4~~dev5");

    let master = event("branch", "master");
    assert_eq!(short(&master), "none -");
    assert_eq!(master["reason"], "the line `master` publishes nothing");
    assert_eq!(master["images"], serde_json::json!([]));

    let tag = event("tag", "1.2.3");
    assert_eq!(short(&tag), "release 1.2.3");
    assert_eq!(tag["images"], serde_json::json!(["brewblox/devcon:1.2.3"]));
    assert_eq!(tag["prerelease"], false);

    assert_eq!(short(&plan_json(&path, &["--event", "pull-request"])), "none -");
    assert_eq!(short(&event("branch", "unheard-of")), "none -");
    assert_eq!(short(&event("tag", "nightly")), "none -");
    assert_eq!(short(&event("tag", "1.2.4.dev5")), "none -", "a development version is computed and never tagged");
}

#[test]
fn a_tag_that_arrives_late_does_not_make_the_build_of_a_branch_a_release() {
    // "The existing on-push build picks up the new tag, and setuptools_scm assigns a release version to the package.
    // Deployment in the on-tag build fails, because the version is already present in PyPI."
    let (_made, path) = cook(BREWBLOX);
    for (branch, before) in [("develop", "dev 1.2.4.dev4"), ("feature/implement-doodad", "dev 1.2.4.dev5")] {
        let ask = || plan_json(&path, &["--event", "branch", "--ref", branch, "--image", "a"]);
        let first = ask();
        assert_eq!(short(&first), before);
        git(&path, &["tag", "1.2.4", branch]);
        assert_eq!(ask(), first, "the plan is that of the push");
        let release = plan_json(&path, &["--event", "tag", "--ref", "1.2.4", "--image", "a"]);
        assert_eq!(short(&release), "release 1.2.4");
        assert_ne!(release["images"], first["images"]);
        git(&path, &["tag", "-d", "1.2.4"]);
    }
    // Master publishes nothing, with and without the tag; without a policy it publishes what was due before it.
    git(&path, &["tag", "1.2.4", "master"]);
    let master = ["--event", "branch", "--ref", "master"];
    assert_eq!(short(&plan_json(&path, &master)), "none -");
    git(&path, &["config", "--unset", "refgate.policy"]);
    assert_eq!(short(&plan_json(&path, &master)), "dev 1.2.4.dev5");
    // `refgate version` is asked about the commit and not about an event.
    let version = refgate(&path, &["version"], b"");
    assert_eq!(version.stdout, b"1.2.4\n");
}

/// Runs refgate with what a job of a CI system sees.
fn in_job(directory: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let mut command = command(REFGATE, directory);
    command.arg("release-plan").args(arguments).envs(variables.iter().copied());
    run(&mut command, b"")
}

fn on_github(directory: &Path, event: &str, payload: &str, more: &[(&str, &str)]) -> Output {
    let file = directory.join(".git/event.json");
    std::fs::write(&file, payload).unwrap();
    let known =
        [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", event), ("GITHUB_EVENT_PATH", file.to_str().unwrap())];
    in_job(directory, &[&known, more].concat(), &["--format", "github", "--image", "ghcr.io/brewblox/devcon"])
}

fn github_line(output: &Output, key: &str) -> String {
    assert_eq!(output.status.code(), Some(0), "{}", stderr(output));
    let text = std::str::from_utf8(&output.stdout).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    line.unwrap_or_else(|| panic!("no `{key}` in {text}")).to_owned()
}

#[test]
fn on_github_the_event_is_found_and_the_race_is_lost_by_nobody() {
    let (_made, path) = cook(BREWBLOX);
    let develop = git(&path, &["rev-parse", "develop"]);
    // The tag is here before the job of the branch begins; the clone is detached.
    git(&path, &["tag", "1.2.4", "develop"]);
    git(&path, &["checkout", "--quiet", "--detach", "develop"]);
    git(&path, &["branch", "-D", "develop"]);
    let push =
        |name: &str, after: &str| format!(r#"{{"ref":"{name}","before":"{}","after":"{after}"}}"#, "0".repeat(40));

    let branch = on_github(&path, "push", &push("refs/heads/develop", &develop), &[]);
    assert_eq!(
        String::from_utf8_lossy(&branch.stdout),
        format!(
            "publish=dev\nversion=1.2.4.dev4\nprerelease=true\npep440=1.2.4.dev4\nsemver=1.2.4-0.dev.4\n\
             docker=develop\ndebian=1.2.4~~dev4\nimages=ghcr.io/brewblox/devcon:develop\nscope=\n\
             commit={develop}\nevent=branch\nref=refs/heads/develop\n\
             reason=the line `develop` publishes development versions\nhighest=\nhighest_in_series=\n\
             further-images=ghcr.io/brewblox/devcon:rpi-develop\n"
        )
    );
    let tag = on_github(&path, "push", &push("refs/tags/1.2.4", &develop), &[]);
    assert_eq!(github_line(&tag, "publish"), "release");
    assert_eq!(github_line(&tag, "images"), "ghcr.io/brewblox/devcon:1.2.4");
    assert_eq!((github_line(&tag, "highest"), github_line(&tag, "highest_in_series")), ("true".into(), "".into()));
    let deleted = on_github(&path, "push", &push("refs/heads/develop", &"0".repeat(40)), &[]);
    assert_eq!(github_line(&deleted, "publish"), "none");
    let request = r#"{"pull_request":{"base":{"ref":"develop","sha":"x"},"head":{"sha":"y"}}}"#;
    let request = on_github(&path, "pull_request", request, &[("GITHUB_SHA", &develop)]);
    assert_eq!(github_line(&request, "publish"), "none");
    assert_eq!(github_line(&request, "version"), "");
    let by_hand = [("GITHUB_REF", "refs/heads/develop"), ("GITHUB_SHA", develop.as_str())];
    assert_eq!(github_line(&on_github(&path, "workflow_dispatch", "{}", &by_hand), "version"), "1.2.4.dev4");
    assert_eq!(on_github(&path, "issues", "{}", &by_hand).status.code(), Some(2));
}

#[test]
fn on_gitlab_the_event_is_found() {
    let (_made, path) = cook(BREWBLOX);
    let develop = git(&path, &["rev-parse", "develop"]);
    let job = |more: &[(&str, &str)]| {
        let known = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", develop.as_str())];
        let output = in_job(&path, &[&known, more].concat(), &["--format", "json"]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        short(&json(&output))
    };
    assert_eq!(job(&[("CI_COMMIT_BRANCH", "develop")]), "dev 1.2.4.dev4");
    assert_eq!(job(&[("CI_COMMIT_TAG", "v1.3.0rc1")]), "release 1.3.0rc1");
    assert_eq!(job(&[("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "develop")]), "none -");
    assert_eq!(in_job(&path, &[], &[]).status.code(), Some(2), "nobody said what happened");
}

#[test]
fn the_policy_says_what_publishes() {
    let policy = r#"
        schema = 1
        name = "all roles"
        [[line]]
        name = "staging"
        branch = "staging"
        role = "environment"
        [[line]]
        name = "preview"
        branch = "preview"
        role = "environment"
        publishes = "dev"
        [[line]]
        name = "release"
        branch = "release/{major}.{minor}"
        role = "release"
        [[line]]
        name = "topic"
        branch = "**"
        role = "topic"
        publishes = "none"
        [[tag]]
        name = "end"
        tag = "{major}.{minor}-eol"
        kind = "marker"
        [[tag]]
        name = "internal"
        tag = "internal-{version}"
        scheme = "semver"
        publishes = "none"
        [[tag]]
        name = "version"
        tag = "{scope}-{version}"
        scheme = "semver"
    "#;
    let (_made, path) = cook(
        "init; c; t skaha-1.5.1; c; git branch staging; git branch preview; git branch release/1.5; git branch latest",
    );
    std::fs::write(path.join(".refgate.toml"), policy).unwrap();
    let event = |kind, name| short(&plan_json(&path, &["--event", kind, "--ref", name, "--image", "skaha"]));
    assert_eq!(event("branch", "staging"), "none -");
    assert_eq!(event("branch", "preview"), "dev 1.5.2-0.dev.1");
    assert_eq!(event("branch", "release/1.5"), "dev 1.5.2-0.dev.1");
    assert_eq!(event("branch", "latest"), "none -");
    assert_eq!(event("tag", "1.5-eol"), "none -");
    assert_eq!(event("tag", "internal-1.0.0"), "none -");
    assert_eq!(event("tag", "skaha-1.6.0-rc.1"), "release 1.6.0-rc.1");
    let tag = plan_json(&path, &["--ref", "skaha-1.5.1"]);
    assert_eq!((short(&tag).as_str(), &tag["scope"]), ("release 1.5.1", &Value::from("skaha")));

    let refused = |from: &str, to: &str| {
        std::fs::write(path.join(".refgate.toml"), policy.replace(from, to)).unwrap();
        let output = plan(&path, &["--event", "pull-request"]);
        assert_eq!(output.status.code(), Some(3));
        stderr(&output)
    };
    let message = refused("kind = \"marker\"", "kind = \"marker\"\npublishes = \"release\"");
    assert!(message.contains("names no versions"), "{message}");
    let message = refused("publishes = \"dev\"", "publishes = \"release\"");
    assert!(message.contains("unknown value `release`; there are `dev` and `none`"), "{message}");
}

#[test]
fn a_release_that_no_other_spelling_has_words_for_is_published_as_it_is_tagged() {
    let (_made, path) = cook("init -b master; c; t v4.0.0.pre");
    std::fs::write(
        path.join("policy.toml"),
        "schema = 1\nname = \"rails\"\n[[tag]]\nname = \"version\"\ntag = \"v{version}\"\nscheme = \"dotted\"\n",
    )
    .unwrap();
    let plan = plan_json(&path, &["--policy", "policy.toml", "--event", "tag", "--ref", "v4.0.0.pre"]);
    assert_eq!(short(&plan), "release 4.0.0.pre");
    assert_eq!((&plan["prerelease"], &plan["spellings"]["pep440"]), (&Value::Bool(true), &Value::Null));
    let version = refgate(&path, &["version", "HEAD", "--policy", "policy.toml"], b"");
    assert_eq!(String::from_utf8_lossy(&version.stdout), "4.0.0.pre\n", "{}", stderr(&version));
    let pep440 = refgate(&path, &["version", "HEAD", "--policy", "policy.toml", "--spelling", "pep440"], b"");
    assert_eq!(pep440.status.code(), Some(4), "{}", stderr(&pep440));
}

#[test]
fn no_development_version_is_published_as_latest() {
    let policy = "schema = 1\nname = \"topics\"\n[[line]]\nname = \"topic\"\nbranch = \"**\"\nrole = \"topic\"\n";
    let (_made, path) =
        cook("init; c; t v1.2.3; c; for b in latest stable Latest v1.2.3 1.2.4-0.dev.9; do git branch $b; done");
    std::fs::write(path.join(".refgate.toml"), policy).unwrap();
    for branch in ["latest", "stable", "Latest", "v1.2.3", "1.2.4-0.dev.9"] {
        let output = plan(&path, &["--event", "branch", "--ref", branch, "--image", "a/b"]);
        assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(4), &b""[..]), "{branch}");
    }
}

#[test]
fn what_cannot_be_told_is_not_published() {
    let (_made, path) =
        cook("mkdir up; cd up; init; c 3; t v1.2.3; c 2; cd ..; git clone -q --depth 2 file://$PWD/up down");
    let shallow = path.join("down");
    assert_eq!(plan(&shallow, &["--event", "branch", "--ref", "main"]).status.code(), Some(4));
    // The name of a tag needs no history.
    assert_eq!(short(&plan_json(&shallow, &["--event", "tag", "--ref", "v1.2.4"])), "release 1.2.4");
    let up = path.join("up");
    git(&up, &["tag", "v9.9.9", "HEAD^{tree}"]);
    assert_eq!(short(&plan_json(&up, &["--event", "tag", "--ref", "v9.9.9"])), "none -");
    git(&up, &["branch", "v1.2.3"]);
    for arguments in [
        &["--ref", "v1.2.3"][..],
        &["--ref", "absent"],
        &["--event", "tag"],
        &["--ref", "refs/notes/x"],
        &["--event", "pull-request", "--image", "A:latest"],
        &["--event", "pull-request", "--image", "a\nb"],
    ] {
        assert_eq!(plan(&up, arguments).status.code(), Some(2), "{arguments:?}");
    }
    assert_eq!(short(&plan_json(&up, &["--event", "branch"])), "dev 1.2.4.dev2", "the branch that HEAD is on");
    assert_eq!(short(&plan_json(&up, &["--ref", "refs/pull/7/merge"])), "none -");
}

#[test]
fn no_name_gets_into_the_output_as_a_line_of_its_own() {
    let policy = "schema = 1\nname = \"x\\npublish=release\"\n[[line]]\nname = \"a\\npublish=release\"\nbranch = \"main\"\n\
                  role = \"topic\"\npublishes = \"none\"\n";
    let (_made, path) = cook("init; c");
    std::fs::write(path.join(".refgate.toml"), policy).unwrap();
    for branch in ["main", "other"] {
        let output = plan(&path, &["--event", "branch", "--ref", branch, "--format", "github"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!(text.lines().count(), 15, "{text}");
        assert_eq!(text.lines().filter(|line| line.starts_with("publish=")).collect::<Vec<_>>(), ["publish=none"]);
    }
    let output = plan(&path, &["--event", "branch", "--ref", "main"]);
    assert_eq!(
        String::from_utf8_lossy(&output.stdout),
        "publish   none\nbecause   the line `a\\npublish=release` publishes nothing\n"
    );
}

const SERIES: &str = r#"
    schema = 1
    name = "series"
    [[line]]
    name = "main"
    branch = "main"
    role = "mainline"
    [[line]]
    name = "release"
    branch = ["release-{scope}-v{major}.{minor}", "release-{major}.{minor}"]
    role = "release"
    cut-from = "main"
    [[tag]]
    name = "module"
    tag = "{scope}/v{version}"
    scheme = "semver"
    series = "{major}.{minor}"
    line = "release"
    [[tag]]
    name = "version"
    tag = "v{version}"
    scheme = "semver"
    series = "{major}.{minor}"
    line = "release"
"#;

#[test]
fn a_release_says_whether_it_is_the_highest() {
    let (_made, path) = cook(
        "init; c; t v1.4.0; t v1.5.0; t v1.5.1; t v1.6.0-rc.1; t v1.4.1; t lib/v9.0.0; c; t v1.5.2; t v1.6.0-rc.0",
    );
    std::fs::write(path.join(".refgate.toml"), SERIES).unwrap();
    let rank = |tag: &str| {
        let plan = plan_json(&path, &["--event", "tag", "--ref", tag]);
        (plan["highest"].clone(), plan["highest_in_series"].clone())
    };
    let both = |all: bool, series: bool| (Value::Bool(all), Value::Bool(series));
    assert_eq!(rank("v1.5.2"), both(true, true), "a candidate of the next does not count");
    assert_eq!(rank("v1.5.1"), both(false, false));
    assert_eq!(rank("v1.4.1"), both(false, true));
    assert_eq!(rank("v1.6.0-rc.1"), both(true, true));
    assert_eq!(rank("v1.6.0-rc.0"), both(false, false));
    assert_eq!(rank("lib/v9.0.0"), both(true, true), "components count for themselves");
    assert_eq!(rank("v1.7.0"), both(true, true), "a tag that this clone does not have yet");
    let human = |tag: &str| String::from_utf8(plan(&path, &["--event", "tag", "--ref", tag]).stdout).unwrap();
    assert!(human("v1.5.2").ends_with("highest   of all releases\n"));
    assert!(human("v1.4.1").ends_with("highest   of its series\n"));
    assert!(human("v1.5.0").ends_with("highest   no\n"));
    let branch = plan_json(&path, &["--event", "branch", "--ref", "main"]);
    assert_eq!((&branch["highest"], &branch["highest_in_series"]), (&Value::Null, &Value::Null));
    // Without a policy there are no series; in a shallow clone other tags may be missing.
    std::fs::remove_file(path.join(".refgate.toml")).unwrap();
    assert_eq!(rank("v1.5.2"), (Value::Bool(true), Value::Null));
    assert_eq!(rank("v1.5.1"), (Value::Bool(false), Value::Null));
    let (_made, path) = cook("mkdir up; cd up; init; c 3; t v1.2.3; cd ..; git clone -q --depth 1 file://$PWD/up down");
    let plan = plan_json(&path.join("down"), &["--event", "tag", "--ref", "v1.2.3"]);
    assert_eq!((&plan["highest"], short(&plan).as_str()), (&Value::Null, "release 1.2.3"));
}

#[test]
fn a_branch_says_whose_version_it_is() {
    let (_made, path) =
        cook("init; c; git branch release-app-v1.2; git branch release-lib-v0.7; t app/v1.2.0; t lib/v0.7.0; c");
    std::fs::write(path.join(".refgate.toml"), SERIES).unwrap();
    git(&path, &["checkout", "--quiet", "release-app-v1.2"]);
    git(&path, &["commit", "--quiet", "--allow-empty", "--message", "fix"]);
    let branch = ["--event", "branch", "--ref", "release-app-v1.2"];
    for more in [&[][..], &["--scope", "app"]] {
        let plan = plan_json(&path, &[&branch, more].concat());
        assert_eq!((short(&plan).as_str(), &plan["scope"]), ("dev 1.2.1-0.dev.1", &Value::from("app")));
    }
    let wrong = plan(&path, &[&branch[..], &["--scope", "lib"]].concat());
    assert_eq!(wrong.status.code(), Some(2));
    assert!(stderr(&wrong).contains("is of the component `app`, and `lib` was named"), "{}", stderr(&wrong));
    let version = refgate(&path, &["version"], b"");
    assert_eq!(version.stdout, b"1.2.1-0.dev.1\n");
}

#[test]
fn a_single_number_is_not_released_where_others_are_versions() {
    let (_made, path) = cook("init; c; t v1.2.3; t 20241003; t 7; c");
    for tag in ["20241003", "7", "2024-10"] {
        assert_eq!(short(&plan_json(&path, &["--event", "tag", "--ref", tag])), "none -", "{tag}");
    }
    let (_made, path) = cook("init; c; t 6; c");
    for tag in ["6", "7"] {
        assert_eq!(short(&plan_json(&path, &["--event", "tag", "--ref", tag])), format!("release {tag}"));
    }
}

#[test]
fn a_project_without_a_release_publishes_what_leads_to_its_first() {
    let (_made, path) = cook("init; c 4; git checkout -q -b next; c");
    let branch = ["--event", "branch", "--ref", "next"];
    let none = plan(&path, &branch);
    assert_eq!(none.status.code(), Some(4));
    assert!(stderr(&none).contains("--first 0.1.0"), "{}", stderr(&none));
    let first = plan_json(&path, &[&branch[..], &["--first", "0.1.0", "--image", "a"]].concat());
    assert_eq!(short(&first), "dev 0.1.0.dev5");
    assert_eq!(first["images"], serde_json::json!(["a:0.1.0-0.dev.5"]));
    for wrong in ["x", "0.1.0.dev1", ""] {
        assert_eq!(plan(&path, &[&branch[..], &["--first", wrong]].concat()).status.code(), Some(2), "{wrong}");
    }
    git(&path, &["tag", "v0.2.0", "HEAD~1"]);
    assert_eq!(short(&plan_json(&path, &[&branch[..], &["--first", "0.1.0"]].concat())), "dev 0.2.1.dev1");
}
