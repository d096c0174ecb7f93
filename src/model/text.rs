//! Text that somebody else wrote, made fit to show.

use bstr::{BStr, ByteSlice as _};
use std::fmt;

/// Further bytes of a text are counted, not shown: a name of a megabyte would be shown in ten places of a report.
const MAX_SHOWN: usize = 2000;

/// Untrusted text whose `Display` cannot move a terminal, reorder a line, start a new one or command a CI system, nor fill
/// a log.
///
/// Escaped are: bytes that are not UTF-8 (`\xNN`), control characters including line ends and `ESC`, and
/// characters that are invisible or reorder their neighbours (bidirectional controls, zero width, tags,
/// soft hyphen, byte order mark), as `\u{…}`; see "Trojan Source", CVE-2021-42574. So is the character that would make the
/// text a command of a CI system, whose runners read the log of a job: see [`completes_command`].
///
/// Escaping is idempotent: code that shows a text can escape it, whether or not the code that made it did.
#[derive(Clone, Copy)]
pub struct Untrusted<'a>(&'a BStr);

impl<'a> Untrusted<'a> {
    /// Wraps bytes of any origin.
    pub fn new(bytes: &'a (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self(bytes.as_ref().as_bstr())
    }

    /// Returns the text with each line escaped on its own, for what may have several.
    pub(crate) fn lines(self) -> String {
        self.0.lines().map(|line| format!("{}\n", Untrusted::new(line))).collect()
    }
}

/// Says how many there are: `1 push`, `2 pushes`.
pub(crate) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// Lists names for a sentence, in backticks: `` `a`, `b` or `c` `` with the last joiner given. Of many names, only the
/// first twelve are shown.
pub(crate) fn listed(names: &[impl AsRef<str>], joiner: &str) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("`{}`", Untrusted::new(name.as_ref()))).collect();
    match (names.len().saturating_sub(SHOWN), shown.split_last()) {
        (0, Some((last, before))) if !before.is_empty() => format!("{} {joiner} {last}", before.join(", ")),
        (0, _) => shown.concat(),
        (more, _) => format!("{} {joiner} {more} more", shown.join(", ")),
    }
}

/// Returns whether showing this character could hide or reorder text.
const fn deceives(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// Returns whether a character makes what comes before it in the text a command of a CI system.
///
/// Runners take commands from what a job prints. Of the whole line: GitHub `##[x]`, Azure `##vso[x]`, TeamCity
/// `##teamcity[x]`, GitLab `section_start:` and `section_end:`. At its beginning, blanks aside: GitHub `::x::`,
/// Buildkite `--- x`, `+++ x`, `~~~ x` and `^^^ +++`. `start` is where the first character is that is not a blank, if
/// the beginning of the text can be that of a line.
///
/// The character is always the last one of the command's mark: a text is escaped alike before and after it is cut.
fn completes_command(before: &str, start: Option<usize>, c: char) -> bool {
    let begins = |mark: &str| start.and_then(|start| before.get(start..)) == Some(mark);
    match c {
        '[' => before.trim_end_matches(|c: char| c.is_ascii_alphabetic()).ends_with("##"),
        // Before the colon, which may be refgate's own: `FILE:LINE`.
        't' => before.ends_with("section_star"),
        'd' => before.ends_with("section_en"),
        ':' => begins(":"),
        '-' => begins("--"),
        '+' => begins("++"),
        '~' => begins("~~"),
        '^' => begins("^^"),
        _ => false,
    }
}

/// Writes text as [`Untrusted`] shows it. `is_start` says that nothing of the text comes before it.
pub(crate) fn escape(text: &str, is_start: bool, f: &mut impl fmt::Write) -> fmt::Result {
    let is_blank = |c: char| c.is_whitespace() && !c.is_control() && !deceives(c);
    let start = is_start.then(|| text.len() - text.trim_start_matches(is_blank).len());
    // What needs no escape is written in one piece, up to where the next character does.
    let mut written = 0;
    for (at, c) in text.char_indices() {
        if !(c.is_control() || deceives(c) || completes_command(text.get(..at).unwrap_or_default(), start, c)) {
            continue;
        }
        f.write_str(text.get(written..at).unwrap_or_default())?;
        written = at + c.len_utf8();
        match c {
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c => write!(f, "\\u{{{:x}}}", u32::from(c))?,
        }
    }
    f.write_str(text.get(written..).unwrap_or_default())
}

impl fmt::Display for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (shown, left_out) = self.0.as_bytes().split_at_checked(MAX_SHOWN).unwrap_or((self.0, b""));
        let mut is_start = true;
        for chunk in shown.utf8_chunks() {
            escape(chunk.valid(), is_start, f)?;
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
            is_start = false;
        }
        if left_out.is_empty() { Ok(()) } else { write!(f, "… ({} bytes more)", left_out.len()) }
    }
}

