//! Puts hooks into repositories, takes them away, and proves that they run.
//!
//! | file | what is in it |
//! |---|---|
//! | [`account`] | accounts of this machine, and running programs as one of them |
//! | [`shim`] | the script that is installed: written, and recognised again |
//! | [`site`] | a repository as a place for hooks: which host it belongs to, where its hooks are |
//! | [`place`], [`remove`] | installing and uninstalling, as steps that can be shown before they are taken |
//! | [`doctor`], [`examine`], [`prove`] | what is wrong, hook by hook, and pushes that must be refused |
//!
//! git accepts every push, without a word, when a hook cannot run. So nothing here trusts a file for being there:
//! hooks are real files, put in place by rename, and believed only after a push was refused.

mod account;
mod doctor;
mod error;
mod examine;
mod place;
mod prove;
mod remove;
mod shim;
mod site;

pub use account::{Account, Variables};
pub use doctor::{Diagnosis, Line, diagnose};
pub use error::Error;
pub use place::{Plan, Request, Step, plan};
pub use remove::plan_removal;
pub use shim::Hook;
pub use site::{Host, Site, validate};
