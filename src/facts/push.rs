//! A push and its two moments.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::rc::Rc;

use super::{Bindings, FactError, Peeled, Project, Snapshot, Update};
use crate::git;
use crate::model::{Actor, Exit, Failure, ObjectId, Push, RefName, RefUpdate};
use crate::policy::{self, LoadError, Policy, PolicyErrors, Source};
use crate::project::{Ahead, Memo, policy_ref, read_source};
use crate::push::Identity;

/// Everything that rules can ask about a push.
pub struct Facts<'p> {
    project: &'p Project,
    push: &'p Push,
    before: Snapshot<'p>,
    after: Snapshot<'p>,
    /// Whether anything has asked for `after` since [`Self::take_asked`].
    is_asked: Cell<bool>,
    /// The place of each name in the push; the first one where an alias makes it appear twice.
    places: BTreeMap<&'p RefName, usize>,
    /// The version tags before the push that belong to a line, by its name: every new branch of the line asks.
    pub(super) line_tags: Memo<String, LineTags>,
    /// First-parent histories above commits: more than one rule asks.
    pub(super) ahead: Memo<(ObjectId, ObjectId), Rc<Ahead>>,
    /// The new commits of all its branches: every branch asks.
    pub(super) fresh: Memo<(), Rc<git::Fresh<'p>>>,
    /// The dates of what an update brings, by its place in the push: every finding of a rule with `since` asks.
    pub(super) dates: Memo<usize, Rc<Dates>>,
}

/// Commits and when they were made, in seconds.
pub(super) type Dates = HashMap<ObjectId, i64>;

/// Tags with what their names bind.
type LineTags = Rc<[(Bindings, RefName)]>;

impl<'p> Facts<'p> {
    /// Facts about a push to a project.
    pub fn new(project: &'p Project, push: &'p Push) -> Self {
        Self::with(project, push, |update| update.new)
    }

    /// Makes the same facts for each update of the push as if it were the only one that happens: all other refs stay as
    /// they are.
    pub fn of_each_alone(project: &'p Project, push: &'p Push) -> Self {
        Self::with(project, push, |update| update.old)
    }

    fn with(project: &'p Project, push: &'p Push, afterwards: fn(&RefUpdate) -> ObjectId) -> Self {
        let mut places = BTreeMap::new();
        for (at, update) in push.updates.iter().enumerate() {
            places.entry(&update.name).or_insert(at);
        }
        let laid_over = |value: fn(&RefUpdate) -> ObjectId| {
            let values = places.iter().filter_map(|(name, at)| {
                let id = value(push.updates.get(*at)?);
                Some(((*name).clone(), Some(id).filter(|id| !id.is_null())))
            });
            Snapshot::with(project, values.collect())
        };
        let (before, after) = (laid_over(|update| update.old), laid_over(afterwards));
        Self {
            project,
            push,
            before,
            after,
            is_asked: Cell::default(),
            places,
            line_tags: Memo::default(),
            ahead: Memo::default(),
            fresh: Memo::default(),
            dates: Memo::default(),
        }
    }

