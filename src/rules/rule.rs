//! What a rule is, and what it hands its findings to.

use bstr::BStr;
use serde::de::DeserializeOwned;
use std::ops::Range;

use super::Armed;
use crate::facts::{BranchUpdate, Commit, FactError, Origin, Project, Update, VersionTag};
use crate::manifest::position;
use crate::model::{Excerpt, Finding, Level, ObjectId, RefName, Untrusted};

/// What is known about a rule without running it.
#[derive(Debug)]
pub struct Meta {
    /// Names the thing refused: `refuse misplaced-tag` reads as a phrase.
    pub id: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What it does, in the words of a status detail that a ref's name follows: `checking the place of`.
    pub task: &'static str,
    /// Its page, in Markdown.
    pub docs: &'static str,
    /// The level where the policy names none.
    pub default: Level,
    /// How it is asked about what a repository holds already, as `refgate audit` does.
    pub standing: Standing,
}

/// As what push a rule is shown the refs that a repository holds, when nobody pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// As though all branches of lines, and all tags, were pushed together to an empty repository.
    Created,
    /// As though each branch had grown in one push from where it was cut; a branch of a line that is not cut from
    /// another is judged as [`Standing::Created`].
    Grown,
    /// The same, and a branch that was not cut has grown from its first commit: an edit needs something to be compared
    /// with.
    Edited,
    /// As though each branch were created after all others but those of its own line whose names come later.
    Started,
    /// Not at all, and why.
    Not(&'static str),
}

impl Standing {
    pub(super) const OF_A_MOVE: Self = Self::Not("it is about how a ref moves, and what stands does not move");
    pub(super) const OF_A_PUSHER: Self = Self::Not("it is about who pushes, and nobody does");
}

/// A rule with its options.
pub(crate) trait Rule: Sized + Send + Sync + 'static {
    /// What is known about it without running it.
    const META: Meta;
    /// Its own keys in `[rules.ID]`, `deny_unknown_fields`; `()`-like where it has none.
    type Options: DeserializeOwned + Default + schemars::JsonSchema;
    /// Applies the options once, which leaves nothing to parse while checking.
    ///
    /// # Errors
    /// An option that is well formed and meaningless.
    fn new(options: Self::Options) -> Result<Self, OptionError>;
}

/// A rule that looks at any ref update: names, deletions, what a ref holds.
pub(crate) trait RefRule: Rule {
    /// Reports what is wrong with the update. Use `?` on a fact that cannot be had: the gate then knows that the rule
    /// is undecided.
    ///
    /// # Errors
    /// A fact that could not be had.
    fn check(&self, update: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError>;
}

/// A rule that looks at what a branch of a line gets. It is not asked when the branch is deleted.
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
    /// Returns whether the rule has anything to ask of the branch's commits; they are not even listed otherwise.
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

/// Whether a commit is from before what a rule judges.
type IsOlder<'s> = &'s dyn Fn(ObjectId) -> Result<bool, FactError>;

/// What a rule finds in one update: as much of it as there is room for, and the number of the rest.
pub struct Found {
    /// What there was room for.
    pub findings: Vec<Finding>,
    /// How many findings there was no room for.
    pub left_out: usize,
    /// Why it is not known of a finding whether the rule judges it.
    pub error: Option<FactError>,
    room: usize,
    /// The last answer: most findings of a file are about one commit.
    last: Option<(ObjectId, bool)>,
}

impl Found {
    /// Makes room for so many findings.
    pub fn new(room: usize) -> Self {
        Self { findings: Vec::new(), left_out: 0, error: None, room, last: None }
    }

    /// Returns whether the rule judges a commit.
    fn judges(&mut self, commit: ObjectId, is_older: IsOlder<'_>) -> bool {
        if let Some((_, is_older)) = self.last.filter(|(known, _)| *known == commit) {
            return !is_older;
        }
        match is_older(commit) {
            Ok(is_older) => {
                self.last = Some((commit, is_older));
                !is_older
            }
            Err(error) => {
                self.error.get_or_insert(error);
                false
            }
        }
    }
}

/// Where a rule puts its findings. Knows the rule, its level and the update, and frees the rule from knowing them.
pub struct Sink<'s> {
    project: &'s Project,
    meta: &'static Meta,
    level: Level,
    /// What asks for the rule where a finding does not say: the rule's own table, or else that of the line or tag class.
    origin: Option<&'s Origin>,
    update: usize,
    name: &'s RefName,
    is_older: IsOlder<'s>,
    found: &'s mut Found,
}

