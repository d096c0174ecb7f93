//! Floor 3: lazy answers about one push. Every answer that needs the repository is a `Result`.
//!
//! Rules ask here and nowhere else: what they know of policies and of git comes through these types.

mod ancestry;
mod change;
mod changelogs;
mod commits;
mod error;
mod flows;
mod keeping;
mod memo;
mod trees;
mod versions;
mod view;
mod waivers;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::Path;
use std::rc::Rc;
use std::time::Instant;

pub use ancestry::Below;
pub use change::{Change, Movement};
pub use changelogs::Released;
pub use error::FactError;
use flows::Compared;
pub use flows::{Answers, Debt, Dispute, grammar};
pub use keeping::{FlowSource, is_compared};
pub use trees::Manifest;
pub use versions::{Home, SeriesKey, Sibling};
pub use view::View;
pub use waivers::{ArrivingNote, Exceptions, Granted};

pub use crate::git::{Commit, Kind};
pub use crate::policy::{
    ActorSet, Bindings, Flow, FlowDue, Line, LineMatch, LoadError, Pattern, Place, RetiredBy, Role, Series, TagClass,
    TagKind, TagMatch, TagObject, Upcoming, Way,
};
pub use crate::policy::{
    Agreement, Changelog, ChangelogFormat, Classes, Due, Notes, PathPattern, Reintegrate, VersionField,
};
pub use crate::version::Case;

use memo::Memo;
use versions::Scopes;

use crate::git::{self, Peeled, Repository};
use crate::model::{Actor, Exit, Failure, Namespace, ObjectId, Push, RefName, RefUpdate};
use crate::policy::{self, Policy, Source};
use crate::version::docker_slug;

/// No policy file is longer; the check comes before the blob is read.
const MAX_POLICY_BYTES: u64 = 1 << 20;

/// Reads the bytes of a policy source. A preset has none to read: it is part of the program.
///
/// # Errors
/// A file, ref or path that is not there or cannot be read.
pub fn read_source(repository: &Repository, source: &Source) -> Result<Vec<u8>, Failure> {
    let failure = |cause: String| Failure::new(Exit::Policy, format!("reading the policy `{source}`"), cause);
    match source {
        Source::File(path) => read_file(path).map_err(|error| failure(error.to_string())),
        Source::Preset(name) => Err(failure(format!("`{name}` is built in"))),
        Source::Ref { revision, path } => {
            let commit = resolve_revision(repository, revision).map_err(|error| failure(error.to_string()))?;
            let bytes = repository.read_file(commit, path.as_str().into(), MAX_POLICY_BYTES);
            let bytes = bytes.map_err(|error| failure(error.to_string()))?;
            bytes.ok_or_else(|| failure(format!("there is no file `{path}` in {}", commit.short())))
        }
    }
}

