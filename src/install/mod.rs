//! Puts hooks into repositories, takes them away, and proves that they run.
//!
//! | file | what is in it |
//! |---|---|
//! | [`account`] | accounts of this machine, and running programs as one of them |
//! | [`shim`] | the script that is installed: written, and recognised again |
//! | [`files`] | files read without waiting, written whole, and put back as they were |
//! | [`managers`] | pre-commit, lefthook and husky: recognised, and lived with |
//! | [`site`] | a repository as a place for hooks: where refgate stands for each |
//! | [`step`] | what is done, shown before it is done, and undone when it does not come to its end |
//! | [`place`], [`remove`] | working out the steps of installing and uninstalling |
//! | [`diagnosis`], [`doctor`], [`examine`], [`prove`] | what is wrong, hook by hook, and pushes that must be refused |
//!
//! git silently accepts every push when a hook cannot run. Therefore the mere existence of a file proves nothing here:
//! hooks are real files, put in place by rename, and trusted only after a push was refused.

mod account;
mod diagnosis;
mod doctor;
mod error;
mod examine;
mod files;
mod managers;
mod place;
mod prove;
mod remove;
mod shim;
mod site;
mod step;

pub(crate) use account::Account;
pub(crate) use diagnosis::{Diagnosis, Line};
pub(crate) use doctor::diagnose;
pub(crate) use error::Error;
pub(crate) use place::{Request, plan};
pub(crate) use remove::plan_removal;
pub(crate) use site::{Site, validate};
pub(crate) use step::{Plan, Step};
