//! The pushes of a history, judged on several threads.

use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::history::{Event, History};
use super::state::State;
use crate::gate::{Gate, Outcome};
use crate::git::{Environment, Repository, Trust};
use crate::model::{Exit, Failure, Push, RefUpdate, Stage};
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
    /// How long it may take. Without limits, all pushes are judged.
    pub limits: Option<Limits>,
}

/// How long pushes are judged. With limits, the newest stretch is the first one.
#[derive(Debug)]
pub(crate) struct Limits {
    /// When judging ends.
    until: Instant,
    /// As long as one push may take.
    each: Duration,
    /// The places of the events that there was no time for.
    late: Mutex<BTreeSet<usize>>,
}

impl Limits {
    pub(crate) fn new(until: Instant, each: Duration) -> Self {
        Self { until, each, late: Mutex::default() }
    }

    /// Returns whether there was no time for the event at a place.
    pub(crate) fn is_late(&self, place: usize) -> bool {
        self.late.lock().unwrap_or_else(PoisonError::into_inner).contains(&place)
    }

    /// Judges a push within the limits; `None` where the time was not enough, whatever came out until then.
    fn judge(&self, gate: &Gate, push: &Push, today: Option<Date>, place: usize) -> Result<Option<Outcome>, Failure> {
        let repository = gate.project().repository();
        let each = Instant::now().checked_add(self.each).map_or(self.until, |end| end.min(self.until));
        repository.set_deadline(Some(each));
        let judged = gate.project().in_time().is_ok().then(|| gate.judge(push, today));
        let is_in_time = gate.project().in_time().is_ok();
        repository.set_deadline(None);
        if let Some(outcome) = judged.filter(|_| is_in_time) {
            return outcome.map(Some);
        }
        self.late.lock().unwrap_or_else(PoisonError::into_inner).insert(place);
        Ok(None)
    }
}

/// As many events are judged in one stretch.
const STRETCH: usize = 256;

/// After as many stretches a thread forgets what it knows of the repository: what it remembers must not grow with the
/// history.
const FORGETS_AFTER: usize = 16;

/// Judges all events, `jobs` at a time, or those that the limits leave time for. With a state, what it knows is not judged
/// again, and each stretch is kept there at once. `progress` gets the number of events that are done.
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
            let turn = next.fetch_add(1, Ordering::Relaxed);
            let at = if terms.limits.is_some() { stretches.len().wrapping_sub(turn + 1) } else { turn };
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
        let events = self.history.events.get(stretch.clone()).unwrap_or_default();
        if self.terms.limits.is_some() && !events.iter().any(|event| event.is_judged) {
            return Ok(Part::default());
        }
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
        if stretch.start < self.at {
            self.moment.begin_again();
            self.at = 0;
        }
        // What other threads judge happens here, too.
        for event in self.history.events.get(self.at..stretch.start).unwrap_or_default() {
            happen(&self.moment, self.history, event);
        }
        let mut part = Part::default();
        for (at, event) in stretch.clone().zip(events) {
            let name = self.history.refs.get(event.name).filter(|_| event.is_judged);
            if let Some(name) = name {
                let update = RefUpdate { name: name.clone(), old: event.old, new: event.new, via: None };
                let push = Push::anonymous(Stage::Ci, vec![update]);
                let outcome = match &terms.limits {
                    Some(limits) => limits.judge(gate, &push, terms.today, at)?,
                    None => Some(gate.judge(&push, terms.today)?),
                };
                let author = self.history.authors.get(event.author).map_or("", String::as_str);
                let past = Past { time: time(event.time), author, old: event.old, new: event.new };
                outcome.iter().for_each(|outcome| part.count(&past, outcome));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{Scratch, environment};
    use crate::replay::{Selection, history};

    /// Returns how many pushes are judged, and how many there was no time for.
    fn judged(limits: Option<(Duration, Duration)>) -> [usize; 2] {
        let scratch = Scratch::new(&[]);
        scratch.line("main", None, &["a", "b", "c"]);
        let text = "schema = 1\nname = \"p\"\n[[line]]\nname = \"main\"\nbranch = \"main\"\nrole = \"mainline\"\n";
        let read = |_: &crate::policy::Source| Ok(text.as_bytes().to_vec());
        let policy = crate::policy::load(crate::policy::Source::File("p".into()), &read).unwrap();
        let gate = Gate::under(scratch.open(), View::Own, policy.clone()).unwrap();
        let history = history(&gate, &Selection::default()).unwrap();
        let terms = Terms {
            environment: environment(&scratch.path, &[]),
            directory: scratch.path.clone(),
            policy,
            today: None,
            limits: limits.map(|(all, each)| Limits::new(Instant::now() + all, each)),
        };
        let replayed = replay(&history, &terms, None, 2, &|_| {}).unwrap();
        let late = |at: &usize| terms.limits.as_ref().is_some_and(|limits| limits.is_late(*at));
        [replayed.pushes(), (0..history.events.len()).filter(late).count()]
    }

    #[test]
    fn what_there_is_no_time_for_is_not_judged() {
        let (none, long) = (Duration::ZERO, Duration::from_secs(600));
        assert_eq!(judged(None), [3, 0]);
        assert_eq!(judged(Some((long, long))), [3, 0]);
        assert_eq!(judged(Some((none, long))), [0, 3]);
        assert_eq!(judged(Some((long, none))), [0, 3]);
    }
}
