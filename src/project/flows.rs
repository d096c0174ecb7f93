//! What is owed: changes of one line that have not reached the line where the policy wants them.

use bstr::BString;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::wanted::Answer;
use super::{Destination, FactError, Memo, Project, Snapshot};
use crate::git::Commit;
use crate::landed::{self, Evidence, Form, Grammar, Options, Original, Status, Told, Verdict};
use crate::model::{ObjectId, RefName, Untrusted};
use crate::policy::{self, Flow, FlowDue, Part, Pattern, Policy, Way};

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
    /// When it is due.
    pub due: Vec<FlowDue>,
    /// What says that it is wanted there, where only what is wanted is due.
    pub wanted: Option<String>,
}

impl Debt {
    /// Returns what is wrong, in a sentence: this commit is due there, or wanted there.
    pub fn sentence(&self) -> String {
        let (commit, place, reason) = (self.commit.id.short(), &self.place, &self.reason);
        match &self.wanted {
            Some(wanted) => format!("{commit} is wanted on {place} ({wanted}): {reason}"),
            None => format!("{commit} is due on {place}: {reason}"),
        }
    }
}

/// Which of the changes of a branch are looked at.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// Only these.
    pub only: Option<&'a [ObjectId]>,
    /// Only those that are due at one of the times for which this holds.
    pub when: &'a dyn Fn(FlowDue) -> bool,
    /// Only those that were made before this second.
    pub until: Option<i64>,
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
        landed::taken_back(&commits.iter().map(Told::of).collect::<Vec<Told>>())
    }
}

