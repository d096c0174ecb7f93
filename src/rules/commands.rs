//! The commands that fix what rules find.
//!
//! Whoever reads one pastes it into a shell in the clone that pushed. It takes nothing for granted but that clone's
//! remote: the branch may have no local name (`git push origin HEAD:refs/heads/1.15`), the local branch of another line
//! may be missing or behind, and somebody else may have pushed since. A command never drops commits that only that clone
//! has: what leaves a branch stays on a branch `kept-ID`. Where no command can be right, there is none, and the sentence
//! before it has to do.

use std::collections::BTreeSet;

use bstr::{BStr, BString, ByteSlice as _};

use crate::facts::{
    Asking, BranchUpdate, Commit, FactError, Facts, FlowDue, Home, Kind, Line, Peeled, Project, Role, Update, Way,
};
use crate::model::{Namespace, ObjectId, RefName, WAIVER_NOTES, quote};

/// Nobody pastes a command with more commits in it.
const MAX_COMMITS: usize = 20;

/// A commit is looked for on this many branches.
const MAX_BRANCHES: usize = 64;

/// Returns what the pusher's clone calls the server. The server itself is not told: it says what `git clone` says.
fn remote(project: &Project) -> Option<String> {
    quote(project.view().remote_name().unwrap_or("origin".into()))
}

fn all(steps: impl IntoIterator<Item = Option<String>>) -> Option<String> {
    Some(steps.into_iter().collect::<Option<Vec<_>>>()?.join(" && "))
}

/// Returns the steps that check a branch out as the server has it now.
fn onto(project: &Project, branch: &RefName) -> Option<String> {
    let (remote, branch) = remote(project).zip(quote(branch.short()))?;
    Some(format!("git switch {branch} && git pull --ff-only {remote} {branch}"))
}

/// Returns the steps that check a branch out with what was pushed to it, by whatever local name.
fn onto_pushed(branch: &BranchUpdate<'_, '_, '_>) -> Option<String> {
    let (name, tip) = (quote(branch.name().short())?, branch.tip());
    Some(if branch.creates() {
        format!("git switch {name} || git switch --create {name} {tip}")
    } else {
        format!("git switch {name} && git merge --ff-only {tip}")
    })
}

fn picked(commits: &[ObjectId]) -> String {
    commits.iter().map(|id| format!(" {id}")).collect()
}

fn kept(tip: ObjectId) -> String {
    format!("kept-{}", tip.short())
}

/// Returns the command that checks a branch out as the server has it now.
pub(crate) fn switch_to(project: &Project, branch: &RefName) -> Option<String> {
    onto(project, branch)
}

/// Returns the command that picks a commit to the branch that is checked out.
pub(crate) fn cherry_pick(commit: ObjectId) -> String {
    format!("git cherry-pick -x {commit}")
}

/// Returns the command that picks a commit to a branch of another line.
pub(super) fn pick(project: &Project, commit: ObjectId, to: &RefName) -> Option<String> {
    all([onto(project, to), Some(cherry_pick(commit))])
}

/// Returns the command that picks a commit to the branch that a version was tagged on, and tags the version again.
pub(super) fn pick_and_tag(update: &Update<'_, '_>, commit: ObjectId, to: &RefName) -> Option<String> {
    let name = quote(update.name().short())?;
    let tag = format!("git tag --annotate --force --message {name} {name}");
    all([pick(update.project(), commit, to), Some(tag)])
}

/// Returns the command that merges a commit of a branch into a branch of another line.
pub(super) fn merge(project: &Project, commit: ObjectId, from: &RefName, to: &RefName) -> Option<String> {
    let message = quote(&format!("Merge {} into {}", from.short(), to.short()))?;
    all([onto(project, to), Some(format!("git merge -m {message} {commit}"))])
}

/// Returns the command that pushes the commit of an update to a branch.
pub(super) fn push(project: &Project, commit: ObjectId, to: &RefName) -> Option<String> {
    let (remote, to) = remote(project).zip(quote(to.full()))?;
    Some(format!("git push {remote} {commit}:{to}"))
}

/// Returns the command that pushes a branch under the first of some other names that nothing stands in the way of.
pub(super) fn push_as(update: &Update<'_, '_>, names: impl IntoIterator<Item = RefName>) -> Option<String> {
    let refs = update.facts().after().refs(Namespace::Branch, "").ok()?;
    let is_there = |name: &[u8]| refs.binary_search_by(|(other, _)| other.full().as_bytes().cmp(name)).is_ok();
    let is_free = |name: &RefName| {
        // git cannot store a ref below the name of another.
        let name = name.full().as_bytes();
        let below = [name, b"/"].concat();
        let first = refs.partition_point(|(other, _)| other.full().as_bytes() < below.as_slice());
        let is_folder = refs.get(first).is_some_and(|(other, _)| other.full().starts_with(&below));
        let mut above = name.find_iter("/").filter_map(|at| name.get(..at));
        !is_there(name) && !is_folder && !above.any(is_there)
    };
    let name = names.into_iter().find(is_free)?;
    push(update.project(), update.new_id(), &name)
}

