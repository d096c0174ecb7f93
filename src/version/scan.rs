//! A cursor over a version's text, for the schemes that no crate reads.

use std::ops::Range;

use super::fault::{Fault, Reason};

/// A number as it was written: `07` is 7, and its digits are kept for templates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Number {
    pub(super) value: u64,
    /// Where its digits are in the text.
    pub(super) span: Range<usize>,
}

/// Reads ASCII from left to right; every failure knows its offset.
#[derive(Clone, Debug)]
pub(super) struct Scan<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scan<'a> {
    /// Starts at the beginning of `text`.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// Starts at an offset into `text`; spans and faults count from the beginning of `text`.
    pub(super) fn at(text: &'a str, at: usize) -> Self {
        Self { text, at }
    }

    pub(super) fn offset(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Steps over one character if it is one of these.
    pub(super) fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let found = self.peek().filter(|c| wanted(*c))?;
        self.at += found.len_utf8();
        Some(found)
    }

    /// Steps over this text if it comes next.
    pub(super) fn take(&mut self, wanted: &str) -> bool {
        let found = self.rest().starts_with(wanted);
        self.at += if found { wanted.len() } else { 0 };
        found
    }

    /// Takes the longest run of such characters, perhaps none.
    pub(super) fn run(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !wanted(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    /// Takes a number of one or more digits.
    pub(super) fn number(&mut self) -> Result<Number, Fault> {
        let start = self.at;
        let digits = self.run(|c| c.is_ascii_digit());
        if digits.is_empty() {
            return Err(self.fault());
        }
        let value = digits.parse().map_err(|_| Fault::new(start, Reason::TooLarge))?;
        Ok(Number { value, span: start..self.at })
    }

    /// Takes one or more numbers with dots between; a dot that no digit follows is left alone.
    pub(super) fn dotted(&mut self) -> Result<Vec<Number>, Fault> {
        let mut numbers = vec![self.number()?];
        loop {
            let mut ahead = self.clone();
            if ahead.take_if(|c| c == '.').is_none() || !ahead.peek().is_some_and(|c| c.is_ascii_digit()) {
                return Ok(numbers);
            }
            numbers.push(ahead.number()?);
            *self = ahead;
        }
    }

    /// Returns the fault of stopping here.
    pub(super) fn fault(&self) -> Fault {
        Fault::new(self.at, if self.is_done() { Reason::Incomplete } else { Reason::Unexpected })
    }

    /// Fails unless everything has been read.
    pub(super) fn end(&self) -> Result<(), Fault> {
        if self.is_done() { Ok(()) } else { Err(self.fault()) }
    }
}

/// Returns how many bytes neighbouring numbers take up, from the first to the end of the last.
pub(super) fn span_len(numbers: &[Number]) -> usize {
    match (numbers.first(), numbers.last()) {
        (Some(first), Some(last)) => last.span.end - first.span.start,
        _ => 0,
    }
}

/// Compares lists of numbers as though the shorter went on with zeros: 1.2 is 1.2.0.
pub(super) fn compare_padded(left: &[u64], right: &[u64]) -> std::cmp::Ordering {
    trimmed(left).cmp(trimmed(right))
}

/// Removes the zeros at the end. What is left compares as though the shorter one went on with zeros.
fn trimmed(numbers: &[u64]) -> &[u64] {
    let end = numbers.iter().rposition(|number| *number != 0).map_or(0, |last| last + 1);
    numbers.get(..end).unwrap_or_default()
}

/// Compares runs of digits of any length as numbers.
pub(super) fn compare_digits(left: &str, right: &str) -> std::cmp::Ordering {
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}
