//! Bad input: one clear line, the right exit code, never a panic and never a pass.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Output, Stdio};

use crate::support::site::{POLICY, Site};
use crate::support::{REFGATE, command, copy_program, git, refgate, run, stderr};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// Fails the test unless the program ended with this code and said this in one line that begins with `error: `.
fn fails(output: &Output, code: i32, says: &str) {
    let text = stderr(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(!text.contains("internal error") && !text.contains("panicked"), "{text}");
    let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("error: ")).collect();
    let [line] = lines.as_slice() else { panic!("not one line of error:\n{text}") };
    assert!(
        line.starts_with("error: Failure encountered while: ") && line.contains(says),
        "`{says}` is not in\n{text}"
    );
}

fn pre_receive(site: &Site, input: impl AsRef<[u8]>) -> Output {
    refgate(&site.server, &["hook", "pre-receive"], input.as_ref())
}

#[test]
fn lines_that_git_does_not_write_are_told_with_their_number() {
    let site = Site::usual();
    let (a, b) = (site.id("A"), site.id("B"));
    let good = format!("{ZERO} {a} refs/heads/topic/x\n");
    let cases: &[(Vec<u8>, &str)] = &[
        (b"".into(), "there is no ref update on standard input"),
        (b"\n\n".into(), "there is no ref update on standard input"),
        (b"nonsense\n".into(), "line 1: `nonsense` is not `OLD NEW REF`"),
        (format!("{good}{a} {b}\n").into(), "line 2: "),
        (format!("{good}\n{good}").into(), "line 2: `` is not `OLD NEW REF`"),
        (format!("{a} {b} \n").into(), "line 1: "),
        (format!("{a}  {b} refs/heads/x\n").into(), "line 1: the new object id"),
        (format!("{a}\t{b}\trefs/heads/x\n").into(), "line 1: "),
        (format!("{} {b} refs/heads/x\n", &a[1..]).into(), "line 1: the old object id: an object id has 40 or 64"),
        (format!("{a} {} refs/heads/x\n", "1".repeat(64)).into(), "line 1: the new object id has 64 digits"),
        (format!("{a} {}g refs/heads/x\n", &b[1..]).into(), "character 40 is not one"),
        (format!("{good}{good}").into(), "line 2: the ref `refs/heads/topic/x` was already given"),
        (format!("{a} {b} refs/heads/\0\n").into(), "line 1: the ref name holds a NUL byte"),
        (b"\xff\xfe \xff\n\x1b[31m".into(), r"line 1: `\xff\xfe \xff` is not"),
        ("x".repeat(100_000).into(), "line 1: `xxx"),
    ];
    for (input, says) in cases {
        let output = pre_receive(&site, input);
        fails(&output, 2, says);
        assert!(output.stderr.len() < 1000, "what is shown of a line is cut");
    }
    // The other two hooks.
    let update = |arguments: &[&str]| refgate(&site.server, &[&["hook", "update"], arguments].concat(), b"");
    fails(&update(&["refs/heads/x", a]), 2, "is not `REF OLD NEW`");
    fails(&update(&["refs/heads/x", a, "b"]), 2, "the new object id");
    fails(&update(&[]), 2, "is not `REF OLD NEW`");
    fails(&refgate(&site.server, &["hook", "pre-push", "origin", "url"], b"a b c\n"), 2, "line 1: ");
}

#[test]
fn a_line_that_is_no_ref_is_still_judged() {
    let site = Site::usual();
    // pre-receive is asked before git looks at the names.
    for name in ["HEAD", "x", "refs/heads/", "refs/heads/..", "refs/heads/a b", "refs//heads/x", "::error::x"] {
        let output = pre_receive(&site, format!("{ZERO} {} {name}\n", site.id("A")));
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
    }
}

