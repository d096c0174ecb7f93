//! What another policy makes weaker and what it makes stronger, each with a push that shows it.
//!
//! Refs are compared by examples: those of the patterns, those that only one of two patterns matches, and those that a
//! repository has. For each, what the old policy lets somebody do is held against what the new one does.

use std::collections::BTreeSet;

use crate::model::{Level, RefName, Untrusted, listed, quote};
use crate::policy::{ActorSet, Line, Policy, TagClass, TagObject, WrittenTables, inline};
use crate::rules::{Armed, REGISTRY};

/// What a change does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Effect {
    /// Something is let through that was not.
    Weaker,
    /// Something is refused that was not.
    Stronger,
    /// It is different, and which of the two depends on the push.
    Different,
}

impl Effect {
    /// Returns the word that people read.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Weaker => "weaker",
            Self::Stronger => "stronger",
            Self::Different => "different",
        }
    }
}

/// One difference of two policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Change {
    /// What it does.
    pub effect: Effect,
    /// What is different, a sentence.
    pub what: String,
    /// A push that shows it.
    pub witness: Option<String>,
}

/// A policy with the rules that it turns on.
#[derive(Clone, Copy)]
pub(crate) struct Side<'p> {
    pub policy: &'p Policy,
    pub rules: &'p [Armed],
}

/// Compares two policies; `refs` are further refs to look at.
pub(crate) fn compare(old: Side<'_>, new: Side<'_>, refs: &[RefName]) -> Vec<Change> {
    let mut comparing = Comparing { old, new, changes: Vec::new(), said: BTreeSet::new() };
    let examples = old.policy.examples(new.policy);
    for name in refs.iter().chain(&examples) {
        comparing.branch(name);
        comparing.tag(name);
    }
    comparing.rules();
    comparing.tables();
    if old.policy.highest_level != new.policy.highest_level {
        let (from, to) = (old.policy.highest_level, new.policy.highest_level);
        let effect = if to < from { Effect::Weaker } else { Effect::Stronger };
        comparing.say(effect, format!("no rule weighs more than {to}, and not {from}"), None);
    }
    comparing.changes.sort();
    comparing.changes
}

/// Who may do something.
#[derive(Clone, Copy)]
enum Allowed<'p> {
    Nobody,
    These(&'p ActorSet),
    Anybody,
}

impl<'p> Allowed<'p> {
    fn of(set: Option<&'p ActorSet>, is_possible: bool) -> Self {
        match set {
            _ if !is_possible => Self::Nobody,
            Some(set) if set.is_everyone() => Self::Anybody,
            Some(set) if set.is_nobody() => Self::Nobody,
            Some(set) => Self::These(set),
            None => Self::Anybody,
        }
    }

    /// Returns whether everybody who may do it may do it by the other, too.
    fn is_within(self, other: Self) -> bool {
        match (self, other) {
            (Self::Nobody, _) | (_, Self::Anybody) => true,
            (Self::These(own), Self::These(other)) => own.is_within(other),
            _ => false,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Nobody => "nobody".to_owned(),
            Self::Anybody => "anybody".to_owned(),
            Self::These(set) => listed(&set.written, "and"),
        }
    }
}

/// What may be done with a ref: each deed with the push that does it.
type Deeds<'p> = [(&'static str, Allowed<'p>); 4];

fn deeds(line: Option<&Line>) -> Deeds<'_> {
    let Some(line) = line else {
        return ["create", "push to", "rewrite", "delete"].map(|deed| (deed, Allowed::Anybody));
    };
    let may = &line.may;
    let rewrite = may.rewrite.as_ref().or(may.push.as_ref());
    [
        ("create", Allowed::of(may.create.as_ref(), true)),
        ("push to", Allowed::of(may.push.as_ref(), true)),
        ("rewrite", Allowed::of(rewrite, line.rewritable)),
        ("delete", Allowed::of(may.delete.as_ref(), line.deletable)),
    ]
}

fn tag_deeds(class: Option<&TagClass>) -> [(&'static str, Allowed<'_>); 3] {
    let Some(class) = class else {
        return ["create", "move", "delete"].map(|deed| (deed, Allowed::Anybody));
    };
    [
        ("create", Allowed::of(class.may.create.as_ref(), true)),
        ("move", Allowed::of(class.may.rewrite.as_ref(), class.movable)),
        ("delete", Allowed::of(class.may.delete.as_ref(), class.deletable)),
    ]
}

/// Returns the push that does something to a ref.
fn push(deed: &str, name: &RefName) -> Option<String> {
    let (force, source) = match deed {
        "rewrite" | "move" => ("--force ", "HEAD"),
        "delete" => ("", ""),
        _ => ("", "HEAD"),
    };
    let name = quote(&[source.as_bytes(), b":", name.full()].concat())?;
    Some(format!("git push {force}origin {name}"))
}

struct Comparing<'p> {
    old: Side<'p>,
    new: Side<'p>,
    changes: Vec<Change>,
    /// What was said already, of another ref of the same lines or classes.
    said: BTreeSet<String>,
}

