//! The standing judgement: of what a repository holds, and not of what a push would change.
//!
//! The rules are those of the gate, and they are asked as the gate asks them: about updates of refs. What differs is the
//! push that they are shown, and there is one for each way in which a rule can be asked about what already stands
//! ([`Standing`]). A rule that only makes sense while somebody pushes is not asked at all, and [`not_asked`] says why.

use bstr::BString;
use jiff::civil::Date;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::rc::Rc;

use super::judge::{Judging, Kept, judged};
use super::open::Gate;
use super::outcome::{JudgedUpdate, Outcome, verdict};
use crate::facts::{FactError, Facts, Role, Snapshot, Update};
use crate::git;
use crate::model::{Actor, Failure, Finding, Namespace, ObjectId, Push, RefName, RefUpdate, Stage};
use crate::project::{Memo, Project};
use crate::rules::{Armed, DUE_CHANGES, Entry, REGISTRY, STRANDED_ENTRIES, Standing};

/// The rules of which not every finding is one about what stands.
const RETIRED: &str = "retired-line";
const STARTED: &str = "misplaced-branch";
const UNLISTED: &str = "unlisted-branch";

/// Returns whether what a rule proposes helps where the refs are public already. Most rules tell a pusher how to push
/// something else.
fn has_remedy(rule: &str) -> bool {
    [DUE_CHANGES, STRANDED_ENTRIES].contains(&rule)
}

/// Returns the rules that a standing judgement does not ask, each with the reason.
pub(crate) fn not_asked() -> impl Iterator<Item = (&'static str, &'static str)> {
    REGISTRY.iter().filter_map(|Entry { meta, .. }| match meta.standing {
        Standing::Not(reason) => Some((meta.id, reason)),
        Standing::Created | Standing::Grown | Standing::Edited | Standing::Started => None,
    })
}

/// The branches and tags that a repository holds.
#[derive(Debug)]
pub(crate) struct Held {
    /// Branches of lines that stay.
    lines: Vec<(RefName, ObjectId)>,
    /// Branches of topic lines, and those that no line lists.
    others: Vec<(RefName, ObjectId)>,
    tags: Vec<(RefName, ObjectId)>,
}

impl Held {
    /// Returns all of them, with what they hold.
    pub(crate) fn all(&self) -> impl Iterator<Item = &(RefName, ObjectId)> {
        self.lines.iter().chain(&self.others).chain(&self.tags)
    }
}

impl Gate {
    /// Returns the branches and tags of the project.
    ///
    /// # Errors
    /// Refs that cannot be read, or that a clone does not track.
    pub(crate) fn held(&self) -> Result<Held, FactError> {
        let now = Snapshot::now(&self.project);
        let sorted = |namespace| -> Result<Vec<(RefName, ObjectId)>, FactError> {
            let mut refs = now.refs(namespace, "")?.to_vec();
            refs.sort_by(|(a, _), (b, _)| natural(a.full(), b.full()).then_with(|| a.cmp(b)));
            Ok(refs)
        };
        let stays = |name: &RefName| self.project.line_of(name).is_some_and(|place| place.line.role != Role::Topic);
        let (lines, others) = sorted(Namespace::Branch)?.into_iter().partition(|(name, _)| stays(name));
        Ok(Held { lines, others, tags: sorted(Namespace::Tag)? })
    }

    /// Judges what the project holds. `today` is as in [`Gate::judge`].
    ///
    /// # Errors
    /// A ref holds an object that does not exist: there is nothing to judge then.
    pub(crate) fn judge_standing(&self, held: &Held, today: Option<Date>) -> Result<Outcome, Failure> {
        let all = self.created(held.all());
        let facts = Facts::new(&self.project, &all);
        if let Some((name, error)) = facts.missing() {
            return Err(error.into_failure(format!("looking for what {name} holds"), all.stage));
        }
        let updates: Vec<JudgedUpdate> =
            facts.updates().map(|update| judged(&all, &update, &BTreeSet::new())).collect();
        let mut standing = Judgement { gate: self, held, today, bases: BTreeMap::new(), unasked: 0 };
        standing.find_bases();
        let kept = standing.ask_all();
        let Kept { mut findings, open, .. } = kept;
        standing.keep_standing(&mut findings);
        self.order(&mut findings, &updates);
        let unevaluated = open.in_order(&self.rules);
        let outcome = Outcome {
            verdict: verdict(&findings, &unevaluated),
            would: None,
            stage: all.stage,
            host: None,
            actor: Actor::Unknown,
            policy: self.policy_id(),
            updates,
            findings,
            unevaluated,
        };
        Ok(outcome.lowered_to(self.highest))
    }

