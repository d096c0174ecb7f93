//! The tables of the format, one file each: how it is written, what it means, how the layers' come together, and its text
//! in the reference page (`docs/policy.md`). A further key is written in its table's file; a further table is a file here
//! and a line in the list of [`schema`](super::schema).

pub(crate) mod changelog;
pub(crate) mod flow;
pub(crate) mod form;
pub(crate) mod group;
pub(crate) mod head;
pub(crate) mod kind;
pub(crate) mod landed;
pub(crate) mod line;
mod merge;
pub(crate) mod permissions;
pub(crate) mod rules;
pub(crate) mod series;
pub(crate) mod tag;
pub(crate) mod version_field;
pub(crate) mod waiver;
pub(crate) mod waiver_note;
pub(crate) mod wanted;
