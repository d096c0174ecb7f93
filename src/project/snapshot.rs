//! The refs of the receiving side at one moment.

use bstr::BString;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::flows::Compared;
use super::lineage::History;
use super::versions::Scopes;
use super::wanted::Kept;
use super::{FactError, Lineage, Memo, Project, Sibling};
use crate::git;
use crate::model::{Namespace, ObjectId, RefName};
use crate::policy::{Bindings, Line, Pattern, Role};
use crate::version::{Case, docker_slug};

/// The refs of the receiving side at one moment: as the view finds them, or with the old or the new values of a push
/// laid over them.
///
/// A ref of the push has the value of the push whatever the repository holds by now: an update gets the same answers
/// before it is made, after it was made, and years later.
pub struct Snapshot<'p> {
    project: &'p Project,
    /// Refs whose values do not come from the view; `None` is a ref that does not exist at this moment.
    overlay: BTreeMap<RefName, Option<ObjectId>>,
    /// The refs under a prefix: every tag of a push asks.
    listed: Memo<(Namespace, String), Rc<Refs>>,
    /// The branches and tags of each image tag: every new branch of a push asks.
    slugs: Memo<Case, Rc<Slugs>>,
    /// What the branches of all lines but topic lines hold: every new branch of a push asks.
    line_tips: Memo<(), Rc<[ObjectId]>>,
    /// The version tags: every version tag of a push asks, of each of its siblings.
    pub(super) scopes: Memo<(), Rc<Scopes<'p>>>,
    /// The highest release among them: every new branch of a major version asks.
    pub(super) highest: Memo<(), Option<Sibling<'p>>>,
    /// What is below the version tags, and how those of each series lie in it, by the lowest: every version tag of a large
    /// push asks.
    pub(super) history: Memo<(), Rc<History>>,
    pub(super) lineages: Memo<RefName, Rc<Lineage>>,
    /// The histories of branches, as far as tags were looked for there.
    pub(super) walks: RefCell<BTreeMap<ObjectId, git::Ancestors<'p>>>,
    /// The commits of tags.
    pub(super) tagged: Memo<RefName, Option<ObjectId>>,
    /// Where changes were found on other lines: more than one rule asks about the commits of a push.
    pub(super) compared: RefCell<Vec<Rc<Compared>>>,
    /// The maintained branches of each line, for which messages have names.
    pub(super) named_branches: Memo<String, Rc<[RefName]>>,
    /// On which branches changes are wanted: every version tag of a push asks.
    pub(super) wishes: Kept,
    /// The names of the files that the own commits of a branch touch, by its tip and that of the other line: every version
    /// tag of a push asks what was repaired since, and those of one branch ask the same.
    pub(super) touched_names: Memo<(ObjectId, ObjectId), Rc<BTreeSet<BString>>>,
}

/// Refs with what they hold, sorted by name.
type Refs = [(RefName, ObjectId)];

/// Image tags, and the branches and tags that make each.
type Slugs = BTreeMap<String, Rc<[RefName]>>;

impl<'p> Snapshot<'p> {
    /// Makes a snapshot of the refs as the view finds them.
    pub fn now(project: &'p Project) -> Self {
        Self::with(project, BTreeMap::new())
    }

    /// Makes a snapshot of the refs with others laid over them; `None` is a ref that does not exist.
    pub fn with(project: &'p Project, overlay: BTreeMap<RefName, Option<ObjectId>>) -> Self {
        Self {
            project,
            overlay,
            listed: Memo::default(),
            slugs: Memo::default(),
            line_tips: Memo::default(),
            scopes: Memo::default(),
            highest: Memo::default(),
            history: Memo::default(),
            lineages: Memo::default(),
            walks: RefCell::default(),
            tagged: Memo::default(),
            compared: RefCell::default(),
            named_branches: Memo::default(),
            wishes: Kept::default(),
            touched_names: Memo::default(),
        }
    }

