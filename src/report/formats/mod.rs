//! The formats, one file each.

pub(super) mod audit;
pub(super) mod github;
pub(super) mod gitlab;
pub(super) mod html;
pub(super) mod human;
pub(super) mod json;
pub(super) mod junit;
pub(super) mod markdown;
pub(super) mod replay;
pub(super) mod sarif;
