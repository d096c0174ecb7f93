//! What others wrote, in everything that shows it: nothing of it acts on a terminal or a CI system.

use std::path::Path;

use crate::support::history::{Ids, build};
use crate::support::{git, git_with, refgate};

/// A window's title, a cleared screen, a reordered line, and commands of GitHub, Azure and GitLab.
const HOSTILE: &str = "\u{1b}]0;t\u{7}\u{9b}2J\u{202e}##[set-output name=x]y ##vso[task.x]y section_start:1:x";

/// What git takes for the name of a ref.
const NAME: &str = "topic/\u{9b}2J\u{202e}\u{200b}##";

/// Returns the first line that acts.
fn acts(output: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(output).unwrap();
    let found = text.split('\n').find(|line| {
        let start = line.trim_start();
        line.chars().any(|c| c.is_control() || "\u{200b}\u{202e}".contains(c))
            || ["##[", "##vso[", "section_start:"].iter().any(|mark| line.contains(mark))
            || ["::", "---", "+++", "~~~"].iter().any(|mark| start.starts_with(mark))
    });
    found.map(str::to_owned)
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap()
}

/// Makes a repository in which everything is hostile that can be.
fn place(folder: &Path) -> Ids {
    let file = "deep/\u{9b}\u{202e}::x";
    let script = format!(
        "A = commit \"::error::{HOSTILE}\" file \"{file}\" \"x = 1\\n\"\n\
         F = commit \"fix: {HOSTILE}\" parents A file \"{file}\" \"{HOSTILE}\\n\"\n\
         C = commit \"feat: ::x::{HOSTILE}\" parents A\n\
         refs/heads/master = A\nrefs/heads/1.15 = F\nrefs/heads/{NAME} = F\nrefs/tags/1.15.0 = F\nrefs/tags/{NAME} = F\n"
    );
    let ids = build(folder, &script, &[]);
    // Somebody else's note, which waives another rule.
    let note = format!("Waive: unlanded-fix\nReason: ::stop::{HOSTILE}\nBy: {HOSTILE}\n");
    git_with(folder, &["notes", "--ref", "refgate", "add", "--file", "-", &ids["F"]], note.as_bytes());
    let line = |name: &str, branch: &str, more: &str| {
        format!("[[line]]\nname = {}\nbranch = {}\n{more}\n", quoted(name), quoted(branch))
    };
    let policy = format!(
        "schema = 1\nname = {}\n{}{}{}[[flow]]\nfrom = {name}\nto = {main}\nby = ['pick']\ndue = 'before'\n\
         [[tag]]\nname = {name}\ntag = '{{version}}'\nscheme = 'semver'\nline = {name}\n\
         [[version-field]]\npath = {}\npattern = {}\n",
        quoted(&format!("::warning::{HOSTILE}")),
        line(&format!("::main::{HOSTILE}"), "master", "role = 'mainline'\nrefuses-changes = ['feature']"),
        line(&format!("::release::{HOSTILE}"), "{major}.{minor}", "role = 'release'"),
        line(&format!("::topic::{HOSTILE}"), "topic/**", "role = 'topic'"),
        quoted("deep/**"),
        quoted("x = (?<version>\\d)"),
        name = quoted(&format!("::release::{HOSTILE}")),
        main = quoted(&format!("::main::{HOSTILE}")),
    );
    std::fs::write(folder.join("policy.toml"), policy).unwrap();
    let invalid = format!(
        "schema = 1\nname = 'x'\n{} = 1\n# {HOSTILE}\nopen = [{}]\n",
        quoted(&format!("k\n::x::{HOSTILE}")),
        quoted(HOSTILE)
    );
    std::fs::write(folder.join("invalid.toml"), invalid).unwrap();
    ids
}

#[test]
fn nothing_that_others_wrote_acts_where_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let ids = place(folder);
    let refs = [
        format!("--ref=refs/heads/master={}..{}", ids["A"], ids["C"]),
        format!("--ref=refs/heads/{NAME}-2={}..{}", "0".repeat(40), ids["F"]),
        format!("--ref=refs/heads/1.15={}..{}", ids["A"], ids["F"]),
        format!("--ref=refs/notes/{}={}..{}", HOSTILE.replace('=', "-"), "0".repeat(40), ids["F"]),
    ];
    let (release, tag) = (format!("refs/heads/{NAME}"), format!("refs/tags/{NAME}"));
    let check: Vec<&str> =
        ["check", "--policy=policy.toml", "--log=log"].into_iter().chain(refs.iter().map(String::as_str)).collect();
    let json = |words: &[&'static str]| [words, &["--format=json"]].concat();
    let mut asked: Vec<(Vec<&str>, i32)> = vec![
        (check.clone(), 1),
        ([&check[..], &["--format=json"]].concat(), 1),
        (vec!["check", "--policy=invalid.toml", &refs[0]], 3),
        (vec!["policy", "check", "policy.toml"], 0),
        (vec!["policy", "check", "invalid.toml"], 3),
        (vec!["policy", "show", "policy.toml"], 0),
        (vec!["policy", "check", HOSTILE], 3),
        (vec!["waive", &ids["F"], "--rule=deleted-ref", "--reason=x", "--by=a", "--dry-run"], 0),
        (vec!["waive", &ids["F"], "--rule=unlanded-fix", "--reason=x", "--by=a"], 2),
        (vec!["waive", &ids["F"], "--rule=deleted-ref", "--reason=x", "--by=a", "--policy=policy.toml"], 0),
        (vec!["version", "parse", "--scheme=semver", HOSTILE], 2),
        (vec!["version", &release, "--policy=policy.toml"], 0),
        (vec!["hook", "pre-receive", HOSTILE, "--bogus"], 2),
        (vec!["check", HOSTILE], 2),
        (vec!["explain", "::error::x\n##[x]"], 2),
    ];
    // What GitHub reads as commands is taken apart where the formats are tested.
    for format in ["sarif", "gitlab", "junit", "markdown", "html", "human", "json"] {
        let formats = [("landed", "--all", 0), ("landed", "--ledger", 0), ("replay", "--findings", 1)];
        for (command, flag, code) in formats {
            asked.push((vec![command, "--policy=policy.toml", flag, "--format", format], code));
        }
    }
    for words in
        [vec!["landed", "--from=1.15", "--to=master", "--all"], vec!["landed", "--policy=policy.toml", "--all"]]
    {
        asked.extend([(json(&words), 0), (words, 0)]);
    }
    for words in [vec!["where", &ids["F"]], vec!["where", &ids["F"], "--policy=policy.toml", "--all"]] {
        asked.extend([([&words[..], &["--format=json"]].concat(), 0), (words, 0)]);
    }
    for format in ["--format=human", "--format=json", "--format=github"] {
        asked.push((vec!["release-plan", "--policy=policy.toml", "--event=branch", "--ref", &release, format], 4));
        asked.push((vec!["release-plan", "--policy=policy.toml", "--event=tag", "--ref", &tag, format], 0));
    }
    let mut wrong = Vec::new();
    for (words, code) in asked {
        let output = refgate(folder, &words, b"");
        let acting = acts(&output.stdout).or(acts(&output.stderr));
        if output.status.code() != Some(code) || acting.is_some() {
            let said = [output.stdout, output.stderr].concat();
            wrong.push(format!("{words:?}: {:?} {acting:?}\n{}", output.status.code(), said.escape_ascii()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert_eq!(acts(&std::fs::read(folder.join("log")).unwrap()), None);
    // The note that was written is what git has, not what was shown.
    assert!(git(folder, &["notes", "--ref", "refgate", "show", &ids["F"]]).contains(HOSTILE));
}
