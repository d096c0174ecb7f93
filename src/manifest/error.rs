//! Why a manifest could not be read.

/// Why a manifest, or a custom pattern, gives no answer. Texts that come from the file are escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than are read of this kind; see [`Kind::max_bytes`](super::Kind::max_bytes).
    #[error("the file has {size} bytes, of this kind at most {limit} are read")]
    TooLarge {
        /// Bytes the file has.
        size: usize,
        /// Bytes that are read.
        limit: usize,
    },
    /// More version fields, or other values that are asked for, than are read of a file. Those that were read are not
    /// all that it says.
    #[error("the file has more than {limit} of the fields that are asked for")]
    TooMany {
        /// Fields that are read.
        limit: usize,
    },
    /// Something else is where the file should be.
    #[error("it is {0}")]
    NoFile(&'static str),
    /// A byte that is not UTF-8, in a format that must be, or within the version itself.
    #[error("not UTF-8 at line {line}, column {column}")]
    NotUtf8 {
        /// 1-based line.
        line: usize,
        /// 1-based column, in characters.
        column: usize,
    },
    /// The file is not what its kind says, or nests deeper than is read.
    #[error("{reason} at line {line}, column {column}")]
    Syntax {
        /// What is wrong, in one phrase.
        reason: String,
        /// 1-based line.
        line: usize,
        /// 1-based column, in characters.
        column: usize,
    },
    /// A key that may appear only once appears twice, and the file does not say which one counts.
    #[error("`{key}` stands a second time at line {line}, column {column}")]
    Duplicate {
        /// The key.
        key: String,
        /// 1-based line of the second one.
        line: usize,
        /// 1-based column of the second one, in characters.
        column: usize,
    },
    /// YAML that only becomes YAML once a template engine has run over it.
    #[error("a template, unreadable until it is rendered, at line {line}, column {column}")]
    Template {
        /// 1-based line of the `{{`.
        line: usize,
        /// 1-based column of the `{{`, in characters.
        column: usize,
    },
    /// A custom pattern or a path glob that cannot be used.
    #[error("{0}")]
    Pattern(String),
    /// A custom pattern that matches nowhere.
    #[error("the pattern matches nowhere")]
    Unmatched,
    /// A custom pattern that matches several times: taking the first would be a guess.
    #[error("the pattern matches more than once, at line {first} and at line {second}")]
    Ambiguous {
        /// 1-based line of the first match.
        first: usize,
        /// 1-based line of the second match.
        second: usize,
    },
}
