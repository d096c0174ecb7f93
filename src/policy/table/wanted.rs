//! `wanted-by` of a `[[flow]]`: the signs by which a change is wanted on a branch.

use schemars::JsonSchema;
use serde::Deserialize;
use std::ops::Range;

use crate::model::RefName;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::text::{KindName, Located, Text, Token};

/// A sign by which a change is wanted on branches. Each is one of the keys, alone; `value` belongs to `trailer`.
///
/// Branches are named by their names, by a series or a version of theirs (`1.15`, `v1.15.3`), with `+` behind it for it and
/// all higher ones, or by `all`; several with commas or blanks between them.
///
/// ```toml
/// [[flow]]
/// from = "main"
/// to = "release"
/// by = ["pick"]
/// due = "next-tag"
/// wanted-by = [{ trailer = "Backport-To" }, { fixes = true }]
/// ```
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct RawWanted {
    /// A trailer whose value names the branches.
    #[schemars(example = &"Backport-To")]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    trailer: Option<Located<Text<Token>>>,
    /// How the value begins that is meant, where the trailer is used for other things too. `{version}` is where branches
    /// are named; where none is, every maintained branch is meant that has what the change fixes (`Fixes:`).
    #[schemars(example = &"stable@vger.kernel.org # {version}+")]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    value: Option<Located<String>>,
    /// A `Fixes:` trailer names a commit that the branch has, by any evidence.
    #[schemars(example = true)]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    fixes: Option<Located<bool>>,
    /// A file on the line that changes come from. Each line is a commit or a pull request, and the branches:
    /// `cb2e0c4bd9 1.15, 1.14`, `#123 all`. Lines that begin with `# ` are comments.
    #[schemars(example = &"backports.txt")]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    file: Option<String>,
    /// A ref of notes: the note about a commit names the branches.
    #[schemars(example = &"refs/notes/backports")]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    notes: Option<Located<String>>,
    /// The change is of this kind: it is wanted on every maintained branch that has what it fixes (`Fixes:`).
    #[schemars(example = &"fix")]
    #[schemars(extend("x-rules" = ["unlanded-fix"], "x-also" = "`refgate landed`"))]
    kind: Option<Located<Text<KindName>>>,
}

/// A sign by which a change is wanted on a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A trailer names the branches.
    Trailer {
        /// Its token.
        token: String,
        /// How the values begin that are meant; `None` where all are, and are nothing but branches.
        before: Option<String>,
    },
    /// A `Fixes:` trailer names a commit that the branch has.
    Fixes,
    /// A file names commits and branches.
    File(String),
    /// Notes name branches.
    Notes(RefName),
    /// It is a change of this kind.
    Kind(String),
}

/// Where branches are named in the value of a trailer.
const VERSION: &str = "{version}";

impl RawWanted {
    /// Returns the sign, unless something is wrong with it.
    pub(super) fn resolve(&self, span: Range<usize>, cx: &mut Cx<'_>) -> Option<Wanted> {
        let given = [
            self.trailer.is_some(),
            self.fixes.is_some(),
            self.file.is_some(),
            self.notes.is_some(),
            self.kind.is_some(),
        ];
        if given.into_iter().filter(|is_given| *is_given).count() != 1 {
            let message = "a sign is one of `trailer`, `fixes`, `file`, `notes` and `kind`";
            cx.report(Problem::new(span, message));
            return None;
        }
        if let Some(value) = self.value.as_ref().filter(|_| self.trailer.is_none()) {
            cx.report(Problem::new(value.span(), "`value` belongs to `trailer`"));
        }
        if let Some(token) = &self.trailer {
            let before = self.value.as_ref().and_then(|value| before(value, cx));
            return Some(Wanted::Trailer { token: token.text().to_owned(), before });
        }
        if let Some(fixes) = self.fixes.as_ref().filter(|fixes| !*fixes.get_ref()) {
            cx.report(Problem::new(fixes.span(), "`fixes = false` is not a sign").help("leave it out"));
        }
        if let Some(kind) = &self.kind {
            cx.kind_names(&[kind.text().to_owned()], &kind.span());
            return Some(Wanted::Kind(kind.text().to_owned()));
        }
        if let Some(notes) = &self.notes {
            if !notes.get_ref().starts_with("refs/notes/") {
                let message = format!("`{}` is not a ref of notes", notes.get_ref());
                cx.report(Problem::new(notes.span(), message).help("notes are below `refs/notes/`"));
            }
            return Some(Wanted::Notes(RefName::new(notes.get_ref().as_str())));
        }
        Some(self.file.clone().map_or(Wanted::Fixes, Wanted::File))
    }
}

