//! A repository under a policy, and the answers that do not depend on where refs point.

use bstr::BString;
use std::collections::BTreeSet;

use super::memo::Remembered;
use super::said::Known;
use super::{FactError, View};
use crate::git::{Commit, Kind, Peeled, Repository};
use crate::landed::Seen;
use crate::model::{ObjectId, PolicyLine, RefName, Untrusted};
use crate::policy::{
    Bindings, Changelog, Described, Flow, Line, LineMatch, Origin, Policy, Series, TagClass, TagMatch, VersionField,
};
use crate::version::Version;

/// How many commits a single question may look at.
const MAX_COMMITS: usize = 2_000_000;

/// Most bytes of a file with the labels of issues.
const MAX_LABELS: usize = 8 << 20;

/// A repository, the policy it is under, and whose refs are meant.
pub struct Project {
    repository: Repository,
    policy: Policy,
    view: View,
    /// The lines of branches that were asked about: every push of a replay asks about every branch.
    lines_of: Remembered<RefName, Option<(usize, Bindings)>>,
    /// The classes of tags, likewise: every tag is compared with all others.
    tags_of: Remembered<RefName, Option<KnownTag>>,
    /// What commits say and do.
    pub(super) known: Known,
    /// The patches that were compared.
    pub(super) seen: Seen,
}

/// A [`TagMatch`] with the place of its class.
#[derive(Clone)]
struct KnownTag {
    at: usize,
    bindings: Bindings,
    version: Option<Version>,
    alias: bool,
}

/// The first-parent history of a branch, down to where it comes into the history of something else.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// Its commits that are not in that history, newest first.
    pub commits: Vec<ObjectId>,
    /// The first commit that is in that history; `None` where there is none.
    pub enters: Option<ObjectId>,
}

impl Project {
    /// Puts a repository under a policy. `view` says which of the repository's refs are the receiving side's.
    pub fn new(repository: Repository, policy: Policy, view: View) -> Self {
        let (lines_of, tags_of) = (Remembered::default(), Remembered::default());
        Self { repository, policy, view, lines_of, tags_of, known: Known::default(), seen: Seen::default() }
    }

    /// Returns the repository.
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Returns the policy; an empty one, without any line, class or flow, where there is none.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Returns whose refs are meant.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// Returns the line of the policy that a table begins on.
    pub fn policy_line(&self, origin: &Origin) -> Option<PolicyLine> {
        let (source, line) = self.policy.place_of(origin)?;
        Some(PolicyLine { source: Untrusted::new(&source).to_string(), line })
    }

    /// Asks whether there is time left.
    ///
    /// # Errors
    /// The deadline has passed.
    pub fn in_time(&self) -> Result<(), FactError> {
        Ok(self.repository.check_deadline()?)
    }

    /// Counts a step of a loop over what a push brings, and now and then checks whether there is time left.
    ///
    /// # Errors
    /// The deadline has passed.
    pub fn step(&self) -> Result<(), FactError> {
        Ok(self.repository.step()?)
    }

    /// Returns the classes of branches that the policy declares.
    pub fn lines(&self) -> &[Line] {
        &self.policy.lines
    }

    /// Returns the classes of tags that the policy declares.
    pub fn tag_classes(&self) -> &[TagClass] {
        &self.policy.tags
    }

    /// Returns the flows that the policy declares.
    pub fn flows(&self) -> &[Flow] {
        &self.policy.flows
    }

    /// Returns the flows that start on a line.
    pub fn flows_from(&self, line: &str) -> impl Iterator<Item = &Flow> {
        self.policy.flows.iter().filter(move |flow| flow.from == line)
    }

    /// Returns the flows that lead to a line.
    pub fn flows_to(&self, line: &str) -> impl Iterator<Item = &Flow> {
        self.policy.flows.iter().filter(move |flow| flow.to == line)
    }

    /// Returns the places where, according to the policy, the project's own version is written.
    pub fn version_fields(&self) -> &[VersionField] {
        &self.policy.version_fields
    }

    /// Returns the places where, according to the policy, changes are written down.
    pub fn changelogs(&self) -> &[Changelog] {
        &self.policy.changelogs
    }

    /// Returns whether the policy has a table for the rule of this id.
    pub fn names_rule(&self, id: &str) -> bool {
        self.policy.rules.contains_key(id)
    }

