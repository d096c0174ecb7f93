//! `build.gradle` and `build.gradle.kts`.
//!
//! <https://docs.gradle.org/current/dsl/org.gradle.api.Project.html>.

use crate::manifest::code::{Code, Definitions, Expression};
use crate::manifest::format::{FileName, Format};
use crate::manifest::lex::{Groovy, Lexeme, Token};
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// Blocks whose `version` is still the project's.
const BLOCKS: [&str; 2] = ["allprojects", "subprojects"];

/// Most words before the `=` of a definition.
const MAX_WORDS: usize = 8;

/// The kind.
pub(super) struct Gradle;

impl Format for Gradle {
    const NAME: &'static str = "gradle";
    const FILES: &'static [FileName] = &[FileName::Is("build.gradle"), FileName::Is("build.gradle.kts")];
    const READS: &'static str = "`version = …`, `version '…'` or `project.version = …` at the top level or in \
                                 `allprojects` and `subprojects`; not the versions of plugins and \
                                 dependencies. A name is followed once, to a `def` or `val` of this file.";
    // Maven and Gradle take any text; what their projects write is `1.0-RC1` and the like.
    const SCHEME: Option<&'static str> = Some("dotted");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let code = Code::new(source, &Groovy)?;
        let mut definitions = Definitions::default();
        for (name, value) in code.statements().filter_map(|tokens| definition(&code, tokens)) {
            definitions.insert(name, value);
        }
        let mut fields = Vec::new();
        let mut block = None;
        for (before, tokens) in code.suffixes() {
            let Some(first) = tokens.first() else { continue };
            match tokens {
                [name, brace, ..] if name.depth == 0 && brace.is(b'{') => {
                    block = BLOCKS.into_iter().find(|block| code.is_word(name, block));
                }
                [brace, ..] if brace.depth == 0 && brace.is(b'}') => block = None,
                _ => {}
            }
            let starts = match before.map(|before| &before.lexeme) {
                None | Some(Lexeme::LineEnd | Lexeme::Mark(b';' | b'{')) => true,
                Some(_) => false,
            };
            let within = match (first.depth, block) {
                (0, _) => Some(String::new()),
                (1, Some(block)) => Some(format!("{block}.")),
                _ => None,
            };
            if starts
                && let Some(within) = within
                && let Some(value) = version(&code, tokens)
            {
                fields.push(code.field(&format!("{within}version"), &value, &definitions));
            }
        }
        Ok(fields)
    }
}

/// The value that the tokens give `version`, if they begin with that.
fn version(code: &Code<'_, '_>, tokens: &[Token]) -> Option<Expression> {
    let tokens = match tokens {
        [owner, dot, rest @ ..]
            if dot.is(b'.') && (code.is_word(owner, "project") || code.is_word(owner, "rootProject")) =>
        {
            rest
        }
        _ => tokens,
    };
    let name = tokens.first().filter(|name| code.is_word(name, "version"))?;
    match (code.assigned(tokens), tokens) {
        (Some((_, mut value)), _) => {
            // `version = springBootVersion = '1.4.0'`.
            while let Some((_, rest)) = code.assigned(value) {
                value = rest;
            }
            code.evaluate(code.expression(value))
        }
        // Groovy calls the setter: `version '1.2'`, `version "$x"`, `version('1.2')`, but also `version rootProject.x`.
        (None, [_, value, ..]) if value.span.start > name.span.end || value.is(b'(') => match value.lexeme {
            Lexeme::Text { .. } | Lexeme::Word => code.evaluate(code.expression(tokens.get(1..)?)),
            Lexeme::Mark(b'(') => code.evaluate(code.expression(tokens.get(2..)?)),
            _ => None,
        },
        _ => None,
    }
}

/// The name and value of `def name = …`, `val name: String = …`, `String name = …`, `ext.name = …` or `name = …`.
fn definition<'s>(code: &Code<'s, '_>, tokens: &[Token]) -> Option<(&'s str, Expression)> {
    let words =
        tokens.iter().take_while(|token| token.lexeme == Lexeme::Word || token.is(b'.')).take(MAX_WORDS).count();
    let tokens = tokens.get(words.checked_sub(1)?..)?;
    let name = code.text(tokens.first()?);
    let value = match tokens {
        [_, colon, kind, ..] if colon.is(b':') && kind.lexeme == Lexeme::Word => code.assigned(tokens.get(2..)?)?.1,
        _ => code.assigned(tokens)?.1,
    };
    Some((name, code.evaluate(code.expression(value))?))
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("gradle");
        let one = [("version", "1.2")];
        expect(
            kind,
            "plugins {\n  id 'a' version '9'\n  id(\"b\") version \"8\"\n}\ngroup = 'g'\nversion = '1.2'\n",
            &one,
        );
        expect(kind, "dependencyManagement {\n  dependencies { version '9' }\n}\nversion '1.2' // version '3'\n", &one);
        expect(kind, "/* version = '9' */ project.version = \"1.2\"; group = \"${\"}\"}\"\n", &one);
        expect(kind, "def ver = '1.2'\nversion = ver\n", &one);
        expect(kind, "val ver: String = \"1.2\"\nversion = ver\n", &one);
        expect(kind, "version = 1.2\n", &one);
        expect(kind, "version = bootVersion = '1.2'\n", &one);
        expect(kind, "allprojects {\n  version = '1.2'\n  x { version = '9' }\n}\n", &[("allprojects.version", "1.2")]);
        for (text, says) in [
            ("version = \"${base}.1\"\n", "= \"${base}.1\""),
            ("version = project.findProperty('v')\n", "= project.findProperty('v')"),
            ("def v = '1'\nv = '2'\nversion v\n", "= v"),
        ] {
            expect(kind, text, &[("version", says)]);
        }
        expect(kind, "buildscript { ext { version = '9' } }\next.version2 = '1'\nif (version == '1') {}\n", &[]);
        refuse(kind, "version = '1.2\n", 1, 11);
    }
}
