//! What a replay has found out, kept while it goes on: one line of JSON for each stretch, appended at once and in a single
//! write. A replay that is killed loses the stretches that it was judging, and no other. What a file says counts for the same
//! pushes, the same policy and the same program; otherwise it is begun again.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::history::History;
use crate::files;
use crate::git::Digest;
use crate::model::{Exit, Failure, HashKind};
use crate::policy::Policy;
use crate::report::{Part, json_line};

/// The schema of the file. To be changed whenever the same pushes may be judged in another way.
const SCHEMA: &str = "refgate.replay-state/v1";

/// The first line.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    schema: String,
    key: String,
}

#[derive(Serialize, Deserialize)]
struct Line {
    stretch: usize,
    part: Part,
}

/// The file, open and locked.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    file: Mutex<File>,
    known: BTreeMap<usize, Part>,
}

impl State {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// It is something else, another replay is using it, or it cannot be read or written.
    pub(crate) fn open(path: &Path, history: &History, policy: &Policy) -> Result<Self, Failure> {
        let failure = |exit, cause: String| Failure::new(exit, format!("opening the state {}", path.display()), cause);
        let unusable = |error: io::Error| failure(Exit::Undecided, error.to_string());
        let Some(mut file) = files::open_locked(path).map_err(unusable)? else {
            return Err(failure(Exit::Usage, "another replay is using it".to_owned()));
        };
        let head = Head { schema: SCHEMA.to_owned(), key: key(history, policy).unwrap_or_default() };
        let mut known = BTreeMap::new();
        let mut lines = BufReader::new(&file).split(b'\n');
        let first = lines.next().transpose().map_err(unusable)?;
        let found: Option<Head> = first.as_ref().and_then(|line| serde_json::from_slice(line).ok());
        match (&first, &found) {
            (Some(_), Some(found)) if *found == head => {
                for line in lines {
                    // A line that was not written to its end is judged again.
                    if let Ok(Line { stretch, part }) = serde_json::from_slice(&line.map_err(unusable)?) {
                        known.insert(stretch, part);
                    }
                }
            }
            (Some(line), None) if !line.is_empty() => {
                let help = "name another file; refgate writes only into files that it has made for this";
                return Err(failure(Exit::Usage, "it is not the state of a replay".to_owned()).help(help));
            }
            _ => {
                drop(lines);
                files::empty(&file).and_then(|()| writeln!(file, "{}", json_line(&head))).map_err(unusable)?;
            }
        }
        file.seek(SeekFrom::End(0)).map_err(unusable)?;
        Ok(Self { path: path.to_owned(), file: Mutex::new(file), known })
    }

    /// Returns what is known of a stretch.
    pub(super) fn known(&self, stretch: usize) -> Option<Part> {
        self.known.get(&stretch).cloned()
    }

    /// Keeps what came of a stretch.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn keep(&self, stretch: usize, part: &Part) -> Result<(), Failure> {
        let line = json_line(&Line { stretch, part: part.clone() });
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // It begins on a line of its own, whatever the one before came to.
        file.write_all(format!("\n{line}\n").as_bytes()).map_err(|error| {
            Failure::new(Exit::Undecided, format!("writing the state {}", self.path.display()), error.to_string())
        })
    }
}

/// Returns what the verdicts depend on.
fn key(history: &History, policy: &Policy) -> Option<String> {
    let mut digest = Digest::new(HashKind::Sha256);
    let mut add = |bytes: &[u8]| {
        digest.update(&(bytes.len() as u64).to_le_bytes());
        digest.update(bytes);
    };
    add(env!("CARGO_PKG_VERSION").as_bytes());
    for layer in &policy.texts {
        add(layer.name.as_bytes());
        add(layer.text.as_bytes());
    }
    history.refs.iter().for_each(|name| add(name.full()));
    for event in &history.events {
        add(&event.time.to_le_bytes());
        add(event.name.to_string().as_bytes());
        add(event.old.as_bytes());
        add(event.new.as_bytes());
        add(&[u8::from(event.is_judged)]);
    }
    digest.finish().map(|id| id.to_string())
}
