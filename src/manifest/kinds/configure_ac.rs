//! `configure.ac`.
//!
//! <https://www.gnu.org/software/autoconf/manual/autoconf.html#Initializing-configure>,
//! <https://www.gnu.org/software/m4/manual/m4.html#Quoting-Arguments> (Autoconf quotes with brackets).

use std::collections::BTreeMap;
use std::ops::Range;

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{MAX_VERSION, Source, step};
use crate::manifest::{Error, Field, Hints, Value};

/// Most macros looked up for one version: one that names itself would have no end.
const MAX_LOOKUPS: usize = 32;

/// The kind.
pub(super) struct ConfigureAc;

impl Format for ConfigureAc {
    const NAME: &'static str = "configure-ac";
    const FILES: &'static [FileName] = &[FileName::Is("configure.ac"), FileName::Is("configure.in")];
    const READS: &'static str = "The second argument of `AC_INIT`; neither `AC_PREREQ` nor library versions. \
                                 A name that `m4_define` gives a value in this file is followed; any other \
                                 macro is computed.";

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let mut version = None;
        let mut macros: BTreeMap<&str, Vec<Range<usize>>> = BTreeMap::new();
        for call in calls(source)? {
            match (call.name, call.arguments.as_slice()) {
                ("AC_INIT", [_, second, ..]) => version = Some(second.clone()),
                ("m4_define" | "define", [name, value]) => {
                    macros.entry(source.slice(name.clone())).or_default().push(value.clone());
                }
                _ => {}
            }
        }
        let Some(range) = version.filter(|range| !range.is_empty()) else { return Ok(Vec::new()) };
        let mut expansion = Expansion { source, macros: &macros, lookups: 0, ranges: Vec::new() };
        let expanded = expansion.expand(range.clone()).map(|text| Value::of(&text));
        let text = source.slice(range.clone());
        Ok(vec![match expanded {
            // A version starts with a digit, or with a letter and one; a word without any is a macro of another file.
            Some(Value::Literal(version)) if version.contains(|c: char| c.is_ascii_digit()) => {
                Field::joined("AC_INIT", &version, &expansion.ranges)
            }
            _ => Field::dynamic("AC_INIT", text, range),
        }])
    }
}

struct Expansion<'e, 's> {
    source: &'e Source<'s>,
    macros: &'e BTreeMap<&'e str, Vec<Range<usize>>>,
    lookups: usize,
    /// The literals the version is made of.
    ranges: Vec<Range<usize>>,
}

impl Expansion<'_, '_> {
    /// The text with the macros of this file replaced; `None` if one is defined twice, or another is called.
    fn expand(&mut self, range: Range<usize>) -> Option<String> {
        let range = unquoted(self.source, range);
        let text = self.source.slice(range.clone());
        if text.len() > MAX_VERSION || text.contains(['(', '[', '`', '#', '\n']) {
            return None;
        }
        let mut expanded = String::new();
        let mut followed = false;
        for (word, name) in words(text) {
            match self.macros.get(name).map(Vec::as_slice).filter(|_| word) {
                Some([value]) if self.lookups < MAX_LOOKUPS => {
                    self.lookups += 1;
                    followed = true;
                    expanded.push_str(&self.expand(value.clone())?);
                }
                Some(_) => return None,
                None => expanded.push_str(name),
            }
        }
        if !followed {
            self.ranges.push(range);
        }
        Some(expanded)
    }
}

/// Splits a text into names (true) and what is between them.
fn words(text: &str) -> impl Iterator<Item = (bool, &str)> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = text;
    std::iter::from_fn(move || {
        let word = rest.chars().next().map(is_name)?;
        let end = rest.find(|c| is_name(c) != word).unwrap_or(rest.len());
        let (name, after) = rest.split_at_checked(end)?;
        rest = after;
        Some((word, name))
    })
}

