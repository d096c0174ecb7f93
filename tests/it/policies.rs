//! Policies from outside: where they come from, how layers meet, what a level does, and what the schema says.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::site::{HISTORY, POLICY, Pushed, Site, USUAL};
use crate::support::{REFGATE, command, git, refgate, run, stderr};

fn with(policy: &str, more: &str) -> String {
    format!("{policy}\n{more}\n")
}

/// Judges one update with a policy; gives the exit code, the report and the text for people.
fn judge(site: &Site, policy: &str, update: &str) -> (i32, Value, String) {
    std::fs::write(site.path("policy.toml"), policy).unwrap();
    let words: Vec<&str> = update.split_whitespace().collect();
    let id = |label: &str| if label == "0" { "0".repeat(40) } else { site.id(label).to_owned() };
    let argument = format!("--ref={}={}..{}", words[0], id(words[1]), id(words[2]));
    let policy = site.path("policy.toml");
    let common = ["check", "--policy", policy.to_str().unwrap(), argument.as_str()];
    let machine = refgate(&site.client, &[&common[..], &["--format=json"]].concat(), b"");
    let people = refgate(&site.client, &common, b"");
    assert_eq!(machine.status.code(), people.status.code(), "{}{}", stderr(&machine), stderr(&people));
    let report = serde_json::from_slice(&machine.stdout).unwrap_or(Value::Null);
    (people.status.code().unwrap(), report, stderr(&people))
}

#[test]
fn a_level_decides_what_comes_of_a_finding() {
    let site = Site::usual();
    for (level, code, findings, shown) in
        [("off", 0, 0, false), ("observe", 0, 1, false), ("warn", 0, 1, true), ("refuse", 1, 1, true)]
    {
        let policy = with(POLICY, &format!("[rules.misplaced-tag]\nlevel = \"{level}\""));
        let (found, report, text) = judge(&site, &policy, "refs/tags/1.15.9 0 W");
        assert_eq!(found, code, "{level}: {text}");
        assert_eq!(report["findings"].as_array().unwrap().len(), findings, "{level}");
        assert_eq!(text.contains("[misplaced-tag]"), shown, "{level}: {text}");
    }
    // A warning is shown and lets the push through.
    std::fs::write(site.path("policy.toml"), with(POLICY, "[rules.misplaced-tag]\nlevel = \"warn\"")).unwrap();
    let pushed = site.push(&["W:refs/tags/1.15.9"]);
    pushed.accepted();
    assert!(pushed.text.contains("warning[misplaced-tag]"), "{}", pushed.text);
}

#[test]
fn what_is_older_than_the_rule_is_not_judged() {
    let site = Site::usual();
    let code = |since: &str| {
        let policy = with(POLICY, &format!("[rules.misplaced-tag]\nsince = \"{since}\""));
        judge(&site, &policy, "refs/tags/1.15.9 0 W").0
    };
    // Every commit here is of 2023-11-14.
    assert_eq!((code("2023-11-15"), code("2023-11-14"), code("2020-01-01")), (0, 1, 1));
    // The commit itself and what is before it.
    assert_eq!((code(site.id("B")), code(site.id("C")), code(site.id("A"))), (0, 0, 1));
    assert_eq!((code("yesterday"), code("2023-02-30"), code("1234")), (3, 3, 3));
    // The commit that names the time is missing: nobody can know.
    assert_eq!(code(&"1".repeat(40)), 4);
    // A deletion happens now, however old the deleted ref is.
    let policy = with(POLICY, "[rules.deleted-ref]\nsince = \"2024-01-01\"");
    assert_eq!(judge(&site, &policy, "refs/heads/1.15 F 0").0, 1);
}

