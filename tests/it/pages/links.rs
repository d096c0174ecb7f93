//! Links between pages lead to pages, and to headings that are there.

use std::collections::{BTreeSet, HashMap};
use std::path::{Component, Path, PathBuf};

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::{names, root};

fn read(path: &Path) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

/// Returns what a page links to.
pub(super) fn targets(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        if let Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) = event {
            found.push(dest_url.to_string());
        }
    }
    found
}

/// Returns the anchors of a page's headings, as GitHub and mdBook make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut counts = HashMap::<String, usize>::new();
    let mut title: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Heading { .. }) => title = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(title) = &mut title {
                    title.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let title = title.take().unwrap();
                let kept = title.trim().to_lowercase();
                let kept = kept.chars().filter_map(|c| match c {
                    ' ' => Some('-'),
                    c => (c.is_alphanumeric() || c == '-' || c == '_').then_some(c),
                });
                let anchor: String = kept.collect();
                let count = counts.entry(anchor.clone()).or_default();
                found.insert(if *count == 0 { anchor.clone() } else { format!("{anchor}-{count}") });
                *count += 1;
            }
            _ => {}
        }
    }
    found
}

/// Returns the path without `..`, or nothing where it leaves the project.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => plain.pop().then_some(())?,
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// Returns what is wrong with a link of a page.
fn fault(page: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return target.starts_with("http://").then(|| "not https".to_owned());
    }
    let (path, anchor) = target.split_once('#').map_or((target, None), |(path, anchor)| (path, Some(anchor)));
    let page = Path::new(page);
    let path = if path.is_empty() { page.to_owned() } else { page.parent().unwrap().join(path) };
    let Some(path) = plain(&path).filter(|path| root().join(path).exists()) else {
        return Some("there is no such file".to_owned());
    };
    if page.starts_with("docs") && !path.starts_with("docs") {
        return Some("the book has only what is in docs".to_owned());
    }
    let anchor = anchor?;
    (!anchors(&read(&path)).contains(anchor)).then(|| "there is no such heading".to_owned())
}

#[test]
fn links_lead_somewhere() {
    let mut wrong = Vec::new();
    let mut tried = 0;
    for page in names().into_iter().chain(["CHANGELOG.md".to_owned()]) {
        for target in targets(&read(Path::new(&page))) {
            tried += 1;
            wrong.extend(fault(&page, &target).map(|fault| format!("{page}: {target}: {fault}")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(tried > 100, "{tried} links");
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    for target in [
        "ci.md",
        "ci.md#jenkins",
        "presets/trunk.md",
        "https://example.com/",
        "#reports-in-the-formats-of-other-programs",
    ] {
        assert_eq!(fault("docs/formats.md", target), None, "{target}");
    }
    for target in ["cii.md", "ci.md#jenkinss", "../../x", "#x", "../README.md", "http://example.com/"] {
        assert!(fault("docs/formats.md", target).is_some(), "{target}");
    }
    let text = "# `a` b, c\n\n## d\n\n## d\n\n```toml\n# e\n```\n";
    assert_eq!(anchors(text), ["a-b-c", "d", "d-1"].map(str::to_owned).into());
}
