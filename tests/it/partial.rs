//! A push is judged as a whole and applied ref by ref: no update lands without the one that justifies it.

use std::io::{Read as _, Write as _};
use std::process::Stdio;

use crate::install::{text, write};
use crate::support::site::{HISTORY, POLICY, Setup, Site, USUAL};
use crate::support::{REFGATE, command, git, refgate, run};

/// What production gets has been on staging, and tags sit on release branches.
const PROMOTION: &str = r#"
schema = 1
name = "promotion"

[[line]]
name = "staging"
branch = "staging"
role = "environment"

[[line]]
name = "production"
branch = "production"
role = "environment"
only-from = "staging"
"#;

const STEPS: &str = r#"
A = commit "first"
B = commit "second" parents A
C = commit "third" parents A
D = commit "fourth" parents B
refs/heads/staging = A
refs/heads/production = A
"#;

const BOTH: [&str; 2] = ["B:refs/heads/staging", "B:refs/heads/production"];

fn promotion() -> Site {
    Site::new(USUAL, PROMOTION, STEPS)
}

/// Makes a server with all hooks, as they are installed.
fn installed(policy: &str, script: &str) -> Site {
    let site = Site::new(Setup { hook: "none", ..USUAL }, policy, script);
    let output = refgate(&site.server, &["install", "--repo", "."], b"");
    assert!(output.status.success(), "{output:?}");
    site
}

fn hook(site: &Site, name: &str, script: &str) {
    write(&site.server.join("hooks").join(name), &format!("#!/bin/sh\n{script}\n"), 0o755);
}

/// Declines one ref, as gitolite's access control does.
fn declines(site: &Site, name: &str) {
    hook(site, "update", &format!("[ \"$1\" != {name} ]"));
}

fn is_at(site: &Site, label: &str, names: &[&str]) {
    for name in names {
        assert!(site.holds_label(name, label), "{name} is not at {label}");
    }
}

#[test]
fn updates_that_rest_on_each_other_land_where_nothing_can_be_left_out() {
    let site = promotion();
    site.push(&BOTH).accepted();
    is_at(&site, "B", &["refs/heads/staging", "refs/heads/production"]);
}

#[test]
fn a_hook_in_the_home_of_the_account_may_decline_too() {
    let site = Site::new(USUAL, PROMOTION, &format!("{STEPS}refs/kept/b = B\n"));
    let home = site.path("home");
    std::fs::create_dir_all(home.join("hooks")).unwrap();
    let update = home.join("hooks/update");
    write(&update, "#!/bin/sh\nexit 0\n", 0o755);
    git(&site.server, &["config", "core.hooksPath", "~/hooks"]);
    let (a, b) = (site.id("A"), site.id("B"));
    let input = format!("{a} {b} refs/heads/staging\n{a} {b} refs/heads/production\n");
    let judge =
        || run(command(REFGATE, &site.server).env("HOME", &home).args(["hook", "pre-receive"]), input.as_bytes());
    let output = judge();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("the server's update hook"), "{output:?}");
    std::fs::remove_file(update).unwrap();
    let output = judge();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn an_update_whose_reason_another_hook_may_decline_is_undecided() {
    let site = promotion();
    declines(&site, "refs/heads/staging");
    let pushed = site.push(&BOTH);
    assert!(
        !pushed.landed && pushed.text.contains("refs/heads/staging alone (the server's update hook)"),
        "{pushed:?}"
    );
    assert!(pushed.text.contains("push the others first"), "{pushed:?}");
    is_at(&site, "A", &["refs/heads/staging", "refs/heads/production"]);
    // One after the other, there is nothing to doubt.
    hook(&site, "update", "exit 0");
    site.push(&BOTH[..1]).accepted();
    site.push(&BOTH[1..]).accepted();
}

#[test]
fn what_rests_on_nothing_is_not_held_up_by_another_hook() {
    let site = Site::usual();
    declines(&site, "refs/heads/topic/x");
    let pushed = site.push(&["G:refs/heads/1.15", "B:refs/heads/topic/x"]);
    assert!(!pushed.landed && pushed.reports[0]["verdict"] == "accepted", "{pushed:?}");
    is_at(&site, "G", &["refs/heads/1.15"]);
}

