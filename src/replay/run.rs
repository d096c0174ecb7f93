//! The pushes of a history, judged on several threads.

use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::history::{Event, History};
use super::state::State;
use crate::gate::Gate;
use crate::git::{Environment, Repository, Trust};
use crate::model::{Actor, Exit, Failure, Push, RefUpdate, Stage};
use crate::policy::{LoadError, Policy};
use crate::project::{Moment, View};
use crate::report::{Part, Past, Replay};

/// On what terms pushes are judged.
#[derive(Debug)]
pub(crate) struct Terms {
    /// What git's own variables say.
    pub environment: Environment,
    /// The repository.
    pub directory: PathBuf,
    /// Its policy.
    pub policy: Policy,
    /// The day on which waivers have to be valid.
    pub today: Option<Date>,
}

/// As many events are judged in one stretch.
const STRETCH: usize = 256;

/// After as many stretches a thread forgets what it knows of the repository: what it remembers must not grow with the
/// history.
const FORGETS_AFTER: usize = 16;

/// Judges all events, `jobs` at a time. With a state, what it knows is not judged again, and each stretch is kept there at
/// once. `progress` gets the number of events that are done.
///
/// # Errors
/// The repository or the policy cannot be opened, an object is missing, or the state cannot be written.
pub(crate) fn replay(
    history: &History,
    terms: &Terms,
    state: Option<&State>,
    jobs: usize,
    progress: &(dyn Fn(usize) + Sync),
) -> Result<Replay, Failure> {
    let began = Instant::now();
    let stretches: Vec<Range<usize>> = (0..history.events.len())
        .step_by(STRETCH)
        .map(|start| start..(start + STRETCH).min(history.events.len()))
        .collect();
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let parts: Mutex<BTreeMap<usize, Part>> = Mutex::default();
    let failed: Mutex<Option<Failure>> = Mutex::default();
    let work = || {
        let mut worker = Worker { terms, history, gate: None, moment: Moment::default(), at: 0, used: 0 };
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(stretch) = stretches.get(at) else { return };
            let known = state.and_then(|state| state.known(at));
            let part = known.map_or_else(|| worker.judge(stretch.clone(), at, state), Ok);
            match part {
                Ok(part) => {
                    parts.lock().unwrap_or_else(PoisonError::into_inner).insert(at, part);
                }
                Err(failure) => {
                    failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(failure);
                    next.store(stretches.len(), Ordering::Relaxed);
                    return;
                }
            }
            progress(done.fetch_add(stretch.len(), Ordering::Relaxed) + stretch.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(stretches.len()) {
            scope.spawn(work);
        }
        work();
    });
    if let Some(failure) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        return Err(failure);
    }
    let parts = parts.into_inner().unwrap_or_else(PoisonError::into_inner);
    let id = open(terms, history, Moment::default())?.policy_id();
    let judged = || history.events.iter().filter(|event| event.is_judged);
    let span = judged().next().zip(judged().next_back());
    let span = span.map(|(first, last)| (day(first), day(last)));
    let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
    Ok(Replay::of(&id, parts.into_values(), span, history.unknown.clone(), milliseconds))
}

/// A thread's own view of the repository.
struct Worker<'h> {
    terms: &'h Terms,
    history: &'h History,
    gate: Option<Gate>,
    moment: Moment,
    /// The first event that has not happened at the moment.
    at: usize,
    /// How many stretches were judged with the gate.
    used: usize,
}

impl Worker<'_> {
    fn judge(&mut self, stretch: Range<usize>, place: usize, state: Option<&State>) -> Result<Part, Failure> {
        if self.used == FORGETS_AFTER {
            self.gate = None;
        }
        let (terms, moment) = (self.terms, self.moment.clone());
        if self.gate.is_none() {
            self.gate = Some(open(terms, self.history, moment)?);
            self.used = 0;
        }
        self.used += 1;
        let Some(gate) = &self.gate else { return Ok(Part::default()) };
        // What other threads judge happens here, too.
        for event in self.history.events.get(self.at..stretch.start).unwrap_or_default() {
            happen(&self.moment, self.history, event);
        }
        let mut part = Part::default();
        for event in self.history.events.get(stretch.clone()).unwrap_or_default() {
            let name = self.history.refs.get(event.name).filter(|_| event.is_judged);
            if let Some(name) = name {
                let update = RefUpdate { name: name.clone(), old: event.old, new: event.new, via: None };
                let updates = vec![update];
                let push = Push { stage: Stage::Ci, host: None, actor: Actor::Unknown, options: Vec::new(), updates };
                let outcome = gate.judge(&push, terms.today)?;
                let author = self.history.authors.get(event.author).map_or("", String::as_str);
                part.count(&Past { time: time(event.time), author, old: event.old, new: event.new }, &outcome);
            }
            happen(&self.moment, self.history, event);
        }
        self.at = stretch.end;
        if let Some(state) = state {
            state.keep(place, &part)?;
        }
        Ok(part)
    }
}

fn happen(moment: &Moment, history: &History, event: &Event) {
    if let Some(name) = history.refs.get(event.name) {
        moment.set(name, event.new);
    }
}

fn open(terms: &Terms, history: &History, moment: Moment) -> Result<Gate, Failure> {
    let opened = Repository::open(Some(&terms.directory), &terms.environment, Trust::Cli);
    let repository = opened.map_err(|error| Failure::from_error(Exit::Undecided, "opening the repository", &error))?;
    // One push after the other reads the next version of the same trees.
    let repository = repository.for_many_reads();
    if let Some(commits) = &history.commits {
        repository.use_history(commits);
    }
    Gate::under(repository, View::Moment(moment), terms.policy.clone()).map_err(|error| match error {
        LoadError::Unreadable(failure) => failure,
        LoadError::Invalid(errors) => Failure::new(Exit::Policy, "reading the policy", errors.to_string()),
    })
}

/// Returns a second as a report writes it.
fn time(seconds: i64) -> String {
    Timestamp::from_second(seconds).map_or_else(|_| String::new(), |time| time.to_string())
}

fn day(event: &Event) -> String {
    time(event.time).chars().take(10).collect()
}
