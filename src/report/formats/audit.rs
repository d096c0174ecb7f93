//! An audit as a table for people, and as `refgate.audit/v1`.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::gate::not_asked;
use crate::model::{Level, Untrusted, counted};
use crate::report::audit::{Audit, AuditFormat, Entry, Status};
use crate::report::{Stream, json};

/// A table for people.
const HUMAN: AuditFormat = AuditFormat {
    name: "human",
    help: "A table for people, on standard output",
    stream: Stream::Output,
    render: |audit, lists_findings| table(audit, lists_findings),
};

/// `refgate.audit/v1`.
const JSON: AuditFormat = AuditFormat {
    name: "json",
    help: "refgate.audit/v1, on standard output",
    stream: Stream::Output,
    render: |audit, _| document(audit),
};

/// All of them, the default first.
pub(crate) static AUDIT_FORMATS: &[AuditFormat] = &[HUMAN, JSON];

/// Returns the format of this name.
pub(crate) fn audit_format(name: &str) -> Option<&'static AuditFormat> {
    AUDIT_FORMATS.iter().find(|format| format.name == name)
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    exit_code: u8,
    repositories: &'a [Entry],
    counts: BTreeMap<&'static str, usize>,
    not_asked: Vec<NotAsked>,
    timings_ms: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct NotAsked {
    rule: &'static str,
    reason: &'static str,
}

fn document(audit: &Audit) -> String {
    let mut counts: BTreeMap<_, _> = Status::ALL.iter().map(|status| (status.name(), audit.count(*status))).collect();
    let all = audit.entries.len();
    counts.extend([("repositories", all), ("judged", audit.judged), ("known", all - audit.judged.min(all))]);
    json(&Document {
        schema: "refgate.audit/v1",
        exit_code: audit.exit().code(),
        repositories: &audit.entries,
        counts,
        not_asked: not_asked().map(|(rule, reason)| NotAsked { rule, reason }).collect(),
        timings_ms: BTreeMap::from([("total", audit.milliseconds)]),
    })
}

/// Wider paths push the columns of their own row to the right.
const WIDEST: usize = 60;

fn table(audit: &Audit, lists_findings: bool) -> String {
    let wide = |entry: &Entry| entry.path.chars().count();
    let width = audit.entries.iter().map(wide).filter(|width| *width <= WIDEST).max().unwrap_or_default().max(10);
    let row = |path: &str, status: &str, refused: &str, warned: &str, what: &str| {
        format!("{path:<width$}  {status:<9}  {refused:>7}  {warned:>6}  {what}").trim_end().to_owned() + "\n"
    };
    let mut text = row("REPOSITORY", "STATUS", "REFUSED", "WARNED", "WHAT");
    for entry in &audit.entries {
        let count = |level: Level| match entry.count(level.name()) {
            0 => "-".to_owned(),
            count => count.to_string(),
        };
        let path = Untrusted::new(&entry.path).to_string();
        text.push_str(&row(&path, entry.status.name(), &count(Level::Refuse), &count(Level::Warn), &what(entry)));
        if lists_findings {
            text.push_str(&findings(entry));
        }
    }
    let counts: Vec<String> = Status::ALL
        .iter()
        .map(|status| (audit.count(*status), status.name()))
        .filter(|(count, _)| *count > 0)
        .map(|(count, name)| format!("{count} {name}"))
        .collect();
    let all = audit.entries.len();
    let repositories = counted(all, "repository", "repositories");
    text.push_str(&format!("\n{repositories}: {}", counts.join(", ")));
    if audit.judged < all {
        text.push_str(&format!("; {} known from before", all - audit.judged));
    }
    let left_out: Vec<&str> = not_asked().map(|(rule, _)| rule).collect();
    text.push_str(&format!("\nnot asked about what stands: {}\n", left_out.join(", ")));
    text
}

/// Returns what there is to know of a repository in one line: the rules that found something, what decides first; or why
/// there is no verdict.
fn what(entry: &Entry) -> String {
    if let Some(failure) = &entry.failure {
        return Untrusted::new(&failure.sentence()).to_string();
    }
    let mut rules: BTreeMap<(u8, &str), usize> = BTreeMap::new();
    for finding in &entry.found.findings {
        let rank = if finding.level == Level::Refuse.name() { 0 } else { 1 };
        if rank == 0 || finding.level == Level::Warn.name() {
            *rules.entry((rank, finding.rule.as_str())).or_default() += 1;
        }
    }
    let rules = rules.into_iter().map(|((_, rule), count)| match count {
        1 => rule.to_owned(),
        count => format!("{rule} ({count})"),
    });
    let open = entry.found.unevaluated.iter().find(|open| !open.elsewhere && open.level != Level::Observe.name());
    let open = open.map(|open| format!("open: {} - {}", Untrusted::new(&open.r#while), Untrusted::new(&open.cause)));
    rules.chain(open).collect::<Vec<String>>().join(", ")
}

/// Returns the findings of a repository, each with its place, and with the command that fixes it where there is one.
fn findings(entry: &Entry) -> String {
    let mut text = String::new();
    let shown = [(Level::Refuse, "error"), (Level::Warn, "warning")];
    for (level, word) in shown {
        for finding in entry.found.findings.iter().filter(|finding| finding.level == level.name()) {
            text.push_str(&format!("  {word}[{}]: {}\n", finding.rule, Untrusted::new(&finding.message)));
            if let Some(path) = &finding.path {
                let place = [finding.line, finding.column].into_iter().flatten().map(|number| format!(":{number}"));
                text.push_str(&format!("    file    {}{}\n", Untrusted::new(path), place.collect::<String>()));
            }
            if let Some(commit) = &finding.commit {
                text.push_str(&format!("    commit  {}\n", Untrusted::new(commit)));
            }
            if let Some(help) = &finding.help {
                text.push_str(&format!("    hint: {}\n", Untrusted::new(help)));
            }
            if let Some(command) = &finding.command {
                text.push_str(&format!("      {}\n", Untrusted::new(command)));
            }
        }
    }
    for help in entry.failure.iter().filter_map(|failure| failure.help.as_ref()) {
        text.push_str(&format!("  hint: {}\n", Untrusted::new(help)));
    }
    text
}
