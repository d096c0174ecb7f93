//! The commands of a page are run in one shell, in the order in which they stand there, and say what the page shows.
//!
//! ` ```sh ` is a script, which has to succeed; ` ```console ` has commands after `$ `, further lines of which begin with
//! `> `, and what they say. What every page finds is made by `project.sh`. With `REFGATE_BLESS=1` the pages get what
//! their commands say today.

use std::path::Path;

use super::{Block, Page, Treatment, pages, root};
use crate::support::{REFGATE, command, run, stderr};

/// What separates the output of a command from that of the next one.
const MARK: char = '\u{1e}';

/// Folders of a page that stand for folders of the scratch machine.
const FOLDERS: &[&str] = &["/srv", "/etc/refgate", "/home/ann", "/var/log/refgate"];

/// A command as it is typed, and what it says on the page.
struct Typed<'p> {
    words: Vec<&'p str>,
    said: Vec<&'p str>,
}

fn typed(block: &Block) -> Vec<Typed<'_>> {
    let mut all: Vec<Typed<'_>> = Vec::new();
    for line in block.text.lines() {
        match (line.strip_prefix("$ "), line.strip_prefix("> "), all.last_mut()) {
            (Some(words), ..) => all.push(Typed { words: vec![words], said: Vec::new() }),
            (None, Some(more), Some(last)) if last.said.is_empty() => last.words.push(more),
            (None, _, Some(last)) => last.said.push(line),
            _ => panic!("output of nothing: {line}"),
        }
    }
    all
}

/// Returns the text with each folder of a page below the scratch machine.
fn below(machine: &str, text: &str) -> String {
    let mut text = text.to_owned();
    for folder in FOLDERS {
        text = text.replace(folder, &format!("{machine}{folder}"));
    }
    text
}

/// Makes what every page finds on its machine.
fn machine(folder: &Path) {
    let output = run(shell(folder, "home/ann").arg(root().join("tests/it/pages/project.sh")).arg(folder), b"");
    assert!(output.status.success(), "project.sh: {}", stderr(&output));
}

fn shell(machine: &Path, directory: &str) -> std::process::Command {
    let home = machine.join("home/ann");
    let directory = machine.join(directory);
    std::fs::create_dir_all(&home).unwrap();
    std::fs::create_dir_all(&directory).unwrap();
    let folder = Path::new(REFGATE).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(folder.to_owned()).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut command = command("sh", &directory);
    command.env("HOME", &home).env("PATH", path.unwrap());
    command
}

/// Runs the commands of a page, and returns what each of those with output said, or what the first script that failed said.
fn said(page: &Page, machine: &Path) -> Result<Vec<String>, String> {
    let root = machine.to_str().unwrap();
    let mut script = format!("set -u\nexec 3>&1 >{root}/script.out 2>&1\n. {root}/begin\n");
    for block in page.treated(Treatment::Run) {
        let place = format!("{}:{}", page.name, block.line);
        if block.info == "sh" {
            script += &format!("echo '{place}'\nset -e\n{}\nset +e\n", below(root, &block.text));
        } else {
            for Typed { words, .. } in typed(block) {
                script += &format!("printf '{MARK}' >&3\n{{ {}\n}} >&3 2>&3\n", below(root, &words.join("\n")));
            }
        }
    }
    // What the last command on a page ends with is not what the page ends with.
    script += "true\n";
    std::fs::write(machine.join("script"), script).unwrap();
    let mut shell = shell(machine, if page.name == "docs/tutorial.md" { "home/ann" } else { "home/ann/project" });
    let output = run(shell.arg(machine.join("script")).env("PAGE", &page.name), b"");
    let scripts = std::fs::read_to_string(machine.join("script.out")).unwrap();
    if !output.status.success() {
        let (_, last) = scripts.rsplit_once(&format!("{}:", page.name)).unwrap_or_default();
        return Err(format!("{}:{}", last.replace(root, ""), stderr(&output)));
    }
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    // git ends what the other side says with blanks.
    let shown = |text: &str| text.lines().map(|line| format!("{}\n", line.trim_end())).collect::<String>();
    Ok(text.split(MARK).skip(1).map(|text| shown(&text.replace(root, ""))).collect())
}

/// Returns the page with what its commands say today.
fn fresh(page: &Page, machine: &Path) -> Result<String, String> {
    let said = said(page, machine)?;
    let mut said = said.iter();
    let mut fresh = String::new();
    let mut at = 0;
    for block in page.treated(Treatment::Run).filter(|block| block.info == "console") {
        assert_eq!(page.text[block.range.clone()], block.text, "{}:{} is in a list", page.name, block.line);
        fresh += &page.text[at..block.range.start];
        for Typed { words, .. } in typed(block) {
            fresh += &format!("$ {}\n{}", words.join("\n> "), said.next().unwrap());
        }
        at = block.range.end;
    }
    Ok(fresh + &page.text[at..])
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_the_pages_tell_a_reader_to_type_says_what_they_show() {
    let template = tempfile::tempdir().unwrap();
    let folder = template.path().canonicalize().unwrap();
    let place = folder.join("machine");
    let kept = folder.join("kept");
    std::fs::create_dir(&place).unwrap();
    machine(&place);
    std::fs::rename(&place, &kept).unwrap();
    let mut old = Vec::new();
    let mut tried = 0;
    for page in pages() {
        if page.treated(Treatment::Run).next().is_none() {
            continue;
        }
        // Configurations name the place by its path, so every page gets the same one.
        let copied = run(command("cp", &folder).args(["-a", "kept", "machine"]), b"");
        assert!(copied.status.success(), "{}", stderr(&copied));
        let fresh = fresh(&page, &place);
        std::fs::remove_dir_all(&place).unwrap();
        tried += 1;
        let fresh = match fresh {
            Ok(fresh) if fresh == page.text => continue,
            Ok(fresh) => fresh,
            Err(error) => {
                old.push(format!("{}: {error}", page.name));
                continue;
            }
        };
        if std::env::var_os("REFGATE_BLESS").is_some() {
            std::fs::write(root().join(&page.name), &fresh).unwrap();
        } else {
            let differ = fresh.lines().zip(page.text.lines()).enumerate().find(|(_, (fresh, old))| fresh != old);
            old.push(format!("{}: {differ:?}", page.name));
        }
    }
    assert!(
        old.is_empty(),
        "these do not show what their commands say today, REFGATE_BLESS=1 writes it:\n{}",
        old.join("\n")
    );
    assert!(tried > 8, "the commands were not found");
}
