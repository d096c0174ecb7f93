//! A history that is written in a few lines: objects under labels, and refs.

use bstr::ByteSlice as _;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Write as _;

use super::{Text, Wrong};
use crate::git::{Holds, Kind, Made};
use crate::model::{ObjectId, RefName};

/// The date of every commit and tag that has none of its own, which makes ids the same everywhere.
const DATE: &str = "1700000000";

/// Labels and the ids that they stand for.
pub(super) type Ids = BTreeMap<String, ObjectId>;

/// The mode of a file and the id of its content.
type Stored = (&'static str, ObjectId);

/// Writes a history into a repository: its objects, and its refs where `with_refs`.
///
/// # Errors
/// A line that is not of this language, or names what is not there; what cannot be written.
pub(super) fn write(made: &Made, script: &Text, with_refs: bool) -> Result<Ids, Wrong> {
    let mut writer = Writer { made, ids: Ids::new(), kinds: BTreeMap::new(), files: BTreeMap::new() };
    let (mut refs, mut tags) = (Vec::new(), Vec::new());
    for (at, line) in script.lines() {
        let wrong = |cause: String| Wrong { line: at, cause };
        if let Some((name, target)) = line.split_once(" -> ") {
            refs.push((at, RefName::new(name), Err(RefName::new(target))));
            continue;
        }
        let (left, right) = line
            .split_once(" = ")
            .ok_or_else(|| wrong(format!("`{line}` is neither `LABEL = …`, `REF = LABEL` nor `REF -> REF`")))?;
        if left.starts_with("refs/") {
            refs.push((at, RefName::new(left), Ok(right.to_owned())));
            continue;
        }
        let words = words(right);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["commit", message, rest @ ..] => writer.commit(left, message, rest).map_err(wrong)?,
            ["blob", content] => writer.keep(left, Kind::Blob, content.as_bytes()).map_err(wrong)?,
            ["tag", name, "of", target] => tags.push((at, left, (*name).to_owned(), (*target).to_owned())),
            _ => {
                let forms = "`commit \"MESSAGE\" …`, `tag NAME of LABEL` and `blob \"CONTENT\"`";
                return Err(wrong(format!("`{right}` is not one of {forms}")));
            }
        }
    }
    // A tag may be of a tag that stands below it.
    while let Some((at, _, _, target)) = tags.first() {
        let unknown = Wrong { line: *at, cause: format!("there is no object `{target}`") };
        let (ready, rest): (Vec<_>, Vec<_>) = tags.into_iter().partition(|tag| writer.ids.contains_key(&tag.3));
        if ready.is_empty() {
            return Err(unknown);
        }
        for (at, label, name, target) in ready {
            writer.tag(label, &name, &target).map_err(|cause| Wrong { line: at, cause })?;
        }
        tags = rest;
    }
    for (at, name, target) in refs.iter().filter(|_| with_refs) {
        let wrong = |cause: String| Wrong { line: *at, cause };
        let holds = match target {
            Ok(label) => Holds::Object(writer.id(label).map_err(wrong)?),
            Err(target) => Holds::Ref(target),
        };
        let is_ref = name.full().starts_with_str("refs/") || name.full() == "HEAD";
        let set = if is_ref { made.set_ref(name, holds) } else { Err(std::io::Error::other("not below `refs/`")) };
        set.map_err(|error| wrong(format!("the ref `{name}`: {error}")))?;
    }
    Ok(writer.ids)
}

/// What has been written of a history.
struct Writer<'m> {
    made: &'m Made,
    ids: Ids,
    /// The kind of every object, which a tag has to name.
    kinds: BTreeMap<String, Kind>,
    /// The files of every commit.
    files: BTreeMap<String, BTreeMap<String, Stored>>,
}

