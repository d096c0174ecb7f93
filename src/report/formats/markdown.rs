//! Markdown: a comment on a pull request, and the summary of a CI job.

use crate::model::{Untrusted, Verdict};
use crate::report::items::{Item, Items, Weight, marked_up};
use crate::report::{Format, Sheet};

/// Markdown.
pub(in crate::report) const FORMAT: Format = Format {
    name: "markdown",
    help: "Markdown, on standard output: a comment on a pull request",
    is_for_people: false,
    render: |reported, _| reported.markdown(),
    beside: &[],
};

/// More refs and findings than these are counted, not shown: a comment has at most 65,536 characters.
const SHOWN: usize = 40;

/// Returns the comment.
pub(in crate::report) fn document(sheet: &Sheet<'_>) -> String {
    let mark = match sheet.verdict {
        Some(Verdict::Accepted) => "✅",
        Some(Verdict::Refused) => "❌",
        Some(Verdict::Undecided) => "❔",
        None if sheet.items.count(Weight::Warning) > 0 => "❗",
        None => "✅",
    };
    let mut text = format!("### {mark} refgate: {}{}\n\n", prose(&sheet.said), sheet.by(code));
    let [first, second, third] = sheet.seen.columns;
    if !sheet.seen.rows.is_empty() {
        text.push_str(&format!("| {first} | {second} | {third} |\n|---|---|---|\n"));
    }
    for row in sheet.seen.rows.iter().take(SHOWN) {
        let [second, third] = &row.cells;
        text.push_str(&format!("| {} | {} | {} |\n", code(&row.name), prose(second), prose(third)));
    }
    if let Some(more) = sheet.seen.count.checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("\n{more} more are not shown.\n"));
    }
    for (weight, heading) in [(Weight::Error, "Refused"), (Weight::Warning, "Warnings"), (Weight::Note, "On record")] {
        section(&mut text, &sheet.items, weight, heading);
    }
    text
}

fn section(text: &mut String, items: &Items, weight: Weight, heading: &str) {
    let all: Vec<&Item> = items.listed.iter().filter(|item| item.weight == weight).collect();
    if all.is_empty() {
        return;
    }
    text.push_str(&format!("\n#### {heading}\n\n"));
    for item in all.iter().take(SHOWN) {
        entry(text, item);
    }
    if let Some(more) = all.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        text.push_str(&format!("\n{more} more are not shown.\n"));
    }
}

fn entry(text: &mut String, item: &Item) {
    text.push_str(&format!("- **{}**: {}\n", item.rule, prose(&item.message)));
    let place = item.path.as_ref().map(|path| match item.line {
        Some(line) => code(&format!("{path}:{line}")),
        None => code(path),
    });
    let short = |commit: &String| code(commit.get(..10).unwrap_or(commit));
    let commit = item.commit.as_ref().map(|commit| match item.subject.as_deref().unwrap_or_default() {
        "" => short(commit),
        subject => format!("{} {}", short(commit), code(subject)),
    });
    let place: Vec<String> = item.ref_name.as_deref().map(code).into_iter().chain(place).chain(commit).collect();
    if !place.is_empty() {
        text.push_str(&format!("  <br>{}\n", place.join(", ")));
    }
    for sentence in item.help.iter().chain(&item.waived).chain(&item.aside) {
        text.push_str(&format!("  <br>{}\n", prose(sentence)));
    }
    if let Some(command) = &item.command {
        text.push_str(&format!("  <br>{}\n", code(command)));
    }
}

/// Returns text as code, where nothing is a mention, a link or a tag.
fn code(text: &str) -> String {
    format!("<code>{}</code>", entities(text))
}

/// Returns a sentence, with what it has in backticks as code.
fn prose(text: &str) -> String {
    marked_up(text, code, |part| apart(&entities(part)))
}

/// Replaces every character that Markdown or HTML could read as anything but itself.
fn entities(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in Untrusted::new(text).to_string().chars() {
        if c.is_ascii_punctuation() && !matches!(c, ',' | '.' | ';' | ':' | '\'' | '/' | '-' | '?' | '%') {
            safe.push_str(&format!("&#{};", u32::from(c)));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Keeps a host from turning words into mentions and links: `@name`, `#1`, `www.x`, `scheme://x`. It does that with the text
/// that a reader sees, in which an entity is the character that it stands for, and not across elements.
fn apart(text: &str) -> String {
    text.replace("&#64;", "&#64;<!-- -->")
        .replace("&#35;", "&#35;<!-- -->")
        .replace("://", ":<!-- -->//")
        .replace("www.", "www<!-- -->.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hostile;
    use proptest::prelude::*;

    #[test]
    fn what_is_in_backticks_is_code_and_nothing_acts() {
        assert_eq!(prose("`a` is not <b> @me #1"), "<code>a</code> is not &#60;b&#62; &#64;<!-- -->me &#35;<!-- -->1");
        assert_eq!(
            code("</code>[x](y)|"),
            "<code>&#60;&#47;code&#62;&#91;x&#93;&#40;y&#41;&#124;</code>".replace("&#47;", "/")
        );
    }

    proptest! {
        #[test]
        fn nothing_opens_a_tag_a_link_or_a_table(text in hostile::text()) {
            for shown in [prose(&text), code(&text)] {
                let bare = shown.replace("<code>", "").replace("</code>", "").replace("<!-- -->", "");
                prop_assert!(!bare.contains(['<', '>', '[', ']', '|', '`', '*', '_', '~', '\n', '@', '!']), "{bare}");
                prop_assert!(!shown.contains("://") || shown.starts_with("<code>"), "{shown}");
            }
        }
    }
}
