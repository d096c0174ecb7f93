//! A project with the rules that its policy turns on, opened and asked in a single way.
//!
//! Every command that needs a repository and its policy opens them with [`Gate::open`]: the hooks, `check`, `landed`,
//! `where`, `version`, `waive`, the doctor. A policy is read, resolved and **armed** there, which is why no command
//! accepts a policy that another calls invalid. Renders nothing.

mod compare;
mod judge;
mod open;
mod outcome;
mod proof;
mod standing;

pub(crate) use compare::{Change, Effect, Side, compare};
pub(crate) use open::POLICY_FILE;
pub(crate) use open::{Ask, Gate, OBSERVE, find_policy, observes};
pub(crate) use outcome::{JudgedUpdate, Outcome, PolicyId};
pub(crate) use proof::Proved;
pub(crate) use standing::{Held, not_asked};
