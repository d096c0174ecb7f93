//! The places that versions are published to.

use std::fmt;

/// A place to publish to, and the versions it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    /// The normal form of PEP 440.
    Pep440,
    /// SemVer 2.0.0.
    Semver,
    /// A tag of a container image: `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`.
    Docker,
    /// An upstream version as dpkg orders it.
    Debian,
}

impl Spelling {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pep440, Self::Semver, Self::Docker, Self::Debian];

    /// Returns the name used on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pep440 => "pep440",
            Self::Semver => "semver",
            Self::Docker => "docker",
            Self::Debian => "debian",
        }
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
