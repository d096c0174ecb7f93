//! The seeds, row by row: real pushes to a real server with a preset. `cargo test seeds` prints each row with the number
//! of pushes that it made; `docs/seeds.md` says which sentence and which part of the policy it is about.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test that cannot go on has failed, and a row is shown"
)]

#[path = "../threads.rs"]
mod threads;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use libtest_mimic::{Failed, Trial};

/// The rows of one seed: title and script.
fn rows(text: &str) -> Vec<(String, String)> {
    let sections = text.split("\n## ").skip(1);
    let row = |section: &str| {
        let (title, rest) = section.split_once('\n')?;
        let (_, script) = rest.split_once("```sh\n")?;
        Some((title.to_owned(), script.split_once("\n```")?.0.to_owned()))
    };
    sections.map(|section| row(section).unwrap_or_else(|| (section.to_owned(), String::new()))).collect()
}

/// Runs a row's script in a folder of its own and returns how many pushes were accepted and refused.
fn run(script: &str) -> Result<(usize, usize), Failed> {
    if script.is_empty() {
        return Err("the row has no script".into());
    }
    let folder = tempfile::tempdir()?;
    let program = Path::new(env!("CARGO_BIN_EXE_refgate")).parent().unwrap();
    let path = std::env::join_paths(
        std::iter::once(PathBuf::from(program)).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    )?;
    let prelude = include_str!("prelude.sh");
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("{prelude}\n{script}\n"))
        .current_dir(folder.path())
        .env("PATH", path)
        .env("D", folder.path())
        .output()?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}{said}", String::from_utf8_lossy(&output.stdout)).into());
    }
    let count = |name: &str| std::fs::read_to_string(folder.path().join(name)).map(|text| text.lines().count());
    Ok((count("accepted")?, count("refused")?))
}

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/seeds");
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/seeds.md")).unwrap();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "md"));
    files.sort();
    let (mut trials, mut titles) = (Vec::new(), Vec::new());
    for path in files {
        let seed = path.file_stem().unwrap().to_str().unwrap().to_owned();
        for (title, script) in rows(&std::fs::read_to_string(&path).unwrap()) {
            titles.push(title.clone());
            let name = format!("seeds::{seed}::{}", title.replace(|char: char| !char.is_alphanumeric(), "_"));
            let seed = seed.clone();
            // The outer ring: a year takes seconds of a core.
            let is_long = title.starts_with("a year of");
            let trial = Trial::test(name, move || {
                let (accepted, refused) = run(&script)?;
                println!("{seed:<14}{title:<72} {:>3} pushes, {refused:>2} refused", accepted + refused);
                Ok(())
            });
            trials.push(trial.with_ignored_flag(is_long));
        }
    }
    trials.push(Trial::test("seeds::every_row_is_on_the_page", move || {
        let missing: Vec<&String> = titles.iter().filter(|title| !page.contains(&format!("| {title} |"))).collect();
        if missing.is_empty() { Ok(()) } else { Err(format!("docs/seeds.md does not have {missing:#?}").into()) }
    }));
    libtest_mimic::run(&threads::arguments(), trials).exit_code()
}
