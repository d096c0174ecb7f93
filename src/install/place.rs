//! Works out the steps of installing.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::examine::surroundings;
use super::files::{script, shown};
use super::managers::{self, Manager, Stand, maker};
use super::shim::{Shim, kept_name};
use super::site::{Seat, Site};
use super::{Error, Line, Plan, Step};
use crate::gate::{OBSERVE, observes};
use crate::hosts::{self, Hook};
use crate::policy::Source;

/// What is wanted.
#[derive(Debug)]
pub(crate) struct Request {
    /// The hooks; the place's own defaults when empty.
    pub hooks: Vec<Hook>,
    /// The program that the hooks run, absolute.
    pub program: PathBuf,
    /// `refgate.policy`, where it is to be set. A file is absolute.
    pub policy: Option<Source>,
    /// `refgate.identity`, where it is to be set.
    pub identity: Option<crate::push::Identity>,
    /// `refgate.log`, where it is to be set; absolute.
    pub log: Option<PathBuf>,
    /// Whether everything is to be let through, and only recorded.
    pub observe: bool,
}

/// Works out what installing takes. Changes nothing.
///
/// # Errors
/// A place that belongs to somebody else, or that cannot be read.
pub(crate) fn plan(site: &Site<'_>, request: &Request) -> Result<Plan, Error> {
    site.check_git()?;
    // The configuration first: a hook without a policy refuses every push.
    let mut plan = Plan { steps: settings(site, request)?, warnings: Vec::new() };
    let hooks = if request.hooks.is_empty() { site.default_hooks() } else { request.hooks.clone() };
    for hook in hooks {
        let before = plan.steps.len();
        match plan_hook(site, request, hook, &mut plan) {
            // The user did not name this hook, and every push is judged without it.
            Err(error @ Error::Taken { .. }) if request.hooks.is_empty() && !hook.judges() => {
                plan.steps.truncate(before);
                plan.warnings.push(format!("{} is not installed: {error}", hook.name()));
            }
            planned => planned?,
        }
    }
    plan.warnings.extend(surroundings(site)?.iter().filter_map(Line::advice));
    if request.policy.is_none() && matches!(site.policy_source(), Ok(None)) {
        plan.warnings.push(
            "no policy is configured, so every push will be refused until `git config refgate.policy FILE` names one"
                .to_owned(),
        );
    }
    if request.observe || observes(site.repository) {
        plan.warnings.push(format!(
            "nothing is refused, and every report says what would have been: `git --git-dir={} config --unset {OBSERVE}` \
             ends that",
            shown(site.repository.git_dir())
        ));
    }
    Ok(plan)
}

