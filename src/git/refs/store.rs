//! Refs: one by its full name, or those below a prefix. Never all of them for one answer.
//!
//! Loose refs are read here and packed ones by gix. The loose file is looked at first and `packed-refs` after it,
//! because `git pack-refs` writes the latter before it deletes the former: in the other order a ref could be missed.
//! gix does not support reftables and shows such a repository as having no refs at all; `git` is asked instead.

use bstr::{BStr, BString, ByteSlice as _};
use gix::refs::{FullName, FullNameRef};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::git::budget::Budget;
use crate::git::object::alternates::{bytes_of, is_absent, path_of};
use crate::git::object::ids::{gix_kind, model_id};
use crate::git::repo::format::Format;
use crate::git::{Environment, Error};
use crate::model::{HashKind, ObjectId, RefName};

/// What a ref holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// An object.
    Id(ObjectId),
    /// The name of another ref, which need not exist.
    Symbolic(RefName),
}

/// Where the refs of a repository are.
pub(in crate::git) struct Refs {
    pub(in crate::git) storage: Storage,
    /// `refs/namespaces/NAME/`, once for each component of `GIT_NAMESPACE` (`gitnamespaces(7)`); mostly empty. Names
    /// are passed in and returned without it, as `git-receive-pack(1)` hands them to hooks.
    pub(in crate::git) namespace: BString,
    pub(in crate::git) hash: HashKind,
}

/// How refs are stored.
pub(in crate::git) enum Storage {
    Files(Files),
    /// A format that gix does not know.
    Reftable,
    /// For tests; sorted by name.
    #[cfg(test)]
    Memory(BTreeMap<BString, ObjectId>),
}

/// Refs as files.
pub(in crate::git) struct Files {
    git_dir: PathBuf,
    common_dir: PathBuf,
    hash: HashKind,
    packed: gix::refs::file::Store,
}

impl Refs {
    pub(in crate::git) fn open(
        git_dir: &Path,
        common_dir: &Path,
        format: &Format,
        environment: &Environment,
    ) -> Result<Self, Error> {
        let mut namespace = BString::default();
        if let Some(name) = &environment.namespace {
            for part in bytes_of(name).split_str("/").filter(|part| !part.is_empty()) {
                namespace.extend_from_slice(&[b"refs/namespaces/", part, b"/"].concat());
            }
            let probe = [namespace.as_slice(), b"refs/heads/x"].concat();
            if valid(probe.as_bstr()).is_none() {
                return Err(broken(&RefName::new(bytes_of(name)), "`GIT_NAMESPACE` is not a valid namespace"));
            }
        }
        let options = gix::refs::store::init::Options {
            write_reflog: gix::refs::store::WriteReflog::Disable,
            prohibit_windows_device_names: cfg!(windows),
            ..Default::default()
        };
        let files = || Files {
            git_dir: git_dir.to_owned(),
            common_dir: common_dir.to_owned(),
            hash: format.hash,
            packed: gix::refs::file::Store::at_opts(common_dir.to_owned(), gix_kind(format.hash), options),
        };
        let storage = if format.has_reftables { Storage::Reftable } else { Storage::Files(files()) };
        Ok(Self { storage, namespace, hash: format.hash })
    }

    /// Returns the branch that `HEAD` names, where that costs one file; for configuration that depends on it.
    pub(in crate::git) fn head_branch(&self) -> Option<FullName> {
        let Storage::Files(files) = &self.storage else { return None };
        match files.find(FullName::try_from("HEAD").ok()?.as_ref()).ok()?? {
            Target::Symbolic(name) => valid(name.full()),
            Target::Id(_) => None,
        }
    }

    /// Returns the name under which a ref is stored; `None` if it cannot exist.
    pub(in crate::git) fn stored_name(&self, name: &RefName) -> Option<FullName> {
        valid([self.namespace.as_slice(), name.full()].concat().as_bstr())
    }

    /// Returns the name of a stored ref as hooks know it.
    pub(in crate::git) fn shown_name(&self, stored: &RefName) -> Result<RefName, Error> {
        stored
            .full()
            .strip_prefix(self.namespace.as_slice())
            .map(RefName::new)
            .ok_or_else(|| broken(stored, "a symbolic ref leads out of the namespace"))
    }
}

impl Files {
    pub(in crate::git) fn find(&self, name: &FullNameRef) -> Result<Option<Target>, Error> {
        if let Some(target) = self.loose(name)? {
            return Ok(Some(target));
        }
        let failed = |error: gix::Error| broken(&RefName::new(name.as_bstr()), error.to_string());
        let Some(packed) = self.packed.cached_packed_buffer().map_err(failed)? else { return Ok(None) };
        let found = packed.try_find(name.as_partial_name()).map_err(failed)?;
        Ok(found.filter(|found| found.name == name).map(|found| Target::Id(model_id(&found.target()))))
    }

