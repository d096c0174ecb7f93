//! YAML by events (<https://yaml.org/spec/1.2.2/>).
//!
//! Aliases are followed as they are met and every step is counted, so a few bytes cannot unfold into a billion nodes.
//! Of a scalar's range only the start comes from the parser: in saphyr-parser 0.3 the end of a quoted one runs on.

use saphyr_parser::{Event, Parser, ScalarStyle};
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::ops::Range;

use super::Error;
use super::source::{Source, step};

/// Most collections within each other, aliases included.
const MAX_DEPTH: usize = 64;

/// Most nodes of a file.
const MAX_NODES: usize = 250_000;

/// Most nodes visited, aliases followed.
pub(super) const MAX_VISITS: usize = 500_000;

/// The key whose mapping is merged into its parent (<https://yaml.org/type/merge.html>); Helm does.
const MERGE: &str = "<<";

/// A scalar as the file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar<'t> {
    /// The text; `None` for null, written or left out.
    pub(super) text: Option<Cow<'t, str>>,
    /// Where it begins, quotes included.
    pub(super) start: usize,
    /// The document that it is in, from 0.
    pub(super) document: usize,
}

enum Kind<'t> {
    Scalar(Option<Cow<'t, str>>),
    Alias(usize),
    /// A sequence or mapping, with the index after its last node.
    Sequence(usize),
    Mapping(usize),
}

struct Node<'t> {
    kind: Kind<'t>,
    start: usize,
}

/// The documents of a YAML stream.
pub(super) struct Stream<'s, 't> {
    source: &'s Source<'t>,
    nodes: Vec<Node<'s>>,
    /// The first node of each document.
    documents: Vec<usize>,
    anchors: BTreeMap<usize, usize>,
}

