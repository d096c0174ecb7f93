//! A repository in memory, for unit tests of what builds on repositories: no git runs and no file is written.

use bstr::BString;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use super::object::ids::{gix_kind, model_id};
use super::object::odb::Odb;
use super::object::read::Remembered;
use super::refs::store::{Refs, Storage};
use super::repo::config::Config;
use super::repo::open::Paths;
use super::walk::dag::Dag;
use super::{Environment, Kind, Repository};
use crate::model::{HashKind, ObjectId};

/// The objects and refs of the repository to be made.
#[derive(Clone, Default)]
pub(crate) struct Memory {
    objects: BTreeMap<ObjectId, (Kind, Vec<u8>)>,
    refs: BTreeMap<BString, ObjectId>,
    /// Commits made so far: each is a minute younger than the one before.
    made: i64,
}

impl Memory {
    /// Adds a commit whose tree holds these files, all at the top, and returns its id.
    pub(crate) fn commit(&mut self, parents: &[ObjectId], message: &str, files: &[(&str, &str)]) -> ObjectId {
        let files: BTreeMap<&str, &str> = files.iter().copied().collect();
        let mut tree = Vec::new();
        for (name, content) in files {
            let blob = self.add(Kind::Blob, content.as_bytes());
            tree.extend_from_slice(&[b"100644 ", name.as_bytes(), b"\0", blob.as_bytes()].concat());
        }
        let mut text = format!("tree {}\n", self.add(Kind::Tree, &tree));
        for parent in parents {
            let _ = writeln!(text, "parent {parent}");
        }
        let who = self.who();
        let _ = write!(text, "author {who}\ncommitter {who}\n\n{message}\n");
        self.add(Kind::Commit, text.as_bytes())
    }

    /// Adds a commit that stores a conflict, as jj does, and returns its id.
    pub(crate) fn conflict(&mut self, parents: &[ObjectId], message: &str) -> ObjectId {
        let tree = self.add(Kind::Tree, b"");
        let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
        let who = self.who();
        let headers = format!("author {who}\ncommitter {who}\njj:trees {tree} {tree} {tree}\n");
        self.add(Kind::Commit, format!("tree {tree}\n{parents}{headers}\n{message}\n").as_bytes())
    }

    /// Adds a tag object for a commit and returns its id.
    pub(crate) fn tag(&mut self, name: &str, commit: ObjectId) -> ObjectId {
        let who = self.who();
        let text = format!("object {commit}\ntype commit\ntag {name}\ntagger {who}\n\n{name}\n");
        self.add(Kind::Tag, text.as_bytes())
    }

    /// Sets a ref, by its full name.
    pub(crate) fn set(&mut self, name: &str, id: ObjectId) {
        self.refs.insert(name.into(), id);
    }

    /// Returns the repository.
    pub(crate) fn open(&self) -> Repository {
        let hash = HashKind::Sha1;
        let odb = Odb::in_memory(hash, self.objects.clone());
        let nowhere = || PathBuf::from("/nowhere");
        Repository {
            paths: Arc::new(Paths {
                git_dir: nowhere(),
                common_dir: nowhere(),
                work_tree: None,
                environment: Environment::default(),
            }),
            config: Arc::new(Config::empty()),
            refs: Arc::new(Refs { storage: Storage::Memory(self.refs.clone()), namespace: BString::default(), hash }),
            dag: RefCell::new(Dag::new(odb.clone(), Vec::new(), false)),
            odb,
            peeled: Remembered::default(),
        }
    }

    fn who(&mut self) -> String {
        self.made += 1;
        format!("A U Thor <author@example.com> {} +0000", 1_700_000_000 + self.made * 60)
    }

    fn add(&mut self, kind: Kind, content: &[u8]) -> ObjectId {
        let gix = match kind {
            Kind::Commit => gix::objs::Kind::Commit,
            Kind::Tree => gix::objs::Kind::Tree,
            Kind::Blob => gix::objs::Kind::Blob,
            Kind::Tag => gix::objs::Kind::Tag,
        };
        let id = model_id(&gix::objs::compute_hash(gix_kind(HashKind::Sha1), gix, content).unwrap());
        self.objects.insert(id, (kind, content.to_vec()));
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RefName;

    #[test]
    fn it_is_read_like_any_other() {
        let mut memory = Memory::default();
        let first = memory.commit(&[], "first", &[("b", "1\n"), ("a", "2\n")]);
        let second = memory.commit(&[first], "second", &[("b", "3\n")]);
        let tag = memory.tag("v1", second);
        memory.set("refs/heads/main", second);
        memory.set("refs/tags/v1", tag);
        let repository = memory.open();
        assert_eq!(repository.commits(&[second], &[], 9).unwrap(), [second, first]);
        assert_eq!(repository.resolve(&RefName::branch("main")).unwrap().1, Some(second));
        assert_eq!(repository.references("refs/").unwrap().len(), 2);
        assert_eq!((repository.peel(tag).unwrap().id, repository.kind(tag).unwrap()), (second, Some(Kind::Tag)));
        let entry = repository.tree_entry(first, "a".into()).unwrap().unwrap();
        assert_eq!(repository.blob(entry.id, 9).unwrap(), b"2\n");
        assert_eq!(repository.kind(ObjectId::Sha1([7; 20])).unwrap(), None);
        assert!(repository.is_ancestor(first, second).unwrap());
    }
}
