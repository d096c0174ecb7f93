//! The place of a policy error, fit to draw.

use miette::{
    Diagnostic, LabeledSpan, MietteError, MietteSpanContents, Severity, SourceCode, SourceSpan, SpanContents,
};
use std::fmt;
use std::ops::Range;

use crate::model::Untrusted;
use crate::policy::PolicyError;

/// As many lines are drawn above and below the place: miette's own number.
const AROUND: usize = 1;

/// A policy error with the lines around its place, escaped: miette draws what it is given.
#[derive(Debug)]
pub(super) struct Snippet {
    name: String,
    message: String,
    help: Option<String>,
    lines: String,
    /// How many lines of the policy come before them.
    above: usize,
    /// The place in them, in bytes.
    place: Range<usize>,
    severity: Severity,
}

impl Snippet {
    pub(super) fn of(error: &PolicyError) -> Self {
        let text = error.source.text.as_ref();
        let start = error.problem.span.start.min(text.len());
        let end = error.problem.span.end.clamp(start, text.len()).max((start + 1).min(text.len()));
        let mut at = text.as_bytes().get(..start).unwrap_or_default();
        for _ in 0..=AROUND {
            at = at.rsplitn(2, |byte| *byte == b'\n').nth(1).unwrap_or_default();
        }
        let from = if at.is_empty() { 0 } else { at.len() + 1 };
        let (mut lines, mut place, mut below) = (String::new(), [None, None], 0);
        let mut at = from;
        for line in text.get(from..).unwrap_or_default().split_inclusive('\n') {
            if at >= end {
                below += 1;
            }
            if below > AROUND {
                break;
            }
            // A tab becomes one blank, as wide as it was: most are indentation.
            let whole = line.trim_end_matches(['\r', '\n']).replace('\t', " ");
            for (edge, shown) in [start, end].into_iter().zip(&mut place) {
                if (at..at + line.len()).contains(&edge) {
                    let before = whole.get(..edge - at).unwrap_or(&whole);
                    *shown = Some(lines.len() + Untrusted::new(before).to_string().len());
                }
            }
            lines.push_str(&Untrusted::new(&whole).to_string());
            if line.ends_with('\n') {
                lines.push('\n');
            }
            at += line.len();
        }
        let [start, end] = place.map(|edge| edge.unwrap_or(lines.len()));
        Self {
            name: Untrusted::new(&error.source.name).to_string(),
            message: Untrusted::new(&error.problem.message).to_string(),
            help: error.problem.help.as_ref().map(|help| Untrusted::new(help).to_string()),
            above: text.get(..from).unwrap_or_default().matches('\n').count(),
            lines,
            place: start..end,
            severity: Severity::Error,
        }
    }

    /// Makes a warning of it.
    pub(super) fn into_warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }
}

impl fmt::Display for Snippet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Snippet {}

impl Diagnostic for Snippet {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<Severity> {
        Some(self.severity)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(LabeledSpan::underline((self.place.start, self.place.len())))))
    }
}

impl SourceCode for Snippet {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.lines.read_span(span, before, after)?;
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            contents.data(),
            *contents.span(),
            self.above + contents.line(),
            contents.column(),
            contents.line_count(),
        )))
    }
}