/// Reads a policy file: no more of it than tells that it is too long, for a device has no end.
///
/// # Errors
/// It is not there or cannot be read.
pub fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::fs::File::open(path)?.take(MAX_POLICY_BYTES + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// A full ref name is looked up as it is: a branch of the same name must not come between.
fn resolve_revision(repository: &Repository, revision: &str) -> Result<ObjectId, git::Error> {
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
    /// The place of each name in the push, its first where an alias gives it twice.
    places: BTreeMap<&'a RefName, usize>,
    /// The branches under a prefix once the push has happened: every tag of a push asks.
    branches: Memo<String, Rc<[RefName]>>,
    /// The branches and tags of each image tag: every new branch of a push asks.
    slugs: Memo<Case, Rc<Slugs>>,
    /// What the branches of all lines but topic lines held before the push: every new branch of a push asks.
    tips_before: Memo<(), Rc<[ObjectId]>>,
    /// The version tags once the push has happened: every version tag of a push asks, of each of its siblings.
    scopes: Memo<(), Rc<Scopes<'a>>>,
    /// The histories of branches, as far as tags were looked for there.
    walks: RefCell<BTreeMap<ObjectId, git::Ancestors<'a>>>,
    /// The commits of tags once the push has happened.
    tagged: Memo<RefName, Option<ObjectId>>,
    /// Where changes were found on other lines: more than one rule asks about the commits of a push.
    compared: RefCell<Vec<Rc<Compared>>>,
}

/// Image tags, and the branches and tags that make each.
type Slugs = BTreeMap<String, Vec<RefName>>;

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
        let mut places = BTreeMap::new();
        for (at, update) in push.updates.iter().enumerate() {
            places.entry(&update.name).or_insert(at);
        }
        Self {
            repository,
            policy,
            push,
            view,
            deadline,
            places,
            branches: Memo::default(),
            slugs: Memo::default(),
            tips_before: Memo::default(),
            scopes: Memo::default(),
            walks: RefCell::default(),
            tagged: Memo::default(),
            compared: RefCell::default(),
        }
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

    /// The first update whose new object cannot be found. Rules look at what they need; that a ref shall hold
    /// something that exists has to be true for all of them.
    pub fn missing(&self) -> Option<(&'a RefName, FactError)> {
        let mut updates = self.push.updates.iter().filter(|update| !update.deletes());
        updates.find_map(|update| {
            let error = match self.repository.kind(update.new) {
                Ok(Some(_)) => return None,
                Ok(None) => git::Error::Missing { id: update.new },
                Err(error) => error,
            };
            Some((&update.name, error.into()))
        })
    }

    /// The updates, each with its place in the policy.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_, 'a>> {
        (0..self.push.updates.len()).filter_map(|index| Change::new(self, index))
    }

    /// What a ref holds once the push has happened; `None` when it does not exist then.
    pub fn tip(&self, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        self.in_time()?;
        match self.update_of(name) {
            Some(update) => Ok(Some(update.new).filter(|id| !id.is_null())),
            None => Ok(self.view.find(self.repository, name)?),
        }
    }

    /// The branches of a line that agree with what is known (`1.15` for major 1, minor 15) once the push has
    /// happened, with their tips. Looks up names where the line's pattern leaves nothing open, and reads the
    /// refs under the pattern's literal part otherwise.
    pub fn branches(&self, line: &Line, known: &Bindings) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let mut found = Vec::new();
        let mut seen: BTreeSet<RefName> = BTreeSet::new();
        for pattern in &line.branches {
            for (name, tip) in self.branches_like(pattern, known)? {
                // A name may fit an earlier line too: the first line is the one it belongs to.
                let belongs = self.line_of(&name).is_some_and(|place| place.line.name == line.name);
                if belongs && seen.insert(name.clone()) {
                    found.push((name, tip));
                }
            }
        }
        Ok(found)
    }

    /// The branches of a pattern that agree with what is known; see [`Facts::branches`].
    pub fn branches_like(&self, pattern: &Pattern, known: &Bindings) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let names: Rc<[RefName]> = match pattern.instances(known) {
            Some(names) => names.into_iter().map(RefName::branch).collect(),
            None => self.branches_under(pattern.literal_prefix())?,
        };
        let mut found = Vec::new();
        for name in names.iter() {
            let agrees = pattern.matches(name.short()).is_some_and(|bound| Pattern::agrees(&bound, known));
            if agrees && let Some(tip) = self.tip(name)? {
                found.push((name.clone(), tip));
            }
        }
        Ok(found)
    }

    /// All branches and tags whose image tag is `slug` once the push has happened, sorted. Reads every ref: for rules
    /// that compare names.
    pub fn with_slug(&self, slug: &str, case: Case) -> Result<Vec<RefName>, FactError> {
        self.in_time()?;
        let slugs = self.slugs.get(case, || {
            let mut slugs = Slugs::new();
            for namespace in [Namespace::Branch, Namespace::Tag] {
                for name in self.after_push(namespace, "")? {
                    if let Some(slug) = docker_slug(name.short(), case) {
                        slugs.entry(slug).or_default().push(name);
                    }
                }
            }
            Ok(Rc::new(slugs))
        })?;
        Ok(slugs.get(slug).cloned().unwrap_or_default())
    }

    fn branches_under(&self, prefix: &str) -> Result<Rc<[RefName]>, FactError> {
        self.in_time()?;
        self.branches.get(prefix.to_owned(), || Ok(self.after_push(Namespace::Branch, prefix)?.into()))
    }

    /// The names in a namespace that start with a prefix once the push has happened, sorted.
    fn after_push(&self, namespace: Namespace, prefix: &str) -> Result<Vec<RefName>, FactError> {
        let mut names = self.view.list(self.repository, namespace, prefix)?;
        names.retain(|name| self.update_of(name).is_none());
        let arriving = self.places.iter().filter(|(name, at)| {
            name.namespace() == namespace
                && name.short().starts_with(prefix.as_bytes())
                && self.push.updates.get(**at).is_some_and(|update| !update.deletes())
        });
        names.extend(arriving.map(|(name, _)| (*name).clone()));
        names.sort();
        Ok(names)
    }

    /// Whether the push itself brings a ref.
    pub fn arrives(&self, name: &RefName) -> bool {
        self.update_of(name).is_some_and(|update| !update.deletes())
    }

    /// The update of a ref, if the push has one.
    fn update_of(&self, name: &RefName) -> Option<&'a RefUpdate> {
        self.places.get(name).and_then(|at| self.push.updates.get(*at))
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

    /// The policy as the push would leave it, for an update of a ref that one of its layers is read from. `None` where
    /// the update does not concern the policy.
    ///
    /// # Errors
    /// A ref that cannot be read.
    pub fn policy_after(&self, change: &Change<'_, '_>) -> Result<Option<Result<Policy, LoadError>>, FactError> {
        let mut concerned = false;
        for layer in &self.policy.texts {
            if let Ok(Source::Ref { revision, .. }) = Source::parse(&layer.name) {
                concerned |= self.ref_of(&revision)?.is_some_and(|name| name == *change.name());
            }
        }
        if !concerned {
            return Ok(None);
        }
        let read = |source: &Source| match source {
            Source::Ref { revision, path } => {
                let name = self.ref_of(revision).map_err(|error| {
                    Failure::new(Exit::Undecided, format!("reading the policy `{source}`"), error.to_string())
                })?;
                // Of all that is pushed together: a layer may come with what extends it.
                let update = name.and_then(|name| self.update_of(&name));
                let revision = update.map_or_else(|| revision.clone(), |update| update.new.to_string());
                read_source(self.repository, &Source::Ref { revision, path: path.clone() })
            }
            other => read_source(self.repository, other),
        };
        Ok(Some(policy::load(self.policy.source.clone(), &read)))
    }

    /// The ref behind a policy source's revision, symbolic refs followed.
    fn ref_of(&self, revision: &str) -> Result<Option<RefName>, git::Error> {
        Ok(self.repository.revision_ref(revision)?.map(|(name, _)| name))
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