impl Writer<'_> {
    fn id(&self, label: &str) -> Result<ObjectId, String> {
        self.ids.get(label).copied().ok_or_else(|| format!("there is no object `{label}`"))
    }

    fn object(&self, kind: Kind, bytes: &[u8]) -> Result<ObjectId, String> {
        self.made.object(kind, bytes).map_err(|error| error.to_string())
    }

    fn keep(&mut self, label: &str, kind: Kind, bytes: &[u8]) -> Result<(), String> {
        let id = self.object(kind, bytes)?;
        self.ids.insert(label.to_owned(), id);
        self.kinds.insert(label.to_owned(), kind);
        Ok(())
    }

    /// Writes `commit "MESSAGE" parents A B file PATH "CONTENT" …`. Its files are those of its first parent, changed.
    fn commit(&mut self, label: &str, message: &str, words: &[&str]) -> Result<(), String> {
        let (mut message, mut headers, mut date) = (format!("{message}\n"), String::new(), DATE);
        let (mut parents, mut changed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest = words.iter().copied();
        while let Some(key) = rest.next() {
            let mut next = || rest.next().ok_or_else(|| format!("nothing follows `{key}`"));
            match key {
                "trailer" => {
                    let separator = if message.contains("\n\n") { "" } else { "\n" };
                    message = format!("{message}{separator}{}\n", next()?);
                }
                "file" => changed.push(("100644", next()?, next()?)),
                "link" => changed.push(("120000", next()?, next()?)),
                "header" => headers += &format!("{}\n", next()?),
                "gone" => gone.push(next()?),
                "at" => date = next()?,
                "parents" => {}
                parent => parents.push(parent),
            }
        }
        let first = parents.first().map(|parent| self.files.get(*parent).ok_or(parent)).transpose();
        let first = first.map_err(|parent| format!("`{parent}` is neither a commit above nor a key"))?;
        let mut files = first.cloned().unwrap_or_default();
        files.retain(|path, _| !gone.contains(&path.as_str()));
        for (mode, path, content) in changed {
            let content = self.object(Kind::Blob, content.as_bytes())?;
            files.retain(|known, _| !is_below(known, path) && !is_below(path, known));
            files.insert(path.to_owned(), (mode, content));
        }
        let entries: Vec<(&str, Stored)> = files.iter().map(|(path, stored)| (path.as_str(), *stored)).collect();
        let mut text = format!("tree {}\n", self.tree(&entries)?);
        for parent in parents {
            let _ = writeln!(text, "parent {}", self.id(parent)?);
        }
        let _ = write!(
            text,
            "author Ann Author <ann@example.com> {date} +0000\n\
             committer Carl Committer <carl@example.com> {date} +0000\n{headers}\n{message}"
        );
        self.keep(label, Kind::Commit, text.as_bytes())?;
        self.files.insert(label.to_owned(), files);
        Ok(())
    }

    /// Writes the tree of some files, sorted by path.
    fn tree(&self, files: &[(&str, Stored)]) -> Result<ObjectId, String> {
        // git sorts a folder as though its name ended in `/`.
        let mut entries: BTreeMap<String, Stored> = BTreeMap::new();
        for (path, stored) in files {
            let Some((folder, _)) = path.split_once('/') else {
                entries.insert((*path).to_owned(), *stored);
                continue;
            };
            let prefix = format!("{folder}/");
            if let Entry::Vacant(free) = entries.entry(prefix.clone()) {
                let below = files.iter().filter_map(|(path, stored)| Some((path.strip_prefix(&prefix)?, *stored)));
                free.insert(("40000", self.tree(&below.collect::<Vec<_>>())?));
            }
        }
        let mut bytes = Vec::new();
        for (name, (mode, id)) in entries {
            bytes.extend_from_slice(format!("{mode} {}\0", name.trim_end_matches('/')).as_bytes());
            bytes.extend_from_slice(id.as_bytes());
        }
        self.object(Kind::Tree, &bytes)
    }

    /// Writes `tag NAME of LABEL`.
    fn tag(&mut self, label: &str, name: &str, target: &str) -> Result<(), String> {
        let (id, kind) = (self.id(target)?, self.kinds.get(target).copied().unwrap_or(Kind::Commit));
        let tagger = format!("tagger Carl Committer <carl@example.com> {DATE} +0000");
        let text = format!("object {id}\ntype {kind}\ntag {name}\n{tagger}\n\n{name}\n");
        self.keep(label, Kind::Tag, text.as_bytes())
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
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
