//! One hook, looked at as git looks at it: may this account execute it, and what is in it.

use bstr::ByteSlice as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::files::{script, shown};
use super::managers::{Stand, maker, put_away, runs_refgate};
use super::shim::{Shim, kept_name};
use super::site::{Seat, Site};
use super::{Error, Line};
use crate::hosts::Hook;

/// What git finds in the hook's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// A shim of ours that the account may execute.
    Runs,
    /// Somebody's hook that may be executed; whether it runs refgate shows when it runs.
    Unknown,
    /// There is no hook.
    Absent,
    /// Something that was meant to be a hook and is not one, or that cannot do its work.
    Broken,
}

/// Returns the consequence of a hook that git skips.
fn of_skipping(hook: Hook) -> &'static str {
    match hook {
        Hook::PostReceive => "git runs nothing after a push, neither refgate nor a hook that was here before",
        Hook::ReferenceTransaction => "git may move one of two refs that are right only together",
        Hook::PreReceive | Hook::Update | Hook::PrePush => "git would accept everything",
    }
}

/// Returns the consequence of a hook that fails.
fn of_failing(hook: Hook) -> &'static str {
    match hook {
        Hook::PostReceive => "nothing runs after a push",
        Hook::ReferenceTransaction => "no ref can be moved",
        Hook::PreReceive | Hook::Update | Hook::PrePush => "every push is refused",
    }
}

/// One hook under examination.
struct Look<'a> {
    site: &'a Site<'a>,
    hook: Hook,
    seat: Seat,
    /// The command that installs it.
    install: String,
}

/// What a probe found out; `None` where it has nothing to say, and the next one is asked.
type Found = Option<(Health, Vec<Line>)>;

/// A question about a hook.
type Probe = fn(&Look<'_>) -> Result<Found, Error>;

/// The first probe that finds something out decides; the last one always does.
const PROBES: &[Probe] =
    &[lines_of_a_project, slot_of_a_manager, absent, dangling, directory, not_executable, empty, somebody_elses, shim];

/// Looks at a hook.
pub(super) fn examine(site: &Site<'_>, hook: Hook) -> Result<(Health, Vec<Line>), Error> {
    let look = Look { site, hook, seat: site.seat(hook)?, install: site.install_command(hook)? };
    let mut notes = look.manager();
    for probe in PROBES {
        if let Some((health, lines)) = probe(&look)? {
            notes.extend(lines);
            return Ok((health, notes));
        }
    }
    Ok((Health::Absent, notes))
}

impl Look<'_> {
    fn broken(&self, text: &str, mend: String) -> Result<Found, Error> {
        Ok(Some((Health::Broken, vec![Line::problem(format!("{}: {text}", self.hook.name()), mend)])))
    }

    fn place(&self) -> &Path {
        &self.seat.place
    }

    /// Reports whose script is in the hook's place, and what that means.
    fn manager(&self) -> Vec<Line> {
        let Some(manager) = self.seat.manager else { return Vec::new() };
        let (name, slot) = (self.hook.name(), shown(&self.seat.slot));
        let what = match manager.stand {
            Stand::Behind(_) => format!("which runs {}, where it is there, before its own hooks", shown(self.place())),
            Stand::Lines(_) => format!("which runs {}, where it is there", shown(self.place())),
            Stand::InFront(_) => "which runs refgate only where its configuration says so".to_owned(),
        };
        vec![Line::Note(format!("{name}: {slot} is {}'s, {what}", manager.name))]
    }
}

/// Examines lines in a script that a manager runs. Only a push shows whether they are reached.
fn lines_of_a_project(look: &Look<'_>) -> Result<Found, Error> {
    if !look.seat.is_lines {
        return Ok(None);
    }
    let (name, place) = (look.hook.name(), look.place());
    let is_named = script(place).is_some_and(|text| runs_refgate(&text, look.hook));
    let line = if is_named {
        Line::Good(format!("{name}: {} runs refgate", shown(place)))
    } else {
        Line::Note(format!("{name}: {} does not name refgate", shown(place)))
    };
    Ok(Some((Health::Unknown, vec![line])))
}

/// Examines a manager's script that runs refgate: it has to be one that git runs.
fn slot_of_a_manager(look: &Look<'_>) -> Result<Found, Error> {
    let slot = &look.seat.slot;
    if *slot == look.seat.place {
        return Ok(None);
    }
    match closed(look.site, slot)? {
        Some((why, mend)) => look.broken(&format!("{} {why}: {}", shown(slot), of_skipping(look.hook)), mend),
        None => Ok(None),
    }
}

