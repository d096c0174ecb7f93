//! `debian/changelog`.

use crate::manifest::changelog::{MAX_BYTES, first_version};
use crate::manifest::format::{FileName, Format};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct DebianChangelog;

impl Format for DebianChangelog {
    const NAME: &'static str = "debian-changelog";
    const FILES: &'static [FileName] = &[FileName::In("debian", "changelog")];
    const READS: &'static str = "The version of the first entry that is released: one for `UNRELEASED` still \
                                 collects changes.";
    const MAX_BYTES: usize = MAX_BYTES;
    const SCHEME: Option<&'static str> = Some("debian");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        first_version(source)
    }

    fn meanings(fields: &[Field]) -> Vec<Vec<String>> {
        let one = |field: &Field| {
            let Some(text) = field.value.literal() else { return Vec::new() };
            let upstream = text.split_once(':').map_or(text, |(_, rest)| rest);
            let bare = upstream.rsplit_once('-').map_or(upstream, |(bare, _)| bare);
            vec![text.to_owned(), upstream.to_owned(), bare.to_owned()]
        };
        fields.iter().map(one).collect()
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let text =
            "pybal (1:1.15.4-1) stretch; urgency=low\n\n  * x\n\n -- a <b>  c\n\npybal (1.15.3) jessie; urgency=low\n";
        expect(named("debian-changelog"), text, &[("version", "1:1.15.4-1")]);
        let open = format!("pybal (1.15.5) UNRELEASED; urgency=low\n\n  * y\n\n{text}");
        expect(named("debian-changelog"), &open, &[("version of the last release", "1:1.15.4-1")]);
        expect(named("debian-changelog"), "pybal (0.1) UNRELEASED; urgency=low\n", &[("version", "0.1")]);
        refuse(named("debian-changelog"), "pybal 1.15.4 stretch\n", 1, 1);
    }
}