    /// Returns the push that creates refs.
    fn created<'r>(&self, refs: impl Iterator<Item = &'r (RefName, ObjectId)>) -> Push {
        let null = ObjectId::null(self.project.repository().hash_kind());
        self.pushed(refs.map(|(name, tip)| (name, null, *tip)))
    }

    fn pushed<'r>(&self, refs: impl Iterator<Item = (&'r RefName, ObjectId, ObjectId)>) -> Push {
        let update = |(name, old, new): (&RefName, _, _)| RefUpdate { name: name.clone(), old, new, via: None };
        let updates = refs.map(update).collect();
        Push::anonymous(Stage::Ci, updates)
    }

    /// Sorts findings by ref and then by rule, whichever push they came from.
    fn order(&self, findings: &mut [Finding], updates: &[JudgedUpdate]) {
        let places: BTreeMap<&RefName, usize> =
            updates.iter().enumerate().map(|(at, update)| (&update.name, at)).collect();
        let rules: BTreeMap<&str, usize> = self.rules.iter().enumerate().map(|(at, rule)| (rule.meta.id, at)).collect();
        for finding in findings.iter_mut() {
            finding.update = finding.ref_name.as_ref().and_then(|name| places.get(name).copied());
        }
        findings.sort_by_key(|finding| (finding.update, rules.get(finding.rule).copied()));
    }
}

/// Where a branch of a line has grown from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// Where it was cut from another line.
    Cut(ObjectId),
    /// Its first commit: it is not cut from another, or has nothing in common with it.
    First(ObjectId),
}

impl Base {
    const fn id(self) -> ObjectId {
        match self {
            Self::Cut(id) | Self::First(id) => id,
        }
    }
}

/// A standing judgement that is being made.
struct Judgement<'g> {
    gate: &'g Gate,
    held: &'g Held,
    today: Option<Date>,
    /// Where each branch of a line has grown from.
    bases: BTreeMap<RefName, Result<Base, FactError>>,
    /// How many updates there was no time for.
    unasked: usize,
}

