//! `--help` of every command, as people read it: a review sees what changes there.
//!
//! `REFGATE_BLESS=1 cargo test help` writes what came out into `tests/snapshots/help.txt`.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::refgate;

/// Returns the commands that a help text lists.
fn commands(help: &str) -> Vec<&str> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    // A summary that goes on in the next line is indented further.
    let names = lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect()
}

/// Appends the help of a command and of those below it.
fn describe(words: &[&str], text: &mut String) {
    let output = refgate(Path::new("/"), &[words, &["--help"]].concat(), b"");
    assert_eq!(output.status.code(), Some(0), "{words:?}");
    assert!(output.stderr.is_empty(), "{words:?}");
    let help = String::from_utf8(output.stdout).unwrap();
    let title = [&["refgate"], words].concat().join(" ");
    let _ = writeln!(text, "$ {title} --help\n{}\n", help.trim_end());
    for name in commands(&help) {
        describe(&[words, &[name]].concat(), text);
    }
}

#[test]
fn the_help_of_every_command_is_as_it_was_read() {
    let mut text = String::new();
    describe(&[], &mut text);
    assert!(text.contains("$ refgate policy schema --help\n"), "subcommands are not found: {text}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots/help.txt");
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap_or_default();
    let differing = known.lines().zip(text.lines()).enumerate().find(|(_, (old, new))| old != new);
    assert!(known == text, "run `REFGATE_BLESS=1 cargo test help`; the first difference is {differing:?}");
}
