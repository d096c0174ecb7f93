//! What is true of the versions of all commits of any history, wherever a repository stores what it knows.

use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::Path;

use crate::support::history::init_bare;
use crate::support::{git, git_with, has_reftable};
use refgate::testing::git::{Environment, Repository, Trust};
use refgate::testing::model::ObjectId;
use refgate::testing::policy::Policy;
use refgate::testing::project::{Project, Snapshot, View};
use refgate::testing::release::{Asked, Component, Error, ReleaseTags, Standing};
use refgate::testing::version::{Scheme, Spelling, Version, spell_release};

/// A history: for each commit how far back its parents are and how wrong its clock is; then tags, as the commit and
/// the three numbers.
#[derive(Clone, Debug)]
struct History {
    commits: Vec<(Vec<u8>, i64)>,
    tags: Vec<(usize, [u8; 3])>,
}

fn history() -> impl Strategy<Value = History> {
    let skew = prop_oneof![4 => Just(0), 1 => -200_000_000i64..200_000_000];
    let commits = proptest::collection::vec((proptest::collection::vec(1u8..6, 1..3), skew), 2..24);
    let numbers = [0u8..3, 0u8..3, 0u8..12];
    (commits, proptest::collection::vec((any::<usize>(), numbers), 1..8)).prop_map(|(commits, mut tags)| {
        for (at, _) in &mut tags {
            *at %= commits.len();
        }
        // One tag a version: two with one name there cannot be.
        let mut seen = BTreeSet::new();
        tags.retain(|(_, numbers)| seen.insert(*numbers));
        History { commits, tags }
    })
}

impl History {
    fn parents(&self, at: usize) -> Vec<usize> {
        let found: BTreeSet<usize> =
            self.commits[at].0.iter().filter_map(|back| at.checked_sub(usize::from(*back))).collect();
        found.into_iter().rev().collect()
    }

    /// Returns the true answer, computed from the parents alone.
    fn ancestors(&self, of: usize) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        let mut pending = vec![of];
        while let Some(at) = pending.pop() {
            if found.insert(at) {
                pending.extend(self.parents(at));
            }
        }
        found
    }

    /// Returns the version of a commit as the definition has it; `untagged` leaves out what is on the commit itself.
    fn expected(&self, at: usize, untagged: bool) -> Option<String> {
        let on = self.tags.iter().filter(|(tag, _)| *tag == at).map(|(_, numbers)| numbers).max();
        if let (Some([a, b, c]), false) = (on, untagged) {
            return Some(format!("{a}.{b}.{c}"));
        }
        let below = self.ancestors(at);
        let counts = |tag: &usize| below.contains(tag) && !(untagged && *tag == at);
        let (base, [a, b, c]) = self.tags.iter().filter(|(tag, _)| counts(tag)).max_by_key(|(_, numbers)| numbers)?;
        Some(format!("{a}.{b}.{}.dev{}", c + 1, below.difference(&self.ancestors(*base)).count()))
    }

    /// Makes it; every other tag is annotated. Returns the ids of the commits.
    fn make(&self, directory: &Path, init: &[&str]) -> Vec<ObjectId> {
        init_bare(directory, init);
        let mut stream = String::new();
        for (at, (_, skew)) in self.commits.iter().enumerate() {
            let date = 1_000_000_000 + i64::try_from(at).unwrap() * 100 + skew;
            let who = format!("C <c@x> {date} +0000");
            let _ = write!(stream, "commit refs/heads/c{at}\nmark :{}\ncommitter {who}\ndata 1\nx\n", at + 1);
            for (nth, parent) in self.parents(at).into_iter().enumerate() {
                let _ = writeln!(stream, "{} :{}", if nth == 0 { "from" } else { "merge" }, parent + 1);
            }
        }
        for (nth, (at, [a, b, c])) in self.tags.iter().enumerate() {
            let _ = match nth % 2 {
                0 => writeln!(stream, "reset refs/tags/v{a}.{b}.{c}\nfrom :{}\n", at + 1),
                _ => writeln!(stream, "tag v{a}.{b}.{c}\nfrom :{}\ntagger T <t@x> 1 +0000\ndata 1\nx", at + 1),
            };
        }
        git_with(directory, &["fast-import", "--quiet"], stream.as_bytes());
        let listed = git(directory, &["for-each-ref", "--format=%(refname:lstrip=2) %(objectname)", "refs/heads/"]);
        let ids: BTreeMap<usize, ObjectId> = listed
            .lines()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(at, id)| (at[1..].parse().unwrap(), ObjectId::from_hex(id.as_bytes()).unwrap()))
            .collect();
        ids.into_values().collect()
    }
}