    /// Returns the project that is pushed to.
    pub fn project(&self) -> &'p Project {
        self.project
    }

    /// Returns the push.
    pub fn push(&self) -> &'p Push {
        self.push
    }

    /// Returns the refs as they were before the push.
    pub fn before(&self) -> &Snapshot<'p> {
        &self.before
    }

    /// Returns the refs as they are once the push has happened.
    pub fn after(&self) -> &Snapshot<'p> {
        self.is_asked.set(true);
        &self.after
    }

    /// Returns whether anything has asked for [`Self::after`] since this was last called: only then can an answer rest
    /// on other refs of the push.
    pub fn take_asked(&self) -> bool {
        self.is_asked.take()
    }

    /// Returns who pushes.
    ///
    /// # Errors
    /// Only the server knows: on a developer's machine, and in CI without an identity.
    pub fn actor(&self) -> Result<&'p Actor, FactError> {
        match &self.push.actor {
            Actor::Unknown if !self.push.stage.is_server() => {
                Err(FactError::elsewhere("who pushes is known to the server alone"))
            }
            actor => Ok(actor),
        }
    }

    /// Returns the second in which an annotated tag says that it was made: what was wanted or repaired later is not asked of
    /// a version of the past. `None` where it says nothing, and on the server, where a tag is made now whatever it says.
    ///
    /// # Errors
    /// The commit that it names cannot be read.
    pub fn made_at(&self, tagged: &Peeled) -> Result<Option<i64>, FactError> {
        if self.push.stage.is_server() {
            return Ok(None);
        }
        let Some(tagger) = tagged.tags.first().and_then(|tag| tag.tagger.as_ref()) else { return Ok(None) };
        Ok(Some(tagger.seconds.max(self.project.commit(tagged.id)?.committer.seconds)))
    }

    /// Returns whether the configuration says where the name of who pushes comes from (`refgate.identity`).
    pub fn identifies(&self) -> bool {
        !matches!(Identity::configured(self.project.repository()), Ok(Identity::None))
    }

    /// Returns the first update whose new object cannot be found. Rules look at what they need, but all of them rely on
    /// a ref's object to exist.
    pub fn missing(&self) -> Option<(&'p RefName, FactError)> {
        let repository = self.project.repository();
        let mut looked_for = HashSet::new();
        let mut updates = self.push.updates.iter().filter(|update| !update.new.is_null());
        updates.find_map(|update| {
            // A push of a thousand branches is often a thousand names for one object.
            if !looked_for.insert(update.new) {
                return None;
            }
            let error = match repository.kind(update.new) {
                Ok(Some(_)) => return None,
                Ok(None) => git::Error::Missing { id: update.new },
                Err(error) => error,
            };
            Some((&update.name, error.into()))
        })
    }

    /// Returns the updates, each with its place in the policy.
    pub fn updates(&self) -> impl Iterator<Item = Update<'_, 'p>> {
        (0..self.push.updates.len()).filter_map(|index| Update::new(self, index))
    }

    /// Returns whether the push itself brings a ref.
    pub fn arrives(&self, name: &RefName) -> bool {
        self.update_of(name).is_some_and(|update| !update.new.is_null())
    }

    /// Returns the update of a ref, if the push has one.
    pub fn update_of(&self, name: &RefName) -> Option<&'p RefUpdate> {
        self.places.get(name).and_then(|at| self.push.updates.get(*at))
    }

    /// Returns the policy as the push would leave it, for an update of a ref that one of its layers is read from.
    /// `None` where the update does not concern the policy.
    ///
    /// # Errors
    /// A ref that cannot be read.
    pub fn policy_after(&self, update: &Update<'_, '_>) -> Result<Option<Result<Policy, LoadError>>, FactError> {
        let policy = self.project.policy();
        let mut concerned = false;
        for layer in &policy.texts {
            if let Ok(Source::Ref { revision, .. }) = Source::parse(&layer.name) {
                concerned |= self.ref_of(&revision)?.is_some_and(|name| name == *update.name());
            }
        }
        if !concerned {
            return Ok(None);
        }
        let repository = self.project.repository();
        let read = |source: &Source| match source {
            Source::Ref { revision, path } => {
                let name = self.ref_of(revision).map_err(|error| {
                    Failure::new(Exit::Undecided, format!("reading the policy `{source}`"), error.to_string())
                })?;
                // All updates of the push count together: a layer may come with the layer that extends it.
                let update = name.and_then(|name| self.update_of(&name));
                let revision = update.map_or_else(|| revision.clone(), |update| update.new.to_string());
                read_source(repository, &Source::Ref { revision, path: path.clone() })
            }
            other => read_source(repository, other),
        };
        let loaded = policy::load_while(policy.source.clone(), &read, &|| repository.check_deadline().is_ok());
        self.project.in_time()?;
        Ok(Some(loaded))
    }

    /// Returns what can never take effect in the policy that an update leaves, where the update changes one of the policy's
    /// files: whoever changes it can correct it, and whoever pushes something else is not kept waiting for the proof.
    ///
    /// # Errors
    /// Trees that cannot be read, or the deadline has passed.
    pub fn dead_in(&self, policy: &Policy, update: &Update<'_, '_>) -> Result<Option<PolicyErrors>, FactError> {
        if !self.changes_a_file_of(policy, update)? {
            return Ok(None);
        }
        let proof = policy.prove_while(&|| self.project.in_time().is_ok());
        self.project.in_time()?;
        Ok(proof.into_warnings().err())
    }

    fn changes_a_file_of(&self, policy: &Policy, update: &Update<'_, '_>) -> Result<bool, FactError> {
        let old = update.known_old()?;
        for layer in &policy.texts {
            let Ok(Source::Ref { revision, path }) = Source::parse(&layer.name) else { continue };
            if self.ref_of(&revision)?.is_none_or(|name| name != *update.name()) {
                continue;
            }
            let path = path.as_str().into();
            let before = old.map(|old| self.project.object_at(old, path)).transpose()?.flatten();
            if before != self.project.object_at(update.new_id(), path)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns the ref behind a policy source's revision, with symbolic refs followed.
    fn ref_of(&self, revision: &str) -> Result<Option<RefName>, git::Error> {
        Ok(policy_ref(self.project.repository(), revision)?.map(|(name, _)| name))
    }
}
