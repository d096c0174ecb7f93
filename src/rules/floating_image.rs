//! Refuses releases that deploy images whose tag moves or is not final.

use bstr::BString;
use regex::Regex;
use std::sync::LazyLock;

use super::{Meta, OptionError, RefRule, Rule, Sink, Standing};
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
    /// What becomes of a tag that is a variable or a template without a default: `${TAG}`, `$(TAG)`, `{{ .Values.tag }}`.
    #[schemars(extend("default" = "refuse"))]
    variables: Variables,
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
            variables: Variables::Refuse,
            exclude: Vec::new(),
            lines: Vec::new(),
        }
    }
}

/// What becomes of a tag that is known only when it is deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
enum Variables {
    /// It is refused: nobody can tell from the tree what is deployed.
    Refuse,
    /// Whoever deploys it answers for it.
    Allow,
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
        standing: Standing::Created,
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
                        .help("fix the file, or name it in `exclude`");
                }
                Ok((values, bytes)) => {
                    for value in values {
                        let why = Some(value.value).filter(|_| !value.has_digest).and_then(|value| self.why(&value));
                        let Some(why) = why else { continue };
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
            return Err(FactError::undecided(message).help("fix the policy"));
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
            YamlText::Template(text) | YamlText::Text(text) => text.trim(),
        };
        let shown = Untrusted::new(text);
        let filled_in = filled_in(text);
        let tag = tag_of(&filled_in)?;
        if tag.contains(OPEN) {
            let why = || match value {
                YamlText::Template(_) => format!("is a template, known only once it is rendered: `{shown}`"),
                _ => format!("is a variable, known only when it is deployed: `{shown}`"),
            };
            return (self.0.variables == Variables::Refuse).then(why);
        }
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

/// Stands for a variable or a template without a default.
const OPEN: char = '\u{0}';

/// A variable or a template, as far as it has no other in it: `${TAG}`, `$(TAG)`, `$TAG`, `{{ .Values.tag }}`, `@TAG@`.
static VARIABLE: LazyLock<Regex> = LazyLock::new(|| {
    let variable = r"(?x)
        \{\{-? (?P<template> [^{}]*?) -?\}\}
        | \$\{ (?P<braces> [^{}$]* ) \}
        | \$\( [^()$]* \)
        | \$ [A-Za-z_][A-Za-z0-9_]*
        | @ [A-Za-z_][A-Za-z0-9_.]* @";
    Regex::new(variable).expect("a constant")
});

/// A default of a shell's variable: `TAG:-latest`, `TAG-latest`, `TAG:=latest`.
static SHELL_DEFAULT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[A-Za-z_][A-Za-z0-9_.]*:?[-=](?P<default>.*)$").expect("a constant"));

/// A default of a template: `.Values.tag | default "latest"`, `default "latest" .Values.tag`.
static TEMPLATE_DEFAULT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\bdefault\s*\(?\s*["'](?P<default>[^"']+)["']"#).expect("a constant"));

/// Most variables that are within each other, or next to each other.
const MAX_VARIABLES: usize = 32;

/// Puts defaults in the places of variables, and [`OPEN`] where there is none. The innermost come first.
fn filled_in(text: &str) -> String {
    let mut text = text.replace(OPEN, "");
    for _ in 0..MAX_VARIABLES {
        let Some(found) = VARIABLE.captures(&text) else { break };
        let default = |group: &str, expression: &Regex| {
            let default = expression.captures(found.name(group)?.as_str())?.name("default")?.as_str().to_owned();
            Some(default).filter(|default| !default.is_empty())
        };
        let default = default("braces", &SHELL_DEFAULT).or_else(|| default("template", &TEMPLATE_DEFAULT));
        let value = default.unwrap_or_else(|| OPEN.to_string());
        let range = found.get(0).map_or(0..0, |whole| whole.range());
        text.replace_range(range, &value);
    }
    // What is left is not whole, or has more variables than are followed.
    if ["${", "$(", "{{"].iter().any(|open| text.contains(open)) { OPEN.to_string() } else { text }
}

/// What pins an image behind its name.
static DIGEST: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"@[A-Za-z0-9+._-]+:[0-9A-Fa-f]+$").expect("a constant"));

/// Returns the tag of an image, or a tag on its own; `None` for an image by digest.
fn tag_of(text: &str) -> Option<&str> {
    if DIGEST.is_match(text) {
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
        let text = text.to_owned();
        let value = if text.contains("{{") { YamlText::Template(text) } else { YamlText::Text(text) };
        FloatingImage(Options::default()).why(&value)
    }

    #[test]
    fn a_default_of_a_variable_counts() {
        for text in [
            "${TAG:-latest}",
            "a/b:${TAG:-latest}",
            "a/b:${TAG-edge}",
            "a:${TAG:=latest}",
            "${REGISTRY:-docker.io}/a:${TAG:-latest}",
            "a:${TAG:-${OTHER:-latest}}",
            "a:{{ .Values.tag | default \"latest\" }}",
            "a:{{ default 'latest' .Values.tag }}",
            "${IMAGE:-a/b:latest}",
            "$REGISTRY/a:latest",
        ] {
            assert!(why(text).is_some_and(|why| why.contains("stands for moves")), "{text}: {:?}", why(text));
        }
        for text in [
            "a/b:${TAG:-1.2.3}",
            "${TAG:-1.2.3}",
            "a:${TAG:-${OTHER-1.2.3}}",
            "a:{{ .Values.tag | default \"1.2.3\" }}",
            "${REGISTRY}/a:1.2.3",
            "{{ .Values.registry }}/a:1.2.3",
            "${IMAGE:-a/b:1.2.3}",
            "$REGISTRY/a",
            "a:${TAG:-1.2.3}@sha256:00ff",
        ] {
            assert_eq!(why(text), None, "{text}");
        }
        assert!(why("a:${TAG:-1.2.3-rc.1}").unwrap().ends_with("a pre-release"));
    }

    #[test]
    fn an_open_variable_is_what_the_policy_says() {
        let allowing = FloatingImage(Options { variables: Variables::Allow, ..Options::default() });
        for text in [
            "${TAG}",
            "a/b:${TAG}",
            "a/b:$TAG",
            "a/b:$(TAG)",
            "$(TAG)",
            "@TAG@",
            "a:@TAG@",
            "a:1.2-${ARCH}",
            "${TAG:?it is not set}",
            "${TAG:-}",
            "a:${TAG:-$OTHER}",
            "{{ .Values.tag }}",
            "a:{{ .Values.tag | default .Chart.AppVersion }}",
            "${IMAGE}",
        ] {
            assert!(why(text).is_some_and(|why| why.contains("known only")), "{text}: {:?}", why(text));
            assert_eq!(allowing.why(&YamlText::Text(text.to_owned())), None, "{text}");
        }
        assert!(allowing.why(&YamlText::Text("a:${TAG:-latest}".to_owned())).is_some());
        assert!(allowing.why(&YamlText::Text("a:latest".to_owned())).is_some());
        assert!(why(&format!("a:{}", "${A:-".repeat(100))).is_some());
        assert!(why(&format!("a:{}1.2.3{}", "${A:-".repeat(100), "}".repeat(100))).is_some());
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
