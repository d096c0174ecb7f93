//! Groovy and Kotlin, as far as build scripts go.

use super::{Error, Language, Lexeme, Lexer, Taken};

/// The language.
pub(in crate::manifest) struct Groovy;

impl Language for Groovy {
    fn take(&self, lexer: &mut Lexer<'_, '_>, byte: u8) -> Result<Taken, Error> {
        match byte {
            b'/' if lexer.peek(1) == Some(b'/') => lexer.skip_line(),
            b'/' if lexer.peek(1) == Some(b'*') => lexer.skip_past("*/", 2, "a comment that does not end")?,
            b'/' if operand(lexer) && slashy_ends(lexer) => lexer.text(1, b"/", true)?,
            b'\'' | b'"' => lexer.quoted(byte, byte == b'"')?,
            _ => return Ok(Taken::No),
        }
        Ok(Taken::Yes)
    }

    fn braces_hold_statements(&self) -> bool {
        true
    }

    fn interpolation(&self, byte: u8, _next: Option<u8>) -> Option<bool> {
        (byte == b'$').then_some(false)
    }
}

/// Returns whether an operand, not an operator, is due here: decides what `/` is.
fn operand(lexer: &Lexer<'_, '_>) -> bool {
    match lexer.tokens.last().map(|last| &last.lexeme) {
        Some(Lexeme::Mark(mark)) => !matches!(mark, b')' | b']' | b'}'),
        Some(Lexeme::Word) => lexer.after_keyword(),
        Some(Lexeme::LineEnd | Lexeme::Text { .. }) | None => false,
    }
}

/// Returns whether a slash string that starts here ends on this line.
fn slashy_ends(lexer: &Lexer<'_, '_>) -> bool {
    let rest = lexer.bytes.get(lexer.at + 1..).unwrap_or_default();
    rest.iter().take_while(|byte| **byte != b'\n').any(|byte| *byte == b'/')
}
