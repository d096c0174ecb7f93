//! A policy out of a history: what the refs and the last years of commits of a repository show of how it is released.
//!
//! | file | what it answers |
//! |---|---|
//! | `seen` | which branches and tags there are |
//! | `names` | how names are made up |
//! | `groups` | which tags have one prefix, and which scheme reads their versions |
//! | `tags` | which classes the tags are of |
//! | `branches` | which lines the branches are of |
//! | `places` | where tags stand, and in which series |
//! | `files` | which manifests, changelogs and notes say the version |
//! | `kinds` | how the commits are called by which versions are made |
//! | `flows` | how changes travel between lines |
//! | `proposal` | what is proposed, and what speaks for it |
//! | `trial` | what it would have refused |
//! | `write` | the policy, with all of that as comments |
//!
//! Everything is read with what rules read it with: a proposal that is borne out here is borne out when a push is judged.
//! Nothing is proposed about actors: a history does not show who may do what.

mod branches;
mod files;
mod flows;
mod groups;
mod kinds;
mod names;
mod places;
mod proposal;
mod seen;
mod tags;
mod trial;
mod write;

use branches::Lines;
use files::Files;
use proposal::{Proposal, Support};
use seen::Seen;

use crate::git;
use crate::model::{ObjectId, RefName, counted};
use crate::policy::Role;
use crate::project::{FactError, Project};

pub(crate) use names::literal;
pub(crate) use trial::Ground;
pub(crate) use write::EDITORS;

/// A policy that is proposed.
#[derive(Debug)]
pub(crate) struct Draft {
    /// What the policy is called.
    name: String,
    /// What was looked at.
    seen: Vec<String>,
    proposals: Vec<Proposal>,
    /// Whether there are tags to go by.
    has_tags: bool,
    /// Whether anything shows how versions are made.
    has_releases: bool,
    /// The branch where development comes together.
    mainline: Option<String>,
    /// What was not looked at, a sentence each.
    unread: Vec<String>,
    /// All commits, for whoever tries it, where the repository has no commit-graph.
    commits: Option<git::WholeHistory>,
}

impl Draft {
    /// Returns whether anything shows how versions are made.
    pub(crate) const fn has_releases(&self) -> bool {
        self.has_releases
    }

    /// Returns the branch where development comes together.
    pub(crate) fn mainline(&self) -> Option<&str> {
        self.mainline.as_deref()
    }
}

/// As many branches are looked at for where they start.
const MAX_CUT: usize = 20;

/// As many trees of newest versions are listed.
const MAX_TREES: usize = 8;

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Branches and tags.
    Refs,
    /// The files and commits of releases, too.
    History,
}

/// Learns a policy. `progress` gets what is being done.
///
/// # Errors
/// Refs or history that cannot be read.
pub(crate) fn learn(project: &Project, name: &str, depth: Depth, progress: &dyn Fn(&str)) -> Result<Draft, FactError> {
    progress("reading branches and tags");
    let seen = Seen::of(project)?;
    let classes = tags::classes(&seen);
    let lines = branches::lines(&seen, &classes);
    let mut draft = Draft {
        name: name.to_owned(),
        seen: said(&seen, &lines, &classes),
        proposals: Vec::new(),
        has_tags: !seen.tags.is_empty(),
        has_releases: !classes.versions.is_empty() || lines.all.iter().any(|line| line.role == Role::Release),
        mainline: None,
        unread: Vec::new(),
        commits: if depth == Depth::History { commits(project, &seen) } else { None },
    };
    let mainline = lines.all.iter().find(|line| line.role == Role::Mainline);
    let main = mainline.and_then(|line| line.branches.first());
    draft.mainline = main.map(|main| main.name.clone());
    for line in &lines.all {
        let cut = match (line.role, main) {
            (Role::Release | Role::Development, Some(main)) => Some(cut_from(project, line, main)?),
            _ => None,
        };
        draft.proposals.push(line.proposal(mainline.map(|line| line.name.as_str()), cut));
    }
    if mainline.is_none() {
        draft.proposals.extend(unborn(project)?);
    }
    draft.proposals.extend(topics(project, main, &lines)?);
    let mut release = None;
    if depth == Depth::History
        && let Some((proposal, subject)) = kinds::release(project, &classes)?
    {
        draft.proposals.push(proposal);
        release = Some(subject);
    }
    progress("looking where tags stand");
    draft.proposals.extend(classes.moving.clone());
    for class in &classes.versions {
        let proposal = class.proposal(seen.tags.len());
        draft.proposals.push(places::place(project, class, &lines, proposal)?);
    }
    draft.proposals.extend(classes.others.iter().cloned());
    if let Some(main) = main.filter(|_| depth == Depth::History) {
        progress("reading manifests and changelogs");
        // What only release branches have shows in the trees of the newest versions.
        let newest = classes.versions.iter().filter_map(|class| class.members.last()?.tag.commit);
        let files = Files::of(project, std::iter::once(main.tip).chain(newest.take(MAX_TREES)))?;
        let is_only = classes.versions.len() == 1;
        let (mut fields, mut changelogs) = (Vec::new(), Vec::new());
        for class in &classes.versions {
            fields.extend(files::fields(project, &files, class, is_only)?);
            changelogs.extend(files::changelogs(project, &files, class)?);
        }
        draft.proposals.extend(distinct(fields));
        draft.proposals.extend(distinct(changelogs));
        progress("comparing release branches");
        let (proposals, unread) = flows::flows(project, &seen, &lines, release.as_ref())?;
        draft.proposals.extend(proposals);
        draft.unread.extend(unread);
    }
    Ok(draft)
}

