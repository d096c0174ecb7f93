//! `setup.cfg` and `gradle.properties`.
//!
//! <https://setuptools.pypa.io/en/latest/userguide/declarative_config.html>,
//! <https://docs.python.org/3/library/configparser.html#supported-ini-file-structure>,
//! <https://docs.oracle.com/en/java/javase/21/docs/api/java.base/java/util/Properties.html#load(java.io.Reader)>.

use super::lines::{Line, lines};
use super::source::Source;
use super::{Error, Field, Hints};

/// `version` in `[metadata]`; `attr:`, `file:` and interpolations are computed. A section or key that stands twice is
/// an error, as it is to Python.
pub(super) fn setup_cfg(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let mut fields: Vec<Field> = Vec::new();
    let (mut metadata, mut sections) = (false, 0);
    // The line of a `version` key whose value may go on in indented lines.
    let mut version: Option<Line<'_>> = None;
    for line in lines(source.text()) {
        let text = line.text.trim_end();
        if text.trim_start().is_empty() || text.trim_start().starts_with(['#', ';']) {
            continue;
        }
        if text.starts_with([' ', '\t']) {
            if let Some(first) = &mut version {
                if !first.text.is_empty() {
                    return Err(source.syntax(line.start, "`metadata.version` has several lines"));
                }
                *first = line.trimmed();
            }
            continue;
        }
        fields.extend(version.take().and_then(|value| attribute(value)));
        if let Some(section) = text.strip_prefix('[') {
            let Some((name, _)) = section.split_once(']') else {
                return Err(source.syntax(line.start, "a section that does not end"));
            };
            metadata = name == "metadata";
            sections += usize::from(metadata);
            if sections > 1 && metadata {
                return Err(source.duplicate(line.start, "[metadata]"));
            }
            continue;
        }
        let Some(at) = text.find(['=', ':']) else {
            return Err(source.syntax(line.start, "neither a section nor a key with a value"));
        };
        let (key, value) = text.split_at_checked(at).unwrap_or_default();
        if metadata && key.trim_end().eq_ignore_ascii_case("version") {
            if !fields.is_empty() {
                return Err(source.duplicate(line.start, "version"));
            }
            let value = value.get(1..).unwrap_or_default();
            version = Some(Line { text: value, start: line.start + at + 1 }.trimmed());
        }
    }
    fields.extend(version.and_then(attribute));
    Ok(fields)
}

fn attribute(value: Line<'_>) -> Option<Field> {
    const NAME: &str = "metadata.version";
    let computed = ["attr:", "file:"].iter().any(|directive| value.text.starts_with(directive));
    Some(match value.text {
        "" => return None,
        text if computed => Field::dynamic(NAME, text, value.range()),
        text => Field::new(NAME, text, value.range()),
    })
}

/// `version`, or the keys a policy names. A value that goes on in the next line is computed as far as we care.
pub(super) fn properties(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
    let wanted = hints.names_or(&["version"]);
    let mut fields: Vec<Field> = Vec::new();
    let mut continued = false;
    for line in lines(source.text()) {
        let goes_on = line.text.len() - line.text.trim_end_matches('\\').len();
        let (is_rest, line) = (continued, line.trimmed());
        continued = goes_on % 2 == 1;
        if is_rest || line.text.starts_with(['#', '!']) {
            continued &= is_rest;
            continue;
        }
        let end = line.text.find(|c: char| c == '=' || c == ':' || c.is_whitespace()).unwrap_or(line.text.len());
        let (key, rest) = line.text.split_at_checked(end).unwrap_or_default();
        if !wanted.contains(&key) {
            continue;
        }
        // White space, then at most one separator.
        let value = rest.trim_start();
        let value = value.strip_prefix(['=', ':']).unwrap_or(value).trim_start();
        let value = Line { text: value, start: line.start + line.text.len() - value.len() };
        if fields.iter().any(|field| field.name == key) {
            return Err(source.duplicate(line.start, key));
        }
        if value.text.contains('\\') {
            fields.push(Field::dynamic(key, value.text, value.range()));
        } else if !value.text.is_empty() {
            fields.push(Field::new(key, value.text, value.range()));
        }
    }
    Ok(fields)
}
