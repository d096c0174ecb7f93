//! `[group]`: names for several actors.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::de::DeValue;

use crate::policy::actors::built_in_groups;
use crate::policy::cx::{Cx, Group};
use crate::policy::decode::{decode_value, table};
use crate::policy::error::Problem;

/// What `open` calls groups.
pub(crate) const KEY: &str = "group";

/// `[group]`: a name and its members, for each.
#[derive(Debug, Default)]
pub(crate) struct RawGroups(Vec<(Spanned<String>, Vec<String>)>);

impl RawGroups {
    pub(crate) fn decode(key: &str, value: Spanned<DeValue<'_>>, problems: &mut Vec<Problem>) -> Self {
        let Some((groups, _)) = table(value, &format!("`{key}`"), problems) else { return Self::default() };
        let decoded = groups.into_iter().filter_map(|(key, members)| {
            let name = Spanned::new(key.span(), key.get_ref().to_string());
            Some((name, decode_value(members, key.get_ref(), problems)?))
        });
        Self(decoded.collect())
    }
}

impl JsonSchema for RawGroups {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Groups".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        BTreeMap::<String, Vec<String>>::json_schema(generator)
    }
}

/// Gives the context the groups of all layers. A layer that extends others may change theirs where they leave it open.
pub(crate) fn resolve(layers: &[&RawGroups], cx: &mut Cx<'_>) {
    for (at, layer) in layers.iter().enumerate() {
        cx.enter(at);
        for (name, members) in &layer.0 {
            let key = name.get_ref().as_str();
            if built_in_groups().any(|known| known == key) {
                cx.report(Problem::new(name.span(), format!("the group `{key}` is built in")));
                continue;
            }
            if let Some(upper) = cx.names.groups.get(key).map(|group| group.layer)
                && !cx.may_weaken(upper, KEY, name.span(), &format!("changing the group `{key}`"))
            {
                continue;
            }
            cx.names.groups.insert(key.to_owned(), Group { layer: at, members: members.clone() });
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::testing::{errors, layered};

    #[test]
    fn a_group_is_changed_only_where_it_is_left_open() {
        let own = "[group]\nmanagers = ['bob']\n";
        assert_eq!(layered("", own), ["changing the group `managers` is not left open by `base.toml`"]);
        assert_eq!(layered("open = ['group']\n|", own), [""; 0]);
        assert_eq!(layered("", "[group]\nothers = ['bob']\n"), [""; 0]);
        assert_eq!(layered("", "[group]\nhost = ['bob']\n"), ["the group `host` is built in"]);
    }

    #[test]
    fn members_are_a_list() {
        assert_eq!(errors("[[kind]]\nname = 'x'\ntrailer = 'X'\n"), [""; 0]);
        assert_eq!(layered("", "[group]\nothers = 'bob'\n").len(), 1);
    }
}
