//! `gradle.properties`.
//!
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::lines::{Line, lines};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct GradleProperties;

impl Format for GradleProperties {
    const NAME: &'static str = "gradle-properties";
    const FILES: &'static [FileName] = &[FileName::Is("gradle.properties")];
    const READS: &'static str = "`version`, or the keys of the policy. A value that goes on in the next line \
                                 is computed.";
    // Maven and Gradle take any text; what their projects write is `1.0-RC1` and the like.
    const SCHEME: Option<&'static str> = Some("dotted");

    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
        let wanted = hints.names_or(&["version"]);
        let mut fields: Vec<Field> = Vec::new();
        let mut continued = false;
        for line in lines(source.text()) {
            let goes_on = line.text.len() - line.text.trim_end_matches('\\').len();
            let (is_rest, line) = (continued, line.trimmed());
            continued = goes_on % 2 == 1;
            if is_rest || line.text.starts_with(['#', '!']) {
                continued &= is_rest;
                continue;
            }
            let end = line.text.find(|c: char| c == '=' || c == ':' || c.is_whitespace()).unwrap_or(line.text.len());
            let (key, rest) = line.text.split_at_checked(end).unwrap_or_default();
            if !wanted.contains(&key) {
                continue;
            }
            // White space, then at most one separator.
            let value = rest.trim_start();
            let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start();
            let value = Line { text: value, start: line.start + line.text.len() - value.len() };
            if fields.iter().any(|field| field.name == key) {
                return Err(source.duplicate(line.start, key));
            }
            if value.text.contains('\\') {
                fields.push(Field::dynamic(key, value.text, value.range()));
            } else if !value.text.is_empty() {
                fields.push(Field::new(key, value.text, value.range()));
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, read_with, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("gradle-properties");
        let one = [("version", "1.2")];
        expect(kind, "#version=9\n!version=8\norg.gradle.version=7\na=b \\\n  version=6\nversion = 1.2\r\n", &one);
        expect(kind, "  version: 1.2\n", &one);
        expect(kind, "version 1.2\n", &one);
        expect(kind, "# c \\\nversion=1.2\n", &one);
        refuse(kind, "version=1\nversion=2\n", 2, 1);
        assert_eq!(
            read_with(kind, "version=1\nVERSION_NAME=2\n", &["VERSION_NAME"]),
            Ok(vec![("VERSION_NAME".into(), "2".into())])
        );
    }
}
