//! How much work a push makes: no more than n log n in anything whose number the pusher decides. Work is counted where
//! the budget of the push is asked, never by the clock.

use std::fmt::Write as _;

use crate::gate::{Ask, Gate};
use crate::git::scratch::Scratch;
use crate::model::work::steps_of;
use crate::model::{HashKind, ObjectId, Push, RefName, RefUpdate, Stage, Verdict};
use crate::policy::{PRESETS, Source};
use crate::project::View;
use crate::report::{Colour, FORMATS, Report, log_line};

const POLICY: &str = r#"
schema = 1
name = "p"
[[line]]
name = "master"
branch = "master"
role = "mainline"
[[line]]
name = "release"
branch = "r/*"
role = "release"
[[line]]
name = "topic"
branch = "topic/**"
role = "topic"
[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
[rules.version-gap]
level = "warn"
[rules.colliding-slug]
level = "refuse"
"#;

/// What is pushed: of `n` things.
struct Pushed {
    scratch: Scratch,
    policy: String,
    updates: Vec<RefUpdate>,
}

const ZERO: ObjectId = ObjectId::null(HashKind::Sha1);

impl Pushed {
    /// Makes a repository with one commit on master.
    fn new() -> Self {
        let scratch = Scratch::new(&[]);
        scratch.line("master", None, &["a"]);
        Self { scratch, policy: POLICY.to_owned(), updates: Vec::new() }
    }

    fn policy(mut self, more: &str) -> Self {
        self.policy.push_str(more);
        self
    }

    fn update(&mut self, name: impl Into<String>, old: ObjectId, new: ObjectId) {
        self.updates.push(RefUpdate { name: RefName::new(name.into()), old, new, via: None });
    }

    fn creates(mut self, names: impl Iterator<Item = String>) -> Self {
        let id = self.scratch.id("master");
        names.for_each(|name| self.update(name, ZERO, id));
        self
    }

    /// Makes a commit on master that changes one file.
    fn file(mut self, path: &str, before: &str, after: &str) -> Self {
        let mut stream = String::new();
        for (branch, from, text) in [("base", "master", before), ("next", "base", after)] {
            let length = text.len();
            writeln!(stream, "commit refs/heads/{branch}\ncommitter C <c@x> 1700001000 +0000\ndata 4\nfix\n").unwrap();
            writeln!(stream, "from refs/heads/{from}\nM 644 inline {path}\ndata {length}\n{text}").unwrap();
        }
        self.scratch.import(&stream);
        let (old, new) = (self.scratch.id("base"), self.scratch.id("next"));
        self.update("refs/heads/master", old, new);
        self
    }

    /// Makes so many commits on top of master, oldest first.
    fn commits(&self, n: usize, subject: &str) -> Vec<ObjectId> {
        let mut stream = String::new();
        for at in 0..n {
            let (date, length) = (1_700_001_000 + at, subject.len());
            writeln!(stream, "commit refs/heads/next\ncommitter C <c@x> {date} +0000\ndata {length}\n{subject}")
                .unwrap();
            if at == 0 {
                writeln!(stream, "from refs/heads/master").unwrap();
            }
        }
        self.scratch.import(&stream);
        let listed = self.scratch.git(&["rev-list", "--reverse", "master..next"]);
        listed.lines().map(|id| ObjectId::from_hex(id.as_bytes()).unwrap()).collect()
    }

    /// Returns the steps that judging takes, with every report of it.
    fn steps(self) -> (usize, Verdict) {
        let Self { scratch, policy, updates } = self;
        let file = scratch.top().join("policy.toml");
        std::fs::write(&file, policy).unwrap();
        let named = scratch.git(&["config", "--default", file.to_str().unwrap(), "refgate.policy"]);
        let ask = Ask { named: Some(Source::parse(&named).unwrap()), ..Ask::default() };
        let push = Push::anonymous(Stage::PreReceive, updates);
        let mut verdict = None;
        let steps = steps_of(|| {
            let gate = Gate::open(scratch.open(), View::Own, ask).unwrap();
            let outcome = gate.judge(&push, None).unwrap();
            let report = Report { outcome: &outcome, timings: &[] };
            FORMATS.iter().for_each(|format| drop((format.render)(&report, Colour(false))));
            drop(log_line(&report, "now"));
            verdict = Some(outcome.verdict);
        });
        (steps, verdict.unwrap())
    }
}

fn lines(n: usize, line: impl Fn(usize) -> String) -> String {
    (0..n).map(line).collect()
}

/// The things whose number the pusher decides.
type Dimension = (&'static str, Verdict, fn(usize) -> Pushed);

const DIMENSIONS: &[Dimension] = &[
    ("unlisted branches", Verdict::Refused, |n| Pushed::new().creates((0..n).map(|at| format!("refs/heads/b{at}")))),
    ("branches of a line", Verdict::Accepted, |n| Pushed::new().creates((0..n).map(|at| format!("refs/heads/r/{at}")))),
    ("branches with one slug", Verdict::Refused, |n| {
        let long = "x".repeat(130);
        Pushed::new().creates((0..n).map(move |at| format!("refs/heads/topic/{long}{at}")))
    }),
    ("tags with one slug", Verdict::Refused, |n| {
        let long = "x".repeat(130);
        Pushed::new().creates((0..n).map(move |at| format!("refs/tags/{long}{at}")))
    }),
    ("deletions", Verdict::Refused, |n| {
        let mut pushed = Pushed::new();
        let id = pushed.scratch.id("master");
        (0..n).for_each(|at| pushed.update(format!("refs/heads/r/{at}"), id, ZERO));
        pushed
    }),
    ("tags on one commit", Verdict::Accepted, |n| {
        Pushed::new().creates((0..n).map(|at| format!("refs/tags/v1.0.{at}")))
    }),
    ("equal versions", Verdict::Refused, |n| Pushed::new().creates((0..n).map(|at| format!("refs/tags/v1.0.0+{at}")))),
    ("tags on as many commits", Verdict::Accepted, |n| {
        let mut pushed = Pushed::new();
        let commits = pushed.commits(n, "fix");
        commits.iter().enumerate().for_each(|(at, id)| pushed.update(format!("refs/tags/v1.0.{at}"), ZERO, *id));
        pushed
    }),
    ("tags in the wrong order", Verdict::Refused, |n| {
        let mut pushed = Pushed::new();
        let commits = pushed.commits(n, "fix");
        let numbered = commits.iter().enumerate();
        // Pairs: each candidate is below the one after it.
        numbered.for_each(|(at, id)| pushed.update(format!("refs/tags/v1.{}.{}", at / 2, 1 - at % 2), ZERO, *id));
        let scheme = "scheme = \"semver\"\n";
        pushed.policy = POLICY.replace(scheme, &format!("{scheme}series = \"{{major}}.{{minor}}\"\n"));
        pushed
    }),
    ("commits", Verdict::Refused, |n| {
        let mut pushed = Pushed::new().policy("[rules.unflagged-feature]\nlevel = \"refuse\"\n");
        let commits = pushed.commits(n, "feat: x");
        let (old, new) = (pushed.scratch.id("master"), *commits.last().unwrap());
        pushed.update("refs/heads/master", old, new);
        pushed
    }),
    ("packages of a lock file", Verdict::Refused, |n| {
        let lock =
            |version: usize| lines(n, |at| format!("[[package]]\nname = \"a{at}\"\nversion = \"{version}.0\"\n"));
        let pushed = Pushed::new().policy("[[version-field]]\npath = \"Cargo.lock\"\noptional = true\n");
        pushed.file("Cargo.lock", &lock(1), &lock(2))
    }),
    ("groups of a project", Verdict::Refused, |n| {
        let group = |text: String| format!("<PropertyGroup><Version>{text}</Version></PropertyGroup>\n");
        let project = |version| format!("<Project>{}</Project>", lines(n, |at| group(format!("{version}.{at}"))));
        let pushed = Pushed::new().policy("[rules.hand-edited-version]\nlevel = \"refuse\"\n");
        pushed.file("A.csproj", &project(1), &project(2))
    }),
    ("variables of a Makefile", Verdict::Refused, |n| {
        let variables = |version| lines(n, |at| format!("VERSION = {version}.{at}\n"));
        let pushed = Pushed::new().policy("[rules.hand-edited-version]\nlevel = \"refuse\"\n");
        pushed.file("Makefile", &variables(1), &variables(2))
    }),
    ("calls of setup()", Verdict::Refused, |n| {
        let calls = |version| lines(n, |at| format!("setup(version='{version}.{at}')\n"));
        let pushed = Pushed::new().policy("[rules.hand-edited-version]\nlevel = \"refuse\"\n");
        pushed.file("setup.py", &calls(1), &calls(2))
    }),
    ("images", Verdict::Refused, |n| {
        let pushed = Pushed::new().policy("[rules.floating-image]\npaths = [\"**.yaml\"]\nlines = [\"master\"]\n");
        pushed.file("values.yaml", "a: b\n", &lines(n, |at| format!("k{at}:\n  image: x:latest\n")))
    }),
    ("documents", Verdict::Refused, |n| {
        let pushed = Pushed::new().policy("[rules.floating-image]\npaths = [\"**.yaml\"]\nlines = [\"master\"]\n");
        pushed.file("values.yaml", "a: b\n", &lines(n, |_| "---\nimage: x:latest\n".to_owned()))
    }),
    ("waivers", Verdict::Refused, |n| {
        let waiver = |at| {
            format!(
                "[[waiver]]\nrule = \"deleted-ref\"\nreason = \"x\"\nref = \"refs/heads/x{at}\"\nuntil = \"2026-01-01\"\n"
            )
        };
        Pushed::new().policy(&lines(n, waiver)).creates(["refs/heads/b".to_owned()].into_iter())
    }),
    ("expressions of a pushed policy", Verdict::Accepted, |n| {
        let line = |at| format!("[[line]]\nname = \"l{at}\"\nbranch = \"regex:x{at}[a-z]+\"\nrole = \"topic\"\n");
        pushed_policy(&lines(n, line))
    }),
    ("unknown keys of a pushed policy", Verdict::Refused, |n| pushed_policy(&lines(n, |at| format!("k{at} = 1\n")))),
    ("unknown rules of a pushed policy", Verdict::Refused, |n| {
        pushed_policy(&format!("[rules]\n{}", lines(n, |at| format!("k{at} = {{}}\n"))))
    }),
];

/// Returns a policy in the repository itself, with more of it pushed.
fn pushed_policy(more: &str) -> Pushed {
    let own = POLICY.replace("[rules.version-gap]\nlevel = \"warn\"\n[rules.colliding-slug]\nlevel = \"refuse\"\n", "");
    let pushed = Pushed::new().file(".refgate.toml", &own, &format!("{own}{more}"));
    pushed.scratch.git(&["update-ref", "refs/heads/master", "base"]);
    pushed.scratch.git(&["config", "refgate.policy", "ref:refs/heads/master:.refgate.toml"]);
    pushed
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn judging_takes_no_more_than_n_log_n_steps() {
    const FEW: usize = 60;
    for (name, verdict, pushed) in DIMENSIONS {
        let [(few, _), (many, judged)] = [FEW, 4 * FEW].map(|n| pushed(n).steps());
        assert_eq!(judged, *verdict, "{name}");
        // Of four times as many, n log n is less than five times as many steps, and the square sixteen.
        assert!(few > 0 && many <= 5 * few, "{name}: {few} steps, then {many}");
    }
}

/// One commit for the mainline of a preset, where there are `n` other branches.
fn among(preset: &str, n: usize) -> Pushed {
    let (_, text) = PRESETS.iter().find(|(name, _)| *name == preset).unwrap();
    let table: toml::Table = toml::from_str(text).unwrap();
    let lines = table["line"].as_array().unwrap();
    let mainline = lines.iter().find(|line| line["role"].as_str() == Some("mainline")).unwrap();
    let patterns = mainline["branch"].as_array().cloned().unwrap_or_else(|| vec![mainline["branch"].clone()]);
    let branch = format!("refs/heads/{}", patterns[0].as_str().unwrap());
    let mut pushed = Pushed::new();
    let (old, new) = (pushed.scratch.id("master"), pushed.commits(1, "fix: x")[0]);
    let others = (0..n).map(|at| format!("refs/heads/sandbox/c/{at}")).chain([branch.clone()]);
    let update: String = others.map(|name| format!("update {name} {old}\n")).collect();
    pushed.scratch.git_with(&["update-ref", "--stdin"], &[], update.as_bytes());
    pushed.scratch.git(&["update-ref", "-d", "refs/heads/next"]);
    pushed.scratch.git(&["pack-refs", "--all"]);
    pushed.policy = format!("schema = 1\nname = \"p\"\nextends = [\"preset:{preset}\"]\n");
    pushed.update(branch, old, new);
    pushed
}

#[test]
fn a_commit_costs_the_same_however_many_branches_there_are() {
    for (preset, _) in PRESETS {
        let [few, many] = [10, 40].map(|n| among(preset, n).steps().0);
        assert_eq!(few, many, "{preset}");
    }
}
