//! A lexer for the manifests that are programs: Python, Meson, Groovy and Kotlin, Ruby. What they have in common is
//! here, what each adds is in a file of its own.
//!
//! It knows just enough of each language to tell code from comments and strings and to count brackets. It does not know
//! grammar: readers look for one call or one assignment in its tokens. A file in which it loses its way (an open string
//! or bracket) is an error, since there could be a version behind that.

use std::ops::Range;

use super::Error;
use super::source::{Source, step};

mod groovy;
mod meson;
mod python;
mod ruby;

pub(super) use groovy::Groovy;
pub(super) use meson::Meson;
pub(super) use python::Python;
pub(super) use ruby::Ruby;

/// The language of a manifest: what its file adds to what all of them have in common.
pub(super) trait Language: Sync {
    /// Takes what only this language has, if that is at the current position: comments, strings and the like. White
    /// space, line ends, brackets and words are common to all languages.
    fn take(&self, lexer: &mut Lexer<'_, '_>, byte: u8) -> Result<Taken, Error>;

    /// Returns whether braces hold statements, which line ends separate.
    fn braces_hold_statements(&self) -> bool {
        false
    }

    /// Returns whether a string in single quotes may go on in the next line.
    fn strings_span_lines(&self) -> bool {
        false
    }

    /// Returns what a byte in a string that interpolates is: `None` if nothing special, else whether the text around it
    /// is still the value of the string.
    fn interpolation(&self, _byte: u8, _next: Option<u8>) -> Option<bool> {
        None
    }

    /// Removes a word that belongs to the string that begins here from the tokens. Returns where the string then
    /// begins, and whether it is plain text.
    fn prefix(&self, lexer: &mut Lexer<'_, '_>) -> (usize, bool) {
        (lexer.at, true)
    }

    /// Returns whether a statement begins behind this token, besides those behind line ends, `;` and the braces.
    fn begins_statement(&self, _before: &Lexeme, _text: &str) -> bool {
        false
    }

    /// Returns whether this word ends an expression.
    fn ends_expression(&self, _word: &str) -> bool {
        false
    }

    /// Returns whether a string's method of this name returns the string.
    fn returns_text(&self, _method: &str) -> bool {
        false
    }
}

/// What a language did with what is at the current position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// It was taken.
    Yes,
    /// It is nothing that only this language has.
    No,
    /// The program ends here, whatever follows.
    End,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Lexeme {
    /// A name, keyword or number.
    Word,
    /// A string; `inner` is between its quotes. It is `plain` if that is its value: no escape, no interpolation.
    Text { inner: Range<usize>, plain: bool },
    /// Any other character.
    Mark(u8),
    /// The end of a line, where the language ends a statement there.
    LineEnd,
}

/// A token and its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) lexeme: Lexeme,
    /// Its range in the text.
    pub(super) span: Range<usize>,
    /// How many brackets are open around it; a bracket itself counts as outside.
    pub(super) depth: usize,
}

impl Token {
    /// Returns whether this is that character.
    pub(super) fn is(&self, mark: u8) -> bool {
        self.lexeme == Lexeme::Mark(mark)
    }
}

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 200;

/// Deepest nesting of strings in interpolations in strings.
const MAX_INTERPOLATION: usize = 16;

/// Returns the tokens of a file, without comments.
///
/// # Errors
/// A string, comment or bracket that does not end, or a bracket that closes nothing.
pub(super) fn tokens(source: &Source<'_>, language: &dyn Language) -> Result<Vec<Token>, Error> {
    let mut lexer = Lexer {
        source,
        bytes: source.text().as_bytes(),
        language,
        at: 0,
        open: Vec::new(),
        tokens: Vec::new(),
        heredocs: Vec::new(),
    };
    while let Some(byte) = lexer.peek(0) {
        if !lexer.step(byte)? {
            break;
        }
    }
    match lexer.open.last() {
        Some((_, at)) => Err(source.syntax(*at, "a bracket that does not close")),
        None => Ok(lexer.tokens),
    }
}

/// A here document that begins on the next line.
struct Heredoc {
    terminator: Range<usize>,
    indented: bool,
}

/// The driver that all languages share.
pub(super) struct Lexer<'s, 'b> {
    source: &'s Source<'b>,
    bytes: &'s [u8],
    language: &'s dyn Language,
    at: usize,
    /// The closing character of each open bracket, and where it was opened.
    open: Vec<(u8, usize)>,
    tokens: Vec<Token>,
    heredocs: Vec<Heredoc>,
}

