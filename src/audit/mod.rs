//! The standing judgements of many repositories.
//!
//! | file | what is in it |
//! |---|---|
//! | `places` | which repositories: those below a folder, or those of a list |
//! | `repository` | one of them: opened, and judged by the gate |
//! | `state` | what an earlier run, or one that was killed, has found out already |
//! | `run` | all of them, a few at a time |
//!
//! Whatever is wrong with one repository is its own entry, and stops nothing.

mod places;
mod repository;
mod run;
mod state;

pub(crate) use places::{Places, below, listed};
pub(crate) use repository::Terms;
pub(crate) use run::audit;
pub(crate) use state::State;
