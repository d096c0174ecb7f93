//! What the tables share while they are resolved: where errors go, what may be weakened, and which names exist.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::actors::{ActorSet, built_in_groups};
use super::error::{PolicyError, Problem, SourceText, is_full};
use super::origin::Origin;
use super::path::PathPattern;
use super::pattern::Pattern;
use super::spelled::Spelled;
use super::text::{ClassName, KindName, LineName, Located, OpenWord, Text, Texts};
use crate::model::did_you_mean;

/// What layers leave open: for each layer, the words of its `open`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open<'a>(&'a [&'a [Located<Text<OpenWord>>]]);

impl<'a> Open<'a> {
    pub(super) const fn new(layers: &'a [&'a [Located<Text<OpenWord>>]]) -> Self {
        Self(layers)
    }

    /// Returns whether layers that extend this one may weaken `what`.
    fn leaves(self, layer: usize, what: &str) -> bool {
        let words = self.0.get(layer).copied().unwrap_or_default();
        words.iter().any(|word| word.text() == "*" || word.text() == what)
    }
}

/// A group of actors, as the lowest layer that may change it declares it.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// The layer that declares it.
    pub(super) layer: usize,
    /// The key that names it.
    pub(super) span: Range<usize>,
    /// Names, and other groups with an `@`.
    pub(super) members: Vec<String>,
}

/// The names that tables give, for the tables after them.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub(super) groups: BTreeMap<String, Group>,
    /// Kinds of change, the built-in ones included.
    pub(super) kinds: Vec<String>,
    /// Lines and their patterns.
    pub(super) lines: Vec<(String, Vec<Pattern>)>,
    /// Tag classes, and whether their tags name versions.
    pub(super) classes: Vec<(String, bool)>,
    /// The layers that say something of a rule, by its id, the uppermost first.
    pub(super) rules: BTreeMap<String, Vec<usize>>,
}

impl Names {
    /// Returns the problem of a group that is neither declared nor built in.
    pub(super) fn no_group(&self, name: &str, at: Range<usize>) -> Problem {
        let mut known: Vec<&str> = built_in_groups().collect();
        known.extend(self.groups.keys().map(String::as_str));
        let message = format!("there is no group `@{name}`{}", did_you_mean(name, known));
        Problem::new(at, message).help("declare it under `[group]`")
    }
}

/// The context that tables are resolved in.
pub(super) struct Cx<'a> {
    texts: &'a [SourceText],
    open: Open<'a>,
    errors: &'a mut Vec<PolicyError>,
    in_time: &'a dyn Fn() -> bool,
    /// The layer whose tables are being resolved.
    layer: usize,
    pub(super) names: Names,
}

impl<'a> Cx<'a> {
    pub(super) fn new(
        texts: &'a [SourceText],
        open: Open<'a>,
        errors: &'a mut Vec<PolicyError>,
        in_time: &'a dyn Fn() -> bool,
    ) -> Self {
        Self { texts, open, errors, in_time, layer: 0, names: Names::default() }
    }

    /// Says whose tables come next: problems are theirs.
    pub(super) const fn enter(&mut self, layer: usize) {
        self.layer = layer;
    }

    /// Returns the layer whose tables are being resolved.
    pub(super) const fn layer(&self) -> usize {
        self.layer
    }

