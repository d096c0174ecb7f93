//! Reading a policy and the layers under it.

use serde::de::DeserializeOwned;
use std::ops::Range;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::decode::{decode, no_more, parse, table, tables, take};
use super::error::{PolicyError, PolicyErrors, Problem, SourceText};
use super::flow::{RawFlow, RawWaiver};
use super::naming::RawLanded;
use super::raw::{RawKind, RawLine, RawRule, RawSeries, RawTag, TOP_KEYS};
use super::raw_tree::{RawChangelog, RawVersionField};
use super::resolve::resolve;
use super::waiver_note::RawWaiverNotes;
use super::{Policy, Source};
use crate::model::{Exit, Failure, did_you_mean};

/// Layers deeper than this are a cycle in disguise.
const MAX_LAYERS: usize = 8;

/// More files than any policy is made of. Whoever pushes a policy says what it extends, and eight layers of ten
/// entries each would be a hundred million files.
const MAX_FILES: usize = 32;

/// A policy is prose made precise; one beyond this size is something else.
const MAX_BYTES: usize = 1 << 20;

/// What goes wrong while a policy is loaded.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LoadError {
    /// A source could not be read.
    #[error(transparent)]
    Unreadable(#[from] Failure),
    /// What was read is no policy.
    #[error(transparent)]
    Invalid(#[from] PolicyErrors),
}

/// One file, decoded.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) name: String,
    pub(super) open: Vec<String>,
    pub(super) groups: Vec<(Spanned<String>, Vec<String>)>,
    pub(super) lines: Vec<(RawLine, Range<usize>)>,
    pub(super) tags: Vec<(RawTag, Range<usize>)>,
    pub(super) kinds: Vec<(RawKind, Range<usize>)>,
    pub(super) series: Vec<(RawSeries, Range<usize>)>,
    pub(super) flows: Vec<(RawFlow, Range<usize>)>,
    pub(super) waivers: Vec<(RawWaiver, Range<usize>)>,
    pub(super) waiver_notes: Option<(RawWaiverNotes, Range<usize>)>,
    pub(super) landed: Option<RawLanded>,
    pub(super) version_fields: Vec<(RawVersionField, Range<usize>)>,
    pub(super) changelogs: Vec<(RawChangelog, Range<usize>)>,
    pub(super) rules: Vec<RawRuleTable>,
}

impl Layer {
    /// Whether layers that extend this one may weaken `what`.
    pub(super) fn leaves_open(&self, what: &str) -> bool {
        self.open.iter().any(|word| word == "*" || word == what)
    }
}

/// One `[rules.ID]` table: the common keys decoded, its own options left for the rule.
#[derive(Debug)]
pub(super) struct RawRuleTable {
    pub(super) id: Spanned<String>,
    pub(super) common: RawRule,
    pub(super) has_options: bool,
}

/// Loads a policy with everything it extends. `read` gives the bytes of a source; presets it is never asked for.
///
/// # Errors
/// A source that cannot be read, or all that is wrong with the policy and its layers.
pub fn load(source: Source, read: &dyn Fn(&Source) -> Result<Vec<u8>, Failure>) -> Result<Policy, LoadError> {
    let mut loader = Loader { read, texts: Vec::new(), layers: Vec::new(), errors: Vec::new(), path: Vec::new() };
    loader.visit(&source)?;
    let Loader { texts, layers, mut errors, .. } = loader;
    let policy = resolve(source, texts, &layers, &mut errors);
    match policy {
        Some(policy) if errors.is_empty() => Ok(policy),
        _ => {
            // By place: decoding and resolving find them in an order of their own.
            errors.sort_by_key(|error| (error.source.name.clone(), error.problem.span.start));
            Err(PolicyErrors(errors).into())
        }
    }
}

struct Loader<'r> {
    read: &'r dyn Fn(&Source) -> Result<Vec<u8>, Failure>,
    texts: Vec<SourceText>,
    layers: Vec<Layer>,
    errors: Vec<PolicyError>,
    /// The sources being read, outermost first: what a cycle would come back to.
    path: Vec<Source>,
}

