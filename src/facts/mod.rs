//! Floor 3: lazy answers about one push. Every answer that needs the repository is a `Result`.
//!
//! Rules ask here and nowhere else: what they know of policies and of git comes through these types.

mod change;
mod commits;
mod error;
mod trees;
mod versions;
mod view;

use std::time::Instant;

pub use change::{Change, Movement};
pub use error::FactError;
pub use trees::Manifest;
pub use versions::{Home, Sibling};
pub use view::View;

pub use crate::git::{Commit, Kind};
pub use crate::policy::{
    ActorSet, Bindings, Line, LineMatch, LoadError, Pattern, Place, RetiredBy, Role, Series, TagClass, TagKind,
    TagMatch, TagObject,
};
pub use crate::policy::{
    Agreement, Changelog, ChangelogFormat, Classes, Due, Notes, PathPattern, Reintegrate, VersionField,
};

use crate::git::{Peeled, Repository};
use crate::model::{Actor, Namespace, ObjectId, Push, RefName};
use crate::model::{Exit, Failure};
use crate::policy::{self, Policy, Source};

/// No policy file is longer; the check comes before the blob is read.
const MAX_POLICY_BYTES: u64 = 1 << 20;

/// Reads the bytes of a policy source. A preset has none to read: it is part of the program.
///
/// # Errors
/// A file, ref or path that is not there or cannot be read.
pub fn read_source(repository: &Repository, source: &Source) -> Result<Vec<u8>, Failure> {
    let failure = |cause: String| Failure::new(Exit::Policy, format!("reading the policy `{source}`"), cause);
    match source {
        Source::File(path) => std::fs::read(path).map_err(|error| failure(error.to_string())),
        Source::Preset(name) => Err(failure(format!("`{name}` is built in"))),
        Source::Ref { revision, path } => {
            let commit = resolve_revision(repository, revision).map_err(|error| failure(error.to_string()))?;
            let bytes = repository.read_file(commit, path.as_str().into(), MAX_POLICY_BYTES);
            let bytes = bytes.map_err(|error| failure(error.to_string()))?;
            bytes.ok_or_else(|| failure(format!("there is no file `{path}` in {}", commit.short())))
        }
    }
}

/// A full ref name is looked up as it is: a branch of the same name must not come between.
fn resolve_revision(repository: &Repository, revision: &str) -> Result<ObjectId, crate::git::Error> {
    if revision.starts_with("refs/")
        && let (_, Some(id)) = repository.resolve(&RefName::new(revision))?
    {
        return Ok(id);
    }
    repository.rev_parse(revision)
}

/// Everything that rules can ask about a push.
pub struct Facts<'a> {
    repository: &'a Repository,
    policy: &'a Policy,
    push: &'a Push,
    view: View,
    /// When to give up: an answer that comes after the host has cut the connection is none.
    deadline: Option<Instant>,
}

/// How many commits a single question may look at.
const MAX_COMMITS: usize = 200_000;

impl<'a> Facts<'a> {
    /// Facts about `push`. `view` says which refs of the repository are the receiving side's.
    pub fn new(
        repository: &'a Repository,
        policy: &'a Policy,
        push: &'a Push,
        view: View,
        deadline: Option<Instant>,
    ) -> Self {
        Self { repository, policy, push, view, deadline }
    }

