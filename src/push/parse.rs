//! The three hooks' input, as `githooks(5)` describes it.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::BTreeSet;

use crate::model::{HashKind, IdError, ObjectId, RefName, RefUpdate, Untrusted};

/// Why a hook's input is not what git hands over. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InputError {
    /// pre-receive without a single line: git never does that, a wrapper that swallows stdin does.
    #[error("there is no ref update on standard input; a wrapper between git and this hook has to pass it on")]
    Empty,
    /// A line without the words it needs.
    #[error("line {line}: `{found}` is not `{expected}`")]
    Words {
        /// The line.
        line: usize,
        /// What it says, escaped and cut.
        found: String,
        /// What it has to say.
        expected: &'static str,
    },
    /// A word that has to be an object id.
    #[error("line {line}: the {which} object id: {error}")]
    Id {
        /// The line.
        line: usize,
        /// `old`, `new`, `local` or `remote`.
        which: &'static str,
        /// What is wrong with it.
        error: IdError,
    },
    /// An id of the other hash function.
    #[error("line {line}: the {which} object id has {found} digits, this repository's have {expected}")]
    Format {
        /// The line.
        line: usize,
        /// `old`, `new`, `local` or `remote`.
        which: &'static str,
        /// Digits found.
        found: usize,
        /// Digits of this repository's ids.
        expected: usize,
    },
    /// A name with a byte that ends names.
    #[error("line {line}: the ref name holds a NUL byte")]
    Nul {
        /// The line.
        line: usize,
    },
    /// The same ref in two lines.
    #[error("line {line}: the ref `{name}` was already given")]
    Twice {
        /// The second line.
        line: usize,
        /// The name, escaped.
        name: String,
    },
}

/// Reads pre-receive's standard input: `OLD SP NEW SP REF LF` for every ref.
///
/// # Errors
/// Anything else, and nothing at all. A last line without LF is accepted, and so are empty lines at the end: drivers
/// that replay the input with `echo` add one.
pub fn pre_receive(input: &[u8], hash: HashKind) -> Result<Vec<RefUpdate>, InputError> {
    let updates = lines(input)
        .map(|(line, text)| {
            let mut words = text.splitn(3, |byte| *byte == b' ');
            let expected = "OLD NEW REF";
            let (Some(old), Some(new), Some(name)) = (words.next(), words.next(), words.next()) else {
                return Err(words_error(line, text, expected));
            };
            one(line, hash, name, ("old", old), ("new", new)).ok_or_else(|| words_error(line, text, expected))?
        })
        .collect::<Result<Vec<_>, _>>()?;
    if updates.is_empty() {
        return Err(InputError::Empty);
    }
    distinct(updates)
}

/// Reads pre-push's standard input: `LOCALREF SP LOCALOID SP REMOTEREF SP REMOTEOID LF` for every ref. Empty
/// input means that there is nothing to push. The local name is whatever was typed and is not looked at.
///
/// # Errors
/// Anything else.
pub fn pre_push(input: &[u8], hash: HashKind) -> Result<Vec<RefUpdate>, InputError> {
    let updates = lines(input)
        .map(|(line, text)| {
            // From the right: a source like `:/fix the thing` has blanks.
            let mut words = text.rsplitn(4, |byte| *byte == b' ');
            let expected = "LOCALREF LOCALOID REMOTEREF REMOTEOID";
            let (Some(old), Some(name), Some(new), Some(_)) = (words.next(), words.next(), words.next(), words.next())
            else {
                return Err(words_error(line, text, expected));
            };
            one(line, hash, name, ("remote", old), ("local", new)).ok_or_else(|| words_error(line, text, expected))?
        })
        .collect::<Result<Vec<_>, _>>()?;
    distinct(updates)
}

/// Reads the update hook's three arguments: `REF OLD NEW`.
///
/// # Errors
/// Another number of arguments, or arguments that are not a ref and two ids.
pub(crate) fn update(arguments: &[BString], hash: HashKind) -> Result<Vec<RefUpdate>, InputError> {
    let expected = "REF OLD NEW";
    let [name, old, new] = arguments else {
        return Err(words_error(1, bstr::join(" ", arguments).as_bstr(), expected));
    };
    one(1, hash, name, ("old", old), ("new", new))
        .ok_or_else(|| words_error(1, bstr::join(" ", arguments).as_bstr(), expected))?
        .map(|update| vec![update])
}

/// Reads reference-transaction's standard input, `OLD SP NEW SP REF LF` for every ref. Refs that cannot be pushed are
/// left out: `HEAD`, and symbolic refs, whose values are names.
pub(crate) fn reference_transaction(input: &[u8], hash: HashKind) -> Vec<RefUpdate> {
    let mut seen = BTreeSet::new();
    let updates = lines(input).filter_map(|(line, text)| {
        let mut words = text.splitn(3, |byte| *byte == b' ');
        let (old, new, name) = (words.next()?, words.next()?, words.next()?);
        let update = one(line, hash, name, ("old", old), ("new", new))?.ok()?;
        (name.starts_with(b"refs/") && seen.insert(name.to_owned())).then_some(update)
    });
    updates.collect()
}

