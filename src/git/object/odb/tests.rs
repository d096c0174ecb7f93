use super::*;
use crate::git::scratch::{FORMATS, Scratch};
use crate::git::{Need, Repository};

/// Writes a commit on top of main that exists only in `objects`, as a push in quarantine does.
fn quarantined(scratch: &Scratch, objects: &str) -> ObjectId {
    std::fs::create_dir_all(scratch.path.join(objects)).unwrap();
    let absolute = scratch.path.join("objects");
    let quoted = format!("\"{}\"", absolute.to_str().unwrap().replace('"', "\\\""));
    let vars = [("GIT_OBJECT_DIRECTORY", objects), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", quoted.as_str())];
    let id = scratch.git_with(&["commit-tree", "main^{tree}", "-p", "main", "-m", "pushed"], &vars, b"");
    ObjectId::from_hex(id.as_bytes()).unwrap()
}

#[test]
fn pushed_objects_are_read_from_quarantine_in_every_format() {
    for format in FORMATS {
        let scratch = Scratch::new(&format);
        scratch.line("main", None, &["a", "b"]);
        let id = quarantined(&scratch, "objects/tmp_objdir-incoming-x");
        assert_eq!(scratch.open().kind(id).unwrap(), None);
        let absolute = scratch.path.join("objects/tmp_objdir-incoming-x");
        let repository = scratch
            .open_with(&[
                ("GIT_OBJECT_DIRECTORY", absolute.to_str().unwrap()),
                ("GIT_ALTERNATE_OBJECT_DIRECTORIES", scratch.path.join("objects").to_str().unwrap()),
            ])
            .unwrap();
        assert_eq!(repository.commit(id).unwrap().subject(), "pushed");
        assert_eq!(repository.commits(&[id], &[scratch.id("main")], 9).unwrap(), [id]);
        assert!(repository.is_ancestor(scratch.id("main~1"), id).unwrap());
    }
}

#[test]
fn alternates_of_the_environment_may_be_relative_quoted_and_hold_colons() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a"]);
    let id = quarantined(&scratch, "in:ner");
    for list in ["objects:\"in:ner\"", "\"in:ner\":objects", "/nowhere:\"in\\072ner\""] {
        let repository = scratch
            .open_with(&[("GIT_OBJECT_DIRECTORY", "objects"), ("GIT_ALTERNATE_OBJECT_DIRECTORIES", list)])
            .unwrap();
        assert_eq!(repository.kind(id).unwrap(), Some(Kind::Commit), "{list}");
    }
}

#[test]
fn nested_relative_alternates_are_relative_to_where_they_stand() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a"]);
    let (deep, deeper) = (scratch.top().join("x/deep.git"), scratch.top().join("x/y/z/deeper.git"));
    for (dir, alternate) in [(&deep, "../../y/z/deeper.git/objects"), (&deeper, "../../../../../repo.git/objects")] {
        scratch.outside(&["init", "--quiet", "--bare", dir.to_str().unwrap()]);
        std::fs::write(dir.join("objects/info/alternates"), format!("# shared\n{alternate}\n")).unwrap();
    }
    let environment = crate::git::scratch::environment(&deep, &[("GIT_DIR", ".")]);
    let repository = Repository::open(None, &environment, crate::git::Trust::Hook).unwrap();
    assert_eq!(repository.commit(scratch.id("main")).unwrap().subject(), "add a");
}

