//! Version schemes, as a policy names them.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::Spelling;
use super::fault::{shown, suggestion};
use super::form::{Form, ParameterError};
use super::schemes::{self, SCHEMES};

/// How versions are read and ordered: one of [`SCHEMES`], with its parameter.
#[derive(Clone)]
pub struct Scheme {
    /// As a policy writes it; two schemes with one text are one.
    text: Arc<str>,
    form: Arc<dyn Form>,
}

/// Why a text does not name a scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// No such scheme.
    #[error("unknown version scheme `{name}`{hint} (there are {})", Scheme::choices())]
    Unknown {
        /// What was written, escaped.
        name: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// The scheme takes no such option.
    #[error("unknown option `{option}` of scheme `{scheme}`{hint}")]
    Option {
        /// The scheme's name.
        scheme: &'static str,
        /// What was written, escaped.
        option: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// The scheme's parameter is missing or wrong.
    #[error("{0}")]
    Parameter(String),
}

impl Scheme {
    /// Reads a scheme as a policy writes it: a name, and for some a parameter behind a colon
    /// (`calver:YY.0M[.MICRO]`, `dotted:letters=pre`).
    ///
    /// # Errors
    /// An unknown name or option (with the closest one that exists), or a layout that has no order.
    pub fn parse(text: &str) -> Result<Self, SchemeError> {
        let (name, parameter) = match text.split_once(':') {
            Some((name, parameter)) => (name, Some(parameter)),
            None => (text, None),
        };
        let Some(entry) = SCHEMES.iter().find(|entry| entry.name == name) else {
            let hint = suggestion(name, SCHEMES.iter().map(|entry| entry.name));
            return Err(SchemeError::Unknown { name: shown(name), hint });
        };
        let form = (entry.parse)(parameter).map_err(|error| match error {
            ParameterError::Wrong(message) => SchemeError::Parameter(message),
            ParameterError::Unknown => {
                let option = parameter.unwrap_or_default();
                let hint = suggestion(option, entry.parameters.iter().copied());
                SchemeError::Option { scheme: entry.name, option: shown(option), hint }
            }
        })?;
        Ok(Self::new(entry.name, form))
    }

    fn new(name: &str, form: Arc<dyn Form>) -> Self {
        let text = match form.parameter() {
            Some(parameter) => format!("{name}:{parameter}"),
            None => name.to_owned(),
        };
        Self { text: text.into(), form }
    }

    /// Returns the scheme `semver`.
    pub fn semver() -> Self {
        Self::new("semver", Arc::new(schemes::semver::Semver))
    }

    /// Returns the scheme `pep440`.
    pub fn pep440() -> Self {
        Self::new("pep440", Arc::new(schemes::pep440::Pep440))
    }

    /// Returns the scheme `debian`.
    pub fn debian() -> Self {
        Self::new("debian", Arc::new(schemes::debian::Debian))
    }

    /// Returns what may be written for a scheme, for help texts: `semver, pep440, … or nvr`.
    pub fn choices() -> String {
        let usages: Vec<&str> = SCHEMES.iter().map(|entry| entry.usage).collect();
        match usages.split_last() {
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }

    /// Returns the names [`Version::component`](super::Version::component) answers to, for checking the placeholders of
    /// a policy.
    pub fn component_names(&self) -> Vec<&'static str> {
        let numbers = self.form.numbers().into_iter().map(|(name, _)| name);
        numbers.chain(self.form.words().iter().copied()).collect()
    }

    /// Returns the spelling that the scheme's versions have where nobody asks for another.
    pub fn native(&self) -> Spelling {
        self.form.native()
    }

    pub(super) fn form(&self) -> &dyn Form {
        self.form.as_ref()
    }
}

impl PartialEq for Scheme {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Scheme {}

impl std::hash::Hash for Scheme {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scheme({})", self.text)
    }
}

/// As [`Scheme::parse`] reads it.
impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::str::FromStr for Scheme {
    type Err = SchemeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl<'de> serde::Deserialize<'de> for Scheme {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Scheme {
    fn schema_name() -> Cow<'static, str> {
        "Scheme".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let patterns: Vec<&str> = SCHEMES.iter().map(|entry| entry.pattern).collect();
        let examples: Vec<&str> = SCHEMES.iter().flat_map(|entry| entry.examples).copied().collect();
        schemars::json_schema!({
            "type": "string",
            "description": "How versions are read and ordered.",
            "pattern": format!("^({})$", patterns.join("|")),
            "examples": examples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_policy_writes_round_trips() {
        for text in [
            "semver",
            "pep440",
            "debian",
            "nvr",
            "dotted",
            "dotted:letters=pre",
            "calver:YYYY.Q",
            "calver:YYYY.MM",
            "calver:YY.0M.MICRO",
            "calver:YY.0M[.MICRO]",
            "calver:YYYY-0W",
        ] {
            assert_eq!(Scheme::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Scheme::parse("dotted:letters=post").unwrap().to_string(), "dotted");
    }

    #[test]
    fn a_typing_mistake_is_answered_with_what_was_meant() {
        let message = |text| Scheme::parse(text).unwrap_err().to_string();
        let all = " (there are semver, pep440, debian, calver:LAYOUT, dotted or nvr)";
        assert_eq!(message("semvar"), format!("unknown version scheme `semvar`; did you mean `semver`?{all}"));
        assert_eq!(message("SemVer"), format!("unknown version scheme `SemVer`; did you mean `semver`?{all}"));
        assert_eq!(message("gentoo"), format!("unknown version scheme `gentoo`{all}"));
        assert_eq!(
            message("dotted:letter=pre"),
            "unknown option `letter=pre` of scheme `dotted`; did you mean `letters=pre`?"
        );
        assert_eq!(message("semver:x"), "unknown option `x` of scheme `semver`");
        assert_eq!(message("calver"), "scheme `calver` needs a layout, such as `calver:YYYY.MM`");
        assert!(message(&"x".repeat(100_000)).len() < 200);
    }

    #[test]
    fn every_entry_is_what_it_says() {
        let schema = schemars::schema_for!(Scheme);
        for entry in SCHEMES {
            assert!(entry.usage.starts_with(entry.name), "{}", entry.name);
            assert_eq!(entry.examples.first().and_then(|example| example.split(':').next()), Some(entry.name));
            for example in entry.examples {
                let scheme = Scheme::parse(example).unwrap();
                assert_eq!(scheme.to_string(), *example);
                assert!(jsonschema::is_valid(schema.as_value(), &serde_json::json!(example)), "{example}");
            }
            for parameter in entry.parameters {
                Scheme::parse(&format!("{}:{parameter}", entry.name)).unwrap();
            }
            let scheme = Scheme::parse(entry.examples[0]).unwrap();
            let versions: Vec<_> = entry.rising.iter().map(|text| scheme.read(text).unwrap()).collect();
            assert!(versions.len() > 3, "{} shows too few versions", entry.name);
            assert!(versions.windows(2).all(|pair| pair[0].compare(&pair[1]).unwrap().is_lt()), "{}", entry.name);
        }
        let names: std::collections::BTreeSet<&str> = SCHEMES.iter().map(|entry| entry.name).collect();
        assert_eq!(names.len(), SCHEMES.len(), "a name stands twice");
    }

    #[test]
    fn every_file_of_a_scheme_is_in_the_list() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/version/schemes");
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let stems: std::collections::BTreeSet<String> =
            files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
        assert_eq!(stems, SCHEMES.iter().map(|entry| entry.name).chain(["mod"]).map(str::to_owned).collect());
    }

    #[test]
    fn the_schemes_that_others_build_on_are_those_of_the_list() {
        for scheme in [Scheme::semver(), Scheme::pep440(), Scheme::debian()] {
            let parsed = Scheme::parse(&scheme.to_string()).unwrap();
            assert_eq!(
                parsed.read("1.2.3").unwrap().compare(&scheme.read("1.2.4").unwrap()),
                Ok(std::cmp::Ordering::Less)
            );
        }
    }

    #[test]
    fn the_choices_are_a_phrase() {
        assert_eq!(Scheme::choices(), "semver, pep440, debian, calver:LAYOUT, dotted or nvr");
    }

    #[test]
    fn the_policy_format_takes_it_as_a_string() {
        #[derive(serde::Deserialize)]
        struct Class {
            scheme: Scheme,
        }
        let class: Class = toml::from_str("scheme = 'calver:YYYY.Q'").unwrap();
        assert_eq!(class.scheme, Scheme::parse("calver:YYYY.Q").unwrap());
        assert!(toml::from_str::<Class>("scheme = 'semvar'").is_err());
        let schema = schemars::schema_for!(Scheme);
        assert!(jsonschema::is_valid(schema.as_value(), &serde_json::json!("calver:YYYY.Q")));
        assert!(!jsonschema::is_valid(schema.as_value(), &serde_json::json!("semvar")));
    }
}