impl fmt::Debug for Untrusted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Quotes one word of a command that is shown to be pasted into a POSIX shell.
///
/// `None` when the word cannot be shown faithfully, since pasting an escaped name would act on another ref, and when it
/// begins with a dash, since some commands take every such word for an option.
pub(crate) fn quote(word: &(impl AsRef<[u8]> + ?Sized)) -> Option<String> {
    let word = word.as_ref();
    let shown = Untrusted::new(word).to_string();
    if shown.as_bytes() != word || word.starts_with(b"-") {
        return None;
    }
    shlex::try_quote(&shown).ok().map(std::borrow::Cow::into_owned)
}

/// Nobody mistypes a longer word, and comparing two words takes as long as the product of their lengths.
const MAX_MISTYPED: usize = 100;

/// Returns `; did you mean …?` with the nearest of the known words, or nothing when none is near.
pub(crate) fn did_you_mean<'a>(found: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    // A third of the letters: further away, a suggestion is a guess.
    let near = |word: &str| (word.len().max(found.len()) / 3).max(1);
    let nearest = known
        .into_iter()
        .filter(|word| word.len().max(found.len()) <= MAX_MISTYPED && word.len().abs_diff(found.len()) <= near(word))
        .map(|word| (strsim::damerau_levenshtein(found, word), word))
        .filter(|(distance, word)| *distance <= near(word))
        .min();
    nearest.map_or_else(String::new, |(_, word)| format!("; did you mean `{word}`?"))
}

/// Text as an attacker would write it, and what no output may contain.
#[cfg(test)]
pub(crate) mod hostile {
    use super::deceives;
    use proptest::prelude::*;

