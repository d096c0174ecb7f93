//! `refgate release-plan`: what the event at hand publishes.

use std::fmt::Write as _;
use std::path::Path;

use super::context::Context;
use super::project::ProjectFlags;
use crate::git::Repository;
use crate::model::{Exit, Failure, Untrusted};
use crate::project::Snapshot;
use crate::push::CiEvent;
use crate::release::{Component, Event, EventKind, ImageName, Plan};
use crate::version::Spelling;

/// What the event at hand publishes: release, dev or none
///
/// The event decides: a tag publishes the release it names, a branch a development version, a pull request nothing. A
/// branch never publishes a release, even where its commit has been tagged since, so that the builds of a branch and of
/// a tag on the same commit cannot both publish one version. The policy may say `publishes = "none"` of lines and tag
/// classes.
///
/// Without --event and --ref the event is that of the CI job this runs in: GitHub, Forgejo or Gitea Actions, GitLab CI,
/// Woodpecker CI, Buildkite, Bitbucket Pipelines, Azure Pipelines, CircleCI, Travis CI or Jenkins. It needs the whole history and the
/// tags there (`fetch-depth: 0` of GitHub's checkout, `GIT_DEPTH: 0` of GitLab).
///
/// A plan of a release says whether it is the highest of its component and of its series (`highest`, `highest_in_series`):
/// whether `latest`, or `1.5`, means it from now on. A final version is compared with final versions, a pre-release with
/// all. Where that is not known, as in a shallow clone, it says neither.
///
/// Exit code 0 is a plan, also one that publishes nothing; 4 means that the version cannot be told.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// What happened.
    #[arg(long, value_enum, value_name = "EVENT")]
    event: Option<EventName>,
    /// The branch or tag it happened to.
    #[arg(long = "ref", value_name = "REF")]
    name: Option<String>,
    /// The component whose version is asked for; of a branch or tag whose name says it, that one.
    #[arg(long, value_name = "SCOPE")]
    scope: Option<String>,
    /// What the first release will be, while no tag is one; fetch the tags before you say so.
    #[arg(long, value_name = "VERSION")]
    first: Option<String>,
    /// An image that is published, without a tag; may be given several times.
    #[arg(long = "image", value_name = "NAME", value_parser = ImageName::parse)]
    images: Vec<ImageName>,
    #[command(flatten)]
    project: ProjectFlags,
    /// How the plan is written.
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: FormatName,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum EventName {
    /// A branch was pushed.
    Branch,
    /// A tag was pushed.
    Tag,
    /// A pull or merge request was opened or changed.
    PullRequest,
}

