//! `pyproject.toml`.
//!
//! <https://packaging.python.org/en/latest/specifications/pyproject-toml/>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::toml::{get, parse, text};
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct Pyproject;

impl Format for Pyproject {
    const NAME: &'static str = "pyproject";
    const FILES: &'static [FileName] = &[FileName::Is("pyproject.toml")];
    const READS: &'static str = "`project.version`, else `tool.poetry.version`, else `dynamic`, else the table of a tool \
                                 that computes the version (`tool.setuptools_scm` and the like).";
    const WITH: &'static [&'static str] = &["setup.py", "setup.cfg"];
    const MAX_BYTES: usize = 2 << 20;
    const ENCODING: Encoding = Encoding::Utf8;
    const SCHEME: Option<&'static str> = Some("pep440");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let root = parse(source)?;
        let named = ["project", "tool.poetry"].into_iter().find_map(|table| {
            let path: Vec<&str> = table.split('.').chain(["version"]).collect();
            Some((format!("{table}.version"), get(&root, &path)?))
        });
        if let Some((name, version)) = named {
            // The plugin overwrites what stands there: a placeholder is right, a version is set by hand nevertheless.
            let plugin = get(&root, &["tool", "poetry-dynamic-versioning", "enable"]);
            let field = text(source, &name, version)?;
            return Ok(vec![match plugin.and_then(|enable| enable.get_ref().as_bool()) {
                Some(true) if field.value.is_placeholder() => {
                    Field::dynamic(name, "tool.poetry-dynamic-versioning", field.span)
                }
                _ => field,
            }]);
        }
        let dynamic = get(&root, &["project", "dynamic"]).and_then(|dynamic| dynamic.get_ref().as_array());
        let version =
            dynamic.into_iter().flat_map(|names| names.iter()).find(|name| name.get_ref().as_str() == Some("version"));
        let declared = version.map(|version| (r#"dynamic = ["version"]"#.to_owned(), version.span()));
        let tool = || {
            COMPUTING.iter().find_map(|path| {
                let keys: Vec<&str> = path.split('.').collect();
                Some(((*path).to_owned(), get(&root, &keys)?.span()))
            })
        };
        let computed = declared.or_else(tool);
        Ok(computed.map(|(says, span)| Field::dynamic("project.version", says, span)).into_iter().collect())
    }
}

/// The tables of tools that compute the version, each under its project's name on PyPI: setuptools_scm, versioningit,
/// hatch-vcs, setuptools-git-versioning, versioneer, PDM.
const COMPUTING: [&str; 6] = [
    "tool.setuptools_scm",
    "tool.versioningit",
    "tool.hatch.version",
    "tool.setuptools-git-versioning",
    "tool.versioneer",
    "tool.pdm.version",
];

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("pyproject");
        let python =
            "requires-python = '>=3.9'\n[tool.black]\ntarget-version = ['py39']\n[tool.mypy]\npython_version = '3.9'\n";
        expect(kind, &format!("[project]\nversion = '1.2'\n{python}"), &[("project.version", "1.2")]);
        expect(
            kind,
            &format!("[project]\ndynamic = ['x', 'version']\n{python}"),
            &[("project.version", "= dynamic = [\"version\"]")],
        );
        expect(
            kind,
            "[tool.poetry]\nversion = '1.2'\n[tool.commitizen]\nversion = '3'\n",
            &[("tool.poetry.version", "1.2")],
        );
        expect(
            kind,
            "[tool.poetry]\nversion = '0.0.0'\n[tool.poetry-dynamic-versioning]\nenable = true\n",
            &[("tool.poetry.version", "= tool.poetry-dynamic-versioning")],
        );
        expect(
            kind,
            "[tool.poetry]\nversion = '1.2'\n[tool.poetry-dynamic-versioning]\nenable = true\n",
            &[("tool.poetry.version", "1.2")],
        );
        for tool in ["setuptools_scm", "versioningit", "hatch.version", "pdm.version"] {
            let table = format!("[project]\nname = 'a'\n[tool.{tool}]\nx = 1\n");
            expect(kind, &table, &[("project.version", &format!("= tool.{tool}"))]);
        }
        // Poetry 2 has both tables: `dynamic` then means the other one.
        expect(
            kind,
            "[project]\ndynamic = ['version']\n[tool.poetry]\nversion = '1.2'\n",
            &[("tool.poetry.version", "1.2")],
        );
        expect(kind, "[build-system]\nrequires = []\n", &[]);
        refuse(kind, "[project]\nname = 'a'\n[project]\nversion = '1'\n", 3, 2);
    }
}
