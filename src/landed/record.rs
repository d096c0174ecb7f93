//! Encodes what is cached as bytes: serde's view of a type in postcard's encoding.
//!
//! Nothing that is read is trusted. A record that is truncated, that is longer than its content, or whose parts do not
//! fit together is rejected.

use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

use super::change::Change;
use super::patch::Patch;
use crate::model::ObjectId;

/// Returns the bytes of a value.
pub(super) fn encoded<T: Serialize>(value: &T) -> Vec<u8> {
    // Writing to memory does not fail for any of the cached types, and an empty result would be read back as no record.
    postcard::to_allocvec(value).unwrap_or_default()
}

/// Returns the value that bytes hold, if that is all they hold.
pub(super) fn decoded<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let (value, rest) = postcard::take_from_bytes(bytes).ok()?;
    rest.is_empty().then_some(value)
}

/// Returns what a commit says of itself, if these bytes are the record of that commit.
pub(super) fn change(bytes: &[u8], id: ObjectId) -> Option<Change> {
    let change: Change = decoded(bytes)?;
    let is_alike = |other: ObjectId| other.kind() == id.kind();
    (change.id == id && is_alike(change.tree) && change.parent.is_none_or(is_alike)).then_some(change)
}

/// Returns what a commit changed, if these bytes are a record of that.
pub(super) fn patch(bytes: &[u8]) -> Option<Patch> {
    let patch: Patch = decoded(bytes)?;
    let is_sorted = patch.lines.is_sorted_by(|(a, _), (b, _)| a < b) && patch.words.is_sorted();
    is_sorted.then_some(patch)
}

/// Returns whether the record of a patch has its lines, without reading all of it: that is its first field.
pub(super) fn has_lines(bytes: &[u8]) -> bool {
    postcard::take_from_bytes(bytes).is_ok_and(|(has_lines, _): (bool, _)| has_lines)
}

