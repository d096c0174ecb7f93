//! Which classes the tags are of: their patterns and schemes.

use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

use super::names::{PLACES, is_slip, same_but_numbers, split};
use super::proposal::{Proposal, Support};
use super::seen::{Seen, Tag};
use crate::policy::Pattern;
use crate::version::{Scheme, Version};

/// A tag of a class.
#[derive(Clone, Debug)]
pub(super) struct Member<'s> {
    pub tag: &'s Tag,
    /// What `{scope}` binds; empty where the class has none.
    pub scope: String,
    pub version: Version,
}

/// A class of version tags.
#[derive(Clone, Debug)]
pub(super) struct Class<'s> {
    pub name: String,
    pub patterns: Vec<String>,
    pub scheme: Scheme,
    /// The component whose versions these are, where no `{scope}` says it.
    pub scope: Option<String>,
    /// Whether a pattern has `{scope}`.
    pub is_scoped: bool,
    /// From the oldest to the newest.
    pub members: Vec<Member<'s>>,
}

/// All classes.
#[derive(Debug, Default)]
pub(super) struct Classes<'s> {
    pub versions: Vec<Class<'s>>,
    /// That of tags that move along with the newest version: `v4` of an action. It comes before the versions.
    pub moving: Option<Proposal>,
    /// Those of tags that name no version.
    pub others: Vec<Proposal>,
    /// How many tags there are, how many are of a class, and which are not.
    pub covered: Option<Support>,
}

/// Words in front of a version that do not name a component.
const PLAIN: [&str; 12] =
    ["", "v", "r", "rel", "release", "releases", "ver", "version", "versions", "stable", "tag", "final"];

/// What packagers call their own tags, and those of the original.
const PACKAGERS: [&str; 4] = ["debian", "ubuntu", "upstream", "archlinux"];

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
const FEW: usize = 10;

/// As many days after its period a calendar version may be tagged.
const LATE: i64 = 45 * DAY;

/// So many of a hundred refs have to belong somewhere.
const COVERED: usize = 95;

/// As many patterns are written for tags that name no version.
const MAX_SHAPES: usize = 24;

/// A prefix that is mistyped has less than one tag for so many of the one that was meant.
const RARE: usize = 20;

/// Tags with one prefix: the rest of their names, and the tags.
type Group<'s> = Vec<(&'s str, &'s Tag)>;

