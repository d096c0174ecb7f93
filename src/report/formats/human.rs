//! For people: grouped by ref, every finding with its commit and the command that fixes it.
//!
//! Lines begin with `error`, `warning` or `hint`: git's client colours those itself when they come from a server,
//! where colours of our own would be noise in a log.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use crate::gate::Outcome;
use crate::model::{Exit, Failure, Finding, Level, PolicyLine, Stage, Unevaluated, Untrusted, Verdict, counted};
use crate::policy::{PolicyError, PolicyErrors};
use crate::report::snippet::Snippet;
use crate::report::{Colour, Report};

/// More findings than these are counted, not shown: a push of a thousand refs still ends in a readable answer.
const SHOWN: usize = 20;

/// Returns the text for people.
pub(in crate::report) fn render(report: &Report<'_>, colour: Colour) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = Shown::of(report.outcome).write(&mut text, colour);
    text
}

/// What is worth showing.
struct Shown<'a> {
    outcome: &'a Outcome,
    findings: Vec<&'a Finding>,
    /// Checks that could not be carried out.
    open: Vec<Cause<'a>>,
    /// Checks that are left to the server.
    left: Vec<Cause<'a>>,
}

/// Checks that are open for one reason: one cause is one line, however many rules it keeps from judging.
struct Cause<'a> {
    first: &'a Unevaluated,
    rules: Vec<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(outcome: &'a Outcome) -> Self {
        let is_shown = |finding: &&Finding| finding.meant.unwrap_or(finding.level) >= Level::Warn;
        let findings = outcome.findings.iter().filter(is_shown).collect();
        let mut shown = Self { outcome, findings, open: Vec::new(), left: Vec::new() };
        let mut known: BTreeMap<(bool, &str, Option<&str>), usize> = BTreeMap::new();
        for open in outcome.unevaluated.iter().filter(|open| open.level >= Level::Warn) {
            let causes = if open.elsewhere { &mut shown.left } else { &mut shown.open };
            let place = known.entry((open.elsewhere, &open.cause, open.help.as_deref())).or_insert(causes.len());
            match causes.get_mut(*place) {
                Some(known) if known.rules.contains(&open.rule) => {}
                Some(known) => known.rules.push(open.rule),
                None => causes.push(Cause { first: open, rules: vec![open.rule] }),
            }
        }
        shown
    }

    fn write(&self, text: &mut String, colour: Colour) -> fmt::Result {
        // What only the server knows is nothing to act on; a branch to fetch is.
        let hints: Vec<&Cause<'_>> = self.left.iter().filter(|cause| cause.first.help.is_some()).collect();
        if self.findings.is_empty() && self.open.is_empty() && hints.is_empty() {
            return Ok(());
        }
        let verdict = self.outcome.verdict;
        let style = match verdict {
            Verdict::Accepted => Style::Warning,
            Verdict::Refused | Verdict::Undecided => Style::Error,
        };
        let name = Untrusted::new(&self.outcome.policy.name);
        let would = match self.outcome.would {
            Some(would) => format!(", which is only tried: it would be {}", would.name()),
            None => String::new(),
        };
        writeln!(text, "refgate: {} by the policy `{name}`{would}", style.paint(verdict.name(), colour))?;
        // They are found update by update.
        let shown = self.findings.get(..SHOWN).unwrap_or(&self.findings);
        for findings in shown.chunk_by(|a, b| a.update == b.update) {
            let update = findings.first().and_then(|finding| self.outcome.updates.get(finding.update?));
            let Some(update) = update else { continue };
            writeln!(text)?;
            match &update.via {
                Some(via) => writeln!(text, "{}, by way of the symbolic ref {via}", update.name)?,
                None => writeln!(text, "{}", update.name)?,
            }
            for finding in findings {
                // Whoever pushes to a server need not know where its policy is.
                let asks = finding.policy_line.as_ref().filter(|_| self.outcome.stage == Stage::Ci);
                write_finding(text, finding, asks, colour)?;
            }
        }
        let more = self.findings.len() - shown.len();
        if more > 0 {
            writeln!(text, "\nhint: {more} more are not shown; `refgate check --format json` lists more of them")?;
        }
        let open: Vec<&Cause<'_>> = self.open.iter().collect();
        causes(text, "not judged", &open, |cause| Style::of(cause.first.level), colour)?;
        causes(text, "left to the server", &hints, |_| Style::Hint, colour)
    }
}

