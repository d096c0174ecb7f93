//! A history written in a few lines, made real by one `git fast-import`.
//!
//! ```text
//! A = commit "first"
//! B = commit "second" parents A file setup.py "version = 1"
//! C = commit "fix" parents B trailer "End-of-Life: 2020"
//! T = tag 1.0 of C
//! X = blob "content"
//! refs/heads/master = B
//! refs/heads/alias -> refs/heads/master
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use super::{DATE, git, git_with};

/// Labels and the ids they stand for.
pub(crate) type Ids = BTreeMap<String, String>;

/// Makes a bare repository with this history and tells the id of every label.
pub(crate) fn build(directory: &Path, script: &str, init: &[&str]) -> Ids {
    let mut arguments = vec!["init", "--quiet", "--bare", "--template="];
    arguments.extend(init);
    arguments.push(".");
    git(directory, &arguments);
    import(directory, script)
}

/// Writes a history into a repository.
pub(crate) fn import(directory: &Path, script: &str) -> Ids {
    let mut stream = String::new();
    let mut labels: Vec<String> = Vec::new();
    let mut refs: Vec<(String, String)> = Vec::new();
    let mut symbolic: Vec<(String, String)> = Vec::new();
    let mut tags: Vec<(String, String, String)> = Vec::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some((name, target)) = line.split_once(" -> ") {
            symbolic.push((name.to_owned(), target.to_owned()));
            continue;
        }
        let (left, right) = line.split_once(" = ").unwrap_or_else(|| panic!("no ` = ` in `{line}`"));
        if left.starts_with("refs/") {
            refs.push((left.to_owned(), right.to_owned()));
            continue;
        }
        let words = words(right);
        if let [kind, name, _, target] = words.as_slice()
            && kind == "tag"
        {
            tags.push((left.to_owned(), name.clone(), target.clone()));
            continue;
        }
        labels.push(left.to_owned());
        object(&mut stream, &labels, &words);
    }
    let marks = directory.join("scenario-marks");
    let export = format!("--export-marks={}", marks.display());
    git_with(directory, &["fast-import", "--quiet", "--force", &export], stream.as_bytes());
    let exported = std::fs::read_to_string(&marks).unwrap_or_default();
    let mut ids: Ids = exported
        .lines()
        .filter_map(|line| {
            let (mark, id) = line.strip_prefix(':')?.split_once(' ')?;
            let label = labels.get(mark.parse::<usize>().ok()? - 1)?;
            Some((label.clone(), id.to_owned()))
        })
        .collect();
    let _ = std::fs::remove_file(marks);
    for (label, name, target) in tags {
        let target = ids.get(&target).unwrap_or_else(|| panic!("no object `{target}`"));
        let kind = git(directory, &["cat-file", "-t", target]);
        let object = format!(
            "object {target}\ntype {kind}\ntag {name}\ntagger Carl Committer <carl@example.com> {DATE}\n\n{name}\n"
        );
        let id = git_with(directory, &["mktag"], object.as_bytes());
        ids.insert(label, id);
    }
    // fast-import puts commits on refs of ours; only the refs of the script shall be there.
    let made = git(directory, &["for-each-ref", "--format=delete %(refname)", "refs/scenario/"]);
    let mut updates = format!("{made}\n").trim_start().to_owned();
    for (name, label) in refs {
        let id = ids.get(&label).unwrap_or_else(|| panic!("no object `{label}`"));
        let _ = writeln!(updates, "update {name} {id}");
    }
    git_with(directory, &["update-ref", "--stdin"], updates.as_bytes());
    for (name, target) in symbolic {
        git(directory, &["symbolic-ref", &name, &target]);
    }
    ids
}

fn object(stream: &mut String, labels: &[String], words: &[String]) {
    let mark = |label: &str| {
        let place = labels.iter().position(|known| known == label);
        format!(":{}", place.unwrap_or_else(|| panic!("no object `{label}`")) + 1)
    };
    let (label, number) = (labels.last().unwrap(), labels.len());
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "blob" => {
            let _ = writeln!(stream, "blob\nmark :{number}\ndata {}\n{}", word(1).len(), word(1));
        }
        "commit" => {
            let (mut message, mut parents, mut files) = (format!("{}\n", word(1)), Vec::new(), Vec::new());
            let mut date = DATE.to_owned();
            let mut rest = words.iter().skip(2);
            while let Some(key) = rest.next() {
                match key.as_str() {
                    "trailer" => {
                        let separator = if message.contains("\n\n") { "" } else { "\n" };
                        message = format!("{message}{separator}{}\n", rest.next().unwrap());
                    }
                    "file" => files.push((rest.next().unwrap(), rest.next().unwrap())),
                    "at" => date = format!("{} +0000", rest.next().unwrap()),
                    "parents" => {}
                    parent => parents.push(mark(parent)),
                }
            }
            let _ = writeln!(
                stream,
                "commit refs/scenario/{label}\nmark :{number}\nauthor Ann Author <ann@example.com> {date}\n\
                 committer Carl Committer <carl@example.com> {date}\ndata {}\n{message}",
                message.len(),
            );
            for (at, parent) in parents.iter().enumerate() {
                let _ = writeln!(stream, "{} {parent}", if at == 0 { "from" } else { "merge" });
            }
            for (path, content) in files {
                let _ = writeln!(stream, "M 100644 inline {path}\ndata {}\n{content}", content.len());
            }
            stream.push('\n');
        }
        other => panic!("`{other}` is no kind of object"),
    }
}

/// Words, where quotes keep blanks together and `\n` is a line end.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (at, part) in text.split('"').enumerate() {
        if at % 2 == 1 {
            words.push(part.replace("\\n", "\n"));
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}
