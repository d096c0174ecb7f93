//! The cache of earlier comparisons: answers are the same with it, without it, and whatever somebody did to it.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::support::history::build;
use crate::support::{command, git, refgate, run};

const QUESTION: &[&str] = &["landed", "--from", "release", "--to", "main", "--all", "--format", "json"];

/// Makes a mainline of twelve changes, eight of them picked, some with other words.
fn history() -> String {
    let mut script = String::from("B = commit \"base\" file a.txt \"one\\n\" file b.txt \"two\\n\"\n");
    for at in 0..12 {
        let parent = if at == 0 { "B".to_owned() } else { format!("M{}", at - 1) };
        script.push_str(&format!(
            "M{at} = commit \"teach the parser rule number {at} of many\" parents {parent} file f{at}.txt \"rule {at} begins\\nand ends here\\n\"\n"
        ));
    }
    for at in 0..8 {
        let parent = if at == 0 { "B".to_owned() } else { format!("R{}", at - 1) };
        let title = if at % 3 == 0 {
            format!("rule {at}, for the release")
        } else {
            format!("teach the parser rule number {at} of many")
        };
        script.push_str(&format!(
            "R{at} = commit \"{title}\" parents {parent} file f{at}.txt \"rule {at} begins\\nand ends here\\n\" file only{at}.txt \"{at}\"\n"
        ));
    }
    script + "refs/heads/main = M11\nrefs/heads/release = R7\n"
}

struct Site {
    directory: tempfile::TempDir,
    /// The answer without any cache.
    truth: Vec<u8>,
}

impl Site {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        build(directory.path(), &history(), &[]);
        let output = refgate(directory.path(), &[QUESTION, &["--no-cache"]].concat(), b"");
        assert!(output.status.success());
        assert!(output.stdout.windows(6).filter(|part| part == b"landed").count() > 8, "most landed");
        Self { directory, truth: output.stdout }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn file(&self) -> PathBuf {
        self.path().join("refgate").join("landed")
    }

    fn ask(&self) -> Output {
        refgate(self.path(), QUESTION, b"")
    }

    fn answers(&self) -> PathBuf {
        self.path().join("refgate").join("answers")
    }

    /// Returns the one answer that is cached.
    fn answer(&self) -> PathBuf {
        let mut files = files(&self.answers());
        assert_eq!(files.len(), 1);
        self.answers().join(files.remove(0))
    }

    /// Asserts that the answer is right. Whole answers in the cache are removed first, to have the question asked anew.
    fn is_right(&self) {
        let _absent = std::fs::remove_dir_all(self.answers());
        self.is_right_again();
    }

    /// Asserts the same, with the answer that is cached.
    fn is_right_again(&self) {
        let output = self.ask();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&self.truth));
    }
}

/// Returns the names of a directory's files, sorted.
fn files(directory: &Path) -> Vec<String> {
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn answers_are_the_same_cold_and_warm() {
    let site = Site::new();
    assert!(!site.file().exists(), "`--no-cache` keeps nothing");
    site.is_right();
    let first = std::fs::read(site.file()).unwrap();
    site.is_right();
    assert_eq!(std::fs::read(site.file()).unwrap(), first, "nothing new, nothing written");
    // It is used: without the trees and files of the mainline's commits there is still an answer.
    for at in 0..8 {
        let blob = git(site.path(), &["rev-parse", &format!("main:f{at}.txt")]);
        let _absent = std::fs::remove_file(site.path().join("objects").join(&blob[..2]).join(&blob[2..]));
    }
    site.is_right();
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn whatever_somebody_made_of_it_the_answer_is_right() {
    let site = Site::new();
    site.is_right();
    let good = std::fs::read(site.file()).unwrap();
    for at in (0..good.len()).step_by(good.len() / 40 + 1) {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        std::fs::write(site.file(), &bad).unwrap();
        site.is_right();
    }
    let swapped = [&good[..32], &good[32..].iter().rev().copied().collect::<Vec<u8>>()].concat();
    let mut long = good[..good.len() / 2].to_vec();
    long.extend_from_slice(&good);
    for bad in [b"".to_vec(), b"refgate\n".to_vec(), vec![0xff; 4096], good[..good.len() / 2].to_vec(), swapped, long] {
        std::fs::write(site.file(), &bad).unwrap();
        site.is_right();
    }
    // It has been rewritten completely.
    assert_eq!(std::fs::read(site.file()).unwrap(), good);
}

#[cfg(unix)]
#[test]
fn what_others_may_write_is_not_read() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let site = Site::new();
    site.is_right();
    let good = std::fs::read(site.file()).unwrap();
    // A file that anybody may write is put in order; a link is replaced and what it leads to is left alone.
    std::fs::set_permissions(site.file(), std::fs::Permissions::from_mode(0o666)).unwrap();
    site.is_right();
    assert_eq!(std::fs::metadata(site.file()).unwrap().permissions().mode() & 0o022, 0);
    let elsewhere = site.path().join("elsewhere");
    std::fs::write(&elsewhere, b"mine").unwrap();
    std::fs::remove_file(site.file()).unwrap();
    symlink(&elsewhere, site.file()).unwrap();
    site.is_right();
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"mine");
    assert_eq!(std::fs::read(site.file()).unwrap(), good);
    // Where there is no room for it, there is an answer nevertheless.
    std::fs::remove_dir_all(site.path().join("refgate")).unwrap();
    std::fs::write(site.path().join("refgate"), b"").unwrap();
    site.is_right();
}

