//! `refgate version`: setuptools_scm's answers, situations of our own, and what must hold in all of them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::support::recipe::{cook, for_all, oracle};
use crate::support::{git, has_reftable, json, refgate, stderr};

/// Returns the answer, or `!` and the exit code.
fn answer(directory: &Path, arguments: &[&str]) -> String {
    let output = refgate(directory, &[&["version"], arguments].concat(), b"");
    match output.status.code() {
        Some(0) => String::from_utf8(output.stdout).unwrap().trim_end().to_owned(),
        Some(code) => format!("!{code}"),
        None => panic!("killed: {}", stderr(&output)),
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn setuptools_scm_agrees_or_the_difference_has_a_reason() {
    let allowed: BTreeMap<&str, &str> = include_str!("../data/version_oracle.allow")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            assert!(fields.len() == 3 && fields[2].len() > 20, "a difference has a reason: {line}");
            (fields[0], fields[1])
        })
        .collect();
    let oracle = oracle();
    let situations = oracle["situations"].as_array().unwrap();
    assert!(situations.len() >= 49);
    let differences = for_all(situations, |situation| {
        let text = |key: &str| situation[key].as_str().unwrap();
        let lines: Vec<&str> =
            situation["recipe"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let (_made, path) = cook(&lines.join("\n"));
        let path = path.join(text("dir"));
        assert_eq!(git(&path, &["rev-parse", "HEAD"]), text("head"), "{}: another history", text("id"));
        let theirs = situation["setuptools_scm"]["guess-next-dev"].as_str().unwrap_or("!refuse");
        let wanted = allowed.get(text("id")).copied().unwrap_or(theirs);
        let ours = answer(&path, &[]);
        let mut found = Vec::new();
        if ours != wanted && !(ours.starts_with('!') && wanted == "!refuse") {
            found.push(format!("{}: wanted {wanted}, got {ours}", text("id")));
        }
        if allowed.contains_key(text("id")) && wanted == theirs {
            found.push(format!("{}: allowed to differ and does not", text("id")));
        }
        found
    });
    assert_eq!(differences, [""; 0]);
    let known: Vec<&str> = situations.iter().filter_map(|situation| situation["id"].as_str()).collect();
    assert!(allowed.keys().all(|id| known.contains(id)), "the list of differences names what is not there");
}

/// What is asked in a situation and what the answer is; `!4` is a refusal.
type Row = (&'static str, &'static [(&'static [&'static str], &'static str)]);

const SITUATIONS: &[Row] = &[
    // The state of the work tree.
    ("init; f; t v1.2.3; echo x >> f; git add f", &[(&[], "1.2.4.dev0"), (&["HEAD"], "1.2.3")]),
    ("init; f; t v1.2.3; echo x > untracked", &[(&[], "1.2.3"), (&["--local"], "1.2.3")]),
    ("init; f; t v1.2.3; f; rm f", &[(&[], "1.2.4.dev1")]),
    ("init; f; t v1.2.3; mkdir deep; cd deep; echo x >> ../f", &[(&[], "1.2.4.dev0")]),
    // Nothing to go by.
    ("init", &[(&[], "!4")]),
    ("init; c 3", &[(&[], "!4")]),
    ("init; c; t nightly", &[(&[], "!4")]),
    ("init; c; git checkout -q -b other; c; t v1.0.0; git checkout -q main", &[(&[], "!4"), (&["other"], "1.0.0")]),
    // The highest, not the nearest nor the newest.
    ("init; c; t v1.3.0; c; t v1.2.9; c 2", &[(&[], "1.3.1.dev3"), (&["HEAD~2"], "1.2.9"), (&["v1.3.0"], "1.3.0")]),
    ("init; c; t v1.9.0; c; t v1.10.0; c", &[(&[], "1.10.1.dev1")]),
    ("init; c; t v1.2.3; c; git checkout -q -b two; c; t v2.0.0; git checkout -q main", &[(&[], "1.2.4.dev1")]),
    (
        "init; c; t v1.2.3; git checkout -q -b side HEAD; c 2; t v1.2.4; git checkout -q main; c; m side; c",
        &[(&[], "1.2.5.dev3"), (&["HEAD^"], "1.2.5.dev2"), (&["HEAD^^"], "1.2.4.dev1")],
    ),
    // Spellings of one version: from the longest, and from each commit that was tagged so.
    ("init; c; t v1.2; t v1.2.0; c", &[(&[], "1.2.1.dev1")]),
    ("init; c; t v1.2.3; c 2; t 1.2.3; c", &[(&[], "1.2.4.dev1")]),
    // Pre-releases, post-releases, development versions.
    (
        "init; c; t v1.3.0rc1; c; t v1.3.0rc2; c",
        &[(&[], "1.3.0rc3.dev1"), (&["--spelling", "semver"], "1.3.0-rc.2.dev.1")],
    ),
    ("init; c; t v1.3.0.dev3; c", &[(&[], "!4"), (&["HEAD~1"], "1.3.0.dev3")]),
    ("init; c; t v1.3.0.dev0; c 2", &[(&[], "1.3.0.dev2"), (&["--spelling", "debian"], "1.3.0~~dev2")]),
    (
        "init; c; t v1.2.3.post1; c 2",
        &[
            (&[], "1.2.3.post2.dev2"),
            (&["--spelling", "semver"], "!4"),
            (&["--spelling", "docker"], "1.2.3.post2.dev2"),
        ],
    ),
    // What tags can be.
    ("init; c; t v1.2.3; git tag -a -m x v1.2.4 v1.2.3; c", &[(&[], "1.2.5.dev1")]),
    ("init; c; t v1.2.3; git update-ref refs/tags/v1.5.0 v1.2.3; c", &[(&[], "1.5.1.dev1")]),
    ("init; f; t v1.2.3; git tag v9.9.9 HEAD^{tree}; c", &[(&[], "1.2.4.dev1")]),
    ("init; c; t v1.2.3; git update-ref refs/tags/v2.0.0/x HEAD; c", &[(&[], "1.2.4.dev1")]),
    // Without a policy a single number or a date does not count beside real versions, and `RELEASE-` is no component.
    ("init; c; t v1.2.3; t 20241003; c", &[(&[], "1.2.4.dev1")]),
    ("init; c; t v1.2.3; t 2024-10; t 7; t v202410; c", &[(&[], "1.2.4.dev1")]),
    ("init; c; t nightly-20241003; c", &[(&[], "!4")]),
    ("init; c; t 7; c", &[(&[], "8.dev1")]),
    ("init; c; t v255.1; c; t v256; c", &[(&[], "257.dev1")]),
    ("init; c; t 4.5.0-rc4; c; t RELEASE-4.5.0; c", &[(&[], "4.5.1.dev1"), (&["HEAD~1"], "4.5.0")]),
    ("init; c; t gtk-3-3.24.1; c", &[(&["--scope", "gtk-3"], "3.24.2.dev1"), (&[], "3.24.2.dev1")]),
    // Components.
    (
        "init; c; t skaha-1.5.1; c; t cavern-0.8.0; c 2",
        &[
            (&[], "!2"),
            (&["--scope", "skaha"], "1.5.2.dev3"),
            (&["--scope", "cavern"], "0.8.1.dev2"),
            (&["--scope", "storage"], "!4"),
        ],
    ),
    (
        "init; c; t v3.5.0; t api/v3.4.0; t web@2.0.0; c",
        &[(&[], "3.5.1.dev1"), (&["--scope", "api"], "3.4.1.dev1"), (&["--scope", "web"], "2.0.1.dev1")],
    ),
    ("init; c; t storage-ui-0.10.0rc3; c", &[(&[], "0.10.0rc4.dev1"), (&["--scope", "storage"], "!4")]),
    // Revisions.
    (
        "init; c; t v1.2.3; c 2; git branch next; git branch v1.2.3",
        &[
            (&["refs/heads/next"], "1.2.4.dev2"),
            (&["v1.2.3"], "1.2.3"),
            (&["HEAD~1"], "1.2.4.dev1"),
            (&["absent"], "!2"),
            (&["--", "-x"], "!2"),
        ],
    ),
    // Cut off: only what is certain.
    (
        "mkdir up; cd up; init; c 3; t v1.2.3; c 2; cd ..; git clone -q --depth 3 file://$PWD/up down; rm -rf up; mv down up; cd up",
        &[(&[], "!4"), (&["v1.2.3"], "1.2.3")],
    ),
    (
        "mkdir up; cd up; init; c 3; t v1.2.3; cd ..; git clone -q --depth 1 file://$PWD/up down; cd down",
        &[(&[], "1.2.3")],
    ),
    // Where the repository stores what it knows.
    ("init; c; t v1.2.3; c 2; git commit-graph write --reachable; c", &[(&[], "1.2.4.dev3")]),
    ("init; c; t v1.2.3; c 2; git gc -q; git pack-refs --all", &[(&[], "1.2.4.dev2")]),
    ("init --ref-format=reftable; c; t v1.2.3; c 2", &[(&[], "1.2.4.dev2")]),
    ("init --object-format=sha256 --ref-format=reftable; c; t v1.2.3; c 2", &[(&[], "1.2.4.dev2")]),
    ("init; f; t v1.2.3; f; git worktree add -q --detach tree v1.2.3; cd tree; echo x >> f", &[(&[], "1.2.4.dev0")]),
    ("init; c; t v1.2.3; c 2; git clone -q --bare . bare.git; cd bare.git", &[(&[], "1.2.4.dev2")]),
];

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn situations_of_our_own() {
    let differences = for_all(SITUATIONS, |(recipe, questions)| {
        if recipe.contains("reftable") && !has_reftable() {
            return Vec::new();
        }
        // The directory that the recipe ends in is the one that is asked in.
        let (_made, path) = cook(&format!("{recipe}\npwd > \"$HOME/ends-in\""));
        let end = std::fs::read_to_string(path.join("ends-in")).unwrap();
        let ask = |(arguments, wanted): &(&[&str], &str)| {
            let ours = answer(Path::new(end.trim_end()), arguments);
            (ours != *wanted).then(|| format!("{recipe}: {arguments:?} is {ours}, wanted {wanted}"))
        };
        questions.iter().filter_map(ask).collect()
    });
    assert_eq!(differences, [""; 0]);
}

/// Releases are tagged on branches cut from main, one for each series.
const CUT: &str = r#"
    schema = 1
    name = "cut"
    [[line]]
    name = "main"
    branch = "main"
    role = "mainline"
    [[line]]
    name = "release"
    branch = "release-{major}.{minor}"
    role = "release"
    cut-from = "main"
    [[line]]
    name = "topic"
    branch = "topic/**"
    role = "topic"
    [[tag]]
    name = "version"
    tag = "v{version}"
    scheme = "semver"
    series = "{major}.{minor}"
    line = "release"
"#;

#[test]
fn a_mainline_goes_on_above_what_is_released_on_branches_cut_from_it() {
    let (_made, path) = cook(
        "init; c; t v0.1.0; git branch release-0.1; c; git checkout -q -b release-0.2; c; t v0.2.0; git checkout -q main; c 2; \
         git checkout -q -b release-0.3; c; t v0.3.0-rc.1; c; t v0.3.0; git checkout -q main; c 3; git branch topic/a; \
         git checkout -q -b topic/fix v0.2.0; c; git checkout -q release-0.2; c; git checkout -q release-0.3; c 2; \
         git checkout -q main",
    );
    std::fs::write(path.join(".refgate.toml"), CUT).unwrap();
    let ask = |arguments: &[&str]| answer(&path, arguments);
    assert_eq!(ask(&[]), "0.4.0-0.dev.3");
    assert_eq!(ask(&["--spelling", "pep440"]), "0.4.0.dev3");
    assert_eq!(ask(&["--spelling", "debian"]), "0.4.0~~dev3");
    assert_eq!(ask(&["--spelling", "docker"]), "0.4.0-0.dev.3");
    let commit: String = git(&path, &["rev-parse", "HEAD"]).chars().take(10).collect();
    assert_eq!(ask(&["--local"]), format!("0.4.0-0.dev.3+g{commit}"));
    assert_eq!(ask(&["HEAD~2"]), "0.4.0-0.dev.1");
    assert_eq!(ask(&["HEAD~3"]), "0.3.0-0.dev.2", "0.3 was cut there: only 0.2 is released before it");
    assert_eq!(ask(&["refs/heads/release-0.3"]), "0.3.1-0.dev.2");
    assert_eq!(ask(&["refs/heads/release-0.2"]), "0.2.1-0.dev.1");
    assert_eq!(ask(&["refs/heads/release-0.2^0"]), "0.2.1-0.dev.1", "a commit of a release branch");
    assert_eq!(ask(&["topic/a"]), "0.4.0-0.dev.3");
    assert_eq!(ask(&["topic/fix"]), "0.2.1-0.dev.1", "a topic of a release branch");
    let compare = |left: &str, right: &str| answer(&path, &["compare", left, right, "--scheme", "semver"]);
    assert_eq!(compare(&ask(&[]), "0.3.9"), ">");
    assert_eq!(compare(&ask(&[]), "0.4.0-alpha"), "<");
    // A candidate of the next series is enough: what is developed comes after that.
    git(&path, &["branch", "release-0.4"]);
    git(&path, &["checkout", "--quiet", "release-0.4"]);
    git(&path, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
    git(&path, &["tag", "v0.4.0-rc.1"]);
    git(&path, &["checkout", "--quiet", "main"]);
    assert_eq!(ask(&[]), "0.4.0-0.dev.3", "the commit is below the candidate");
    git(&path, &["commit", "--quiet", "--allow-empty", "--message", "y"]);
    assert_eq!(ask(&[]), "0.5.0-0.dev.1");
}

#[test]
fn a_line_that_is_merged_for_releases_goes_on_above_them() {
    let (_made, path) = cook(
        "init -b master; c; t 1.2.3; git checkout -q -b develop; c 2; git checkout -q master; m develop; t 1.3.0; \
         git checkout -q develop",
    );
    git(&path, &["config", "refgate.policy", "preset:brewblox"]);
    assert_eq!(answer(&path, &[]), "1.2.4.dev2", "it is in the release");
    git(&path, &["commit", "--quiet", "--allow-empty", "--message", "x"]);
    assert_eq!(answer(&path, &[]), "1.3.1.dev1");
}

#[test]
fn tags_that_nobody_can_read_are_counted() {
    let (_made, path) = cook("init; c; t curl-7_34_0; t curl-7_35_0; t nightly; c");
    let output = refgate(&path, &["version"], b"");
    assert_eq!(output.status.code(), Some(4));
    let said = stderr(&output);
    assert!(
        said.contains("none of this clone's tags (3, such as `refs/tags/curl-7_34_0`) is read as a version"),
        "{said}"
    );
    assert!(!said.contains("fetch the tags"), "{said}");
}

#[test]
fn a_first_version_is_asked_for() {
    let (_made, path) = cook("init; c 3");
    assert_eq!(answer(&path, &[]), "!4");
    assert_eq!(answer(&path, &["--first", "0.1.0"]), "0.1.0.dev3");
    assert_eq!(answer(&path, &["--first", "v0.1.0", "--spelling", "semver"]), "0.1.0-0.dev.3");
    assert_eq!(answer(&path, &["--first", "0.1.0", "HEAD~1"]), "0.1.0.dev2");
    assert_eq!(answer(&path, &["--first", "later"]), "!2");
    std::fs::write(path.join(".refgate.toml"), CUT).unwrap();
    assert_eq!(answer(&path, &["--first", "0.1.0"]), "0.1.0-0.dev.3", "in the scheme of the policy");
    assert_eq!(answer(&path, &["--first", "0.1"]), "!2");
}

#[test]
fn an_image_tag_that_cannot_be_is_said_of_the_image_tag() {
    let empty = tempfile::tempdir().unwrap();
    let output = refgate(empty.path(), &["version", "parse", "4.0.0.pre", "--scheme", "dotted"], b"");
    let text = String::from_utf8(output.stdout).unwrap();
    let docker = text.lines().find(|line| line.trim_start().starts_with("docker")).unwrap().to_owned();
    assert!(!docker.contains("no pep440 spelling"), "{text}");
}

#[test]
fn every_spelling_of_a_local_version_is_legal() {
    let (_made, path) = cook("init; f; t v1.2.3; f; echo x >> f");
    let commit: String = git(&path, &["rev-parse", "HEAD"]).chars().take(10).collect();
    let local = |spelling| answer(&path, &["--local", "--spelling", spelling]);
    assert_eq!(local("pep440"), format!("1.2.4.dev1+g{commit}.dirty"));
    assert_eq!(local("semver"), format!("1.2.4-0.dev.1+g{commit}.dirty"));
    assert_eq!(local("docker"), format!("1.2.4-0.dev.1-g{commit}.dirty"));
    assert_eq!(local("debian"), format!("1.2.4~~dev1+0g{commit}.dirty"));
    // Another commit than HEAD has no work tree.
    assert_eq!(answer(&path, &["--local", "HEAD"]), format!("1.2.4.dev1+g{commit}"));
}

#[test]
fn a_refusal_says_what_to_do() {
    let (_made, path) = cook("init; c; t skaha-1.5.1; t cavern-0.8.0");
    let output = refgate(&path, &["version"], b"");
    assert_eq!(
        stderr(&output),
        "error: Failure encountered while: finding the version of HEAD - the release tags are of 2 components \
         (`cavern` and `skaha`), and none was named\n    hint: name one with `--scope`\n"
    );
    let (_made, path) =
        cook("mkdir up; cd up; init; c 3; t v1.2.3; c 2; cd ..; git clone -q --depth 3 file://$PWD/up down");
    let output = refgate(&path.join("down"), &["version"], b"");
    assert!(stderr(&output).contains("(shallow clone)"), "{}", stderr(&output));
    assert!(stderr(&output).contains("git fetch --unshallow --tags"), "{}", stderr(&output));
}

#[test]
fn the_policy_says_which_tags_are_releases() {
    let policy = r#"
        schema = 1
        name = "eras"
        [[line]]
        name = "topic"
        branch = "topic/**"
        role = "topic"
        [[tag]]
        name = "branch-point"
        tag = "{version}-start"
        kind = "marker"
        [[tag]]
        name = "component"
        tag = "{scope}-{version}"
        scheme = "semver"
        [[tag]]
        name = "number"
        tag = "{version}"
        scheme = "semver"
        era = 1
        [[tag]]
        name = "year"
        tag = "y{version}"
        scheme = "calver:YYYY.Q"
    "#;
    let (_made, path) =
        cook("init; c; t y2015.4; c; t 13.0.0-start; c; git branch old; t 12.0.0; t v99.0.0; t api-3.0.0-rc.1; c");
    std::fs::write(path.join(".refgate.toml"), policy).unwrap();
    assert_eq!(answer(&path, &[]), "12.0.1-0.dev.1", "the later era, in the spelling of its scheme");
    assert_eq!(answer(&path, &["--spelling", "pep440"]), "12.0.1.dev1");
    assert_eq!(answer(&path, &["HEAD~2"]), "2016.1.dev1", "the quarter after the last");
    assert_eq!(answer(&path, &["--scope", "api"]), "3.0.0-rc.1.dev.1");
    assert_eq!(answer(&path, &["--policy", "preset:brewblox"]), "99.0.1.dev1");
    git(&path, &["config", "refgate.policy", "preset:brewblox"]);
    assert_eq!(answer(&path, &[]), "99.0.1.dev1");
    git(&path, &["config", "refgate.policy", "preset:absent"]);
    assert_eq!(answer(&path, &[]), "!3");
}

#[test]
fn on_topic_branches_the_image_tag_is_that_of_the_branch() {
    let (_made, path) = cook(
        "init -b develop; c; t v1.2.3; c 5; git checkout -q -b feature/Implement-Doodad; c; git branch ann/latest; git branch ann/v2.0.0",
    );
    let docker = |arguments: &[&str]| {
        answer(&path, &[&["--policy", "preset:brewblox", "--spelling", "docker"], arguments].concat())
    };
    assert_eq!(docker(&[]), "feature-implement-doodad");
    assert_eq!(docker(&["feature/Implement-Doodad"]), "feature-implement-doodad");
    assert_eq!(
        docker(&["refs/heads/develop"]),
        "develop",
        "where features meet, each build takes the place of the last"
    );
    assert_eq!(docker(&["HEAD~1"]), "1.2.4-0.dev.5");
    let commit: String = git(&path, &["rev-parse", "HEAD"]).chars().take(10).collect();
    assert_eq!(docker(&["--local"]), format!("feature-implement-doodad-g{commit}"));
    git(&path, &["config", "refgate.policy", "preset:brewblox"]);
    assert_eq!(answer(&path, &[]), "1.2.4.dev6", "only the image has the branch's name");
}

#[test]
fn an_image_of_a_branch_is_never_where_a_release_is_looked_for() {
    let policy = r#"
        schema = 1
        name = "topics"
        [[line]]
        name = "topic"
        branch = "**"
        role = "topic"
        [[tag]]
        name = "version"
        tag = "v{version}"
        scheme = "semver"
    "#;
    let (_made, path) =
        cook("init; c; t v1.2.3; c; git branch latest; git branch v2.0.0; git branch 1.2.4-rc.1; git branch fix-1.2");
    std::fs::write(path.join(".refgate.toml"), policy).unwrap();
    for (branch, wanted) in
        [("latest", "!4"), ("refs/heads/v2.0.0", "!4"), ("1.2.4-rc.1", "!4"), ("fix-1.2", "fix-1.2")]
    {
        assert_eq!(answer(&path, &["--spelling", "docker", branch]), wanted, "{branch}");
    }
}

#[test]
fn versions_are_compared_parsed_and_counted_on() {
    let empty = tempfile::tempdir().unwrap();
    let ask = |arguments: &[&str]| answer(empty.path(), arguments);
    assert_eq!(ask(&["compare", "1.2.4.dev5", "1.2.4", "--scheme", "pep440"]), "<");
    assert_eq!(ask(&["compare", "1.0", "1.0.0", "--scheme", "pep440"]), "=");
    assert_eq!(ask(&["compare", "1.10.0", "1.9.0", "--scheme", "semver"]), ">");
    assert_eq!(ask(&["compare", "0.99.9a", "0.99.9", "--scheme", "dotted"]), ">");
    assert_eq!(ask(&["compare", "0.99.9a", "0.99.9", "--scheme", "dotted:letters=pre"]), "<");
    assert_eq!(ask(&["compare", "a-1.0-1", "b-1.0-1", "--scheme", "nvr"]), "!2");
    assert_eq!(ask(&["compare", "1.0", "x", "--scheme", "semver"]), "!2");
    assert_eq!(ask(&["compare", "1.0", "1.0", "--scheme", "semvar"]), "!2");
    assert_eq!(ask(&["next", "1.2.3", "--scheme", "semver"]), "1.2.4");
    assert_eq!(ask(&["next", "1.2.3", "--scheme", "semver", "--bump", "minor"]), "1.3.0");
    assert_eq!(ask(&["next", "2.0.0-rc.1", "--scheme", "semver", "--bump", "major"]), "2.0.0");
    assert_eq!(ask(&["next", "2025.4", "--scheme", "calver:YYYY.Q"]), "2026.1");
    assert_eq!(ask(&["next", "2025.4", "--scheme", "calver:YYYY.Q", "--bump", "minor"]), "!2");
    assert_eq!(
        ask(&["parse", "1.3.0rc1", "--scheme", "pep440"]),
        "1.3.0rc1, a pre-release of the scheme pep440\n  major    1\n  minor    3\n  patch    0\n  micro    0\n  \
         pep440   1.3.0rc1\n  semver   1.3.0-rc.1\n  docker   1.3.0-rc.1\n  debian   1.3.0~rc1"
    );
    let output = refgate(empty.path(), &["version", "parse", "1:2.0-1", "--scheme", "debian", "--format", "json"], b"");
    let parsed = json(&output);
    assert_eq!(parsed["schema"], "refgate.version/v1");
    assert_eq!(parsed["epoch"], 1);
    assert_eq!(parsed["release"], serde_json::json!([2, 0]));
    assert_eq!(parsed["components"]["revision"], "1");
    assert_eq!(parsed["spellings"]["pep440"], serde_json::Value::Null);
    assert_eq!(parsed["spellings"]["debian"], "1:2.0-1");
}
