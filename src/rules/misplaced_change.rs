//! Refuses kinds of change that a line does not take.

use super::{CommitRule, Meta, OptionError, Rule, Sink, Standing, commands};
use crate::facts::{Bindings, BranchUpdate, Commit, FactError, Line};
use crate::model::{Level, listed};

/// The rule's own keys.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// What becomes of a commit of no known kind where a line names the kinds it takes.
    #[schemars(extend("default" = "accept"))]
    unknown: Unknown,
    /// As `unknown = "refuse"`.
    refuse_unknown: bool,
}

/// What becomes of a commit of no known kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum Unknown {
    /// It is let through.
    #[default]
    Accept,
    /// It is let through with a warning.
    Warn,
    /// It is refused.
    Refuse,
}

pub(super) struct MisplacedChange(Unknown);

impl Rule for MisplacedChange {
    const META: Meta = Meta {
        id: "misplaced-change",
        summary: "Refuses commits of a kind that the line does not take, such as features on a release branch.",
        task: "asking for the kinds of change on",
        docs: include_str!("misplaced_change.md"),
        default: Level::Refuse,
        standing: Standing::Grown,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        let unknown = if options.refuse_unknown { Unknown::Refuse } else { options.unknown };
        Ok(Self(unknown))
    }
}

impl CommitRule for MisplacedChange {
    fn concerns(&self, branch: &BranchUpdate<'_, '_, '_>) -> bool {
        let intake = &branch.place().line.intake;
        !intake.accepts.is_empty() || !intake.refuses.is_empty()
    }

    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, commit: &Commit, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let place = branch.place();
        let intake = &place.line.intake;
        let Some(Wrong { kinds, refused, unknown }) = self.wrong(branch, commit)? else { return Ok(()) };
        let kind = refused
            .or(kinds.first().copied())
            .map_or_else(|| "of no known kind".to_owned(), |kind| format!("a `{kind}` change"));
        let takes = if intake.accepts.is_empty() {
            format!("takes no {}", listed(&intake.refuses, "or"))
        } else {
            format!("takes {}", listed(&intake.accepts, "and"))
        };
        let report = sink
            .report(format!("{} is {kind}, and the line `{}` {takes}", commit.id.short(), place.line.name))
            .commit(commit.id)
            .help(help(branch, refused));
        let report = if unknown && self.0 == Unknown::Warn { report.only_warns() } else { report };
        report.command_instead(|| {
            commands::take_out(branch, commit.id, |other| Ok(self.wrong(branch, other)?.is_some()))
        });
        Ok(())
    }
}

/// What is wrong with a commit.
struct Wrong<'p> {
    /// The kinds of change that it is.
    kinds: Vec<&'p str>,
    /// The one of them that the line refuses by name.
    refused: Option<&'p str>,
    /// Whether all that is wrong is that its kind is not known.
    unknown: bool,
}

impl MisplacedChange {
    fn wrong<'p>(&self, branch: &BranchUpdate<'_, '_, 'p>, commit: &Commit) -> Result<Option<Wrong<'p>>, FactError> {
        let place = branch.place();
        let intake = &place.line.intake;
        let project = branch.facts().project();
        if intake.accepts.is_empty() && !project.is_one_of(commit, &intake.refuses)? {
            return Ok(None);
        }
        let kinds = project.kinds_of(commit)?;
        // The commits that a merge brings are judged one by one.
        let unknown = kinds.is_empty() && self.0 != Unknown::Accept && commit.parents.len() < 2;
        let refused = kinds.iter().find(|kind| intake.refuses.iter().any(|refused| refused == *kind)).copied();
        let stranger = !intake.accepts.is_empty()
            && (unknown
                || (!kinds.is_empty() && !kinds.iter().any(|kind| intake.accepts.iter().any(|taken| taken == *kind))));
        let is_wrong = (refused.is_some() || stranger)
            && !comes_by_merge(branch, &place.line.name, commit)?
            && !branch.takes(commit.id)?;
        Ok(is_wrong.then_some(Wrong { kinds, refused, unknown }))
    }
}

/// Returns whether the commit is on a branch that the policy merges into this line: that is how such changes come here.
fn comes_by_merge(branch: &BranchUpdate<'_, '_, '_>, line: &str, commit: &Commit) -> Result<bool, FactError> {
    let facts = branch.facts();
    for source in facts.project().lines().iter().filter(|source| source.intake.merges_into.as_deref() == Some(line)) {
        for (_, tip) in facts.after().branches(source, &Bindings::new())? {
            if facts.project().is_ancestor(commit.id, tip)? {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns where such a change belongs, as far as the policy says.
fn help(branch: &BranchUpdate<'_, '_, '_>, refused: Option<&str>) -> String {
    let here = branch.place().line.name.as_str();
    let takes = |line: &&Line| {
        let own = &line.intake;
        line.name != here
            && refused.is_some_and(|kind| !own.refuses.iter().any(|no| no == kind))
            && (own.merges_into.as_deref() == Some(here)
                || refused.is_some_and(|kind| own.accepts.iter().any(|yes| yes == kind)))
    };
    match branch.facts().project().lines().iter().find(takes) {
        Some(line) => format!("it belongs on the line `{}`; take it out of this push", line.name),
        None => "it belongs on another line; take it out of this push".to_owned(),
    }
}
