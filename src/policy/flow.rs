//! Flows between lines, what each line takes, and recorded exceptions.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

use super::raw::{Located, Texts};
use super::resolve::{Resolver, not_left_open};
use super::{Line, Pattern, Policy, PolicyError, Problem, Since};
use crate::model::{Level, ObjectId, did_you_mean};

/// How a change travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// The branch is merged: the commit itself arrives.
    Merge,
    /// The change is cherry-picked: another commit with the same change arrives.
    Pick,
}

impl Way {
    /// The word the policy uses.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::Pick => "pick",
        }
    }
}

/// When what is on one line has to be on the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowDue {
    /// Already, or with the same push.
    Before,
    /// Before the next version of the line is tagged.
    NextTag,
    /// So many days after the commit was made.
    Days(u16),
    /// Never held up, only reported.
    Report,
}

impl fmt::Display for FlowDue {
    /// As the policy writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Before => f.write_str("before"),
            Self::NextTag => f.write_str("next-tag"),
            Self::Days(days) => write!(f, "{days}d"),
            Self::Report => f.write_str("report"),
        }
    }
}

/// An obligation: what is on `from` must get to `to`.
#[derive(Clone, Debug)]
pub struct Flow {
    /// The line that changes are made on.
    pub from: String,
    /// The line they must get to.
    pub to: String,
    /// How they may travel.
    pub by: Vec<Way>,
    /// When they are due.
    pub due: FlowDue,
    /// Kinds of change that stay where they are.
    pub exempt_changes: Vec<String>,
    /// A change that touches these paths alone stays where it is.
    pub exempt_paths: Vec<Pattern>,
    /// The token of the trailer by which a commit says that it stays where it is, and why.
    pub exempt_trailer: String,
    /// Whether release chores (version bumps, changelog syncs, release commits) have to reach the other line too.
    pub owes_chores: bool,
}

/// What a line takes.
#[derive(Clone, Debug, Default)]
pub struct Intake {
    /// The only kinds of change it takes; empty takes all.
    pub accepts: Vec<String>,
    /// Kinds of change it does not take.
    pub refuses: Vec<String>,
    /// Lines without which it receives nothing.
    pub only_from: Vec<String>,
    /// The line that its branches are merged into: what is refused there may come by that merge.
    pub merges_into: Option<String>,
}

/// A recorded exception.
#[derive(Clone, Debug)]
pub struct Waiver {
    /// The rule.
    pub rule: String,
    /// The commit.
    pub commit: Option<ObjectId>,
    /// The refs, in full.
    pub refs: Vec<Pattern>,
    /// Why.
    pub reason: String,
    /// Who granted it.
    pub by: Option<String>,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// The index in [`Policy::texts`](super::Policy::texts) of the layer that grants it.
    pub layer: usize,
    /// Where it stands there.
    pub span: std::ops::Range<usize>,
    /// The uppermost layer above that does not leave the rule open, where none above says anything of the rule.
    silent_above: Option<usize>,
}

/// `[[flow]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawFlow {
    /// The line that changes are made on.
    from: Located<String>,
    /// The line they must get to.
    to: Located<String>,
    /// How they may travel: `merge`, `pick`.
    by: Located<Vec<Way>>,
    /// When they are due: `before`, `next-tag`, `14d`, `report`.
    due: Located<String>,
    /// Kinds of change that stay where they are.
    exempt_changes: Option<Located<Texts>>,
    /// A change that touches these paths alone stays where it is.
    exempt_paths: Option<Located<Texts>>,
    /// The trailer by which a commit says that it stays where it is; `Release-Only` unless given.
    exempt_trailer: Option<String>,
    /// Whether release chores (version bumps, changelog syncs, release commits) have to reach the other line too.
    #[serde(default)]
    owes_chores: bool,
}

/// `[[waiver]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawWaiver {
    /// The rule.
    rule: String,
    /// The commit, in full.
    commit: Option<Located<String>>,
    /// The refs, in full.
    r#ref: Option<Located<Texts>>,
    /// Why.
    reason: Located<String>,
    /// Who granted it.
    by: Option<String>,
    /// The last day on which it counts.
    until: Option<Located<String>>,
}

