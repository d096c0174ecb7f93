//! Refuses updates that start from something else than the ref holds.

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing};
use crate::facts::{FactError, Update};
use crate::model::{Level, ObjectId};

pub(super) struct StaleUpdate;

impl Rule for StaleUpdate {
    const META: Meta = Meta {
        id: "stale-update",
        summary: "Refuses updates that do not start from what the ref holds.",
        task: "comparing with what the push found",
        docs: include_str!("stale_update.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_MOVE,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for StaleUpdate {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        // In a clone git itself reports what the server holds, and for CI the refs have already moved.
        if !change.facts().push().stage.is_server() {
            return Ok(());
        }
        let (held, old) = (change.held()?, Some(change.old()).filter(|id| !id.is_null()));
        // A push that is judged once more after it was made: nothing moves, and nothing else can rest on what it says.
        let is_made = held == Some(change.new_id()) && change.facts().push().updates.len() == 1;
        if held != old && !is_made {
            let said = |id: Option<ObjectId>| id.map_or_else(|| "nothing".to_owned(), |id| id.short().to_string());
            sink.report(format!("`{}` holds {}, and the push says {}", change.name(), said(held), said(old)))
                .help("somebody else was faster: fetch, build on what is there now, and push again");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn an_update_starts_from_what_the_ref_holds() {
        let mut memory = Memory::default();
        let first = memory.commit(&[], "fix: first", &[]);
        let second = memory.commit(&[first], "fix: second", &[]);
        memory.set("refs/heads/main", first);
        let said = |name, old, new| ask("stale-update", "", &memory, &[(name, old, new)]);
        for (name, old, new) in [
            ("refs/heads/main", Some(first), Some(second)),
            ("refs/heads/main", Some(first), None),
            ("refs/heads/1.0", None, Some(first)),
            ("refs/heads/1.0", None, None),
        ] {
            assert!(said(name, old, new).is_empty(), "{name} {old:?} {new:?}");
        }
        assert!(said("refs/heads/main", None, Some(first)).is_empty(), "it was made before");
        let beside = [("refs/heads/main", Some(second), Some(first)), ("refs/heads/1.0", None, Some(second))];
        assert_eq!(ask("stale-update", "", &memory, &beside).len(), 1, "another update may rest on it");
        let holds = |what: &str, says: &str| vec![format!("`refs/heads/main` holds {what}, and the push says {says}")];
        let (one, two) = (first.short().to_string(), second.short().to_string());
        assert_eq!(said("refs/heads/main", Some(second), Some(second)), holds(&one, &two));
        assert_eq!(said("refs/heads/main", None, Some(second)), holds(&one, "nothing"));
        assert_eq!(said("refs/heads/main", None, None), holds(&one, "nothing"));
        let absent = format!("`refs/heads/1.0` holds nothing, and the push says {two}");
        assert_eq!(said("refs/heads/1.0", Some(second), Some(first)), [absent]);
    }
}
