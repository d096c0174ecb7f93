//! Refuses refs that are neither branches nor tags.

use bstr::ByteSlice as _;
use toml::Spanned;

use super::{Meta, OptionError, RefRule, Rule, Sink, Standing};
use crate::facts::{FactError, Pattern, Update};
use crate::model::{Level, Namespace, WAIVER_NOTES};

/// The rule's own keys.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// Refs that may be pushed all the same, in full: `refs/notes/**`.
    #[schemars(with = "Vec<String>")]
    allow: Vec<Spanned<String>>,
}

pub(super) struct ForeignRef {
    allowed: Vec<Pattern>,
}

impl Rule for ForeignRef {
    const META: Meta = Meta {
        id: "foreign-ref",
        summary: "Refuses refs that are neither branches nor tags, such as refs/replace.",
        task: "reading the namespace of",
        docs: include_str!("foreign_ref.md"),
        default: Level::Refuse,
        standing: Standing::Not("only branches and tags are judged: a server has other refs of its own"),
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        let pattern = |text: &Spanned<String>| {
            Pattern::parse(text.get_ref())
                .map_err(|error| OptionError { span: text.span(), message: error.to_string() })
        };
        Ok(Self { allowed: options.allow.iter().map(pattern).collect::<Result<_, _>>()? })
    }
}

impl RefRule for ForeignRef {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let full = change.name().full();
        // Waivers have a rule of their own.
        if change.namespace() != Namespace::Other || full == WAIVER_NOTES {
            return Ok(());
        }
        // git cannot store a ref below the name of another: whoever came first would keep waivers out.
        let is_in_the_way = full.strip_prefix(WAIVER_NOTES.as_bytes()).is_some_and(|rest| rest.starts_with(b"/"));
        // A policy that reads wishes in notes means them to be pushed.
        let is_wished = change.project().has_wishes_in(change.name());
        let is_allowed = is_wished || self.allowed.iter().any(|pattern| pattern.matches(full).is_some());
        if is_allowed && (!is_in_the_way || change.deletes()) {
            return Ok(());
        }
        let what = match full.as_bytes() {
            _ if is_in_the_way && !change.deletes() => "it would take the place of `refs/notes/refgate`, the waivers",
            name if name.starts_with(b"refs/replace/") => {
                "it would make every later reader see another object than was pushed"
            }
            name if name.starts_with(b"refs/") => "it is neither a branch nor a tag",
            _ => "it does not even start with `refs/`",
        };
        sink.report(format!("`{}` may not be pushed: {what}", change.name()))
            .commit(if change.deletes() { change.old() } else { change.new_id() })
            .help("push branches and tags only; the policy can list others under `rules.foreign-ref.allow`");
        Ok(())
    }
}
