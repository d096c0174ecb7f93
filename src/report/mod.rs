//! An outcome as text for people or for programs. Judges nothing, and asks neither git nor the policy: the exit
//! code is decided before this is asked, and an [`Outcome`] has all that a format shows.
//!
//! A format is one file in `formats/` and one line in [`FORMATS`]. What a command has to say is [`Reported`]: its text for
//! people and its JSON are its own, and every other format is written from its [`Sheet`].

mod audit;
mod colour;
mod formats;
mod items;
mod json;
mod replay;
mod sheet;
mod snippet;

use crate::gate::Outcome;
use crate::model::Stage;

pub(crate) use audit::{Audit, AuditFormat, Entry};
pub use colour::Colour;
pub(crate) use formats::audit::{AUDIT_FORMATS, audit_format};
pub(crate) use formats::html::page;
pub use formats::human::policy_errors;
pub(crate) use formats::human::{failure, policy_error_lines, policy_warnings};
pub(crate) use formats::json::log_line;
pub(crate) use formats::replay::ReplayReport;
pub(crate) use items::{Item, Items, Weight};
pub(crate) use json::{json, json_line};
pub(crate) use replay::{Part, Past, Replay, replay_differences};
pub(crate) use sheet::{Reported, Seen, SeenRow, Sheet};

/// A way of writing what a command found.
#[derive(Debug)]
pub(crate) struct Format {
    /// The word that `--format` takes.
    pub name: &'static str,
    /// One sentence for the help text. Of text for people and of JSON each command says more.
    pub help: &'static str,
    /// Whether people read it, where the command shows them something.
    pub is_for_people: bool,
    /// Writes it. Empty where there is nothing to say.
    pub render: fn(&dyn Reported, Colour) -> String,
    /// What a CI job gets besides.
    pub beside: &'static [Beside],
}

/// A file that a CI system names in a variable, and what is appended to it.
#[derive(Debug)]
pub(crate) struct Beside {
    /// The variable.
    pub variable: &'static str,
    /// Writes what is appended.
    pub render: fn(&dyn Reported) -> String,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stream {
    /// Text for people, where git shows it to whoever pushes.
    Error,
    /// Text for programs.
    Output,
}

/// The report on a push.
#[derive(Clone, Copy)]
pub(crate) struct Report<'a> {
    /// The result of judging.
    pub outcome: &'a Outcome,
    /// What took how long, in milliseconds.
    pub timings: &'a [(&'static str, f64)],
}

impl Reported for Report<'_> {
    fn sheet(&self) -> Sheet<'_> {
        Sheet::of(self.outcome)
    }

    fn text(&self, colour: Colour) -> String {
        formats::human::render(self, colour)
    }

    fn json(&self) -> String {
        formats::json::render(self)
    }

    fn stream(&self) -> Stream {
        Stream::Error
    }

    fn is_of_a_job(&self) -> bool {
        self.outcome.stage == Stage::Ci
    }
}

/// All formats, the default first.
pub(crate) static FORMATS: &[Format] = &[
    Format {
        name: "human",
        help: "Text for people",
        is_for_people: true,
        render: |reported, colour| reported.text(colour),
        beside: &[],
    },
    Format {
        name: "json",
        help: "JSON, on standard output",
        is_for_people: false,
        render: |reported, _| reported.json(),
        beside: &[],
    },
    formats::sarif::FORMAT,
    formats::github::FORMAT,
    formats::gitlab::FORMAT,
    formats::junit::FORMAT,
    formats::markdown::FORMAT,
    formats::html::FORMAT,
];

/// Returns the format of this name.
pub(crate) fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// What no format may do with what others wrote.
#[cfg(test)]
pub(crate) mod acting {
    use super::{Colour, FORMATS, Reported};
    use crate::model::hostile::acts;

    /// Returns the first format, or file of a job, with a line that would act on a terminal or a CI system, and that line.
    pub(crate) fn acting(reported: &dyn Reported) -> Option<(&'static str, String)> {
        FORMATS.iter().find_map(|format| {
            let text = (format.render)(reported, Colour(false));
            let text = if format.name == "github" { without_commands(&text) } else { text };
            let beside =
                || format.beside.iter().find_map(|file| Some((file.variable, acts(&(file.render)(reported))?)));
            acts(&text).map(|line| (format.name, line)).or_else(beside)
        })
    }