impl Lexer<'_, '_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        step();
        self.bytes.get(self.at + ahead).copied()
    }

    fn starts_with(&self, text: &str) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(text.as_bytes()))
    }

    fn at_line_start(&self) -> bool {
        self.at == 0 || self.bytes.get(self.at - 1) == Some(&b'\n')
    }

    fn push(&mut self, lexeme: Lexeme, start: usize) {
        self.tokens.push(Token { lexeme, span: start..self.at, depth: self.open.len() });
    }

    fn mark(&mut self, byte: u8) {
        self.at += 1;
        self.push(Lexeme::Mark(byte), self.at - 1);
    }

    fn skip_line(&mut self) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    }

    /// Consumes one token, or the space or comment before it; `false` at a marker of the end.
    fn step(&mut self, byte: u8) -> Result<bool, Error> {
        match byte {
            b'\n' => self.line_end()?,
            b'\\' if self.peek(1) == Some(b'\n') => self.at += 2,
            b'\\' if self.starts_with("\\\r\n") => self.at += 3,
            b' ' | b'\t' | b'\r' | b'\x0c' => self.at += 1,
            _ => match self.language.take(self, byte)? {
                Taken::Yes => {}
                Taken::No => self.everybodys(byte)?,
                Taken::End => return Ok(false),
            },
        }
        Ok(true)
    }

    /// Consumes a bracket, a word or any other character.
    fn everybodys(&mut self, byte: u8) -> Result<(), Error> {
        let start = self.at;
        match byte {
            b'(' | b'[' | b'{' if self.open.len() >= MAX_DEPTH => {
                return Err(self.source.syntax(start, format!("more than {MAX_DEPTH} brackets within each other")));
            }
            b'(' | b'[' | b'{' => {
                self.mark(byte);
                self.open.push((if byte == b'(' { b')' } else { byte + 2 }, start));
            }
            b')' | b']' | b'}' => match self.open.pop() {
                Some((closer, _)) if closer == byte => self.mark(byte),
                _ => return Err(self.source.syntax(start, format!("`{}` closes nothing", char::from(byte)))),
            },
            byte if is_word(byte) => {
                while self.peek(0).is_some_and(is_word) {
                    self.at += 1;
                }
                self.push(Lexeme::Word, start);
            }
            _ => self.mark(byte),
        }
        Ok(())
    }

    fn line_end(&mut self) -> Result<(), Error> {
        let counts = match self.open.last() {
            None => true,
            Some((closer, _)) => *closer == b'}' && self.language.braces_hold_statements(),
        };
        self.at += 1;
        if counts && self.tokens.last().is_some_and(|last| last.lexeme != Lexeme::LineEnd) {
            self.push(Lexeme::LineEnd, self.at - 1);
        }
        for heredoc in std::mem::take(&mut self.heredocs) {
            let terminator = self.bytes.get(heredoc.terminator.clone()).unwrap_or_default();
            loop {
                let start = self.at;
                if start >= self.bytes.len() {
                    return Err(self.source.syntax(heredoc.terminator.start, "a here document that does not end"));
                }
                self.skip_line();
                let line = self.bytes.get(start..self.at).unwrap_or_default().trim_ascii_end();
                self.at += 1;
                if (if heredoc.indented { line.trim_ascii_start() } else { line }) == terminator {
                    break;
                }
            }
        }
        Ok(())
    }

    fn skip_past(&mut self, end: &str, from: usize, reason: &str) -> Result<(), Error> {
        let rest = self.source.slice(self.at + from..self.bytes.len());
        let found = rest.find(end).ok_or_else(|| self.source.syntax(self.at, reason))?;
        self.at += from + found + end.len();
        Ok(())
    }

    /// Returns whether the last token is a word that an operand follows.
    fn after_keyword(&self) -> bool {
        const KEYWORDS: [&str; 12] =
            ["if", "unless", "elsif", "when", "and", "or", "not", "return", "in", "while", "until", "case"];
        let last = self.tokens.last().filter(|last| last.lexeme == Lexeme::Word);
        last.is_some_and(|last| KEYWORDS.contains(&self.source.slice(last.span.clone())))
    }

    /// Consumes a string whose opening quote has this length and which ends with `quote`.
    fn text(&mut self, opening: usize, quote: &[u8], interpolates: bool) -> Result<(), Error> {
        let (start, plain) = self.language.prefix(self);
        let inner = self.at + opening;
        let clean = self.string(opening, quote, interpolates, 0)?;
        let text = Lexeme::Text { inner: inner..self.at - quote.len(), plain: plain && clean && quote != b"/" };
        self.push(text, start);
        Ok(())
    }

    /// Moves past a string; whether it had neither escapes nor interpolations.
    fn string(&mut self, opening: usize, quote: &[u8], interpolates: bool, nested: usize) -> Result<bool, Error> {
        let start = self.at;
        let many_lines = quote.len() == 3 || self.language.strings_span_lines();
        let mut clean = true;
        self.at += opening;
        loop {
            match self.peek(0) {
                None => return Err(self.source.syntax(start, "a string that does not end")),
                Some(b'\n') if !many_lines => return Err(self.source.syntax(start, "a string that does not end")),
                Some(b'\\') => {
                    clean = false;
                    self.at += 2;
                }
                Some(_) if self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(quote)) => {
                    self.at += quote.len();
                    return Ok(clean);
                }
                Some(byte) if interpolates => match self.language.interpolation(byte, self.peek(1)) {
                    Some(still_clean) => {
                        clean &= still_clean;
                        self.interpolation(nested)?;
                    }
                    None => self.at += 1,
                },
                Some(_) => self.at += 1,
            }
        }
    }

    /// Moves past `#` or `$`, and past the braces that may follow with strings of their own.
    fn interpolation(&mut self, nested: usize) -> Result<(), Error> {
        let start = self.at;
        self.at += 1;
        if self.peek(0) != Some(b'{') {
            return Ok(());
        }
        if nested >= MAX_INTERPOLATION {
            return Err(self.source.syntax(start, "strings nested too deeply"));
        }
        let mut open = 0usize;
        loop {
            match self.peek(0) {
                None => return Err(self.source.syntax(start, "an interpolation that does not end")),
                Some(b'{') => open += 1,
                Some(b'}') => open -= 1,
                Some(quote @ (b'"' | b'\'')) => {
                    self.string(1, &[quote], quote == b'"', nested + 1)?;
                    continue;
                }
                Some(_) => {}
            }
            self.at += 1;
            if open == 0 {
                return Ok(());
            }
        }
    }

    /// Consumes a string in one or three of this quote.
    fn quoted(&mut self, byte: u8, interpolates: bool) -> Result<(), Error> {
        let tripled = [byte; 3];
        let triple = self.bytes.get(self.at..self.at + 3) == Some(tripled.as_slice());
        let quote = if triple { tripled.as_slice() } else { tripled.split_at(1).0 };
        self.text(quote.len(), quote, interpolates)
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::source::Encoding;

    fn lex(text: &str, language: &dyn Language) -> Result<Vec<String>, Error> {
        let source = Source::new(text.as_bytes(), 1 << 20, Encoding::Utf8)?;
        let tokens = tokens(&source, language)?;
        Ok(tokens
            .iter()
            .map(|token| match &token.lexeme {
                Lexeme::LineEnd => "$".into(),
                Lexeme::Text { plain: false, .. } => format!("~{}", source.slice(token.span.clone())),
                _ => source.slice(token.span.clone()).into(),
            })
            .collect())
    }

    #[test]
    fn python_strings_and_comments() {
        let words = lex("a = rb'x' # '\nf(u'1', '''\n\"''', \"\\\"\")\\\n b", &Python).unwrap();
        assert_eq!(words, ["a", "=", "~rb'x'", "$", "f", "(", "u'1'", ",", "'''\n\"'''", ",", "~\"\\\"\"", ")", "b"]);
    }

    #[test]
    fn groovy_strings_and_comments() {
        let words = lex("a '//' /* \" */ \"${b(\"}\")}\" // '\n= ~/['\"]/ 4 / 2", &Groovy).unwrap();
        assert_eq!(words, ["a", "'//'", "~\"${b(\"}\")}\"", "$", "=", "~", "~/['\"]/", "4", "/", "2"]);
    }

    #[test]
    fn ruby_strings_and_comments() {
        let text = "=begin\n'\n=end\nx = %w[a ' b] # (\ny <<~E, \"#{a['}']}\"\n  '(\n  E\nz.grep /'/ if a/b ? ?' : $'\n__END__\n(";
        let words = lex(text, &Ruby).unwrap();
        assert_eq!(
            words,
            [
                "x",
                "=",
                "~%w[a ' b]",
                "$",
                "y",
                "~<<~E",
                ",",
                "~\"#{a['}']}\"",
                "$",
                "z",
                ".",
                "grep",
                "~/'/",
                "if",
                "a",
                "/",
                "b",
                "?",
                ":",
                "$"
            ]
        );
    }

    #[test]
    fn what_does_not_end_is_an_error() {
        for (text, language) in [
            ("f(", &Python as &dyn Language),
            ("f)", &Python),
            ("f(]", &Meson),
            ("'a\n'", &Groovy),
            ("/*", &Groovy),
            ("'''", &Python),
            ("'a\\", &Python),
            ("\"#{", &Ruby),
            ("x = <<~A\n", &Ruby),
            ("x = %w[", &Ruby),
            ("x = %w[\\", &Ruby),
            ("=begin", &Ruby),
        ] {
            assert!(matches!(lex(text, language), Err(Error::Syntax { line: 1, .. })), "{text}");
        }
        assert!(lex(&"\"${".repeat(100), &Groovy).is_err());
    }
}
