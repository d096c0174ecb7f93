//! The version schemes, one file each. A new one is a file that implements the traits of [`form`](super::form), and a
//! line in each of the two lists below.

use super::form::Entry;

pub(super) mod calver;
pub(super) mod debian;
pub(super) mod dotted;
pub(super) mod nvr;
pub(super) mod pep440;
pub(super) mod semver;

/// Every scheme, in the order in which help texts and pages name them.
pub static SCHEMES: [&Entry; 6] =
    [&semver::ENTRY, &pep440::ENTRY, &debian::ENTRY, &calver::ENTRY, &dotted::ENTRY, &nvr::ENTRY];
