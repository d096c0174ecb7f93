//! What a draft would have refused: the pushes of the last year, and all tags.

use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Draft;
use crate::gate::Gate;
use crate::git::{Environment, Repository};
use crate::model::{Exit, Failure, Namespace, Stage, counted};
use crate::policy::{self, LoadError, Policy, Source};
use crate::project::{FactError, View};
use crate::replay::{Event, History, Limits, Selection, Terms, history, replay};
use crate::report::Replay;

/// A day, in seconds, and a year.
const DAY: i64 = 24 * 60 * 60;
const YEAR: i64 = 366 * DAY;

/// As many pushes of the last year are judged, the newest.
const MAX_PUSHES: usize = 1 << 14;

/// As many tags of earlier years are judged, the newest.
const MAX_TAGS: usize = 2000;

/// How long pushes of the last year are judged, how long those and tags of earlier years, and how long a single one. What
/// there is no time for is left out, and said to be.
const YEAR_TAKES: Duration = Duration::from_secs(45);
const ALL_TAKES: Duration = Duration::from_secs(60);
const PUSH_TAKES: Duration = Duration::from_secs(10);

/// As many of the newest tags show that a rule does not fit, however old they are.
const NEWEST: usize = 5;

/// As many refs are named of what a rule would have refused.
const NAMED: usize = 3;

/// What a rule would have refused.
#[derive(Clone, Debug, Default)]
pub(super) struct Refused {
    /// How many pushes of the last year: two to one ref may have been made in one second.
    pub pushes: usize,
    /// When they were made, and to what.
    pub now: BTreeSet<(String, String)>,
    /// Tags of earlier years.
    pub before: BTreeSet<(String, String)>,
    /// Whether one of the newest tags is among them.
    pub is_recent: bool,
}

/// What came of trying a draft.
#[derive(Debug, Default)]
pub(crate) struct Trial {
    /// By rule.
    pub(super) rules: BTreeMap<String, Refused>,
    /// The first and the last day of the pushes that were judged, tags of earlier years aside.
    pub(super) span: Option<(String, String)>,
    /// The first day from which on every push was judged.
    pub(super) since: Option<String>,
    /// How many pushes of the last year were judged, and how many of them would not have been accepted.
    pushes: usize,
    refused: usize,
    /// Those that would not have been accepted: day, ref, rule, and what was said.
    declined: Vec<[String; 4]>,
    /// What is not known of the past, a sentence each.
    unknown: Vec<String>,
}

/// Where a draft is tried.
pub(crate) struct Ground<'a> {
    /// What git's own variables say.
    pub environment: Environment,
    /// The repository.
    pub directory: &'a Path,
    /// The day on which waivers have to be valid.
    pub today: Option<jiff::civil::Date>,
    /// Gets what is being done.
    pub progress: &'a (dyn Fn(&str) + Sync),
}

impl Draft {
    /// Tries the draft over the past of the repository that it was learnt from.
    ///
    /// # Errors
    /// The draft is not a policy, which is a fault of this program; or history that cannot be read.
    pub(crate) fn try_out(&self, repository: Repository, view: View, ground: &Ground<'_>) -> Result<Trial, Failure> {
        let policy = self.policy()?;
        if let Some(commits) = &self.commits {
            repository.use_history(commits);
        }
        let gate = Gate::under(repository, view, policy.clone()).map_err(invalid)?;
        let failed = |error: FactError| error.into_failure("reading the history of the branches and tags", Stage::Ci);
        let mut history = history(&gate, &Selection::default()).map_err(failed)?;
        drop(gate);
        let unknown = history.unknown.iter().chain(&self.unread).cloned().collect();
        let mut trial = Trial { unknown, ..Trial::default() };
        let began = Instant::now();
        let mut terms = Terms {
            environment: ground.environment.clone(),
            directory: ground.directory.to_owned(),
            policy,
            today: ground.today,
            limits: Some(Limits::new(began + YEAR_TAKES, PUSH_TAKES)),
        };
        let newest = history.events.iter().map(|event| event.time).max().unwrap_or_default();
        let start = history.events.partition_point(|event| event.time < newest - YEAR);
        let mut year: BTreeSet<usize> = (start..history.events.len()).rev().take(MAX_PUSHES).collect();
        let replayed = judged(&mut history, &year, &terms, ground, "pushes of the last year")?;
        let all = history.events.len() - start;
        trial.take(&replayed);
        year.retain(|at| !is_late(&terms, *at));
        trial.say_judged(year.len(), all, "pushes of the last year");
        let first = year.first().copied().unwrap_or(history.events.len());
        trial.span = history.events.get(first).zip(history.events.last()).map(|(first, last)| (day(first), day(last)));
        trial.since = since(&history, start, &year);
        let newest: BTreeSet<String> =
            (0..history.events.len()).rev().filter_map(|at| tag_at(&history, at)).take(NEWEST).collect();
        let tags =
            || (0..history.events.len()).rev().filter(|at| tag_at(&history, *at).is_some() && !year.contains(at));
        let all = tags().count();
        let mut tags: BTreeSet<usize> = tags().take(MAX_TAGS).collect();
        terms.limits = Some(Limits::new(began + ALL_TAKES, PUSH_TAKES));
        let replayed = judged(&mut history, &tags, &terms, ground, "tags of earlier years")?;
        tags.retain(|at| !is_late(&terms, *at));
        trial.say_judged(tags.len(), all, "tags of earlier years");
        trial.take_tags(&replayed, &newest);
        trial.declined.sort();
        Ok(trial)
    }