impl<'s, 't> Stream<'s, 't> {
    /// Reads a stream.
    ///
    /// # Errors
    /// Not YAML, or YAML only after a template engine has run; nested deeper or longer than is read.
    pub(super) fn new(source: &'s Source<'t>) -> Result<Self, Error> {
        let text = source.text();
        let offsets = Offsets::new(text);
        let mut stream = Self { source, nodes: Vec::new(), documents: Vec::new(), anchors: BTreeMap::new() };
        let mut open: Vec<usize> = Vec::new();
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| match templated(text) {
                Some(at) => source.template(at),
                None => source.syntax(offsets.of(error.marker().index()), error.info()),
            })?;
            let start = offsets.of(span.start.index());
            match event {
                // `{{ .Values.image }}` reads as a mapping whose key is a mapping.
                Event::MappingStart(..) if source.slice(start..text.len()).starts_with("{{") => {
                    return Err(source.template(start));
                }
                Event::SequenceEnd | Event::MappingEnd => stream.close(open.pop(), start)?,
                Event::DocumentStart(_) => stream.documents.push(stream.nodes.len()),
                event => {
                    if let Some((kind, anchor)) = node_of(event) {
                        if matches!(kind, Kind::Sequence(_) | Kind::Mapping(_)) {
                            open.push(stream.nodes.len());
                        }
                        stream.add(Node { kind, start }, anchor, open.len())?;
                    }
                }
            }
        }
        Ok(stream)
    }

    /// Adds a node that is nested in this many collections, with its anchor or 0.
    fn add(&mut self, node: Node<'s>, anchor: usize, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(self.source.syntax(node.start, format!("more than {MAX_DEPTH} collections within each other")));
        }
        if self.nodes.len() >= MAX_NODES {
            return Err(self.source.syntax(node.start, format!("more than {MAX_NODES} values")));
        }
        if anchor > 0 {
            self.anchors.insert(anchor, self.nodes.len());
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Notes that the collection at this index ends here.
    fn close(&mut self, at: Option<usize>, start: usize) -> Result<(), Error> {
        let end = self.nodes.len();
        match at.and_then(|at| self.nodes.get_mut(at)).map(|node| &mut node.kind) {
            Some(Kind::Sequence(last) | Kind::Mapping(last)) => *last = end,
            _ => return Err(self.source.syntax(start, "a collection that was not opened")),
        }
        Ok(())
    }

    /// Returns the indices of the nodes from `first` on that are not within each other, up to `end`.
    fn siblings(&self, first: usize, end: usize) -> impl Iterator<Item = usize> {
        let next = move |at: &usize| Some(self.nodes.get(*at).map_or(end, |node| after(node, *at)));
        std::iter::successors(Some(first), next).take_while(move |at| *at < end)
    }

    /// Returns the text of a key, `?` for a key that is not text and has no name in a path.
    fn name(&self, key: &Node<'s>) -> Cow<'s, str> {
        let target = match &key.kind {
            Kind::Alias(anchor) => self.nodes.get(self.target(*anchor)).map(|node| &node.kind),
            kind => Some(kind),
        };
        match target {
            Some(Kind::Scalar(text)) => text.clone().unwrap_or_default(),
            _ => "?".into(),
        }
    }

    /// Returns the node that an alias stands for.
    fn target(&self, anchor: usize) -> usize {
        self.anchors.get(&anchor).copied().unwrap_or(usize::MAX)
    }

    /// Returns where the second document begins, if there is one. A document with nothing in it, as after a `---` at the
    /// end of the file, is not one.
    pub(super) fn second_document(&self) -> Option<usize> {
        let nodes = self.documents.iter().filter_map(|at| self.nodes.get(*at));
        nodes.filter(|node| !matches!(node.kind, Kind::Scalar(None))).nth(1).map(|node| node.start)
    }

    /// Calls `visit` with the path and value of every scalar that is not a key. Mappings are merged as `<<` says; a
    /// mapping's own key wins over a merged one.
    ///
    /// # Errors
    /// A key that appears twice, or aliases that expand into more than is read.
    pub(super) fn visit(&self, visit: &mut dyn FnMut(&[Cow<'s, str>], &Scalar<'s>)) -> Result<(), Error> {
        let mut walk = Walk { stream: self, path: Vec::new(), visits: 0, document: 0, visit };
        for (at, document) in self.documents.iter().enumerate() {
            walk.document = at;
            walk.value(*document, 0)?;
        }
        Ok(())
    }

    /// Returns the range of a scalar's text without quotes; up to the end of its line if it is written another way
    /// (with escapes, or as a block).
    pub(super) fn range(&self, scalar: &Scalar<'_>) -> Range<usize> {
        let text = scalar.text.as_deref().unwrap_or_default();
        let whole = self.source.slice(scalar.start..self.source.text().len());
        // An anchor and a tag come before the value.
        let mut rest = whole;
        while rest.starts_with(['&', '!'])
            && let Some(end) = rest.find([' ', '\t', '\r', '\n'])
        {
            rest = rest.get(end..).unwrap_or_default().trim_start();
        }
        let start = scalar.start + whole.len() - rest.len();
        let quote = usize::from(rest.starts_with(['"', '\'']));
        if rest.get(quote..).is_some_and(|rest| rest.starts_with(text)) {
            return start + quote..start + quote + text.len();
        }
        let line = rest.lines().next().unwrap_or_default().trim_end();
        start..start + line.len()
    }
}

/// Returns the node that an event begins, and its anchor or 0; `None` for events that are not of a node.
fn node_of(event: Event<'_>) -> Option<(Kind<'_>, usize)> {
    match event {
        Event::Scalar(value, style, anchor, _) => {
            let plain = style == ScalarStyle::Plain;
            // The parser has `~` for a value that was left out as well.
            let null = plain && ["~", "null", "Null", "NULL", ""].contains(&value.as_ref());
            Some((Kind::Scalar((!null).then_some(value)), anchor))
        }
        Event::Alias(anchor) => Some((Kind::Alias(anchor), 0)),
        Event::SequenceStart(anchor, _) => Some((Kind::Sequence(0), anchor)),
        Event::MappingStart(anchor, _) => Some((Kind::Mapping(0), anchor)),
        Event::Nothing
        | Event::StreamStart
        | Event::StreamEnd
        | Event::DocumentStart(_)
        | Event::DocumentEnd
        | Event::SequenceEnd
        | Event::MappingEnd => None,
    }
}

/// Returns the index after a node.
fn after(node: &Node<'_>, at: usize) -> usize {
    match node.kind {
        Kind::Sequence(end) | Kind::Mapping(end) => end.max(at + 1),
        Kind::Scalar(_) | Kind::Alias(_) => at + 1,
    }
}

struct Walk<'w, 's, 't> {
    stream: &'w Stream<'s, 't>,
    path: Vec<Cow<'s, str>>,
    visits: usize,
    document: usize,
    visit: &'w mut dyn FnMut(&[Cow<'s, str>], &Scalar<'s>),
}