fn settings(site: &Site<'_>, request: &Request) -> Result<Vec<Step>, Error> {
    let policy = match &request.policy {
        // The hook reads a source as text, and this path is not valid text.
        Some(Source::File(path)) if path.to_str().is_none() => {
            let text =
                format!("the path of the policy {} is not UTF-8 and cannot stand in refgate.policy", shown(path));
            return Err(Error::Value(text));
        }
        Some(Source::File(path)) => Some(path.clone().into_os_string()),
        Some(other) => Some(other.to_string().into()),
        None => None,
    };
    let settings: [(&'static str, Option<OsString>); 4] = [
        ("refgate.policy", policy),
        ("refgate.identity", request.identity.as_ref().map(|identity| identity.to_string().into())),
        ("refgate.log", request.log.as_ref().map(|log| log.clone().into_os_string())),
        (OBSERVE, request.observe.then(|| "true".into())),
    ];
    let git_dir = site.repository.git_dir();
    let settings = settings.into_iter().filter_map(|(key, value)| Some((key, value?)));
    let settings = settings
        .filter(|(key, value)| site.repository.config(key).is_none_or(|found| found != value.as_encoded_bytes()));
    Ok(settings.map(|(key, value)| Step::Configure { git_dir: git_dir.to_owned(), key, value }).collect())
}

fn plan_hook(site: &Site<'_>, request: &Request, hook: Hook, plan: &mut Plan) -> Result<(), Error> {
    let seat = site.seat(hook)?;
    let target = std::fs::read_link(&seat.slot).ok();
    if let Some(refusal) = hosts::refusal(site.host, hook, target.as_deref()) {
        return Err(Error::Taken { path: seat.slot, reason: refusal.reason, help: refusal.help });
    }
    own_directory(site, hook, &seat, plan)?;
    if let Some(manager) = seat.manager {
        plan.warnings.push(format!("{} is {}'s: {}", shown(&seat.slot), manager.name, manager.note));
    }
    if seat.is_lines { plan_lines(hook, &seat, plan) } else { plan_script(request, hook, seat, plan) }
}

/// Refuses directories that are not this repository's alone, and makes the one that is missing.
fn own_directory(site: &Site<'_>, hook: Hook, seat: &Seat, plan: &mut Plan) -> Result<(), Error> {
    let folder = seat.slot.parent().unwrap_or(Path::new("/")).to_owned();
    let taken = |reason, help| Err(Error::Taken { path: folder.clone(), reason, help });
    if site.host_place(hook).is_none() {
        let own = format!("give this repository hooks of its own: `{}`, then install again", site.own_hooks_command());
        match site.hooks_path()? {
            Some(path) if path.is_empty => {
                return taken("is where git looks for hooks: core.hooksPath is set to nothing", own);
            }
            Some(path) if path.is_shared() => {
                let reason = "holds the hooks of every repository of this account (core.hooksPath), and refgate would \
                              judge, or refuse, pushes to all of them";
                return taken(reason, own);
            }
            Some(_) | None => {}
        }
        let warning = format!(
            "{} is outside of this repository: pushes to every repository that uses it are judged, and refused where no \
             policy is configured",
            shown(&folder)
        );
        if leads_out(site, &folder) && !plan.warnings.contains(&warning) {
            plan.warnings.push(warning);
        }
    }
    if !folder.is_dir() {
        if folder.symlink_metadata().is_ok() {
            let help = "set `core.hooksPath` to a directory, or unset it".to_owned();
            return taken("is where git looks for hooks, and not a directory", help);
        }
        plan.steps.push(Step::MakeDirectory(folder));
    }
    Ok(())
}

/// Returns whether hooks in this directory may be those of other repositories too.
fn leads_out(site: &Site<'_>, folder: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = real(folder);
    let own = [Some(site.repository.common_dir()), Some(site.repository.git_dir()), site.repository.work_tree()];
    !own.into_iter().flatten().any(|own| folder.starts_with(real(own)))
}

/// Plans refgate's lines in a script that a manager runs.
fn plan_lines(hook: Hook, seat: &Seat, plan: &mut Plan) -> Result<(), Error> {
    let place = &seat.place;
    let (old, mode) = match place.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => (Vec::new(), 0o644),
        Ok(found) if found.is_file() => {
            let old = std::fs::read(place).map_err(|source| Error::Io { path: place.clone(), source })?;
            (old, found.permissions().mode() & 0o7777)
        }
        Err(source) => return Err(Error::Io { path: place.clone(), source }),
        Ok(_) => {
            let help = format!("add this line to it: `refgate hook {} -- \"$@\" || exit 1`", hook.name());
            return Err(Error::Taken { path: place.clone(), reason: "is not a file", help });
        }
    };
    plan.steps.push(match managers::with_lines(&old, hook) {
        Some(text) => Step::Write { hook: place.clone(), text, mode },
        None => Step::Leave(place.clone()),
    });
    Ok(())
}

