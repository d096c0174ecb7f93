//! Values as a policy file writes them: with their place, and with what a text means.
//!
//! No `flatten` and no `untagged` anywhere in the format: both lose the place and the reason of an error.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use toml::Spanned;

/// A value with its place in the file: toml's own type, with the schema of what it wraps.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Located<T>(Spanned<T>);

impl<T> std::ops::Deref for Located<T> {
    type Target = Spanned<T>;
    fn deref(&self) -> &Spanned<T> {
        &self.0
    }
}

impl<T: JsonSchema> JsonSchema for Located<T> {
    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }
    fn inline_schema() -> bool {
        T::inline_schema()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// What a text of the format is: a pattern, the name of a line, a date. The schema and the reference page say so.
pub(super) trait Meaning: 'static {
    /// The name of its definition in the schema.
    const NAME: &'static str;
    /// The word that the reference page has for one.
    const TITLE: &'static str;
    /// Says how it is written.
    fn description() -> Cow<'static, str>;
    /// Adds to the schema of a text what a schema can say of it.
    fn limit(_: &mut Schema) {}
}

/// Declares meanings that have no type of their own.
macro_rules! meanings {
    ($($(#[doc = $doc:literal])+ $name:ident = $title:literal;)+) => {
        $(
            $(#[doc = $doc])+
            #[derive(Clone, Copy, Debug)]
            pub(super) struct $name;

            impl Meaning for $name {
                const NAME: &'static str = stringify!($name);
                const TITLE: &'static str = $title;
                fn description() -> Cow<'static, str> {
                    concat!($($doc, "\n"),+).lines().map(str::trim).collect::<Vec<_>>().join("\n").into()
                }
            }
        )+
    };
}

meanings! {
    /// The `name` of a `[[line]]`.
    LineName = "name of a line";
    /// The `name` of a `[[line]]`, or a pattern of branches, without `refs/heads/`.
    LineOrBranch = "name of a line or pattern of branches";
    /// The `name` of a `[[tag]]`.
    ClassName = "name of a tag class";
    /// A name of its own.
    NewName = "name";
    /// A regular expression in the syntax of Rust's `regex` crate. It is not anchored.
    Expression = "regular expression";
    /// The token of a trailer, the word before its colon: letters, digits and `-`.
    Token = "token of a trailer";
    /// A day, as `2026-11-21`.
    Day = "date";
    /// A day, as `2026-11-21`, or the full id of a commit.
    DayOrCommit = "date or commit";
    /// The full id of a commit, 40 or 64 hexadecimal digits.
    CommitId = "commit";
    /// Numbers of a version in braces: `{major}.{minor}`. Which numbers there are depends on the scheme.
    Template = "template of numbers";
    /// `before`, `next-tag`, `report`, or a number of days such as `14d`.
    FlowDueText = "time";
    /// A preset by its name (`pybal` or `preset:pybal`), a file next to the one that extends it, or `ref:REF:PATH`.
    Layer = "source";
    /// The key of a table, the id of a rule, or `*` for everything.
    OpenWord = "key, rule id or `*`";
}

/// A kind of change, by its name. What it means is next to the kinds.
#[derive(Clone, Copy, Debug)]
pub(super) struct KindName;

/// A text that means `K`.
pub(super) struct Text<K>(String, PhantomData<K>);

impl<K> Located<Text<K>> {
    /// Returns the text as it was written.
    pub(super) fn text(&self) -> &str {
        &self.0.get_ref().0
    }
}

impl<K> Clone for Text<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K> fmt::Debug for Text<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, K> Deserialize<'de> for Text<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text, PhantomData))
    }
}

impl<K: Meaning> JsonSchema for Text<K> {
    fn schema_name() -> Cow<'static, str> {
        K::NAME.into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = json_schema!({ "title": K::TITLE, "description": K::description(), "type": "string" });
        K::limit(&mut schema);
        schema
    }
}

/// A text that means `K`, or a list of them.
pub(super) struct Texts<K>(Vec<String>, PhantomData<K>);

impl<K> Located<Texts<K>> {
    /// Returns the texts as they were written.
    pub(super) fn texts(&self) -> &[String] {
        &self.0.get_ref().0
    }
}

impl<K> Clone for Texts<K> {
    fn clone(&self) -> Self {
        Self(self.0.clone(), PhantomData)
    }
}

impl<K> fmt::Debug for Texts<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de, K> Deserialize<'de> for Texts<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOrMany;
        impl<'de> Visitor<'de> for OneOrMany {
            type Value = Vec<String>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of texts")
            }
            fn visit_str<E>(self, text: &str) -> Result<Vec<String>, E> {
                Ok(vec![text.to_owned()])
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<String>, A::Error> {
                let mut texts = Vec::new();
                while let Some(text) = items.next_element()? {
                    texts.push(text);
                }
                Ok(texts)
            }
        }
        deserializer.deserialize_any(OneOrMany).map(|texts| Self(texts, PhantomData))
    }
}

impl<K: Meaning> JsonSchema for Texts<K> {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        format!("{}List", K::NAME).into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Text<K>>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one, "minItems": 1 }] })
    }
}
