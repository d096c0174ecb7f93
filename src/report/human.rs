//! For people: grouped by ref, every finding with its commit and the command that mends it.
//!
//! Lines begin with `error`, `warning` or `hint`: git's client colours those itself when they come from a server,
//! where colours of our own would be noise in a log.

use std::fmt::{self, Write as _};

use super::{Colour, Report};
use crate::model::{Exit, Failure, Finding, Level, Unevaluated, Untrusted, Verdict};
use crate::policy::PolicyErrors;

/// More findings than these are counted, not shown: a push of a thousand refs still ends in a readable answer.
const SHOWN: usize = 20;

pub(super) fn render(report: &Report<'_>, colour: Colour) -> String {
    let shown = Shown::of(report);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = shown.write(&mut text, report, colour);
    text
}

/// What is worth showing.
struct Shown<'a> {
    findings: Vec<&'a Finding>,
    open: Vec<&'a Unevaluated>,
}

impl<'a> Shown<'a> {
    fn of(report: &'a Report<'_>) -> Self {
        let findings = report.outcome.findings.iter().filter(|finding| finding.level >= Level::Warn).collect();
        let open =
            report.outcome.unevaluated.iter().filter(|open| open.level >= Level::Warn && !open.elsewhere).collect();
        Self { findings, open }
    }

    fn write(&self, text: &mut String, report: &Report<'_>, colour: Colour) -> fmt::Result {
        if self.findings.is_empty() && self.open.is_empty() {
            return Ok(());
        }
        let verdict = report.outcome.verdict;
        let style = match verdict {
            Verdict::Accepted => Style::Warning,
            Verdict::Refused | Verdict::Undecided => Style::Error,
        };
        writeln!(text, "refgate: {} by the policy `{}`", style.paint(verdict.name(), colour), report.policy.name)?;
        let mut budget = SHOWN;
        for (at, update) in report.facts.push().updates.iter().enumerate() {
            let findings = self.findings.iter().filter(|finding| finding.update == Some(at)).copied();
            let open = self.open.iter().filter(|open| open.ref_name.as_ref() == Some(&update.name)).copied();
            let entries: Vec<Entry<'_>> = findings.map(Entry::Finding).chain(open.map(Entry::Open)).collect();
            if entries.is_empty() || budget == 0 {
                continue;
            }
            writeln!(text)?;
            match &update.via {
                Some(via) => writeln!(text, "{}, by way of the symbolic ref {via}", update.name)?,
                None => writeln!(text, "{}", update.name)?,
            }
            for entry in entries.iter().take(budget) {
                entry.write(text, colour)?;
            }
            budget = budget.saturating_sub(entries.len());
        }
        let total = self.findings.len() + self.open.len();
        if total > SHOWN {
            writeln!(text, "\nhint: {} more are not shown; `refgate check --format json` has them all", total - SHOWN)?;
        }
        Ok(())
    }
}

enum Entry<'a> {
    Finding(&'a Finding),
    Open(&'a Unevaluated),
}

impl Entry<'_> {
    fn write(&self, text: &mut String, colour: Colour) -> fmt::Result {
        match self {
            Self::Finding(finding) => {
                let style = Style::of(finding.level);
                let head = format!("{}[{}]", style.word(), finding.rule);
                writeln!(text, "  {}: {}", style.paint(&head, colour), finding.message)?;
                if let Some(path) = &finding.path {
                    let place = [finding.line, finding.column].into_iter().flatten().map(|number| format!(":{number}"));
                    writeln!(text, "    file    {}{}", Untrusted::new(path), place.collect::<String>())?;
                    excerpt(text, finding, style, colour)?;
                }
                if let Some(commit) = finding.commit {
                    let subject = finding.subject.as_deref().unwrap_or_default();
                    writeln!(text, "    commit  {}", format!("{} {subject}", commit.short()).trim_end())?;
                }
                advice(text, finding.help.as_deref(), finding.command.as_deref(), colour)
            }
            Self::Open(open) => {
                let style = Style::of(open.level);
                let head = format!("{}[{}]", style.word(), open.rule);
                let failure = Failure::new(Exit::Undecided, &open.detail, &open.cause);
                writeln!(text, "  {}: {failure}", style.paint(&head, colour))?;
                advice(text, open.help.as_deref(), None, colour)
            }
        }
    }
}

/// The line with the marked part underlined.
fn excerpt(text: &mut String, finding: &Finding, style: Style, colour: Colour) -> fmt::Result {
    let (Some(line), Some(excerpt)) = (finding.line, &finding.excerpt) else { return Ok(()) };
    writeln!(text, "    {line:>6} | {}", excerpt.text)?;
    let mark = style.paint(&"^".repeat(excerpt.marked), colour);
    writeln!(text, "           | {}{mark}", " ".repeat(excerpt.before))
}

fn advice(text: &mut String, help: Option<&str>, command: Option<&str>, colour: Colour) -> fmt::Result {
    if let Some(help) = help {
        writeln!(text, "    {}: {help}", Style::Hint.paint("hint", colour))?;
    }
    if let Some(command) = command {
        writeln!(text, "      {command}")?;
    }
    Ok(())
}

/// A failure: the one line, and the remedy.
pub fn failure(failure: &Failure, colour: Colour) -> String {
    let mut text = format!("{}: {failure}\n", Style::Error.paint("error", colour));
    let _ = advice(&mut text, failure.help.as_deref(), None, colour);
    text
}

/// Policy errors, each with the place it is at.
pub fn policy_errors(errors: &PolicyErrors, colour: Colour) -> String {
    let theme = if colour.0 { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_links(false);
    let mut text = String::new();
    for error in &errors.0 {
        if handler.render_report(&mut text, error).is_err() {
            // A span outside the text; the message alone is still worth having.
            let _ = writeln!(text, "error: {error}");
        }
    }
    let count = errors.0.len();
    let _ = writeln!(text, "error: the policy has {count} {}", if count == 1 { "error" } else { "errors" });
    text
}

/// How a word is coloured.
#[derive(Clone, Copy)]
enum Style {
    Error,
    Warning,
    Hint,
}

impl Style {
    const fn of(level: Level) -> Self {
        match level {
            Level::Refuse => Self::Error,
            Level::Warn | Level::Observe | Level::Off => Self::Warning,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }

    fn paint(self, text: &str, colour: Colour) -> String {
        let code = match self {
            Self::Error => "1;31",
            Self::Warning => "1;33",
            Self::Hint => "36",
        };
        if colour.0 { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
