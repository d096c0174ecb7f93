//! What is assigned in a Python module.

use super::Error;
use super::code::{Code, Definitions, Expression, is_assignment};
use super::lex::{Lexeme, Token};
use super::source::Source;

/// An assignment in column 1: `a = b = value`, `a: str = value`, `a += value`.
pub(super) struct Assignment<'s> {
    /// The names, all of which have the value.
    pub(super) names: Vec<&'s str>,
    /// What they are assigned.
    pub(super) value: Expression,
}

/// Returns what the names of assignments stand for.
pub(super) fn definitions<'s>(assignments: &[Assignment<'s>]) -> Definitions<'s> {
    let mut definitions = Definitions::default();
    for assignment in assignments {
        for name in &assignment.names {
            definitions.insert(name, assignment.value.clone());
        }
    }
    definitions
}

/// Returns the assignments of a module.
pub(super) fn assignments<'s>(code: &Code<'s, '_>) -> Vec<Assignment<'s>> {
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

/// Checks the encoding: a Python file is UTF-8 unless a comment in its first two lines says otherwise (PEP 263).
pub(super) fn declared_encoding(source: &Source<'_>) -> Result<(), Error> {
    let text = source.text();
    let declared = text.lines().take(2).any(|line| line.starts_with('#') && line.contains("coding"));
    if !declared {
        source.span(0..text.len())?;
    }
    Ok(())
}
