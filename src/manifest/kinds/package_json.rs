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

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, read, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("package-json");
        let text = "{\"engines\": {\"version\": \"9\"}, \"dependencies\": {\"version\": \"8\", \"version\": \"8\"},\n \
                    \"version\": \"1.2.3\", \"workspaces\": [\"a\"]}\n";
        expect(kind, text, &[("version", "1.2.3")]);
        expect(kind, "\u{feff}{\"version\"\r\n:\"1.2.3\"}", &[("version", "1.2.3")]);
        expect(kind, "{\"private\": true, \"name\": \"é\"}", &[]);
        expect(kind, "{\"version\": \"$version$\"}", &[("version", "= $version$")]);
        expect_values(kind, "{\"\\u0076ersion\": \"1\\u002e2\"}", &[("version", "1.2")]);
        refuse(kind, "{\"version\": \"1\",\n \"versio\\u006e\": \"2\"}", 2, 18);
        refuse(kind, "{\"name\": \"é\", \"version\": 1.2}", 1, 26);
        refuse(kind, "{\"version\": \"1\" // c\n}", 1, 17);
        refuse(kind, "{\"version\": \"1\",}", 1, 17);
        refuse(kind, "[]", 1, 1);
        refuse(kind, "{} {}", 1, 4);
        assert!(read(kind, "").is_err());
    }
}
