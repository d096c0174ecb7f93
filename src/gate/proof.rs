//! Holding a policy against the repository that it is for: what it says and nothing here is, and what is here and the policy
//! leaves open.
//!
//! A policy with a typo in the name of the mainline is valid. That the mainline then belongs to a topic line shows only
//! where there is a mainline.

use bstr::ByteSlice as _;
use std::collections::BTreeSet;

use super::open::Gate;
use crate::facts::{FactError, Role, Snapshot, TagKind};
use crate::model::{Namespace, ObjectId, RefName, Untrusted, counted, did_you_mean, listed};
use crate::policy::{ActorSet, Origin, PolicyError, Problem, Proof};
use crate::push::Identity;

/// As many names are given as examples.
const EXAMPLES: usize = 3;

/// As many version tags are looked for on branches, the last by name.
const MAX_TAGS: usize = 63;

/// What is said of a policy in its repository.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    /// What can never take effect, and what has less effect than its author may think.
    pub proof: Proof,
    /// What is not known here, a sentence each.
    pub unknown: Vec<String>,
}

impl Gate {
    /// Holds the policy against itself and against the repository.
    pub(crate) fn prove(&self) -> Proved {
        let mut proving =
            Proving { gate: self, proved: Proved { proof: self.project.policy().prove(), ..Proved::default() } };
        proving.pushers();
        if let Err(error) = proving.refs() {
            proving.proved.unknown.push(format!("not held against the branches and tags here: {}", error.cause));
        }
        proving.proved
    }
}

struct Proving<'g> {
    gate: &'g Gate,
    proved: Proved,
}

/// A ref and what it holds.
type Held = (RefName, ObjectId);

impl<'g> Proving<'g> {
    fn warn(&mut self, at: &Origin, message: String, help: impl Into<String>) {
        let said = self.gate.project.policy().said_at(at, Problem::new(0..0, message).help(help));
        self.proved.proof.warnings.extend(said);
    }

    /// Warns at the top of the policy: what is missing stands nowhere.
    fn warn_of_all(&mut self, message: String, help: impl Into<String>) {
        let Some(source) = self.gate.project.policy().texts.last() else { return };
        let problem = Problem::new(0..source.text.find('\n').unwrap_or(0), message).help(help);
        self.proved.proof.warnings.push(PolicyError { source: source.clone(), problem });
    }

    /// Where nobody is identified, what the policy reserves is for nobody.
    fn pushers(&mut self) {
        let repository = self.gate.project.repository();
        // In a clone nobody is ever identified: the server decides.
        if !repository.is_bare() || !matches!(Identity::configured(repository), Ok(Identity::None)) {
            return;
        }
        let policy = self.gate.project.policy();
        let reserves = |set: &Option<ActorSet>| set.as_ref().is_some_and(|set| !set.is_everyone());
        let lines = policy.lines.iter().map(|line| (&line.may, &line.origin, format!("the line `{}`", line.name)));
        let classes =
            policy.tags.iter().map(|class| (&class.may, &class.origin, format!("the tag class `{}`", class.name)));
        let reserved = lines
            .chain(classes)
            .filter(|(may, ..)| [&may.create, &may.push, &may.rewrite, &may.delete].into_iter().any(reserves));
        let reserved: Vec<_> = reserved.collect();
        let Some((_, origin, first)) = reserved.first() else { return };
        let more = match reserved.len() {
            1 => String::new(),
            count => format!(" and {} more", count - 1),
        };
        let message = format!(
            "`may` of {first}{more} names people, and nobody is identified here: what is reserved is refused to everybody"
        );
        self.warn(origin, message, "say where the name of the pusher comes from: `git config refgate.identity SOURCE`");
    }

    fn refs(&mut self) -> Result<(), FactError> {
        let project = &self.gate.project;
        let now = Snapshot::now(project);
        let (branches, tags) = (now.refs(Namespace::Branch, "")?, now.refs(Namespace::Tag, "")?);
        if branches.is_empty() {
            self.proved.unknown.push("there are no branches here yet to hold the policy against".to_owned());
            return Ok(());
        }
        let lines = self.lines(&branches);
        if tags.is_empty() {
            self.proved.unknown.push("there are no tags here yet to hold the policy against".to_owned());
        } else {
            self.classes(&tags);
        }
        self.flows(&lines);
        self.head(&branches)?;
        self.carriers(&branches, &tags)
    }