impl<'g> Judgement<'g> {
    fn project(&self) -> &'g Project {
        &self.gate.project
    }

    /// Shows each push to the rules that are asked with it.
    fn ask_all(&mut self) -> Kept {
        let held = self.held;
        let created = self.gate.created(held.lines.iter().chain(&held.tags));
        let kept = self.ask(Kept::default(), &created, usize::MAX, |standing, rule, update| {
            match (rule.meta.standing, standing.bases.get(update.name())) {
                (Standing::Created, _) => Ok(!is_past(rule, update)),
                (Standing::Grown, Some(Ok(Base::First(_)))) => Ok(true),
                (Standing::Grown | Standing::Edited, Some(Err(error))) => Err(error.clone()),
                _ => Ok(false),
            }
        });
        // Against everything that stands: what lines have is judged there, once.
        let others = self.gate.created(held.others.iter());
        let kept = self.ask(kept, &others, usize::MAX, |_, rule, update| {
            Ok(!matches!(rule.meta.standing, Standing::Not(_)) && !is_past(rule, update))
        });
        let grown = held.lines.iter().filter_map(|(name, tip)| {
            let base = self.bases.get(name)?.as_ref().ok()?;
            Some((name, base.id(), *tip))
        });
        let grown = self.gate.pushed(grown);
        let kept = self.ask(kept, &grown, usize::MAX, |standing, rule, update| {
            let is_cut = matches!(standing.bases.get(update.name()), Some(Ok(Base::Cut(_))));
            Ok(rule.meta.standing == Standing::Edited || (rule.meta.standing == Standing::Grown && is_cut))
        });
        let mut kept = self.ask_started(kept);
        kept.leave_out(&self.gate.rules, self.unasked, Stage::Ci);
        kept
    }

    /// Asks where branches have started. Of two of one line that share commits, the one whose name comes later has started
    /// on the other.
    fn ask_started(&mut self, mut kept: Kept) -> Kept {
        if !self.gate.rules.iter().any(|rule| rule.meta.standing == Standing::Started) {
            return kept;
        }
        let mut lines: BTreeMap<&str, Vec<&(RefName, ObjectId)>> = BTreeMap::new();
        for held in &self.held.lines {
            let place = self.project().line_of(&held.0).filter(|place| place.line.cut_from.is_some());
            if let Some(place) = place {
                lines.entry(&place.line.name).or_default().push(held);
            }
        }
        for branches in lines.into_values() {
            for at in 0..branches.len() {
                let started = self.gate.created(branches.get(at..).unwrap_or_default().iter().copied());
                kept = self.ask(kept, &started, 1, |_, rule, _| Ok(rule.meta.standing == Standing::Started));
            }
        }
        kept
    }

    /// Asks about the first updates of a push the rules that `asks` wants asked.
    fn ask(
        &mut self,
        kept: Kept,
        push: &Push,
        most: usize,
        asks: impl Fn(&Self, &Armed, &Update<'_, '_>) -> Result<bool, FactError>,
    ) -> Kept {
        let facts = Facts::new(&self.gate.project, push);
        let mut judging = Judging::go_on(&facts, self.today, has_remedy, kept);
        for update in facts.updates().take(most) {
            if judging.is_late() {
                self.unasked += 1;
                continue;
            }
            for rule in self.gate.rules.iter().filter(|rule| rule.looks_at(update.name())) {
                match asks(self, rule, &update) {
                    Ok(true) => judging.ask(rule, &update),
                    Ok(false) => {}
                    Err(error) => judging.leave_open(rule, &update, error),
                }
            }
        }
        judging.into_kept()
    }

    fn find_bases(&mut self) {
        let trunks = Memo::default();
        let is_asked = |rule: &Armed| matches!(rule.meta.standing, Standing::Grown | Standing::Edited);
        if self.gate.rules.iter().any(is_asked) {
            let lines = self.held.lines.iter();
            self.bases = lines.map(|(name, tip)| (name.clone(), self.base(&trunks, name, *tip))).collect();
        }
    }

    /// Returns where a branch has grown from: its newest commit that was made on the line from which it is cut, going by
    /// first parents on both sides, which merges in either direction do not change.
    fn base(&self, trunks: &Memo<String, Trunk>, name: &RefName, tip: ObjectId) -> Result<Base, FactError> {
        let cut_from = self.project().line_of(name).and_then(|place| place.line.cut_from.as_ref());
        let trunk = cut_from.map(|line| trunks.get(line.clone(), || self.trunk(line))).transpose()?;
        let mut cut = None;
        let first = self.follow(tip, |id| {
            let is_on = trunk.as_ref().is_some_and(|trunk| trunk.contains(&id));
            cut = cut.or(Some(id).filter(|_| is_on));
            is_on
        })?;
        Ok(cut.map_or(Base::First(first), Base::Cut))
    }

    /// Returns the commits that were made on the branches of a line.
    fn trunk(&self, line: &str) -> Result<Trunk, FactError> {
        let mut commits = HashSet::new();
        let of_line = |(name, _): &&(RefName, ObjectId)| {
            self.project().line_of(name).is_some_and(|place| place.line.name == line)
        };
        for (_, tip) in self.held.all().filter(of_line) {
            self.follow(*tip, |id| !commits.insert(id))?;
        }
        Ok(Rc::new(commits))
    }

    /// Follows first parents until one is the one to stop at, or has no parent, and returns that one.
    fn follow(&self, tip: ObjectId, mut stop: impl FnMut(ObjectId) -> bool) -> Result<ObjectId, FactError> {
        let repository = self.project().repository();
        let Some(mut id) = self.project().commit_of(tip)? else { return Ok(tip) };
        while !stop(id) {
            self.project().step()?;
            match repository.parents(id)?.first() {
                Some(parent) => id = *parent,
                None if repository.is_shallow() => return Err(git::Error::Shallow { id }.into()),
                None => break,
            }
        }
        Ok(id)
    }

    /// Removes the findings that are not about what stands, and those that say the same again.
    fn keep_standing(&self, findings: &mut Vec<Finding>) {
        let mut owed = BTreeSet::new();
        let is_tag =
            |finding: &Finding| finding.ref_name.as_ref().is_some_and(|name| name.namespace() == Namespace::Tag);
        findings.retain(|finding| match finding.rule {
            STARTED => self.was_made_elsewhere(finding),
            // Every later version releases it too: the first one did wrong.
            DUE_CHANGES if is_tag(finding) => owed.insert((
                finding.commit,
                place_of(finding),
                finding.message.split_once(" releases ").map(|(_, what)| what.to_owned()),
            )),
            _ => true,
        });
        // What the newest version lacks is what all of them lack, which is why the older ones are left out.
        let mut newest: Vec<(Option<ObjectId>, Option<BString>)> = Vec::new();
        let mut again = BTreeSet::new();
        for (at, finding) in findings.iter().enumerate().rev().filter(|(_, finding)| finding.rule == STRANDED_ENTRIES) {
            let is_below = |(commit, path): &(Option<ObjectId>, _)| {
                *path == finding.path && *commit != finding.commit && self.is_below(finding.commit, *commit)
            };
            if newest.iter().any(is_below) {
                again.insert(at);
            } else {
                newest.push((finding.commit, finding.path.clone()));
            }
        }
        let mut at = 0;
        findings.retain(|_| {
            at += 1;
            !again.contains(&(at - 1))
        });
    }

    fn is_below(&self, commit: Option<ObjectId>, other: Option<ObjectId>) -> bool {
        let both = commit.zip(other);
        both.is_some_and(|(commit, other)| self.project().is_ancestor(commit, other).unwrap_or(false))
    }

    /// Returns whether a commit with which a branch seems to start was made on another line. Where it came to that line by
    /// a merge, the branch was merged there after it had started.
    fn was_made_elsewhere(&self, finding: &Finding) -> bool {
        let (Some(commit), Some(own)) = (finding.commit, &finding.ref_name) else { return true };
        let line = |name: &RefName| self.project().line_of(name).map(|place| place.line.name.clone());
        // Of its own line, those that were there before it.
        let earlier = self.held.lines.iter().take_while(|(name, _)| name != own).map(|(name, _)| name);
        let earlier: BTreeSet<&RefName> = earlier.collect();
        let was_there = |name: &RefName| line(name) != line(own) || earlier.contains(name);
        self.held.lines.iter().filter(|(name, _)| was_there(name)).any(|(_, tip)| {
            let mut is_met = false;
            let followed = self.follow(*tip, |id| {
                is_met = id == commit;
                is_met
            });
            is_met || followed.is_err()
        })
    }
}

