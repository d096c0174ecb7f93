//! How tags are read where no policy says it: `v1.2.3` and `1.2.3`, with `skaha-` and the like before them for a
//! component, all under PEP 440, which reads SemVer's final and release candidate spellings too.

use bstr::{BStr, ByteSlice as _};

use crate::version::{Scheme, Version};

/// What a tag's name says, read by a policy or like this.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// The component that stands before the version.
    pub(super) component: Option<String>,
    pub(super) version: Version,
    /// Versions of a later era are above all of an earlier one.
    pub(super) era: u32,
}

/// Reads a tag's short name. Without a component any word and a dash may precede the version (`rel-8.4.0`,
/// `storage-ui-v0.10.0`); a path may not, since `release/1.2.3` is a branch's name in most projects. With one, it is
/// followed by `-`, `/` or `@`.
pub(super) fn read(name: &BStr, component: Option<&str>) -> Option<Reading> {
    let name = name.to_str().ok()?;
    match component {
        Some(component) => {
            let version = bare(name.strip_prefix(component)?.strip_prefix(['-', '/', '@'])?)?;
            Some(Reading { component: Some(component.to_owned()), version, era: 0 })
        }
        None => bare(name).map(|version| Reading { component: None, version, era: 0 }).or_else(|| prefixed(name)),
    }
}

/// Reads `1.2.3`, `v1.2.3`, `V1.2.3`.
fn bare(text: &str) -> Option<Version> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    Scheme::pep440().read(text).ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))
}

/// Reads `rel-1.2.3`: the version begins at the first dash that a digit follows.
fn prefixed(name: &str) -> Option<Reading> {
    let begins = |rest: &str| rest.strip_prefix(['v', 'V']).unwrap_or(rest).starts_with(|c: char| c.is_ascii_digit());
    let (at, _) = name.match_indices('-').find(|(at, _)| name.get(at + 1..).is_some_and(begins))?;
    let (component, version) = (name.get(..at)?, name.get(at + 1..)?);
    let is_word = component.starts_with(|c: char| c.is_ascii_alphabetic())
        && component.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let version = bare(version).filter(|_| is_word)?;
    Some(Reading { component: Some(component.to_owned()), version, era: 0 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read_as(name: &str, component: Option<&str>) -> Option<(Option<String>, String)> {
        read(name.into(), component).map(|reading| (reading.component, reading.version.to_string()))
    }

    #[test]
    fn a_version_stands_alone_or_behind_a_word() {
        let alone = |version: &str| Some((None, version.to_owned()));
        let behind = |word: &str, version: &str| Some((Some(word.to_owned()), version.to_owned()));
        assert_eq!(read_as("v1.2.3", None), alone("1.2.3"));
        assert_eq!(read_as("V1.2.3", None), alone("1.2.3"));
        assert_eq!(read_as("1!2.0", None), alone("1!2.0"));
        assert_eq!(read_as("rel-8.4.0", None), behind("rel", "8.4.0"));
        assert_eq!(read_as("storage-ui-v0.10.0rc3", None), behind("storage-ui", "0.10.0rc3"));
        for other in ["nightly", "release/1.2.3", "v1.2.3-5-gabcdef1", "2024-01-15x", "v", "", "-1.0", "1a-2.0", "vv1"]
        {
            assert_eq!(read_as(other, None), None, "{other}");
        }
    }

    #[test]
    fn a_named_component_stands_before_dash_slash_or_at() {
        for name in ["api-3.5.0", "api/v3.5.0", "api@3.5.0", "api-v3.5.0"] {
            assert_eq!(read_as(name, Some("api")), Some((Some("api".to_owned()), "3.5.0".to_owned())), "{name}");
        }
        for other in ["v3.5.0", "apiv3.5.0", "api-x-3.5.0", "other/v3.5.0", "api_3.5.0"] {
            assert_eq!(read_as(other, Some("api")), None, "{other}");
        }
        assert_eq!(read_as("@org/pkg@1.0.0", Some("@org/pkg")).unwrap().1, "1.0.0");
    }

    proptest! {
        #[test]
        fn no_name_panics(name in proptest::collection::vec(any::<u8>(), 0..60), component in "[a-z/-]{0,3}") {
            drop(read(name.as_bstr(), None));
            drop(read(name.as_bstr(), Some(&component)));
        }
    }
}
