//! TOML, with the range of each value.

use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::source::Source;
use super::{Error, Field};

type Item<'a> = Spanned<DeValue<'a>>;

/// Reads a TOML file.
pub(super) fn parse<'s>(source: &'s Source<'_>) -> Result<DeTable<'s>, Error> {
    match DeTable::parse(source.text()) {
        Ok(table) => Ok(table.into_inner()),
        Err(error) => Err(source.syntax(error.span().map_or(0, |span| span.start), error.message())),
    }
}

/// Returns the value at a path of tables.
pub(super) fn get<'t, 's>(root: &'t DeTable<'s>, path: &[&str]) -> Option<&'t Item<'s>> {
    let (last, tables) = path.split_last()?;
    let table = tables.iter().try_fold(root, |table, key| table.get(*key)?.get_ref().as_table())?;
    table.get(*last)
}

/// Returns the field of a string value.
pub(super) fn text(source: &Source<'_>, name: &str, value: &Item<'_>) -> Result<Field, Error> {
    match value.get_ref().as_str() {
        Some(text) => Ok(Field::new(name, text, unquoted(source, value.span()))),
        None => {
            Err(source.syntax(value.span().start, format!("`{name}` is {}, not a string", value.get_ref().type_str())))
        }
    }
}

/// Returns the range of a TOML string without its quotes.
fn unquoted(source: &Source<'_>, span: Range<usize>) -> Range<usize> {
    let raw = source.slice(span.clone());
    for quote in [r#"""""#, "'''", "\"", "'"] {
        if let Some(inner) = raw.strip_prefix(quote).and_then(|raw| raw.strip_suffix(quote)) {
            // The first line break of a multi-line string is not part of its text.
            let quote_end = span.start + quote.len();
            let lead = if quote.len() == 3 { inner.len() - inner.trim_start_matches(['\r', '\n']).len() } else { 0 };
            return quote_end + lead..span.end - quote.len();
        }
    }
    span
}
