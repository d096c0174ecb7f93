//! Release, dev or nothing: what an event publishes.
//!
//! The event decides. A push to a branch publishes a development version at most, even where a tag has meanwhile been
//! put on its commit: the build of that tag is the one that releases, and it is the only one. A tag that exists when a
//! branch's build starts is indistinguishable from one that existed at the push. Therefore tags on the commit itself
//! have no influence on a branch's version.

use std::cmp::Ordering;

use super::builtin::Reading;
use super::{Asked, Component, Error, Event, ImageName, ReleaseTags, Standing, branch_tag, image_prefixes};
use crate::git::Kind;
use crate::model::{ObjectId, RefName, Untrusted};
use crate::policy::{LinePublishes, Role, TagKind, TagPublishes};
use crate::project::SeriesKey;
use crate::version::{SpellError, Spelling, Version, spell_release};

/// What may be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Publish {
    /// The version that a tag names.
    Release,
    /// A development version.
    Dev,
    /// Nothing.
    None,
}

impl Publish {
    /// Returns the word used in output.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::Dev => "dev",
            Self::None => "none",
        }
    }
}

/// What an event publishes.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// The event.
    pub event: Event,
    /// What may be published.
    pub publish: Publish,
    /// Why, in one sentence.
    pub reason: String,
    /// The commit it is made from; `None` where nothing is.
    pub commit: Option<ObjectId>,
    /// The component whose version it is.
    pub component: Option<String>,
    /// Whether the version comes before its release: a pre-release or a development version.
    pub prerelease: bool,
    /// The version in the spelling of its own scheme; `None` where nothing is published.
    pub version: Option<String>,
    /// The version in every spelling, or why it has none. Empty where nothing is published.
    pub spellings: Vec<(Spelling, Result<String, SpellError>)>,
    /// The images: `NAME:TAG`. Never `latest`.
    pub images: Vec<String>,
    /// Those of other architectures from the same build, by the policy's prefixes.
    pub further_images: Vec<String>,
    /// Whether no other release of the component is higher; `None` where nothing is released or the others are not known.
    pub highest: Option<bool>,
    /// Whether no other release of its series is higher; `None` also where the policy declares no series.
    pub highest_in_series: Option<bool>,
}

impl Plan {
    /// Makes the plan of an event.
    ///
    /// # Errors
    /// A development version is due and the repository cannot say which; an image is due and has no tag.
    pub(crate) fn new(
        component: Component<'_, '_>,
        event: Event,
        images: &[ImageName],
        first: Option<&str>,
    ) -> Result<Self, Error> {
        let plan = match event.clone() {
            Event::PullRequest => Self::none(event, "a pull request publishes nothing"),
            Event::Branch { name, commit } => {
                let scope = component.of_branch(Some(&name))?;
                let component = Component { scope: scope.as_deref(), ..component };
                let first = first.map(|first| component.first(first)).transpose()?;
                Self::of_branch(component, event, &name, commit, first.as_ref())?
            }
            Event::Tag { name, target } => Self::of_tag(component, event, &name, target)?,
        };
        plan.with_images(images, &image_prefixes(component.policy())?)
    }

    fn of_branch(
        component: Component<'_, '_>,
        event: Event,
        name: &RefName,
        commit: Option<ObjectId>,
        first: Option<&Version>,
    ) -> Result<Self, Error> {
        let Some(commit) = commit else { return Ok(Self::none(event, format!("`{name}` was deleted"))) };
        let (policy, repository) = (component.policy(), component.repository());
        let (role, reason) = match policy.lines.as_slice() {
            [] => (None, "a push to a branch publishes a development version".to_owned()),
            _ => {
                let Some(place) = policy.line_of(name) else {
                    return Ok(Self::none(event, format!("`{name}` is of no line of the policy `{}`", policy.name)));
                };
                let line = &place.line.name;
                if place.line.publishes == LinePublishes::None {
                    return Ok(Self::none(event, format!("the line `{line}` publishes nothing")));
                }
                (Some(place.line.role), format!("the line `{line}` publishes development versions"))
            }
        };
        let tags = ReleaseTags::read(component)?;
        let commit = repository.peel(commit)?.id;
        let refs = component.refs;
        let standing = Standing::untagged(Asked { refs, tags: &tags, commit, branch: Some(name), first })?;
        let mut spellings = every(|spelling| standing.spell(spelling, None));
        if role.is_some_and(Role::names_images) {
            let tag = branch_tag(name, policy, None)?;
            for (_, spelled) in spellings.iter_mut().filter(|(spelling, _)| *spelling == Spelling::Docker) {
                *spelled = Ok(tag.clone());
            }
        }
        Ok(Self {
            publish: Publish::Dev,
            commit: Some(commit),
            component: standing.component().cloned(),
            prerelease: true,
            version: Some(standing.spell(standing.scheme().native(), None)?),
            spellings,
            ..Self::none(event, reason)
        })
    }

