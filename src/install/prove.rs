//! Proves by pushes that must be refused: first the hook is run directly, as git runs it, then there is a real
//! `git push`.

use bstr::ByteSlice as _;
use std::path::Path;
use std::process::Output;

use super::account::{Job, last_line};
use super::examine::Health;
use super::site::Site;
use super::{Error, Line};
use crate::hosts::Hook;
use crate::model::{ObjectId, PROBE, PROBE_ANSWER};

/// Proves hook by hook, then with a push; without the push where it is known to be accepted.
pub(super) fn prove(site: &Site<'_>, hooks: &[(Hook, Health)], broken: bool) -> Result<Vec<Line>, Error> {
    let mut lines = Vec::new();
    let mut refuses = !broken;
    for (hook, health) in hooks {
        let line = by_hand(site, *hook, *health)?;
        refuses &= !matches!(line, Some(Line::Problem { .. }));
        lines.extend(line);
    }
    // A broken hook might let the push through, and then the hooks after the push would run as for any other.
    if refuses {
        let scratch = tempfile::Builder::new().prefix("refgate-doctor-").tempdir();
        let scratch = scratch.map_err(|source| Error::Io { path: std::env::temp_dir(), source })?;
        site.account.give(scratch.path())?;
        lines.push(if site.repository.is_bare() {
            push_here(site, scratch.path())?
        } else {
            push_typed_here(site, scratch.path())?
        });
    }
    Ok(lines)
}

fn probe() -> String {
    format!("{PROBE}probe-{}", std::process::id())
}

/// Runs a hook with what git would give it.
fn by_hand(site: &Site<'_>, hook: Hook, health: Health) -> Result<Option<Line>, Error> {
    let name = hook.name();
    let zeros = ObjectId::null(site.repository.hash_kind()).to_string();
    let ones = zeros.replace('0', "1");
    let reference = probe();
    let output = match hook {
        Hook::PreReceive => {
            let silent = start(site, hook, &[], "")?;
            if health == Health::Runs && silent.status.success() {
                let text = format!("{name}: an empty push was accepted: git would accept everything");
                return Ok(Some(Line::problem(text, reinstall(site, hook)?)));
            }
            start(site, hook, &[], &format!("{zeros} {ones} {reference}\n"))?
        }
        Hook::Update => start(site, hook, &[&reference, &zeros, &ones], "")?,
        Hook::PrePush => start(site, hook, &["refgate-doctor", "."], &format!("HEAD {ones} {reference} {zeros}\n"))?,
        // They are asked about what was accepted before.
        Hook::ReferenceTransaction | Hook::PostReceive => return Ok(None),
    };
    let who = site.account.name();
    Ok(match (output.status.success(), answer(&output)) {
        (false, Some(_)) => Some(Line::Good(format!("{name}: run by hand as `{who}`, refgate refused the test push"))),
        (true, Some(_)) => {
            let text = format!("{name}: refgate refused and the hook accepted: its exit status gets lost on the way");
            Some(Line::problem(text, reinstall(site, hook)?))
        }
        (false, None) if health == Health::Runs => {
            let text =
                format!("{name}: run by hand as `{who}`, it refuses without refgate: {}", last_line(&output.stderr));
            Some(Line::problem(text, reinstall(site, hook)?))
        }
        (true, None) if health == Health::Runs => {
            let text =
                format!("{name}: run by hand as `{who}`, the test push was accepted: git would accept everything");
            Some(Line::problem(text, reinstall(site, hook)?))
        }
        // Somebody else's hook: the push decides.
        (_, None) => None,
    })
}

/// Starts it through a shell, as git does for files that the system cannot execute.
fn start(site: &Site<'_>, hook: Hook, words: &[&str], input: &str) -> Result<Output, Error> {
    let directory = site.run_directory(hook);
    let seat = site.seat(hook)?;
    // Lines are reached through the manager; a script of ours is run by itself.
    let place = if seat.is_lines || !seat.place.exists() { seat.slot } else { seat.place };
    let relative = place.strip_prefix(directory).unwrap_or(&place);
    let mut job = Job::new("sh", directory).words(&["-c", "exec \"$0\" \"$@\""]).word(relative).words(words);
    // git names the repository except at the top of a main work tree.
    if hook.is_server() {
        job = job.variable("GIT_DIR", ".");
    } else if site.repository.git_dir() != site.repository.common_dir() {
        job = job.variable("GIT_DIR", site.repository.git_dir());
    }
    job.input(input).run(&site.account)
}

