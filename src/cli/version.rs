//! `refgate version`: the version of a commit, and questions about versions.

use super::context::Context;
use super::project::ProjectFlags;
use crate::git::Repository;
use crate::model::{Exit, Failure, ObjectId, RefName, Untrusted};
use crate::project::Snapshot;
use crate::release::{Asked, Component, Error, ReleaseTags, Standing, branch_tag, head_branch, own_spelling};
use crate::version::{Level, Local, Scheme, Spelling, Version};

/// The version of a commit, or questions about versions
///
/// On a commit that a release tag names, the version is the tag's. On any other it is a development version: the next
/// version after the HIGHEST release tag that is an ancestor, and the number of commits since, 1.2.4.dev5. Such a
/// version is above the tag it builds on and below its own release. A work tree with changes is no release: on the
/// tag itself it has the version 1.2.4.dev0.
///
/// Which tags are release tags, the policy says. Without one they are v1.2.3, 1.2.3 and release-1.2.3, read as PEP 440;
/// where all tags are of one component, such as skaha-1.5.1, those. A single number or a date is a version only where no
/// tag has more. In a repository of several components name one with --scope: its tags are skaha-1.5.1, skaha/v1.5.1 or
/// skaha@1.5.1.
///
/// Where the policy says that releases are made on branches cut from a line (cut-from), or on the line that it is merged
/// into, that line goes on above the highest release that was made so: 1.6.0-0.dev.7 once 1.5.0 is tagged on release/1.5.
///
/// Where the answer could be wrong there is none, and the exit code is 4: in a shallow clone, in a clone without tags,
/// before the first tag.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    question: Option<Question>,
    #[command(flatten)]
    commit: Commit,
}