impl<'s> Sink<'s> {
    /// Makes a sink for one rule and one update. A finding about a commit that `is_older` does not count.
    pub fn new(rule: &'s Armed, update: &'s Update<'_, '_>, is_older: IsOlder<'s>, found: &'s mut Found) -> Self {
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
            is_older,
            found,
        }
    }

    /// Reports a finding: one sentence without a final period.
    pub fn report(&mut self, message: impl Into<String>) -> Report<'_> {
        let name = self.name;
        if self.found.findings.len() >= self.found.room {
            self.found.left_out += 1;
            return self.filled_in(State::LeftOut);
        }
        let finding = Finding {
            rule: self.meta.id,
            level: self.level,
            meant: None,
            update: Some(self.update),
            ref_name: Some(name.clone()),
            commit: None,
            subject: None,
            path: None,
            line: None,
            column: None,
            excerpt: None,
            message: shown(message),
            detail: format!("{} {name}", self.meta.task),
            help: None,
            command: None,
            evidence: None,
            waiver: None,
            policy_line: self.origin.and_then(|origin| self.project.policy_line(origin)),
        };
        self.found.findings.push(finding);
        self.filled_in(State::Kept)
    }

    fn filled_in(&mut self, state: State) -> Report<'_> {
        Report { project: self.project, is_older: self.is_older, found: self.found, state }
    }
}

/// Returns a sentence as it is shown: what rules put into it can be long.
fn shown(sentence: impl Into<String>) -> String {
    Untrusted::new(&sentence.into()).to_string()
}

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It is the last of those that are kept.
    Kept,
    /// It is counted.
    LeftOut,
    /// It does not count: the rule does not judge its commit.
    TakenBack,
}

/// A finding that is being filled in.
pub struct Report<'s> {
    project: &'s Project,
    is_older: IsOlder<'s>,
    found: &'s mut Found,
    state: State,
}

impl Report<'_> {
    fn with(self, fill: impl FnOnce(&mut Finding)) -> Self {
        if self.state == State::Kept
            && let Some(finding) = self.found.findings.last_mut()
        {
            fill(finding);
        }
        self
    }

    /// Sets the commit that it is about; the null id, the value of a ref that does not exist, is ignored. If the rule
    /// does not judge the commit, the finding is withdrawn.
    pub fn commit(mut self, id: ObjectId) -> Self {
        if id.is_null() || self.found.judges(id, self.is_older) {
            return self.with(|finding| finding.commit = Some(id).filter(|id| !id.is_null()));
        }
        match self.state {
            State::Kept => drop(self.found.findings.pop()),
            State::LeftOut => self.found.left_out = self.found.left_out.saturating_sub(1),
            State::TakenBack => {}
        }
        self.state = State::TakenBack;
        self
    }

    /// Sets the table of the policy that asks for it, where that is not the ref's line or tag class.
    pub fn asked_by(self, origin: &Origin) -> Self {
        let project = self.project;
        self.with(|finding| finding.policy_line = project.policy_line(origin))
    }

    /// Sets the file that it is about.
    pub fn path(self, path: &BStr) -> Self {
        self.with(|finding| finding.path = Some(path.to_owned()))
    }

    /// Sets the place in a file: its path, its bytes, and which of them.
    pub fn place(self, path: &BStr, bytes: &[u8], span: &Range<usize>) -> Self {
        self.path(path).with(|finding| {
            let (line, column) = position(bytes, span.start);
            finding.line = u32::try_from(line).ok();
            finding.column = u32::try_from(column).ok();
            finding.excerpt = Some(Excerpt::new(bytes, span));
        })
    }

    /// Lowers the level: a warning at most, whatever the policy gives the rule.
    pub fn only_warns(self) -> Self {
        self.with(|finding| finding.level = finding.level.min(Level::Warn))
    }

    /// Sets what to do about it, in a sentence.
    pub fn help(self, help: impl Into<String>) -> Self {
        self.with(|finding| finding.help = Some(shown(help)))
    }

    /// Sets the command that fixes it; `None` where no command can, or a name in it cannot be shown faithfully. It is
    /// only asked for where there is room for the finding.
    pub fn command(self, command: impl FnOnce() -> Option<String>) -> Self {
        self.with(|finding| finding.command = command())
    }

    /// Sets the command to run instead of the push: what it makes again, or leaves out, has to be refused. A push that is
    /// only warned about goes ahead, and then the command would come too late.
    pub fn command_instead(self, command: impl FnOnce() -> Option<String>) -> Self {
        self.with(|finding| finding.command = if finding.level == Level::Refuse { command() } else { None })
    }

    /// Sets what it was decided by.
    pub fn evidence(self, evidence: impl Into<String>) -> Self {
        self.with(|finding| finding.evidence = Some(shown(evidence)))
    }
}
