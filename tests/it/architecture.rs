//! The floors: a module imports only from floors below its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Returns the floors of the house: `src/lib.rs` is the one table of them, `// Floor 3: …` above the modules that stand
/// on it.
fn floors() -> BTreeMap<String, u8> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs")).unwrap();
    let mut floors = BTreeMap::new();
    let mut current = None;
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("// Floor ") {
            let number = rest.split_once(':').and_then(|(number, _)| number.parse::<u8>().ok());
            assert!(number >= current, "src/lib.rs is the map of the house: floors stand in their order");
            current = number;
        }
        let module = line.split_once("mod ").filter(|(before, _)| !before.contains("//")).map(|(_, name)| name);
        if let Some(module) = module {
            let floor = current.unwrap_or_else(|| panic!("`{module}` stands above the first floor"));
            floors.insert(module.trim_end_matches(';').to_owned(), floor);
        }
    }
    assert!(floors.len() > 10, "the floors were not found");
    floors
}

fn floor(module: &str) -> u8 {
    *floors().get(module).unwrap_or_else(|| panic!("the module `{module}` has no floor"))
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

/// Returns the modules that a file names with `crate::`.
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
        // One reads the options in the policy, the other makes repositories for tests.
        if !name.ends_with(".rs") || ["entry.rs", "testing.rs"].contains(&name.as_str()) {
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
