//! What a user names on the command line, and abbreviated ids.
//!
//! Not gix-revision's parser: it knows no namespaces and finds other commits than git for some specs. Anything more
//! than a name is rare, and git itself is asked about it.

use bstr::{BString, ByteSlice as _};

use crate::git::{Error, Kind, Repository};
use crate::model::{ObjectId, RefName};

/// Where a short name is looked for, in git's order (`gitrevisions(7)`).
const PLACES: [(&str, &str); 6] = [
    ("", ""),
    ("refs/", ""),
    ("refs/tags/", ""),
    ("refs/heads/", ""),
    ("refs/remotes/", ""),
    ("refs/remotes/", "/HEAD"),
];

impl Repository {
    /// Returns the object that a revision names: a full id or a ref is looked up here, anything else (`HEAD~3`,
    /// `v1.2^{}`, an abbreviated id) by `git rev-parse`. Tags are not peeled.
    ///
    /// # Errors
    /// It does not name anything, or it names more than one object.
    pub fn rev_parse(&self, spec: &str) -> Result<ObjectId, Error> {
        let unknown = || Error::Revision { spec: BString::from(spec) };
        if let Ok(id) = ObjectId::from_hex(spec.as_bytes()) {
            return self.kind(id)?.map(|_| id).ok_or_else(unknown);
        }
        if let Some((_, id)) = self.revision_ref(spec)? {
            return Ok(id);
        }
        if self.has_namespace() {
            // `git rev-parse` knows nothing of namespaces and would answer for the whole repository.
            return Err(unknown());
        }
        let id = self.git(&["rev-parse", "--verify", "--quiet"]).operand(spec).run_optional()?;
        let id = id.and_then(|id| ObjectId::from_hex(id.trim()).ok()).ok_or_else(unknown)?;
        self.kind(id)?.map(|_| id).ok_or_else(unknown)
    }

    /// Returns the commit that an abbreviated id in hexadecimal stands for; `None` where no commit or several have it.
    /// Refs are not looked at: `git rev-parse` would prefer one of that name. Cheap, because the ids that messages name
    /// come from pushers.
    ///
    /// # Errors
    /// Objects that cannot be read.
    pub fn abbreviated(&self, prefix: &[u8]) -> Result<Option<ObjectId>, Error> {
        if prefix.len() < 4 || !prefix.iter().all(u8::is_ascii_hexdigit) {
            return Ok(None);
        }
        let mut commit = None;
        for id in self.odb.with_prefix(prefix)? {
            if self.kind(id)? == Some(Kind::Commit) && commit.replace(id).is_some() {
                return Ok(None);
            }
        }
        Ok(commit)
    }

    /// Returns the ref that a revision names, symbolic refs followed, and what it holds; `None` for a revision that
    /// is more than a name, and for a name that no ref has.
    ///
    /// # Errors
    /// As [`Self::reference`].
    pub fn revision_ref(&self, spec: &str) -> Result<Option<(RefName, ObjectId)>, Error> {
        if spec.contains(['^', '~', ':', '@', '{']) {
            return Ok(None);
        }
        for (before, after) in PLACES {
            // Only a pseudo ref such as `HEAD` is outside of `refs/`.
            let is_pseudo = spec.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
            if before.is_empty() && !spec.starts_with("refs/") && !is_pseudo {
                continue;
            }
            if let (name, Some(id)) = self.resolve(&RefName::new(format!("{before}{spec}{after}")))? {
                return Ok(Some((name, id)));
            }
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};

    #[test]
    fn an_abbreviated_id_is_a_commits_or_nothings() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            scratch.git(&["tag", "--annotate", "--message=t", "t", "main"]);
            let [tip, parent, tree, blob, tag] = scratch.ids(["main", "main~", "main^{tree}", "main:a", "refs/tags/t"]);
            let short = |id: ObjectId| id.to_string().as_bytes()[..9].to_vec();
            // A branch whose name is an abbreviated id: `git rev-parse` would take it for that.
            let decoy = String::from_utf8(short(tip)).unwrap();
            scratch.git(&["update-ref", &format!("refs/heads/{decoy}"), &parent.to_string()]);
            let check = |scratch: &Scratch| {
                let repository = scratch.open();
                assert_eq!(repository.abbreviated(&short(tip)).unwrap(), Some(tip));
                assert_eq!(repository.abbreviated(&short(parent)).unwrap(), Some(parent));
                assert_eq!(repository.abbreviated(tip.to_string().as_bytes()).unwrap(), Some(tip));
                for other in [tree, blob, tag] {
                    assert_eq!(repository.abbreviated(&short(other)).unwrap(), None);
                }
                for nothing in [&b"123456789"[..], b"abc", b"", b"main", b"-h", &[b'a'; 100]] {
                    assert_eq!(repository.abbreviated(nothing).unwrap(), None);
                }
            };
            check(&scratch);
            scratch.git(&["repack", "--quiet", "-a", "-d"]);
            check(&scratch);
        }
    }

    #[test]
    fn revisions_mean_what_git_means_by_them() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            scratch.git(&["tag", "-a", "-m", "x", "v1", "main"]);
            scratch.git(&["tag", "both", "main~1"]);
            scratch.git(&["branch", "both", "main"]);
            scratch.git(&["update-ref", "refs/remotes/origin/topic", "main~1"]);
            scratch.git(&["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/topic"]);
            let repository = scratch.open();
            let full = scratch.id("main").to_string();
            let specs = [
                "HEAD",
                "@",
                "main",
                "heads/main",
                "refs/heads/main",
                "v1",
                "v1^{}",
                "v1^{tree}",
                "both",
                "heads/both",
                "origin/topic",
                "origin",
                "main~1",
                "main^",
                "main:a",
                &full,
                &full[..12],
                "HEAD^{/add a}",
            ];
            for (spec, id) in specs.into_iter().zip(scratch.ids(specs)) {
                assert_eq!(repository.rev_parse(spec).unwrap(), id, "{spec}");
            }
            let absent = "1".repeat(full.len());
            for spec in ["absent", "main~7", "main..both", "", "deadbeef", &absent] {
                assert!(matches!(repository.rev_parse(spec), Err(Error::Revision { .. })), "{spec}");
            }
            assert!(matches!(repository.rev_parse("--all"), Err(Error::Operand { .. })));
        }
    }
}