impl Loader<'_> {
    fn visit(&mut self, source: &Source) -> Result<(), LoadError> {
        let bytes = match source {
            Source::Preset(name) => {
                let text = super::PRESETS.iter().find(|(known, _)| known == name).map_or("", |(_, text)| text);
                text.as_bytes().to_vec()
            }
            other => (self.read)(other)?,
        };
        let unreadable = |cause: String| Failure::new(Exit::Policy, format!("reading the policy `{source}`"), cause);
        if bytes.len() > MAX_BYTES {
            return Err(unreadable(format!("it is longer than {MAX_BYTES} bytes")).into());
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            unreadable(format!("byte {} is not UTF-8, which TOML has to be", error.utf8_error().valid_up_to() + 1))
        })?;
        let text = SourceText { name: source.to_string(), text: Arc::from(text) };
        let mut problems = Vec::new();
        let (layer, extends) = decode_layer(&text.text, &mut problems);
        self.path.push(source.clone());
        for entry in extends {
            let next = match source.extended(entry.get_ref()) {
                Ok(next) => next,
                Err(error) => {
                    problems.push(Problem::new(entry.span(), error.to_string()));
                    continue;
                }
            };
            if self.path.contains(&next) || self.path.len() >= MAX_LAYERS {
                problems.push(Problem::new(entry.span(), format!("`{next}` comes back to this file or lies too deep")));
                continue;
            }
            if self.layers.len() >= MAX_FILES {
                problems.push(Problem::new(entry.span(), format!("a policy has at most {MAX_FILES} layers")));
                break;
            }
            match self.visit(&next) {
                // What is wrong with this file is worth knowing all the same.
                Err(LoadError::Unreadable(failure)) => {
                    let hint = did_you_mean(entry.get_ref(), super::PRESETS.iter().map(|(name, _)| *name));
                    problems.push(Problem::new(entry.span(), format!("`{next}`: {}{hint}", failure.cause)));
                }
                visited => visited?,
            }
        }
        self.path.pop();
        self.errors.extend(problems.into_iter().map(|problem| PolicyError { source: text.clone(), problem }));
        self.texts.push(text);
        self.layers.push(layer);
        Ok(())
    }
}

/// Decodes a file; what it extends is given beside.
fn decode_layer(text: &str, problems: &mut Vec<Problem>) -> (Layer, Vec<Spanned<String>>) {
    let (root, syntax) = parse(text);
    let broken = !syntax.is_empty();
    problems.extend(syntax);
    let mut root = root.into_inner();
    let schema = take(&mut root, "schema");
    let name = take(&mut root, "name");
    let extends = decode_value::<Vec<Spanned<String>>>(take(&mut root, "extends"), "extends", problems);
    let open = decode_value(take(&mut root, "open"), "open", problems).unwrap_or_default();
    let groups = groups(take(&mut root, "group"), problems);
    let lines = decode_all::<RawLine>(take(&mut root, "line"), "line", problems);
    let tags = decode_all::<RawTag>(take(&mut root, "tag"), "tag", problems);
    let kinds = decode_all::<RawKind>(take(&mut root, "kind"), "kind", problems);
    let series = decode_all::<RawSeries>(take(&mut root, "series"), "series", problems);
    let flows = decode_all::<RawFlow>(take(&mut root, "flow"), "flow", problems);
    let waivers = decode_all::<RawWaiver>(take(&mut root, "waiver"), "waiver", problems);
    let waiver_notes = take(&mut root, "waiver-notes").and_then(|value| {
        let (own, span) = table(value, "`waiver-notes`", problems)?;
        Some((decode(own, span.clone(), problems)?, span))
    });
    let landed = take(&mut root, "landed").and_then(|value| {
        let (own, span) = table(value, "`landed`", problems)?;
        decode(own, span, problems)
    });
    let version_fields = decode_all(take(&mut root, "version-field"), "version-field", problems);
    let changelogs = decode_all(take(&mut root, "changelog"), "changelog", problems);
    let rules = rules(take(&mut root, "rules"), problems);
    no_more(&root, TOP_KEYS, problems);
    if !broken {
        check_schema(schema, problems);
    }
    let start = 0..text.find('\n').unwrap_or(text.len());
    let name = match name {
        Some(name) => decode_value(Some(name), "name", problems).unwrap_or_default(),
        None if broken => String::new(),
        None => {
            problems.push(Problem::new(start, "the policy has no `name`").help("add `name = \"…\"` at the top"));
            String::new()
        }
    };
    let layer = Layer {
        name,
        open,
        groups,
        kinds,
        lines,
        tags,
        series,
        flows,
        waivers,
        waiver_notes,
        landed,
        version_fields,
        changelogs,
        rules,
    };
    (layer, extends.unwrap_or_default())
}