impl Snapshot<'_> {
    /// Returns the forms in which messages name their originals: [`grammar`] of the policy.
    pub fn grammar(&self) -> Grammar {
        grammar(self.project().policy())
    }

    /// Returns how changes are compared under this policy, whatever is asked.
    pub fn comparing(&self) -> Options<'_> {
        Options { grammar: self.grammar(), seen: Some(&self.project().seen), ..Options::default() }
    }

    /// Returns the changes of a branch, at `tip`, that a flow wants elsewhere and that are missing there, newest first for
    /// each place. Merges owe nothing themselves; the commits that they bring do.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn debts(
        &self,
        flow: &Flow,
        from: &RefName,
        tip: ObjectId,
        asking: Asking<'_>,
    ) -> Result<Vec<Debt>, FactError> {
        let mut debts = Vec::new();
        for destination in self.destinations(flow, from, tip)? {
            debts.extend(self.debts_at(flow, tip, &destination, asking)?);
        }
        Ok(debts)
    }

    /// Returns the changes at `tip` that a flow wants at one place and that are missing there, newest first.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn debts_at(
        &self,
        flow: &Flow,
        tip: ObjectId,
        destination: &Destination,
        asking: Asking<'_>,
    ) -> Result<Vec<Debt>, FactError> {
        let mut debts = Vec::new();
        let options = Options { only: asking.only.map(<[_]>::to_vec), ..Options::default() };
        let times: Memo<ObjectId, Vec<FlowDue>> = Memo::default();
        let due_times = |commit: &Commit| times.get(commit.id, || self.due_times(flow, commit));
        let is_asked = |commit: &Commit| {
            let is_old = asking.until.is_none_or(|until| commit.committer.seconds <= until);
            Ok(is_old && due_times(commit)?.into_iter().any(asking.when))
        };
        let answers = self.answers_about(flow, tip, destination, options, &is_asked)?;
        for verdict in answers.verdicts {
            let probable = match verdict.status {
                Status::Landed | Status::Exempt => continue,
                Status::Probable => true,
                Status::Partial => flow.partial == Part::Warn,
                Status::Reverted | Status::Elsewhere | Status::Missing => false,
            };
            let commit = self.project().commit(verdict.commit)?;
            let wanted = match destination.only_branch().filter(|_| !flow.wanted_by.is_empty()) {
                Some((branch, to)) => match self.is_wanted(flow, &commit, tip, branch, *to)? {
                    Answer::Wanted(said) => Some(said),
                    Answer::NotAffected | Answer::NotWanted => continue,
                },
                None => None,
            };
            let to = destination.branches.first().filter(|_| verdict.status != Status::Reverted);
            debts.push(Debt {
                due: due_times(&commit)?,
                commit,
                reason: verdict.reason,
                probable,
                place: destination.name.clone(),
                // What the other line took back is not for a command to bring there again.
                to: to.map(|(name, _)| name.clone()),
                wanted,
            });
        }
        if !debts.is_empty() {
            self.all_read(&answers.unread)?;
        }
        Ok(debts)
    }

    /// Returns when a change is due by a flow.
    fn due_times(&self, flow: &Flow, commit: &Commit) -> Result<Vec<FlowDue>, FactError> {
        if flow.due_for.is_empty() {
            return Ok(vec![flow.due]);
        }
        Ok(flow.due_times(&self.project().kinds_of(commit)?))
    }

    /// Asks whether every file was there that changes were compared by. One that was not may be what makes two alike.
    pub(super) fn all_read(&self, unread: &[ObjectId]) -> Result<(), FactError> {
        unread.first().map_or(Ok(()), |id| Err(self.project().repository().absent(*id).into()))
    }

    /// Returns where each change below `tip` is that is not itself at the destination, as a flow sees it: what the flow
    /// exempts is added to what is exempt anyway, and the forms in which messages name originals are the policy's. With
    /// `options.only`, no others are looked at.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn answers(
        &self,
        flow: &Flow,
        tip: ObjectId,
        destination: &Destination,
        options: Options<'_>,
    ) -> Result<Answers, FactError> {
        self.answers_about(flow, tip, destination, options, &|_| Ok(true))
    }

    /// Does the same for those changes alone for which `is_asked` holds.
    fn answers_about(
        &self,
        flow: &Flow,
        tip: ObjectId,
        destination: &Destination,
        options: Options<'_>,
        is_asked: &dyn Fn(&Commit) -> Result<bool, FactError>,
    ) -> Result<Answers, FactError> {
        let to = &destination.tips();
        let wanted: Option<BTreeSet<ObjectId>> = options.only.as_ref().map(|only| only.iter().copied().collect());
        let mut answers = Answers::default();
        let mut asked = Vec::new();
        for id in self.project().commits(&[tip], to)? {
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&id)) {
                continue;
            }
            let commit = self.project().commit(id)?;
            if commit.parents.len() > 1 || !is_asked(&commit)? {
                continue;
            }
            let (status, reason) = match self.exemption(flow, &commit, tip, destination)? {
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
        let to: Vec<ObjectId> = self.destinations(flow, from, tip)?.iter().flat_map(Destination::tips).collect();
        let options = Options { only: Some(naming.clone()), ..Options::default() };
        let compared = self.compare(tip, &to, self.as_flow_asks(flow, options))?;
        let verdicts = naming.iter().filter_map(|id| compared.verdicts.get(id));
        let disputed: Vec<Dispute> = verdicts
            .filter_map(|verdict| {
                let (commit, is_named) = (verdict.commit, verdict.evidence.is_some_and(Evidence::is_said));
                match (&verdict.disputed, verdict.status) {
                    (Some(wrong), _) if verdict.is_false_name => {
                        Some(Dispute { commit, wrong: wrong.clone(), is_doubt: false })
                    }
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
    pub(super) fn as_flow_asks<'o>(&'o self, flow: &'o Flow, options: Options<'o>) -> Options<'o> {
        let Options { grammar, seen, .. } = self.comparing();
        Options { grammar, seen, exempt_trailer: &flow.exempt_trailer, owes_chores: flow.owes_chores, ..options }
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

    /// Returns why a change is exempt from the flow: by what its message says, its kind or the paths that it touches, or
    /// because it is not wanted there.
    pub(super) fn exemption(
        &self,
        flow: &Flow,
        commit: &Commit,
        tip: ObjectId,
        destination: &Destination,
    ) -> Result<Option<String>, FactError> {
        if let Some(reason) = landed::stays(commit, &flow.exempt_trailer) {
            return Ok(Some(format!("`{}: {}`", flow.exempt_trailer, Untrusted::new(&reason))));
        }
        let retires = self.project().policy().line(&flow.from).and_then(|line| line.retired_by.trailer.as_deref());
        if let Some(token) = retires.filter(|token| landed::stays(commit, token).is_some()) {
            return Ok(Some(format!("`{token}`: it declares its own branch unmaintained")));
        }
        let project = self.project();
        for kind in &flow.exempt_changes {
            if project.is_one_of(commit, &[kind])? {
                return Ok(Some(format!("a `{kind}` change, which stays on the line `{}`", flow.from)));
            }
        }
        if !flow.only_changes.is_empty() && !project.is_one_of(commit, &flow.only_changes)? {
            return Ok(Some("not one of the kinds of change that have to get there".to_owned()));
        }
        if !flow.exempt_paths.is_empty() || !flow.only_paths.is_empty() {
            let touched = self.project().touched(commit)?;
            let is_of = |patterns: &[Pattern], path: &BString| {
                patterns.iter().any(|pattern| pattern.matches(path.as_ref()).is_some())
            };
            if !touched.is_empty() && touched.iter().all(|path| is_of(&flow.exempt_paths, path)) {
                return Ok(Some(format!("all it touches stays on the line `{}`", flow.from)));
            }
            if !flow.only_paths.is_empty() && !touched.iter().any(|path| is_of(&flow.only_paths, path)) {
                return Ok(Some("it touches none of the paths whose changes have to get there".to_owned()));
            }
        }
        let Some((branch, to)) = destination.only_branch().filter(|_| !flow.wanted_by.is_empty()) else {
            return Ok(None);
        };
        Ok(match self.is_wanted(flow, commit, tip, branch, *to)? {
            Answer::Wanted(_) => None,
            Answer::NotAffected => Some("what it fixes is not there".to_owned()),
            Answer::NotWanted => Some("nothing says that it is wanted there".to_owned()),
        })
    }
}

fn without_match(commit: &Commit, status: Status, reason: String) -> Verdict {
    Verdict::unmatched(commit.id, commit.subject().to_owned(), status, reason)
}
