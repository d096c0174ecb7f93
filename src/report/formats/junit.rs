//! JUnit XML, as Jenkins' schema has it: a suite for each ref of the push.
//!
//! <https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd>

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::collections::BTreeMap;
use std::io;

use crate::report::items::{Item, Weight};
use crate::report::{Format, Sheet};

/// JUnit XML.
pub(in crate::report) const FORMAT: Format = Format {
    name: "junit",
    help: "JUnit XML, on standard output: a suite for each ref, a failed case for each finding that refuses",
    is_for_people: false,
    render: |reported, _| render(&reported.sheet()),
    beside: &[],
};

/// What is about no ref is in a suite of this name. Where nothing was looked at it is the only one: there are programs that
/// take a report without a suite for a broken one.
const PUSH: &str = "push";

fn render(sheet: &Sheet<'_>) -> String {
    let mut writer = Writer::new_with_indent(Vec::new(), b' ', 2);
    // Writing to memory cannot fail.
    let _ = document(&mut writer, sheet);
    String::from_utf8(writer.into_inner()).unwrap_or_default() + "\n"
}

type Xml = Writer<Vec<u8>>;

/// How many cases ended in which way.
#[derive(Default)]
struct Counts {
    tests: usize,
    failures: usize,
    errors: usize,
    skipped: usize,
}

impl Counts {
    fn of(items: &[&Item]) -> Self {
        let count = |end: End| items.iter().filter(|item| End::of(item) == end).count();
        let passed = usize::from(items.is_empty());
        Self {
            tests: items.len() + passed,
            failures: count(End::Failed),
            errors: count(End::Undecided),
            skipped: count(End::Skipped),
        }
    }

    fn attributes(&self) -> [(&'static str, String); 4] {
        [
            ("tests", self.tests.to_string()),
            ("failures", self.failures.to_string()),
            ("errors", self.errors.to_string()),
            ("skipped", self.skipped.to_string()),
        ]
    }
}

/// How a case ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Passed,
    Skipped,
    Failed,
    Undecided,
}

impl End {
    fn of(item: &Item) -> Self {
        match (item.weight, item.is_open) {
            (Weight::Error, false) => Self::Failed,
            (Weight::Error, true) => Self::Undecided,
            // A warning holds nothing up, and a failed case would.
            (Weight::Warning, _) => Self::Passed,
            (Weight::Note, _) => Self::Skipped,
        }
    }
}

fn document(xml: &mut Xml, sheet: &Sheet<'_>) -> io::Result<()> {
    let items = &sheet.items;
    let mut suites: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
    for row in &sheet.seen.rows {
        suites.entry(row.name.clone()).or_default();
    }
    for item in &items.listed {
        suites.entry(item.ref_name.clone().unwrap_or_else(|| PUSH.to_owned())).or_default().push(item);
    }
    if suites.is_empty() {
        suites.insert(PUSH.to_owned(), Vec::new());
    }
    let mut all = Counts::default();
    for counts in suites.values().map(|items| Counts::of(items)) {
        all.tests += counts.tests;
        all.failures += counts.failures;
        all.errors += counts.errors;
        all.skipped += counts.skipped;
    }
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let [tests, failures, errors, _] = all.attributes();
    let attributes = [("name", "refgate".to_owned()), tests, failures, errors];
    element(xml, "testsuites", &attributes, |xml| {
        for (name, items) in &suites {
            suite(xml, name, items)?;
        }
        Ok(())
    })?;
    match items.rest() {
        Some(rest) => xml.write_event(Event::Comment(BytesText::new(&format!(" {rest} ")))),
        None => Ok(()),
    }
}

fn suite(xml: &mut Xml, name: &str, items: &[&Item]) -> io::Result<()> {
    let [tests, failures, errors, skipped] = Counts::of(items).attributes();
    let attributes = [("name", name.to_owned()), tests, failures, errors, skipped];
    element(xml, "testsuite", &attributes, |xml| {
        if items.is_empty() {
            return element(
                xml,
                "testcase",
                &[("name", "accepted".to_owned()), ("classname", name.to_owned())],
                |_| Ok(()),
            );
        }
        items.iter().try_for_each(|item| case(xml, name, item))
    })
}

fn case(xml: &mut Xml, suite: &str, item: &Item) -> io::Result<()> {
    let attributes = [("name", item.rule.clone()), ("classname", suite.to_owned())];
    element(xml, "testcase", &attributes, |xml| {
        let message = ("message", item.message.clone());
        let place = item.path.iter().map(|path| format!("at {path}:{}", item.line.unwrap_or(1)));
        let commit = item.commit.iter().map(|commit| format!("commit {commit}"));
        let lines: Vec<String> = item.lines().into_iter().map(str::to_owned).chain(place).chain(commit).collect();
        let body = |xml: &mut Xml| xml.write_event(Event::Text(BytesText::new(&lines.join("\n"))));
        match End::of(item) {
            End::Passed => element(xml, "system-out", &[], body),
            End::Skipped => element(xml, "skipped", &[message], |_| Ok(())),
            End::Failed => element(xml, "failure", &[message, ("type", item.rule.clone())], body),
            End::Undecided => element(xml, "error", &[message, ("type", "undecided".to_owned())], body),
        }
    })
}

fn element(
    xml: &mut Xml,
    name: &str,
    attributes: &[(&str, String)],
    inside: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    let start = xml.create_element(name).with_attributes(attributes.iter().map(|(key, value)| (*key, value.as_str())));
    start.write_inner_content(inside).map(|_| ())
}