/// Returns the names that a branch could have on the topic lines: the last part of its own in a pattern's only open
/// place.
pub(super) fn topic_names<'p>(project: &'p Project, name: &RefName) -> impl Iterator<Item = RefName> + use<'p> {
    // A name that is not text would be another one here.
    let last = name.short().to_str().ok().and_then(|short| short.rsplit('/').next()).map(str::to_owned);
    let topics = last.is_some().then(|| project.lines().iter().filter(|line| line.role == Role::Topic));
    let last = last.unwrap_or_default();
    topics.into_iter().flatten().flat_map(move |line| {
        let last = last.clone();
        line.branches.iter().filter_map(move |pattern| {
            let open = ["{name}", "**", "*"].into_iter().find(|open| pattern.text().contains(open))?;
            let (before, after) = pattern.text().split_once(open)?;
            if [before, after].iter().any(|rest| rest.contains(['{', '*', ':'])) {
                return None;
            }
            let name = RefName::branch(format!("{before}{last}{after}"));
            let is_of = |line: &Line| project.line_of(&name).is_some_and(|place| place.line.name == line.name);
            (pattern.matches(name.short()).is_some() && is_of(line)).then_some(name)
        })
    })
}

/// Returns the command that takes a tag out of the clone. Where no branch has what it names, a branch keeps that.
pub(super) fn delete_tag(facts: &Facts<'_>, name: &RefName) -> Option<String> {
    let target = facts.project().peel(facts.update_of(name)?.new).ok()?;
    // A tag object was made under its name. A plain ref may have been pushed from anything, without a local tag, which
    // `git tag -d` takes for an error.
    let is_made = target.tags.first().is_some_and(|object| object.name == name.short());
    let delete = if is_made {
        format!("git tag -d {}", quote(name.short())?)
    } else {
        format!("git update-ref -d {}", quote(name.full())?)
    };
    Some(keep(facts, &target)? + &delete)
}

/// Returns the command that makes a tag object of this name for a commit.
pub(super) fn tag(name: &RefName, commit: ObjectId) -> Option<String> {
    let name = quote(name.short())?;
    Some(format!("git tag --annotate --force --message {name} {name} {commit}"))
}

/// Returns the command that takes the published tag back into the clone.
pub(super) fn take_tag(facts: &Facts<'_>, name: &RefName) -> Option<String> {
    let target = facts.project().peel(facts.update_of(name)?.new).ok()?;
    let (remote, name) = remote(facts.project()).zip(quote(name.full()))?;
    Some(keep(facts, &target)? + &format!("git fetch --force {remote} {name}:{name}"))
}

/// Returns the step before a tag goes away: a branch that keeps what no branch has.
fn keep(facts: &Facts<'_>, target: &Peeled) -> Option<String> {
    let name = kept(target.id);
    let step = || format!("git branch --force {name} {} && ", target.id);
    Some(if target.kind != Kind::Commit || is_on_a_branch(facts, target.id)? { String::new() } else { step() })
}

/// Returns whether a branch has a commit, as the push leaves it.
fn is_on_a_branch(facts: &Facts<'_>, commit: ObjectId) -> Option<bool> {
    let after = facts.after();
    let tips = match after.line_tips().ok()? {
        tips if tips.is_empty() => after.refs(Namespace::Branch, "").ok()?.iter().map(|(_, tip)| *tip).collect(),
        tips => tips,
    };
    let found = tips.iter().take(MAX_BRANCHES).try_fold(false, |found, tip| {
        Ok::<_, FactError>(found || (facts.project().commit_of(*tip)?.is_some() && after.is_on(commit, *tip, 0)?))
    });
    found.ok()
}

/// Returns the command that fetches everything the server has.
pub(super) fn fetch(project: &Project) -> Option<String> {
    Some(format!("git fetch {}", remote(project)?))
}

/// Returns the command that merges the waivers of the server into those of the clone.
pub(super) fn merge_waivers(project: &Project) -> Option<String> {
    let remote = remote(project)?;
    Some(format!("git fetch {remote} {WAIVER_NOTES} && git notes --ref refgate merge FETCH_HEAD"))
}

