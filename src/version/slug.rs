//! Docker tags from branch names.

/// The longest tag Docker has.
const MAX: usize = 128;

/// What becomes of capital letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Case {
    /// They stay.
    Keep,
    /// They become small, as where a pipeline uses `tr A-Z a-z`.
    Lower,
}

/// Returns the Docker tag of a branch, `[A-Za-z0-9_][A-Za-z0-9._-]{0,127}`; `None` when nothing of the name is left.
///
/// Every run of other bytes becomes one `-`, dots and dashes in front are dropped, and so is what is over 128
/// characters: the rule of docker/metadata-action, with what is illegal in front taken away. **Not
/// injective**: `release-1.2` and `release/1.2` are one tag, as are `TLS` and `tls` in small letters, and names
/// that differ after their 128th character. Whoever publishes under a slug must compare slugs.
pub(crate) fn docker_slug(branch: &[u8], case: Case) -> Option<String> {
    let mut slug = String::new();
    let mut in_run = false;
    for byte in branch {
        let legal = byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let next = if legal { char::from(*byte) } else { '-' };
        let skip = (!legal && in_run) || (slug.is_empty() && matches!(next, '.' | '-'));
        in_run = !legal;
        if !skip {
            slug.push(if case == Case::Lower { next.to_ascii_lowercase() } else { next });
        }
        if slug.len() == MAX {
            break;
        }
    }
    (!slug.is_empty()).then_some(slug)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn slug(branch: impl AsRef<[u8]>) -> Option<String> {
        docker_slug(branch.as_ref(), Case::Keep)
    }

    #[test]
    fn branch_names_become_tags() {
        assert_eq!(slug("feature/implement-doodad").as_deref(), Some("feature-implement-doodad"));
        assert_eq!(slug("rails:main").as_deref(), Some("rails-main"));
        assert_eq!(slug("a//&b").as_deref(), Some("a-b"));
        assert_eq!(slug("a--b").as_deref(), Some("a--b"));
        assert_eq!(slug("#12-fix").as_deref(), Some("12-fix"));
        assert_eq!(slug("_x").as_deref(), Some("_x"));
        assert_eq!(slug(b"caf\xc3\xa9/\xff").as_deref(), Some("caf-"));
        assert_eq!(slug("..-/"), None);
        assert_eq!(slug(""), None);
        assert_eq!(docker_slug(b"Feature/TLS", Case::Lower).as_deref(), Some("feature-tls"));
    }

    #[test]
    fn what_collides_collides() {
        assert_eq!(slug("release-1.2"), slug("release/1.2"));
        assert_eq!(slug("x".repeat(128)), slug("x".repeat(200)));
        assert_ne!(slug("TLS"), slug("tls"));
    }

    proptest! {
        #[test]
        fn a_slug_is_legal(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            if let Some(slug) = slug(&bytes) {
                let pattern = regex::Regex::new("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$").unwrap();
                prop_assert!(pattern.is_match(&slug), "{slug}");
            } else {
                prop_assert!(!bytes.iter().any(|b| b.is_ascii_alphanumeric() || *b == b'_'));
            }
        }
    }
}
