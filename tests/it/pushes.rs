//! Real pushes: `git push` from a clone to a bare server that has the gate in a hook.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;

use serde_json::Value;

use crate::support::site::{HISTORY, POLICY, Setup, Site, USUAL, install};
use crate::support::{REFGATE, command, git, git_with, has_reftable, refgate, run, stderr};

/// Asserts that the same pushes get the same verdicts on every kind of server.
fn verdicts_hold_on(setup: Setup) {
    if setup.refs == "reftable" && !has_reftable() {
        return;
    }
    let site = Site::new(setup, POLICY, HISTORY);
    site.push(&["C:refs/heads/master"]).accepted();
    assert!(site.holds_label("refs/heads/master", "C"), "{setup:?}");

    site.push(&["W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
    assert_eq!(site.holds("refs/tags/1.15.9"), None, "{setup:?}");
    site.push(&["+N:refs/heads/master"]).refused(&["rewritten-history refs/heads/master"]);
    assert!(site.holds_label("refs/heads/master", "C"), "{setup:?}");
    site.push(&[":refs/heads/1.15"]).refused(&["deleted-ref refs/heads/1.15"]);
    assert!(site.holds_label("refs/heads/1.15", "F"), "{setup:?}");
    site.push(&["+P:refs/tags/1.15.1"]).refused(&["moved-tag refs/tags/1.15.1"]);
    assert!(site.holds_label("refs/tags/1.15.1", "T"), "{setup:?}");
    site.push(&["C:refs/heads/feature"]).refused(&["unlisted-branch refs/heads/feature"]);
    site.push(&["F:refs/tags/1.15.3"]).refused(&["lightweight-tag refs/tags/1.15.3"]);

    // The tag sits on a commit that only this push brings to its branch.
    let pushed = site.push(&["G:refs/heads/1.15", "U:refs/tags/1.15.2"]);
    pushed.accepted();
    assert!(pushed.text.lines().all(|line| !line.starts_with("remote: ")), "an accepted push is silent: {pushed:#?}");
    assert!(site.holds_label("refs/heads/1.15", "G") && site.holds_label("refs/tags/1.15.2", "U"), "{setup:?}");
    site.push(&["C:refs/heads/topic/a"]).accepted();
    site.push(&["+N:refs/heads/topic/a"]).accepted();
    site.push(&[":refs/heads/topic/a"]).accepted();
}

#[test]
fn verdicts_are_the_same_in_pre_receive_for_sha1_and_files() {
    verdicts_hold_on(USUAL);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn verdicts_are_the_same_in_pre_receive_for_sha1_and_reftable() {
    verdicts_hold_on(Setup { refs: "reftable", ..USUAL });
}

#[test]
fn verdicts_are_the_same_in_pre_receive_for_sha256_and_files() {
    verdicts_hold_on(Setup { objects: "sha256", ..USUAL });
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn verdicts_are_the_same_in_pre_receive_for_sha256_and_reftable() {
    verdicts_hold_on(Setup { objects: "sha256", refs: "reftable", ..USUAL });
}

#[test]
fn verdicts_are_the_same_in_update_for_sha1_and_files() {
    verdicts_hold_on(Setup { hook: "update", ..USUAL });
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn verdicts_are_the_same_in_update_for_sha1_and_reftable() {
    verdicts_hold_on(Setup { hook: "update", refs: "reftable", ..USUAL });
}

#[test]
fn verdicts_are_the_same_in_update_for_sha256_and_files() {
    verdicts_hold_on(Setup { hook: "update", objects: "sha256", ..USUAL });
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn verdicts_are_the_same_in_update_for_sha256_and_reftable() {
    verdicts_hold_on(Setup { hook: "update", objects: "sha256", refs: "reftable", ..USUAL });
}

#[test]
fn a_push_is_one_set_for_pre_receive() {
    let site = Site::usual();
    // In one set, one bad ref takes the good one with it, and everything that is wrong is reported at once.
    let pushed = site.push(&["C:refs/heads/master", "W:refs/tags/1.15.9", "C:refs/heads/feature"]);
    pushed.refused(&["misplaced-tag refs/tags/1.15.9", "unlisted-branch refs/heads/feature"]);
    assert_eq!(pushed.reports.len(), 1);
    assert!(site.holds_label("refs/heads/master", "B"));
    // A branch that is deleted in the same push no longer contains the tag.
    let policy = POLICY.replace("role = \"release\"", "role = \"release\"\ndeletable = true");
    std::fs::write(site.path("policy.toml"), policy).unwrap();
    site.push(&[":refs/heads/1.15", "J:refs/tags/1.15.7"]).refused(&["misplaced-tag refs/tags/1.15.7"]);
}

#[test]
fn the_update_hook_refuses_one_ref_and_an_atomic_push_all_of_them() {
    let site = Site::new(Setup { hook: "update", ..USUAL }, POLICY, HISTORY);
    site.push(&["--atomic", "C:refs/heads/master", "W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
    assert!(site.holds_label("refs/heads/master", "B"));
    site.push(&["C:refs/heads/master", "W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
    assert!(site.holds_label("refs/heads/master", "C"));
    assert_eq!(site.holds("refs/tags/1.15.9"), None);
}

#[test]
fn an_atomic_push_is_judged_and_applied_as_a_whole() {
    let site = Site::usual();
    site.push(&["--atomic", "G:refs/heads/1.15", "U:refs/tags/1.15.2"]).accepted();
    site.push(&["--atomic", "C:refs/heads/master", "+N:refs/heads/1.15"])
        .refused(&["rewritten-history refs/heads/1.15"]);
    assert!(site.holds_label("refs/heads/master", "B") && site.holds_label("refs/heads/1.15", "G"));
}

#[test]
fn pushed_objects_are_read_from_quarantine_loose_and_packed() {
    for limit in ["10000", "1"] {
        let site = Site::usual();
        git(&site.server, &["config", "receive.unpackLimit", limit]);
        site.push(&["G:refs/heads/1.15", "W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
        let known = run(command("git", &site.server).args(["cat-file", "-e", site.id("G")]), b"");
        assert!(!known.status.success(), "what was refused stays out");
        site.push(&["G:refs/heads/1.15", "U:refs/tags/1.15.2"]).accepted();
    }
}

#[test]
fn a_server_path_may_hold_what_separates_paths() {
    let site = Site::new(Setup { path: "od\"d:pa th/s:r.git", ..USUAL }, POLICY, HISTORY);
    site.push(&["W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
    site.push(&["G:refs/heads/1.15", "U:refs/tags/1.15.2"]).accepted();
}

#[test]
fn the_objects_may_be_named_by_relative_variables() {
    // Gitaly keeps a quarantine of its own around git's, and may name directories relative to the repository.
    let site = Site::usual();
    let quarantine = site.server.join("objects/tmp_objdir-outer");
    std::fs::create_dir(&quarantine).unwrap();
    for label in ["C", "G", "U", "W"] {
        let id = site.id(label);
        let loose = format!("{}/{}", &id[..2], &id[2..]);
        std::fs::create_dir_all(quarantine.join(&id[..2])).unwrap();
        let kind = git(&site.client, &["cat-file", "-t", id]);
        let content = run(command("git", &site.client).args(["cat-file", &kind, id]), b"").stdout;
        let mut write = command("git", &site.server);
        write.env("GIT_OBJECT_DIRECTORY", &quarantine).args(["hash-object", "-w", "-t", &kind, "--stdin"]);
        write.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", site.server.join("objects"));
        assert!(run(&mut write, &content).status.success());
        assert!(quarantine.join(loose).is_file());
    }
    let zero = "0".repeat(40);
    let ask = |input: String, named: bool| {
        let mut hook = command(REFGATE, &site.server);
        hook.args(["hook", "pre-receive"]).env("GIT_DIR", ".");
        if named {
            hook.env("GIT_OBJECT_DIRECTORY", "objects/tmp_objdir-outer");
            hook.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", "objects:./objects");
        }
        run(&mut hook, input.as_bytes())
    };
    let bad = format!("{zero} {} refs/tags/1.15.9\n", site.id("W"));
    let good = format!("{} {} refs/heads/1.15\n{zero} {} refs/tags/1.15.2\n", site.id("F"), site.id("G"), site.id("U"));
    let refused = ask(bad.clone(), true);
    assert_eq!(refused.status.code(), Some(1), "{}", stderr(&refused));
    let accepted = ask(good.clone(), true);
    assert_eq!(accepted.status.code(), Some(0), "{}", stderr(&accepted));
    // Without the variables the objects are nowhere, and nobody can say yes.
    for input in [bad, good] {
        assert_eq!(ask(input, false).status.code(), Some(4));
    }
}

#[test]
fn alternates_may_be_relative_and_nested() {
    let site = Site::usual();
    let (middle, far) = (site.path("deep/er/middle.git"), site.path("far.git"));
    for (path, objects) in [(&middle, "../../../../far.git/objects\n"), (&far, "")] {
        std::fs::create_dir_all(path).unwrap();
        git(path, &["init", "--quiet", "--bare", "--template=", "."]);
        std::fs::create_dir_all(path.join("objects/info")).unwrap();
        std::fs::write(path.join("objects/info/alternates"), objects).unwrap();
    }
    // All that the server had moves to the far end; it keeps its refs alone.
    std::fs::remove_dir_all(far.join("objects")).unwrap();
    std::fs::rename(site.server.join("objects"), far.join("objects")).unwrap();
    std::fs::create_dir_all(site.server.join("objects/info")).unwrap();
    std::fs::write(site.server.join("objects/info/alternates"), "# ours\n../../deep/er/middle.git/objects\n").unwrap();
    site.push(&["W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
    site.push(&["G:refs/heads/1.15", "U:refs/tags/1.15.2"]).accepted();
    // Cut in the middle, the history is gone: undecided, never a pass.
    std::fs::write(middle.join("objects/info/alternates"), "").unwrap();
    let line = format!("{} {} refs/heads/1.16\n", "0".repeat(40), site.id("G"));
    let asked = refgate(&site.server, &["hook", "pre-receive"], line.as_bytes());
    assert_eq!(asked.status.code(), Some(4), "{}", stderr(&asked));
}

#[test]
fn every_kind_of_tag_is_judged_by_what_it_names() {
    let script = format!(
        "{HISTORY}\nX = blob \"content\"\nV = tag 1.15.2 of T\nY = tag mark/blob of X\nZ = tag 1.15.3 of X\n\
         K = tag 1.15.4 of W\n"
    );
    let site = Site::new(USUAL, POLICY, &script);
    // A tag of a tag of a commit on its line.
    site.push(&["V:refs/tags/1.15.2"]).accepted();
    site.push(&["K:refs/tags/1.15.4"]).refused(&["misplaced-tag refs/tags/1.15.4"]);
    site.push(&["Z:refs/tags/1.15.3"]).refused(&["misplaced-tag refs/tags/1.15.3"]);
    site.push(&["X:refs/tags/1.15.3"]).refused(&["lightweight-tag refs/tags/1.15.3", "misplaced-tag refs/tags/1.15.3"]);
    let tree = git(&site.client, &["rev-parse", &format!("{}^{{tree}}", site.id("C"))]);
    let pushed = site.pushed(&site.git_push(&[], [format!("{tree}:refs/tags/1.15.3")]));
    pushed.refused(&["lightweight-tag refs/tags/1.15.3", "misplaced-tag refs/tags/1.15.3"]);
    // Markers may be anything, and stay where they are.
    site.push(&["Y:refs/tags/mark/blob"]).accepted();
    site.push(&["C:refs/tags/mark/light"]).accepted();
    site.push(&["+B:refs/tags/mark/light"]).refused(&["moved-tag refs/tags/mark/light"]);
    site.push(&[":refs/tags/mark/light"]).refused(&["deleted-ref refs/tags/mark/light"]);
    // git refuses a tree in refs/heads; refgate must not fail on it.
    let pushed = site.pushed(&site.git_push(&[], [format!("{tree}:refs/heads/topic/tree")]));
    assert!(!pushed.landed, "{pushed:#?}");
}

#[test]
fn a_symbolic_ref_is_judged_under_both_names() {
    for (refs, hook) in [("files", "pre-receive"), ("reftable", "pre-receive"), ("files", "update")] {
        if refs == "reftable" && !has_reftable() {
            continue;
        }
        let site = Site::new(Setup { refs, hook, ..USUAL }, POLICY, HISTORY);
        git(&site.server, &["symbolic-ref", "refs/heads/topic/alias", "refs/heads/master"]);
        let pushed = site.push(&["+N:refs/heads/topic/alias"]);
        pushed.refused(&["rewritten-history refs/heads/master"]);
        assert!(pushed.text.contains("by way of the symbolic ref refs/heads/topic/alias"), "{}", pushed.text);
        assert!(site.holds_label("refs/heads/master", "B"));
        site.push(&[":refs/heads/topic/alias"]).refused(&["deleted-ref refs/heads/master"]);
        site.push(&["C:refs/heads/topic/alias"]).accepted();
        assert!(site.holds_label("refs/heads/master", "C"));
    }
}

#[test]
fn replacements_are_refused_and_change_nothing_where_they_exist() {
    let site = Site::usual();
    let replace = format!("refs/replace/{}", site.id("B"));
    let pushed = site.pushed(&site.git_push(&[], [format!("{}:{replace}", site.id("F"))]));
    pushed.refused(&[&format!("foreign-ref {replace}")]);
    // The administrator's own: git would now show the tagged commit as one of the branch 1.15.
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("G")]);
    git(&site.server, &["update-ref", &replace, site.id("A")]);
    git(&site.server, &["update-ref", &format!("refs/replace/{}", site.id("F")), site.id("G")]);
    site.push(&["W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
    for name in ["refs/notes/commits", "refs/for/master", "refs/pull/1/head", "refs/meta/config"] {
        site.push(&[&format!("C:{name}")]).refused(&[&format!("foreign-ref {name}")]);
    }
}

#[test]
fn hostile_names_are_names() {
    let site = Site::usual();
    let bytes = |name: &[u8]| {
        let mut spec = OsString::from(format!("{}:", site.id("C")));
        spec.push(OsString::from_vec(name.to_vec()));
        spec
    };
    // Latin-1, an option, a command, a right-to-left override, a zero-width space.
    let good: [&[u8]; 5] = [
        b"refs/heads/topic/caf\xe9",
        b"refs/heads/topic/--help",
        b"refs/heads/topic/$(id)`id`;id",
        "refs/heads/topic/\u{202e}rts".as_bytes(),
        "refs/heads/topic/a\u{200b}b".as_bytes(),
    ];
    for name in good {
        site.pushed(&site.git_push(&[], [bytes(name)])).accepted();
    }
    let refused = |name: &[u8]| {
        let pushed = site.pushed(&site.git_push(&[], [bytes(name)]));
        assert!(!pushed.landed && pushed.findings().len() == 1, "{pushed:#?}");
        pushed.text
    };
    let latin = refused(b"refs/heads/caf\xe9");
    assert!(latin.contains(r"error[unlisted-branch]: no line of the policy has a branch `refs/heads/caf\xe9`"));
    assert!(!latin.contains("git push"), "a name that cannot be shown is in no command: {latin}");
    let command = refused(b"refs/heads/$(id)");
    let quoted = format!("git push origin {}:'refs/heads/topic/$(id)'", site.id("C"));
    assert!(command.contains(&quoted), "{command}");
    assert!(refused("refs/heads/\u{202e}x".as_bytes()).contains(r"refs/heads/\u{202e}x"));
    for option in [b"refs/heads/--upload-pack=x".as_slice(), b"refs/tags/-d"] {
        let text = refused(option);
        let is_option = |word: &str| word.starts_with("--upload-pack") || word == "-d";
        let commands = text.lines().filter_map(|line| line.split_once("  git ")).map(|(_, command)| command);
        for command in commands {
            let words: Vec<&str> = command.split_whitespace().collect();
            // `-d` is what `git update-ref` is given here too.
            let count = words.iter().filter(|word| is_option(word)).count();
            assert!(count <= usize::from(command.contains("update-ref -d refs/tags/-d")), "an option: {text}");
        }
    }
}

#[test]
fn push_options_do_no_harm() {
    let site = Site::usual();
    git(&site.server, &["config", "receive.advertisePushOptions", "true"]);
    site.push(&["--push-option=ci skip \"now\"", "--push-option=", "C:refs/heads/master"]).accepted();
    site.push(&["--push-option=refgate.skip", "W:refs/tags/1.15.9"]).refused(&["misplaced-tag refs/tags/1.15.9"]);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_thousand_refs_are_judged_in_one_push() {
    let site = Site::usual();
    let mut updates = String::new();
    for at in 0..1000 {
        let name = if at == 500 { "feature".to_owned() } else { format!("topic/{at}") };
        updates.push_str(&format!("update refs/heads/{name} {}\n", site.id("C")));
    }
    git_with(&site.client, &["update-ref", "--stdin"], updates.as_bytes());
    let pushed = site.pushed(&site.git_push(&["--all"], [] as [&str; 0]));
    pushed.refused(&["unlisted-branch refs/heads/feature"]);
    assert_eq!(pushed.reports[0]["updates"].as_array().unwrap().len(), 1000);
    git(&site.client, &["update-ref", "-d", "refs/heads/feature"]);
    site.pushed(&site.git_push(&["--all"], [] as [&str; 0])).accepted();
    assert_eq!(git(&site.server, &["for-each-ref", "refs/heads/topic"]).lines().count(), 999);
}

#[test]
fn pushes_at_the_same_time_do_not_disturb_each_other() {
    let site = Site::usual();
    let landed: Vec<bool> = std::thread::scope(|scope| {
        let pushes: Vec<_> = (0..6)
            .map(|at| {
                let site = &site;
                scope.spawn(move || {
                    let name = if at % 2 == 0 { format!("topic/{at}") } else { format!("other/{at}") };
                    let spec = format!("{}:refs/heads/{name}", site.id("C"));
                    site.git_push(&[], [spec]).status.success()
                })
            })
            .collect();
        pushes.into_iter().map(|push| push.join().unwrap()).collect()
    });
    assert_eq!(landed, [true, false, true, false, true, false]);
    // Every line of the log is whole.
    let log = std::fs::read_to_string(site.path("log")).unwrap();
    assert_eq!(log.lines().filter(|line| serde_json::from_str::<Value>(line).is_ok()).count(), 6);
}

/// Returns the findings of a report, which must be the same wherever it was judged.
fn findings(report: &Value) -> Value {
    assert_eq!(report["verdict"], "refused", "{report:#}");
    report["findings"].clone()
}

/// What is pushed, and the updates that it comes to: name, old, new.
type Case<'a> = (&'a [&'a str], &'a [(&'a str, &'a str, &'a str)]);

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_same_update_has_the_same_findings_in_every_place() {
    let script = format!("{HISTORY}\nL = tag 1.15.4 of B\nR = tag 1.15.1 of G\n");
    let cases: &[Case<'_>] = &[
        (&["L:refs/tags/1.15.4"], &[("refs/tags/1.15.4", "", "L")]),
        (&["F:refs/tags/1.15.4"], &[("refs/tags/1.15.4", "", "F")]),
        (&["+N:refs/heads/master"], &[("refs/heads/master", "B", "N")]),
        (&[":refs/heads/1.15"], &[("refs/heads/1.15", "F", "")]),
        (&["+R:refs/tags/1.15.1"], &[("refs/tags/1.15.1", "T", "R")]),
        (
            &["G:refs/heads/1.15", "U:refs/tags/1.15.2", "C:refs/heads/nope", "B:refs/notes/x"],
            &[
                ("refs/heads/1.15", "F", "G"),
                ("refs/tags/1.15.2", "", "U"),
                ("refs/heads/nope", "", "C"),
                ("refs/notes/x", "", "B"),
            ],
        ),
    ];
    let site = Site::new(USUAL, POLICY, &script);
    // A clone that has the objects as well, and tracks the server.
    git(&site.client, &["remote", "add", "origin", site.server.to_str().unwrap()]);
    git(&site.client, &["fetch", "--quiet", "origin"]);
    git(&site.client, &["config", "refgate.policy", site.path("policy.toml").to_str().unwrap()]);
    git(&site.client, &["config", "refgate.log", site.path("log").to_str().unwrap()]);
    let zero = "0".repeat(40);
    let id = |label: &str| if label.is_empty() { zero.clone() } else { site.id(label).to_owned() };
    for (specs, updates) in cases {
        let pushed = site.push(specs);
        assert!(!pushed.landed, "{pushed:#?}");
        let expected = findings(&pushed.reports[0]);
        let stage = |report: &Value, name: &str| assert_eq!(report["stage"], name);
        stage(&pushed.reports[0], "pre-receive");

        let refs: Vec<String> =
            updates.iter().map(|(name, old, new)| format!("--ref={name}={}..{}", id(old), id(new))).collect();
        let mut check = command(REFGATE, &site.client);
        let checked = run(check.args(["check", "--format=json"]).args(&refs), b"");
        let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
        assert_eq!(findings(&report), expected);
        stage(&report, "ci");

        let lines: String =
            updates.iter().map(|(name, old, new)| format!("{} {} {name}\n", id(old), id(new))).collect();
        let asked = refgate(&site.client, &["hook", "pre-receive", "--format=json"], lines.as_bytes());
        assert_eq!(findings(&serde_json::from_slice(&asked.stdout).unwrap()), expected);

        let _ = std::fs::remove_file(site.path("log"));
        install(&site.client, "pre-push");
        let words: Vec<String> = specs
            .iter()
            .map(|spec| {
                let (label, name) = spec.split_once(':').unwrap();
                let bare = label.trim_start_matches('+');
                format!(
                    "{}{}:{name}",
                    &label[..label.len() - bare.len()],
                    if bare.is_empty() { "" } else { site.id(bare) }
                )
            })
            .collect();
        let mut push = command("git", &site.client);
        let pushed = site.pushed(&run(push.args(["push", "origin"]).args(words), b""));
        std::fs::remove_file(site.client.join("hooks/pre-push")).unwrap();
        assert_eq!(pushed.reports.len(), 1, "it was stopped before anything was sent: {pushed:#?}");
        assert_eq!(findings(&pushed.reports[0]), expected);
        stage(&pushed.reports[0], "pre-push");
    }
}

#[test]
fn what_a_ref_shall_hold_has_to_exist() {
    let site = Site::usual();
    let missing = "1234567890123456789012345678901234567890";
    for line in [
        format!("{} {missing} refs/heads/topic/x\n", "0".repeat(40)),
        format!("{} {missing} refs/tags/mark/x\n", "0".repeat(40)),
        format!("{} {missing} refs/heads/master\n", site.id("B")),
    ] {
        let asked = refgate(&site.server, &["hook", "pre-receive"], line.as_bytes());
        assert_eq!(asked.status.code(), Some(4), "{line}{}", stderr(&asked));
        assert!(stderr(&asked).contains(&format!("object `{missing}` is missing")), "{}", stderr(&asked));
    }
}

#[test]
fn a_namespace_is_judged_by_its_own_refs() {
    let site = Site::usual();
    git(&site.server, &["update-ref", "refs/namespaces/a/refs/heads/master", site.id("B")]);
    let mut hook = command(REFGATE, &site.server);
    hook.args(["hook", "pre-receive"]).env("GIT_NAMESPACE", "a").env("GIT_DIR", ".");
    // The namespace has no branch 1.15, whatever the repository around it has.
    let line = format!("{} {} refs/tags/1.15.1\n", "0".repeat(40), site.id("T"));
    let asked = run(&mut hook, line.as_bytes());
    assert_eq!(asked.status.code(), Some(1), "{}", stderr(&asked));
    assert!(stderr(&asked).contains("`refs/heads/1.15`, and there is no such branch"), "{}", stderr(&asked));
}
