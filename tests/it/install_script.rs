//! `install.sh` into a scratch prefix, and what it says.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::install::{Server, text};
use crate::support::{REFGATE, command, run};

fn script(arguments: &[&str]) -> Output {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    run(command("sh", root).arg("install.sh").args(arguments), b"")
}

fn files(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { assert!(found.insert(path)) }
        }
    }
    found
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn it_installs_guards_a_repository_and_leaves_nothing_behind() {
    let server = Server::new(&[]);
    let prefix = server.root.path().join("it's a prefix");
    let (into, repo) = (prefix.to_str().unwrap(), server.repo.to_str().unwrap());
    let all = ["--prefix", into, "--binary", REFGATE, repo, "--", "--policy", "preset:pybal"];

    let dry = script(&[&["--dry-run"], &all[..]].concat());
    assert_eq!(dry.status.code(), Some(0), "{}", text(&dry));
    assert!(text(&dry).lines().all(|line| line.starts_with("would ") || !line.starts_with("write")), "{}", text(&dry));
    assert!(!prefix.exists() && files(&server.repo.join("hooks")).is_empty());

    // Somebody's link must be replaced, not written through.
    let victim = server.root.path().join("victim");
    std::fs::write(&victim, "theirs").unwrap();
    std::fs::create_dir_all(prefix.join("bin")).unwrap();
    std::os::unix::fs::symlink(&victim, prefix.join("bin/refgate")).unwrap();
    let output = script(&all);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "theirs");
    for file in ["bin/refgate", "share/man/man1/refgate.1", "share/refgate/hooks/gitolite/VREF/refgate"] {
        assert!(prefix.join(file).symlink_metadata().unwrap().is_file(), "{file}");
    }
    assert!(server.push(&["master:refs/heads/master"]).status.success());
    assert_eq!(server.push(&["master:refs/heads/nonsense"]).status.code(), Some(1));
    // The scripts that ship run the program that was installed, whatever its path.
    let shim = prefix.join("share/refgate/hooks/pre-receive");
    let refused = run(command(&shim, &server.repo).env("GIT_DIR", "."), b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("no ref update on standard input"), "{}", text(&refused));

    let again = script(&all);
    assert_eq!(again.status.code(), Some(0));
    assert!(!text(&again).contains("write "), "{}", text(&again));

    let removed = script(&["--uninstall", "--prefix", into, repo]);
    assert_eq!(removed.status.code(), Some(0), "{}", text(&removed));
    assert!(files(&prefix).is_empty(), "{:?}", files(&prefix));
    assert!(files(&server.repo.join("hooks")).is_empty());
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_cannot_be_installed_is_one_clear_line() {
    let root = tempfile::tempdir().unwrap();
    let prefix = root.path().to_str().unwrap();
    for (arguments, code, says) in [
        (&["--binary", "/nonexistent", "--prefix", prefix][..], 1, "/nonexistent is no program"),
        (&["--prefix"], 2, "--prefix needs a value"),
        (&["--colour"], 2, "there is no option --colour"),
        (&["--binary", REFGATE, "--prefix", "/dev/null/x"], 1, "--prefix ~/.local"),
        (&["--binary", REFGATE, "--prefix", prefix, "/nonexistent.git"], 1, "/nonexistent.git"),
    ] {
        let output = script(arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", text(&output));
        let said = text(&output);
        assert!(said.contains("error: ") && said.contains(says), "{arguments:?}: {said}");
    }
}

#[test]
fn every_shell_script_can_be_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut scripts = vec![root.join("install.sh"), root.join("hooks/samples/pre-commit-pre-push")];
    scripts.extend(
        ["pre-receive", "update", "reference-transaction", "post-receive", "pre-push", "gitolite/VREF/refgate"]
            .map(|name| root.join("hooks").join(name)),
    );
    scripts.extend(
        files(&root.join("tests/hosts")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "sh")),
    );
    for script in &scripts {
        let checked = run(command("sh", root).arg("-n").arg(script), b"");
        let is_bash = std::fs::read_to_string(script).unwrap().lines().next().unwrap().contains("bash");
        assert!(is_bash || checked.status.success(), "{}", text(&checked));
    }
}