#[derive(Debug, clap::Args)]
struct Commit {
    /// How the version is written: as its scheme has it unless given.
    ///
    /// pep440 1.2.4.dev5, semver 1.2.4-0.dev.5, debian 1.2.4~~dev5 keep their order; docker is a legal image tag, on
    /// topic branches of the policy the branch's name.
    #[arg(long, value_enum, value_name = "SPELLING")]
    spelling: Option<SpellingName>,
    /// The component whose version is asked for.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// What the first release will be, while no tag is one; fetch the tags before you say so.
    #[arg(long, value_name = "VERSION")]
    first: Option<String>,
    /// Add the commit, and `dirty` where the work tree has changes; a clean release stays as it is.
    #[arg(long)]
    local: bool,
    #[command(flatten)]
    project: ProjectFlags,
    /// The commit; HEAD with the work tree unless given. Branches named like a subcommand are written in full:
    /// `refs/heads/next`.
    #[arg(value_name = "REV")]
    revision: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
enum Question {
    /// Print `<`, `=` or `>`: the order of two versions.
    Compare {
        /// The one.
        left: String,
        /// The other.
        right: String,
        #[arg(long, value_name = "SCHEME", help = format!("How they are read: {}", Scheme::choices()))]
        scheme: Scheme,
    },
    /// Print what a version consists of, and its spellings.
    Parse {
        /// The version.
        version: String,
        /// How it is read.
        #[arg(long, value_name = "SCHEME")]
        scheme: Scheme,
        /// How the answer is written.
        #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
        format: FormatName,
    },
    /// Print the version that comes next.
    Next {
        /// The version.
        version: String,
        /// How it is read.
        #[arg(long, value_name = "SCHEME")]
        scheme: Scheme,
        /// The level that the next release raises; without it the last number goes up by one.
        #[arg(long, value_enum, value_name = "LEVEL")]
        bump: Option<LevelName>,
    },
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum SpellingName {
    Pep440,
    Semver,
    Docker,
    Debian,
}

impl From<SpellingName> for Spelling {
    fn from(name: SpellingName) -> Self {
        match name {
            SpellingName::Pep440 => Self::Pep440,
            SpellingName::Semver => Self::Semver,
            SpellingName::Docker => Self::Docker,
            SpellingName::Debian => Self::Debian,
        }
    }
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum LevelName {
    Major,
    Minor,
    Patch,
}

impl From<LevelName> for Level {
    fn from(name: LevelName) -> Self {
        match name {
            LevelName::Major => Self::Major,
            LevelName::Minor => Self::Minor,
            LevelName::Patch => Self::Patch,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum FormatName {
    /// Text for people.
    #[default]
    Human,
    /// refgate.version/v1.
    Json,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let text = match arguments.question {
        None => of_commit(context, &arguments.commit)?,
        Some(Question::Compare { left, right, scheme }) => {
            let order = read(&scheme, &left)?.compare(&read(&scheme, &right)?);
            let order = order.map_err(|error| Failure::from_error(Exit::Usage, "comparing the versions", &error))?;
            match order {
                std::cmp::Ordering::Less => "<",
                std::cmp::Ordering::Equal => "=",
                std::cmp::Ordering::Greater => ">",
            }
            .to_owned()
        }
        Some(Question::Parse { version, scheme, format }) => parsed(&read(&scheme, &version)?, format),
        Some(Question::Next { version, scheme, bump }) => {
            let version = read(&scheme, &version)?;
            let next = bump.map_or_else(|| version.next(), |level| version.bump(level.into()));
            next.map_err(|error| Failure::from_error(Exit::Usage, format!("counting on from {version}"), &error))?
                .to_string()
        }
    };
    context.print(&Untrusted::new(&text).lines())?;
    Ok(Exit::Accepted)
}

fn read(scheme: &Scheme, text: &str) -> Result<Version, Failure> {
    scheme.read(text).map_err(|error| Failure::from_error(Exit::Usage, "reading the version", &error))
}

fn of_commit(context: &Context, asked: &Commit) -> Result<String, Failure> {
    let gate = asked.project.open(context, "origin")?;
    let shown = asked.revision.as_deref().unwrap_or("HEAD");
    version(&Snapshot::now(gate.project()), asked)
        .map_err(|error| error.into_failure(format!("finding the version of {}", Untrusted::new(shown))))
}

fn version(refs: &Snapshot<'_>, asked: &Commit) -> Result<String, Error> {
    let (repository, policy) = (refs.project().repository(), refs.project().policy());
    let (commit, branch) = at(repository, asked.revision.as_deref())?;
    let scope = Component { refs, scope: asked.scope.as_deref() }.of_branch(branch.as_ref())?;
    let component = Component { refs, scope: scope.as_deref() };
    let first = asked.first.as_deref().map(|first| component.first(first)).transpose()?;
    let tags = ReleaseTags::read(component)?;
    // The work tree belongs to HEAD. Whether it has changes is checked only where that matters, because that is the
    // most expensive part.
    let has_a_say = asked.revision.is_none() && (asked.local || tags.on(commit).is_some());
    let dirty = has_a_say && repository.is_dirty()?;
    let standing =
        Standing::of(Asked { refs, tags: &tags, commit, branch: branch.as_ref(), first: first.as_ref() }, dirty)?;
    if let (Standing::Release(tag), None) = (&standing, asked.spelling) {
        return Ok(own_spelling(&tag.version));
    }
    let local = asked.local.then_some(Local { commit, dirty });
    let spelling = asked.spelling.map_or_else(|| standing.scheme().native(), Spelling::from);
    let topic = branch.filter(|name| {
        spelling == Spelling::Docker && policy.line_of(name).is_some_and(|place| place.line.role.names_images())
    });
    match topic {
        Some(branch) => branch_tag(&branch, policy, local),
        None => Ok(standing.spell(spelling, local)?),
    }
}

/// Returns the commit of a revision, and the branch where the revision is one.
fn at(repository: &Repository, revision: Option<&str>) -> Result<(ObjectId, Option<RefName>), Error> {
    let Some(revision) = revision else {
        let commit = repository.resolve(&RefName::new("HEAD"))?.1.ok_or(Error::Unborn)?;
        return Ok((commit, head_branch(repository)?));
    };
    let id = repository.rev_parse(revision)?;
    let branch = RefName::branch(revision.strip_prefix("refs/heads/").unwrap_or(revision));
    // A tag of the same name goes before the branch.
    let branch = Some(branch).filter(|branch| repository.resolve(branch).is_ok_and(|(_, tip)| tip == Some(id)));
    Ok((repository.peel(id)?.id, branch))
}

fn parsed(version: &Version, format: FormatName) -> String {
    let spellings = Spelling::ALL.map(|spelling| (spelling, crate::version::spell_release(version, spelling)));
    let release = version.release();
    let components: Vec<(&str, String)> = (version.scheme().component_names().into_iter())
        .filter_map(|name| Some((name, version.component(name)?)))
        .collect();
    match format {
        FormatName::Json => {
            let spelled: serde_json::Map<String, serde_json::Value> =
                spellings.into_iter().map(|(spelling, text)| (spelling.to_string(), text.ok().into())).collect();
            let components: serde_json::Map<String, serde_json::Value> =
                components.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
            let answer = serde_json::json!({
                "schema": "refgate.version/v1", "version": version.as_str(), "scheme": version.scheme().to_string(),
                "epoch": version.epoch(), "release": release, "components": components,
                "prerelease": version.is_prerelease(), "dev": version.is_dev(),
                "final": version.final_release().ok().map(|version| version.to_string()), "spellings": spelled,
            });
            crate::report::json(&answer).trim_end().to_owned()
        }
        FormatName::Human => {
            let kind = match (version.is_dev(), version.is_prerelease()) {
                (true, _) => "development version",
                (false, true) => "pre-release",
                (false, false) => "final version",
            };
            let mut lines = vec![format!("{version}, a {kind} of the scheme {}", version.scheme())];
            if version.epoch() > 0 {
                lines.push(format!("  {:<9}{}", "epoch", version.epoch()));
            }
            lines.extend(components.iter().map(|(name, value)| format!("  {name:<9}{value}")));
            lines.extend(spellings.into_iter().map(|(spelling, text)| {
                let text = text.unwrap_or_else(|error| format!("- ({error})"));
                format!("  {:<9}{text}", spelling.name())
            }));
            lines.join("\n")
        }
    }
}
