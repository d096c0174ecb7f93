//! The changed-path filters of a commit-graph: any file has filters or none. Begin with a file that git wrote:
//! `git commit-graph write --reachable --changed-paths`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::git::ChangedPaths;
use refgate::testing::model::ObjectId;
use std::cell::RefCell;
use std::io::{Seek as _, Write as _};

thread_local! {
    static FILE: RefCell<tempfile::NamedTempFile> = RefCell::new(tempfile::NamedTempFile::new().unwrap());
}

fuzz_target!(|content: &[u8]| {
    FILE.with_borrow_mut(|file| {
        file.as_file().set_len(0).unwrap();
        file.rewind().unwrap();
        file.write_all(content).unwrap();
        let Some(kept) = ChangedPaths::at(file.path()) else { return };
        // Any part of the file may be where it has an id.
        let ids = content.windows(20).take(4096).step_by(4).filter_map(ObjectId::from_bytes);
        for id in ids.chain((0..=255).map(|byte| ObjectId::Sha1([byte; 20]))) {
            if let Some((settings, filter)) = kept.filter(id) {
                assert!(!filter.is_empty());
                let paths = [content.iter().copied().take(64).collect::<Vec<u8>>().into(), "a/b".into()];
                assert!(settings.filter(&paths).len() <= 65 * 1024);
            }
        }
    });
});
