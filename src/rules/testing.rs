//! Asks one rule about one push, for unit tests: the repository is in memory.

use std::path::PathBuf;

use super::{Armed, Found, Sink, find};
use crate::facts::{Facts, Project};
pub(super) use crate::git::Memory;
use crate::model::{HashKind, Level, ObjectId, Push, RefName, RefUpdate, Stage};
use crate::policy::{self, Source};
use crate::project::View;

/// A line of each role that most rules know, and a class of version tags.
pub(super) const POLICY: &str = r#"schema = 1
name = "example"
[[line]]
name = "main"
branch = "main"
role = "mainline"
[[line]]
name = "release"
branch = "{major}.{minor}"
role = "release"
cut-from = "main"
[[tag]]
name = "version"
tag = "v{version}"
scheme = "semver"
object = "annotated"
"#;

/// One ref of a push: its full name, its old value and its new one.
pub(super) type Offered<'a> = (&'a str, Option<ObjectId>, Option<ObjectId>);

/// Returns what a rule says of a push in pre-receive: its messages, and what kept it from an answer after `undecided: `.
/// The policy is [`POLICY`] and more, and the rule is on.
pub(super) fn ask(id: &str, more: &str, memory: &Memory, offered: &[Offered<'_>]) -> Vec<String> {
    let text = format!("{POLICY}{more}");
    let policy = policy::load(Source::File(PathBuf::from("policy.toml")), &|_| Ok(text.clone().into_bytes())).unwrap();
    let entry = find(id).unwrap();
    let check = (entry.bind)(&policy).unwrap();
    let setting = policy.rules.get(id).cloned().unwrap_or_default();
    let armed = Armed { meta: entry.meta, level: Level::Refuse, setting, check };
    let project = Project::new(memory.open(), policy, View::Own);
    let null = ObjectId::null(HashKind::Sha1);
    let updates = offered.iter().map(|(name, old, new)| RefUpdate {
        name: RefName::new(*name),
        old: old.unwrap_or(null),
        new: new.unwrap_or(null),
        via: None,
    });
    let push = Push::anonymous(Stage::PreReceive, updates.collect());
    let facts = Facts::new(&project, &push);
    let mut said = Vec::new();
    for update in facts.updates() {
        let mut found = Found::new(100);
        let checked = (armed.check)(&update, &mut Sink::new(&armed, &update, &|_| Ok(false), &mut found));
        said.extend(found.findings.into_iter().map(|finding| finding.message));
        said.extend(checked.err().map(|error| format!("undecided: {}", error.cause)));
    }
    said
}
