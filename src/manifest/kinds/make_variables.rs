//! Makefiles, and shell scripts such as `GIT-VERSION-GEN`, as far as they are `NAME = value` lines.
//!
//! <https://www.gnu.org/software/make/manual/make.html#Setting>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::lines::{Line, lines};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// Linux's way to write a version; the last is appended without a dot.
const PARTS: [&str; 3] = ["VERSION", "PATCHLEVEL", "SUBLEVEL"];

/// The kind.
pub(super) struct MakeVariables;

impl Format for MakeVariables {
    const NAME: &'static str = "make-variables";
    const FILES: &'static [FileName] = &[
        FileName::Is("Makefile"),
        FileName::Is("GNUmakefile"),
        FileName::Is("makefile"),
        FileName::Is("GIT-VERSION-GEN"),
    ];
    const READS: &'static str = "`VERSION` and `DEF_VER`, or VERSION, PATCHLEVEL, SUBLEVEL and EXTRAVERSION \
                                 together as one field; or each of the variables of the policy.";

    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
        let mut assignments = Vec::new();
        let mut defining = false;
        let mut continued = false;
        for line in lines(source.text()) {
            let is_rest = std::mem::replace(&mut continued, line.text.ends_with('\\'));
            // A tab begins a recipe, that is shell; so does the body of a `define`.
            if is_rest || line.text.starts_with('\t') {
                continue;
            }
            let line = line.trimmed();
            match line.text.split_whitespace().next() {
                Some("define") => defining = true,
                Some("endef") => defining = false,
                _ if !defining => assignments.extend(assignment(line)),
                _ => {}
            }
        }
        if hints.names.is_empty()
            && let Some(field) = in_parts(&assignments)
        {
            return Ok(vec![field]);
        }
        let wanted = hints.names_or(&["VERSION", "DEF_VER"]);
        let wanted = assignments.iter().filter(|assignment| wanted.contains(&assignment.name));
        Ok(wanted.filter_map(Assignment::field).collect())
    }
}

struct Assignment<'t> {
    name: &'t str,
    value: Line<'t>,
    computed: bool,
}

impl Assignment<'_> {
    fn field(&self) -> Option<Field> {
        let Line { text, .. } = self.value;
        Some(match text {
            "" => return None,
            _ if self.computed => Field::dynamic(self.name, text, self.value.range()),
            _ => Field::new(self.name, text, self.value.range()),
        })
    }
}

/// Reads `NAME = value`, `NAME := value`, `NAME ?= value` and so on, after `export` and `override`.
fn assignment(line: Line<'_>) -> Option<Assignment<'_>> {
    let (left, value) = line.split_once('=')?;
    let (operator, computed) = match left.text.as_bytes().last() {
        // What `!=` runs and `+=` adds to is not known.
        Some(b'!' | b'+') => (1, true),
        Some(b'?') => (1, false),
        Some(b':') => (left.text.len() - left.text.trim_end_matches(':').len(), false),
        _ => (0, false),
    };
    let left = left.text.get(..left.text.len() - operator)?;
    let mut words = left.split_whitespace().rev();
    let name = words.next()?;
    let known = |word: &str| ["export", "override", "private", "readonly", "local"].contains(&word);
    if left.contains('#') || !words.all(known) {
        return None;
    }
    let value = match value.text.find('#') {
        Some(comment) => Line { text: value.text.get(..comment)?, start: value.start },
        None => value,
    };
    let value = value.trimmed();
    let computed = computed || value.text.ends_with('\\') || value.text.contains('`');
    // The shell's quotes.
    for quote in ["\"", "'"] {
        if let Some(inner) = value.text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote)) {
            return Some(Assignment { name, value: Line { text: inner, start: value.start + 1 }, computed });
        }
    }
    Some(Assignment { name, value, computed })
}

/// The version in parts, if at least VERSION and PATCHLEVEL are each assigned once.
fn in_parts(assignments: &[Assignment<'_>]) -> Option<Field> {
    let only = |name: &str| {
        let mut found = assignments.iter().filter(|assignment| assignment.name == name);
        found.next().filter(|_| found.next().is_none()).filter(|found| !found.value.text.is_empty())
    };
    let parts: Vec<_> = PARTS.iter().map_while(|name| only(name)).collect();
    let extra = only("EXTRAVERSION");
    if parts.len() < 2 || parts.iter().chain(extra.iter()).any(|part| part.computed) {
        return None;
    }
    let mut version = parts.iter().map(|part| part.value.text).collect::<Vec<_>>().join(".");
    version.push_str(extra.map_or("", |extra| extra.value.text));
    let ranges: Vec<_> = parts.iter().chain(extra.iter()).map(|part| part.value.range()).collect();
    Some(Field::joined("VERSION", &version, &ranges))
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, read_with};

    #[test]
    fn its_fields_are_read() {
        let kind = named("make-variables");
        let linux =
            "# c\nVERSION = 6\nPATCHLEVEL = 8\nSUBLEVEL = 0\nEXTRAVERSION = -rc1\nNAME = x\n\nall:\n\tVERSION=9 run\n";
        expect_values(kind, linux, &[("VERSION", "6.8.0-rc1")]);
        expect_values(kind, &linux.replace("-rc1", ""), &[("VERSION", "6.8.0")]);
        expect(kind, "export VERSION ?= 1.2 # VERSION = 9\nMY_VERSION = 8\nVERSION2 = 7\n", &[("VERSION", "1.2")]);
        expect(kind, "#!/bin/sh\nDEF_VER=v2.44.GIT\nVN=$(cat version)\n", &[("DEF_VER", "v2.44.GIT")]);
        expect(kind, "VERSION := $(shell git describe)\n", &[("VERSION", "= $(shell git describe)")]);
        expect(kind, "VERSION != git describe\n", &[("VERSION", "= git describe")]);
        expect(kind, "define X\nVERSION = 9\nendef\nVERSION='1.2'\nY = a \\\nVERSION = 8\n", &[("VERSION", "1.2")]);
        let xen = "export XEN_VERSION = 4\nexport XEN_SUBVERSION = 20\nexport XEN_EXTRAVERSION ?= .1-pre$(XEN_VENDORVERSION)\n";
        expect(kind, xen, &[]);
        assert_eq!(
            read_with(kind, xen, &["XEN_SUBVERSION", "XEN_EXTRAVERSION"]),
            Ok(vec![
                ("XEN_SUBVERSION".into(), "20".into()),
                ("XEN_EXTRAVERSION".into(), "= .1-pre$(XEN_VENDORVERSION)".into())
            ])
        );
    }
}
