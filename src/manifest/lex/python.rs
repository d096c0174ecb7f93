//! Python: line ends count outside brackets only.

use super::{Error, Language, Lexeme, Lexer, Taken};

/// The language.
pub(in crate::manifest) struct Python;

impl Language for Python {
    fn take(&self, lexer: &mut Lexer<'_, '_>, byte: u8) -> Result<Taken, Error> {
        match byte {
            b'#' => lexer.skip_line(),
            b'\'' | b'"' => lexer.quoted(byte, false)?,
            _ => return Ok(Taken::No),
        }
        Ok(Taken::Yes)
    }

    /// Returns the length of a prefix, and whether the string is plain text. Prefixes are part of the string; one that
    /// makes bytes or a template leaves no plain text.
    fn prefix(&self, lexer: &mut Lexer<'_, '_>) -> (usize, bool) {
        let adjacent = |last: &&super::Token| last.lexeme == Lexeme::Word && last.span.end == lexer.at;
        let Some(last) = lexer.tokens.last().filter(adjacent) else { return (lexer.at, true) };
        let prefix = lexer.source.slice(last.span.clone()).to_ascii_lowercase();
        if prefix.len() > 2 || !prefix.bytes().all(|byte| b"rubft".contains(&byte)) {
            return (lexer.at, true);
        }
        let start = last.span.start;
        lexer.tokens.pop();
        (start, prefix.bytes().all(|byte| b"ru".contains(&byte)))
    }
}
