//! Ranges of versions, and the series a version belongs to.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use super::Version;
use super::fault::{Fault, MAX_LEN, Reason, shown, suggestion};
use super::scan::{Scan, compare_padded};
use super::words::dotted;

/// A set of versions as a series table names it: `1.0.*`, `>=1.1.3, <1.2`, `1.2.0`.
///
/// Clauses are separated by commas and must all hold. A range looks at the **numbers** alone, whatever the
/// scheme: a pre-release belongs where its release belongs, so 1.2.0-rc.1 is not in `<1.2`, and 1.1.3rc1 is
/// in `>=1.1.3`. Missing numbers count as 0: `1.2` holds 1.2.0 but not 1.2.0.1. Versions with an epoch are
/// above all without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    clauses: Vec<Clause>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Clause {
    /// `*`, `1.*`: these numbers, then any.
    Within(Vec<u64>),
    Compared(Comparison, Vec<u64>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Equal,
    Unequal,
    Above,
    AtLeast,
    Below,
    AtMost,
}

impl Comparison {
    /// Longest first.
    const SIGNS: &'static [(&'static str, Self)] = &[
        (">=", Self::AtLeast),
        ("<=", Self::AtMost),
        ("==", Self::Equal),
        ("!=", Self::Unequal),
        (">", Self::Above),
        ("<", Self::Below),
        ("=", Self::Equal),
    ];

    const fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Unequal => order.is_ne(),
            Self::Above => order.is_gt(),
            Self::AtLeast => order.is_ge(),
            Self::Below => order.is_lt(),
            Self::AtMost => order.is_le(),
        }
    }
}

/// Why a text is no range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{shown}` is not a range of versions such as `1.0.*` or `>=1.1.3, <1.2`: {reason}, at character {}", .offset + 1)]
pub struct RangeError {
    /// The text, escaped.
    pub shown: String,
    /// Where reading stopped, in bytes.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

impl Range {
    /// Reads a range.
    ///
    /// # Errors
    /// What is wrong and at which character.
    pub fn parse(text: &str) -> Result<Self, RangeError> {
        Self::read(text).map_err(|fault| RangeError { shown: shown(text), offset: fault.offset, reason: fault.reason })
    }

    fn read(text: &str) -> Result<Self, Fault> {
        if text.len() > MAX_LEN {
            return Err(Fault::new(MAX_LEN, Reason::TooLong));
        }
        let mut scan = Scan::new(text);
        let mut clauses = Vec::new();
        loop {
            scan.run(|c| c == ' ');
            clauses.push(read_clause(&mut scan)?);
            scan.run(|c| c == ' ');
            if scan.take_if(|c| c == ',').is_none() {
                scan.end()?;
                return Ok(Self { clauses });
            }
        }
    }

