//! What an audit has found out, kept while it goes on.
//!
//! The file has one line of JSON for each repository that was judged, appended at once and in a single write: an audit
//! that is killed loses the repositories that it was looking at, and no other. A line that was not written to its end is
//! ignored. What a line says counts as long as the repository has the same refs and the same policy; where a question was
//! left open, only until the audit in which it was has come to its end, because another attempt may answer it.
//!
//! One audit uses a file at a time. When most of its lines are outdated, it is replaced as a whole.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bstr::ByteVec as _;

use crate::files;
use crate::gate::{Gate, Held};
use crate::git::Digest;
use crate::model::{Exit, Failure, HashKind, RefName, WAIVER_NOTES};
use crate::project::Snapshot;
use crate::report::{Entry, json_line};

/// The first line of the file. To be changed whenever the same repository may be judged in another way.
const HEAD: &str = "{\"schema\":\"refgate.audit-state/v1\"}\n";

/// What a verdict depends on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key {
    /// Which repository it is.
    path: String,
    /// Its branches, tags and waivers.
    refs: String,
    /// The policy with all its layers, and the program.
    policy: String,
}

/// What is kept of a repository.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(flatten)]
    key: Key,
    /// The last day of the first waiver that ends: the verdict may be another from the next day on.
    until: Option<String>,
    /// Whether no question was left open.
    complete: bool,
    entry: Entry,
}

impl Record {
    pub(super) fn new(key: Key, until: Option<String>, entry: Entry) -> Self {
        Self { key, until, complete: entry.is_complete(), entry }
    }

    /// Returns whether the waivers that it rests on still count.
    fn counts(&self, today: Option<Date>) -> bool {
        let until = self.until.as_ref().map(|until| until.parse::<Date>());
        until.is_none_or(|until| until.is_ok_and(|until| today.is_some_and(|today| today <= until)))
    }
}

/// What is known of a repository from before.
pub(super) struct Known(pub(super) Entry);

/// A line of the file.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Judged(Box<Record>),
    /// An audit came to its end.
    Finished {
        finished: bool,
    },
}

/// The file, open and locked.
#[derive(Debug)]
pub(crate) struct State {
    path: PathBuf,
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    /// The newest record of each repository.
    records: BTreeMap<String, Record>,
    /// How many lines the file has.
    lines: usize,
}

impl State {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// It is something else, another audit is using it, or it cannot be read or written.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let detail = format!("opening the state {}", path.display());
        let failure = |exit, cause: String| Failure::new(exit, detail.clone(), cause);
        let unreadable = |error: io::Error| failure(Exit::Undecided, error.to_string());
        let Some(mut file) = files::open_locked(path).map_err(unreadable)? else {
            return Err(failure(Exit::Usage, "another audit is using it".to_owned()));
        };
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(unreadable)?;
        let (lines, records) = if HEAD.as_bytes().starts_with(&text) {
            // It is new, or was left when not even its first line was written.
            files::empty(&file).and_then(|()| file.write_all(HEAD.as_bytes())).map_err(unreadable)?;
            (1, BTreeMap::new())
        } else if let Some(rest) = text.strip_prefix(HEAD.as_bytes()) {
            if !text.ends_with(b"\n") {
                file.write_all(b"\n").map_err(unreadable)?;
            }
            read(rest)
        } else {
            let help = "name another file; refgate writes only into files that it has made for this";
            return Err(failure(Exit::Usage, "it is not the state of an audit".to_owned()).help(help));
        };
        Ok(Self { path: path.to_owned(), inner: Mutex::new(Inner { file, records, lines }) })
    }

    /// Returns what is known of a repository, if that still counts.
    pub(super) fn known(&self, key: &Key, today: Option<Date>) -> Option<Known> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let record = inner.records.get(&key.path).filter(|record| record.key == *key && record.counts(today))?;
        Some(Known(record.entry.clone()))
    }

    /// Keeps a record.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn keep(&self, record: Record) -> Result<(), Failure> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let line = line(&Line::Judged(Box::new(record.clone())));
        inner.append(&line).map_err(|error| self.unwritten(&error))?;
        inner.records.insert(record.key.path.clone(), record);
        Ok(())
    }

    /// Notes that the audit has come to its end.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(&self) -> Result<(), Failure> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let end = line(&Line::Finished { finished: true });
        let written = if inner.lines > 2 * inner.records.len() + 2 {
            let records = inner.records.values().map(|record| line(&Line::Judged(Box::new(record.clone()))));
            let text: String = std::iter::once(HEAD.to_owned()).chain(records).chain([end]).collect();
            replace(&self.path, &inner.file, &text)
        } else {
            inner.append(&end)
        };
        written.map_err(|error| self.unwritten(&error))
    }

    fn unwritten(&self, error: &io::Error) -> Failure {
        Failure::new(Exit::Undecided, format!("writing the state {}", self.path.display()), error.to_string())
    }
}

impl Inner {
    fn append(&mut self, line: &str) -> io::Result<()> {
        self.file.write_all(line.as_bytes())?;
        self.lines += 1;
        Ok(())
    }
}

fn line(line: &Line) -> String {
    json_line(line) + "\n"
}

