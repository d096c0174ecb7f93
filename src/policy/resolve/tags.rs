//! From `[[tag]]` and `[[series]]` as written to what they mean.

use super::super::raw::{Located, RawSeries, RawTag, RawTagMay, Stability, TagKind, TagPublishes};
use super::super::{Bindings, Line, Permissions, Place, Problem, Series, TagClass};
use super::Resolver;
use super::named::Named;
use crate::model::did_you_mean;
use crate::version::{Range, Scheme};

impl Resolver<'_> {
    pub(super) fn tags(&mut self, lines: &[String]) -> Vec<TagClass> {
        let kind = Named {
            word: "tag",
            title: "tag class",
            plural: "tag classes",
            of: |layer| &layer.tags,
            name: |raw: &RawTag| &raw.name,
        };
        self.named(&kind, |resolver, at, raw| resolver.tag(at, raw, lines))
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

    fn tag_may(&mut self, at: usize, raw: &RawTagMay) -> Permissions {
        Permissions {
            create: self.actors(at, raw.create.as_ref()),
            push: None,
            rewrite: self.actors(at, raw.r#move.as_ref()),
            delete: self.actors(at, raw.delete.as_ref()),
        }
    }

    pub(super) fn series(&mut self, lines: &[Line], tags: &[TagClass]) -> Vec<Series> {
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
}
