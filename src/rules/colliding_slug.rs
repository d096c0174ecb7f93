//! Refuses refs whose image tag is already another ref's.

use bstr::ByteSlice as _;

use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{Case, FactError, Update};
use crate::model::{Level, Namespace, RefName};
use crate::version::docker_slug;

/// The rule's own keys.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// Whether the image tag is made in lower case, so that `TLS` and `tls` collide.
    lower_case: bool,
    /// Image tags that no branch may have.
    reserved: Vec<String>,
    /// What stands before the tags of further images of the same build: with `["rpi-"]`, the branch `x` makes the image
    /// tags `x` and `rpi-x`.
    prefixes: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            lower_case: false,
            prefixes: Vec::new(),
            reserved: ["edge", "latest", "nightly", "stable"].map(str::to_owned).into(),
        }
    }
}

pub(super) struct CollidingSlug(Options);

impl Rule for CollidingSlug {
    const META: Meta = Meta {
        id: "colliding-slug",
        summary: "Refuses branches and tags whose image tag is already taken by another or reserved.",
        task: "comparing the image tag of",
        docs: include_str!("colliding_slug.md"),
        // Only projects that name images after branches need this.
        default: Level::Off,
        standing: Standing::Created,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl CollidingSlug {
    fn slug(&self, name: &RefName) -> Option<String> {
        docker_slug(name.short(), self.case())
    }

    /// Returns the image tags of refs that have one in common with a ref of this image tag, that one first.
    fn rivals(&self, slug: &str) -> Vec<String> {
        let prefixes = &self.0.prefixes;
        let longer = prefixes.iter().map(|prefix| format!("{prefix}{slug}"));
        let shorter = prefixes.iter().filter_map(|prefix| slug.strip_prefix(prefix.as_str()).map(str::to_owned));
        std::iter::once(slug.to_owned()).chain(longer).chain(shorter).collect()
    }

    /// Returns the command that pushes a branch under a name of the same line whose image tag is free.
    fn renamed(&self, change: &Update<'_, '_>) -> Option<String> {
        // A name of no line is not made better by a number.
        let line = change.line().map(|place| &place.line.name);
        if line.is_none() && !change.project().lines().is_empty() {
            return None;
        }
        let short = change.name().short().to_str().ok()?;
        let names = (2..10).map(|number| RefName::branch(format!("{short}-{number}")));
        let is_free = |name: &RefName| {
            let is_alike = change.project().line_of(name).map(|place| &place.line.name) == line;
            let taken = self.slug(name).map(|slug| change.facts().after().with_slug(&slug, self.case()));
            is_alike && taken.is_some_and(|taken| taken.is_ok_and(|taken| taken.is_empty()))
        };
        commands::push_as(change, names.filter(is_free))
    }

    fn case(&self) -> Case {
        if self.0.lower_case { Case::Lower } else { Case::Keep }
    }
}

impl RefRule for CollidingSlug {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if !change.creates() || change.namespace() == Namespace::Other {
            return Ok(());
        }
        let name = change.name();
        let Some(slug) = self.slug(name) else {
            sink.report(format!("no image tag can be made from `{name}`"))
                .commit(change.new_id())
                .help("use a letter or a digit somewhere in the name");
            return Ok(());
        };
        let branch = name.namespace() == Namespace::Branch;
        let rivals = self.rivals(&slug);
        if branch && rivals.iter().any(|rival| self.0.reserved.contains(rival)) {
            sink.report(format!("`{name}` makes the image tag `{slug}`, which is reserved"))
                .commit(change.new_id())
                .help("rename the branch")
                .command_instead(|| self.renamed(change));
            return Ok(());
        }
        for rival in rivals {
            let with_it = change.facts().after().with_slug(&rival, self.case())?;
            // Two tags with one slug are two spellings of one version, which another rule checks. Branches come first.
            let mut concerned = with_it.iter().take_while(|other| branch || other.namespace() == Namespace::Branch);
            let Some(other) = concerned.find(|other| *other != name) else { continue };
            let common = if rival.len() > slug.len() { &rival } else { &slug };
            sink.report(format!("`{name}` makes the image tag `{common}`, and so does `{other}`"))
                .commit(change.new_id())
                .help("rename one of them: each would overwrite the other's images")
                .command_instead(|| if branch { self.renamed(change) } else { None })
                .evidence(format!("{other} -> {common}"));
            return Ok(());
        }
        Ok(())
    }
}
