//! `refgate.report/v1`. Other people's scripts read it: names never change within v1.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::gate::{JudgedUpdate, Outcome, PolicyId};
use crate::model::{Actor, Finding, Movement, Unevaluated, Untrusted, Verdict, Waived};
use crate::report::{Report, json, json_line};

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    would: Option<&'static str>,
    exit_code: u8,
    stage: &'static str,
    host: Option<&'a str>,
    actor: Option<String>,
    policy: PolicyDto,
    updates: Vec<UpdateDto>,
    #[serde(flatten)]
    found: FoundDto,
    timings_ms: BTreeMap<&'static str, f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct PolicyDto {
    pub(in crate::report) name: String,
    source: String,
    id: String,
}

impl PolicyDto {
    pub(in crate::report) fn id(&self) -> PolicyId {
        PolicyId { name: self.name.clone(), source: self.source.clone(), id: self.id.clone() }
    }
}

#[derive(Serialize)]
struct UpdateDto {
    r#ref: String,
    old: String,
    new: String,
    kind: Option<&'static str>,
    line: Option<String>,
}

/// A finding, as every document has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct FindingDto {
    pub(in crate::report) rule: String,
    pub(in crate::report) level: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::report) meant: Option<String>,
    pub(in crate::report) r#ref: Option<String>,
    pub(in crate::report) commit: Option<String>,
    pub(in crate::report) path: Option<String>,
    pub(in crate::report) line: Option<u32>,
    pub(in crate::report) column: Option<u32>,
    pub(in crate::report) message: String,
    r#while: String,
    pub(in crate::report) help: Option<String>,
    pub(in crate::report) command: Option<String>,
    pub(in crate::report) evidence: Option<String>,
}

/// A check that could not be carried out, as every document has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct UnevaluatedDto {
    pub(in crate::report) rule: String,
    pub(in crate::report) level: String,
    pub(in crate::report) r#ref: Option<String>,
    pub(in crate::report) r#while: String,
    pub(in crate::report) cause: String,
    pub(in crate::report) help: Option<String>,
    pub(in crate::report) elsewhere: bool,
}

/// How many of each there was no room for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct LeftOutDto {
    updates: usize,
    findings: usize,
    unevaluated: usize,
}

/// What an outcome found and could not find out, as much as there is room for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(in crate::report) struct FoundDto {
    pub(in crate::report) findings: Vec<FindingDto>,
    pub(in crate::report) unevaluated: Vec<UnevaluatedDto>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::report) left_out: Option<LeftOutDto>,
}

/// Returns the document.
pub(in crate::report) fn render(report: &Report<'_>) -> String {
    json(&document(report))
}

/// Returns the report as one line of JSON with the time it was made, for a log.
pub(crate) fn log_line(report: &Report<'_>, time: &str) -> String {
    #[derive(Serialize)]
    struct Line<'a> {
        time: &'a str,
        report: Document<'a>,
    }
    json_line(&Line { time, report: document(report) })
}

/// The most bytes of each list of a document: whoever pushes decides how long they would be.
const MAX_UPDATES: usize = 256 << 10;
const MAX_FINDINGS: usize = 512 << 10;
const MAX_UNEVALUATED: usize = 128 << 10;

/// Returns as many items of a list as there is room for, and the number of the rest. Where not all are listed, those of
/// the lowest rank come first: what decides is among them.
fn fitting<'a, T, D: Serialize, R: Ord>(
    items: &'a [T],
    room: usize,
    rank: impl Fn(&T) -> R,
    dto: impl Fn(&'a T) -> D,
) -> (Vec<D>, usize) {
    let list = |items: &[&'a T]| -> Vec<D> {
        let mut left = room;
        let mut fits = |item: &D| {
            let bytes = serde_json::to_vec(item).map_or(usize::MAX, |text| text.len());
            let fits = left.checked_sub(bytes);
            left = fits.unwrap_or_default();
            fits.is_some()
        };
        items.iter().map(|item| dto(item)).take_while(|item| fits(item)).collect()
    };
    let mut ranked: Vec<&T> = items.iter().collect();
    let mut shown = list(&ranked);
    if shown.len() < items.len() {
        ranked.sort_by_key(|item| rank(item));
        shown = list(&ranked);
    }
    let left_out = items.len() - shown.len();
    (shown, left_out)
}

