//! Which classes the tags are of: their patterns and schemes.

use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

use super::groups::{COVERED, FEW, Group, RECENT, groups, has_versions, read, scheme, take_moving};
use super::names::{PLACES, is_slip, same_but_numbers};
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

/// As many patterns are written for tags that name no version.
const MAX_SHAPES: usize = 24;

/// A prefix that is mistyped has less than one tag for so many of the one that was meant.
const RARE: usize = 20;

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
