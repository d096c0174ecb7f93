//! `Cargo.toml`, `Cargo.lock` and `pyproject.toml`.
//!
//! <https://doc.rust-lang.org/cargo/reference/manifest.html#the-version-field>,
//! <https://packaging.python.org/en/latest/specifications/pyproject-toml/>.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::Source;
use super::{Error, Field};

type Item<'a> = Spanned<DeValue<'a>>;

/// `package.version`, and the `workspace.package.version` that members inherit.
pub(super) fn cargo(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let root = parse(source)?;
    let mut fields = Vec::new();
    if let Some(version) = get(&root, &["package", "version"]) {
        // `version.workspace = true` and `version = { workspace = true }` are one and the same table.
        match version.get_ref().as_table() {
            Some(table) if table.contains_key("workspace") => {
                fields.push(Field::dynamic("package.version", "version.workspace = true", version.span()));
            }
            _ => fields.push(text(source, "package.version", version)?),
        }
    }
    if let Some(version) = get(&root, &["workspace", "package", "version"]) {
        fields.push(text(source, "workspace.package.version", version)?);
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// The packages without a source: those of the workspace. Derived from `Cargo.toml`, so of interest only where the two
/// disagree.
pub(super) fn cargo_lock(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let root = parse(source)?;
    let mut fields = Vec::new();
    let packages = root.get("package").and_then(|packages| packages.get_ref().as_array());
    let packages = packages.into_iter().flat_map(|packages| packages.iter());
    // Until 2017 the root package had a table of its own.
    for package in root.get("root").into_iter().chain(packages) {
        let Some(package) = package.get_ref().as_table().filter(|package| !package.contains_key("source")) else {
            continue;
        };
        let name = package.get("name").and_then(|name| name.get_ref().as_str()).unwrap_or_default();
        if let Some(version) = package.get("version") {
            fields.push(text(source, &format!("package.{name}.version"), version)?);
        }
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// `project.version`, else `tool.poetry.version`, else `dynamic`.
pub(super) fn pyproject(source: &Source<'_>) -> Result<Vec<Field>, Error> {
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

fn parse<'s>(source: &'s Source<'_>) -> Result<DeTable<'s>, Error> {
    match DeTable::parse(source.text()) {
        Ok(table) => Ok(table.into_inner()),
        Err(error) => Err(source.syntax(error.span().map_or(0, |span| span.start), error.message())),
    }
}

fn get<'t, 's>(root: &'t DeTable<'s>, path: &[&str]) -> Option<&'t Item<'s>> {
    let (last, tables) = path.split_last()?;
    let table = tables.iter().try_fold(root, |table, key| table.get(*key)?.get_ref().as_table())?;
    table.get(*last)
}

/// The field of a string value.
fn text(source: &Source<'_>, name: &str, value: &Item<'_>) -> Result<Field, Error> {
    match value.get_ref().as_str() {
        Some(text) => Ok(Field::new(name, text, unquoted(source, value.span()))),
        None => {
            Err(source.syntax(value.span().start, format!("`{name}` is {}, not a string", value.get_ref().type_str())))
        }
    }
}

/// The range of a TOML string without its quotes.
fn unquoted(source: &Source<'_>, span: Range<usize>) -> Range<usize> {
    let raw = source.slice(span.clone());
    for quote in [r#"""""#, "'''", "\"", "'"] {
        if let Some(inner) = raw.strip_prefix(quote).and_then(|raw| raw.strip_suffix(quote)) {
            // The first line break of a multi-line string is none of its text.
            let quote_end = span.start + quote.len();
            let lead = if quote.len() == 3 { inner.len() - inner.trim_start_matches(['\r', '\n']).len() } else { 0 };
            return quote_end + lead..span.end - quote.len();
        }
    }
    span
}
