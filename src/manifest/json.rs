//! npm's JSON files.
//!
//! Only the objects on the way to a version are read; a key that appears twice in one of them is an error (JSON parsers
//! differ in which one they use), a key that appears twice among the dependencies is not looked at.

use serde::Deserializer as _;
use serde::de::{DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::ops::Range;

use super::position::offset_of;
use super::source::Source;
use super::{Error, Field};

/// A member of an object: its name, and the range of its value in the text.
pub(super) type Member<'a> = (Cow<'a, str>, Range<usize>);

/// The members that lead to a version.
const WANTED: [&str; 3] = ["version", "packages", ""];

/// Returns the range of a member's value.
pub(super) fn find(members: &[Member<'_>], key: &str) -> Option<Range<usize>> {
    members.iter().find(|(name, _)| name == key).map(|(_, range)| range.clone())
}

/// Returns the field of the member `version`.
pub(super) fn version(source: &Source<'_>, members: &[Member<'_>], name: &str) -> Result<Option<Field>, Error> {
    let Some(range) = find(members, "version") else { return Ok(None) };
    let raw = source.slice(range.clone());
    let Ok(text) = serde_json::from_str::<Cow<'_, str>>(raw) else {
        return Err(source.syntax(range.start, format!("`{name}` is not a string")));
    };
    Ok(Some(Field::new(name, &text, range.start + 1..range.end - 1)))
}

/// Returns the wanted members of the object that starts at `base` of the source's text.
pub(super) fn members<'s>(source: &Source<'_>, text: &'s str, base: usize) -> Result<Vec<Member<'s>>, Error> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let members = reader.deserialize_map(Members { text, base, source }).and_then(|found| {
        reader.end()?;
        Ok(found)
    });
    match members {
        Ok(found) => found,
        Err(error) => {
            // serde_json appends the position, counted from the start of what it was given.
            let whole = error.to_string();
            let reason = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(reason, _)| reason);
            Err(source.syntax(base + offset_of(text, error.line(), error.column()), reason))
        }
    }
}

/// Collects the wanted members of one object, with the rest checked for syntax only.
struct Members<'s, 'b> {
    text: &'s str,
    base: usize,
    source: &'b Source<'b>,
}

impl<'s> Visitor<'s> for Members<'s, '_> {
    type Value = Result<Vec<Member<'s>>, Error>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'s>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut seen: HashSet<Cow<'s, str>> = HashSet::new();
        let mut found = Vec::new();
        let mut duplicate = None;
        while let Some(key) = map.next_key_seed(Key)? {
            let again = !seen.insert(key.clone());
            if again || WANTED.contains(&key.as_ref()) {
                let raw: &'s RawValue = map.next_value()?;
                // A raw value borrows from the text: its address says where it is.
                let start = raw.get().as_ptr().addr().saturating_sub(self.text.as_ptr().addr()) + self.base;
                if again {
                    duplicate.get_or_insert_with(|| self.source.duplicate(start, &key));
                }
                found.push((key, start..start + raw.get().len()));
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(duplicate.map_or(Ok(found), Err))
    }
}

/// A key, borrowed unless it has escapes.
struct Key;

impl<'s> DeserializeSeed<'s> for Key {
    type Value = Cow<'s, str>;

    fn deserialize<D: serde::Deserializer<'s>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'s> Visitor<'s> for Key {
    type Value = Cow<'s, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_borrowed_str<E: serde::de::Error>(self, text: &'s str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(text))
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(text.into()))
    }
}
