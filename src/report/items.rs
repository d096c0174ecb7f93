//! What a report lists, in one form for the formats that other programs read: findings, open questions and debts, every
//! text of them fit to show.

use std::collections::BTreeMap;

use crate::gate::Outcome;
use crate::git::blob_id;
use crate::model::{Finding, HashKind, Level, PolicyLine, Unevaluated, Untrusted, Waived};

/// How much an item weighs, lightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Weight {
    /// On record: observed, waived, or left to the server.
    Note,
    /// The push goes ahead.
    Warning,
    /// The push does not go ahead.
    Error,
}

impl Weight {
    /// Returns the weight of what has a level; nothing that is off is in a report.
    pub(super) const fn of(level: Level) -> Self {
        match level {
            Level::Off | Level::Observe => Self::Note,
            Level::Warn => Self::Warning,
            Level::Refuse => Self::Error,
        }
    }
}

/// A finding, a debt, or a check that could not be carried out. Its texts are escaped.
#[derive(Debug)]
pub(crate) struct Item {
    /// The rule's id.
    pub(crate) rule: String,
    /// What it means for the push.
    pub(crate) weight: Weight,
    /// Whether it is a check that could not be carried out.
    pub(crate) is_open: bool,
    /// What is wrong, in one sentence; or why there is no answer.
    pub(crate) message: String,
    /// The ref it is about.
    pub(crate) ref_name: Option<String>,
    /// The full id of the commit it is about.
    pub(crate) commit: Option<String>,
    /// That commit's subject.
    pub(crate) subject: Option<String>,
    /// The file it is about.
    pub(crate) path: Option<String>,
    /// 1-based line in that file.
    pub(crate) line: Option<u32>,
    /// 1-based column in that line, in characters.
    pub(crate) column: Option<u32>,
    /// What to do about it, in a sentence.
    pub(crate) help: Option<String>,
    /// The command that fixes it.
    pub(crate) command: Option<String>,
    /// The exception that lowers it, in a sentence.
    pub(crate) waived: Option<String>,
    /// What else is worth a line.
    pub(crate) aside: Option<String>,
    /// Where the policy asks for what is refused.
    pub(crate) policy_line: Option<PolicyLine>,
    /// 40 hexadecimal digits that stay the same when commits are rebased, and differ between the items of a report; until
    /// items are put together, the text that they are made from.
    pub(crate) fingerprint: String,
}

impl Item {
    /// Makes an item without a place; `same_as` is a text that two items share when they are about the same.
    pub(crate) fn new(rule: &str, weight: Weight, message: &str, same_as: &[&str]) -> Self {
        let mut identity = vec![rule];
        identity.extend(same_as);
        Self {
            rule: rule.to_owned(),
            weight,
            is_open: false,
            message: shown(message),
            ref_name: None,
            commit: None,
            subject: None,
            path: None,
            line: None,
            column: None,
            help: None,
            command: None,
            waived: None,
            aside: None,
            policy_line: None,
            fingerprint: identity.join("\n"),
        }
    }

    /// Returns the item with the subject of its commit.
    pub(crate) fn about(self, subject: String) -> Self {
        Self { subject: Some(subject), ..self }
    }

    /// Returns the item with its place.
    fn at(self, ref_name: Option<String>, subject: Option<String>, path: Option<String>) -> Self {
        Self { ref_name, subject, path, ..self }
    }

    /// Returns the message with what to do about it, one line each.
    pub(super) fn lines(&self) -> Vec<&str> {
        let more = [&self.help, &self.command, &self.waived, &self.aside];
        [Some(&self.message)].into_iter().chain(more.map(Option::as_ref)).flatten().map(String::as_str).collect()
    }

    /// Returns the file and line that the item is shown at where a format has nothing but files: its own, or else the
    /// line of the policy that asks, or else the ref, which people recognise.
    pub(super) fn shown_at(&self) -> (String, u32) {
        if let Some(path) = &self.path {
            return (path.clone(), self.line.unwrap_or(1));
        }
        let policy =
            self.policy_line.as_ref().and_then(|line| Some((in_repository(&line.source)?.to_owned(), line.line)));
        policy.unwrap_or_else(|| (self.ref_name.clone().unwrap_or_else(|| "refs".to_owned()), 1))
    }
}