/// Returns the command that reverts a commit of a branch on top of what was pushed.
pub(super) fn revert(branch: &BranchUpdate<'_, '_, '_>, commit: ObjectId) -> Option<String> {
    let project = branch.project();
    let old = branch.known_old().ok()??;
    let commit = project.commit(commit).ok()?;
    if commit.parents.len() > 1
        || !takes(branch.place().line, &["revert"])
        || !project.is_ancestor(old, branch.tip()).ok()?
    {
        return None;
    }
    let touched: BTreeSet<BString> = project.touched(&commit).ok()?.iter().cloned().collect();
    if touched.is_empty() {
        // `git revert` makes no empty commits.
        let subject = quote(&format!("Revert \"{}\"", commit.subject()))?;
        let revert = format!("git commit --allow-empty -m {subject} -m 'This reverts commit {}.'", commit.id);
        return all([onto_pushed(branch), Some(revert)]);
    }
    let later = project.touched_files(commit.id, branch.tip()).ok()?;
    if later.iter().any(|path| touched.contains(path)) {
        return None;
    }
    all([onto_pushed(branch), Some(format!("git revert --no-edit {}", commit.id))])
}

/// Returns whether a line takes changes of these kinds.
fn takes(line: &Line, kinds: &[&str]) -> bool {
    let is_one_of = |listed: &[String]| kinds.iter().any(|kind| listed.iter().any(|own| own == kind));
    let (accepts, refuses) = (&line.intake.accepts, &line.intake.refuses);
    !is_one_of(refuses) && (accepts.is_empty() || kinds.is_empty() || is_one_of(accepts))
}

/// Returns the command that gets a tagged commit onto the branch where the tag has to be; the tag goes on naming it, or
/// a pick of it.
pub(super) fn bring_home(update: &Update<'_, '_>, branch: &RefName, tip: ObjectId, commit: ObjectId) -> Option<String> {
    let project = update.project();
    let line = project.line_of(branch).map(|place| place.line);
    let new = project.commits(&[commit], &[tip]).ok()?;
    if project.is_ancestor(tip, commit).ok()? && !carries_origin(update, line, tip, &new)? {
        return is_accepted(update, branch, commit, &new)?.then(|| push(project, commit, branch))?;
    }
    // More than one commit may be more than was meant, and to leave some out is not for a command to decide.
    let [only] = new.as_slice() else { return None };
    let change = project.commit(*only).ok()?;
    let (base, line) = (project.merge_base(commit, tip).ok()??, line?);
    let is_owed_a_merge = project.flows_from(&line.name).any(|flow| !flow.by.contains(&Way::Pick));
    let files = project.touched_files(base, tip).ok()?.into_iter().collect();
    if change.parents.len() != 1
        || is_owed_a_merge
        || !line.intake.only_from.is_empty()
        || !takes(line, &project.kinds_of(&change).ok()?)
        || !are_apart(project, &[change], &files)?
        || !is_on_a_branch(update.facts(), commit)?
    {
        return None;
    }
    let name = quote(update.name().short())?;
    all([pick(project, commit, branch), Some(format!("git tag --annotate --force --message {name} {name}"))])
}

/// Returns whether a branch may get these commits: the kinds that they are, whence they come, and what is due before.
fn is_accepted(update: &Update<'_, '_>, branch: &RefName, tip: ObjectId, new: &[ObjectId]) -> Option<bool> {
    let (project, after) = (update.project(), update.facts().after());
    let Some(place) = project.line_of(branch) else { return Some(true) };
    let is_at_once = |due| due == FlowDue::Before;
    let intake = &place.line.intake;
    let mut flows = project.flows_from(&place.line.name).filter(|flow| flow.all_due_times().any(is_at_once)).peekable();
    let is_free = intake.accepts.is_empty() && intake.refuses.is_empty() && intake.only_from.is_empty();
    if new.is_empty() || (is_free && flows.peek().is_none()) {
        return Some(true);
    }
    if new.len() > MAX_COMMITS {
        return None;
    }
    let mut sources = Vec::new();
    for line in &intake.only_from {
        sources.extend(after.tips_of(line).ok()?);
    }
    let missing = project.commits(new, &sources).ok()?;
    if !intake.only_from.is_empty() && new.iter().any(|id| missing.contains(id)) {
        return Some(false);
    }
    for id in new {
        let commit = project.commit(*id).ok()?;
        if commit.parents.len() < 2 && !takes(place.line, &project.kinds_of(&commit).ok()?) {
            return Some(false);
        }
    }
    for flow in flows {
        if !after.debts(flow, branch, tip, Asking { only: Some(new), when: &is_at_once, until: None }).ok()?.is_empty()
        {
            return Some(false);
        }
    }
    Some(true)
}

