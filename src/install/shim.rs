//! The script that is installed as a hook: written, and recognised again.

use std::path::{Path, PathBuf};

use super::Error;
use crate::hosts::Hook;

/// Returns the script for a hook, as it is shipped.
const fn template(hook: Hook) -> &'static str {
    match hook {
        Hook::PreReceive => include_str!("../../hooks/pre-receive"),
        Hook::Update => include_str!("../../hooks/update"),
        Hook::PrePush => include_str!("../../hooks/pre-push"),
        Hook::ReferenceTransaction => include_str!("../../hooks/reference-transaction"),
        Hook::PostReceive => include_str!("../../hooks/post-receive"),
    }
}

/// Returns the name under which an earlier hook is kept.
pub(super) fn kept_name(hook: Hook) -> String {
    format!("{}.before-refgate", hook.name())
}

/// The lines that mark a script as one of ours, and that are filled in.
const MARKER: &str = "# refgate-hook ";
const PROGRAM: &str = "refgate=";
const PREVIOUS: &str = "previous=";
const MANAGER: &str = "manager=";

/// What an installed shim says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shim {
    /// The program it runs.
    pub(super) program: PathBuf,
    /// The file next to it that runs after refgate.
    pub(super) previous: Option<String>,
    /// The hook manager that made that file, and may remove it.
    pub(super) manager: Option<String>,
}

impl Shim {
    /// Returns its text.
    ///
    /// # Errors
    /// The program's path cannot be written into a script.
    pub(super) fn text(&self, hook: Hook) -> Result<String, Error> {
        let program = quoted(&self.program)?;
        let previous = self.previous.as_deref().unwrap_or_default();
        let mut text = String::new();
        let manager = self.manager.as_deref().unwrap_or_default();
        // The first of each: further down the script assigns to its own variables again.
        let mut left = vec![(PROGRAM, program.as_str()), (PREVIOUS, previous), (MANAGER, manager)];
        for line in template(hook).lines() {
            match left.iter().position(|(key, _)| line.starts_with(key)) {
                Some(at) => {
                    let (key, value) = left.remove(at);
                    text.push_str(&format!("{key}{value}\n"));
                }
                None => text.push_str(&format!("{line}\n")),
            }
        }
        Ok(text)
    }

    /// Reads a script back; `None` unless it is one of ours.
    pub(super) fn recognise(text: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let mut lines = text.lines();
        lines.next()?.starts_with("#!").then_some(())?;
        lines.next()?.starts_with(MARKER).then_some(())?;
        let value = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).and_then(shlex::split);
        let program = value(PROGRAM)?.into_iter().next()?;
        let first = |key: &str| value(key).and_then(|words| words.into_iter().next());
        Some(Self { program: program.into(), previous: first(PREVIOUS), manager: first(MANAGER) })
    }
}

fn quoted(path: &Path) -> Result<String, Error> {
    let text = path.to_str().filter(|text| !text.contains('\n')).and_then(|text| shlex::try_quote(text).ok());
    let unfit = || Error::Value(format!("the path of this program cannot stand in a script: {}", path.display()));
    text.map(std::borrow::Cow::into_owned).ok_or_else(unfit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_shims_differ_only_in_their_names() {
        let bare = |hook: Hook| {
            let lines = template(hook).lines().filter(|line| !line.starts_with("hook=") && !line.starts_with(MARKER));
            lines.collect::<Vec<_>>().join("\n")
        };
        assert_eq!(bare(Hook::PreReceive), bare(Hook::Update));
        assert_eq!(bare(Hook::PreReceive), bare(Hook::PrePush));
        for hook in Hook::ALL {
            assert!(template(hook).contains(&format!("\nhook={}\n", hook.name())));
        }
    }

    #[test]
    fn somebody_elses_script_is_not_recognised() {
        for text in ["", "#!/bin/sh\n", "#!/bin/sh\nexec refgate hook pre-receive\n", "# refgate-hook 1\nrefgate=x\n"] {
            assert_eq!(Shim::recognise(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Shim::recognise(b"\x7fELF\xff"), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(program in "/[^\0\n\r]{1,40}", chained in any::<bool>(), at in 0usize..5) {
            let hook = Hook::ALL[at];
            let previous = chained.then(|| format!("{}.before-refgate", hook.name()));
            let manager = (chained && hook.judges()).then(|| "lefthook".to_owned());
            let shim = Shim { program: program.into(), previous, manager };
            prop_assert_eq!(Shim::recognise(shim.text(hook).unwrap().as_bytes()), Some(shim));
        }
    }
}