    /// Returns the directory that holds a ref: refs of one work tree are in its own (`gitrepository-layout(5)`).
    fn base(&self, name: &BStr) -> &Path {
        let private: [&[u8]; 3] = [b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/"];
        if name.starts_with(b"refs/") && !private.iter().any(|private| name.starts_with(private)) {
            &self.common_dir
        } else {
            &self.git_dir
        }
    }

    /// Reads a loose ref as git does (`refs/files-backend.c`, `files_read_raw_ref`).
    fn loose(&self, name: &FullNameRef) -> Result<Option<Target>, Error> {
        let path = self.base(name.as_bstr()).join(path_of(name.as_bstr()));
        let metadata = match path.symlink_metadata() {
            Ok(metadata) => metadata,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(source) => return Err(Error::Io { path, source }),
        };
        if metadata.is_dir() {
            return Ok(None);
        }
        if metadata.is_symlink() {
            // The symbolic refs of old: a link whose text is the name.
            let to = path.read_link().map_err(|source| Error::Io { path: path.clone(), source })?;
            let to = bytes_of(to.as_os_str());
            if to.starts_with(b"refs/") && valid(to.as_bstr()).is_some() {
                return Ok(Some(Target::Symbolic(RefName::new(to))));
            }
        }
        let content = match std::fs::read(&path) {
            Ok(content) => content,
            Err(error) if is_absent(&error) => return Ok(None),
            Err(source) => return Err(Error::Io { path, source }),
        };
        let name = RefName::new(name.as_bstr());
        match content.strip_prefix(b"ref:") {
            Some(to) => match valid(to.trim().as_bstr()) {
                Some(to) => Ok(Some(Target::Symbolic(RefName::new(to.as_bstr())))),
                None => Err(broken(&name, "it leads to a name that no ref can have")),
            },
            None => parse_id(&name, &content, self.hash).map(|id| Some(Target::Id(id))),
        }
    }

    /// Returns the refs whose names begin with `prefix`, sorted.
    pub(in crate::git) fn list(&self, prefix: &BStr, budget: &Budget) -> Result<Vec<(BString, Target)>, Error> {
        let mut loose = BTreeMap::new();
        let directory = prefix.rsplit_once_str("/").map_or(prefix, |(directory, _)| directory.as_bstr());
        let mut pending = vec![BString::from(directory)];
        while let Some(directory) = pending.pop() {
            let path = self.common_dir.join(path_of(directory.as_bstr()));
            let entries = match std::fs::read_dir(&path) {
                Ok(entries) => entries,
                Err(error) if is_absent(&error) => continue,
                Err(source) => return Err(Error::Io { path, source }),
            };
            for entry in entries {
                let entry = entry.map_err(|source| Error::Io { path: path.clone(), source })?;
                budget.read(0)?;
                let name = [directory.as_slice(), b"/", &bytes_of(&entry.file_name())].concat();
                let Some(name) = valid(name.as_bstr()) else { continue };
                // Checked both ways: a directory may contain what is asked for, or be a part of it.
                if !name.as_bstr().starts_with(prefix) && !prefix.starts_with(name.as_bstr()) {
                    continue;
                }
                let kind = entry.file_type().map_err(|source| Error::Io { path: entry.path(), source })?;
                if kind.is_dir() || (kind.is_symlink() && entry.path().is_dir()) {
                    pending.push(name.into_inner());
                } else if name.as_bstr().starts_with(prefix)
                    && self.base(name.as_bstr()) == self.common_dir
                    && let Some(target) = self.loose(name.as_ref())?
                {
                    loose.insert(name.into_inner(), target);
                }
            }
        }
        let failed = |error: gix::Error| broken(&RefName::new(prefix), error.to_string());
        if let Some(packed) = self.packed.cached_packed_buffer().map_err(failed)? {
            for packed in packed.iter_prefixed(prefix.into()).map_err(failed)? {
                budget.step()?;
                let packed = packed.map_err(failed)?;
                let id = model_id(&packed.target());
                loose.entry(packed.name.as_bstr().to_owned()).or_insert(Target::Id(id));
            }
        }
        Ok(loose.into_iter().collect())
    }
}

/// Returns a name that a ref can have.
pub(in crate::git) fn valid(name: &BStr) -> Option<FullName> {
    FullName::try_from(name).ok()
}

/// Returns the id at the beginning of a ref's content.
pub(in crate::git) fn parse_id(name: &RefName, content: &[u8], hash: HashKind) -> Result<ObjectId, Error> {
    let id = ObjectId::from_hex(content.fields().next().unwrap_or_default());
    let id = id.map_err(|error| broken(name, error.to_string()))?;
    if id.kind() != hash || id.is_null() {
        return Err(broken(name, "it holds no object id of this repository"));
    }
    Ok(id)
}

pub(in crate::git) fn broken(name: &RefName, reason: impl Into<String>) -> Error {
    Error::RefStorage { name: name.clone(), reason: reason.into() }
}
