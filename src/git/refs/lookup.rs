//! One ref by its name, or those below a prefix.

use bstr::{BStr, ByteSlice as _};

use crate::git::refs::store::{Storage, broken};
use crate::git::{Error, Repository, Target};
use crate::model::{ObjectId, RefName};

/// As many symbolic refs in a row as git follows (`refs.c`, `SYMREF_MAXDEPTH`).
const MAX_SYMBOLIC_DEPTH: usize = 5;

impl Repository {
    /// Returns what a ref holds, by its full name such as `refs/heads/main` or `HEAD`; `None` if there is no such ref.
    /// A name that git would not accept does not name a ref.
    ///
    /// # Errors
    /// The ref exists but is broken, or the refs cannot be read.
    pub fn reference(&self, name: &RefName) -> Result<Option<Target>, Error> {
        let Some(stored) = self.refs.stored_name(name) else { return Ok(None) };
        let target = match &self.refs.storage {
            Storage::Files(files) => files.find(stored.as_ref())?,
            Storage::Reftable => self.find_in_reftable(stored.as_bstr())?,
            #[cfg(test)]
            Storage::Memory(refs) => refs.get(stored.as_bstr()).copied().map(Target::Id),
        };
        match target {
            Some(Target::Symbolic(to)) => self.refs.shown_name(&to).map(|to| Some(Target::Symbolic(to))),
            other => Ok(other),
        }
    }

    /// Follows symbolic refs from a name to the ref that a push to that name would move, and what it holds: `None` if
    /// it does not exist yet.
    ///
    /// # Errors
    /// More than five symbolic refs in a row; otherwise as [`Self::reference`].
    pub fn resolve(&self, name: &RefName) -> Result<(RefName, Option<ObjectId>), Error> {
        let mut current = name.clone();
        for _ in 0..=MAX_SYMBOLIC_DEPTH {
            match self.reference(&current)? {
                None => return Ok((current, None)),
                Some(Target::Id(id)) => return Ok((current, Some(id))),
                Some(Target::Symbolic(to)) => current = to,
            }
        }
        Err(broken(name, "it leads through too many symbolic refs"))
    }

    /// Returns the refs whose names begin with `prefix`, such as `refs/heads/release/`, sorted by name. Nothing is
    /// peeled and no object is read. Symbolic refs are listed with what they lead to; those that lead nowhere are left
    /// out. Refs that belong to one work tree only (`refs/bisect` and the like) are not listed.
    ///
    /// # Errors
    /// A ref is broken, or the refs cannot be read.
    pub fn references(&self, prefix: &str) -> Result<Vec<(RefName, ObjectId)>, Error> {
        self.references_below(prefix.into())
    }

    /// Does the same for a prefix that need not be text.
    pub(in crate::git) fn references_below(&self, prefix: &BStr) -> Result<Vec<(RefName, ObjectId)>, Error> {
        let name = RefName::new(prefix);
        let is_plain = prefix.split_str("/").all(|part| part != b"." && part != b"..") && !prefix.contains_str("//");
        if !prefix.starts_with(b"refs/") || !is_plain {
            return Err(broken(&name, "it is not a prefix of ref names"));
        }
        let stored = [self.refs.namespace.as_slice(), prefix].concat();
        let found = match &self.refs.storage {
            Storage::Files(files) => files.list(stored.as_bstr(), &self.odb.budget)?,
            Storage::Reftable => self.list_reftable(stored.as_bstr())?,
            #[cfg(test)]
            Storage::Memory(refs) => {
                let below = refs.iter().filter(|(name, _)| name.starts_with(&stored));
                below.map(|(name, id)| (name.clone(), Target::Id(*id))).collect()
            }
        };
        let mut references = Vec::with_capacity(found.len());
        for (stored, target) in found {
            self.odb.budget.step()?;
            let name = self.refs.shown_name(&RefName::new(stored))?;
            let id = match target {
                Target::Id(id) => Some(id),
                Target::Symbolic(_) => self.resolve(&name)?.1,
            };
            references.extend(id.map(|id| (name, id)));
        }
        Ok(references)
    }

    /// Returns whether refs are those of a namespace.
    pub(in crate::git) fn has_namespace(&self) -> bool {
        !self.refs.namespace.is_empty()
    }
}

