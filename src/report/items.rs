//! What a report lists, in one form for the formats that other programs read: findings and open questions, every text
//! of them fit to show.

use std::collections::BTreeMap;

use crate::gate::Outcome;
use crate::git::blob_id;
use crate::model::{Finding, HashKind, Level, PolicyLine, Unevaluated, Untrusted, Waived};

/// How much an item weighs, lightest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    /// On record: observed, waived, or left to the server.
    Note,
    /// The push goes ahead.
    Warning,
    /// The push does not go ahead.
    Error,
}

impl Weight {
    /// Returns the weight of what has a level; nothing that is off is in a report.
    const fn of(level: Level) -> Self {
        match level {
            Level::Off | Level::Observe => Self::Note,
            Level::Warn => Self::Warning,
            Level::Refuse => Self::Error,
        }
    }
}

/// A finding, or a check that could not be carried out.
#[derive(Debug)]
pub(super) struct Item {
    /// The rule's id.
    pub(super) rule: &'static str,
    /// What it means for the push.
    pub(super) weight: Weight,
    /// Whether it is a check that could not be carried out.
    pub(super) is_open: bool,
    /// What is wrong, in one sentence; or why there is no answer.
    pub(super) message: String,
    /// The ref it is about.
    pub(super) ref_name: Option<String>,
    /// The full id of the commit it is about.
    pub(super) commit: Option<String>,
    /// That commit's subject.
    pub(super) subject: Option<String>,
    /// The file it is about.
    pub(super) path: Option<String>,
    /// 1-based line in that file.
    pub(super) line: Option<u32>,
    /// 1-based column in that line, in characters.
    pub(super) column: Option<u32>,
    /// What to do about it, in a sentence.
    pub(super) help: Option<String>,
    /// The command that fixes it.
    pub(super) command: Option<String>,
    /// The exception that lowers it, in a sentence.
    pub(super) waived: Option<String>,
    /// Where the policy asks for what is refused.
    pub(super) policy_line: Option<PolicyLine>,
    /// 40 hexadecimal digits that stay the same when commits are rebased, and differ between the items of a report.
    pub(super) fingerprint: String,
}

impl Item {
    /// Returns the message with what to do about it, one line each.
    pub(super) fn lines(&self) -> Vec<&str> {
        let parts = [Some(&self.message), self.help.as_ref(), self.command.as_ref(), self.waived.as_ref()];
        parts.into_iter().flatten().map(String::as_str).collect()
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

/// What an outcome lists.
#[derive(Debug)]
pub(super) struct Items {
    /// What decides first: errors, warnings, and what is only on record.
    pub(super) listed: Vec<Item>,
    /// How many more there are.
    pub(super) left_out: usize,
}

impl Items {
    /// Returns how many listed items weigh this much.
    pub(super) fn count(&self, weight: Weight) -> usize {
        self.listed.iter().filter(|item| item.weight == weight).count()
    }

    /// Returns a sentence about what is not listed, if anything is not.
    pub(super) fn rest(&self) -> Option<String> {
        (self.left_out > 0).then(|| format!("{} more are not listed; what decides is listed first", self.left_out))
    }
}

/// Returns what an outcome lists.
pub(super) fn items(outcome: &Outcome) -> Items {
    let mut items: Vec<Item> = outcome.findings.iter().map(of_finding).collect();
    items.extend(outcome.unevaluated.iter().map(of_open));
    items.sort_by_key(|item| std::cmp::Reverse(item.weight));
    let left_out = items.len().saturating_sub(MOST);
    items.truncate(MOST);
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for item in &mut items {
        let identity = std::mem::take(&mut item.fingerprint);
        let count = seen.entry(identity.clone()).or_default();
        *count += 1;
        item.fingerprint = blob_id(HashKind::Sha1, format!("{identity}\n{count}").as_bytes()).to_string();
    }
    Items { listed: items, left_out }
}

/// Writes a sentence in a markup: what it has in backticks by `code`, the rest by `plain`.
pub(super) fn marked_up(text: &str, code: impl Fn(&str) -> String, plain: impl Fn(&str) -> String) -> String {
    text.split('`').enumerate().map(|(at, part)| if at % 2 == 1 { code(part) } else { plain(part) }).collect()
}

fn shown(text: &str) -> String {
    Untrusted::new(text).to_string()
}

fn of_finding(finding: &Finding) -> Item {
    let path = finding.path.as_ref().map(|path| Untrusted::new(path).to_string());
    let ref_name = finding.ref_name.as_ref().map(ToString::to_string);
    let subject = finding.subject.as_deref().map(shown);
    let text = finding.excerpt.as_ref().map(|excerpt| shown(&excerpt.text));
    // Neither ids nor line numbers: they change when a commit is rebased.
    let identity = [
        finding.rule,
        ref_name.as_deref().unwrap_or_default(),
        path.as_deref().unwrap_or_default(),
        subject.as_deref().unwrap_or_default(),
        text.as_deref().unwrap_or_default(),
    ];
    Item {
        fingerprint: identity.join("\n"),
        rule: finding.rule,
        weight: if finding.waiver.is_some() { Weight::Note } else { Weight::of(finding.level) },
        is_open: false,
        message: shown(&finding.message),
        ref_name,
        commit: finding.commit.map(|id| id.to_string()),
        subject,
        path,
        line: finding.line,
        column: finding.column,
        help: finding.help.as_deref().map(shown),
        command: finding.command.as_deref().map(shown),
        waived: finding.waiver.as_ref().map(waived),
        policy_line: finding.policy_line.clone(),
    }
}

fn waived(waived: &Waived) -> String {
    let by = waived.by.as_ref().map_or_else(String::new, |by| format!(" by {}", shown(by)));
    let until = waived.until.as_ref().map_or_else(String::new, |until| format!(" until {}", shown(until)));
    format!("waived{by}{until}: {}", shown(&waived.reason))
}

fn of_open(open: &Unevaluated) -> Item {
    let ref_name = open.ref_name.as_ref().map(ToString::to_string);
    let identity = [open.rule, ref_name.as_deref().unwrap_or_default(), "not judged"];
    Item {
        fingerprint: identity.join("\n"),
        rule: open.rule,
        weight: if open.elsewhere { Weight::Note } else { Weight::of(open.level) },
        is_open: true,
        message: format!("not judged: {} - {}", shown(&open.detail), shown(&open.cause)),
        ref_name,
        commit: None,
        subject: None,
        path: None,
        line: None,
        column: None,
        help: open.help.as_deref().map(shown),
        command: None,
        waived: None,
        policy_line: None,
    }
}
