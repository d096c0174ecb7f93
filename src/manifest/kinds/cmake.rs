//! `CMakeLists.txt`.
//!
//! <https://cmake.org/cmake/help/latest/command/project.html>,
//! <https://cmake.org/cmake/help/latest/manual/cmake-language.7.html>.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::manifest::format::{FileName, Format};
use crate::manifest::lex::{Lexeme, Token};
use crate::manifest::source::{MAX_VERSION, Source, step};
use crate::manifest::{Error, Field, Hints};

/// Most variables looked up for one version: one that names itself would have no end.
const MAX_LOOKUPS: usize = 32;

/// The kind.
pub(super) struct CMake;

impl Format for CMake {
    const NAME: &'static str = "cmake";
    const FILES: &'static [FileName] = &[FileName::Is("CMakeLists.txt")];
    const READS: &'static str = "`project(… VERSION x)`; neither `cmake_minimum_required` nor `find_package`. \
                                 `${VAR}` is followed to the `set` of this file if there is exactly one.";

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let commands = commands(source)?;
        let mut variables: BTreeMap<&str, Vec<&[Range<usize>]>> = BTreeMap::new();
        for command in commands.iter().filter(|command| command.name.eq_ignore_ascii_case("set")) {
            if let [name, values @ ..] = command.arguments.as_slice() {
                variables.entry(source.slice(name.clone())).or_default().push(values);
            }
        }
        let mut fields = Vec::new();
        for command in commands.iter().filter(|command| command.name.eq_ignore_ascii_case("project")) {
            let keyword = command.arguments.iter().position(|argument| source.slice(argument.clone()) == "VERSION");
            let Some(range) = keyword.and_then(|at| command.arguments.get(at + 1)) else { continue };
            let text = source.slice(range.clone());
            let mut expansion = Expansion { source, variables: &variables, lookups: 0, ranges: Vec::new() };
            fields.push(match expansion.expand(range.clone()) {
                Some(version) => Field::joined("project.version", &version, &expansion.ranges),
                None => Field::dynamic("project.version", text, range.clone()),
            });
        }
        Ok(fields)
    }
}

struct Expansion<'e, 's> {
    source: &'e Source<'s>,
    variables: &'e BTreeMap<&'e str, Vec<&'e [Range<usize>]>>,
    lookups: usize,
    /// The literals the version is made of.
    ranges: Vec<Range<usize>>,
}

impl Expansion<'_, '_> {
    /// The text with its variables replaced; `None` if one is not set exactly once, to a single value.
    fn expand(&mut self, range: Range<usize>) -> Option<String> {
        let text = self.source.slice(range.clone());
        if text.len() > MAX_VERSION {
            return None;
        }
        if !text.contains('$') {
            self.ranges.push(range);
            return Some(text.into());
        }
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}')?;
            self.lookups += 1;
            let [[value, options @ ..]] = self.variables.get(name)?.as_slice() else { return None };
            let single = options
                .first()
                .is_none_or(|option| ["CACHE", "PARENT_SCOPE"].contains(&self.source.slice(option.clone())));
            if !single || self.lookups > MAX_LOOKUPS {
                return None;
            }
            expanded.push_str(before);
            expanded.push_str(&self.expand(value.clone())?);
            rest = after;
        }
        expanded.push_str(rest);
        (!rest.contains('$')).then_some(expanded)
    }
}

/// A command and its arguments, without quotes.
struct Command<'s> {
    name: &'s str,
    arguments: Vec<Range<usize>>,
}

/// The commands of a file: a word, and what stands in the brackets behind it.
fn commands<'s>(source: &'s Source<'_>) -> Result<Vec<Command<'s>>, Error> {
    let mut commands: Vec<Command<'s>> = Vec::new();
    let mut word = None;
    for token in tokens(source)? {
        match token.lexeme {
            Lexeme::Mark(b'(') if token.depth == 0 => {
                let name = word.take().ok_or_else(|| source.syntax(token.span.start, "`(` without a command"))?;
                commands.push(Command { name: source.slice(name), arguments: Vec::new() });
            }
            Lexeme::Word if token.depth == 0 => word = Some(token.span),
            Lexeme::Word => commands.last_mut().into_iter().for_each(|it| it.arguments.push(token.span.clone())),
            Lexeme::Text { inner, .. } => {
                commands.last_mut().into_iter().for_each(|it| it.arguments.push(inner.clone()))
            }
            Lexeme::Mark(_) | Lexeme::LineEnd => {}
        }
    }
    Ok(commands)
}