/// Plans refgate's script, in front of what is there.
fn plan_script(request: &Request, hook: Hook, seat: Seat, plan: &mut Plan) -> Result<(), Error> {
    let Seat { slot, manager, place, .. } = seat;
    let kept = slot.with_file_name(kept_name(hook));
    let was_kept = kept.symlink_metadata().is_ok();
    let mut kept_is_there = was_kept;
    let mut kept_now = None;
    let mut shim = Shim { program: request.program.clone(), previous: None, manager: None };
    if let Some(manager) = manager
        && kept_is_there
    {
        kept_is_there = clear(manager, &slot, &kept, plan);
    } else if let Some(Stand::InFront(end)) = manager.map(|manager| &manager.stand) {
        let aside = managers::with_end(&slot, end);
        if is_ours(&aside) {
            plan.steps.push(Step::Remove(aside));
        }
    }
    let found = match place.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        found => Some(found.map_err(|source| Error::Io { path: place.clone(), source })?),
    };
    let ours = script(&place).and_then(|text| Shim::recognise(&text));
    let mut place = place;
    match (found, ours) {
        (None, _) => {
            if kept_is_there {
                // Somebody removed our hook by hand; the one before it still belongs here.
                shim.previous = Some(kept_name(hook));
            }
        }
        (Some(found), Some(old)) => {
            // What a manager removed with its own files is not missed; anything else that is missing remains a visible
            // fault.
            let stays = kept_is_there || (!was_kept && old.manager.is_none());
            shim.previous = old.previous.filter(|_| found.is_file() && stays);
            // An older refgate is in front of a manager behind which it belongs: they change places.
            let behind = script(&kept).and_then(|text| maker(&slot, &text)).map(|manager| &manager.stand);
            if let (Some(_), true, Some(Stand::Behind(end))) = (&shim.previous, place == slot, behind) {
                place = managers::with_end(&slot, end);
                plan.steps.push(Step::Restore { kept: kept.clone(), hook: slot.clone() });
                shim.previous = None;
                if let Ok(earlier) = place.symlink_metadata()
                    && !is_ours(&place)
                {
                    shim.previous = keep(&place, &kept, &earlier, plan)?.then(|| kept_name(hook));
                    kept_now = Some(place.clone());
                }
            }
        }
        (Some(found), None) => {
            if kept_is_there {
                return Err(two_earlier(&place, &kept));
            }
            shim.previous = keep(&place, &kept, &found, plan)?.then(|| kept_name(hook));
            kept_now = Some(place.clone());
        }
    }
    if shim.previous.is_some() {
        shim.manager = script(kept_now.as_deref().unwrap_or(&kept))
            .and_then(|text| maker(&slot, &text))
            .map(|manager| manager.name.to_owned());
    }
    let text = shim.text(hook)?.into_bytes();
    let is_right = |found: std::fs::Metadata| found.is_file() && found.permissions().mode() & 0o777 == 0o755;
    if script(&place).is_some_and(|old| old == text) && place.symlink_metadata().is_ok_and(is_right) {
        plan.steps.push(Step::Leave(place));
    } else {
        plan.steps.push(Step::Write { hook: place, text, mode: 0o755 });
    }
    Ok(())
}

fn is_ours(path: &Path) -> bool {
    script(path).is_some_and(|text| Shim::recognise(&text).is_some())
}

/// Clears what was there before a manager was installed again over refgate, and returns whether an earlier hook is
/// still kept. That is then the manager's older script, or a hook from before both.
fn clear(manager: &Manager, slot: &Path, kept: &Path, plan: &mut Plan) -> bool {
    let is_older = script(kept).is_some_and(|text| (manager.made)(slot, &text));
    let aside = match manager.stand {
        Stand::InFront(end) => Some(managers::with_end(slot, end)).filter(|aside| is_ours(aside)),
        Stand::Behind(_) | Stand::Lines(_) => None,
    };
    match (is_older, aside) {
        (true, aside) => {
            plan.steps.push(Step::Remove(kept.to_owned()));
            plan.steps.extend(aside.map(Step::Remove));
            false
        }
        // The manager renamed our hook, and without us it would have renamed the earlier hook.
        (false, Some(aside)) => {
            plan.steps.push(Step::Restore { kept: kept.to_owned(), hook: aside });
            false
        }
        (false, None) => true,
    }
}

fn two_earlier(place: &Path, kept: &Path) -> Error {
    let help = format!(
        "keep the one that should run: `mv {0} {1}` and install again, or remove {1}",
        shown(place),
        shown(kept)
    );
    let reason = "is not refgate's, and an earlier hook is already kept next to it";
    Error::Taken { path: place.to_owned(), reason, help }
}

/// Plans to keep a hook that somebody else put there, and returns whether git ran it.
fn keep(place: &Path, kept: &Path, found: &std::fs::Metadata, plan: &mut Plan) -> Result<bool, Error> {
    let help = format!("move it away: `mv {0} {0}.old`", shown(place));
    if found.is_dir() {
        return Err(Error::Taken { path: place.to_owned(), reason: "is a directory", help });
    }
    if !found.is_file() && !found.is_symlink() {
        return Err(Error::Taken { path: place.to_owned(), reason: "is a pipe, a socket or a device", help });
    }
    // As git decides it: what cannot be executed is not a hook.
    let runs =
        std::fs::metadata(place).is_ok_and(|target| target.is_file() && target.permissions().mode() & 0o111 != 0);
    plan.steps.push(Step::Keep { hook: place.to_owned(), kept: kept.to_owned(), runs });
    Ok(runs)
}
