//! Which lines the branches are of.

use std::collections::{BTreeMap, BTreeSet};
use toml::Value;

use super::names::{Numbered, PLACES, literal};
use super::proposal::{Proposal, Support};
use super::seen::{Branch, Seen};
use super::tags::{Class, Classes, named};
use crate::model::counted;
use crate::policy::Role;

/// A line.
#[derive(Clone, Debug)]
pub(super) struct Line<'s> {
    pub name: String,
    pub patterns: Vec<String>,
    pub role: Role,
    /// Its branches, the newest first.
    pub branches: Vec<&'s Branch>,
    /// How many numbers of a version its branches say; 0 where they say none.
    pub numbers: usize,
    /// Whether all its patterns bind them.
    pub is_bound: bool,
}

/// All lines.
#[derive(Debug, Default)]
pub(super) struct Lines<'s> {
    /// In the order of the policy: the mainline first, where there is a default branch.
    pub all: Vec<Line<'s>>,
    /// What is known of topic branches.
    pub topics: usize,
    pub is_listed: Option<Support>,
}

/// Words in the names of branches on which versions are made.
const RELEASE: [&str; 19] = [
    "release",
    "releases",
    "rel",
    "stable",
    "maint",
    "maintenance",
    "maintained",
    "unmaintained",
    "support",
    "supported",
    "lts",
    "branch",
    "branches",
    "series",
    "version",
    "v",
    "x",
    "y",
    "sec",
];

/// Words in the names of branches on which the next version is prepared.
const DEVELOPMENT: [&str; 4] = ["dev", "devel", "develop", "next"];

/// Branches that stay, by the names that are in use for them.
const STAYING: [(&str, Role); 14] = [
    ("main", Role::Integration),
    ("master", Role::Integration),
    ("trunk", Role::Integration),
    ("develop", Role::Integration),
    ("devel", Role::Integration),
    ("development", Role::Integration),
    ("dev", Role::Integration),
    ("integration", Role::Integration),
    ("edge", Role::Environment),
    ("testing", Role::Environment),
    ("staging", Role::Environment),
    ("preproduction", Role::Environment),
    ("production", Role::Environment),
    ("prod", Role::Environment),
];

/// So many branches of one form that say a version are made with intent, whatever they are called.
const FORM: usize = 5;

/// The branches of one form.
struct Family<'s> {
    /// With places for the numbers, where it can have them.
    pattern: Option<String>,
    /// The same, where the numbers mean nothing.
    unbound: String,
    numbers: usize,
    words: Vec<String>,
    has_folder: bool,
    /// Each with its numbers.
    branches: Vec<(&'s Branch, Vec<u64>)>,
}

impl Family<'_> {
    fn says(&self, known: &[&str]) -> bool {
        self.words.iter().all(|word| known.contains(&word.as_str()))
    }
}

/// Finds the lines.
pub(super) fn lines<'s>(seen: &'s Seen, classes: &Classes<'s>) -> Lines<'s> {
    let mut lines = Lines::default();
    let mainline = mainline(seen);
    if let Some(mainline) = mainline {
        lines.all.push(one(mainline, Role::Mainline));
    }
    let is_other = |branch: &&Branch| mainline.is_none_or(|mainline| mainline.name != branch.name);
    let others: Vec<&Branch> = seen.head.iter().chain(&seen.branches).filter(is_other).collect();
    let mut taken: BTreeSet<&str> = BTreeSet::new();
    let mut found: Vec<Line<'_>> = Vec::new();
    for branch in &others {
        if let Some((_, role)) = STAYING.iter().find(|(name, _)| *name == branch.name) {
            found.push(one(branch, *role));
            taken.insert(&branch.name);
        }
    }
    let series = series(classes);
    let scopes: BTreeSet<&str> =
        classes.versions.iter().filter(|class| class.is_scoped).flat_map(Class::scopes).collect();
    for family in families(&others, &taken, &places(classes), &scopes) {
        let Some((role, is_bound)) = role(&family, &series) else { continue };
        let word = family.words.iter().find(|word| word.len() > 1);
        let name = word.map_or_else(|| role.name().to_owned(), |word| named(word));
        taken.extend(family.branches.iter().map(|(branch, _)| branch.name.as_str()));
        let bound = family.pattern.filter(|_| is_bound);
        let line = Line {
            name,
            is_bound: bound.is_some(),
            patterns: vec![bound.unwrap_or(family.unbound)],
            role,
            branches: family.branches.iter().map(|(branch, _)| *branch).collect(),
            numbers: family.numbers,
        };
        add(&mut found, line);
    }
    for line in named_lines(&others, &taken) {
        taken.extend(line.branches.iter().map(|branch| branch.name.as_str()));
        add(&mut found, line);
    }
    for line in &mut found {
        line.branches.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.name.cmp(&b.name)));
        line.patterns.sort_by_key(|pattern| (pattern.contains("{name}"), pattern.clone()));
    }
    found.sort_by_key(|line| (line.role == Role::Release, line.name.clone()));
    lines.all.extend(found);
    distinct(&mut lines.all);
    lines.topics = others.iter().filter(|branch| !taken.contains(branch.name.as_str())).count();
    let listed = others.iter().map(|branch| (&branch.name, taken.contains(branch.name.as_str())));
    lines.is_listed = Some(Support::of(listed, "other branches"));
    lines
}