/// Pushes into this repository from a scratch one.
fn push_here(site: &Site<'_>, scratch: &Path) -> Result<Line, Error> {
    let format = format!("--object-format={}", site.repository.hash_kind().name());
    Job::new("git", scratch).words(&["init", "--quiet", "--bare", &format, "."]).answer(&site.account)?;
    let tree = Job::new("git", scratch).words(&["hash-object", "-t", "tree", "-w", "--stdin"]).answer(&site.account)?;
    let mut commit = Job::new("git", scratch).words(&["commit-tree", "-m", "refgate doctor", &tree.to_str_lossy()]);
    for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
        commit = commit.variable(name, "refgate-doctor");
    }
    let commit = commit.answer(&site.account)?;
    let refspec = format!("{}:{}", commit.to_str_lossy(), probe());
    let job = Job::new("git", scratch).words(&["push", "--quiet"]).word(site.repository.git_dir()).word(&refspec);
    let output = job.run(&site.account)?;
    if output.status.success() {
        // It must not stay; if it cannot be removed, the report says what happened nevertheless.
        let _ = site.git(site.repository.git_dir()).words(&["update-ref", "-d", &probe()]).run(&site.account);
    }
    verdict(site, Hook::PreReceive, &output)
}

/// Pushes from this clone into a scratch repository.
fn push_typed_here(site: &Site<'_>, scratch: &Path) -> Result<Line, Error> {
    let top = site.run_directory(Hook::PrePush);
    let head = Job::new("git", top).words(&["rev-parse", "--quiet", "--verify", "HEAD^{commit}"]).run(&site.account)?;
    if !head.status.success() {
        return Ok(Line::Note("there is no commit yet, so nothing was pushed to prove it".to_owned()));
    }
    let format = format!("--object-format={}", site.repository.hash_kind().name());
    Job::new("git", scratch).words(&["init", "--quiet", "--bare", &format, "."]).answer(&site.account)?;
    let job = Job::new("git", top).words(&["push", "--quiet"]).word(scratch).word(format!("HEAD:{}", probe()));
    let output = job.run(&site.account)?;
    verdict(site, Hook::PrePush, &output)
}

fn verdict(site: &Site<'_>, hook: Hook, output: &Output) -> Result<Line, Error> {
    let who = site.account.name();
    let mend = reinstall(site, hook)?;
    Ok(match (output.status.success(), answer(output)) {
        (true, None) => Line::problem(
            format!("a real push as `{who}` that must be refused was accepted: git would accept everything"),
            mend,
        ),
        (true, Some(_)) => Line::problem(
            format!("a real push as `{who}` reached refgate and was accepted all the same: an exit status gets lost"),
            mend,
        ),
        (false, Some("0" | "1")) => Line::Good(format!("a real push as `{who}` was refused by refgate")),
        (false, Some(_)) => {
            let said = failure_line(&output.stderr);
            let text = format!("a real push as `{who}` reached refgate, which could not judge it: {said}");
            Line::problem(text, "see the lines above; every push is refused until it can".to_owned())
        }
        (false, None) if site.host.installs.as_ref().is_some_and(|host| host.refuses_local_pushes) => {
            Line::Note(format!(
                "a push as `{who}` outside of {} was refused before refgate was asked ({}): push over the host to prove it",
                site.host.name,
                last_line(&output.stderr)
            ))
        }
        (false, None) => {
            let text =
                format!("a real push as `{who}` was refused, but not by refgate: {}", first_error(&output.stderr));
            Line::problem(text, mend)
        }
    })
}

fn reinstall(site: &Site<'_>, hook: Hook) -> Result<String, Error> {
    site.install_command(hook)
}

/// Returns the exit code that refgate judged the test push with, if it was asked.
fn answer(output: &Output) -> Option<&str> {
    let place = output.stderr.find(PROBE_ANSWER)?;
    let line = output.stderr.get(place..)?.lines().next()?;
    let code = line.trim_end().rsplit(|byte| *byte == b' ').next()?;
    std::str::from_utf8(code).ok()
}

fn failure_line(stderr: &[u8]) -> String {
    let found = stderr.lines().find(|line| line.find("Failure encountered while").is_some());
    found.map_or_else(|| last_line(stderr), last_line)
}

fn first_error(stderr: &[u8]) -> String {
    let found = stderr.lines().find(|line| line.starts_with(b"fatal:") || line.find("error:").is_some());
    found.map_or_else(|| last_line(stderr), last_line)
}
