//! `Cargo.toml`.
//!
//! <https://doc.rust-lang.org/cargo/reference/manifest.html#the-version-field>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::toml::{get, parse, text};
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct CargoToml;

impl Format for CargoToml {
    const NAME: &'static str = "cargo-toml";
    const FILES: &'static [FileName] = &[FileName::Is("Cargo.toml")];
    const READS: &'static str = "`package.version`, and the `workspace.package.version` that members inherit.";
    // The parser takes up to 70 bytes of memory for each.
    const MAX_BYTES: usize = 2 << 20;
    const ENCODING: Encoding = Encoding::Utf8;
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let root = parse(source)?;
        let mut fields = Vec::new();
        if let Some(version) = get(&root, &["package", "version"]) {
            // `version.workspace = true` and `version = { workspace = true }` are one and the same table.
            match version.get_ref().as_table() {
                Some(table) if table.contains_key("workspace") => {
                    fields.push(Field::dynamic("package.version", "version.workspace = true", version.span()));
                }
                _ => fields.push(text(source, "package.version", version)?),
            }
        }
        if let Some(version) = get(&root, &["workspace", "package", "version"]) {
            fields.push(text(source, "workspace.package.version", version)?);
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("cargo-toml");
        let package = [("package.version", "1.2.3")];
        expect(kind, "[package]\nname = 'a'\nversion = \"1.2.3\"\n", &package);
        expect(
            kind,
            "\u{feff}[package]\r\nrust-version = '1.88'\r\nversion = '''\n1.2.3'''\r\n",
            &[].iter().chain(&package).copied().collect::<Vec<_>>(),
        );
        expect(kind, "package.version = '1.2.3'\n[dependencies.x]\nversion = '9'\n[dependencies]\ny = '8'\n", &package);
        let inherited = [("package.version", "= version.workspace = true")];
        expect(kind, "[package]\nversion.workspace = true\n", &inherited);
        expect(kind, "[package]\nversion = { workspace = true }\n", &inherited);
        expect(
            kind,
            "[workspace.package]\nversion = '2.0.0'\n[package]\nversion = '1.0.0'",
            &[("workspace.package.version", "2.0.0"), ("package.version", "1.0.0")],
        );
        expect(kind, "[workspace]\nmembers = []\n[workspace.dependencies]\nversion = '1'\n", &[]);
        expect_values(kind, "[package]\nversion = \"1.\\u0032\"\n", &[("package.version", "1.2")]);
        refuse(kind, "[package]\nversion = 1.2\n", 2, 11);
        refuse(kind, "[package]\nversion = '1'\nversion = '2'\n", 3, 1);
        refuse(kind, "[package\nversion = '1'\n", 1, 9);
    }
}
