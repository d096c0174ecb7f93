//! The floors: a module imports only from floors below its own.

use std::path::{Path, PathBuf};

/// The floors of the house, as `src/lib.rs` lists them.
const FLOORS: &[(&str, u8)] = &[
    ("model", 0),
    ("git", 1),
    ("hosts", 1),
    ("version", 1),
    ("manifest", 1),
    ("policy", 2),
    ("push", 2),
    ("landed", 2),
    ("project", 3),
    ("facts", 4),
    ("release", 4),
    ("rules", 5),
    ("gate", 6),
    ("report", 7),
    ("install", 7),
    ("cli", 8),
];

fn floor(module: &str) -> u8 {
    FLOORS.iter().find(|(name, _)| *name == module).unwrap_or_else(|| panic!("the module `{module}` has no floor")).1
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The modules that a file names with `crate::`.
fn imports(text: &str) -> Vec<String> {
    let named = text.split("crate::").skip(1);
    named.map(|rest| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()).collect()
}

#[test]
fn modules_import_only_from_floors_below() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 20, "the sources were not found");
    for file in files {
        let path = file.strip_prefix(&root).unwrap();
        let own = path.components().next().unwrap().as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned();
        if own == "lib" || own == "main" {
            continue;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        for module in imports(&text).into_iter().filter(|module| *module != own) {
            assert!(
                floor(&module) < floor(&own),
                "{} is on floor {} and names `{module}`",
                path.display(),
                floor(&own)
            );
        }
    }
}

#[test]
fn a_rule_knows_neither_git_nor_policies() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        // The registry reads the policy's options for the rules.
        if !name.ends_with(".rs") || name == "registry.rs" {
            continue;
        }
        for module in imports(&std::fs::read_to_string(&path).unwrap()) {
            assert!(
                ["facts", "model", "version", "manifest", "rules"].contains(&module.as_str()),
                "{name} names `{module}`"
            );
        }
    }
}

#[test]
fn every_module_is_listed_with_its_floor() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let listed: Vec<u8> = text
        .lines()
        .filter_map(|line| line.strip_prefix("pub mod "))
        .map(|rest| floor(rest.trim_end_matches(';')))
        .collect();
    assert!(listed.is_sorted(), "src/lib.rs is the map of the house: modules stand in the order of their floors");
}
