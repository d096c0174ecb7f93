//! `version.rb` and `gem_version.rb`.

use std::ops::Range;

use crate::manifest::code::{Code, Definitions, Expression};
use crate::manifest::format::{FileName, Format};
use crate::manifest::lex::{Ruby, Token};
use crate::manifest::ruby::{assignments, definitions};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct VersionRb;

impl Format for VersionRb {
    const NAME: &'static str = "version-rb";
    const FILES: &'static [FileName] = &[FileName::Is("version.rb"), FileName::Is("gem_version.rb")];
    const READS: &'static str = "`VERSION = \"…\"` (or the names of the policy), or MAJOR, MINOR, TINY or \
                                 PATCH and PRE together as one field; in a file with neither, the text that \
                                 `Gem::Version.new` is given.";
    const SCHEME: Option<&'static str> = Some("dotted");

    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
        let code = Code::new(source, &Ruby)?;
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
}

/// Constants that a version is written in, in order; the names of one place stand for each other.
const PARTS: [&[&str]; 4] = [&["MAJOR"], &["MINOR"], &["TINY", "PATCH", "TEENY"], &["PRE"]];

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

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named};
    use crate::manifest::{Hints, fields};

    #[test]
    fn its_fields_are_read() {
        let kind = named("version-rb");
        let rails = "module Rails\n  module VERSION\n    MAJOR = 8\n    MINOR = 1\n    TINY  = 0\n    PRE   = \"alpha\"\n\n    \
                     STRING = [MAJOR, MINOR, TINY, PRE].compact.join(\".\")\n  end\nend\n";
        expect_values(kind, rails, &[("VERSION", "8.1.0.alpha")]);
        let field = fields(kind, rails.as_bytes(), &Hints::default()).unwrap().remove(0);
        assert!(rails[field.span.clone()].starts_with("8\n") && rails[field.span].ends_with("\"alpha"));
        expect_values(kind, &rails.replace("\"alpha\"", "nil"), &[("VERSION", "8.1.0")]);
        expect(kind, "module A\n  VERSION = '1.2' # :nodoc:\n  RUBY_VERSION = '9'\nend\n", &[("VERSION", "1.2")]);
        // Rails 4.0.
        let method =
            "def self.version\n  Gem::Version.new \"1.2\"\nend\nMAJOR, MINOR, TINY, PRE = X.version.segments\n";
        expect(kind, method, &[("Gem::Version", "1.2")]);
        expect(kind, "def v\n  Gem::Version.new(VERSION::STRING)\nend\n", &[]);
        expect(kind, "VERSION = \"#{A}.1\"\n", &[("VERSION", "= \"#{A}.1\"")]);
        expect(kind, "module A; VERSION = File.read('x'); end", &[("VERSION", "= File.read('x')")]);
    }
}
