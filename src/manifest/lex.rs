//! A lexer for the manifests that are programs: Python, Meson, Groovy and Kotlin, Ruby.
//!
//! It knows just enough of each language to tell code from comments and strings and to count brackets. It does not
//! know grammar: readers look for one call or one assignment in its tokens. A file it loses its way in (an open string
//! or bracket) is an error, since a version could stand behind that.

use std::ops::Range;

use super::Error;
use super::source::{Source, step};

/// The language of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// Python: line ends count outside brackets only.
    Python,
    /// Meson: a small Python with other strings.
    Meson,
    /// Groovy and Kotlin, as far as build scripts go.
    Groovy,
    /// Ruby, with here documents, `%` literals and regular expressions.
    Ruby,
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

/// A token and where it stands.
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
    /// Whether this is that character.
    pub(super) fn is(&self, mark: u8) -> bool {
        self.lexeme == Lexeme::Mark(mark)
    }
}

/// Deepest nesting of brackets.
const MAX_DEPTH: usize = 200;

/// Deepest nesting of strings in interpolations in strings.
const MAX_INTERPOLATION: usize = 16;

/// The tokens of a file, without comments.
///
/// # Errors
/// A string, comment or bracket that does not end, or a bracket that closes nothing.
pub(super) fn tokens(source: &Source<'_>, language: Language) -> Result<Vec<Token>, Error> {
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

struct Lexer<'s, 'b> {
    source: &'s Source<'b>,
    bytes: &'s [u8],
    language: Language,
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
        use Language::{Groovy, Meson, Python, Ruby};
        let start = self.at;
        match (byte, self.language) {
            (b'\n', _) => self.line_end()?,
            (b'\\', _) if self.peek(1) == Some(b'\n') => self.at += 2,
            (b'\\', _) if self.starts_with("\\\r\n") => self.at += 3,
            (b' ' | b'\t' | b'\r' | b'\x0c', _) => self.at += 1,
            (b'#', Python | Meson | Ruby) => self.skip_line(),
            (b'/', Groovy) if self.peek(1) == Some(b'/') => self.skip_line(),
            (b'/', Groovy) if self.peek(1) == Some(b'*') => self.skip_past("*/", 2, "a comment that does not end")?,
            (b'/', Groovy) if self.operand() && self.slashy_ends() => self.text(1, b"/", true)?,
            (b'=', Ruby) if self.at_line_start() && self.starts_with("=begin") => {
                self.skip_past("\n=end", 0, "a comment that does not end")?;
                self.skip_line();
            }
            (b'_', Ruby) if self.at_line_start() && self.starts_with("__END__") => return Ok(false),
            (b'/', Ruby) if self.operand() => self.text(1, b"/", true)?,
            (b'%', Ruby) if self.operand() && self.percent()? => {}
            (b'<', Ruby) if self.heredoc() => {}
            (b':', Ruby) if matches!(self.peek(1), Some(b'/' | b'`' | b'%' | b'<')) => self.at += 2,
            (b'$', Ruby) if self.peek(1).is_some_and(|next| next.is_ascii_punctuation()) => self.at += 2,
            (b'?', Ruby) if self.operand() && self.character() => self.at += 2,
            (b'`', Ruby) => self.text(1, b"`", true)?,
            (b'\'' | b'"', Ruby) => self.text(1, &[byte], byte == b'"')?,
            (b'\'', Meson) | (b'\'' | b'"', Python | Groovy) => {
                let tripled = [byte; 3];
                let triple = self.bytes.get(self.at..self.at + 3) == Some(tripled.as_slice());
                let quote = if triple { tripled.as_slice() } else { tripled.split_at(1).0 };
                self.text(quote.len(), quote, self.language == Groovy && byte == b'"')?;
            }
            (b'(' | b'[' | b'{', _) if self.open.len() >= MAX_DEPTH => {
                return Err(self.source.syntax(start, format!("more than {MAX_DEPTH} brackets within each other")));
            }
            (b'(' | b'[' | b'{', _) => {
                self.mark(byte);
                self.open.push((if byte == b'(' { b')' } else { byte + 2 }, start));
            }
            (b')' | b']' | b'}', _) => match self.open.pop() {
                Some((closer, _)) if closer == byte => self.mark(byte),
                _ => return Err(self.source.syntax(start, format!("`{}` closes nothing", char::from(byte)))),
            },
            (byte, _) if is_word(byte) => {
                while self.peek(0).is_some_and(is_word) {
                    self.at += 1;
                }
                self.push(Lexeme::Word, start);
            }
            _ => self.mark(byte),
        }
        Ok(true)
    }

    fn line_end(&mut self) -> Result<(), Error> {
        let counts = match self.open.last() {
            None => true,
            Some((closer, _)) => *closer == b'}' && matches!(self.language, Language::Groovy | Language::Ruby),
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

    /// Whether an operand, not an operator, is due here: decides what `/`, `%` and `?` are.
    fn operand(&self) -> bool {
        const KEYWORDS: [&str; 12] =
            ["if", "unless", "elsif", "when", "and", "or", "not", "return", "in", "while", "until", "case"];
        let Some(last) = self.tokens.last() else { return self.language == Language::Ruby };
        match last.lexeme {
            Lexeme::LineEnd => self.language == Language::Ruby,
            Lexeme::Mark(mark) => !matches!(mark, b')' | b']' | b'}'),
            Lexeme::Text { .. } => false,
            // `grep /x/` is a call, `a / b` and `a/b` are divisions.
            Lexeme::Word => {
                let spaced = last.span.end < self.at;
                let tight = self.peek(1).is_some_and(|next| !next.is_ascii_whitespace() && next != b'=');
                KEYWORDS.contains(&self.source.slice(last.span.clone()))
                    || (self.language == Language::Ruby && spaced && tight)
            }
        }
    }

    /// Whether a slash string that starts here ends on this line.
    fn slashy_ends(&self) -> bool {
        let rest = self.bytes.get(self.at + 1..).unwrap_or_default();
        rest.iter().take_while(|byte| **byte != b'\n').any(|byte| *byte == b'/')
    }

    /// Whether `?x` here is a character, not the start of a conditional.
    fn character(&self) -> bool {
        self.peek(1).is_some_and(|next| next.is_ascii_graphic()) && !self.peek(2).is_some_and(is_word)
    }

    /// Consumes a string whose opening quote has this length and which ends with `quote`.
    fn text(&mut self, opening: usize, quote: &[u8], interpolates: bool) -> Result<(), Error> {
        let (mut start, mut plain) = (self.at, true);
        // Python's prefixes are part of the string; those that make bytes or templates leave no plain text.
        if self.language == Language::Python
            && let Some(last) =
                self.tokens.last().filter(|last| last.lexeme == Lexeme::Word && last.span.end == self.at)
        {
            let prefix = self.source.slice(last.span.clone()).to_ascii_lowercase();
            if prefix.len() <= 2 && prefix.bytes().all(|byte| b"rubft".contains(&byte)) {
                plain = prefix.bytes().all(|byte| b"ru".contains(&byte));
                start = last.span.start;
                self.tokens.pop();
            }
        }
        let inner = self.at + opening;
        let clean = self.string(opening, quote, interpolates, 0)?;
        let text = Lexeme::Text { inner: inner..self.at - quote.len(), plain: plain && clean && quote != b"/" };
        self.push(text, start);
        Ok(())
    }

    /// Moves past a string; whether it had neither escapes nor interpolations.
    fn string(&mut self, opening: usize, quote: &[u8], interpolates: bool, nested: usize) -> Result<bool, Error> {
        let start = self.at;
        // Meson took them with a warning for years.
        let many_lines = quote.len() == 3 || matches!(self.language, Language::Ruby | Language::Meson);
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
                Some(b'#') if interpolates && self.language == Language::Ruby => {
                    clean &= !matches!(self.peek(1), Some(b'{' | b'@' | b'$'));
                    self.interpolation(nested)?;
                }
                Some(b'$') if interpolates && self.language == Language::Groovy => {
                    clean = false;
                    self.interpolation(nested)?;
                }
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

    /// Consumes a Ruby `%` literal such as `%w[a b]`, if this is one.
    fn percent(&mut self) -> Result<bool, Error> {
        let typed = self.peek(1).is_some_and(|kind| b"wWqQiIrxs".contains(&kind));
        let opening = if typed { 2 } else { 1 };
        let open = match self.peek(opening) {
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
        let start = self.at;
        let mut depth = 1usize;
        self.at += opening + 1;
        while depth > 0 {
            match self.peek(0) {
                None => return Err(self.source.syntax(start, "a string that does not end")),
                Some(b'\\') => self.at += 1,
                Some(byte) if byte == close => depth -= 1,
                Some(byte) if byte == open => depth += 1,
                Some(_) => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.bytes.len());
        self.push(Lexeme::Text { inner: start..self.at, plain: false }, start);
        Ok(true)
    }

    /// Consumes the start of a Ruby here document (`<<~END`, `<<-'END'`, `<<END`), if this is one.
    fn heredoc(&mut self) -> bool {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
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
        if length == 0 || first.is_ascii_digit() || !(indented || (first.is_ascii_uppercase() && self.operand())) {
            return false;
        }
        if quote.is_some() && name.get(length).copied() != quote {
            return false;
        }
        let start = self.at;
        let name_at = self.bytes.len() - name.len();
        self.at = name_at + length + usize::from(quote.is_some());
        self.heredocs.push(Heredoc { terminator: name_at..name_at + length, indented });
        self.push(Lexeme::Text { inner: start..self.at, plain: false }, start);
        true
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::source::Encoding;

    fn lex(text: &str, language: Language) -> Result<Vec<String>, Error> {
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
        let words = lex("a = rb'x' # '\nf(u'1', '''\n\"''', \"\\\"\")\\\n b", Language::Python).unwrap();
        assert_eq!(words, ["a", "=", "~rb'x'", "$", "f", "(", "u'1'", ",", "'''\n\"'''", ",", "~\"\\\"\"", ")", "b"]);
    }

    #[test]
    fn groovy_strings_and_comments() {
        let words = lex("a '//' /* \" */ \"${b(\"}\")}\" // '\n= ~/['\"]/ 4 / 2", Language::Groovy).unwrap();
        assert_eq!(words, ["a", "'//'", "~\"${b(\"}\")}\"", "$", "=", "~", "~/['\"]/", "4", "/", "2"]);
    }

    #[test]
    fn ruby_strings_and_comments() {
        let text = "=begin\n'\n=end\nx = %w[a ' b] # (\ny <<~E, \"#{a['}']}\"\n  '(\n  E\nz.grep /'/ if a/b ? ?' : $'\n__END__\n(";
        let words = lex(text, Language::Ruby).unwrap();
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
            ("f(", Language::Python),
            ("f)", Language::Python),
            ("f(]", Language::Meson),
            ("'a\n'", Language::Groovy),
            ("/*", Language::Groovy),
            ("'''", Language::Python),
            ("'a\\", Language::Python),
            ("\"#{", Language::Ruby),
            ("x = <<~A\n", Language::Ruby),
            ("x = %w[", Language::Ruby),
            ("x = %w[\\", Language::Ruby),
            ("=begin", Language::Ruby),
        ] {
            assert!(matches!(lex(text, language), Err(Error::Syntax { line: 1, .. })), "{text}");
        }
        assert!(lex(&"\"${".repeat(100), Language::Groovy).is_err());
    }
}