#[test]
fn a_commit_is_not_older_than_what_it_stands_on() {
    let policy = "schema = 1\nname = 'x'\n[[line]]\nname = 'm'\nbranch = 'master'\nrole = 'mainline'\n\
        refuses-changes = ['feature']\n[[line]]\nname = 't'\nbranch = 'topic/**'\nrole = 'topic'\n\
        [[tag]]\nname = 'v'\ntag = 'v{version}'\nscheme = 'semver'\nline = 'm'\n\
        [rules.misplaced-change]\nsince = '2023-01-01'\n[rules.misplaced-tag]\nsince = '2023-01-01'\n\
        [rules.lightweight-tag]\nlevel = 'off'\n";
    // 2001, 2020 and 2023-11-14.
    let script = "A = commit \"first\" at 1600000000\n\
        B = commit \"fix: new\" parents A\n\
        C = commit \"feat: backdated\" parents B at 1000000000\n\
        D = commit \"fix: in between\" parents B at 1000000000\n\
        E = commit \"feat: backdated\" parents D at 1000000000\n\
        F = commit \"feat: old\" parents A at 1600000001\n\
        G = commit \"Merge\" parents B F\n\
        refs/heads/master = B\nrefs/heads/topic/x = C\n";
    let site = Site::new(USUAL, policy, script);
    site.push(&["C:refs/heads/master"]).refused(&["misplaced-change refs/heads/master"]);
    site.push(&["E:refs/heads/master"]).refused(&["misplaced-change refs/heads/master"]);
    site.push(&["E:refs/tags/v1.0.0"]).refused(&["misplaced-tag refs/tags/v1.0.0"]);
    // A commit on top of old commits is as old as it says.
    site.push(&["G:refs/heads/master"]).accepted();
    site.push(&["F:refs/tags/v0.9.0"]).accepted();
}

#[test]
fn a_rule_looks_at_the_refs_it_is_for() {
    let site = Site::usual();
    let code =
        |more: &str| judge(&site, &with(POLICY, &format!("[rules.misplaced-tag]\n{more}")), "refs/tags/1.15.9 0 W").0;
    assert_eq!(code("only = [\"refs/tags/1.15.*\"]"), 1);
    assert_eq!(code("only = \"refs/tags/1.14.*\""), 0);
    assert_eq!(code("except = [\"refs/tags/1.15.*\"]"), 0);
    assert_eq!(code("except = [\"1.15.*\"]"), 3, "refs are named in full");
    assert_eq!(code("only = \"refs/tags/**\"\nexcept = \"refs/tags/{major}.15.{patch}\""), 0);
    assert_eq!(code("only = []"), 3);
}

#[test]
fn layers_add_and_weaken_only_what_is_left_open() {
    let site = Site::usual();
    let org = |more: &str| with(&POLICY.replace("name = \"example\"", "name = \"org\""), more);
    let own = |more: &str| format!("schema = 1\nname = \"own\"\nextends = [\"org.toml\"]\n{more}\n");
    let code = |upper: &str, lower: &str| {
        std::fs::write(site.path("org.toml"), upper).unwrap();
        let (code, report, text) = judge(&site, &own(lower), "refs/tags/1.15.9 0 W");
        assert!(code == 3 || report["policy"]["name"] == "own");
        (code, text)
    };
    let strict = org("[rules.misplaced-tag]\nlevel = \"refuse\"");
    let lower = "[rules.misplaced-tag]\nlevel = \"warn\"";
    assert_eq!(code(&strict, "").0, 1);
    for (weakening, deed) in [
        (lower, "a lower level of `misplaced-tag` is not left open"),
        ("[rules.misplaced-tag]\nsince = \"2024-01-01\"", "another `since`"),
        ("[rules.misplaced-tag]\nexcept = \"refs/tags/**\"", "a narrower choice of refs"),
        ("[[line]]\nname = \"release\"\nbranch = \"**\"\nrole = \"release\"", "the line `release`"),
        ("[[tag]]\nname = \"any\"\ntag = \"**\"\nkind = \"ignore\"", "the tag class `any`"),
    ] {
        let (code, text) = code(&strict, weakening);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains(deed) && text.contains("open = ["), "{text}");
    }
    // What the upper layer leaves open.
    assert_eq!(code(&format!("open = [\"misplaced-tag\"]\n{strict}"), lower).0, 0);
    assert_eq!(code(&format!("open = [\"*\"]\n{strict}"), lower).0, 0);
    assert_eq!(code(&format!("open = [\"moved-tag\"]\n{strict}"), lower).0, 3);
    let ignore = "[[tag]]\nname = \"any\"\ntag = \"**\"\nkind = \"ignore\"";
    assert_eq!(code(&format!("open = [\"tag\"]\n{strict}"), ignore).0, 0);
    // Tightening needs no permission.
    let lax = org("[rules.misplaced-tag]\nlevel = \"warn\"");
    assert_eq!(code(&lax, "").0, 0);
    assert_eq!(code(&lax, "[rules.misplaced-tag]\nlevel = \"refuse\"").0, 1);
    // What the upper layer does not mention has its default.
    for weakening in [lower, "[rules.misplaced-tag]\nsince = \"2024-01-01\"", "[rules.misplaced-tag]\nlevel = \"off\""]
    {
        let (refused, text) = code(&org(""), weakening);
        assert_eq!(refused, 3, "{text}");
        assert!(text.contains("of `misplaced-tag` is not left open by `") && text.contains("org.toml`"), "{text}");
        assert_eq!(code(&format!("open = [\"misplaced-tag\"]\n{}", org("")), weakening).0, 0);
    }
    assert_eq!(code(&org(""), "[rules.misplaced-tag]\nlevel = \"refuse\"").0, 1);
    assert_eq!(code(&org(""), "[rules.version-gap]\nlevel = \"warn\"\nsince = \"2024-01-01\"").0, 1, "off by itself");
    // An upper layer's own mistake is shown in the upper layer's file.
    let (broken, text) = code(&strict.replace("[rules.", "[ruels."), "");
    assert_eq!(broken, 3);
    assert!(text.contains("org.toml:") && text.contains("unknown key `ruels`; did you mean `rules`?"), "{text}");
}

