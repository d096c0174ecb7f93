//! What a pusher can do to the question of where a change landed: the answer is right, or says why there is none. Where
//! the work grows with the square of what was pushed, these tests take longer than all others together.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::history::{Ids, build};
use crate::support::{command, git, git_with, json, refgate, run, stderr};

/// A mainline with a fix and a release branch that starts before it.
const HISTORY: &str = "Base = commit \"base\" file a.txt \"one\\n\"\n\
    Fix = commit \"fix the first of the numbers\" parents Base file a.txt \"two is what comes\\nafter one\\nand before three\\n\"\n\
    Own = commit \"an own thing\" parents Base file own.txt \"nobody else\\nhas ever written\\nanything like it\\n\"\n\
    More = commit \"write more of them down\" parents Fix file b.txt \"three\\n\"\n\
    refs/heads/main = More\nrefs/heads/release = Base\n";

struct Repository {
    folder: tempfile::TempDir,
    ids: Ids,
}

impl Repository {
    fn new(options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ids = build(folder.path(), HISTORY, options);
        Self { folder, ids }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(self.path(), arguments)
    }

    /// Makes a commit with the tree of a label, another timestamp and any message.
    fn commit(&self, tree: &str, parents: &[&str], message: &[u8]) -> String {
        let tree = format!("{}^{{tree}}", self.ids[tree]);
        let mut commit = command("git", self.path());
        commit.args(["commit-tree", "-F", "-", &tree]).env("GIT_AUTHOR_DATE", "1710000000 +0000");
        for parent in parents {
            commit.args(["-p", self.ids.get(*parent).map_or(parent, String::as_str)]);
        }
        let output = run(&mut commit, message);
        assert!(output.status.success(), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn set(&self, branch: &str, id: &str) {
        self.git(&["update-ref", &format!("refs/heads/{branch}"), id]);
    }

    fn ask_for(&self, arguments: &[&str]) -> Output {
        refgate(self.path(), &[&["landed", "--no-cache"], arguments].concat(), b"")
    }

    fn ask(&self) -> Vec<Value> {
        let output = self.ask_for(&["--from", "release", "--to", "main", "--format", "json"]);
        json(&output)["commits"].as_array().unwrap().clone()
    }

    /// Returns `status match` of the only commit of the branch, the match as a label; and the reason.
    fn answer(&self) -> (String, String) {
        let commits = self.ask();
        let [only] = commits.as_slice() else { panic!("{commits:#?}") };
        (self.line(only), only["reason"].as_str().unwrap().to_owned())
    }

    fn line(&self, commit: &Value) -> String {
        let matched = commit["match"].as_str().unwrap_or("-");
        let label = self.ids.iter().find(|(_, id)| *id == matched).map_or(matched, |(label, _)| label);
        format!("{} {label}", commit["status"].as_str().unwrap())
    }
}

/// Returns ids that nothing has.
fn nowhere(count: usize, digits: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |at| format!("{at:05x}{}", "9e3779b97f4a7c15f39cc0605cedc8341082276b"[..digits - 5].to_owned()))
}

#[test]
fn ten_thousand_trailers_are_no_work() {
    let repository = Repository::new(&[]);
    for digits in [40, 9] {
        let trailers: String =
            nowhere(10_000, digits).map(|id| format!("(cherry picked from commit {id})\n")).collect();
        repository.set(
            "release",
            &repository.commit("Fix", &["Base"], format!("fix the first of the numbers\n\n{trailers}").as_bytes()),
        );
        assert_eq!(repository.answer().0, "landed Fix");
        // In one line, and with nothing like it on the mainline.
        let line = format!("a fix\n\nBackport of {}\n", nowhere(10_000, digits).collect::<Vec<_>>().join(" "));
        repository.set("release", &repository.commit("Own", &["Base"], line.as_bytes()));
        assert_eq!(repository.answer().0, "elsewhere -");
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn messages_that_all_name_each_other_are_followed_so_far_and_no_further() {
    let repository = Repository::new(&[]);
    let mut side: Vec<String> = Vec::new();
    for at in 0..70 {
        let named: String = side.iter().map(|id| format!("(cherry picked from commit {id})\n")).collect();
        let parent = side.last().map_or("Base", String::as_str).to_owned();
        side.push(repository.commit("Base", &[&parent], format!("number {at}\n\n{named}").as_bytes()));
    }
    repository.set("side", side.last().unwrap());
    repository.set("release", side.last().unwrap());
    assert_eq!(repository.ask().len(), 70);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn messages_of_a_megabyte_are_read() {
    let of = |part: &str| part.repeat((1 << 20) / part.len() + 1);
    let some = |part: &str| part.repeat((100 << 10) / part.len() + 1);
    let messages = [
        of("x"),
        some("word "),
        of("(#1234567) "),
        some("[1.2] "),
        some("Revert \""),
        format!("fix the first of the numbers\n\n{}", of("(\n")),
        format!("fix the first of the numbers\n\n{}", some("([")),
        format!("fix the first of the numbers\n\n{}", some("(cherry picked from commit ")),
        format!("fix the first of the numbers\n\n(cherry picked from commit {}", some("abcdef1 ")),
        format!("fix the first of the numbers\n\n{}", some("This reverts commit 0123456789.\n")),
        format!("fix the first of the numbers\n\n{}", some("Change-Id: I0123456789abcdef0123456789abcdef01234567\n")),
        format!("fix the first of the numbers\n\n{}", some("* fix the first of the numbers\n")),
        format!("fix the first of the numbers\n\n{}", some("a b c d e f ")),
        format!("fix the first of the numbers\n\n{}", some("backport pr #1 ")),
    ];
    for message in messages {
        let repository = Repository::new(&[]);
        let shown = &message[..60];
        repository.set("release", &repository.commit("Fix", &["Base"], message.as_bytes()));
        let (line, reason) = repository.answer();
        assert_eq!(line, "landed Fix", "{shown}: {reason}");
        // The same on the mainline.
        let long = repository.commit("Base", &["More"], message.as_bytes());
        repository.set("main", &long);
        repository.ask();
    }
}

#[test]
fn what_is_named_and_is_no_commit_is_no_original() {
    for options in [&["--object-format=sha1"][..], &["--object-format=sha256"]] {
        let repository = Repository::new(options);
        let (tree, blob) =
            (repository.git(&["rev-parse", "main^{tree}"]), repository.git(&["rev-parse", "main:a.txt"]));
        repository.git(&["tag", "--annotate", "--message=one", "one", &repository.ids["Fix"]]);
        let tag = repository.git(&["rev-parse", "refs/tags/one"]);
        for object in [&tree, &blob, &tag] {
            for name in [object.as_str(), &object[..12]] {
                let message = format!("say nothing of it\n\n(cherry picked from commit {name})\n");
                repository.set("release", &repository.commit("Own", &["Base"], message.as_bytes()));
                let (line, reason) = repository.answer();
                assert_eq!(line, "elsewhere -", "{reason}");
                assert_eq!(reason, format!("it names {name}, which is not a commit of this repository"));
            }
        }
        // A branch of the name that a message uses for something else.
        let decoy = "1234567ab";
        repository.set(decoy, &repository.ids["Fix"]);
        let message = format!("say nothing of it\n\n(cherry picked from commit {decoy})\n");
        repository.set("release", &repository.commit("Own", &["Base"], message.as_bytes()));
        let known = run(command("git", repository.path()).args(["cat-file", "-t", decoy]), b"");
        assert!(known.status.success(), "git takes the branch for it");
        let (line, reason) = repository.answer();
        assert_eq!(line, "elsewhere -", "{reason}");
    }
}

/// A commit that names itself by its first seven digits, and two that name each other, found by trying: nothing in git
/// forbids it.
const SELF: &str = "tree 313eba2d168cdf6ede5f9caa87c9f1b5f7c3d304\nparent 622dac42540fc0067256ac39dfeab80c487c1300\n\
    author Ann Author <ann@example.com> 1700000000 +0000\ncommitter Carl Committer <carl@example.com> 1700000000 +0000\n\n\
    fix: what names itself once more 4\n\n(cherry picked from commit dcfdba9)\n";
const RING: [&str; 2] = [
    "tree 313eba2d168cdf6ede5f9caa87c9f1b5f7c3d304\nparent 622dac42540fc0067256ac39dfeab80c487c1300\n\
     author Ann Author <ann@example.com> 1700000000 +0000\ncommitter Carl Committer <carl@example.com> 1700000000 +0000\n\n\
     fix: the one that names the other\n\n(cherry picked from commit 7e57ab1)\n",
    "tree 03e605717da56e276fdd3d3257af433b9cd64626\nparent 2fa2284c4c3a59c2243b6fde956a8570164c8466\n\
     author Ann Author <ann@example.com> 1700000000 +0000\ncommitter Carl Committer <carl@example.com> 1700000000 +0000\n\n\
     fix: the other that names the one\n\n009433fc\n(cherry picked from commit 2fa2284c4c3a59c2243b6fde956a8570164c8466)\n",
];

#[test]
fn messages_that_name_each_other_in_a_ring_come_to_an_end() {
    let repository = Repository::new(&[]);
    assert_eq!(repository.ids["Base"], "622dac42540fc0067256ac39dfeab80c487c1300", "the ring was made for it");
    for content in ["two\n", "three\n"] {
        let blob = git_with(repository.path(), &["hash-object", "-w", "--stdin"], content.as_bytes());
        git_with(repository.path(), &["mktree"], format!("100644 blob {blob}\ta.txt\n").as_bytes());
    }
    let make = |content: &str| {
        git_with(repository.path(), &["hash-object", "-t", "commit", "-w", "--stdin"], content.as_bytes())
    };
    let [one, other] = RING.map(make);
    assert!(other.starts_with("7e57ab1"), "{other}");
    repository.set("release", &other);
    let lines: Vec<String> = repository.ask().iter().map(|commit| repository.line(commit)).collect();
    assert_eq!(lines, ["missing -", "missing -"]);
    // One end of the ring is on the mainline, and is what it names.
    repository.set("main", &repository.commit("Fix", &[&one], b"go on"));
    repository.set("release", &other);
    assert_eq!(repository.answer().0.split(' ').next(), Some("missing"));
    let own = make(SELF);
    assert!(SELF.contains(&own[..7]), "{own}");
    repository.set("main", &repository.ids["More"]);
    repository.set("release", &own);
    let (line, reason) = repository.answer();
    assert_eq!(line, "missing -", "{reason}");
    repository.set("main", &own);
    repository.set("release", &repository.ids["Own"]);
    assert_eq!(repository.answer().0, "missing -");
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_change_id_that_everything_has_pairs_nothing_by_itself() {
    let id = "Change-Id: I0123456789abcdef0123456789abcdef01234567";
    let mut stream = String::new();
    let mut commit = |branch: &str, mark: usize, from: usize, file: &str, content: &str| {
        let date = 1_700_000_000 + 60 * mark;
        let from = if from == 0 { String::new() } else { format!("from :{from}\n") };
        let message = format!("{branch} {mark} does something\n\n{id}\n");
        stream.push_str(&format!(
            "commit refs/heads/{branch}\nmark :{mark}\nauthor {branch} <{branch}@x> {date} +0000\n\
             committer {branch} <{branch}@x> {date} +0000\ndata {}\n{message}{from}M 100644 inline {file}\ndata {}\n{content}\n",
            message.len(),
            content.len()
        ));
    };
    commit("main", 1, 0, "base", "base");
    for at in 0..250 {
        commit("main", 2 + at, 1 + at, &format!("m{at}"), &format!("line {at} of the mainline\nand more of {at}\n"));
    }
    for at in 0..250 {
        let from = if at == 0 { 1 } else { 1001 + at };
        commit("release", 1002 + at, from, &format!("r{at}"), &format!("line {at} of the branch\nand less of {at}\n"));
    }
    let folder = tempfile::tempdir().unwrap();
    git(folder.path(), &["init", "--quiet", "--bare"]);
    git_with(folder.path(), &["fast-import", "--quiet"], stream.as_bytes());
    let repository = Repository { folder, ids: Ids::new() };
    let commits = repository.ask();
    assert_eq!(commits.len(), 250);
    let landed = commits.iter().filter(|commit| commit["status"] == "landed").count();
    assert_eq!(landed, 0, "{:#?}", commits[0]);
}

#[test]
fn roots_and_histories_that_have_nothing_in_common_are_compared() {
    for options in [&["--object-format=sha1"][..], &["--object-format=sha256"]] {
        let repository = Repository::new(options);
        // A pick without a parent adds every file; it is named, and holds what the original made of it.
        let message =
            format!("fix the first of the numbers\n\n(cherry picked from commit {})\n", repository.ids["Fix"]);
        repository.set("release", &repository.commit("Fix", &[], message.as_bytes()));
        assert_eq!(repository.answer().0, "landed Fix");
        // Nothing names it, and there is no commit in common at all.
        let root = repository.commit("Base", &[], b"base\n");
        let pick = repository.commit("Fix", &[&root], b"fix the first of the numbers\n");
        repository.set("release", &pick);
        let lines: Vec<String> = repository.ask().iter().map(|commit| repository.line(commit)).collect();
        assert_eq!(lines, ["landed Fix", "landed Base"]);
        // An original that is a root.
        let other = repository.commit("More", &[], b"begin anew with all of them\n");
        repository.set("main", &other);
        repository.set("release", &repository.commit("More", &["Base"], b"begin anew with all of them\n"));
        assert_eq!(repository.ask()[0]["match"], other.as_str());
    }
}

#[test]
fn clones_without_the_mainlines_trees_answer_for_the_rest() {
    let repository = Repository::new(&[]);
    repository.set("release", &repository.commit("Fix", &["Base"], b"fix the first of the numbers\n"));
    repository.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", repository.path().display());
    let clones = tempfile::tempdir().unwrap();
    let cloned = |name: &str, options: &[&str]| {
        let path = clones.path().join(name);
        let fixed = ["clone", "--quiet", "--bare", "--template=", "--no-single-branch"];
        git(clones.path(), &[&fixed, options, &[&url, path.to_str().unwrap()]].concat());
        refgate(&path, &["landed", "--no-cache", "--from", "release", "--to", "main", "--all"], b"")
    };
    for filter in ["--filter=tree:0", "--filter=blob:none"] {
        let output = cloned(filter, &[filter]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{filter}: {}", stderr(&output));
        assert!(
            said.contains("fix the first of the numbers") && said.contains("release -> main: 1"),
            "{filter}: {said}"
        );
        let tells = said.contains("is not in this repository; what needs it was judged without it");
        assert!(tells || filter == "--filter=blob:none", "{said}");
        // Nothing was fetched behind anybody's back.
        let again = run(command("git", &clones.path().join(filter)).args(["count-objects", "-v"]), b"");
        assert!(String::from_utf8_lossy(&again.stdout).contains("packs: 1"), "{again:?}");
    }
    // A history that ends before the lines meet gives no answer; one that ends below does.
    let cut = cloned("cut", &["--depth=1"]);
    assert_eq!(cut.status.code(), Some(4), "{cut:?}");
    assert!(stderr(&cut).contains("the history is cut off at"), "{}", stderr(&cut));
    let deep = cloned("deep", &["--depth=3"]);
    assert_eq!(deep.status.code(), Some(0), "{}", stderr(&deep));
    assert!(String::from_utf8_lossy(&deep.stdout).contains("release -> main: 1 landed"), "{deep:?}");
}

#[test]
fn replaced_and_grafted_commits_are_what_they_were() {
    let repository = Repository::new(&[]);
    let pick = repository.commit("Fix", &["Base"], b"fix the first of the numbers\n");
    repository.set("release", &pick);
    let truth = repository.answer();
    assert_eq!(truth.0, "landed Fix");
    // Another commit in place of the original, one of the pick, and a mainline that ends where it began.
    let empty = repository.commit("Base", &["Base"], b"nothing to see\n");
    repository.git(&["replace", &repository.ids["Fix"], &empty]);
    repository.git(&["replace", &pick, &empty]);
    assert_eq!(repository.answer(), truth);
    let grafts = repository.path().join("info");
    std::fs::create_dir_all(&grafts).unwrap();
    std::fs::write(grafts.join("grafts"), format!("{}\n{pick}\n", repository.ids["More"])).unwrap();
    assert_eq!(repository.answer(), truth);
}

#[test]
fn a_mainline_that_is_a_tag_object_is_its_commit() {
    let repository = Repository::new(&[]);
    repository.set("release", &repository.commit("Fix", &["Base"], b"fix the first of the numbers\n"));
    repository.git(&["tag", "--annotate", "--message=one", "one", "main"]);
    repository.git(&["tag", "--annotate", "--message=two", "two", "refs/tags/one"]);
    for to in ["two", "refs/tags/two"] {
        let output = repository.ask_for(&["--from", "release", "--to", to, "--format", "json"]);
        assert_eq!(repository.line(&json(&output)["commits"][0]), "landed Fix", "{}", stderr(&output));
    }
    // git refuses to put a tag object on a branch, but a file is written quickly.
    let tag = repository.git(&["rev-parse", "refs/tags/two"]);
    std::fs::write(repository.path().join("refs/heads/main"), format!("{tag}\n")).unwrap();
    assert_eq!(repository.answer().0, "landed Fix");
    let policy = repository.path().join("policy.toml");
    let flow = "[[flow]]\nfrom = \"release\"\nto = \"main\"\nby = [\"pick\"]\ndue = \"report\"\n";
    let lines = "[[line]]\nname = \"main\"\nbranch = \"main\"\nrole = \"mainline\"\n[[line]]\nname = \"release\"\nbranch = \"release\"\nrole = \"release\"\n";
    std::fs::write(&policy, format!("schema = 1\nname = \"x\"\n{lines}{flow}")).unwrap();
    let output = repository.ask_for(&["--policy", policy.to_str().unwrap(), "--format", "json"]);
    let answered = json(&output);
    assert_eq!(repository.line(&answered[0]["commits"][0]), "landed Fix", "{answered:#} {}", stderr(&output));
}
