//! husky: `core.hooksPath` is `.husky/_`, which husky writes again and again; it runs the project's `.husky/NAME`.
//!
//! That script is the only place that husky does not overwrite. It belongs to the project: refgate adds lines that do
//! not name any path of this machine and that leave the input to the lines after them.

use bstr::ByteSlice as _;

use super::{Manager, Stand, mentions};
use crate::hosts::Hook;

pub(super) static MANAGER: Manager = Manager {
    name: "husky",
    made: |slot, text| {
        slot.parent().is_some_and(|folder| folder.ends_with(".husky/_"))
            || (slot.parent().is_some_and(|folder| folder.ends_with("_")) && mentions(text, &["/h\"", "husky"]))
    },
    stand: Stand::Lines(|slot, hook| Some(slot.parent()?.parent()?.join(hook.name()))),
    note: "the lines in husky's script belong to the project and run `refgate` from the PATH: whoever gets them \
           needs refgate",
};

/// The line with which refgate's own lines begin.
const LINES: &str = "# refgate-lines 1: `refgate install` wrote these, `refgate uninstall` takes them away\n";
const END: &str = "# end of refgate's lines\n";

/// Returns refgate's lines: they judge, and give the rest of the script the same input.
fn lines(hook: Hook) -> String {
    let name = hook.name();
    format!(
        "{LINES}refgate_input=$(cat && echo .) || exit 1\n\
         refgate_input=${{refgate_input%.}}\n\
         printf '%s' \"$refgate_input\" | refgate hook {name} -- \"$@\" || exit 1\n\
         [ -z \"$refgate_input\" ] || exec <<REFGATE\n\
         ${{refgate_input%?}}\n\
         REFGATE\n\
         {END}"
    )
}

/// Returns a script with refgate's lines before all that could read the input; `None` where it runs refgate already.
pub(in crate::install) fn with_lines(script: &[u8], hook: Hook) -> Option<Vec<u8>> {
    if runs_refgate(script, hook) {
        return None;
    }
    let is_first = |line: &&[u8]| line.starts_with(b"#!") && line.ends_with(b"\n");
    let begin = script.lines_with_terminator().next().filter(is_first).map_or(0, <[u8]>::len);
    let (before, after) = script.split_at(begin);
    Some([before, lines(hook).as_bytes(), after].concat())
}

/// Returns a script without refgate's lines; `None` where it has none.
pub(in crate::install) fn without_lines(script: &[u8]) -> Option<Vec<u8>> {
    let begin = script.find(LINES)?;
    let (before, rest) = script.split_at(begin);
    let end = rest.find(END)?;
    let after = rest.get(end + END.len()..)?;
    Some([before, after].concat())
}

/// Tells whether a script has a line, not a comment, that runs refgate for this hook.
pub(in crate::install) fn runs_refgate(script: &[u8], hook: Hook) -> bool {
    let call = format!("refgate hook {}", hook.name());
    script.lines().any(|line| !line.trim_start().starts_with(b"#") && line.contains_str(&call))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_go_in_once_and_come_out_again() {
        for script in [&b""[..], b"npm test\n", b"#!/bin/sh\nnpm test", b"#!/bin/sh", b"\xff\n"] {
            let with = with_lines(script, Hook::PrePush).unwrap();
            assert_eq!(with_lines(&with, Hook::PrePush), None);
            assert_eq!(without_lines(&with).as_deref(), Some(script), "{}", with.as_bstr());
            assert_eq!(without_lines(script), None);
        }
        assert_eq!(with_lines(b"refgate hook pre-push -- \"$@\" || exit 1\n", Hook::PrePush), None);
        assert!(with_lines(b"# refgate hook pre-push\n", Hook::PrePush).is_some());
    }
}