#[test]
fn objects_that_are_missing_or_broken_are_undecided() {
    let site = Site::usual();
    let missing = "1".repeat(40);
    fails(&pre_receive(&site, format!("{ZERO} {missing} refs/heads/master\n")), 4, "is missing");
    let old = pre_receive(&site, format!("{missing} {} refs/heads/master\n", site.id("A")));
    assert_eq!(old.status.code(), Some(1), "{}", stderr(&old));
    assert!(stderr(&old).contains("error[stale-update]"), "{}", stderr(&old));
    // A commit whose bytes on the disk are damaged, loose and packed.
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("G")]);
    let loose = site.server.join("objects").join(&site.id("G")[..2]).join(&site.id("G")[2..]);
    let line = format!("{} {} refs/heads/1.15\n", site.id("F"), site.id("G"));
    assert_eq!(pre_receive(&site, &line).status.code(), Some(0));
    let whole = std::fs::read(&loose).unwrap();
    std::fs::set_permissions(&loose, Permissions::from_mode(0o644)).unwrap();
    for damaged in [b"".to_vec(), b"garbage".to_vec(), whole[..whole.len() / 2].to_vec()] {
        std::fs::write(&loose, damaged).unwrap();
        let output = pre_receive(&site, &line);
        assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
        assert!(stderr(&output).contains("Failure encountered while: "), "{}", stderr(&output));
    }
    std::fs::write(&loose, whole).unwrap();
    git(&site.server, &["update-ref", "refs/heads/topic/keep", site.id("G")]);
    git(&site.server, &["repack", "-q", "-a", "-d"]);
    for entry in std::fs::read_dir(site.server.join("objects/pack")).unwrap() {
        let path = entry.unwrap().path();
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() / 3]).unwrap();
    }
    let output = pre_receive(&site, &line);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
}

#[test]
fn broken_refs_and_repositories_are_no_pass() {
    let site = Site::usual();
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("J")]);
    let line = format!("{ZERO} {} refs/tags/1.15.7\n", site.id("J"));
    std::fs::write(site.server.join("refs/heads/1.15"), "garbage\n").unwrap();
    let output = pre_receive(&site, &line);
    assert_eq!(output.status.code(), Some(4), "{}", stderr(&output));
    std::fs::write(site.server.join("shallow"), "garbage\n").unwrap();
    fails(&pre_receive(&site, &line), 4, "cannot be read");
    std::fs::remove_file(site.server.join("shallow")).unwrap();
    let config = std::fs::read_to_string(site.server.join("config")).unwrap();
    for (text, code, says) in [
        ("[core\n", 2, "git's configuration cannot be read"),
        ("[core]\nrepositoryformatversion = 7\n", 2, "core.repositoryFormatVersion=7"),
        ("[core]\nrepositoryformatversion = 1\n[extensions]\nnewest = 1\n", 2, "extensions.newest"),
        ("[refgate]\npolicy = \n", 3, "the policy source is empty"),
        ("[refgate]\npolicy = preset:pybl\n", 3, "did you mean `pybal`"),
        ("[refgate]\npolicy = ref:refs/heads/none:x\n", 3, "names no object"),
        ("[refgate]\npolicy = ref:refs/heads/master:none\n", 3, "there is no file `none`"),
        ("", 3, "this repository has no policy"),
    ] {
        let bare = "[core]\nrepositoryformatversion = 0\nbare = true\n";
        let text = if text.starts_with("[core") { text.to_owned() } else { format!("{bare}{text}") };
        std::fs::write(site.server.join("config"), text).unwrap();
        fails(&pre_receive(&site, &line), code, says);
    }
    for (key, value, says) in [
        ("refgate.deadline", "soon", "`refgate.deadline` is a number of seconds, not `soon`"),
        ("refgate.identity", "gitolit", "did you mean `gitolite`"),
    ] {
        std::fs::write(site.server.join("config"), &config).unwrap();
        git(&site.server, &["config", key, value]);
        fails(&pre_receive(&site, &line), 3, says);
    }
    std::fs::write(site.server.join("config"), &config).unwrap();
    git(&site.server, &["config", "refgate.deadline", "0.000000001"]);
    let late = pre_receive(&site, &line);
    assert_eq!(late.status.code(), Some(4), "{}", stderr(&late));
    assert!(stderr(&late).contains("the deadline has passed"), "{}", stderr(&late));
}

#[test]
fn no_repository_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let line = format!("{ZERO} {} refs/heads/x\n", "1".repeat(40));
    fails(&refgate(folder.path(), &["hook", "pre-receive"], line.as_bytes()), 2, "is not a git repository");
    fails(&refgate(folder.path(), &["check", "--repo", "nowhere", "--target", "x"], b""), 4, "nowhere");
    let mut named = command(REFGATE, folder.path());
    fails(&run(named.args(["hook", "pre-receive"]).env("GIT_DIR", "none.git"), line.as_bytes()), 2, "none.git");
    // The directory is gone by the time it is looked at.
    let gone = folder.path().join("gone");
    std::fs::create_dir(&gone).unwrap();
    let mut lost = command("sh", &gone);
    let output =
        run(lost.args(["-c", &format!("rmdir '{}' && exec '{REFGATE}' hook update a b c", gone.display())]), b"");
    assert!([2, 4].contains(&output.status.code().unwrap()), "{}", stderr(&output));
}

