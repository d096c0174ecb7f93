//! pre-commit, lefthook and husky next to refgate: scripts that are recognised and called like theirs, and stand-ins
//! that do to the files what their programs do. `tests/hosts/managers.sh` runs the real ones.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::install::{Server, text, write};
use crate::support::{REFGATE, command, git, run, stderr};

/// pre-commit knows its own scripts by the id.
const PRE_COMMIT: &str = r#"#!/bin/sh
# ID: 138fd403232d2ddd5efb44317e38bf03
exec pre-commit hook-impl --hook-type=pre-push --hook-dir "$(cd "$(dirname "$0")" && pwd)" -- "$@"
"#;

/// lefthook knows its own scripts by its name in capitals.
const LEFTHOOK: &str = r#"#!/bin/sh
[ "${LEFTHOOK:-}" = 0 ] && exit 0
call_lefthook() {
    lefthook "$@"
}
call_lefthook run pre-push "$@"
"#;

/// husky writes one such script for every hook.
const HUSKY: &str = r#"#!/usr/bin/env sh
. "$(dirname "$0")/h""#;

/// What those run: the project's script of the same name.
const HUSKY_H: &str = r#"script=$(dirname "$(dirname "$0")")/$(basename "$0")
[ -f "$script" ] || exit 0
sh -e "$script" "$@"
exit $?
"#;

/// A clone in which a manager is installed and uninstalled; what the manager runs writes `managed` to a file.
struct Clone {
    server: Server,
}

impl Clone {
    fn new() -> Self {
        let clone = Self { server: Server::new(&[]) };
        git(clone.work(), &["config", "refgate.policy", "preset:pybal"]);
        // What the managers' scripts start: it runs the hook that pre-commit keeps, as pre-commit does.
        clone.program(
            "pre-commit",
            "input=$(cat); shift; legacy=\nwhile [ $# -gt 0 ]; do case $1 in --hook-dir) legacy=$2/pre-push.legacy; shift ;; \
             --) shift; break ;; esac; shift; done\n\
             [ -z \"${PRE_COMMIT_RUNNING_LEGACY:-}\" ] || { echo 'bug: migration mode' >&2; exit 1; }\nstatus=0\n\
             if [ -x \"$legacy\" ]; then printf '%s\\n' \"$input\" | PRE_COMMIT_RUNNING_LEGACY=1 \"$legacy\" \"$@\" || status=1; fi\n\
             echo managed >>MANAGED\nexit $status\n",
        );
        clone.program("lefthook", "[ \"$1\" != run ] || { cat >>INPUT; echo managed >>MANAGED; }\n");
        clone
    }

    fn work(&self) -> &Path {
        &self.server.work
    }

    fn path(&self, name: &str) -> PathBuf {
        self.server.root.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let script = script.replace("MANAGED", self.path("managed").to_str().unwrap());
        let script = script.replace("INPUT", self.path("input").to_str().unwrap());
        write(&self.path("bin").join(name), &format!("#!/bin/sh\n{script}"), 0o755);
    }

    fn hook(&self, name: &str) -> PathBuf {
        self.work().join(".git/hooks").join(name)
    }

    fn run(&self, program: &str, words: &[&str]) -> Output {
        let path = std::env::var("PATH").unwrap();
        let own = Path::new(REFGATE).parent().unwrap();
        let path = format!("{}:{}:{path}", self.path("bin").display(), own.display());
        run(command(program, self.work()).env("PATH", path).args(words), b"")
    }