/// Returns the branch where development comes together: the default branch, unless that is named after a version and one
/// with a usual name is there.
fn mainline(seen: &Seen) -> Option<&Branch> {
    let usual = |name: &str| seen.branches.iter().find(|branch| branch.name == name);
    let head = seen.head.as_ref();
    let is_release = head.and_then(|head| Numbered::of(&head.name)).is_some();
    if head.is_none() || is_release {
        return ["main", "master", "trunk", "devel"].into_iter().find_map(usual).or(head);
    }
    head
}

fn one(branch: &Branch, role: Role) -> Line<'_> {
    let name = if branch.name.chars().all(|c| c.is_ascii_alphanumeric() || "-_./".contains(c)) {
        branch.name.clone()
    } else {
        named(&branch.name)
    };
    Line { name, patterns: vec![literal(&branch.name)], role, branches: vec![branch], numbers: 0, is_bound: true }
}

/// Adds a line, or its patterns to one of the same name and role.
fn add<'s>(lines: &mut Vec<Line<'s>>, line: Line<'s>) {
    match lines.iter_mut().find(|known| known.name == line.name && known.role == line.role) {
        Some(known) => {
            known.patterns.extend(line.patterns);
            known.branches.extend(line.branches);
            known.numbers = known.numbers.max(line.numbers);
            known.is_bound &= line.is_bound;
        }
        None => lines.push(line),
    }
}

/// Gives lines of one name different ones.
fn distinct(lines: &mut [Line<'_>]) {
    let mut taken: BTreeSet<String> = BTreeSet::from(["topic".to_owned()]);
    for line in lines {
        let base = line.name.clone();
        let mut number = 2;
        while !taken.insert(line.name.clone()) {
            line.name = format!("{base}-{number}");
            number += 1;
        }
    }
}

/// Returns the numbers of all versions that are tagged, as far as branches can say them.
fn series(classes: &Classes<'_>) -> BTreeSet<Vec<u64>> {
    let versions = classes.versions.iter().flat_map(|class| &class.members).map(|member| member.version.release());
    versions
        .flat_map(|numbers| {
            (1..=3).filter_map(move |count| numbers.get(..count).map(<[u64]>::to_vec)).collect::<Vec<_>>()
        })
        .collect()
}

/// Returns the placeholders for the numbers of the project's versions.
fn places(classes: &Classes<'_>) -> Vec<&'static str> {
    classes.versions.first().map_or_else(|| PLACES.to_vec(), Class::places)
}

/// Sorts branches with versions in their names by form.
fn families<'s>(
    branches: &[&'s Branch],
    taken: &BTreeSet<&str>,
    places: &[&str],
    scopes: &BTreeSet<&str>,
) -> Vec<Family<'s>> {
    let mut families: BTreeMap<String, Family<'_>> = BTreeMap::new();
    for branch in branches.iter().filter(|branch| !taken.contains(branch.name.as_str())) {
        let Some(numbered) = Numbered::of(&branch.name) else { continue };
        let (mut pattern, mut unbound, mut words) = (numbered.pattern(places), numbered.unbound(), numbered.words());
        // `release-kustomize-v5.3` is of a component.
        if let Some((before, scope, after)) = scope_in(numbered.before, scopes) {
            pattern = pattern
                .and_then(|text| Some(format!("{before}{{scope}}{after}{}", text.strip_prefix(numbered.before)?)));
            unbound = pattern.clone().unwrap_or(unbound);
            words.retain(|word| !scope.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|part| part == word));
        }
        let family = families.entry(unbound.clone()).or_insert_with(|| Family {
            pattern,
            unbound,
            numbers: numbered.numbers.len(),
            words,
            has_folder: numbered.before.contains('/'),
            branches: Vec::new(),
        });
        family.branches.push((branch, numbered.numbers));
    }
    families.into_values().collect()
}

