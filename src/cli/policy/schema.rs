//! `refgate policy schema`: the JSON schema of the format.

use crate::policy::Policy;
use crate::rules::REGISTRY;

/// What the schema is called, wherever a copy of it lies: it has no address of its own.
const ID: &str = "urn:refgate:policy-v1";

/// Returns the JSON schema of the policy format with every rule's own options in it.
pub(in crate::cli) fn schema() -> String {
    let mut schema = Policy::schema().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), ID.into());
    }
    let common = Policy::rule_schema().to_value();
    let rules: serde_json::Map<String, serde_json::Value> = REGISTRY
        .iter()
        .map(|entry| {
            let mut own = (entry.options)().to_value();
            let shared = common.pointer("/properties").and_then(serde_json::Value::as_object);
            if let (Some(own), Some(shared)) = (own.as_object_mut(), shared) {
                let properties = own.entry("properties").or_insert_with(|| serde_json::json!({}));
                if let Some(properties) = properties.as_object_mut() {
                    properties.extend(shared.clone());
                    if let Some(level) = properties.get_mut("level").and_then(serde_json::Value::as_object_mut) {
                        level.insert("default".to_owned(), entry.meta.default.to_string().into());
                    }
                }
                own.insert("description".to_owned(), entry.meta.summary.into());
                own.remove("$schema");
                own.remove("title");
            }
            let level = own.pointer("/properties/level").cloned().unwrap_or_default();
            // A level alone can stand for the table.
            let either = serde_json::json!({
                "description": own.get("description"), "anyOf": [level, own], "properties": own.get("properties"),
            });
            (entry.meta.id.to_owned(), either)
        })
        .collect();
    if let Some(place) = schema.pointer_mut("/properties/rules") {
        *place = serde_json::json!({
            "description": common.get("description"), "type": "object",
            "additionalProperties": false, "properties": rules,
        });
    }
    if let (Some(own), Some(shared)) = (
        schema.pointer_mut("/$defs").and_then(serde_json::Value::as_object_mut),
        common.pointer("/$defs").and_then(serde_json::Value::as_object),
    ) {
        own.extend(shared.clone());
    }
    format!("{schema:#}\n")
}
