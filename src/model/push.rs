//! A push: the set of ref updates that is judged as one.

use bstr::BString;
use std::fmt;

use super::{ObjectId, RefName};

/// Refs of this prefix exist only to test a hook: `refgate hook` refuses them whatever the policy says.
pub(crate) const PROBE: &str = "refs/refgate-doctor/";

/// What `refgate hook` says about a push below [`PROBE`]; `refgate doctor` recognises the refusal by it.
pub(crate) const PROBE_ANSWER: &str = "refgate doctor: this push reached refgate";

/// The notes that record waivers: `refgate waive` writes them, and they count where a policy says who may push them.
pub(crate) const WAIVER_NOTES: &str = "refs/notes/refgate";

/// Where in a push's life the gate was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// On the developer's machine, before anything is sent.
    PrePush,
    /// On the server, before any ref moves; the whole push at once.
    PreReceive,
    /// On the server, one ref at a time; earlier refs of the push may have moved.
    Update,
    /// In continuous integration, or from the command line.
    Ci,
}

impl Stage {
    /// Returns the name used in reports and in `refgate hook`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
            Self::Ci => "ci",
        }
    }

    /// Returns whether a refusal here is enforced: the server has the last word.
    pub const fn is_server(self) -> bool {
        matches!(self, Self::PreReceive | Self::Update)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Who pushes, as far as the configured source says.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Actor {
    /// The configured source named somebody.
    Known(BString),
    /// A source is configured, but it names nobody for this push.
    #[default]
    Unknown,
    /// The host's own administrator acting past its access control (gitolite's `GL_BYPASS_ACCESS_CHECKS`).
    Host,
}

/// One ref of a push: from `old` to `new`. A null `old` creates, a null `new` deletes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The ref on the receiving side.
    pub name: RefName,
    /// What it holds there now.
    pub old: ObjectId,
    /// What it is to hold.
    pub new: ObjectId,
    /// The symbolic ref that was pushed, where this is the ref it stands for.
    pub via: Option<RefName>,
}

impl RefUpdate {
    /// Returns whether the ref does not exist yet.
    pub fn creates(&self) -> bool {
        self.old.is_null() && !self.new.is_null()
    }

    /// Returns whether the ref is deleted. git passes the deletion of a ref that does not exist on to hooks, as two
    /// null ids: that deletes nothing.
    pub fn deletes(&self) -> bool {
        self.new.is_null() && !self.old.is_null()
    }
}

/// What an update does to its ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Movement {
    /// The ref is new.
    Create,
    /// The old commit is an ancestor of the new one.
    FastForward,
    /// The old commit is not: history is replaced, a tag is moved.
    Rewrite,
    /// The ref goes away.
    Delete,
}

impl Movement {
    /// Returns the word used in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::FastForward => "fast-forward",
            Self::Rewrite => "rewrite",
            Self::Delete => "delete",
        }
    }
}

/// The set of ref updates offered together, by one actor, through one host, at one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    /// Where the gate was asked.
    pub stage: Stage,
    /// The host's name in the configuration; `None` when none is named.
    pub host: Option<String>,
    /// Who pushes.
    pub actor: Actor,
    /// `git push -o` texts. Empty where the host hands none over (the update hook never gets them).
    pub options: Vec<BString>,
    /// The updates in the order in which they were offered.
    pub updates: Vec<RefUpdate>,
}

impl Push {
    /// Makes a push of which nothing is known but its updates: where nobody pushes, and what stands or was is judged.
    pub(crate) const fn anonymous(stage: Stage, updates: Vec<RefUpdate>) -> Self {
        Self { stage, host: None, actor: Actor::Unknown, options: Vec::new(), updates }
    }
}
