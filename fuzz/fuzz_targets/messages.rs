//! What messages say: the first two lines are a form of a project's own, around its placeholder; the rest is the message.
#![no_main]

use bstr::ByteSlice as _;
use libfuzzer_sys::fuzz_target;
use refgate::testing::git::Commit;
use refgate::testing::landed::fuzzing::{change_again, said, titles};
use refgate::testing::landed::{Form, Grammar, Original};
use refgate::testing::model::{HashKind, ObjectId};

const HEADER: &str =
    "tree 0123456789012345678901234567890123456789\nauthor A <a@x> 1 +0000\ncommitter A <a@x> 1 +0000\n\n";

fuzz_target!(|input: &[u8]| {
    let mut parts = input.splitn_str(3, "\n");
    let mut next = || parts.next().unwrap_or_default();
    let (before, after, message) = (next(), next(), next());
    let commit = [HEADER.as_bytes(), message].concat();
    let Ok(commit) = Commit::parse(ObjectId::null(HashKind::Sha1), &commit) else { return };
    let form = |original| Form::new(&before.to_str_lossy(), original, &after.to_str_lossy());
    for own in [vec![], vec![form(Original::Commit)], vec![form(Original::PullRequest), form(Original::Commit)]] {
        let (record, named) = said(&commit, own.clone());
        assert_eq!(change_again(&record), Some(record), "what is said can be kept");
        assert!(named <= 128);
        assert!(named == 0 || Grammar::with(own).may_name(message), "what is not looked at names nothing");
    }
    let (title, likeness) = titles(commit.subject(), before);
    assert!(title.len() <= commit.subject().len() && (0.0..=1.0).contains(&likeness));
    assert_eq!(titles(title.as_bstr(), before).0, title, "what has no marks stays as it is");
    let is_whole = commit.subject().len() <= 4096;
    assert!(!is_whole || title.is_empty() == commit.subject().trim().is_empty(), "something is left of every title");
    assert!((likeness - titles(before, commit.subject()).1).abs() < 1e-9);
});
