//! From decoded layers to one validated policy.

mod lines;
mod named;
mod rules;
mod tags;
mod trees;

use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::ops::Range as Span;

use super::actors::{ActorSet, BUILT_IN};
use super::error::{PolicyError, Problem, SourceText};
use super::layer::Layer;
use super::raw::{Located, Texts};
use super::{KindOfChange, Pattern, Policy, Source};
use crate::model::did_you_mean;

/// Merges layers, the uppermost first, and checks every reference. Errors are added; the policy is `None` only
/// when there is no layer at all.
pub(super) fn resolve(
    source: Source,
    texts: Vec<SourceText>,
    layers: &[Layer],
    errors: &mut Vec<PolicyError>,
) -> Option<Policy> {
    let name = layers.last()?.name.clone();
    let mut resolver = Resolver { texts: &texts, layers, errors, groups: BTreeMap::new() };
    resolver.open_words();
    resolver.groups();
    let kinds = resolver.kinds();
    let lines = resolver.lines();
    let line_names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    let tags = resolver.tags(&line_names);
    let series = resolver.series(&lines, &tags);
    let flows = resolver.flows(&lines);
    let waivers = resolver.waivers();
    let waiver_notes = resolver.waiver_notes();
    let named_by = resolver.named_by();
    let version_fields = resolver.version_fields(&kinds, &line_names, &tags);
    let changelogs = resolver.changelogs(&line_names, &tags);
    let rules = resolver.rules();
    Some(Policy {
        name,
        source,
        kinds,
        lines,
        tags,
        series,
        flows,
        waivers,
        waiver_notes,
        named_by,
        version_fields,
        changelogs,
        rules,
        texts,
    })
}

pub(super) struct Resolver<'a> {
    texts: &'a [SourceText],
    pub(super) layers: &'a [Layer],
    errors: &'a mut Vec<PolicyError>,
    /// Group name to the layer that declares it and its members.
    groups: BTreeMap<&'a str, (usize, &'a [String])>,
}

impl<'a> Resolver<'a> {
    pub(super) fn report(&mut self, layer: usize, problem: Problem) {
        if let Some(source) = self.texts.get(layer) {
            self.errors.push(PolicyError { source: source.clone(), problem });
        }
    }

    /// Whether `upper` leaves `what` open to layers that extend it; reports it otherwise.
    pub(super) fn may_weaken(&mut self, layer: usize, upper: usize, what: &str, at: Span<usize>, deed: &str) -> bool {
        let open = self.layers.get(upper).is_some_and(|layer| layer.leaves_open(what));
        if !open && let Some(upper) = self.texts.get(upper) {
            self.report(layer, not_left_open(upper, at, what, deed));
        }
        open
    }

    fn open_words(&mut self) {
        for (at, layer) in self.layers.iter().enumerate() {
            for word in &layer.open {
                // Rule ids are checked where the rules are known.
                let looks_like_rule = word.contains('-');
                if !looks_like_rule && !["*", "line", "tag", "series", "group", "changelog"].contains(&word.as_str()) {
                    let message = format!(
                        "`open` takes `line`, `tag`, `series`, `group`, `version-field`, `changelog`, rule ids or `*`, \
                         not `{word}`"
                    );
                    self.report(at, Problem::new(0..0, message));
                }
            }
        }
    }

    fn groups(&mut self) {
        let layers = self.layers;
        for (at, layer) in layers.iter().enumerate() {
            for (name, members) in &layer.groups {
                let key = name.get_ref().as_str();
                if BUILT_IN.contains(&key) {
                    self.report(at, Problem::new(name.span(), format!("the group `{key}` is built in")));
                    continue;
                }
                if let Some((upper, _)) = self.groups.get(key).copied()
                    && !self.may_weaken(at, upper, "group", name.span(), &format!("changing the group `{key}`"))
                {
                    continue;
                }
                self.groups.insert(key, (at, members));
            }
        }
    }

    /// A lower layer may add signs to a kind: what a commit is, is no permission.
    fn kinds(&mut self) -> Vec<KindOfChange> {
        let mut kinds = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            for (raw, span) in &layer.kinds {
                if raw.subject.is_none() && raw.paths.is_none() && raw.trailer.is_none() {
                    let message = format!(
                        "the kind `{}` has no sign: give it `subject`, `paths` or `trailer`",
                        raw.name.get_ref()
                    );
                    self.report(at, Problem::new(span.clone(), message));
                }
                let subject = raw.subject.as_ref().and_then(|text| match Regex::new(text.get_ref()) {
                    Ok(regex) => Some(regex),
                    Err(error) => {
                        self.report(
                            at,
                            Problem::new(text.span(), format!("the regular expression is invalid: {error}")),
                        );
                        None
                    }
                });
                let paths = raw.paths.as_ref().map(|paths| self.patterns(at, paths)).unwrap_or_default();
                kinds.push(KindOfChange {
                    name: raw.name.get_ref().clone(),
                    subject,
                    paths,
                    trailer: raw.trailer.clone(),
                });
            }
        }
        kinds
    }

    pub(super) fn patterns(&mut self, at: usize, texts: &Located<Texts>) -> Vec<Pattern> {
        if texts.get_ref().0.is_empty() {
            self.report(at, Problem::new(texts.span(), "the list is empty, so that it matches nothing"));
        }
        texts.get_ref().0.iter().filter_map(|text| self.pattern(at, text, texts.span())).collect()
    }

    pub(super) fn pattern(&mut self, at: usize, text: &str, span: Span<usize>) -> Option<Pattern> {
        match Pattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.report(at, Problem::new(span, format!("the pattern `{text}`: {error}")));
                None
            }
        }
    }

    pub(super) fn actors(&mut self, at: usize, texts: Option<&Located<Texts>>) -> Option<ActorSet> {
        let texts = texts?;
        let groups = self.groups.clone();
        let members = |name: &str| groups.get(name).map(|(_, members)| members.to_vec());
        let mut set = ActorSet::default();
        for word in &texts.get_ref().0 {
            if let Err(group) = set.add(word, &members) {
                let known = groups.keys().copied().chain(BUILT_IN.iter().copied());
                let message = format!("there is no group `@{group}`{}", did_you_mean(group, known));
                self.report(at, Problem::new(texts.span(), message).help("declare it under `[group]`"));
            }
        }
        Some(set)
    }
}

pub(super) fn not_left_open(upper: &SourceText, at: Span<usize>, what: &str, deed: &str) -> Problem {
    let upper = &upper.name;
    let help = format!("whoever keeps `{upper}` can allow it with `open = [\"{what}\"]`");
    Problem::new(at, format!("{deed} is not left open by `{upper}`")).help(help)
}