    /// Returns the project whose refs these are.
    pub fn project(&self) -> &'p Project {
        self.project
    }

    /// Returns how many refs are laid over those of the view.
    pub(super) fn changed(&self) -> usize {
        self.overlay.len()
    }

    /// Returns whether a ref is laid over the others and exists: the push brings it.
    pub(super) fn arrives(&self, name: &RefName) -> bool {
        self.overlay.get(name).is_some_and(Option::is_some)
    }

    /// Returns what a ref holds; `None` when it does not exist.
    ///
    /// # Errors
    /// A ref that cannot be read, or that this clone does not track.
    pub fn tip(&self, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        match self.overlay.get(name) {
            Some(value) => Ok(*value),
            None => self.project.view().find(self.project.repository(), name),
        }
    }

    /// Returns the branches of a line that agree with what is known (`1.15` for major 1, minor 15), with their tips.
    /// Looks up names where the line's pattern leaves nothing open, and reads the refs under the pattern's literal part
    /// otherwise.
    ///
    /// # Errors
    /// Refs that cannot be read, or that this clone does not track.
    pub fn branches(&self, line: &Line, known: &Bindings) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let mut found = Vec::new();
        if known.is_empty() && self.project.view().is_at_hand() {
            for (name, tip) in self.refs(Namespace::Branch, "")?.iter() {
                let belongs = self.project.line_of(name).is_some_and(|place| place.line.name == line.name);
                found.extend(belongs.then(|| (name.clone(), *tip)));
            }
            if line.branches.len() > 1 {
                // As the patterns stand, as below.
                let first =
                    |name: &RefName| line.branches.iter().position(|pattern| pattern.matches(name.short()).is_some());
                found.sort_by_cached_key(|(name, _)| first(name));
            }
            return Ok(found);
        }
        let mut seen: BTreeSet<RefName> = BTreeSet::new();
        for pattern in &line.branches {
            for (name, tip) in self.branches_like(pattern, known)? {
                // A name may match an earlier line too: it belongs to the first line that it matches.
                let belongs = self.project.line_of(&name).is_some_and(|place| place.line.name == line.name);
                if belongs && seen.insert(name.clone()) {
                    found.push((name, tip));
                }
            }
        }
        Ok(found)
    }

    /// Returns all branches of the line of this name, with their tips; empty where there is no such line.
    ///
    /// # Errors
    /// As [`Self::branches`].
    pub fn branches_of(&self, line: &str) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        self.project.policy().line(line).map_or_else(|| Ok(Vec::new()), |line| self.branches(line, &Bindings::new()))
    }

    /// Returns the tips of [`Self::branches_of`].
    ///
    /// # Errors
    /// As [`Self::branches`].
    pub fn tips_of(&self, line: &str) -> Result<Vec<ObjectId>, FactError> {
        Ok(self.branches_of(line)?.into_iter().map(|(_, tip)| tip).collect())
    }

    /// Returns the branches of a pattern that agree with what is known; see [`Self::branches`].
    ///
    /// # Errors
    /// As [`Self::branches`].
    pub fn branches_like(&self, pattern: &Pattern, known: &Bindings) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let agrees = |name: &RefName| pattern.matches(name.short()).is_some_and(|bound| Pattern::agrees(&bound, known));
        let mut found = Vec::new();
        match pattern.instances(known) {
            Some(names) => {
                for name in names.into_iter().map(RefName::branch).filter(agrees) {
                    let tip = self.tip(&name)?;
                    found.extend(tip.map(|tip| (name, tip)));
                }
            }
            None => {
                for (name, tip) in self.refs(Namespace::Branch, pattern.literal_prefix())?.iter() {
                    self.project.step()?;
                    found.extend(agrees(name).then(|| (name.clone(), *tip)));
                }
            }
        }
        Ok(found)
    }

    /// Returns whether the policy lets a branch take a commit of the line that it is cut from, whatever the commit is
    /// (`takes`): it is below one of the tags that are named there.
    ///
    /// # Errors
    /// Tags or history that cannot be read.
    pub fn takes(&self, branch: &RefName, commit: ObjectId) -> Result<bool, FactError> {
        let takes = self.project.line_of(branch).and_then(|place| place.line.intake.takes.as_ref());
        let Some(take) = takes.filter(|take| take.branch.matches(branch.short()).is_some()) else { return Ok(false) };
        for (name, _) in self.refs(Namespace::Tag, take.through.literal_prefix())?.iter() {
            if take.through.matches(name.short()).is_some()
                && let Some(through) = self.tagged(name)?
                && self.project.is_ancestor(commit, through)?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns what the branches of all lines but topic lines hold, each value once.
    ///
    /// # Errors
    /// As [`Self::branches`].
    pub fn line_tips(&self) -> Result<Rc<[ObjectId]>, FactError> {
        self.line_tips.get((), || {
            let mut tips = Vec::new();
            for line in self.project.lines().iter().filter(|line| line.role != Role::Topic) {
                tips.extend(self.branches(line, &Bindings::new())?.into_iter().map(|(_, tip)| tip));
            }
            tips.sort_unstable();
            tips.dedup();
            Ok(tips.into())
        })
    }

    /// Returns all branches and then all tags whose image tag is `slug`, each sorted. Reads every ref: for rules that
    /// compare names.
    ///
    /// # Errors
    /// Refs that cannot be read.
    pub fn with_slug(&self, slug: &str, case: Case) -> Result<Rc<[RefName]>, FactError> {
        let slugs = self.slugs.get(case, || {
            let mut slugs: BTreeMap<String, Vec<RefName>> = BTreeMap::new();
            for namespace in [Namespace::Branch, Namespace::Tag] {
                for (name, _) in self.refs(namespace, "")?.iter() {
                    if let Some(slug) = docker_slug(name.short(), case) {
                        slugs.entry(slug).or_default().push(name.clone());
                    }
                }
            }
            Ok(Rc::new(slugs.into_iter().map(|(slug, names)| (slug, names.into())).collect::<Slugs>()))
        })?;
        Ok(slugs.get(slug).cloned().unwrap_or_default())
    }

    /// Returns the refs of a namespace whose names start with a prefix after it, sorted by name, with what they hold.
    ///
    /// # Errors
    /// Refs that cannot be read.
    pub fn refs(&self, namespace: Namespace, prefix: &str) -> Result<Rc<Refs>, FactError> {
        self.listed.get((namespace, prefix.to_owned()), || {
            let mut refs = self.project.view().list(self.project.repository(), namespace, prefix)?;
            if !self.overlay.is_empty() {
                refs.retain(|(name, _)| !self.overlay.contains_key(name));
                let laid_over = self.overlay.iter().filter_map(|(name, value)| {
                    let is_below = name.namespace() == namespace && name.short().starts_with(prefix.as_bytes());
                    value.filter(|_| is_below).map(|id| (name.clone(), id))
                });
                refs.extend(laid_over);
            }
            refs.sort();
            Ok(refs.into())
        })
    }
}
