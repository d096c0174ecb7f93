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
//! missing B^{tree}
//! shallow B
//! ```
//!
//! `missing` takes an object away; `shallow` ends the history at a commit, as a shallow clone does, and takes away what
//! lies below.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{DATE, git, git_with};

/// Labels and the ids they stand for.
pub(crate) type Ids = BTreeMap<String, String>;

/// Makes a bare repository with this history and tells the id of every label.
pub(crate) fn build(directory: &Path, script: &str, init: &[&str]) -> Ids {
    init_bare(directory, init);
    import(directory, script)
}

/// What `git init` wrote for some options: folders, and files with their content.
type Template = Vec<(PathBuf, Option<Vec<u8>>)>;

/// Makes a bare repository without hooks: `git init` runs once for the same options, its files are written again for
/// everybody else.
pub(crate) fn init_bare(directory: &Path, options: &[&str]) {
    static TEMPLATES: Mutex<BTreeMap<Vec<String>, Template>> = Mutex::new(BTreeMap::new());
    let key: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
    let mut templates = TEMPLATES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let template = templates.entry(key).or_insert_with(|| {
        let folder = tempfile::tempdir().unwrap();
        git(folder.path(), &[&["init", "--quiet", "--bare", "--template="], options, &["."]].concat());
        let mut template = Template::new();
        let mut folders = vec![PathBuf::new()];
        while let Some(below) = folders.pop() {
            for entry in std::fs::read_dir(folder.path().join(&below)).unwrap() {
                let entry = entry.unwrap();
                let path = below.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    template.push((path.clone(), None));
                    folders.push(path);
                } else {
                    template.push((path, Some(std::fs::read(entry.path()).unwrap())));
                }
            }
        }
        template
    });
    for (path, content) in template.iter() {
        let path = directory.join(path);
        match content {
            None => std::fs::create_dir(path).unwrap(),
            Some(content) => std::fs::write(path, content).unwrap(),
        }
    }
}

/// The refs of a script, by name, and the ids they hold; symbolic refs are not among them.
pub(crate) fn refs(script: &str, ids: &Ids) -> BTreeMap<String, String> {
    let lines = script.lines().map(str::trim).filter_map(|line| line.split_once(" = "));
    let refs = lines.filter(|(name, _)| name.starts_with("refs/"));
    refs.map(|(name, label)| (name.to_owned(), ids[label].clone())).collect()
}

/// Writes a history into a repository.
pub(crate) fn import(directory: &Path, script: &str) -> Ids {
    let mut stream = String::new();
    let mut labels: Vec<String> = Vec::new();
    let mut refs: Vec<(String, String)> = Vec::new();
    let mut symbolic: Vec<(String, String)> = Vec::new();
    let mut tags: Vec<(String, String, String)> = Vec::new();
    let (mut missing, mut shallow) = (Vec::new(), Vec::new());
    // The type of every object, which a tag has to name.
    let mut kinds: BTreeMap<String, &str> = BTreeMap::new();
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(revision) = line.strip_prefix("missing ") {
            missing.push(revision);
            continue;
        }
        if let Some(label) = line.strip_prefix("shallow ") {
            shallow.push(label);
            continue;
        }
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
            kinds.insert(left.to_owned(), "tag");
            continue;
        }
        kinds.insert(left.to_owned(), if words[0] == "blob" { "blob" } else { "commit" });
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
    write_tags(directory, tags, &kinds, &mut ids);
    // fast-import puts commits on refs of ours; only the refs of the script shall be there.
    let made = labels.iter().filter(|label| kinds.get(*label) == Some(&"commit"));
    let mut updates: String = made.map(|label| format!("delete refs/scenario/{label}\n")).collect();
    for (name, label) in refs {
        let id = ids.get(&label).unwrap_or_else(|| panic!("no object `{label}`"));
        let _ = writeln!(updates, "update {name} {id}");
    }
    git_with(directory, &["update-ref", "--stdin"], updates.as_bytes());
    for (name, target) in symbolic {
        git(directory, &["symbolic-ref", &name, &target]);
    }
    cut_off(directory, &shallow, &ids);
    for revision in missing {
        let (label, path) = revision.find(['^', ':']).map_or((revision, ""), |at| revision.split_at(at));
        let label = ids.get(label).unwrap_or_else(|| panic!("no object `{label}`"));
        let id = git(directory, &["rev-parse", "--verify", &format!("{label}{path}")]);
        let (folder, file) = id.split_at(2);
        std::fs::remove_file(directory.join("objects").join(folder).join(file)).unwrap();
    }
    ids
}

/// Writes tag objects, by one git for all that need no other tag first.
fn write_tags(
    directory: &Path,
    mut tags: Vec<(String, String, String)>,
    kinds: &BTreeMap<String, &str>,
    ids: &mut Ids,
) {
    while !tags.is_empty() {
        let (ready, later): (Vec<_>, Vec<_>) = tags.into_iter().partition(|(.., target)| ids.contains_key(target));
        let (_, _, unknown) = ready.first().or_else(|| later.first()).unwrap();
        assert!(!ready.is_empty(), "no object `{unknown}`");
        let mut paths = String::new();
        let folder = tempfile::tempdir().unwrap();
        for (at, (_, name, target)) in ready.iter().enumerate() {
            let (id, kind) = (&ids[target], kinds[target]);
            let path = folder.path().join(at.to_string());
            let object = format!(
                "object {id}\ntype {kind}\ntag {name}\ntagger Carl Committer <carl@example.com> {DATE}\n\n{name}\n"
            );
            std::fs::write(&path, object).unwrap();
            let _ = writeln!(paths, "{}", path.display());
        }
        let written = git_with(directory, &["hash-object", "-w", "-t", "tag", "--stdin-paths"], paths.as_bytes());
        ids.extend(ready.into_iter().zip(written.lines()).map(|((label, ..), id)| (label, id.to_owned())));
        tags = later;
    }
}

/// Ends the history at some commits.
fn cut_off(directory: &Path, shallow: &[&str], ids: &Ids) {
    if shallow.is_empty() {
        return;
    }
    let ends: Vec<&str> = shallow.iter().map(|label| ids[*label].as_str()).collect();
    let parents: Vec<String> = ends.iter().map(|id| format!("{id}^@")).collect();
    let mut below = vec!["rev-list"];
    below.extend(parents.iter().map(String::as_str));
    let below = git(directory, &below);
    std::fs::write(directory.join("shallow"), ends.join("\n") + "\n").unwrap();
    let kept: Vec<&str> =
        ids.values().map(String::as_str).filter(|id| !below.lines().any(|gone| gone == *id)).collect();
    git(directory, &[&["prune", "--expire=now"], kept.as_slice()].concat());
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
