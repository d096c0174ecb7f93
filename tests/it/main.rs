//! The integration tests: one binary, real git, the real program.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed"
)]

mod architecture;
mod catalogue;
mod landed;
mod scenarios;
mod support;
mod version_order;
