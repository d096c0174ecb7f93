//! `setup.py`, and modules that assign `__version__`.
//!
//! <https://packaging.python.org/en/latest/discussions/single-source-version/>.

use super::code::{Code, Definitions, Expression, is_assignment};
use super::lex::{Language, Lexeme, Token};
use super::source::Source;
use super::{Error, Field, Hints};

/// Modules whose `setup` is the one meant in `module.setup(…)`.
const SETUP_MODULES: [&str; 3] = ["setuptools", "core", "distutils"];

/// The `version` keyword of each `setup(…)` call. A name is followed once, to a literal that the module assigns once.
pub(super) fn setup(source: &Source<'_>) -> Result<Vec<Field>, Error> {
    declared_encoding(source)?;
    let code = Code::new(source, Language::Python)?;
    let definitions = definitions(&assignments(&code));
    let mut fields = Vec::new();
    for (at, token) in code.tokens().iter().enumerate() {
        let (before, after) = code.tokens().split_at_checked(at).unwrap_or_default();
        let [_, bracket, arguments @ ..] = after else { break };
        if !code.is_word(token, "setup") || !bracket.is(b'(') || !is_the_call(&code, before) {
            continue;
        }
        let depth = bracket.depth + 1;
        let mut starts = true;
        for (at, argument) in arguments.iter().enumerate() {
            if argument.depth < depth {
                break;
            }
            let rest = arguments.get(at..).unwrap_or_default();
            if starts && let Some(expression) = version_argument(&code, rest) {
                fields.push(code.field("setup.version", &expression, &definitions));
            }
            starts = argument.depth == depth && argument.is(b',');
        }
    }
    Ok(fields)
}

/// Whether the `setup` after these tokens is called, not defined, and not some other object's method.
fn is_the_call(code: &Code<'_, '_>, before: &[Token]) -> bool {
    match before {
        [.., module, dot] if dot.is(b'.') => SETUP_MODULES.contains(&code.text(module)),
        [.., dot] if dot.is(b'.') => false,
        [.., word] => !code.is_word(word, "def") && !code.is_word(word, "class"),
        [] => true,
    }
}

/// The value of the argument the tokens begin with, if that is `version=…`; or all of `**…`, which can hold it.
fn version_argument(code: &Code<'_, '_>, tokens: &[Token]) -> Option<Expression> {
    match tokens {
        [first, second, ..] if first.is(b'*') && second.is(b'*') => {
            let range = code.expression(tokens);
            Some(Expression::Other(range.first()?.span.start..range.last()?.span.end))
        }
        _ => match code.assigned(tokens) {
            Some((name, value)) if code.is_word(name, "version") => code.evaluate(code.expression(value)),
            _ => None,
        },
    }
}

/// `__version__` as a module assigns it in column 1; the last assignment is the one that counts.
pub(super) fn module(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
    declared_encoding(source)?;
    let code = Code::new(source, Language::Python)?;
    let assignments = assignments(&code);
    let definitions = definitions(&assignments);
    let mut fields = Vec::new();
    for wanted in hints.names_or(&["__version__"]) {
        if let Some(last) = assignments.iter().rfind(|assignment| assignment.names.contains(&wanted)) {
            fields.push(code.field(wanted, &last.value, &definitions));
        }
    }
    fields.sort_by_key(|field| field.span.start);
    Ok(fields)
}

/// An assignment in column 1: `a = b = value`, `a: str = value`, `a += value`.
struct Assignment<'s> {
    names: Vec<&'s str>,
    value: Expression,
}

fn definitions<'s>(assignments: &[Assignment<'s>]) -> Definitions<'s> {
    let mut definitions = Definitions::default();
    for assignment in assignments {
        for name in &assignment.names {
            definitions.insert(name, assignment.value.clone());
        }
    }
    definitions
}

fn assignments<'s>(code: &Code<'s, '_>) -> Vec<Assignment<'s>> {
    code.statements().filter_map(|tokens| assignment(code, tokens)).collect()
}

fn assignment<'s>(code: &Code<'s, '_>, mut tokens: &[Token]) -> Option<Assignment<'s>> {
    let first = tokens.first()?;
    let line = code.source().slice(0..first.span.start);
    if first.lexeme != Lexeme::Word || !(line.is_empty() || line.ends_with('\n')) {
        return None;
    }
    if let [name, operator, equals, rest @ ..] = tokens
        && equals.is(b'=')
        && equals.span.start == operator.span.end
        && matches!(operator.lexeme, Lexeme::Mark(mark) if b"+-*/%&|^@".contains(&mark))
    {
        let value = code.expression(rest);
        let value = Expression::Other(name.span.start..value.last().unwrap_or(equals).span.end);
        return Some(Assignment { names: vec![code.text(name)], value });
    }
    let mut names = Vec::new();
    loop {
        tokens = match tokens {
            [name, colon, rest @ ..] if colon.is(b':') && names.is_empty() => {
                let annotation = code.expression(rest);
                let equals = annotation.iter().position(|token| token.is(b'='))?;
                let value = rest.get(equals + 1..)?;
                let _: &Token = is_assignment(rest.get(equals)?, value).then_some(name)?;
                names.push(code.text(name));
                value
            }
            _ => match code.assigned(tokens) {
                Some((name, rest)) => {
                    names.push(code.text(name));
                    rest
                }
                None => break,
            },
        };
    }
    let value = code.evaluate(code.expression(tokens)).filter(|_| !names.is_empty())?;
    Some(Assignment { names, value })
}

/// A Python file is UTF-8 unless a comment in its first two lines says otherwise (PEP 263).
fn declared_encoding(source: &Source<'_>) -> Result<(), Error> {
    let text = source.text();
    let declared = text.lines().take(2).any(|line| line.starts_with('#') && line.contains("coding"));
    if !declared {
        source.span(0..text.len())?;
    }
    Ok(())
}
