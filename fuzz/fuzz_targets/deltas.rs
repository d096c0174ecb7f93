//! Deltas of a pack: any bytes make a target of the size that they say, or are rejected.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (base, delta) = input;
    if let Some(target) = refgate::testing::git::apply_delta(&base, &delta) {
        assert!(target.len() <= 4 << 20);
    }
});
