//! Refs by which two policies can be told apart.

use std::collections::BTreeSet;

use super::language::{Names, TooLarge, find};
use crate::model::RefName;
use crate::policy::pattern::Pattern;
use crate::policy::schema::Policy;
use crate::policy::table::tag::TagClass;

/// Versions as schemes write them, to find one that a class reads.
const VERSIONS: [&str; 9] =
    ["7.7.7", "7.7", "7", "2026.7", "2026.07", "2026.7.7", "2026.07.07", "7.7.7-7", "some-name-7.7-7"];

impl Policy {
    /// Returns refs that this policy or another one speaks of: an example of each pattern, and of each line a branch that
    /// only one of them gives it.
    pub(crate) fn examples(&self, other: &Self) -> Vec<RefName> {
        let mut refs = BTreeSet::new();
        for policy in [self, other] {
            let patterns = policy.lines.iter().flat_map(|line| &line.branches);
            refs.extend(patterns.filter_map(Pattern::example).map(RefName::branch));
            refs.extend(policy.tags.iter().flat_map(tags));
        }
        for own in &self.lines {
            if let Some(line) = other.lines.iter().find(|line| line.name == own.name) {
                for (some, others) in [(&own.branches, &line.branches), (&line.branches, &own.branches)] {
                    refs.extend(only_in(some, others).unwrap_or_default().map(RefName::branch));
                }
            }
        }
        refs.into_iter().collect()
    }
}

/// Returns a name that one of some patterns matches and none of others.
fn only_in(some: &[Pattern], others: &[Pattern]) -> Result<Option<bstr::BString>, TooLarge> {
    let sets = [&Names::short()?, &Names::of(some)?, &Names::of(others)?];
    find(&sets, |member| member == [true, true, false])
}

/// Returns a tag for each pattern of a class, one that the class reads where there is one.
fn tags(class: &TagClass) -> impl Iterator<Item = RefName> + '_ {
    class.patterns.iter().filter_map(|pattern| {
        let example = pattern.example()?.to_string();
        let written = VERSIONS.iter().map(|version| example.replace("7.7.7", version));
        let mut read = written.filter(|name| class.matches(name.as_str().into()).is_some());
        Some(RefName::tag(read.next().unwrap_or_else(|| example.clone())))
    })
}
