//! The book: `docs/SUMMARY.md` has every page, and every rule has a chapter that includes its page.
//! `REFGATE_BLESS=1 cargo test pages` writes the chapters and their part of the contents.

use std::collections::BTreeSet;

use refgate::testing::rules::REGISTRY;

use super::links::targets;
use super::{names, root};

const MARKS: (&str, &str) = ("<!-- rules: written by REFGATE_BLESS=1 cargo test pages -->\n", "<!-- end of rules -->");

/// Asserts that a file is what it has to be, or writes it.
fn is_current(path: &str, fresh: &str) {
    let file = root().join(path);
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, fresh).unwrap();
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(text == fresh, "{path} is not current: run `REFGATE_BLESS=1 cargo test pages`");
}

#[test]
fn every_rule_has_a_chapter() {
    let mut list = String::new();
    for entry in REGISTRY {
        let id = entry.meta.id;
        // The page itself stays next to the rule, where `refgate explain` takes it from.
        let chapter = format!("{{{{#include ../../src/rules/{}.md}}}}\n", id.replace('-', "_"));
        is_current(&format!("docs/rules/{id}.md"), &chapter);
        list += &format!("  - [{id}](rules/{id}.md)\n");
    }
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let (before, rest) = summary.split_once(MARKS.0).unwrap();
    let (_, after) = rest.split_once(MARKS.1).unwrap();
    is_current("docs/SUMMARY.md", &format!("{before}{}{list}{}{after}", MARKS.0, MARKS.1));
}

#[test]
fn the_contents_have_every_page_once() {
    let summary = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let listed = targets(&summary);
    let unique: BTreeSet<String> = listed.iter().map(|target| format!("docs/{target}")).collect();
    assert_eq!(unique.len(), listed.len(), "a page is listed twice");
    let pages = names().into_iter().filter(|name| name.starts_with("docs/") && name != "docs/SUMMARY.md");
    assert_eq!(unique, pages.collect(), "the contents and the folder differ");
}
