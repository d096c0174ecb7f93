//! Values of YAML files by path, for what is deployed rather than built: image names and tags.

use regex::{Regex, RegexSet, RegexSetBuilder};
use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use super::source::{Encoding, Source, few};
use super::yaml::Stream;
use super::{Error, position};

/// Most bytes of a YAML file that are read.
pub(crate) const MAX_YAML_BYTES: usize = 1 << 20;

/// Most bytes of globs, as expressions; what they compile to stays below the next.
const MAX_GLOBS: usize = 4 << 10;

/// Most memory the compiled globs may take.
const MAX_REGEX: usize = 1 << 20;

/// The separator between the segments of a path: not a character of a key.
const SEPARATOR: char = '\0';

/// Which values of a YAML file are meant, by their path from the root of the document.
///
/// A glob's segments are separated by `.`; `**` stands for any number of segments, `*` for any text within one; the
/// items of a sequence are numbered from 0. `**.image` is every `image`, at the root too; `spec.*.tag` and
/// `images.*` say what they look like.
///
/// They are compiled when a file is first read by them.
#[derive(Clone, Debug)]
pub(crate) struct PathGlobs {
    patterns: Vec<String>,
    compiled: OnceLock<RegexSet>,
}

impl PathGlobs {
    /// Reads globs.
    ///
    /// # Errors
    /// [`Error::Pattern`]: an empty segment, or globs too long.
    pub(crate) fn new<'g>(globs: impl IntoIterator<Item = &'g str>) -> Result<Self, Error> {
        let patterns = globs.into_iter().map(pattern).collect::<Result<Vec<_>, _>>()?;
        if patterns.iter().map(String::len).sum::<usize>() > MAX_GLOBS {
            return Err(Error::Pattern(format!("the path globs have more than {MAX_GLOBS} bytes")));
        }
        Ok(Self { patterns, compiled: OnceLock::new() })
    }

    fn compiled(&self) -> Result<&RegexSet, Error> {
        if let Some(set) = self.compiled.get() {
            return Ok(set);
        }
        let set = RegexSetBuilder::new(&self.patterns).size_limit(MAX_REGEX).build();
        let set = set.map_err(|error| Error::Pattern(format!("the path globs cannot be used: {error}")))?;
        Ok(self.compiled.get_or_init(|| set))
    }
}

fn pattern(glob: &str) -> Result<String, Error> {
    let mut pattern = String::from("(?s)^");
    for segment in glob.split('.') {
        match segment {
            "" => return Err(Error::Pattern(format!("the path glob `{glob}` has an empty segment"))),
            "**" => pattern.push_str(r"(?:[^\x00]*\x00)*"),
            _ => {
                let texts: Vec<_> = segment.split('*').map(regex::escape).collect();
                pattern.push_str(&texts.join(r"[^\x00]*"));
                pattern.push_str(r"\x00");
            }
        }
    }
    pattern.push('$');
    Ok(pattern)
}

/// What a YAML value is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum YamlText {
    /// The text as it is written: `1.10` is not read as a number.
    Text(String),
    /// Nothing: `null`, `~` or left out.
    Null,
    /// A template, known only once it is rendered.
    Template(String),
}

/// A scalar of a YAML file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct YamlValue {
    /// Its path; segments are separated by `.`, sequence items are numbered from 0.
    pub path: String,
    /// What it is.
    pub value: YamlText,
    /// Its 1-based line; of an alias, that of the value it stands for.
    pub line: usize,
    /// Its bytes in the file, without quotes; up to the end of the line if it is written with escapes or as a block.
    pub span: Range<usize>,
    /// Whether the mapping that it is in has the digest of the same image: `digest` next to `tag`, `imageDigest` next to
    /// `imageTag`.
    pub has_digest: bool,
}

/// The digest of an image: of what it is, by what algorithm.
static DIGEST: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^(?:[a-z0-9+._-]+:)?[0-9a-fA-F]{32,128}$").expect("a constant"));

/// Returns the image that a key is about, in lower case: empty for `tag`, `image`, `imageTag` and `digest`, `ui` for
/// `uiTag`, `uiImageTag` and `uiDigest`.
fn image_of(key: &str, endings: &[&str]) -> Option<String> {
    let key: String = key.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    let stem = endings.iter().find_map(|ending| key.strip_suffix(ending))?;
    Some(stem.strip_suffix("image").unwrap_or(stem).to_owned())
}

/// The place of a digest: its document, the path of its mapping, and its image.
type DigestPlace = (usize, String, String);

