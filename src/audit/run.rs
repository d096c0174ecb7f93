//! All repositories of an audit, a few at a time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use super::places::Place;
use super::repository::{Terms, look_at};
use super::state::State;
use crate::model::Failure;
use crate::report::{Audit, Entry};

/// Called with how many repositories are done.
pub(crate) type Progress<'a> = &'a (dyn Fn(usize) + Sync);

/// Judges the repositories at all places, at most `jobs` at a time. What came out stands in the order of the places,
/// whichever was done first. With a state, what it knows is not judged again, and each result is kept there at once.
///
/// # Errors
/// A result could not be kept; what came out is complete nevertheless.
pub(crate) fn audit(
    places: &[Place],
    terms: &Terms,
    state: Option<&State>,
    jobs: usize,
    progress: Progress<'_>,
) -> (Audit, Result<(), Failure>) {
    let began = Instant::now();
    let (next, done, judged) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let entries: Mutex<Vec<Option<Entry>>> = Mutex::new(vec![None; places.len()]);
    let kept: Mutex<Result<(), Failure>> = Mutex::new(Ok(()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = places.get(at) else { return };
            let found = look_at(place, terms, state);
            judged.fetch_add(usize::from(found.is_new), Ordering::Relaxed);
            if let (Some(state), Some(record)) = (state, found.record)
                && let Err(failure) = state.keep(record)
            {
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                if kept.is_ok() {
                    *kept = Err(failure);
                }
            }
            if let Some(slot) = entries.lock().unwrap_or_else(PoisonError::into_inner).get_mut(at) {
                *slot = Some(found.entry);
            }
            progress(done.fetch_add(1, Ordering::Relaxed) + 1);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..jobs.min(places.len()) {
            scope.spawn(work);
        }
        work();
    });
    let mut kept = kept.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let (Some(state), Ok(())) = (state, &kept) {
        kept = state.finish();
    }
    let entries = entries.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter().flatten().collect();
    let milliseconds = began.elapsed().as_secs_f64() * 1000.0;
    (Audit { entries, judged: judged.into_inner(), milliseconds }, kept)
}
