//! What the spellings have in common: a version taken apart the way PEP 440 does.

use super::suffix::{Stage, Suffix};

/// A version apart from how it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) epoch: u64,
    pub(super) release: Vec<u64>,
    pub(super) pre: Option<(Stage, u64)>,
    pub(super) post: Option<u64>,
    pub(super) dev: Option<u64>,
    /// Parts between the dots, alphanumeric and in lower case.
    pub(super) local: Vec<String>,
}

/// Why a version does not come apart like this, or cannot be put together again in a spelling.
pub(super) type Why = &'static str;

/// Why a local version does not come apart.
pub(super) const BAD_LOCAL: Why = "its build metadata is more than letters, digits and single separators";

impl Parts {
    /// Takes the numbers of a release and nothing else.
    pub(super) fn of_release(release: Vec<u64>) -> Self {
        Self { epoch: 0, release, pre: None, post: None, dev: None, local: Vec::new() }
    }

    /// Takes the numbers of a release and what follows them.
    pub(super) fn of_suffix(release: Vec<u64>, suffix: &Suffix) -> Result<Self, Why> {
        let single = |numbers: &[u64]| match numbers {
            [number] => Ok(*number),
            _ => Err("its marker has more than one number"),
        };
        let pre = match &suffix.pre {
            Some((stage, numbers)) => Some((*stage, single(numbers)?)),
            None => None,
        };
        let post = match &suffix.post {
            Some(post) => Some(single(&post.numbers())?),
            None => None,
        };
        Ok(Self { pre, post, dev: suffix.dev, ..Self::of_release(release) })
    }
}

/// Splits a local version into its parts, in lower case; `None` if PEP 440 could not write them. Empty for an empty
/// text.
pub(super) fn local_parts(text: &str) -> Option<Vec<String>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let parts = text.split(['.', '-', '_']).map(str::to_ascii_lowercase);
    parts.map(|part| (!part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(part)).collect()
}