/// Returns whether some of these commits were made on the line that a branch was cut from: they may not come along.
fn carries_origin(update: &Update<'_, '_>, line: Option<&Line>, tip: ObjectId, new: &[ObjectId]) -> Option<bool> {
    let Some(cut_from) = line.and_then(|line| line.cut_from.as_ref()) else { return Some(false) };
    let new: BTreeSet<&ObjectId> = new.iter().collect();
    for (_, origin) in update.facts().after().branches_of(cut_from).ok()? {
        let ahead = update.project().mainline_ahead(origin, tip).ok()?;
        if ahead.commits.iter().any(|own| new.contains(own)) {
            return Some(true);
        }
    }
    Some(false)
}

/// Returns the command that starts the branch on which a tag has to be, where it may start at the tagged commit.
pub(super) fn start_home(update: &Update<'_, '_>, home: &Home, commit: ObjectId) -> Option<String> {
    let (project, bindings) = (update.project(), &update.tag()?.bindings);
    let first = |line: &Line| line.branches.iter().find_map(|pattern| pattern.instances(bindings)?.into_iter().next());
    let only = || match home.wanted.as_slice() {
        [wanted] => project.lines().iter().find(|line| line.name == *wanted).and_then(first).map(RefName::branch),
        _ => None,
    };
    let name = home.only.clone().or_else(only)?;
    let place = project.line_of(&name)?;
    if let Some(cut_from) = &place.line.cut_from {
        let origins = update.facts().after().tips_of(cut_from).ok()?;
        let others = [origins.as_slice(), &update.facts().before().line_tips().ok()?].concat();
        // What it would have from yet another line may not come here.
        let own = project.commits(&[commit], &origins).ok()?;
        if own.len() != project.commits(&[commit], &others).ok()?.len() || !is_accepted(update, &name, commit, &own)? {
            return None;
        }
    }
    push(project, commit, &name)
}

/// Returns the command that brings a file as a tagged commit has it to a branch of another line, where that has not
/// touched it itself.
pub(super) fn bring_file(
    project: &Project,
    tag: &RefName,
    commit: ObjectId,
    path: &BStr,
    to: &RefName,
    tip: ObjectId,
) -> Option<String> {
    let base = project.merge_base(commit, tip).ok()??;
    if project.object_at(base, path).ok()? != project.object_at(tip, path).ok()? {
        return None;
    }
    let (message, path) = quote(&format!("Release notes up to {}", tag.short())).zip(quote(path))?;
    all([onto(project, to), Some(format!("git checkout {commit} -- {path} && git commit -m {message}"))])
}

/// Returns the command that merges what was pushed to a branch into the one where it has to be first.
pub(super) fn promote(branch: &BranchUpdate<'_, '_, '_>, source: &RefName, tip: ObjectId) -> Option<String> {
    let project = branch.project();
    let earlier = &project.line_of(source)?.line.intake.only_from;
    if earlier.is_empty() {
        return merge(project, branch.tip(), branch.name(), source);
    }
    // That one takes no merge of its own either: what is on the lines before it can only move it forward.
    let mut there = vec![tip];
    for line in earlier {
        there.extend(branch.facts().after().tips_of(line).ok()?);
    }
    let is_there = project.commits(&[branch.tip()], &there).ok()?.is_empty();
    let is_forward = is_there && project.is_ancestor(tip, branch.tip()).ok()?;
    is_forward.then(|| push(project, branch.tip(), source))?
}

/// Returns the command that takes all wrong commits out of a branch, for the newest of them. They stay on a branch of the
/// clone.
pub(super) fn take_out(
    branch: &BranchUpdate<'_, '_, '_>,
    newest: ObjectId,
    is_wrong: impl Fn(&Commit) -> Result<bool, FactError>,
) -> Option<String> {
    let (project, old) = (branch.project(), branch.known_old().ok()??);
    let (mut removed, mut stay) = (BTreeSet::new(), Vec::new());
    let mut last = None;
    for commit in history(project, branch.tip(), old)? {
        if is_wrong(&commit).ok()? {
            last = Some(commit.id);
            removed.extend(project.touched(&commit).ok()?.iter().cloned());
        } else {
            stay.push(commit);
        }
    }
    if last == Some(newest) { rebuilt(branch, old, &stay, &removed) } else { None }
}

