//! `[landed]`: how it is seen that a change is on another line.

use schemars::{JsonSchema, Schema};
use serde::Deserialize;
use std::borrow::Cow;

use super::form::{Once, Table};
use crate::model::{Untrusted, did_you_mean};
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::text::{Located, Meaning, Text};

/// No form is longer.
const MAX_LENGTH: usize = 200;

/// More forms than this are a mistake: every line of every message is compared with each.
const MAX_FORMS: usize = 64;

/// What stands for the original in a form.
const PLACEHOLDERS: [(&str, Original); 2] = [("commit", Original::Commit), ("pull-request", Original::PullRequest)];

/// What a form names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Original {
    /// A commit, by its id.
    Commit,
    /// A pull request, by its number.
    PullRequest,
}

/// A form in which messages name the original of a change, next to the built-in ones. It counts at the beginning of a line
/// below the subject, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamingForm {
    /// As it was written, runs of blanks made one.
    pub text: String,
    /// The text before the placeholder.
    pub before: String,
    /// What the placeholder stands for.
    pub original: Original,
    /// The text behind it.
    pub after: String,
}

/// Why a text is not a form.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
enum FormError {
    #[error("it has more than {MAX_LENGTH} bytes")]
    TooLong,
    #[error("it has a control character, and no line of a message would match")]
    Control,
    #[error("it has no placeholder")]
    NoOriginal,
    #[error("it has more than one placeholder")]
    Several,
    #[error("`{{` without a closing `}}`")]
    Unclosed,
    #[error("`{{{found}}}` is not a placeholder{}", did_you_mean(found, PLACEHOLDERS.map(|(name, _)| name)))]
    Unknown { found: String },
    #[error("it has no letter next to its placeholder: it would be found where nothing is named")]
    NoText,
    #[error("what follows its placeholder begins with a letter or digit, which could be part of the original")]
    RunsOn,
}

impl FormError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::TooLong => "write how the line begins, up to the original",
            Self::Control => "write one line of plain text",
            Self::NoOriginal | Self::Unclosed | Self::Unknown { .. } => {
                "write `{commit}` or `{pull-request}` where the original is named"
            }
            Self::Several => "write one form for each",
            Self::NoText => "write how the line begins, such as `Ported-From: {commit}`",
            Self::RunsOn => "put a blank or another mark behind the placeholder",
        }
    }
}

impl NamingForm {
    fn parse(text: &str) -> Result<Self, FormError> {
        if text.len() > MAX_LENGTH {
            return Err(FormError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(FormError::Control);
        }
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let (before, rest) = text.split_once('{').ok_or(FormError::NoOriginal)?;
        let (name, after) = rest.split_once('}').ok_or(FormError::Unclosed)?;
        let known = PLACEHOLDERS.into_iter().find(|(known, _)| *known == name);
        let (_, original) = known.ok_or_else(|| FormError::Unknown { found: name.to_owned() })?;
        if after.contains('{') {
            return Err(FormError::Several);
        }
        if !before.chars().chain(after.chars()).any(char::is_alphabetic) {
            return Err(FormError::NoText);
        }
        if after.starts_with(char::is_alphanumeric) {
            return Err(FormError::RunsOn);
        }
        Ok(Self { before: before.to_owned(), original, after: after.to_owned(), text })
    }
}

/// How it is seen that a change is on another line.
///
/// ```toml
/// [landed]
/// named-by = ["Ported-From: {commit}"]
/// ```
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawLanded {
    /// Forms in which messages name the original of a change, next to the built-in ones: plain text with one `{commit}` or
    /// `{pull-request}`. A form counts at the beginning of a line below the subject, without regard to case.
    #[schemars(example = ["Ported-From: {commit}", "Upstream-Pull: #{pull-request}"])]
    #[schemars(extend("x-rules" = ["unlanded-fix", "discarded-change", "unverified-pick", "unrepaired-pick"], "x-also" = "`refgate landed`, `refgate where`"))]
    named_by: Vec<Located<Text<NamingForm>>>,
}

impl Meaning for NamingForm {
    const NAME: &'static str = "NamingForm";
    const TITLE: &'static str = "form of a line";
    fn description() -> Cow<'static, str> {
        format!("Plain text of at most {MAX_LENGTH} bytes with one `{{commit}}` or `{{pull-request}}`.").into()
    }
    fn limit(schema: &mut Schema) {
        let names: Vec<&str> = PLACEHOLDERS.iter().map(|(name, _)| *name).collect();
        schema.insert("pattern".to_owned(), format!(r"\{{({})\}}", names.join("|")).into());
        schema.insert("maxLength".to_owned(), MAX_LENGTH.into());
    }
}

