//! The hosts: files, list and page agree, and each is recognised by what it leaves in a repository.

use std::path::Path;

use bstr::BString;
use refgate::testing::hosts::{HOSTS, Hook, Traces, detect, find, page, refusal};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn every_file_is_a_host_and_every_host_a_file() {
    let files = std::fs::read_dir(root().join("src/hosts")).unwrap();
    let mut files: Vec<String> = files
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().replace('_', "-"))
        .filter(|name| !["mod", "host", "hook"].contains(&name.as_str()))
        .collect();
    files.sort();
    let names: Vec<&str> = HOSTS.iter().map(|host| host.name).collect();
    assert_eq!(names, files, "in the order of their names");
}

#[test]
fn every_host_says_what_its_page_needs() {
    for host in HOSTS {
        assert!(host.docs.ends_with('.'), "{}: {}", host.name, host.docs);
        assert!(!host.hooks.is_empty() && !host.guards.is_empty(), "{}", host.name);
        assert!(host.pusher.is_some() || host.installs.is_some(), "{} is good for nothing", host.name);
        assert!(std::ptr::eq(find(host.name).unwrap(), *host));
    }
}

#[test]
fn the_page_is_up_to_date() {
    let path = root().join("docs/hosts.md");
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(text == page(), "run `REFGATE_BLESS=1 cargo test hosts`");
}

#[test]
fn every_host_that_can_be_installed_into_is_recognised() {
    type Leaves = fn(&Path);
    let touch = |path: &Path, text: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let rows: &[(&str, Leaves)] = &[
        ("gitea", |repository| std::fs::create_dir_all(repository.join("hooks/pre-receive.d/gitea")).unwrap()),
        ("gitlab", |_| ()),
        ("gitolite", |repository| {
            std::fs::create_dir_all(repository.join("hooks")).unwrap();
            std::os::unix::fs::symlink("/home/git/.gitolite/hooks/common/update", repository.join("hooks/update"))
                .unwrap();
        }),
        ("kallithea", |_| ()),
        ("plain", |_| ()),
    ];
    let installable = HOSTS.iter().filter(|host| host.installs.is_some()).map(|host| host.name);
    assert_eq!(rows.iter().map(|row| row.0).collect::<Vec<_>>(), installable.collect::<Vec<_>>());
    for (name, leaves) in rows {
        let folder = tempfile::tempdir().unwrap();
        leaves(folder.path());
        if *name == "kallithea" {
            touch(&folder.path().join("hooks/post-receive"), "#!/usr/bin/python\n# KALLITHEA_HOOK_VER=0.7\n");
        }
        let config = |key: &str| (*name == "gitlab" && key == "gitlab.fullpath").then(|| BString::from("group/x"));
        let traces = Traces { common_dir: folder.path(), config: &config };
        assert_eq!(detect(&traces).name, *name);
    }
}

#[test]
fn what_belongs_to_a_host_is_left_alone() {
    let refused =
        |host: &str, hook, target: Option<&str>| refusal(find(host).unwrap(), hook, target.map(Path::new)).is_some();
    assert!(refused("gitolite", Hook::Update, None));
    assert!(!refused("gitolite", Hook::PreReceive, None));
    // The link says it, whatever the host is taken for.
    assert!(refused("plain", Hook::PreReceive, Some("/home/git/.gitolite/hooks/common/pre-receive")));
    assert!(refused("kallithea", Hook::PostReceive, None));
    assert!(!refused("plain", Hook::PostReceive, None));
}