/// Reports that nothing has that name: because the directory does not exist, or because the name is a different one.
fn absent(look: &Look<'_>) -> Result<Found, Error> {
    let (site, hook, place) = (look.site, look.hook, look.place());
    let skipped = of_skipping(hook);
    match place.symlink_metadata() {
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => {
            let text = format!("{} cannot be looked at ({error}): {skipped}", shown(place));
            return look.broken(&text, look.install.clone());
        }
    }
    let name = hook.name();
    if look.seat.manager.is_some() && *place != look.seat.slot {
        // The manager's own configuration may run refgate: only the push shows it.
        let line = Line::Note(format!("{name}: {} is not there", shown(place)));
        return Ok(Some((Health::Unknown, vec![line])));
    }
    let folder = place.parent().unwrap_or(Path::new("/"));
    let hooks_path = site.hooks_path()?.filter(|_| site.host_place(hook).is_none());
    if let Some(path) = &hooks_path
        // Reported once, for the hook that belongs here.
        && hook.judges()
        && site.default_hooks().contains(&hook)
    {
        let what = if path.is_empty {
            Some("nothing, and git looks for hooks in the root of the file system".to_owned())
        } else {
            (!folder.is_dir()).then(|| format!("{}, which is not a directory", shown(folder)))
        };
        if let Some(what) = what {
            let text = format!("core.hooksPath names {what} ({}): {skipped}", path.origin);
            return look.broken(&text, look.install.clone());
        }
    }
    // A shim under a name that git does not look for: `pre-receive.sh`, `pre_receive`.
    let plain = |name: &str| name.replace('_', "-").to_ascii_lowercase();
    let mut misnamed: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|file| plain(&file.to_string_lossy()).starts_with(name)))
        .filter(|path| *path != look.seat.slot && script(path).is_some_and(|text| text.find(b"refgate").is_some()))
        .collect();
    misnamed.sort();
    if let Some(path) = misnamed.first() {
        let text = format!("{} has a name that git does not look for: {skipped}", shown(path));
        return look.broken(&text, format!("mv {} {}", shown(path), shown(place)));
    }
    // The hook of the owner's own file system, hidden by another `core.hooksPath`.
    let usual = site.repository.common_dir().join("hooks").join(name);
    if usual != place && script(&usual).is_some_and(|text| Shim::recognise(&text).is_some()) {
        let origin = hooks_path.map(|path| path.origin).unwrap_or_default();
        let text = format!("git looks in {} ({origin}) and not at {}: {skipped}", shown(folder), shown(&usual));
        return look.broken(&text, look.install.clone());
    }
    Ok(Some((Health::Absent, Vec::new())))
}

fn dangling(look: &Look<'_>) -> Result<Found, Error> {
    if look.place().metadata().is_ok() {
        return Ok(None);
    }
    let text = format!("{} is a link that leads nowhere: {}", shown(look.place()), of_skipping(look.hook));
    look.broken(&text, look.install.clone())
}

fn directory(look: &Look<'_>) -> Result<Found, Error> {
    let place = look.place();
    let what = match place.metadata() {
        Ok(target) if target.is_dir() => "a directory, which git cannot run",
        Ok(target) if !target.is_file() => "a pipe, a socket or a device, and not a script",
        _ => return Ok(None),
    };
    let text = format!("{} is {what}: {}", shown(place), of_failing(look.hook));
    look.broken(&text, format!("mv {0} {0}.old && {1}", shown(place), look.install))
}

fn not_executable(look: &Look<'_>) -> Result<Found, Error> {
    let place = look.place();
    let Some((why, mend)) = closed(look.site, place)? else { return Ok(None) };
    let mend = if place.is_symlink() { look.install.clone() } else { mend };
    look.broken(&format!("{} {why}: {}", shown(place), of_skipping(look.hook)), mend)
}

fn empty(look: &Look<'_>) -> Result<Found, Error> {
    let text = std::fs::read(look.place()).map_err(|source| Error::Io { path: look.place().to_owned(), source })?;
    if !text.trim_ascii().is_empty() {
        return Ok(None);
    }
    look.broken(&format!("{} is empty: {}", shown(look.place()), of_skipping(look.hook)), look.install.clone())
}

/// Examines somebody else's script. Only a push shows whether it runs refgate.
fn somebody_elses(look: &Look<'_>) -> Result<Found, Error> {
    let (name, place, slot) = (look.hook.name(), look.place(), &look.seat.slot);
    let text = script(place).unwrap_or_default();
    if Shim::recognise(&text).is_some() {
        return Ok(None);
    }
    let mut lines = Vec::new();
    let ours = |path: &PathBuf| script(path).is_some_and(|text| Shim::recognise(&text).is_some());
    if let Some(aside) = put_away(slot).iter().find(|path| *path != place && ours(path)) {
        let by = look.seat.manager.map_or("somebody", |manager| manager.name);
        let text = format!("{name}: {by} put refgate away as {}, which git does not run", shown(aside));
        lines.push(Line::Note(text));
    } else if look.seat.manager.is_none() || *slot != place {
        lines.push(Line::Note(format!("{name}: {} is not refgate's own", shown(place))));
    }
    let kept = slot.with_file_name(kept_name(look.hook));
    if kept.exists() && script(&kept).and_then(|text| maker(slot, &text)).is_none() {
        let text = format!("{name}: {} replaced refgate's, and {} does not run", shown(place), shown(&kept));
        lines.push(Line::problem(text, format!("look at both, keep one as {}, then {}", shown(&kept), look.install)));
    }
    Ok(Some((Health::Unknown, lines)))
}

