//! From `[[version-field]]` and `[[changelog]]` as written to what they mean.

use std::ops::Range as Span;

use super::super::kind;
use super::super::raw::{Located, Texts};
use super::super::raw_tree::{RawChangelog, RawVersionField, Required};
use super::super::{
    Changelog, Classes, KindOfChange, Notes, PathPattern, Problem, Reintegrate, TagClass, TagKind, VersionField,
};
use super::Resolver;
use crate::manifest;
use crate::model::did_you_mean;

impl Resolver<'_> {
    /// All layers' version fields. Every one that a path matches is looked at, so that adding one only tightens;
    /// saying something else of the same files is what an upper layer has to leave open.
    pub(super) fn version_fields(
        &mut self,
        kinds: &[KindOfChange],
        lines: &[String],
        tags: &[TagClass],
    ) -> Vec<VersionField> {
        let mut all: Vec<(usize, String, VersionField)> = Vec::new();
        let layers = self.layers;
        for (at, layer) in layers.iter().enumerate() {
            for (raw, span) in &layer.version_fields {
                let paths = raw.path.get_ref().0.join(", ");
                let pattern = raw.pattern.as_ref().map(|pattern| pattern.get_ref().as_str()).unwrap_or_default();
                let key = format!("{paths}\n{pattern}");
                let place = all.iter().position(|(_, known, _)| *known == key);
                if !self.may_replace(at, place.and_then(|place| all.get(place)), "version-field", span, &paths) {
                    continue;
                }
                let entry = (at, key, self.version_field(at, raw, kinds, lines, tags));
                match place.and_then(|place| all.get_mut(place)) {
                    Some(place) => *place = entry,
                    None => all.push(entry),
                }
            }
        }
        all.into_iter().map(|(_, _, field)| field).collect()
    }

    /// All layers' changelogs, by the same rule.
    pub(super) fn changelogs(&mut self, lines: &[String], tags: &[TagClass]) -> Vec<Changelog> {
        let mut all: Vec<(usize, String, Changelog)> = Vec::new();
        let layers = self.layers;
        for (at, layer) in layers.iter().enumerate() {
            for (raw, span) in &layer.changelogs {
                let Some((key, changelog)) = self.changelog(at, raw, span, lines, tags) else { continue };
                let place = all.iter().position(|(_, known, _)| *known == key);
                if !self.may_replace(at, place.and_then(|place| all.get(place)), "changelog", span, &key) {
                    continue;
                }
                match place.and_then(|place| all.get_mut(place)) {
                    Some(place) => *place = (at, key, changelog),
                    None => all.push((at, key, changelog)),
                }
            }
        }
        all.into_iter().map(|(_, _, changelog)| changelog).collect()
    }

    /// Whether an entry may stand in for the one of the same files, if there is one; reports it otherwise.
    fn may_replace<T>(
        &mut self,
        at: usize,
        before: Option<&(usize, String, T)>,
        what: &str,
        span: &Span<usize>,
        files: &str,
    ) -> bool {
        match before {
            None => true,
            Some((upper, _, _)) if *upper == at => {
                let message = format!("there are two entries `{what}` for `{files}`");
                self.report(at, Problem::new(span.clone(), message));
                false
            }
            Some((upper, _, _)) => {
                self.may_weaken(at, *upper, what, span.clone(), &format!("another `{what}` for `{files}`"))
            }
        }
    }

    fn version_field(
        &mut self,
        at: usize,
        raw: &RawVersionField,
        kinds: &[KindOfChange],
        lines: &[String],
        tags: &[TagClass],
    ) -> VersionField {
        let paths = self.paths(at, &raw.path);
        if raw.pattern.is_none() {
            if let Some(join) = &raw.join {
                self.report(at, Problem::new(join.span(), "`join` puts the groups of a `pattern` together"));
            }
            self.known_manifests(at, &raw.path);
        }
        let join = raw.join.as_ref().map(|join| join.get_ref().as_str());
        let pattern = raw.pattern.as_ref().and_then(|text| match manifest::Pattern::new(text.get_ref(), join) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.report(at, Problem::new(text.span(), error.to_string()));
                None
            }
        });
        let declared = kinds.iter().map(|kind| kind.name.as_str());
        let known: Vec<&str> = kind::built_in().map(|kind| -> &str { kind }).chain(declared).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        let may = self.actors(at, raw.may.as_ref());
        VersionField {
            paths,
            pattern,
            hints: manifest::Hints { names: raw.names.clone().unwrap_or_default() },
            optional: raw.optional,
            agrees: raw.agrees,
            classes: self.classes(at, raw.tag.as_ref(), tags).unwrap_or_default(),
            changed_by: self.names(at, raw.changed_by.as_ref(), "kind of change", &known),
            may,
            only_on: self.names(at, raw.only_on.as_ref(), "line", &lines),
        }
    }

    /// A file that no reader knows would never be looked at.
    fn known_manifests(&mut self, at: usize, paths: &Located<Texts>) {
        for text in &paths.get_ref().0 {
            let open =
                text.starts_with("regex:") || text.rsplit('/').next().is_some_and(|name| name.contains(['*', '{']));
            if !open && manifest::Kind::of_path(text.as_str().into()).is_none() {
                let message = format!("`{text}` is no manifest that refgate knows");
                let help = r"say where its version stands: `pattern = '(?m)^VERSION = (?P<version>\S+)$'`";
                self.report(at, Problem::new(paths.span(), message).help(help));
            }
        }
    }

    fn changelog(
        &mut self,
        at: usize,
        raw: &RawChangelog,
        span: &Span<usize>,
        lines: &[String],
        tags: &[TagClass],
    ) -> Option<(String, Changelog)> {
        let (key, place) = match (&raw.path, &raw.format, &raw.notes) {
            (Some(path), Some(format), None) => {
                let pattern = self.path(at, path.get_ref(), path.span());
                (path.get_ref().clone(), pattern.map(|pattern| Notes::Entries(pattern, *format.get_ref())))
            }
            (None, None, Some(notes)) => {
                let pattern = self.path(at, notes.get_ref(), notes.span());
                if !notes.get_ref().contains('{') {
                    let message = "a file of notes for each version has a placeholder, such as `{version}`";
                    self.report(at, Problem::new(notes.span(), message));
                }
                (notes.get_ref().clone(), pattern.map(Notes::Files))
            }
            _ => {
                let message = "a changelog has either `path` with `format`, or `notes`";
                self.report(at, Problem::new(span.clone(), message));
                return None;
            }
        };
        let required_by = match raw.required_by_tag.as_ref().map(|required| (required.get_ref(), required.span())) {
            None | Some((Required::Always(false), _)) => Classes::None,
            Some((Required::Always(true), _)) => Classes::All,
            Some((Required::By(names), span)) => {
                for name in names {
                    self.class_exists(at, name, &span, tags);
                }
                Classes::Named(names.clone())
            }
        };
        let reintegrate = raw.reintegrate.as_ref().map(|raw| {
            if matches!(place, Some(Notes::Files(_))) {
                self.report(
                    at,
                    Problem::new(span.clone(), "only a changelog with `path` has entries to bring anywhere"),
                );
            }
            for line in [&raw.from, &raw.to] {
                self.line_exists(at, line.get_ref(), line.span(), lines);
            }
            Reintegrate { from: raw.from.get_ref().clone(), to: raw.to.get_ref().clone(), due: raw.due }
        });
        Some((key, Changelog { place: place?, required_by, reintegrate }))
    }

    fn classes(&mut self, at: usize, names: Option<&Located<Texts>>, tags: &[TagClass]) -> Option<Vec<String>> {
        let names = names?;
        for name in &names.get_ref().0 {
            self.class_exists(at, name, &names.span(), tags);
        }
        Some(names.get_ref().0.clone())
    }

    fn class_exists(&mut self, at: usize, name: &str, span: &Span<usize>, tags: &[TagClass]) {
        let versions = tags.iter().filter(|class| class.kind == TagKind::Version).map(|class| class.name.as_str());
        if !versions.clone().any(|known| known == name) {
            let message = format!("there is no class of version tags named `{name}`{}", did_you_mean(name, versions));
            self.report(at, Problem::new(span.clone(), message));
        }
    }

    /// Names that have to be among the known ones.
    fn names(&mut self, at: usize, names: Option<&Located<Texts>>, what: &str, known: &[&str]) -> Option<Vec<String>> {
        let names = names?;
        for name in names.get_ref().0.iter().filter(|name| !known.contains(&name.as_str())) {
            let message = format!("there is no {what} named `{name}`{}", did_you_mean(name, known.iter().copied()));
            self.report(at, Problem::new(names.span(), message));
        }
        Some(names.get_ref().0.clone())
    }

    fn paths(&mut self, at: usize, texts: &Located<Texts>) -> Vec<PathPattern> {
        if texts.get_ref().0.is_empty() {
            self.report(at, Problem::new(texts.span(), "the list is empty, so that it matches nothing"));
        }
        texts.get_ref().0.iter().filter_map(|text| self.path(at, text, texts.span())).collect()
    }

    fn path(&mut self, at: usize, text: &str, span: Span<usize>) -> Option<PathPattern> {
        match PathPattern::parse(text) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                self.report(at, Problem::new(span, format!("the path `{text}`: {error}")));
                None
            }
        }
    }
}
