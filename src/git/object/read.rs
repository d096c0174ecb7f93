//! Reading objects by id, and following tags.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::git::object::commit::Commit;
use crate::git::object::kind::{MAX_TEXT_OBJECT, Peeled};
use crate::git::{Error, Kind, Repository, Tag};
use crate::model::ObjectId;

/// More nested tags than anybody makes.
const MAX_TAG_DEPTH: usize = 32;

/// How many objects [`Repository::peel`] remembers, and how long the messages of their tags may be: the notes of a
/// release can be long, and a hostile tag longer.
const MAX_REMEMBERED: usize = 1 << 16;
const MAX_REMEMBERED_MESSAGE: usize = 512;

/// What [`Repository::peel`] has found. A clone begins without any: it is for another thread, with other questions.
#[derive(Default)]
pub(in crate::git) struct Remembered(RefCell<HashMap<ObjectId, Peeled>>);

impl Clone for Remembered {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Repository {
    /// Returns what kind of object this is, without reading it; `None` if there is no such object.
    ///
    /// # Errors
    /// The object directories cannot be read, or the object is not in a partial clone.
    pub fn kind(&self, id: ObjectId) -> Result<Option<Kind>, Error> {
        if let Some(peeled) = self.peeled.0.borrow().get(&id) {
            return Ok(Some(if peeled.tags.is_empty() { peeled.kind } else { Kind::Tag }));
        }
        Ok(self.odb.header(id)?.map(|(kind, _)| kind))
    }

    /// Returns the error for an object that must exist and that, according to [`Self::kind`], does not: it
    /// distinguishes a lost object from one that was never fetched.
    pub fn absent(&self, id: ObjectId) -> Error {
        self.odb.absent(id)
    }

    /// Returns the size of an object in bytes, without reading it.
    ///
    /// # Errors
    /// The object is missing or cannot be read.
    pub fn size(&self, id: ObjectId) -> Result<u64, Error> {
        Ok(self.odb.existing_header(id)?.1)
    }

    /// Follows annotated tags to the object they are about. The result is remembered: in a push of thousands of tags,
    /// one rule after the other asks about each.
    ///
    /// # Errors
    /// An object on the way is missing or malformed, or there are more than 32 tags.
    pub fn peel(&self, id: ObjectId) -> Result<Peeled, Error> {
        if let Some(known) = self.peeled.0.borrow().get(&id) {
            return Ok(known.clone());
        }
        let peeled = self.peel_unknown(id)?;
        if peeled.tags.iter().all(|tag| tag.message.len() <= MAX_REMEMBERED_MESSAGE) {
            let known = &mut *self.peeled.0.borrow_mut();
            if known.len() >= MAX_REMEMBERED {
                known.clear();
            }
            known.insert(id, peeled.clone());
        }
        Ok(peeled)
    }

    fn peel_unknown(&self, id: ObjectId) -> Result<Peeled, Error> {
        let mut tags = Vec::new();
        let mut id = id;
        loop {
            let (kind, _) = self.odb.existing_header(id)?;
            if kind != Kind::Tag {
                return Ok(Peeled { id, kind, tags });
            }
            if tags.len() == MAX_TAG_DEPTH {
                return Err(Error::Limit { what: "tags on top of each other", limit: MAX_TAG_DEPTH });
            }
            let tag = self.tag(id)?;
            id = tag.target;
            tags.push(tag);
        }
    }

    /// Returns the content of a blob of at most `limit` bytes.
    ///
    /// # Errors
    /// The object is missing, not a blob, or larger.
    pub fn blob(&self, id: ObjectId, limit: u64) -> Result<Vec<u8>, Error> {
        let mut content = Vec::new();
        self.odb.read(id, Kind::Blob, limit, &mut content)?;
        Ok(content)
    }

    /// Returns what [`Self::blob`] does, without a copy where [`Self::for_many_reads`] caches it.
    ///
    /// # Errors
    /// As [`Self::blob`].
    pub fn shared_blob(&self, id: ObjectId, limit: u64) -> Result<Arc<Vec<u8>>, Error> {
        match self.odb.packed(id, Kind::Blob, limit)? {
            Some(content) => Ok(content),
            None => self.blob(id, limit).map(Arc::new),
        }
    }

    /// Reads a commit.
    ///
    /// # Errors
    /// The object is missing, not a commit, larger than 16 MiB, or malformed.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, Error> {
        let mut content = Vec::new();
        if self.dag.borrow().known(id).is_some() {
            self.odb.read_part(id, Kind::Commit, MAX_TEXT_OBJECT, &mut content)?;
        } else {
            self.odb.read(id, Kind::Commit, MAX_TEXT_OBJECT, &mut content)?;
        }
        Commit::parse(id, &content)
    }