/// Returns the command that takes a merge of another line out of a branch.
pub(super) fn take_merge_out(branch: &BranchUpdate<'_, '_, '_>, merge: &Commit) -> Option<String> {
    let project = branch.project();
    let base = *merge.parents.first()?;
    let above = history(project, branch.tip(), merge.id)?;
    // Were there a second merge below, the first would only uncover it.
    let old = branch.known_old().ok()??;
    if base != old {
        history(project, base, old)?;
    }
    let removed = project.touched_files(base, merge.id).ok()?.into_iter().collect();
    rebuilt(branch, base, &above, &removed)
}

/// Returns the command that takes a branch back from another one, onto which it was moved; what was made on top of that
/// stays.
pub(super) fn take_off(branch: &BranchUpdate<'_, '_, '_>, other: ObjectId) -> Option<String> {
    let (project, old) = (branch.project(), branch.known_old().ok()??);
    let from = project.merge_base(branch.tip(), other).ok()??;
    let above = if from == branch.tip() { Vec::new() } else { history(project, branch.tip(), from)? };
    let removed = project.touched_files(old, from).ok()?.into_iter().collect();
    rebuilt(branch, old, &above, &removed)
}

/// Returns the command that makes a branch again from a commit that it had, and the commits that stay.
fn rebuilt(
    branch: &BranchUpdate<'_, '_, '_>,
    base: ObjectId,
    stay: &[Commit],
    removed: &BTreeSet<BString>,
) -> Option<String> {
    if !are_apart(branch.project(), stay, removed)? {
        return None;
    }
    let stay: Vec<ObjectId> = stay.iter().map(|commit| commit.id).collect();
    let picks = (!stay.is_empty()).then(|| Some(format!("git cherry-pick{}", picked(&stay))));
    let steps = [onto_pushed(branch), Some(format!("git branch {} && git reset --keep {base}", kept(branch.tip())))];
    all(steps.into_iter().chain(picks))
}

/// Returns the command that puts the commits of a push on top of what the branch holds.
pub(super) fn put_on_top(branch: &BranchUpdate<'_, '_, '_>) -> Option<String> {
    let (project, old) = (branch.project(), branch.known_old().ok()??);
    let base = project.merge_base(branch.tip(), old).ok()??;
    let own = if base == branch.tip() { Vec::new() } else { history(project, branch.tip(), base)? };
    if !are_apart(project, &own, &project.touched_files(base, old).ok()?.into_iter().collect())? {
        return None;
    }
    let (remote, name) = remote(project).zip(quote(branch.name().short()))?;
    let own: Vec<ObjectId> = own.iter().map(|commit| commit.id).collect();
    let picks = (!own.is_empty()).then(|| Some(format!("git cherry-pick{}", picked(&own))));
    let kept = kept(branch.tip());
    let steps =
        format!("git fetch {remote} && git switch {name} && git branch {kept} && git reset --keep {remote}/{name}");
    all([Some(steps)].into_iter().chain(picks))
}

/// Returns the command that moves what is a new branch's own, above `wrong`, onto the branch it has to start from.
pub(super) fn move_onto(branch: &BranchUpdate<'_, '_, '_>, wrong: ObjectId, origin: &RefName) -> Option<String> {
    let project = branch.project();
    let own = history(project, branch.tip(), wrong)?;
    let start = branch.facts().after().tip(origin).ok()??;
    if own.is_empty() || !are_apart(project, &own, &project.touched_files(wrong, start).ok()?.into_iter().collect())? {
        return None;
    }
    let (remote, origin) = remote(project).zip(quote(origin.short()))?;
    all([onto_pushed(branch), Some(format!("git rebase --onto {remote}/{origin} {wrong}"))])
}

/// Returns the commits from one to another below it, oldest first; `None` where they are more than anybody pastes, or
/// not one after the other.
fn history(project: &Project, tip: ObjectId, below: ObjectId) -> Option<Vec<Commit>> {
    let mut commits = Vec::new();
    let mut next = tip;
    while next != below {
        let commit = project.commit(next).ok()?;
        let [parent] = commit.parents.as_slice() else { return None };
        next = *parent;
        commits.push(commit);
        if commits.len() > MAX_COMMITS {
            return None;
        }
    }
    commits.reverse();
    Some(commits)
}

/// Returns whether commits touch other files than these, so that they apply with and without what changes those. An
/// empty commit is not one that git picks.
fn are_apart(project: &Project, commits: &[Commit], files: &BTreeSet<BString>) -> Option<bool> {
    for commit in commits {
        let touched = project.touched(commit).ok()?;
        if touched.is_empty() || touched.iter().any(|path| files.contains(path)) {
            return Some(false);
        }
    }
    Some(true)
}
