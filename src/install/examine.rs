//! One hook, looked at as git looks at it: may this account execute it, and what is in it.

use bstr::ByteSlice as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Error;
use super::doctor::Line;
use super::place::kept_name;
use super::shim::{Hook, Shim};
use super::site::{Host, Site, shown};

/// What git comes upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// A shim of ours that the account may execute.
    Runs,
    /// Somebody's hook that may be executed; whether it runs refgate shows when it runs.
    Unknown,
    /// No hook.
    Absent,
    /// Something that was meant to be a hook and is none, or that cannot do its work.
    Broken,
}

/// What comes of a hook that git skips.
fn of_skipping(hook: Hook) -> &'static str {
    if hook.judges() {
        "git would accept everything"
    } else {
        "git runs nothing after a push, neither refgate nor a hook that was here before"
    }
}

/// What comes of a hook that fails.
fn of_failing(hook: Hook) -> &'static str {
    if hook.judges() { "every push is refused" } else { "nothing runs after a push" }
}

/// Looks at a hook.
pub(super) fn examine(site: &Site<'_>, hook: Hook) -> Result<(Health, Vec<Line>), Error> {
    let place = site.slot(hook)?;
    let name = hook.name();
    let (skipped, fails) = (of_skipping(hook), of_failing(hook));
    let broken =
        |text: String, mend: String| Ok((Health::Broken, vec![Line::problem(format!("{name}: {text}"), mend)]));
    let install = format!("refgate install --repo {} --hook {name}", shown(site.repository.git_dir()));
    let link = match place.symlink_metadata() {
        Ok(link) => link,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return absent(site, hook, &place, &install),
        Err(error) => {
            let text = format!("{} cannot be looked at ({error}): {skipped}", shown(&place));
            return broken(text, install);
        }
    };
    let Ok(target) = place.metadata() else {
        return broken(format!("{} is a link that leads nowhere: {skipped}", shown(&place)), install);
    };
    if target.is_dir() {
        let text = format!("{} is a directory, which git cannot run: {fails}", shown(&place));
        return broken(text, format!("mv {0} {0}.old && {install}", shown(&place)));
    }
    if let Some((why, mend)) = closed(site, &place, &link, &target)? {
        let mend = if link.is_symlink() { install } else { mend };
        return broken(format!("{} {why}: {skipped}", shown(&place)), mend);
    }
    let text = std::fs::read(&place).map_err(|source| Error::Io { path: place.clone(), source })?;
    if text.trim_ascii().is_empty() {
        return broken(format!("{} is empty: {skipped}", shown(&place)), install);
    }
    let Some(shim) = Shim::recognise(&text) else {
        let kept = place.with_file_name(kept_name(hook));
        let mut lines = vec![Line::Note(format!("{name}: {} is not refgate's own", shown(&place)))];
        if kept.exists() {
            let text = format!("{name}: {} replaced refgate's, and {} does not run", shown(&place), shown(&kept));
            lines.push(Line::problem(text, format!("look at both, keep one as {}, then {install}", shown(&kept))));
        }
        return Ok((Health::Unknown, lines));
    };
    if !site.account.may("-x", &shim.program)? {
        let program = shown(&shim.program);
        let text = format!("`{}` cannot run {program}: {fails}", site.account.name());
        let mend =
            format!("make {program} and its directories open to everybody (chmod a+rx), or install it elsewhere");
        return broken(text, mend);
    }
    if let Some(previous) = &shim.previous {
        let kept = place.with_file_name(previous);
        if !site.account.may("-x", &kept)? {
            let text = format!("{} was here before refgate and cannot run: {fails}", shown(&kept));
            return broken(text, format!("put it back with mode 755, or remove {} and {install}", shown(&place)));
        }
    }
    let chained = shim.previous.map_or_else(String::new, |previous| format!(", then {previous}"));
    let text = format!("{name}: {} runs {}{chained}", shown(&place), shown(&shim.program));
    Ok((Health::Runs, vec![Line::Good(text)]))
}

/// Nothing of that name: because the directory is not there, or because the name is another.
fn absent(site: &Site<'_>, hook: Hook, place: &Path, install: &str) -> Result<(Health, Vec<Line>), Error> {
    let name = hook.name();
    let folder = place.parent().unwrap_or(Path::new("/"));
    let skipped = of_skipping(hook);
    let broken =
        |text: String, mend: String| Ok((Health::Broken, vec![Line::problem(format!("{name}: {text}"), mend)]));
    if let Some(origin) = site.hooks_path_origin()?
        && !folder.is_dir()
        // Said once, of the hook that belongs here.
        && hook.judges()
        && site.default_hooks().contains(&hook)
    {
        let text = format!("core.hooksPath names {}, which is no directory ({origin}): {skipped}", shown(folder));
        return broken(text, install.to_owned());
    }
    // A shim under a name that git does not look for: `pre-receive.sh`, `pre_receive`.
    let plain = |name: &str| name.replace('_', "-").to_ascii_lowercase();
    let mut misnamed: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|file| plain(&file.to_string_lossy()).starts_with(name)))
        .filter(|path| std::fs::read(path).is_ok_and(|text| text.find(b"refgate").is_some()))
        .collect();
    misnamed.sort();
    if let Some(path) = misnamed.first() {
        let text = format!("{} has a name that git does not look for: {skipped}", shown(path));
        return broken(text, format!("mv {} {}", shown(path), shown(place)));
    }
    // The hook of the owner's own file system, hidden by another `core.hooksPath`.
    let usual = site.repository.common_dir().join("hooks").join(name);
    if usual != place && std::fs::read(&usual).is_ok_and(|text| Shim::recognise(&text).is_some()) {
        let origin = site.hooks_path_origin()?.unwrap_or_default();
        let text = format!("git looks in {} ({origin}) and not at {}: {skipped}", shown(folder), shown(&usual));
        return broken(text, install.to_owned());
    }
    Ok((Health::Absent, Vec::new()))
}

/// Why the account may not execute a file, and what opens it; `None` if it may.
fn closed(
    site: &Site<'_>,
    place: &Path,
    link: &std::fs::Metadata,
    target: &std::fs::Metadata,
) -> Result<Option<(String, String)>, Error> {
    if site.account.may("-x", place)? {
        return Ok(None);
    }
    let mode = target.permissions().mode() & 0o7777;
    let real = place.canonicalize().unwrap_or_else(|_| place.to_owned());
    let mut folders: Vec<&Path> = place.ancestors().skip(1).chain(real.ancestors().skip(1)).collect();
    folders.sort_by_key(|folder| folder.components().count());
    for folder in folders {
        if !site.account.may("-x", folder)? {
            let what = if link.is_symlink() { "leads through" } else { "is in" };
            let why = format!("{what} {}, which is closed to `{}`", shown(folder), site.account.name());
            return Ok(Some((why, format!("chmod a+rx {}", shown(folder)))));
        }
    }
    let why = format!("has mode {mode:03o} and may not be executed by `{}`", site.account.name());
    Ok(Some((why, format!("chmod 755 {}", shown(place)))))
}

/// What around the hooks weakens them.
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
    if site.host == Host::Plain {
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

/// Whoever may write where the hook is can replace it.
fn writable_folder(site: &Site<'_>) -> Result<Option<Line>, Error> {
    let place = site.slot(Hook::PreReceive)?;
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
