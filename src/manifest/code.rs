//! Statements, assignments and expressions in the tokens of a program, as far as a version field needs them.

use std::collections::BTreeMap;
use std::ops::Range;

use super::lex::{Language, Lexeme, Token, tokens};
use super::source::{Source, step};
use super::{Error, Field};

/// A program's tokens and the text they are of.
pub(super) struct Code<'s, 'b> {
    source: &'s Source<'b>,
    language: &'static dyn Language,
    tokens: Vec<Token>,
}

/// Most tokens of an expression that are looked at. One with more than three is not a literal anyway; without the
/// bound, statements that start within each other would be read again and again.
const MAX_EXPRESSION: usize = 64;

/// What an expression is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression {
    /// A string without escapes, or a number: its text.
    Literal(Range<usize>),
    /// A single name.
    Name(Range<usize>),
    /// Anything else.
    Other(Range<usize>),
}

/// What names are assigned in a file, for following them.
#[derive(Default)]
pub(super) struct Definitions<'s>(BTreeMap<&'s str, Option<Expression>>);

impl<'s> Definitions<'s> {
    /// Adds an assignment; a name that has two of them has no value that could be known without running the program.
    pub(super) fn insert(&mut self, name: &'s str, value: Expression) {
        self.0.entry(name).and_modify(|known| *known = None).or_insert(Some(value));
    }

    /// Returns the literal that a name stands for.
    fn literal(&self, name: &str) -> Option<Range<usize>> {
        match self.0.get(name) {
            Some(Some(Expression::Literal(range))) => Some(range.clone()),
            _ => None,
        }
    }
}

impl<'s, 'b> Code<'s, 'b> {
    /// Reads a file as a program of this language.
    pub(super) fn new(source: &'s Source<'b>, language: &'static dyn Language) -> Result<Self, Error> {
        Ok(Self { source, language, tokens: tokens(source, language)? })
    }

    /// Returns all tokens.
    pub(super) fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// Returns the tokens from each position on, with the token before.
    pub(super) fn suffixes(&self) -> impl Iterator<Item = (Option<&Token>, &[Token])> {
        (0..self.tokens.len()).map(|at| {
            step();
            let (before, rest) = self.tokens.split_at_checked(at).unwrap_or_default();
            (before.last(), rest)
        })
    }

    /// Returns the tokens from the start of each statement on.
    pub(super) fn statements(&self) -> impl Iterator<Item = &[Token]> {
        self.suffixes().filter(|(before, _)| self.ends_statement(*before)).map(|(_, rest)| rest)
    }

    fn ends_statement(&self, before: Option<&Token>) -> bool {
        let Some(before) = before else { return true };
        match before.lexeme {
            Lexeme::LineEnd | Lexeme::Mark(b';') => true,
            Lexeme::Mark(b'{') => self.language.braces_hold_statements(),
            _ => self.language.begins_statement(&before.lexeme, self.text(before)),
        }
    }

    /// Returns the text of a token.
    pub(super) fn text(&self, token: &Token) -> &'s str {
        self.source.slice(token.span.clone())
    }

    /// Returns whether a token is this word.
    pub(super) fn is_word(&self, token: &Token, word: &str) -> bool {
        token.lexeme == Lexeme::Word && self.text(token) == word
    }

    /// Returns what follows `name =` (and not `name ==`), if the tokens begin with that.
    pub(super) fn assigned<'t>(&self, tokens: &'t [Token]) -> Option<(&'t Token, &'t [Token])> {
        match tokens {
            [name, equals, rest @ ..] if name.lexeme == Lexeme::Word && is_assignment(equals, rest) => {
                Some((name, rest))
            }
            _ => None,
        }
    }

    /// Returns the expression the tokens begin with: up to the end of the statement, the argument, or the bracket that
    /// it stands in.
    pub(super) fn expression<'t>(&self, tokens: &'t [Token]) -> &'t [Token] {
        // `version =` may end a line where a brace holds statements.
        let goes_on = |token: &&Token| token.lexeme == Lexeme::LineEnd && self.language.braces_hold_statements();
        let lead = tokens.iter().take_while(goes_on).count();
        let tokens = tokens.get(lead..).unwrap_or_default();
        let tokens = tokens.get(..MAX_EXPRESSION).unwrap_or(tokens);
        let Some(depth) = tokens.first().map(|first| first.depth) else { return tokens };
        let end = tokens.iter().inspect(|_| step()).position(|token| match token.lexeme {
            Lexeme::Mark(b')' | b']' | b'}') if token.depth < depth => true,
            Lexeme::LineEnd | Lexeme::Mark(b',' | b';') => token.depth == depth,
            Lexeme::Word => token.depth == depth && self.language.ends_expression(self.text(token)),
            _ => false,
        });
        tokens.get(..end.unwrap_or(tokens.len())).unwrap_or_default()
    }

    /// Returns what an expression is; `None` if there is none.
    pub(super) fn evaluate(&self, tokens: &[Token]) -> Option<Expression> {
        let whole = tokens.first()?.span.start..tokens.last()?.span.end;
        let text = self.source.slice(whole.clone());
        let number = text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        Some(match tokens {
            [Token { lexeme: Lexeme::Text { inner, plain: true }, .. }] => Expression::Literal(inner.clone()),
            // `"1.2".freeze` is the same text.
            [Token { lexeme: Lexeme::Text { inner, plain: true }, .. }, dot, method]
                if dot.is(b'.') && method.lexeme == Lexeme::Word && self.language.returns_text(self.text(method)) =>
            {
                Expression::Literal(inner.clone())
            }
            _ if number => Expression::Literal(whole),
            [Token { lexeme: Lexeme::Word, .. }] => Expression::Name(whole),
            _ => Expression::Other(whole),
        })
    }

    /// Returns the field of an expression. A name is followed once, to a literal; everything else is computed.
    pub(super) fn field(&self, name: &str, expression: &Expression, definitions: &Definitions<'_>) -> Field {
        let range = match expression {
            Expression::Literal(range) => return Field::new(name, self.source.slice(range.clone()), range.clone()),
            Expression::Name(range) => {
                if let Some(literal) = definitions.literal(self.source.slice(range.clone())) {
                    return Field::new(name, self.source.slice(literal.clone()), literal);
                }
                range
            }
            Expression::Other(range) => range,
        };
        let says = self.source.slice(range.clone()).split_whitespace().collect::<Vec<_>>().join(" ");
        Field::dynamic(name, says, range.clone())
    }

    /// Returns the source.
    pub(super) fn source(&self) -> &'s Source<'b> {
        self.source
    }
}

/// Returns whether a token is `=` and not the first half of `==`, `=~` or `=>`.
pub(super) fn is_assignment(token: &Token, rest: &[Token]) -> bool {
    let doubled = |next: &Token| next.span.start == token.span.end && (next.is(b'=') || next.is(b'~') || next.is(b'>'));
    token.is(b'=') && !rest.first().is_some_and(doubled)
}
