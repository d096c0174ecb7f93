//! The end of a run whose time is over.
//!
//! Everything that can take long checks the time itself and reports what it was doing. Not all of it is this program's
//! own code: a parser of a crate, a report that nobody reads, a file system that does not answer. This keeps the
//! program from waiting for those forever.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use crate::model::Exit;

/// The divisor of the time that is added for code that checks the time itself, to let it report that the time is over.
const GRACE: u32 = 20;

/// How long to wait for the last message to be read, which may never happen.
const LAST_WORD: Duration = Duration::from_millis(50);

const RUNNING: u8 = 0;
const DECIDED: u8 = 1;
const LATE: u8 = 2;

/// Ends the process when its time is over, unless a verdict has been reached.
pub(super) struct Watch(Arc<AtomicU8>);

impl Watch {
    /// Begins to watch. When it is too late, `record` is run first, and `word` is then shown to whoever waits.
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
            // If no thread can be started, the code that checks the time itself still does.
            let _unwatched = thread::Builder::new().spawn(watch);
        }
        Self(state)
    }

    /// Declares that the verdict has been reached. Does not return if it is too late for one: there must be a single
    /// verdict, and this is where the race for it is decided.
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

#[cfg(windows)]
fn unlocked(word: &str) -> std::io::Result<()> {
    use std::os::windows::io::AsHandle as _;
    std::fs::File::from(std::io::stderr().as_handle().try_clone_to_owned()?).write_all(word.as_bytes())
}

#[expect(
    clippy::exit,
    reason = "the rest of the program cannot be asked to end: that it does not is why this is called"
)]
fn end_process() -> ! {
    std::process::exit(i32::from(Exit::Undecided.code()))
}