    /// Reads the draft as a policy.
    fn policy(&self) -> Result<Policy, Failure> {
        let text = self.text(None);
        policy::load(Source::File("the proposal".into()), &|_| Ok(text.clone().into_bytes())).map_err(invalid)
    }
}

fn invalid(error: LoadError) -> Failure {
    let cause = match error {
        LoadError::Unreadable(failure) => return failure,
        LoadError::Invalid(errors) => errors.to_string(),
    };
    Failure::new(Exit::Internal, "reading the proposed policy", cause)
}

/// Returns the tag that is made at a place of history, as reports write it; `None` where a branch is pushed.
fn tag_at(history: &History, at: usize) -> Option<String> {
    let name = history.refs.get(history.events.get(at)?.name)?;
    (name.namespace() == Namespace::Tag).then(|| name.to_string())
}

/// Returns whether there was no time for an event.
fn is_late(terms: &Terms, at: usize) -> bool {
    terms.limits.as_ref().is_some_and(|limits| limits.is_late(at))
}

/// Judges these events and no others.
fn judged(
    history: &mut History,
    places: &BTreeSet<usize>,
    terms: &Terms,
    ground: &Ground<'_>,
    what: &str,
) -> Result<Replay, Failure> {
    for (at, event) in history.events.iter_mut().enumerate() {
        event.is_judged = places.contains(&at);
    }
    let all = history.events.len();
    let progress = |done: usize| (ground.progress)(&format!("{what}: {done} of {all}"));
    let jobs = std::thread::available_parallelism().map_or(1, NonZero::get);
    replay(history, terms, None, jobs, &progress)
}

/// Returns the first day from which on every push of the last year was judged: that of the first one, or the day after the
/// last that was not. The places of those that were are `judged`.
fn since(history: &History, start: usize, judged: &BTreeSet<usize>) -> Option<String> {
    let is_judged = |at: &usize| judged.contains(at);
    match (start..history.events.len()).rev().find(|at| !is_judged(at)) {
        Some(late) => history.events.get(late).map(|event| day_of(event.time.saturating_add(DAY))),
        None => history.events.get(start).map(day),
    }
}

fn day(event: &Event) -> String {
    day_of(event.time)
}

fn day_of(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string().chars().take(10).collect())
}

impl Trial {
    /// Says of how many there was no judgement.
    fn say_judged(&mut self, judged: usize, all: usize, what: &str) {
        if judged < all {
            self.unknown
                .push(format!("{judged} of {all} {what} were judged: the others were too many or took too long"));
        }
    }

