//! How long questions about a repository may take.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::Error;
use crate::model::work;

/// The clock is read once in this many steps. A step is one commit of a walk that is in memory, some nanoseconds.
const STEPS_PER_CLOCK: u32 = 128;

/// What reading an object costs, in steps, and how many bytes of it cost another step.
const STEPS_PER_OBJECT: u32 = 16;
const BYTES_PER_STEP: u64 = 4096;

/// There is no deadline.
const NEVER: u64 = u64::MAX;

/// What is left for the questions about a repository. All clones share one deadline: threads that work on one push end
/// together.
pub(super) struct Budget {
    shared: Arc<Shared>,
    /// Steps since the clock was last asked.
    steps: Cell<u32>,
}

struct Shared {
    /// What the deadline is counted from: an [`Instant`] itself cannot be shared without a lock.
    start: Instant,
    /// In nanoseconds after the start, or [`NEVER`].
    deadline: AtomicU64,
}

impl Clone for Budget {
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.shared))
    }
}

impl Budget {
    /// Makes a budget without a deadline.
    pub(super) fn unlimited() -> Self {
        Self::of(Arc::new(Shared { start: Instant::now(), deadline: AtomicU64::new(NEVER) }))
    }

    fn of(shared: Arc<Shared>) -> Self {
        // The first step reads the clock: many short answers in a row end too.
        Self { shared, steps: Cell::new(STEPS_PER_CLOCK) }
    }

    /// Sets the deadline of this one and of all that share it.
    pub(super) fn set_deadline(&self, deadline: Option<Instant>) {
        let nanos = deadline.map_or(NEVER, |deadline| {
            let after = deadline.saturating_duration_since(self.shared.start).as_nanos();
            u64::try_from(after).unwrap_or(NEVER)
        });
        self.shared.deadline.store(nanos, Ordering::Relaxed);
        self.steps.set(STEPS_PER_CLOCK);
    }

