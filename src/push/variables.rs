//! The environment as a value.

use bstr::BString;

/// Looks an environment variable up; the caller decides what the environment is.
pub(crate) type Variables<'a> = &'a dyn Fn(&str) -> Option<BString>;
