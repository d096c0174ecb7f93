//! What is owed: changes of one line that have not reached the line where the policy wants them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::{FactError, Project, Snapshot};
use crate::git::Commit;
use crate::landed::{self, Evidence, Form, Grammar, Options, Original, Status, Verdict};
use crate::model::{ObjectId, RefName, Untrusted};
use crate::policy::{self, Flow, Policy, Way};

/// A change that is not where a flow wants it.
#[derive(Clone, Debug)]
pub struct Debt {
    /// The change.
    pub commit: Commit,
    /// Why it counts as owed, in a sentence.
    pub reason: String,
    /// Whether it seems to be there nevertheless, and a person should look.
    pub probable: bool,
    /// Where it is due: the line, or the branch where each of them needs it.
    pub place: String,
    /// A branch there.
    pub to: Option<RefName>,
}

/// Where a flow wants changes: one of the branches has to have them.
#[derive(Clone, Debug)]
pub struct Destination {
    /// The line, or the branch where each of them needs the changes, as messages call it.
    pub name: String,
    /// The branches, with their tips.
    pub branches: Vec<(RefName, ObjectId)>,
}

impl Destination {
    /// Returns the tips of its branches.
    pub fn tips(&self) -> Vec<ObjectId> {
        self.branches.iter().map(|(_, tip)| *tip).collect()
    }
}

/// A change whose message names an original that its content contradicts.
#[derive(Clone, Debug)]
pub struct Dispute {
    /// The change.
    pub commit: ObjectId,
    /// What is wrong with what it names, in a sentence.
    pub wrong: String,
    /// Whether something speaks for it nevertheless, and a person should look.
    pub is_doubt: bool,
}

/// The result of a comparison.
#[derive(Debug)]
pub(super) struct Compared {
    tip: ObjectId,
    to: Vec<ObjectId>,
    exempt_trailer: String,
    owes_chores: bool,
    verdicts: BTreeMap<ObjectId, Verdict>,
    unread: Vec<ObjectId>,
}

impl Compared {
    fn answers(&self, tip: ObjectId, to: &[ObjectId], options: &Options<'_>) -> bool {
        let asked = options.only.as_deref().unwrap_or_default();
        let is_alike = self.exempt_trailer == options.exempt_trailer && self.owes_chores == options.owes_chores;
        self.tip == tip && self.to == to && is_alike && asked.iter().all(|commit| self.verdicts.contains_key(commit))
    }
}

/// Where the changes of a line are that a flow is about.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// One for each change that is not itself on the other line, newest first.
    pub verdicts: Vec<Verdict>,
    /// Returns the files that are not in this repository: changes in them could not be compared line by line.
    pub unread: Vec<ObjectId>,
}

/// Returns the forms in which messages name their originals, those of the policy's own included.
pub(crate) fn grammar(policy: &Policy) -> Grammar {
    let own = policy.named_by.iter().map(|form| {
        let original = match form.original {
            policy::Original::Commit => Original::Commit,
            policy::Original::PullRequest => Original::PullRequest,
        };
        Form::new(&form.before, original, &form.after)
    });
    Grammar::with(own.collect())
}

impl Project {
    /// Returns, for commits of one line that are listed newest first, whether each was reverted by a later one that was
    /// not reverted itself.
    pub fn taken_back(&self, commits: &[Commit]) -> Vec<bool> {
        landed::taken_back(commits)
    }
}

