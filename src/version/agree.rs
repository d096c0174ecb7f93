//! Whether a text in a file is the version of a tag.

use super::{Scheme, Spelling, Version, spell_release};

/// Returns a version without the `v` that many projects write in front of it.
pub(crate) fn without_v(text: &str) -> &str {
    let bare = text.strip_prefix(['v', 'V']).filter(|bare| bare.starts_with(|c: char| c.is_ascii_digit()));
    bare.unwrap_or(text)
}

impl Version {
    /// Returns whether a text is this version, with or without a `v` in front of it: letter by letter, as the version's
    /// own scheme reads it, or, for a pre-release, in the words of one of the schemes that belong to where the text is
    /// from. `1.13.0~rc1` in a Debian changelog is the 1.13.0-rc.1 of SemVer.
    pub(crate) fn is_written(&self, text: &str, schemes: &[Scheme]) -> bool {
        let same = |text: &str| {
            text == self.as_str()
                || self.scheme().read(text).is_ok_and(|read| read.same_as(self) == Ok(true))
                || schemes.iter().any(|scheme| self.is_spelled(text, scheme))
        };
        same(text) || same(without_v(text))
    }

    /// Returns whether a text is this pre-release in the words of another scheme. Both are compared in a spelling that has
    /// words for both.
    fn is_spelled(&self, text: &str, scheme: &Scheme) -> bool {
        let Some(read) = scheme.read(text).ok().filter(|_| self.is_prerelease()) else { return false };
        let spellings = [(Spelling::Pep440, Scheme::pep440()), (Spelling::Debian, Scheme::debian())];
        spellings.into_iter().any(|(spelling, scheme)| {
            let spelled = |version| spell_release(version, spelling).ok().and_then(|text| scheme.read(&text).ok());
            spelled(&read).zip(spelled(self)).is_some_and(|(here, own)| here.same_as(&own) == Ok(true))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_written(text: &str, schemes: &[&str], version: &str, own: &str) -> bool {
        let schemes: Vec<Scheme> = schemes.iter().map(|name| Scheme::parse(name).unwrap()).collect();
        Scheme::parse(own).unwrap().read(version).unwrap().is_written(text, &schemes)
    }

    #[test]
    fn a_v_in_front_is_not_part_of_a_version() {
        for text in ["1.15.3", "v1.15.3", "V1.15.3"] {
            assert!(is_written(text, &[], "1.15.3", "semver"), "{text}");
            assert_eq!(without_v(text), "1.15.3");
        }
        for text in ["w1.15.3", "vv1.15.3", "v", "v1.15.4", ""] {
            assert!(!is_written(text, &[], "1.15.3", "semver"), "{text}");
        }
        assert_eq!(without_v("verb"), "verb");
    }

    #[test]
    fn a_prerelease_in_the_words_of_another_scheme_is_the_same() {
        for (text, scheme) in [
            ("1.13.0~rc1", "debian"),
            ("1.13.0rc1", "pep440"),
            ("v1.13.0rc1", "pep440"),
            ("1.13.0.rc.1", "dotted"),
            ("1.13.0-RC1", "dotted"),
        ] {
            assert!(is_written(text, &[scheme], "1.13.0-rc.1", "semver"), "{text}");
            assert!(is_written(text, &["nvr", scheme], "1.13.0rc1", "pep440"), "{text}");
            assert!(!is_written(text, &[], "1.13.0-rc.1", "semver"), "{text}");
            assert!(!is_written(text, &[scheme], "1.13.0-rc.2", "semver"), "{text}");
            assert!(!is_written(text, &[scheme], "1.13.0", "semver"), "{text}");
        }
        // dpkg sorts this after 1.13.0, and a release is compared as usual.
        assert!(!is_written("1.13.0rc1", &["debian"], "1.13.0-rc.1", "semver"));
        assert!(!is_written("1.13", &["pep440"], "1.13.0", "semver"));
    }
}
