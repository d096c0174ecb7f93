//! `package.json`.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-json>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::json::{members, version};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct PackageJson;

impl Format for PackageJson {
    const NAME: &'static str = "package-json";
    const FILES: &'static [FileName] = &[FileName::Is("package.json")];
    const READS: &'static str = "The top-level `version`.";
    const MAX_BYTES: usize = 8 << 20;
    const ENCODING: Encoding = Encoding::Utf8;
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let root = members(source, source.text(), 0)?;
        version(source, &root, "version").map(Vec::from_iter)
    }
}