/// Reads the lines after the first: how many there are, and the newest record of each repository that counts.
fn read(text: &[u8]) -> (usize, BTreeMap<String, Record>) {
    let (mut count, mut records) = (1, BTreeMap::new());
    for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        count += 1;
        match serde_json::from_slice(line) {
            Ok(Line::Judged(record)) => {
                records.insert(record.key.path.clone(), *record);
            }
            Ok(Line::Finished { finished: true }) => records.retain(|_, record| record.complete),
            Ok(Line::Finished { finished: false }) | Err(_) => {}
        }
    }
    (count, records)
}

/// Writes a text next to a file and puts it into the file's place.
fn replace(path: &Path, mut file: &File, text: &str) -> io::Result<()> {
    // Windows replaces no file that is open, and to close this one would unlock it. Of an audit that is killed here, less is
    // known than there was.
    if cfg!(windows) {
        return files::empty(file).and_then(|()| file.write_all(text.as_bytes()));
    }
    let path = path.canonicalize()?;
    let folder = path.parent().ok_or(io::ErrorKind::NotFound)?;
    let mut next = tempfile::Builder::new().prefix(".refgate-audit-").tempfile_in(folder)?;
    next.write_all(text.as_bytes())?;
    fs::set_permissions(next.path(), file.metadata()?.permissions())?;
    next.persist(path)?;
    Ok(())
}

/// Returns what the verdict on a repository depends on.
///
/// # Errors
/// A ref that cannot be read.
pub(super) fn key(gate: &Gate, held: &Held, path: &Path, remote: &str) -> Result<Key, Failure> {
    let detail = "listing the branches and tags";
    let project = gate.project();
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let notes = Snapshot::now(project).tip(&RefName::new(WAIVER_NOTES));
    let notes = notes.map_err(|error| error.into_failure(detail, crate::model::Stage::Ci))?;
    let mut refs = Parts::new();
    refs.add(remote.as_bytes());
    for (name, id) in held.all() {
        refs.add(name.full()).add(id.as_bytes());
    }
    if let Some(notes) = notes {
        refs.add(WAIVER_NOTES.as_bytes()).add(notes.as_bytes());
    }
    let mut policy = Parts::new();
    policy.add(env!("CARGO_PKG_VERSION").as_bytes()).add(project.policy().source.to_string().as_bytes());
    for layer in &project.policy().texts {
        policy.add(layer.name.as_bytes()).add(layer.text.as_bytes());
    }
    let mut place = Parts::new();
    place.add(&Vec::from_path_lossy(&path));
    let digest =
        |parts: Parts| parts.digest().ok_or_else(|| Failure::new(Exit::Undecided, detail, "hashing them has failed"));
    Ok(Key { path: digest(place)?, refs: digest(refs)?, policy: digest(policy)? })
}

/// Parts that are hashed, each with its length.
struct Parts(Digest);

impl Parts {
    fn new() -> Self {
        Self(Digest::new(HashKind::Sha256))
    }

    fn add(&mut self, part: &[u8]) -> &mut Self {
        self.0.update(&(part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    fn digest(self) -> Option<String> {
        self.0.finish().map(|id| id.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn record(until: Option<&str>) -> Record {
        let key = Key { path: "p".into(), refs: "r".into(), policy: "q".into() };
        let entry = Entry::failed("p".into(), &Failure::new(Exit::Undecided, "reading", "it is not there"));
        Record::new(key, until.map(str::to_owned), entry)
    }

    #[test]
    fn a_verdict_that_rests_on_a_waiver_counts_as_long_as_the_waiver() {
        let counts = |until, today| record(until).counts(today);
        assert!(counts(None, None) && counts(None, Some(date(2026, 1, 1))));
        assert!(counts(Some("2026-06-30"), Some(date(2026, 6, 30))));
        assert!(!counts(Some("2026-06-30"), Some(date(2026, 7, 1))));
        assert!(!counts(Some("2026-06-30"), None) && !counts(Some("soon"), Some(date(2026, 1, 1))));
    }

    #[test]
    fn what_is_not_written_to_its_end_is_ignored_and_an_open_question_lasts_until_the_end() {
        let whole = line(&Line::Judged(Box::new(record(None))));
        let end = line(&Line::Finished { finished: true });
        let known = |text: String| read(text.as_bytes()).1.len();
        assert_eq!(known(whole.clone()), 1);
        assert_eq!(known(whole.get(..whole.len() / 2).unwrap().to_owned()), 0);
        assert_eq!(known(format!("{whole}{end}")), 0);
        assert_eq!(known(format!("{whole}{end}{whole}")), 1);
        let (_, records) = read(whole.as_bytes());
        assert_eq!(records.get("p"), Some(&record(None)));
    }

    #[test]
    fn outdated_lines_are_dropped_and_one_audit_uses_a_file_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let state = State::open(&path).unwrap();
        let busy = State::open(&path).unwrap_err();
        assert_eq!((busy.exit, busy.cause.as_str()), (Exit::Usage, "another audit is using it"));
        for _ in 0..10 {
            state.keep(record(None)).unwrap();
        }
        state.finish().unwrap();
        drop(state);
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(State::open(&path).unwrap().known(&record(None).key, None).is_none());
        fs::write(&path, HEAD.get(..9).unwrap()).unwrap();
        drop(State::open(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), HEAD);
        fs::write(&path, "precious\n").unwrap();
        assert_eq!(State::open(&path).unwrap_err().exit, Exit::Usage);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious\n");
    }
}
