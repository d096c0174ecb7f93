//! Floor 2: the policy file. TOML in, a validated [`Policy`] out, or every error with its place.
//!
//! Knows rules by id only; what a rule's own options mean is the rule's business ([`Policy::options`]).

mod actors;
mod decode;
mod error;
mod flow;
mod kind;
mod layer;
mod naming;
mod pattern;
mod raw;
mod raw_tree;
mod resolve;
mod source;
mod tag;
mod tree;
mod waiver_note;

use bstr::BString;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;

pub use actors::ActorSet;
pub use error::{PolicyError, PolicyErrors, Problem, SourceText};
pub use flow::{Flow, FlowDue, Intake, Waiver, Way};
pub use kind::{Described, KindOfChange};
pub use layer::{LoadError, load};
pub use naming::{NamingForm, Original};
pub use pattern::{Bindings, Pattern, PatternError};
pub use raw::{LinePublishes, Role, Stability, TagKind, TagObject, TagPublishes, Upcoming};
pub use source::{PRESETS, Source, SourceError};
pub use tag::{Place, Series, TagClass, TagMatch};
pub use tree::{Agreement, Changelog, ChangelogFormat, Classes, Due, Notes, PathPattern, Reintegrate, VersionField};
pub use waiver_note::{MAX_NOTE_BYTES, NoteError, NotedWaiver};

use crate::model::{Level, Namespace, ObjectId, RefName, Untrusted};

/// A validated policy, all layers resolved.
#[derive(Clone, Debug)]
pub struct Policy {
    /// What reports call it.
    pub name: String,
    /// Where it was read from.
    pub source: Source,
    /// The texts of its layers, the policy itself last.
    pub texts: Vec<SourceText>,
    /// Kinds of change, beside those of Conventional Commits.
    pub kinds: Vec<KindOfChange>,
    /// Classes of branches; the first that matches counts.
    pub lines: Vec<Line>,
    /// Classes of tags; the first that matches counts.
    pub tags: Vec<TagClass>,
    /// Versions whose place no pattern tells; the first that holds a version counts.
    pub series: Vec<Series>,
    /// What is on one line and must get to another.
    pub flows: Vec<Flow>,
    /// Recorded exceptions.
    pub waivers: Vec<Waiver>,
    /// From whom waivers in notes are taken; `None` is nobody.
    pub waiver_notes: Option<ActorSet>,
    /// Forms in which messages name the original of a change, beside the built-in ones.
    pub named_by: Vec<NamingForm>,
    /// Where the project's own version stands in the tree.
    pub version_fields: Vec<VersionField>,
    /// Where changes are written down.
    pub changelogs: Vec<Changelog>,
    /// What is said about single rules, by id.
    pub rules: BTreeMap<String, RuleSetting>,
}

/// A class of long-lived branches.
#[derive(Clone, Debug)]
pub struct Line {
    /// What messages and other tables call it.
    pub name: String,
    /// The branches it has, without `refs/heads/`.
    pub branches: Vec<Pattern>,
    /// What it is for.
    pub role: Role,
    /// What it takes.
    pub intake: Intake,
    /// Which version its branches prepare, where only one can be next.
    pub next: Option<Upcoming>,
    /// The line its branches start from.
    pub cut_from: Option<String>,
    /// How one of its branches is declared unmaintained.
    pub retired_by: RetiredBy,
    /// Who may do what.
    pub may: Permissions,
    /// Whether its branches may be deleted at all.
    pub deletable: bool,
    /// Whether their history may be replaced at all.
    pub rewritable: bool,
    /// What a push to them publishes.
    pub publishes: LinePublishes,
}

/// How a branch is declared unmaintained; any of them is enough.
#[derive(Clone, Debug, Default)]
pub struct RetiredBy {
    /// The token of a trailer in a commit of the branch.
    pub trailer: Option<String>,
    /// A tag that exists.
    pub tag: Option<Pattern>,
    /// The branches that the policy lists.
    pub branches: Vec<Pattern>,
}

/// Who may do what; `None` leaves it to the host.
#[derive(Clone, Debug, Default)]
pub struct Permissions {
    /// Make a new ref.
    pub create: Option<ActorSet>,
    /// Add commits to it.
    pub push: Option<ActorSet>,
    /// Replace what it holds: rewrite a branch, move a tag.
    pub rewrite: Option<ActorSet>,
    /// Delete it.
    pub delete: Option<ActorSet>,
}

/// What a policy says about one rule.
#[derive(Clone, Debug, Default)]
pub struct RuleSetting {
    /// The level; `None` leaves the rule's own default.
    pub level: Option<Level>,
    /// From when on.
    pub since: Option<Since>,
    /// Only these refs, in full.
    pub only: Vec<Pattern>,
    /// Not these.
    pub except: Vec<Pattern>,
    /// The index in [`Policy::texts`] of the layer that last said something.
    pub layer: usize,
    /// Where the rule's id stands in it.
    pub span: Range<usize>,
    /// The layer that gives the rule's own options.
    options: Option<usize>,
    /// The uppermost layer above the first that says something, if one does not leave it open.
    silent_above: Option<usize>,
}

