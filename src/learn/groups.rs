//! Tags with one prefix, and the scheme that reads the rest of their names.

use std::collections::BTreeMap;

use super::names::split;
use super::seen::{Seen, Tag};
use crate::version::{Scheme, Version};

/// Layouts of calendar versions, the strictest first.
const LAYOUTS: [&str; 18] = [
    "YYYY0M0D",
    "YYYY.0M.0D",
    "YYYY-0M-0D",
    "YYYY.MM.DD",
    "YYYY.Q",
    "YYYY.0M",
    "YYYY-0M",
    "YY.0M",
    "YYYY.0M.MICRO",
    "YY.0M.MICRO",
    "YYYY.0M[.MICRO]",
    "YY.0M[.MICRO]",
    "YYYY.MM",
    "YY.MM",
    "YYYY.MM.MICRO",
    "YY.MM.MICRO",
    "YYYY.MM[.MICRO]",
    "YY.MM[.MICRO]",
];

/// Schemes without a calendar, the strictest first.
const SCHEMES: [&str; 4] = ["semver", "pep440", "dotted", "dotted:letters=pre"];

/// Schemes that read nearly everything: for names that no other reads.
const LAX: [&str; 2] = ["nvr", "debian"];

const DAY: i64 = 24 * 60 * 60;

/// What is newer than this shows how a project does things now.
pub(super) const RECENT: i64 = 3 * 366 * DAY;

/// At least as many of the newest tags show it.
pub(super) const FEW: usize = 10;

/// As many days after its period a calendar version may be tagged.
const LATE: i64 = 45 * DAY;

/// So many of a hundred refs have to belong somewhere.
pub(super) const COVERED: usize = 95;

/// Tags with one prefix: the rest of their names, and the tags.
pub(super) type Group<'s> = Vec<(&'s str, &'s Tag)>;

/// Sorts the tags by what is in front of their versions.
pub(super) fn groups(seen: &Seen) -> BTreeMap<&str, Group<'_>> {
    let schemes: Vec<Scheme> =
        ["dotted", "nvr", "debian"].into_iter().filter_map(|name| Scheme::parse(name).ok()).collect();
    let mut groups: BTreeMap<&str, Group<'_>> = BTreeMap::new();
    for tag in &seen.tags {
        let found = schemes.iter().find_map(|scheme| split(&tag.name, scheme));
        if let Some((prefix, rest, _)) = found {
            groups.entry(prefix).or_default().push((rest, tag));
        }
    }
    for group in groups.values_mut() {
        group.sort_by_key(|(rest, tag)| (tag.time, *rest));
    }
    groups
}

/// Takes out of a group the tags that move along: `v4` stands where `v4.2.1` does, and is no version of its own. Returns each
/// with how many numbers it says.
pub(super) fn take_moving<'s>(group: &mut Group<'s>) -> Vec<(usize, &'s Tag)> {
    let numbers = |rest: &str| -> Option<Vec<u64>> { rest.split('.').map(|number| number.parse().ok()).collect() };
    let whole: Vec<(Vec<u64>, &Tag)> = group
        .iter()
        .filter_map(|(rest, tag)| Some((numbers(rest).filter(|numbers| numbers.len() > 2)?, *tag)))
        .collect();
    if whole.len() * 2 < group.len() {
        return Vec::new();
    }
    let is_moving = |rest: &str, tag: &Tag| {
        let numbers = numbers(rest).filter(|numbers| numbers.len() < 3)?;
        let stands = |(whole, other): &(Vec<u64>, &Tag)| whole.starts_with(&numbers) && other.commit == tag.commit;
        (tag.commit.is_some() && whole.iter().any(stands)).then_some(numbers.len())
    };
    let moving: Vec<(usize, &Tag)> =
        group.iter().filter_map(|(rest, tag)| Some((is_moving(rest, tag)?, *tag))).collect();
    // Those that were left behind when a line came to its end are of them, too.
    let short = |rest: &str| numbers(rest).filter(|numbers| numbers.len() < 3).map(|numbers| numbers.len());
    let all: Vec<(usize, &Tag)> = group.iter().filter_map(|(rest, tag)| Some((short(rest)?, *tag))).collect();
    if moving.len() < 2 || moving.len() * 2 < all.len() {
        return Vec::new();
    }
    group.retain(|(rest, _)| short(rest).is_none());
    all
}