    /// The push.
    pub fn push(&self) -> &'a Push {
        self.push
    }

    /// Who pushes. `Err` where only the server knows: on a developer's machine and in CI without an identity.
    pub fn actor(&self) -> Result<&'a Actor, FactError> {
        match &self.push.actor {
            Actor::Unknown if !self.push.stage.is_server() => {
                Err(FactError::elsewhere("who pushes is known to the server alone"))
            }
            actor => Ok(actor),
        }
    }

    /// The classes of branches that the policy declares.
    pub fn lines(&self) -> &'a [Line] {
        &self.policy.lines
    }

    /// The classes of tags that the policy declares.
    pub fn tag_classes(&self) -> &'a [TagClass] {
        &self.policy.tags
    }

    /// A branch's place in the policy.
    pub fn line_of(&self, name: &RefName) -> Option<LineMatch<'a>> {
        self.policy.line_of(name)
    }

    /// A tag's place in the policy.
    pub fn tag_of(&self, name: &RefName) -> Option<TagMatch<'a>> {
        self.policy.tag_of(name)
    }

    /// Why a tag that a pattern matches belongs to no class all the same.
    pub fn why_unlisted(&self, name: &RefName) -> Option<String> {
        self.policy.why_unlisted(name)
    }

    /// The updates, each with its place in the policy.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_, 'a>> {
        (0..self.push.updates.len()).filter_map(|index| Change::new(self, index))
    }

    /// What a ref holds once the push has happened; `None` when it does not exist then.
    pub fn tip(&self, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        if let Some(update) = self.push.updates.iter().find(|update| update.name == *name) {
            return Ok(Some(update.new).filter(|id| !id.is_null()));
        }
        self.in_time()?;
        Ok(self.view.find(self.repository, name)?)
    }

    /// The branches of a line that agree with what is known (`1.15` for major 1, minor 15) once the push has
    /// happened, with their tips. Looks up names where the line's pattern leaves nothing open, and reads the
    /// refs under the pattern's literal part otherwise.
    pub fn branches(&self, line: &Line, known: &Bindings) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let mut found = Vec::new();
        for pattern in &line.branches {
            for (name, tip) in self.branches_like(pattern, known)? {
                // A name may fit an earlier line too: the first line is the one it belongs to.
                let belongs = self.line_of(&name).is_some_and(|place| place.line.name == line.name);
                if belongs && !found.contains(&(name.clone(), tip)) {
                    found.push((name, tip));
                }
            }
        }
        Ok(found)
    }

    /// The branches of a pattern that agree with what is known; see [`Facts::branches`].
    pub fn branches_like(&self, pattern: &Pattern, known: &Bindings) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let names = match pattern.instances(known) {
            Some(names) => names.into_iter().map(RefName::branch).collect(),
            None => self.branches_under(pattern.literal_prefix())?,
        };
        let mut found = Vec::new();
        for name in names {
            let agrees = pattern.matches(name.short()).is_some_and(|bound| Pattern::agrees(&bound, known));
            if agrees && let Some(tip) = self.tip(&name)? {
                found.push((name, tip));
            }
        }
        Ok(found)
    }

    /// All branches and tags there are once the push has happened. Reads every ref: for rules that compare names.
    pub fn names(&self) -> Result<Vec<RefName>, FactError> {
        self.in_time()?;
        let mut names = self.view.list(self.repository, Namespace::Branch, "")?;
        names.extend(self.view.list(self.repository, Namespace::Tag, "")?);
        Ok(self.after_push(names))
    }

    fn branches_under(&self, prefix: &str) -> Result<Vec<RefName>, FactError> {
        self.in_time()?;
        let existing = self.view.list(self.repository, Namespace::Branch, prefix)?;
        Ok(self.after_push(existing).into_iter().filter(|name| name.namespace() == Namespace::Branch).collect())
    }

    fn after_push(&self, mut names: Vec<RefName>) -> Vec<RefName> {
        for update in &self.push.updates {
            names.retain(|name| *name != update.name);
            if !update.deletes() {
                names.push(update.name.clone());
            }
        }
        names.sort();
        names
    }

    /// Whether `ancestor` is `descendant` or one of its ancestors.
    pub fn is_ancestor(&self, ancestor: ObjectId, descendant: ObjectId) -> Result<bool, FactError> {
        self.in_time()?;
        Ok(self.repository.is_ancestor(ancestor, descendant)?)
    }

    /// The commits reachable from `tips` and from none of `without`, newest first.
    pub fn commits(&self, tips: &[ObjectId], without: &[ObjectId]) -> Result<Vec<ObjectId>, FactError> {
        self.in_time()?;
        Ok(self.repository.commits(tips, without, MAX_COMMITS)?)
    }

    /// A commit.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, FactError> {
        self.in_time()?;
        Ok(self.repository.commit(id)?)
    }

    /// What an id comes to once every tag object is unwrapped.
    pub fn peel(&self, id: ObjectId) -> Result<Peeled, FactError> {
        self.in_time()?;
        Ok(self.repository.peel(id)?)
    }

    /// The policy as this update would leave it. `None` where the update does not concern the policy.
    pub fn policy_after(&self, change: &Change<'_, '_>) -> Option<Result<Policy, LoadError>> {
        let Source::Ref { revision, path } = &self.policy.source else { return None };
        let own = RefName::new(revision.as_str());
        if *change.name() != own && *change.name() != RefName::branch(revision) {
            return None;
        }
        let next = Source::Ref { revision: change.new_id().to_string(), path: path.clone() };
        Some(policy::load(next, &|source| read_source(self.repository, source)))
    }

    fn in_time(&self) -> Result<(), FactError> {
        match self.deadline {
            Some(deadline) if Instant::now() >= deadline => Err(FactError::undecided("the deadline has passed").help(
                "raise `refgate.deadline`, or give the repository a commit-graph: `git commit-graph write --reachable`",
            )),
            _ => Ok(()),
        }
    }
}
