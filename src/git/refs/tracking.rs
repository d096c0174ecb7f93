//! Which local refs show what a remote has: its fetch refspecs, followed as `git fetch` and `git push` follow them.

use bstr::{BStr, BString, ByteSlice as _};
use gix::refspec::match_group::{Item, SourceRef};
use gix::refspec::parse::Operation;
use gix::refspec::{MatchGroup, RefSpec, parse};
use std::collections::BTreeMap;

use crate::git::repo::config::Config;
use crate::git::{Error, Repository, Target};
use crate::model::{ObjectId, RefName};

/// The view that a clone has of one of its remotes.
#[derive(Clone, Debug)]
pub struct Tracking {
    remote: Option<BString>,
    /// What `remote.NAME.fetch` says; without any, nothing is tracked.
    specs: Vec<RefSpec>,
    /// For matching, which wants an id although only names are compared.
    no_id: gix::ObjectId,
}

impl Repository {
    /// Finds out how the refs of a remote are tracked here. The remote is named as `git push` names it to its hook:
    /// by its name, or by a URL, which may be one of a remote's `url` or `pushurl`, as written or as `insteadOf` and
    /// `pushInsteadOf` rewrite it. A remote that the configuration does not have tracks nothing; `.` is this repository.
    ///
    /// # Errors
    /// A refspec that git would not accept either.
    pub fn tracking(&self, remote: &BStr) -> Result<Tracking, Error> {
        let no_id = gix::ObjectId::null(crate::git::object::ids::gix_kind(self.hash_kind()));
        if remote == "." {
            return Ok(Tracking { remote: None, specs: vec![refspec(b"refs/*:refs/*".as_bstr())?], no_id });
        }
        let Some(name) = remote_called(&self.config, remote) else {
            return Ok(Tracking { remote: None, specs: Vec::new(), no_id });
        };
        let specs = self.config.all_of("remote", name.as_bstr(), "fetch");
        let specs = specs.iter().map(|spec| refspec(spec.as_bstr())).collect::<Result<_, _>>()?;
        Ok(Tracking { remote: Some(name), specs, no_id })
    }
}

impl Tracking {
    /// Returns the name of the remote in the configuration, for advice such as `git fetch NAME`; `None` for a URL that
    /// does not belong to a remote.
    pub fn remote(&self) -> Option<&BStr> {
        self.remote.as_ref().map(|name| name.as_bstr())
    }

    /// Returns whether nothing of the remote is tracked, whatever it is called there.
    pub fn is_empty(&self) -> bool {
        self.specs.iter().all(|spec| destination(spec).is_none())
    }

    /// Returns the local ref that shows what the remote has under the full name `name`; `None` where that is not
    /// tracked. Of several, it is the first in the configuration, as in git. The ref need not exist.
    pub fn local(&self, name: &RefName) -> Option<RefName> {
        let item = Item { full_ref_name: name.full(), target: &self.no_id, object: None };
        let found = self.group().match_lhs(std::iter::once(item));
        found.mappings.into_iter().find_map(|mapping| mapping.rhs).map(|local| RefName::new(local.as_ref()))
    }

    /// Returns what the remote had as `name` when it was last fetched.
    ///
    /// # Errors
    /// As [`Repository::resolve`].
    pub fn find(&self, repository: &Repository, name: &RefName) -> Result<Option<ObjectId>, Error> {
        self.local(name).map_or(Ok(None), |local| Ok(repository.resolve(&local)?.1))
    }

