//! Floor 5: an outcome as text or JSON. Judges nothing: the exit code is decided before this is asked.

mod human;
mod json;

use crate::facts::Facts;
use crate::gate::Outcome;
use crate::policy::Policy;

pub use human::{failure, policy_errors};

/// How an outcome is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Human,
    /// `refgate.report/v1`.
    Json,
}

/// Whether text for people is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub bool);

/// Everything a rendering shows.
pub struct Report<'a> {
    /// The push and its place in the policy.
    pub facts: &'a Facts<'a>,
    /// The policy.
    pub policy: &'a Policy,
    /// The blob id of the policy's own text, as `git hash-object` prints it.
    pub policy_id: String,
    /// What judging came to.
    pub outcome: &'a Outcome,
    /// What took how long, in milliseconds.
    pub timings: Vec<(&'static str, f64)>,
}

impl Report<'_> {
    /// The report as one line of JSON with the time it was made, for a log.
    pub fn log_line(&self, time: &str) -> String {
        json::log_line(self, time)
    }

    /// The whole report. Empty for people when there is nothing to say: an accepted push is silent.
    pub fn render(&self, format: Format, colour: Colour) -> String {
        match format {
            Format::Human => human::render(self, colour),
            Format::Json => json::render(self),
        }
    }
}
