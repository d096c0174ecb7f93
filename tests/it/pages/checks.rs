//! What pages show and nobody types: policies, cases, job files, and commands that a test cannot run.

use saphyr_parser::Parser;

use super::{Page, Treatment, pages, root};
use crate::support::{command, refgate, run, stderr};

/// Commands as they stand in a shell script or a job file: from `refgate` to the end of the command.
fn commands(text: &str) -> Vec<Vec<String>> {
    let mut found = Vec::new();
    for line in text.replace("\\\n", " ").lines() {
        let line = line.trim_start();
        let starts = ["refgate ", "- refgate ", "- run: refgate ", "$ refgate "];
        let first = starts.iter().filter_map(|start| line.strip_prefix(start)).next();
        let piped = [" | refgate ", "&& refgate ", "; refgate "];
        let later = piped.iter().flat_map(|mark| line.split(mark).skip(1));
        for rest in first.into_iter().chain(later) {
            found.push(words(rest));
        }
    }
    found
}

/// Returns the words of one command, without what a shell makes of `$`, and without what follows the command.
fn words(text: &str) -> Vec<String> {
    let end = [" | ", " && ", " || ", "; ", " > ", " # ", "  #", " ${"].iter().filter_map(|end| text.find(end)).min();
    let text = &text[..end.unwrap_or(text.len())];
    shlex::split(text).unwrap_or_else(|| text.split_whitespace().map(str::to_owned).collect())
}

/// Returns why the program does not know a command, if it does not.
fn unknown(words: &[String]) -> Option<String> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let output = refgate(root(), &[&words[..], &["--help"]].concat(), b"");
    // A page may write a word in capitals for one of a few.
    let is_placeholder = words
        .iter()
        .any(|word| stderr(&output).contains(&format!("invalid value '{word}'")) && *word == word.to_uppercase());
    (output.status.code() != Some(0) && !is_placeholder)
        .then(|| format!("refgate {}: {}", words.join(" "), stderr(&output)))
}

/// What a part of a policy is added to: lines, tags and people of the usual names, all of it open to change.
const BASE: &str = r#"
schema = 1
name = "base"
open = ["*"]

[[line]]
name = "main"
branch = "main"
role = "mainline"

[[line]]
name = "master"
branch = "master"
role = "mainline"

[[line]]
name = "develop"
branch = "develop"
role = "development"

[[line]]
name = "release"
branch = ["release/{major}.{minor}", "{major}.{minor}", "release/{name}"]
role = "release"
cut-from = "main"

