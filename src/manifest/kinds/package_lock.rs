//! `package-lock.json` and `npm-shrinkwrap.json`.
//!
//! <https://docs.npmjs.com/cli/configuring-npm/package-lock-json>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::json::{find, members, version};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct PackageLock;

impl Format for PackageLock {
    const NAME: &'static str = "package-lock";
    const FILES: &'static [FileName] = &[FileName::Is("package-lock.json"), FileName::Is("npm-shrinkwrap.json")];
    const READS: &'static str = "`version`, and `packages[\"\"].version`, which says the same since lock file \
                                 version 2; all else is dependencies.";
    const MAX_BYTES: usize = 8 << 20;
    const ENCODING: Encoding = Encoding::Utf8;
    const IS_LOCK: bool = true;
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let root = members(source, source.text(), 0)?;
        let mut fields = Vec::from_iter(version(source, &root, "version")?);
        if let Some(packages) = find(&root, "packages") {
            let packages = members(source, source.slice(packages.clone()), packages.start)?;
            if let Some(own) = find(&packages, "") {
                let own = members(source, source.slice(own.clone()), own.start)?;
                fields.extend(version(source, &own, r#"packages[""].version"#)?);
            }
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let text = "{\"version\": \"2.1.0\", \"lockfileVersion\": 3, \"packages\": {\"node_modules/x\": {\"version\": \"9\"},\n\
                    \"\": {\"name\": \"a\", \"version\": \"2.2.2\"}}, \"dependencies\": {\"x\": {\"version\": \"9\"}}}";
        expect(named("package-lock"), text, &[("version", "2.1.0"), ("packages[\"\"].version", "2.2.2")]);
        refuse(named("package-lock"), "{\"packages\":\n {\"\": {},\n \"\": {\"version\": \"1\"}}}", 3, 6);
        refuse(named("package-lock"), "{\"packages\": {\n\"\": {\"version\": 1}}}", 2, 17);
        refuse(named("package-lock"), "{\"packages\": 1}", 1, 14);
    }
}
