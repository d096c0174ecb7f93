//! Which manifest a path is, by its name.

use bstr::{BStr, ByteSlice as _};

use super::source::Encoding;

/// A kind of manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `Cargo.toml`.
    CargoToml,
    /// `Cargo.lock`.
    CargoLock,
    /// `pyproject.toml`.
    Pyproject,
    /// `setup.cfg`.
    SetupCfg,
    /// `setup.py`.
    SetupPy,
    /// `__init__.py`, `_version.py` and the like: a module that assigns `__version__`.
    PythonModule,
    /// `package.json`.
    PackageJson,
    /// `package-lock.json`, `npm-shrinkwrap.json`.
    PackageLock,
    /// `pom.xml`.
    Pom,
    /// `build.gradle`, `build.gradle.kts`.
    Gradle,
    /// `gradle.properties`.
    GradleProperties,
    /// `*.gemspec`.
    Gemspec,
    /// `version.rb`, `gem_version.rb`.
    VersionRb,
    /// MSBuild: `*.csproj`, `*.fsproj`, `*.vbproj`, `Directory.Build.props`.
    MsBuild,
    /// `CMakeLists.txt`.
    CMake,
    /// `meson.build`.
    Meson,
    /// `configure.ac`, `configure.in`.
    ConfigureAc,
    /// `debian/changelog`.
    DebianChangelog,
    /// `Chart.yaml`.
    ChartYaml,
    /// `*.spec`, `*.spec.in`.
    RpmSpec,
    /// `VERSION` and the like: a file that is nothing but a version.
    VersionFile,
    /// A makefile, or another file of `NAME = value` lines such as `GIT-VERSION-GEN`.
    MakeVariables,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 22] = [
        Self::CargoToml,
        Self::CargoLock,
        Self::Pyproject,
        Self::SetupCfg,
        Self::SetupPy,
        Self::PythonModule,
        Self::PackageJson,
        Self::PackageLock,
        Self::Pom,
        Self::Gradle,
        Self::GradleProperties,
        Self::Gemspec,
        Self::VersionRb,
        Self::MsBuild,
        Self::CMake,
        Self::Meson,
        Self::ConfigureAc,
        Self::DebianChangelog,
        Self::ChartYaml,
        Self::RpmSpec,
        Self::VersionFile,
        Self::MakeVariables,
    ];

    /// The kind of the manifest at this path, by its last component; `None` for any other file.
    ///
    /// A name says what a file may be, not whose it is: see [`is_vendored`]. Which `__init__.py` is the top package's,
    /// a path cannot say; those that assign no `__version__` have no field.
    pub fn of_path(path: &BStr) -> Option<Self> {
        let (directory, name) = path.rsplit_once_str("/").unwrap_or((b"", path.as_bytes()));
        Some(match name {
            b"Cargo.toml" => Self::CargoToml,
            b"Cargo.lock" => Self::CargoLock,
            b"pyproject.toml" => Self::Pyproject,
            b"setup.cfg" => Self::SetupCfg,
            b"setup.py" => Self::SetupPy,
            b"__init__.py" | b"_version.py" | b"version.py" | b"__version__.py" | b"__about__.py" | b"release.py" => {
                Self::PythonModule
            }
            b"package.json" => Self::PackageJson,
            b"package-lock.json" | b"npm-shrinkwrap.json" => Self::PackageLock,
            b"pom.xml" => Self::Pom,
            b"build.gradle" | b"build.gradle.kts" => Self::Gradle,
            b"gradle.properties" => Self::GradleProperties,
            b"version.rb" | b"gem_version.rb" => Self::VersionRb,
            // Directory.Packages.props is a list of dependencies.
            b"Directory.Build.props" => Self::MsBuild,
            b"CMakeLists.txt" => Self::CMake,
            b"meson.build" => Self::Meson,
            b"configure.ac" | b"configure.in" => Self::ConfigureAc,
            b"changelog" if directory == b"debian" || directory.ends_with(b"/debian") => Self::DebianChangelog,
            b"Chart.yaml" => Self::ChartYaml,
            b"VERSION" | b"VERSION.txt" | b"version.txt" | b".version" | b"RAILS_VERSION" => Self::VersionFile,
            b"Makefile" | b"GNUmakefile" | b"makefile" | b"GIT-VERSION-GEN" => Self::MakeVariables,
            _ if name.ends_with(b".gemspec") => Self::Gemspec,
            _ if [".csproj", ".fsproj", ".vbproj"].iter().any(|end| name.ends_with(end.as_bytes())) => Self::MsBuild,
            _ if name.ends_with(b".spec") || name.ends_with(b".spec.in") => Self::RpmSpec,
            _ => return None,
        })
    }

    /// Most bytes that are read of a file of this kind, several times what the largest real ones have: JSON lock files
    /// and Debian changelogs 8 MiB, TOML 2 MiB (its parser takes up to 70 bytes of memory for each), all others 1 MiB.
    pub const fn max_bytes(self) -> usize {
        match self {
            Self::PackageJson | Self::PackageLock | Self::DebianChangelog => 8 << 20,
            Self::CargoToml | Self::CargoLock | Self::Pyproject => 2 << 20,
            _ => 1 << 20,
        }
    }

    /// What bytes that are not UTF-8 mean in this kind.
    pub(super) const fn encoding(self) -> Encoding {
        match self {
            Self::CargoToml | Self::CargoLock | Self::Pyproject => Encoding::Utf8,
            Self::PackageJson | Self::PackageLock | Self::ChartYaml => Encoding::Utf8,
            // XML and Python may declare another encoding; their readers look.
            _ => Encoding::Legacy,
        }
    }
}

