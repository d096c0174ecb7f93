//! Pushes out of clones: the gate in pre-push, where the history may end too soon.

use std::path::{Path, PathBuf};

use serde_json::json;

use crate::support::site::{HISTORY, POLICY, Pushed, Site, USUAL, install};
use crate::support::{command, git, refgate, run, stderr};

/// Makes a clone with a work tree, the server as `origin`, and the gate in its pre-push hook.
fn clone(site: &Site, name: &str, options: &[&str]) -> PathBuf {
    let path = site.path(name);
    let url = format!("file://{}", site.server.display());
    let mut arguments = vec!["clone", "--quiet", "--template="];
    arguments.extend(options);
    arguments.extend([url.as_str(), path.to_str().unwrap()]);
    git(site.path(".").as_path(), &arguments);
    git(&path, &["config", "refgate.log", site.path("log").to_str().unwrap()]);
    git(&path, &["config", "refgate.policy", site.path("policy.toml").to_str().unwrap()]);
    install(&path, "pre-push");
    path
}

fn push_from(site: &Site, directory: &Path, arguments: &[&str]) -> Pushed {
    let mut push = command("git", directory);
    push.arg("push").args(arguments);
    site.pushed(&run(&mut push, b""))
}

fn commit(directory: &Path, message: &str) -> String {
    git(directory, &["commit", "--quiet", "--allow-empty", "--message", message]);
    git(directory, &["rev-parse", "HEAD"])
}

/// Removes the gate from the server: only the clone's gate can stop a push.
fn only_the_clone_judges(site: &Site) {
    std::fs::remove_file(site.server.join("hooks/pre-receive")).unwrap();
}

#[test]
fn a_work_tree_of_a_clone_is_judged_before_anything_is_sent() {
    let site = Site::usual();
    only_the_clone_judges(&site);
    let clone = clone(&site, "clone", &[]);
    let tree = site.path("linked");
    git(&clone, &["worktree", "add", "--quiet", "-b", "topic/x", tree.to_str().unwrap(), "origin/1.15"]);
    // The policy of the branch that is checked out, where nothing else names one.
    git(&clone, &["config", "--unset", "refgate.policy"]);
    std::fs::write(tree.join(".refgate.toml"), POLICY).unwrap();
    commit(&tree, "work");
    push_from(&site, &tree, &["origin", "HEAD:refs/heads/feature"]).refused(&["unlisted-branch refs/heads/feature"]);
    push_from(&site, &tree, &["origin", "HEAD:refs/heads/topic/x"]).accepted();
    let rewritten = push_from(&site, &tree, &["origin", "+HEAD~2:refs/heads/1.15"]);
    rewritten.refused(&["rewritten-history refs/heads/1.15"]);
    git(&tree, &["tag", "--annotate", "--message", "m", "1.15.5"]);
    push_from(&site, &tree, &["origin", "1.15.5"]).refused(&["misplaced-tag refs/tags/1.15.5"]);
    push_from(&site, &tree, &["origin", "HEAD:1.15", "1.15.5"]).accepted();
    // Nothing to push, a deletion, a dry run.
    let nothing = push_from(&site, &tree, &["origin", "1.15.5"]);
    assert!(nothing.landed, "{nothing:#?}");
    push_from(&site, &tree, &["origin", ":refs/heads/1.15"]).refused(&["deleted-ref refs/heads/1.15"]);
    let dry = push_from(&site, &tree, &["--dry-run", "origin", "HEAD:refs/heads/feature"]);
    dry.refused(&["unlisted-branch refs/heads/feature"]);
}

#[test]
fn a_submodule_has_a_gate_of_its_own() {
    let site = Site::usual();
    only_the_clone_judges(&site);
    let parent = site.path("parent");
    git(site.path(".").as_path(), &["init", "--quiet", "--template=", parent.to_str().unwrap()]);
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    git(&parent, &[&add[..], &[site.server.to_str().unwrap(), "inner"]].concat());
    let inner = parent.join("inner");
    git(&inner, &["config", "refgate.log", site.path("log").to_str().unwrap()]);
    std::fs::write(inner.join(".refgate.toml"), POLICY).unwrap();
    install(&inner, "pre-push");
    let work = commit(&inner, "work");
    push_from(&site, &inner, &["origin", "HEAD:refs/heads/feature"]).refused(&["unlisted-branch refs/heads/feature"]);
    push_from(&site, &inner, &["origin", "HEAD:refs/heads/master"]).accepted();
    assert_eq!(site.holds("refs/heads/master"), Some(work));
}

