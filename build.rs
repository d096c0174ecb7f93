//! How the program is linked for the tests.
#![expect(clippy::disallowed_methods, reason = "cargo says in the environment what it builds")]

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // A debug build has a hundred thousand addresses that the loader would have to relocate at every start, and the tests
    // start it thousands of times: linked for a fixed place it starts in a third of the time. What is released keeps its
    // random place.
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if is("PROFILE", "debug") && is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