    /// Returns the place of a table of this layer.
    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        Origin { layer: self.layer, span: span.clone() }
    }

    pub(super) fn report(&mut self, problem: Problem) {
        let source = self.texts.get(self.layer).filter(|_| !is_full(self.errors));
        self.errors.extend(source.map(|source| PolicyError { source: source.clone(), problem }));
    }

    /// Returns whether there is nothing more to find out: the time is over, or as many problems were found as are
    /// reported.
    pub(super) fn has_ended(&self) -> bool {
        is_full(self.errors) || !(self.in_time)()
    }

    /// Takes the value, or reports why it is missing.
    pub(super) fn value<T, E: std::fmt::Display>(&mut self, read: Result<T, E>, at: Range<usize>) -> Option<T> {
        read.map_err(|error| self.report(Problem::new(at, error.to_string()))).ok()
    }

    /// Returns whether `upper` leaves `what` open to this layer, and reports it otherwise.
    pub(super) fn may_weaken(&mut self, upper: usize, what: &str, at: Range<usize>, deed: &str) -> bool {
        let open = self.open.leaves(upper, what);
        if !open && let Some(upper) = self.texts.get(upper) {
            self.report(not_left_open(upper, at, what, deed));
        }
        open
    }

    /// Returns the uppermost layer above this one that does not leave `what` open.
    pub(super) fn first_closed(&self, what: &str) -> Option<usize> {
        (0..self.layer).find(|upper| !self.open.leaves(*upper, what))
    }

    /// Reads patterns of paths.
    pub(super) fn patterns(&mut self, texts: &Located<Texts<Pattern>>) -> Vec<Pattern> {
        self.each(texts, Self::pattern)
    }

    /// Reads patterns of refs.
    pub(super) fn refs(&mut self, texts: &Located<Texts<Pattern>>, spelled: Spelled) -> Vec<Pattern> {
        self.each(texts, |cx, text, span| cx.r#ref(text, span, spelled))
    }

    /// Reads a pattern of refs.
    pub(super) fn r#ref(&mut self, text: &str, span: Range<usize>, spelled: Spelled) -> Option<Pattern> {
        let pattern = self.pattern(text, span.clone())?;
        if let Some(problem) = spelled.problem(&pattern, span) {
            self.report(problem);
        }
        Some(pattern)
    }

    pub(super) fn pattern(&mut self, text: &str, span: Range<usize>) -> Option<Pattern> {
        if self.has_ended() {
            return None;
        }
        let read = Pattern::parse(text).map_err(|error| format!("the pattern `{text}`: {error}"));
        self.value(read, span)
    }

    pub(super) fn paths(&mut self, texts: &Located<Texts<PathPattern>>) -> Vec<PathPattern> {
        self.each(texts, Self::path)
    }

    pub(super) fn path(&mut self, text: &str, span: Range<usize>) -> Option<PathPattern> {
        if self.has_ended() {
            return None;
        }
        let read = PathPattern::parse(text).map_err(|error| format!("the path `{text}`: {error}"));
        self.value(read, span)
    }

    fn each<K, T>(
        &mut self,
        texts: &Located<Texts<K>>,
        read: impl Fn(&mut Self, &str, Range<usize>) -> Option<T>,
    ) -> Vec<T> {
        if texts.texts().is_empty() {
            self.report(Problem::new(texts.span(), "the list is empty: it matches nothing"));
        }
        texts.texts().iter().filter_map(|text| read(self, text, texts.span())).collect()
    }

    pub(super) fn actors(&mut self, texts: Option<&Located<Texts<ActorSet>>>) -> Option<ActorSet> {
        let texts = texts?;
        let mut set = ActorSet::default();
        // Each one only once: a group may have ten thousand members.
        let mut seen = BTreeSet::new();
        for word in texts.texts().iter().filter(|word| seen.insert(word.as_str())) {
            if is_full(self.errors) {
                break;
            }
            if let Some(problem) = not_a_person(word, texts.span()) {
                self.report(problem);
            }
            let groups = &self.names.groups;
            if let Err(group) = set.add(word, &|name| groups.get(name).map(|group| group.members.as_slice())) {
                let problem = self.names.no_group(group, texts.span());
                self.report(problem);
            }
        }
        Some(set)
    }

    /// Looks up kinds of change by name, and reports those that nothing declares.
    pub(super) fn kinds(&mut self, names: &Located<Texts<KindName>>) -> Vec<String> {
        self.kind_names(names.texts(), &names.span());
        names.texts().to_vec()
    }

    pub(super) fn kind_names(&mut self, names: &[String], span: &Range<usize>) {
        let strangers = self.unknown(names, "kind of change", self.names.kinds.iter());
        for message in strangers {
            let known = self.names.kinds.join(", ");
            let help = format!("declare it with `[[kind]]`; there are {known}");
            self.report(Problem::new(span.clone(), message).help(help));
        }
    }

    /// Looks up lines by name, and reports those that do not exist.
    pub(super) fn lines(&mut self, names: &Located<Texts<LineName>>) -> Vec<String> {
        self.line_names(names.texts(), names.span());
        names.texts().to_vec()
    }

    /// Looks up a line by name, and reports it where there is none.
    pub(super) fn line(&mut self, name: &Located<Text<LineName>>) -> String {
        self.line_names(&[name.text().to_owned()], name.span());
        name.text().to_owned()
    }

    fn line_names(&mut self, names: &[String], span: Range<usize>) {
        for message in self.unknown(names, "line", self.names.lines.iter().map(|(name, _)| name)) {
            self.report(Problem::new(span.clone(), message));
        }
    }

    /// Looks up classes of version tags by name, and reports those that do not exist.
    pub(super) fn version_classes(&mut self, names: &Located<Texts<ClassName>>) -> Vec<String> {
        self.version_class_names(names.texts(), &names.span());
        names.texts().to_vec()
    }

    pub(super) fn version_class_names(&mut self, names: &[String], span: &Range<usize>) {
        let versions = self.names.classes.iter().filter(|(_, versions)| *versions);
        for message in self.unknown(names, "class of version tags", versions.map(|(name, _)| name)) {
            self.report(Problem::new(span.clone(), message));
        }
    }

    /// Says, of each name that is not among the known ones, that it is not.
    fn unknown<'n>(&self, names: &[String], what: &str, known: impl Iterator<Item = &'n String>) -> Vec<String> {
        if self.has_ended() {
            return Vec::new();
        }
        let known: BTreeSet<&str> = known.map(String::as_str).collect();
        let strangers = names.iter().filter(|name| !known.contains(name.as_str()));
        let message =
            |name: &String| format!("there is no {what} named `{name}`{}", did_you_mean(name, known.iter().copied()));
        strangers.take_while(|_| !self.has_ended()).map(message).collect()
    }
}

/// Returns the problem of a pattern where somebody is named: names are compared letter by letter.
pub(super) fn not_a_person(word: &str, at: Range<usize>) -> Option<Problem> {
    word.contains(['{', '}', '*']).then(|| {
        let message = format!("`{word}` names nobody: people are named letter by letter, without placeholders");
        let help = "write the name of an account, or `@` and the name of a group";
        Problem::new(at, message).help(help)
    })
}

/// Returns the problem of a layer that weakens what a layer above it does not leave open.
pub(super) fn not_left_open(upper: &SourceText, at: Range<usize>, what: &str, deed: &str) -> Problem {
    let upper = &upper.name;
    let help = format!("whoever keeps `{upper}` can allow it with `open = [\"{what}\"]`");
    Problem::new(at, format!("{deed} is not left open by `{upper}`")).help(help)
}
