//! How many tests run at a time where `libtest_mimic` runs them.

use libtest_mimic::Arguments;

/// Returns the arguments of the test program, with `RUST_TEST_THREADS` read as the standard harness reads it.
pub(crate) fn arguments() -> Arguments {
    let mut arguments = Arguments::from_args();
    let threads = std::env::var("RUST_TEST_THREADS").ok().and_then(|text| text.parse().ok());
    arguments.test_threads = arguments.test_threads.or(threads);
    arguments
}
