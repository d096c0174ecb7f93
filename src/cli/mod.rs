//! Floor 6: the command line.

use std::process::ExitCode;

/// Runs the program.
pub fn main() -> ExitCode {
    crate::model::Exit::Usage.into()
}