#[test]
fn settings_of_the_server_that_leave_a_ref_out_are_known() {
    let site = promotion();
    site.push(&["C:refs/heads/staging"]).accepted();
    let forced = ["+B:refs/heads/staging", "B:refs/heads/production"];
    git(&site.server, &["config", "receive.denyNonFastForwards", "true"]);
    let rewriting = format!("{PROMOTION}\n[rules.rewritten-history]\nlevel = \"off\"\n");
    std::fs::write(site.path("policy.toml"), rewriting).unwrap();
    let pushed = site.push(&forced);
    assert!(!pushed.landed && pushed.text.contains("receive.denyNonFastForwards"), "{pushed:?}");
    is_at(&site, "A", &["refs/heads/production"]);
    git(&site.server, &["config", "--unset", "receive.denyNonFastForwards"]);
    std::fs::write(site.server.join("refs/heads/staging.lock"), "").unwrap();
    let pushed = site.push(&forced);
    assert!(!pushed.landed && pushed.text.contains("a lock file is left over"), "{pushed:?}");
    std::fs::remove_file(site.server.join("refs/heads/staging.lock")).unwrap();
    site.push(&forced).accepted();
}

#[test]
fn the_second_look_declines_what_came_before_its_reason_or_without_it() {
    let site = installed(PROMOTION, STEPS);
    declines(&site, "refs/heads/staging");
    let pushed = site.push(&BOTH);
    assert!(!pushed.landed && pushed.text.contains("unpromoted-commit"), "{pushed:?}");
    is_at(&site, "A", &["refs/heads/staging", "refs/heads/production"]);
    // git goes by the order of the server's refs, and ends a push whose ref was declined at this point: production comes
    // before staging.
    std::fs::remove_file(site.server.join("hooks/update")).unwrap();
    let pushed = site.push(&BOTH);
    assert!(!pushed.landed && pushed.text.contains("git push --atomic"), "{pushed:?}");
    is_at(&site, "A", &["refs/heads/staging", "refs/heads/production"]);
    // Another push of the same update may wait for the same promise.
    assert!(site.server.join("refgate/promised").exists());
    site.push(&BOTH[..1]).accepted();
    site.push(&BOTH[1..]).accepted();
    // All at once they are looked at together.
    let pushed = site.push(&["--atomic", "D:refs/heads/staging", "D:refs/heads/production"]);
    pushed.accepted();
    is_at(&site, "D", &["refs/heads/staging", "refs/heads/production"]);
    assert!(!site.server.join("refgate/promised").exists(), "what has moved is not promised any more");
}

#[test]
fn a_tag_behind_its_branch_lands_with_it_and_not_without() {
    for (declined, is_there) in [("refs/heads/none", true), ("refs/heads/1.15", false)] {
        let site = installed(POLICY, HISTORY);
        declines(&site, declined);
        let pushed = site.push(&["G:refs/heads/1.15", "U:refs/tags/1.15.2"]);
        assert_eq!(pushed.landed, is_there, "{pushed:?}");
        assert_eq!(site.holds("refs/tags/1.15.2").is_some(), is_there, "{pushed:?}");
    }
}

#[test]
fn the_slower_of_two_pushes_at_once_lands_nothing() {
    let site = installed(PROMOTION, STEPS);
    // What a faster push has moved by the time that this one has been judged.
    let other = site.id("C");
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), other]);
    hook(
        &site,
        "pre-receive",
        &format!(
            "'{REFGATE}' hook pre-receive && unset GIT_QUARANTINE_PATH && git update-ref refs/heads/staging {other}"
        ),
    );
    let pushed = site.push(&BOTH);
    assert!(!pushed.landed && pushed.reports[0]["verdict"] == "accepted", "{pushed:?}");
    is_at(&site, "C", &["refs/heads/staging"]);
    is_at(&site, "A", &["refs/heads/production"]);
}

