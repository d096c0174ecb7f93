//! Installing, as steps that can be shown before they are taken.

use std::fmt;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::Error;
use super::doctor::Line;
use super::examine::surroundings;
use super::shim::{Hook, Shim};
use super::site::{Host, Site, shown};
use crate::policy::Source;

/// What is wanted.
#[derive(Debug)]
pub struct Request {
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
}

/// One thing that is done, or found done.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing: it is as it should be.
    Leave(PathBuf),
    /// Makes a directory.
    MakeDirectory(PathBuf),
    /// Keeps the hook that is there under another name. The original stays until it is replaced.
    Keep {
        /// The hook.
        hook: PathBuf,
        /// Its other name.
        kept: PathBuf,
        /// Whether git ran it, so that it is to run on.
        runs: bool,
    },
    /// Writes a hook: beside its place, then by rename.
    Write {
        /// Its place.
        hook: PathBuf,
        /// The script.
        text: String,
    },
    /// Sets a key of the repository's configuration.
    Configure {
        /// The repository.
        git_dir: PathBuf,
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
    /// Puts a kept hook back in its place.
    Restore {
        /// Where it was kept.
        kept: PathBuf,
        /// Its place.
        hook: PathBuf,
    },
    /// Removes a hook of ours.
    Remove(PathBuf),
}

/// The steps, and what the administrator should know besides.
#[derive(Debug, Default)]
pub struct Plan {
    /// In order.
    pub steps: Vec<Step>,
    /// One sentence each.
    pub warnings: Vec<String>,
}

/// The name under which an earlier hook is kept.
pub(super) fn kept_name(hook: Hook) -> String {
    format!("{}.before-refgate", hook.name())
}

/// Works out what installing takes. Changes nothing.
///
/// # Errors
/// A place that belongs to somebody else, or that cannot be read.
pub fn plan(site: &Site<'_>, request: &Request) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let hooks = if request.hooks.is_empty() { site.default_hooks() } else { request.hooks.clone() };
    for hook in hooks {
        let before = plan.steps.len();
        match plan_hook(site, request, hook, &mut plan) {
            // Nobody asked for it by name, and every push is judged without it.
            Err(error @ Error::Taken { .. }) if request.hooks.is_empty() && !hook.judges() => {
                plan.steps.truncate(before);
                plan.warnings.push(format!("{} is not installed: {error}", hook.name()));
            }
            planned => planned?,
        }
    }
    let identity = request.identity.as_ref().map(ToString::to_string);
    let log = request.log.as_ref().map(|log| log.display().to_string());
    let settings = [
        ("refgate.policy", request.policy.as_ref().map(ToString::to_string)),
        ("refgate.identity", identity),
        ("refgate.log", log),
    ];
    for (key, value) in settings.into_iter().filter_map(|(key, value)| Some((key, value?))) {
        let is_set = site.repository.config(key).is_some_and(|found| found == value.as_bytes());
        if !is_set {
            let git_dir = site.repository.git_dir().to_owned();
            plan.steps.push(Step::Configure { git_dir, key, value });
        }
    }
    plan.warnings.extend(surroundings(site)?.iter().filter_map(Line::advice));
    if request.policy.is_none() && site.policy_source()?.is_none() {
        plan.warnings.push(
            "no policy is configured, so every push will be refused until `git config refgate.policy FILE` names one"
                .to_owned(),
        );
    }
    Ok(plan)
}

