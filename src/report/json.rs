//! `refgate.report/v1`. Other people's scripts read it: names never change within v1.

use serde::Serialize;
use std::collections::BTreeMap;

use super::Report;
use crate::facts::Change;
use crate::model::{Actor, Finding, Unevaluated, Untrusted};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    verdict: &'static str,
    exit_code: u8,
    stage: &'static str,
    host: Option<&'a str>,
    actor: Option<String>,
    policy: PolicyDto<'a>,
    updates: Vec<UpdateDto>,
    findings: Vec<FindingDto<'a>>,
    unevaluated: Vec<UnevaluatedDto<'a>>,
    timings_ms: BTreeMap<&'static str, f64>,
}

#[derive(Serialize)]
struct PolicyDto<'a> {
    name: &'a str,
    source: String,
    id: &'a str,
}

#[derive(Serialize)]
struct UpdateDto {
    r#ref: String,
    old: String,
    new: String,
    kind: Option<&'static str>,
    line: Option<String>,
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
    evidence: Option<&'a str>,
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

pub(super) fn render(report: &Report<'_>) -> String {
    // A document of texts, numbers and maps with text keys always serialises.
    serde_json::to_string_pretty(&document(report)).unwrap_or_default() + "\n"
}

pub(super) fn log_line(report: &Report<'_>, time: &str) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        time: &'a str,
        report: Document<'a>,
    }
    serde_json::to_string(&Line { time, report: document(report) }).unwrap_or_default()
}

fn document<'a>(report: &'a Report<'_>) -> Document<'a> {
    let push = report.facts.push();
    Document {
        schema: "refgate.report/v1",
        verdict: report.outcome.verdict.name(),
        exit_code: report.outcome.exit().code(),
        stage: push.stage.name(),
        host: push.host.as_deref(),
        actor: match &push.actor {
            Actor::Known(name) => Some(Untrusted::new(name).to_string()),
            Actor::Unknown | Actor::Host => None,
        },
        policy: PolicyDto {
            name: &report.policy.name,
            source: report.policy.source.to_string(),
            id: &report.policy_id,
        },
        updates: report.facts.changes().map(|change| update(&change)).collect(),
        findings: report.outcome.findings.iter().map(finding).collect(),
        unevaluated: report.outcome.unevaluated.iter().map(unevaluated).collect(),
        timings_ms: report.timings.iter().copied().collect(),
    }
}

fn update(change: &Change<'_, '_>) -> UpdateDto {
    let line = change.line().map(|place| place.line.name.clone());
    UpdateDto {
        r#ref: change.name().to_string(),
        old: change.old().to_string(),
        new: change.new_id().to_string(),
        kind: change.movement().ok().map(crate::facts::Movement::name),
        line: line.or_else(|| change.tag().map(|place| place.class.name.clone())),
    }
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
        evidence: finding.evidence.as_deref(),
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
