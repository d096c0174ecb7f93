//! Whether commits could be picked, tried without touching a work tree, an index or the repository's objects.

use bstr::ByteSlice as _;
use std::ffi::OsString;
use tempfile::TempDir;

use crate::git::Git;
use crate::git::{Error, Repository};
use crate::model::ObjectId;

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It applies.
    Clean,
    /// It does not, without a person's help.
    Conflicts,
    /// It could not be tried: a git before 2.38 cannot merge without a work tree.
    NotTried,
}

impl Trial {
    /// Returns the word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Conflicts => "conflicts",
            Self::NotTried => "not tried",
        }
    }
}

/// Picks that are tried one after the other on one branch.
pub(crate) struct Picking<'r> {
    repository: &'r Repository,
    /// Where the objects go that trials make; they go away with it.
    objects: Option<TempDir>,
    /// What the branch would hold after the picks so far.
    tree: ObjectId,
}

impl<'r> Picking<'r> {
    /// Starts on a commit.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub(crate) fn onto(repository: &'r Repository, commit: ObjectId) -> Result<Self, Error> {
        let tree = repository.commit(commit)?.tree;
        Ok(Self { repository, objects: TempDir::new().ok(), tree })
    }

    /// Tries one more pick. One that conflicts leaves the branch as it was.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub(crate) fn pick(&mut self, commit: ObjectId) -> Result<Trial, Error> {
        let [parent] = *self.repository.commit(commit)?.parents else { return Ok(Trial::NotTried) };
        // A commit with the branch's tree on the parent of the pick: between it and the pick, that parent is the merge
        // base, as it is when git picks.
        let stand_in = self.git(&["commit-tree", "-m", "-", "-p"]);
        let stand_in = stand_in.map(|git| git.operand(parent.to_string()).operand(self.tree.to_string()).run());
        let Some(Ok(stand_in)) = stand_in else { return Ok(Trial::NotTried) };
        let Ok(ours) = ObjectId::from_hex(stand_in.trim()) else { return Ok(Trial::NotTried) };
        let merge = self.git(&["merge-tree", "--write-tree", "--no-messages"]);
        let merged = merge.map(|git| git.operand(ours.to_string()).operand(commit.to_string()).run_optional());
        match merged {
            Some(Ok(None)) => Ok(Trial::Conflicts),
            Some(Ok(Some(tree))) => Ok(match ObjectId::from_hex(tree.lines().next().unwrap_or_default()) {
                Ok(tree) => {
                    self.tree = tree;
                    Trial::Clean
                }
                Err(_) => Trial::NotTried,
            }),
            Some(Err(error @ Error::Deadline)) => Err(error),
            Some(Err(_)) | None => Ok(Trial::NotTried),
        }
    }

    /// Returns a git that writes its objects elsewhere; `None` where it cannot be told where the repository's are.
    fn git(&self, args: &[&'static str]) -> Option<Git> {
        let objects = self.objects.as_ref()?;
        let own = self.repository.common_dir().join("objects");
        let mut alternate = OsString::new();
        // git takes a name in quotes apart, and a plain one up to what it has between two, on Windows a semicolon: there, a
        // colon is in every path.
        let between = if cfg!(windows) { ';' } else { ':' };
        let plain = own.to_str().filter(|path| !path.contains([between, ';', '"', '\n']))?;
        alternate.push(plain);
        let mut git = self.repository.git(args);
        git = git.variable("GIT_OBJECT_DIRECTORY", objects.path());
        git = git.variable("GIT_ALTERNATE_OBJECT_DIRECTORIES", alternate);
        for name in ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"] {
            git = git.variable(name, "refgate");
        }
        Some(git)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::Scratch;

    #[test]
    fn picks_are_tried_one_on_top_of_the_other() {
        let scratch = Scratch::new(&[]);
        scratch.import(
            "commit refs/heads/main\nmark :1\ncommitter C <c@x> 1 +0000\ndata 0\nM 644 inline f\ndata 6\na\nb\nc\n\n\
             commit refs/heads/main\nmark :2\ncommitter C <c@x> 2 +0000\ndata 0\nfrom :1\nM 644 inline f\ndata 6\na\nB\nc\n\n\
             commit refs/heads/main\nmark :3\ncommitter C <c@x> 3 +0000\ndata 0\nfrom :2\nM 644 inline f\ndata 7\na\nBB\nc\n\n\
             reset refs/heads/branch\nfrom :1\n\n",
        );
        let repository = scratch.open();
        let [branch, fix, more] = ["branch", "main~1", "main"].map(|name| scratch.id(name));
        let objects = || scratch.git(&["count-objects"]);
        let before = objects();
        let mut picking = Picking::onto(&repository, branch).unwrap();
        // What it builds on is not there yet.
        assert_eq!(picking.pick(more).unwrap(), Trial::Conflicts);
        assert_eq!(picking.pick(fix).unwrap(), Trial::Clean);
        assert_eq!(picking.pick(more).unwrap(), Trial::Clean);
        // A commit without a parent has nothing that it changes.
        assert_eq!(picking.pick(branch).unwrap(), Trial::NotTried);
        assert_eq!(objects(), before, "a trial leaves nothing behind");
    }
}
