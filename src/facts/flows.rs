//! What is owed: changes of one line that have not got to the line where the policy wants them.

use std::collections::BTreeSet;

use super::{Bindings, Commit, FactError, Facts, Flow, Way};
use crate::landed::{Comparison, Error, Options, Status};
use crate::model::{ObjectId, RefName};
use crate::policy::Waiver;

/// A change that is not where a flow wants it.
#[derive(Clone, Debug)]
pub struct Debt {
    /// The change.
    pub commit: Commit,
    /// Why it counts as owed, in a sentence.
    pub reason: String,
    /// Whether it seems to be there all the same, so that a person should look.
    pub probable: bool,
}

impl<'a> Facts<'a> {
    /// The exceptions that the policy records.
    pub fn waivers(&self) -> &'a [Waiver] {
        &self.policy.waivers
    }

    /// The flows that start on a line.
    pub fn flows_from(&self, line: &str) -> impl Iterator<Item = &'a Flow> {
        self.policy.flows.iter().filter(move |flow| flow.from == line)
    }

    /// The branches that a flow leads to, with their tips once the push has happened.
    pub fn destinations(&self, flow: &Flow) -> Result<Vec<(RefName, ObjectId)>, FactError> {
        self.policy.line(&flow.to).map_or_else(|| Ok(Vec::new()), |line| self.branches(line, &Bindings::new()))
    }

    /// The changes below `tip` that a flow wants elsewhere and that are not there once the push has happened, newest
    /// first. Merges owe nothing: what they bring does. With `only`, no others are looked at.
    pub fn debts(&self, flow: &Flow, tip: ObjectId, only: Option<&[ObjectId]>) -> Result<Vec<Debt>, FactError> {
        let to: Vec<ObjectId> = self.destinations(flow)?.into_iter().map(|(_, tip)| tip).collect();
        if to.is_empty() {
            return Err(FactError::undecided(format!("there is no branch of the line `{}` to compare with", flow.to)));
        }
        let wanted: Option<BTreeSet<ObjectId>> = only.map(|only| only.iter().copied().collect());
        let mut owed = Vec::new();
        for id in self.commits(&[tip], &to)? {
            if wanted.as_ref().is_some_and(|wanted| !wanted.contains(&id)) {
                continue;
            }
            let commit = self.commit(id)?;
            if commit.parents.len() < 2 && !self.is_exempt(flow, &commit)? {
                owed.push(commit);
            }
        }
        if owed.is_empty() || !flow.by.contains(&Way::Pick) {
            let reason = "it has not been merged there".to_owned();
            return Ok(owed
                .into_iter()
                .map(|commit| Debt { commit, reason: reason.clone(), probable: false })
                .collect());
        }
        self.not_picked(owed, tip, &to)
    }

    /// Those of some changes that have no equivalent on the other line.
    fn not_picked(&self, owed: Vec<Commit>, tip: ObjectId, to: &[ObjectId]) -> Result<Vec<Debt>, FactError> {
        self.in_time()?;
        let options = Options {
            only: Some(owed.iter().map(|commit| commit.id).collect()),
            deadline: self.deadline,
            ..Options::default()
        };
        let comparison = Comparison::new(self.repository, tip, to, &options).map_err(|error| match error {
            Error::Git(error) => FactError::from(error),
            Error::Deadline { .. } => FactError::undecided(error.to_string()).help("raise `refgate.deadline`"),
        })?;
        let mut debts = Vec::new();
        for commit in owed {
            let verdict = comparison.verdicts().iter().find(|verdict| verdict.commit == commit.id);
            let Some(verdict) = verdict else {
                let cause = format!("nothing is known of where {} landed", commit.id.short());
                return Err(FactError::undecided(cause));
            };
            match verdict.status {
                // What a chore is, the policy says here, not the engine's own list.
                Status::Landed => {}
                Status::Probable => debts.push(Debt { commit, reason: verdict.reason.clone(), probable: true }),
                Status::Reverted | Status::Elsewhere => {
                    debts.push(Debt { commit, reason: verdict.reason.clone(), probable: false });
                }
                Status::Missing | Status::Exempt => {
                    debts.push(Debt { commit, reason: "nothing like it is there".to_owned(), probable: false });
                }
            }
        }
        Ok(debts)
    }

    /// Whether a change stays where it is: by its own word, its kind or the paths it touches.
    fn is_exempt(&self, flow: &Flow, commit: &Commit) -> Result<bool, FactError> {
        let token = flow.exempt_trailer.as_bytes();
        let gives_reason = |value: &[u8]| value.iter().any(u8::is_ascii_alphanumeric) || !value.is_ascii();
        let says_so = commit
            .trailers()
            .iter()
            .any(|trailer| trailer.token.eq_ignore_ascii_case(token) && gives_reason(&trailer.value));
        if says_so {
            return Ok(true);
        }
        let kinds = self.kinds_of(commit)?;
        if flow.exempt_changes.iter().any(|exempt| kinds.contains(&exempt.as_str())) {
            return Ok(true);
        }
        if flow.exempt_paths.is_empty() {
            return Ok(false);
        }
        let touched = self.touched(commit)?;
        let stays = |path: &bstr::BString| flow.exempt_paths.iter().any(|own| own.matches(path.as_ref()).is_some());
        Ok(!touched.is_empty() && touched.iter().all(stays))
    }
}