    /// Returns the deadline, if there is one.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.shared.deadline.load(Ordering::Relaxed) {
            NEVER => None,
            nanos => self.shared.start.checked_add(Duration::from_nanos(nanos)),
        }
    }

    /// Returns how much time is left; `None` without a deadline.
    pub(super) fn left(&self) -> Option<Duration> {
        self.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Asks the clock.
    ///
    /// # Errors
    /// [`Error::Deadline`] if it has passed.
    pub(super) fn check(&self) -> Result<(), Error> {
        work::count(1);
        if self.left() == Some(Duration::ZERO) { Err(Error::Deadline) } else { Ok(()) }
    }

    /// Counts a step of a loop, and now and then asks the clock.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn step(&self) -> Result<(), Error> {
        self.spend(1)
    }

    /// Counts the reading of an object of this many bytes.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub(super) fn read(&self, bytes: u64) -> Result<(), Error> {
        self.spend(STEPS_PER_OBJECT.saturating_add(u32::try_from(bytes / BYTES_PER_STEP).unwrap_or(u32::MAX)))
    }

    fn spend(&self, steps: u32) -> Result<(), Error> {
        work::count(steps);
        let spent = self.steps.get().saturating_add(steps);
        if spent <= STEPS_PER_CLOCK {
            self.steps.set(spent);
            return Ok(());
        }
        self.check()?;
        self.steps.set(0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::{FORMATS, Scratch};
    use crate::git::{Repository, TreeDiff};
    use crate::model::ObjectId;

    #[test]
    fn a_deadline_holds_for_all_that_share_it_and_can_be_taken_back() {
        let budget = Budget::unlimited();
        let before = budget.clone();
        assert!(budget.check().is_ok() && budget.left().is_none());
        budget.set_deadline(Some(Instant::now()));
        let after = budget.clone();
        for budget in [&budget, &before, &after] {
            assert!(matches!(budget.check(), Err(Error::Deadline)));
        }
        assert!(matches!(after.step(), Err(Error::Deadline)), "the first step asks the clock");
        budget.set_deadline(None);
        assert!(before.check().is_ok() && after.step().is_ok());
    }

    #[test]
    fn the_clock_is_asked_now_and_then_and_never_again_once_time_is_up() {
        let budget = Budget::unlimited();
        budget.step().unwrap();
        let other = budget.clone();
        other.set_deadline(Some(Instant::now()));
        let steps = (0..).take_while(|_| budget.step().is_ok()).count();
        assert_eq!(steps, STEPS_PER_CLOCK as usize);
        assert!(budget.step().is_err() && budget.read(0).is_err(), "it stays over");
    }

    #[test]
    fn large_objects_cost_more() {
        let budget = Budget::unlimited();
        budget.step().unwrap();
        budget.clone().set_deadline(Some(Instant::now()));
        assert!(budget.read(0).is_ok());
        assert!(budget.read(BYTES_PER_STEP * u64::from(STEPS_PER_CLOCK)).is_err());
    }

    type Question = (&'static str, fn(&Repository, &Ids) -> Result<(), Error>);

    struct Ids {
        main: ObjectId,
        base: ObjectId,
        side: ObjectId,
        blob: ObjectId,
    }

    /// Everything whose time grows with the repository.
    const QUESTIONS: &[Question] = &[
        ("is_ancestor", |repository, ids| repository.is_ancestor(ids.base, ids.main).map(drop)),
        ("merge_base", |repository, ids| repository.merge_base(ids.side, ids.main).map(drop)),
        ("commits", |repository, ids| repository.commits(&[ids.main], &[ids.side], 99).map(drop)),
        ("fresh", |repository, ids| repository.fresh(&[ids.main], &[ids.side], 99).map(drop)),
        ("parents", |repository, ids| repository.parents(ids.main).map(drop)),
        ("ancestors", |repository, ids| repository.ancestors(ids.main)?.contains(ids.base).map(drop)),
        ("complete", |repository, ids| repository.ancestors(ids.main)?.complete()),
        ("containing", |repository, ids| repository.containing(&[ids.main], &[ids.base]).map(drop)),
        ("commit", |repository, ids| repository.commit(ids.main).map(drop)),
        ("kind", |repository, ids| repository.kind(ids.main).map(drop)),
        ("peel", |repository, ids| repository.peel(ids.main).map(drop)),
        ("blob", |repository, ids| repository.blob(ids.blob, 99).map(drop)),
        ("many reads", |repository, ids| repository.for_many_reads().blob(ids.blob, 99).map(drop)),
        ("tree_entry", |repository, ids| repository.tree_entry(ids.main, "a".into()).map(drop)),
        ("diff_trees", |repository, ids| repository.diff_trees(None, Some(ids.main)).map(drop)),
        ("changes_of", |repository, ids| TreeDiff::new(repository).changes_of(Some(ids.main), ids.side).map(drop)),
        ("references", |repository, _| repository.references("refs/heads/").map(drop)),
        ("abbreviated", |repository, ids| repository.abbreviated(&ids.main.to_string().as_bytes()[..9]).map(drop)),
        ("rev_parse", |repository, _| repository.rev_parse("main~1").map(drop)),
        ("notes_about", |repository, ids| repository.notes_about(ids.main, ids.side).map(drop)),
        ("git", |repository, _| repository.git(&["version"]).run().map(drop)),
        ("check_deadline", |repository, _| repository.check_deadline()),
    ];

    #[test]
    fn whatever_can_take_long_ends_when_the_time_is_up_with_any_history_and_in_every_clone() {
        for format in FORMATS {
            let scratch = Scratch::new(&format);
            scratch.line("main", None, &["a", "b"]);
            scratch.line("side", Some("main~1"), &["c"]);
            let ids = Ids {
                main: scratch.id("main"),
                base: scratch.id("main~1"),
                side: scratch.id("side"),
                blob: scratch.id("main:a"),
            };
            for packed in [false, true] {
                if packed {
                    scratch.git(&["repack", "-q", "-a", "-d"]);
                    scratch.git(&["pack-refs", "--all"]);
                    scratch.git(&["commit-graph", "write", "--reachable"]);
                }
                for (name, ask) in QUESTIONS {
                    let repository = scratch.open();
                    let clone = repository.clone();
                    repository.set_deadline(Some(Instant::now()));
                    for repository in [&repository, &clone, &repository.clone()] {
                        let result = ask(repository, &ids);
                        assert!(matches!(&result, Err(Error::Deadline)), "{name}, packed: {packed}: {result:?}");
                    }
                    repository.set_deadline(None);
                    let result = ask(&clone, &ids);
                    assert!(!matches!(&result, Err(Error::Deadline)), "{name} with time: {result:?}");
                }
            }
        }
    }

    #[test]
    fn a_walk_that_is_under_way_ends_too() {
        let scratch = Scratch::new(&[]);
        let files: Vec<String> = (0..600).map(|at| format!("f{at}")).collect();
        scratch.line("main", None, &files.iter().map(String::as_str).collect::<Vec<_>>());
        let repository = scratch.open();
        let mut below = repository.ancestors(scratch.id("main")).unwrap();
        assert!(below.contains(scratch.id("main~1")).unwrap());
        repository.clone().set_deadline(Some(Instant::now()));
        assert!(matches!(below.complete(), Err(Error::Deadline)));
    }
}
