//! What every table has: a key, a form as written, and what the layers come to.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::ops::Range;
use toml::Spanned;
use toml::de::DeValue;

use crate::policy::cx::Cx;
use crate::policy::decode::{decode, table, tables};
use crate::policy::error::Problem;

/// A table of the format.
pub(crate) trait Table {
    /// Its key in the file.
    const KEY: &'static str;
    /// Whether `open` takes its key, so that layers below may change it.
    const OPENS: bool = false;
    /// What one layer writes.
    type Written: Written;
    /// What all layers come to.
    type Resolved;

    /// Merges what the layers write, the uppermost first, and checks it. Names that later tables may use go into the
    /// context.
    fn resolve(layers: &[&Self::Written], cx: &mut Cx<'_>) -> Self::Resolved;
}

/// How a table is written in a file.
pub(crate) trait Written: Default + Debug {
    fn decode(key: &str, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Self;

    /// Returns the schema of the key's value.
    fn schema(generator: &mut SchemaGenerator) -> Schema;
}

/// A table that may be there many times: `[[line]]`. Each with its place.
#[derive(Debug)]
pub(crate) struct Many<R>(pub(crate) Vec<(R, Range<usize>)>);

impl<R> Default for Many<R> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<R: DeserializeOwned + JsonSchema + Debug> Written for Many<R> {
    fn decode(key: &str, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Self {
        let tables = tables(value, key, problems);
        let decoded = tables.into_iter().filter_map(|(own, span)| Some((decode(own, span.clone(), problems)?, span)));
        Self(decoded.collect())
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "array", "items": generator.subschema_for::<R>() })
    }
}

/// A table that is there once or not at all: `[landed]`.
#[derive(Debug)]
pub(crate) struct Once<R>(pub(crate) Option<(R, Range<usize>)>);

impl<R> Default for Once<R> {
    fn default() -> Self {
        Self(None)
    }
}

impl<R: DeserializeOwned + JsonSchema + Debug> Written for Once<R> {
    fn decode(key: &str, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Self {
        let own = table(value, &format!("`{key}`"), problems);
        Self(own.and_then(|(own, span)| Some((decode(own, span.clone(), problems)?, span))))
    }

    fn schema(generator: &mut SchemaGenerator) -> Schema {
        generator.subschema_for::<R>()
    }
}
