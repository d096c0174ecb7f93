//! `refgate.report/v1`. Other people's scripts read it: names never change within v1.

use serde::Serialize;
use std::collections::BTreeMap;

use crate::gate::JudgedUpdate;
use crate::model::{Actor, Finding, Movement, Unevaluated, Untrusted, Waived};
use crate::report::{Colour, Format, Report, Stream, json, json_line};

/// `refgate.report/v1`.
pub(in crate::report) const FORMAT: Format =
    Format { name: "json", help: "refgate.report/v1, on standard output", stream: Stream::Output, render };

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    verdict: &'static str,
    exit_code: u8,
    stage: &'static str,
    host: Option<&'a str>,
    actor: Option<String>,
    policy: PolicyDto<'a>,
    updates: Vec<UpdateDto<'a>>,
    findings: Vec<FindingDto<'a>>,
    unevaluated: Vec<UnevaluatedDto<'a>>,
    timings_ms: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct PolicyDto<'a> {
    name: &'a str,
    source: &'a str,
    id: &'a str,
}

#[derive(Serialize)]
struct UpdateDto<'a> {
    r#ref: String,
    old: String,
    new: String,
    kind: Option<&'static str>,
    line: Option<&'a str>,
}

#[derive(Serialize)]
struct FindingDto<'a> {
    rule: &'a str,
    level: &'a str,
    r#ref: Option<String>,
    commit: Option<String>,
    path: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    message: &'a str,
    r#while: &'a str,
    help: Option<&'a str>,
    command: Option<&'a str>,
    evidence: Option<String>,
}

#[derive(Serialize)]
struct UnevaluatedDto<'a> {
    rule: &'a str,
    level: &'a str,
    r#ref: Option<String>,
    r#while: &'a str,
    cause: &'a str,
    help: Option<&'a str>,
    elsewhere: bool,
}

fn render(report: &Report<'_>, _: Colour) -> String {
    json(&document(report))
}

/// The report as one line of JSON with the time it was made, for a log.
pub(crate) fn log_line(report: &Report<'_>, time: &str) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        time: &'a str,
        report: Document<'a>,
    }
    json_line(&Line { time, report: document(report) })
}

fn document<'a>(report: &Report<'a>) -> Document<'a> {
    let outcome = report.outcome;
    Document {
        schema: "refgate.report/v1",
        verdict: outcome.verdict.name(),
        exit_code: outcome.exit().code(),
        stage: outcome.stage.name(),
        host: outcome.host.as_deref(),
        actor: match &outcome.actor {
            Actor::Known(name) => Some(Untrusted::new(name).to_string()),
            Actor::Unknown | Actor::Host => None,
        },
        policy: PolicyDto { name: &outcome.policy.name, source: &outcome.policy.source, id: &outcome.policy.id },
        updates: outcome.updates.iter().map(update).collect(),
        findings: outcome.findings.iter().map(finding).collect(),
        unevaluated: outcome.unevaluated.iter().map(unevaluated).collect(),
        timings_ms: report.timings.iter().copied().collect(),
    }
}

fn update(update: &JudgedUpdate) -> UpdateDto<'_> {
    UpdateDto {
        r#ref: update.name.to_string(),
        old: update.old.to_string(),
        new: update.new.to_string(),
        kind: update.movement.map(Movement::name),
        line: update.place.as_deref(),
    }
}

/// By what a finding was decided: by the exception that lowers it, or else by what the rule saw.
fn evidence(finding: &Finding) -> Option<String> {
    let Some(Waived { by, reason, .. }) = &finding.waiver else { return finding.evidence.clone() };
    let by = by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
    Some(format!("waived{by}: {reason}"))
}

fn finding(finding: &Finding) -> FindingDto<'_> {
    FindingDto {
        rule: finding.rule,
        level: finding.level.name(),
        r#ref: finding.ref_name.as_ref().map(ToString::to_string),
        commit: finding.commit.map(|id| id.to_string()),
        path: finding.path.as_ref().map(|path| Untrusted::new(path).to_string()),
        line: finding.line,
        column: finding.column,
        message: &finding.message,
        r#while: &finding.detail,
        help: finding.help.as_deref(),
        command: finding.command.as_deref(),
        evidence: evidence(finding),
    }
}

fn unevaluated(open: &Unevaluated) -> UnevaluatedDto<'_> {
    UnevaluatedDto {
        rule: open.rule,
        level: open.level.name(),
        r#ref: open.ref_name.as_ref().map(ToString::to_string),
        r#while: &open.detail,
        cause: &open.cause,
        help: open.help.as_deref(),
        elsewhere: open.elsewhere,
    }
}