    /// Returns a branch's place in the policy.
    pub fn line_of(&self, name: &RefName) -> Option<LineMatch<'_>> {
        let (at, bindings) = self.lines_of.get(name, || self.policy.find_line(name))?;
        self.policy.line_at(at, bindings)
    }

    /// Returns a tag's place in the policy.
    pub fn tag_of(&self, name: &RefName) -> Option<TagMatch<'_>> {
        let found = self.tags_of.get(name, || {
            let (at, TagMatch { bindings, version, alias, .. }) = self.policy.find_tag(name)?;
            Some(KnownTag { at, bindings, version, alias })
        });
        let KnownTag { at, bindings, version, alias } = found?;
        Some(TagMatch { class: self.policy.tags.get(at)?, bindings, version, alias })
    }

    /// Returns the line whose branches a tag closes.
    pub fn closes(&self, name: &RefName) -> Option<&Line> {
        self.policy.closes(name)
    }

    /// Returns why a tag that a pattern matches belongs to no class nevertheless.
    pub fn why_unlisted(&self, name: &RefName) -> Option<String> {
        self.policy.why_unlisted(name)
    }

    /// Returns the entry of the series table that holds a tag's version.
    pub fn series_of(&self, tag: &TagMatch<'_>) -> Option<&Series> {
        self.policy.series_of(tag)
    }

    /// Returns the commits reachable from `tips` and from none of `without`, newest first.
    ///
    /// # Errors
    /// History that cannot be read, or more of it than anybody can want.
    pub fn commits(&self, tips: &[ObjectId], without: &[ObjectId]) -> Result<Vec<ObjectId>, FactError> {
        let _time = tracing::debug_span!("walk", from = tips.len(), without = without.len()).entered();
        Ok(self.repository.commits(tips, without, MAX_COMMITS)?)
    }

    /// Returns the first-parent history of a branch above what another commit has below it.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn mainline_ahead(&self, tip: ObjectId, of: ObjectId) -> Result<Ahead, FactError> {
        let ahead: BTreeSet<ObjectId> = self.commits(&[tip], &[of])?.into_iter().collect();
        let mut commits = Vec::new();
        let mut next = Some(tip);
        while let Some(id) = next.filter(|id| ahead.contains(id)) {
            commits.push(id);
            next = self.repository.parents(id)?.first().copied();
        }
        Ok(Ahead { commits, enters: next })
    }

    /// Returns a commit.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn commit(&self, id: ObjectId) -> Result<Commit, FactError> {
        Ok(self.repository.commit(id)?)
    }

    /// Returns what an id comes to once every tag object is unwrapped.
    ///
    /// # Errors
    /// An object that cannot be read.
    pub fn peel(&self, id: ObjectId) -> Result<Peeled, FactError> {
        Ok(self.repository.peel(id)?)
    }

    /// Returns the commit that an id comes to; `None` for a tree or a file.
    ///
    /// # Errors
    /// An object that cannot be read.
    pub fn commit_of(&self, id: ObjectId) -> Result<Option<ObjectId>, FactError> {
        let peeled = self.peel(id)?;
        Ok((peeled.kind == Kind::Commit).then_some(peeled.id))
    }

    /// Returns the best common ancestor of two commits.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn merge_base(&self, a: ObjectId, b: ObjectId) -> Result<Option<ObjectId>, FactError> {
        Ok(self.repository.merge_base(a, b)?)
    }

    /// Returns whether `ancestor` is `descendant` or one of its ancestors.
    ///
    /// # Errors
    /// History that cannot be read.
    pub fn is_ancestor(&self, ancestor: ObjectId, descendant: ObjectId) -> Result<bool, FactError> {
        Ok(self.repository.is_ancestor(ancestor, descendant)?)
    }

    /// Returns the kinds of change that a commit is.
    ///
    /// # Errors
    /// What it touches, or the file with the labels of issues, cannot be read, where a kind is recognised by that.
    pub fn kinds_of(&self, commit: &Commit) -> Result<Vec<&str>, FactError> {
        self.kinds_among(commit, |_| true)
    }

    /// Returns whether a commit is of one of these kinds of change.
    ///
    /// # Errors
    /// As [`Self::kinds_of`].
    pub fn is_one_of(&self, commit: &Commit, kinds: &[impl AsRef<str>]) -> Result<bool, FactError> {
        Ok(!self.kinds_among(commit, |kind| kinds.iter().any(|asked| asked.as_ref() == kind))?.is_empty())
    }

    /// Returns the kinds of change that a commit is, among those that are asked about.
    fn kinds_among(&self, commit: &Commit, is_asked: impl Fn(&str) -> bool) -> Result<Vec<&str>, FactError> {
        let trailers: Vec<(BString, BString)> =
            commit.trailers().into_iter().map(|trailer| (trailer.token, trailer.value)).collect();
        let subject = commit.subject();
        let described = Described { subject, message: commit.message.as_ref(), trailers: &trailers };
        let labels = |path: &str| match self.file(commit.id, path.into(), MAX_LABELS)? {
            None => Ok(Vec::new()),
            Some(Ok(bytes)) => Ok(bytes),
            Some(Err(error)) => {
                let cause = format!(
                    "the labels in `{}` at {} cannot be read: {error}",
                    Untrusted::new(path),
                    commit.id.short()
                );
                Err(FactError::undecided(cause))
            }
        };
        self.policy.kinds_of(&described, is_asked, || self.touched(commit), labels)
    }
}