#[test]
fn what_may_not_be_read_is_no_pass() {
    let site = Site::usual();
    // As another account where this one may read everything. It has to reach a copy of the program.
    let program = site.path("refgate");
    copy_program(&program);
    let is_root = run(command("id", &site.server).arg("-u"), b"").stdout == b"0\n";
    let ask = |input: &str| {
        let mut hook = command(if is_root { Path::new("setpriv") } else { &program }, &site.server);
        if is_root {
            hook.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
        }
        run(hook.args(["hook", "pre-receive"]), input.as_bytes())
    };
    std::fs::set_permissions(site.path("."), Permissions::from_mode(0o755)).unwrap();
    let log = site.path("log");
    std::fs::write(&log, "").unwrap();
    std::fs::set_permissions(&log, Permissions::from_mode(0o666)).unwrap();
    let line = format!("{ZERO} {} refs/heads/topic/x\n", site.id("B"));
    assert_eq!(ask(&line).status.code(), Some(0), "{}", stderr(&ask(&line)));
    for (closed, code, says) in [
        (site.path("policy.toml"), 3, "Permission denied"),
        (site.server.join("config"), 4, "cannot be read: Permission denied"),
        (site.server.join("objects"), 4, "cannot be read: Permission denied"),
        (site.server.join("refs"), 4, "cannot be read: Permission denied"),
        (log, 4, "Permission denied"),
    ] {
        let before = std::fs::metadata(&closed).unwrap().permissions();
        std::fs::set_permissions(&closed, Permissions::from_mode(0o000)).unwrap();
        let output = ask(&line);
        std::fs::set_permissions(&closed, before).unwrap();
        fails(&output, code, says);
    }
}

/// Runs the hook through a shell that closes or fills what it writes to.
fn redirected(site: &Site, arguments: &str, redirection: &str, input: &str) -> Option<i32> {
    let mut shell = command("sh", &site.server);
    shell.args(["-c", &format!("exec '{REFGATE}' hook pre-receive {arguments} {redirection}")]);
    run(&mut shell, input.as_bytes()).status.code()
}

#[test]
fn the_verdict_stands_when_nobody_can_read_it() {
    let site = Site::usual();
    let good = format!("{ZERO} {} refs/heads/topic/x\n", site.id("A"));
    let bad = format!("{ZERO} {} refs/heads/feature\n", site.id("A"));
    // Lost output turns a yes into undecided, and a no stays a no.
    for (arguments, redirection, accepted) in [
        ("", "2>&-", 0),
        ("", "2>/dev/full", 0),
        ("", ">&-", 0),
        ("", ">/dev/full 2>/dev/full", 0),
        ("--format=json", ">/dev/full", 4),
        ("--format=json", ">/dev/full 2>&-", 4),
        ("--output=/dev/full --format=json", "", 4),
        ("--output=/nonexistent/x", "", 4),
        ("--log=/dev/full", "", 4),
        ("--log=/nonexistent/x", "", 4),
        // There is nobody at the other end from the start: the runtime puts /dev/null there.
        ("--format=json", ">&-", 0),
    ] {
        assert_eq!(redirected(&site, arguments, redirection, &good), Some(accepted), "{arguments} {redirection}");
        assert_eq!(redirected(&site, arguments, redirection, &bad), Some(1), "{arguments} {redirection}");
    }
    assert_eq!(redirected(&site, "", "<&-", ""), Some(2), "a closed standard input is no push");
    // A reader that went away.
    let mut hook = command(REFGATE, &site.server);
    hook.args(["hook", "pre-receive", "--format=json"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = hook.stderr(Stdio::null()).spawn().unwrap();
    drop(child.stdout.take());
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), good.as_bytes()).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(4));
}