fn plan_hook(site: &Site<'_>, request: &Request, hook: Hook, plan: &mut Plan) -> Result<(), Error> {
    let place = site.slot(hook)?;
    refuse_what_is_managed(site, hook, &place)?;
    let folder = place.parent().unwrap_or(Path::new("/")).to_owned();
    if !folder.is_dir() {
        if folder.symlink_metadata().is_ok() {
            let help = "set `core.hooksPath` to a directory, or unset it".to_owned();
            return Err(Error::Taken { path: folder, reason: "is where git looks for hooks, and no directory", help });
        }
        plan.steps.push(Step::MakeDirectory(folder.clone()));
    }
    let kept = folder.join(kept_name(hook));
    let mut shim = Shim { program: request.program.clone(), previous: None };
    let found = match place.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        found => Some(found.map_err(|source| Error::Io { path: place.clone(), source })?),
    };
    let ours = std::fs::read(&place).ok().and_then(|text| Shim::recognise(&text));
    match (found, ours) {
        (None, _) => {
            if kept.symlink_metadata().is_ok() {
                // Somebody removed our hook by hand; the one before it still belongs here.
                shim.previous = Some(kept_name(hook));
            }
        }
        (Some(found), Some(old)) => {
            shim.previous = old.previous.filter(|_| found.is_file());
            let same = std::fs::read(&place).is_ok_and(|text| shim.text(hook).is_ok_and(|new| new.as_bytes() == text));
            if found.is_file() && same && found.permissions().mode() & 0o777 == 0o755 {
                plan.steps.push(Step::Leave(place));
                return Ok(());
            }
        }
        (Some(found), None) => {
            keep(&place, &kept, &found, plan)?;
            if let Some(Step::Keep { runs: true, .. }) = plan.steps.last() {
                shim.previous = Some(kept_name(hook));
            }
        }
    }
    plan.steps.push(Step::Write { hook: place, text: shim.text(hook)? });
    Ok(())
}

/// A hook that somebody else put there.
fn keep(place: &Path, kept: &Path, found: &std::fs::Metadata, plan: &mut Plan) -> Result<(), Error> {
    if found.is_dir() {
        let help = format!("move it away: `mv {0} {0}.old`", shown(place));
        return Err(Error::Taken { path: place.to_owned(), reason: "is a directory", help });
    }
    if kept.symlink_metadata().is_ok() {
        let help = format!(
            "keep the one that should run: `mv {0} {1}` and install again, or remove {1}",
            shown(place),
            shown(kept)
        );
        let reason = "is not refgate's, and an earlier hook is already kept beside it";
        return Err(Error::Taken { path: place.to_owned(), reason, help });
    }
    // As git decides it: what cannot be executed is no hook.
    let runs =
        std::fs::metadata(place).is_ok_and(|target| target.is_file() && target.permissions().mode() & 0o111 != 0);
    let text = std::fs::read(place).unwrap_or_default();
    let made_by = |word: &str| text.windows(word.len()).any(|part| part == word.as_bytes());
    for (word, manager) in [("lefthook", "lefthook"), ("pre-commit.com", "pre-commit")] {
        if made_by(word) {
            plan.warnings.push(format!(
                "{} was made by {manager}, which writes it anew when it is installed again: run `refgate install` after it",
                shown(place)
            ));
        }
    }
    plan.steps.push(Step::Keep { hook: place.to_owned(), kept: kept.to_owned(), runs });
    Ok(())
}

/// Hooks that another program writes: ours would be lost, or theirs.
fn refuse_what_is_managed(site: &Site<'_>, hook: Hook, place: &Path) -> Result<(), Error> {
    let taken = |reason: &'static str, help: String| Err(Error::Taken { path: place.to_owned(), reason, help });
    let gitolite = "put the shims `pre-receive` and `post-receive` of `share/refgate/hooks` into \
                    LOCAL_CODE/hooks/common (or `gitolite/VREF/refgate` into LOCAL_CODE/VREF) and run \
                    `gitolite setup --hooks-only`";
    let target = std::fs::read_link(place).ok();
    if site.host == Host::Gitolite && hook == Hook::Update {
        return taken(
            "is gitolite's access control, for every repository at once; it is left alone",
            format!("install into this repository with `--hook pre-receive`; for all repositories {gitolite}"),
        );
    }
    if site.host == Host::Kallithea && hook == Hook::PostReceive {
        let help = "Kallithea writes it anew; without refgate in it a push takes longer, no more".to_owned();
        return taken("is Kallithea's own; it is left alone", help);
    }
    if target.is_some_and(|target| target.to_string_lossy().contains("/hooks/common/")) {
        return taken("is gitolite's own link, which it makes again; it is left alone", gitolite.to_owned());
    }
    if place.parent().is_some_and(|folder| folder.ends_with(".husky/_")) {
        let line = format!("refgate hook {} -- \"$@\" || exit 1", hook.name());
        let help = format!("add this line to .husky/{}: `{line}`", hook.name());
        return taken("is written by husky; it is left alone", help);
    }
    Ok(())
}