/// Writes causes below a heading, as many as can be read.
fn causes(
    text: &mut String,
    heading: &str,
    causes: &[&Cause<'_>],
    style: impl Fn(&Cause<'_>) -> Style,
    colour: Colour,
) -> fmt::Result {
    if !causes.is_empty() {
        writeln!(text, "\n{heading}")?;
    }
    // What was left out is said last.
    let hidden = causes.len().saturating_sub(SHOWN);
    for cause in causes.iter().skip(hidden) {
        cause.write(text, style(cause), colour)?;
    }
    if hidden > 0 {
        writeln!(text, "\nhint: {hidden} more causes are not shown; `refgate check --format json` lists more of them")?;
    }
    Ok(())
}

impl Cause<'_> {
    fn write(&self, text: &mut String, style: Style, colour: Colour) -> fmt::Result {
        let first = self.first;
        let head = format!("{}[{}]", style.word(), self.rules.join(", "));
        let failure = Failure::new(Exit::Undecided, &first.detail, &first.cause);
        writeln!(text, "  {}: {failure}", style.paint(&head, colour))?;
        advice(text, first.help.as_deref(), None, colour)
    }
}

/// Writes a finding, with the line of the policy that asks for it where that is to be shown.
fn write_finding(text: &mut String, finding: &Finding, asks: Option<&PolicyLine>, colour: Colour) -> fmt::Result {
    let style = Style::of(finding.level);
    let head = match finding.meant {
        Some(meant) => format!("would {}[{}]", meant.name(), finding.rule),
        None => format!("{}[{}]", style.word(), finding.rule),
    };
    writeln!(text, "  {}: {}", style.paint(&head, colour), Untrusted::new(&finding.message))?;
    if let Some(path) = &finding.path {
        let place = [finding.line, finding.column].into_iter().flatten().map(|number| format!(":{number}"));
        writeln!(text, "    file    {}{}", Untrusted::new(path), place.collect::<String>())?;
        excerpt(text, finding, style, colour)?;
    }
    if let Some(commit) = finding.commit {
        let subject = Untrusted::new(finding.subject.as_deref().unwrap_or_default());
        writeln!(text, "    commit  {}", format!("{} {subject}", commit.short()).trim_end())?;
    }
    if let Some(place) = asks {
        writeln!(text, "    policy  {}:{}", Untrusted::new(&place.source), place.line)?;
    }
    advice(text, finding.help.as_deref(), finding.command.as_deref(), colour)
}

/// Writes the line with the marked part underlined.
fn excerpt(text: &mut String, finding: &Finding, style: Style, colour: Colour) -> fmt::Result {
    let (Some(line), Some(excerpt)) = (finding.line, &finding.excerpt) else { return Ok(()) };
    writeln!(text, "    {line:>6} | {}", Untrusted::new(&excerpt.text))?;
    let mark = style.paint(&"^".repeat(excerpt.marked), colour);
    writeln!(text, "           | {}{mark}", " ".repeat(excerpt.before))
}

fn advice(text: &mut String, help: Option<&str>, command: Option<&str>, colour: Colour) -> fmt::Result {
    if let Some(help) = help {
        writeln!(text, "    {}: {}", Style::Hint.paint("hint", colour), Untrusted::new(help))?;
    }
    if let Some(command) = command {
        writeln!(text, "      {}", Untrusted::new(command))?;
    }
    Ok(())
}

/// Formats a failure: the one line, and the remedy.
pub(crate) fn failure(failure: &Failure, colour: Colour) -> String {
    let mut text = format!("{}: {failure}\n", Style::Error.paint("error", colour));
    let _ = advice(&mut text, failure.help.as_deref(), None, colour);
    text
}

/// Formats policy errors, each with the place it is at.
pub fn policy_errors(errors: &PolicyErrors, colour: Colour) -> String {
    draw(&errors.0, Style::Error, colour)
}

/// Formats warnings about a policy, each with the place it is at.
pub(crate) fn policy_warnings(warnings: &[PolicyError], colour: Colour) -> String {
    if warnings.is_empty() { String::new() } else { draw(warnings, Style::Warning, colour) }
}

fn draw(said: &[PolicyError], style: Style, colour: Colour) -> String {
    let theme = if colour.0 { miette::GraphicalTheme::unicode() } else { miette::GraphicalTheme::unicode_nocolor() };
    // Whatever follows a blank would begin a line if lines were wrapped.
    let handler = miette::GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false);
    let mut text = String::new();
    for one in said.iter().take(SHOWN) {
        let snippet = || match style {
            Style::Error => Snippet::of(one),
            Style::Warning | Style::Hint => Snippet::of(one).into_warning(),
        };
        if !is_drawable(one) || handler.render_report(&mut text, &snippet()).is_err() {
            // A line that is too long, or a span outside the text; place and message are still worth having.
            let _ = writeln!(text, "{}: {}", style.word(), Untrusted::new(&one.placed()));
        }
    }
    text.push_str(&count(said.len(), style));
    text
}

/// Formats policy errors without the policy's text, a line each, for people to whom the policy does not belong.
pub(crate) fn policy_error_lines(errors: &PolicyErrors) -> String {
    let lines = errors.0.iter().take(SHOWN).map(|error| format!("error: {}\n", Untrusted::new(&error.placed())));
    lines.chain([count(errors.0.len(), Style::Error)]).collect()
}

fn count(count: usize, style: Style) -> String {
    let hidden = count.saturating_sub(SHOWN);
    let hint = if hidden > 0 { format!("hint: {hidden} more are not shown\n") } else { String::new() };
    let word = style.word();
    format!("{hint}{word}: the policy has {}\n", counted(count, word, &format!("{word}s")))
}

/// Returns whether the lines with which an error is drawn are such as people write. It is drawn with the line before
/// and the one after.
fn is_drawable(error: &PolicyError) -> bool {
    const MAX_DRAWN: usize = 4000;
    let (text, span) = (error.source.text.as_bytes(), &error.problem.span);
    let (before, rest) = text.split_at_checked(span.start).unwrap_or((text, b""));
    let after = rest.get(span.len()..).unwrap_or_default();
    let is_end = |byte: &u8| *byte == b'\n';
    let around = before.rsplit(is_end).take(2).chain(after.split(is_end).take(2)).map(<[u8]>::len).sum::<usize>();
    around.saturating_add(span.len()).saturating_add(error.problem.message.len()) <= MAX_DRAWN
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
