//! The end of a run whose time is over.
//!
//! Whatever can take long asks for the time itself and says what it was about. Not all of it is this program's own: a
//! parser of a crate, a report that nobody reads, a file system that does not answer. None of them is waited for without
//! end.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::model::Exit;

/// What asks for the time itself gets this part of it more, to say so.
const GRACE: u32 = 20;

/// As long is a last word waited for that nobody may read.
const LAST_WORD: Duration = Duration::from_millis(50);

const RUNNING: u8 = 0;
const DECIDED: u8 = 1;
const LATE: u8 = 2;

/// Ends the process when its time is over, unless a verdict has been reached.
pub(super) struct Watch(Arc<AtomicU8>);

impl Watch {
    /// Begins to watch. `record` is what is done first when it is too late, `word` what is then said to whoever waits.
    pub(super) fn start(
        began: Instant,
        deadline: Option<Instant>,
        record: impl FnOnce() + Send + 'static,
        word: String,
    ) -> Self {
        let state = Arc::new(AtomicU8::new(RUNNING));
        if let Some(deadline) = deadline {
            let end = deadline + deadline.saturating_duration_since(began) / GRACE;
            let own = Arc::clone(&state);
            let watch = move || {
                thread::sleep(end.saturating_duration_since(Instant::now()));
                if own.compare_exchange(RUNNING, LATE, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
                    record();
                    say(word);
                    end_process();
                }
            };
            // Without a thread to spare, everything that asks for the time still does.
            let _unwatched = thread::Builder::new().spawn(watch);
        }
        Self(state)
    }

    /// Says that the verdict is there. Does not return where it is too late for one: there is one verdict, and this is
    /// where it is found out which.
    pub(super) fn decided(&self) {
        let before = self.0.compare_exchange(RUNNING, DECIDED, Ordering::SeqCst, Ordering::SeqCst);
        while before == Err(LATE) {
            thread::park();
        }
    }
}

/// Writes to standard error without the lock that whoever is stuck may hold, and without waiting for a reader.
fn say(word: String) {
    let (sender, said) = mpsc::channel();
    let _unsaid = thread::Builder::new().spawn(move || {
        let _closed = unlocked(&word);
        let _ended = sender.send(());
    });
    let _in_time = said.recv_timeout(LAST_WORD);
}

#[cfg(unix)]
fn unlocked(word: &str) -> std::io::Result<()> {
    use std::os::fd::AsFd as _;
    std::fs::File::from(std::io::stderr().as_fd().try_clone_to_owned()?).write_all(word.as_bytes())
}

#[cfg(not(unix))]
fn unlocked(word: &str) -> std::io::Result<()> {
    std::io::stderr().write_all(word.as_bytes())
}

#[expect(
    clippy::exit,
    reason = "the rest of the program cannot be asked to end: that it does not is why this is called"
)]
fn end_process() -> ! {
    std::process::exit(i32::from(Exit::Undecided.code()))
}
