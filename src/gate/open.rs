//! Opening a project: finding its policy, reading it, arming its rules.

use bstr::ByteSlice as _;
use std::path::Path;
use std::time::Instant;

use crate::git::Repository;
use crate::model::{Exit, Failure, Level};
use crate::policy::{self, LoadError, Policy, Source};
use crate::project::{Project, View, confined, is_there, read_source};
use crate::rules::{self, Armed};

/// A project with the rules that its policy turns on.
pub(crate) struct Gate {
    pub(super) project: Project,
    pub(super) rules: Vec<Armed>,
    /// The level above which nothing weighs.
    pub(super) highest: Level,
}

/// The setting by which a repository lets everything through and only records what would have been refused.
pub(crate) const OBSERVE: &str = "refgate.observe";

/// Returns whether a repository is set to observe.
pub(crate) fn observes(repository: &Repository) -> bool {
    let is_true =
        |value: bstr::BString| matches!(value.to_ascii_lowercase().as_slice(), b"true" | b"yes" | b"on" | b"1");
    repository.config(OBSERVE).is_some_and(is_true)
}

/// How a project is opened.
#[derive(Debug, Default)]
pub(crate) struct Ask {
    /// The policy that a flag names; it goes before the configured one.
    pub named: Option<Source>,
    /// Where the policy is when neither a flag nor the configuration names one: the first of these that exists.
    pub fallbacks: Vec<Source>,
    /// Whether the command has an answer without a policy too.
    pub is_optional: bool,
    /// When long answers give up.
    pub deadline: Option<Instant>,
}

impl Gate {
    /// Opens a project. The repository gets the deadline before anything is read from it.
    ///
    /// # Errors
    /// There is no policy, it cannot be read, or it is invalid: all its errors, those of rules included.
    pub(crate) fn open(repository: Repository, view: View, ask: Ask) -> Result<Self, LoadError> {
        repository.set_deadline(ask.deadline);
        let Some(source) = find_policy(&repository, &ask)? else {
            if ask.is_optional {
                return Ok(Self {
                    project: Project::new(repository, Policy::empty(), view),
                    rules: Vec::new(),
                    highest: Level::Refuse,
                });
            }
            return Err(none_found(&repository, &ask).into());
        };
        // On a server the policy is the administrator's, wherever it is.
        let source = match repository.work_tree() {
            Some(top) => confined(source, Path::new(""), Some(top)),
            None => source,
        };
        let read = |source: &Source| read_source(&repository, source);
        let reading = tracing::info_span!("policy", %source).entered();
        let policy = policy::load_while(source, &read, &|| repository.check_deadline().is_ok())?;
        drop(reading);
        let gate = Self::under(repository, view, policy)?;
        if tracing::enabled!(tracing::Level::INFO) {
            let id = gate.policy_id();
            tracing::info!(
                policy = id.name,
                source = id.source,
                blob = id.id,
                rules = gate.rules.len(),
                "read the policy"
            );
        }
        Ok(gate)
    }

    /// Opens a project under a policy that was read before.
    ///
    /// # Errors
    /// What the policy says of single rules is invalid.
    pub(crate) fn under(repository: Repository, view: View, policy: Policy) -> Result<Self, LoadError> {
        let rules = rules::arm(&policy)?;
        let highest = if observes(&repository) { Level::Observe } else { policy.highest_level };
        Ok(Self { project: Project::new(repository, policy, view), rules, highest })
    }

    /// Returns the project.
    pub(crate) fn project(&self) -> &Project {
        &self.project
    }

    /// Returns the rules that are on.
    pub(crate) fn rules(&self) -> &[Armed] {
        &self.rules
    }

    /// Returns whether a rule is on.
    pub(crate) fn is_on(&self, rule: &str) -> bool {
        self.rules.iter().any(|armed| armed.meta.id == rule)
    }
}

/// Returns the policy that the configuration names (`refgate.policy`); `None` where it names none. A relative file is
/// relative to the repository.
///
/// # Errors
/// The value does not name a source.
pub(crate) fn configured_policy(repository: &Repository) -> Result<Option<Source>, Failure> {
    let failure = |cause: String| Failure::new(Exit::Policy, "finding the policy", cause);
    let Some(text) = repository.config("refgate.policy") else { return Ok(None) };
    let text = text.to_str().map_err(|_| failure("`refgate.policy` is not UTF-8".to_owned()))?;
    let source = Source::parse(text).map_err(|error| failure(format!("`refgate.policy`: {error}")))?;
    Ok(Some(source.relative_to(repository.common_dir())))
}

/// Returns where the policy of a repository comes from; `None` where nothing names one.
///
/// # Errors
/// The configuration does not name a source.
pub(crate) fn find_policy(repository: &Repository, ask: &Ask) -> Result<Option<Source>, Failure> {
    if let Some(named) = &ask.named {
        return Ok(Some(named.clone()));
    }
    if let Some(configured) = configured_policy(repository)? {
        return Ok(Some(configured));
    }
    Ok(ask.fallbacks.iter().find(|source| is_there(repository, source)).cloned())
}

fn none_found(repository: &Repository, ask: &Ask) -> Failure {
    let cause = match ask.fallbacks.as_slice() {
        [] => "this repository has no policy".to_owned(),
        [only] => format!("`refgate.policy` is not set, and there is no `{only}`"),
        [file, ..] => format!(
            "`refgate.policy` is not set, and there is no `{file}`, neither in the work tree nor in HEAD nor on the \
             remote's default branch"
        ),
    };
    let failure = Failure::new(Exit::Policy, "finding the policy", cause);
    failure.help(if repository.work_tree().is_some() {
        "name it, for branches that are older than the policy too: `git config refgate.policy \
         ref:refs/remotes/origin/main:.refgate.toml`, with the branch that has it"
    } else {
        "name it: `git config refgate.policy FILE`, `preset:NAME` or `ref:REF:PATH`"
    })
}

/// The file that a project's own policy is in.
pub(crate) const POLICY_FILE: &str = ".refgate.toml";

impl Ask {
    /// Sets where a developer's clone has its policy: in the work tree; in `HEAD`, where the work tree is sparse; on
    /// the remote's default branch, where the branch that is checked out is older than the policy.
    #[must_use]
    pub(crate) fn in_clone(mut self, repository: &Repository, remote: &str) -> Self {
        if let Some(top) = repository.work_tree() {
            let of = |revision: String| Source::Ref { revision, path: POLICY_FILE.to_owned() };
            self.fallbacks = vec![
                Source::File(top.join(Path::new(POLICY_FILE))),
                of("HEAD".to_owned()),
                of(format!("refs/remotes/{remote}/HEAD")),
                // Not every clone has recorded which branch that is.
                of(format!("refs/remotes/{remote}/main")),
                of(format!("refs/remotes/{remote}/master")),
            ];
        }
        self
    }
}
