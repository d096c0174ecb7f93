//! How tags are read where no policy says it: `v1.2.3` and `1.2.3`, with `skaha-` and the like before them for a
//! component, all under PEP 440, which reads SemVer's final and release candidate spellings too. A single number or a
//! date, such as `7`, `20241003` or `2024-10`, is a version only where no tag is a real one.

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
    /// Whether it is doubtful that the tag names a version: it has a single number, and no policy says how it is read.
    pub(super) is_doubtful: bool,
}

/// How many digits a number has that is a date: a year and a month at least.
const DATE: usize = 6;

/// Words before a version that do not name a component.
const RELEASE_WORDS: [&str; 4] = ["release", "rel", "version", "ver"];

/// Reads a tag's short name. Without a component any word and a dash may precede the version (`storage-ui-v0.10.0`); a
/// path may not, since `release/1.2.3` is a branch's name in most projects. With one, it is followed by `-`, `/` or `@`.
pub(super) fn read(name: &BStr, component: Option<&str>) -> Option<Reading> {
    let name = name.to_str().ok()?;
    match component {
        Some(component) => bare(name.strip_prefix(component)?.strip_prefix(['-', '/', '@'])?, Some(component)),
        None => bare(name, None).or_else(|| prefixed(name)),
    }
}

/// Reads `1.2.3`, `v1.2.3`, `V1.2.3`.
fn bare(name: &str, component: Option<&str>) -> Option<Reading> {
    let text = name.strip_prefix(['v', 'V']).unwrap_or(name);
    let version = Scheme::pep440().read(text).ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))?;
    // `v7` is a version, `7` may be a build and `20241003` a day.
    let is_doubtful = version.release().len() == 1 && (text.len() == name.len() || leading_digits(text) >= DATE);
    Some(Reading { component: component.map(str::to_owned), version, era: 0, is_doubtful })
}

fn leading_digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Reads `skaha-1.2.3`: the version begins at a dash that a digit follows. A component's name may end in a number, as in
/// `gtk-3-3.24.1` and `storage-v2-v1.0.0`, so that the first version with more than one number counts.
fn prefixed(name: &str) -> Option<Reading> {
    let is_word = |component: &str| {
        component.starts_with(|c: char| c.is_ascii_alphabetic())
            && component.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    };
    let readings = name.match_indices('-').filter_map(|(at, _)| {
        let (component, version) = (name.get(..at)?, name.get(at + 1..)?);
        let says_release = RELEASE_WORDS.iter().any(|word| word.eq_ignore_ascii_case(component));
        let named = Some(component).filter(|_| !says_release);
        let is_date = leading_digits(version) >= DATE;
        bare(version, named).filter(|_| is_word(component) && !is_date)
    });
    let mut doubtful = None;
    for reading in readings {
        if reading.version.release().len() > 1 {
            return Some(reading);
        }
        doubtful.get_or_insert(Reading { is_doubtful: true, ..reading });
    }
    doubtful
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
        assert_eq!(read_as("rel-8.4.0", None), alone("8.4.0"));
        assert_eq!(read_as("RELEASE-4.5.0", None), alone("4.5.0"));
        assert_eq!(read_as("skaha-8.4.0", None), behind("skaha", "8.4.0"));
        assert_eq!(read_as("gtk-3-3.24.1", None), behind("gtk-3", "3.24.1"));
        assert_eq!(read_as("storage-v2-v1.0.0", None), behind("storage-v2", "1.0.0"));
        assert_eq!(read_as("systemd-v44", None), behind("systemd", "44"));
        assert_eq!(read_as("storage-ui-v0.10.0rc3", None), behind("storage-ui", "0.10.0rc3"));
        for other in [
            "nightly",
            "release/1.2.3",
            "v1.2.3-5-gabcdef1",
            "2024-01-15x",
            "v",
            "",
            "-1.0",
            "1a-2.0",
            "vv1",
            "nightly-20241003",
        ] {
            assert_eq!(read_as(other, None), None, "{other}");
        }
    }

    #[test]
    fn a_single_number_is_doubtful() {
        let is_doubtful = |name: &str| read(name.into(), None).unwrap().is_doubtful;
        for name in ["7", "20241003", "2024-10", "v20241003", "build-7", "v202410"] {
            assert!(is_doubtful(name), "{name}");
        }
        for name in ["v7", "1.0", "v255", "v255.1", "2024.10.3", "rel-8.4", "255.1"] {
            assert!(!is_doubtful(name), "{name}");
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