/// Returns where the policy asks for what is refused.
fn place_of(finding: &Finding) -> Option<(String, u32)> {
    finding.policy_line.as_ref().map(|place| (place.source.clone(), place.line))
}

/// The commits that were made on a line.
type Trunk = Rc<HashSet<ObjectId>>;

/// Returns whether a rule judges, of this update, what only counts while it is made.
fn is_past(rule: &Armed, update: &Update<'_, '_>) -> bool {
    let Some(place) = update.line() else { return false };
    let short = update.name().short();
    match rule.meta.id {
        // Whether a version is next is a question about a new branch.
        UNLISTED => true,
        // The policy lists the branch because it stands.
        RETIRED => place.line.lists_retired(short),
        _ => false,
    }
}

/// Compares names as people sort them: the numbers in them by their value.
fn natural(a: &[u8], b: &[u8]) -> Ordering {
    let (mut a, mut b) = (a, b);
    while let (Some(x), Some(y)) = (a.first(), b.first()) {
        let order = if x.is_ascii_digit() && y.is_ascii_digit() {
            let (own, other) = (number(&mut a), number(&mut b));
            own.len().cmp(&other.len()).then_with(|| own.cmp(other))
        } else {
            (a, b) = (a.get(1..).unwrap_or_default(), b.get(1..).unwrap_or_default());
            x.cmp(y)
        };
        if order.is_ne() {
            return order;
        }
    }
    a.len().cmp(&b.len())
}

/// Takes the digits at the beginning, and returns them without leading zeros.
fn number<'a>(text: &mut &'a [u8]) -> &'a [u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).unwrap_or((text, b""));
    *text = rest;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    digits.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_by_the_numbers_in_them() {
        let mut names = ["1.10", "1.9", "1.09", "1.9-x", "release/2", "release/10", "1", ""];
        names.sort_by(|a, b| natural(a.as_bytes(), b.as_bytes()).then_with(|| a.cmp(b)));
        assert_eq!(names, ["", "1", "1.09", "1.9", "1.9-x", "1.10", "release/2", "release/10"]);
    }
}
