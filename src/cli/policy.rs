//! `refgate policy`: writes, validates and prints policies.

use std::path::{Path, PathBuf};

use super::context::Context;
use super::context::When;
use crate::git::{Repository, Trust};
use crate::model::{Exit, Failure, Untrusted};
use crate::policy::{self, LoadError, PRESETS, Policy, Source};
use crate::project::{confined, read_file, read_file_within, read_source};
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
            context.say(&format!(
                "the policy `{}` is valid: {lines} lines, {tags} tag classes, {rules} rules on",
                policy.name
            ))?;
            for said in policy.left_to_everybody() {
                context.say(&format!("note: {said}"))?;
            }
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
            Source::File(_) | Source::Tree { .. } | Source::Ref { .. } => "",
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
    context
        .say(&format!("wrote {}; next: `refgate policy check`, then `git config refgate.policy {0}`", file.display()))
}

/// Loads the policy and arms its rules; `None` when it is invalid, in which case its errors have been shown.
fn load(context: &Context, which: &Which) -> Result<Option<(Policy, Vec<Armed>)>, Failure> {
    let source = Source::parse(&which.source)
        .map_err(|error| Failure::from_error(Exit::Policy, "finding the policy", &error))?;
    // Only `ref:` needs a repository: a policy can be checked anywhere.
    let repository: Option<Repository> = match source {
        Source::Ref { .. } => Some(context.repository(which.repo.as_deref(), Trust::Cli)?),
        Source::File(_) | Source::Tree { .. } | Source::Preset(_) => None,
    };
    let source = confined(source, &context.absolute(Path::new("")), None);
    let unreadable = |source: &Source, error: &std::io::Error| {
        Failure::new(Exit::Policy, format!("reading the policy `{source}`"), error.to_string())
    };
    let read = |source: &Source| match (&repository, source) {
        (Some(repository), source) => read_source(repository, source),
        (None, Source::File(file)) => read_file(&context.absolute(file)).map_err(|error| unreadable(source, &error)),
        (None, Source::Tree { file, top }) => {
            read_file_within(&context.absolute(file), top).map_err(|error| unreadable(source, &error))
        }
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
    let title = |text: &str| [String::new(), text.to_owned()];
    let patterns =
        |patterns: &[policy::Pattern]| patterns.iter().map(policy::Pattern::text).collect::<Vec<_>>().join(", ");
    let mut lines = vec![format!("policy {}", policy.name)];
    lines.extend(policy.texts.iter().map(|layer| format!("  read from {}", layer.name)));
    lines.extend(title("lines, the first that matches counts"));
    for line in &policy.lines {
        let (role, branches, publishes) = (line.role.name(), line.written().join(", "), line.publishes.name());
        lines.push(format!("  {:<14} {role:<12} {branches}; publishes {publishes}", line.name));
    }
    lines.extend(title("tag classes, the first that matches counts"));
    for class in &policy.tags {
        let scheme = class.scheme.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let sits = if class.lines.is_empty() { String::new() } else { format!(" on {}", class.lines.join(" or ")) };
        let (tags, publishes) = (patterns(&class.patterns), class.publishes.name());
        lines.push(format!("  {:<14} {scheme:<12} {tags}{sits}; publishes {publishes}", class.name));
    }
    if !policy.flows.is_empty() {
        lines.extend(title("flows"));
    }
    for flow in &policy.flows {
        let ways: Vec<&str> = flow.by.iter().map(|way| way.name()).collect();
        lines.push(format!("  {} -> {} by {}, due {}", flow.from, flow.to, ways.join(" or "), flow.due));
    }
    let accepted = policy.waiver_notes.as_ref().map_or_else(|| "nobody".to_owned(), |set| set.written.join(", "));
    lines.extend(title(&format!("waivers in notes are taken from {accepted}")));
    if !policy.named_by.is_empty() {
        lines.extend(title("messages name originals in the built-in forms and as"));
    }
    lines.extend(policy.named_by.iter().map(|form| format!("  {}", form.text)));
    lines.extend(title("rules"));
    lines.extend(armed.iter().map(|rule| format!("  {:<20} {}", rule.meta.id, rule.level)));
    lines.iter().map(|line| format!("{}\n", Untrusted::new(line))).collect()
}

/// Returns the JSON schema of the policy format with every rule's own options in it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hostile::{self, acts};
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_policy_acts_where_it_is_shown(text in hostile::text(), word in hostile::text()) {
            // TOML wants the one control character escaped that JSON does not.
            let quoted = |text: &str| serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007f");
            let (text, word) = (quoted(&format!("x{text}")), quoted(&format!("y{word}")));
            let policy = format!(
                "schema = 1\nname = {text}\n[[line]]\nname = {text}\nbranch = 'main'\nrole = 'mainline'\n\
                 [[line]]\nname = {word}\nbranch = 'x'\nrole = 'release'\n\
                 [[flow]]\nfrom = {word}\nto = {text}\nby = ['pick']\ndue = 'report'\n\
                 [[tag]]\nname = {word}\ntag = 'v{{version}}'\nscheme = 'semver'\nline = {word}\n\
                 [waiver-notes]\naccepted-from = [{word}]\n"
            );
            let policy = policy::load(Source::File("p".into()), &|_| Ok(policy.clone().into_bytes())).unwrap();
            let armed = arm(&policy).unwrap();
            prop_assert_eq!(acts(&show(&policy, &armed)), None);
        }
    }
}