/// Finds the classes.
pub(super) fn classes(seen: &Seen) -> Classes<'_> {
    let mut groups = groups(seen);
    let mut classes = Classes::default();
    let mut moving: BTreeSet<&str> = BTreeSet::new();
    let mut moving_patterns: BTreeSet<String> = BTreeSet::new();
    for (prefix, group) in &mut groups {
        if let Some(prefix) = placed(prefix).filter(|_| component(prefix).is_none()) {
            for (numbers, tag) in take_moving(group) {
                moving.insert(&tag.name);
                moving_patterns.insert(format!("{prefix}{}", if numbers == 1 { "{major}" } else { "{major}.{minor}" }));
            }
        }
    }
    groups.retain(|_, group| !group.is_empty());
    if !moving.is_empty() {
        let patterns: Vec<String> = moving_patterns.into_iter().collect();
        classes.moving = Some(
            Proposal::new("tag")
                .key("name", "moving")
                .texts("tag", &patterns)
                .key("kind", "marker")
                .key("movable", true)
                .because(format!(
                    "{} of {} tags stand where the newest of their versions stand",
                    moving.len(),
                    seen.tags.len()
                )),
        );
    }
    let mut scoped: BTreeMap<(char, bool), Vec<(&str, &Group<'_>)>> = BTreeMap::new();
    let mut plain: Vec<(&str, &Group<'_>)> = Vec::new();
    let mut slips: BTreeSet<&str> = BTreeSet::new();
    let largest = groups.iter().max_by_key(|(prefix, group)| (group.len(), std::cmp::Reverse(*prefix)));
    for (prefix, group) in &groups {
        // The name of the project in front of nearly all its versions is not that of a component among others.
        let form = component(prefix).map(|(_, form)| form);
        let alike = groups.iter().filter(|(other, group)| {
            *other != prefix && form.is_some() && component(other).map(|(_, form)| form) == form && has_versions(group)
        });
        let alike: usize = alike.map(|(_, group)| group.len()).sum();
        let is_main = largest.is_some_and(|(largest, all)| {
            largest == prefix
                && all.len() * 2 > seen.tags.len()
                && alike * 10 < all.len()
                && !prefix.contains(['/', '@'])
        });
        let words = prefix.split(|c: char| !c.is_alphanumeric()).map(str::to_lowercase);
        // `relaese-1.2` was meant to be of the class of `release-1.3`: no class is to bear it out.
        if largest.is_some_and(|(largest, all)| group.len() * RARE < all.len() && is_slip(prefix, largest)) {
            slips.extend(group.iter().map(|(_, tag)| tag.name.as_str()));
            continue;
        }
        if is_main || words.into_iter().all(|word| PLAIN.contains(&word.as_str())) {
            plain.push((prefix, group));
        } else if let Some((scope, form)) = component(prefix).filter(|_| has_versions(group)) {
            scoped.entry(form).or_default().push((scope, group));
        }
    }
    plain.sort_by_key(|(prefix, group)| (std::cmp::Reverse(group.len()), *prefix));
    classes.versions.extend(main_class(&plain));
    for (form, components) in scoped {
        classes.versions.extend(component_classes(form, &components, &classes.versions));
    }
    let versions = classes.versions.iter().flat_map(|class| &class.members).map(|member| member.tag.name.as_str());
    let listed: BTreeSet<&str> = versions.chain(moving).collect();
    let is_rest = |tag: &&Tag| !listed.contains(tag.name.as_str()) && !slips.contains(tag.name.as_str());
    let rest: Vec<&Tag> = seen.tags.iter().filter(is_rest).collect();
    let (others, mut left) = others(&rest, seen);
    left.extend(slips);
    classes.others = others;
    let covered = seen.tags.iter().map(|tag| (&tag.name, !left.contains(tag.name.as_str())));
    classes.covered = Some(Support::of(covered, "tags"));
    classes
}

/// Sorts the tags by what is in front of their versions.
fn groups(seen: &Seen) -> BTreeMap<&str, Group<'_>> {
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
fn take_moving<'s>(group: &mut Group<'s>) -> Vec<(usize, &'s Tag)> {
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

/// Returns the component in a prefix, and how it is set apart from the version: `api/v` is `api`, a slash and a `v`.
fn component(prefix: &str) -> Option<(&str, (char, bool))> {
    let is_separator = |c: char| matches!(c, '/' | '-' | '@' | '_');
    let bare = prefix.strip_suffix('v').filter(|bare| bare.ends_with(is_separator));
    let has_v = bare.is_some();
    let bare = bare.unwrap_or(prefix);
    let separator = bare.chars().next_back().filter(|c| is_separator(*c))?;
    let scope = bare.strip_suffix(separator)?;
    (!scope.is_empty()).then_some((scope, (separator, has_v)))
}

/// Returns whether most of a group are versions of more than one number: `essex-2` is a milestone.
fn has_versions(group: &Group<'_>) -> bool {
    let Ok(dotted) = Scheme::parse("dotted") else { return false };
    let is_version = |rest: &str| dotted.read_ref(rest).is_ok_and(|version| version.release().len() > 1);
    group.iter().filter(|(rest, _)| is_version(rest)).count() * 5 >= group.len() * 4
}

/// Returns what a scheme reads a text as, where a class takes such versions.
fn read(scheme: &Scheme, text: &str) -> Option<Version> {
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
fn scheme(group: &[(&str, &Tag)]) -> Option<Scheme> {
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

/// Makes the class of the project's own versions out of all ways in which they are spelled.
fn main_class<'s>(plain: &[(&'s str, &Group<'s>)]) -> Option<Class<'s>> {
    let ((prefix, group), more) = plain.split_first()?;
    let scheme = scheme(group)?;
    let mut class = Class {
        name: "version".to_owned(),
        patterns: vec![format!("{}{{version}}", placed(prefix)?)],
        scheme,
        scope: None,
        is_scoped: false,
        members: Vec::new(),
    };
    class.take("", group);
    for (prefix, group) in more {
        let versions: Vec<Version> = group.iter().filter_map(|(rest, _)| read(&class.scheme, rest)).collect();
        let is_known = |version: &Version| class.members.iter().any(|own| own.version.same_as(version) == Ok(true));
        // The same version under another spelling is a second tag for it: the policy should refuse the next one.
        let is_spelling = versions.len() * 100 >= group.len() * COVERED && !versions.iter().any(is_known);
        if let (true, Some(prefix)) = (is_spelling, placed(prefix)) {
            class.patterns.push(format!("{prefix}{{version}}"));
            class.take("", group);
        }
    }
    (!class.members.is_empty()).then_some(class)
}

/// Returns a prefix that can stand in a pattern.
fn placed(prefix: &str) -> Option<&str> {
    (!prefix.contains(['*', '{', '}']) && !prefix.starts_with("refs/")).then_some(prefix)
}

/// Makes the classes of components whose tags are spelled alike.
fn component_classes<'s>(
    (separator, has_v): (char, bool),
    components: &[(&'s str, &Group<'s>)],
    known: &[Class<'_>],
) -> Vec<Class<'s>> {
    let v = if has_v { "v" } else { "" };
    let (own, shared): (Vec<_>, Vec<_>) = components.iter().partition(|(scope, _)| PACKAGERS.contains(scope));
    // One component with a dash can be anything.
    let is_shared = shared.len() > 1 || matches!(separator, '/' | '@');
    let (own, shared) = if is_shared { (own, shared) } else { (components.iter().collect(), Vec::new()) };
    let mut classes: Vec<Class<'_>> = Vec::new();
    let free = |name: &str, classes: &[Class<'_>]| {
        let taken = |name: &str| known.iter().chain(classes).any(|class| class.name == name);
        let numbered = (2..).map(|number| format!("{name}-{number}"));
        std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken(name)).unwrap_or_default()
    };
    for (scope, group) in own {
        let (true, Some(prefix), Some(scheme)) = (group.len() > 2, placed(scope), packaging(scope, group)) else {
            continue;
        };
        let mut class = Class {
            name: free(&own_name(scope), &classes),
            patterns: vec![format!("{prefix}{separator}{v}{{version}}")],
            scheme,
            scope: Some((*scope).to_owned()),
            is_scoped: false,
            members: Vec::new(),
        };
        class.take("", group);
        classes.push(class);
    }
    let mut all: Group<'_> = shared.iter().flat_map(|(_, group)| group.iter().copied()).collect();
    all.sort_by_key(|(rest, tag)| (tag.time, *rest));
    if let Some(scheme) = scheme(&all).filter(|_| !all.is_empty()) {
        let mut class = Class {
            name: free("component", &classes),
            patterns: vec![format!("{{scope}}{separator}{v}{{version}}")],
            scheme,
            scope: None,
            is_scoped: true,
            members: Vec::new(),
        };
        for (scope, group) in &shared {
            class.take(scope, group);
        }
        classes.push(class);
    }
    classes.retain(|class| !class.members.is_empty());
    classes
}

/// Returns the scheme of one component; packagers of Debian have theirs.
fn packaging(scope: &str, group: &Group<'_>) -> Option<Scheme> {
    if matches!(scope, "debian" | "ubuntu") { Some(Scheme::debian()) } else { scheme(group) }
}

/// Returns the name of a component's own class.
fn own_name(scope: &str) -> String {
    let name = named(scope);
    if ["version", "component", "marker", "other"].contains(&name.as_str()) { format!("{name}-tags") } else { name }
}

/// Returns a name that a class or line may have.
pub(super) fn named(text: &str) -> String {
    let name: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let name = name.trim_matches('-').to_lowercase();
    if name.is_empty() { "other".to_owned() } else { name }
}

impl<'s> Class<'s> {
    fn take(&mut self, scope: &str, group: &Group<'s>) {
        for (rest, tag) in group {
            if let Some(version) = read(&self.scheme, rest) {
                self.members.push(Member { tag, scope: scope.to_owned(), version });
            }
        }
        self.members.sort_by(|a, b| (a.tag.time, &a.tag.name).cmp(&(b.tag.time, &b.tag.name)));
    }

    /// Returns the placeholders for the numbers of its versions.
    pub(super) fn places(&self) -> Vec<&'static str> {
        let names = self.scheme.component_names();
        if PLACES.iter().take(2).all(|place| names.contains(place)) {
            return PLACES.to_vec();
        }
        names.into_iter().take_while(|name| Pattern::parse(&format!("{{{name}}}")).is_ok()).collect()
    }

    /// Returns the components.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.scope.as_str())
    }

    /// Returns the newest tags, which show how the project does things now.
    pub(super) fn recent(&self) -> &[Member<'s>] {
        let newest = self.members.last().map_or(0, |member| member.tag.time);
        let first = self.members.partition_point(|member| member.tag.time < newest - RECENT);
        self.members.get(first.min(self.members.len().saturating_sub(FEW))..).unwrap_or_default()
    }

    /// Proposes the class. What depends on branches is added by who knows them.
    pub(super) fn proposal(&self, all: usize) -> Proposal {
        let mut proposal = Proposal::new("tag")
            .key("name", self.name.as_str())
            .texts("tag", &self.patterns)
            .key("scheme", self.scheme.to_string())
            .because(format!("{} of {all} tags are such versions", self.members.len()))
            .arms(&["unlisted-tag", "duplicate-version", "out-of-order-tag", "moved-tag"]);
        if let Some(scope) = &self.scope {
            proposal = proposal.key("scope", scope.as_str());
        }
        let annotated = |members: &[Member<'s>]| {
            Support::of(
                members.iter().map(|member| (&member.tag.name, member.tag.is_annotated)),
                "of them are annotated",
            )
        };
        if annotated(self.recent()).reaches(100) {
            proposal = proposal.key("object", "annotated").because(annotated(&self.members)).arms(&["lightweight-tag"]);
            let signed = self.members.iter().map(|member| (&member.tag.name, member.tag.is_signed));
            let signed = Support::of(signed, "of them are signed");
            if signed.reaches(50) {
                proposal = proposal.because(signed);
            }
        }
        proposal
    }
}

