//! The state of the work tree.

use crate::git::{Error, Repository};

impl Repository {
    /// Returns whether a tracked file differs from `HEAD`, in the index or in the work tree; untracked files do not
    /// count. `false` in a bare repository. This runs `git status`: only git knows filters, line ends and submodules.
    ///
    /// # Errors
    /// `git` could not be run or failed.
    pub fn is_dirty(&self) -> Result<bool, Error> {
        if self.is_bare() {
            return Ok(false);
        }
        Ok(!self.git(&["status", "--porcelain", "--untracked-files=no"]).run()?.is_empty())
    }
}
