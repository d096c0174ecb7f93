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

use super::{DATE, git, git_with};

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
    let names: Vec<(&str, &str)> = refs.keys().map(|name| (name.as_str(), name.as_str())).collect();
    set_refs(server, &names, &[], &refs);
}

#[allow(dead_code, reason = "the scenarios alone need it")]
/// Returns the refs of a script, by name, and the ids they hold; symbolic refs are not among them.
pub(crate) fn refs(script: &str, ids: &Ids) -> BTreeMap<String, String> {
    let lines = script.lines().map(str::trim).filter_map(|line| line.split_once(" = "));
    let refs = lines.filter(|(name, _)| name.starts_with("refs/"));
    refs.map(|(name, label)| (name.to_owned(), ids[label].clone())).collect()
}

/// Writes a history into a repository, object by object as git would: a git for each step took most of the tests' time.
pub(crate) fn import(directory: &Path, script: &str) -> Ids {
    let store = gix::open_opts(directory, gix::open::Options::isolated()).unwrap();
    let mut writer = Writer { store: &store, ids: Ids::new(), kinds: BTreeMap::new(), files: BTreeMap::new() };
    let mut refs: Vec<(&str, &str)> = Vec::new();
    let mut symbolic: Vec<(&str, &str)> = Vec::new();
    let mut tags: Vec<(&str, Vec<String>)> = Vec::new();
    let (mut missing, mut shallow) = (Vec::new(), Vec::new());
    for line in script.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        if let Some(revision) = line.strip_prefix("missing ") {
            missing.push(revision);
        } else if let Some(label) = line.strip_prefix("shallow ") {
            shallow.push(label);
        } else if let Some(link) = line.split_once(" -> ") {
            symbolic.push(link);
        } else {
            let (left, right) = line.split_once(" = ").unwrap_or_else(|| panic!("no ` = ` in `{line}`"));
            let words = words(right);
            match words[0].as_str() {
                _ if left.starts_with("refs/") => refs.push((left, right)),
                "commit" => writer.commit(left, &words),
                "blob" => writer.blob(left, &words[1]),
                "tag" => tags.push((left, words)),
                other => panic!("`{other}` is no kind of object"),
            }
        }
    }
    // A tag may be of a tag that stands below it.
    while !tags.is_empty() {
        let count = tags.len();
        tags.retain(|(label, words)| !writer.tag(label, words));
        assert!(tags.len() < count, "no object `{}`", tags[0].1[3]);
    }
    let ids = writer.ids;
    set_refs(directory, &refs, &symbolic, &ids);
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

fn set_refs(directory: &Path, refs: &[(&str, &str)], symbolic: &[(&str, &str)], ids: &Ids) {
    let id = |label: &str| ids.get(label).unwrap_or_else(|| panic!("no object `{label}`"));
    if directory.join("reftable").exists() {
        let updates: String = refs.iter().map(|(name, label)| format!("update {name} {}\n", id(label))).collect();
        git_with(directory, &["update-ref", "--stdin"], updates.as_bytes());
        for (name, target) in symbolic {
            git(directory, &["symbolic-ref", name, target]);
        }
        return;
    }
    let refs = refs.iter().map(|(name, label)| (name, format!("{}\n", id(label))));
    for (name, content) in refs.chain(symbolic.iter().map(|(name, target)| (name, format!("ref: {target}\n")))) {
        let path = directory.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
}

/// What has been written of a history.
struct Writer<'a> {
    store: &'a gix::Repository,
    ids: Ids,
    /// The type of every object, which a tag has to name.
    kinds: BTreeMap<String, &'static str>,
    /// The files of every commit, and the ids of their content.
    files: BTreeMap<String, BTreeMap<String, Stored>>,
}

