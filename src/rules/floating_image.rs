//! Refuses releases that deploy images whose tag moves or is not final.

use bstr::BString;
use regex::Regex;
use std::sync::LazyLock;

use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{Bindings, FactError, Kind, PathPattern, TagKind, Update};
use crate::manifest::{MAX_YAML_BYTES, PathGlobs, YamlText, yaml_values};
use crate::model::{Level, Namespace, Untrusted, did_you_mean};

/// The rule's own keys.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// The YAML files that say what is deployed; without any the rule does nothing.
    paths: Vec<PathPattern>,
    /// Which of their values name images or tags.
    keys: Keys,
    /// Tags that move.
    floating: Vec<String>,
    /// Whether a tag such as `1.0.0-rc.1` is refused too.
    pre_releases: bool,
    /// Files that are not looked at.
    exclude: Vec<PathPattern>,
    /// Lines whose branches are judged as releases are.
    lines: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            keys: Keys::default(),
            floating: ["edge", "latest"].map(str::to_owned).into(),
            pre_releases: true,
            exclude: Vec::new(),
            lines: Vec::new(),
        }
    }
}

/// Paths of values within a YAML file, compiled.
#[derive(Debug)]
struct Keys(PathGlobs);

impl Default for Keys {
    fn default() -> Self {
        Self(PathGlobs::new(["**.image", "**.tag"]).expect("two short globs"))
    }
}

impl<'de> serde::Deserialize<'de> for Keys {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let globs = Vec::<String>::deserialize(deserializer)?;
        PathGlobs::new(globs.iter().map(String::as_str)).map(Self).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Keys {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Keys".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Vec::<String>::json_schema(generator)
    }
}

pub(super) struct FloatingImage(Options);

impl Rule for FloatingImage {
    const META: Meta = Meta {
        id: "floating-image",
        summary: "Refuses releases whose tree deploys images with a moving or unfinished tag.",
        task: "looking at the images of",
        docs: include_str!("floating_image.md"),
        default: Level::Refuse,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl RefRule for FloatingImage {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let options = &self.0;
        if options.paths.is_empty() || !self.is_release(change)? || change.old() == change.new_id() {
            return Ok(());
        }
        let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
        let facts = change.facts();
        let known = change.tag().map_or_else(Bindings::new, |place| place.bindings.clone());
        let mut paths: Vec<BString> = Vec::new();
        for pattern in &options.paths {
            paths.extend(facts.project().files_like(peeled.id, pattern, &known)?);
        }
        paths.sort();
        paths.dedup();
        paths.retain(|path| !options.exclude.iter().any(|pattern| pattern.matches(path.as_ref()).is_some()));
        for path in paths {
            let Some(bytes) = facts.project().file(peeled.id, path.as_ref(), MAX_YAML_BYTES)? else { continue };
            match bytes.and_then(|bytes| Ok((yaml_values(&bytes, &options.keys.0)?, bytes))) {
                Err(error) => {
                    sink.report(format!("the images in `{}` cannot be read: {error}", Untrusted::new(&path)))
                        .commit(peeled.id)
                        .path(path.as_ref())
                        .help("mend the file, or name it in `exclude`");
                }
                Ok((values, bytes)) => {
                    for value in values {
                        let Some(why) = self.why(&value.value) else { continue };
                        sink.report(format!("`{}` in `{}` {why}", Untrusted::new(&value.path), Untrusted::new(&path)))
                            .commit(peeled.id)
                            .place(path.as_ref(), &bytes, &value.span)
                            .help("name the image by a final version or by its digest");
                    }
                }
            }
        }
        Ok(())
    }
}

impl FloatingImage {
    /// Final versions are releases, and the branches of the lines that the policy names.
    fn is_release(&self, change: &Update<'_, '_>) -> Result<bool, FactError> {
        let facts = change.facts();
        let lines = || facts.project().lines().iter().map(|line| line.name.as_str());
        if let Some(name) = self.0.lines.iter().find(|name| !lines().any(|line| line == name.as_str())) {
            // To judge nothing because of a typo would be a silent wrong answer.
            let message =
                format!("`floating-image.lines`: there is no line named `{name}`{}", did_you_mean(name, lines()));
            return Err(FactError::undecided(message).help("mend the policy"));
        }
        Ok(match change.namespace() {
            Namespace::Branch => change.line().is_some_and(|place| self.0.lines.contains(&place.line.name)),
            Namespace::Tag => change.tag().is_some_and(|place| {
                place.class.kind == TagKind::Version
                    && place.version.as_ref().is_none_or(|version| !version.is_prerelease())
            }),
            Namespace::Other => false,
        })
    }

    /// Returns what is wrong with an image or a tag, if anything.
    fn why(&self, value: &YamlText) -> Option<String> {
        let text = match value {
            YamlText::Null => return None,
            YamlText::Template(text) => {
                return Some(format!("is a template, known only once it is rendered: `{}`", Untrusted::new(text)));
            }
            YamlText::Text(text) => text.trim(),
        };
        let shown = Untrusted::new(text);
        let tag = tag_of(text)?;
        if self.0.floating.iter().any(|word| word.eq_ignore_ascii_case(tag)) {
            return Some(format!("is `{shown}`: what `{}` stands for moves", Untrusted::new(tag)));
        }
        (self.0.pre_releases && PRE_RELEASE.is_match(tag)).then(|| format!("is `{shown}`, a pre-release"))
    }
}

/// A version with the word of a pre-release in it. `1.27.3-alpine` has another word, which is why no version scheme is
/// used.
static PRE_RELEASE: LazyLock<Regex> = LazyLock::new(|| {
    let words = r"(?:alpha|beta|rc|pre|preview|dev|snapshot|nightly|canary|edge)";
    let version = format!(r"(?i)^v?\d+(?:\.\d+)*(?:[-._+~]?{words}[-._]?\d*|[ab]\d+)(?:[-._+~].*)?$");
    Regex::new(&version).expect("a constant")
});

/// Returns the tag of an image, or a tag on its own; `None` for an image by digest.
fn tag_of(text: &str) -> Option<&str> {
    if text.contains('@') {
        return None;
    }
    let name = text.rsplit_once('/').map_or(text, |(_, name)| name);
    match name.rsplit_once(':') {
        Some((_, tag)) => Some(tag),
        // `registry/name` has no tag; where a chart keeps it, another key says it.
        None if name.len() < text.len() => None,
        None => Some(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(text: &str) -> Option<String> {
        FloatingImage(Options::default()).why(&YamlText::Text(text.to_owned()))
    }

    #[test]
    fn moving_and_unfinished_tags_are_told() {
        for text in ["edge", "a/b:latest", "host:5000/a/b:edge", "Latest"] {
            assert!(why(text).unwrap().ends_with("moves"), "{text}");
        }
        for text in ["0.10.0-rc.3", "v2.0.0-rc-002", "a:1.0a1", "x/y:1.2.3-SNAPSHOT", "1.2.dev5", "1.0.0-rc.1-slim"] {
            assert!(why(text).is_some_and(|why| why.ends_with("a pre-release")), "{text}");
        }
    }

    #[test]
    fn finished_tags_and_digests_are_right() {
        for text in [
            "1.0.2",
            "a/b:1.27.3-alpine",
            "nginx:1.27-slim",
            "a/b",
            "host:5000/a/b",
            "a@sha256:00",
            "a:edge@sha256:00",
            "stable",
            "2024.1",
            "1.0-debian",
            "1.0-predator",
            "",
            "latest-greatest",
        ] {
            assert_eq!(why(text), None, "{text}");
        }
    }
}