#[test]
fn a_word_of_open_that_means_nothing_is_shown_at_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let check = |open: &str| {
        let text = POLICY.replacen("schema = 1\n", &format!("schema = 1\nopen = {open}\n"), 1);
        std::fs::write(folder.path().join("p.toml"), text).unwrap();
        let output = refgate(folder.path(), &["policy", "check", "p.toml"], b"");
        (output.status.code().unwrap(), stderr(&output))
    };
    for (open, place, said) in [
        ("[\"misplaced-tga\"]", "p.toml:3:9", "`open` takes no `misplaced-tga`; did you mean `misplaced-tag`?"),
        ("[\"line\", \"flow\"]", "p.toml:3:17", "`open` takes no `flow`"),
        ("[\n\"version-filed\"]", "p.toml:4:1", "`open` takes no `version-filed`; did you mean `version-field`?"),
    ] {
        let (code, text) = check(open);
        assert_eq!(code, 3, "{text}");
        assert!(text.contains(place) && text.contains(said), "{text}");
    }
    assert!(
        check("[\"flow\"]").1.contains("it takes `highest-level`, `group`, `line`"),
        "what there is instead is said"
    );
    for word in ["*", "line", "tag", "series", "group", "version-field", "changelog", "waiver-notes", "moved-tag"] {
        assert_eq!(check(&format!("[\"{word}\"]")).0, 0, "{word}");
    }
}

#[test]
fn a_policy_extends_a_preset_and_a_file_of_its_own_ref() {
    let site = Site::usual();
    let code = |policy: &str, update: &str| judge(&site, policy, update).0;
    let pybal = "schema = 1\nname = \"own\"\nextends = [\"pybal\"]\n";
    assert_eq!(code(pybal, "refs/heads/odd 0 W"), 1);
    assert_eq!(code(pybal, "refs/heads/review/even 0 W"), 0);
    assert_eq!(code(&with(pybal, "[rules.unlisted-branch]\nlevel = \"off\""), "refs/heads/odd 0 W"), 0);
    assert_eq!(code(&pybal.replace("pybal", "preset:pybal"), "refs/tags/1.15.9 0 W"), 1);

    let script = format!(
        "Q = commit \"policy\" file etc/org.toml \"{}\" file etc/own.toml \
         \"schema = 1\\nname = 'own'\\nextends = ['org.toml']\\n\"\n{}refs/heads/policy = Q\n",
        POLICY.replace('"', "'").replace('\n', "\\n"),
        HISTORY.trim_start(),
    );
    let site = Site::new(USUAL, POLICY, &script);
    for source in ["ref:refs/heads/policy:etc/own.toml", "ref:policy:etc/own.toml"] {
        git(&site.server, &["config", "refgate.policy", source]);
        let pushed = site.push(&["W:refs/tags/1.15.9"]);
        pushed.refused(&["misplaced-tag refs/tags/1.15.9"]);
        assert_eq!(
            (&pushed.reports[0]["policy"]["source"], &pushed.reports[0]["policy"]["name"]),
            (&json!(source), &json!("own"))
        );
    }
}