/// Finds classes for tags that name no version: all that the project still makes, and as many of the others as it takes for
/// nearly all tags to belong somewhere. Returns also those that belong to none.
fn others<'s>(rest: &[&'s Tag], seen: &Seen) -> (Vec<Proposal>, BTreeSet<&'s str>) {
    let mut left: BTreeSet<&str> = rest.iter().map(|tag| tag.name.as_str()).collect();
    let mut proposals = Vec::new();
    // `yoga-eol` and `zed-eol` mark something.
    let mut marks: BTreeMap<&str, Vec<&Tag>> = BTreeMap::new();
    for tag in rest {
        let suffix = tag.name.rsplit_once('-').map(|(_, suffix)| suffix).filter(|_| !tag.name.contains('/'));
        let is_word = |suffix: &&str| !suffix.is_empty() && suffix.chars().all(|c| c.is_ascii_lowercase());
        if let Some(suffix) = suffix.filter(is_word) {
            marks.entry(suffix).or_default().push(tag);
        }
    }
    marks.retain(|_, tags| tags.len() > 2);
    if !marks.is_empty() {
        let patterns: Vec<String> = marks.keys().map(|suffix| format!("*-{suffix}")).collect();
        let marked: Vec<&Tag> = marks.into_values().flatten().collect();
        proposals.push(
            Proposal::new("tag").key("name", "marker").texts("tag", &patterns).key("kind", "marker").because(format!(
                "{} of {} tags mark something",
                marked.len(),
                seen.tags.len()
            )),
        );
        for tag in marked {
            left.remove(tag.name.as_str());
        }
    }
    let mut shapes: BTreeMap<String, Vec<&Tag>> = BTreeMap::new();
    for tag in rest.iter().filter(|tag| left.contains(tag.name.as_str())) {
        shapes.entry(same_but_numbers(&tag.name)).or_default().push(tag);
    }
    let mut shapes: Vec<(String, Vec<&Tag>)> = shapes.into_iter().collect();
    shapes.sort_by_key(|(shape, tags)| (std::cmp::Reverse(tags.len()), shape.clone()));
    let is_made = |tags: &[&Tag]| tags.iter().any(|tag| tag.time >= seen.newest - RECENT);
    let (made, old): (Vec<_>, Vec<_>) = shapes.into_iter().partition(|(_, tags)| is_made(tags));
    let (mut patterns, mut ignored) = (Vec::new(), 0);
    for (at, (shape, tags)) in made.iter().chain(&old).enumerate() {
        let is_covered = (seen.tags.len() - left.len()) * 100 >= seen.tags.len() * COVERED;
        if patterns.len() == MAX_SHAPES || (at >= made.len() && is_covered) {
            break;
        }
        patterns.push(shape.clone());
        ignored += tags.len();
        for tag in tags {
            left.remove(tag.name.as_str());
        }
    }
    if !patterns.is_empty() {
        patterns.sort();
        let texts = patterns.into_iter().map(Value::String).collect();
        proposals.push(
            Proposal::new("tag").key("name", "other").key("tag", Value::Array(texts)).key("kind", "ignore").because(
                format!("{ignored} of {} tags name no version as the classes above read them", seen.tags.len()),
            ),
        );
    }
    (proposals, left)
}