/// The words, texts and round brackets of a file. Its other brackets are not brackets to CMake.
fn tokens(source: &Source<'_>) -> Result<Vec<Token>, Error> {
    let bytes = source.text().as_bytes();
    let mut tokens = Vec::new();
    // Where each open bracket stands.
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        step();
        let start = at;
        let depth = open.len();
        let lexeme = match byte {
            b'#' => {
                at = comment_end(source, at)?;
                continue;
            }
            _ if byte.is_ascii_whitespace() => {
                at += 1;
                continue;
            }
            b'(' => {
                open.push(at);
                at += 1;
                Lexeme::Mark(byte)
            }
            b')' => {
                open.pop().ok_or_else(|| source.syntax(at, "`)` closes nothing"))?;
                at += 1;
                Lexeme::Mark(byte)
            }
            b'"' => {
                at = string_end(source, at)?;
                Lexeme::Text { inner: start + 1..at - 1, plain: true }
            }
            b'[' if depth > 0 && bracket(bytes, at).is_some() => {
                let end = bracket(bytes, at).and_then(|(_, end)| end);
                let end = end.ok_or_else(|| source.syntax(start, "a bracket argument that does not end"))?;
                at = end.end;
                Lexeme::Text { inner: end.start..end.content_end, plain: true }
            }
            _ => {
                at = word_end(bytes, at);
                Lexeme::Word
            }
        };
        tokens.push(Token { lexeme, span: start..at, depth: depth.min(open.len()) });
    }
    match open.first() {
        Some(at) => Err(source.syntax(*at, "a bracket that does not close")),
        None => Ok(tokens),
    }
}

fn comment_end(source: &Source<'_>, at: usize) -> Result<usize, Error> {
    let bytes = source.text().as_bytes();
    match bracket(bytes, at + 1) {
        Some((_, Some(end))) => Ok(end.end),
        Some((_, None)) => Err(source.syntax(at, "a comment that does not end")),
        None => Ok(at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| **byte != b'\n').count()),
    }
}

/// The offset behind the closing quote.
fn string_end(source: &Source<'_>, start: usize) -> Result<usize, Error> {
    let bytes = source.text().as_bytes();
    let mut at = start + 1;
    loop {
        step();
        match bytes.get(at) {
            Some(b'"') => return Ok(at + 1),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err(source.syntax(start, "a string that does not end")),
        }
    }
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(byte) = bytes.get(at).copied().filter(|byte| !b" \t\r\n()#\"".contains(byte)) {
        step();
        at += if byte == b'\\' { 2 } else { 1 };
    }
    at.min(bytes.len()).max(start + 1)
}

/// A bracket argument's content and end.
struct Bracket {
    start: usize,
    content_end: usize,
    end: usize,
}

/// Reads `[[…]]` or `[=[…]=]` here: its level, and where it ends if it does.
fn bracket(bytes: &[u8], at: usize) -> Option<(usize, Option<Bracket>)> {
    let rest = bytes.get(at..)?.strip_prefix(b"[")?;
    let level = rest.iter().take_while(|byte| **byte == b'=').count();
    let content = rest.get(level..)?.strip_prefix(b"[")?;
    let start = bytes.len() - content.len();
    let close = [b"]".as_slice(), "=".repeat(level).as_bytes(), b"]"].concat();
    let found = bstr::ByteSlice::find(content, &close);
    Some((level, found.map(|end| Bracket { start, content_end: start + end, end: start + end + close.len() })))
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("cmake");
        let one = [("project.version", "1.2.3")];
        let pre = "cmake_minimum_required(VERSION 3.20)\n# project(x VERSION 9)\n#[[ project(x VERSION 8) ]]\nfind_package(Y 7)\n";
        expect(kind, &format!("{pre}project(demo VERSION 1.2.3 LANGUAGES C)\n"), &one);
        expect(kind, &format!("{pre}PROJECT(\n  \"demo\" VERSION \"1.2.3\"\n)\n"), &one);
        expect(kind, "set(V 1.2.3 CACHE STRING \"x (\")\nproject(demo VERSION ${V})\n", &one);
        expect_values(kind, "set(MA 1)\nset(MI 2)\nset(V \"${MA}.${MI}\")\nproject(d VERSION ${V}.3)\n", &one);
        for text in [
            "set(V 1)\nset(V 2)\nproject(d VERSION ${V})",
            "file(READ VERSION V)\nproject(d VERSION ${V})",
            "set(V ${V})\nproject(d VERSION ${V})",
            "set(V 1;2 3)\nproject(d VERSION ${V})",
        ] {
            expect(kind, text, &[("project.version", "= ${V}")]);
        }
        expect(kind, "project(demo C)\nmessage([==[ ]] VERSION ]==] \"\\\"\")\n", &[]);
        refuse(kind, "project(demo VERSION 1\n", 1, 8);
        refuse(kind, "message(\"x)\n", 1, 9);
        refuse(kind, "message(x))\n", 1, 11);
    }
}