/// Makes a server whose policy is on its own master.
fn self_governed(source: &str) -> Site {
    let policy = "schema = 1\\nname = 'x'\\n[[line]]\\nname = 'm'\\nbranch = ['master', 'current', 'org']\\nrole = 'mainline'\\n";
    let script = format!(
        "A = commit \"policy\" file .refgate.toml \"{policy}\"\n\
         B = commit \"wider\" parents A file .refgate.toml \"{policy}[[line]]\\nname = 't'\\nbranch = '**'\\nrole = 'topic'\\n\"\n\
         C = commit \"broken\" parents A file .refgate.toml \"{policy}[ruels.moved-tag]\\n\"\n\
         D = commit \"gone\" parents A file README \"no policy\"\n\
         E = commit \"org\" file org.toml \"schema = 1\\nname = 'org'\\nopen = ['*']\\n\"\n\
         F = commit \"org broken\" parents E file org.toml \"schema = 2\\n\"\n\
         G = commit \"extends\" parents A file .refgate.toml \"{}\"\n\
         refs/heads/master = A\nrefs/heads/org = E\nrefs/heads/current -> refs/heads/master\n",
        policy.replace("[[line]]", "extends = ['ref:refs/heads/org:org.toml']\\n[[line]]"),
    );
    let site = Site::new(USUAL, POLICY, &script.replace("refs/heads/current -> refs/heads/master\n", ""));
    git(&site.server, &["symbolic-ref", "refs/heads/current", "refs/heads/master"]);
    git(&site.server, &["config", "refgate.policy", source]);
    site
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_pushed_policy_is_judged_by_the_old_one() {
    for source in [
        "ref:refs/heads/master:.refgate.toml",
        "ref:master:.refgate.toml",
        "ref:HEAD:.refgate.toml",
        "ref:refs/heads/current:.refgate.toml",
    ] {
        let site = self_governed(source);
        // The wider policy would allow the branch; it comes with the same push, and the old one counts.
        let first = site.push(&["B:refs/heads/master", "B:refs/heads/topic"]);
        first.refused(&["unlisted-branch refs/heads/topic"]);
        let broken = site.push(&["C:refs/heads/master"]);
        broken.refused(&["invalid-policy refs/heads/master"]);
        assert!(broken.text.contains("unknown key `ruels`"), "{source}: {}", broken.text);
        let invalid = |pushed: Pushed| {
            assert!(!pushed.landed, "{source}: {pushed:#?}");
            assert!(pushed.findings().iter().any(|found| found == "invalid-policy refs/heads/master"), "{pushed:#?}");
        };
        git(&site.server, &["config", "receive.denyDeleteCurrent", "ignore"]);
        invalid(site.push(&[":refs/heads/master"]));
        invalid(site.push(&["+E:refs/heads/master"]));
        invalid(site.push(&["C:refs/heads/current"]));
        site.push(&["B:refs/heads/master"]).accepted();
        site.push(&["B:refs/heads/topic"]).accepted();
    }
}

#[test]
fn a_tag_does_not_take_the_place_of_the_branch_that_holds_the_policy() {
    let site = self_governed("ref:master:.refgate.toml");
    // No tag class is listed, so that anybody may push it; git itself would take the tag for `master`.
    site.push(&["B:refs/tags/master"]).accepted();
    site.push(&["B:refs/heads/topic"]).refused(&["unlisted-branch refs/heads/topic"]);
}

#[test]
fn a_layer_in_another_ref_is_kept_readable_too() {
    let site = self_governed("ref:refs/heads/master:.refgate.toml");
    site.push(&["G:refs/heads/master"]).accepted();
    let pushed = site.push(&["F:refs/heads/org"]);
    assert!(!pushed.landed, "{pushed:#?}");
    assert!(pushed.findings().contains(&"invalid-policy refs/heads/org".to_owned()), "{pushed:#?}");
}

#[test]
fn the_server_says_where_its_policy_is() {
    let site = Site::usual();
    for source in [
        "preset:pybal",
        site.path("policy.toml").to_str().unwrap(),
        // Relative to the repository, wherever the hook runs.
        "../policy.toml",
    ] {
        git(&site.server, &["config", "refgate.policy", source]);
        let pushed = site.push(&["W:refs/tags/1.15.9"]);
        assert!(!pushed.landed, "{pushed:#?}");
        let findings = pushed.reports[0]["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["rule"] == "misplaced-tag"), "{pushed:#?}");
    }
    // Not the pusher: neither by an option of git nor by a file in what is pushed.
    let mut push = command("git", &site.client);
    push.args(["-c", "refgate.policy=preset:brewblox", "push"]).arg(&site.server);
    push.arg(format!("{}:refs/tags/1.15.9", site.id("W"))).env("GIT_CONFIG_COUNT", "1");
    push.env("GIT_CONFIG_KEY_0", "refgate.policy").env("GIT_CONFIG_VALUE_0", "preset:brewblox");
    site.pushed(&run(&mut push, b"")).refused(&["misplaced-tag refs/tags/1.15.9"]);
    git(&site.server, &["config", "--unset", "refgate.policy"]);
    let pushed = site.push(&["C:refs/heads/master"]);
    assert!(!pushed.landed && pushed.text.contains("this repository has no policy"), "{pushed:#?}");
    assert_eq!(pushed.reports[0]["exit_code"], 3);
}

#[test]
fn a_policy_of_a_work_tree_reads_no_file_outside() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, secret) = (folder.path().join("clone"), folder.path().join("secret"));
    std::fs::create_dir_all(tree.join("deep")).unwrap();
    git(&tree, &["init", "--quiet", "--initial-branch=master"]);
    std::fs::write(&secret, "password = 'hunter2'\n").unwrap();
    std::fs::write(tree.join("own.toml"), "schema = 1\nname = 'own'\n").unwrap();
    std::os::unix::fs::symlink(&secret, tree.join("link.toml")).unwrap();
    std::os::unix::fs::symlink("..", tree.join("deep/up")).unwrap();
    std::os::unix::fs::symlink(folder.path(), tree.join("deep/out")).unwrap();
    git(&tree, &["commit", "--quiet", "--allow-empty", "--message=first"]);
    let policy = |extends: &str| {
        let line = "[[line]]\nname = 'm'\nbranch = 'master'\nrole = 'mainline'\n";
        std::fs::write(tree.join(".refgate.toml"), format!("schema = 1\nname = 'x'\nextends = ['{extends}']\n{line}"))
            .unwrap();
    };
    let asked: [&[&str]; 4] = [
        &["check", "--target", "master"],
        &["check", "--target", "master", "--policy", ".refgate.toml"],
        &["policy", "check"],
        &["policy", "check", "../clone/.refgate.toml"],
    ];
    for arguments in asked {
        for outside in [
            "../secret",
            "../missing",
            "deep/../../secret",
            secret.to_str().unwrap(),
            "link.toml",
            "deep/out/secret",
            "deep/out/missing",
            "/dev/stdin",
        ] {
            policy(outside);
            let output = refgate(&tree, arguments, b"password = 'hunter2'");
            assert_eq!(output.status.code(), Some(3), "{arguments:?} {outside}: {}", stderr(&output));
            assert!(stderr(&output).contains("outside of the work tree"), "{outside}: {}", stderr(&output));
            assert!(!stderr(&output).contains("password"), "{outside}: {}", stderr(&output));
        }
        for inside in
            ["own.toml", "deep/../own.toml", "deep/up/own.toml", tree.join("own.toml").to_str().unwrap(), "pybal"]
        {
            policy(inside);
            let output = refgate(&tree, arguments, b"");
            assert_ne!(output.status.code(), Some(3), "{arguments:?} {inside}: {}", stderr(&output));
        }
    }
    // Nor is it a link itself.
    std::fs::remove_file(tree.join(".refgate.toml")).unwrap();
    std::os::unix::fs::symlink(&secret, tree.join(".refgate.toml")).unwrap();
    let output = refgate(&tree, &["check", "--target", "master"], b"");
    assert_eq!(output.status.code(), Some(3));
    assert!(!stderr(&output).contains("password"), "{}", stderr(&output));
    // An administrator may name a file anywhere.
    let admin = folder.path().join("admin");
    std::fs::create_dir(&admin).unwrap();
    git(&admin, &["init", "--quiet"]);
    let line = "[[line]]\nname = 'm'\nbranch = 'master'\nrole = 'mainline'\n";
    std::fs::write(admin.join("p.toml"), format!("schema = 1\nname = 'x'\nextends = ['../clone/own.toml']\n{line}"))
        .unwrap();
    git(&tree, &["config", "refgate.policy", admin.join("p.toml").to_str().unwrap()]);
    let output = refgate(&tree, &["check", "--target", "master"], b"");
    assert_ne!(output.status.code(), Some(3), "{}", stderr(&output));
    std::fs::write(folder.path().join("admin.toml"), "schema = 1\nname = 'x'\nextends = ['clone/own.toml']\n").unwrap();
    let output = refgate(folder.path(), &["policy", "check", "admin.toml"], b"");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn whoever_pushes_is_shown_neither_the_text_nor_the_place_of_the_policy() {
    let site = Site::usual();
    std::fs::write(site.path("policy.toml"), format!("{POLICY}\n# the secret plan\nkey = 1\n")).unwrap();
    let pushed = site.push(&["C:refs/heads/master"]);
    let folder = site.path("");
    assert!(!pushed.landed && !pushed.text.contains("secret plan"), "{}", pushed.text);
    assert!(pushed.text.contains("policy.toml:39:1: unknown key `key`"), "{}", pushed.text);
    let hook = |text: &str| text.lines().filter(|line| line.starts_with("remote:")).collect::<String>();
    assert!(!hook(&pushed.text).contains(folder.to_str().unwrap()), "{}", pushed.text);
    // The administrator finds it in the log.
    assert!(
        pushed.reports[0]["chain"][0].as_str().unwrap().contains(folder.to_str().unwrap()),
        "{:#?}",
        pushed.reports
    );
    std::fs::remove_file(site.path("policy.toml")).unwrap();
    let pushed = site.push(&["C:refs/heads/master"]);
    assert!(pushed.text.contains("reading the policy `policy.toml` - No such file"), "{}", pushed.text);
    assert!(!hook(&pushed.text).contains(folder.to_str().unwrap()), "{}", pushed.text);
}

#[test]
fn init_check_and_show_go_together() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |arguments: &[&str]| {
        let output = refgate(folder.path(), &[&["policy"], arguments].concat(), b"");
        (output.status.code().unwrap(), String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output))
    };
    assert_eq!(policy(&["init"]).0, 0);
    let (code, text, _) = policy(&["check"]);
    assert_eq!(code, 0);
    assert!(text.starts_with("the policy `my-project` is valid: 3 lines, 1 tag class, "), "{text}");
    // A policy that somebody wrote is left alone.
    let before = std::fs::read(folder.path().join(".refgate.toml")).unwrap();
    let (code, _, error) = policy(&["init", "--preset", "pybal"]);
    assert_eq!((code, before), (2, std::fs::read(folder.path().join(".refgate.toml")).unwrap()));
    assert!(error.contains("there is one already"), "{error}");
    let (code, text, _) = policy(&["show"]);
    assert_eq!(code, 0);
    for part in ["policy my-project", "release/{major}.{minor}", "v{version} on release", "unlisted-tag         refuse"]
    {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
    for preset in ["brewblox", "canfar", "imagefactory", "pybal"] {
        let file = format!("{preset}.toml");
        assert_eq!(policy(&["init", "--preset", preset, &file]).0, 0);
        assert_eq!(policy(&["check", &file]).0, 0);
        assert_eq!(policy(&["check", &format!("preset:{preset}")]).0, 0);
        let (own, built_in) = (policy(&["show", &file]), policy(&["show", &format!("preset:{preset}")]));
        assert_eq!(own.1.lines().skip(2).collect::<Vec<_>>(), built_in.1.lines().skip(2).collect::<Vec<_>>());
    }
    assert_eq!(policy(&["init", "--preset", "pybl", "x.toml"]).0, 2);
    // A layer is named where it was read, and a rule shows what all of them come to.
    let own = "schema = 1\nname = \"own\"\nextends = [\"pybal\"]\n[rules.moved-tag]\nlevel = \"warn\"\n";
    std::fs::write(folder.path().join("own.toml"), own).unwrap();
    let (_, text, _) = policy(&["show", "preset:pybal"]);
    assert!(text.contains("release -> master by pick, due before"), "{text}");
    let (_, text, _) = policy(&["show", "preset:brewblox"]);
    assert!(text.contains("master; publishes none") && text.contains("on master; publishes release"), "{text}");
    let (_, text, _) = policy(&["show", "own.toml"]);
    assert!(text.contains("read from preset:pybal") && text.contains("moved-tag            warn"), "{text}");
}

#[test]
fn the_schema_accepts_what_refgate_accepts_and_refuses_what_is_misspelt() {
    let output = refgate(Path::new("/"), &["policy", "schema"], b"");
    let schema: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(output.stdout, refgate(Path::new("/"), &["generate", "schema"], b"").stdout);
    let validator = jsonschema::validator_for(&schema).unwrap();
    let document = |text: &str| serde_json::to_value(text.parse::<toml::Table>().unwrap()).unwrap();
    let errors =
        |text: &str| -> Vec<String> { validator.iter_errors(&document(text)).map(|error| error.to_string()).collect() };
    let mut texts = vec![("POLICY".to_owned(), POLICY.to_owned())];
    for folder in ["policies", "policies/examples"] {
        for file in std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.is_file() {
                texts.push((path.display().to_string(), std::fs::read_to_string(path).unwrap()));
            }
        }
    }
    assert!(texts.len() > 10);
    let folder = tempfile::tempdir().unwrap();
    assert!(run(command(REFGATE, folder.path()).args(["policy", "init"]), b"").status.success());
    texts.push(("template".to_owned(), std::fs::read_to_string(folder.path().join(".refgate.toml")).unwrap()));
    texts.push(("[landed]".to_owned(), format!("{POLICY}\n[landed]\nnamed-by = [\"Ported-From: {{commit}}\"]\n")));
    for (name, text) in &texts {
        assert_eq!(errors(text), [] as [String; 0], "{name}");
    }
    for (wrong, right) in [
        ("brnach = \"x\"", "branch = \"master\""),
        ("role = \"mainlin\"", "role = \"mainline\""),
        ("objct = \"annotated\"", "object = \"annotated\""),
        ("[[lien]]", "[[line]]"),
        ("schema = \"1\"", "schema = 1"),
        ("retired-by = { trialer = \"x\" }", "retired-by = { trailer = \"End-of-Life\" }"),
    ] {
        assert!(POLICY.contains(right), "{right}");
        let text = POLICY.replacen(right, wrong, 1);
        assert_ne!(errors(&text), [] as [String; 0], "{wrong}");
        // The program says no to the same texts.
        std::fs::write(folder.path().join("p.toml"), &text).unwrap();
        assert_eq!(refgate(folder.path(), &["policy", "check", "p.toml"], b"").status.code(), Some(3), "{wrong}");
    }
    for more in [
        "[rules.moved-tga]\nlevel = \"warn\"",
        "[rules.moved-tag]\nlevel = \"wran\"",
        "[rules.moved-tag]\nlevl = \"warn\"",
        "[rules.foreign-ref]\nalow = [\"refs/notes/**\"]",
        "[rules.colliding-slug]\nreserved = \"edge\"",
        "[landed]\nnamed-by = [\"Ported-From:\"]",
        "[landed]\nnamed-as = [\"Ported-From: {commit}\"]",
    ] {
        assert_ne!(errors(&with(POLICY, more)), [] as [String; 0], "{more}");
    }
    for more in [
        "[rules.moved-tag]\nlevel = \"warn\"\nsince = \"2026-01-01\"\nonly = \"refs/tags/v*\"",
        "[rules.foreign-ref]\nallow = [\"refs/notes/**\"]",
        "[rules.colliding-slug]\nlevel = \"warn\"\nlower-case = true\nreserved = [\"edge\"]",
        "[group]\nmanagers = [\"alice\"]",
    ] {
        assert_eq!(errors(&with(POLICY, more)), [] as [String; 0], "{more}");
    }
}