    fn of_tag(
        component: Component<'_, '_>,
        event: Event,
        name: &RefName,
        target: Option<ObjectId>,
    ) -> Result<Self, Error> {
        let Some(target) = target else { return Ok(Self::none(event, format!("`{name}` was deleted"))) };
        let class = component.policy().tag_of(name).map(|found| found.class);
        if let Some(class) = class.filter(|class| class.publishes == TagPublishes::None) {
            let deed = if class.kind == TagKind::Version { "publishes nothing" } else { "names no versions" };
            return Ok(Self::none(event, format!("the tag class `{}` {deed}", class.name)));
        }
        let Some(reading) = component.read(name) else {
            return Ok(Self::none(event, format!("`{name}` is not a release tag")));
        };
        // A policy has to declare tags of development versions: those are normally computed, and such a tag would be
        // taken for a computed one.
        if reading.version.is_dev() && class.is_none() {
            return Ok(Self::none(event, format!("`{name}` names a development version")));
        }
        // Other tags say more than this one, as `v1.2.3` does besides `20241003`.
        let others = ReleaseTags::read(Component { scope: reading.component.as_deref(), ..component });
        if reading.is_doubtful && others.as_ref().is_ok_and(|tags| !tags.tags.is_empty() && !tags.are_doubtful) {
            return Ok(Self::none(event, format!("`{name}` is a single number, and other tags name versions")));
        }
        let peeled = component.repository().peel(target)?;
        if peeled.kind != Kind::Commit {
            return Ok(Self::none(event, format!("`{name}` names a {}, not a commit", peeled.kind)));
        }
        let version = &reading.version;
        let reason = match class {
            Some(class) => format!("the tag class `{}` publishes releases", class.name),
            None => "a push of a version tag publishes a release".to_owned(),
        };
        let ranks = others.ok().filter(|_| !component.repository().is_shallow());
        let ranks = ranks.map(|tags| Ranks::new(component, &tags, name, &reading));
        Ok(Self {
            publish: Publish::Release,
            highest: ranks.as_ref().and_then(|ranks| ranks.highest),
            highest_in_series: ranks.and_then(|ranks| ranks.in_series),
            commit: Some(peeled.id),
            component: reading.component.clone(),
            prerelease: version.is_prerelease(),
            version: Some(own_spelling(version)),
            spellings: every(|spelling| spell_release(version, spelling)),
            ..Self::none(event, reason)
        })
    }

    fn none(event: Event, reason: impl Into<String>) -> Self {
        Self {
            event,
            publish: Publish::None,
            // Names of lines and classes come from a policy, which may hold anything.
            reason: Untrusted::new(&reason.into()).to_string(),
            commit: None,
            component: None,
            prerelease: false,
            version: None,
            spellings: Vec::new(),
            images: Vec::new(),
            further_images: Vec::new(),
            highest: None,
            highest_in_series: None,
        }
    }

    fn with_images(mut self, names: &[ImageName], prefixes: &[String]) -> Result<Self, Error> {
        if let Some((_, tag)) = self.spellings.iter().find(|(spelling, _)| *spelling == Spelling::Docker)
            && !names.is_empty()
        {
            let tag = tag.as_ref().map_err(|error| error.clone())?;
            self.images = names.iter().map(|name| name.tagged(tag)).collect();
            let further =
                |prefix: &String| names.iter().map(|name| name.tagged(&format!("{prefix}{tag}"))).collect::<Vec<_>>();
            self.further_images = prefixes.iter().flat_map(further).collect();
        }
        Ok(self)
    }
}

/// Where a release is among those of its component.
struct Ranks {
    highest: Option<bool>,
    in_series: Option<bool>,
}

impl Ranks {
    /// Compares a release with the other tags of its component: a final version with final versions, since a candidate of
    /// the next does not take its place; a pre-release with all.
    fn new(component: Component<'_, '_>, tags: &ReleaseTags, name: &RefName, own: &Reading) -> Self {
        let series_of = |name: &RefName| {
            let series = component.refs.series_key(&component.policy().tag_of(name)?);
            Some(series).filter(|series| !matches!(series, SeriesKey::Class(_, None)))
        };
        let series = series_of(name);
        let (mut highest, mut in_series) = (Some(true), series.as_ref().map(|_| true));
        let is_final = |version: &Version| !version.is_prerelease();
        let others = tags.tags.iter().filter(|tag| tag.name != *name && tag.component == own.component);
        for tag in others.filter(|tag| !is_final(&own.version) || is_final(&tag.version)) {
            let order =
                if tag.era == own.era { tag.version.compare(&own.version).ok() } else { Some(tag.era.cmp(&own.era)) };
            let is_higher = order.map(Ordering::is_gt);
            let below = |known: Option<bool>| known.zip(is_higher).map(|(known, is_higher)| known && !is_higher);
            highest = below(highest);
            if series.is_some() && series == series_of(&tag.name) {
                in_series = below(in_series);
            }
        }
        Self { highest, in_series }
    }
}

/// Returns a released version in the spelling of its own scheme, or as it is tagged where that spelling cannot express
/// it: the `4.0.0.pre` of a dotted scheme.
pub(crate) fn own_spelling(version: &Version) -> String {
    spell_release(version, version.scheme().native()).unwrap_or_else(|_| version.to_string())
}

fn every(spell: impl Fn(Spelling) -> Result<String, SpellError>) -> Vec<(Spelling, Result<String, SpellError>)> {
    Spelling::ALL.into_iter().map(|spelling| (spelling, spell(spelling))).collect()
}
