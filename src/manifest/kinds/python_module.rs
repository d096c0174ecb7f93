//! `__init__.py`, `_version.py` and the like: a module that assigns `__version__`.
//!
//! <https://packaging.python.org/en/latest/discussions/single-source-version/>.

use crate::manifest::code::Code;
use crate::manifest::format::{FileName, Format};
use crate::manifest::lex::Python;
use crate::manifest::python::{assignments, declared_encoding, definitions};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct PythonModule;

impl Format for PythonModule {
    const NAME: &'static str = "python-module";
    const FILES: &'static [FileName] = &[
        FileName::Is("__init__.py"),
        FileName::Is("_version.py"),
        FileName::Is("version.py"),
        FileName::Is("__version__.py"),
        FileName::Is("__about__.py"),
        FileName::Is("release.py"),
    ];
    const READS: &'static str = "`__version__` (or the names of the policy) as a module assigns it in column \
                                 1; the last assignment is the one that counts.";
    const SCHEME: Option<&'static str> = Some("pep440");

    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
        declared_encoding(source)?;
        let code = Code::new(source, &Python)?;
        let assignments = assignments(&code);
        let definitions = definitions(&assignments);
        let mut fields = Vec::new();
        for wanted in hints.names_or(&["__version__"]) {
            if let Some(last) = assignments.iter().rfind(|assignment| assignment.names.contains(&wanted)) {
                fields.push(code.field(wanted, &last.value, &definitions));
            }
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }
}