/// Returns the scalars that any of the globs mean, in all documents of a YAML file, in the order of the file. Aliases
/// and merge keys are followed.
///
/// # Errors
/// [`Error::Template`] for a file that is YAML only once it is rendered (a Helm template); otherwise as
/// [`fields`](super::fields). Time and memory are bounded, whatever aliases the file has.
pub(crate) fn yaml_values(bytes: &[u8], globs: &PathGlobs) -> Result<Vec<YamlValue>, Error> {
    let source = Source::new(bytes, MAX_YAML_BYTES, Encoding::Utf8)?;
    let stream = Stream::new(&source)?;
    let globs = globs.compiled()?;
    let mut found = Vec::new();
    let mut digests: BTreeSet<DigestPlace> = BTreeSet::new();
    let mut joined = String::new();
    stream.visit(&mut |path, scalar| {
        if let (Some((key, mapping)), Some(text)) = (path.split_last(), &scalar.text)
            && let Some(image) = image_of(key, &["digest", "sha256", "sha"])
            && DIGEST.is_match(text)
        {
            digests.insert((scalar.document, mapping.join("\0"), image));
        }
        joined.clear();
        for segment in path {
            joined.extend(segment.chars().filter(|c| *c != SEPARATOR));
            joined.push(SEPARATOR);
        }
        if globs.is_match(&joined) {
            let value = match scalar.text.as_deref() {
                None => YamlText::Null,
                Some(text) if text.contains("{{") => YamlText::Template(text.into()),
                Some(text) => YamlText::Text(text.into()),
            };
            let image = path.split_last().and_then(|(key, mapping)| {
                Some((scalar.document, mapping.join("\0"), image_of(key, &["tag", "version", "image"])?))
            });
            found.push((path.join("."), value, stream.range(scalar), image));
        }
    })?;
    let mut lines = Lines { bytes, at: 0, line: 1 };
    let located = few(found)?.into_iter().map(|(path, value, range, image)| {
        let span = source.span(range)?;
        let has_digest = image.is_some_and(|image| digests.contains(&image));
        Ok(YamlValue { path, value, line: lines.of(span.start), span, has_digest })
    });
    located.collect()
}

