//! Reading the text of a policy.

use std::io::Read as _;
use std::path::Path;

use crate::files::{self, Links};
use crate::git::{self, Repository};
use crate::model::{Exit, Failure, ObjectId, RefName};
use crate::policy::Source;

/// The longest policy file; checked before the blob is read.
const MAX_POLICY_BYTES: u64 = 1 << 20;

/// Reads the bytes of a policy source. A preset has nothing to read: it is part of the program.
///
/// # Errors
/// A file, ref or path that does not exist or cannot be read.
pub(crate) fn read_source(repository: &Repository, source: &Source) -> Result<Vec<u8>, Failure> {
    let failure = |cause: String| Failure::new(Exit::Policy, format!("reading the policy `{source}`"), cause);
    match source {
        Source::File(file) => read_file(&repository.typed_here(file)).map_err(|error| failure(error.to_string())),
        Source::Tree { file, top } => {
            read_file_within(&repository.typed_here(file), top).map_err(|error| failure(error.to_string()))
        }
        Source::Preset(name) => Err(failure(format!("`{name}` is built in"))),
        Source::Ref { revision, path } => {
            // An object that could not be fetched is not one that does not exist.
            let unread = |error: git::Error| {
                let exit = if error.is_undecided() { Exit::Undecided } else { Exit::Policy };
                Failure { exit, ..failure(error.to_string()) }
            };
            let commit = resolve_revision(repository, revision).map_err(unread)?;
            let bytes = repository.read_file(commit, path.as_str().into(), MAX_POLICY_BYTES).map_err(unread)?;
            bytes.ok_or_else(|| failure(format!("there is no file `{path}` in {}", commit.short())))
        }
    }
}

/// Reads a policy file, and no more of it than shows that it is too long.
///
/// # Errors
/// It does not exist, cannot be read, or is a pipe or a device.
pub(crate) fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    files::open(path, Links::Follow)?.take(MAX_POLICY_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a policy file of a work tree. Neither a path in it nor a link leads to a file outside the work tree:
/// otherwise, whoever may write to a branch could have lines of any file of this machine shown in error messages.
///
/// # Errors
/// It is outside, or as [`read_file`].
pub(crate) fn read_file_within(file: &Path, top: &Path) -> std::io::Result<Vec<u8>> {
    let top = top.canonicalize()?;
    // For a path that does not exist, the nearest folder that does is checked: errors must not say which files exist
    // outside either.
    let nearest = file.ancestors().find_map(|path| path.canonicalize().ok());
    if nearest.is_none_or(|nearest| !nearest.starts_with(&top)) {
        return Err(std::io::Error::other(
            "it is outside of the work tree, and what is in a work tree reads no such file",
        ));
    }
    read_file(&file.canonicalize()?)
}

/// Returns a policy file with the access that its author may have: one in the work tree is confined to the work tree,
/// any other is an administrator's. Where the question is not about a repository, the work tree is the one that the
/// file is in. `base` is where a relative path begins.
pub(crate) fn confined(source: Source, base: &Path, work_tree: Option<&Path>) -> Source {
    let Source::File(file) = source else { return source };
    let Some(folder) = base.join(&file).parent().and_then(|folder| folder.canonicalize().ok()) else {
        return Source::File(file);
    };
    let top = match work_tree {
        Some(top) => top.canonicalize().ok().filter(|top| folder.starts_with(top)),
        None => folder.ancestors().find(|folder| folder.join(".git").symlink_metadata().is_ok()).map(Path::to_owned),
    };
    match top {
        Some(top) => Source::Tree { file, top },
        None => Source::File(file),
    }
}

/// Returns whether a source exists, as far as that can be seen without reading all of it. Its revision is an id, `HEAD`
/// or a full ref name, which can be resolved without `git rev-parse`: most of the places that are asked about do not
/// exist.
pub(crate) fn is_there(repository: &Repository, source: &Source) -> bool {
    match source {
        // A dangling link exists: reading it then fails, and says so.
        Source::File(file) | Source::Tree { file, .. } => repository.typed_here(file).symlink_metadata().is_ok(),
        Source::Preset(_) => true,
        Source::Ref { revision, path } => {
            let commit = match ObjectId::from_hex(revision.as_bytes()) {
                Ok(id) => Ok(Some(id)),
                Err(_) => repository.resolve(&RefName::new(revision.as_str())).map(|(_, id)| id),
            };
            let found = commit.and_then(|commit| match commit {
                Some(commit) => repository.tree_entry(commit, path.as_str().into()),
                None => Ok(None),
            });
            // What cannot be read is there too, and reading it says why: the next place may hold another policy.
            !matches!(found, Ok(None))
        }
    }
}

/// Returns the ref that a policy source names, symbolic refs followed, and what it holds; `None` for a revision that is
/// not a ref.
///
/// A short name is a branch before it is anything else, where git would take a tag first: whoever may push a tag must not
/// be able to put another policy in the place of the branch's.
///
/// # Errors
/// A ref that cannot be read.
pub(crate) fn policy_ref(repository: &Repository, revision: &str) -> Result<Option<(RefName, ObjectId)>, git::Error> {
    let branch = RefName::branch(revision);
    for name in [RefName::new(revision), branch] {
        if name.full().starts_with(b"refs/")
            && let (name, Some(id)) = repository.resolve(&name)?
        {
            return Ok(Some((name, id)));
        }
    }
    repository.revision_ref(revision)
}

fn resolve_revision(repository: &Repository, revision: &str) -> Result<ObjectId, git::Error> {
    match policy_ref(repository, revision)? {
        Some((_, id)) => Ok(id),
        None => repository.rev_parse(revision),
    }
}