fn open(directory: &Path) -> Repository {
    let vars = [("PATH", std::env::var("PATH").unwrap()), ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned())];
    let vars = vars.into_iter().chain([("GIT_CONFIG_NOSYSTEM", "1".to_owned())]);
    let vars = vars.map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Repository::open(None, &Environment::from_vars(vars, directory), Trust::Hook).unwrap()
}

fn standings(directory: &Path, ids: &[ObjectId], untagged: bool) -> Vec<Option<Standing>> {
    let repository = open(directory);
    let project = Project::new(repository, Policy::empty(), View::Own);
    let refs = Snapshot::now(&project);
    let tags = ReleaseTags::read(Component { refs: &refs, scope: None }).unwrap();
    let of = |id: &ObjectId| {
        let asked = Asked { refs: &refs, tags: &tags, commit: *id, branch: None, first: None };
        let found = if untagged { Standing::untagged(asked) } else { Standing::of(asked, false) };
        match found {
            Ok(standing) => Some(standing),
            Err(Error::NoneBelow { .. }) => None,
            Err(error) => panic!("{error}"),
        }
    };
    ids.iter().map(of).collect()
}

fn spelled(standings: &[Option<Standing>], spelling: Spelling) -> Vec<Option<String>> {
    standings.iter().map(|standing| Some(standing.as_ref()?.spell(spelling, None).unwrap())).collect()
}

/// Returns the scheme that orders what a spelling writes.
fn orders(spelling: Spelling) -> Option<Scheme> {
    match spelling {
        Spelling::Pep440 => Some(Scheme::pep440()),
        Spelling::Semver => Some(Scheme::semver()),
        Spelling::Debian => Some(Scheme::debian()),
        Spelling::Docker => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5))]

    #[test]
    #[ignore = "the outer ring: more than half a second of a core"]
    fn versions_are_as_defined_wherever_things_are_kept(history in history()) {
        let directory = tempfile::tempdir().unwrap();
        let place = |name: &str| {
            let path = directory.path().join(name);
            std::fs::create_dir(&path).unwrap();
            path
        };
        let check = |path: &Path, ids: &[ObjectId]| {
            for untagged in [false, true] {
                let expected: Vec<Option<String>> =
                    (0..history.commits.len()).map(|at| history.expected(at, untagged)).collect();
                let found = spelled(&standings(path, ids, untagged), Spelling::Pep440);
                assert_eq!(found, expected, "{}", path.display());
            }
        };
        let files = place("files");
        let ids = history.make(&files, &[]);
        check(&files, &ids);
        git(&files, &["pack-refs", "--all"]);
        // A commit-graph of a part of the history, then of all of it.
        let part = ids[ids.len() / 2].to_string();
        git_with(&files, &["commit-graph", "write", "--stdin-commits"], part.as_bytes());
        check(&files, &ids);
        git(&files, &["commit-graph", "write", "--reachable"]);
        check(&files, &ids);
        git(&files, &["worktree", "add", "--quiet", "--detach", "../tree", "c0"]);
        check(&directory.path().join("tree"), &ids);
        for (name, init) in [("reftable", "--ref-format=reftable"), ("sha256", "--object-format=sha256")] {
            if name == "reftable" && !has_reftable() {
                continue;
            }
            let path = place(name);
            let ids = history.make(&path, &[init]);
            check(&path, &ids);
        }
    }

    #[test]
    fn versions_rise_along_the_first_parents_between_their_tag_and_their_release(history in history()) {
        let directory = tempfile::tempdir().unwrap();
        let ids = history.make(directory.path(), &[]);
        let standings = standings(directory.path(), &ids, true);
        for spelling in Spelling::ALL {
            let Some(scheme) = orders(spelling) else { continue };
            let read = |text: &str| scheme.read(text).unwrap();
            let below = |a: &Version, b: &Version| a.compare(b).unwrap().is_lt();
            let versions = spelled(&standings, spelling);
            for (at, version) in versions.iter().enumerate() {
                let (Some(version), Some(standing)) = (version, &standings[at]) else { continue };
                let version = read(version);
                let Standing::Development { base, distance, .. } = standing else { panic!("untagged") };
                prop_assert!(*distance > 0);
                let tag = read(&spell_release(&base.version, spelling).unwrap());
                let release = read(&spell_release(&base.version.next().unwrap(), spelling).unwrap());
                prop_assert!(below(&tag, &version), "{tag} < {version}");
                prop_assert!(below(&version, &release), "{version} < {release}");
                if let Some(Some(before)) = history.parents(at).first().map(|parent| &versions[*parent]) {
                    prop_assert!(below(&read(before), &version), "{before} < {version}");
                }
            }
        }
    }
}
