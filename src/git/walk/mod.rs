//! Questions about ancestry.

pub(in crate::git) mod ancestors;
pub(in crate::git) mod ancestry;
pub(in crate::git) mod containment;
pub(in crate::git) mod dag;
pub(in crate::git) mod difference;
pub(in crate::git) mod fresh;
pub(in crate::git) mod history;
pub(in crate::git) mod node;
pub(in crate::git) mod paint;
pub(in crate::git) mod subgraph;
pub(in crate::git) mod whole;
