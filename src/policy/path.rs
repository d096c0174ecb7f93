//! Patterns of paths in the tree.

use bstr::{BStr, BString};
use std::borrow::Cow;

use super::pattern::{Bindings, Pattern, PatternError};
use super::text::Meaning;

/// More `**` than this in one path are a mistake; each doubles the patterns tried.
const MAX_DEEP: usize = 4;

/// Paths of files, in the words of ref patterns. Unlike in refs, `**/` also stands for no directory at all, so that
/// `**/values.yaml` is the one at the root too.
#[derive(Clone, Debug)]
pub struct PathPattern {
    text: String,
    variants: Vec<Pattern>,
}

impl PathPattern {
    /// Reads a path pattern.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let mut texts = vec![text.to_owned()];
        if !text.starts_with("regex:") {
            for _ in 0..text.matches("**/").count().min(MAX_DEEP) {
                let shorter: Vec<String> = texts.iter().flat_map(|text| without_one(text)).collect();
                texts.extend(shorter);
                texts.sort();
                texts.dedup();
            }
        }
        let variants = texts.iter().map(|text| Pattern::parse(text)).collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), variants })
    }

    /// Returns the pattern as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the pattern with what is known in the places of its placeholders, for a message.
    pub fn filled_in(&self, known: &Bindings) -> String {
        if self.text.starts_with("regex:") {
            return self.text.clone();
        }
        let fill = |text: String, (key, value): (&&str, &BString)| {
            text.replace(&format!("{{{key}}}"), &String::from_utf8_lossy(value))
        };
        known.iter().fold(self.text.clone(), fill)
    }

    /// Matches a whole path and says what the placeholders bound.
    pub fn matches(&self, path: &BStr) -> Option<Bindings> {
        self.variants.iter().find_map(|variant| variant.matches(path))
    }

    /// Matches a whole path whose placeholders agree with what is known.
    pub fn matches_with(&self, path: &BStr, known: &Bindings) -> bool {
        let agrees = |variant: &Pattern| variant.matches(path).is_some_and(|bound| Pattern::agrees(&bound, known));
        self.variants.iter().any(agrees)
    }

    /// Returns the paths this can mean; `None` when the tree has to be looked through.
    pub fn instances(&self, known: &Bindings) -> Option<Vec<BString>> {
        let instances: Option<Vec<Vec<BString>>> =
            self.variants.iter().map(|variant| variant.instances(known)).collect();
        instances.map(|found| found.concat())
    }
}

impl<'de> serde::Deserialize<'de> for PathPattern {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| serde::de::Error::custom(format!("the path `{text}`: {error}")))
    }
}

impl schemars::JsonSchema for PathPattern {
    fn schema_name() -> Cow<'static, str> {
        "PathPattern".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

impl Meaning for PathPattern {
    const NAME: &'static str = "PathText";
    const TITLE: &'static str = "path pattern";
    fn description() -> Cow<'static, str> {
        "The path of a file from the root of the tree, in the words of a pattern. `**/` also stands for no folder at all: \
         `**/values.yaml` is the one at the root too."
            .into()
    }
}

/// Returns the text with one `**/` left out, in every way there is.
fn without_one(text: &str) -> Vec<String> {
    let whole_component = |at: &usize| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'/');
    let places = text.match_indices("**/").map(|(at, _)| at).filter(whole_component);
    places.map(|at| [text.get(..at), text.get(at + 3..)].into_iter().flatten().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        PathPattern::parse(pattern).unwrap().matches(path.into()).is_some()
    }

    #[test]
    fn two_stars_are_any_directories_or_none() {
        for path in ["values.yaml", "a/values.yaml", "a/b/values.yaml"] {
            assert!(matches("**/values.yaml", path), "{path}");
        }
        assert!(matches("a/**/c/**/e", "a/c/e"));
        assert!(matches("a/**/c/**/e", "a/b/c/e"));
        assert!(matches("a/**", "a/b/c"));
        assert!(!matches("**/values.yaml", "xvalues.yaml"));
        assert!(!matches("a**/b", "b"));
    }

    #[test]
    fn a_path_of_known_placeholders_needs_no_search() {
        let known: Bindings = [("scope", "skaha".into())].into();
        let paths = |text: &str| PathPattern::parse(text).unwrap().instances(&known);
        assert_eq!(paths("charts/{scope}/Chart.yaml"), Some(vec!["charts/skaha/Chart.yaml".into()]));
        assert_eq!(paths("**/Chart.yaml"), None);
        let pattern = PathPattern::parse("charts/{scope}/Chart.yaml").unwrap();
        assert!(pattern.matches_with("charts/skaha/Chart.yaml".into(), &known));
        assert!(!pattern.matches_with("charts/cavern/Chart.yaml".into(), &known));
    }
}