/// Finds the longest of some components in a text, as words of their own.
fn scope_in<'t>(text: &'t str, scopes: &BTreeSet<&str>) -> Option<(&'t str, &'t str, &'t str)> {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let found = scopes.iter().filter_map(|scope| {
        let at = text.find(scope)?;
        let (before, rest) = text.split_at_checked(at)?;
        let (own, after) = rest.split_at_checked(scope.len())?;
        let is_own = !is_word(before.chars().next_back()) && !is_word(after.chars().next());
        is_own.then_some((before, own, after))
    });
    found.max_by_key(|(_, own, _)| own.len())
}

/// Returns what the branches of a family are for, and whether their numbers are those of versions; `None` where they are
/// nothing in particular.
fn role(family: &Family<'_>, series: &BTreeSet<Vec<u64>>) -> Option<(Role, bool)> {
    let tagged = family.branches.iter().filter(|(_, numbers)| series.contains(numbers)).count();
    let is_tagged = tagged * 2 >= family.branches.len();
    if family.says(&DEVELOPMENT) && !family.words.is_empty() && family.numbers > 1 {
        return Some((Role::Development, true));
    }
    let is_said = family.says(&RELEASE) && (!family.words.is_empty() || family.numbers > 1);
    let is_form = family.branches.len() >= FORM && family.numbers > 1 && !family.has_folder;
    let is_plain = family.words.is_empty() && is_tagged;
    // Two of a form in somebody's own folder (`ada/2_0_cmp`, `ada/2_18_cmp`) are experiments with versions.
    let enough = if family.has_folder { FORM } else { 2 };
    let is_release =
        is_said || is_plain || is_form || (is_tagged && family.branches.len() >= enough && family.numbers > 1);
    // Before the first tag, numbers are taken at their word.
    is_release.then_some((Role::Release, is_tagged || series.is_empty()))
}

/// Finds lines whose branches have the names of releases in a folder: `stable/yoga`.
fn named_lines<'s>(branches: &[&'s Branch], taken: &BTreeSet<&str>) -> Vec<Line<'s>> {
    let mut folders: BTreeMap<&str, Vec<&Branch>> = BTreeMap::new();
    for branch in branches.iter().filter(|branch| !taken.contains(branch.name.as_str())) {
        let Some((folder, name)) = branch.name.split_once('/') else { continue };
        if RELEASE.contains(&folder) && !folder.is_empty() && !name.contains('/') {
            folders.entry(folder).or_default().push(branch);
        }
    }
    let lines = folders.into_iter().map(|(folder, branches)| Line {
        name: named(folder),
        patterns: vec![format!("{folder}/{{name}}")],
        role: Role::Release,
        branches,
        numbers: 0,
        is_bound: false,
    });
    lines.collect()
}

impl Line<'_> {
    /// Proposes the line.
    pub(super) fn proposal(&self, mainline: Option<&str>, is_cut_from: Option<Support>) -> Proposal {
        let mut proposal = Proposal::new("line")
            .key("name", self.name.as_str())
            .texts("branch", &self.patterns)
            .key("role", self.role.name())
            .arms(&["deleted-ref", "rewritten-history"]);
        let names: Vec<String> = self.branches.iter().take(3).map(|branch| literal_name(&branch.name)).collect();
        let more = self.branches.len().saturating_sub(names.len());
        let names = names.join(", ");
        proposal = match (self.role, self.branches.len(), more) {
            (Role::Mainline, ..) => proposal.because("the default branch"),
            (_, count, 0) => proposal.because(format!("{}: {names}", counted(count, "branch", "branches"))),
            (_, count, more) => proposal.because(format!("{count} branches: {names} and {more} more")),
        };
        if let (Some(mainline), Some(support)) = (mainline, is_cut_from.filter(Support::is_some)) {
            proposal =
                proposal.key("cut-from", mainline).because(support).arms(&["misplaced-branch", "wrong-way-merge"]);
        }
        proposal
    }
}

fn literal_name(name: &str) -> String {
    format!("`{}`", crate::model::Untrusted::new(name))
}

/// Proposes the line of everything that is short-lived.
pub(super) fn topics(reason: String) -> Proposal {
    Proposal::new("line")
        .key("name", "topic")
        .key("branch", Value::from("**"))
        .key("role", Role::Topic.name())
        .because(reason)
}