/// Returns the path of a policy inside the repository that it guards: `ref:REF:PATH` is, a file on a server is not.
fn in_repository(source: &str) -> Option<&str> {
    source.strip_prefix("ref:")?.rsplit_once(':').map(|(_, path)| path)
}

/// More items than these are counted, not listed: whoever pushes decides how many there would be.
const MOST: usize = 1000;

/// What a report lists.
#[derive(Debug)]
pub(crate) struct Items {
    /// What decides first: errors, warnings, and what is only on record.
    pub(super) listed: Vec<Item>,
    /// How many more there are.
    pub(super) left_out: usize,
}

impl Items {
    /// Puts items in order. `uncounted` is how many more there are that nobody listed.
    pub(crate) fn of(mut items: Vec<Item>, uncounted: usize) -> Self {
        items.sort_by_key(|item| std::cmp::Reverse(item.weight));
        let left_out = items.len().saturating_sub(MOST) + uncounted;
        items.truncate(MOST);
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for item in &mut items {
            let identity = std::mem::take(&mut item.fingerprint);
            let count = seen.entry(identity.clone()).or_default();
            *count += 1;
            item.fingerprint = blob_id(HashKind::Sha1, format!("{identity}\n{count}").as_bytes()).to_string();
        }
        Self { listed: items, left_out }
    }

    /// Returns how many listed items weigh this much.
    pub(super) fn count(&self, weight: Weight) -> usize {
        self.listed.iter().filter(|item| item.weight == weight).count()
    }

    /// Returns a sentence about what is not listed, if anything is not.
    pub(super) fn rest(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} more are not listed; what decides is listed first", self.left_out))
    }
}

/// Writes a sentence in a markup: what it has in backticks by `code`, the rest by `plain`.
pub(super) fn marked_up(text: &str, code: impl Fn(&str) -> String, plain: impl Fn(&str) -> String) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { code(part) } else { plain(part) }).collect()
}

fn shown(text: &str) -> String {
    Untrusted::new(text).to_string()
}

/// Returns what judging a push found.
pub(super) fn items(outcome: &Outcome) -> Items {
    let found = outcome.findings.iter().map(of_finding).chain(outcome.unevaluated.iter().map(of_open));
    Items::of(found.collect(), 0)
}

fn of_finding(finding: &Finding) -> Item {
    let path = finding.path.as_ref().map(|path| Untrusted::new(path).to_string());
    let ref_name = finding.ref_name.as_ref().map(ToString::to_string);
    let subject = finding.subject.as_deref().map(shown);
    let text = finding.excerpt.as_ref().map(|excerpt| shown(&excerpt.text));
    // Neither ids nor line numbers: they change when a commit is rebased.
    let identity = [&ref_name, &path, &subject, &text].map(|part| part.as_deref().unwrap_or_default());
    let weight = if finding.waiver.is_some() { Weight::Note } else { Weight::of(finding.level) };
    Item {
        commit: finding.commit.map(|id| id.to_string()),
        line: finding.line,
        column: finding.column,
        help: finding.help.as_deref().map(shown),
        command: finding.command.as_deref().map(shown),
        waived: finding.waiver.as_ref().map(waived),
        policy_line: finding.policy_line.clone(),
        ..Item::new(finding.rule, weight, &finding.message, &identity)
    }
    .at(ref_name, subject, path)
}

fn waived(waived: &Waived) -> String {
    let by = waived.by.as_ref().map_or_else(String::new, |by| format!(" by {}", shown(by)));
    let until = waived.until.as_ref().map_or_else(String::new, |until| format!(" until {}", shown(until)));
    format!("waived{by}{until}: {}", shown(&waived.reason))
}

fn of_open(open: &Unevaluated) -> Item {
    let ref_name = open.ref_name.as_ref().map(ToString::to_string);
    let message = format!("not judged: {} - {}", shown(&open.detail), shown(&open.cause));
    let weight = if open.elsewhere { Weight::Note } else { Weight::of(open.level) };
    Item {
        is_open: true,
        help: open.help.as_deref().map(shown),
        ..Item::new(open.rule, weight, &message, &[ref_name.as_deref().unwrap_or_default(), "not judged"])
    }
    .at(ref_name, None, None)
}