impl<'w, 's, 't> Walk<'w, 's, 't> {
    /// Returns a node, with every step counted.
    fn node(&mut self, at: usize, depth: usize) -> Result<Option<&'w Node<'s>>, Error> {
        step();
        let node = self.stream.nodes.get(at);
        self.visits += 1;
        let start = node.map_or(0, |node| node.start);
        if self.visits > MAX_VISITS {
            return Err(self
                .stream
                .source
                .syntax(start, format!("aliases that unfold into more than {MAX_VISITS} values")));
        }
        if depth > MAX_DEPTH {
            return Err(self
                .stream
                .source
                .syntax(start, format!("more than {MAX_DEPTH} collections within each other")));
        }
        Ok(node)
    }

    fn value(&mut self, at: usize, depth: usize) -> Result<(), Error> {
        let Some(node) = self.node(at, depth)? else { return Ok(()) };
        match &node.kind {
            Kind::Scalar(text) => {
                let scalar = Scalar { text: text.clone(), start: node.start, document: self.document };
                (self.visit)(&self.path, &scalar);
            }
            Kind::Alias(anchor) => self.value(self.stream.target(*anchor), depth + 1)?,
            Kind::Sequence(end) => {
                let stream = self.stream;
                for (index, item) in stream.siblings(at + 1, *end).enumerate() {
                    self.path.push(Cow::Owned(index.to_string()));
                    self.value(item, depth + 1)?;
                    self.path.pop();
                }
            }
            Kind::Mapping(_) => self.mapping(at, depth, &mut HashSet::new(), false)?,
        }
        Ok(())
    }

    /// Visits the values of a mapping, and of what is merged into it.
    ///
    /// From a `merged` mapping only values count whose keys were not `seen`; it may also be a sequence of mappings.
    fn mapping(
        &mut self,
        at: usize,
        depth: usize,
        seen: &mut HashSet<Cow<'s, str>>,
        merged: bool,
    ) -> Result<(), Error> {
        let Some(node) = self.node(at, depth)? else { return Ok(()) };
        let stream = self.stream;
        match &node.kind {
            Kind::Mapping(end) => {
                for merge in self.own_entries(at, *end, depth, seen, merged)? {
                    self.mapping(merge, depth + 1, seen, true)?;
                }
            }
            Kind::Alias(anchor) => self.mapping(stream.target(*anchor), depth + 1, seen, merged)?,
            Kind::Sequence(end) if merged => {
                for item in stream.siblings(at + 1, *end) {
                    self.mapping(item, depth + 1, seen, merged)?;
                }
            }
            Kind::Sequence(_) | Kind::Scalar(_) => {}
        }
        Ok(())
    }

    /// Visits the values of a mapping itself, and returns what it merges.
    fn own_entries(
        &mut self,
        at: usize,
        end: usize,
        depth: usize,
        seen: &mut HashSet<Cow<'s, str>>,
        merged: bool,
    ) -> Result<Vec<usize>, Error> {
        let stream = self.stream;
        let mut merges = Vec::new();
        let mut entries = stream.siblings(at + 1, end);
        while let Some(entry) = entries.next() {
            let Some(key) = self.node(entry, depth)? else { break };
            let Some(value) = entries.next() else { break };
            let name = stream.name(key);
            if name == MERGE {
                merges.push(value);
            } else if seen.insert(name.clone()) {
                self.path.push(name);
                self.value(value, depth + 1)?;
                self.path.pop();
            } else if !merged && name != "?" {
                return Err(stream.source.duplicate(key.start, &name));
            }
        }
        Ok(merges)
    }
}

/// Returns where the first `{{` outside a comment line is, if there is one.
fn templated(text: &str) -> Option<usize> {
    super::lines::lines(text)
        .filter(|line| !line.text.trim_start().starts_with('#'))
        .find_map(|line| line.text.find("{{").map(|at| line.start + at))
}

/// Offsets of the parser, which counts characters, as byte offsets.
struct Offsets {
    bytes: Option<Vec<u32>>,
    length: usize,
}

impl Offsets {
    fn new(text: &str) -> Self {
        let offsets = || text.char_indices().map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect();
        Self { bytes: (!text.is_ascii()).then(offsets), length: text.len() }
    }

    fn of(&self, index: usize) -> usize {
        match &self.bytes {
            None => index.min(self.length),
            Some(bytes) => bytes.get(index).map_or(self.length, |at| *at as usize),
        }
    }
}
