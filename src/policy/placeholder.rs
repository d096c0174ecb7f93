//! The placeholders that patterns have in braces.

use crate::model::listed;

/// A placeholder: its name, what it matches, and what it is for.
pub(super) struct Placeholder {
    pub(super) name: &'static str,
    pub(super) matched: &'static str,
    /// A value that it matches, and that most others do not.
    pub(super) example: &'static str,
    pub(super) description: &'static str,
}

const fn placeholder(
    name: &'static str,
    matched: &'static str,
    example: &'static str,
    description: &'static str,
) -> Placeholder {
    Placeholder { name, matched, example, description }
}

/// The placeholders there are. `{version}` starts with a digit: `{scope}-{version}` splits `storage-ui-0.10.0-rc.3`
/// where a reader would.
pub(super) const PLACEHOLDERS: &[Placeholder] = &[
    placeholder("code", "[^/]+?", "some-code", "a code name, such as that of a release, within one component"),
    placeholder("major", "[0-9]{1,18}", "7", "the first number of a version"),
    placeholder("micro", "[0-9]{1,18}", "7", "the last number of a calendar version"),
    placeholder("minor", "[0-9]{1,18}", "7", "the second number of a version"),
    placeholder("month", "[0-9]{1,2}", "12", "the month of a calendar version"),
    placeholder("name", "[^/]+", "some-name", "any name within one component"),
    placeholder("patch", "[0-9]{1,18}", "7", "the third number of a version"),
    placeholder("quarter", "[1-4]", "4", "the quarter of a calendar version"),
    placeholder(
        "scope",
        ".+?",
        "some-scope",
        "a component with versions of its own; it may cross `/`, and end in a number",
    ),
    placeholder("user", "[^/]+", "some-user", "a person's name within one component"),
    placeholder(
        "version",
        "[0-9][^/]*",
        "7.7.7",
        "a whole version, read by the tag class's `scheme`; it begins with a digit",
    ),
    placeholder("year", "[0-9]{2,4}", "2026", "the year of a calendar version"),
];

/// Returns the placeholder of a name.
pub(super) fn named(name: &str) -> Option<&'static Placeholder> {
    PLACEHOLDERS.iter().find(|known| known.name == name)
}

/// Returns the names of the placeholders.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PLACEHOLDERS.iter().map(|placeholder| placeholder.name)
}

/// Lists them for a sentence.
pub(super) fn list() -> String {
    let names: Vec<String> = names().map(|name| format!("{{{name}}}")).collect();
    listed(&names, "and")
}
