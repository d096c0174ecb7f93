//! A version field: its name, what it says, and where.

use std::ops::Range;

/// What a version field says.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// The version, written out.
    Literal(String),
    /// Not a version but where it comes from, in the file's own words: `version.workspace = true`, `attr: pkg.v`,
    /// `${revision}`, `@VERSION@`.
    Dynamic(String),
}

impl Value {
    /// Reads a text that was written where a version belongs. One of `$ @ % { }` makes it a template: no version
    /// scheme has them, and every substitution (Maven, GString, autoconf, RPM, Helm, MSBuild) has one.
    pub(super) fn of(text: &str) -> Self {
        if text.contains(['$', '@', '%', '{', '}']) { Self::Dynamic(text.into()) } else { Self::Literal(text.into()) }
    }

    /// Returns the version, if it is written out.
    pub fn literal(&self) -> Option<&str> {
        match self {
            Self::Literal(text) => Some(text),
            Self::Dynamic(_) => None,
        }
    }

    /// Returns whether this stands for a version that is filled in later, or is on its way: `0.0.0` with whatever follows
    /// it (release tools recommend `0.0.0-development`, `0.0.0-semantically-released`, `0.0.0.dev0` and the like),
    /// `v2.44.GIT`, a `-SNAPSHOT`, `-dev` or `.dev0` suffix, `@VERSION@`, or a word without any digit such as
    /// `UNRELEASED`.
    pub fn is_placeholder(&self) -> bool {
        let text = match self {
            Self::Literal(text) => text.to_ascii_lowercase(),
            Self::Dynamic(text) => return text.len() > 2 && text.starts_with('@') && text.ends_with('@'),
        };
        let suffix = ["-snapshot", "-dev", ".dev", ".dev0", "-dev.0", ".git", "-placeholder", "-development"];
        is_zero(&text)
            || !text.contains(|c: char| c.is_ascii_digit())
            || suffix.iter().any(|suffix| text.ends_with(suffix))
    }
}

/// Returns whether the numbers of a version are all zero, and nothing but words follows them. `0.0.0-1` is a version:
/// packages have such revisions.
fn is_zero(text: &str) -> bool {
    let text = text.strip_prefix('v').unwrap_or(text);
    let suffix = text.trim_start_matches(['0', '.']);
    let numbers = text.get(..text.len() - suffix.len()).unwrap_or_default();
    let is_word = suffix.trim_start_matches(['-', '+', '~', '_']).starts_with(|c: char| c.is_ascii_alphabetic());
    numbers.contains('0') && (suffix.is_empty() || is_word)
}

/// One place of a manifest with the project's own version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The place in the manifest's own terms, such as `package.version`. Parts of it can come from the file.
    pub name: String,
    /// What is written there.
    pub value: Value,
    /// The bytes of the file that say it. For a literal these are its text, without quotes, with two exceptions:
    /// a text written with escapes or entities, and a version written in parts (MAJOR, MINOR, …), where the span
    /// runs from the first part to the last.
    pub span: Range<usize>,
}

impl Field {
    /// Makes a field whose text is a literal unless it looks like a template.
    pub(super) fn new(name: impl Into<String>, text: &str, span: Range<usize>) -> Self {
        Self { name: name.into(), value: Value::of(text), span }
    }

    /// Makes a version that is written in parts; its span covers them all.
    pub(super) fn joined(name: impl Into<String>, text: &str, parts: &[Range<usize>]) -> Self {
        let start = parts.iter().map(|part| part.start).min().unwrap_or_default();
        let end = parts.iter().map(|part| part.end).max().unwrap_or_default();
        Self::new(name, text, start..end)
    }

    /// Makes a field that says where the version comes from.
    pub(super) fn dynamic(name: impl Into<String>, says: impl Into<String>, span: Range<usize>) -> Self {
        Self { name: name.into(), value: Value::Dynamic(says.into()), span }
    }
}

/// What a policy can tell about a manifest that the file cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Names to look for instead of the kind's usual ones, where a format leaves the name to the project: Makefile
    /// variables, Python and Ruby names, `gradle.properties` keys, the root keys of `Chart.yaml`. Empty: the usual.
    pub names: Vec<String>,
}

impl Hints {
    /// Returns the names to look for.
    pub(super) fn names_or<'a>(&'a self, usual: &'a [&'a str]) -> Vec<&'a str> {
        if self.names.is_empty() { usual.to_vec() } else { self.names.iter().map(String::as_str).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_no_literals() {
        for text in
            ["${revision}", "@VERSION@", "@@GIT_VERSION@@", "%{ver}", "{{ .Chart.Version }}", "$version$", "$(V)"]
        {
            assert_eq!(Value::of(text).literal(), None, "{text}");
        }
        for text in ["1.2.3", "v1.0-rc.1+g12", "1:2.3~rc1-4", "2.44.GIT", "1!2.0"] {
            assert_eq!(Value::of(text).literal(), Some(text));
        }
    }

    #[test]
    fn placeholders_name_no_release() {
        for text in [
            "0.0.0",
            "0",
            "v2.44.GIT",
            "1.2-SNAPSHOT",
            "1.2.0-dev",
            "1.3.dev0",
            "UNRELEASED",
            "@VERSION@",
            "0.0.0-development",
            "0.0.0-semantically-released",
            "0.0.0-PLACEHOLDER",
            "0.0.0-dev",
            "0.0.0.dev0",
            "0.0.0-alpha.0",
            "0.0.0+unknown",
            "0-SNAPSHOT",
            "v0.0.0-dev.3",
            "1.2.0-development",
        ] {
            assert!(Value::of(text).is_placeholder(), "{text}");
        }
        for text in ["0.0.1", "1.2.3", "10.0", "1.2.4.dev5", "1.2-rc1", "${revision}", "0.0.0-1", "0.10-dev1", "00.1"] {
            assert!(!Value::of(text).is_placeholder(), "{text}");
        }
    }
}
