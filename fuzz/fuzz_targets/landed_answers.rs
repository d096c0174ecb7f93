//! Cached answers: any bytes are an answer or rejected, and what is read can be written and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::landed::fuzzing::answer_again;

fuzz_target!(|bytes: &[u8]| {
    // The question is empty.
    let content = [&[0], bytes].concat();
    if let Some(again) = answer_again(&content) {
        assert_eq!(answer_again(&again).as_ref(), Some(&again));
    }
});