/// Returns what stands before the branches in the values of a trailer.
fn before(value: &Located<String>, cx: &mut Cx<'_>) -> Option<String> {
    let text = value.get_ref().as_str();
    let (before, after) = text.split_once(VERSION).unwrap_or((text, ""));
    let before = before.trim_end().trim_end_matches('#').trim_end();
    if before.is_empty() || !matches!(after.trim(), "" | "+") || before.contains(['{', '}']) {
        let message = format!("`{text}` is not the beginning of a value, with `{VERSION}` or `{VERSION}+` behind it");
        cx.report(Problem::new(value.span(), message).help("leave `value` out where all of it names branches"));
    }
    Some(before.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{errors, policy};

    const FLOW: &str = "[[flow]]\nfrom = 'main'\nto = 'release'\nby = ['pick']\ndue = 'next-tag'\n";

    #[test]
    fn each_sign_is_read() {
        let sign = |text: &str| policy(&format!("{FLOW}wanted-by = [{{ {text} }}]\n")).flows[0].wanted_by.clone();
        let trailer = |token: &str, before: Option<&str>| {
            vec![Wanted::Trailer { token: token.to_owned(), before: before.map(str::to_owned) }]
        };
        assert_eq!(sign("trailer = 'Backport-To'"), trailer("Backport-To", None));
        for value in ["stable@x.org # {version}+", "stable@x.org # {version}", "stable@x.org"] {
            let found = sign(&format!("trailer = 'Cc', value = '{value}'"));
            assert_eq!(found, trailer("Cc", Some("stable@x.org")), "{value}");
        }
        assert_eq!(sign("fixes = true"), [Wanted::Fixes]);
        assert_eq!(sign("file = 'backports.txt'"), [Wanted::File("backports.txt".to_owned())]);
        assert_eq!(sign("notes = 'refs/notes/x'"), [Wanted::Notes(RefName::new("refs/notes/x"))]);
        assert_eq!(sign("kind = 'fix'"), [Wanted::Kind("fix".to_owned())]);
    }

    #[test]
    fn what_is_wrong_with_a_sign_is_shown_at_its_place() {
        let wrong = |text: &str| errors(&format!("{FLOW}wanted-by = [{text}]\n"));
        assert_eq!(wrong("{ }"), ["6:14: a sign is one of `trailer`, `fixes`, `file`, `notes` and `kind`"]);
        for text in [
            "",
            "{ fixes = false }",
            "{ fixes = true, kind = 'fix' }",
            "{ kind = 'fixx' }",
            "{ notes = 'refs/heads/x' }",
            "{ fixes = true, value = 'x' }",
            "{ trailer = 'Cc', value = '{version}' }",
            "{ trailer = 'Cc', value = 'a {versoin}' }",
            "{ trailer = 'Cc', value = 'a {version} b' }",
            "{ label = 'backport' }",
        ] {
            assert_eq!(wrong(text).len(), 1, "{text}");
        }
        assert_eq!(errors(&format!("{FLOW}branches = 'next-up'\nwanted-by = [{{ fixes = true }}]\n")).len(), 1);
    }
}
