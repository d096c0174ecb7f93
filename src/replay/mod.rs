//! What a policy would have said of a repository's past.
//!
//! | file | what is in it |
//! |---|---|
//! | `history` | the pushes by which the repository can have come about, in an order that its history allows |
//! | `run` | all of them judged by the gate, a stretch at a time, on several threads |
//! | `state` | what an earlier run, or one that was killed, has found out already |
//!
//! A push is judged as it would have been when it was made: the refs are those of that moment ([`Moment`]).
//!
//! [`Moment`]: crate::project::Moment

mod history;
mod run;
mod state;

pub(crate) use history::{Event, History, Selection, history};
pub(crate) use run::{Limits, Terms, replay};
pub(crate) use state::State;
