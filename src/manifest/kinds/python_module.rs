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

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, read_with};
    use crate::manifest::{Error, Hints, Value, fields};

    #[test]
    fn its_fields_are_read() {
        let kind = named("python-module");
        let one = [("__version__", "1.2")];
        expect(
            kind,
            "\"\"\"\n__version__ = '9'\n\"\"\"\n__version__ = '1.2' # x\nif a:\n    __version__ = '8'\n",
            &one,
        );
        expect(kind, "__version__ = version = '1.2'\n__version_tuple__ = version_tuple = (1, 2)\n", &one);
        expect(kind, "__version__: str = '1.2'\n", &one);
        expect(kind, "VERSION = '1.2'\r\n__version__ = VERSION\r\n", &one);
        expect(kind, "__version__ = '0'\n__version__ = '1.2'\n", &one);
        for (text, says) in [
            ("_version_major = 8\n__version__ = '.'.join(map(str, v))\n", "= '.'.join(map(str, v))"),
            ("__version__ = (1, 2)\n", "= (1, 2)"),
            ("__version__ = '1'\n__version__ += '.dev'\n", "= __version__ += '.dev'"),
            ("__version__ = get_versions()['version']\n", "= get_versions()['version']"),
        ] {
            expect(kind, text, &[("__version__", says)]);
        }
        expect(kind, "from ._version import __version__\nx.__version__ = '1'\n__version__ == '2'\n", &[]);
        assert_eq!(
            read_with(kind, "_version_major = 8\n_version_minor = 4", &["_version_minor"]),
            Ok(vec![("_version_minor".into(), "4".into())])
        );
        let latin = b"# -*- coding: latin-1 -*-\n__author__ = 'J\xf6rg'\n__version__ = '1.2'\n";
        assert_eq!(
            fields(kind, latin, &Hints::default()).map(|fields| fields[0].value.clone()),
            Ok(Value::Literal("1.2".into()))
        );
        assert_eq!(fields(kind, &latin[26..], &Hints::default()), Err(Error::NotUtf8 { line: 1, column: 16 }));
    }
}
