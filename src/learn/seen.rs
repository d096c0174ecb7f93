//! What a repository shows: its branches and tags, when they were made, and which branch is the default one.

use crate::git;
use crate::model::{Namespace, ObjectId, RefName};
use crate::project::{FactError, Project, Snapshot};

/// A branch.
#[derive(Clone, Debug)]
pub(super) struct Branch {
    /// Its short name.
    pub name: String,
    pub tip: ObjectId,
    /// When its newest commit was made.
    pub time: i64,
}

/// A tag.
#[derive(Clone, Debug)]
pub(super) struct Tag {
    /// Its short name.
    pub name: String,
    /// The commit that it is about; `None` for a tag of a tree or a file.
    pub commit: Option<ObjectId>,
    /// When it was made.
    pub time: i64,
    pub is_annotated: bool,
    pub is_signed: bool,
}

/// All refs of a repository whose names are UTF-8. A policy is UTF-8 too, and can name no others.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// The default branch.
    pub head: Option<Branch>,
    /// The other branches, by name.
    pub branches: Vec<Branch>,
    /// By name.
    pub tags: Vec<Tag>,
    /// The newest time of all: that a copy is old says nothing of the project.
    pub newest: i64,
}

impl Seen {
    /// Reads the refs.
    ///
    /// # Errors
    /// Refs or objects that cannot be read.
    pub(super) fn of(project: &Project) -> Result<Self, FactError> {
        let now = Snapshot::now(project);
        let branches = now.refs(Namespace::Branch, "")?;
        let mut seen = Self::default();
        let head = match project.default_branch(&branches)? {
            Some(head) => Some(head),
            // Of a branch that nobody would expect to be the default one, `HEAD` says it nevertheless.
            None => Some(project.repository().resolve(&RefName::new("HEAD"))?.0),
        };
        for (name, id) in branches.iter() {
            project.step()?;
            let Some(tip) = project.commit_of(*id)? else { continue };
            let Some(text) = text(name) else { continue };
            let branch = Branch { name: text, tip, time: project.commit(tip)?.committer.seconds };
            seen.newest = seen.newest.max(branch.time);
            if head.as_ref() == Some(name) {
                seen.head = Some(branch);
            } else {
                seen.branches.push(branch);
            }
        }
        for (name, id) in now.refs(Namespace::Tag, "")?.iter() {
            project.step()?;
            let Some(text) = text(name) else { continue };
            let peeled = project.peel(*id)?;
            let commit = (peeled.kind == git::Kind::Commit).then_some(peeled.id);
            let object = peeled.tags.first();
            let tagged = object.and_then(|tag| tag.tagger.as_ref()).map(|tagger| tagger.seconds);
            let time = match (tagged, commit) {
                (Some(time), _) => time,
                (None, Some(commit)) => project.commit(commit)?.committer.seconds,
                (None, None) => 0,
            };
            let (is_annotated, is_signed) = (object.is_some(), object.is_some_and(|tag| tag.signed));
            seen.newest = seen.newest.max(time);
            seen.tags.push(Tag { name: text, commit, time, is_annotated, is_signed });
        }
        Ok(seen)
    }
}

fn text(name: &RefName) -> Option<String> {
    std::str::from_utf8(name.short()).ok().map(str::to_owned)
}
