//! The answer for one change.

use bstr::BString;
use serde::{Deserialize, Serialize};
use std::fmt;

use crate::git::Commit;
use crate::model::ObjectId;

/// Whether a change is on the other line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// It is there.
    Landed,
    /// A considerable part of it is not there; a person should look.
    Partial,
    /// It seems to be there; a person should look.
    Probable,
    /// It was there and was reverted, while the branch still has it.
    Reverted,
    /// It is not there.
    Missing,
    /// It need not be there.
    Exempt,
    /// It names an original that this repository does not have.
    Elsewhere,
}

impl Status {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 7] =
        [Self::Missing, Self::Reverted, Self::Elsewhere, Self::Partial, Self::Probable, Self::Landed, Self::Exempt];

    /// Returns the name in `refgate.landed/v1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Landed => "landed",
            Self::Partial => "partial",
            Self::Probable => "probable",
            Self::Reverted => "reverted",
            Self::Missing => "missing",
            Self::Exempt => "exempt",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an answer rests on, most explicit first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Evidence {
    /// The commit itself is there.
    Ancestor,
    /// A message names the commit, and the content agrees.
    Trailer,
    /// Both have Gerrit's id of the change.
    ChangeId,
    /// A message names the pull request, and the content agrees.
    PullRequest,
    /// git's patch-id is the same.
    PatchId,
    /// Author, timestamp, title.
    Metadata,
    /// Lines, titles and messages are alike.
    Similar,
    /// Several commits there make up this one.
    Squash,
}

impl Evidence {
    /// All of them, most explicit first.
    pub const ALL: [Self; 8] = [
        Self::Ancestor,
        Self::Trailer,
        Self::ChangeId,
        Self::PullRequest,
        Self::PatchId,
        Self::Metadata,
        Self::Similar,
        Self::Squash,
    ];

    /// Returns whether it is what a message says.
    pub const fn is_said(self) -> bool {
        matches!(self, Self::Trailer | Self::ChangeId | Self::PullRequest)
    }

    /// Returns the name in `refgate.landed/v1`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ancestor => "ancestor",
            Self::Trailer => "trailer",
            Self::ChangeId => "change-id",
            Self::PullRequest => "pull-request",
            Self::PatchId => "patch-id",
            Self::Metadata => "metadata",
            Self::Similar => "similar",
            Self::Squash => "squash",
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where one change is on the other line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// The commit of the branch.
    pub commit: ObjectId,
    /// Its subject: untrusted text.
    pub subject: BString,
    /// The answer.
    pub status: Status,
    /// The commit there that it is.
    pub matched: Option<ObjectId>,
    /// What the answer rests on, where there is a match.
    pub evidence: Option<Evidence>,
    /// How sure the match is, from 0 to 1; 0 without one.
    pub score: f64,
    /// The answer in one sentence without its final period; contains no untrusted text.
    pub reason: String,
    /// The commit that reverted it, where the status is [`Status::Reverted`].
    pub reverted_by: Option<ObjectId>,
    /// What its message names as its original and is not, if so: it does not exist there, or does something else.
    pub disputed: Option<String>,
    /// Other commits there that are this change as well, by strong evidence, or parts of it.
    pub also: Vec<ObjectId>,
    /// How much of the change is there, by its own lines, from 0 to 1; 0 where nothing is.
    pub part: f64,
    /// What of it is not there, where that was looked at.
    pub missing: Vec<Missing>,
    /// Whether its message names a commit that has nothing in common with it.
    pub is_false_name: bool,
    /// Whether it is known to have git's patch-id in common with the match; where it is not, nobody may have looked.
    pub is_same_patch: bool,
}

/// How many lines of a change to a file are not on the other line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The file: untrusted text.
    pub path: BString,
    /// How many lines, of those that say something.
    pub lines: u32,
}

impl Verdict {
    /// Returns the answer for a commit that is on the other line itself, by a merge that did not keep its change.
    pub(crate) fn merged(commit: &Commit, status: Status, merge: ObjectId, reason: String) -> Self {
        let verdict = Self::unmatched(commit.id, commit.subject().to_owned(), status, reason);
        if status != Status::Probable {
            return verdict;
        }
        Self { matched: Some(merge), evidence: Some(Evidence::Ancestor), score: 0.5, ..verdict }
    }

    /// Returns the answer for a commit of which no counterpart is named.
    pub(crate) const fn unmatched(commit: ObjectId, subject: BString, status: Status, reason: String) -> Self {
        Self {
            commit,
            subject,
            status,
            matched: None,
            evidence: None,
            score: 0.0,
            reason,
            reverted_by: None,
            disputed: None,
            also: Vec::new(),
            part: 0.0,
            missing: Vec::new(),
            is_false_name: false,
            is_same_patch: false,
        }
    }
}

/// The answer for each change of one line that is not on another.
#[derive(Clone, Debug)]
pub(crate) struct Comparison {
    pub(super) verdicts: Vec<Verdict>,
    pub(super) unread: Vec<ObjectId>,
}

impl Comparison {
    /// Returns one verdict for each change, newest first.
    pub(crate) fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }

    /// Returns the files that are not in this repository: changes in them could not be compared line by line.
    pub(crate) fn unread(&self) -> &[ObjectId] {
        &self.unread
    }
}
