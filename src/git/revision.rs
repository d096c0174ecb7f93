//! What a user names on the command line. Not for anything that comes out of a push.

use bstr::{BString, ByteSlice as _};

use super::{Error, Repository};
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
    /// The object that a revision names: a full id or a ref is looked up here, anything else (`HEAD~3`, `v1.2^{}`,
    /// an abbreviated id) by `git rev-parse`. Tags are not peeled.
    ///
    /// # Errors
    /// It names nothing, or more than one thing.
    pub fn rev_parse(&self, spec: &str) -> Result<ObjectId, Error> {
        let unknown = || Error::Revision { spec: BString::from(spec) };
        if let Ok(id) = ObjectId::from_hex(spec.as_bytes()) {
            return self.kind(id)?.map(|_| id).ok_or_else(unknown);
        }
        if !spec.contains(['^', '~', ':', '@', '{']) {
            for (before, after) in PLACES {
                // Only a pseudo ref such as `HEAD` is outside of `refs/`.
                let is_pseudo = spec.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
                if before.is_empty() && !spec.starts_with("refs/") && !is_pseudo {
                    continue;
                }
                if let (_, Some(id)) = self.resolve(&RefName::new(format!("{before}{spec}{after}")))? {
                    return Ok(id);
                }
            }
        }
        if self.has_namespace() {
            // `git rev-parse` knows nothing of namespaces and would answer for the whole repository.
            return Err(unknown());
        }
        let id = self.git(&["rev-parse", "--verify", "--quiet"]).operand(spec).run_optional()?;
        let id = id.and_then(|id| ObjectId::from_hex(id.trim()).ok()).ok_or_else(unknown)?;
        self.kind(id)?.map(|_| id).ok_or_else(unknown)
    }

    /// The commit that an abbreviated id in hexadecimal stands for; `None` for none or several.
    ///
    /// # Errors
    /// `git` cannot be run.
    pub fn abbreviated(&self, prefix: &[u8]) -> Result<Option<ObjectId>, Error> {
        if prefix.len() < 4 || !prefix.iter().all(u8::is_ascii_hexdigit) {
            return Ok(None);
        }
        let spec = format!("{}^{{commit}}", prefix.as_bstr());
        let id = self.git(&["rev-parse", "--verify", "--quiet"]).operand(spec).run_optional()?;
        Ok(id.and_then(|id| ObjectId::from_hex(id.trim()).ok()))
    }
}