/// A range without white space and without one pair of quotes around it.
fn unquoted(source: &Source<'_>, range: Range<usize>) -> Range<usize> {
    let trim = |range: Range<usize>| {
        let text = source.slice(range.clone());
        let start = range.start + (text.len() - text.trim_start().len());
        start..start.max(range.end - (text.len() - text.trim_end().len()))
    };
    let range = trim(range);
    let text = source.slice(range.clone());
    let Some(inner) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) else { return range };
    if inner.contains([']', '[']) { range } else { trim(range.start + 1..range.end - 1) }
}

/// A macro call that is looked at: its name, and its arguments without quotes.
struct Call<'s> {
    name: &'s str,
    arguments: Vec<Range<usize>>,
}

const WANTED: [&str; 3] = ["AC_INIT", "m4_define", "define"];

fn calls<'s>(source: &'s Source<'_>) -> Result<Vec<Call<'s>>, Error> {
    let text = source.text();
    let bytes = text.as_bytes();
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut calls = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at).copied() {
        step();
        if byte == b'#' {
            at = line_end(bytes, at);
        } else if is_name(byte) {
            let end = at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| is_name(**byte)).count();
            let name = source.slice(at..end);
            if name == "dnl" {
                at = line_end(bytes, at);
            } else if WANTED.contains(&name) && bytes.get(end) == Some(&b'(') {
                let (ranges, after) = arguments(source, end)?;
                let arguments = ranges.into_iter().map(|range| unquoted(source, range)).collect();
                calls.push(Call { name, arguments });
                at = after;
            } else {
                at = end;
            }
        } else {
            at += 1;
        }
    }
    Ok(calls)
}

fn line_end(bytes: &[u8], at: usize) -> usize {
    at + bytes.get(at..).unwrap_or_default().iter().take_while(|byte| **byte != b'\n').count()
}

/// The arguments of a call whose bracket opens here, and the offset after it.
fn arguments(source: &Source<'_>, open: usize) -> Result<(Vec<Range<usize>>, usize), Error> {
    let bytes = source.text().as_bytes();
    let mut ranges = Vec::new();
    let (mut quotes, mut brackets) = (0usize, 1usize);
    let mut start = open + 1;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        step();
        match byte {
            b'[' => quotes += 1,
            b']' => quotes = quotes.saturating_sub(1),
            _ if quotes > 0 => {}
            b'(' => brackets += 1,
            b')' if brackets == 1 => {
                ranges.push(start..at);
                return Ok((ranges, at + 1));
            }
            b')' => brackets -= 1,
            b',' if brackets == 1 => {
                ranges.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    Err(source.syntax(open, "a call that does not end"))
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, refuse};

    #[test]
    fn its_fields_are_read() {
        let kind = named("configure-ac");
        let one = [("AC_INIT", "1.2")];
        expect(
            kind,
            "AC_PREREQ([2.69])\ndnl AC_INIT([x],[9])\n# AC_INIT([x],[8])\nAC_INIT([a],[1.2],[b@c])\nLIBA_CURRENT=7\n",
            &one,
        );
        expect(kind, "AC_INIT(a, 1.2, b)\n", &one);
        expect(kind, "m4_define([ver], [1.2])\nAC_INIT([a], [ver])\n", &one);
        expect_values(
            kind,
            "m4_define(ma,1)\nm4_define([mi],[2])\nm4_define([v],[ma.mi])\nAC_INIT([a],[v],\n [b])",
            &one,
        );
        for (argument, says) in [
            ("m4_esyscmd_s([git describe, x])", "m4_esyscmd_s([git describe, x])"),
            ("[@@GIT_VERSION@@]", "@@GIT_VERSION@@"),
            ("[elsewhere]", "elsewhere"),
            ("[m4_esyscmd([x])]", "[m4_esyscmd([x])]"),
        ] {
            expect(kind, &format!("AC_INIT([a], {argument})"), &[("AC_INIT", &format!("= {says}"))]);
        }
        expect(kind, "AC_INIT(src/main.c)\nXAC_INIT([a],[1])\n", &[]);
        expect(kind, "m4_define([v],[v])\nAC_INIT([a],[v])", &[("AC_INIT", "= v")]);
        refuse(kind, "\nAC_INIT([a],[1.2]\n", 2, 8);
    }
}