#[test]
fn an_alternate_that_is_gone_is_passed_over_and_a_ring_is_read_as_git_reads_it() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a"]);
    scratch.outside(&["init", "--quiet", "--bare", "other.git"]);
    let (own, other) = (&scratch.path, scratch.top().join("other.git"));
    let alternates = "../../gone.git/objects\n../../other.git/objects\n";
    std::fs::write(own.join("objects/info/alternates"), alternates).unwrap();
    let repository = scratch.open();
    assert_eq!(repository.kind(scratch.id("main")).unwrap(), Some(Kind::Commit));
    let absent = ObjectId::Sha1([7; 20]);
    assert_eq!(repository.kind(absent).unwrap(), None);
    // There was a directory; that it is gone is for the machine's administrator to fix.
    for error in
        [repository.commit(absent).unwrap_err(), repository.peel(absent).unwrap_err(), repository.absent(absent)]
    {
        assert!(error.is_undecided() && error.need() == Some(Need::Alternate), "{error:?}");
        assert_eq!(error.absent_object(), Some(absent));
        assert!(error.to_string().contains("gone.git"), "{error}");
    }
    std::fs::write(other.join("objects/info/alternates"), "../../repo.git/objects\n").unwrap();
    let borrowed = scratch.git_with(
        &["hash-object", "-w", "--stdin"],
        &[("GIT_DIR", other.to_str().unwrap())],
        b"in the other one",
    );
    let borrowed = ObjectId::from_hex(borrowed.as_bytes()).unwrap();
    for _ in 0..2 {
        let ring = scratch.open();
        assert_eq!(ring.commit(scratch.id("main")).unwrap().subject(), "add a");
        assert_eq!(ring.blob(borrowed, 99).unwrap(), b"in the other one");
        assert_eq!(ring.kind(absent).unwrap(), None);
        scratch.git(&["repack", "-q", "-a", "-d", "-l"]);
    }
    // A directory that borrows from itself.
    std::fs::write(own.join("objects/info/alternates"), "../objects\n").unwrap();
    assert_eq!(scratch.open().commit(scratch.id("main")).unwrap().subject(), "add a");
}

#[test]
fn packs_and_a_multi_pack_index_are_read_and_a_concurrent_repack_is_noticed() {
    for format in FORMATS {
        let scratch = Scratch::new(&format);
        scratch.line("main", None, &["a"]);
        scratch.git(&["repack", "-q", "-d"]);
        scratch.line("side", None, &["b"]);
        scratch.git(&["repack", "-q", "-d"]);
        let repository = scratch.open();
        assert!(repository.commit(scratch.id("main")).is_ok());
        scratch.line("late", None, &["c"]);
        scratch.git(&["repack", "-q", "-a", "-d"]);
        scratch.git(&["multi-pack-index", "write"]);
        for name in ["main", "side", "late"] {
            assert!(repository.commit(scratch.id(name)).is_ok(), "{name}");
            assert!(scratch.open().commit(scratch.id(name)).is_ok(), "{name}");
        }
    }
}

#[test]
fn directories_are_listed_again_only_after_something_was_written_there() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a"]);
    scratch.git(&["repack", "-q", "-d"]);
    let pack = std::fs::File::open(scratch.path.join("objects/pack")).unwrap();
    let long_ago = |seconds: u64| SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + seconds);
    pack.set_modified(long_ago(0)).unwrap();
    let repository = scratch.open();
    let nowhere = ObjectId::Sha1([7; 20]);
    assert!(repository.commit(scratch.id("main")).is_ok());
    assert_eq!(repository.kind(nowhere).unwrap(), None);
    assert!(!repository.odb.may_be_new_packs());
    scratch.line("late", None, &["b"]);
    scratch.git(&["repack", "-q", "-a", "-d"]);
    assert!(repository.odb.may_be_new_packs(), "it was written to just now");
    pack.set_modified(long_ago(1)).unwrap();
    // Both objects were loose for a moment, and were not read then; the second lookup lists nothing.
    assert_eq!(repository.commit(scratch.id("late")).unwrap().subject(), "add b");
    assert!(!repository.odb.may_be_new_packs());
    assert_eq!(repository.blob(scratch.id("late:b"), 9).unwrap(), b"b\n");
    assert_eq!(repository.kind(nowhere).unwrap(), None);
}

#[cfg(unix)]
#[test]
fn a_symlinked_pack_index_is_an_error_and_not_a_missing_object() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a"]);
    scratch.git(&["repack", "-q", "-a", "-d"]);
    let pack = scratch.path.join("objects/pack");
    let files = std::fs::read_dir(&pack).unwrap().map(|entry| entry.unwrap().path());
    let index = files.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "idx")).unwrap();
    let moved = scratch.top().join("moved.idx");
    std::fs::rename(&index, &moved).unwrap();
    std::os::unix::fs::symlink(&moved, &index).unwrap();
    let result = scratch.open_with(&[]).map(|_| ());
    assert!(matches!(&result, Err(error @ Error::SymlinkedIndex { .. }) if error.is_undecided()), "{result:?}");
}