#[test]
fn nothing_is_written_in_quarantine() {
    let site = Site::new();
    let quarantine = site.path().join("objects/tmp_objdir-incoming-x");
    std::fs::create_dir(&quarantine).unwrap();
    for (key, value) in [("GIT_QUARANTINE_PATH", &quarantine), ("GIT_OBJECT_DIRECTORY", &quarantine)] {
        let mut hook = command(env!("CARGO_BIN_EXE_refgate"), site.path());
        hook.args(QUESTION).env("GIT_DIR", ".").env(key, value);
        hook.env("GIT_ALTERNATE_OBJECT_DIRECTORIES", site.path().join("objects"));
        let output = run(&mut hook, b"");
        assert_eq!(String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&site.truth), "{output:?}");
        assert!(!site.path().join("refgate").exists(), "{key}");
        assert!(std::fs::read_dir(&quarantine).unwrap().next().is_none());
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn many_may_write_at_once() {
    let site = Site::new();
    for _ in 0..4 {
        std::thread::scope(|scope| {
            let askers: Vec<_> = (0..4).map(|_| scope.spawn(|| site.is_right_again())).collect();
            askers.into_iter().for_each(|asker| asker.join().unwrap());
        });
        assert_eq!(
            files(&site.path().join("refgate")),
            ["answers", "landed", "merges"],
            "no file is left half-written"
        );
        site.answer();
        site.is_right();
        std::fs::remove_dir_all(site.path().join("refgate")).unwrap();
    }
}

#[test]
fn the_same_question_has_the_same_answer() {
    let site = Site::new();
    site.is_right();
    let kept = std::fs::read(site.answer()).unwrap();
    // Nothing else is read: the commits' trees may be gone.
    std::fs::remove_file(site.file()).unwrap();
    for at in 0..8 {
        let tree = git(site.path(), &["rev-parse", &format!("main~{at}^{{tree}}")]);
        let _absent = std::fs::remove_file(site.path().join("objects").join(&tree[..2]).join(&tree[2..]));
    }
    site.is_right_again();
    assert!(!site.file().exists(), "nothing new, nothing written");
    assert_eq!(std::fs::read(site.answer()).unwrap(), kept);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_spoilt_answer_is_found_anew() {
    let site = Site::new();
    site.is_right();
    let good = std::fs::read(site.answer()).unwrap();
    for at in (0..good.len()).step_by(good.len() / 20 + 1) {
        let mut bad = good.clone();
        bad[at] ^= 0x41;
        std::fs::write(site.answer(), &bad).unwrap();
        site.is_right_again();
        assert_eq!(std::fs::read(site.answer()).unwrap(), good, "byte {at}");
    }
    for bad in [b"".as_slice(), &good[..good.len() / 2], &[good.as_slice(), b"x"].concat()] {
        std::fs::write(site.answer(), bad).unwrap();
        site.is_right_again();
    }
}

#[test]
fn an_answer_holds_for_what_was_asked() {
    let site = Site::new();
    site.is_right();
    for other in [&["--last", "3"][..], &["--ignore-trailers"]] {
        let question = [QUESTION, other].concat();
        let truth = refgate(site.path(), &[question.as_slice(), &["--no-cache"]].concat(), b"");
        for _ in 0..2 {
            let answer = refgate(site.path(), &question, b"");
            assert_eq!(String::from_utf8_lossy(&answer.stdout), String::from_utf8_lossy(&truth.stdout), "{other:?}");
        }
    }
    assert_eq!(files(&site.answers()).len(), 3);
    // With another tip it is another question.
    git(site.path(), &["update-ref", "refs/heads/main", "main~5"]);
    let truth = refgate(site.path(), &[QUESTION, &["--no-cache"]].concat(), b"");
    assert_ne!(truth.stdout, site.truth);
    assert_eq!(site.ask().stdout, truth.stdout);
}

#[test]
fn an_original_that_arrives_later_is_looked_for_again() {
    let site = Site::new();
    // It changes something: a commit that changes nothing need not be anywhere.
    let commit = |message: &str, parent: &str| {
        git(site.path(), &["commit-tree", "-m", message, "-p", parent, &format!("{parent}~1^{{tree}}")])
    };
    // The object is made to learn its id, and then removed.
    let original = commit("an original", "main");
    let object = site.path().join("objects").join(&original[..2]).join(&original[2..]);
    let content = std::fs::read(&object).unwrap();
    std::fs::remove_file(&object).unwrap();
    let pick = commit(&format!("a pick\n\n(cherry picked from commit {original})"), "release");
    git(site.path(), &["update-ref", "refs/heads/release", &pick]);
    let status = || {
        let answer = refgate(site.path(), &[QUESTION, &["--last", "1"]].concat(), b"");
        let report: serde_json::Value = serde_json::from_slice(&answer.stdout).unwrap();
        report["commits"][0]["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(), "elsewhere");
    assert_eq!(status(), "elsewhere");
    std::fs::write(&object, content).unwrap();
    assert_eq!(status(), "missing", "it is here, but on no line");
}

#[test]
fn that_no_merge_lost_anything_is_kept() {
    let site = Site::new();
    let merge = |ours: &str, theirs: &str, tree: &str| {
        let merge = git(site.path(), &["commit-tree", "-m", "merge", "-p", ours, "-p", theirs, tree]);
        git(site.path(), &["update-ref", &format!("refs/heads/{ours}"), &merge]);
    };
    let merged = |ours: &str, theirs: &str| git(site.path(), &["merge-tree", "--write-tree", ours, theirs]);
    let side = |name: &str| {
        let blob = git(site.path(), &["hash-object", "-w", "config"]);
        git(site.path(), &["read-tree", "main~3"]);
        git(site.path(), &["update-index", "--add", "--cacheinfo", &format!("100644,{blob},{name}")]);
        let tree = git(site.path(), &["write-tree"]);
        git(site.path(), &["commit-tree", "-m", name, "-p", "main~3", &tree])
    };
    // Side branches that the release merges: one that main merges as well, and keeps.
    let (kept, lost) = (side("kept"), side("lost"));
    for (ours, theirs) in [("main", &kept), ("release", &kept), ("release", &lost)] {
        merge(ours, theirs, &merged(ours, theirs));
    }
    let truth = || refgate(site.path(), &[QUESTION, &["--no-cache"]].concat(), b"").stdout;
    let (merges, first) = (site.path().join("refgate/merges"), truth());
    assert!(!merges.exists(), "`--no-cache` keeps nothing");
    assert_eq!(site.ask().stdout, first);
    let kept = std::fs::read(&merges).unwrap();
    assert_eq!(site.ask().stdout, first);
    assert_eq!(std::fs::read(&merges).unwrap(), kept, "it is known");
    for at in 0..kept.len() {
        let mut bad = kept.clone();
        bad[at] ^= 0x41;
        std::fs::write(&merges, &bad[..bad.len() - at % 2]).unwrap();
        assert_eq!(site.ask().stdout, first, "byte {at}");
        assert_eq!(std::fs::read(&merges).unwrap(), kept, "byte {at}");
    }
    // The other is merged and lost: with the new tip it is another question, of which nothing is kept.
    merge("main", &lost, "main^{tree}");
    let second = truth();
    assert_ne!(second, first);
    for _ in 0..2 {
        assert_eq!(site.ask().stdout, second);
        assert_eq!(std::fs::read(&merges).unwrap(), kept);
    }
}

#[test]
fn answers_do_not_pile_up() {
    let site = Site::new();
    site.is_right();
    let kept = std::fs::read(site.answer()).unwrap();
    for at in 0..100 {
        std::fs::write(site.answers().join(format!("{at:040x}")), &kept).unwrap();
    }
    git(site.path(), &["update-ref", "refs/heads/main", "main~1"]);
    assert!(site.ask().status.success());
    assert_eq!(files(&site.answers()).len(), 64);
}

#[test]
fn many_questions_at_once_have_the_answers_of_each_alone() {
    let site = Site::new();
    let policy = concat!(
        "schema = 1\nname = \"p\"\n",
        "[[line]]\nname = \"trunk\"\nbranch = \"main\"\nrole = \"mainline\"\n",
        "[[line]]\nname = \"stable\"\nbranch = \"release*\"\nrole = \"release\"\n",
    );
    let file = site.path().join("policy.toml");
    std::fs::write(&file, policy).unwrap();
    for (name, of) in [("release-2", "release~2"), ("release-5", "release~5")] {
        git(site.path(), &["update-ref", &format!("refs/heads/{name}"), of]);
    }
    // The branches have patches in common, which are read for the first of them.
    let ask = |from: &str, to: &str| -> serde_json::Value {
        let question = ["landed", "--from", from, "--to", to, "--no-cache", "--format", "json", "--policy"];
        let output = refgate(site.path(), &[&question[..], &[file.to_str().unwrap()]].concat(), b"");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let all = ask("stable", "trunk");
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 3, "{all:?}");
    for one in all {
        let alone = ask(one["from"].as_str().unwrap(), "main");
        assert_eq!(one["commits"], alone["commits"]);
        assert!(one["counts"]["landed"].as_u64().unwrap() > 1, "{one}");
    }
}
