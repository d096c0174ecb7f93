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
    const READS: &'static str = "`project.version`, else `tool.poetry.version`, else `dynamic`.";
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
            // The plugin overwrites what stands there, whatever it is.
            let plugin = get(&root, &["tool", "poetry-dynamic-versioning", "enable"]);
            let field = text(source, &name, version)?;
            return Ok(vec![match plugin.and_then(|enable| enable.get_ref().as_bool()) {
                Some(true) => Field::dynamic(name, "tool.poetry-dynamic-versioning", field.span),
                _ => field,
            }]);
        }
        let dynamic = get(&root, &["project", "dynamic"]).and_then(|dynamic| dynamic.get_ref().as_array());
        let version =
            dynamic.into_iter().flat_map(|names| names.iter()).find(|name| name.get_ref().as_str() == Some("version"));
        let says = r#"dynamic = ["version"]"#;
        Ok(version.map(|version| Field::dynamic("project.version", says, version.span())).into_iter().collect())
    }
}