#[test]
fn what_a_partial_clone_lacks_is_undecided_and_never_fetched() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a"]);
    scratch.git(&["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", scratch.path.display());
    scratch.outside(&["clone", "--quiet", "--bare", "--filter=blob:none", &url, "partial.git"]);
    let partial = scratch.top().join("partial.git");
    let environment = crate::git::scratch::environment(&partial, &[("GIT_DIR", ".")]);
    let repository = Repository::open(None, &environment, crate::git::Trust::Hook).unwrap();
    let (main, blob) = (scratch.id("main"), scratch.id("main:a"));
    assert!(repository.is_partial());
    assert!(repository.tree_entry(main, "a".into()).unwrap().is_some());
    for error in [
        repository.blob(blob, 99).unwrap_err(),
        repository.kind(blob).unwrap_err(),
        repository.read_file(main, "a".into(), 99).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Promised { id } if id == blob) && error.is_undecided());
    }
    let asked = repository.git(&["cat-file", "-e"]).operand(blob.to_string()).run();
    assert!(matches!(asked, Err(Error::Git { .. })), "git must not fetch it either");
}

#[test]
fn replacements_and_grafts_are_not_honoured() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["a", "b"]);
    scratch.line("decoy", None, &["c"]);
    let (main, first) = (scratch.id("main"), scratch.id("main~1"));
    scratch.git(&["replace", "main", "decoy"]);
    std::fs::write(scratch.path.join("info/grafts"), format!("{main}\n")).unwrap();
    let repository = scratch.open();
    assert_eq!(repository.commit(main).unwrap().subject(), "add b");
    assert!(repository.is_ancestor(first, main).unwrap());
    let shown = repository.git(&["log", "--format=%s"]).operand(main.to_string()).run().unwrap();
    assert_eq!(shown, b"add b\nadd a\n");
}

/// Returns the file of a loose object.
fn stored(scratch: &Scratch, id: ObjectId) -> PathBuf {
    let (folder, file) = (id.to_string()[..2].to_owned(), id.to_string()[2..].to_owned());
    scratch.path.join("objects").join(folder).join(file)
}

/// Returns a zlib stream of these bytes, stored and not compressed (RFC 1950 and 1951).
fn stream(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).unwrap();
    let (mut a, mut b) = (1u32, 0u32);
    for byte in bytes {
        a = (a + u32::from(*byte)) % 65521;
        b = (b + a) % 65521;
    }
    let mut stream = vec![0x78, 0x01, 1];
    stream.extend(length.to_le_bytes());
    stream.extend((!length).to_le_bytes());
    stream.extend(bytes);
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

#[test]
fn a_loose_object_is_what_its_id_stands_for() {
    for format in FORMATS.iter().take(2) {
        let scratch = Scratch::new(format);
        let id = |content: &[u8]| {
            let id = scratch.git_with(&["hash-object", "-w", "--stdin"], &[], content);
            ObjectId::from_hex(id.as_bytes()).unwrap()
        };
        let text = b"# the version of the project\nversion = 1\n";
        let own = id(text);
        let read = |bytes: &[u8]| {
            let path = stored(&scratch, own);
            let _ = std::fs::remove_file(&path);
            std::fs::write(path, bytes).unwrap();
            scratch.open().blob(own, 99)
        };
        let whole = b"blob 41\0# the version of the project\nversion = 1\n";
        assert_eq!(read(&stream(whole)).unwrap(), text);
        let damaged = [
            // Different content, and more content than the header says, in the stream and after it.
            stream(b"blob 41\0# the version of the project\nversion = 2\n"),
            stream(b"blob 41\0# the version of the project\nversion = 1\n# and more"),
            [stream(whole), b"more".to_vec()].concat(),
        ];
        for bytes in damaged {
            let error = read(&bytes).unwrap_err();
            assert!(error.is_undecided() && error.need() == Some(Need::Repair), "{error:?}");
            assert!(scratch.open().git(&["fsck"]).run().is_err(), "git finds nothing wrong");
        }
    }
}

#[test]
fn sizes_are_looked_at_before_content() {
    let scratch = Scratch::new(&[]);
    scratch.line("main", None, &["abcdefgh"]);
    let repository = scratch.open();
    let blob = scratch.id("main:abcdefgh");
    assert_eq!(repository.blob(blob, 9).unwrap(), b"abcdefgh\n");
    assert!(matches!(repository.blob(blob, 8), Err(Error::TooLarge { size: 9, limit: 8, .. })));
    assert!(matches!(repository.blob(scratch.id("main"), 9999), Err(Error::WrongKind { .. })));
    assert!(matches!(repository.blob(ObjectId::Sha1([1; 20]), 9), Err(Error::Missing { .. })));
    assert!(matches!(repository.blob(ObjectId::Sha256([1; 32]), 9), Err(Error::Missing { .. })));
}