/// Directories whose contents are another project's, as package managers and habit name them.
const VENDORED: [&str; 22] = [
    "vendor",
    "vendors",
    "vendored",
    "_vendor",
    "_vendored",
    "node_modules",
    "bower_components",
    "third_party",
    "third-party",
    "thirdparty",
    "3rd_party",
    "3rd-party",
    "3rdparty",
    "Godeps",
    "Pods",
    "Carthage",
    "extern",
    "externals",
    "subprojects",
    "site-packages",
    "bundled",
    // The Python 2 shim that many projects carry a copy of, with a `__version__` of its own.
    "six",
];

/// Whether a path lies in a directory of other projects' code, such as `vendor/` or `node_modules/`, at any depth and
/// in any case. A policy adds its own; this list has only names that mean nothing else.
pub fn is_vendored(path: &BStr) -> bool {
    let Some((directories, _)) = path.rsplit_once_str("/") else { return false };
    directories.split_str("/").any(|part| VENDORED.iter().any(|name| part.eq_ignore_ascii_case(name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_known_by_the_last_component() {
        for (path, kind) in [
            ("Cargo.toml", Some(Kind::CargoToml)),
            ("a/b/pom.xml", Some(Kind::Pom)),
            ("x/rails.gemspec", Some(Kind::Gemspec)),
            ("src/A.csproj", Some(Kind::MsBuild)),
            ("Directory.Packages.props", None),
            ("debian/changelog", Some(Kind::DebianChangelog)),
            ("x/debian/changelog", Some(Kind::DebianChangelog)),
            ("notdebian/changelog", None),
            ("changelog", None),
            ("src/version", None),
            ("imagefactory.spec.in", Some(Kind::RpmSpec)),
            ("Cargo.toml.orig", None),
            ("Cargo.toml/x", None),
            ("", None),
        ] {
            assert_eq!(Kind::of_path(path.into()), kind, "{path}");
        }
        assert_eq!(Kind::of_path(b"\xff/setup.py".as_bstr()), Some(Kind::SetupPy));
    }

    #[test]
    fn bundled_code_is_not_the_projects_own() {
        for path in
            ["vendor/google.golang.org/grpc/version.go", "a/node_modules/b/package.json", "Third_Party/x/VERSION"]
        {
            assert!(is_vendored(path.into()), "{path}");
        }
        assert!(is_vendored("lib/ansible/module_utils/six/__init__.py".into()));
        for path in ["vendor", "src/vendor.py", "vendoring/Cargo.toml", "setup.py", ""] {
            assert!(!is_vendored(path.into()), "{path}");
        }
    }
}
