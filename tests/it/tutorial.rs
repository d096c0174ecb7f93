//! `docs/tutorial.md`: what it tells a reader to type is run, in one shell, and says what the page shows.
//!
//! With `REFGATE_BLESS=1` the page gets what the commands say today.

use std::path::Path;

use crate::support::{REFGATE, command, run, stderr};

/// What separates the output of a command from that of the next one.
const MARK: char = '\u{1e}';

/// A piece of the page.
enum Piece<'p> {
    /// Text, and fences.
    Text(&'p str),
    /// A script, which says nothing.
    Script(&'p str),
    /// A command as it is typed, and what it says on the page.
    Command(Vec<&'p str>, Vec<&'p str>),
}

/// Takes the page apart: ` ```sh ` is a script, ` ```console ` has commands after `$ `, further lines of which begin with
/// `> `, and what they say.
fn pieces(page: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find("\n```") {
        let (before, fenced) = rest.split_at(at + 1);
        let (opening, body) = fenced.split_once('\n').unwrap();
        let (body, _) = body.split_once("\n```\n").unwrap_or_else(|| panic!("a block without an end: {opening}"));
        let (head, after) = (&rest[..before.len() + opening.len() + 1], &fenced[opening.len() + 1 + body.len() + 1..]);
        pieces.push(Piece::Text(head));
        match opening {
            "```sh" => pieces.push(Piece::Script(body)),
            "```console" => {
                for line in body.lines() {
                    match (line.strip_prefix("$ "), line.strip_prefix("> "), pieces.last_mut()) {
                        (Some(words), ..) => pieces.push(Piece::Command(vec![words], Vec::new())),
                        (None, Some(more), Some(Piece::Command(words, said))) if said.is_empty() => words.push(more),
                        (None, _, Some(Piece::Command(_, said))) => said.push(line),
                        _ => panic!("output of nothing: {line}"),
                    }
                }
            }
            _ => pieces.push(Piece::Text(&fenced[opening.len() + 1..opening.len() + 1 + body.len() + 1])),
        }
        pieces.push(Piece::Text("```\n"));
        rest = after.strip_prefix("```\n").unwrap();
    }
    pieces.push(Piece::Text(rest));
    pieces
}

/// Runs the scripts and commands of the page, and returns what each command said.
fn said(pieces: &[Piece<'_>], home: &Path) -> Vec<String> {
    let mut script = String::from("set -u\n");
    for piece in pieces {
        match piece {
            Piece::Text(_) => {}
            Piece::Script(text) => script.push_str(&format!("{text}\n")),
            Piece::Command(words, _) => {
                script.push_str(&format!("printf '{MARK}'\n{{ {}\n}} 2>&1\n", words.join("\n")));
            }
        }
    }
    let file = home.join("script");
    std::fs::write(&file, script).unwrap();
    let folder = Path::new(REFGATE).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(folder.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let output = run(command("sh", home).arg(&file).env("HOME", home).env("PATH", path.unwrap()), b"");
    assert!(output.status.success(), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let (silent, commands) = text.split_once(MARK).unwrap();
    assert_eq!((silent, stderr(&output).as_str()), ("", ""), "a script said something");
    // git ends what the other side says with blanks.
    let shown = |text: &str| text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    commands.split(MARK).map(|text| shown(&text.replace(home.to_str().unwrap(), "/home/ann"))).collect()
}

#[test]
#[ignore = "the outer ring: more than a second of a core"]
fn the_tutorial_shows_what_its_commands_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/tutorial.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let pieces = pieces(&page);
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().canonicalize().unwrap();
    let said = said(&pieces, &home);
    let mut said = said.iter();
    let mut fresh = String::new();
    let mut commands = 0;
    for piece in &pieces {
        match piece {
            Piece::Text(text) => fresh.push_str(text),
            Piece::Script(text) => fresh.push_str(&format!("{text}\n")),
            Piece::Command(words, _) => {
                commands += 1;
                fresh.push_str(&format!("$ {}\n{}", words.join("\n> "), said.next().unwrap()));
            }
        }
    }
    assert!(commands > 5, "the commands were not found");
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
        return;
    }
    assert!(fresh == page, "docs/tutorial.md is not what its commands say today: REFGATE_BLESS=1 writes it\n{fresh}");
}
