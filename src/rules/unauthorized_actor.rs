//! Refuses what the policy reserves to others.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing};
use crate::facts::{ActorSet, FactError, Movement, Update};
use crate::model::{Actor, Level, Namespace, Untrusted};

pub(super) struct UnauthorizedActor;

impl Rule for UnauthorizedActor {
    const META: Meta = Meta {
        id: "unauthorized-actor",
        summary: "Refuses to let anybody but the named create, push, rewrite, move or delete.",
        task: "asking who may change",
        docs: include_str!("unauthorized_actor.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_PUSHER,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for UnauthorizedActor {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let (may, what) = match (change.line(), change.tag()) {
            (Some(place), _) => (&place.line.may, format!("the line `{}`", place.line.name)),
            (_, Some(place)) => (&place.class.may, format!("the tag class `{}`", place.class.name)),
            _ => return Ok(()),
        };
        // Where nothing is reserved, neither history nor the actor has to be known.
        let reserved = [&may.create, &may.push, &may.rewrite, &may.delete];
        if !reserved.into_iter().flatten().any(|set| !set.is_everyone()) {
            return Ok(());
        }
        let tag = change.namespace() == Namespace::Tag;
        let (set, deed) = match change.movement()? {
            Movement::Create => (&may.create, "create"),
            Movement::Delete => (&may.delete, "delete"),
            Movement::Rewrite | Movement::FastForward if tag => (&may.rewrite, "move"),
            Movement::FastForward => (&may.push, "push to"),
            // Actors who may rewrite need not be named again under push.
            Movement::Rewrite if may.rewrite.is_some() => (&may.rewrite, "rewrite"),
            Movement::Rewrite => (&may.push, "push to"),
        };
        let Some(set) = set.as_ref().filter(|set| !set.is_everyone()) else { return Ok(()) };
        let actor = change.facts().actor()?;
        if set.contains(actor) {
            return Ok(());
        }
        sink.report(format!("{} may not {deed} `{}`: in {what} that is for {}", who(actor), change.name(), members(set)))
            .commit(if change.deletes() { change.old() } else { change.new_id() })
            .help(match actor {
                Actor::Unknown => "the server does not know who pushes: its administrator names the source with `git config refgate.identity`",
                Actor::Known(_) | Actor::Host => "ask one of them to do it, or for the right to",
            });
        Ok(())
    }
}

pub(super) fn who(actor: &Actor) -> String {
    match actor {
        Actor::Known(name) => format!("`{}`", Untrusted::new(name)),
        Actor::Unknown => "an unknown pusher".to_owned(),
        Actor::Host => "the host's administrator".to_owned(),
    }
}

pub(super) fn members(set: &ActorSet) -> String {
    if set.written.is_empty() {
        return "nobody".to_owned();
    }
    set.written.iter().map(|word| format!("`{}`", Untrusted::new(word))).collect::<Vec<_>>().join(", ")
}
