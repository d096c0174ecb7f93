//! `[group]`: names for several actors.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use toml::Spanned;
use toml::de::DeValue;

use crate::policy::actors::built_in_groups;
use crate::policy::cx::{Cx, Group, Names, not_a_person};
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
            if is_built_in(key) {
                cx.report(Problem::new(name.span(), format!("the group `{key}` is built in")));
                continue;
            }
            if let Some(upper) = cx.names.groups.get(key).map(|group| group.layer)
                && !cx.may_weaken(upper, KEY, name.span(), &format!("changing the group `{key}`"))
            {
                continue;
            }
            for problem in members.iter().filter_map(|member| not_a_person(member, name.span())).take(1) {
                cx.report(problem);
            }
            cx.names.groups.insert(key.to_owned(), Group { layer: at, span: name.span(), members: members.clone() });
        }
    }
    for (layer, problem) in nesting(&cx.names) {
        cx.enter(layer);
        cx.report(problem);
    }
}

/// Groups in groups deeper than this are a cycle in disguise.
const MAX_DEEP: usize = 8;

/// What is wrong with groups in groups: those that there are not, and those that come back to themselves.
fn nesting(names: &Names) -> Vec<(usize, Problem)> {
    let mut problems = Vec::new();
    for group in names.groups.values() {
        let unknown = inner(group).filter(|name| !names.groups.contains_key(*name) && !is_built_in(name));
        problems.extend(unknown.map(|name| (group.layer, names.no_group(name, group.span.clone()))));
    }
    let mut settled = BTreeSet::new();
    for _ in 0..MAX_DEEP {
        let is_settled = |name: &str| settled.contains(name) || !names.groups.contains_key(name);
        let next = names.groups.iter().filter(|(_, group)| inner(group).all(is_settled));
        settled = next.map(|(name, _)| name.as_str()).collect();
    }
    let open = names.groups.iter().filter(|(name, _)| !settled.contains(name.as_str()));
    problems.extend(open.map(|(name, group)| {
        let message = format!("the group `{name}` comes back to itself or lies too deep");
        (group.layer, Problem::new(group.span.clone(), message))
    }));
    problems
}

fn is_built_in(name: &str) -> bool {
    built_in_groups().any(|known| known == name)
}

fn inner(group: &Group) -> impl Iterator<Item = &str> {
    group.members.iter().filter_map(|member| member.strip_prefix('@'))
}

#[cfg(test)]
mod tests {
    use crate::model::Actor;
    use crate::policy::testing::{BASE, errors, layered, read};

    #[test]
    fn groups_in_groups_are_their_members() {
        let more = "[[tag]]\nname = 'x'\ntag = 'x'\nmay = { create = ['@outer'] }\n";
        let may = |groups: &str, name: &str| {
            let text = BASE.replace("[group]\n", &format!("[group]\n{groups}\n"));
            let policy = read(&[("p.toml", &format!("{text}{more}"))]).unwrap();
            let class = policy.tags.iter().find(|class| class.name == "x").unwrap();
            class.may.create.as_ref().unwrap().contains(&Actor::Known(name.into()))
        };
        assert!(may("inner = ['bob']\nouter = ['@inner']", "bob"));
        assert!(may("inner = ['@managers']\nouter = ['@inner', 'carol']", "alice"));
        assert!(may("outer = ['@known']", "anybody"));
        assert!(!may("inner = ['bob']\nouter = ['@inner']", "@inner"));
        assert!(!may("inner = ['bob']\nouter = ['@inner']", "carol"));
    }

    #[test]
    fn groups_that_lead_nowhere_are_reported() {
        let cycle = "[group]\na = ['@b']\nb = ['@c']\nc = ['@b']\n";
        let wrong = layered("", cycle);
        assert_eq!(wrong.len(), 3);
        assert_eq!(wrong[1], "the group `b` comes back to itself or lies too deep");
        assert_eq!(
            layered("", "[group]\na = ['@manager']\n"),
            ["there is no group `@manager`; did you mean `managers`?"]
        );
        assert_eq!(layered("", "[group]\na = ['@managers']\nb = ['@a', '@host']\n"), [""; 0]);
    }

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
