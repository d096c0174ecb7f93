//! Ruby, with here documents, `%` literals and regular expressions.

use super::{Error, Heredoc, Language, Lexeme, Lexer, Taken, is_word};

/// The language.
pub(in crate::manifest) struct Ruby;

impl Language for Ruby {
    fn take(&self, lexer: &mut Lexer<'_, '_>, byte: u8) -> Result<Taken, Error> {
        match byte {
            b'#' => lexer.skip_line(),
            b'=' if lexer.at_line_start() && lexer.starts_with("=begin") => {
                lexer.skip_past("\n=end", 0, "a comment that does not end")?;
                lexer.skip_line();
            }
            b'_' if lexer.at_line_start() && lexer.starts_with("__END__") => return Ok(Taken::End),
            b'\'' | b'"' => lexer.text(1, &[byte], byte == b'"')?,
            b'`' => lexer.text(1, b"`", true)?,
            b'/' if operand(lexer) => lexer.text(1, b"/", true)?,
            b'%' if operand(lexer) && percent(lexer)? => {}
            b'<' if heredoc(lexer) => {}
            b':' if matches!(lexer.peek(1), Some(b'/' | b'`' | b'%' | b'<')) => lexer.at += 2,
            b'$' if lexer.peek(1).is_some_and(|next| next.is_ascii_punctuation()) => lexer.at += 2,
            b'?' if operand(lexer) && character(lexer) => lexer.at += 2,
            _ => return Ok(Taken::No),
        }
        Ok(Taken::Yes)
    }

    fn braces_hold_statements(&self) -> bool {
        true
    }

    fn strings_span_lines(&self) -> bool {
        true
    }

    fn interpolation(&self, byte: u8, next: Option<u8>) -> Option<bool> {
        (byte == b'#').then_some(!matches!(next, Some(b'{' | b'@' | b'$')))
    }

    fn begins_statement(&self, before: &Lexeme, text: &str) -> bool {
        match before {
            Lexeme::Mark(b'|') => true,
            Lexeme::Word => ["do", "then", "else"].contains(&text),
            _ => false,
        }
    }

    fn ends_expression(&self, word: &str) -> bool {
        ["if", "unless", "rescue", "do"].contains(&word)
    }

    fn returns_text(&self, method: &str) -> bool {
        ["freeze", "dup"].contains(&method)
    }
}

/// Returns whether an operand, not an operator, is due here: decides what `/`, `%` and `?` are.
fn operand(lexer: &Lexer<'_, '_>) -> bool {
    let Some(last) = lexer.tokens.last() else { return true };
    match last.lexeme {
        Lexeme::LineEnd => true,
        Lexeme::Mark(mark) => !matches!(mark, b')' | b']' | b'}'),
        Lexeme::Text { .. } => false,
        // `grep /x/` is a call, `a / b` and `a/b` are divisions.
        Lexeme::Word => {
            let spaced = last.span.end < lexer.at;
            let tight = lexer.peek(1).is_some_and(|next| !next.is_ascii_whitespace() && next != b'=');
            lexer.after_keyword() || (spaced && tight)
        }
    }
}

/// Returns whether `?x` here is a character, not the start of a conditional.
fn character(lexer: &Lexer<'_, '_>) -> bool {
    lexer.peek(1).is_some_and(|next| next.is_ascii_graphic()) && !lexer.peek(2).is_some_and(is_word)
}

/// Consumes a Ruby `%` literal such as `%w[a b]`, if this is one.
fn percent(lexer: &mut Lexer<'_, '_>) -> Result<bool, Error> {
    let typed = lexer.peek(1).is_some_and(|kind| b"wWqQiIrxs".contains(&kind));
    let opening = if typed { 2 } else { 1 };
    let open = match lexer.peek(opening) {
        Some(open) if open.is_ascii_punctuation() && open != b'=' => open,
        _ => return Ok(false),
    };
    let close = match open {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        other => other,
    };
    let start = lexer.at;
    let mut depth = 1usize;
    lexer.at += opening + 1;
    while depth > 0 {
        match lexer.peek(0) {
            None => return Err(lexer.source.syntax(start, "a string that does not end")),
            Some(b'\\') => lexer.at += 1,
            Some(byte) if byte == close => depth -= 1,
            Some(byte) if byte == open => depth += 1,
            Some(_) => {}
        }
        lexer.at += 1;
    }
    lexer.at = lexer.at.min(lexer.bytes.len());
    lexer.push(Lexeme::Text { inner: start..lexer.at, plain: false }, start);
    Ok(true)
}

/// Consumes the start of a Ruby here document (`<<~END`, `<<-'END'`, `<<END`), if this is one.
fn heredoc(lexer: &mut Lexer<'_, '_>) -> bool {
    let rest = lexer.bytes.get(lexer.at..).unwrap_or_default();
    let Some(rest) = rest.strip_prefix(b"<<") else { return false };
    let (indented, rest) = match rest {
        [b'~' | b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    let quote = rest.first().copied().filter(|byte| matches!(byte, b'"' | b'\'' | b'`'));
    let name = if quote.is_some() { rest.split_first().map_or(rest, |(_, name)| name) } else { rest };
    let length = name.iter().take_while(|byte| is_word(**byte)).count();
    let first = name.first().copied().unwrap_or_default();
    // A bare `a <<B` could be a shift or an append.
    if length == 0 || first.is_ascii_digit() || !(indented || (first.is_ascii_uppercase() && operand(lexer))) {
        return false;
    }
    if quote.is_some() && name.get(length).copied() != quote {
        return false;
    }
    let start = lexer.at;
    let name_at = lexer.bytes.len() - name.len();
    lexer.at = name_at + length + usize::from(quote.is_some());
    lexer.heredocs.push(Heredoc { terminator: name_at..name_at + length, indented });
    lexer.push(Lexeme::Text { inner: start..lexer.at, plain: false }, start);
    true
}
