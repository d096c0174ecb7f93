//! A history written in a few lines, made real in git's own format.
//!
//! ```text
//! A = commit "first"
//! B = commit "second" parents A file setup.py "version = 1"
//! C = commit "fix" parents B trailer "End-of-Life: 2020" link latest "setup.py" gone README
//! D = commit "both" parents C header "jj:trees 1 2 3"
//! T = tag 1.0 of C
//! X = blob "content"
//! refs/heads/master = B
//! refs/heads/alias -> refs/heads/master
//! missing B^{tree}
//! shallow B
//! ```
//!
//! `missing` removes an object; `shallow` ends the history at a commit, as a shallow clone does, and removes what is
//! below.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::{git, git_with};

/// Labels and the ids they stand for.
pub(crate) type Ids = BTreeMap<String, String>;

/// Makes a bare repository with this history and tells the id of every label.
pub(crate) fn build(directory: &Path, script: &str, init: &[&str]) -> Ids {
    init_bare(directory, init);
    import(directory, script)
}

/// Folders, and files with their content.
type Template = Vec<(PathBuf, Option<Vec<u8>>)>;

/// Makes a bare repository without hooks.
pub(crate) fn init_bare(directory: &Path, options: &[&str]) {
    copied(directory, &[&["bare"], options].concat(), |folder| {
        git(folder, &[&["init", "--quiet", "--bare", "--template="], options, &["."]].concat());
    });
}

/// Fills a folder as `make` does: that runs once for the same key, and its files are written again for everybody else.
/// What it makes may not know where it is.
pub(crate) fn copied(directory: &Path, key: &[&str], make: impl FnOnce(&Path)) {
    static TEMPLATES: Mutex<BTreeMap<Vec<String>, Template>> = Mutex::new(BTreeMap::new());
    let key: Vec<String> = key.iter().map(|word| (*word).to_owned()).collect();
    let mut templates = TEMPLATES.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let template = templates.entry(key).or_insert_with(|| {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path());
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

/// Sets what `git config` would in a repository's own configuration.
pub(crate) fn configure(git_dir: &Path, settings: &[(&str, &str)]) {
    let path = git_dir.join("config");
    let mut text = std::fs::read_to_string(&path).unwrap();
    for (key, value) in settings {
        let (section, name) = key.split_once('.').unwrap();
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let _ = writeln!(text, "[{section}]\n\t{name} = \"{value}\"");
    }
    std::fs::write(path, text).unwrap();
}

/// Gives the server what a push of all refs of the client would: their objects and no others, and the refs.
pub(crate) fn seed(client: &Path, server: &Path) {
    let store = gix::open_opts(client, gix::open::Options::isolated()).unwrap();
    let mut refs = Ids::new();
    for reference in store.references().unwrap().all().unwrap() {
        let mut reference = reference.unwrap();
        let name = reference.name().as_bstr().to_string();
        let id = reference.follow_to_object().unwrap();
        refs.insert(name, id.to_string());
    }
    let mut pending: Vec<gix::ObjectId> = refs.values().map(|id| id.parse().unwrap()).collect();
    while let Some(id) = pending.pop() {
        let hex = id.to_string();
        let (folder, file) = hex.split_at(2);
        let target = server.join("objects").join(folder);
        if target.join(file).exists() {
            continue;
        }
        std::fs::create_dir_all(&target).unwrap();
        std::fs::copy(client.join("objects").join(folder).join(file), target.join(file)).unwrap();
        let object = store.find_object(id).unwrap();
        match gix::objs::ObjectRef::from_bytes(&object.data, object.kind, id.kind()).unwrap() {
            gix::objs::ObjectRef::Blob(_) => {}
            gix::objs::ObjectRef::Tree(tree) => {
                let entries = tree.entries.iter().filter(|entry| !entry.mode.is_commit());
                pending.extend(entries.map(|entry| entry.oid.to_owned()));
            }
            gix::objs::ObjectRef::Commit(commit) => {
                pending.push(commit.tree());
                pending.extend(commit.parents());
            }
            gix::objs::ObjectRef::Tag(tag) => pending.push(tag.target()),
        }
    }
    let updates: String = refs.iter().map(|(name, id)| format!("update {name} {id}\n")).collect();
    git_with(server, &["update-ref", "--stdin"], updates.as_bytes());
}

/// Returns the refs of a script, by name, and the ids they hold; symbolic refs are not among them.
pub(crate) fn refs(script: &str, ids: &Ids) -> BTreeMap<String, String> {
    let lines = script.lines().map(str::trim).filter_map(|line| line.split_once(" = "));
    let refs = lines.filter(|(name, _)| name.starts_with("refs/"));
    refs.map(|(name, label)| (name.to_owned(), ids[label].clone())).collect()
}

/// Writes a history into a repository as the cases of policies do, object by object: a git for each step took most of the
/// tests' time.
pub(crate) fn import(directory: &Path, script: &str) -> Ids {
    let (mut missing, mut shallow, mut history) = (Vec::new(), Vec::new(), String::new());
    for line in script.lines().map(str::trim) {
        if let Some(revision) = line.strip_prefix("missing ") {
            missing.push(revision);
        } else if let Some(label) = line.strip_prefix("shallow ") {
            shallow.push(label);
        } else {
            history += line;
        }
        history.push('\n');
    }
    let as_files = !directory.join("reftable").exists();
    let ids: Ids = refgate::testing::cases::write(directory, &history, as_files).unwrap().into_iter().collect();
    if !as_files {
        let all = refs(&history, &ids);
        let updates: String = all.iter().map(|(name, id)| format!("update {name} {id}\n")).collect();
        git_with(directory, &["update-ref", "--stdin"], updates.as_bytes());
        for (name, target) in history.lines().filter_map(|line| line.split_once(" -> ")) {
            git(directory, &["symbolic-ref", name, target]);
        }
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
