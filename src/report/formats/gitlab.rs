//! GitLab's code quality report, for `artifacts:reports:codequality`.
//!
//! <https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format>

use serde::Serialize;

use crate::report::items::{Items, Weight};
use crate::report::{Format, json};

/// A code quality report.
pub(in crate::report) const FORMAT: Format = Format {
    name: "gitlab",
    help: "GitLab's code quality report, on standard output",
    is_for_people: false,
    render: |reported, _| report(&reported.sheet().items),
    beside: &[],
};

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: String,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
}

fn report(items: &Items) -> String {
    let issues = items.listed.iter().map(|item| {
        let (path, line) = item.shown_at();
        Issue {
            description: item.lines().join("; "),
            check_name: item.rule.clone(),
            fingerprint: item.fingerprint.clone(),
            severity: severity(item.weight),
            location: Location { path, lines: Lines { begin: line } },
        }
    });
    // The report has no other place for it.
    let rest = items.rest().map(|rest| Issue {
        description: rest,
        check_name: "refgate".to_owned(),
        fingerprint: "refgate".to_owned(),
        severity: severity(Weight::Note),
        location: Location { path: "refs".to_owned(), lines: Lines { begin: 1 } },
    });
    json(&issues.chain(rest).collect::<Vec<Issue>>())
}

const fn severity(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "critical",
        Weight::Warning => "minor",
        Weight::Note => "info",
    }
}
