//! Who pushes: from the one source that the server's configuration names.
//!
//! Never guessed from whichever variable happens to be set. On shell accounts and over `file://` the pusher can forge
//! every variable, and GitLab and gitolite use the same prefix for different things.

use bstr::{BString, ByteSlice as _};
use std::fmt;

use super::variables::Variables;
use crate::git::Repository;
use crate::hosts::{HOSTS, Host, Pusher};
use crate::model::{Actor, did_you_mean};

/// The value of `refgate.identity`.
#[derive(Clone, Debug, Default)]
pub(crate) enum Identity {
    /// Nobody is named; the actor stays unknown.
    #[default]
    None,
    /// A host whose variable is known.
    Host(&'static Host, &'static Pusher),
    /// `env:NAME`.
    Variable(String),
    /// `json:NAME.field`: a member of a JSON object in a variable.
    Json {
        /// The variable.
        variable: String,
        /// The member.
        field: String,
    },
}

/// Why a text does not name an identity source.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum IdentityError {
    /// No such word.
    #[error("`{found}` names no identity source{hint}; there are {}, env:NAME, json:NAME.field and none", names(), hint = did_you_mean(found, named().map(|(host, _)| host.name)))]
    Unknown {
        /// The word.
        found: String,
    },
    /// `json:` without a field, or an empty variable.
    #[error("`{0}` is not `env:NAME` or `json:NAME.field`")]
    Incomplete(String),
}

/// Returns the hosts that name the pusher.
fn named() -> impl Iterator<Item = (&'static Host, &'static Pusher)> {
    HOSTS.iter().filter_map(|host| Some((*host, host.pusher.as_ref()?)))
}

fn names() -> String {
    named().map(|(host, _)| host.name).collect::<Vec<_>>().join(", ")
}

impl Identity {
    /// Returns the source that a repository's configuration names (`refgate.identity`).
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub(crate) fn configured(repository: &Repository) -> Result<Self, IdentityError> {
        repository.config("refgate.identity").map_or(Ok(Self::None), |text| Self::parse(&text.to_str_lossy()))
    }

    /// Reads the configured value.
    ///
    /// # Errors
    /// See [`IdentityError`].
    pub(crate) fn parse(text: &str) -> Result<Self, IdentityError> {
        let incomplete = || IdentityError::Incomplete(text.to_owned());
        if text == "none" {
            return Ok(Self::None);
        }
        if let Some(name) = text.strip_prefix("env:") {
            return if name.is_empty() { Err(incomplete()) } else { Ok(Self::Variable(name.to_owned())) };
        }
        if let Some(rest) = text.strip_prefix("json:") {
            let (variable, field) =
                rest.split_once('.').filter(|(a, b)| !a.is_empty() && !b.is_empty()).ok_or_else(incomplete)?;
            return Ok(Self::Json { variable: variable.to_owned(), field: field.to_owned() });
        }
        let host = named().find(|(host, _)| host.name == text);
        host.map(|(host, pusher)| Self::Host(host, pusher))
            .ok_or_else(|| IdentityError::Unknown { found: text.to_owned() })
    }

    /// Returns the host's name, where the source is one.
    pub(crate) fn host(&self) -> Option<&'static str> {
        if let Self::Host(host, _) = self { Some(host.name) } else { None }
    }

    /// Returns who pushes, according to this source. A name that is empty or cannot be read is [`Actor::Unknown`].
    pub(crate) fn actor(&self, variables: Variables<'_>) -> Actor {
        let name = match self {
            Self::None => None,
            Self::Variable(name) => variables(name),
            Self::Json { variable, field } => json_member(variables, variable, field),
            Self::Host(_, Pusher { variable, field: Some(field), .. }) => json_member(variables, variable, field),
            Self::Host(_, Pusher { variable, field: None, .. }) => variables(variable),
        };
        let alone = if let Self::Host(_, pusher) = self { pusher.administrator } else { None };
        match name.filter(|name| !name.is_empty()) {
            Some(name) => Actor::Known(name),
            None if alone.is_some_and(|(name, value)| variables(name).is_some_and(|set| set == value)) => Actor::Host,
            None => Actor::Unknown,
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Host(host, _) => f.write_str(host.name),
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::Json { variable, field } => write!(f, "json:{variable}.{field}"),
        }
    }
}

fn json_member(variables: Variables<'_>, variable: &str, field: &str) -> Option<BString> {
    let text = variables(variable)?;
    let value: serde_json::Value = serde_json::from_slice(text.as_bytes()).ok()?;
    Some(value.get(field)?.as_str()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(identity: &str, set: &[(&str, &str)]) -> Actor {
        let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        Identity::parse(identity).unwrap().actor(&variables)
    }

    #[test]
    fn only_the_configured_source_is_believed() {
        let set = [("GL_USER", "alice"), ("REMOTE_USER", "mallory"), ("KALLITHEA_EXTRAS", r#"{"username":"bob"}"#)];
        assert_eq!(actor("gitolite", &set), Actor::Known("alice".into()));
        assert_eq!(actor("kallithea", &set), Actor::Known("bob".into()));
        assert_eq!(actor("env:REMOTE_USER", &set), Actor::Known("mallory".into()));
        assert_eq!(actor("none", &set), Actor::Unknown);
        assert_eq!(actor("gitea", &set), Actor::Unknown);
    }

    #[test]
    fn an_empty_name_or_broken_json_is_nobody() {
        assert_eq!(actor("remote-user", &[("REMOTE_USER", "")]), Actor::Unknown);
        assert_eq!(actor("json:X.user", &[("X", "{\"user\":")]), Actor::Unknown);
    }

    #[test]
    fn the_hosts_own_administrator_is_a_state_of_its_own() {
        assert_eq!(actor("gitolite", &[("GL_BYPASS_ACCESS_CHECKS", "1")]), Actor::Host);
        assert_eq!(actor("gitlab", &[("GL_BYPASS_ACCESS_CHECKS", "1")]), Actor::Unknown);
    }

    #[test]
    fn a_misspelt_source_is_an_error() {
        let error = Identity::parse("gitolit").unwrap_err().to_string();
        assert!(error.starts_with("`gitolit` names no identity source; did you mean `gitolite`?"), "{error}");
        assert!(Identity::parse("json:X").is_err());
    }
}
