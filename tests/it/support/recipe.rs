//! Repositories made by a few lines of shell, in the words of the version oracle: `init; c; t v1.2.3; c 5`.

use std::path::PathBuf;
use tempfile::TempDir;

use super::{GIT_CONFIG, command, run};

/// The oracle's words with fewer processes: the same commits, whose ids the oracle gives.
const QUICKER: &str = r#"
init() { git init -q -b main --template= "$@" .; }
c() {
    tick
    local left="${1:-1}" branch parent stream= from
    if ((left > 9)) && git diff --cached --quiet && branch=$(git symbolic-ref HEAD) && parent=$(git rev-parse HEAD); then
        from="from $parent"
        while ((left-- > 0)); do
            tick
            stream+="commit $branch
author $GIT_AUTHOR_NAME <$GIT_AUTHOR_EMAIL> $GIT_AUTHOR_DATE
committer $GIT_COMMITTER_NAME <$GIT_COMMITTER_EMAIL> $GIT_COMMITTER_DATE
data <<END
commit $N
END
$from
"
            from=
        done
        git fast-import --quiet <<<"$stream"
    else
        while ((left-- > 0)); do tick; git commit -q --allow-empty -m "commit $N"; done
    fi
}
"#;

/// Returns the oracle's own words (`c 5` makes five commits, `f` one with a file, `t` an annotated tag, `lt` a
/// lightweight one, `m` a merge), as the file with its data defines them.
pub(crate) fn header() -> String {
    oracle()["header"].as_str().unwrap().to_owned()
}

/// Returns what setuptools_scm says in many situations.
pub(crate) fn oracle() -> serde_json::Value {
    serde_json::from_str(include_str!("../../data/version_oracle.json")).unwrap()
}

/// Runs a recipe in an empty directory; fails the test when it fails. The directory goes away with what is returned.
pub(crate) fn cook(recipe: &str) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    let script = format!("{}\n{QUICKER}export GIT_CONFIG_GLOBAL='{GIT_CONFIG}'\n{recipe}\n", header());
    let output = run(command("bash", &path).args(["-e", "-c", &script]), b"");
    assert!(output.status.success(), "{recipe}: {}", super::stderr(&output));
    (directory, path)
}

/// Does something with every item, on a few threads: making repositories is mostly waiting.
pub(crate) fn for_all<T: Sync>(items: &[T], deed: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let found = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(item) = items.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    found.lock().unwrap().extend(deed(item));
                }
            });
        }
    });
    found.into_inner().unwrap()
}