[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
line = "release"

[[tag]]
name = "cycle"
tag = "{version}"
scheme = "calver:YYYY.Q"

[group]
release-managers = ["alice", "bob"]
"#;

#[test]
fn the_policies_on_the_pages_are_valid() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("org.toml"), BASE).unwrap();
    let mut wrong = Vec::new();
    for page in pages() {
        for block in page.treated(Treatment::Policy) {
            let text = if block.text.starts_with("schema = ") {
                block.text.clone()
            } else {
                format!("schema = 1\nname = \"part\"\nextends = [\"org.toml\"]\n{}", block.text)
            };
            std::fs::write(folder.path().join("p.toml"), text).unwrap();
            let output = refgate(folder.path(), &["policy", "check", "p.toml"], b"");
            if output.status.code() != Some(0) {
                wrong.push(format!("{}:{}:\n{}", page.name, block.line, stderr(&output)));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_cases_on_the_pages_come_out_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    for page in pages() {
        for block in page.treated(Treatment::Cases) {
            std::fs::write(folder.path().join("cases.toml"), &block.text).unwrap();
            let output = refgate(folder.path(), &["policy", "test", "cases.toml"], b"");
            assert_eq!(output.status.code(), Some(0), "{}:{}: {}", page.name, block.line, stderr(&output));
        }
        if page.treated(Treatment::Case).next().is_some() && page.name.starts_with("docs/") {
            let preset = page.name.strip_prefix("docs/presets/").and_then(|name| name.strip_suffix(".md"));
            let policy = preset.map(|name| format!("--policy=preset:{name}"));
            let words: Vec<&str> =
                ["policy", "test"].into_iter().chain(policy.as_deref()).chain([page.name.as_str()]).collect();
            let output = refgate(root(), &words, b"");
            assert_eq!(output.status.code(), Some(0), "{}: {}", page.name, stderr(&output));
        }
    }
}

#[test]
fn the_patterns_take_what_their_page_says() {
    let folder = tempfile::tempdir().unwrap();
    let page = Page::read("docs/patterns.md");
    let code = |cell: &str| -> Vec<String> {
        let cell = cell.split(": ").next().unwrap();
        cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    let mut tried = 0;
    for row in page.text.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        let pattern = &code(cells[0])[0];
        let (table, refs) = if pattern.contains("version") {
            (format!("[[tag]]\nname = \"it\"\ntag = '{pattern}'\nscheme = \"semver\"\n"), "refs/tags")
        } else {
            (format!("[[line]]\nname = \"it\"\nbranch = '{pattern}'\nrole = \"topic\"\n"), "refs/heads")
        };
        std::fs::write(folder.path().join("p.toml"), format!("schema = 1\nname = \"p\"\n{table}")).unwrap();
        for (cell, takes) in [(cells[1], true), (cells[2], false)] {
            for name in code(cell) {
                let name = format!("{refs}/{name}");
                let output = refgate(folder.path(), &["policy", "show", "p.toml", "--ref", &name], b"");
                let shown = String::from_utf8(output.stdout.clone()).unwrap();
                assert!(shown.starts_with(&name), "{}", stderr(&output));
                let is_taken = shown.contains("line it, topic") || shown.contains("tag class it");
                assert_eq!(is_taken, takes, "{pattern} and {name}: {shown}");
                tried += 1;
            }
        }
    }
    assert!(tried > 15, "{tried} names");
}

#[test]
fn job_files_on_the_pages_are_read() {
    for page in pages() {
        for block in page.treated(Treatment::Data) {
            let place = format!("{}:{}", page.name, block.line);
            match block.info.as_str() {
                "json" => {
                    let _: serde_json::Value =
                        serde_json::from_str(&block.text).unwrap_or_else(|error| panic!("{place}: {error}"));
                }
                "yaml" => {
                    for event in Parser::new_from_str(&block.text) {
                        event.unwrap_or_else(|error| panic!("{place}: {error}"));
                    }
                }
                // A Jenkinsfile; its commands are among those below.
                _ => {}
            }
        }
    }
}

#[test]
fn commands_that_are_not_run_are_known_to_the_program() {
    let mut wrong = Vec::new();
    let mut known = 0;
    for page in pages() {
        let mut ask = |line: usize, words: &[String]| {
            known += 1;
            wrong.extend(unknown(words).map(|error| format!("{}:{line}: {error}", page.name)));
        };
        for treatment in [Treatment::Known, Treatment::Data] {
            for block in page.treated(treatment) {
                commands(&block.text).iter().for_each(|words| ask(block.line, words));
            }
        }
        for (line, code) in &page.spans {
            if let Some(rest) = code.strip_prefix("refgate ") {
                ask(*line, &words(rest.trim_end_matches(" …")));
            }
        }
        for block in page.treated(Treatment::Known) {
            let output = run(command("sh", root()).arg("-n"), block.text.as_bytes());
            assert!(output.status.success(), "{}:{}: {}", page.name, block.line, stderr(&output));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known > 60, "{known} commands");
}

#[test]
fn a_command_that_the_program_does_not_know_is_found() {
    let page = Page::parse("page.md", "```sh,host\ncat a | refgate audit - \\\n  --jbos 3 > b\n```\n".to_owned());
    let found = commands(&page.blocks[0].text);
    assert_eq!(found, [["audit", "-", "--jbos", "3"]]);
    assert!(unknown(&found[0]).unwrap().contains("--jbos"));
    assert_eq!(unknown(&words("audit - --jobs 3 && true")), None);
    let job = "- run: refgate check ${B:+--base \"$B\"}\nsh 'refgate explain'\n";
    assert_eq!(commands(job), [["check"]]);
}
