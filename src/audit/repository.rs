//! One repository of an audit.

use jiff::civil::Date;
use std::path::Path;
use std::time::{Duration, Instant};

use super::places::Place;
use super::state::{Key, Known, Record, State, key};
use crate::gate::{Ask, Gate};
use crate::git::{Environment, Repository, Trust, canonical};
use crate::model::{Exit, Failure, RefName, Stage};
use crate::policy::{LoadError, Source};
use crate::project::View;
use crate::report::Entry;

/// On what terms repositories are judged.
#[derive(Debug)]
pub(crate) struct Terms {
    /// What git's own variables say.
    pub environment: Environment,
    /// The policy that is named for all of them; each has its own otherwise.
    pub policy: Option<Source>,
    /// The remote whose tracking refs stand for the branches, in clones.
    pub remote: String,
    /// How long one repository may take.
    pub deadline: Option<Duration>,
    /// The day on which waivers have to be valid.
    pub today: Option<Date>,
}

/// What became of a repository.
pub(super) struct Done {
    pub(super) entry: Entry,
    /// Whether it was judged now, and is not known from before.
    pub(super) is_new: bool,
    /// What is to be kept of it.
    pub(super) record: Option<Record>,
}

/// Judges the repository at a place, unless it is known what comes out.
pub(super) fn look_at(place: &Place, terms: &Terms, state: Option<&State>) -> Done {
    let failed = |failure: &Failure| Entry::failed(place.shown.clone(), failure);
    let gate = match open(place, terms) {
        Ok(gate) => gate,
        // There is nothing to tell it by when it has changed, and finding out again takes no time.
        Err(failure) => return Done { entry: failed(&failure), is_new: true, record: None },
    };
    let held = gate.held().map_err(|error| error.into_failure("listing the branches and tags", Stage::Ci));
    let asked = held.and_then(|held| {
        let key = key(&gate, &held, &place.path, &terms.remote)?;
        Ok((held, key))
    });
    let (held, key): (_, Key) = match asked {
        Ok(asked) => asked,
        Err(failure) => return Done { entry: failed(&failure), is_new: true, record: None },
    };
    if let Some(Known(entry)) = state.and_then(|state| state.known(&key, terms.today)) {
        return Done { entry: entry.at(place.shown.clone()), is_new: false, record: None };
    }
    let (entry, until) = match gate.judge_standing(&held, terms.today) {
        Ok(outcome) => {
            let waivers = outcome.findings.iter().filter_map(|finding| finding.waiver.as_ref()?.until.clone());
            (Entry::judged(place.shown.clone(), &outcome), waivers.min())
        }
        Err(failure) => (failed(&failure), None),
    };
    let record = Record::new(key, until, entry.clone());
    Done { entry, is_new: true, record: Some(record) }
}

fn open(place: &Place, terms: &Terms) -> Result<Gate, Failure> {
    let detail = "opening the repository";
    if let Some(problem) = &place.problem {
        return Err(Failure::new(Exit::Undecided, detail, problem.clone()));
    }
    let undecided = |error: crate::git::Error| Failure::from_error(Exit::Undecided, detail, &error);
    let repository = Repository::open(Some(&place.path), &terms.environment, Trust::Cli).map_err(undecided)?;
    if !is_at(&repository, &place.path) {
        let cause = "there is no repository here; the one around it is another";
        return Err(Failure::new(Exit::Undecided, detail, cause));
    }
    // Nothing is judged by it, but where it cannot be read git does not take the folder for a repository.
    repository.resolve(&RefName::new("HEAD")).map_err(undecided)?;
    let deadline = terms.deadline.and_then(|time| Instant::now().checked_add(time));
    repository.set_deadline(deadline);
    let view = View::of_place(&repository, terms.remote.as_bytes()).map_err(undecided)?;
    let ask = Ask { named: terms.policy.clone(), deadline, ..Ask::default() }.in_clone(&repository, &terms.remote);
    Gate::open(repository, view, ask).map_err(|error| match error {
        LoadError::Unreadable(failure) => failure,
        LoadError::Invalid(errors) => Failure::new(Exit::Policy, "reading the policy", errors.to_string())
            .help("`refgate policy check` shows every error in its place"),
    })
}

/// Returns whether a repository is the one at a path, and not one that the path lies in.
fn is_at(repository: &Repository, path: &Path) -> bool {
    let Ok(path) = canonical(path) else { return false };
    repository.git_dir() == path || path.join(".git").symlink_metadata().is_ok()
}
