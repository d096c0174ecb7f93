//! `refgate rules`: the catalogue.

use super::context::Context;
use super::output::ListFormat;
use crate::model::{Exit, Failure};
use crate::rules::REGISTRY;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// How the answer is written, to standard output; json is refgate.rules/v1.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: ListFormat,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let text = match arguments.format {
        ListFormat::Human => REGISTRY
            .iter()
            .map(|entry| format!("{:<20} {:<8} {}\n", entry.meta.id, entry.meta.default, entry.meta.summary))
            .collect(),
        ListFormat::Json => {
            let rules: Vec<_> = REGISTRY
                .iter()
                .map(|entry| {
                    let meta = entry.meta;
                    serde_json::json!({
                        "id": meta.id, "default": meta.default, "summary": meta.summary, "options": (entry.options)(),
                    })
                })
                .collect();
            format!("{:#}\n", serde_json::json!({ "schema": "refgate.rules/v1", "rules": rules }))
        }
    };
    context.print(&text)?;
    Ok(Exit::Accepted)
}