    /// Warns of lines without branches and of branches without a line; returns the names of the lines that have some.
    fn lines(&mut self, branches: &[Held]) -> Vec<&'g str> {
        let policy = self.gate.project.policy();
        let mut has: Vec<&str> = Vec::new();
        let mut none: Vec<&RefName> = Vec::new();
        for (name, _) in branches {
            match policy.line_of(name) {
                Some(place) if has.contains(&place.line.name.as_str()) => {}
                Some(place) => has.push(&place.line.name),
                None => none.push(name),
            }
        }
        // Topic branches come and go.
        for line in policy.lines.iter().filter(|line| line.role != Role::Topic && !has.contains(&line.name.as_str())) {
            let written = line.written();
            let known: Vec<&str> = branches.iter().filter_map(|(name, _)| name.short().to_str().ok()).collect();
            let hint =
                written.iter().map(|text| did_you_mean(text, known.iter().copied())).find(|hint| !hint.is_empty());
            let hint = hint.unwrap_or_default();
            let texts: Vec<&str> = written.iter().map(String::as_str).collect();
            let message =
                format!("no branch here belongs to the line `{}` ({}){hint}", line.name, listed(&texts, "or"));
            let help = format!("the branches here: {}", examples(branches.iter().map(|(name, _)| name)));
            self.warn(&line.branches_at, message, help);
        }
        if !none.is_empty() {
            let is_on = self.gate.is_on("unlisted-branch");
            let consequence = if is_on {
                "no rule about lines judges them, and a new one is refused"
            } else {
                "no rule about lines judges them"
            };
            let message = format!("{} on no line: {consequence}", counted(none.len(), "branch is", "branches are"));
            let help = format!("{}: add them to a line, or give them a line with `role = \"topic\"`", examples(none));
            self.warn_of_all(message, help);
        }
        has
    }

    fn classes(&mut self, tags: &[Held]) {
        let policy = self.gate.project.policy();
        let mut has: Vec<&str> = Vec::new();
        let mut none: Vec<&RefName> = Vec::new();
        for (name, _) in tags {
            match policy.tag_of(name) {
                Some(place) if has.contains(&place.class.name.as_str()) => {}
                Some(place) => has.push(&place.class.name),
                None => none.push(name),
            }
        }
        let is_missed =
            |class: &&crate::policy::TagClass| class.kind != TagKind::Ignore && !has.contains(&class.name.as_str());
        for class in policy.tags.iter().filter(is_missed) {
            let patterns: Vec<&str> = class.patterns.iter().map(crate::facts::Pattern::text).collect();
            let message = format!("no tag here belongs to the class `{}` ({})", class.name, listed(&patterns, "or"));
            let help = if none.is_empty() {
                format!("the tags here, all of other classes: {}", examples(tags.iter().rev().map(|(name, _)| name)))
            } else {
                format!("tags here that belong to no class: {}", examples(none.iter().rev().copied()))
            };
            self.warn(&class.tags_at, message, help);
        }
    }

    fn flows(&mut self, has: &[&str]) {
        for flow in self.gate.project.flows() {
            let mut ends: Vec<&str> =
                [flow.from.as_str(), flow.to.as_str()].into_iter().filter(|end| !has.contains(end)).collect();
            ends.dedup();
            if ends.is_empty() {
                continue;
            }
            let message = format!(
                "the flow from `{}` to `{}` asks for nothing here: there is no branch of {}",
                flow.from,
                flow.to,
                listed(&ends, "or")
            );
            self.warn(&flow.origin, message, "correct the patterns of the lines, or leave it until there is a branch");
        }
    }

    /// The branch that a clone gets is hardly ever a topic branch.
    fn head(&mut self, branches: &[Held]) -> Result<(), FactError> {
        let project = &self.gate.project;
        let Some(head) = self.gate.project.default_branch(branches)? else { return Ok(()) };
        let Some((name, _)) = branches.iter().find(|(branch, _)| *branch == head) else { return Ok(()) };
        let text = Untrusted::new(name.short());
        match project.line_of(name) {
            Some(place) if place.line.role == Role::Topic => {
                let line = &place.line.name;
                let message = format!(
                    "the default branch `{text}` belongs to the topic line `{line}`: everybody may rewrite and delete it"
                );
                let help =
                    format!("give it a line of its own above `{line}`: `branch = \"{text}\"`, `role = \"mainline\"`");
                self.warn(&place.line.branches_at, message, help);
            }
            Some(_) => {}
            None => {
                let message = format!("the default branch `{text}` is on no line: no rule about lines judges it");
                self.warn_of_all(
                    message,
                    format!("add a `[[line]]` with `branch = \"{text}\"` and `role = \"mainline\"`"),
                );
            }
        }
        Ok(())
    }

    /// A branch that has versions which no other line has is hardly ever a topic branch.
    fn carriers(&mut self, branches: &[Held], tags: &[Held]) -> Result<(), FactError> {
        let project = &self.gate.project;
        let is_version = |name: &RefName| {
            project.tag_of(name).is_some_and(|place| place.class.kind == TagKind::Version && place.version.is_some())
        };
        let mut versions: Vec<(&RefName, ObjectId)> = Vec::new();
        for (name, id) in tags.iter().rev().filter(|(name, _)| is_version(name)) {
            if let Some(commit) = project.commit_of(*id)? {
                versions.push((name, commit));
            }
            if versions.len() == MAX_TAGS {
                break;
            }
        }
        // What is to be said of the default branch has been said.
        let head = self.gate.project.default_branch(branches)?;
        let is_topic = |name: &RefName| {
            head.as_ref() != Some(name) && project.line_of(name).is_none_or(|place| place.line.role == Role::Topic)
        };
        let (open, kept): (Vec<&Held>, Vec<&Held>) = branches.iter().partition(|(name, _)| is_topic(name));
        let sought: Vec<ObjectId> = versions.iter().map(|(_, commit)| *commit).collect();
        if sought.is_empty() || open.is_empty() {
            return Ok(());
        }
        let repository = project.repository();
        let on = |branches: &[&Held]| {
            let tips: Vec<ObjectId> = branches.iter().map(|(_, tip)| *tip).collect();
            repository.containing(&tips, &sought)
        };
        let (on_open, on_kept) = match (on(&open), on(&kept)) {
            (Ok(open), Ok(kept)) => (open, kept),
            (Err(error), _) | (_, Err(error)) if error.is_undecided() => {
                self.proved.unknown.push(format!("which branches carry versions is not known here: {error}"));
                return Ok(());
            }
            (Err(error), _) | (_, Err(error)) => return Err(error.into()),
        };
        let is_kept = |at: usize| on_kept.iter().any(|found| found.get(at) == Some(&true));
        let mut stray: BTreeSet<usize> = (0..sought.len()).filter(|at| !is_kept(*at)).collect();
        // The branch that has most of them, and then those that have others.
        for _ in 0..EXAMPLES {
            let own = |found: &[bool]| stray.iter().filter(|at| found.get(**at) == Some(&true)).count();
            let most = open.iter().zip(&on_open).map(|(held, found)| (own(found), held, found));
            let most = most.max_by(|(a, (x, _), _), (b, (y, _), _)| {
                a.cmp(b).then_with(|| y.full().len().cmp(&x.full().len())).then_with(|| y.cmp(x))
            });
            let Some((count @ 1.., (name, _), found)) = most else { break };
            let first = stray.iter().find(|at| found.get(**at) == Some(&true)).and_then(|at| versions.get(*at));
            if let Some((tag, _)) = first {
                self.carrier(name, count, tag);
            }
            stray.retain(|at| found.get(*at) != Some(&true));
        }
        Ok(())
    }

    fn carrier(&mut self, name: &RefName, count: usize, tag: &RefName) {
        let (branch, tag) = (Untrusted::new(name.short()), Untrusted::new(tag.short()));
        let versions = counted(count, "version", "versions");
        let help = format!("give it a line of its own: `branch = \"{branch}\"`, `role = \"release\"`");
        let carries = format!("`{branch}` carries {versions} that no line has, such as `{tag}`");
        match self.gate.project.line_of(name) {
            Some(place) => {
                let line = &place.line.name;
                let message =
                    format!("{carries}, and is on the topic line `{line}`: everybody may rewrite and delete it");
                self.warn(&place.line.branches_at, message, help);
            }
            None => self.warn_of_all(format!("{carries}, and is on no line"), help),
        }
    }
}

/// Returns a few names, and how many more there are.
fn examples<'n>(names: impl IntoIterator<Item = &'n RefName>) -> String {
    let mut names = names.into_iter();
    let shown: Vec<String> =
        names.by_ref().take(EXAMPLES).map(|name| format!("`{}`", Untrusted::new(name.short()))).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
