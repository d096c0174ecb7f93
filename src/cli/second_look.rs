//! The second look: an update that pre-receive let through because of other refs of its push is judged again when git
//! moves the ref (`githooks(5)`, "reference-transaction").
//!
//! git applies a push ref by ref unless the client says `--atomic`, and leaves out what it cannot apply: another hook
//! declines it, a setting of `receive.*` does, or somebody else was faster. pre-receive cannot know that. Therefore it
//! leaves a promise for each update that is right only together with others, an empty file named after the update. The
//! hook looks for promises about the refs that are about to move; with one, it judges these refs by what the repository
//! holds then, and a refusal ends their transaction. Every other movement of a ref in the repository only costs one
//! look into a directory.

use bstr::{BString, ByteSlice as _};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use super::context::Context;
use super::judge::{Case, judge};
use super::output::JudgeFlags;
use crate::gate::Outcome;
use crate::git::{Digest, Installed, Repository, Trust};
use crate::landed::make_directory;
use crate::model::{Exit, Failure, ObjectId, RefName, Stage};
use crate::project::View;
use crate::push;

/// The hook.
pub(super) const HOOK: &str = "reference-transaction";

/// The state in which the refs are locked and nothing has moved: the last in which a hook can decline.
const PREPARED: &[u8] = b"prepared";

/// The state in which the refs have moved: what was promised about them is over.
const COMMITTED: &[u8] = b"committed";

/// Where promises are, in the directory of the repository.
const FOLDER: &str = "refgate/promised";

/// A push that has not moved its refs after this time never will.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// Leaves a promise for each update of an accepted push that rests on others.
///
/// # Errors
/// It cannot be written, and there would be no second look.
pub(super) fn promise(repository: &Repository, outcome: &Outcome) -> Result<(), Failure> {
    let mut resting = outcome.updates.iter().filter(|update| update.rests_on_others).peekable();
    if resting.peek().is_none() || repository.installed(HOOK) != Installed::Refgate {
        return Ok(());
    }
    let folder = repository.common_dir().join(FOLDER);
    let failure = |error: io::Error| {
        let detail = format!("writing what is looked at again to {}", folder.display());
        Failure::new(Exit::Undecided, detail, error.to_string())
    };
    for update in resting {
        if let Some(name) = file_name(&update.name, update.old, update.new) {
            write(repository.common_dir(), &folder, &name).map_err(failure)?;
        }
    }
    forget_old(&folder);
    Ok(())
}

/// Writes one promise. Another push may remove the folder at any time, when it is empty.
fn write(home: &Path, folder: &Path, name: &str) -> io::Result<()> {
    const ATTEMPTS: usize = 100;
    let once = || {
        for directory in folder.parent().into_iter().chain([folder]) {
            make_directory(home, directory)?;
        }
        fs::File::create(folder.join(name)).map(drop)
    };
    let is_gone =
        |written: &io::Result<()>| written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::NotFound);
    let mut written = once();
    for _ in 0..ATTEMPTS {
        if !is_gone(&written) {
            break;
        }
        written = once();
    }
    written
}

/// Judges the refs that are about to move again, if anything was promised about one of them.
///
/// # Errors
/// As judging a push.
pub(super) fn run(context: &Context, flags: &JudgeFlags, words: &[BString], began: Instant) -> Result<Exit, Failure> {
    // Always read to the end: otherwise git may not be able to write all of it.
    let input = context.standard_input()?;
    let state = words.first().map_or(&b""[..], |word| word.as_slice());
    if ![PREPARED, COMMITTED].contains(&state) {
        return Ok(Exit::Accepted);
    }
    let repository = flags.project.repository(context, Trust::Hook)?;
    let folder = repository.common_dir().join(FOLDER);
    if fs::read_dir(&folder).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(Exit::Accepted);
    }
    let updates = push::reference_transaction(&input, repository.hash_kind());
    let names = updates.iter().filter_map(|update| file_name(&update.name, update.old, update.new));
    let promises: Vec<PathBuf> = names.map(|name| folder.join(name)).filter(|path| path.exists()).collect();
    if promises.is_empty() {
        return Ok(Exit::Accepted);
    }
    // Not before: another push of the same update may be waiting for the same promise.
    if state == COMMITTED {
        for promise in &promises {
            let _gone = fs::remove_file(promise);
        }
        // Only when it is empty; the hook's script does not even start refgate then.
        let _gone = fs::remove_dir(&folder);
        return Ok(Exit::Accepted);
    }
    let case = Case { repository, stage: Stage::Update, updates, view: View::Own, fallbacks: Vec::new(), began };
    let judged = judge(context, flags, case);
    if !matches!(judged, Ok(Exit::Accepted)) {
        context.complain(
            "refgate: it was pushed together with refs that have not moved (so far): push those first, and this one when \
             they are there, or all at once with `git push --atomic`\n",
        );
    }
    judged
}

/// Returns the name of the file for an update; `None` should hashing it detect a collision attack.
fn file_name(name: &RefName, old: ObjectId, new: ObjectId) -> Option<String> {
    let mut digest = Digest::new(new.kind());
    for part in [old.as_bytes(), new.as_bytes(), name.full().as_bytes()] {
        digest.update(part);
    }
    digest.finish().map(|id| id.to_string())
}

fn forget_old(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        #[expect(clippy::disallowed_methods, reason = "how old a file is, no verdict depends on")]
        let is_old = modified.is_ok_and(|time| SystemTime::now().duration_since(time).is_ok_and(|age| age > KEPT));
        if is_old {
            let _gone = fs::remove_file(entry.path());
        }
    }
}
