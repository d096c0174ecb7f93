//! One question, one answer: a scenario's push is judged in six places, and what pre-receive finds is found in each.
//!
//! | place | what is there |
//! |---|---|
//! | pre-receive | the server, before its refs move |
//! | pre-push | a clone that is up to date, and the pushed refs in it |
//! | check before | the same clone, `refgate check --ref` for every ref of the push |
//! | check after | the same clone once it has fetched what was pushed, the same command |
//! | GitHub | a job's checkout after the push with its whole history, one job a ref |
//! | GitLab | the same |
//!
//! A place has to announce each difference, or must not have been asked about it:
//!
//! - A finding may be missing where the same rule says of the same ref that it is decided elsewhere (`unevaluated` with
//!   `elsewhere`): a clone does not know who pushes.
//! - CI runs no job for a deleted ref, nor for one that is neither a branch nor a tag. What pre-receive finds about such
//!   a ref is not looked for there.
//! - CI is asked about one ref, with every other ref of the push where the push has put it: the job runs after the push
//!   and cannot know what belonged to it. What it finds is compared with what pre-receive finds about that ref.
//! - What is on the server in `refs/notes` has been fetched everywhere, as waivers ask for.
//! - `check --ref` takes names below `refs/` alone: it is asked about the rest of the push.
//! - `places.txt` lists what differs besides, and why.
//!
//! pre-receive is a process as git starts it; the others are asked in this one, which is what the tests have time for.
//!
//! A repository with missing objects or a shallow history is judged only in the first place: no push leads there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::support::history::{self, Ids};
use super::support::{REFGATE, command, run_here, stderr};

/// The differences that are known, `places.txt`: a line `RULE: TITLE: PLACE` each, the reason above it. Where a place
/// has come to agree, its line has to go, which keeps the list true.
pub(crate) struct Known(BTreeSet<String>);

impl Known {
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(super::scenario::folder().join("places.txt")).unwrap();
        Self(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect())
    }

    /// Returns the lines of this list that are about no scenario.
    pub(crate) fn about_nothing(&self, titles: &BTreeSet<String>) -> Vec<&String> {
        let about = |line: &str| line.rsplit_once(": ").is_some_and(|(title, _)| titles.contains(title));
        self.0.iter().filter(|line| !about(line)).collect()
    }

    /// Reports what differs and is not known, and what is known and differs no longer.
    pub(crate) fn compare(&self, title: &str, differences: &str) -> Result<(), String> {
        let mut text = String::new();
        let known = |place: &str| self.0.contains(&format!("{title}: {place}"));
        for line in differences.lines().filter(|line| !known(line.split(": ").next().unwrap_or_default())) {
            let _ = writeln!(text, "  {line}");
        }
        for place in ["pre-push", "check before", "check after", "GitHub", "GitLab"] {
            if known(place) && !differences.lines().any(|line| line.starts_with(&format!("{place}: "))) {
                let _ = writeln!(text, "  {place}: agrees now; take `{title}: {place}` out of places.txt");
            }
        }
        if text.is_empty() { Ok(()) } else { Err(format!("other places than pre-receive say something else\n{text}")) }
    }
}

/// One ref of a push.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) name: String,
    pub(crate) old: String,
    pub(crate) new: String,
}

impl Update {
    fn deletes(&self) -> bool {
        null(&self.new)
    }
}

fn null(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

/// What one place says of a push.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// `(ref, rule, what is said of it)`; what could not be decided is said too.
    findings: BTreeSet<(String, String, String)>,
    /// `(ref, rule)` of what is decided elsewhere.
    elsewhere: BTreeSet<(String, String)>,
    /// Why there is no report.
    failure: Option<String>,
}

impl Seen {
    /// Reads a report.
    pub(crate) fn of(report: &Value) -> Self {
        let mut seen = Self::default();
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        for finding in report["findings"].as_array().into_iter().flatten() {
            let commit: String = text(&finding["commit"]).chars().take(10).collect();
            let line = finding["line"].as_u64().map_or_else(String::new, |line| format!(":{line}"));
            let said = format!(
                "{} {commit} {}{line} {}",
                text(&finding["level"]),
                text(&finding["path"]),
                text(&finding["message"])
            );
            seen.findings.insert((text(&finding["ref"]), text(&finding["rule"]), said));
        }
        for open in report["unevaluated"].as_array().into_iter().flatten() {
            let (name, rule) = (text(&open["ref"]), text(&open["rule"]));
            if open["elsewhere"] == true {
                seen.elsewhere.insert((name, rule));
            } else {
                seen.findings.insert((name, rule, format!("undecided: {}", text(&open["cause"]))));
            }
        }
        seen
    }

