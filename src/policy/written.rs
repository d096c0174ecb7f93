//! The tables of a policy as its files write them, for whoever wants to see all of it.

use serde::Deserialize as _;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Table, Value};

use super::decode::parse;
use super::origin::Origin;
use super::schema::Policy;

/// A table as it is written.
#[derive(Clone, Debug)]
pub(crate) struct WrittenTable {
    /// Where.
    pub origin: Origin,
    /// Its keys.
    pub keys: Table,
}

/// All tables of a policy.
#[derive(Debug, Default)]
pub(crate) struct WrittenTables {
    /// By the key of the table, in the order of the layers, the uppermost first.
    all: BTreeMap<String, Vec<WrittenTable>>,
}

impl Policy {
    /// Returns all tables as the layers write them.
    pub(crate) fn written(&self) -> WrittenTables {
        let mut written = WrittenTables::default();
        for (layer, source) in self.texts.iter().enumerate() {
            let (root, _) = parse(&source.text);
            written.take(layer, root.get_ref());
        }
        written
    }
}

impl WrittenTables {
    fn take(&mut self, layer: usize, root: &DeTable<'_>) {
        for (key, value) in root {
            let items: Vec<_> = match value.get_ref() {
                DeValue::Array(items) => items.iter().collect(),
                _ => vec![value],
            };
            for item in items {
                let Ok(keys) = Table::deserialize(ValueDeserializer::from(item.clone())) else { continue };
                let origin = Origin { layer, span: item.span() };
                self.all.entry(key.get_ref().to_string()).or_default().push(WrittenTable { origin, keys });
            }
        }
    }

    /// Returns the tables of a key, those of upper layers first.
    pub(crate) fn of(&self, key: &str) -> &[WrittenTable] {
        self.all.get(key).map_or(&[], Vec::as_slice)
    }

    /// Returns the keys of the table of this kind at a place.
    pub(crate) fn at(&self, key: &str, origin: &Origin) -> Option<&Table> {
        let found =
            |table: &&WrittenTable| table.origin.layer == origin.layer && table.origin.span.start == origin.span.start;
        self.of(key).iter().find(found).map(|table| &table.keys)
    }
}

/// Returns a value as a policy writes it, on one line.
pub(crate) fn inline(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => {
            let keys = table.iter().map(|(key, value)| format!("{key} = {}", inline(value)));
            format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
