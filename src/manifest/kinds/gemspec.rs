//! `*.gemspec`.
//!
//! <https://guides.rubygems.org/specification-reference/>.

use std::collections::BTreeSet;

use crate::manifest::code::Code;
use crate::manifest::format::{FileName, Format};
use crate::manifest::lex::{Ruby, Token};
use crate::manifest::ruby::{assignments, definitions};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct Gemspec;

impl Format for Gemspec {
    const NAME: &'static str = "gemspec";
    const FILES: &'static [FileName] = &[FileName::Ends(".gemspec")];
    const READS: &'static str = "`spec.version = …` on the parameter of `Gem::Specification.new`, or the \
                                 second argument of that. A constant or variable is followed once, within the \
                                 file.";
    const SCHEME: Option<&'static str> = Some("dotted");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let code = Code::new(source, &Ruby)?;
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
}

/// Most tokens between `Gem::Specification.new` and its block.
const MAX_ARGUMENTS: usize = 100;

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("gemspec");
        let one = [("spec.version", "1.2")];
        let body =
            "  s.required_ruby_version = '>= 9'\n  s.add_dependency 'x', '8'\n  s.files = Dir['a/**/*'].grep(/'/)\n";
        expect(kind, &format!("Gem::Specification.new do |s|\n{body}  s.version = \"1.2\".freeze\nend\n"), &one);
        expect(kind, "version = '1.2'\nGem::Specification.new { |s| s.version = version }\n", &one);
        expect(kind, "Gem::Specification.new 'a', '1.2' do |s|\n  s.name = 'b'\nend", &one);
        expect(kind, "Gem::Specification.new('a', '1.2') do |s|\nend", &one);
        expect(
            kind,
            "require 'a/version'\nGem::Specification.new do |s|\n  s.version = A::VERSION\n  x.version = '9'\nend",
            &[("spec.version", "= A::VERSION")],
        );
        expect(
            kind,
            "version = File.read(\"V\").strip\nGem::Specification.new do |s|\n  s.version = version\nend",
            &[("spec.version", "= version")],
        );
        refuse(kind, "Gem::Specification.new do |s|\n  s.version = '1.2\nend\n", 2, 15);
    }
}