    /// Generates arbitrary bytes among what terminals and CI systems obey.
    pub(crate) fn bytes() -> impl Strategy<Value = Vec<u8>> {
        const KNOWN: &[&str] = &[
            "##[",
            "##vso[",
            "#",
            "[set-env]",
            "::",
            ":",
            "error::",
            "section_start:",
            "section_end",
            "--- ",
            "+++ ",
            "~~~ ",
            "^^^ +++",
            "-",
            "\n",
            "\r\n",
            "\t",
            " ",
            "\u{a0}",
            "\\",
            "\"",
            "`",
            "\u{1b}[2J",
            "\u{9b}",
            "\u{202e}",
            "\u{200b}",
            "x",
        ];
        let piece = prop_oneof![
            4 => proptest::sample::select(KNOWN).prop_map(|text| text.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
        ];
        proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
    }

    /// Generates the same where it has to be text.
    pub(crate) fn text() -> impl Strategy<Value = String> {
        bytes().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Returns how often a report is tried: a sixteenth as often as other properties, because each case is rendered in
    /// every format. `PROPTEST_CASES` raises both.
    pub(crate) fn cases() -> ProptestConfig {
        let usual = ProptestConfig::default();
        ProptestConfig { cases: usual.cases.div_ceil(16), ..usual }
    }

    /// Returns the first line of an output that would act on a terminal or a CI system.
    pub(crate) fn acts(output: &str) -> Option<String> {
        let found = output.split('\n').find(|line| {
            let start = line.trim_start();
            line.chars().any(|c| c.is_control() || deceives(c))
                || ["##[", "##vso[", "section_start:", "section_end:"].iter().any(|mark| line.contains(mark))
                || ["---", "+++", "~~~", "^^^"].iter().any(|mark| start.starts_with(mark))
                // The name of the command follows at once.
                || start.strip_prefix("::").is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()))
        });
        found.map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use super::hostile::acts;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_joined_and_hostile_ones_are_escaped() {
        assert_eq!(listed(&[] as &[&str], "or"), "");
        assert_eq!(listed(&["a"], "or"), "`a`");
        assert_eq!(listed(&["a", "b\u{202e}", "c"], "or"), "`a`, `b\\u{202e}` or `c`");
        let many: Vec<String> = (0..14).map(|at| at.to_string()).collect();
        assert!(listed(&many, "and").ends_with("`10`, `11` and 2 more"));
    }

    #[test]
    fn what_could_act_on_a_terminal_is_escaped() {
        let shown = Untrusted::new(b"a\x1b[31m\r\n\xe9\xe2\x80\xae").to_string();
        assert_eq!(shown, r"a\u{1b}[31m\r\n\xe9\u{202e}");
    }

    #[test]
    fn a_command_never_runs_what_a_name_holds() {
        assert_eq!(quote("refs/heads/$(id)").as_deref(), Some("'refs/heads/$(id)'"));
        assert_eq!(quote("refs/heads/main").as_deref(), Some("refs/heads/main"));
        assert_eq!(quote(b"refs/heads/\xe9".as_slice()), None);
        assert_eq!(quote("--upload-pack=touch"), None);
    }

    #[test]
    fn a_long_text_is_cut_and_what_was_left_out_is_counted() {
        let long = "é".repeat(MAX_SHOWN);
        assert_eq!(Untrusted::new(&long).to_string(), format!("{}… (2000 bytes more)", "é".repeat(MAX_SHOWN / 2)));
        assert_eq!(Untrusted::new(&long[..MAX_SHOWN]).to_string().len(), MAX_SHOWN);
        assert_eq!(quote(&long), None, "a command with half a name would act on another");
    }

    #[test]
    fn a_suggestion_is_near_and_never_costs_much() {
        assert_eq!(did_you_mean("mastr", ["master", "main"]), "; did you mean `master`?");
        assert_eq!(did_you_mean("release", ["master", "main"]), "");
        let long = "x".repeat(1 << 20);
        assert_eq!(did_you_mean(&long, [long.as_str()]), "");
    }

    #[test]
    fn no_text_is_a_command_of_a_ci_system() {
        let shown = |text: &str| Untrusted::new(text).to_string();
        assert_eq!(shown("feat: ##[set-output name=x]y"), r"feat: ##\u{5b}set-output name=x]y");
        assert_eq!(shown("a ##vso[x]b ##[x]"), r"a ##vso\u{5b}x]b ##\u{5b}x]");
        assert_eq!(shown(" \u{a0}::error::x"), " \u{a0}:\\u{3a}error::x");
        assert_eq!(shown("section_start:1:a"), r"section_star\u{74}:1:a");
        assert_eq!(shown("--- a"), r"--\u{2d} a");
        assert_eq!(shown("+++ a"), r"++\u{2b} a");
        assert_eq!(shown("~~~ a"), r"~~\u{7e} a");
        for harmless in ["a::b", "#[x]", "## x [1]", ":refs/tags/a", "+refs/heads/*", "--to", "a --- b", "1.0~~dev1"] {
            assert_eq!(shown(harmless), harmless);
        }
    }

    #[test]
    fn lines_are_kept_where_there_may_be_several() {
        assert_eq!(Untrusted::new("a\n::b::\x1b\r\n").lines(), "a\n:\\u{3a}b::\\u{1b}\n");
    }

    proptest! {
        #[test]
        fn nothing_that_acts_is_shown_raw(bytes in hostile::bytes()) {
            let shown = Untrusted::new(&bytes).to_string();
            prop_assert_eq!(acts(&shown), None);
            prop_assert_eq!(Untrusted::new(&shown).to_string(), shown);
        }
    }
}
