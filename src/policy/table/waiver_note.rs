//! `[waiver-notes]`: waivers in git notes, how one is written, and from whom a policy takes them.
//!
//! ```text
//! Waive: unlanded-fix
//! Reason: master gets it with the rewrite
//! Until: 2026-12-31
//! By: Ann <ann@example.com>
//! ```
//!
//! A note about a commit has one such paragraph for each waiver. `git notes --ref refgate show COMMIT` shows it as it is.

use bstr::ByteSlice as _;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;
use std::fmt;

use super::form::{Once, Table};
use super::waiver::{NO_REASON, says_something};
use crate::model::Untrusted;
use crate::policy::actors::ActorSet;
use crate::policy::cx::Cx;
use crate::policy::text::{Located, Texts};

/// No note is longer.
pub(crate) const MAX_NOTE_BYTES: u64 = 64 << 10;

/// A waiver as a note records it. What it says is text of whoever pushed it, shown escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotedWaiver {
    /// The rule.
    pub rule: String,
    /// Why.
    pub reason: String,
    /// The last day on which it counts.
    pub until: Option<Date>,
    /// Who granted it, by its own word.
    pub by: Option<String>,
}

/// Why a note is not a waiver.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// A line of it is out of form.
    #[error("line {line}: {what}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// There is nothing in it.
    #[error("it is empty")]
    Empty,
    /// It is not text.
    #[error("it is not UTF-8")]
    NotText,
    /// It is longer than [`MAX_NOTE_BYTES`].
    #[error("it is longer than {MAX_NOTE_BYTES} bytes")]
    TooLong,
}

impl NotedWaiver {
    /// Reads a note. Its waivers count together or not at all: a note that is half understood is not understood.
    ///
    /// # Errors
    /// It is longer than [`MAX_NOTE_BYTES`], not UTF-8, or some paragraph of it is not a waiver.
    pub fn read(note: &[u8]) -> Result<Vec<Self>, NoteError> {
        if note.len() as u64 > MAX_NOTE_BYTES {
            return Err(NoteError::TooLong);
        }
        let text = note.to_str().map_err(|_| NoteError::NotText)?;
        let mut waivers = Vec::new();
        let mut draft = Draft::default();
        // A line more than there is ends the last paragraph.
        for (at, line) in text.lines().chain([""]).enumerate() {
            let wrong = |line: usize| move |what: String| NoteError::Line { line, what };
            if line.trim().is_empty() {
                // What is missing is missing where the paragraph ends: on the line before this one.
                waivers.extend(std::mem::take(&mut draft).finish().map_err(wrong(at))?);
            } else {
                draft.take(line).map_err(wrong(at + 1))?;
            }
        }
        if waivers.is_empty() { Err(NoteError::Empty) } else { Ok(waivers) }
    }
}

impl fmt::Display for NotedWaiver {
    /// As it is written in a note, without an empty line after it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "Waive: {}", self.rule)?;
        writeln!(f, "Reason: {}", self.reason)?;
        if let Some(until) = self.until {
            writeln!(f, "Until: {until}")?;
        }
        if let Some(by) = &self.by {
            writeln!(f, "By: {by}")?;
        }
        Ok(())
    }
}

/// A paragraph that is being read.
#[derive(Default)]
struct Draft {
    rule: Option<String>,
    reason: Option<String>,
    until: Option<String>,
    by: Option<String>,
}

impl Draft {
    fn take(&mut self, line: &str) -> Result<(), String> {
        let (key, value) = line.split_once(':').ok_or("it is not `KEY: VALUE`")?;
        let value = value.trim();
        let field = match key.trim().to_ascii_lowercase().as_str() {
            "waive" => &mut self.rule,
            "reason" => &mut self.reason,
            "until" => &mut self.until,
            "by" => &mut self.by,
            _ => return Err(format!("`{}` is not one of Waive, Reason, Until and By", Untrusted::new(key))),
        };
        if field.replace(value.to_owned()).is_some() {
            return Err(format!("a second `{}`; an empty line separates waivers", Untrusted::new(key)));
        }
        Ok(())
    }

    /// The waiver; `None` where there was no paragraph.
    fn finish(self) -> Result<Option<NotedWaiver>, String> {
        let Self { rule, reason, until, by } = self;
        if rule.is_none() && reason.is_none() && until.is_none() && by.is_none() {
            return Ok(None);
        }
        let rule = rule.filter(|rule| !rule.is_empty()).ok_or("a waiver names a rule: `Waive: RULE`")?;
        let reason = reason.filter(|reason| says_something(reason)).ok_or(NO_REASON)?;
        let until = until.map(|text| {
            text.parse::<Date>().map_err(|_| format!("`{}` is not a date like `2026-11-21`", Untrusted::new(&text)))
        });
        Ok(Some(NotedWaiver { rule, reason, until: until.transpose()?, by: by.filter(|by| !by.is_empty()) }))
    }
}