    /// Returns whether the version is in the range.
    pub fn contains(&self, version: &Version) -> bool {
        let release = version.release();
        self.clauses.iter().all(|clause| match clause {
            Clause::Within(prefix) => {
                version.epoch() == 0
                    && prefix.iter().enumerate().all(|(at, number)| release.get(at).copied().unwrap_or(0) == *number)
            }
            Clause::Compared(comparison, bound) => {
                comparison.holds(version.epoch().cmp(&0).then_with(|| compare_padded(&release, bound)))
            }
        })
    }
}

impl Range {
    /// Returns whether every version of the range is below this one.
    pub fn ends_before(&self, version: &Version) -> bool {
        let release = version.release();
        let above = |bound: &[u64]| version.epoch().cmp(&0).then_with(|| compare_padded(&release, bound));
        self.clauses.iter().any(|clause| match clause {
            Clause::Within(prefix) => {
                let numbers = prefix.iter().enumerate().map(|(at, _)| release.get(at).copied().unwrap_or(0));
                version.epoch() > 0 || numbers.gt(prefix.iter().copied())
            }
            Clause::Compared(Comparison::Equal | Comparison::AtMost, bound) => above(bound).is_gt(),
            Clause::Compared(Comparison::Below, bound) => above(bound).is_ge(),
            Clause::Compared(Comparison::Unequal | Comparison::Above | Comparison::AtLeast, _) => false,
        })
    }
}

impl Range {
    /// Returns whether every version of this range is in the other. Where it is not seen at once, the answer is no.
    pub fn is_within(&self, other: &Self) -> bool {
        other.clauses.iter().all(|wanted| self.clauses.iter().any(|own| own.implies(wanted)))
    }
}

impl Clause {
    /// Returns whether a version for which this holds is one for which the other holds, as far as one look shows it.
    fn implies(&self, other: &Self) -> bool {
        let starts = |numbers: &[u64], prefix: &[u64]| {
            prefix.iter().enumerate().all(|(at, number)| numbers.get(at).copied().unwrap_or(0) == *number)
        };
        let order = |a: &[u64], b: &[u64]| compare_padded(a, b);
        match (self, other) {
            (Self::Within(own), Self::Within(prefix)) => own.len() >= prefix.len() && starts(own, prefix),
            (Self::Compared(Comparison::Equal, own), Self::Within(prefix)) => starts(own, prefix),
            (Self::Compared(..), Self::Within(_)) => false,
            (Self::Compared(Comparison::Equal, own), Self::Compared(comparison, bound)) => {
                comparison.holds(order(own, bound))
            }
            // The lowest version of a prefix is the prefix itself.
            (Self::Within(own), Self::Compared(Comparison::AtLeast, bound)) => order(own, bound).is_ge(),
            (Self::Within(own), Self::Compared(Comparison::Below, bound)) => {
                own.len() >= bound.len() && order(own, bound).is_lt() || {
                    let head = bound.get(..own.len()).unwrap_or(bound);
                    own.len() < bound.len() && own.as_slice() < head
                }
            }
            (Self::Within(_), Self::Compared(..)) => false,
            (
                Self::Compared(Comparison::AtLeast | Comparison::Above, own),
                Self::Compared(Comparison::AtLeast, bound),
            )
            | (Self::Compared(Comparison::Above, own), Self::Compared(Comparison::Above, bound))
            | (
                Self::Compared(Comparison::Below | Comparison::AtMost, bound),
                Self::Compared(Comparison::AtMost, own),
            )
            | (Self::Compared(Comparison::Below, bound), Self::Compared(Comparison::Below, own)) => {
                order(own, bound).is_ge()
            }
            (Self::Compared(Comparison::AtLeast, own), Self::Compared(Comparison::Above, bound)) => {
                order(own, bound).is_gt()
            }
            (Self::Compared(Comparison::AtMost, own), Self::Compared(Comparison::Below, bound)) => {
                order(own, bound).is_lt()
            }
            (Self::Compared(a, own), Self::Compared(b, bound)) => a == b && own == bound,
        }
    }
}

fn read_clause(scan: &mut Scan<'_>) -> Result<Clause, Fault> {
    if scan.take("*") {
        return Ok(Clause::Within(Vec::new()));
    }
    let sign = Comparison::SIGNS.iter().find(|(sign, _)| scan.rest().starts_with(sign));
    if let Some((sign, _)) = sign {
        scan.take(sign);
        scan.run(|c| c == ' ');
    }
    let numbers = scan.dotted()?.iter().map(|number| number.value).collect();
    if sign.is_none() && scan.take(".*") {
        return Ok(Clause::Within(numbers));
    }
    Ok(Clause::Compared(sign.map_or(Comparison::Equal, |(_, comparison)| *comparison), numbers))
}

/// As [`Range::parse`] reads it.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, clause) in self.clauses.iter().enumerate() {
            f.write_str(if at > 0 { ", " } else { "" })?;
            match clause {
                Clause::Within(prefix) if prefix.is_empty() => f.write_str("*")?,
                Clause::Within(prefix) => write!(f, "{}.*", dotted(prefix))?,
                Clause::Compared(Comparison::Equal, bound) => f.write_str(&dotted(bound))?,
                Clause::Compared(comparison, bound) => {
                    let sign =
                        Comparison::SIGNS.iter().find(|(_, known)| known == comparison).map_or("", |(sign, _)| sign);
                    write!(f, "{sign}{}", dotted(bound))?;
                }
            }
        }
        Ok(())
    }
}

impl<'de> serde::Deserialize<'de> for Range {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl schemars::JsonSchema for Range {
    fn schema_name() -> Cow<'static, str> {
        "VersionRange".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "Versions by their numbers; clauses separated by commas must all hold.",
            "examples": ["1.0.*", ">=1.1.3, <1.2", "1.2.0"],
        })
    }
}

/// Why a series has no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// A placeholder that is not a number of the scheme.
    #[error("`{{{name}}}` is not a number of {scheme}{hint}")]
    Placeholder {
        /// The name, escaped.
        name: String,
        /// The scheme.
        scheme: super::Scheme,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// A brace without its partner.
    #[error("a brace in `{0}` has no partner")]
    Brace(String),
}

