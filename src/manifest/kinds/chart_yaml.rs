//! `Chart.yaml`.
//!
//! <https://helm.sh/docs/topics/charts/#the-chartyaml-file>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::yaml::Stream;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct ChartYaml;

impl Format for ChartYaml {
    const NAME: &'static str = "chart-yaml";
    const FILES: &'static [FileName] = &[FileName::Is("Chart.yaml")];
    const READS: &'static str = "The root `version`, or the root keys of the policy (`appVersion` is what is \
                                 packaged, not the package); never a dependency's.";
    const ENCODING: Encoding = Encoding::Utf8;
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
        let stream = Stream::new(source)?;
        if let Some(start) = stream.second_document() {
            return Err(source.syntax(start, "a chart has one document, this has more"));
        }
        let wanted = hints.names_or(&["version"]);
        let mut fields = Vec::new();
        let mut nested = None;
        stream.visit(&mut |path, scalar| match (path, &scalar.text) {
            ([key], Some(text)) if wanted.contains(&key.as_ref()) => {
                fields.push(Field::new(key.as_ref(), text, stream.range(scalar)));
            }
            ([key, _, ..], _) if wanted.contains(&key.as_ref()) => nested = Some((key.to_string(), scalar.start)),
            _ => {}
        })?;
        match nested {
            Some((key, start)) => Err(source.syntax(start, format!("`{key}` is not a text"))),
            None => Ok(fields),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, read_with, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("chart-yaml");
        let text = "apiVersion: v2\nname: ü\nappVersion: \"9\"\ndependencies:\n  - name: x\n    version: 8\nversion: 0.10.0-rc.3 # c\n";
        expect(kind, text, &[("version", "0.10.0-rc.3")]);
        expect(kind, "\u{feff}version: '1.2'\r\nname: x\r\n", &[("version", "1.2")]);
        expect(kind, "name: &v 1.2\nversion: *v\n", &[("version", "1.2")]);
        expect(kind, "version: \"{{ .V }}\"\n", &[("version", "= {{ .V }}")]);
        expect_values(kind, "version: \"1\\x2e2\"\n", &[("version", "1.2")]);
        assert_eq!(read_with(kind, text, &["version", "appVersion"]).map(|fields| fields.len()), Ok(2));
        refuse(kind, "version: 1\nversion: 2\n", 2, 1);
        refuse(kind, "version: [1]\n", 1, 11);
        refuse(kind, "a: b\n---\nversion: 1\n", 3, 1);
        for text in
            ["version: 1.2\n---\n", "---\nversion: 1.2\n---\n", "version: 1.2\n---", "version: 1.2\n---\n# end\n...\n"]
        {
            expect(kind, text, &[("version", "1.2")]);
        }
        refuse(kind, "version: {{ .V }}\n", 1, 10);
        refuse(kind, "version: 1\n\tname: x\n", 1, 10);
    }
}