impl Resolver<'_> {
    /// The flows of all layers: a lower layer may add obligations, and none can be taken away.
    pub(super) fn flows(&mut self, lines: &[Line]) -> Vec<Flow> {
        let mut flows = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            for (raw, _) in &layer.flows {
                for end in [&raw.from, &raw.to] {
                    self.line_named(at, end, lines);
                }
                if raw.by.get_ref().is_empty() {
                    self.report(at, Problem::new(raw.by.span(), "`by` is empty, so that nothing could ever arrive"));
                }
                let due = due(raw.due.get_ref());
                if due.is_none() {
                    let message = format!(
                        "`{}` is none of `before`, `next-tag`, `report` and days like `14d`",
                        raw.due.get_ref()
                    );
                    self.report(at, Problem::new(raw.due.span(), message));
                }
                let exempt_paths = raw.exempt_paths.as_ref().map(|paths| self.patterns(at, paths)).unwrap_or_default();
                flows.push(Flow {
                    from: raw.from.get_ref().clone(),
                    to: raw.to.get_ref().clone(),
                    by: raw.by.get_ref().clone(),
                    due: due.unwrap_or(FlowDue::Before),
                    exempt_changes: self.kinds_named(at, raw.exempt_changes.as_ref()),
                    exempt_paths,
                    exempt_trailer: raw.exempt_trailer.clone().unwrap_or_else(|| "Release-Only".to_owned()),
                    owes_chores: raw.owes_chores,
                });
            }
        }
        flows
    }

    /// The waivers of all layers. A waiver weakens: a layer that extends another needs that one's leave.
    pub(super) fn waivers(&mut self) -> Vec<Waiver> {
        let mut waivers = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            for (raw, span) in &layer.waivers {
                let stated = (0..at).rev().find(|upper| {
                    self.layers
                        .get(*upper)
                        .is_some_and(|layer| layer.rules.iter().any(|rule| *rule.id.get_ref() == raw.rule))
                });
                if let Some(upper) = stated
                    && !self.may_weaken(at, upper, &raw.rule, span.clone(), &format!("a waiver of `{}`", raw.rule))
                {
                    continue;
                }
                if !says_something(raw.reason.get_ref()) {
                    self.report(at, Problem::new(raw.reason.span(), "a waiver without a reason is none"));
                }
                if raw.commit.is_none() && raw.r#ref.is_none() {
                    self.report(at, Problem::new(span.clone(), "a waiver names a `commit` or a `ref`"));
                }
                let commit = raw.commit.as_ref().and_then(|text| match ObjectId::from_hex(text.get_ref().as_bytes()) {
                    Ok(id) => Some(id),
                    Err(error) => {
                        self.report(at, Problem::new(text.span(), error.to_string()));
                        None
                    }
                });
                let until = raw.until.as_ref().and_then(|text| match Since::parse(text.get_ref()) {
                    Some(Since::Date(date)) => Some(date),
                    _ => {
                        self.report(
                            at,
                            Problem::new(text.span(), format!("`{}` is no date like `2026-11-21`", text.get_ref())),
                        );
                        None
                    }
                });
                let refs = raw.r#ref.as_ref().map(|refs| self.patterns(at, refs)).unwrap_or_default();
                waivers.push(Waiver {
                    rule: raw.rule.clone(),
                    commit,
                    refs,
                    reason: raw.reason.get_ref().clone(),
                    by: raw.by.clone(),
                    until,
                    layer: at,
                    span: span.clone(),
                    silent_above: if stated.is_some() {
                        None
                    } else {
                        self.layers.iter().take(at).position(|layer| !layer.leaves_open(&raw.rule))
                    },
                });
            }
        }
        waivers
    }

    /// Kinds of change by name; reports those that nothing declares.
    pub(super) fn kinds_named(&mut self, at: usize, names: Option<&Located<Texts>>) -> Vec<String> {
        let Some(names) = names else { return Vec::new() };
        let declared =
            self.layers.iter().flat_map(|layer| layer.kinds.iter().map(|(raw, _)| raw.name.get_ref().as_str()));
        let mut known: Vec<&str> = super::kind::built_in().collect();
        known.extend(declared);
        let strangers: Vec<&String> = names.get_ref().0.iter().filter(|name| !known.contains(&name.as_str())).collect();
        for name in strangers {
            let hint = did_you_mean(name, known.iter().copied());
            let problem = Problem::new(names.span(), format!("there is no kind of change `{name}`{hint}"));
            self.report(at, problem.help("declare it with `[[kind]]`"));
        }
        names.get_ref().0.clone()
    }

    fn line_named(&mut self, at: usize, name: &Located<String>, lines: &[Line]) {
        let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
        self.line_exists(at, name.get_ref(), name.span(), &names);
    }
}

impl Policy {
    /// What is wrong with waivers of a rule that the layers above theirs have by itself, at `default`, without a word on
    /// it, and do not leave open.
    pub fn waives_default(&self, id: &str, default: Level) -> Vec<PolicyError> {
        let wrong = |waiver: &Waiver| {
            let upper = self.texts.get(waiver.silent_above?)?;
            let source = self.texts.get(waiver.layer)?.clone();
            let problem = not_left_open(upper, waiver.span.clone(), id, &format!("a waiver of `{id}`"));
            Some(PolicyError { source, problem })
        };
        let own = self.waivers.iter().filter(|waiver| waiver.rule == id && default != Level::Off);
        own.filter_map(wrong).collect()
    }
}

/// Whether a reason gives any.
pub(super) fn says_something(reason: &str) -> bool {
    reason.chars().any(char::is_alphanumeric)
}

fn due(text: &str) -> Option<FlowDue> {
    match text {
        "before" => Some(FlowDue::Before),
        "next-tag" => Some(FlowDue::NextTag),
        "report" => Some(FlowDue::Report),
        days => days.strip_suffix('d')?.parse().ok().map(FlowDue::Days),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Source, load};

    #[test]
    fn a_flow_owes_chores_only_where_it_says_so() {
        let owes = |more: &str| {
            let text = format!(
                "schema = 1\nname = 'x'\n[[line]]\nname = 'a'\nbranch = 'a'\nrole = 'release'\n[[line]]\nname = 'b'\n\
                 branch = 'b'\nrole = 'mainline'\n[[flow]]\nfrom = 'a'\nto = 'b'\nby = ['pick']\ndue = 'before'\n{more}\n"
            );
            let read = |_: &Source| Ok(text.clone().into_bytes());
            load(Source::File("x.toml".into()), &read).map(|policy| policy.flows[0].owes_chores)
        };
        assert!(!owes("").unwrap());
        assert!(owes("owes-chores = true").unwrap());
        assert!(owes("owes-chores = 'yes'").is_err());
    }
}