/// The mode of a file and the id of its content.
type Stored = (&'static str, gix::ObjectId);

impl Writer<'_> {
    fn write(&self, kind: gix::objs::Kind, bytes: &[u8]) -> gix::ObjectId {
        gix::objs::Write::write_buf(&self.store.objects, kind, bytes).unwrap()
    }

    fn keep(&mut self, label: &str, kind: gix::objs::Kind, name: &'static str, bytes: &[u8]) {
        self.ids.insert(label.to_owned(), self.write(kind, bytes).to_string());
        self.kinds.insert(label.to_owned(), name);
    }

    fn blob(&mut self, label: &str, content: &str) {
        self.keep(label, gix::objs::Kind::Blob, "blob", content.as_bytes());
    }

    fn commit(&mut self, label: &str, words: &[String]) {
        let (mut message, mut parents, mut changed) = (format!("{}\n", words[1]), Vec::new(), Vec::new());
        let mut gone = Vec::new();
        let mut headers = String::new();
        let mut date = DATE.to_owned();
        let mut rest = words.iter().skip(2);
        while let Some(key) = rest.next() {
            match key.as_str() {
                "trailer" => {
                    let separator = if message.contains("\n\n") { "" } else { "\n" };
                    message = format!("{message}{separator}{}\n", rest.next().unwrap());
                }
                "file" => changed.push(("100644", rest.next().unwrap(), rest.next().unwrap())),
                "link" => changed.push(("120000", rest.next().unwrap(), rest.next().unwrap())),
                "header" => headers += &format!("{}\n", rest.next().unwrap()),
                "gone" => gone.push(rest.next().unwrap()),
                "at" => date = format!("{} +0000", rest.next().unwrap()),
                "parents" => {}
                parent => parents.push(parent),
            }
        }
        // As the first parent has them, changed.
        let mut files = parents.first().map_or_else(BTreeMap::new, |parent| self.files[*parent].clone());
        files.retain(|path, _| !gone.contains(&path));
        for (mode, path, content) in changed {
            let content = self.write(gix::objs::Kind::Blob, content.as_bytes());
            files.retain(|known, _| !known.starts_with(&format!("{path}/")) && !path.starts_with(&format!("{known}/")));
            files.insert(path.clone(), (mode, content));
        }
        let entries: Vec<(&str, Stored)> = files.iter().map(|(path, stored)| (path.as_str(), *stored)).collect();
        let mut object = format!("tree {}\n", self.tree(&entries));
        for parent in parents {
            let id = self.ids.get(parent).unwrap_or_else(|| panic!("no object `{parent}`"));
            let _ = writeln!(object, "parent {id}");
        }
        let _ = write!(
            object,
            "author Ann Author <ann@example.com> {date}\ncommitter Carl Committer <carl@example.com> {date}\n{headers}\n{message}"
        );
        self.keep(label, gix::objs::Kind::Commit, "commit", object.as_bytes());
        self.files.insert(label.to_owned(), files);
    }

    /// Writes the tree of some files, sorted by path.
    fn tree(&self, files: &[(&str, Stored)]) -> gix::ObjectId {
        // git sorts a folder as though its name ended in `/`.
        let mut entries: BTreeMap<String, Stored> = BTreeMap::new();
        let mut rest = files;
        while let Some((path, stored)) = rest.first() {
            if let Some((folder, _)) = path.split_once('/') {
                let prefix = format!("{folder}/");
                let inside: Vec<(&str, Stored)> =
                    files.iter().filter_map(|(path, stored)| Some((path.strip_prefix(&prefix)?, *stored))).collect();
                entries.entry(prefix).or_insert_with(|| ("40000", self.tree(&inside)));
            } else {
                entries.insert((*path).to_owned(), *stored);
            }
            rest = &rest[1..];
        }
        let mut bytes = Vec::new();
        for (name, (mode, id)) in entries {
            bytes.extend_from_slice(format!("{mode} {}\0", name.trim_end_matches('/')).as_bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.write(gix::objs::Kind::Tree, &bytes)
    }

    /// Writes `tag NAME of LABEL`, if what it is of is there.
    fn tag(&mut self, label: &str, words: &[String]) -> bool {
        let [_, name, _, target] = words else { panic!("`{words:?}` is not `tag NAME of LABEL`") };
        let Some(id) = self.ids.get(target) else { return false };
        let kind = self.kinds[target];
        let object = format!(
            "object {id}\ntype {kind}\ntag {name}\ntagger Carl Committer <carl@example.com> {DATE}\n\n{name}\n"
        );
        self.keep(label, gix::objs::Kind::Tag, "tag", object.as_bytes());
        true
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

/// Splits text into words, where quotes keep blanks together and `\n` is a line end.
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
