//! The cache of what was found out about commits: any bytes are records or rejected, and what is read can be written
//! and read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::landed::fuzzing::{cache_again, cache_file, change_again, patch_again};

fuzz_target!(|bytes: &[u8]| {
    for read in [change_again, patch_again] {
        if let Some(again) = read(bytes) {
            assert_eq!(read(&again).as_ref(), Some(&again));
        }
    }
    for file in [bytes.to_vec(), cache_file(bytes)] {
        let (again, read) = cache_again(&file);
        assert_eq!(cache_again(&again), (again, read));
    }
});