/// Parses one update; `None` when the ref name is missing.
fn one(
    line: usize,
    hash: HashKind,
    name: &[u8],
    (old_is, old): (&'static str, &[u8]),
    (new_is, new): (&'static str, &[u8]),
) -> Option<Result<RefUpdate, InputError>> {
    if name.is_empty() {
        return None;
    }
    Some((|| {
        if name.contains(&0) {
            return Err(InputError::Nul { line });
        }
        let id = |which, hex: &[u8]| {
            let id = ObjectId::from_hex(hex).map_err(|error| InputError::Id { line, which, error })?;
            if id.kind() == hash {
                return Ok(id);
            }
            Err(InputError::Format { line, which, found: hex.len(), expected: hash.hex_len() })
        };
        Ok(RefUpdate { name: RefName::new(name), old: id(old_is, old)?, new: id(new_is, new)?, via: None })
    })())
}

fn lines(input: &[u8]) -> impl Iterator<Item = (usize, &BStr)> {
    let end = input.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    let content = input.get(..end).unwrap_or_default();
    let lines = (!content.is_empty()).then(|| content.split(|byte| *byte == b'\n'));
    lines.into_iter().flatten().enumerate().map(|(at, line)| (at + 1, line.as_bstr()))
}

fn words_error(line: usize, text: &BStr, expected: &'static str) -> InputError {
    let cut = text.get(..200).unwrap_or(text);
    InputError::Words { line, found: Untrusted::new(cut).to_string(), expected }
}

fn distinct(updates: Vec<RefUpdate>) -> Result<Vec<RefUpdate>, InputError> {
    let mut seen = BTreeSet::new();
    let twice = updates.iter().enumerate().find(|(_, update)| !seen.insert(&update.name));
    match twice {
        Some((at, update)) => Err(InputError::Twice { line: at + 1, name: update.name.to_string() }),
        None => Ok(updates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";

    fn receive(text: &str) -> Result<Vec<RefUpdate>, InputError> {
        pre_receive(text.as_bytes(), HashKind::Sha1)
    }

    #[test]
    fn a_line_is_read_with_or_without_its_line_end_and_with_an_empty_line_behind() {
        for end in ["", "\n", "\n\n"] {
            let updates = receive(&format!("{A} {B} refs/heads/main{end}")).unwrap();
            assert_eq!(updates.len(), 1);
            assert_eq!(updates[0].name, RefName::branch("main"));
            assert_eq!((updates[0].old.to_string(), updates[0].new.to_string()), (A.to_owned(), B.to_owned()));
        }
    }

    #[test]
    fn of_a_transaction_only_refs_with_ids_are_a_pushs() {
        let input = format!(
            "{A} {B} refs/heads/main\n{A} {B} HEAD\n{A} ref:refs/heads/x refs/heads/alias\n{A} {B} refs/heads/main\nx\n"
        );
        let updates = reference_transaction(input.as_bytes(), HashKind::Sha1);
        let names: Vec<String> = updates.iter().map(|update| update.name.to_string()).collect();
        assert_eq!(names, ["refs/heads/main"]);
    }

    #[test]
    fn an_empty_input_is_an_error_on_the_server_and_nothing_on_a_client() {
        assert_eq!(receive("\n"), Err(InputError::Empty));
        assert_eq!(pre_push(b"", HashKind::Sha1), Ok(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        let error = |text: &str| receive(text).unwrap_err().to_string();
        let good = format!("{A} {B} refs/heads/a\n");
        assert_eq!(error(&format!("{good}nonsense")), "line 2: `nonsense` is not `OLD NEW REF`");
        assert_eq!(error(&format!("{good}\n{good}")), "line 2: `` is not `OLD NEW REF`");
        assert_eq!(
            error(&format!("{A} {} refs/heads/a", "2".repeat(39))),
            "line 1: the new object id: an object id has 40 or 64 hexadecimal digits, this has 39"
        );
        assert_eq!(
            error(&format!("{} {B} refs/heads/a", "1".repeat(64))),
            "line 1: the old object id has 64 digits, this repository's have 40"
        );
        assert_eq!(error(&format!("{good}{good}")), "line 2: the ref `refs/heads/a` was already given");
        assert_eq!(error(&format!("{A} {B} ")), format!("line 1: `{A} {B} ` is not `OLD NEW REF`"));
    }

    #[test]
    fn the_local_name_of_a_pre_push_line_may_have_blanks() {
        let updates = pre_push(format!(":/fix the thing {A} refs/heads/x {B}\n").as_bytes(), HashKind::Sha1).unwrap();
        assert_eq!(updates[0].name, RefName::branch("x"));
        assert_eq!(updates[0].new.to_string(), A);
    }

    #[test]
    fn the_update_hook_takes_three_arguments() {
        let arguments: Vec<BString> = ["refs/tags/v1", A, B].map(BString::from).into();
        assert_eq!(update(&arguments, HashKind::Sha1).unwrap()[0].name, RefName::tag("v1"));
        assert!(update(&arguments[..2], HashKind::Sha1).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_are_updates_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = pre_receive(&bytes, HashKind::Sha1);
            let _ = pre_push(&bytes, HashKind::Sha256);
        }

        #[test]
        fn what_git_writes_is_what_is_read(names in proptest::collection::btree_set("refs/heads/[a-z]{1,8}", 1..5)) {
            let text: String = names.iter().map(|name| format!("{A} {B} {name}\n")).collect();
            let updates = receive(&text).unwrap();
            prop_assert_eq!(updates.iter().map(|update| update.name.to_string()).collect::<Vec<_>>(), names.into_iter().collect::<Vec<_>>());
        }
    }
}