    /// Takes away the commands that annotate: one at the beginning of a line, and what it shows is decoded.
    fn without_commands(text: &str) -> String {
        let lines = text.lines().map(|line| {
            let words = ["error", "warning", "notice"];
            let rest =
                words.iter().find_map(|word| line.strip_prefix("::")?.strip_prefix(word)?.strip_prefix(" title="));
            let Some((properties, data)) = rest.and_then(|rest| rest.split_once("::")) else { return line.to_owned() };
            let decoded = |text: &str| text.replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
            format!("refgate: {}\nrefgate: {}", decoded(properties), decoded(&data.replace("%0A", "\nrefgate: ")))
        });
        lines.collect::<Vec<String>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::acting::acting;
    use super::*;
    use crate::gate::{JudgedUpdate, PolicyId};
    use crate::model::hostile::{self, acts};
    use crate::model::{
        Actor, Excerpt, Exit, Failure, Finding, HashKind, Level, ObjectId, RefName, Stage, Unevaluated, Verdict, Waived,
    };
    use crate::policy::{LoadError, Problem, Source, load};
    use proptest::prelude::*;

    /// Makes an outcome in which everything that others can have written is this text.
    fn outcome(bytes: &[u8], text: &str) -> Outcome {
        let (id, name) = (ObjectId::null(HashKind::Sha1), RefName::new(bytes));
        let own = || text.to_owned();
        let update = JudgedUpdate {
            name: name.clone(),
            via: Some(name.clone()),
            old: id,
            new: id,
            movement: None,
            rests_on_others: false,
            place: Some(own()),
        };
        let finding = Finding {
            rule: "misplaced-tag",
            level: Level::Refuse,
            meant: Some(Level::Refuse),
            update: Some(0),
            ref_name: Some(name.clone()),
            commit: Some(id),
            subject: Some(own()),
            path: Some(bytes.into()),
            line: Some(1),
            column: Some(1),
            excerpt: Some(Excerpt::new(bytes, &(1..bytes.len() / 2))),
            message: own(),
            detail: own(),
            help: Some(own()),
            command: Some(own()),
            evidence: Some(own()),
            waiver: Some(Waived { by: Some(own()), reason: own(), until: None }),
            policy_line: None,
        };
        let open = Unevaluated {
            rule: "misplaced-tag",
            level: Level::Refuse,
            ref_name: Some(name),
            detail: own(),
            cause: own(),
            help: Some(own()),
            elsewhere: false,
        };
        Outcome {
            verdict: Verdict::Refused,
            would: Some(Verdict::Refused),
            stage: Stage::Ci,
            host: Some(own()),
            actor: Actor::Known(bytes.into()),
            policy: PolicyId { name: own(), source: own(), id: own() },
            updates: vec![update],
            findings: vec![finding],
            unevaluated: vec![open],
        }
    }

    proptest! {
        #![proptest_config(hostile::cases())]
        #[test]
        fn no_report_acts(bytes in hostile::bytes(), text in hostile::text()) {
            let outcome = outcome(&bytes, &text);
            let report = Report { outcome: &outcome, timings: &[] };
            prop_assert_eq!(acting(&report), None);
            prop_assert_eq!(acts(&log_line(&report, "now")), None);
            let failure = Failure::new(Exit::Policy, text.clone(), text.clone()).help(text.clone());
            let entries = vec![Entry::judged(text.clone(), &outcome), Entry::failed(text, &failure)];
            let audit = Audit { entries, judged: 2, milliseconds: 0.0 };
            for format in AUDIT_FORMATS {
                prop_assert_eq!(acts(&(format.render)(&audit, true)), None);
            }
        }

        #[test]
        fn no_replay_acts(bytes in hostile::bytes(), text in hostile::text()) {
            let outcome = outcome(&bytes, &text);
            let id = ObjectId::null(HashKind::Sha1);
            // As the history has it: a name of somebody, escaped.
            let author = crate::model::Untrusted::new(&bytes).to_string();
            let past = Past { time: "2026-11-21T10:00:00Z".to_owned(), author: &author, old: id, new: id };
            let mut part = Part::default();
            part.count(&past, &outcome);
            let days = Some(("2026-11-21".to_owned(), "2026-11-22".to_owned()));
            let replay = Replay::of(&outcome.policy, [part], days, Vec::new(), 0.0);
            prop_assert_eq!(acting(&ReplayReport { replay: &replay, lists_findings: true }), None);
        }

        #[test]
        fn no_failure_acts(detail in hostile::text(), cause in hostile::text(), help in hostile::text()) {
            let shown = failure(&Failure::new(Exit::Usage, detail, cause).help(help), Colour(false));
            prop_assert_eq!(acts(&shown), None);
        }

        #[test]
        fn no_policy_acts_where_its_errors_are_shown(text in hostile::text(), word in hostile::text(), wide in 0usize..20) {
            let quoted = |text: &str| serde_json::to_string(text).unwrap();
            let (key, value) = (quoted(&word), quoted(&text));
            let policy = format!("schema = 1\n{key} = 1\nname = {value}\nextends = [{value}]\n[[line]]\nrole = {key}\n{text}\n");
            let read = load(Source::File(format!("{word}.toml").into()), &|_| Ok(policy.clone().into_bytes()));
            let Err(LoadError::Invalid(mut errors)) = read else { return Ok(()) };
            if let Some(first) = errors.0.first_mut() {
                let long = format!("{} {word}", "word ".repeat(wide));
                first.problem = Problem::new(wide..wide + text.len(), long.clone()).help(long);
            }
            prop_assert_eq!(acts(&policy_errors(&errors, Colour(false))), None);
            prop_assert_eq!(acts(&policy_error_lines(&errors)), None);
        }
    }

    #[test]
    fn a_policy_error_is_drawn_at_its_place() {
        let policy = "schema = 1\n# \u{1b}[2J\n\tname = 1 # \u{9b}\n\n[[line]]\nx = 1\n";
        let read = load(Source::File("p.toml".into()), &|_| Ok(policy.as_bytes().to_vec()));
        let Err(LoadError::Invalid(errors)) = read else { panic!("it is invalid") };
        let drawn = policy_errors(&errors, Colour(false));
        assert!(drawn.contains("[p.toml:3:9]"), "{drawn}");
        assert!(drawn.contains(" 2 │ # \\u{1b}[2J\n 3 │  name = 1 # \\u{9b}\n   ·         ─\n"), "{drawn}");
    }
}
