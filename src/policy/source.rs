//! Where a policy comes from: `FILE`, `preset:NAME`, `ref:REF:PATH`.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::model::did_you_mean;

/// The presets that ship with refgate: name and text.
pub const PRESETS: &[(&str, &str)] = &[
    ("brewblox", include_str!("../../policies/brewblox.toml")),
    ("calver", include_str!("../../policies/calver.toml")),
    ("canfar", include_str!("../../policies/canfar.toml")),
    ("gitflow", include_str!("../../policies/gitflow.toml")),
    ("imagefactory", include_str!("../../policies/imagefactory.toml")),
    ("merge-up", include_str!("../../policies/merge-up.toml")),
    ("monorepo", include_str!("../../policies/monorepo.toml")),
    ("pybal", include_str!("../../policies/pybal.toml")),
    ("stable-branches", include_str!("../../policies/stable-branches.toml")),
    ("trunk", include_str!("../../policies/trunk.toml")),
];

/// Where a policy is read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A file.
    File(PathBuf),
    /// A file of a work tree. Whoever may write to the branch wrote it: it must not extend a file outside.
    Tree {
        /// The file.
        file: PathBuf,
        /// The top of the work tree.
        top: PathBuf,
    },
    /// A preset that ships with refgate.
    Preset(&'static str),
    /// A file in the tree of a ref: versioned, and changed only through that ref.
    Ref {
        /// Full or short name of a ref, or any revision.
        revision: String,
        /// Path in its tree, with `/`.
        path: String,
    },
}

/// Why a text does not name a policy source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Nothing at all.
    #[error("the policy source is empty; it is a file, `preset:NAME` or `ref:REF:PATH`")]
    Empty,
    /// No preset of that name.
    #[error("there is no preset `{0}`{hint}", hint = preset_hint(.0))]
    NoPreset(String),
    /// `ref:` without both parts.
    #[error("`ref:` is followed by a ref, a colon and a path: `ref:refs/heads/main:.refgate.toml`")]
    Ref,
}

fn preset_hint(found: &str) -> String {
    let suggestion = did_you_mean(found, PRESETS.iter().map(|(name, _)| *name));
    if suggestion.is_empty() {
        let names: Vec<_> = PRESETS.iter().map(|(name, _)| format!("`{name}`")).collect();
        return format!("; there are {}", names.join(", "));
    }
    suggestion
}

impl Source {
    /// Reads what `--policy` and `refgate.policy` take.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text.is_empty() {
            return Err(SourceError::Empty);
        }
        if let Some(name) = text.strip_prefix("preset:") {
            return Self::preset(name).ok_or_else(|| SourceError::NoPreset(name.to_owned()));
        }
        if let Some(rest) = text.strip_prefix("ref:") {
            let (revision, path) = rest.split_once(':').ok_or(SourceError::Ref)?;
            if revision.is_empty() || path.is_empty() || revision.starts_with('-') {
                return Err(SourceError::Ref);
            }
            return Ok(Self::Ref { revision: revision.to_owned(), path: path.to_owned() });
        }
        Ok(Self::File(PathBuf::from(text)))
    }

    /// Returns the same source with a file's path taken from a directory, unless it is absolute.
    #[must_use]
    pub fn relative_to(self, directory: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(directory.join(path)),
            other => other,
        }
    }

    fn preset(name: &str) -> Option<Self> {
        PRESETS.iter().find(|(known, _)| *known == name).map(|(known, _)| Self::Preset(known))
    }

    /// Reads an entry of `extends` in a policy from this source: a preset by name, or a file next to it.
    ///
    /// # Errors
    /// See [`SourceError`].
    pub fn extended(&self, entry: &str) -> Result<Self, SourceError> {
        if let Some(preset) = Self::preset(entry) {
            return Ok(preset);
        }
        match (Self::parse(entry)?, self) {
            (Self::File(file), Self::File(own)) => Ok(Self::File(own.parent().unwrap_or(Path::new("")).join(file))),
            (Self::File(file), Self::Tree { file: own, top }) => {
                Ok(Self::Tree { file: own.parent().unwrap_or(Path::new("")).join(file), top: top.clone() })
            }
            (Self::File(file), Self::Ref { revision, path }) => {
                let folder = path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
                let path = format!("{folder}{}", file.display());
                Ok(Self::Ref { revision: revision.clone(), path })
            }
            (Self::File(_), Self::Preset(_)) => Err(SourceError::NoPreset(entry.to_owned())),
            (other, _) => Ok(other),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file) | Self::Tree { file, .. } => write!(f, "{}", file.display()),
            Self::Preset(name) => write!(f, "preset:{name}"),
            Self::Ref { revision, path } => write!(f, "ref:{revision}:{path}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_prints_as_it_is_written() {
        for text in ["preset:pybal", "ref:refs/heads/main:.refgate.toml", "/etc/refgate/org.toml"] {
            assert_eq!(Source::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_names_no_source_says_why() {
        let error = |text: &str| Source::parse(text).unwrap_err().to_string();
        assert_eq!(error("preset:pybl"), "there is no preset `pybl`; did you mean `pybal`?");
        assert!(error("ref:main").starts_with("`ref:` is followed by"));
        assert!(error("ref:-x:p").starts_with("`ref:` is followed by"));
    }

    #[test]
    fn an_extended_file_lies_next_to_the_one_that_extends_it() {
        let source = Source::parse("ref:main:etc/policy.toml").unwrap();
        assert_eq!(source.extended("org.toml").unwrap().to_string(), "ref:main:etc/org.toml");
        assert_eq!(source.extended("pybal").unwrap(), Source::Preset("pybal"));
    }
}