#[test]
fn the_next_major_version_is_told_by_the_pattern() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |line: &str| {
        let text = format!("schema = 1\nname = \"own\"\n[[line]]\nname = \"next\"\nrole = \"development\"\n{line}\n");
        std::fs::write(folder.path().join("policy.toml"), text).unwrap();
        let output = refgate(folder.path(), &["policy", "check", "policy.toml"], b"");
        (output.status.code(), stderr(&output))
    };
    assert_eq!(policy("branch = \"{major}.0-dev\"\nnext = \"major\"").0, Some(0));
    for (line, said) in [
        ("branch = \"next-dev\"\nnext = \"major\"", "`next` needs `{major}`, which a pattern of this line lacks"),
        ("branch = \"{major}.0-dev\"\nnext = \"minor\"", "unknown value `minor`; there is `major`"),
    ] {
        let (code, text) = policy(line);
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains(said), "{text}");
    }
}

/// Returns the names of the files of the policy that a file imports, as paths of modules: `table::line`.
fn imports(text: &str, own: &[&str]) -> Vec<Vec<String>> {
    let code = text.split("#[cfg(test)]").next().unwrap();
    let uses = code.split(";").filter_map(|statement| statement.split_once("use ").map(|(_, path)| path.trim()));
    let mut found = Vec::new();
    for path in uses {
        // `a::{b::c, d}` is `a::b::c` and `a::d`; deeper groups do not occur.
        let expanded: Vec<String> = match path.split_once("::{") {
            Some((before, rest)) => rest
                .trim_end_matches('}')
                .split(',')
                .filter(|last| !last.trim().is_empty())
                .map(|last| format!("{before}::{}", last.trim()))
                .collect(),
            None => vec![path.to_owned()],
        };
        for path in expanded {
            let mut parts: Vec<&str> = path.split("::").collect();
            let mut base: Vec<&str> = match parts.first() {
                Some(&"super") => own[..own.len() - 1].to_vec(),
                Some(&"crate") if parts.get(1) == Some(&"policy") => {
                    parts.remove(0);
                    Vec::new()
                }
                _ => continue,
            };
            parts.remove(0);
            base.extend(parts);
            found.push(base.into_iter().map(str::to_owned).collect());
        }
    }
    found
}