impl Step {
    /// Takes the step.
    ///
    /// # Errors
    /// Files that cannot be written, git that fails.
    pub fn perform(&self, site: &Site<'_>) -> Result<(), Error> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io { path, source }
        };
        match self {
            Self::Leave(_) => Ok(()),
            Self::MakeDirectory(path) => make_directory(path).map_err(io(path)),
            Self::Keep { hook, kept, .. } => keep_beside(hook, kept).map_err(io(kept)),
            Self::Write { hook, text } => write_hook(hook, text).map_err(io(hook)),
            Self::Configure { git_dir, key, value } => {
                // As the account: git writes the file anew, and it has to stay readable to its owner.
                site.git(git_dir).words(&["config", "--local", key]).word(value).answer(&site.account)?;
                Ok(())
            }
            Self::Restore { kept, hook } => std::fs::rename(kept, hook).map_err(io(hook)),
            Self::Remove(path) => std::fs::remove_file(path).map_err(io(path)),
        }
    }
}

/// Open to everybody whatever the umask is: git accepts every push when the account cannot reach the hooks.
fn make_directory(path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
}

/// Gives the hook a second name. The first stays, so that there is no moment without a hook.
fn keep_beside(hook: &Path, kept: &Path) -> std::io::Result<()> {
    let metadata = hook.symlink_metadata()?;
    if metadata.is_symlink() {
        return std::os::unix::fs::symlink(std::fs::read_link(hook)?, kept);
    }
    // Not every file system has links, and not every file may be linked (`fs.protected_hardlinks`).
    std::fs::hard_link(hook, kept).or_else(|_| {
        std::fs::copy(hook, kept)?;
        // A copy is ours; the hook stays whose it was where that can be.
        let _ = std::os::unix::fs::chown(kept, Some(metadata.uid()), Some(metadata.gid()));
        std::fs::set_permissions(kept, metadata.permissions())
    })
}

/// A real file, complete before it has the name: a rename replaces a link, where writing would follow it.
fn write_hook(hook: &Path, text: &str) -> std::io::Result<()> {
    let folder = hook.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new().prefix(".refgate-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(std::fs::Permissions::from_mode(0o755))?;
    file.as_file().sync_all()?;
    file.persist(hook)?;
    Ok(())
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leave(path) => write!(f, "leave {}: it is up to date", shown(path)),
            Self::MakeDirectory(path) => write!(f, "make the directory {}", shown(path)),
            Self::Keep { hook, kept, runs: true } => {
                write!(f, "keep {} as {}: it runs after refgate", shown(hook), shown(kept))
            }
            Self::Keep { hook, kept, runs: false } => {
                write!(f, "keep {} as {}: git did not run it, and refgate will not", shown(hook), shown(kept))
            }
            Self::Write { hook, .. } => write!(f, "write {}", shown(hook)),
            Self::Configure { key, value, .. } => {
                write!(f, "set {key} = {}", crate::model::Untrusted::new(value))
            }
            Self::Restore { kept, hook } => write!(f, "put {} back as {}", shown(kept), shown(hook)),
            Self::Remove(path) => write!(f, "remove {}", shown(path)),
        }
    }
}