/// Returns whether most of a group are versions of more than one number: `essex-2` is a milestone.
pub(super) fn has_versions(group: &Group<'_>) -> bool {
    let Ok(dotted) = Scheme::parse("dotted") else { return false };
    let is_version = |rest: &str| dotted.read_ref(rest).is_ok_and(|version| version.release().len() > 1);
    group.iter().filter(|(rest, _)| is_version(rest)).count() * 5 >= group.len() * 4
}

/// Returns what a scheme reads a text as, where a class takes such versions.
pub(super) fn read(scheme: &Scheme, text: &str) -> Option<Version> {
    scheme.read_ref(text).ok().filter(|version| !version.is_dev())
}

/// Returns the newest of a group.
fn recent<'g, 's>(group: &'g [(&'s str, &'s Tag)]) -> &'g [(&'s str, &'s Tag)] {
    let newest = group.last().map_or(0, |(_, tag)| tag.time);
    let first = group.partition_point(|(_, tag)| tag.time < newest - RECENT);
    group.get(first.min(group.len().saturating_sub(FEW))..).unwrap_or_default()
}

/// Returns the strictest scheme that reads all versions; where none does, that reads all of the last years and most of
/// those before; where none does either, that reads most of the last years.
pub(super) fn scheme(group: &[(&str, &Tag)]) -> Option<Scheme> {
    let covered =
        |scheme: &Scheme, group: &[(&str, &Tag)]| group.iter().filter(|(rest, _)| read(scheme, rest).is_some()).count();
    let calendar = LAYOUTS.iter().filter_map(|layout| Scheme::parse(&format!("calver:{layout}")).ok());
    let calendar = calendar.filter(|scheme| is_punctual(scheme, group));
    let usual = SCHEMES.iter().filter_map(|name| Scheme::parse(name).ok());
    let schemes: Vec<Scheme> = calendar.chain(usual).collect();
    if let Some(all) = schemes.iter().find(|scheme| covered(scheme, group) == group.len()) {
        return Some(all.clone());
    }
    let recent = recent(group);
    let reads_recent =
        |scheme: &&Scheme| covered(scheme, recent) == recent.len() && covered(scheme, group) * 5 >= group.len() * 3;
    if let Some(now) = schemes.iter().find(reads_recent) {
        return Some(now.clone());
    }
    let lax = LAX.iter().filter_map(|name| Scheme::parse(name).ok());
    let all: Vec<Scheme> = schemes.into_iter().chain(lax).collect();
    let dotted = Scheme::parse("dotted").ok()?;
    let (usual, lax): (Vec<Scheme>, Vec<Scheme>) =
        all.into_iter().partition(|scheme| !LAX.contains(&scheme.to_string().as_str()));
    let best = |schemes: Vec<Scheme>| {
        let counted = schemes
            .into_iter()
            .enumerate()
            .map(|(at, scheme)| ((covered(&scheme, recent), covered(&scheme, group), std::cmp::Reverse(at)), scheme));
        counted.max_by_key(|(count, _)| *count).map(|(_, scheme)| scheme)
    };
    // What reads nearly everything would read marks as versions, too.
    if covered(&dotted, group) * 2 < group.len() { best(lax) } else { best(usual) }
}

/// Returns whether a layout reads nearly all, and most were tagged in the period that they name.
fn is_punctual(scheme: &Scheme, group: &[(&str, &Tag)]) -> bool {
    let (mut read_by, mut punctual) = (0, 0);
    for (rest, tag) in group {
        let Some((first, last)) = read(scheme, rest).and_then(|version| version.calendar_period()) else { continue };
        read_by += 1;
        let seconds = |day: jiff::civil::Date| {
            day.to_zoned(jiff::tz::TimeZone::UTC).map_or(i64::MAX, |day| day.timestamp().as_second())
        };
        punctual += usize::from(tag.time >= seconds(first) - LATE && tag.time <= seconds(last).saturating_add(LATE));
    }
    read_by * 100 >= group.len() * COVERED && punctual * 5 >= group.len() * 3
}
