//! The rules by which one change is taken for another, by name.

use super::features::Features;
use super::thresholds::part;

/// What it is that says so, the surest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Tier {
    /// The same patch, and the title or the author say so too, or it is too distinctive to be chance.
    SamePatch,
    /// The same lines in other files.
    MovedLines,
    /// The same author, timestamp and title.
    SecondAndTitle,
    /// The same lines in the same files, with other context.
    SameLines,
    /// A merge of the branch brought it, and all of that merge is the mainline's commit.
    Brought,
    /// The same author and timestamp, and some content or the title.
    Second,
    /// The same author, timestamp and file, and a similar title or message.
    SecondAndWords,
    /// The same author, timestamp and file, and most of the content.
    SecondAndLines,
    /// The same author, timestamp and files.
    SecondAndFiles,
    /// The same number of an issue or a pull request in the title, and some content.
    NumberAndLines,
    /// The same title and author, and some content.
    TitleAndLines,
    /// The same title and author, and most of the files; lines were not compared.
    TitleAndFiles,
    /// The same title and author, the same message, and the content written anew.
    TitleAndWords,
    /// The same title by somebody else, and much of the content.
    TitleOnly,
    /// The same title and message.
    TitleAndBody,
    /// Its title is a line of the branch's message, and most of its content is in the branch's.
    ListedTitle,
    /// The same title, author and file, within days.
    TitleAndDays,
    /// The same frequent title, author, file, and much of the content.
    FrequentTitle,
    /// A similar title, the same author, and content.
    SimilarTitle,
    /// The same message, author and some content.
    SameBody,
    /// The same long message by anybody.
    SameLongBody,
    /// Much of the content of the same file.
    Content,
    /// The mainline's message lists its title, and its content is there.
    InSquash,
    /// All of its content is in a larger commit by the same author.
    Part,
    /// Good reasons, but not enough without a person who looks.
    Review(Reason),
}

/// Why a person should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// The same patch, and nothing else.
    BarePatch,
    /// Nearly all of the content.
    MostContent,
    /// The same title.
    Title,
    /// The same author and timestamp, and a similar title.
    Second,
    /// Part of a larger mainline commit.
    PartOf,
    /// Contains a mainline commit.
    Contains,
}

impl Tier {
    pub(super) fn is_review(self) -> bool {
        matches!(self, Self::Review(_))
    }

    /// Returns whether it rests on author and timestamp.
    pub(super) fn is_by_second(self) -> bool {
        matches!(
            self,
            Self::SecondAndTitle | Self::Second | Self::SecondAndWords | Self::SecondAndLines | Self::SecondAndFiles
        )
    }

    /// Returns whether it rests on words alone, in which case a commit with the content would be better.
    pub(super) fn is_wordy(self) -> bool {
        matches!(self, Self::TitleAndWords | Self::TitleAndBody | Self::TitleAndDays | Self::SecondAndWords)
    }

    /// Returns whether this rule yields to a stronger one that assigns the commit to another change: what siblings of a
    /// series share is not enough.
    pub(super) fn yields(self, features: &Features) -> bool {
        match self {
            Self::SamePatch | Self::Brought | Self::MovedLines | Self::SecondAndTitle => false,
            // Nearly all of it is in that commit, which may have been picked in parts.
            Self::Second => features.content.of_branch < part::MOST,
            Self::TitleAndLines
            | Self::TitleAndFiles
            | Self::TitleAndWords
            | Self::TitleOnly
            | Self::TitleAndBody
            | Self::TitleAndDays
            | Self::FrequentTitle => features.content.both < part::OVER_HALF,
            _ => true,
        }
    }
}
