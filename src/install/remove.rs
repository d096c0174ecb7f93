//! Uninstalling: what was installed goes, what was there before comes back, everything else stays.

use super::shim::{Hook, Shim};
use super::site::{Site, shown};
use super::{Error, Plan, Step};

/// Works out what uninstalling takes. Changes nothing.
///
/// # Errors
/// A hooks directory that git cannot name.
pub fn plan_removal(site: &Site<'_>, hooks: &[Hook]) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let hooks = if hooks.is_empty() { &Hook::ALL } else { hooks };
    for hook in hooks {
        let place = site.slot(*hook)?;
        let kept = place.with_file_name(super::place::kept_name(*hook));
        let has_kept = kept.symlink_metadata().is_ok();
        // A link to one of our scripts is somebody else's doing, unless nothing else stands there.
        let ours = std::fs::read(&place).ok().and_then(|text| Shim::recognise(&text)).is_some();
        match (ours, has_kept) {
            (true, true) => plan.steps.push(Step::Restore { kept, hook: place }),
            (true, false) => plan.steps.push(Step::Remove(place)),
            (false, true) if place.symlink_metadata().is_err() => plan.steps.push(Step::Restore { kept, hook: place }),
            (false, true) => plan.warnings.push(format!(
                "{} is not refgate's; the hook that was there before refgate stays as {}",
                shown(&place),
                shown(&kept)
            )),
            (false, false) => {}
        }
    }
    let keys = ["refgate.policy", "refgate.identity", "refgate.log", "refgate.deadline"];
    let set: Vec<_> = keys.into_iter().filter(|key| site.repository.config(key).is_some()).collect();
    if !set.is_empty() {
        plan.warnings.push(format!(
            "{} stays configured; `git config --remove-section refgate` removes what this repository sets",
            set.join(", ")
        ));
    }
    Ok(plan)
}
