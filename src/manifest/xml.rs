//! `pom.xml` and MSBuild project files.
//!
//! <https://maven.apache.org/pom.html#Maven_Coordinates>,
//! <https://learn.microsoft.com/dotnet/core/project-sdk/msbuild-props>.

use roxmltree::{Document, Node, ParsingOptions};
use std::ops::Range;

use super::position::offset_of;
use super::source::{MAX_VERSION, Source};
use super::{Error, Field, Value};

/// Most quoted attribute values in one tag: the parser compares each with all the others.
const MAX_ATTRIBUTES: usize = 256;

/// Most namespace declarations in a file: each element that declares one copies those of its parents.
const MAX_NAMESPACES: usize = 256;

/// Most nodes of a file.
const MAX_NODES: u32 = 200_000;

/// `/project/version`, else the inherited `/project/parent/version`. A version that names properties, as in
/// `${revision}`, is followed by the properties of this file that it names: they are what an edit changes.
pub(super) fn pom(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let text = checked(source)?;
    let document = parse(source, text)?;
    let project = document.root_element();
    if project.tag_name().name() != "project" {
        return Err(source.syntax(project.range().start, "the root element is not `project`"));
    }
    let parent = only(source, project, "parent")?;
    let own = only(source, project, "version")?.map(|version| (version, "project.version"));
    let inherited = match parent {
        Some(parent) => only(source, parent, "version")?.map(|version| (version, "project.parent.version")),
        None => None,
    };
    let Some((version, name)) = own.or(inherited) else { return Ok(Vec::new()) };
    let mut fields = Vec::from_iter(field(source, version, name)?);
    let says = fields.first().and_then(|field| match &field.value {
        Value::Dynamic(says) if says.len() <= MAX_VERSION => Some(says.clone()),
        _ => None,
    });
    if let (Some(says), Some(properties)) = (says, only(source, project, "properties")?) {
        for property in properties.children().filter(Node::is_element) {
            let key = property.tag_name().name();
            if says.contains(&format!("${{{key}}}")) {
                fields.extend(field(source, property, &format!("project.properties.{key}"))?);
            }
        }
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// `Version`, `VersionPrefix` and `VersionSuffix` of each `PropertyGroup`; never the `Version` of a
/// `PackageReference`, nor `AssemblyVersion` and its kin.
pub(super) fn msbuild(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let text = checked(source)?;
    let document = parse(source, text)?;
    let mut fields = Vec::new();
    let groups = document.root_element().children().filter(|node| node.tag_name().name() == "PropertyGroup");
    for property in groups.flat_map(|group| group.children()) {
        let name = property.tag_name().name();
        if ["Version", "VersionPrefix", "VersionSuffix"].contains(&name) {
            fields.extend(field(source, property, &format!("PropertyGroup.{name}"))?);
        }
    }
    Ok(fields)
}

/// The text, if it is UTF-8 or declares an encoding that extends ASCII.
fn checked<'s>(source: &'s Source<'_>) -> Result<&'s str, Error> {
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

fn parse<'t>(source: &Source<'_>, text: &'t str) -> Result<Document<'t>, Error> {
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

/// The only child element of this name, in any namespace (old files have none).
fn only<'a, 't>(source: &Source<'_>, parent: Node<'a, 't>, name: &str) -> Result<Option<Node<'a, 't>>, Error> {
    let mut found = parent.children().filter(|node| node.is_element() && node.tag_name().name() == name);
    let first = found.next();
    match found.next() {
        Some(second) => Err(source.duplicate(second.range().start, name)),
        None => Ok(first),
    }
}

/// The field of an element that holds nothing but text; an empty one has none.
fn field(source: &Source<'_>, element: Node<'_, '_>, name: &str) -> Result<Option<Field>, Error> {
    let mut children = element.children();
    let (first, second) = (children.next(), children.next());
    match (first, second) {
        (None, _) => Ok(None),
        (Some(node), None) if node.is_text() => {
            let text = node.text().unwrap_or_default().trim();
            let span = trimmed(source, node.range());
            Ok((!text.is_empty()).then(|| Field::new(name, text, span)))
        }
        // A comment or CDATA in the middle of a version: nobody writes that, and what it means differs by tool.
        (Some(node), _) => Err(source.syntax(node.range().start, format!("`{name}` holds more than text"))),
    }
}

/// A range without the white space at its ends.
fn trimmed(source: &Source<'_>, range: Range<usize>) -> Range<usize> {
    let raw = source.slice(range.clone());
    let start = range.start + (raw.len() - raw.trim_start().len());
    start..start.max(range.end - (raw.len() - raw.trim_end().len()))
}
