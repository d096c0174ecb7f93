//! Which branches of a line a person means: by their names, by their series, by a version, or from a series on.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::BTreeSet;

use super::series::number;
use super::{FactError, Snapshot};
use crate::model::RefName;
use crate::policy::Flow;

/// More branches are not read from one value.
pub(super) const MAX_WORDS: usize = 64;

/// Splits a value at commas and blanks.
pub(super) fn words(value: &BStr) -> Vec<BString> {
    let words = value.split(|byte| byte.is_ascii_whitespace() || matches!(byte, b',' | b';'));
    words.filter(|word| !word.is_empty()).take(MAX_WORDS).map(BString::from).collect()
}

/// Returns the numbers of a version or of a series such as `v1.15.3` or `6.1.x`; empty for anything else.
pub(super) fn numbers(word: &[u8]) -> Vec<u128> {
    let word = word.strip_prefix(b"v").unwrap_or(word);
    let parts = word.split(|byte| *byte == b'.');
    let is_number = |part: &&[u8]| !part.is_empty() && part.iter().all(u8::is_ascii_digit);
    let numbers: Vec<u128> = parts.take_while(is_number).map(number).collect();
    let is_series = word.split(|byte| *byte == b'.').skip(numbers.len()).all(|part| part == b"x" || part == b"y");
    if is_series { numbers } else { Vec::new() }
}

impl Snapshot<'_> {
    /// Returns the maintained branches that words name, and the words that name none.
    pub(super) fn named(&self, flow: &Flow, words: &[BString]) -> Result<(BTreeSet<RefName>, Vec<BString>), FactError> {
        let branches = self.named_branches.get(flow.to.clone(), || {
            let maintained = self.maintained_of(&flow.to)?;
            Ok(maintained.into_iter().map(|(name, _)| name).collect())
        })?;
        let (mut named, mut unknown) = (BTreeSet::new(), Vec::new());
        for word in words {
            let found = self.branches_named(&branches, word.as_ref());
            if found.is_empty() {
                unknown.push(word.clone());
            }
            named.extend(found);
        }
        Ok((named, unknown))
    }

    /// Returns the branches that one word names.
    fn branches_named(&self, branches: &[RefName], word: &BStr) -> Vec<RefName> {
        let is_called = |name: &&RefName| {
            let bound = self.project().line_of(name).map(|place| place.bindings).unwrap_or_default();
            let is_bound = |key: &str| bound.get(key).is_some_and(|value| value == word);
            name.short() == word || is_bound("name") || is_bound("code")
        };
        if let Some(own) = branches.iter().find(|name| name.short() == word) {
            return vec![own.clone()];
        }
        let called: Vec<RefName> = branches.iter().filter(is_called).cloned().collect();
        if !called.is_empty() {
            return called;
        }
        let (version, is_open) = word.strip_suffix(b"+").map_or((word.as_bytes(), false), |version| (version, true));
        let version = branches
            .iter()
            .find(|name| name.short() == version)
            .map_or_else(|| numbers(version), |name| self.rank(name).numbers());
        if version.is_empty() {
            return Vec::new();
        }
        let own: Vec<(Vec<u128>, &RefName)> = branches.iter().map(|name| (self.rank(name).numbers(), name)).collect();
        let own = own.into_iter().filter(|(numbers, _)| !numbers.is_empty());
        if is_open {
            let is_at_least = |numbers: &[u128]| {
                let different = numbers.iter().zip(&version).map(|(own, wanted)| own.cmp(wanted));
                different.into_iter().find(|order| order.is_ne()).is_none_or(std::cmp::Ordering::is_gt)
            };
            return own.filter(|(numbers, _)| is_at_least(numbers)).map(|(_, name)| name.clone()).collect();
        }
        // 6.4 is a version of 6.x unless there is a 6.4.x.
        let holding: Vec<(Vec<u128>, &RefName)> = own.filter(|(numbers, _)| version.starts_with(numbers)).collect();
        let deepest = holding.iter().map(|(numbers, _)| numbers.len()).max().unwrap_or_default();
        holding.into_iter().filter(|(numbers, _)| numbers.len() == deepest).map(|(_, name)| name.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_split_at_commas_and_blanks() {
        assert_eq!(words("1.15, 1.14;release/1.0\tall".into()), ["1.15", "1.14", "release/1.0", "all"]);
        assert_eq!(words("1 ".repeat(1000).as_str().into()).len(), MAX_WORDS);
    }

    #[test]
    fn versions_and_series_are_numbers() {
        assert_eq!(numbers(b"v1.15.3"), [1, 15, 3]);
        assert_eq!(numbers(b"4.19.x"), [4, 19]);
        for word in ["", "v", "x", "release/1.0", "1f84a3", "1.15-rc1", "6.1.1f"] {
            assert!(numbers(word.as_bytes()).is_empty(), "{word}");
        }
    }
}
