//! Where the objects are: the object directories of a repository, of its alternates, and of a push's quarantine.
//!
//! Resolved here and not by gix, which takes nested relative alternates relative to the first directory, where
//! git takes them relative to the directory that names them.

use bstr::{BStr, ByteSlice as _};
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::git::{Environment, Error};

/// More object directories than any server links together; a guard against mischief in `info/alternates`.
const MAX_DIRECTORIES: usize = 256;

/// At most so many are looked for, including missing ones.
const MAX_NAMED: usize = 4096;

/// Where objects are.
pub(in crate::git) struct Directories {
    pub(in crate::git) found: Vec<PathBuf>,
    /// Alternates that do not exist. git goes on without them; objects that were in them are missing.
    pub(in crate::git) lost: Vec<PathBuf>,
    /// Whether one of them leads back to itself. git reads each directory once; gix, which follows alternates too, then
    /// reads none of them.
    pub(in crate::git) is_ring: bool,
}

/// Returns all object directories, absolute and without duplicates: `main` first, then what the environment names
/// (`GIT_OBJECT_DIRECTORY` is where pre-receive finds the pushed objects, and may be set in any hook when git itself
/// was started inside a quarantine), then the alternates of each. Directories that do not exist are left out, as git
/// does.
pub(in crate::git) fn object_directories(main: &Path, environment: &Environment) -> Result<Directories, Error> {
    let (mut found, mut places) = (Vec::new(), HashMap::new());
    let (mut lost, mut named) = (Vec::new(), HashSet::new());
    let mut borrows = BTreeSet::new();
    let mut pending = vec![(main.to_owned(), false, None)];
    pending.extend(environment.object_directory.as_ref().map(|dir| (environment.cwd.join(dir), false, None)));
    if let Some(list) = &environment.alternate_object_directories {
        let separator = if cfg!(windows) { b';' } else { b':' };
        let listed = split(&bytes_of(list), separator);
        pending.extend(listed.iter().map(|dir| (environment.cwd.join(dir), true, None)));
    }
    let mut pending = VecDeque::from(pending);
    while let Some((dir, is_alternate, named_by)) = pending.pop_front() {
        if !named.insert((dir.clone(), named_by)) {
            continue;
        }
        if named.len() > MAX_NAMED {
            return Err(Error::Limit { what: "object directories", limit: MAX_NAMED });
        }
        // Two spellings of one directory would be read twice.
        let Ok(canonical) = dir.canonicalize() else {
            lost.extend(is_alternate.then_some(dir));
            continue;
        };
        let known = places.get(&canonical).copied();
        borrows.extend(named_by.map(|borrower| (borrower, known.unwrap_or(found.len()))));
        if known.is_some() {
            continue;
        }
        if found.len() == MAX_DIRECTORIES {
            return Err(Error::Limit { what: "object directories", limit: MAX_DIRECTORIES });
        }
        let file = dir.join("info/alternates");
        match std::fs::read(&file) {
            Ok(list) => {
                let entries = split(&list, b'\n');
                pending.extend(entries.iter().map(|entry| (dir.join(entry), true, Some(found.len()))));
            }
            Err(error) if is_absent(&error) => {}
            Err(source) => return Err(Error::Io { path: file, source }),
        }
        places.insert(canonical, found.len());
        found.push(dir);
    }
    Ok(Directories { found, lost, is_ring: is_ring(borrows) })
}

/// Returns whether the alternates form a ring: whether something is left after removing all ends, again and again.
fn is_ring(mut borrows: BTreeSet<(usize, usize)>) -> bool {
    loop {
        let (count, borrowers): (_, BTreeSet<usize>) = (borrows.len(), borrows.iter().map(|(from, _)| *from).collect());
        borrows.retain(|(_, to)| borrowers.contains(to));
        if borrows.len() == count {
            return count > 0;
        }
    }
}

/// Returns whether a path is simply not there.
pub(in crate::git) fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// Splits a list as git does (`object-file.c`, `parse_alt_odb_entry`): an entry that begins with `"` is C-quoted and
/// may hold the separator; one that begins with `#` is a comment.
fn split(list: &[u8], separator: u8) -> Vec<PathBuf> {
    let mut entries = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        let quoted = rest.starts_with(b"\"").then(|| gix::quote::ansi_c::undo(rest.as_bstr()).ok()).flatten();
        let (entry, consumed) = match quoted {
            Some((entry, consumed)) => (entry.into_owned(), consumed),
            None => {
                let end = rest.find_byte(separator).unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default().into(), end)
            }
        };
        let is_comment = rest.starts_with(b"#");
        rest = rest.get(consumed..).unwrap_or_default();
        rest = rest.strip_prefix(&[separator]).unwrap_or(rest);
        if !entry.is_empty() && !is_comment {
            entries.push(path_of(entry.as_bstr()));
        }
    }
    entries
}

/// Returns the bytes of an environment variable; on Windows, where they are not bytes, of its UTF-8 form.
pub(in crate::git) fn bytes_of(text: &OsStr) -> Vec<u8> {
    gix::path::os_str_into_bstr(text).map_or_else(|_| text.to_string_lossy().into_owned().into(), |text| text.to_vec())
}

/// Bytes as a path.
pub(in crate::git) fn path_of(bytes: &BStr) -> PathBuf {
    gix::path::from_bstr(bytes)
        .map_or_else(|_| PathBuf::from(bytes.to_str_lossy().into_owned()), |path| path.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[ignore = "the outer ring: more than half a second of a core"]
    fn a_million_names_are_not_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let info = folder.path().join("info");
        std::fs::create_dir(&info).unwrap();
        let look = |list: String| {
            std::fs::write(info.join("alternates"), list).unwrap();
            object_directories(folder.path(), &crate::git::scratch::environment(folder.path(), &[]))
        };
        let missing = |count: usize| (0..count).map(|at| format!("missing/{at}\n")).collect::<String>();
        assert_eq!(look(missing(500)).unwrap().lost.len(), 500);
        assert!(matches!(look(missing(1_000_000)), Err(Error::Limit { .. })));
        assert_eq!(look(".\n".repeat(1_000_000)).unwrap().found.len(), 1);
    }

    #[test]
    fn a_ring_is_told_from_what_two_ways_lead_to() {
        let ring = |borrows: &[(usize, usize)]| is_ring(borrows.iter().copied().collect());
        assert!(!ring(&[]) && !ring(&[(0, 1), (0, 2), (1, 3), (2, 3)]));
        assert!(ring(&[(0, 0)]) && ring(&[(0, 1), (1, 2), (2, 1), (2, 3)]));
    }

    #[test]
    fn a_list_is_split_as_git_does_it() {
        let list = b"objects:\"/srv/a:b/\\303\\251.git/objects\":/plain::\"broken";
        let expected: Vec<PathBuf> =
            ["objects", "/srv/a:b/é.git/objects", "/plain", "\"broken"].map(PathBuf::from).into();
        assert_eq!(split(list, b':'), expected);
        assert_eq!(split(b"# comment\n../x\n\n", b'\n'), [PathBuf::from("../x")]);
    }
}
