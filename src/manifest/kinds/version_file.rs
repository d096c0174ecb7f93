//! `VERSION` and the like: a file that is nothing but a version.

use crate::manifest::format::{FileName, Format};
use crate::manifest::lines::{Line, lines};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct VersionFile;

impl Format for VersionFile {
    const NAME: &'static str = "version-file";
    const FILES: &'static [FileName] = &[
        FileName::Is("VERSION"),
        FileName::Is("VERSION.txt"),
        FileName::Is("version.txt"),
        FileName::Is(".version"),
        FileName::Is("RAILS_VERSION"),
    ];
    const READS: &'static str = "The one line of a file that is nothing but a version.";

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let mut filled = lines(source.text()).map(Line::trimmed).filter(|line| !line.text.is_empty());
        let Some(line) = filled.next() else { return Ok(Vec::new()) };
        match filled.next() {
            Some(second) => Err(source.syntax(second.start, "a version file has one line, this has more")),
            None => Ok(vec![Field::new("version", line.text, line.range())]),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};
    use crate::manifest::{Error, Hints, fields};

    #[test]
    fn its_fields_are_read() {
        let kind = named("version-file");
        expect(kind, "1.2.3\n", &[("version", "1.2.3")]);
        expect(kind, "\u{feff}\r\n 24.11.0-rc1 \r\n\r\n", &[("version", "24.11.0-rc1")]);
        expect(kind, "", &[]);
        refuse(kind, "1.2\nMAJOR=1\n", 2, 1);
        assert_eq!(fields(kind, b"1.\xff2\n", &Hints::default()), Err(Error::NotUtf8 { line: 1, column: 3 }));
        refuse(kind, &format!("\n{}\n", "1".repeat(257)), 2, 1);
    }
}
