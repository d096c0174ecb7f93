//! What is wrong with a repository's hooks, and the command that fixes it.

use bstr::ByteSlice as _;

use super::examine::{Health, examine, surroundings};
use super::files::script;
use super::files::shown;
use super::prove::prove;
use super::shim::{Shim, kept_name};
use super::site::{Site, validate};
use super::{Diagnosis, Error, Line};
use crate::gate::{Gate, OBSERVE, Proved, observes};
use crate::hosts::Hook;
use crate::model::Untrusted;
use crate::policy::{LoadError, Source, Way};
use crate::push::Identity;

/// Looks at a repository, runs its hooks as git would, and pushes what must be refused.
///
/// # Errors
/// git or the account cannot be used at all.
pub(crate) fn diagnose(site: &Site<'_>) -> Result<Diagnosis, Error> {
    site.check_git()?;
    let mut lines = facts(site)?;
    lines.extend(policy(site)?);
    if observes(site.repository) {
        let text = format!("`{OBSERVE}` is set: pushes are judged, and none is refused for what is found");
        let mend = format!("git --git-dir={} config --unset {OBSERVE}", shown(site.repository.git_dir()));
        lines.push(Line::Warning { text, mend });
    }
    lines.push(identity(site));
    lines.extend(log(site)?);
    let server = site.repository.is_bare();
    let mut standing = Vec::new();
    let mut broken = false;
    for hook in Hook::ALL.into_iter().filter(|hook| hook.judges()) {
        let (health, found) = examine(site, hook)?;
        // The hooks of the other kind of repository count only where somebody installed them.
        let expected = hook.is_server() == server;
        lines.extend(found.into_iter().filter(|line| expected || matches!(line, Line::Problem { .. })));
        match health {
            Health::Runs | Health::Unknown if expected => standing.push((hook, health)),
            Health::Broken => broken = true,
            Health::Runs | Health::Unknown | Health::Absent => {}
        }
    }
    lines.extend(others(site)?);
    lines.extend(surroundings(site)?);
    if standing.is_empty() && !broken {
        let install = format!("refgate install --repo {}", shown(site.repository.git_dir()));
        lines.push(Line::problem("no hook here runs refgate: git would accept everything", install));
    } else if !standing.is_empty() {
        lines.extend(prove(site, &standing, broken)?);
    }
    Ok(Diagnosis { lines })
}

fn facts(site: &Site<'_>) -> Result<Vec<Line>, Error> {
    let repository = site.repository;
    let storage =
        repository.config("extensions.refStorage").map_or_else(|| "files".to_owned(), |text| text.to_string());
    let kind = if repository.is_bare() { "bare" } else { "with a work tree" };
    let mut parts = vec![kind.to_owned(), repository.hash_kind().name().to_owned(), format!("{storage} refs")];
    if repository.is_shallow() {
        parts.push("shallow".to_owned());
    }
    if repository.is_partial() {
        parts.push("partial".to_owned());
    }
    let info = repository.common_dir().join("objects/info");
    let has_graph = info.join("commit-graph").exists() || info.join("commit-graphs/commit-graph-chain").exists();
    let graph = if has_graph {
        "present".to_owned()
    } else {
        "none; `git commit-graph write --reachable` makes questions about ancestry faster".to_owned()
    };
    let hook = if repository.is_bare() { Hook::PreReceive } else { Hook::PrePush };
    let mut lines = vec![
        Line::Fact("repository", format!("{} ({})", shown(repository.git_dir()), parts.join(", "))),
        Line::Fact("commit-graph", graph),
        Line::Fact("account", site.account.name().to_owned()),
        Line::Fact("host", site.host.name.to_owned()),
        Line::Fact("hooks", shown(&site.hooks_directory(hook)?)),
    ];
    if let Some(path) = site.hooks_path()? {
        lines.push(Line::Note(format!("core.hooksPath is set for `{}`: {}", site.account.name(), path.origin)));
    }
    Ok(lines)
}

fn policy(site: &Site<'_>) -> Result<Vec<Line>, Error> {
    let repository = site.repository;
    let mend = format!("git --git-dir={} config refgate.policy FILE", shown(repository.git_dir()));
    let source = match site.policy_source() {
        Ok(Some(source)) => source,
        Ok(None) => return Ok(vec![Line::problem("no policy is configured: every push is refused", mend)]),
        Err(failure) => {
            let text = format!("{} - {}: every push is refused", failure.detail, failure.cause);
            return Ok(vec![Line::problem(text, mend)]);
        }
    };
    // As plain text it could control a terminal.
    let said = source.to_string();
    let said = Untrusted::new(&said);
    if let Source::File(file) = &source
        && file.exists()
        && !site.account.may("-r", file)?
    {
        let text = format!("the policy {said} cannot be read by `{}`: every push is refused", site.account.name());
        return Ok(vec![Line::problem(
            text,
            format!("chmod a+r {}, and let others pass its directories", shown(file)),
        )]);
    }
    let check = format!(
        "refgate policy check --repo {} {}",
        shown(repository.git_dir()),
        crate::model::quote(source.to_string().as_bytes()).unwrap_or_else(|| said.to_string())
    );
    Ok(match validate(repository, source.clone()) {
        Ok(gate) => {
            let name = Untrusted::new(&gate.project().policy().name);
            proved(&gate, format!("the policy `{name}` from {said} is valid"), &check)
        }
        Err(LoadError::Unreadable(failure)) => {
            vec![Line::problem(format!("{} - {}: every push is refused", failure.detail, failure.cause), mend)]
        }
        Err(LoadError::Invalid(errors)) => {
            let first = errors.0.first().map_or_else(String::new, ToString::to_string);
            let first = Untrusted::new(&first);
            vec![Line::problem(format!("the policy {said} is invalid ({first}): every push is refused"), check)]
        }
    })
}