#[test]
fn all_that_is_wrong_with_a_policy_is_told_at_once_and_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("p.toml"),
        "schema = 1\nname = \"x\"\nextends = [\"pybl\"]\n\n[[line]]\nname = \"master\"\nbranch = \"{mayor}\"\nrole = \"mainline\"\n\n\
         [[tag]]\nname = \"v\"\ntag = \"{version}\"\nscheme = \"semvr\"\nline = \"mastre\"\n\n\
         [[tag]]\nname = \"w\"\ntag = \"w\"\nobjct = \"any\"\n\n[rules.moved-tag]\nlevel = \"refused\"\n",
    )
    .unwrap();
    let output = refgate(folder.path(), &["policy", "check", "p.toml"], b"");
    assert_eq!(output.status.code(), Some(3));
    insta::assert_snapshot!(stderr(&output), @r#"
  × `pybl`: No such file or directory (os error 2); did you mean `pybal`?
   ╭─[p.toml:3:12]
 2 │ name = "x"
 3 │ extends = ["pybl"]
   ·            ──────
 4 │ 
   ╰────
  × the pattern `{mayor}`: `{mayor}` is not a placeholder; did you mean `major`? (there are `{code}`, `{major}`, `{micro}`, `{minor}`, `{month}`, `{name}`, `{patch}`, `{quarter}`, `{scope}`, `{user}`, `{version}` and `{year}`)
   ╭─[p.toml:7:10]
 6 │ name = "master"
 7 │ branch = "{mayor}"
   ·          ─────────
 8 │ role = "mainline"
   ╰────
  × unknown version scheme `semvr`; did you mean `semver`? (there are semver, pep440, debian, calver:LAYOUT, dotted or nvr)
    ╭─[p.toml:13:10]
 12 │ tag = "{version}"
 13 │ scheme = "semvr"
    ·          ───────
 14 │ line = "mastre"
    ╰────
  × there is no line named `mastre`; did you mean `master`?
    ╭─[p.toml:14:8]
 13 │ scheme = "semvr"
 14 │ line = "mastre"
    ·        ────────
 15 │ 
    ╰────
  × unknown key `objct`; did you mean `object`?
    ╭─[p.toml:19:1]
 18 │ tag = "w"
 19 │ objct = "any"
    · ─────
 20 │ 
    ╰────
  × unknown value `refused`; did you mean `refuse`?
    ╭─[p.toml:22:9]
 21 │ [rules.moved-tag]
 22 │ level = "refused"
    ·         ─────────
    ╰────
error: the policy has 6 errors
"#);
}

#[test]
fn a_policy_that_is_none_is_said_in_one_line() {
    let site = Site::usual();
    let line = format!("{ZERO} {} refs/heads/topic/x\n", site.id("A"));
    let ask = |policy: &str| refgate(&site.server, &["hook", "pre-receive", "--policy", policy], line.as_bytes());
    fails(&ask("none.toml"), 3, "No such file");
    fails(&ask("."), 3, "Is a directory");
    fails(&ask("preset:pybl"), 3, "did you mean `pybal`");
    fails(&ask("ref:x"), 3, "`ref:` is followed by");
    fails(&ask("ref:--help:x"), 3, "`ref:` is followed by");
    fails(&ask(""), 3, "the policy source is empty");
    let file = site.path("other.toml");
    std::fs::write(&file, b"schema = 1\nname = \"\xff\"\n").unwrap();
    fails(&ask(file.to_str().unwrap()), 3, "byte 20 is not UTF-8");
    std::fs::write(&file, "#".repeat(2 << 20)).unwrap();
    fails(&ask(file.to_str().unwrap()), 3, "it is longer than 1048576 bytes");
    fails(&ask("/dev/zero"), 3, "it is a pipe or a device, not a file");
    std::fs::write(&file, "[".repeat(100_000)).unwrap();
    let deep = ask(file.to_str().unwrap());
    assert_eq!(deep.status.code(), Some(3), "{}", stderr(&deep).chars().take(500).collect::<String>());
    std::fs::write(&file, format!("{POLICY}\n[rules.moved-tga]\nlevel = \"warn\"\n")).unwrap();
    let invalid = |says: &str| {
        let output = ask(file.to_str().unwrap());
        assert_eq!(output.status.code(), Some(3));
        assert!(stderr(&output).contains("error: Failure encountered while: reading the policy - "), "{says}");
        assert!(stderr(&output).contains(says), "{}", stderr(&output));
    };
    invalid("other.toml:38:8: there is no rule `moved-tga`; did you mean `moved-tag`?");
    std::fs::write(&file, format!("{POLICY}\n[rules.moved-tag]\nlevl = \"warn\"\n")).unwrap();
    invalid("unknown key `levl`");
    std::fs::write(&file, format!("{POLICY}\n[rules.colliding-slug]\nreserved = \"edge\"\nlower-case = 1\n")).unwrap();
    invalid("the policy has 2 errors");
}