impl From<EventName> for EventKind {
    fn from(name: EventName) -> Self {
        match name {
            EventName::Branch => Self::Branch,
            EventName::Tag => Self::Tag,
            EventName::PullRequest => Self::PullRequest,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum FormatName {
    /// Text for people.
    #[default]
    Human,
    /// refgate.release-plan/v1.
    Json,
    /// Lines `key=value`, to be appended to `$GITHUB_OUTPUT`.
    Github,
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let gate = arguments.project.open(context, "origin")?;
    let event = event(context, gate.project().repository(), &arguments)?;
    let refs = Snapshot::now(gate.project());
    let component = Component { refs: &refs, scope: arguments.scope.as_deref() };
    let detail = event.name().map_or_else(
        || "planning what a pull request publishes".to_owned(),
        |name| format!("planning what a push of {name} publishes"),
    );
    let plan = Plan::new(component, event, &arguments.images, arguments.first.as_deref())
        .map_err(|error| error.into_failure(detail))?;
    context.print(&match arguments.format {
        FormatName::Human => human(&plan),
        FormatName::Json => json(&plan),
        FormatName::Github => github(&plan),
    })?;
    Ok(Exit::Accepted)
}

fn event(context: &Context, repository: &Repository, arguments: &Args) -> Result<Event, Failure> {
    let detail = "asking what happened";
    let found = if arguments.event.is_some() || arguments.name.is_some() {
        Event::of_flags(repository, arguments.event.map(EventKind::from), arguments.name.as_deref())
    } else {
        let variables = |name: &str| context.variable(name);
        let read = |path: &str| std::fs::read(context.absolute(Path::new(path))).map_err(|error| error.to_string());
        let job = CiEvent::job(&variables, &read).map_err(|error| {
            Failure::from_error(Exit::Usage, detail, &error)
                .help("say what happened: `--event branch --ref NAME` or `--event tag --ref NAME`")
        })?;
        Event::of_job(repository, &job)
    };
    found.map_err(|error| error.into_failure(detail))
}

fn human(plan: &Plan) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key:<10}{}", Untrusted::new(value));
    };
    line("publish", plan.publish.name());
    line("because", &plan.reason);
    if let Some(commit) = plan.commit {
        line("commit", &commit.to_string());
    }
    if let Some(component) = &plan.component {
        line("scope", component);
    }
    for (spelling, spelled) in &plan.spellings {
        match spelled {
            Ok(version) => line(spelling.name(), version),
            Err(error) => line(spelling.name(), &format!("- ({error})")),
        }
    }
    for image in plan.images.iter().chain(&plan.further_images) {
        line("image", image);
    }
    match (plan.highest, plan.highest_in_series) {
        (Some(true), _) => line("highest", "of all releases"),
        (Some(false), Some(true)) => line("highest", "of its series"),
        (Some(false), _) => line("highest", "no"),
        (None, _) => {}
    }
    text
}

fn json(plan: &Plan) -> String {
    let spellings: serde_json::Map<String, serde_json::Value> = (plan.spellings.iter())
        .map(|(spelling, text)| (spelling.to_string(), text.as_ref().ok().map(String::as_str).into()))
        .collect();
    let answer = serde_json::json!({
        "schema": "refgate.release-plan/v1",
        "event": plan.event.kind().name(),
        "ref": plan.event.name().map(ToString::to_string),
        "commit": plan.commit.map(|commit| commit.to_string()),
        "publish": plan.publish.name(),
        "reason": plan.reason,
        "scope": plan.component,
        "prerelease": plan.prerelease,
        "version": plan.version,
        "spellings": spellings,
        "images": plan.images,
        "further_images": plan.further_images,
        "highest": plan.highest,
        "highest_in_series": plan.highest_in_series,
    });
    crate::report::json(&answer)
}

/// Formats a plan as `key=value` lines. Every key but `further-images` is in every plan, for workflows to rely on; one without a value is
/// empty. No value can contain a line end: it would begin another key.
fn github(plan: &Plan) -> String {
    let mut text = String::new();
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "{key}={}", Untrusted::new(value));
    };
    line("publish", plan.publish.name());
    line("version", plan.version.as_deref().unwrap_or_default());
    line("prerelease", if plan.prerelease { "true" } else { "false" });
    for spelling in Spelling::ALL {
        let spelled = plan.spellings.iter().find(|(known, _)| *known == spelling);
        let spelled = spelled.and_then(|(_, spelled)| spelled.as_ref().ok());
        line(spelling.name(), spelled.map_or("", String::as_str));
    }
    line("images", &plan.images.join(","));
    line("scope", plan.component.as_deref().unwrap_or_default());
    line("commit", &plan.commit.map(|commit| commit.to_string()).unwrap_or_default());
    line("event", plan.event.kind().name());
    line("ref", &plan.event.name().map(ToString::to_string).unwrap_or_default());
    line("reason", &plan.reason);
    let word = |known: Option<bool>| known.map_or("", |known| if known { "true" } else { "false" });
    line("highest", word(plan.highest));
    line("highest_in_series", word(plan.highest_in_series));
    if !plan.further_images.is_empty() {
        line("further-images", &plan.further_images.join(","));
    }
    text
}
