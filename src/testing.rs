//! The narrow interface for tests, fuzz targets and benches. Nothing here is an interface for other programs: those use
//! the command line.
//!
//! Everything else is private to the crate, which lets the compiler report what nobody uses.

/// Cases of pushes.
pub mod cases {
    pub use crate::cases::{Expect, Section, Text, Wrong, sections, write};
}

/// The command line, in the process of a test.
pub mod cli {
    pub use crate::cli::Surroundings;

    /// Runs the command that these words name, the first of which is the program's own name, and returns its exit code.
    /// A deadline that passes ends the whole process.
    pub fn run(words: impl Iterator<Item = std::ffi::OsString>, surroundings: Surroundings) -> u8 {
        crate::cli::run(words, surroundings).code()
    }
}

/// Repositories and the objects in them.
pub mod git {
    #[cfg(fuzzing)]
    pub use crate::git::apply_delta;
    pub use crate::git::{ChangedPaths, Commit, Environment, Repository, Tag, Trust};
}

/// The hosts, for the page about them.
pub mod hosts {
    pub use crate::hosts::{HOSTS, Hook, Traces, detect, find, page, refusal};
}

/// What is known about changes on two lines.
pub mod landed {
    #[cfg(fuzzing)]
    pub use crate::landed::fuzzing;
    pub use crate::landed::{Form, Grammar, Original, Turn, patch_id};
}

/// The kinds of manifest, for the page about them.
pub mod manifest {
    pub use crate::manifest::Kind;
    #[cfg(fuzzing)]
    pub use crate::manifest::fuzzing;
}

/// The words.
pub mod model {
    pub use crate::model::{HashKind, ObjectId, Untrusted};
}

/// Reading policies.
pub mod policy {
    #[cfg(fuzzing)]
    pub use crate::policy::fuzzing::note;
    pub use crate::policy::{LoadError, PRESETS, Pattern, Policy, Source, load};
}

/// A repository under a policy.
pub mod project {
    pub use crate::project::{Project, Snapshot, View};
}

/// The input of hooks.
pub mod push {
    #[cfg(fuzzing)]
    pub use crate::push::fuzzing::job;
    pub use crate::push::{pre_push, pre_receive};
}

/// The versions of commits.
pub mod release {
    pub use crate::release::{Asked, Component, Error, ReleaseTags, Standing};
}

/// How policy errors are shown.
pub mod report {
    pub use crate::report::{Colour, policy_errors};
}

/// The catalogue.
pub mod rules {
    pub use crate::rules::{Meta, REGISTRY, arm};
}

/// Versions and their schemes.
pub mod version {
    pub use crate::version::{Level, SCHEMES, Scheme, Spelling, Version, sort_by, spell_dev, spell_release};
}