fn check_schema(schema: Option<Spanned<DeValue<'_>>>, problems: &mut Vec<Problem>) {
    let span = schema.as_ref().map_or(0..0, Spanned::span);
    match decode_value::<u32>(schema, "schema", problems) {
        Some(1) => {}
        Some(other) => problems.push(
            Problem::new(span, format!("this refgate reads schema 1, the policy says {other}"))
                .help("install the refgate that reads it, or write `schema = 1`"),
        ),
        None if span == (0..0) => {
            problems.push(Problem::new(span, "the policy does not say its schema").help("add `schema = 1` at the top"));
        }
        None => {}
    }
}

fn decode_value<T: DeserializeOwned>(
    value: Option<Spanned<DeValue<'_>>>,
    key: &str,
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let value = value?;
    let span = value.span();
    T::deserialize(toml::de::ValueDeserializer::from(value))
        .map_err(|error| {
            problems.push(Problem::new(error.span().unwrap_or(span), format!("`{key}`: {}", error.message())))
        })
        .ok()
}

fn decode_all<T: DeserializeOwned>(
    value: Option<Spanned<DeValue<'_>>>,
    what: &str,
    problems: &mut Vec<Problem>,
) -> Vec<(T, Range<usize>)> {
    tables(value, what, problems)
        .into_iter()
        .filter_map(|(table, span)| Some((decode(table, span.clone(), problems)?, span)))
        .collect()
}

fn groups(value: Option<Spanned<DeValue<'_>>>, problems: &mut Vec<Problem>) -> Vec<(Spanned<String>, Vec<String>)> {
    let Some((groups, _)) = value.and_then(|value| table(value, "`group`", problems)) else { return Vec::new() };
    groups
        .into_iter()
        .filter_map(|(key, members)| {
            let name = Spanned::new(key.span(), key.get_ref().to_string());
            Some((name, decode_value(Some(members), key.get_ref(), problems)?))
        })
        .collect()
}

fn rules(value: Option<Spanned<DeValue<'_>>>, problems: &mut Vec<Problem>) -> Vec<RawRuleTable> {
    let Some((rules, _)) = value.and_then(|value| table(value, "`rules`", problems)) else { return Vec::new() };
    let mut tables = Vec::new();
    for (key, value) in rules {
        let id = Spanned::new(key.span(), key.get_ref().to_string());
        let Some((mut own, span)) = table(value, &format!("`rules.{}`", key.get_ref()), problems) else { continue };
        let mut common = DeTable::new();
        for name in ["level", "since", "only", "except"] {
            let found = own.iter().map(|(key, _)| key.clone()).find(|key| key.get_ref() == name);
            if let Some(key) = found
                && let Some(value) = own.remove(&key)
            {
                common.insert(key, value);
            }
        }
        let Some(common) = decode(common, span, problems) else { continue };
        tables.push(RawRuleTable { id, common, has_options: !own.is_empty() });
    }
    tables
}

/// Decodes a rule's own options out of a layer's text.
///
/// The text is read again rather than kept decoded: a spanned value borrows from it, and few rules have options.
pub(super) fn options<T: DeserializeOwned + Default>(source: &SourceText, rule: &str) -> Result<T, PolicyErrors> {
    let mut problems = Vec::new();
    let (root, _) = parse(&source.text);
    let mut root = root.into_inner();
    let own = take(&mut root, "rules")
        .and_then(|rules| table(rules, "`rules`", &mut problems))
        .and_then(|(mut rules, _)| take(&mut rules, rule))
        .and_then(|own| table(own, rule, &mut problems));
    let decoded = own.and_then(|(mut own, span)| {
        for common in ["level", "since", "only", "except"] {
            take(&mut own, common);
        }
        decode(own, span, &mut problems)
    });
    if problems.is_empty() {
        return Ok(decoded.unwrap_or_default());
    }
    Err(PolicyErrors(problems.into_iter().map(|problem| PolicyError { source: source.clone(), problem }).collect()))
}
