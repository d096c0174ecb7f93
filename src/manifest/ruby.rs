//! `*.gemspec` and `version.rb`.
//!
//! <https://guides.rubygems.org/specification-reference/>.

use std::collections::BTreeSet;
use std::ops::Range;

use super::code::{Code, Definitions, Expression};
use super::lex::{Language, Token};
use super::source::Source;
use super::{Error, Field, Hints};

/// Most tokens between `Gem::Specification.new` and its block.
const MAX_ARGUMENTS: usize = 100;

/// `spec.version = …` on the parameter of `Gem::Specification.new`, or the second argument of that. A constant or
/// variable is followed once, within the file; `required_ruby_version` and dependencies are other methods.
pub(super) fn gemspec(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    let code = Code::new(source, Language::Ruby)?;
    let definitions = definitions(&assignments(&code));
    let mut fields = Vec::new();
    let mut parameters = BTreeSet::new();
    for (_, tokens) in code.suffixes() {
        let [class, dot, new, rest @ ..] = tokens else { break };
        if !code.is_word(class, "Specification") || !dot.is(b'.') || !code.is_word(new, "new") {
            continue;
        }
        let rest = rest.get(..MAX_ARGUMENTS).unwrap_or(rest);
        let opens = |token: &Token| code.is_word(token, "do") || token.is(b'{');
        let arguments = rest.split(opens).next().unwrap_or_default();
        if let [_, bar, parameter, ..] = rest.get(arguments.len()..).unwrap_or_default()
            && bar.is(b'|')
        {
            parameters.insert(code.text(parameter));
        }
        // `new 'name', '1.2' do |s|` or `new('name', '1.2') do |s|`.
        let depth = new.depth + usize::from(arguments.first().is_some_and(|first| first.is(b'(')));
        let second = arguments.iter().position(|token| token.is(b',') && token.depth == depth);
        let second = second.and_then(|comma| arguments.get(comma + 1..)).unwrap_or_default();
        if let Some(value) = code.evaluate(code.expression(second)) {
            fields.push(code.field("spec.version", &value, &definitions));
        }
    }
    for tokens in code.statements() {
        if let [receiver, dot, rest @ ..] = tokens
            && dot.is(b'.')
            && parameters.contains(code.text(receiver))
            && let Some((name, value)) = code.assigned(rest)
            && code.is_word(name, "version")
            && let Some(value) = code.evaluate(code.expression(value))
        {
            fields.push(code.field("spec.version", &value, &definitions));
        }
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// Constants that a version is written in, in order; the names of one place stand for each other.
const PARTS: [&[&str]; 4] = [&["MAJOR"], &["MINOR"], &["TINY", "PATCH", "TEENY"], &["PRE"]];

/// `VERSION = "…"`, or MAJOR, MINOR, TINY or PATCH and PRE together as one field; in a file with neither, the text that
/// `Gem::Version.new` is given.
pub(super) fn version(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
    let code = Code::new(source, Language::Ruby)?;
    let assignments = assignments(&code);
    let definitions = definitions(&assignments);
    if hints.names.is_empty()
        && let Some(field) = in_parts(source, &assignments)
    {
        return Ok(vec![field]);
    }
    let mut fields = Vec::new();
    for name in hints.names_or(&["VERSION"]) {
        let values = assignments.iter().filter(|(assigned, _)| *assigned == name);
        fields.extend(values.map(|(_, value)| code.field(name, value, &definitions)));
    }
    if fields.is_empty() && hints.names.is_empty() {
        fields.extend(code.suffixes().filter_map(|(_, tokens)| gem_version(&code, tokens)));
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// The literal in `Version.new "…"` or `Version.new("…")`, if the tokens begin with that.
fn gem_version(code: &Code<'_, '_>, tokens: &[Token]) -> Option<Field> {
    let [class, dot, new, rest @ ..] = tokens else { return None };
    if !code.is_word(class, "Version") || !dot.is(b'.') || !code.is_word(new, "new") {
        return None;
    }
    let rest = match rest {
        [bracket, rest @ ..] if bracket.is(b'(') => rest,
        _ => rest,
    };
    let value = code.evaluate(rest.get(..1)?).filter(|value| matches!(value, Expression::Literal(_)))?;
    Some(code.field("Gem::Version", &value, &Definitions::default()))
}

/// The version in parts, if at least MAJOR and MINOR are each assigned one literal.
fn in_parts(source: &Source<'_>, assignments: &[(&str, Expression)]) -> Option<Field> {
    let mut ranges: Vec<Range<usize>> = Vec::new();
    for (place, names) in PARTS.iter().enumerate() {
        let values = assignments.iter().filter(|(name, _)| names.contains(name)).map(|(_, value)| value);
        match values.collect::<Vec<_>>().as_slice() {
            [Expression::Literal(range)] => ranges.push(range.clone()),
            // `PRE = nil`, or none.
            [Expression::Name(range)] if source.slice(range.clone()) == "nil" => {}
            [] if place >= 2 => {}
            _ => return None,
        }
    }
    let texts: Vec<_> = ranges.iter().map(|range| source.slice(range.clone())).collect();
    Some(Field::joined("VERSION", &texts.join("."), &ranges))
}

/// What the file assigns to constants and variables, wherever.
fn assignments<'s>(code: &Code<'s, '_>) -> Vec<(&'s str, Expression)> {
    let assigned = code.statements().filter_map(|tokens| code.assigned(tokens));
    assigned.filter_map(|(name, value)| Some((code.text(name), code.evaluate(code.expression(value))?))).collect()
}

fn definitions<'s>(assignments: &[(&'s str, Expression)]) -> Definitions<'s> {
    let mut definitions = Definitions::default();
    for (name, value) in assignments {
        definitions.insert(name, value.clone());
    }
    definitions
}
