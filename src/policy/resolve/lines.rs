//! From `[[line]]` as written to what it means.

use std::ops::Range as Span;

use super::super::raw::{RawLine, RawLineMay, RawRetiredBy, Role};
use super::super::{Intake, Line, Pattern, Permissions, Problem, RetiredBy};
use super::Resolver;
use super::named::Named;
use crate::model::did_you_mean;

impl Resolver<'_> {
    pub(super) fn lines(&mut self) -> Vec<Line> {
        let kind = Named {
            word: "line",
            title: "line",
            plural: "lines",
            of: |layer| &layer.lines,
            name: |raw: &RawLine| &raw.name,
        };
        let lines = self.named(&kind, Self::line);
        let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
        self.line_references(&names);
        lines
    }

    fn line(&mut self, at: usize, raw: &RawLine) -> Line {
        let topic = raw.role == Role::Topic;
        let may = self.line_may(at, &raw.may);
        let branches = self.patterns(at, &raw.branch);
        let has_major = |pattern: &Pattern| pattern.placeholders().contains(&"major");
        if let Some(next) = raw.next.as_ref().filter(|_| !branches.iter().all(has_major)) {
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

    fn line_may(&mut self, at: usize, raw: &RawLineMay) -> Permissions {
        Permissions {
            create: self.actors(at, raw.create.as_ref()),
            push: self.actors(at, raw.push.as_ref()),
            rewrite: self.actors(at, raw.rewrite.as_ref()),
            delete: self.actors(at, raw.delete.as_ref()),
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

    pub(in super::super) fn line_exists(&mut self, at: usize, name: &str, span: Span<usize>, names: &[String]) {
        if !names.iter().any(|known| known == name) {
            let hint = did_you_mean(name, names.iter().map(String::as_str));
            self.report(at, Problem::new(span, format!("there is no line named `{name}`{hint}")));
        }
    }
}
