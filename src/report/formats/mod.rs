//! The formats, one file each.

pub(super) mod audit;
pub(super) mod human;
pub(super) mod json;
pub(super) mod replay;