/// Returns the names that have to be directories for a ref to exist: `refs/heads/a/b` of `refs/heads/a/b/c`.
pub(in crate::git) fn parents(name: &RefName) -> impl Iterator<Item = RefName> + '_ {
    let slashes = name.full().find_iter("/").skip(2);
    slashes.filter_map(|at| name.full().get(..at).map(RefName::new))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::refs::store::valid;
    use crate::git::scratch::{FORMATS, Scratch};
    use proptest::prelude::*;

    fn names(found: &[(RefName, ObjectId)]) -> Vec<String> {
        found.iter().map(|(name, _)| name.full().to_string()).collect()
    }

    #[test]
    fn loose_packed_and_symbolic_refs_are_found_in_every_format() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            scratch.git(&["branch", "release/1", "main~1"]);
            scratch.git(&["branch", "release/10", "main"]);
            scratch.git(&["branch", "release-x", "main"]);
            scratch.git(&["pack-refs", "--all"]);
            scratch.git(&["branch", "--force", "release/1", "main"]);
            scratch.git(&["branch", "release/2", "main~1"]);
            scratch.git(&["tag", "-a", "-m", "x", "v1", "main"]);
            scratch.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
            scratch.git(&["symbolic-ref", "refs/heads/release/zombie", "refs/heads/gone"]);
            let repository = scratch.open();
            let reference = |name: &str| repository.reference(&RefName::new(name)).unwrap();
            let (main, first) = (scratch.id("main"), scratch.id("main~1"));

            assert_eq!(reference("refs/heads/release/1"), Some(Target::Id(main)));
            assert_eq!(reference("refs/heads/release/10"), Some(Target::Id(main)));
            assert_eq!(reference("refs/heads/release"), None);
            assert_eq!(reference("refs/heads/absent"), None);
            assert_eq!(reference("refs/heads/main/absent"), None);
            assert_eq!(reference("refs/tags/v1"), Some(Target::Id(scratch.id("refs/tags/v1"))));
            assert_eq!(reference("main"), None, "only full names");
            for name in ["HEAD", "refs/heads/alias"] {
                assert_eq!(reference(name), Some(Target::Symbolic(RefName::branch("main"))));
                assert_eq!(repository.resolve(&RefName::new(name)).unwrap(), (RefName::branch("main"), Some(main)));
            }
            let zombie = repository.resolve(&RefName::branch("release/zombie")).unwrap();
            assert_eq!(zombie, (RefName::branch("gone"), None));

            let found = repository.references("refs/heads/release/").unwrap();
            assert_eq!(names(&found), ["refs/heads/release/1", "refs/heads/release/10", "refs/heads/release/2"]);
            assert_eq!(found.iter().map(|(_, id)| *id).collect::<Vec<_>>(), [main, main, first]);
            assert_eq!(repository.references("refs/heads/release").unwrap().len(), 4);
            assert_eq!(repository.references("refs/heads/release/1").unwrap().len(), 2);
            let listed = scratch.git(&["for-each-ref", "--format=%(refname)"]);
            assert_eq!(names(&repository.references("refs/").unwrap()), listed.lines().collect::<Vec<_>>());
            assert!(repository.references("refs/absent/").unwrap().is_empty());
            for odd in ["", "heads/", "refs/../", "refs//heads"] {
                assert!(repository.references(odd).is_err(), "{odd}");
            }
        }
    }

    #[test]
    fn names_that_no_ref_can_have_name_none() {
        for format in [FORMATS[0], FORMATS[2]] {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a"]);
            let repository = scratch.open();
            for name in
                ["", "--help", "refs/heads/", "refs/heads/../../HEAD", "refs/heads/*", "/etc/passwd", "refs/heads/a\0b"]
            {
                assert_eq!(repository.reference(&RefName::new(name)).unwrap(), None, "{name}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_are_bytes() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        let line =
            [b"update refs/heads/\xe9\xf0 ".as_slice(), scratch.id("main").to_string().as_bytes(), b"\n"].concat();
        scratch.git_with(&["update-ref", "--stdin"], &[], &line);
        for _ in 0..2 {
            let repository = scratch.open();
            let name = RefName::new(b"refs/heads/\xe9\xf0".as_slice());
            assert_eq!(repository.resolve(&name).unwrap().1, Some(scratch.id("main")));
            assert!(repository.references("refs/heads/").unwrap().iter().any(|(found, _)| *found == name));
            scratch.git(&["pack-refs", "--all"]);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_of_old_is_a_symbolic_ref() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        std::os::unix::fs::symlink("refs/heads/main", scratch.path.join("refs/heads/alias")).unwrap();
        std::os::unix::fs::symlink("main", scratch.path.join("refs/heads/plain")).unwrap();
        let repository = scratch.open();
        let target = repository.reference(&RefName::branch("alias")).unwrap();
        assert_eq!(target, Some(Target::Symbolic(RefName::branch("main"))));
        assert_eq!(repository.resolve(&RefName::branch("alias")).unwrap().0, RefName::branch("main"));
        let found = repository.references("refs/heads/").unwrap();
        assert_eq!(names(&found), ["refs/heads/alias", "refs/heads/main", "refs/heads/plain"]);
    }

    #[test]
    fn a_broken_ref_is_an_error_and_not_an_absent_one() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        for content in ["", "garbage\n", "ref: refs/heads/../x\n", &"0".repeat(40), &"ab".repeat(32)] {
            std::fs::write(scratch.path.join("refs/heads/broken"), content).unwrap();
            let repository = scratch.open();
            let results = [
                repository.reference(&RefName::branch("broken")).map(|_| ()),
                repository.references("refs/heads/").map(|_| ()),
            ];
            for result in results {
                assert!(matches!(&result, Err(error @ Error::RefStorage { .. }) if error.is_undecided()), "{content}");
            }
        }
        std::fs::remove_file(scratch.path.join("refs/heads/broken")).unwrap();
        std::fs::write(scratch.path.join("refs/heads/loop"), "ref: refs/heads/loop\n").unwrap();
        assert!(matches!(scratch.open().resolve(&RefName::branch("loop")), Err(Error::RefStorage { .. })));
    }

    #[test]
    fn a_namespace_is_seen_as_the_whole_repository() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            scratch.git(&["update-ref", "refs/namespaces/n/refs/namespaces/m/refs/heads/main", "main~1"]);
            scratch.git(&["symbolic-ref", "refs/namespaces/n/refs/heads/out", "refs/heads/main"]);
            let repository = scratch.open_with(&[("GIT_NAMESPACE", "n/m")]).unwrap();
            let first = scratch.id("main~1");
            assert_eq!(repository.resolve(&RefName::branch("main")).unwrap().1, Some(first));
            assert_eq!(repository.references("refs/heads/").unwrap(), [(RefName::branch("main"), first)]);
            assert_eq!(repository.rev_parse("main").unwrap(), first);
            assert!(repository.rev_parse("main~0").is_err(), "git would answer for the whole repository");
            let outer = scratch.open_with(&[("GIT_NAMESPACE", "n")]).unwrap();
            assert!(matches!(outer.reference(&RefName::branch("out")), Err(Error::RefStorage { .. })));
            assert!(scratch.open_with(&[("GIT_NAMESPACE", "a..b")]).is_err());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]
        #[test]
        fn listing_equals_git_however_refs_are_packed(branches in proptest::collection::btree_map("[ab-]{1,3}(/[a.-]{0,1}b)?", 0u8..4, 0..12)) {
            let scratch = Scratch::new(&[]);
            scratch.line("main", None, &["x", "y"]);
            let mut made = Vec::new();
            for (name, how) in &branches {
                // Where git refuses a name, or a directory is in the way, there is nothing to compare.
                let name = format!("refs/tags/{name}");
                if valid(name.as_str().into()).is_none() || made.iter().any(|other: &String| {
                    other.starts_with(&format!("{name}/")) || name.starts_with(&format!("{other}/"))
                }) {
                    continue;
                }
                scratch.git(&["update-ref", &name, if how & 1 == 0 { "main" } else { "main~1" }]);
                if *how == 3 {
                    scratch.git(&["pack-refs", "--all", "--prune"]);
                }
                made.push(name);
            }
            let expected = scratch.git(&["for-each-ref", "--format=%(objectname) %(refname)"]);
            let found = scratch.open().references("refs/").unwrap();
            let found: Vec<String> = found.iter().map(|(name, id)| format!("{id} {}", name.full())).collect();
            prop_assert_eq!(found, expected.lines().map(str::to_owned).collect::<Vec<_>>());
        }
    }
}
