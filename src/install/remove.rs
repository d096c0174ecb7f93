//! Uninstalling: what was installed goes, what was there before comes back, everything else stays.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::files::{script, shown};
use super::managers::{maker, put_away, without_lines};
use super::shim::{Shim, kept_name};
use super::site::Site;
use super::{Error, Plan, Step};
use crate::hosts::Hook;

/// Works out what uninstalling takes. Changes nothing.
///
/// # Errors
/// A hooks directory that git cannot name.
pub(crate) fn plan_removal(site: &Site<'_>, hooks: &[Hook]) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let hooks = if hooks.is_empty() { &Hook::ALL } else { hooks };
    for hook in hooks {
        let seat = site.seat(*hook)?;
        if seat.is_lines {
            remove_lines(&seat.place, &mut plan);
        }
        remove_scripts(*hook, &seat.slot, &mut plan);
        // A manager that set `core.hooksPath` later has left our hook where git does not look.
        let usual = site.repository.common_dir().join("hooks").join(hook.name());
        if usual != seat.slot && !same(&usual, &seat.slot) && site.host_place(*hook).is_none() {
            remove_scripts(*hook, &usual, &mut plan);
        }
    }
    let keys = ["refgate.policy", "refgate.identity", "refgate.log", "refgate.deadline", "refgate.observe"];
    let set: Vec<_> = keys.into_iter().filter(|key| site.repository.config(key).is_some()).collect();
    if !set.is_empty() {
        plan.warnings.push(format!(
            "{} stays configured; `git config --remove-section refgate` removes what this repository sets",
            set.join(", ")
        ));
    }
    Ok(plan)
}

fn same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?));
    real(one).is_some_and(|one| Some(one) == real(other))
}

fn remove_lines(place: &Path, plan: &mut Plan) {
    let Some(text) = script(place).and_then(|text| without_lines(&text)) else { return };
    plan.steps.push(if text.is_empty() {
        Step::Remove(place.to_owned())
    } else {
        let mode = place.metadata().map_or(0o644, |found| found.permissions().mode() & 0o7777);
        Step::Write { hook: place.to_owned(), text, mode }
    });
}

/// Takes our scripts from a hook's place, and from where managers put them away.
fn remove_scripts(hook: Hook, slot: &Path, plan: &mut Plan) {
    let kept = slot.with_file_name(kept_name(hook));
    let mut has_kept = kept.symlink_metadata().is_ok();
    let manager = script(slot).and_then(|text| maker(slot, &text));
    let is_older =
        |kept: &Path| manager.is_some_and(|manager| script(kept).is_some_and(|text| (manager.made)(slot, &text)));
    let places: Vec<PathBuf> = std::iter::once(slot.to_owned()).chain(put_away(slot)).collect();
    let mut found = false;
    for place in places {
        // A link to one of our scripts was made by somebody else, unless there is nothing else.
        if script(&place).and_then(|text| Shim::recognise(&text)).is_none() {
            continue;
        }
        found = true;
        if has_kept && !is_older(&kept) {
            plan.steps.push(Step::Restore { kept: kept.clone(), hook: place });
            has_kept = false;
        } else {
            plan.steps.push(Step::Remove(place));
        }
    }
    if !has_kept {
        return;
    }
    if is_older(&kept) {
        // The manager has written a newer script.
        plan.steps.push(Step::Remove(kept));
    } else if !found && slot.symlink_metadata().is_err() {
        plan.steps.push(Step::Restore { kept, hook: slot.to_owned() });
    } else {
        plan.warnings.push(format!(
            "{} is not refgate's; the hook that was there before refgate stays as {}",
            shown(slot),
            shown(&kept)
        ));
    }
}