impl Version {
    /// Returns the key of the series that the version belongs to, from a template such as `{major}.{minor}`: two
    /// versions are of one series if their keys are equal. The placeholders stand for numbers, without padding and 0
    /// where the version has fewer, which gives all spellings of one version the same key. An epoch is not part of it.
    ///
    /// # Errors
    /// A placeholder that is not a number of the scheme, or an unpaired brace. Both depend on the template and
    /// the scheme alone.
    pub fn series_key(&self, template: &str) -> Result<String, SeriesError> {
        let brace = || SeriesError::Brace(shown(template));
        let mut key = String::new();
        let mut rest = template;
        while let Some((before, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or_else(brace)?;
            if before.contains('}') {
                return Err(brace());
            }
            let number = self.number(name).ok_or_else(|| SeriesError::Placeholder {
                name: shown(name),
                scheme: self.scheme().clone(),
                hint: suggestion(name, self.number_names()),
            })?;
            key.push_str(before);
            key.push_str(&number.to_string());
            rest = after;
        }
        if rest.contains('}') {
            return Err(brace());
        }
        key.push_str(rest);
        Ok(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::version::Scheme;
    use proptest::prelude::*;

    fn holds(range: &str, version: &str, scheme: &str) -> bool {
        Range::parse(range).unwrap().contains(&Scheme::parse(scheme).unwrap().read(version).unwrap())
    }

    #[test]
    fn a_series_table_places_every_version_once() {
        // Image Factory's own: 1.0.x on a release branch, 1.1.x on master from 1.1.3, 1.2.0 reserved, 1.3.x beyond.
        let table = ["1.0.*", ">=1.1.3, <1.2", "1.2.0", "1.3.*"];
        let rows = |version: &str| -> Vec<usize> {
            (0..table.len()).filter(|row| holds(table[*row], version, "dotted")).collect()
        };
        assert_eq!(rows("1.0"), [0]);
        assert_eq!(rows("1.0.0rc2.1"), [0]);
        assert_eq!(rows("1.1.2"), [0_usize; 0]);
        assert_eq!(rows("1.1.3"), [1]);
        assert_eq!(rows("1.1.16-1"), [1]);
        assert_eq!(rows("1.2.0"), [2]);
        assert_eq!(rows("1.2.0rc1"), [2]);
        assert_eq!(rows("1.2.0.1"), [0_usize; 0]);
        assert_eq!(rows("1.3.7"), [3]);
        assert_eq!(rows("1.10.0"), [0_usize; 0]);
    }

    #[test]
    fn a_range_ends_before_what_is_above_all_of_it() {
        let ends = |range: &str, version: &str| {
            Range::parse(range).unwrap().ends_before(&Scheme::parse("dotted").unwrap().read(version).unwrap())
        };
        for (range, above) in
            [("1.0.*", "1.1"), ("1.0.*", "2"), ("1.2.0", "1.2.0.1"), (">=1.1.3, <1.2", "1.2"), ("<=3", "3.1")]
        {
            assert!(ends(range, above), "{range} {above}");
        }
        for (range, not_above) in
            [("1.0.*", "1.0.9"), ("1.1.*", "1.0.9"), ("*", "9"), (">=1.1.3", "5"), ("!=1", "2"), ("1.2", "1.2.0")]
        {
            assert!(!ends(range, not_above), "{range} {not_above}");
        }
    }

    proptest! {
        #[test]
        fn what_ends_before_a_version_holds_nothing_from_there_on(
            range in "((>=|<|<=|=|>|!=)?[0-3](\\.[0-3]){0,2}|[0-3](\\.[0-3])?\\.\\*)(, (<|<=|>=)[0-3]\\.[0-3])?",
            version in "[0-4](\\.[0-4]){0,2}",
            step in 0_u64..3,
        ) {
            let (range, scheme) = (Range::parse(&range).unwrap(), Scheme::parse("dotted").unwrap());
            let own = scheme.read(&version).unwrap();
            let higher = scheme.read(&format!("{}.{step}", version)).unwrap();
            if range.ends_before(&own) {
                prop_assert!(!range.contains(&own) && !range.contains(&higher) && range.ends_before(&higher));
            }
        }
    }

    #[test]
    fn a_prerelease_belongs_where_its_release_belongs() {
        assert!(!holds("<1.2", "1.2.0-rc.1", "semver"));
        assert!(holds(">=1.2", "1.2.0-rc.1", "semver"));
        assert!(holds("1.2", "1.2.0-0.dev.5", "semver"));
        assert!(holds("2.4.*", "2.4.0.0-0.5.rc5", "nvr"));
        assert!(holds("16.7.*", "16.07.2", "calver:YY.0M[.MICRO]"));
        assert!(holds("*", "7", "dotted"));
        assert!(holds("!=1.5, 1.*", "1.6", "pep440"));
        assert!(!holds("!=1.5, 1.*", "1.5.0", "pep440"));
        assert!(holds(">9", "1!2.0", "pep440"));
        assert!(!holds("2.*", "1:2.0", "debian"));
    }

    #[test]
    fn a_bad_range_says_where() {
        let fault = |text| Range::parse(text).map_err(|error| (error.offset, error.reason));
        assert_eq!(fault(""), Err((0, Reason::Incomplete)));
        assert_eq!(fault(">= "), Err((3, Reason::Incomplete)));
        assert_eq!(fault("1.0.x"), Err((3, Reason::Unexpected)));
        assert_eq!(fault(">=1.0.*"), Err((5, Reason::Unexpected)));
        assert_eq!(fault("1.0 1.1"), Err((4, Reason::Unexpected)));
        assert_eq!(fault("1.0,"), Err((4, Reason::Incomplete)));
        assert_eq!(fault("99999999999999999999"), Err((0, Reason::TooLarge)));
        assert_eq!(
            Range::parse("~1").unwrap_err().to_string(),
            "`~1` is not a range of versions such as `1.0.*` or `>=1.1.3, <1.2`: unexpected character, at character 1"
        );
    }

    #[test]
    fn series_keys_are_of_numbers() {
        let key = |version: &str, scheme: &str, template: &str| {
            Scheme::parse(scheme)
                .unwrap()
                .read(version)
                .unwrap()
                .series_key(template)
                .map_err(|error| error.to_string())
        };
        assert_eq!(key("1.15.4", "semver", "{major}.{minor}").as_deref(), Ok("1.15"));
        assert_eq!(key("1.09", "dotted", "{major}.{minor}").as_deref(), Ok("1.9"));
        assert_eq!(key("7", "dotted", "{major}.{minor}").as_deref(), Ok("7.0"));
        assert_eq!(key("2025.2", "calver:YYYY.Q", "{year}-{quarter}").as_deref(), Ok("2025-2"));
        assert_eq!(key("1.2.3", "semver", "all").as_deref(), Ok("all"));
        assert_eq!(
            key("1.2.3", "semver", "{mayor}").unwrap_err(),
            "`{mayor}` is not a number of semver; did you mean `major`?"
        );
        assert_eq!(key("a-1.2", "nvr", "{name}").unwrap_err(), "`{name}` is not a number of nvr");
        assert!(key("1.2.3", "semver", "{major").is_err());
        assert!(key("1.2.3", "semver", "major}").is_err());
    }

    proptest! {
        #[test]
        fn a_range_is_written_as_it_is_read(text in r"(\*|[0-9]{1,3}(\.[0-9]{1,3}){0,3}(\.\*)?|(>=|<=|>|<|!=|==?) ?[0-9]{1,3}(\.[0-9]{1,3}){0,3})(, ?<[0-9]{1,2})?") {
            let range = Range::parse(&text).unwrap();
            prop_assert_eq!(Range::parse(&range.to_string()), Ok(range));
        }

        #[test]
        fn reading_a_range_never_panics(text in ".{0,300}") {
            drop(Range::parse(&text));
        }
    }

    proptest! {
        #[test]
        fn a_range_within_another_has_no_version_that_the_other_lacks(
            a in "(\\*|[0-2](\\.[0-2]){0,2}(\\.\\*)?|(>=|<=|>|<|!=)[0-2](\\.[0-2]){0,2}(, <[0-2](\\.[0-2])?)?)",
            b in "(\\*|[0-2](\\.[0-2]){0,2}(\\.\\*)?|(>=|<=|>|<|!=)[0-2](\\.[0-2]){0,2}(, <[0-2](\\.[0-2])?)?)",
            versions in proptest::collection::vec("[0-3](\\.[0-3]){0,3}", 16),
        ) {
            let (a, b) = (Range::parse(&a).unwrap(), Range::parse(&b).unwrap());
            let scheme = Scheme::parse("dotted").unwrap();
            if a.is_within(&b) {
                for version in versions {
                    let version = scheme.read(&version).unwrap();
                    prop_assert!(!a.contains(&version) || b.contains(&version), "{} {} {:?}", a, b, version.release());
                }
            }
        }
    }

    #[test]
    fn a_narrower_range_is_within_a_wider_one() {
        let within = |a: &str, b: &str| Range::parse(a).unwrap().is_within(&Range::parse(b).unwrap());
        for (a, b) in [("1.2.*", "1.*"), ("1.2.3", "1.2.*"), (">=1.3", ">=1.2"), (">1.2, <1.4", ">=1.2"), ("1.*", "<2")]
        {
            assert!(within(a, b) && !within(b, a), "{a} {b}");
        }
    }
}
