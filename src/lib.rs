//! refgate: a gate on git refs.
//!
//! The map of the program, in floors: a module imports only from floors below its own, and a test enforces it.
//!
//! Data flows one way: bytes → `Push` → facts → rules → `Outcome` → exit code → rendering.

// Floor 0: the words.
pub mod model;
// Floor 1: where a project's own version stands in its manifests.
pub mod manifest;
// Floor 5 and up.
pub mod cli;