#[test]
fn refs_that_nobody_pushed_move_freely() {
    let site = installed(PROMOTION, STEPS);
    site.push(&["--atomic", BOTH[0], BOTH[1]]).accepted();
    git(&site.server, &["update-ref", "refs/heads/production", site.id("A")]);
    git(&site.server, &["branch", "anything", site.id("A")]);
    git(&site.server, &["pack-refs", "--all"]);
    git(&site.server, &["update-ref", "-d", "refs/heads/staging"]);
}

/// Sends commands to `git receive-pack` as they are, which `git push` would not.
fn raw(site: &Site, commands: &[(&str, &str, &str)]) -> String {
    let mut server = command("git", &site.client);
    server.args(["receive-pack", site.server.to_str().unwrap()]);
    let mut server = server.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut stdin, mut stdout) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
    // What it advertises ends with a packet of no length.
    loop {
        let mut length = [0; 4];
        stdout.read_exact(&mut length).unwrap();
        let length = usize::from_str_radix(std::str::from_utf8(&length).unwrap(), 16).unwrap();
        if length == 0 {
            break;
        }
        stdout.read_exact(&mut vec![0; length - 4]).unwrap();
    }
    let mut bytes = Vec::new();
    for (at, (old, new, name)) in commands.iter().enumerate() {
        let capabilities = if at == 0 { "\0 report-status object-format=sha1" } else { "" };
        let line = format!("{old} {new} {name}{capabilities}");
        bytes.extend(format!("{:04x}{line}", line.len() + 4).into_bytes());
    }
    bytes.extend(b"0000");
    let everything: String = site.ids.values().map(|id| format!("{id}\n")).collect();
    let mut pack = command("git", &site.client);
    bytes.extend(run(pack.args(["pack-objects", "--revs", "--stdout", "-q"]), everything.as_bytes()).stdout);
    stdin.write_all(&bytes).unwrap();
    drop(stdin);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut server.stderr.take().unwrap(), &mut said).unwrap();
    server.wait().unwrap();
    said
}

#[test]
fn an_old_value_that_the_server_does_not_hold_is_no_old_value() {
    const ZERO: &str = "0000000000000000000000000000000000000000";
    let site = Site::usual();
    let (held, new) = (site.id("F").to_owned(), site.id("G").to_owned());
    let branch = "refs/heads/1.15";
    for (old, name, label) in [
        // It brings nothing new, and nothing below the tag is judged.
        (new.as_str(), branch, &held),
        // A branch that is there, as if it were made.
        (ZERO, branch, &held),
        (site.id("B"), branch, &held),
        // A branch that is not there, as if it were.
        (held.as_str(), "refs/heads/1.16", &held),
    ] {
        let said = raw(&site, &[(old, &new, name), (ZERO, site.id("U"), "refs/tags/1.15.2")]);
        assert!(said.contains(name) && said.contains("and the push says"), "{said}");
        assert_eq!(site.holds("refs/tags/1.15.2"), None, "{said}");
        assert_eq!(site.holds(branch).as_deref(), Some(label.as_str()));
        assert_eq!(site.holds("refs/heads/1.16"), None);
    }
    let said = raw(&site, &[(&held, &new, branch), (ZERO, site.id("U"), "refs/tags/1.15.2")]);
    assert!(site.holds("refs/tags/1.15.2").is_some() && site.holds_label(branch, "G"), "{said}");
}

#[test]
fn the_doctor_misses_the_second_look_and_uninstalling_takes_it_away() {
    let site = Site::new(Setup { hook: "none", ..USUAL }, PROMOTION, STEPS);
    let asked = |words: &[&str]| {
        let output = refgate(&site.server, &[words, &["--repo", "."]].concat(), b"");
        assert!(output.status.success(), "{output:?}");
        text(&output)
    };
    let missing = "reference-transaction does not run refgate";
    let hook = site.server.join("hooks/reference-transaction");
    asked(&["install", "--hook", "pre-receive"]);
    assert!(asked(&["doctor"]).contains(missing));
    asked(&["install"]);
    assert!(!asked(&["doctor"]).contains(missing) && hook.exists());
    asked(&["uninstall"]);
    assert!(!hook.exists());
}