/// Reads all commits where there is no commit-graph: without them each thread reads its own.
fn commits(project: &Project, seen: &Seen) -> Option<git::WholeHistory> {
    let branches = seen.head.iter().chain(&seen.branches).map(|branch| branch.tip);
    let tips: Vec<ObjectId> = branches.chain(seen.tags.iter().filter_map(|tag| tag.commit)).collect();
    let commits = project.repository().read_history(&tips)?;
    project.repository().use_history(&commits);
    Some(commits)
}

/// Returns what was looked at, a sentence each.
fn said(seen: &Seen, lines: &Lines<'_>, classes: &tags::Classes<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let branches = seen.branches.len() + usize::from(seen.head.is_some());
    let branches = counted(branches, "branch", "branches");
    said.push(format!("{branches} and {} were looked at", counted(seen.tags.len(), "tag", "tags")));
    if let Some(listed) = lines.is_listed.as_ref().filter(|_| lines.topics > 0) {
        said.push(format!(
            "{} of {} other branches belong to lines of their own",
            listed.with(),
            listed.with() + lines.topics
        ));
    }
    if let Some(covered) = classes.covered.as_ref().filter(|covered| covered.is_some()) {
        said.push(format!("{covered} are of a class"));
    }
    said
}

/// Returns how many branches of a line start on the mainline.
fn cut_from(project: &Project, line: &branches::Line<'_>, main: &seen::Branch) -> Result<Support, FactError> {
    let mut related = Vec::new();
    for branch in line.branches.iter().take(MAX_CUT) {
        project.step()?;
        related.push((&branch.name, project.merge_base(branch.tip, main.tip)?.is_some()));
    }
    Ok(Support::of(
        related,
        format!("of its branches start in the history of `{}`", crate::model::Untrusted::new(&main.name)),
    ))
}

/// Proposes the mainline of a repository without commits.
fn unborn(project: &Project) -> Result<Option<Proposal>, FactError> {
    let (head, _) = project.repository().resolve(&RefName::new("HEAD"))?;
    let Ok(name) = std::str::from_utf8(head.short()) else { return Ok(None) };
    if head.namespace() != crate::model::Namespace::Branch {
        return Ok(None);
    }
    let line =
        Proposal::new("line").key("name", "mainline").key("branch", literal(name)).key("role", Role::Mainline.name());
    Ok(Some(line.because("there is no commit yet: the branch that the first one goes to")))
}

/// Proposes the line of short-lived branches, where there are some or were some.
fn topics(project: &Project, main: Option<&&seen::Branch>, lines: &Lines<'_>) -> Result<Option<Proposal>, FactError> {
    if lines.topics > 0 {
        let rest = counted(lines.topics, "branch", "branches");
        return Ok(Some(branches::topics(format!("the rest: {rest}"))));
    }
    let Some(main) = main else { return Ok(None) };
    let merges = flows::merged(project, main.tip)?.len();
    Ok((merges > 0).then(|| {
        let merges = counted(merges, "merge", "merges");
        branches::topics(format!("none is there now; {merges} of branches that are gone show that there were some"))
    }))
}

/// Leaves out a second proposal for the same files.
fn distinct(proposals: Vec<Proposal>) -> Vec<Proposal> {
    let mut found: Vec<Proposal> = Vec::new();
    for proposal in proposals {
        let is_known = |known: &Proposal| known.keys.first() == proposal.keys.first();
        if !found.iter().any(is_known) {
            found.push(proposal);
        }
    }
    found
}
