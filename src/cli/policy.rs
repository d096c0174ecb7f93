//! `refgate policy`: writes, validates and prints policies.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::context::Context;
use super::output::When;
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure};
use crate::policy::{self, LoadError, PRESETS, Policy, Source};
use crate::project::{read_file, read_source};
use crate::report::policy_errors;
use crate::rules::{Armed, REGISTRY, arm};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Write a policy to start from.
    Init {
        /// The preset it starts from.
        #[arg(long, value_name = "NAME")]
        preset: Option<String>,
        /// Where to; an existing file is left alone.
        #[arg(default_value = ".refgate.toml")]
        file: PathBuf,
    },
    /// Validate a policy and every layer under it; shows all errors at once.
    Check(Which),
    /// Print what a policy comes to, layers resolved.
    Show(Which),
    /// Print the JSON schema of the format.
    Schema,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// A file, `preset:NAME` or `ref:REF:PATH`.
    #[arg(default_value = ".refgate.toml")]
    source: String,
    /// The repository that `ref:` looks in.
    #[arg(long, value_name = "DIR")]
    repo: Option<PathBuf>,
    /// When to colour errors.
    #[arg(long, value_enum, default_value_t, value_name = "WHEN")]
    color: When,
}

/// What `init` writes where no preset is named.
const TEMPLATE: &str = include_str!("policy_template.toml");

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    match arguments.action {
        Action::Init { preset, file } => init(context, preset.as_deref(), &file)?,
        Action::Schema => context.print(&schema())?,
        Action::Check(which) => {
            let Some((policy, armed)) = load(context, &which)? else { return Ok(Exit::Policy) };
            let (lines, tags, rules) = (policy.lines.len(), policy.tags.len(), armed.len());
            context.print(&format!(
                "the policy `{}` is valid: {lines} lines, {tags} tag classes, {rules} rules on\n",
                policy.name
            ))?;
        }
        Action::Show(which) => {
            let Some((policy, armed)) = load(context, &which)? else { return Ok(Exit::Policy) };
            context.print(&show(&policy, &armed))?;
        }
    }
    Ok(Exit::Accepted)
}

fn init(context: &Context, preset: Option<&str>, file: &Path) -> Result<(), Failure> {
    let failure = |cause: String| Failure::new(Exit::Usage, format!("writing {}", file.display()), cause);
    let text = match preset {
        None => TEMPLATE,
        Some(name) => match Source::parse(&format!("preset:{name}")).map_err(|error| failure(error.to_string()))? {
            Source::Preset(known) => PRESETS.iter().find(|(name, _)| *name == known).map_or("", |(_, text)| text),
            Source::File(_) | Source::Ref { .. } => "",
        },
    };
    // `create_new`: a policy somebody wrote is never overwritten.
    let mut made =
        std::fs::OpenOptions::new().write(true).create_new(true).open(context.absolute(file)).map_err(|error| {
            if error.kind() == std::io::ErrorKind::AlreadyExists {
                failure("there is one already; it was left alone".to_owned())
            } else {
                failure(error.to_string())
            }
        })?;
    std::io::Write::write_all(&mut made, text.as_bytes()).map_err(|error| failure(error.to_string()))?;
    context.print(&format!(
        "wrote {}; next: `refgate policy check`, then `git config refgate.policy {0}`\n",
        file.display()
    ))
}

/// `None` when the policy is invalid, which has been shown then.
fn load(context: &Context, which: &Which) -> Result<Option<(Policy, Vec<Armed>)>, Failure> {
    let source = Source::parse(&which.source)
        .map_err(|error| Failure::from_error(Exit::Policy, "finding the policy", &error))?;
    // Only `ref:` needs a repository: a policy can be checked anywhere.
    let repository: Option<Repository> = match source {
        Source::Ref { .. } => Some(context.repository(which.repo.as_deref(), Trust::Cli)?),
        Source::File(_) | Source::Preset(_) => None,
    };
    let read = |source: &Source| match (&repository, source) {
        (Some(repository), source) => read_source(repository, source),
        (None, Source::File(path)) => read_file(&context.absolute(path))
            .map_err(|error| Failure::new(Exit::Policy, format!("reading the policy `{source}`"), error.to_string())),
        (None, source) => Err(Failure::new(
            Exit::Policy,
            format!("reading the policy `{source}`"),
            "it extends a ref, and no repository was given",
        )
        .help("run this in the repository, with `ref:REF:PATH`")),
    };
    let loaded = policy::load(source, &read).and_then(|policy| {
        let armed = arm(&policy)?;
        Ok((policy, armed))
    });
    match loaded {
        Ok(loaded) => Ok(Some(loaded)),
        Err(LoadError::Unreadable(failure)) => Err(failure),
        Err(LoadError::Invalid(errors)) => {
            context.complain(&policy_errors(&errors, context.colour(which.color)));
            Ok(None)
        }
    }
}

fn show(policy: &Policy, armed: &[Armed]) -> String {
    let mut text = format!("policy {}\n", policy.name);
    for layer in &policy.texts {
        let _ = writeln!(text, "  read from {}", layer.name);
    }
    text.push_str("\nlines, the first that matches counts\n");
    for line in &policy.lines {
        let patterns: Vec<_> = line.branches.iter().map(policy::Pattern::text).collect();
        let publishes = line.publishes.name();
        let _ = writeln!(
            text,
            "  {:<14} {:<12} {}; publishes {publishes}",
            line.name,
            line.role.name(),
            patterns.join(", ")
        );
    }
    text.push_str("\ntag classes, the first that matches counts\n");
    for class in &policy.tags {
        let patterns: Vec<_> = class.patterns.iter().map(policy::Pattern::text).collect();
        let scheme = class.scheme.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let sits = if class.lines.is_empty() { String::new() } else { format!(" on {}", class.lines.join(" or ")) };
        let publishes = class.publishes.name();
        let _ =
            writeln!(text, "  {:<14} {scheme:<12} {}{sits}; publishes {publishes}", class.name, patterns.join(", "));
    }
    if !policy.flows.is_empty() {
        text.push_str("\nflows\n");
    }
    for flow in &policy.flows {
        let ways: Vec<&str> = flow.by.iter().map(|way| way.name()).collect();
        let _ = writeln!(text, "  {} -> {} by {}, due {}", flow.from, flow.to, ways.join(" or "), flow.due);
    }
    let accepted = policy.waiver_notes.as_ref().map_or_else(|| "nobody".to_owned(), |set| set.written.join(", "));
    let _ = writeln!(text, "\nwaivers in notes are taken from {accepted}");
    if !policy.named_by.is_empty() {
        text.push_str("\nmessages name originals in the built-in forms and as\n");
    }
    for form in &policy.named_by {
        let _ = writeln!(text, "  {}", form.text);
    }
    text.push_str("\nrules\n");
    for rule in armed {
        let _ = writeln!(text, "  {:<20} {}", rule.meta.id, rule.level);
    }
    text
}

/// The JSON schema of the policy format with every rule's own options in it.
pub(super) fn schema() -> String {
    let mut schema = Policy::schema().to_value();
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
            (entry.meta.id.to_owned(), own)
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
