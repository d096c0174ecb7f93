//! What the repository says about its own format: extensions and the shallow boundary.
//!
//! gix opens repositories with extensions that it does not know, where git refuses to.

use bstr::ByteSlice as _;
use std::path::Path;

use super::config;
use crate::git::Error;
use crate::git::object::alternates::is_absent;
use crate::model::HashKind;

/// The extensions that refgate can handle. The last column of git's own list says which of them count in version 0
/// too (`setup.c`, `handle_extension_v0`).
const KNOWN_EXTENSIONS: &[(&str, bool)] = &[
    ("noop", true),
    ("preciousobjects", true),
    ("partialclone", true),
    ("worktreeconfig", true),
    ("noop-v1", false),
    ("objectformat", false),
    ("compatobjectformat", false),
    ("refstorage", false),
    ("relativeworktrees", false),
];

/// What the repository's own file says about its format.
pub(in crate::git) struct Format {
    pub(in crate::git) hash: HashKind,
    pub(in crate::git) has_reftables: bool,
    pub(in crate::git) per_worktree: bool,
    pub(in crate::git) is_partial: bool,
}

impl Format {
    pub(in crate::git) fn read(common_dir: &Path) -> Result<Self, Error> {
        let file = config::own_file(common_dir)?;
        let refuse = |name: String| Err(Error::UnknownExtension { name });
        let version = file.string("core.repositoryFormatVersion").unwrap_or_else(|| "0".into());
        let version = match version.trim() {
            b"0" => 0,
            b"1" => 1,
            _ => return refuse(format!("core.repositoryFormatVersion={}", version.as_bstr())),
        };
        let mut format = Self { hash: HashKind::Sha1, has_reftables: false, per_worktree: false, is_partial: false };
        for section in file.sections_by_name("extensions").into_iter().flatten() {
            if let Some(subsection) = section.header().subsection_name() {
                if version == 0 {
                    continue;
                }
                return refuse(format!("extensions.{subsection}"));
            }
            for name in section.value_names() {
                let name = name.to_ascii_lowercase();
                let value = section.value(&name).unwrap_or_default();
                match KNOWN_EXTENSIONS.iter().find(|(known, _)| *known == name) {
                    None if version == 0 => continue,
                    Some((_, in_version_0)) if version == 1 || *in_version_0 => {}
                    _ => return refuse(format!("extensions.{name}")),
                }
                match (name.as_str(), value.as_slice()) {
                    ("objectformat", b"sha1") => format.hash = HashKind::Sha1,
                    ("objectformat", b"sha256") => format.hash = HashKind::Sha256,
                    ("refstorage", b"files") => format.has_reftables = false,
                    ("refstorage", b"reftable") => format.has_reftables = true,
                    ("objectformat" | "refstorage", _) => return refuse(format!("extensions.{name}={value}")),
                    ("partialclone", _) => format.is_partial = true,
                    _ => {}
                }
            }
        }
        format.per_worktree = file.boolean("extensions.worktreeConfig").ok().flatten().unwrap_or(false);
        Ok(format)
    }
}

/// Returns the commits at which a shallow clone ends (`gitformat-shallow`).
pub(in crate::git) fn shallow_boundary(common_dir: &Path) -> Result<Vec<crate::model::ObjectId>, Error> {
    let path = common_dir.join("shallow");
    match std::fs::read(&path) {
        Ok(content) => content
            .lines()
            .filter(|line| !line.is_empty())
            .map(|line| {
                crate::model::ObjectId::from_hex(line).map_err(|error| Error::Io {
                    path: path.clone(),
                    source: std::io::Error::new(std::io::ErrorKind::InvalidData, error),
                })
            })
            .collect(),
        Err(error) if is_absent(&error) => Ok(Vec::new()),
        Err(source) => Err(Error::Io { path, source }),
    }
}
