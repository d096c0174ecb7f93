//! Ref patterns: the first line is the pattern, the rest the name. Whatever is bound is a part of the name.
#![no_main]

use bstr::{BStr, ByteSlice as _};
use libfuzzer_sys::fuzz_target;
use refgate::testing::policy::Pattern;

fuzz_target!(|input: &[u8]| {
    let (pattern, name) = input.split_once_str("\n").unwrap_or((input, b""));
    let Ok(pattern) = pattern.to_str() else { return };
    let Ok(pattern) = Pattern::parse(pattern) else { return };
    if let Some(bindings) = pattern.matches(BStr::new(name)) {
        for value in bindings.values() {
            assert!(name.contains_str(value));
        }
        for instance in pattern.instances(&bindings).into_iter().flatten() {
            assert!(instance.len() <= name.len() + 2 * bindings.len(), "padding adds one digit");
        }
    }
    let _ = pattern.literal_prefix();
});
