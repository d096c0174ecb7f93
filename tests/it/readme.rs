//! The refusal with which the README opens is what comes out.

use crate::support::{command, git, refgate, run, stderr};

#[test]
fn the_refusal_that_the_readme_opens_with_is_what_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let (server, work) = (folder.path().join("server.git"), folder.path().join("work"));
    git(folder.path(), &["init", "--quiet", "--bare", "--initial-branch=main", "server.git"]);
    git(folder.path(), &["init", "--quiet", "--initial-branch=main", "work"]);
    git(&work, &["remote", "add", "origin", server.to_str().unwrap()]);
    let commit = |file: &str, message: &str| {
        std::fs::write(work.join(file), format!("{message}\n")).unwrap();
        git(&work, &["add", file]);
        git(&work, &["commit", "--quiet", "-m", message]);
    };
    commit("one", "feat: one");
    git(&work, &["branch", "release/1.19"]);
    git(&work, &["tag", "-a", "-m", "1.19.0", "1.19.0"]);
    commit("two", "feat: two");
    git(&work, &["branch", "release/1.20"]);
    git(&work, &["tag", "-a", "-m", "1.20.0", "1.20.0"]);
    commit("three", "fix: three");
    git(&work, &["push", "--quiet", "origin", "--all", "--follow-tags"]);
    let server = server.to_str().unwrap();
    let installed = refgate(&work, &["install", "--repo", server, "--policy", "preset:stable-branches"], b"");
    assert_eq!(installed.status.code(), Some(0), "{}", stderr(&installed));
    git(&work, &["tag", "-a", "-m", "1.19.1", "1.19.1"]);
    let pushed = run(command("git", &work).args(["push", "origin", "1.19.1"]), b"");
    assert!(!pushed.status.success());
    let said: Vec<String> = stderr(&pushed)
        .lines()
        .filter(|line| line.starts_with("remote: "))
        .map(|line| line.trim_end().to_owned())
        .collect();
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let shown = readme.lines().skip_while(|line| *line != "    $ git push origin 1.19.1").skip(1);
    let shown = shown.take_while(|line| line.starts_with("    ")).map(|line| line.trim().to_owned());
    let shown: Vec<String> = shown.filter(|line| line != "remote:").collect();
    let said: Vec<String> = said.into_iter().filter(|line| line != "remote:").collect();
    assert_eq!(shown, said);
}