/// Waivers in git notes (`refs/notes/refgate`), which `refgate waive` writes. Without this table they do not count.
///
/// ```toml
/// [waiver-notes]
/// accepted-from = ["@release-managers"]
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawWaiverNotes {
    /// Who may push waivers in notes.
    #[schemars(example = ["alice", "@release-managers"])]
    #[schemars(extend("x-rules" = ["improper-waiver"], "x-also" = "every finding that a note may waive"))]
    accepted_from: Located<Texts<ActorSet>>,
}

/// The table `[waiver-notes]`.
#[derive(Debug)]
pub(crate) enum WaiverNotes {}

impl Table for WaiverNotes {
    const KEY: &'static str = "waiver-notes";
    const OPENS: bool = true;
    type Written = Once<RawWaiverNotes>;
    type Resolved = Option<ActorSet>;

    /// A layer that extends others may name fewer than they do, and others only with their permission: whoever may waive
    /// can undo what they ask for.
    fn resolve(layers: &[&Once<RawWaiverNotes>], cx: &mut Cx<'_>) -> Option<ActorSet> {
        let mut accepted: Option<(usize, ActorSet)> = None;
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            let Some((raw, span)) = &layer.0 else { continue };
            let Some(next) = cx.actors(Some(&raw.accepted_from)) else { continue };
            let allowed = match &accepted {
                Some((_, upper)) if next.is_within(upper) => true,
                Some((upper, _)) => cx.may_weaken(*upper, Self::KEY, span.clone(), "taking waivers from others"),
                None => (0..at).all(|upper| cx.may_weaken(upper, Self::KEY, span.clone(), "taking waivers in notes")),
            };
            if allowed {
                accepted = Some((at, next));
            }
        }
        accepted.map(|(_, set)| set)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn waiver(rule: &str, until: Option<&str>) -> NotedWaiver {
        NotedWaiver {
            rule: rule.to_owned(),
            reason: "for good".to_owned(),
            until: until.map(|date| date.parse().unwrap()),
            by: Some("Ann <ann@example.com>".to_owned()),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let (a, b) = (waiver("unlanded-fix", Some("2026-12-31")), waiver("misplaced-change", None));
        let text = format!("{a}\n{b}");
        assert_eq!(
            text,
            "Waive: unlanded-fix\nReason: for good\nUntil: 2026-12-31\nBy: Ann <ann@example.com>\n\n\
             Waive: misplaced-change\nReason: for good\nBy: Ann <ann@example.com>\n"
        );
        assert_eq!(NotedWaiver::read(text.as_bytes()), Ok(vec![a.clone(), b.clone()]));
        // As people write it, and as Windows ends lines.
        let loose = format!("\r\n\n{text}\n \n").replace('\n', "\r\n").replace("Waive", "waive");
        assert_eq!(NotedWaiver::read(loose.as_bytes()), Ok(vec![a, b]));
    }

    #[test]
    fn what_is_out_of_form_is_no_waiver() {
        for (note, said) in [
            ("", "it is empty"),
            ("\n \n", "it is empty"),
            ("Waive: a", "line 1: a waiver needs a reason"),
            ("Waive: a\nReason: -\n", "line 2: a waiver needs a reason"),
            ("Reason: why\n", "line 1: a waiver names a rule: `Waive: RULE`"),
            ("Waive: a\nReason: b\nUntil: soon", "line 3: `soon` is not a date like `2026-11-21`"),
            ("Waive: a\nReason: b\nuntil:", "line 3: `` is not a date like `2026-11-21`"),
            ("Waive: a\nWaive: b\nReason: c", "line 2: a second `Waive`; an empty line separates waivers"),
            ("Reviewed by me", "line 1: it is not `KEY: VALUE`"),
            ("Level: off", "line 1: `Level` is not one of Waive, Reason, Until and By"),
            ("Waive: a\nReason: b\n\nand more", "line 4: it is not `KEY: VALUE`"),
        ] {
            assert_eq!(NotedWaiver::read(note.as_bytes()).unwrap_err().to_string(), said, "{note:?}");
        }
        assert_eq!(NotedWaiver::read(b"Waive: a\nReason: \xe9"), Err(NoteError::NotText));
        let long = format!("Waive: a\nReason: {}", "x".repeat(1 << 16));
        assert_eq!(NotedWaiver::read(long.as_bytes()), Err(NoteError::TooLong));
    }

    proptest! {
        #[test]
        fn no_note_panics(note in any::<Vec<u8>>(), text in "((Waive|Reason|Until|By|x):? ?[a-z0-9-]{0,12}\n{0,3}){0,8}") {
            let _ = NotedWaiver::read(&note);
            if let Ok(waivers) = NotedWaiver::read(text.as_bytes()) {
                let written: Vec<String> = waivers.iter().map(ToString::to_string).collect();
                prop_assert_eq!(NotedWaiver::read(written.join("\n").as_bytes()), Ok(waivers));
            }
        }
    }
}
