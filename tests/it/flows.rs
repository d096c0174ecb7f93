//! Flows between lines, with real work in a clone and real pushes: the refusal, the command it gives, and the push
//! after it.

use std::path::PathBuf;

use crate::support::site::{POLICY, Pushed, Setup, Site, USUAL, install};
use crate::support::{REFGATE, command, git, git_with, run, stderr};

/// What both lines start from.
const HISTORY: &str = r#"
A = commit "first" file monitor.py "timeout = 3\nretries = 2\n" file README "one\n"
B = commit "feat: a second page" parents A file README "one\ntwo\n"
refs/heads/master = B
"#;

/// Returns a policy with this flow from release branches to master.
fn flow(by: &str, due: &str) -> String {
    format!("{POLICY}\n[[flow]]\nfrom = \"release\"\nto = \"master\"\nby = [\"{by}\"]\ndue = \"{due}\"\n")
}

fn preset(name: &str) -> String {
    format!("schema = 1\nname = \"ours\"\nextends = [\"preset:{name}\"]\n")
}

/// A server, and a clone with a work tree of it.
struct Work {
    site: Site,
    clone: PathBuf,
}

impl Work {
    /// Makes a server with a release branch of this name that starts at the history's first commit.
    fn new(policy: &str, release: &str, hook: &'static str) -> Self {
        let history = format!("{HISTORY}\nrefs/heads/{release} = A\n");
        let site = Site::new(Setup { hook, ..USUAL }, policy, &history);
        let clone = site.path("work");
        let (from, to) = (site.server.to_str().unwrap(), clone.to_str().unwrap());
        git(&site.server, &["clone", "--quiet", "--template=", from, to]);
        let work = Self { site, clone };
        work.git(&["switch", "--quiet", release]);
        work
    }

    fn git(&self, arguments: &[&str]) -> String {
        git(&self.clone, arguments)
    }