impl Snapshot<'_> {
    /// Returns the forms in which messages name their originals: [`grammar`] of the policy.
    pub fn grammar(&self) -> Grammar {
        grammar(self.project().policy())
    }

    /// Returns where a flow wants the changes of a branch.
    ///
    /// # Errors
    /// Refs that cannot be read, or no branch of the line that it leads to.
    pub fn destinations(&self, flow: &Flow, from: &RefName) -> Result<Vec<Destination>, FactError> {
        let branches = self.branches_of(&flow.to)?;
        if !flow.each {
            if branches.is_empty() {
                let cause = format!("there is no branch of the line `{}` to compare with", flow.to);
                return Err(FactError::undecided(cause));
            }
            return Ok(vec![Destination { name: format!("the line `{}`", flow.to), branches }]);
        }
        let mut destinations = Vec::new();
        for (name, tip) in branches {
            if name != *from && self.is_maintained(&name, tip)? {
                destinations.push(Destination { name: format!("`{name}`"), branches: vec![(name, tip)] });
            }
        }
        Ok(destinations)
    }

    /// Returns the changes of a branch, at `tip`, that a flow wants elsewhere and that are missing there, newest first for
    /// each place. Merges owe nothing themselves; the commits that they bring do. With `only`, no others are looked at.
    pub fn debts(
        &self,
        flow: &Flow,
        from: &RefName,
        tip: ObjectId,
        only: Option<&[ObjectId]>,
    ) -> Result<Vec<Debt>, FactError> {
        let mut debts = Vec::new();
        for destination in self.destinations(flow, from)? {
            let options = Options { only: only.map(<[_]>::to_vec), ..Options::default() };
            let answers = self.answers(flow, tip, &destination.tips(), options)?;
            let before = debts.len();
            for verdict in answers.verdicts {
                let probable = match verdict.status {
                    Status::Landed | Status::Exempt => continue,
                    Status::Probable => true,
                    Status::Reverted | Status::Elsewhere | Status::Missing => false,
                };
                debts.push(Debt {
                    commit: self.project().commit(verdict.commit)?,
                    reason: verdict.reason,
                    probable,
                    place: destination.name.clone(),
                    to: destination.branches.first().map(|(name, _)| name.clone()),
                });
            }
            if debts.len() > before {
                self.all_read(&answers.unread)?;
            }
        }
        Ok(debts)
    }

    /// Asks whether every file was there that changes were compared by. One that was not may be what makes two alike.
    fn all_read(&self, unread: &[ObjectId]) -> Result<(), FactError> {
        unread.first().map_or(Ok(()), |id| Err(self.project().repository().absent(*id).into()))
    }

    /// Returns where each change below `tip` is that is not itself below `to`, as a flow sees it: what the flow exempts
    /// is added to what is exempt anyway, and the forms in which messages name originals are the policy's. With
    /// `options.only`, no others are looked at.
    pub fn answers(
        &self,
        flow: &Flow,
        tip: ObjectId,
        to: &[ObjectId],
        options: Options<'_>,
    ) -> Result<Answers, FactError> {
        let wanted: Option<BTreeSet<ObjectId>> = options.only.as_ref().map(|only| only.iter().copied().collect());
        let mut answers = Answers::default();
        let mut asked = Vec::new();
        for id in self.project().commits(&[tip], to)? {
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&id)) {
                continue;
            }
            let commit = self.project().commit(id)?;
            if commit.parents.len() > 1 {
                continue;
            }
            let (status, reason) = match self.exemption(flow, &commit)? {
                Some(reason) => (Status::Exempt, reason),
                None => {
                    asked.push(id);
                    (Status::Missing, "it has not been merged there".to_owned())
                }
            };
            answers.verdicts.push(without_match(&commit, status, reason));
        }
        if asked.is_empty() {
            return Ok(answers);
        }
        let options = Options { only: Some(asked), ..self.as_flow_asks(flow, options) };
        if !flow.by.contains(&Way::Pick) {
            let exempt = landed::exempt(self.project().repository(), tip, to, &options)?;
            for verdict in &mut answers.verdicts {
                if let Some(reason) = exempt.get(&verdict.commit).filter(|_| verdict.status == Status::Missing) {
                    (verdict.status, verdict.reason) = (Status::Exempt, reason.clone());
                }
            }
            return Ok(answers);
        }
        let compared = self.compare(tip, to, options)?;
        for verdict in answers.verdicts.iter_mut().filter(|verdict| verdict.status == Status::Missing) {
            let Some(own) = compared.verdicts.get(&verdict.commit) else {
                let cause = format!("nothing is known of where {} landed", verdict.commit.short());
                return Err(FactError::undecided(cause));
            };
            *verdict = own.clone();
            if own.status == Status::Missing {
                verdict.reason = own.disputed.clone().unwrap_or_else(|| "nothing like it is there".to_owned());
            }
        }
        answers.unread.clone_from(&compared.unread);
        Ok(answers)
    }

    /// Returns those of some commits of a branch whose messages name an original that is not in the repository, or one
    /// that does something else. An original on a third line is not compared.
    pub fn disputed(
        &self,
        flow: &Flow,
        from: &RefName,
        tip: ObjectId,
        commits: &[ObjectId],
    ) -> Result<Vec<Dispute>, FactError> {
        let grammar = self.grammar();
        let mut naming = Vec::new();
        for id in commits {
            let commit = self.project().commit(*id)?;
            if commit.parents.len() < 2 && grammar.may_name(commit.message.as_ref()) {
                naming.push(*id);
            }
        }
        if naming.is_empty() {
            return Ok(Vec::new());
        }
        let to: Vec<ObjectId> = self.destinations(flow, from)?.iter().flat_map(Destination::tips).collect();
        let options = Options { only: Some(naming.clone()), ..Options::default() };
        let compared = self.compare(tip, &to, self.as_flow_asks(flow, options))?;
        let verdicts = naming.iter().filter_map(|id| compared.verdicts.get(id));
        let disputed: Vec<Dispute> = verdicts
            .filter_map(|verdict| {
                let (commit, is_named) = (verdict.commit, verdict.evidence.is_some_and(Evidence::is_said));
                match (&verdict.disputed, verdict.status) {
                    // The original is on another line.
                    (_, Status::Missing) => None,
                    (Some(wrong), _) => Some(Dispute { commit, wrong: wrong.clone(), is_doubt: false }),
                    (None, Status::Probable) if is_named => {
                        Some(Dispute { commit, wrong: verdict.reason.clone(), is_doubt: true })
                    }
                    (None, _) => None,
                }
            })
            .collect();
        if !disputed.is_empty() {
            self.all_read(&compared.unread)?;
        }
        Ok(disputed)
    }

    /// Returns how changes are compared for a flow.
    fn as_flow_asks<'o>(&self, flow: &'o Flow, options: Options<'o>) -> Options<'o> {
        let grammar = self.grammar();
        Options { grammar, exempt_trailer: &flow.exempt_trailer, owes_chores: flow.owes_chores, ..options }
    }

    fn compare(&self, tip: ObjectId, to: &[ObjectId], options: Options<'_>) -> Result<Rc<Compared>, FactError> {
        // A comparison that excludes something, for measuring, is not reused.
        let is_usual = !options.ignore_explicit && options.without.is_empty();
        let known = self.compared.borrow().iter().find(|known| is_usual && known.answers(tip, to, &options)).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let comparison = landed::compare(self.project().repository(), tip, to, &options)?;
        let compared = Rc::new(Compared {
            tip,
            to: to.to_vec(),
            exempt_trailer: options.exempt_trailer.to_owned(),
            owes_chores: options.owes_chores,
            verdicts: comparison.verdicts().iter().map(|verdict| (verdict.commit, verdict.clone())).collect(),
            unread: comparison.unread().to_vec(),
        });
        if is_usual {
            self.compared.borrow_mut().push(Rc::clone(&compared));
        }
        Ok(compared)
    }

    /// Returns why a change is exempt from the flow: by what its message says, its kind or the paths that it touches.
    fn exemption(&self, flow: &Flow, commit: &Commit) -> Result<Option<String>, FactError> {
        if let Some(reason) = landed::stays(commit, &flow.exempt_trailer) {
            return Ok(Some(format!("`{}: {}`", flow.exempt_trailer, Untrusted::new(&reason))));
        }
        let retires = self.project().policy().line(&flow.from).and_then(|line| line.retired_by.trailer.as_deref());
        if let Some(token) = retires.filter(|token| landed::stays(commit, token).is_some()) {
            return Ok(Some(format!("`{token}`: it declares its own branch unmaintained")));
        }
        let kinds = if flow.exempt_changes.is_empty() { Vec::new() } else { self.project().kinds_of(commit)? };
        if let Some(kind) = flow.exempt_changes.iter().find(|exempt| kinds.contains(&exempt.as_str())) {
            return Ok(Some(format!("a `{kind}` change, which stays on the line `{}`", flow.from)));
        }
        if flow.exempt_paths.is_empty() {
            return Ok(None);
        }
        let touched = self.project().touched(commit)?;
        let stays = |path: &bstr::BString| flow.exempt_paths.iter().any(|own| own.matches(path.as_ref()).is_some());
        let all_stay = !touched.is_empty() && touched.iter().all(stays);
        Ok(all_stay.then(|| format!("all it touches stays on the line `{}`", flow.from)))
    }
}

fn without_match(commit: &Commit, status: Status, reason: String) -> Verdict {
    Verdict {
        commit: commit.id,
        subject: commit.subject().to_owned(),
        status,
        matched: None,
        evidence: None,
        score: 0.0,
        reason,
        reverted_by: None,
        disputed: None,
        also: Vec::new(),
    }
}
