//! Waivers in notes: any bytes are waivers, each with a rule and a reason, or an error that says why not.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::policy::note;

fuzz_target!(|bytes: &[u8]| match note(bytes) {
    Ok(waivers) => assert!(waivers.iter().all(|(rule, reason)| !rule.is_empty() && !reason.trim().is_empty())),
    Err(error) => assert!(!error.is_empty()),
});
