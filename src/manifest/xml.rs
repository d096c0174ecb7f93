//! XML without document types and within bounds.

use roxmltree::{Document, Node, ParsingOptions};
use std::ops::Range;

use super::position::offset_of;
use super::source::{Source, step};
use super::{Error, Field};

/// Most quoted attribute values in one tag: the parser compares each with all the others.
const MAX_ATTRIBUTES: usize = 256;

/// Most namespace declarations in a file: each element that declares one copies those of its parents.
const MAX_NAMESPACES: usize = 256;

/// Most nodes of a file.
const MAX_NODES: u32 = 200_000;

/// Returns the text, if it is UTF-8 or declares an encoding that extends ASCII.
pub(super) fn checked<'s>(source: &'s Source<'_>) -> Result<&'s str, Error> {
    let text = source.text();
    let declaration = text.get(..text.find("?>").unwrap_or_default()).unwrap_or_default();
    let declared = declaration.split_once("encoding").map_or("", |(_, rest)| rest).to_ascii_lowercase();
    let single_byte = ["iso-8859-", "windows-125", "us-ascii", "latin"].iter().any(|name| declared.contains(name));
    if !single_byte {
        source.span(0..text.len())?;
    }
    let mut quoted = 0;
    let mut namespaces = 0;
    let mut before = b' ';
    for (at, byte) in text.bytes().enumerate() {
        step();
        match byte {
            b'<' => quoted = 0,
            b'"' | b'\'' if before == b'=' => quoted += 1,
            b's' if before == b'n' && source.slice(at.saturating_sub(4)..at + 1) == "xmlns" => namespaces += 1,
            _ => {}
        }
        if quoted > MAX_ATTRIBUTES {
            return Err(source.syntax(at, format!("more than {MAX_ATTRIBUTES} attributes in one tag")));
        }
        if namespaces > MAX_NAMESPACES {
            return Err(source.syntax(at, format!("more than {MAX_NAMESPACES} namespace declarations")));
        }
        before = byte;
    }
    Ok(text)
}

/// Reads an XML file.
pub(super) fn parse<'t>(source: &Source<'_>, text: &'t str) -> Result<Document<'t>, Error> {
    // A document type declaration can define entities, so it is refused.
    let options = ParsingOptions { allow_dtd: false, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let whole = error.to_string();
        let at = error.pos();
        let reason = whole.strip_suffix(&format!(" at {at}")).unwrap_or(&whole);
        let line = offset_of(text, at.row as usize, 1);
        let column = source.slice(line..text.len()).char_indices().nth((at.col as usize).saturating_sub(1));
        source.syntax(line + column.map_or(0, |(offset, _)| offset), reason)
    })
}

/// Returns the only child element of this name, in any namespace (old files have none).
pub(super) fn only<'a, 't>(
    source: &Source<'_>,
    parent: Node<'a, 't>,
    name: &str,
) -> Result<Option<Node<'a, 't>>, Error> {
    let mut found = parent.children().filter(|node| node.is_element() && node.tag_name().name() == name);
    let first = found.next();
    match found.next() {
        Some(second) => Err(source.duplicate(second.range().start, name)),
        None => Ok(first),
    }
}

/// Returns the field of an element that holds nothing but text, perhaps with comments before or after it; an empty one
/// has none.
pub(super) fn field(source: &Source<'_>, element: Node<'_, '_>, name: &str) -> Result<Option<Field>, Error> {
    let said = |node: &Node<'_, '_>| !node.is_comment() && !node.text().is_some_and(|text| text.trim().is_empty());
    let mut children = element.children().filter(said);
    let Some(node) = children.next() else { return Ok(None) };
    // A comment or CDATA in the middle of a version: nobody writes that, and what it means differs by tool.
    if let Some(odd) = Some(node).filter(|node| !node.is_text()).or_else(|| children.next()) {
        return Err(source.syntax(odd.range().start, format!("`{name}` holds more than text")));
    }
    let text = node.text().unwrap_or_default().trim();
    Ok(Some(Field::new(name, text, trimmed(source, node.range()))))
}

/// Returns a range without the white space at its ends.
fn trimmed(source: &Source<'_>, range: Range<usize>) -> Range<usize> {
    let raw = source.slice(range.clone());
    let start = range.start + (raw.len() - raw.trim_start().len());
    start..start.max(range.end - (raw.len() - raw.trim_end().len()))
}