    /// Commits a change of one line on the branch that is checked out; gives its id.
    fn commit(&self, line: &str, message: &str) -> String {
        let file = self.clone.join("monitor.py");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace("timeout = 3", line)).unwrap();
        self.git(&["commit", "--quiet", "--all", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn push(&self, words: &[&str]) -> Pushed {
        let mut push = command("git", &self.clone);
        self.site.pushed(&run(push.arg("push").args(words), b""))
    }

    /// Runs what a refusal tells to run, as a person would who pastes it.
    fn paste(&self, line: &str) {
        let ran = run(command("sh", &self.clone).args(["-e", "-c", line]), b"");
        assert!(ran.status.success(), "{line}: {}", stderr(&ran));
    }
}

/// Returns the command of the only finding, which the text shows to people as well.
fn mended_by(pushed: &Pushed) -> String {
    let found = pushed.reports[0]["findings"][0]["command"].as_str().unwrap().to_owned();
    assert!(pushed.text.contains(&format!("      {found}")), "{pushed:#?}");
    found
}

/// Asserts that a fix alone is refused, and that both branches in one push are accepted once what the refusal says is
/// done.
fn a_fix_needs_its_counterpart(policy: &str, way: &str, hook: &'static str) {
    let work = Work::new(policy, "1.15", hook);
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
    let alone = work.push(&["origin", "1.15"]);
    alone.refused(&["unlanded-fix refs/heads/1.15"]);
    assert!(alone.text.contains(&format!("{} is due on the line `master`", &fix[..10])), "{}", alone.text);
    let expected = match way {
        "pick" => format!("git cherry-pick -x {fix}"),
        _ => format!("git merge -m 'Merge 1.15 into master' {fix}"),
    };
    let expected = format!("git switch master && git pull --ff-only origin master && {expected}");
    let command = mended_by(&alone);
    assert_eq!(command, expected);
    work.paste(&command);
    // What was picked and not pushed is not there.
    work.push(&["origin", "1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    work.push(&["--atomic", "origin", "master", "1.15"]).accepted();
    assert_eq!(work.site.holds("refs/heads/1.15"), Some(fix));
    assert_eq!(work.site.holds("refs/heads/master"), Some(work.git(&["rev-parse", "master"])));
}

#[test]
fn a_fix_on_a_release_branch_alone_is_refused_and_with_its_pick_accepted() {
    a_fix_needs_its_counterpart(&preset("pybal"), "pick", "pre-receive");
    a_fix_needs_its_counterpart(&flow("pick", "before"), "pick", "pre-receive");
}

#[test]
fn a_fix_that_has_to_be_merged_up_is_accepted_with_the_merge() {
    a_fix_needs_its_counterpart(&flow("merge", "before"), "merge", "pre-receive");
}

#[test]
fn the_developers_own_hook_says_the_same() {
    for (way, policy) in [("pick", flow("pick", "before")), ("merge", flow("merge", "before"))] {
        let work = Work::new(&policy, "1.15", "pre-receive");
        // The server's hook is removed: a refusal comes from the clone.
        std::fs::remove_file(work.site.server.join("hooks/pre-receive")).unwrap();
        work.git(&["config", "refgate.policy", work.site.path("policy.toml").to_str().unwrap()]);
        work.git(&["config", "refgate.log", work.site.path("log").to_str().unwrap()]);
        install(&work.clone, "pre-push");
        let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
        let alone = work.push(&["origin", "1.15"]);
        alone.refused(&["unlanded-fix refs/heads/1.15"]);
        assert_eq!(alone.reports[0]["stage"], "pre-push");
        work.paste(&mended_by(&alone));
        work.push(&["--atomic", "origin", "master", "1.15"]).accepted();
        assert_eq!(work.site.holds("refs/heads/1.15"), Some(fix), "{way}");
    }
}

/// Asserts that a fix on the mainline and its pick on the release branch are each accepted.
fn fix_and_pick(work: &Work) {
    work.git(&["switch", "--quiet", "master"]);
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
    work.push(&["origin", "master"]).accepted();
    work.git(&["switch", "--quiet", "1.15"]);
    work.git(&["cherry-pick", "-x", &fix]);
    work.push(&["origin", "1.15"]).accepted();
}

#[test]
fn a_fix_that_mainline_has_already_is_picked_to_the_release_branch() {
    let work = Work::new(&preset("pybal"), "1.15", "pre-receive");
    fix_and_pick(&work);
}

#[test]
fn what_belongs_to_the_release_branch_says_so_in_a_trailer() {
    let work = Work::new(&preset("pybal"), "1.15", "pre-receive");
    work.commit("timeout = 5", "fix: the old monitor\n\nRelease-Only:");
    work.push(&["origin", "1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    work.git(&["commit", "--amend", "--quiet", "--message=fix: the old monitor\n\nRelease-Only: master has a new one"]);
    work.push(&["origin", "1.15"]).accepted();
}

/// Asserts that a release of a line in debt is refused, and accepted once the debt is paid.
fn a_release_pays_first(policy: &str, release: &str, mainline: &str) {
    let work = Work::new(policy, release, "pre-receive");
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
    work.push(&["origin", release]).accepted();
    work.git(&["tag", "--annotate", "--message=1.15.1", "1.15.1"]);
    let tagged = work.push(&["origin", "1.15.1"]);
    tagged.refused(&["unlanded-fix refs/tags/1.15.1"]);
    let debt = format!("releases {}, which is due on the line `{mainline}`", &fix[..10]);
    assert!(tagged.text.contains(&debt), "{}", tagged.text);
    work.paste(&mended_by(&tagged));
    work.push(&["--atomic", "origin", mainline, "1.15.1"]).accepted();
    assert!(work.site.holds("refs/tags/1.15.1").is_some());
}

#[test]
fn a_tag_on_a_line_in_debt_is_refused_until_the_debt_is_paid() {
    a_release_pays_first(&flow("pick", "next-tag"), "1.15", "master");
    a_release_pays_first(&flow("merge", "next-tag"), "1.15", "master");
}

#[test]
fn image_factory_milestones_wait_for_the_merge_to_master() {
    let work = Work::new(&preset("imagefactory"), "release/1.0", "pre-receive");
    let fix = work.commit("timeout = 5", "Fix the monitor");
    work.push(&["origin", "release/1.0"]).accepted();
    work.git(&["tag", "--annotate", "--message=1.0.1", "1.0.1"]);
    let tagged = work.push(&["origin", "1.0.1"]);
    tagged.refused(&["unlanded-fix refs/tags/1.0.1"]);
    assert!(tagged.text.contains(&fix[..10]));
    let command = mended_by(&tagged);
    let merge = format!("git merge -m 'Merge release/1.0 into master' {fix}");
    assert_eq!(command, format!("git switch master && git pull --ff-only origin master && {merge}"));
    work.paste(&command);
    work.push(&["--atomic", "origin", "master", "1.0.1"]).accepted();
}

#[test]
fn a_pick_that_names_another_commit_is_refused_until_its_message_is_true() {
    let work = Work::new(&preset("pybal"), "1.15", "pre-receive");
    work.git(&["switch", "--quiet", "master"]);
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
    work.git(&["commit", "--quiet", "--allow-empty", "--message=docs: say why"]);
    let other = work.git(&["rev-parse", "HEAD"]);
    work.push(&["origin", "master"]).accepted();
    work.git(&["switch", "--quiet", "1.15"]);
    work.git(&["cherry-pick", "-x", &fix]);
    let honest = work.git(&["log", "-1", "--format=%B"]);
    let nowhere = "0123456789abcdef0123456789abcdef01234567";
    work.git(&["commit", "--amend", "--quiet", "--message", &honest.replace(&fix, &other)]);
    let lying = work.push(&["origin", "1.15"]);
    lying.refused(&["unverified-pick refs/heads/1.15"]);
    assert!(
        lying.text.contains(&format!("its message names {}, whose content differs", &other[..10])),
        "{}",
        lying.text
    );
    // Nothing can be known about a commit that does not exist, but the change is on master, under whatever name.
    work.git(&["commit", "--amend", "--quiet", "--message", &honest.replace(&fix, nowhere)]);
    work.push(&["origin", "1.15"]).accepted();
    // Without anything similar on master, it is owed there as well.
    let file = work.clone.join("monitor.py");
    std::fs::write(&file, "timeout = 9 seconds and a limit of a hundred\n").unwrap();
    let invented = format!("fix: invented\n\n(cherry picked from commit {nowhere})");
    work.git(&["commit", "--quiet", "--all", "--message", &invented]);
    work.push(&["origin", "1.15"]).refused(&["unlanded-fix refs/heads/1.15", "unverified-pick refs/heads/1.15"]);
}

impl Work {
    /// Commits these contents of files on the branch that is checked out; returns the commit's id.
    fn write(&self, files: &[(&str, &str)], message: &str) -> String {
        for (path, content) in files {
            let path = self.clone.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Puts the branch, as it is in the clone, onto the server without running its hook: what came there in another
    /// way.
    fn bypass(&self, branch: &str) {
        let from = self.clone.to_str().unwrap();
        git(&self.site.server, &["fetch", "--quiet", from, &format!("{branch}:{branch}")]);
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_was_made_and_taken_back_on_the_branch_is_owed_by_nobody() {
    for way in ["pick", "merge"] {
        let work = Work::new(&flow(way, "before"), "1.15", "pre-receive");
        work.commit("timeout = 5", "fix: the monitor gave up too soon");
        work.git(&["revert", "--no-edit", "HEAD"]);
        work.push(&["origin", "1.15"]).accepted();
        // In pushes of their own: the reverted change is on the branch already.
        work.commit("timeout = 7", "fix: the monitor still gives up too soon");
        work.bypass("1.15");
        work.git(&["revert", "--no-edit", "HEAD"]);
        work.push(&["origin", "1.15"]).accepted();
        // As the button of a forge writes it, without an id.
        work.commit("timeout = 9", "fix: the monitor gives up at all");
        work.bypass("1.15");
        work.write(&[("monitor.py", "timeout = 3\nretries = 2\n")], "Revert \"fix: the monitor gives up at all\" (#7)");
        work.push(&["origin", "1.15"]).accepted();
    }
}

#[test]
fn a_pick_that_is_taken_back_on_the_release_branch_alone_stays_on_master() {
    let work = Work::new(&flow("pick", "before"), "1.15", "pre-receive");
    fix_and_pick(&work);
    work.git(&["revert", "--no-edit", "HEAD"]);
    work.push(&["origin", "1.15"]).accepted();
}

#[test]
fn a_title_alone_hides_no_fix() {
    let work = Work::new(&flow("pick", "before"), "1.15", "pre-receive");
    work.commit("timeout = 5", "fix: the monitor gave up too soon");
    let taken_back = ("monitor.py", "timeout = 3\nretries = 2\n");
    let more = ("parser.py", "def parse(text):\n    return text.strip()\n");
    work.write(&[taken_back, more], "Revert \"fix: the monitor gave up too soon\"");
    work.push(&["origin", "1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    for title in ["Prepare the parser for 1.15.1", "Release 1.15.1", "Update changelog", "bump version"] {
        work.git(&["reset", "--quiet", "--hard", "origin/1.15"]);
        work.write(&[more, ("CHANGELOG.md", "# 1.15.1\n")], title);
        work.push(&["origin", "1.15"]).refused(&["unlanded-fix refs/heads/1.15"]);
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn chores_and_empty_commits_are_owed_only_where_the_policy_says_so() {
    for (way, owes) in [("pick", false), ("merge", false), ("pick", true), ("merge", true)] {
        let policy = format!("{}owes-chores = {owes}\n", flow(way, "before"));
        let work = Work::new(&policy, "1.15", "pre-receive");
        work.write(&[], "ci: run again");
        work.push(&["origin", "1.15"]).accepted();
        work.write(&[("CHANGELOG.md", "# 1.15.1\n\n* the first\n")], "Preparing for 1.15.1 release");
        let pushed = work.push(&["origin", "1.15"]);
        if owes {
            pushed.refused(&["unlanded-fix refs/heads/1.15"]);
        } else {
            pushed.accepted();
        }
    }
}

#[test]
fn an_end_of_life_is_taken_back_by_title_too() {
    let work = Work::new(POLICY, "1.15", "pre-receive");
    work.write(&[("EOL", "1.15 is over\n")], "docs: 1.15 is over\n\nEnd-of-Life: 2026-01-01");
    work.push(&["origin", "1.15"]).accepted();
    work.write(&[("a", "1")], "fix: one more");
    work.push(&["origin", "1.15"]).refused(&["retired-line refs/heads/1.15"]);
    std::fs::remove_file(work.clone.join("EOL")).unwrap();
    work.write(&[], "Revert \"docs: 1.15 is over\"");
    work.push(&["origin", "1.15"]).accepted();
    // The revert of the declaration is reverted: the line is over again.
    work.write(&[("EOL", "1.15 is over\n")], "Reapply \"docs: 1.15 is over\"");
    work.push(&["origin", "1.15"]).accepted();
    work.write(&[("b", "1")], "fix: and one more");
    work.push(&["origin", "1.15"]).refused(&["retired-line refs/heads/1.15"]);
}

/// Returns a policy by which backports are wanted of master on release branches.
fn wanted(due: &str, more: &str) -> String {
    format!(
        "{POLICY}\n[[flow]]\nfrom = \"master\"\nto = \"release\"\nby = [\"pick\"]\ndue = \"{due}\"\n\
         wanted-by = [{{ trailer = \"Backport-To\" }}, {{ notes = \"refs/notes/backports\" }}, {{ fixes = true }}]\n{more}"
    )
}

/// Makes a fix on master that is wanted on 1.15, and pushes it.
fn want_a_fix(work: &Work) -> String {
    work.git(&["switch", "--quiet", "master"]);
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon\n\nBackport-To: 1.15");
    work.push(&["origin", "master"]).accepted();
    work.git(&["switch", "--quiet", "1.15"]);
    fix
}

#[test]
fn a_release_without_a_backport_that_is_wanted_is_refused_until_it_is_there() {
    let work = Work::new(&wanted("next-tag", ""), "1.15", "pre-receive");
    let fix = want_a_fix(&work);
    work.write(&[("README", "1.15.1\n")], "docs: 1.15.1");
    work.push(&["origin", "1.15"]).accepted();
    work.git(&["tag", "--annotate", "--message=1.15.1", "1.15.1"]);
    let tagged = work.push(&["origin", "1.15.1"]);
    tagged.refused(&["unlanded-fix refs/tags/1.15.1"]);
    let said = format!("is without {}, which is wanted on `refs/heads/1.15` (`Backport-To: 1.15`)", &fix[..10]);
    assert!(tagged.text.contains(&said), "{}", tagged.text);
    assert!(work.site.holds("refs/tags/1.15.1").is_none());
    work.paste(&mended_by(&tagged));
    work.push(&["--atomic", "origin", "1.15", "1.15.1"]).accepted();
    assert!(work.site.holds("refs/tags/1.15.1").is_some());
}

#[test]
fn a_backport_is_wanted_by_a_note_and_by_what_it_fixes() {
    // Which would warn of the same.
    let more = "[rules.unrepaired-pick]\nlevel = \"off\"\n";
    let work = Work::new(&wanted("next-tag", more), "1.15", "pre-receive");
    work.git(&["switch", "--quiet", "master"]);
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
    work.git(&["notes", "--ref=backports", "add", "--message=1.15", &fix]);
    work.push(&["origin", "master", "refs/notes/backports"]).accepted();
    work.git(&["switch", "--quiet", "1.15"]);
    work.git(&["tag", "--annotate", "--message=1.15.1", "1.15.1"]);
    let tagged = work.push(&["origin", "1.15.1"]);
    tagged.refused(&["unlanded-fix refs/tags/1.15.1"]);
    work.paste(&mended_by(&tagged));
    work.push(&["--atomic", "origin", "1.15", "1.15.1"]).accepted();
    // What repairs a commit that the branch has as a pick is wanted there without a word.
    work.git(&["switch", "--quiet", "master"]);
    let file = work.clone.join("monitor.py");
    std::fs::write(&file, "timeout = 5 # seconds\nretries = 2\n").unwrap();
    work.git(&["commit", "--quiet", "--all", "--message", &format!("fix: say what it is\n\nFixes: {fix}")]);
    work.push(&["origin", "master"]).accepted();
    work.git(&["switch", "--quiet", "1.15"]);
    work.git(&["commit", "--quiet", "--allow-empty", "--message=chore: the next one"]);
    work.git(&["tag", "--annotate", "--message=1.15.2", "1.15.2"]);
    work.push(&["--atomic", "origin", "1.15", "1.15.2"]).refused(&["unlanded-fix refs/tags/1.15.2"]);
}

#[test]
fn a_backport_that_is_only_reported_holds_nothing_up() {
    let work = Work::new(&wanted("report", ""), "1.15", "pre-receive");
    let fix = want_a_fix(&work);
    work.git(&["tag", "--annotate", "--message=1.15.1", "1.15.1"]);
    let tagged = work.push(&["origin", "1.15.1"]);
    tagged.accepted();
    assert!(tagged.text.contains(&format!("is without {}", &fix[..10])), "{}", tagged.text);
}

#[test]
fn a_wish_that_names_no_branch_is_said_when_it_is_pushed() {
    let work = Work::new(&wanted("next-tag", ""), "1.15", "pre-receive");
    work.git(&["switch", "--quiet", "master"]);
    work.commit("timeout = 5", "fix: the monitor gave up too soon\n\nBackport-To: 9.9");
    let pushed = work.push(&["origin", "master"]);
    pushed.accepted();
    assert!(pushed.text.contains("names `9.9`, which is not a maintained branch"), "{}", pushed.text);
}

/// Adds so many changes to master and picks of them to a branch that begins where master did. A line of the release
/// differs in every file: trees do not say that two changes are the same.
fn long_lines(work: &Work, release: &str, count: usize) {
    let mut stream = String::new();
    let mut texts = vec![String::new(); 40];
    for branch in ["master", release] {
        texts.iter_mut().enumerate().for_each(|(at, text)| *text = format!("rules of page {at} on {branch}\n"));
        for at in 0..count {
            let (file, committed) =
                (at % texts.len(), 1_700_000_000 + 60 * (at + if branch == "master" { 0 } else { count }));
            let (title, written) = (format!("fix: rule {at} of page {file} was wrong"), 1_700_000_000 + 60 * at);
            texts[file] += &format!("rule {at}: what nobody knew before it was number {at}\n");
            stream += &format!("commit refs/heads/{branch}\nauthor Ann <ann@x> {written} +0000\n");
            stream += &format!("committer Bob <bob@x> {committed} +0000\ndata {}\n{title}\n", title.len());
            if at == 0 {
                stream += "from refs/remotes/origin/master^0\n";
            }
            stream += &format!("M 644 inline page{file}\ndata {}\n{}\n", texts[file].len(), texts[file]);
        }
    }
    git_with(&work.clone, &["fast-import", "--quiet", "--force"], stream.as_bytes());
    work.git(&["switch", "--quiet", release]);
    work.git(&["reset", "--quiet", "--hard"]);
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_long_release_branch_is_judged_when_it_is_new_and_again_with_what_is_kept() {
    let work = Work::new(&flow("pick", "before"), "1.15", "pre-receive");
    // How long it takes without optimisation says nothing.
    git(&work.site.server, &["config", "refgate.deadline", "0"]);
    long_lines(&work, "1.16", 800);
    work.push(&["origin", "master"]).accepted();
    let fix = work.commit("timeout = 5", "fix: the monitor gave up too soon");
    let missing = work.push(&["origin", "1.16"]);
    missing.refused(&["unlanded-fix refs/heads/1.16"]);
    assert!(missing.text.contains(&format!("{} is due on the line `master`", &fix[..10])), "{}", missing.text);
    work.push(&["origin", "1.16~1:refs/heads/1.16"]).accepted();
    let kept = run(command(REFGATE, &work.site.server).args(["hook", "post-receive", "--foreground", "--"]), b"");
    assert!(kept.status.success(), "{}", stderr(&kept));
    assert!(work.site.server.join("refgate/landed").exists());
    // The same commits under another name, and the fix on top of what is there now.
    work.push(&["origin", "1.16~1:refs/heads/1.17"]).accepted();
    let again = work.push(&["origin", "1.16"]);
    again.refused(&["unlanded-fix refs/heads/1.16"]);
    assert!(again.text.contains(&format!("{} is due on the line `master`", &fix[..10])), "{}", again.text);
}
