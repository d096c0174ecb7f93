//! `Cargo.lock`.

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::toml::{parse, text};
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct CargoLock;

impl Format for CargoLock {
    const NAME: &'static str = "cargo-lock";
    const FILES: &'static [FileName] = &[FileName::Is("Cargo.lock")];
    const READS: &'static str = "The versions of the packages without a source: those of the workspace. They \
                                 are derived from `Cargo.toml`.";
    const MAX_BYTES: usize = 2 << 20;
    const ENCODING: Encoding = Encoding::Utf8;
    const IS_LOCK: bool = true;
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let root = parse(source)?;
        let mut fields = Vec::new();
        let packages = root.get("package").and_then(|packages| packages.get_ref().as_array());
        let packages = packages.into_iter().flat_map(|packages| packages.iter());
        // Until 2017 the root package had a table of its own.
        for package in root.get("root").into_iter().chain(packages) {
            let Some(package) = package.get_ref().as_table().filter(|package| !package.contains_key("source")) else {
                continue;
            };
            let name = package.get("name").and_then(|name| name.get_ref().as_str()).unwrap_or_default();
            if let Some(version) = package.get("version") {
                fields.push(text(source, &format!("package.{name}.version"), version)?);
            }
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named};

    #[test]
    fn its_fields_are_read() {
        let text = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n[[package]]\nname = \"dep\"\nversion = \
                    \"9.0.0\"\nsource = \"registry+x\"\n";
        expect(named("cargo-lock"), text, &[("package.own.version", "0.1.0")]);
        expect(
            named("cargo-lock"),
            "[root]\nname = \"own\"\nversion = \"0.1.0\"\n",
            &[("package.own.version", "0.1.0")],
        );
    }
}