fn document<'a>(report: &Report<'a>) -> Document<'a> {
    let outcome = report.outcome;
    // An accepted push is recorded completely. The record of any other is bounded: making one costs the pusher nothing.
    let room = if outcome.verdict == Verdict::Accepted { usize::MAX } else { MAX_UPDATES };
    let (updates, left_out) = fitting(&outcome.updates, room, |_| (), update);
    Document {
        schema: "refgate.report/v1",
        verdict: outcome.verdict.name(),
        would: outcome.would.map(Verdict::name),
        exit_code: outcome.exit().code(),
        stage: outcome.stage.name(),
        host: outcome.host.as_deref(),
        actor: match &outcome.actor {
            Actor::Known(name) => Some(Untrusted::new(name).to_string()),
            Actor::Unknown | Actor::Host => None,
        },
        policy: policy(&outcome.policy),
        updates,
        found: found(outcome, left_out),
        timings_ms: report.timings.iter().copied().collect(),
    }
}

/// Returns the policy of an outcome.
pub(in crate::report) fn policy(policy: &PolicyId) -> PolicyDto {
    PolicyDto {
        name: Untrusted::new(&policy.name).to_string(),
        source: Untrusted::new(&policy.source).to_string(),
        id: policy.id.clone(),
    }
}

/// Returns what an outcome found and could not find out. `updates` is how many updates its document leaves out.
pub(in crate::report) fn found(outcome: &Outcome, updates: usize) -> FoundDto {
    let weight = |finding: &Finding| Reverse(finding.level);
    let due = |open: &Unevaluated| (open.elsewhere, Reverse(open.level));
    let (findings, findings_left_out) = fitting(&outcome.findings, MAX_FINDINGS, weight, finding);
    let (unevaluated, unevaluated_left_out) = fitting(&outcome.unevaluated, MAX_UNEVALUATED, due, unevaluated);
    let left_out = LeftOutDto { updates, findings: findings_left_out, unevaluated: unevaluated_left_out };
    let is_whole = updates + findings_left_out + unevaluated_left_out == 0;
    FoundDto { findings, unevaluated, left_out: (!is_whole).then_some(left_out) }
}

fn update(update: &JudgedUpdate) -> UpdateDto {
    UpdateDto {
        r#ref: update.name.to_string(),
        old: update.old.to_string(),
        new: update.new.to_string(),
        kind: update.movement.map(Movement::name),
        line: update.place.as_ref().map(|place| Untrusted::new(place).to_string()),
    }
}

/// Returns what decided a finding: the exception that lowers it, or else what the rule saw.
fn evidence(finding: &Finding) -> Option<String> {
    let Some(Waived { by, reason, .. }) = &finding.waiver else { return finding.evidence.clone() };
    let by = by.as_ref().map_or_else(String::new, |by| format!(" ({by})"));
    Some(format!("waived{by}: {reason}"))
}

fn finding(finding: &Finding) -> FindingDto {
    FindingDto {
        rule: finding.rule.to_owned(),
        level: finding.level.name().to_owned(),
        meant: finding.meant.map(|level| level.name().to_owned()),
        r#ref: finding.ref_name.as_ref().map(ToString::to_string),
        commit: finding.commit.map(|id| id.to_string()),
        path: finding.path.as_ref().map(|path| Untrusted::new(path).to_string()),
        line: finding.line,
        column: finding.column,
        message: finding.message.clone(),
        r#while: finding.detail.clone(),
        help: finding.help.clone(),
        command: finding.command.clone(),
        evidence: evidence(finding),
    }
}

fn unevaluated(open: &Unevaluated) -> UnevaluatedDto {
    UnevaluatedDto {
        rule: open.rule.to_owned(),
        level: open.level.name().to_owned(),
        r#ref: open.ref_name.as_ref().map(ToString::to_string),
        r#while: open.detail.clone(),
        cause: open.cause.clone(),
        help: open.help.clone(),
        elsewhere: open.elsewhere,
    }
}
