//! Names and tags of container images.

use regex::Regex;
use std::fmt;

use super::Error;
use crate::model::RefName;
use crate::policy::Policy;
use crate::version::{Case, Local, Scheme, docker_slug};

/// The longest tag an image can have.
const MAX_TAG: usize = 128;

/// The longest name that registries take, with the registry's own.
const MAX_NAME: usize = 255;

/// A name of a container image without a tag: `brewblox/devcon`, `ghcr.io/opencadc/skaha`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ImageName(String);

/// Why a text does not name an image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not an image name without a tag, such as `brewblox/devcon` or `ghcr.io/opencadc/skaha` (small letters, digits \
     and single separators)"
)]
pub(crate) struct ImageNameError;

impl ImageName {
    /// Reads a name by the grammar of registries (github.com/distribution/reference).
    ///
    /// # Errors
    /// It has a tag, a digest, capital letters in its path, or anything else that is not allowed in a name.
    pub(crate) fn parse(text: &str) -> Result<Self, ImageNameError> {
        let part = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*";
        let host = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)*[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
        // A registry is known by a dot, a port or the name of this machine; `library/Debian` has none.
        let registry = format!(r"(?:{host}:[0-9]{{1,5}}|localhost|{host}\.[A-Za-z0-9-]*[A-Za-z0-9])/");
        let name = Regex::new(&format!("^(?:{registry})?{part}(?:/{part})*$")).map_err(|_| ImageNameError)?;
        (text.len() <= MAX_NAME && name.is_match(text)).then(|| Self(text.to_owned())).ok_or(ImageNameError)
    }

    /// Returns the image of a tag: `NAME:TAG`.
    pub(crate) fn tagged(&self, tag: &str) -> String {
        format!("{}:{tag}", self.0)
    }
}

impl fmt::Display for ImageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the rule `colliding-slug` says about the image tags of branches; it counts whatever the rule's level.
#[derive(Debug, serde::Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct SlugOptions {
    lower_case: bool,
    reserved: Vec<String>,
    prefixes: Vec<String>,
}

impl Default for SlugOptions {
    fn default() -> Self {
        Self {
            lower_case: false,
            prefixes: Vec::new(),
            reserved: ["edge", "latest", "nightly", "stable"].map(str::to_owned).into(),
        }
    }
}

/// Returns what stands before the tags of further images of the same build, such as `rpi-` for another architecture.
///
/// # Errors
/// The policy's options of `colliding-slug` are wrong.
pub(crate) fn image_prefixes(policy: &Policy) -> Result<Vec<String>, Error> {
    Ok(policy.options::<SlugOptions>("colliding-slug")?.prefixes)
}

/// Returns the image tag of a topic branch: its name, made legal. That gives each feature an image of its own, and a
/// newer build replaces an older one.
///
/// # Errors
/// The name would be taken for a version, is reserved, or comes to nothing: an image of a branch must never stand
/// where users look for a release. The policy's options of `colliding-slug` are wrong.
pub(crate) fn branch_tag(branch: &RefName, policy: &Policy, local: Option<Local>) -> Result<String, Error> {
    let options = policy.options::<SlugOptions>("colliding-slug")?;
    let SlugOptions { lower_case, reserved, .. } = options;
    let case = if lower_case { Case::Lower } else { Case::Keep };
    let slug = docker_slug(branch.short(), case).ok_or_else(|| Error::NoSlug(branch.clone()))?;
    let refuse = |why| Err(Error::Slug { branch: branch.clone(), slug: slug.clone(), why });
    if slug.eq_ignore_ascii_case("latest") || reserved.iter().any(|word| word.eq_ignore_ascii_case(&slug)) {
        return refuse("is kept for releases");
    }
    // What releases are spelled as, whatever their scheme.
    let bare = slug.strip_prefix(['v', 'V']).unwrap_or(&slug);
    if Scheme::semver().read(bare).is_ok() || Scheme::pep440().read(bare).is_ok() {
        return refuse("is a version");
    }
    let Some(Local { commit, dirty }) = local else { return Ok(slug) };
    let build = format!("-g{}{}", commit.short(), if dirty { "-dirty" } else { "" });
    // A slug is plain ASCII: any place is a character boundary.
    Ok(format!("{}{build}", slug.get(..MAX_TAG - build.len()).unwrap_or(&slug)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{HashKind, ObjectId};
    use proptest::prelude::*;

    #[test]
    fn names_of_images_follow_the_registries_grammar() {
        for name in ["debian", "brewblox/devcon-spark", "ghcr.io/opencadc/skaha", "localhost:5000/a/b_c", "a__b/c--d"] {
            assert_eq!(ImageName::parse(name).map(|name| name.to_string()), Ok(name.to_owned()));
        }
        let long = format!("a/{}", "b".repeat(300));
        for name in ["", "a:1.0", "a@sha256:0", "A/b", "a b", "a\nb", "-a", "a/", "/a", "a//b", "a..b", &long] {
            assert_eq!(ImageName::parse(name), Err(ImageNameError), "{name}");
        }
    }

    fn tag(branch: &str) -> Result<String, String> {
        branch_tag(&RefName::branch(branch), &Policy::empty(), None).map_err(|error| error.to_string())
    }

    #[test]
    fn a_branch_gives_its_name_and_never_a_releases() {
        assert_eq!(tag("feature/implement-doodad").as_deref(), Ok("feature-implement-doodad"));
        assert_eq!(
            tag("latest").unwrap_err(),
            "the image tag of `refs/heads/latest` would be `latest`, which is kept for releases"
        );
        assert!(tag("Stable").unwrap_err().ends_with("is kept for releases"));
        assert_eq!(
            tag("v1.2.3").unwrap_err(),
            "the image tag of `refs/heads/v1.2.3` would be `v1.2.3`, which is a version"
        );
        assert!(tag("1.2.4-0.dev.5").unwrap_err().ends_with("is a version"));
        assert!(tag("release/2.0.0").is_ok());
        assert_eq!(tag("1234-fix").as_deref(), Ok("1234-fix"));
        assert_eq!(tag("#/").unwrap_err(), "no image tag can be made from `refs/heads/#/`");
    }

    proptest! {
        #[test]
        fn a_local_tag_is_legal_too(branch in "[a-z/#]{1,200}[a-z]") {
            let local = Local { commit: ObjectId::null(HashKind::Sha1), dirty: true };
            if let Ok(tag) = branch_tag(&RefName::branch(branch), &Policy::empty(), Some(local)) {
                prop_assert!(tag.len() <= 128 && tag.ends_with("-g0000000000-dirty"), "{tag}");
            }
        }
    }
}
