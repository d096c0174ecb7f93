//! The second look: an update that pre-receive let through because of other refs of its push is judged again when git
//! moves the ref (`githooks(5)`, "reference-transaction").
//!
//! git applies a push ref by ref unless the client says `--atomic`, and leaves out what it cannot apply: another hook
//! declines it, a setting of `receive.*` does, or somebody else was faster. pre-receive cannot know that. Therefore it
//! leaves a promise for each update that is right only together with others, an empty file named after the update. The
//! hook looks for promises about the refs that are about to move; with one, it judges these refs by what the repository
//! holds then, and a refusal ends their transaction. Every other movement of a ref in the repository only costs one
//! look into a directory.

use bstr::BString;
use std::time::Instant;

use super::context::Context;
use super::judge::{Case, judge};
use super::output::JudgeFlags;
use super::promises::Promises;
use crate::git::Trust;
use crate::model::{Exit, Failure, Stage};
use crate::project::View;
use crate::push;

/// The state in which the refs are locked and nothing has moved: the last in which a hook can decline.
const PREPARED: &[u8] = b"prepared";

/// The state in which the refs have moved: what was promised about them is over.
const COMMITTED: &[u8] = b"committed";

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
    let updates = push::reference_transaction(&input, repository.hash_kind());
    let promises = Promises::of(&repository);
    let promised = promises.about(&updates);
    // Removed when the refs have moved and not before: another push of the same update may wait for the same promise.
    if state == COMMITTED && !promised.is_empty() {
        promises.remove(&promised);
    }
    if state == COMMITTED || promised.is_empty() {
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
