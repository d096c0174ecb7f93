//! Why a commit has no version, or an event no plan.

use crate::git;
use crate::model::{Exit, Failure, RefName, Stage, Untrusted, listed};
use crate::policy::PolicyErrors;
use crate::project::FactError;
use crate::version::{MixedSchemes, SpellError, VersionError};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The repository gave no answer, mostly because its history is cut off.
    #[error(transparent)]
    Git(#[from] git::Error),
    /// A fact about the refs or the history that could not be had.
    #[error(transparent)]
    Fact(#[from] FactError),
    /// Changes could not be compared.
    #[error(transparent)]
    Landed(#[from] crate::landed::Error),
    /// `HEAD` leads to a branch without a commit.
    #[error("`HEAD` has no commit yet")]
    Unborn,
    /// There is no release tag in this clone.
    #[error("this clone has no release tag{}", of(.0))]
    NoTags(Option<String>),
    /// There are tags, and none is read as a version.
    #[error("none of this clone's tags ({count}, such as `{name}`) is read as a version")]
    Unread {
        /// How many tags there are.
        count: usize,
        /// One of them.
        name: RefName,
    },
    /// The first version was given, and is not one.
    #[error(transparent)]
    First(#[from] VersionError),
    /// The first version was given, and is a development version: those are counted.
    #[error("`{0}` is a development version: the number of commits makes those")]
    FirstDev(String),
    /// A branch is of one component, and another was named.
    #[error("`{branch}` is of the component `{bound}`, and `{}` was named", Untrusted::new(asked))]
    Scope {
        /// The branch.
        branch: RefName,
        /// The component that its name gives.
        bound: String,
        /// The one that was named.
        asked: String,
    },
    /// No release tag is an ancestor.
    #[error("no release tag{} is an ancestor of {commit}", of(.component))]
    NoneBelow {
        /// The component that was asked for.
        component: Option<String>,
        /// The commit, abbreviated.
        commit: String,
    },
    /// All release tags belong to components, and nobody said for which one the version is wanted.
    #[error("the release tags are of {} components ({}), and none was named", .0.len(), listed(.0, "and"))]
    Components(Vec<String>),
    /// Tags of two schemes.
    #[error(transparent)]
    Mixed(#[from] MixedSchemes),
    /// The version cannot be written like that.
    #[error(transparent)]
    Spell(#[from] SpellError),
    /// A branch has a name that no image may be tagged with.
    #[error("the image tag of `{branch}` would be `{slug}`, which {why}")]
    Slug {
        /// The branch.
        branch: RefName,
        /// What its name comes to.
        slug: String,
        /// Why an image of a branch must not have this tag.
        why: &'static str,
    },
    /// The policy's options of `colliding-slug`, which say how branches become image tags.
    #[error(transparent)]
    Policy(#[from] PolicyErrors),
    /// Nothing of a branch's name can be in an image tag.
    #[error("no image tag can be made from `{0}`")]
    NoSlug(RefName),
    /// An event about a ref from which nothing is published.
    #[error("`{0}` is neither a branch nor a tag")]
    WrongRef(RefName),
    /// Nobody said what happened.
    #[error("{0}")]
    NoRef(&'static str),
}

impl Error {
    /// Returns the failure to show: its exit code and what to do about it.
    pub fn into_failure(self, detail: impl Into<String>) -> Failure {
        let (exit, help) = match &self {
            Self::Git(error @ git::Error::Shallow { .. }) => {
                debug_assert!(error.is_undecided(), "a history that is cut off decides nothing");
                (Exit::Undecided, Some("fetch the rest of the history: `git fetch --unshallow --tags`"))
            }
            Self::Git(error) if !error.is_undecided() => (Exit::Usage, None),
            Self::Fact(error) => return error.clone().into_failure(detail, Stage::Ci),
            Self::Landed(error) if !error.is_undecided() => (Exit::Usage, None),
            Self::Components(_) => (Exit::Usage, Some("name one with `--scope`")),
            Self::WrongRef(_) | Self::First(_) | Self::FirstDev(_) => (Exit::Usage, None),
            Self::Scope { .. } => (Exit::Usage, Some("leave `--scope` out: the branch says it")),
            Self::Unread { .. } => (
                Exit::Undecided,
                Some(
                    "a policy says how they are read: `[[tag]]` with `tag = \"…{version}\"` and `scheme`; where none of them is \
                     a release, say what the first will be: `--first 0.1.0`",
                ),
            ),
            Self::NoRef(_) => {
                (Exit::Usage, Some("say what happened: `--event branch --ref NAME` or `--event tag --ref NAME`"))
            }
            Self::NoTags(_) | Self::NoneBelow { .. } => (
                Exit::Undecided,
                Some(
                    "fetch the tags (`git fetch --tags`, in a shallow clone with `--unshallow`); for a project that has none \
                     yet say what its first version will be: `--first 0.1.0`",
                ),
            ),
            Self::Policy(_) => (Exit::Policy, Some("`refgate policy check` shows every error in its place")),
            Self::Slug { .. } | Self::NoSlug(_) => (Exit::Undecided, Some("rename the branch")),
            Self::Git(_) | Self::Landed(_) | Self::Unborn | Self::Mixed(_) | Self::Spell(_) => (Exit::Undecided, None),
        };
        let failure = Failure::from_error(exit, detail, &self);
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

fn of(component: &Option<String>) -> String {
    component.as_ref().map(|name| format!(" of `{}`", Untrusted::new(name))).unwrap_or_default()
}
