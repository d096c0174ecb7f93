//! Who may do what: names, groups and the states a pusher can be in.

use bstr::ByteSlice as _;
use std::borrow::Cow;
use std::collections::BTreeSet;

use super::text::Meaning;
use crate::model::Actor;

/// A set of actors, as written in a policy: `["alice", "@release-managers"]`.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ActorSet {
    /// The words as they were written, for messages.
    pub written: Vec<String>,
    /// Names, with groups resolved.
    names: Vec<String>,
    anyone: bool,
    known: bool,
    host: bool,
}

/// The groups that exist without being declared, and whom each holds.
const BUILT_IN: [(&str, &str); 3] = [
    ("anyone", "everybody whom the host lets push, whether or not it says who it is"),
    ("known", "everybody whom the host names"),
    ("host", "the host itself and its administrators: what is pushed past the accounts, from the server's own shell"),
];

/// Returns the names of the groups that exist without being declared.
pub(super) fn built_in_groups() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|(name, _)| *name)
}

impl Meaning for ActorSet {
    const NAME: &'static str = "Actor";
    const TITLE: &'static str = "actor";
    fn description() -> Cow<'static, str> {
        let mut text = String::from(
            "The name of an account as the host has it, compared letter by letter, or `@` and the name of a group under \
             `[group]`, whose members may be groups in turn. A name that begins with `@` is nobody's. Where names come from is the server's configuration, `refgate.identity`. These groups need no \
             declaration:\n",
        );
        for (name, holds) in BUILT_IN {
            text.push_str(&format!("\n- `@{name}`: {holds}"));
        }
        text.into()
    }
}

impl ActorSet {
    /// Adds one word of the policy; `members` gives a declared group's members, which may be groups in turn.
    /// `Err` names the group that is neither declared nor built in.
    pub(super) fn add<'a>(
        &mut self,
        word: &'a str,
        members: &dyn Fn(&str) -> Option<&'a [String]>,
    ) -> Result<(), &'a str> {
        self.written.push(word.to_owned());
        let mut seen = BTreeSet::new();
        let mut words = vec![word];
        while let Some(next) = words.pop() {
            match next.strip_prefix('@') {
                None => self.names.push(next.to_owned()),
                Some("anyone") => self.anyone = true,
                Some("known") => self.known = true,
                Some("host") => self.host = true,
                Some(group) => match members(group) {
                    Some(members) if seen.insert(group) => words.extend(members.iter().map(String::as_str)),
                    // In a group it is reported where the group is declared.
                    None if next == word => return Err(group),
                    Some(_) | None => {}
                },
            }
        }
        Ok(())
    }

    /// Returns whether this actor belongs to the set. An unknown actor belongs only to `@anyone`, the host's own
    /// administrator only to `@host` and `@anyone`.
    pub fn contains(&self, actor: &Actor) -> bool {
        self.anyone
            || match actor {
                Actor::Known(name) => self.known || self.names.iter().any(|known| known.as_bytes() == name.as_bytes()),
                Actor::Host => self.host,
                Actor::Unknown => false,
            }
    }

    /// Returns whether everybody who belongs to it belongs to the other.
    pub fn is_within(&self, other: &Self) -> bool {
        let has = |name: &String| other.known || other.names.contains(name);
        other.anyone
            || !self.anyone && (!self.known || other.known) && (!self.host || other.host) && self.names.iter().all(has)
    }

    /// Returns whether nobody belongs to it: it is made of empty groups.
    pub fn is_nobody(&self) -> bool {
        !self.anyone && !self.known && !self.host && self.names.is_empty()
    }

    /// Returns whether everybody belongs to it.
    pub fn is_everyone(&self) -> bool {
        self.anyone
    }
}
