//! `setup.cfg`.
//!
//! <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>,
//! <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::lines::{Line, lines};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct SetupCfg;

impl Format for SetupCfg {
    const NAME: &'static str = "setup-cfg";
    const FILES: &'static [FileName] = &[FileName::Is("setup.cfg")];
    const READS: &'static str = "`version` in `[metadata]`; `attr:`, `file:` and interpolations are computed. \
                                 A section or key that stands twice is an error, as it is to Python.";
    const WITH: &'static [&'static str] = &["setup.py", "pyproject.toml"];
    const SCHEME: Option<&'static str> = Some("pep440");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let mut fields: Vec<Field> = Vec::new();
        let (mut metadata, mut sections) = (false, 0);
        // The line of a `version` key whose value may go on in indented lines.
        let mut version: Option<Line<'_>> = None;
        for line in lines(source.text()) {
            let text = line.text.trim_end();
            if text.trim_start().is_empty() || text.trim_start().starts_with(['#', ';']) {
                continue;
            }
            if text.starts_with([' ', '\t']) {
                if let Some(first) = &mut version {
                    if !first.text.is_empty() {
                        return Err(source.syntax(line.start, "`metadata.version` has several lines"));
                    }
                    *first = line.trimmed();
                }
                continue;
            }
            fields.extend(version.take().and_then(|value| attribute(value)));
            if let Some(section) = text.strip_prefix('[') {
                let Some((name, _)) = section.split_once(']') else {
                    return Err(source.syntax(line.start, "a section that does not end"));
                };
                metadata = name == "metadata";
                sections += usize::from(metadata);
                if sections > 1 && metadata {
                    return Err(source.duplicate(line.start, "[metadata]"));
                }
                continue;
            }
            let Some(at) = text.find(['=', ':']) else {
                return Err(source.syntax(line.start, "neither a section nor a key with a value"));
            };
            let (key, value) = text.split_at_checked(at).unwrap_or_default();
            if metadata && key.trim_end().eq_ignore_ascii_case("version") {
                if !fields.is_empty() {
                    return Err(source.duplicate(line.start, "version"));
                }
                let value = value.get(1..).unwrap_or_default();
                version = Some(Line { text: value, start: line.start + at + 1 }.trimmed());
            }
        }
        fields.extend(version.and_then(attribute));
        Ok(fields)
    }
}

fn attribute(value: Line<'_>) -> Option<Field> {
    const NAME: &str = "metadata.version";
    let computed = ["attr:", "file:"].iter().any(|directive| value.text.starts_with(directive));
    Some(match value.text {
        "" => return None,
        text if computed => Field::dynamic(NAME, text, value.range()),
        text => Field::new(NAME, text, value.range()),
    })
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("setup-cfg");
        let one = [("metadata.version", "1.2")];
        expect(kind, "[bumpversion]\nversion = 9\n[metadata]\nname = a\nversion = 1.2\n[options]\nversion = 8\n", &one);
        expect(kind, "[mypy]\npython_version = 3.9\n[metadata]\r\n; version = 0\r\nVersion: 1.2 \r\n", &one);
        expect(kind, "[metadata]\nversion =\n  # c\n  1.2\nname = x\n  version = 9\n", &one);
        expect(
            kind,
            "[metadata]\nversion = attr: pkg.__version__\n",
            &[("metadata.version", "= attr: pkg.__version__")],
        );
        expect(kind, "[metadata]\nversion = file: VERSION\n", &[("metadata.version", "= file: VERSION")]);
        expect(kind, "[metadata]\nversion = %(v)s\n", &[("metadata.version", "= %(v)s")]);
        expect(kind, "[metadata]\nname = pbr\n", &[]);
        refuse(kind, "[metadata]\nversion = 1\nversion = 2\n", 3, 1);
        refuse(kind, "[metadata]\nversion = 1\n[a]\nb = c\n[metadata]\n", 5, 1);
        refuse(kind, "[metadata]\nversion = 1\n 2\n", 3, 1);
        refuse(kind, "[metadata\n", 1, 1);
        refuse(kind, "[metadata]\nversion\n", 2, 1);
    }
}
