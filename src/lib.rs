//! refgate: a gate on git refs.
//!
//! This file is the map of the program, in floors: a module imports only from floors below its own. It is the one table of
//! them; a test reads it and enforces it.
//!
//! Data flows one way: bytes → `Push` → `Facts` → rules → `Outcome` → exit code → rendering.

// Floor 0: the words.
pub mod model;
// Floor 1: what is known of the world.
pub mod git;
pub mod hosts;
pub mod manifest;
pub mod version;
// Floor 2: what is wanted, and what is offered.
pub mod landed;
pub mod policy;
pub mod push;
// Floor 3: one repository under one policy.
pub mod project;
// Floor 4: one push to it, and what its history says of versions.
pub mod facts;
pub mod release;
// Floor 5: judgements, one file each.
pub mod rules;
// Floor 6: the verdict.
pub mod gate;
// Floor 7: how it is shown.
pub mod report;
// Floor 7: putting the hooks in place, and proving that they run.
#[cfg(unix)]
pub mod install;
// Floor 8: the command line.
pub mod cli;