#[test]
fn no_file_of_the_policy_imports_one_that_stands_above_it() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/policy");
    let mut files = std::collections::BTreeMap::new();
    for (folder, prefix) in [(root.clone(), None), (root.join("table"), Some("table"))] {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.is_file() && !["mod", "testing"].contains(&stem.as_str()) {
                let name: Vec<String> = prefix.into_iter().map(str::to_owned).chain([stem]).collect();
                files.insert(name, std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert!(files.len() > 25, "{}", files.len());
    let mut below = std::collections::BTreeMap::new();
    for (name, text) in &files {
        let own: Vec<&str> = name.iter().map(String::as_str).collect();
        let named = imports(text, &own).into_iter().map(|path| {
            let file = files.keys().find(|file| path.starts_with(file));
            file.unwrap_or_else(|| panic!("{name:?} imports {path:?} through a `mod.rs`, which hides whose it is"))
                .clone()
        });
        below.insert(name.clone(), named.filter(|other| other != name).collect::<Vec<_>>());
    }
    // Files that import only such as are gone already go; what is left then is a circle.
    while let Some(free) = below
        .iter()
        .find(|(_, named)| named.iter().all(|other| !below.contains_key(other)))
        .map(|(name, _)| name.clone())
    {
        below.remove(&free);
    }
    assert!(below.is_empty(), "these import each other: {:?}", below.keys());
}
