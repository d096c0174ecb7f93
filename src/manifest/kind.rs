//! Which manifest a path is, by its name.

use bstr::BStr;

use super::format::{Entry, FileName};
use super::kinds::KINDS;
use super::source::{Source, few};
use super::{Error, Field, Hints};

/// A kind of manifest, such as `Cargo.toml`.
#[derive(Clone, Copy)]
pub struct Kind(&'static Entry);

impl Kind {
    /// Returns every kind, in the order of the list.
    pub fn all() -> impl Iterator<Item = Self> {
        KINDS.iter().map(Self)
    }

    /// Returns the kind of the manifest at this path, by its last component; `None` for any other file.
    ///
    /// A name says what a file may be, not whose it is: see [`is_vendored`](super::is_vendored). A path cannot say
    /// which `__init__.py` is the top package's; those that do not assign `__version__` have no field.
    pub fn of_path(path: &BStr) -> Option<Self> {
        Self::all().find(|kind| kind.files().iter().any(|file| file.matches(path)))
    }

    /// Returns the name, in lower case with dashes.
    pub fn name(self) -> &'static str {
        self.0.name
    }

    /// Returns the names of the files that are of this kind.
    pub fn files(self) -> &'static [FileName] {
        self.0.files
    }

    /// Returns what is read of such a file and what is not, in Markdown.
    pub fn reads(self) -> &'static str {
        self.0.reads
    }

    /// Returns the most bytes that are read of a file of this kind.
    pub fn max_bytes(self) -> usize {
        self.0.max_bytes
    }

    /// Returns whether a tool writes these files from another manifest, and nobody edits their version by hand.
    pub fn is_lock(self) -> bool {
        self.0.is_lock
    }

    /// Returns the names of other files in the same directory that can say the same version.
    pub fn with(self) -> &'static [&'static str] {
        self.0.with
    }

    /// Returns the name of the version scheme that such files write versions in; `None` where anything goes.
    pub fn scheme(self) -> Option<&'static str> {
        self.0.scheme
    }

    /// Returns the versions that each of a file's fields can be meant to say, in the order of the fields; empty for a
    /// computed field, and for one that is judged together with another.
    ///
    /// Most fields say one thing. Packages count their own revisions: `1.15.9-2` in `debian/changelog` packages 1.15.9,
    /// and an RPM's version and release stand in two fields.
    pub fn meanings(self, fields: &[Field]) -> Vec<Vec<String>> {
        (self.0.meanings)(fields)
    }

    pub(super) fn read(self, bytes: &[u8], hints: &Hints) -> Result<Vec<Field>, Error> {
        let source = Source::new(bytes, self.0.max_bytes, self.0.encoding)?;
        let fields = few((self.0.read)(&source, hints)?)?;
        fields.into_iter().map(|field| source.located(field)).collect()
    }
}

/// Kinds are compared by their names.
impl PartialEq for Kind {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Kind {}

impl std::fmt::Debug for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Kind({})", self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice as _;
    use std::collections::BTreeSet;

    fn of_path(path: impl AsRef<[u8]>) -> Option<&'static str> {
        Kind::of_path(path.as_ref().as_bstr()).map(Kind::name)
    }

    #[test]
    fn a_kind_is_known_by_the_last_component() {
        for (path, kind) in [
            ("Cargo.toml", Some("cargo-toml")),
            ("a/b/pom.xml", Some("pom")),
            ("x/rails.gemspec", Some("gemspec")),
            ("src/A.csproj", Some("msbuild")),
            ("Directory.Packages.props", None),
            ("debian/changelog", Some("debian-changelog")),
            ("x/debian/changelog", Some("debian-changelog")),
            ("notdebian/changelog", None),
            ("changelog", None),
            ("src/version", None),
            ("imagefactory.spec.in", Some("rpm-spec")),
            ("Cargo.toml.orig", None),
            ("Cargo.toml/x", None),
            ("", None),
        ] {
            assert_eq!(of_path(path), kind, "{path}");
        }
        assert_eq!(of_path(b"\xff/setup.py"), Some("setup-py"));
    }

    #[test]
    fn every_kind_is_found_by_its_own_names_and_by_no_other() {
        for kind in Kind::all() {
            assert!(!kind.files().is_empty() && !kind.reads().is_empty(), "{kind:?}");
            for file in kind.files() {
                assert_eq!(of_path(file.to_string().replace('*', "x")), Some(kind.name()), "{file}");
            }
        }
        let names: BTreeSet<&str> = Kind::all().map(Kind::name).collect();
        assert_eq!(names.len(), Kind::all().count(), "a name stands twice");
    }

    #[test]
    fn every_file_of_a_kind_is_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/manifest/kinds");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let stems: BTreeSet<String> =
            files.map(|path| path.file_stem().unwrap().to_str().unwrap().replace('_', "-")).collect();
        let names = Kind::all().map(|kind| kind.name().to_owned()).chain(["mod".to_owned()]).collect();
        assert_eq!(stems, names);
    }
}