/// The table `[landed]`.
#[derive(Debug)]
pub(crate) enum Landed {}

impl Table for Landed {
    const KEY: &'static str = "landed";
    type Written = Once<RawLanded>;
    type Resolved = Vec<NamingForm>;

    /// What a message names is believed only as far as the content agrees: a further form weakens nothing.
    fn resolve(layers: &[&Once<RawLanded>], cx: &mut Cx<'_>) -> Vec<NamingForm> {
        let mut forms: Vec<NamingForm> = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            for text in layer.0.iter().flat_map(|(raw, _)| &raw.named_by) {
                match NamingForm::parse(text.text()) {
                    Ok(form) if forms.contains(&form) => {}
                    Ok(_) if forms.len() >= MAX_FORMS => {
                        let message = format!("a policy has at most {MAX_FORMS} forms in `named-by`, layers included");
                        cx.report(Problem::new(text.span(), message).help("leave out those that nobody writes"));
                        return forms;
                    }
                    Ok(form) => forms.push(form),
                    Err(error) => {
                        let shown: String = text.text().chars().take(60).collect();
                        let message = format!("the form `{}`: {error}", Untrusted::new(&shown));
                        cx.report(Problem::new(text.span(), message).help(error.remedy()));
                    }
                }
            }
        }
        forms
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_form_is_text_around_a_placeholder() {
        let form = NamingForm::parse(" (ported   from\u{a0}{commit} )").unwrap();
        assert_eq!(
            (form.before.as_str(), form.original, form.after.as_str()),
            ("(ported from ", Original::Commit, " )")
        );
        assert_eq!(form.text, "(ported from {commit} )");
        let pull = NamingForm::parse("Upstream-Pull: #{pull-request}").unwrap();
        assert_eq!((pull.before.as_str(), pull.original), ("Upstream-Pull: #", Original::PullRequest));
    }

    #[test]
    fn what_could_match_anything_or_nothing_is_no_form() {
        for (text, error) in [
            ("", FormError::NoOriginal),
            ("Ported-From:", FormError::NoOriginal),
            ("{commit}", FormError::NoText),
            ("#{pull-request}:", FormError::NoText),
            ("Port: {commit} {commit}", FormError::Several),
            ("Port: {commit} of {pull-request}", FormError::Several),
            ("Port: {commit", FormError::Unclosed),
            ("Port: {comit}", FormError::Unknown { found: "comit".to_owned() }),
            ("Port: {}", FormError::Unknown { found: String::new() }),
            ("Port: {commit}th", FormError::RunsOn),
            ("Port:\n{commit}", FormError::Control),
        ] {
            assert_eq!(NamingForm::parse(text), Err(error), "{text:?}");
        }
        assert_eq!(NamingForm::parse(&format!("{}{{commit}}", "x".repeat(192))).map(|form| form.before.len()), Ok(192));
        assert_eq!(NamingForm::parse(&format!("{}{{commit}}", "x".repeat(193))), Err(FormError::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), near in "[a-z{}: -]{0,12}\\{(commit|pull-request)\\}?[a-z{} ]{0,4}") {
            for text in [text, near] {
                if let Ok(form) = NamingForm::parse(&text) {
                    prop_assert_eq!(NamingForm::parse(&form.text), Ok(form));
                }
            }
        }
    }
}
