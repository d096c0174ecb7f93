//! Which of the branches of a line is higher: 1.15 is the next one after 1.14, and 6.x is higher than 5.5.x.

use bstr::{BStr, BString, ByteSlice as _};
use std::cmp::Ordering;

use super::{FactError, Snapshot};
use crate::model::{ObjectId, RefName};
use crate::policy::Bindings;

/// The placeholders whose numbers say which branch is higher, the most significant first.
const NUMBERS: [&str; 8] = ["version", "year", "major", "minor", "quarter", "month", "patch", "micro"];

/// Of these, those that a number of a name can begin with: the others say which branch is higher among those of one series.
const MOST_SIGNIFICANT: [&str; 3] = ["version", "year", "major"];

/// Where a branch stands among those of its line: lowest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rank(Vec<Part>);

/// Code names are lower than numbers: `stable/zed` came before `stable/2023.1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Text(BString),
    Number(u128),
}

impl Rank {
    /// Returns the place of a branch whose name binds this: by the numbers in it, or else by the name itself.
    pub(super) fn of(name: &BStr, bindings: &Bindings) -> Self {
        let bound: Vec<&BString> = NUMBERS.iter().filter_map(|key| bindings.get(key)).collect();
        if bound.is_empty() {
            return Self(parts(name));
        }
        let is_whole = MOST_SIGNIFICANT.iter().any(|key| bindings.get(key).is_some());
        // The pattern of `branch-3.7` may bind the minor number alone: then the name has the major one.
        let numbers: Vec<Part> =
            if is_whole { bound.into_iter().flat_map(|value| parts(value.as_ref())).collect() } else { parts(name) };
        Self(numbers.into_iter().filter(|part| matches!(part, Part::Number(_))).collect())
    }

    /// Returns the numbers in it.
    pub(super) fn numbers(&self) -> Vec<u128> {
        let number = |part: &Part| match part {
            Part::Number(number) => Some(*number),
            Part::Text(_) => None,
        };
        self.0.iter().filter_map(number).collect()
    }
}

impl PartialOrd for Rank {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Rank {
    /// Compares part by part; `6.x` has all of 6 and is higher than `6.4.x`.
    fn cmp(&self, other: &Self) -> Ordering {
        let different = self.0.iter().zip(&other.0).map(|(own, other)| own.cmp(other)).find(|order| order.is_ne());
        different.unwrap_or_else(|| other.0.len().cmp(&self.0.len()))
    }
}

/// Splits a text where digits begin and end, and behind slashes.
fn parts(text: &BStr) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let is_number = first.is_ascii_digit();
        let end = rest.iter().position(|byte| byte.is_ascii_digit() != is_number).unwrap_or(rest.len());
        let end = rest.iter().take(end).position(|byte| *byte == b'/').map_or(end, |slash| slash + 1);
        let (part, behind) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        parts.push(if is_number { Part::Number(number(part)) } else { Part::Text(part.into()) });
        rest = behind;
    }
    parts
}

/// Returns the number of some digits; of more than fit, the highest that does.
pub(super) fn number(digits: &[u8]) -> u128 {
    digits.to_str().ok().and_then(|digits| digits.parse().ok()).unwrap_or(u128::MAX)
}

impl Snapshot<'_> {
    /// Returns the branches of a line that are still maintained, lowest series first; with a component's branch, those of
    /// the same component alone.
    ///
    /// # Errors
    /// Refs or history that cannot be read.
    pub(super) fn maintained(&self, line: &str, like: &RefName) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        let scope = self.scope_of(like);
        let mut found = Vec::new();
        for (name, tip) in self.branches_of(line)? {
            let own = self.scope_of(&name);
            let is_same = scope.is_none() || own.is_none() || own == scope;
            if is_same && self.is_maintained(&name, tip)? {
                found.push((self.rank(&name), name, tip));
            }
        }
        found.sort();
        Ok(found.into_iter().map(|(_, name, tip)| (name, tip)).collect())
    }

    fn scope_of(&self, branch: &RefName) -> Option<BString> {
        self.project().line_of(branch)?.bindings.get("scope").cloned()
    }

    /// Returns where a branch stands among those of its line.
    pub(super) fn rank(&self, branch: &RefName) -> Rank {
        let place = self.project().line_of(branch);
        Rank::of(branch.short(), &place.map(|place| place.bindings).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::Pattern;

    fn sorted(pattern: &str, names: &[&str]) -> Vec<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        let mut names: Vec<&str> = names.to_vec();
        names.sort_by_key(|name| Rank::of((*name).into(), &pattern.matches((*name).into()).unwrap()));
        names.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn series_are_in_the_order_of_their_numbers() {
        assert_eq!(sorted("{major}.{minor}", &["1.15", "1.9", "2.0"]), ["1.9", "1.15", "2.0"]);
        assert_eq!(sorted("{major}-{minor}-stable", &["7-0-stable", "6-1-stable"]), ["6-1-stable", "7-0-stable"]);
        assert_eq!(sorted("release/{version}", &["release/1.10", "release/1.9"]), ["release/1.9", "release/1.10"]);
        assert_eq!(
            sorted("regex:(?P<major>[0-9]+)(\\.(?P<minor>[0-9]+))?\\.x", &["6.x", "5.5.x", "6.4.x", "5.x"]),
            ["5.5.x", "5.x", "6.4.x", "6.x"]
        );
        assert_eq!(
            sorted("stable/{name}", &["stable/2023.1", "stable/zed", "stable/yoga", "stable/2024.2"]),
            ["stable/yoga", "stable/zed", "stable/2023.1", "stable/2024.2"]
        );
        assert_eq!(
            sorted("regex:branch-[0-9]+\\.(?P<minor>[0-9]+)", &["branch-4.0", "branch-3.7", "branch-3.10"]),
            ["branch-3.7", "branch-3.10", "branch-4.0"]
        );
        let huge = format!("{}.0", "9".repeat(17));
        assert_eq!(sorted("{major}.{minor}", &[&huge, "1.0"]), ["1.0", &huge]);
    }

    #[test]
    fn digits_beyond_all_numbers_are_the_highest() {
        assert_eq!(number("9".repeat(60).as_bytes()), u128::MAX);
        assert_eq!(number(b"15"), 15);
    }
}