/// Examines a script of ours: its program, and the hook before it.
fn shim(look: &Look<'_>) -> Result<Found, Error> {
    let (site, name, place) = (look.site, look.hook.name(), look.place());
    let fails = of_failing(look.hook);
    let Some(shim) = script(place).and_then(|text| Shim::recognise(&text)) else { return Ok(None) };
    if !site.account.may("-x", &shim.program)? {
        let program = shown(&shim.program);
        let text = format!("`{}` cannot run {program}: {fails}", site.account.name());
        let mend =
            format!("make {program} and its directories open to everybody (chmod a+rx), or install it elsewhere");
        return look.broken(&text, mend);
    }
    let mut chained = String::new();
    if let Some(previous) = &shim.previous {
        let kept = place.with_file_name(previous);
        let is_gone = shim.manager.is_some() && kept.symlink_metadata().is_err();
        if !is_gone && !site.account.may("-x", &kept)? {
            let text = format!("{} was here before refgate and cannot run: {fails}", shown(&kept));
            let mend = format!("put it back with mode 755, or remove {} and {}", shown(place), look.install);
            return look.broken(&text, mend);
        }
        if !is_gone {
            let made = shim.manager.map_or_else(String::new, |manager| format!(" ({manager}'s)"));
            chained = format!(", then {previous}{made}");
        }
    }
    let text = format!("{name}: {} runs {}{chained}", shown(place), shown(&shim.program));
    Ok(Some((Health::Runs, vec![Line::Good(text)])))
}

/// Returns why the account may not execute a file, and what opens it; `None` if it may.
fn closed(site: &Site<'_>, place: &Path) -> Result<Option<(String, String)>, Error> {
    if site.account.may("-x", place)? {
        return Ok(None);
    }
    let target = place.metadata().map_err(|source| Error::Io { path: place.to_owned(), source })?;
    let mode = target.permissions().mode() & 0o7777;
    let real = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let mut folders: Vec<&Path> = place.ancestors().skip(1).chain(real.ancestors().skip(1)).collect();
    folders.sort_by_key(|folder| folder.components().count());
    for folder in folders {
        if !site.account.may("-x", folder)? {
            let what = if place.is_symlink() { "leads through" } else { "is in" };
            let why = format!("{what} {}, which is closed to `{}`", shown(folder), site.account.name());
            return Ok(Some((why, format!("chmod a+rx {}", shown(folder)))));
        }
    }
    let why = format!("has mode {mode:03o} and may not be executed by `{}`", site.account.name());
    Ok(Some((why, format!("chmod 755 {}", shown(place)))))
}

/// Returns what weakens the hooks from around them.
pub(super) fn surroundings(site: &Site<'_>) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let repository = site.repository;
    if !repository.is_bare() {
        lines.push(Line::Note(
            "pre-push is for the developer's own benefit: `--no-verify` and other programs pass it by; the server decides"
                .to_owned(),
        ));
        return Ok(lines);
    }
    lines.extend(writable_folder(site)?);
    if site.host.name == "plain" {
        lines.push(Line::Note(
            "whoever reaches this repository as a file (file://, a shell account) can switch hooks off: let people in \
             over http, or over ssh with a forced command: command=\"env REFGATE_USER=NAME git-shell -c \
             \\\"$SSH_ORIGINAL_COMMAND\\\"\",restrict KEY"
                .to_owned(),
        ));
    }
    let advertised = repository.config("receive.advertisePushOptions");
    if !advertised.is_some_and(|value| matches!(value.to_ascii_lowercase().as_slice(), b"true" | b"yes" | b"on" | b"1"))
    {
        lines.push(Line::Note(format!(
            "push options do not arrive: git --git-dir={} config receive.advertisePushOptions true",
            shown(repository.git_dir())
        )));
    }
    Ok(lines)
}

/// Checks who may write where the hook is, and so can replace it.
fn writable_folder(site: &Site<'_>) -> Result<Option<Line>, Error> {
    let place = site.seat(Hook::PreReceive)?.slot;
    let Some((folder, metadata)) = place.parent().and_then(|folder| Some((folder, folder.metadata().ok()?))) else {
        return Ok(None);
    };
    let mode = metadata.permissions().mode();
    let shared = site.repository.config("core.sharedRepository");
    let is_shared = shared.is_some_and(|value| !matches!(value.as_slice(), b"" | b"umask" | b"false" | b"no" | b"off"));
    let lock = format!("chown root {0} && chmod 755 {0}", shown(folder));
    Ok(if mode & 0o002 != 0 || (mode & 0o020 != 0 && is_shared) {
        let who = if mode & 0o002 != 0 { "everybody" } else { "every account of the group that shares it" };
        Some(Line::problem(format!("{} can be written by {who}, who can replace the hook", shown(folder)), lock))
    } else if metadata.uid() != 0 {
        let text =
            format!("{} belongs to an account that is not root and could replace the hook: {lock}", shown(folder));
        Some(Line::Note(text))
    } else {
        None
    })
}
