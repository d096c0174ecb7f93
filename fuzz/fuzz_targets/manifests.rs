//! Manifests: the first line is the name, the rest the content.
#![no_main]

use bstr::{BStr, ByteSlice as _};
use libfuzzer_sys::fuzz_target;
use refgate::testing::manifest::fuzzing::read;

fuzz_target!(|input: &[u8]| {
    let (name, content) = input.split_once_str("\n").unwrap_or((input, b""));
    read(BStr::new(name), content);
});
