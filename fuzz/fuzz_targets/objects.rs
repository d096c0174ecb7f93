//! Commits and tags as they lie in the object database: any bytes are read or malformed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::git::{Commit, Tag};
use refgate::testing::model::{HashKind, ObjectId, Untrusted};

fuzz_target!(|content: &[u8]| {
    for hash in [HashKind::Sha1, HashKind::Sha256] {
        let id = ObjectId::null(hash);
        if let Ok(commit) = Commit::parse(id, content) {
            assert!(commit.tree.kind() == hash && commit.parents.iter().all(|parent| parent.kind() == hash));
            assert!(commit.author.seconds >= 0);
            let shown = Untrusted::new(commit.subject()).to_string();
            assert!(!shown.contains(char::is_control));
            let _ = (commit.body(), commit.trailers());
        }
        if let Ok(tag) = Tag::parse(id, content) {
            assert_eq!(tag.target.kind(), hash);
        }
    }
});