/// Reports what a valid policy says that has no effect, or less than its author may think.
fn proved(gate: &Gate, valid: String, check: &str) -> Vec<Line> {
    let Proved { proof, unknown } = gate.prove();
    let mut lines = if proof.errors.is_empty() { vec![Line::Good(valid)] } else { Vec::new() };
    lines.extend(proof.errors.iter().map(|error| Line::problem(error.placed(), check)));
    lines.extend(proof.warnings.iter().map(|warning| Line::Warning {
        text: warning.placed(),
        mend: warning.problem.help.clone().unwrap_or_else(|| check.to_owned()),
    }));
    lines.extend(unknown.into_iter().map(Line::Note));
    lines
}

fn identity(site: &Site<'_>) -> Line {
    let key = "refgate.identity";
    let mend = |value: &str| format!("git --git-dir={} config {key} {value}", shown(site.repository.git_dir()));
    let usual = site.host.pusher.as_ref().map(|_| site.host.name);
    let Some(text) = site.repository.config(key) else {
        return Line::Note(match usual {
            Some(usual) => format!("nobody is identified; this host names the pusher: {}", mend(usual)),
            None if !site.repository.is_bare() => "nobody is identified, as usual in a clone".to_owned(),
            None => {
                format!("nobody is identified, so rules about who pushes refuse; name the source: {}", mend("SOURCE"))
            }
        });
    };
    match Identity::parse(&text.to_str_lossy()) {
        Err(error) => Line::problem(format!("`{key}`: {error}; every push is refused"), mend(usual.unwrap_or("none"))),
        Ok(identity) if usual.is_some_and(|usual| identity.host() != Some(usual)) => Line::Note(format!(
            "who pushes comes from `{identity}`; {} is the usual one here",
            mend(usual.unwrap_or(""))
        )),
        Ok(identity) => Line::Good(format!("who pushes comes from `{identity}`")),
    }
}

/// Checks the log: one that cannot be written turns every acceptance into a failure.
fn log(site: &Site<'_>) -> Result<Option<Line>, Error> {
    let Some(text) = site.repository.config("refgate.log") else { return Ok(None) };
    let file = site.repository.common_dir().join(text.to_path_lossy());
    let writable = if file.exists() {
        site.account.may("-w", &file)?
    } else {
        file.parent().map_or(Ok(false), |folder| site.account.may("-w", folder))?
    };
    Ok(Some(if writable {
        Line::Good(format!("the log {} can be written", shown(&file)))
    } else {
        Line::problem(
            format!("the log {} cannot be written by `{}`: every push is refused", shown(&file), site.account.name()),
            format!("install -o {} -m 644 /dev/null {}", site.account.name(), shown(&file)),
        )
    }))
}

/// Examines the hooks that do not judge pushes themselves: they count where refgate is in them, and are missed where
/// they would have something to do.
fn others(site: &Site<'_>) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    for hook in Hook::ALL.into_iter().filter(|hook| !hook.judges()) {
        let place = site.seat(hook)?.place;
        let is_ours = script(&place).is_some_and(|text| Shim::recognise(&text).is_some());
        if is_ours || place.with_file_name(kept_name(hook)).symlink_metadata().is_ok() {
            lines.extend(examine(site, hook)?.1);
        } else if let Some(what) = missed(site, hook) {
            let install = format!("refgate install --repo {} --hook {}", shown(site.repository.git_dir()), hook.name());
            lines.push(Line::Note(format!("{} does not run refgate, so {what}: {install}", hook.name())));
        }
    }
    Ok(lines)
}

/// Returns the consequence of refgate not being in a hook; `None` where there is none.
fn missed(site: &Site<'_>, hook: Hook) -> Option<&'static str> {
    let is_possible = site.repository.is_bare() && crate::hosts::refusal(site.host, hook, None).is_none();
    let gate = site.policy_source().ok().flatten().and_then(|source| validate(site.repository, source).ok());
    let gate = gate.filter(|_| is_possible)?;
    if hook == Hook::ReferenceTransaction {
        return Some(
            "of two refs that are right only together git may move one (`git-receive-pack(1)`), and with another update \
             hook here such a push is undecided",
        );
    }
    let has_picks = gate.project().flows().iter().any(|flow| flow.by.contains(&Way::Pick));
    has_picks.then_some("pushes on lines with flows take longer")
}
