//! The pages for readers: the README, `docs/`, the rules' pages and their like. What they show is run or checked, or its
//! fence says by one word why not; what they link to is there.

mod book;
mod checks;
mod links;
mod session;

use std::ops::Range;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag};

/// The reasons that a fence of commands may give for not being run, after a comma: ` ```sh,host `. The commands of
/// refgate in such a block are still known to the program.
const REASONS: &[(&str, &str)] = &[
    ("host", "needs an account, a service or a machine that a test does not have"),
    ("suite", "builds the program or runs all tests; `tests/run.sh` or a test of its own does the same"),
    ("data", "was measured in a clone of a public project"),
];

/// What becomes of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Treatment {
    /// Its commands are run, and what they say is compared.
    Run,
    /// Its commands are not run, for one of [`REASONS`]; the program knows them.
    Known,
    /// It is a policy or a part of one, which is checked.
    Policy,
    /// It is a file of cases, which is tried.
    Cases,
    /// It is a part of a page that `refgate policy test` tries.
    Case,
    /// It is data that is read, such as JSON.
    Data,
    /// It is written by another test, which the marks around it name.
    Written,
    /// It is neither a command nor a file.
    Text,
}

/// A block of code on a page.
#[derive(Debug)]
struct Block {
    line: usize,
    /// What stands behind the fence.
    info: String,
    text: String,
    /// Where the text stands on the page.
    range: Range<usize>,
    /// Whether marks around it say that a test writes it.
    is_written: bool,
}

impl Block {
    /// Returns what the test does with the block, or what is wrong with its fence.
    fn treatment(&self) -> Result<Treatment, String> {
        let (language, reason) = self.info.split_once(',').map_or((self.info.as_str(), None), |(a, b)| (a, Some(b)));
        match (language, reason) {
            ("sh", Some(reason)) if REASONS.iter().any(|(name, _)| *name == reason) => Ok(Treatment::Known),
            (_, Some(reason)) => Err(format!("`{reason}` is not one of {REASONS:?} for commands")),
            ("console", None) if self.is_written => Ok(Treatment::Written),
            ("sh" | "console", None) => Ok(Treatment::Run),
            ("toml", None) if self.text.contains("[[case]]") => Ok(Treatment::Cases),
            ("toml", None) => Ok(Treatment::Policy),
            ("toml policy" | "toml policy more" | "repo" | "repo more" | "push" | "expect", None) => {
                Ok(Treatment::Case)
            }
            ("json" | "yaml" | "groovy", None) => Ok(Treatment::Data),
            ("text", None) => Ok(Treatment::Text),
            _ => Err(format!("nothing is done with a block `{}`", self.info)),
        }
    }
}

/// A page.
struct Page {
    /// Its path from the root of the project.
    name: String,
    text: String,
    blocks: Vec<Block>,
    /// Code within a line.
    spans: Vec<(usize, String)>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns the paths of all pages.
fn names() -> Vec<String> {
    let mut found: Vec<PathBuf> =
        ["README.md", "CONTRIBUTING.md", "SECURITY.md", "src/landed/README.md"].iter().map(PathBuf::from).collect();
    let mut folders = vec![PathBuf::from("docs"), PathBuf::from("src/rules")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            match path.extension() {
                _ if entry.file_type().unwrap().is_dir() => folders.push(path),
                Some(extension) if extension == "md" => found.push(path),
                _ => {}
            }
        }
    }
    let mut names: Vec<String> = found.into_iter().map(|path| path.to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn pages() -> Vec<Page> {
    names().into_iter().map(|name| Page::read(&name)).collect()
}

impl Page {
    fn read(name: &str) -> Self {
        Self::parse(name, std::fs::read_to_string(root().join(name)).unwrap())
    }

    fn parse(name: &str, text: String) -> Self {
        let written = written(&text);
        let line = |at: usize| text[..at].matches('\n').count() + 1;
        let (mut blocks, mut spans): (Vec<Block>, _) = (Vec::new(), Vec::new());
        let mut is_open = false;
        for (event, range) in Parser::new(&text).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(kind)) => {
                    is_open = true;
                    let info = match kind {
                        CodeBlockKind::Fenced(info) => info.to_string(),
                        CodeBlockKind::Indented => "indented".to_owned(),
                    };
                    let is_written = written.iter().any(|part| part.contains(&range.start));
                    let empty = Block { line: line(range.start), info, text: String::new(), range: 0..0, is_written };
                    blocks.push(empty);
                }
                Event::End(pulldown_cmark::TagEnd::CodeBlock) => is_open = false,
                Event::Text(part) if is_open => {
                    let block = blocks.last_mut().unwrap();
                    let start = if block.text.is_empty() { range.start } else { block.range.start };
                    block.range = start..range.end;
                    block.text.push_str(&part);
                }
                Event::Code(code) => spans.push((line(range.start), code.to_string())),
                _ => {}
            }
        }
        Self { name: name.to_owned(), text, blocks, spans }
    }

    /// Returns the blocks that are treated in one way.
    fn treated(&self, treatment: Treatment) -> impl Iterator<Item = &Block> {
        self.blocks.iter().filter(move |block| block.treatment() == Ok(treatment))
    }
}