    /// Reads an annotated tag.
    ///
    /// # Errors
    /// The object is missing, not a tag, larger than 16 MiB, or malformed.
    pub fn tag(&self, id: ObjectId) -> Result<Tag, Error> {
        let mut content = Vec::new();
        self.odb.read(id, Kind::Tag, MAX_TEXT_OBJECT, &mut content)?;
        Tag::parse(id, &content)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};

    #[test]
    fn tags_are_peeled_through_to_any_kind() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a"]);
            scratch.git(&["tag", "-a", "-m", "inner text", "inner", "main:a"]);
            scratch.git(&["tag", "-a", "-m", "outer text", "outer", "inner"]);
            let repository = scratch.open();
            let peeled = repository.peel(scratch.id("outer")).unwrap();
            assert_eq!((peeled.id, peeled.kind), (scratch.id("main:a"), Kind::Blob));
            let names: Vec<_> = peeled.tags.iter().map(|tag| (tag.name.to_string(), tag.target_kind)).collect();
            assert_eq!(names, [("outer".to_owned(), Kind::Tag), ("inner".to_owned(), Kind::Blob)]);
            let tagger = peeled.tags[0].tagger.clone().unwrap();
            assert_eq!((tagger.email.to_string(), tagger.seconds), ("author@example.com".to_owned(), 1_700_000_000));
            assert_eq!(peeled.tags[1].message, "inner text\n");
            assert_eq!(repository.peel(scratch.id("main")).unwrap().tags.len(), 0);
            assert_eq!(repository.kind(scratch.id("main^{tree}")).unwrap(), Some(Kind::Tree));
            assert_eq!(repository.size(scratch.id("main:a")).unwrap(), 2);
        }
    }

    #[test]
    fn what_was_peeled_is_not_read_again_unless_it_is_long() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        scratch.git(&["tag", "-a", "-m", "text", "short", "main"]);
        scratch.git(&["tag", "-a", "-m", &"x".repeat(MAX_REMEMBERED_MESSAGE + 1), "long", "main"]);
        let repository = scratch.open();
        let [main, short, long] = ["main", "short", "long"].map(|name| scratch.id(name));
        for id in [main, short, long] {
            assert_eq!(repository.peel(id).unwrap().id, main);
        }
        std::fs::remove_dir_all(scratch.path.join("objects")).unwrap();
        let again = repository.peel(short).unwrap();
        assert_eq!((again.id, again.kind, again.tags.len()), (main, Kind::Commit, 1));
        assert_eq!(repository.kind(short).unwrap(), Some(Kind::Tag));
        assert_eq!(repository.kind(main).unwrap(), Some(Kind::Commit));
        assert!(!repository.peeled.0.borrow().contains_key(&long));
        assert!(repository.clone().peeled.0.borrow().is_empty());
    }

    #[test]
    fn an_endless_looking_chain_of_tags_is_given_up() {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a"]);
        let mut stream = String::new();
        for at in 0..=MAX_TAG_DEPTH {
            let from = if at == 0 { "refs/heads/main".to_owned() } else { format!(":{at}") };
            stream += &format!("tag t{at}\nmark :{}\nfrom {from}\ntagger C <c@x> 1 +0000\ndata 0\n", at + 1);
        }
        scratch.import(&stream);
        let repository = scratch.open();
        assert!(repository.peel(scratch.id(&format!("refs/tags/t{}", MAX_TAG_DEPTH - 1))).is_ok());
        let result = repository.peel(scratch.id(&format!("refs/tags/t{MAX_TAG_DEPTH}")));
        assert!(matches!(result, Err(Error::Limit { .. })));
    }

    #[test]
    fn text_objects_have_a_limit() {
        let scratch = Scratch::new(&[]);
        let tree = scratch.git_with(&["mktree"], &[], b"");
        let message = vec![b'x'; usize::try_from(MAX_TEXT_OBJECT).unwrap()];
        let id = scratch.git_with(&["commit-tree", &tree], &[], &message);
        let id = ObjectId::from_hex(id.as_bytes()).unwrap();
        let repository = scratch.open();
        assert!(matches!(repository.commit(id), Err(Error::TooLarge { .. })));
        assert!(matches!(repository.commits(&[id], &[], 9), Err(Error::TooLarge { .. })));
    }
}
