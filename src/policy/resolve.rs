//! From decoded layers to one validated policy.

mod trees;

use regex::bytes::Regex;
use std::collections::BTreeMap;
use std::ops::Range as Span;

use super::actors::{ActorSet, BUILT_IN};
use super::error::{PolicyError, Problem, SourceText};
use super::layer::{Layer, RawRuleTable};
use super::raw::{
    Located, RawLine, RawLineMay, RawRetiredBy, RawSeries, RawTag, RawTagMay, Role, Stability, TagKind, TagPublishes,
    Texts,
};
use super::{
    Bindings, Intake, KindOfChange, Line, Pattern, Permissions, Place, Policy, RetiredBy, RuleSetting, Series, Since,
    Source, TagClass,
};
use crate::model::{Level, ObjectId, did_you_mean};
use crate::version::{Range, Scheme};

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
    resolver.line_references(&line_names);
    let tags = resolver.tags(&line_names);
    let series = resolver.series(&lines, &tags);
    let flows = resolver.flows(&lines);
    let waivers = resolver.waivers();
    let waiver_notes = resolver.waiver_notes();
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
        let open =
            self.layers.get(upper).is_some_and(|layer| layer.open.iter().any(|word| word == "*" || word == what));
        if !open {
            let upper = self.texts.get(upper).map_or("", |text| &text.name).to_owned();
            let message = format!("{deed} is not left open by `{upper}`");
            let help = format!("whoever keeps `{upper}` can allow it with `open = [\"{what}\"]`");
            self.report(layer, Problem::new(at, message).help(help));
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

    fn lines(&mut self) -> Vec<Line> {
        let mut lines: Vec<(usize, Line)> = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            let mut own: Vec<(usize, Line)> = Vec::new();
            for (raw, span) in &layer.lines {
                let name = raw.name.get_ref();
                let replaced = lines.iter().position(|(_, line)| line.name == *name);
                let upper = replaced.and_then(|place| lines.get(place)).or(lines.first()).map(|(upper, _)| *upper);
                if own.iter().any(|(_, line)| line.name == *name) {
                    self.report(at, Problem::new(raw.name.span(), format!("there are two lines named `{name}`")));
                    continue;
                }
                if let Some(upper) = upper
                    && !self.may_weaken(at, upper, "line", span.clone(), &format!("the line `{name}`"))
                {
                    continue;
                }
                let line = (at, self.line(at, raw));
                match replaced.and_then(|place| lines.get_mut(place)) {
                    Some(place) => *place = line,
                    None => own.push(line),
                }
            }
            // A layer's own lines are the more specific ones: they are asked first.
            own.append(&mut lines);
            lines = own;
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    fn line(&mut self, at: usize, raw: &RawLine) -> Line {
        let topic = raw.role == Role::Topic;
        let may = self.line_may(at, &raw.may);
        let branches = self.patterns(at, &raw.branch);
        if let Some(next) =
            raw.next.as_ref().filter(|_| !branches.iter().all(|own| own.placeholders().contains(&"major")))
        {
            let problem = Problem::new(next.span(), "`next` is told by `{major}`, which a pattern of this line lacks");
            self.report(at, problem.help("write `branch = \"{major}.0-dev\"`"));
        }
        Line {
            name: raw.name.get_ref().clone(),
            branches,
            role: raw.role,
            intake: Intake {
                accepts: self.kinds_named(at, raw.accepts_changes.as_ref()),
                refuses: self.kinds_named(at, raw.refuses_changes.as_ref()),
                only_from: raw.only_from.as_ref().map(|names| names.get_ref().0.clone()).unwrap_or_default(),
                merges_into: raw.merges_into.as_ref().map(|name| name.get_ref().clone()),
            },
            next: raw.next.as_ref().map(|next| *next.get_ref()),
            cut_from: raw.cut_from.as_ref().map(|name| name.get_ref().clone()),
            retired_by: raw.retired_by.as_ref().map(|raw| self.retired_by(at, raw)).unwrap_or_default(),
            deletable: raw.deletable.unwrap_or(topic || may.delete.is_some()),
            rewritable: raw.rewritable.unwrap_or(topic || may.rewrite.is_some()),
            publishes: raw.publishes.unwrap_or_else(|| raw.role.into()),
            may,
        }
    }

    fn retired_by(&mut self, at: usize, raw: &RawRetiredBy) -> RetiredBy {
        if let Some(trailer) = &raw.trailer
            && (trailer.get_ref().is_empty()
                || !trailer.get_ref().chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        {
            let message = "a trailer's token has letters, digits and `-` only".to_owned();
            self.report(at, Problem::new(trailer.span(), message));
        }
        RetiredBy {
            trailer: raw.trailer.as_ref().map(|trailer| trailer.get_ref().clone()),
            tag: raw.tag.as_ref().and_then(|tag| self.pattern(at, tag.get_ref(), tag.span())),
            branches: raw.branches.as_ref().map(|branches| self.patterns(at, branches)).unwrap_or_default(),
        }
    }

    fn line_references(&mut self, names: &[String]) {
        for (at, layer) in self.layers.iter().enumerate() {
            for (raw, _) in &layer.lines {
                for named in raw.cut_from.iter().chain(&raw.merges_into) {
                    self.line_exists(at, named.get_ref(), named.span(), names);
                }
                if let Some(only_from) = &raw.only_from {
                    for name in &only_from.get_ref().0 {
                        self.line_exists(at, name, only_from.span(), names);
                    }
                }
            }
        }
    }

    pub(super) fn line_exists(&mut self, at: usize, name: &str, span: Span<usize>, names: &[String]) {
        if !names.iter().any(|known| known == name) {
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            self.report(at, Problem::new(span, format!("there is no line named `{name}`{hint}")));
        }
    }

    fn tags(&mut self, lines: &[String]) -> Vec<TagClass> {
        let mut tags: Vec<(usize, TagClass)> = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            let mut own: Vec<(usize, TagClass)> = Vec::new();
            for (raw, span) in &layer.tags {
                let name = raw.name.get_ref();
                let replaced = tags.iter().position(|(_, class)| class.name == *name);
                let upper = replaced.and_then(|place| tags.get(place)).or(tags.first()).map(|(upper, _)| *upper);
                if own.iter().any(|(_, class)| class.name == *name) {
                    self.report(at, Problem::new(raw.name.span(), format!("there are two tag classes named `{name}`")));
                    continue;
                }
                if let Some(upper) = upper
                    && !self.may_weaken(at, upper, "tag", span.clone(), &format!("the tag class `{name}`"))
                {
                    continue;
                }
                let class = (at, self.tag(at, raw, lines));
                match replaced.and_then(|place| tags.get_mut(place)) {
                    Some(place) => *place = class,
                    None => own.push(class),
                }
            }
            own.append(&mut tags);
            tags = own;
        }
        tags.into_iter().map(|(_, class)| class).collect()
    }

    fn tag(&mut self, at: usize, raw: &RawTag, lines: &[String]) -> TagClass {
        let patterns = self.patterns(at, &raw.tag);
        let scheme = raw.scheme.as_ref().and_then(|text| match Scheme::parse(text.get_ref()) {
            Ok(scheme) => Some(scheme),
            Err(error) => {
                self.report(at, Problem::new(text.span(), error.to_string()));
                None
            }
        });
        let versioned = patterns.iter().any(|pattern| pattern.placeholders().contains(&"version"));
        if versioned && raw.scheme.is_none() && raw.kind == TagKind::Version {
            let message =
                format!("the tag class `{}` has `{{version}}` but no scheme to read it by", raw.name.get_ref());
            let help = "add `scheme = \"semver\"`, or pep440, debian, calver:LAYOUT, dotted or nvr";
            self.report(at, Problem::new(raw.tag.span(), message).help(help));
        }
        if let Some(scheme) = raw.scheme.as_ref().filter(|_| !versioned) {
            let message = "a scheme reads what `{version}` matches, and no pattern of this class has it";
            self.report(at, Problem::new(scheme.span(), message));
        }
        let sits_on = raw.line.as_ref().map(|names| names.get_ref().0.clone()).unwrap_or_default();
        for name in &sits_on {
            self.line_exists(at, name, raw.line.as_ref().map_or(0..0, |names| names.span()), lines);
        }
        let may = self.tag_may(at, &raw.may);
        TagClass {
            name: raw.name.get_ref().clone(),
            patterns,
            kind: raw.kind,
            aliases: raw.alias.as_ref().map(|alias| self.patterns(at, alias)).unwrap_or_default(),
            scope: raw.scope.clone().unwrap_or_default(),
            era: raw.era,
            series: self.template(at, raw.series.as_ref(), scheme.as_ref()),
            hotfix_series: self.template(at, raw.hotfix_series.as_ref(), scheme.as_ref()),
            off_branch_commits: raw.off_branch_commits,
            scheme,
            accepts: raw.accepts.clone().unwrap_or_else(|| vec![Stability::Final, Stability::PreRelease]),
            lines: sits_on,
            object: raw.object,
            deletable: raw.deletable || may.delete.is_some(),
            movable: raw.movable || may.rewrite.is_some(),
            publishes: self.tag_publishes(at, raw, versioned),
            may,
        }
    }

    /// A class whose tags name no versions has nothing to publish.
    fn tag_publishes(&mut self, at: usize, raw: &RawTag, versioned: bool) -> TagPublishes {
        let names_versions = versioned && raw.kind == TagKind::Version;
        match &raw.publishes {
            Some(publishes) if *publishes.get_ref() == TagPublishes::Release && !names_versions => {
                let message = "this class names no versions, so that there is nothing to release";
                self.report(at, Problem::new(publishes.span(), message));
                TagPublishes::None
            }
            Some(publishes) => *publishes.get_ref(),
            None if names_versions => TagPublishes::Release,
            None => TagPublishes::None,
        }
    }

    /// A template over the numbers of a scheme's versions.
    fn template(&mut self, at: usize, template: Option<&Located<String>>, scheme: Option<&Scheme>) -> Option<String> {
        let template = template?;
        let Some(scheme) = scheme else {
            self.report(at, Problem::new(template.span(), "a series needs a scheme to read its versions by"));
            return None;
        };
        let known = scheme.component_names();
        let named = template.get_ref().split('{').skip(1).map(|rest| rest.split_once('}').map(|(name, _)| name));
        for name in named {
            let problem = match name {
                Some(name) if known.contains(&name) => continue,
                Some(name) => {
                    format!("`{{{name}}}` is no number of {scheme}{}", did_you_mean(name, known.iter().copied()))
                }
                None => "`{` without a closing `}`".to_owned(),
            };
            self.report(at, Problem::new(template.span(), problem));
            return None;
        }
        Some(template.get_ref().clone())
    }

    fn series(&mut self, lines: &[Line], tags: &[TagClass]) -> Vec<Series> {
        let mut all: Vec<Series> = Vec::new();
        let mut upper: Option<usize> = None;
        for (at, layer) in self.layers.iter().enumerate() {
            let mut own = Vec::new();
            for (raw, span) in &layer.series {
                if let Some(upper) = upper
                    && !self.may_weaken(at, upper, "series", span.clone(), "another series")
                {
                    continue;
                }
                own.extend(self.one_series(at, raw, lines, tags));
            }
            upper = upper.or((!own.is_empty()).then_some(at));
            own.append(&mut all);
            all = own;
        }
        all
    }

    fn one_series(&mut self, at: usize, raw: &RawSeries, lines: &[Line], tags: &[TagClass]) -> Option<Series> {
        if let Some(class) = raw.tag.as_ref().filter(|class| !tags.iter().any(|known| known.name == *class.get_ref())) {
            let hint = did_you_mean(class.get_ref(), tags.iter().map(|known| known.name.as_str()));
            self.report(
                at,
                Problem::new(class.span(), format!("there is no tag class named `{}`{hint}", class.get_ref())),
            );
        }
        let mut places = Vec::new();
        for text in raw.line.iter().flat_map(|line| &line.get_ref().0) {
            let span = raw.line.as_ref().map_or(0..0, |line| line.span());
            if lines.iter().any(|line| line.name == *text) {
                places.push(Place::Line(text.clone()));
                continue;
            }
            let pattern = self.pattern(at, text, span.clone())?;
            // A branch that no line has would be refused before any tag could sit on it.
            let listed =
                lines.iter().any(|line| line.branches.iter().any(|own| own.matches(text.as_str().into()).is_some()));
            if !listed && pattern.instances(&Bindings::new()).is_some() {
                let hint = did_you_mean(text, lines.iter().map(|line| line.name.as_str()));
                self.report(at, Problem::new(span, format!("`{text}` is neither a line nor a branch of one{hint}")));
            }
            places.push(Place::Branch(pattern));
        }
        match Range::parse(raw.versions.get_ref()) {
            Ok(versions) => Some(Series {
                versions,
                class: raw.tag.as_ref().map(|class| class.get_ref().clone()),
                places,
                reserved_for: raw.reserved_for.clone(),
            }),
            Err(error) => {
                self.report(at, Problem::new(raw.versions.span(), error.to_string()));
                None
            }
        }
    }

    fn rules(&mut self) -> BTreeMap<String, RuleSetting> {
        let mut settings: BTreeMap<String, RuleSetting> = BTreeMap::new();
        // Which layer last said something about a rule: what a lower one may weaken depends on it.
        let mut said_by: BTreeMap<String, usize> = BTreeMap::new();
        for (at, layer) in self.layers.iter().enumerate() {
            for raw in &layer.rules {
                let id = raw.id.get_ref();
                let next = self.rule(at, raw);
                let Some(upper) = said_by.insert(id.clone(), at) else {
                    settings.insert(id.clone(), next);
                    continue;
                };
                let setting = settings.entry(id.clone()).or_default();
                let weakens = weakening(setting, &next);
                if let Some(deed) = weakens
                    && !self.may_weaken(at, upper, id, raw.id.span(), &format!("{deed} of `{id}`"))
                {
                    // What the upper layer said stays, and it stays the one to ask.
                    said_by.insert(id.clone(), upper);
                    continue;
                }
                overlay(setting, next);
            }
        }
        settings
    }

    fn rule(&mut self, at: usize, raw: &RawRuleTable) -> RuleSetting {
        let since = raw.common.since.as_ref().and_then(|text| match since(text.get_ref()) {
            Some(since) => Some(since),
            None => {
                let message = format!("`{}` is neither a date (`2026-11-21`) nor a full commit id", text.get_ref());
                self.report(at, Problem::new(text.span(), message));
                None
            }
        });
        let mut patterns =
            |texts: Option<&Located<Texts>>| texts.map(|texts| self.patterns(at, texts)).unwrap_or_default();
        RuleSetting {
            level: raw.common.level,
            since,
            only: patterns(raw.common.only.as_ref()),
            except: patterns(raw.common.except.as_ref()),
            layer: at,
            span: raw.id.span(),
            options: raw.has_options.then_some(at),
        }
    }

    pub(super) fn patterns(&mut self, at: usize, texts: &Located<Texts>) -> Vec<Pattern> {
        if texts.get_ref().0.is_empty() {
            self.report(at, Problem::new(texts.span(), "the list is empty, so that it matches nothing"));
        }
        texts.get_ref().0.iter().filter_map(|text| self.pattern(at, text, texts.span())).collect()
    }

    fn pattern(&mut self, at: usize, text: &str, span: Span<usize>) -> Option<Pattern> {
        match Pattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.report(at, Problem::new(span, format!("the pattern `{text}`: {error}")));
                None
            }
        }
    }

    fn line_may(&mut self, at: usize, raw: &RawLineMay) -> Permissions {
        Permissions {
            create: self.actors(at, raw.create.as_ref()),
            push: self.actors(at, raw.push.as_ref()),
            rewrite: self.actors(at, raw.rewrite.as_ref()),
            delete: self.actors(at, raw.delete.as_ref()),
        }
    }

    fn tag_may(&mut self, at: usize, raw: &RawTagMay) -> Permissions {
        Permissions {
            create: self.actors(at, raw.create.as_ref()),
            push: None,
            rewrite: self.actors(at, raw.r#move.as_ref()),
            delete: self.actors(at, raw.delete.as_ref()),
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

/// What a lower layer's words on a rule would weaken, if anything.
fn weakening(upper: &RuleSetting, lower: &RuleSetting) -> Option<&'static str> {
    let lowers = |upper: Level, lower: Level| lower < upper;
    if upper.level.zip(lower.level).is_some_and(|(upper, lower)| lowers(upper, lower)) {
        return Some("a lower level");
    }
    if lower.since.is_some() && lower.since != upper.since {
        return Some("another `since`");
    }
    if !lower.only.is_empty() || !lower.except.is_empty() {
        return Some("a narrower choice of refs");
    }
    lower.options.is_some().then_some("a change of the options")
}

fn overlay(setting: &mut RuleSetting, next: RuleSetting) {
    let RuleSetting { level, since, only, except, layer, span, options } = next;
    (setting.layer, setting.span) = (layer, span);
    setting.level = level.or(setting.level);
    setting.since = since.or_else(|| setting.since.take());
    if !only.is_empty() {
        setting.only = only;
    }
    if !except.is_empty() {
        setting.except = except;
    }
    setting.options = options.or(setting.options);
}

pub(super) fn since(text: &str) -> Option<Since> {
    if let Ok(id) = ObjectId::from_hex(text.as_bytes()) {
        return Some(Since::Commit(id));
    }
    text.parse().ok().map(Since::Date)
}
