//! What a hook reads: any bytes are updates or an error, and what is read has the ids and the names of the lines.
#![no_main]

use libfuzzer_sys::fuzz_target;
use refgate::testing::model::HashKind;
use refgate::testing::push::{pre_push, pre_receive};

fuzz_target!(|input: &[u8]| {
    for hash in [HashKind::Sha1, HashKind::Sha256] {
        if let Ok(updates) = pre_receive(input, hash) {
            assert!(!updates.is_empty());
            let lines: Vec<Vec<u8>> = updates
                .iter()
                .map(|update| [format!("{} {} ", update.old, update.new).as_bytes(), update.name.full()].concat())
                .collect();
            let again = pre_receive(&lines.join(&b'\n'), hash);
            assert_eq!(again.as_ref(), Ok(&updates), "what is read can be written and read again");
        }
        for update in pre_push(input, hash).unwrap_or_default() {
            assert!(!update.name.to_string().contains(char::is_control));
        }
    }
});
