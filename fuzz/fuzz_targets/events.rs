//! Jobs of CI systems: lines of `NAME=VALUE`, an empty line, and the file that describes the event.
#![no_main]

use bstr::{BString, ByteSlice as _};
use libfuzzer_sys::fuzz_target;
use refgate::testing::push::job;

fuzz_target!(|input: &[u8]| {
    let (variables, file) = input.split_once_str("\n\n").unwrap_or((input, b""));
    let value = |name: &str| {
        let mut lines = variables.lines().filter_map(|line| line.split_once_str("="));
        lines.find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| BString::from(value))
    };
    if let Err(error) = job(&value, &|_| Ok(file.to_vec())) {
        assert!(!error.is_empty());
    }
});
