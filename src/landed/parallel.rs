//! The same work for many commits, on all cores.
//!
//! This is done by hand and not with rayon for three reasons. A repository cannot be shared between threads: each keeps
//! a state of its own for as long as it works. Threads take neighbouring commits, which share trees. The first error,
//! or the deadline, ends the work of all threads between two chunks. With rayon the same would take as many lines, and
//! a pool that stays alive.

use std::num::NonZero;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

use super::Error;
use crate::git::Repository;

/// More threads than this only compete for memory.
const MAX_THREADS: usize = 8;

/// How many neighbouring commits a thread takes at once, at most: they share trees.
const CHUNK: usize = 64;

/// So many times does each thread come for more, where there is less to do: one commit takes a hundred times as long as
/// another, and the others wait for the last.
const TURNS: usize = 8;

/// Calls `work` with a state of its thread and each item, and gives the results in the order of the items. The first
/// error ends it, as does the deadline.
pub(super) fn map<'i, I: Sync, S, T: Send>(
    repository: &Repository,
    items: &'i [I],
    during: &'static str,
    start: impl Fn(Repository) -> S + Sync,
    work: impl Fn(&mut S, &'i I) -> Result<T, Error> + Sync,
) -> Result<Vec<T>, Error> {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    let chunk = CHUNK.min(items.len() / (TURNS * cores.max(1)) + 1);
    let threads = cores.min(MAX_THREADS).min(items.len().div_ceil(chunk).max(1));
    let (next, stop) = (AtomicUsize::new(0), AtomicBool::new(false));
    let (sender, receiver) = mpsc::channel();
    let until = repository.deadline();
    let in_time = || match until {
        Some(until) if Instant::now() >= until => Err(Error::Deadline { during }),
        _ => Ok(()),
    };
    let run = |repository: Repository, sender: mpsc::Sender<(usize, Result<Vec<T>, Error>)>| {
        let mut state = start(repository);
        while !stop.load(Ordering::Relaxed) {
            let at = next.fetch_add(chunk, Ordering::Relaxed);
            let Some(items) =
                items.get(at..items.len().min(at.saturating_add(chunk))).filter(|items| !items.is_empty())
            else {
                return;
            };
            let done = in_time().and_then(|()| items.iter().map(|item| work(&mut state, item)).collect());
            stop.fetch_or(done.is_err(), Ordering::Relaxed);
            if sender.send((at, done)).is_err() {
                return;
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            let (repository, sender, run) = (repository.clone(), sender.clone(), &run);
            scope.spawn(move || run(repository, sender));
        }
        run(repository.clone(), sender);
        let mut chunks: Vec<(usize, Vec<T>)> = Vec::new();
        for (at, done) in receiver {
            chunks.push((at, done?));
        }
        chunks.sort_by_key(|(at, _)| *at);
        Ok(chunks.into_iter().flat_map(|(_, done)| done).collect())
    })
}