/// From when on a rule judges, so that an old repository can adopt it without rewriting its history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// Commits made (committer date, UTC) on or after this day. A pusher can backdate a commit; where that
    /// matters, name a commit instead.
    Date(jiff::civil::Date),
    /// Commits that are not this one or its ancestors.
    Commit(ObjectId),
}

/// A branch's place in the policy.
#[derive(Clone, Debug)]
pub struct LineMatch<'p> {
    /// The line.
    pub line: &'p Line,
    /// What its pattern bound.
    pub bindings: Bindings,
}

impl Policy {
    /// A policy that says nothing: where a command has an answer without one.
    pub fn empty() -> Self {
        Self {
            name: String::new(),
            source: Source::File(std::path::PathBuf::new()),
            texts: Vec::new(),
            kinds: Vec::new(),
            lines: Vec::new(),
            tags: Vec::new(),
            series: Vec::new(),
            flows: Vec::new(),
            waivers: Vec::new(),
            waiver_notes: None,
            named_by: Vec::new(),
            version_fields: Vec::new(),
            changelogs: Vec::new(),
            rules: BTreeMap::new(),
        }
    }

    /// The line a branch belongs to: the first whose pattern matches.
    pub fn line_of(&self, name: &RefName) -> Option<LineMatch<'_>> {
        if name.namespace() != Namespace::Branch {
            return None;
        }
        self.lines.iter().find_map(|line| {
            let bindings = line.branches.iter().find_map(|pattern| pattern.matches(name.short()))?;
            Some(LineMatch { line, bindings })
        })
    }

    /// The class a tag belongs to: the first whose pattern matches and whose scheme reads the version.
    pub fn tag_of(&self, name: &RefName) -> Option<TagMatch<'_>> {
        if name.namespace() != Namespace::Tag {
            return None;
        }
        self.tags.iter().find_map(|class| class.matches(name.short()))
    }

    /// The kinds of change that a commit is. `paths` gives what it touches against its first parent, and is only
    /// asked where a kind is told by it.
    ///
    /// # Errors
    /// Those of `paths`.
    pub fn kinds_of<E>(
        &self,
        commit: &Described<'_>,
        paths: impl FnOnce() -> Result<Vec<BString>, E>,
    ) -> Result<Vec<&str>, E> {
        let mut kinds: Vec<&str> = kind::conventional(commit);
        let touched = if self.kinds.iter().any(KindOfChange::needs_paths) { paths()? } else { Vec::new() };
        for declared in self.kinds.iter().filter(|declared| declared.holds(commit, &touched)) {
            if !kinds.contains(&declared.name.as_str()) {
                kinds.push(&declared.name);
            }
        }
        Ok(kinds)
    }

    /// The line of this name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// Decodes a rule's own options from the layer that gives them; the default where none does.
    ///
    /// # Errors
    /// Everything that is wrong with them, each at its place.
    pub fn options<T: DeserializeOwned + Default>(&self, rule: &str) -> Result<T, PolicyErrors> {
        let given = self.rules.get(rule).and_then(|setting| setting.options).and_then(|layer| self.texts.get(layer));
        given.map_or_else(|| Ok(T::default()), |source| layer::options(source, rule))
    }

    /// The layer that gives a rule's own options, or else the policy itself.
    pub fn options_source(&self, rule: &str) -> Option<&SourceText> {
        let layer = self.rules.get(rule).and_then(|setting| setting.options);
        layer.map_or_else(|| self.texts.last(), |layer| self.texts.get(layer))
    }

    /// The entry of the series table that holds a tag's version.
    pub fn series_of(&self, tag: &TagMatch<'_>) -> Option<&Series> {
        let version = tag.version.as_ref()?;
        let fits = |series: &&Series| series.class.as_ref().is_none_or(|class| *class == tag.class.name);
        self.series.iter().filter(fits).find(|series| series.versions.contains(version))
    }

    /// Why a tag that a pattern matches belongs to no class all the same.
    pub fn why_unlisted(&self, name: &RefName) -> Option<String> {
        self.tags.iter().find_map(|class| {
            let scheme = class.scheme.as_ref()?;
            let bindings = class.patterns.iter().find_map(|pattern| pattern.matches(name.short()))?;
            let text = std::str::from_utf8(bindings.get("version")?).ok()?;
            Some(match scheme.read(text) {
                Err(error) => error.to_string(),
                Ok(version) => {
                    let (is, taken) =
                        (tag::stability(&version), class.accepts.iter().map(|kind| kind.name()).collect::<Vec<_>>());
                    let text = Untrusted::new(text);
                    format!(
                        "`{text}` is a {}, and the class `{}` takes a {}",
                        is.name(),
                        class.name,
                        taken.join(" or a ")
                    )
                }
            })
        })
    }

    /// The JSON schema of the format, for editors.
    pub fn schema() -> schemars::Schema {
        schemars::schema_for!(raw::RawPolicy)
    }

    /// The JSON schema of the keys that every rule's table may have.
    pub fn rule_schema() -> schemars::Schema {
        schemars::schema_for!(raw::RawRule)
    }
}

impl Line {
    /// The names a branch of this line could have, given what is known; see [`Pattern::instances`].
    pub fn instances(&self, bindings: &Bindings) -> Vec<(&Pattern, Option<Vec<BString>>)> {
        self.branches.iter().map(|pattern| (pattern, pattern.instances(bindings))).collect()
    }
}