    fn refgate(&self, words: &[&str]) -> Output {
        let output = self.run(REFGATE, words);
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}", text(&output));
        output
    }

    /// Does what each program does with the files when it is installed.
    fn install(&self, manager: &str) {
        let slot = self.hook("pre-push");
        let current = std::fs::read_to_string(&slot).unwrap_or_default();
        let moved = |name: &str| std::fs::rename(&slot, self.hook(name)).unwrap();
        match manager {
            "refgate" => drop(self.refgate(&["install"])),
            "pre-commit" => {
                if !current.is_empty() && !current.contains("138fd403232d2ddd5efb44317e38bf03") {
                    moved("pre-push.legacy");
                }
                write(&slot, PRE_COMMIT, 0o755);
            }
            "lefthook" => {
                if !current.is_empty() && !current.contains("LEFTHOOK") {
                    assert!(!self.hook("pre-push.old").exists(), "lefthook would fail");
                    moved("pre-push.old");
                }
                write(&slot, LEFTHOOK, 0o755);
            }
            "husky" => {
                git(self.work(), &["config", "core.hooksPath", ".husky/_"]);
                write(&self.work().join(".husky/_/pre-push"), HUSKY, 0o755);
                write(&self.work().join(".husky/_/h"), HUSKY_H, 0o644);
            }
            other => panic!("{other}"),
        }
    }

    /// Does what each program does when it is uninstalled.
    fn uninstall(&self, manager: &str) {
        let slot = self.hook("pre-push");
        let back = |name: &str| {
            if self.hook(name).exists() {
                std::fs::rename(self.hook(name), &slot).unwrap();
            }
        };
        match manager {
            "refgate" => drop(self.refgate(&["uninstall"])),
            "pre-commit" => {
                if std::fs::read_to_string(&slot).unwrap().contains("138fd403232d2ddd5efb44317e38bf03") {
                    std::fs::remove_file(&slot).unwrap();
                    back("pre-push.legacy");
                }
            }
            "lefthook" => {
                for entry in std::fs::read_dir(self.hook("")).unwrap() {
                    let path = entry.unwrap().path();
                    if std::fs::read_to_string(&path).unwrap().contains("LEFTHOOK") {
                        std::fs::remove_file(path).unwrap();
                    }
                }
                back("pre-push.old");
            }
            "husky" => drop(git(self.work(), &["config", "--unset", "core.hooksPath"])),
            other => panic!("{other}"),
        }
    }

    fn push(&self, refspec: &str) -> Output {
        self.run("git", &["push", self.server.repo.to_str().unwrap(), refspec])
    }

    /// Returns whether refgate refuses, and whether the manager's own hooks run on a push that is accepted.
    fn state(&self) -> (bool, bool) {
        let _ = std::fs::remove_file(self.path("managed"));
        let refused = self.push("HEAD:refs/heads/nonsense");
        let is_judged = !refused.status.success() && stderr(&refused).contains("unlisted-branch");
        assert!(is_judged || refused.status.success(), "refused for another reason: {}", text(&refused));
        if !is_judged {
            git(&self.server.repo, &["update-ref", "-d", "refs/heads/nonsense"]);
        }
        let _ = std::fs::remove_file(self.path("managed"));
        git(self.work(), &["commit", "--quiet", "--allow-empty", "-m", "more"]);
        let accepted = self.push("HEAD:refs/heads/master");
        assert!(accepted.status.success(), "{}", text(&accepted));
        (is_judged, self.path("managed").exists())
    }

    fn doctor(&self) -> (Option<i32>, String) {
        let output = self.run(REFGATE, &["doctor"]);
        (output.status.code(), text(&output))
    }

    fn names(&self) -> Vec<String> {
        let names =
            std::fs::read_dir(self.hook("")).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("pre-push")).collect();
        names.sort();
        names
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn next_to_pre_commit_refgate_judges_in_every_order() {
    for order in [
        &["refgate", "pre-commit"][..],
        &["pre-commit", "refgate"],
        &["pre-commit", "refgate", "pre-commit"],
        &["pre-commit", "refgate", "pre-commit", "refgate"],
        &["refgate", "pre-commit", "refgate", "pre-commit", "pre-commit"],
    ] {
        let clone = Clone::new();
        for step in order {
            clone.install(step);
        }
        assert_eq!(clone.state(), (true, true), "{order:?}");
        let (code, said) = clone.doctor();
        assert_eq!(code, Some(0), "{order:?}: {said}");
        assert!(said.contains("is pre-commit's") && said.contains("was refused by refgate"), "{order:?}: {said}");
        clone.uninstall("refgate");
        assert_eq!(clone.names(), ["pre-push"], "{order:?}");
        assert_eq!(std::fs::read_to_string(clone.hook("pre-push")).unwrap(), PRE_COMMIT, "{order:?}");
        assert_eq!(clone.state(), (false, true), "{order:?}");
        clone.install("refgate");
        clone.uninstall("pre-commit");
        assert_eq!(clone.state(), (true, false), "{order:?}");
        clone.uninstall("refgate");
        assert_eq!(clone.names(), Vec::<String>::new(), "{order:?}");
    }
}

