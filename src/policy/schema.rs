//! The list of tables: what a file has, what its layers come to, and the JSON schema of it all.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, schema_for};
use serde_json::Value;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::PathBuf;
use toml::de::DeTable;

use super::actors::ActorSet;
use super::cx::{Cx, Open};
use super::decode::{no_more, parse, take};
use super::error::{PolicyError, Problem, SourceText};
use super::source::Source;
use super::table::form::{Table, Written as _};
use super::table::head::{HIGHEST_LEVEL, Head, LeftOpen, RawHead, highest_level, left_open};
use super::table::rules::RawRule;
use super::table::{
    changelog, flow, group, kind, landed, line, rules, series, tag, version_field, waiver, waiver_note,
};
use super::text::{Located, OpenWord, Text};
use crate::model::Level;

/// From a list of tables: the policy with a field for each, one file's own with a field for each, and how the second is
/// decoded, described and becomes the first.
macro_rules! tables {
    ($($(#[doc = $doc:literal])+ $field:ident: $resolved:ty = $table:ty,)+) => {
        /// A validated policy, all layers resolved.
        #[derive(Clone, Debug)]
        pub struct Policy {
            /// What reports call it.
            pub name: String,
            /// Where it was read from.
            pub source: Source,
            /// The texts of its layers, the policy itself last.
            pub texts: Vec<SourceText>,
            /// What its layers leave open to those that extend them.
            pub open: Vec<LeftOpen>,
            /// The level above which no rule weighs.
            pub highest_level: Level,
            /// Groups of actors, with their members as they are written.
            pub groups: BTreeMap<String, Vec<String>>,
            $($(#[doc = $doc])+ pub $field: $resolved,)+
        }

        impl Policy {
            /// Returns a policy that says nothing: where a command has an answer without one.
            pub fn empty() -> Self {
                Self {
                    name: String::new(),
                    source: Source::File(PathBuf::new()),
                    texts: Vec::new(),
                    open: Vec::new(),
                    highest_level: Level::Refuse,
                    groups: BTreeMap::new(),
                    $($field: Default::default(),)+
                }
            }
        }

        /// One file, decoded.
        #[derive(Debug, Default)]
        pub(super) struct Layer {
            pub(super) head: Head,
            $($field: <$table as Table>::Written,)+
        }

        impl Layer {
            fn take_tables(&mut self, root: &mut DeTable<'_>, problems: &mut Vec<Problem>) {
                $(if let Some(value) = take(root, <$table>::KEY) {
                    self.$field = <$table as Table>::Written::decode(<$table>::KEY, value, problems);
                })+
            }
        }

        /// Merges layers, the uppermost first, and checks every reference. Errors are added; the policy is `None` only
        /// when there is no layer at all.
        pub(super) fn resolve(
            source: Source,
            texts: Vec<SourceText>,
            layers: &[Layer],
            errors: &mut Vec<PolicyError>,
            in_time: &dyn Fn() -> bool,
        ) -> Option<Policy> {
            let name = layers.last()?.head.name.clone();
            let words: Vec<&[Located<Text<OpenWord>>]> = layers.iter().map(|layer| layer.head.open.as_slice()).collect();
            let mut cx = Cx::new(&texts, Open::new(&words), errors, in_time);
            let open = left_open(&words, &mut cx);
            group::resolve(&layers.iter().map(|layer| &layer.head.groups).collect::<Vec<_>>(), &mut cx);
            $(let $field = <$table>::resolve(&layers.iter().map(|layer| &layer.$field).collect::<Vec<_>>(), &mut cx);)+
            let highest: Vec<_> = layers.iter().map(|layer| &layer.head.highest_level).collect();
            let highest_level = highest_level(&highest, &mut cx);
            let groups = cx.names.groups.iter().map(|(name, group)| (name.clone(), group.members.clone())).collect();
            Some(Policy { name, source, open, highest_level, groups, $($field,)+ texts })
        }

        /// Returns the tables by their keys, with the schema of each.
        fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
            vec![$((<$table>::KEY, <$table as Table>::Written::schema(generator)),)+]
        }

        /// The keys of tables that `open` takes.
        pub(super) const OPENED: &[Option<&str>] =
            &[Some(HIGHEST_LEVEL), Some(group::KEY), $(if <$table>::OPENS { Some(<$table>::KEY) } else { None },)+];
    };
}

// In the order of resolving: what a table names stands above it.
tables! {
    /// Kinds of change, next to those of Conventional Commits.
    kinds: Vec<kind::KindOfChange> = kind::Kinds,
    /// Classes of branches; the first that matches counts.
    lines: Vec<line::Line> = line::Lines,
    /// Classes of tags; the first that matches counts.
    tags: Vec<tag::TagClass> = tag::Tags,
    /// Versions whose place no pattern gives; the first that holds a version counts.
    series: Vec<series::Series> = series::SeriesTable,
    /// What is on one line and must get to another.
    flows: Vec<flow::Flow> = flow::Flows,
    /// What is said about single rules, by id.
    rules: BTreeMap<String, rules::RuleSetting> = rules::Rules,
    /// Recorded exceptions.
    waivers: Vec<waiver::Waiver> = waiver::Waivers,
    /// From whom waivers in notes are taken; `None` is nobody.
    waiver_notes: Option<ActorSet> = waiver_note::WaiverNotes,
    /// Forms in which messages name the original of a change, next to the built-in ones.
    named_by: Vec<landed::NamingForm> = landed::Landed,
    /// Where the project's own version stands in the tree.
    version_fields: Vec<version_field::VersionField> = version_field::VersionFields,
    /// Where changes are written down.
    changelogs: Vec<changelog::Changelog> = changelog::Changelogs,
}

impl Layer {
    /// Decodes a file, with everything that is wrong with it.
    pub(super) fn decode(text: &str, problems: &mut Vec<Problem>) -> Self {
        let (root, syntax) = parse(text);
        let broken = !syntax.is_empty();
        problems.extend(syntax);
        let mut root = root.into_inner();
        let mut layer = Self { head: Head::take(&mut root, text, broken, problems), ..Self::default() };
        layer.take_tables(&mut root, problems);
        if !root.is_empty() {
            let known = schema_for!(File).to_value();
            let known = known.get("properties").and_then(Value::as_object);
            no_more(&root, known.into_iter().flat_map(|known| known.keys().map(String::as_str)), problems);
        }
        layer
    }
}

/// The whole file, for the schema.
struct File;

impl JsonSchema for File {
    fn schema_name() -> Cow<'static, str> {
        RawHead::schema_name()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut file = RawHead::json_schema(generator);
        file.insert("description".to_owned(), "A policy of refgate.".into());
        if let Some(properties) = file.get_mut("properties").and_then(Value::as_object_mut) {
            properties.extend(schemas(generator).into_iter().map(|(key, schema)| (key.to_owned(), schema.to_value())));
        }
        file
    }
}

impl Policy {
    /// Returns the JSON schema of the format, for editors.
    pub fn schema() -> Schema {
        described::<File>()
    }

    /// Returns the JSON schema of the keys that every rule's table may have.
    pub fn rule_schema() -> Schema {
        described::<RawRule>()
    }
}

/// Returns the schema of a type, without what TOML cannot say: it has no null, a key is there or not.
fn described<T: JsonSchema>() -> Schema {
    let mut schema = SchemaSettings::default().into_generator().into_root_schema_for::<T>().to_value();
    without_null(&mut schema);
    Schema::try_from(schema).unwrap_or_default()
}

fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Object(keys) => {
            keys.retain(|key, value| !(key == "default" && value.is_null()));
            if let Some(Value::Array(types)) = keys.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    keys.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = keys.get_mut("anyOf") {
                choices.retain(|choice| *choice != serde_json::json!({ "type": "null" }));
                if let [Value::Object(only)] = choices.as_slice() {
                    // What the key says of itself counts for more than what its type says.
                    let only = only.clone();
                    keys.remove("anyOf");
                    for (key, value) in only {
                        keys.entry(key).or_insert(value);
                    }
                }
            }
            keys.values_mut().for_each(without_null);
        }
        _ => {}
    }
}
