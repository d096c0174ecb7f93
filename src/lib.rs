//! refgate: a gate on git refs.
//!
//! This file is the map of the program, in floors: a module imports only from floors below its own. It is the one table of
//! them; a test reads it and enforces it.
//!
//! Data flows one way: bytes → `Push` → `Facts` → rules → `Outcome` → exit code → rendering.
#![cfg_attr(
    not(unix),
    allow(
        dead_code,
        unused_imports,
        reason = "hooks are installed on Unix alone, and much is there for the installer"
    )
)]

// Floor 0: the words.
mod model;
// Floor 1: what is known of the world.
mod files;
mod git;
mod hosts;
mod manifest;
mod version;
// Floor 2: what is wanted, and what is offered.
mod landed;
mod policy;
mod push;
// Floor 3: one repository under one policy.
mod project;
// Floor 4: one push to it, and what its history says of versions.
mod facts;
mod release;
// Floor 5: judgements, one file each.
mod rules;
// Floor 6: the verdict.
mod gate;
// Floor 7: how it is shown.
mod report;
// Floor 7: putting the hooks in place, and proving that they run.
#[cfg(unix)]
mod install;
// Floor 8: many repositories.
mod audit;
// Floor 8: pushes that nobody has made.
mod cases;
// Floor 8: the past of one.
mod replay;
// Floor 9: a policy out of it.
mod learn;
// Floor 10: the command line.
mod cli;

/// Runs the program.
pub use cli::main;

// Floor 11: how much work all of it makes.
#[cfg(test)]
mod effort;
// Floor 11: what tests reach.
#[doc(hidden)]
pub mod testing;
