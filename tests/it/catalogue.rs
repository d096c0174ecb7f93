//! The catalogue: files, registry, pages, scenarios and presets agree.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use refgate::testing::policy::{PRESETS, Source, load};
use refgate::testing::rules::{REGISTRY, arm};

use crate::support::scenario::{self, Verdict};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn stems(folder: &Path, extension: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|found| found == extension));
    files.map(|path| path.file_stem().unwrap().to_str().unwrap().replace('_', "-")).collect()
}

fn ids() -> BTreeSet<String> {
    REGISTRY.iter().map(|entry| entry.meta.id.to_owned()).collect()
}

#[test]
fn every_rule_has_a_file_a_page_and_scenarios_and_none_is_left_over() {
    let mut files = stems(&root().join("src/rules"), "rs");
    for infrastructure in ["mod", "commands", "entry", "rule", "testing"] {
        assert!(files.remove(infrastructure));
    }
    assert_eq!(files, ids());
    assert_eq!(stems(&root().join("src/rules"), "md"), ids());
    assert_eq!(stems(&scenario::folder(), "md"), ids());
}

#[test]
fn the_registry_is_sorted_and_has_no_id_twice() {
    assert!(REGISTRY.windows(2).all(|pair| pair[0].meta.id < pair[1].meta.id));
}

#[test]
fn every_rule_has_a_scenario_that_refuses_and_one_that_accepts() {
    for id in ids() {
        let file = scenario::folder().join(format!("{}.md", id.replace('-', "_")));
        let name = file.file_name().unwrap().to_str().unwrap().to_owned();
        let scenarios = scenario::read(&name, &std::fs::read_to_string(file).unwrap()).unwrap();
        let has = |verdict| scenarios.iter().any(|scenario| scenario.verdict == verdict);
        assert!(has(Verdict::Refuses), "{id} has no scenario that refuses");
        assert!(has(Verdict::Accepts), "{id} has no scenario that accepts");
        let titles: BTreeSet<&str> = scenarios.iter().map(|scenario| scenario.title.as_str()).collect();
        assert_eq!(titles.len(), scenarios.len(), "{id} has two scenarios of one title");
    }
}

#[test]
fn every_page_has_the_same_headings_and_names_every_option() {
    for entry in REGISTRY {
        let meta = entry.meta;
        let headings: Vec<&str> = meta.docs.lines().filter(|line| line.starts_with('#')).collect();
        let expected = ["## What it refuses", "## Why", "## Options", "## How to fix", "## Known limits"];
        assert_eq!(headings[0], format!("# {}", meta.id));
        assert_eq!(headings[1..], expected, "{}", meta.id);
        let schema = (entry.options)().to_value();
        for option in schema["properties"].as_object().into_iter().flat_map(|options| options.keys()) {
            assert!(meta.docs.contains(&format!("- `{option}`")), "the page of {} does not name `{option}`", meta.id);
        }
        assert!(meta.summary.starts_with("Refuses ") && meta.summary.ends_with('.'), "{}", meta.summary);
        assert_eq!(meta.summary.matches(". ").count(), 0, "{}", meta.summary);
    }
}

#[test]
fn every_preset_is_valid_and_in_the_policies_folder() {
    let names: BTreeSet<String> = PRESETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(stems(&root().join("policies"), "toml"), names);
    for name in names {
        let source = Source::parse(&format!("preset:{name}")).unwrap();
        let policy =
            load(source, &|source| panic!("{source} is built in")).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(policy.name, name);
        if let Err(errors) = arm(&policy) {
            panic!("{name}: {errors}");
        }
    }
}

#[test]
fn every_example_is_valid_and_what_is_compared_is_an_example() {
    let names = stems(&root().join("policies/examples"), "toml");
    // What the tags of some of them come to is written down.
    assert!(stems(&root().join("tests/replay"), "tsv").is_subset(&names));
    for name in names {
        let path = root().join(format!("policies/examples/{name}.toml"));
        let read = |source: &Source| match source {
            Source::File(path) => Ok(std::fs::read(path).unwrap()),
            other => panic!("{name} needs {other}"),
        };
        let policy = load(Source::File(path), &read).unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Err(errors) = arm(&policy) {
            panic!("{name}: {errors}");
        }
    }
}

#[test]
fn the_page_of_rules_lists_every_rule() {
    let path = root().join("docs/rules.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once("<!-- rules: ").unwrap();
    let (marker, rest) = rest.split_once("-->\n").unwrap();
    let (_, after) = rest.split_once("<!-- end of rules -->").unwrap();
    let row = |meta: &refgate::testing::rules::Meta| {
        format!("| [`{0}`](rules/{0}.md) | {1} | {2} |\n", meta.id, meta.default, meta.summary)
    };
    let rows: String = REGISTRY.iter().map(|entry| row(entry.meta)).collect();
    let fresh = format!(
        "{before}<!-- rules: {marker}-->\n| rule | default | what it does |\n|---|---|---|\n{rows}<!-- end of rules -->{after}"
    );
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    }
    assert!(fresh == text || std::env::var_os("REFGATE_BLESS").is_some(), "run `REFGATE_BLESS=1 cargo test catalogue`");
}
