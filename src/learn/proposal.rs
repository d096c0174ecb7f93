//! What is proposed: a table of the policy, what speaks for it, and what speaks against it.

use toml::Value;

use crate::model::Untrusted;
use crate::policy::inline;

/// As many counter-examples are named.
const NAMED: usize = 3;

/// How much of what was looked at bears a proposal out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Support {
    /// How many of them.
    with: usize,
    all: usize,
    /// What was looked at: `tags`.
    what: String,
    /// Those that do not bear it out, escaped.
    against: Vec<String>,
}

impl Support {
    /// Counts what bears a proposal out, and names what does not.
    pub(super) fn of<N: AsRef<[u8]>>(items: impl IntoIterator<Item = (N, bool)>, what: impl Into<String>) -> Self {
        let (mut with, mut against) = (0, Vec::new());
        for (name, is_with) in items {
            if is_with {
                with += 1;
            } else {
                against.push(Untrusted::new(name.as_ref()).to_string());
            }
        }
        Self { with, all: with + against.len(), what: what.into(), against }
    }

    /// Returns whether there is anything that bears it out.
    pub(super) fn is_some(&self) -> bool {
        self.with > 0
    }

    /// Returns whether at least so many of a hundred bear it out.
    pub(super) const fn reaches(&self, percent: usize) -> bool {
        self.with > 0 && self.with * 100 >= self.all * percent
    }

    /// Returns how many do not.
    pub(super) const fn without(&self) -> usize {
        self.all - self.with
    }

    /// Says where.
    pub(super) fn on(self, place: &str) -> Self {
        Self { what: format!("{} (on {place})", self.what), ..self }
    }

    /// Returns how many bear it out.
    pub(super) const fn with(&self) -> usize {
        self.with
    }
}

impl std::fmt::Display for Support {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} {}", self.with, self.all, self.what)?;
        let shown: Vec<String> = self.against.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        match self.against.len() {
            0 => Ok(()),
            count if count > NAMED => write!(f, "; not {} and {} more", shown.join(", "), count - NAMED),
            _ => write!(f, "; not {}", shown.join(", ")),
        }
    }
}

/// A table that is proposed.
#[derive(Clone, Debug)]
pub(super) struct Proposal {
    /// The key of the table.
    pub table: &'static str,
    /// What it says.
    pub keys: Vec<(&'static str, Value)>,
    /// What it rests on, a sentence each.
    pub because: Vec<String>,
    /// The rules that it arms.
    pub rules: Vec<&'static str>,
}

impl Proposal {
    /// Makes one without keys.
    pub(super) fn new(table: &'static str) -> Self {
        Self { table, keys: Vec::new(), because: Vec::new(), rules: Vec::new() }
    }

    /// Adds a key.
    pub(super) fn key(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.keys.push((key, value.into()));
        self
    }

    /// Adds a key with one text or a list of them.
    pub(super) fn texts(self, key: &'static str, texts: &[String]) -> Self {
        match texts {
            [only] => self.key(key, only.as_str()),
            many => self.key(key, Value::Array(many.iter().map(|text| Value::from(text.as_str())).collect())),
        }
    }

    /// Adds a reason.
    pub(super) fn because(mut self, reason: impl std::fmt::Display) -> Self {
        self.because.push(reason.to_string());
        self
    }

    /// Names the rules that it arms.
    pub(super) fn arms(mut self, rules: &[&'static str]) -> Self {
        self.rules.extend(rules);
        self
    }

    /// Writes the table as a policy has it, without what it rests on.
    pub(super) fn written(&self) -> String {
        let mut text = format!("[[{}]]\n", self.table);
        for (key, value) in &self.keys {
            text.push_str(&format!("{key} = {}\n", inline(value)));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_against_a_proposal_is_named_up_to_three() {
        let support = |names: &[&str]| {
            let with = ["1.0", "1.1"].map(|name| (name, true));
            let without = names.iter().map(|name| (*name, false));
            Support::of(with.into_iter().chain(without), "tags").to_string()
        };
        assert_eq!(support(&[]), "2 of 2 tags");
        assert_eq!(support(&["a", "b\n"]), "2 of 4 tags; not `a`, `b\\n`");
        assert_eq!(support(&["a", "b", "c", "d", "e"]), "2 of 7 tags; not `a`, `b`, `c` and 2 more");
    }

    #[test]
    fn texts_of_others_are_written_as_toml() {
        let names = ["say \"hi\"".to_owned(), "back\\slash'".to_owned()];
        let text = Proposal::new("line").texts("branch", &names).written();
        let read: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(read["line"][0]["branch"], Value::from(names.to_vec()));
    }
}