#[test]
fn a_policy_that_extends_itself_ends() {
    let folder = tempfile::tempdir().unwrap();
    let check = |files: &[(&str, &str)]| {
        for (name, extends) in files {
            let text = format!("schema = 1\nname = \"x\"\nextends = [{extends}]\n");
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let output = refgate(folder.path(), &["policy", "check", files[0].0], b"");
        assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
        stderr(&output)
    };
    assert!(check(&[("a.toml", "\"a.toml\"")]).contains("comes back to this file"));
    assert!(check(&[("a.toml", "\"b.toml\""), ("b.toml", "\"./a.toml\"")]).contains("comes back to this file"));
    // Not a cycle, and a hundred million files nevertheless.
    let ten: String = "\"next.toml\",".repeat(10);
    let files: Vec<(String, String)> =
        (0..7).map(|at| (format!("{at}.toml"), ten.replace("next", &(at + 1).to_string()))).collect();
    std::fs::write(folder.path().join("7.toml"), "schema = 1\nname = \"x\"\n").unwrap();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert!(check(&files).contains("a policy has at most 32 layers"));
}

#[test]
fn the_command_line_says_what_it_takes() {
    let nowhere = Path::new("/");
    for (arguments, code) in [
        (&["--help"][..], 0),
        (&["hook", "--help"], 0),
        (&["check", "--help"], 0),
        (&["--version"], 0),
        (&[], 2),
        (&["--nonsense"], 2),
        (&["nonsense"], 2),
        (&["hook"], 2),
        (&["hook", "post-commit"], 2),
        (&["check", "--format", "yaml"], 2),
        (&["check", "--base", "x"], 2),
        (&["check", "--target", "x", "--ref", "refs/heads/x=a..b"], 2),
        (&["explain", "nonsense"], 2),
        (&["explain", "moved-tag"], 0),
        (&["rules", "--format", "json"], 0),
        (&["policy"], 2),
        (&["policy", "check", "/nonexistent/p.toml"], 3),
    ] {
        let output = refgate(nowhere, arguments, b"");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", stderr(&output));
        assert_eq!(output.stdout.is_empty(), code != 0, "{arguments:?}");
    }
    let site = Site::usual();
    let check = |text: &str| refgate(&site.server, &["check", "--ref", text], b"");
    fails(&check("refs/heads/x"), 2, "is not `REF=OLD..NEW`");
    fails(&check("refs/heads/x=master"), 2, "is not `REF=OLD..NEW`");
    fails(&check("master=master..master"), 2, "the ref is written in full");
    fails(&check("refs/heads/x=master..nonsense"), 2, "`nonsense` names no object");
    fails(&check("refs/heads/x=master..-x"), 2, "-x");
    fails(&check("refs/heads/x=master..1234"), 2, "`1234` names no object");
    fails(&refgate(&site.server, &["check"], b""), 2, "the variables of no known CI system are set");
}

#[test]
fn every_failure_is_in_the_log_with_all_of_its_detail() {
    let site = Site::usual();
    let a = site.id("A");
    let missing = "1".repeat(40);
    let range = format!("refs/heads/topic/x={a}..{missing}");
    let nowhere = tempfile::tempdir().unwrap();
    let server: &Path = &site.server;
    for (directory, arguments, input, says) in [
        (server, &["check", "--target", "master", "--head", "nonsense"][..], "", "`nonsense` names no object"),
        (server, &["check", "--ref", &range], "", &missing),
        (server, &["check", "--ref", "refs/heads/x"], "", "is not `REF=OLD..NEW`"),
        (server, &["check"], "", "no known CI system"),
        (server, &["check", "--bogus"], "", "--bogus"),
        (server, &["check", "--format", "nonsense"], "", "nonsense"),
        (server, &["hook", "pre-receive"], "nonsense\n", "`nonsense` is not `OLD NEW REF`"),
        (server, &["hook", "post-merge"], "", "post-merge"),
        (nowhere.path(), &["check", "--target", "master"], "", "not a git repository"),
        (server, &["check", "--policy", "missing.toml", "--target", "master"], "", "missing.toml"),
    ] {
        let log = site.path("failures");
        let _ = std::fs::remove_file(&log);
        let log_flag = ["--log", log.to_str().unwrap()];
        let output = refgate(directory, &[&arguments[..1], &log_flag, &arguments[1..]].concat(), input.as_bytes());
        let code = output.status.code().unwrap();
        assert!(code > 1, "{arguments:?}: {}", stderr(&output));
        let text = std::fs::read_to_string(&log).unwrap_or_else(|error| panic!("{arguments:?}: {error}"));
        let records: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let [record] = records.as_slice() else { panic!("{arguments:?}: {text}") };
        assert_eq!((&record["schema"], &record["exit_code"]), (&"refgate.failure/v1".into(), &code.into()), "{text}");
        assert!(record.to_string().contains(says), "{arguments:?}: `{says}` is not in {text}");
    }
}