/// Finds the lines of offsets that mostly rise, without counting from the start of the file for each value.
struct Lines<'b> {
    bytes: &'b [u8],
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, offset: usize) -> usize {
        let between = self.bytes.get(self.at.min(offset)..self.at.max(offset)).unwrap_or_default();
        let breaks = position(between, between.len()).0 - 1;
        self.line = if offset >= self.at { self.line + breaks } else { self.line - breaks };
        self.at = offset;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::yaml::MAX_VISITS;
    use crate::model::work::steps_of;

    fn values(text: &str, globs: &[&str]) -> Result<Vec<(String, String, usize)>, Error> {
        let globs = PathGlobs::new(globs.iter().copied())?;
        let values = yaml_values(text.as_bytes(), &globs)?;
        Ok(values
            .into_iter()
            .map(|found| match found.value {
                YamlText::Text(value) => {
                    assert!(text[found.span.clone()].contains(&value), "{value}");
                    (found.path, value, found.line)
                }
                YamlText::Null => (found.path, "(null)".into(), found.line),
                YamlText::Template(value) => (found.path, format!("(template) {value}"), found.line),
            })
            .collect())
    }

    fn row(path: &str, value: &str, line: usize) -> (String, String, usize) {
        (path.into(), value.into(), line)
    }

    #[test]
    fn images_are_found_at_any_depth_and_in_every_document() {
        let text = "image: a:edge\n# ü\nspec:\n  containers:\n  - name: é\n    image: \"b:latest\"\n---\napp:\n  image:\n    \
                    tag: '1.10'\n    pullPolicy: Always\n";
        assert_eq!(
            values(text, &["**.image", "**.tag"]),
            Ok(vec![
                row("image", "a:edge", 1),
                row("spec.containers.0.image", "b:latest", 6),
                row("app.image.tag", "1.10", 10)
            ])
        );
        assert_eq!(values(text, &["*.image.t*g"]), Ok(vec![row("app.image.tag", "1.10", 10)]));
        assert_eq!(values(text, &["spec.containers.*.name"]), Ok(vec![row("spec.containers.0.name", "é", 5)]));
        assert_eq!(values(text, &["tag", "image.**"]), Ok(vec![row("image", "a:edge", 1)]));
    }

    #[test]
    fn aliases_and_merges_are_followed() {
        let text =
            "base: &b\n  tag: v1\n  image: &i x\nprod:\n  <<: *b\n  tag: v2\nother:\n  image: *i\nlist:\n  <<: [*b]\n";
        assert_eq!(
            values(text, &["prod.*", "other.image", "list.tag"]),
            Ok(vec![
                row("prod.tag", "v2", 6),
                row("prod.image", "x", 3),
                row("other.image", "x", 3),
                row("list.tag", "v1", 2)
            ])
        );
    }

    #[test]
    fn a_template_is_unreadable_and_not_guessed() {
        for (text, line) in [
            ("{{- if .Values.x }}\nimage: foo:latest\n{{- end }}\n", 1),
            ("a: 1\nimage: {{ .Values.image }}\n", 2),
            ("image: {{ .Values.image }}:{{ .Values.tag }}\n", 1),
            ("# {{ fine }}\na: b\n{{ range .x }}\n- c\n{{ end }}\n", 3),
        ] {
            let error = values(text, &["**.image"]);
            assert!(matches!(error, Err(Error::Template { line: at, .. }) if at == line), "{text} {error:?}");
        }
        assert_eq!(
            values("image: \"{{ .Values.image }}\" # {{\ntag: v{{ x }}\n", &["**.image", "tag"]),
            Ok(vec![row("image", "(template) {{ .Values.image }}", 1), row("tag", "(template) v{{ x }}", 2)])
        );
    }

    #[test]
    fn a_digest_next_to_a_tag_is_seen() {
        let sha = "0123456789abcdef".repeat(4);
        let text = format!(
            "a: {{tag: latest, digest: 'sha256:{sha}'}}\nb: {{tag: latest, digest: ''}}\nc: {{imageTag: x, uiTag: y, uiDigest: \
             {sha}}}\nd: {{image: a/b:edge, imageDigest: 'sha256:{sha}'}}\n---\nb: {{digest: 'sha256:{sha}'}}\nc: {{tag: z}}\n"
        );
        let globs = PathGlobs::new(["**.tag", "**.image", "**.*Tag"]).unwrap();
        let seen: Vec<_> = yaml_values(text.as_bytes(), &globs).unwrap().into_iter().collect();
        let seen: Vec<_> = seen.iter().map(|value| (value.path.as_str(), value.has_digest)).collect();
        let wanted = [("a.tag", true), ("b.tag", false), ("c.imageTag", false), ("c.uiTag", true), ("d.image", true)];
        assert_eq!(seen, wanted.into_iter().chain([("c.tag", false)]).collect::<Vec<_>>());
    }

    #[test]
    fn null_is_no_text() {
        let text = "a: {tag: }\nb: {tag: ~}\nc: {tag: \"~\"}\nd: {tag: \"\"}\n";
        assert_eq!(
            values(text, &["**.tag"]),
            Ok(vec![row("a.tag", "(null)", 1), row("b.tag", "(null)", 2), row("c.tag", "~", 3), row("d.tag", "", 4)])
        );
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error() {
        let error = values("a:\n  tag: x\n  \"tag\": y\n", &["**.tag"]);
        assert_eq!(error, Err(Error::Duplicate { key: "tag".into(), line: 3, column: 3 }));
    }

    #[test]
    #[ignore = "the outer ring: more than half a second of a core"]
    fn bombs_are_errors_after_a_bounded_number_of_steps() {
        let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..30 {
            let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
            bomb.push_str(&format!("a{level}: &a{level} [{aliases}]\n"));
        }
        let inputs = [
            bomb,
            "a: &a [*a]\n".into(),
            "a: &a\n  <<: *a\n".into(),
            "[".repeat(500_000),
            "- ".repeat(300_000),
            "{a: ".repeat(200_000),
            format!("{}\n", "- [".repeat(200_000)),
            "a\n".repeat(300_000) + ": b",
            "x".repeat(MAX_YAML_BYTES + 1),
        ];
        for input in inputs {
            let shown = &input[..20.min(input.len())];
            let steps = steps_of(|| assert!(values(&input, &["**"]).is_err(), "{shown}"));
            assert!(steps <= 2 * (MAX_VISITS + MAX_YAML_BYTES), "{shown}: {steps} steps");
        }
    }

    #[test]
    fn globs_are_checked() {
        assert!(matches!(PathGlobs::new(["a..b"]), Err(Error::Pattern(_))));
        assert!(matches!(PathGlobs::new([""]), Err(Error::Pattern(_))));
        let long = "*".repeat(200_000);
        assert!(matches!(PathGlobs::new([long.as_str()]), Err(Error::Pattern(_))));
        // What is taken can be compiled.
        for segment in ["*.", "**.", "*a*.", "é."] {
            let longest = |count: &usize| PathGlobs::new([format!("{}x", segment.repeat(*count)).as_str()]).ok();
            let globs = (1..5000).step_by(16).map_while(|count| longest(&count)).last().unwrap();
            assert!(globs.compiled().is_ok(), "{segment}");
        }
    }
}