#[test]
fn a_shallow_clone_is_undecided_where_its_history_ends_too_soon() {
    let site = Site::usual();
    let clone = clone(&site, "clone", &["--depth=1", "--no-single-branch"]);
    // What needs no history is decided.
    push_from(&site, &clone, &["origin", "HEAD:refs/heads/feature"]).refused(&["unlisted-branch refs/heads/feature"]);
    commit(&clone, "work");
    push_from(&site, &clone, &["origin", "HEAD:refs/heads/master"]).accepted();
    // The tagged commit is an ancestor of 1.15, or is it?
    git(&clone, &["fetch", "--quiet", "--depth=1", "origin", "refs/heads/master"]);
    git(&clone, &["tag", "--annotate", "--message", "m", "1.15.6", "FETCH_HEAD"]);
    let pushed = push_from(&site, &clone, &["origin", "1.15.6"]);
    assert!(!pushed.landed, "{pushed:#?}");
    assert_eq!((&pushed.reports[0]["verdict"], &pushed.reports[0]["exit_code"]), (&json!("undecided"), &json!(4)));
    assert!(pushed.text.contains("Failure encountered while: checking the place of refs/tags/1.15.6 - "));
    assert!(pushed.text.contains("git fetch --unshallow"), "{}", pushed.text);
    git(&clone, &["fetch", "--quiet", "--unshallow"]);
    push_from(&site, &clone, &["origin", "1.15.6"]).refused(&["misplaced-tag refs/tags/1.15.6"]);
}

#[test]
fn what_a_clone_of_one_branch_leaves_to_the_server_it_judges_once_it_tracks_all() {
    let site = Site::usual();
    only_the_clone_judges(&site);
    for (options, tag) in [(&["--depth=1"][..], "1.15.6"), (&["--single-branch"], "1.15.8")] {
        let clone = clone(&site, &format!("clone-of-{tag}"), options);
        git(&clone, &["tag", "--annotate", "--message", "m", tag]);
        let pushed = push_from(&site, &clone, &["--dry-run", "origin", tag]);
        assert!(pushed.landed && pushed.text.contains("left to the server"), "{pushed:#?}");
        let hint = pushed.text.split('`').find(|text| text.starts_with("git remote set-branches")).unwrap();
        let mut followed = command("sh", &clone);
        followed.args(["-c", hint]);
        assert!(run(&mut followed, b"").status.success(), "{hint}");
        if options == ["--depth=1"] {
            git(&clone, &["fetch", "--quiet", "--unshallow"]);
        }
        push_from(&site, &clone, &["origin", tag]).refused(&[&format!("misplaced-tag refs/tags/{tag}")]);
    }
}

#[test]
fn a_declaration_below_the_end_of_a_shallow_clone_is_no_pass() {
    let script = format!(
        "{HISTORY}\nE = commit \"the end\" parents F trailer \"End-of-Life: 2020-01-01\"\n\
         H = commit \"one more\" parents E\nI = commit \"and another\" parents H\nrefs/heads/1.14 = H\n"
    );
    let site = Site::new(USUAL, POLICY, &script);
    site.push(&["I:refs/heads/1.14"]).refused(&["retired-line refs/heads/1.14"]);
    only_the_clone_judges(&site);
    let clone = clone(&site, "clone", &["--depth=1", "--no-single-branch"]);
    git(&clone, &["checkout", "--quiet", "1.14"]);
    commit(&clone, "work");
    let pushed = push_from(&site, &clone, &["origin", "HEAD"]);
    assert!(!pushed.landed, "{pushed:#?}");
    assert_eq!(pushed.reports[0]["verdict"], "undecided");
}

#[test]
fn a_partial_clone_is_judged_by_the_history_it_has() {
    let script = HISTORY.replace("\"second\" parents A", "\"second\" parents A file .refgate.toml \"schema = 1\"");
    let site = Site::new(USUAL, POLICY, &script);
    git(&site.server, &["config", "uploadpack.allowFilter", "true"]);
    let clone = clone(&site, "clone", &["--filter=tree:0", "--no-checkout"]);
    push_from(&site, &clone, &["origin", "origin/master:refs/heads/topic/x"]).accepted();
    git(&clone, &["tag", "--annotate", "--message", "m", "1.15.6", "origin/master"]);
    push_from(&site, &clone, &["origin", "1.15.6"]).refused(&["misplaced-tag refs/tags/1.15.6"]);
    // The policy itself was left out of the clone: nothing is fetched behind the user's back.
    git(&clone, &["config", "refgate.policy", "ref:origin/master:.refgate.toml"]);
    let asked = refgate(&clone, &["check", "--ref", &format!("refs/heads/topic/x={}..{0}", site.id("B"))], b"");
    assert!([3, 4].contains(&asked.status.code().unwrap()), "{}", stderr(&asked));
    assert!(stderr(&asked).contains("is not in this partial clone"), "{}", stderr(&asked));
}

#[test]
fn a_forced_push_over_commits_that_were_never_fetched_is_undecided() {
    let site = Site::usual();
    let clone = clone(&site, "clone", &[]);
    site.push(&["C:refs/heads/master"]).accepted();
    commit(&clone, "elsewhere");
    let pushed = push_from(&site, &clone, &["--force", "origin", "HEAD:refs/heads/master"]);
    assert!(!pushed.landed, "{pushed:#?}");
    assert_eq!((pushed.reports.len(), &pushed.reports[0]["verdict"]), (1, &json!("undecided")));
    assert!(pushed.text.contains("fetch first"), "{}", pushed.text);
}
