//! GitHub's workflow commands: annotations on the lines of a change.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use crate::model::Untrusted;
use crate::report::items::{Item, Weight};
use crate::report::{Beside, Format, Sheet};

/// Workflow commands.
pub(in crate::report) const FORMAT: Format = Format {
    name: "github",
    help: "GitHub workflow commands, on standard output; in a job also its summary and outputs",
    is_for_people: false,
    render: |reported, _| commands(&reported.sheet()),
    beside: &[
        Beside { variable: "GITHUB_STEP_SUMMARY", render: |reported| reported.markdown() },
        Beside { variable: "GITHUB_OUTPUT", render: |reported| outputs(&reported.sheet()) },
    ],
};

fn commands(sheet: &Sheet<'_>) -> String {
    let mut text: String = sheet.items.listed.iter().map(command).collect();
    if let Some(rest) = sheet.items.rest() {
        text.push_str(&format!("::notice title=refgate::{}\n", data(&rest)));
    }
    text.push_str(&conclusion(sheet));
    text
}

/// Returns the line that the log of the job ends with: a job without annotations says that it was judged, too.
fn conclusion(sheet: &Sheet<'_>) -> String {
    let by = sheet.by(|name| format!("`{}`", Untrusted::new(name)));
    format!("refgate: {}{by}: {}\n", Untrusted::new(&sheet.said), sheet.counts())
}

fn command(item: &Item) -> String {
    let word = match item.weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
        Weight::Note => "notice",
    };
    let mut properties = vec![format!("title={}", property(&format!("refgate: {}", item.rule)))];
    if let Some(path) = &item.path {
        properties.push(format!("file={}", property(path)));
        properties.extend(item.line.map(|line| format!("line={line}")));
        properties.extend(item.column.map(|column| format!("col={column}")));
    }
    let place = item.ref_name.iter().chain(&item.commit).cloned().collect::<Vec<String>>().join(" ");
    let lines: Vec<&str> = item.lines().into_iter().chain([place.as_str()]).filter(|line| !line.is_empty()).collect();
    format!("::{word} {}::{}\n", properties.join(","), data(&lines.join("\n")))
}

/// Escapes what follows the second pair of colons.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Returns the outputs of the step: nothing that others wrote is among them.
fn outputs(sheet: &Sheet<'_>) -> String {
    let verdict = sheet.verdict.map_or_else(String::new, |verdict| format!("verdict={}\n", verdict.name()));
    format!(
        "{verdict}exit-code={}\nerrors={}\nwarnings={}\n",
        sheet.exit.code(),
        sheet.items.count(Weight::Error),
        sheet.items.count(Weight::Warning)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_are_escaped_as_the_runner_reads_them() {
        assert_eq!(data("a%0A\nb\r"), "a%250A%0Ab%0D");
        assert_eq!(property("a:b,c::d"), "a%3Ab%2Cc%3A%3Ad");
    }

    proptest! {
        #[test]
        fn a_value_ends_neither_its_line_nor_its_command(text in "(?s).{0,40}") {
            prop_assert!(!property(&text).contains([':', ',', '\n', '\r']));
            prop_assert!(!data(&text).contains(['\n', '\r']));
        }
    }
}