    fn take(&mut self, replayed: &Replay) {
        self.pushes += replayed.pushes();
        self.refused += replayed.declined().count();
        if replayed.left_out() > 0 {
            self.unknown
                .push(format!("{} more pushes of which something was found are not listed", replayed.left_out()));
        }
        for declined in replayed.declined() {
            let day = declined.time.get(..10).unwrap_or_default();
            for rule in declined.reasons.iter().map(|(rule, _)| *rule).collect::<BTreeSet<_>>() {
                let refused = self.rules.entry(rule.to_owned()).or_default();
                refused.now.insert((declined.time.to_owned(), declined.name.to_owned()));
                refused.pushes += 1;
            }
            for (rule, said) in &declined.reasons {
                self.declined.push([day, declined.name, rule, said].map(str::to_owned));
            }
        }
    }

    /// Returns what is not known of the past, a sentence each.
    pub(super) fn unknown(&self) -> &[String] {
        &self.unknown
    }

    /// Adds what came of tags that are not of the pushes that were judged.
    fn take_tags(&mut self, replayed: &Replay, newest: &BTreeSet<String>) {
        let first = self.span.as_ref().map(|(first, _)| first.clone());
        for declined in replayed.declined() {
            // A tag that there was no time for among the pushes of its year can be one of that year.
            let is_now = first.as_ref().is_some_and(|first| declined.time >= first.as_str());
            for (rule, _) in &declined.reasons {
                let refused = self.rules.entry((*rule).to_owned()).or_default();
                let known = if is_now { &mut refused.now } else { &mut refused.before };
                let is_new = known.insert((declined.time.to_owned(), declined.name.to_owned()));
                refused.pushes += usize::from(is_now && is_new);
                refused.is_recent |= newest.contains(declined.name);
            }
        }
    }

    /// Says what the draft would have refused if each of its rules had refused.
    pub(crate) fn summary(&self) -> String {
        let mut text = String::new();
        if let Some((first, last)) = &self.span {
            text.push_str(&format!(
                "{first} to {last}: with every rule at its own level {} of {} pushes would have been refused\n",
                self.refused, self.pushes
            ));
        }
        for (rule, refused) in self.rules.iter().filter(|(_, refused)| refused.is_lowered()) {
            let count = match refused.pushes {
                0 => "newest tags".to_owned(),
                count => counted(count, "push", "pushes"),
            };
            text.push_str(&format!("  {rule:<21} {count:<12} starts at warn\n"));
        }
        let mut shown = BTreeSet::new();
        for [day, name, rule, said] in &self.declined {
            if shown.insert((day, name, rule)) {
                text.push_str(&format!("{day} {name}: {rule}: {said}\n"));
            }
        }
        for sentence in &self.unknown {
            text.push_str(&format!("note: {sentence}\n"));
        }
        text
    }
}

impl Refused {
    /// Returns whether the rule starts below its own level.
    pub(super) fn is_lowered(&self) -> bool {
        self.is_recent || !self.now.is_empty()
    }

    /// Names the newest refs, for a comment.
    pub(super) fn named(refs: &BTreeSet<(String, String)>) -> String {
        let mut names: Vec<&str> = Vec::new();
        for (_, name) in refs.iter().rev() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let shown: Vec<String> = names.iter().take(NAMED).map(|name| format!("`{name}`")).collect();
        match names.len() {
            count if count > NAMED => format!("{} and {} more refs", shown.join(", "), count - NAMED),
            _ => shown.join(", "),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HashKind, ObjectId};

    #[test]
    fn a_rule_starts_on_the_day_after_the_last_push_that_was_not_judged() {
        let null = ObjectId::null(HashKind::Sha1);
        // Two pushes a day, from the first of 1970 on.
        let event = |at: i64| Event { time: at * DAY / 2, name: 0, old: null, new: null, author: 0, is_judged: true };
        let history = History { events: (0..10).map(event).collect(), ..History::default() };
        let since = |judged: &[usize]| since(&history, 2, &judged.iter().copied().collect());
        assert_eq!(since(&[2, 3, 4, 5, 6, 7, 8, 9]).as_deref(), Some("1970-01-02"));
        assert_eq!(since(&[5, 6, 7, 8, 9]).as_deref(), Some("1970-01-04"), "half of the day before was judged");
        assert_eq!(since(&[2, 3, 4, 5, 6, 8, 9]).as_deref(), Some("1970-01-05"), "one in between was not");
        assert_eq!(since(&[]).as_deref(), Some("1970-01-06"));
    }
}
