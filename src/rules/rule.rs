//! What a rule is, and what it hands its findings to.

use bstr::BStr;
use serde::de::DeserializeOwned;
use std::ops::Range;

use super::Armed;
use crate::facts::{BranchUpdate, Commit, FactError, Origin, Project, Update, VersionTag};
use crate::manifest::position;
use crate::model::{Excerpt, Finding, Level, ObjectId, RefName};

/// What is known of a rule without running it.
#[derive(Debug)]
pub struct Meta {
    /// Names the thing refused, so that `refuse misplaced-tag` reads as a phrase.
    pub id: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What it does, in the words of a status detail that a ref's name follows: `checking the place of`.
    pub task: &'static str,
    /// Its page, in Markdown.
    pub docs: &'static str,
    /// The level where the policy names none.
    pub default: Level,
}

/// A rule with its options.
pub(crate) trait Rule: Sized + Send + Sync + 'static {
    /// What is known of it without running it.
    const META: Meta;
    /// Its own keys in `[rules.ID]`, `deny_unknown_fields`; `()`-like where it has none.
    type Options: DeserializeOwned + Default + schemars::JsonSchema;
    /// Takes the options over once, so that checking has nothing left to parse.
    ///
    /// # Errors
    /// An option that is well formed and means nothing.
    fn new(options: Self::Options) -> Result<Self, OptionError>;
}

/// A rule that looks at any ref update: names, deletions, what a ref holds.
pub(crate) trait RefRule: Rule {
    /// Reports what is wrong with the update. `?` on a fact that cannot be had is right: the gate then knows that
    /// the rule is undecided.
    ///
    /// # Errors
    /// A fact that could not be had.
    fn check(&self, update: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError>;
}

/// A rule that looks at what a branch of a line gets. It is not asked where the branch goes away.
pub(crate) trait BranchRule: Rule {
    /// Reports what is wrong with the update.
    ///
    /// # Errors
    /// A fact that could not be had.
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError>;
}

/// A rule that looks at version tags of commits, new and moved ones.
pub(crate) trait VersionTagRule: Rule {
    /// Reports what is wrong with the tag.
    ///
    /// # Errors
    /// A fact that could not be had.
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError>;
}

/// A rule that looks at the commits that a branch of a line gets, one at a time.
pub(crate) trait CommitRule: Rule {
    /// Whether the rule has anything to ask of the branch's commits; they are not even listed otherwise.
    fn concerns(&self, branch: &BranchUpdate<'_, '_, '_>) -> bool;

    /// Reports what is wrong with the commit.
    ///
    /// # Errors
    /// A fact that could not be had.
    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, commit: &Commit, sink: &mut Sink<'_>) -> Result<(), FactError>;
}

/// An option that means nothing.
#[derive(Debug)]
pub(crate) struct OptionError {
    /// Where it stands in the policy file, in bytes.
    pub span: Range<usize>,
    /// What is wrong with it.
    pub message: String,
}

/// The options of a rule that has none.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NoOptions {}

/// Where a rule puts its findings. Knows the rule, its level and the update, so that the rule need not.
pub struct Sink<'s> {
    project: &'s Project,
    meta: &'static Meta,
    level: Level,
    /// What asks for the rule where a finding does not say: the rule's own table, or else that of the line or tag class.
    origin: Option<&'s Origin>,
    update: usize,
    name: &'s RefName,
    findings: &'s mut Vec<Finding>,
}

impl<'s> Sink<'s> {
    /// Makes a sink for one rule and one update.
    pub fn new(rule: &'s Armed, update: &'s Update<'_, '_>, findings: &'s mut Vec<Finding>) -> Self {
        let place = update.line().map(|place| &place.line.origin);
        let place = place.or_else(|| update.tag().map(|place| &place.class.origin));
        let origin = rule.setting.origin.as_ref().or(place);
        let project = update.project();
        Self {
            project,
            meta: rule.meta,
            level: rule.level,
            origin,
            update: update.index(),
            name: update.name(),
            findings,
        }
    }

    /// Reports a finding: one sentence without a final period.
    pub fn report(&mut self, message: impl Into<String>) -> Report<'_> {
        let name = self.name;
        let finding = Finding {
            rule: self.meta.id,
            level: self.level,
            update: Some(self.update),
            ref_name: Some(name.clone()),
            commit: None,
            subject: None,
            path: None,
            line: None,
            column: None,
            excerpt: None,
            message: message.into(),
            detail: format!("{} {name}", self.meta.task),
            help: None,
            command: None,
            evidence: None,
            waiver: None,
            policy_line: self.origin.and_then(|origin| self.project.policy_line(origin)),
        };
        let index = self.findings.len();
        self.findings.push(finding);
        Report { project: self.project, finding: self.findings.get_mut(index) }
    }
}

/// A finding that is being filled in.
pub struct Report<'s> {
    project: &'s Project,
    finding: Option<&'s mut Finding>,
}

impl Report<'_> {
    fn with(mut self, fill: impl FnOnce(&mut Finding)) -> Self {
        if let Some(finding) = self.finding.as_deref_mut() {
            fill(finding);
        }
        self
    }

    /// The commit it is about; the null id, which a ref holds that is not there, is none.
    pub fn commit(self, id: ObjectId) -> Self {
        self.with(|finding| finding.commit = Some(id).filter(|id| !id.is_null()))
    }

    /// The table of the policy that asks for it, where that is another than the ref's line or tag class.
    pub fn asked_by(self, origin: &Origin) -> Self {
        let line = self.project.policy_line(origin);
        self.with(|finding| finding.policy_line = line)
    }

    /// The file it is about.
    pub fn path(self, path: &BStr) -> Self {
        self.with(|finding| finding.path = Some(path.to_owned()))
    }

    /// The place in a file: its path, its bytes, and which of them.
    pub fn place(self, path: &BStr, bytes: &[u8], span: &Range<usize>) -> Self {
        let (line, column) = position(bytes, span.start);
        self.path(path).with(|finding| {
            finding.line = u32::try_from(line).ok();
            finding.column = u32::try_from(column).ok();
            finding.excerpt = Some(Excerpt::new(bytes, span));
        })
    }

    /// Lowers the level: a warning at most, whatever the policy gives the rule.
    pub fn only_warns(self) -> Self {
        self.with(|finding| finding.level = finding.level.min(Level::Warn))
    }

    /// What to do about it, in a sentence.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.with(|finding| finding.help = Some(help.into()))
    }

    /// The command that mends it; `None` where a name in it cannot be shown faithfully.
    pub fn command(self, command: Option<String>) -> Self {
        self.with(|finding| finding.command = command)
    }

    /// By what it was decided.
    pub fn evidence(self, evidence: impl Into<String>) -> Self {
        self.with(|finding| finding.evidence = Some(evidence.into()))
    }
}
