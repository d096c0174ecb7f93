//! Programs that manage the hooks of a clone, one file each: how their scripts are recognised, and where refgate goes
//! next to them.
//!
//! A new one is one file and one line in [`MANAGERS`]; `tests/hosts/managers.sh` runs the real ones.

mod husky;
mod lefthook;
mod pre_commit;

use bstr::ByteSlice as _;
use std::path::{Path, PathBuf};

use crate::hosts::Hook;

pub(super) use husky::{runs_refgate, with_lines, without_lines};

/// A program that writes hooks.
#[derive(Debug)]
pub(super) struct Manager {
    /// What it is called.
    pub(super) name: &'static str,
    /// Recognises a hook that it made by the place and the text.
    pub(super) made: fn(&Path, &[u8]) -> bool,
    /// Where refgate goes next to it.
    pub(super) stand: Stand,
    /// What to know after installing refgate next to it.
    pub(super) note: &'static str,
}

/// Where refgate goes next to a manager.
#[derive(Debug)]
pub(super) enum Stand {
    /// Where the manager keeps the hook that was there before its own, and runs it first. This is the end of that
    /// file's name.
    Behind(&'static str),
    /// In the hook's place, with the manager's script after it. The manager renames what it finds in its place and does
    /// not run it. This is the end of the new name.
    InFront(&'static str),
    /// As lines in the script that the manager runs and the project writes.
    Lines(fn(&Path, Hook) -> Option<PathBuf>),
}

/// The known managers, in the order of their names.
pub(super) static MANAGERS: &[&Manager] = &[&husky::MANAGER, &lefthook::MANAGER, &pre_commit::MANAGER];

/// Returns the manager that made a hook.
pub(super) fn maker(place: &Path, text: &[u8]) -> Option<&'static Manager> {
    MANAGERS.iter().copied().find(|manager| (manager.made)(place, text))
}

/// Returns the names, next to a hook, under which managers put away what they find in its place.
pub(super) fn put_away(slot: &Path) -> Vec<PathBuf> {
    let ends = MANAGERS.iter().filter_map(|manager| match manager.stand {
        Stand::Behind(end) | Stand::InFront(end) => Some(end),
        Stand::Lines(_) => None,
    });
    ends.map(|end| with_end(slot, end)).collect()
}

/// Returns a path whose last name has something added.
pub(super) fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut text = path.as_os_str().to_owned();
    text.push(end);
    text.into()
}

fn mentions(text: &[u8], words: &[&str]) -> bool {
    words.iter().any(|word| text.contains_str(word))
}
