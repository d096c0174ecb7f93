//! Version schemes, as a policy names them.

use std::borrow::Cow;
use std::fmt;

use super::calver::{Layout, LayoutError};
use super::error::shown;

/// How versions are read and ordered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// `semver`: Semantic Versioning 2.0.0 (<https://semver.org>), strictly: three numbers, no `v`.
    Semver,
    /// `pep440`: Python versions (<https://packaging.python.org/en/latest/specifications/version-specifiers/>).
    Pep440,
    /// `debian`: `[epoch:]upstream[-revision]` (deb-version(7)).
    Debian,
    /// `calver:LAYOUT`: calendar versions (<https://calver.org>), such as `calver:YYYY.Q`.
    Calver(Layout),
    /// `dotted`: any number of dotted numbers with the suffixes that real tags have.
    Dotted(Letters),
    /// `nvr`: RPM's `[name-]version[-release]`.
    Nvr,
}

/// What a lone letter behind a dotted version means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Letters {
    /// `0.99.9a` comes after `0.99.9`, as in git and OpenSSL.
    #[default]
    Post,
    /// `1.0a` comes before `1.0`, as in PEP 440.
    Pre,
}

/// Why a text names no scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemeError {
    /// No such scheme.
    #[error("unknown version scheme `{name}`{}", did_you_mean(.suggestion))]
    Unknown {
        /// What was written, escaped.
        name: String,
        /// The closest that exists.
        suggestion: Option<&'static str>,
    },
    /// The scheme takes no such option.
    #[error("unknown option `{option}` of scheme `{scheme}`{}", did_you_mean(.suggestion))]
    Option {
        /// The scheme's name.
        scheme: &'static str,
        /// What was written, escaped.
        option: String,
        /// The closest that exists.
        suggestion: Option<&'static str>,
    },
    /// `calver` alone: it needs a layout.
    #[error("scheme `calver` needs a layout, such as `calver:YYYY.MM`")]
    NoLayout,
    /// The layout makes no sense.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

fn did_you_mean(suggestion: &Option<&'static str>) -> String {
    suggestion.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// The candidate most like `given`, if any is like it at all.
pub(super) fn closest(given: &str, candidates: &[&'static str]) -> Option<&'static str> {
    let given = given.to_ascii_lowercase();
    // Longer than any name by far: no typing mistake, and the distance is quadratic.
    if given.len() > 40 {
        return None;
    }
    candidates
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&given, &name.to_ascii_lowercase()), *name))
        .filter(|(distance, name)| *distance <= 1 + name.len() / 4)
        .min()
        .map(|(_, name)| name)
}

impl Scheme {
    const NAMES: &'static [&'static str] = &["semver", "pep440", "debian", "calver", "dotted", "nvr"];
    const LETTERS: &'static [&'static str] = &["letters=post", "letters=pre"];

    /// Reads a scheme as a policy writes it: a name, and for some an option behind a colon
    /// (`calver:YY.0M[.MICRO]`, `dotted:letters=pre`).
    ///
    /// # Errors
    /// An unknown name or option (with the closest one that exists), or a layout that has no order.
    pub fn parse(text: &str) -> Result<Self, SchemeError> {
        let (name, option) = match text.split_once(':') {
            Some((name, option)) => (name, Some(option)),
            None => (text, None),
        };
        match (name, option) {
            ("semver", None) => Ok(Self::Semver),
            ("pep440", None) => Ok(Self::Pep440),
            ("debian", None) => Ok(Self::Debian),
            ("nvr", None) => Ok(Self::Nvr),
            ("calver", None) => Err(SchemeError::NoLayout),
            ("calver", Some(layout)) => Ok(Self::Calver(Layout::parse(layout)?)),
            ("dotted", None | Some("letters=post")) => Ok(Self::Dotted(Letters::Post)),
            ("dotted", Some("letters=pre")) => Ok(Self::Dotted(Letters::Pre)),
            (name, option) => Err(match (Self::NAMES.iter().find(|known| **known == name), option) {
                (Some(scheme), Some(option)) => SchemeError::Option {
                    scheme,
                    option: shown(option),
                    suggestion: if *scheme == "dotted" { closest(option, Self::LETTERS) } else { None },
                },
                _ => SchemeError::Unknown { name: shown(name), suggestion: closest(name, Self::NAMES) },
            }),
        }
    }
}

/// As [`Scheme::parse`] reads it.
impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Semver => f.write_str("semver"),
            Self::Pep440 => f.write_str("pep440"),
            Self::Debian => f.write_str("debian"),
            Self::Calver(layout) => write!(f, "calver:{layout}"),
            Self::Dotted(Letters::Post) => f.write_str("dotted"),
            Self::Dotted(Letters::Pre) => f.write_str("dotted:letters=pre"),
            Self::Nvr => f.write_str("nvr"),
        }
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
        schemars::json_schema!({
            "type": "string",
            "description": "How versions are read and ordered.",
            "pattern": "^(semver|pep440|debian|nvr|dotted(:letters=(post|pre))?|calver:.+)$",
            "examples": ["semver", "pep440", "debian", "calver:YYYY.Q", "dotted", "dotted:letters=pre", "nvr"],
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
        assert_eq!(message("semvar"), "unknown version scheme `semvar`; did you mean `semver`?");
        assert_eq!(message("SemVer"), "unknown version scheme `SemVer`; did you mean `semver`?");
        assert_eq!(message("gentoo"), "unknown version scheme `gentoo`");
        assert_eq!(
            message("dotted:letter=pre"),
            "unknown option `letter=pre` of scheme `dotted`; did you mean `letters=pre`?"
        );
        assert_eq!(message("semver:x"), "unknown option `x` of scheme `semver`");
        assert_eq!(message("calver"), "scheme `calver` needs a layout, such as `calver:YYYY.MM`");
        assert!(message(&"x".repeat(100_000)).len() < 100);
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