/// Returns the parts of a page between `<!-- NAME: written by … -->` and `<!-- end of NAME -->`.
fn written(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    for (start, _) in text.match_indices("<!-- ") {
        let mark = text[start + 5..].split("-->").next().unwrap();
        if let Some((name, _)) = mark.split_once(": written by ") {
            let end = text[start..].find(&format!("<!-- end of {name} -->"));
            parts.push(start..start + end.unwrap_or_else(|| panic!("{name} has no end")));
        }
    }
    parts
}

#[test]
fn every_block_is_run_or_checked_or_says_why_not() {
    let mut wrong = Vec::new();
    let mut counts = std::collections::BTreeMap::<Treatment, usize>::new();
    for page in pages() {
        for block in &page.blocks {
            match block.treatment() {
                Ok(treatment) => *counts.entry(treatment).or_default() += 1,
                Err(error) => wrong.push(format!("{}:{}: {error}", page.name, block.line)),
            }
        }
        // A case without its push, or a push without what comes out, is not tried by anything.
        let cases = |info: &str| page.blocks.iter().filter(|block| block.info == info).count();
        if cases("push") != cases("expect") && page.name.starts_with("docs/") {
            wrong.push(format!("{}: {} pushes and {} outcomes", page.name, cases("push"), cases("expect")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The page parser finds something of each kind, most of which is run or checked.
    for treatment in [Treatment::Run, Treatment::Policy, Treatment::Case, Treatment::Data, Treatment::Written] {
        assert!(counts.contains_key(&treatment), "{counts:?}");
    }
    let of = |treatment| counts.get(&treatment).copied().unwrap_or_default();
    assert!(of(Treatment::Known) * 10 < counts.values().sum(), "too little is run: {counts:?}");
}

#[test]
fn a_block_that_nothing_runs_is_found() {
    let treatment = |text: &str| Page::parse("page.md", text.to_owned()).blocks[0].treatment();
    assert_eq!(treatment("```sh\ngit push\n```\n"), Ok(Treatment::Run));
    assert_eq!(treatment("```sh,host\ngit push\n```\n"), Ok(Treatment::Known));
    assert_eq!(treatment("- a\n\n  ```toml\n  schema = 1\n  ```\n"), Ok(Treatment::Policy));
    for text in
        ["```\ngit push\n```\n", "```bash\ngit push\n```\n", "```sh,later\ngit push\n```\n", "para\n\n    git push\n"]
    {
        assert!(treatment(text).is_err(), "{text}");
    }
    let text =
        "<!-- a: written by a test -->\n```console\n$ git push\n```\n<!-- end of a -->\n\n```console\n$ x\n```\n";
    let page = Page::parse("page.md", text.to_owned());
    let found: Vec<_> = page.blocks.iter().map(Block::treatment).collect();
    assert_eq!(found, [Ok(Treatment::Written), Ok(Treatment::Run)]);
    assert_eq!(&page.text[page.blocks[1].range.clone()], "$ x\n");
}
