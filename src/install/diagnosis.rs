//! What was found out about a repository's hooks, line by line.

use std::fmt;

use crate::model::Untrusted;

/// One line of a diagnosis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// Something that was found out.
    Fact(&'static str, String),
    /// Something that is as it should be.
    Good(String),
    /// Something to know.
    Note(String),
    /// Something that may be wrong, and only people know whether it is.
    Warning {
        /// What is unusual, and its consequence.
        text: String,
        /// What would change it.
        mend: String,
    },
    /// Something that is wrong.
    Problem {
        /// What is wrong, and its consequence.
        text: String,
        /// The command or the change that puts it right.
        mend: String,
    },
}

impl Line {
    pub(super) fn problem(text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self::Problem { text: text.into(), mend: mend.into() }
    }

    /// Returns the line as advice, where it is advice.
    pub(super) fn advice(&self) -> Option<String> {
        match self {
            Self::Note(text) => Some(text.clone()),
            Self::Problem { text, mend } | Self::Warning { text, mend } => Some(format!("{text}; fix it with: {mend}")),
            Self::Fact(..) | Self::Good(_) => None,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fact(label, text) => write!(f, "{label:<12} {}", Untrusted::new(text)),
            Self::Good(text) => write!(f, "{:<12} {}", "ok", Untrusted::new(text)),
            Self::Note(text) => write!(f, "{:<12} {}", "note", Untrusted::new(text)),
            Self::Warning { text, mend } => {
                let (text, mend) = (Untrusted::new(text), Untrusted::new(mend));
                write!(f, "{:<12} {text}\n{:<12} hint: {mend}", "warning", "")
            }
            Self::Problem { text, mend } => {
                let (text, mend) = (Untrusted::new(text), Untrusted::new(mend));
                write!(f, "{:<12} {text}\n{:<12} hint: {mend}", "problem", "")
            }
        }
    }
}

/// Everything found.
#[derive(Debug)]
pub(crate) struct Diagnosis {
    /// In the order of finding.
    pub lines: Vec<Line>,
}

impl Diagnosis {
    /// Returns how many problems there are.
    pub(crate) fn problems(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Line::Problem { .. })).count()
    }

    /// Returns how many warnings there are.
    pub(crate) fn warnings(&self) -> usize {
        self.lines.iter().filter(|line| matches!(line, Line::Warning { .. })).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hostile::{self, acts};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_acts(text in hostile::text(), mend in hostile::text()) {
            let lines = [Line::Fact("host", text.clone()), Line::Good(text.clone()), Line::Note(text.clone()), Line::Warning { text: text.clone(), mend: mend.clone() }, Line::problem(text, mend)];
            for line in lines {
                prop_assert_eq!(acts(&line.to_string()), None);
            }
        }
    }
}