    /// Lists the refs of the remote whose full names begin with `prefix`, as they were last fetched: by their names
    /// there, sorted.
    ///
    /// # Errors
    /// As [`Repository::references`].
    pub fn list(&self, repository: &Repository, prefix: &BStr) -> Result<Vec<(RefName, ObjectId)>, Error> {
        let mut found = BTreeMap::new();
        for spec in &self.specs {
            for (local, id) in shown_by(repository, spec, prefix)? {
                let Some(name) = self.name_of(local.full()) else { continue };
                // Where the remote's `HEAD` points is tracked next to its branches, and is not one of them.
                let is_head = name.full() == "refs/heads/HEAD"
                    && matches!(repository.reference(&local)?, Some(Target::Symbolic(_)));
                // Of several that show one ref, the one that `local` names.
                if name.full().starts_with(prefix) && !is_head && self.local(&name).as_ref() == Some(&local) {
                    found.insert(name, id);
                }
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Returns whether there is any ref that shows something of the remote: `false` where it was never fetched.
    ///
    /// # Errors
    /// As [`Repository::references`].
    pub fn was_fetched(&self, repository: &Repository) -> Result<bool, Error> {
        for spec in &self.specs {
            if !shown_by(repository, spec, BStr::new(""))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the remote's name for what a local ref shows.
    fn name_of(&self, local: &BStr) -> Option<RefName> {
        let item = Item { full_ref_name: local, target: &self.no_id, object: None };
        let found = self.group().match_rhs(std::iter::once(item));
        found.mappings.into_iter().find_map(|mapping| match mapping.lhs {
            SourceRef::FullName(name) => full_name(name.as_ref()),
            SourceRef::ObjectId(_) => None,
        })
    }

    fn group(&self) -> MatchGroup<'_> {
        MatchGroup::from_fetch_specs(self.specs.iter().map(RefSpec::to_ref))
    }
}

/// Returns the refs that exist here and that a refspec may have brought for names that begin with `prefix`. Only as
/// much is listed as the parts before the asterisks leave open.
fn shown_by(repository: &Repository, spec: &RefSpec, prefix: &BStr) -> Result<Vec<(RefName, ObjectId)>, Error> {
    let (parts, destination) = (spec.to_ref(), destination(spec));
    let Some((source, destination)) = parts.source().zip(destination) else { return Ok(Vec::new()) };
    let split = |name: &BStr| name.split_once_str("*").map(|(before, _)| BString::from(before));
    let Some((from, to)) = split(source).zip(split(destination.as_bstr())) else {
        let local = RefName::new(destination);
        return Ok(repository.resolve(&local)?.1.map(|id| (local, id)).into_iter().collect());
    };
    let folder = match prefix.strip_prefix(from.as_slice()) {
        Some(rest) => [to.as_slice(), rest].concat(),
        None if from.starts_with(prefix) => to.into(),
        None => return Ok(Vec::new()),
    };
    repository.references_below(folder.as_bstr())
}

/// Returns the local side of a refspec as a full name or pattern; `None` where it only brings objects, or excludes
/// names.
fn destination(spec: &RefSpec) -> Option<BString> {
    let spec = spec.to_ref();
    let name = spec.destination().filter(|_| spec.source().is_some())?;
    full_name(name).map(|name| name.full().to_owned())
}

/// Returns a full name from one that a refspec may shorten; `HEAD` is not a ref that others could have under that name.
fn full_name(name: &BStr) -> Option<RefName> {
    match name.as_bytes() {
        b"HEAD" => None,
        full if full.starts_with(b"refs/") => Some(RefName::new(full)),
        short if [&b"heads/"[..], b"tags/", b"remotes/"].iter().any(|folder| short.starts_with(folder)) => {
            Some(RefName::new([b"refs/", short].concat()))
        }
        short => Some(RefName::branch(short)),
    }
}

fn refspec(spec: &BStr) -> Result<RefSpec, Error> {
    let invalid = |_| Error::Config { reason: format!("`{}` is not a refspec", crate::model::Untrusted::new(spec)) };
    parse(spec, Operation::Fetch).map(|spec| spec.to_owned()).map_err(invalid)
}

/// Returns the remote of a name, or else the first of a URL, one with refspecs before one without.
fn remote_called(config: &Config, wanted: &BStr) -> Option<BString> {
    let remotes = config.subsections("remote");
    if let Some(name) = remotes.iter().find(|name| *name == wanted) {
        return Some(name.clone());
    }
    let rewrites = Rewrites::read(config);
    let is_wanted = |url: &BString| *url == wanted || rewrites.forms(url.as_bstr()).iter().any(|form| form == wanted);
    let mut called: Vec<BString> = remotes;
    called.retain(|name| {
        let urls = |key| config.all_of("remote", name.as_bstr(), key);
        urls("url").iter().chain(&urls("pushurl")).any(is_wanted)
    });
    called.sort_by_key(|name| config.all_of("remote", name.as_bstr(), "fetch").is_empty());
    called.into_iter().next()
}

/// `url.BASE.insteadOf` and `url.BASE.pushInsteadOf`: what URLs begin with, and what that is replaced by.
struct Rewrites {
    fetch: Vec<(BString, BString)>,
    push: Vec<(BString, BString)>,
}

impl Rewrites {
    fn read(config: &Config) -> Self {
        let bases = config.subsections("url");
        let all = |key: &str| {
            let mut rewrites = Vec::new();
            for base in &bases {
                let prefixes = config.all_of("url", base.as_bstr(), key);
                rewrites.extend(prefixes.into_iter().filter(|from| !from.is_empty()).map(|from| (from, base.clone())));
            }
            rewrites
        };
        Self { fetch: all("insteadOf"), push: all("pushInsteadOf") }
    }

    /// Returns what a URL becomes where it is fetched from and where it is pushed to.
    fn forms(&self, url: &BStr) -> Vec<BString> {
        [&self.fetch, &self.push].into_iter().filter_map(|rewrites| rewrite(rewrites, url)).collect()
    }
}

/// Rewrites a URL; the longest match wins (`remote.c`, `alias_url`).
fn rewrite(rewrites: &[(BString, BString)], url: &BStr) -> Option<BString> {
    let matching = rewrites.iter().filter(|(from, _)| url.starts_with(from));
    let (from, base) = matching.rev().max_by_key(|(from, _)| from.len())?;
    Some([base.as_slice(), url.strip_prefix(from.as_slice())?].concat().into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Trust;
    use crate::git::scratch::{FORMATS, Scratch, environment};
    use proptest::prelude::*;
    use std::path::Path;

    const BRANCHES: [&str; 7] = ["main", "release/1.0", "release/1.1", "wip/a", "rel-1", "rel-2/x", "team/topic"];

    fn server(format: &[&str]) -> Scratch {
        let scratch = Scratch::new(format);
        let files = BRANCHES.map(|name| [name]);
        let lines: Vec<_> = files.iter().map(|files| (files[0], None, files.as_slice())).collect();
        scratch.lines(&lines);
        scratch.git(&["tag", "v1", "main"]);
        scratch
    }

    fn open(path: &Path) -> Repository {
        Repository::open(None, &environment(path, &[]), Trust::Cli).unwrap()
    }

    /// Makes a clone without refspecs, and a way to set one thing of its configuration.
    fn clone(scratch: &Scratch, remote: &str) -> (Repository, std::path::PathBuf) {
        let path = scratch.top().join("clone");
        scratch.outside(&["init", "--quiet", "clone"]);
        scratch.outside(&["-C", "clone", "config", &format!("remote.{remote}.url"), scratch.path.to_str().unwrap()]);
        (open(&path), path)
    }

    fn configure(scratch: &Scratch, key: &str, value: &str) -> Repository {
        scratch.outside(&["-C", "clone", "config", "--add", key, value]);
        open(&scratch.top().join("clone"))
    }

    /// Returns all of the server's refs by name with what is known of them here.
    fn check(scratch: &Scratch, repository: &Repository, remote: &str) -> Vec<String> {
        let tracking = repository.tracking(remote.into()).unwrap();
        let mut tracked = Vec::new();
        for line in scratch.git(&["for-each-ref", "--format=%(objectname) %(refname)"]).lines() {
            let (id, name) = line.split_once(' ').unwrap();
            let (id, name) = (ObjectId::from_hex(id.as_bytes()).unwrap(), RefName::new(name));
            if let Some(local) = tracking.local(&name) {
                assert_eq!(repository.resolve(&local).unwrap().1, Some(id), "{local:?} shows {name:?}");
                assert_eq!(tracking.find(repository, &name).unwrap(), Some(id));
                tracked.push((name, id));
            } else {
                assert_eq!(tracking.find(repository, &name).unwrap(), None);
            }
        }
        tracked.sort();
        for prefix in
            ["", "refs/", "refs/heads/", "refs/heads/rel", "refs/heads/release/1", "refs/tags/", "refs/heads/x"]
        {
            let expected: Vec<_> =
                tracked.iter().filter(|(name, _)| name.full().starts_with(prefix.as_bytes())).cloned().collect();
            assert_eq!(tracking.list(repository, prefix.into()).unwrap(), expected, "{prefix}");
        }
        assert_eq!(tracking.was_fetched(repository).unwrap(), !tracked.is_empty());
        tracked.into_iter().map(|(name, _)| name.full().to_string()).collect()
    }

    #[test]
    #[ignore = "the outer ring: more than half a second of a core"]
    fn a_plain_clone_tracks_all_branches_in_every_format_and_under_any_name() {
        for [objects, refs] in FORMATS {
            let scratch = server(&[objects, refs]);
            let url = format!("file://{}", scratch.path.display());
            for (remote, clone) in [("origin", "one"), ("team/origin", "two")] {
                let name = format!("--origin={remote}");
                scratch.outside(&["clone", "--quiet", refs, &name, &url, clone]);
                let repository = open(&scratch.top().join(clone));
                assert_eq!(check(&scratch, &repository, remote).len(), BRANCHES.len());
                assert_eq!(check(&scratch, &repository, &url).len(), BRANCHES.len());
                let tracking = repository.tracking(url.as_str().into()).unwrap();
                assert_eq!(tracking.remote(), Some(BStr::new(remote)));
                let local = RefName::new(format!("refs/remotes/{remote}/main"));
                assert_eq!(tracking.local(&RefName::branch("main")), Some(local));
            }
        }
    }

    #[test]
    fn what_is_not_tracked_is_said() {
        let scratch = server(&[]);
        let url = format!("file://{}", scratch.path.display());
        scratch.outside(&["clone", "--quiet", "--bare", &url, "bare.git"]);
        scratch.outside(&["clone", "--quiet", "--mirror", &url, "mirror.git"]);
        scratch.outside(&["clone", "--quiet", "--single-branch", "--branch=team/topic", &url, "single"]);
        let bare = open(&scratch.top().join("bare.git"));
        assert!(check(&scratch, &bare, "origin").is_empty());
        assert!(bare.tracking("origin".into()).unwrap().is_empty());
        let mirror = open(&scratch.top().join("mirror.git"));
        assert_eq!(check(&scratch, &mirror, "origin").len(), BRANCHES.len() + 1);
        let single = open(&scratch.top().join("single"));
        assert_eq!(check(&scratch, &single, "origin"), ["refs/heads/team/topic"]);
        // A remote that was never fetched.
        scratch.outside(&["-C", "single", "remote", "add", "up", &url]);
        let up = open(&scratch.top().join("single")).tracking("up".into()).unwrap();
        assert!(!up.is_empty() && !up.was_fetched(&single).unwrap());
        assert_eq!(up.find(&single, &RefName::branch("main")).unwrap(), None);
        // A remote that does not exist, and the repository itself.
        for absent in ["absent", "", "https://example.com/x.git", "-x", "remote.origin"] {
            let tracking = single.tracking(absent.into()).unwrap();
            assert!(tracking.is_empty() && tracking.remote().is_none(), "{absent}");
        }
        let own = single.tracking(".".into()).unwrap();
        assert_eq!(own.local(&RefName::branch("x")), Some(RefName::branch("x")));
    }

    #[test]
    fn a_remote_is_found_by_its_urls() {
        let scratch = server(&[]);
        clone(&scratch, "origin");
        configure(&scratch, "remote.origin.fetch", "+refs/heads/*:refs/remotes/theirs/*");
        configure(&scratch, "remote.other.url", "https://example.com/a.git");
        configure(&scratch, "remote.other.pushurl", "git@example.com:a.git");
        configure(&scratch, "remote.short.url", "gh:x/y.git");
        configure(&scratch, "url.https://github.com/.insteadOf", "gh:");
        configure(&scratch, "url.https://elsewhere.example/.insteadOf", "gh");
        configure(&scratch, "remote.plain.url", "https://plain.example/z");
        let repository = configure(&scratch, "url.ssh://plain.example/.pushInsteadOf", "https://plain.example/");
        let plain = scratch.path.to_str().unwrap();
        for (url, remote) in [
            (plain, "origin"),
            ("https://example.com/a.git", "other"),
            ("git@example.com:a.git", "other"),
            ("gh:x/y.git", "short"),
            ("https://github.com/x/y.git", "short"),
            ("https://plain.example/z", "plain"),
            ("ssh://plain.example/z", "plain"),
        ] {
            let tracking = repository.tracking(url.into()).unwrap();
            assert_eq!(tracking.remote(), Some(BStr::new(remote)), "{url}");
            // git's own answer, where it can be asked without a push.
            let pushed = scratch.outside(&["-C", "clone", "remote", "get-url", "--push", "--all", remote]);
            let fetched = scratch.outside(&["-C", "clone", "remote", "get-url", "--all", remote]);
            let configured = scratch.outside(&["-C", "clone", "config", "--get-all", &format!("remote.{remote}.url")]);
            assert!([pushed, fetched, configured].iter().any(|urls| urls.lines().any(|line| line == url)), "{url}");
        }
    }

    #[test]
    fn a_refspec_that_git_refuses_is_an_error() {
        let scratch = server(&[]);
        clone(&scratch, "origin");
        let repository = configure(&scratch, "remote.origin.fetch", "refs/heads/*/*:refs/x/*");
        assert!(matches!(repository.tracking("origin".into()), Err(Error::Config { .. })));
    }

    const SPECS: [&str; 9] = [
        "+refs/heads/*:refs/remotes/all/*",
        "refs/heads/release/*:refs/remotes/releases/deep/er/*",
        "refs/heads/rel-*:refs/remotes/rel/x*y",
        "refs/heads/main:refs/remotes/one/main",
        "main:refs/remotes/short/main",
        "refs/tags/*:refs/remotes/tags/*",
        "^refs/heads/wip/*",
        "^refs/heads/release/1.0",
        "refs/heads/team/topic",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]
        #[test]
        fn refspecs_mean_what_they_mean_to_git(picks in proptest::sample::subsequence(SPECS.to_vec(), 1..5).prop_shuffle()) {
            let scratch = server(&[]);
            clone(&scratch, "o/r");
            for spec in &picks {
                configure(&scratch, "remote.o/r.fetch", spec);
            }
            scratch.outside(&["-C", "clone", "fetch", "--quiet", "--no-tags", "o/r"]);
            let repository = open(&scratch.top().join("clone"));
            let tracked = check(&scratch, &repository, "o/r");
            // Every ref that git made shows one that is tracked.
            let listed = scratch.outside(&["-C", "clone", "for-each-ref", "--format=%(objectname)", "refs/remotes/"]);
            let shown: std::collections::BTreeSet<&str> = listed.lines().collect();
            let ids: std::collections::BTreeSet<String> =
                tracked.iter().map(|name| scratch.id(name).to_string()).collect();
            prop_assert_eq!(shown, ids.iter().map(String::as_str).collect());
        }
    }
}