impl Comparing<'_> {
    fn say(&mut self, effect: Effect, what: String, witness: Option<String>) {
        self.changes.push(Change { effect, what, witness });
    }

    /// Says once, of all refs of a place, who may do something now.
    fn deeds(
        &mut self,
        place: &str,
        name: &RefName,
        old: &[(&'static str, Allowed<'_>)],
        new: &[(&'static str, Allowed<'_>)],
    ) {
        for ((deed, old), (_, new)) in old.iter().zip(new) {
            let effect = match (new.is_within(*old), old.is_within(*new)) {
                (true, true) => continue,
                (false, true) => Effect::Weaker,
                (true, false) => Effect::Stronger,
                (false, false) => Effect::Different,
            };
            if self.said.insert(format!("{place}\n{deed}")) {
                let what = format!("{place}: {} may {deed} them, and not {}", new.words(), old.words());
                self.say(effect, what, push(deed, name));
            }
        }
    }

    fn branch(&mut self, name: &RefName) {
        let (old, new) = (self.old.policy.line_of(name), self.new.policy.line_of(name));
        let (old, new) = (old.as_ref().map(|place| place.line), new.as_ref().map(|place| place.line));
        if name.namespace() != crate::model::Namespace::Branch || (old.is_none() && new.is_none()) {
            return;
        }
        let called = |line: Option<&Line>| line.map_or_else(|| "no line".to_owned(), |line| format!("`{}`", line.name));
        let place = match (called(old), called(new)) {
            (from, to) if from == to => format!("branches of {from}"),
            (from, to) => format!("branches of {from} that go to {to}, such as `{}`", Untrusted::new(name.short())),
        };
        // One example of each pair of lines.
        let pair = format!("{} {}", called(old), called(new));
        if !self.said.insert(pair) {
            return;
        }
        self.deeds(&place, name, &deeds(old), &deeds(new));
        let intake = |line: Option<&Line>| line.map(|line| line.intake.clone()).unwrap_or_default();
        let (from, to) = (intake(old), intake(new));
        self.limits(&place, "kinds of change that they refuse", &from.refuses, &to.refuses, push("push", name));
        self.limits(
            &place,
            "lines that must have their commits before",
            &from.only_from,
            &to.only_from,
            push("push", name),
        );
        // The kinds that are taken, where not all are.
        let effect = match (from.accepts.is_empty(), to.accepts.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Effect::Weaker),
            (true, false) => Some(Effect::Stronger),
            (false, false) => effect_of(&to.accepts, &from.accepts),
        };
        if let Some(effect) = effect {
            let words =
                |kinds: &[String]| if kinds.is_empty() { "every kind".to_owned() } else { listed(kinds, "and") };
            let what = format!("{place}: they take {} of change, and not {}", words(&to.accepts), words(&from.accepts));
            self.say(effect, what, push("push", name));
        }
        let role = |line: Option<&Line>| line.map_or("no role", |line| line.role.name());
        if role(old) != role(new) {
            self.say(Effect::Different, format!("{place}: their role is {}, and not {}", role(new), role(old)), None);
        }
    }

    /// Says what was added to what is asked, or taken away from it.
    fn limits(&mut self, place: &str, what: &str, old: &[String], new: &[String], witness: Option<String>) {
        if let Some(effect) = effect_of(old, new) {
            let words = |names: &[String]| if names.is_empty() { "none".to_owned() } else { listed(names, "and") };
            self.say(effect, format!("{place}: the {what} are {}, and not {}", words(new), words(old)), witness);
        }
    }

    fn tag(&mut self, name: &RefName) {
        let (old, new) = (self.old.policy.tag_of(name), self.new.policy.tag_of(name));
        let (old, new) = (old.as_ref().map(|place| place.class), new.as_ref().map(|place| place.class));
        if old.is_none() && new.is_none() {
            return;
        }
        let called =
            |class: Option<&TagClass>| class.map_or_else(|| "no class".to_owned(), |class| format!("`{}`", class.name));
        let place = match (called(old), called(new)) {
            (from, to) if from == to => format!("tags of {from}"),
            (from, to) => format!("tags of {from} that go to {to}, such as `{}`", Untrusted::new(name.short())),
        };
        if !self.said.insert(format!("tag {} {}", called(old), called(new))) {
            return;
        }
        let (from, to) = (tag_deeds(old), tag_deeds(new));
        self.deeds(&place, name, &from, &to);
        let (Some(old), Some(new)) = (old, new) else { return };
        // Any of the lines is enough: fewer are stronger, and none is no limit.
        let effect = match (old.lines.is_empty(), new.lines.is_empty()) {
            (true, true) => None,
            (false, true) => Some(Effect::Weaker),
            (true, false) => Some(Effect::Stronger),
            (false, false) => effect_of(&new.lines, &old.lines),
        };
        if let Some(effect) = effect {
            let words = |lines: &[String]| {
                if lines.is_empty() { "anywhere".to_owned() } else { format!("on {}", listed(lines, "or")) }
            };
            let what = format!("{place}: they sit {}, and not {}", words(&new.lines), words(&old.lines));
            self.say(effect, what, push("create", name));
        }
        if old.object != new.object {
            let effect = if new.object == TagObject::Annotated { Effect::Stronger } else { Effect::Weaker };
            let words =
                if new.object == TagObject::Annotated { "have to be annotated" } else { "need not be annotated" };
            self.say(effect, format!("{place}: they {words}"), push("create", name));
        }
    }

    fn rules(&mut self) {
        let find = |rules: &[Armed], id: &str| rules.iter().position(|rule| rule.meta.id == id);
        for entry in REGISTRY {
            let id = entry.meta.id;
            let (old, new) = (
                find(self.old.rules, id).and_then(|at| self.old.rules.get(at)),
                find(self.new.rules, id).and_then(|at| self.new.rules.get(at)),
            );
            let level = |rule: Option<&Armed>| rule.map_or(Level::Off, |rule| rule.level);
            let (from, to) = (level(old), level(new));
            if from != to {
                let effect = if to < from { Effect::Weaker } else { Effect::Stronger };
                self.say(effect, format!("the rule `{id}` is {to}, and not {from}"), None);
            }
        }
    }

    /// Compares the tables that are not about single refs, as they are written.
    fn tables(&mut self) {
        let (old, new) = (self.old.policy.written(), self.new.policy.written());
        for (key, identity, added, one) in [
            ("flow", &["from", "to"][..], Effect::Stronger, "flow"),
            ("version-field", &["path"], Effect::Stronger, "version field"),
            ("changelog", &["path", "notes"], Effect::Stronger, "changelog"),
            ("series", &["versions", "tag"], Effect::Different, "series"),
            ("waiver", &["rule", "commit", "ref"], Effect::Weaker, "waiver"),
            ("kind", &["name"], Effect::Different, "kind of change"),
        ] {
            self.table(one, added, &by_identity(&old, key, identity), &by_identity(&new, key, identity));
        }
        for entry in REGISTRY {
            let id = entry.meta.id;
            let said = |written: &WrittenTables| {
                let tables = written.of("rules").iter().filter_map(|table| table.keys.get(id)?.as_table());
                let keys = tables.flatten().filter(|(key, _)| key.as_str() != "level");
                keys.map(|(key, value)| format!("{key} = {}", inline(value))).collect::<Vec<_>>().join(", ")
            };
            let (from, to) = (said(&old), said(&new));
            if from != to {
                let words = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("`{text}`") };
                let what = format!("the rule `{id}` says {}, and not {}", words(&to), words(&from));
                self.say(Effect::Different, what, None);
            }
        }
    }

    fn table(&mut self, one: &str, added: Effect, old: &[(String, String)], new: &[(String, String)]) {
        let removed = match added {
            Effect::Stronger => Effect::Weaker,
            Effect::Weaker => Effect::Stronger,
            Effect::Different => Effect::Different,
        };
        // Two may be about the same: what both policies have word by word is left out.
        let rest = |some: &[(String, String)], others: &[(String, String)]| -> Vec<(String, String)> {
            some.iter().filter(|table| !others.contains(table)).cloned().collect()
        };
        let (old, new) = (&rest(old, new), &rest(new, old));
        for (name, keys) in new {
            match old.iter().find(|(known, _)| known == name) {
                None => self.say(added, format!("there is a further {one}: {name}"), None),
                Some((_, before)) if before != keys => {
                    self.say(Effect::Different, format!("the {one} {name} is `{keys}`, and not `{before}`"), None);
                }
                Some(_) => {}
            }
        }
        for (name, _) in old.iter().filter(|(name, _)| !new.iter().any(|(known, _)| known == name)) {
            self.say(removed, format!("the {one} is gone: {name}"), None);
        }
    }
}

/// Returns what more names than before do where each of them asks for something.
fn effect_of(old: &[String], new: &[String]) -> Option<Effect> {
    let is_within = |a: &[String], b: &[String]| a.iter().all(|name| b.contains(name));
    match (is_within(old, new), is_within(new, old)) {
        (true, true) => None,
        (true, false) => Some(Effect::Stronger),
        (false, true) => Some(Effect::Weaker),
        (false, false) => Some(Effect::Different),
    }
}

/// Returns the tables of a key: what distinguishes each from others, and all that it says.
fn by_identity(written: &WrittenTables, key: &str, identity: &[&str]) -> Vec<(String, String)> {
    let shown = |keys: &mut dyn Iterator<Item = (&String, &toml::Value)>| {
        keys.map(|(key, value)| format!("{key} = {}", inline(value))).collect::<Vec<_>>().join(", ")
    };
    let tables = written.of(key).iter().map(|table| {
        let name = shown(&mut table.keys.iter().filter(|(key, _)| identity.contains(&key.as_str())));
        (name, shown(&mut table.keys.iter()))
    });
    tables.collect()
}