impl Serialize for ObjectId {
    /// Serializes the id as bytes, or in hexadecimal where people read it.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() {
            serializer.collect_str(self)
        } else {
            serializer.serialize_bytes(self.as_bytes())
        }
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if deserializer.is_human_readable() {
            let text = String::deserialize(deserializer)?;
            return Self::from_hex(text.as_bytes()).map_err(D::Error::custom);
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Reads an id from its bytes.
struct Bytes;

impl Visitor<'_> for Bytes {
    type Value = ObjectId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the 20 or 32 bytes of an object id")
    }

    fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<ObjectId, E> {
        ObjectId::from_bytes(bytes).ok_or_else(|| E::invalid_length(bytes.len(), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cache;
    use super::super::change::Author;
    use super::super::coverage::{Coverage, Measured};
    use super::super::named::Named;
    use super::super::patch_id::PatchId;
    use super::super::said::TakesBack;
    use super::super::verdict::{Evidence, Missing, Status, Verdict};
    use super::super::{answers, explicit::Lookup, merges};
    use super::*;
    use proptest::prelude::*;
    use std::fmt::Write as _;

    fn id(byte: u8) -> ObjectId {
        ObjectId::Sha1([byte; 20])
    }

    fn a_change() -> Change {
        Change {
            id: id(1),
            tree: id(2),
            parent: Some(id(3)),
            is_merge: false,
            is_revert: true,
            author: Author { email: 7, name: 8 },
            seconds: -1,
            committed: 1 << 40,
            subject: "Revert \"it\" (#12)".into(),
            key: "revert \"it\"".into(),
            named: vec![Named::Commit("1234567".into()), Named::PullRequest(12), Named::Revision(13)],
            takes_back: TakesBack { ids: vec!["89abcdef".into()], title: Some("it".into()) },
            change_id: None,
            pull_request: Some(12),
            revision: Some(13),
            stays: true,
            lists: vec![9],
            is_part: true,
        }
    }

    fn a_patch() -> Patch {
        Patch {
            id: Some(PatchId::of_bytes([9; 32])),
            bare: Some(4),
            is_partial: true,
            lines: vec![(1, 2), (5, 1)],
            paths: vec!["a/b".into()],
            words: vec![1, 1, 3],
            has_lines: true,
            is_bookkeeping: true,
            ..Patch::default()
        }
    }

    fn a_verdict() -> Verdict {
        Verdict {
            commit: id(1),
            subject: "it \u{fffd}".into(),
            status: Status::Reverted,
            matched: Some(id(2)),
            evidence: Some(Evidence::PatchId),
            score: 0.99,
            reason: "landed".into(),
            reverted_by: Some(id(3)),
            disputed: None,
            also: vec![id(4)],
            part: 0.5,
            missing: vec![Missing { path: "a".into(), lines: 2 }],
            is_false_name: false,
            is_same_patch: true,
        }
    }

    fn a_measure() -> Measured {
        let missing = vec![Missing { path: "a".into(), lines: 2 }];
        let coverage = Some(Coverage { part: 0.5, is_nothing: false, weight: 8.0, missing });
        Measured {
            commits: vec![id(2)],
            tips: 2,
            files: vec![(0, "a".into(), Some(id(3))), (1, "b".into(), None)],
            coverage,
        }
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    }

    /// What is cached is read by later builds of the same version: another encoding needs another number.
    #[test]
    fn another_encoding_needs_another_version() {
        let lookups: Vec<Lookup> = vec![("1234567".into(), None), ("89abcdef".into(), Some(id(5)))];
        let answer = answers::Kept::of(b"question", &lookups, &[id(6)], &[a_verdict()]);
        let merges: merges::Kept = (merges::VERSION, "0.1.0".into(), vec![(id(1), id(2))]);
        let records =
            [encoded(&a_change()), encoded(&a_patch()), encoded(&a_measure()), encoded(&answer), encoded(&merges)];
        let found = records.each_ref().map(|record| hex(record));
        let golden = [
            concat!(
                "140101010101010101010101010101010101010101140202020202020202020202020202020202020202011403030303",
                "03030303030303030303030303030303000708018080808080401152657665727420226974222028233132290b726576",
                "65727420226974220103000731323334353637010c020d010838396162636465660102697400010c010d01010901",
            ),
            concat!(
                "01010909090909090909090909090909090909090909090909090909090909090909010001040002010205010103612f",
                "620301010301",
            ),
            concat!(
                "011402020202020202020202020202020202020202020202000161011403030303030303030303030303030303030303",
                "030101620001000000000000e03f00000000000000204001016102",
            ),
            concat!(
                "087175657374696f6e020731323334353637000838396162636465660114050505050505050505050505050505050505",
                "050501140606060606060606060606060606060606060606011401010101010101010101010101010101010101010669",
                "7420efbfbd03011402020202020202020202020202020202020202020104ae47e17a14aeef3f066c616e646564011403",
                "030303030303030303030303030303030303030001140404040404040404040404040404040404040404000000000000",
                "e03f010161020001",
            ),
            concat!(
                "0205302e312e300114010101010101010101010101010101010101010114020202020202020202020202020202020202",
                "0202",
            ),
        ];
        assert_eq!(
            (cache::VERSION, answers::VERSION, merges::VERSION, found.each_ref().map(String::as_str)),
            (10, 11, 2, golden),
            "the encoding has changed: raise `VERSION` of what has changed, of the cache and of the answers together, and write it down here"
        );
    }

    #[test]
    fn what_is_written_is_read_again() {
        let bytes = encoded(&a_change());
        assert_eq!(format!("{:?}", change(&bytes, id(1)).unwrap()), format!("{:?}", a_change()));
        for end in 0..bytes.len() {
            assert!(change(&bytes[..end], id(1)).is_none(), "cut off at {end}");
        }
        assert!(change(&[bytes.as_slice(), b"x"].concat(), id(1)).is_none());
        assert!(change(&bytes, id(2)).is_none(), "the record of another commit");
        let mixed = Change { parent: Some(ObjectId::Sha256([3; 32])), ..a_change() };
        assert!(change(&encoded(&mixed), id(1)).is_none());

        let bytes = encoded(&a_patch());
        assert_eq!(format!("{:?}", patch(&bytes).unwrap()), format!("{:?}", a_patch()));
        assert!(has_lines(&bytes) && !has_lines(&encoded(&a_patch().into_outline())));
        for end in 0..bytes.len() {
            assert!(patch(&bytes[..end]).is_none(), "cut off at {end}");
        }
        let unsorted = Patch { lines: vec![(5, 1), (1, 2)], ..a_patch() };
        assert!(patch(&encoded(&unsorted)).is_none());
    }

    #[test]
    fn ids_are_bytes_or_text() {
        for id in [id(1), ObjectId::Sha256([2; 32])] {
            let text = serde_json::to_string(&id).unwrap();
            assert_eq!(text, format!("\"{id}\""));
            assert_eq!(serde_json::from_str::<ObjectId>(&text).unwrap(), id);
            assert_eq!(decoded::<ObjectId>(&encoded(&id)), Some(id));
        }
        assert_eq!(decoded::<ObjectId>(&encoded(&b"short".as_slice())), None);
    }

    proptest! {
        #[test]
        fn no_bytes_panic_or_make_room_for_more_than_there_is(bytes in any::<Vec<u8>>()) {
            let _change = change(&bytes, id(1));
            if let Some(patch) = patch(&bytes) {
                prop_assert!(patch.lines.len() * 2 <= bytes.len());
            }
        }
    }
}