#[test]
fn an_older_refgate_in_front_of_pre_commit_changes_places() {
    let clone = Clone::new();
    clone.install("refgate");
    // As it used to be installed.
    let shim = std::fs::read_to_string(clone.hook("pre-push")).unwrap();
    let shim = shim.replace("\nprevious=\n", "\nprevious=pre-push.before-refgate\n");
    for again in [false, true] {
        let _ = std::fs::remove_file(clone.hook("pre-push.legacy"));
        write(&clone.hook("pre-push.before-refgate"), PRE_COMMIT, 0o755);
        write(&clone.hook("pre-push"), &shim, 0o755);
        if again {
            clone.install("pre-commit");
            let recursion = clone.push("HEAD:refs/heads/master");
            assert!(!recursion.status.success() && text(&recursion).contains("migration mode"), "{}", text(&recursion));
        }
        clone.install("refgate");
        assert_eq!(clone.names(), ["pre-push", "pre-push.legacy"], "{again}");
        assert_eq!(clone.state(), (true, true), "{again}");
    }
}

#[test]
fn a_hook_from_before_all_of_them_keeps_running() {
    for (manager, order) in [
        ("pre-commit", &["refgate", "pre-commit", "refgate"][..]),
        ("pre-commit", &["pre-commit", "refgate", "pre-commit"]),
    ] {
        let clone = Clone::new();
        let own = format!("#!/bin/sh\ncat >/dev/null\necho own >>{}\n", clone.path("own").display());
        write(&clone.hook("pre-push"), &own, 0o755);
        for step in order {
            clone.install(step);
        }
        assert_eq!(clone.state(), (true, true), "{order:?}");
        assert!(clone.path("own").exists(), "{order:?}");
        clone.uninstall("refgate");
        clone.uninstall(manager);
        assert_eq!(clone.names(), ["pre-push"], "{order:?}");
        assert_eq!(std::fs::read_to_string(clone.hook("pre-push")).unwrap(), own, "{order:?}");
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn next_to_lefthook_refgate_judges_once_it_is_installed_last() {
    for order in [
        &["lefthook", "refgate"][..],
        &["refgate", "lefthook", "refgate"],
        &["lefthook", "refgate", "lefthook", "refgate"],
        &["lefthook", "refgate", "lefthook", "refgate", "lefthook", "refgate", "refgate"],
    ] {
        let clone = Clone::new();
        for step in order {
            clone.install(step);
        }
        assert_eq!(clone.state(), (true, true), "{order:?}");
        let (code, said) = clone.doctor();
        assert_eq!(code, Some(0), "{order:?}: {said}");
        assert!(said.contains("pre-push.before-refgate (lefthook's)"), "{order:?}: {said}");
        assert!(!std::fs::read(clone.path("input")).unwrap().is_empty(), "lefthook got no input");
        clone.uninstall("refgate");
        assert_eq!(clone.names(), ["pre-push"], "{order:?}");
        assert_eq!(std::fs::read_to_string(clone.hook("pre-push")).unwrap(), LEFTHOOK, "{order:?}");
        clone.install("refgate");
        // It takes its script along, also the one that is kept.
        clone.uninstall("lefthook");
        assert_eq!(clone.state(), (true, false), "{order:?}");
        assert_eq!(clone.doctor().0, Some(0));
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn lefthook_installed_over_refgate_is_found_and_repaired() {
    for order in [&["refgate", "lefthook"][..], &["lefthook", "refgate", "lefthook"]] {
        let clone = Clone::new();
        for step in order {
            clone.install(step);
        }
        assert_eq!(clone.state(), (false, true), "{order:?}");
        let (code, said) = clone.doctor();
        assert_eq!(code, Some(1), "{order:?}: {said}");
        for words in ["is lefthook's", "put refgate away", "git would accept everything"] {
            assert!(said.contains(words), "{order:?}: {words}: {said}");
        }
        clone.install("refgate");
        assert_eq!(clone.names(), ["pre-push", "pre-push.before-refgate"], "{order:?}");
        assert_eq!(clone.state(), (true, true), "{order:?}");
        // Uninstalled while it is put away.
        clone.install("lefthook");
        clone.uninstall("refgate");
        assert_eq!(clone.names(), ["pre-push"], "{order:?}");
        assert_eq!(std::fs::read_to_string(clone.hook("pre-push")).unwrap(), LEFTHOOK, "{order:?}");
    }
}

#[test]
fn lefthook_that_takes_the_place_while_it_runs_is_put_behind_again() {
    let clone = Clone::new();
    clone.install("lefthook");
    clone.install("refgate");
    let hooks = clone.hook("");
    let sync = format!(
        "[ \"$1\" = run ] || exit 0\necho managed >>MANAGED\ncd {}\ngrep -q call_lefthook pre-push && exit 0\n\
         mv pre-push pre-push.old && cp pre-push.before-refgate pre-push\n",
        hooks.display()
    );
    clone.program("lefthook", &sync);
    assert!(clone.push("HEAD:refs/heads/master").status.success());
    assert_eq!(clone.names(), ["pre-push", "pre-push.before-refgate"]);
    assert_eq!(clone.state(), (true, true));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn next_to_husky_refgate_judges_in_the_projects_script() {
    let own = "printf '%s\\n' \"$@\" >ARGS\ncat >STDIN\necho managed >>MANAGED";
    for order in [
        &["husky", "refgate"][..],
        &["refgate", "husky", "refgate"],
        &["husky", "refgate", "husky"],
        &["husky", "refgate", "husky", "refgate"],
    ] {
        let clone = Clone::new();
        let place = clone.work().join(".husky/pre-push");
        let own = own.replace("MANAGED", clone.path("managed").to_str().unwrap());
        let own = own.replace("ARGS", clone.path("args").to_str().unwrap());
        let own = own.replace("STDIN", clone.path("stdin").to_str().unwrap());
        write(&place, &own, 0o644);
        for step in order {
            clone.install(step);
        }
        assert_eq!(clone.state(), (true, true), "{order:?}");
        // The lines after refgate's get the same input and arguments.
        let seen = std::fs::read_to_string(clone.path("stdin")).unwrap();
        assert!(seen.starts_with("HEAD ") && seen.contains(" refs/heads/master ") && seen.ends_with('\n'), "{seen:?}");
        assert_eq!(seen.lines().count(), 1, "{seen:?}");
        assert_eq!(std::fs::read_to_string(clone.path("args")).unwrap().lines().count(), 2);
        let (code, said) = clone.doctor();
        assert_eq!(code, Some(0), "{order:?}: {said}");
        assert!(said.contains("is husky's") && said.contains("was refused by refgate"), "{order:?}: {said}");
        clone.uninstall("refgate");
        assert_eq!(std::fs::read_to_string(&place).unwrap(), own, "{order:?}");
        assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(clone.state(), (false, true), "{order:?}");
        clone.uninstall("husky");
        assert_eq!(clone.state(), (false, false), "{order:?}");
    }
}

#[test]
fn husky_after_refgate_is_found() {
    let clone = Clone::new();
    clone.install("refgate");
    clone.install("husky");
    assert_eq!(clone.state(), (false, false));
    let (code, said) = clone.doctor();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("is husky's") && said.contains("git would accept everything"), "{said}");
    clone.install("refgate");
    assert_eq!(clone.state(), (true, false));
    clone.uninstall("refgate");
    assert!(!clone.work().join(".husky/pre-push").exists());
    assert_eq!(clone.names(), Vec::<String>::new());
}

#[test]
fn a_script_that_runs_refgate_already_is_left_alone() {
    let clone = Clone::new();
    clone.install("husky");
    let sample = include_str!("../../hooks/samples/husky-pre-push");
    let place = clone.work().join(".husky/pre-push");
    write(&place, sample, 0o644);
    let output = clone.refgate(&["install"]);
    assert!(text(&output).contains("it is up to date"), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(&place).unwrap(), sample);
    assert_eq!(clone.state(), (true, false));
}