    /// What another place says otherwise of the refs that it is asked about.
    fn compare(&self, place: &str, other: &Self, asked: &dyn Fn(&str) -> bool, text: &mut String) {
        if let Some(failure) = &other.failure {
            let _ = writeln!(text, "{place}: {failure}");
            return;
        }
        for finding in self.findings.iter().filter(|(name, ..)| asked(name)) {
            let (name, rule, said) = finding;
            if !other.findings.contains(finding) && !other.elsewhere.contains(&(name.clone(), rule.clone())) {
                let _ = writeln!(text, "{place}: - [{rule}] {name}: {said}");
            }
        }
        for (name, rule, said) in other.findings.difference(&self.findings) {
            let _ = writeln!(text, "{place}: + [{rule}] {name}: {said}");
        }
    }
}

/// The five other places of a push to this server, whose refs have not moved yet.
pub(crate) struct Places<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) server: &'a Path,
    pub(crate) script: &'a str,
    pub(crate) ids: &'a Ids,
    pub(crate) updates: &'a [Update],
    /// Where the policy is: a file, or `REF:PATH` on the server.
    pub(crate) policy: Result<&'a Path, (&'a str, &'a str)>,
}

impl Places<'_> {
    /// Returns what each of them says differently from pre-receive, a line each; nothing where all agree.
    pub(crate) fn differences(&self, server: &Seen) -> String {
        let mut text = String::new();
        let all = |_: &str| true;
        let below_refs = |name: &str| name.starts_with("refs/");
        let before = history::refs(self.script, self.ids);
        let mut after = before.clone();
        for update in self.updates {
            if update.deletes() {
                after.remove(&update.name);
            } else {
                after.insert(update.name.clone(), update.new.clone());
            }
        }
        let clone = self.clone_of("clone");
        write_refs(&clone, &before, self.updates);
        server.compare("pre-push", &self.pre_push(&clone), &all, &mut text);
        server.compare("check before", &self.check(&clone), &below_refs, &mut text);
        write_refs(&clone, &after, self.updates);
        server.compare("check after", &self.check(&clone), &below_refs, &mut text);
        let job = self.clone_of("job");
        write_refs(&job, &after, &[]);
        let namespaces = ["refs/heads/", "refs/tags/"];
        for update in self.updates.iter().filter(|update| !update.deletes()) {
            if namespaces.iter().any(|namespace| update.name.starts_with(namespace)) {
                let asked = |name: &str| name == update.name;
                server.compare("GitHub", &self.github(&job, update), &asked, &mut text);
                server.compare("GitLab", &self.gitlab(&job, update), &asked, &mut text);
            }
        }
        text
    }

    /// Makes a clone without refs, which borrows the server's objects.
    fn clone_of(&self, name: &str) -> PathBuf {
        let top = self.folder.join(name);
        let git = top.join(".git");
        std::fs::create_dir_all(&git).unwrap();
        history::init_bare(&git, &[]);
        let objects = self.server.join("objects");
        std::fs::write(git.join("objects/info/alternates"), format!("{}\n", objects.display())).unwrap();
        let config = std::fs::read_to_string(git.join("config")).unwrap().replace("bare = true", "bare = false");
        let remote = format!(
            "[remote \"origin\"]\n\turl = {}\n\tfetch = +refs/heads/*:refs/remotes/origin/*\n",
            self.server.display()
        );
        std::fs::write(git.join("config"), config + &remote).unwrap();
        top
    }

    fn policy(&self, command: &mut std::process::Command, old: bool) {
        match self.policy {
            Ok(path) => command.arg("--policy").arg(path),
            // A clone has the server's branches under other names; after a push they hold what was pushed.
            Err((name, path)) if old => {
                let update = self.updates.iter().find(|update| update.name == name);
                let held =
                    update.map_or_else(|| history::refs(self.script, self.ids)[name].clone(), |it| it.old.clone());
                command.arg("--policy").arg(format!("ref:{held}:{path}"))
            }
            Err((name, path)) => {
                let tracked = name.replacen("refs/heads/", "refs/remotes/origin/", 1);
                command.arg("--policy").arg(format!("ref:{tracked}:{path}"))
            }
        };
    }

    fn ask(&self, command: &mut std::process::Command) -> Seen {
        let output = run_here(command.args(["--format", "json"]), b"");
        match serde_json::from_slice(&output.stdout) {
            Ok(report) => Seen::of(&report),
            Err(_) => {
                let said = stderr(&output);
                let first = said.lines().next().unwrap_or_default();
                let failure = format!("exit {}: {first}", output.status.code().unwrap_or(-1));
                Seen { failure: Some(failure), ..Seen::default() }
            }
        }
    }

    fn pre_push(&self, clone: &Path) -> Seen {
        let lines = self.updates.iter().map(|update| {
            let local = if update.deletes() { "(delete)" } else { update.name.as_str() };
            format!("{local} {} {} {}\n", update.new, update.name, update.old)
        });
        let input: String = lines.collect();
        let mut hook = command(REFGATE, clone);
        hook.args(["hook", "pre-push"]);
        self.policy(&mut hook, false);
        // git's own message comes last: anything after it would count as part of it.
        hook.args(["--format", "json", "--", "origin"]).arg(self.server);
        let output = run_here(&hook, input.as_bytes());
        match serde_json::from_slice(&output.stdout) {
            Ok(report) => Seen::of(&report),
            Err(_) => {
                Seen { failure: Some(stderr(&output).lines().next().unwrap_or_default().to_owned()), ..Seen::default() }
            }
        }
    }

    fn check(&self, clone: &Path) -> Seen {
        let mut check = command(REFGATE, clone);
        check.arg("check");
        let asked = self.updates.iter().filter(|update| update.name.starts_with("refs/"));
        for update in asked {
            check.arg("--ref").arg(format!("{}={}..{}", update.name, update.old, update.new));
        }
        self.policy(&mut check, true);
        self.ask(&mut check)
    }

    fn checked_out(&self, job: &Path, update: &Update) -> String {
        // CI systems check a tag's commit out.
        let store = gix::open_opts(self.server, gix::open::Options::isolated()).unwrap();
        let id = gix::ObjectId::from_hex(update.new.as_bytes()).unwrap();
        let commit = store.find_object(id).unwrap().peel_tags_to_end().unwrap().id.to_string();
        std::fs::write(job.join(".git/HEAD"), format!("{commit}\n")).unwrap();
        commit
    }

    fn github(&self, job: &Path, update: &Update) -> Seen {
        let commit = self.checked_out(job, update);
        let created = null(&update.old);
        let event = serde_json::json!({
            "ref": update.name, "before": update.old, "after": update.new, "created": created,
            "deleted": false, "repository": {"default_branch": "master", "full_name": "owner/name"},
        });
        let path = self.folder.join("event.json");
        std::fs::write(&path, event.to_string()).unwrap();
        let short = update.name.splitn(3, '/').nth(2).unwrap();
        let mut check = command(REFGATE, job);
        check.arg("check").env("GITHUB_ACTIONS", "true").env("CI", "true").env("GITHUB_EVENT_NAME", "push");
        check.env("GITHUB_EVENT_PATH", path).env("GITHUB_REF", &update.name).env("GITHUB_SHA", commit);
        check.env("GITHUB_REF_NAME", short);
        self.policy(&mut check, true);
        self.ask(&mut check)
    }

    fn gitlab(&self, job: &Path, update: &Update) -> Seen {
        let commit = self.checked_out(job, update);
        let mut check = command(REFGATE, job);
        check.arg("check").env("GITLAB_CI", "true").env("CI", "true").env("CI_COMMIT_SHA", commit);
        check.env("CI_COMMIT_BEFORE_SHA", &update.old).env("CI_PIPELINE_SOURCE", "push").env("GIT_DEPTH", "0");
        let variables = [("refs/heads/", "CI_COMMIT_BRANCH"), ("refs/tags/", "CI_COMMIT_TAG")];
        for (namespace, variable) in variables {
            if let Some(short) = update.name.strip_prefix(namespace) {
                check.env(variable, short).env("CI_COMMIT_REF_NAME", short);
            }
        }
        self.policy(&mut check, true);
        self.ask(&mut check)
    }
}

/// Gives a clone the server's refs as a fetch does, and what somebody has made there to push it.
fn write_refs(clone: &Path, server: &BTreeMap<String, String>, made: &[Update]) {
    let mut refs: BTreeMap<String, &str> = BTreeMap::new();
    for (name, id) in server {
        let name = match name.strip_prefix("refs/heads/") {
            Some(short) => format!("refs/remotes/origin/{short}"),
            None => name.clone(),
        };
        refs.insert(name, id);
    }
    for update in made.iter().filter(|update| !update.deletes()) {
        refs.insert(update.name.clone(), &update.new);
    }
    let lines: String = refs.iter().map(|(name, id)| format!("{id} {name}\n")).collect();
    std::fs::write(clone.join(".git/packed-refs"), lines).unwrap();
    std::fs::write(clone.join(".git/HEAD"), "ref: refs/heads/master\n").unwrap();
}
