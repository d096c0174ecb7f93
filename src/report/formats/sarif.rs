//! SARIF 2.1.0, within the limits of GitHub's code scanning.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>,
//! <https://docs.github.com/en/code-security/reference/code-scanning/sarif-support-for-code-scanning>

use serde::Serialize;
use std::collections::BTreeMap;

use crate::model::Level;
use crate::report::items::{Item, Weight};
use crate::report::{Format, Sheet, json};
use crate::rules::{Meta, REGISTRY};

/// SARIF.
pub(in crate::report) const FORMAT: Format = Format {
    name: "sarif",
    help: "SARIF 2.1.0, on standard output: for code scanning",
    is_for_people: false,
    render: |reported, _| json(&log(&reported.sheet())),
    beside: &[],
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<SarifResult>,
    properties: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Descriptor>,
}

/// What SARIF calls a reporting descriptor.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    id: &'static str,
    short_description: Message,
    full_description: Message,
    default_configuration: Configuration,
    help: Help,
}

#[derive(Serialize)]
struct Configuration {
    enabled: bool,
    level: &'static str,
}

#[derive(Serialize)]
struct Help {
    text: &'static str,
    markdown: &'static str,
}

#[derive(Serialize)]
struct Message {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
    exit_code: u8,
    tool_execution_notifications: Vec<Notification>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification {
    level: &'static str,
    message: Message,
    #[serde(skip_serializing_if = "Option::is_none")]
    associated_rule: Option<RuleReference>,
}

#[derive(Serialize)]
struct RuleReference {
    id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SarifResult {
    rule_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Message,
    locations: [Location; 1],
    partial_fingerprints: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressions: Vec<Suppression>,
    properties: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
struct Suppression {
    kind: &'static str,
    justification: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<LogicalLocation>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_column: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogicalLocation {
    fully_qualified_name: String,
    kind: &'static str,
}

fn log(sheet: &Sheet<'_>) -> Log {
    let items = &sheet.items;
    let (open, found): (Vec<&Item>, Vec<&Item>) = items.listed.iter().partition(|item| item.is_open);
    let mut notifications: Vec<Notification> = open.into_iter().map(notification).collect();
    notifications.extend(items.rest().map(|rest| Notification {
        level: "note",
        message: Message { text: rest },
        associated_rule: None,
    }));
    let run = Run {
        tool: Tool {
            driver: Driver {
                name: "refgate",
                semantic_version: env!("CARGO_PKG_VERSION"),
                rules: REGISTRY.iter().map(|entry| descriptor(entry.meta)).collect(),
            },
        },
        invocations: [Invocation {
            execution_successful: true,
            exit_code: sheet.exit.code(),
            tool_execution_notifications: notifications,
        }],
        // Columns are counted in characters.
        column_kind: "unicodeCodePoints",
        results: found.into_iter().map(result).collect(),
        properties: properties(sheet),
    };
    Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run] }
}

fn properties(sheet: &Sheet<'_>) -> BTreeMap<&'static str, String> {
    let verdict = sheet.verdict.map(|verdict| ("verdict", verdict.name().to_owned()));
    let policy =
        sheet.policy.iter().flat_map(|policy| [("policy", policy.name.clone()), ("policyId", policy.id.clone())]);
    verdict.into_iter().chain(policy).collect()
}

fn descriptor(meta: &Meta) -> Descriptor {
    let level = match meta.default {
        Level::Off | Level::Observe => "note",
        Level::Warn => "warning",
        Level::Refuse => "error",
    };
    Descriptor {
        id: meta.id,
        short_description: Message { text: meta.summary.to_owned() },
        full_description: Message { text: meta.summary.to_owned() },
        default_configuration: Configuration { enabled: meta.default != Level::Off, level },
        help: Help { text: meta.docs, markdown: meta.docs },
    }
}

const fn level(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
        Weight::Note => "note",
    }
}

fn notification(item: &Item) -> Notification {
    Notification {
        level: level(item.weight),
        message: Message { text: item.lines().join("; ") },
        associated_rule: Some(RuleReference { id: item.rule.clone() }),
    }
}

fn result(item: &Item) -> SarifResult {
    let (path, line) = item.shown_at();
    let is_own = item.path.is_some();
    let reference = |name: &String| LogicalLocation { fully_qualified_name: name.clone(), kind: "ref" };
    let properties =
        [("ref", &item.ref_name), ("commit", &item.commit), ("subject", &item.subject), ("command", &item.command)];
    let properties = properties.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
    let waived = item.waived.iter();
    SarifResult {
        rule_id: item.rule.clone(),
        rule_index: REGISTRY.iter().position(|entry| entry.meta.id == item.rule),
        level: level(item.weight),
        message: Message { text: item.lines().join("; ") },
        locations: [Location {
            physical_location: PhysicalLocation {
                artifact_location: ArtifactLocation { uri: uri(&path) },
                region: Region {
                    start_line: line.max(1),
                    start_column: item.column.filter(|column| is_own && *column > 0),
                },
            },
            logical_locations: item.ref_name.iter().map(reference).collect(),
        }],
        partial_fingerprints: BTreeMap::from([("refgate/v1", item.fingerprint.clone())]),
        suppressions: waived.map(|why| Suppression { kind: "external", justification: why.clone() }).collect(),
        properties: properties.collect(),
    }
}

/// Returns a path as a relative reference: RFC 3986, section 4.2.
fn uri(path: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    let bytes = path.trim_start_matches('/').bytes();
    bytes.map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_relative_reference() {
        assert_eq!(uri("a b/ü:#?.py"), "a%20b/%C3%BC%3A%23%3F.py");
        assert_eq!(uri("//etc/passwd"), "etc/passwd", "not the authority of another host");
    }
}
