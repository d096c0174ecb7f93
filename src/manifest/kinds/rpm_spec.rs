//! RPM spec files.
//!
//! <https://rpm-software-management.github.io/rpm/manual/spec.html>.

use std::collections::BTreeMap;

use crate::manifest::format::{FileName, Format};
use crate::manifest::lines::{Line, lines};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct RpmSpec;

impl Format for RpmSpec {
    const NAME: &'static str = "rpm-spec";
    const FILES: &'static [FileName] = &[FileName::Ends(".spec"), FileName::Ends(".spec.in")];
    const READS: &'static str = "`Version:` and `Release:` of the preamble. A version that is one macro is \
                                 followed to the `%define` or `%global` of this file; of a release, a \
                                 `%{?dist}` at its end is not part of the value.";
    // Pre-releases stand behind a tilde, as in Debian; RPM's release is a field of its own.
    const SCHEME: Option<&'static str> = Some("debian");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let mut macros: BTreeMap<&str, Option<Line<'_>>> = BTreeMap::new();
        let mut tags = Vec::new();
        for line in lines(source.text()) {
            if SECTIONS.iter().any(|section| line.text.split_whitespace().next() == Some(section)) {
                break;
            }
            let line = line.trimmed();
            if let Some((name, value)) = definition(line) {
                macros.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
            } else if let Some((tag, value)) = line.split_once(':') {
                let name =
                    ["Version", "Release"].into_iter().find(|name| tag.text.trim_end().eq_ignore_ascii_case(name));
                tags.extend(name.map(|name| (name, value.trimmed())));
            }
        }
        let mut fields = Vec::new();
        for (name, mut value) in tags {
            if name == "Release" {
                value.text = value.text.strip_suffix("%{?dist}").unwrap_or(value.text);
            }
            let called = value.text.strip_prefix("%{").and_then(|text| text.strip_suffix('}'));
            if let Some(Some(literal)) = called.or(value.text.strip_prefix('%')).and_then(|name| macros.get(name)) {
                value = *literal;
            }
            if !value.text.is_empty() {
                fields.push(Field::new(name, value.text, value.range()));
            }
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }

    fn meanings(fields: &[Field]) -> Vec<Vec<String>> {
        let literal = |name| fields.iter().find(|field| field.name == name).and_then(|field| field.value.literal());
        let both = literal("Version").zip(literal("Release"));
        let whole = both.map(|(version, release)| format!("{version}-{release}"));
        // As Fedora wrote pre-releases before RPM had tildes: `1.0-0.1.rc1`.
        let candidate = both.and_then(|(version, release)| {
            let (_, word) = release.strip_prefix("0.")?.split_once('.')?;
            word.starts_with(|c: char| c.is_ascii_alphabetic()).then(|| format!("{version}~{word}"))
        });
        let one = |field: &Field| match field.value.literal() {
            Some(version) if field.name != "Release" => {
                whole.iter().chain(&candidate).cloned().chain([version.to_owned()]).collect()
            }
            _ => Vec::new(),
        };
        fields.iter().map(one).collect()
    }
}

/// Sections that end the preamble, which is where the package's own tags are.
const SECTIONS: [&str; 11] = [
    "%package",
    "%description",
    "%prep",
    "%generate_buildrequires",
    "%build",
    "%install",
    "%check",
    "%clean",
    "%files",
    "%changelog",
    "%pre",
];

/// The name and body of `%define name body` or `%global name body`; a macro with parameters is none.
fn definition(line: Line<'_>) -> Option<(&str, Line<'_>)> {
    let rest = line.strip_prefix("%define").or_else(|| line.strip_prefix("%global"))?;
    let rest = Some(rest).filter(|rest| rest.text.starts_with([' ', '\t']))?.trimmed();
    let end = rest.text.find([' ', '\t'])?;
    let (name, value) = rest.text.split_at_checked(end)?;
    Some((name, Line { text: value, start: rest.start + end }.trimmed()))
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named};
    use crate::manifest::{Hints, fields};

    #[test]
    fn its_fields_are_read() {
        let kind = named("rpm-spec");
        let text = "# Version: 9\nName: a\nVersion:\t1.2\nRelease: 3%{?dist}\nBuildRequires: b >= 8\n%package c\nVersion: 7\n\
                    %description\nVersion: 6\n";
        expect(kind, text, &[("Version", "1.2"), ("Release", "3")]);
        expect(kind, "%define ver 1.2\nversion: %{ver}\nRelease: 1\n", &[("Version", "1.2"), ("Release", "1")]);
        expect(kind, "Version: %{ver}\n", &[("Version", "= %{ver}")]);
        expect(
            kind,
            "Version: @VERSION@\nRelease: @RELEASE@\n",
            &[("Version", "= @VERSION@"), ("Release", "= @RELEASE@")],
        );
        expect(kind, "%if 1\nVersion: 1\n%else\nVersion: 2\n%endif\n", &[("Version", "1"), ("Version", "2")]);
        let latin = b"Version: 1\n%changelog\n* J\xf6rg\n";
        assert_eq!(fields(kind, latin, &Hints::default()).map(|fields| fields.len()), Ok(1));
    }
}
