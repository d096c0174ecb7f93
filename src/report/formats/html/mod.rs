//! A page of HTML that is whole by itself: no network, no script. What is filtered is filtered by its style sheet.
//!
//! Everything that others wrote goes through [`text`], and the page forbids the browser to load or run anything.

mod graph;

use std::fmt::Write as _;

use crate::model::{Untrusted, Verdict};
use crate::project::{Cell, Ledger, Row};
use crate::report::items::{Item, Items, Weight, marked_up};
use crate::report::{Format, Seen, Sheet};

/// A page about a push.
pub(in crate::report) const FORMAT: Format = Format {
    name: "html",
    help: "A page of HTML, on standard output: whole by itself, for people",
    is_for_people: false,
    render: |reported, _| page(&reported.sheet()),
    beside: &[],
};

/// More rows of one ledger are counted, not shown; a page has to open at once.
const MAX_CELLS: usize = 6000;

/// More of what was looked at is counted, not shown.
const MAX_SEEN: usize = 200;

/// Returns the page.
pub(crate) fn page(sheet: &Sheet<'_>) -> String {
    let code = |words: &str| format!("<code>{}</code>", text(words));
    let (title, heading) = match &sheet.policy {
        Some(policy) => (text(&policy.name), format!("the policy {}", code(&policy.name))),
        None => ("no policy".to_owned(), "without a policy".to_owned()),
    };
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>refgate: {title}</title>\n<style>\n{}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">To the findings</a>\n<header>\n<h1>refgate: {heading}</h1>\n",
        include_str!("page.css")
    );
    summary(&mut html, sheet);
    html.push_str("</header>\n<main>\n");
    match sheet.drawing {
        Some(drawing) => graph::section(&mut html, drawing, &sheet.items),
        None if sheet.seen.rows.is_empty() => {}
        None => seen(&mut html, &sheet.seen),
    }
    findings(&mut html, &sheet.items);
    for (at, ledger) in sheet.ledgers.iter().enumerate() {
        ledger_section(&mut html, at, ledger);
    }
    let from = sheet.policy.as_ref().map_or_else(String::new, |policy| {
        format!(" from the policy {}, blob {}", code(&policy.source), code(&policy.id))
    });
    let _ = write!(
        html,
        "</main>\n<footer class=\"soft\"><p>Written by refgate {}{from}.</p></footer>\n</body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
    );
    html
}

/// Returns text as it is shown, with what HTML gives a meaning to escaped.
fn text(words: &(impl AsRef<[u8]> + ?Sized)) -> String {
    let mut safe = String::new();
    for char in Untrusted::new(words).to_string().chars() {
        match char {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            char => safe.push(char),
        }
    }
    safe
}

/// Returns a sentence, with what it has in backticks as code.
fn prose(words: &str) -> String {
    marked_up(words, |part| format!("<code>{}</code>", text(part)), text)
}

const fn class(weight: Weight) -> &'static str {
    match weight {
        Weight::Error => "error",
        Weight::Warning => "warning",
        Weight::Note => "note",
    }
}

fn summary(html: &mut String, sheet: &Sheet<'_>) {
    let class = match sheet.verdict {
        Some(Verdict::Accepted) => "good",
        Some(Verdict::Refused) => "error",
        Some(Verdict::Undecided) => "warning",
        None if sheet.items.count(Weight::Warning) > 0 => "warning",
        None => "good",
    };
    let space = if sheet.subject.is_empty() { "" } else { " " };
    let _ = writeln!(
        html,
        "<p>{}{space}<span class=\"verdict {class}\">{}</span>: {}, {} on record, {} {}.</p>",
        sheet.subject,
        prose(&sheet.said),
        sheet.counts(),
        sheet.items.count(Weight::Note),
        sheet.seen.count,
        sheet.seen.noun,
    );
    if let Some(would) = sheet.would.filter(|would| Some(*would) != sheet.verdict) {
        let _ =
            writeln!(html, "<p>The policy only observes; the verdict would be <strong>{}</strong>.</p>", would.name());
    }
}

fn seen(html: &mut String, seen: &Seen) {
    let (heading, [first, second, third]) = (seen.heading, seen.columns);
    let _ = write!(
        html,
        "<section aria-labelledby=\"seen\">\n<h2 id=\"seen\">{heading}</h2>\n<section class=\"wide\" \
         aria-label=\"{heading} as a table\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">{first}</th>\
         <th scope=\"col\">{second}</th><th scope=\"col\">{third}</th></tr></thead>\n<tbody>\n",
    );
    for row in seen.rows.iter().take(MAX_SEEN) {
        let [second, third] = &row.cells;
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{}</td><td>{}</td></tr>",
            text(&row.name),
            prose(second),
            prose(third)
        );
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    if let Some(more) = seen.count.checked_sub(MAX_SEEN).filter(|more| *more > 0) {
        let _ = writeln!(html, "<p>{more} more are not shown.</p>");
    }
    html.push_str("</section>\n");
}

fn findings(html: &mut String, items: &Items) {
    html.push_str("<section aria-labelledby=\"findings\">\n<h2 id=\"findings\" tabindex=\"-1\">Findings</h2>\n");
    if items.listed.is_empty() {
        html.push_str("<p>There is nothing to report.</p>\n</section>\n");
        return;
    }
    html.push_str("<fieldset><legend>Show</legend>\n");
    let choices = [("all", "all"), ("error", "errors"), ("warning", "warnings"), ("note", "what is on record")];
    for (value, label) in choices {
        let checked = if value == "all" { " checked=\"\"" } else { "" };
        let _ = writeln!(
            html,
            "<label><input type=\"radio\" name=\"weight\" id=\"only-{value}\"{checked}/> {label}</label>"
        );
    }
    html.push_str("</fieldset>\n<ol class=\"findings\">\n");
    for (at, item) in items.listed.iter().enumerate() {
        finding(html, at, item);
    }
    html.push_str("</ol>\n");
    if let Some(rest) = items.rest() {
        let _ = writeln!(html, "<p>{}</p>", prose(&rest));
    }
    html.push_str("</section>\n");
}

fn finding(html: &mut String, at: usize, item: &Item) {
    let class = class(item.weight);
    let _ = writeln!(
        html,
        "<li id=\"f{at}\" class=\"is-{class}\">\n<p><strong class=\"{class}\">{}</strong> <code>{}</code>: {}</p>",
        match (item.weight, item.is_open) {
            (Weight::Error, true) => "undecided",
            (Weight::Error, false) => "error",
            (Weight::Warning, _) => "warning",
            (Weight::Note, _) => "on record",
        },
        text(&item.rule),
        prose(&item.message)
    );
    let mut places = Vec::new();
    places.extend(item.ref_name.iter().map(|name| format!("<code>{}</code>", text(name))));
    places.extend(item.path.iter().map(|path| match item.line {
        Some(line) => format!("<code>{}:{line}</code>", text(path)),
        None => format!("<code>{}</code>", text(path)),
    }));
    places.extend(item.commit.iter().map(|commit| {
        let subject = item.subject.as_deref().map_or_else(String::new, |subject| format!(" {}", text(subject)));
        format!("<code>{}</code>{subject}", text(commit.get(..10).unwrap_or(commit)))
    }));
    places.extend(
        item.policy_line.iter().map(|line| format!("asked for by <code>{}:{}</code>", text(&line.source), line.line)),
    );
    if !places.is_empty() {
        let _ = writeln!(html, "<p class=\"soft\">{}</p>", places.join(" · "));
    }
    for sentence in item.help.iter().chain(&item.waived).chain(&item.aside) {
        let _ = writeln!(html, "<p>{}</p>", prose(sentence));
    }
    if let Some(command) = &item.command {
        let _ = writeln!(html, "<pre><code>{}</code></pre>", text(command));
    }
    html.push_str("</li>\n");
}

fn ledger_section(html: &mut String, at: usize, ledger: &Ledger) {
    let _ = write!(
        html,
        "<section aria-labelledby=\"ledger{at}\">\n<h2 id=\"ledger{at}\">Changes of <code>{}</code> on the line <code>{}</code></h2>\n",
        text(ledger.from.short()),
        text(&ledger.to)
    );
    if ledger.rows.is_empty() || ledger.branches.is_empty() {
        html.push_str("<p>There is nothing to list.</p>\n</section>\n");
        return;
    }
    if at == 0 {
        html.push_str(
            "<fieldset><legend>Show</legend>\n\
             <label><input type=\"radio\" name=\"rows\" id=\"only-every\" checked=\"\"/> all changes</label>\n\
             <label><input type=\"radio\" name=\"rows\" id=\"only-open\"/> those with something left to do</label>\n</fieldset>\n",
        );
    }
    let _ = write!(
        html,
        "<section class=\"wide\" aria-label=\"ledger {at} as a table\" tabindex=\"0\">\n<table>\n<thead><tr>\
         <th scope=\"col\">commit</th><th scope=\"col\">change</th>"
    );
    for column in &ledger.branches {
        let _ = write!(html, "<th scope=\"col\"><code>{}</code></th>", text(column.name.short()));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    let most = (MAX_CELLS / ledger.branches.len()).max(1);
    for row in ledger.rows.iter().take(most) {
        ledger_row(html, row);
    }
    html.push_str("</tbody>\n</table>\n</section>\n");
    if let Some(more) = ledger.rows.len().checked_sub(most).filter(|more| *more > 0) {
        let _ = writeln!(
            html,
            "<p>{more} older changes are not shown; <code>refgate landed --ledger --all</code> lists them.</p>"
        );
    }
    html.push_str("</section>\n");
}

fn ledger_row(html: &mut String, row: &Row) {
    let is_settled = row.cells.iter().all(|cell| cell.state.is_settled());
    let class = if is_settled { " class=\"settled\"" } else { "" };
    let _ = write!(
        html,
        "<tr{class}><td><code>{}</code></td><th scope=\"row\">{}</th>",
        row.commit.id.short(),
        text(row.commit.subject())
    );
    for cell in &row.cells {
        ledger_cell(html, cell, row);
    }
    html.push_str("</tr>\n");
}

fn ledger_cell(html: &mut String, cell: &Cell, row: &Row) {
    let class = if cell.state.is_settled() { "good" } else { "warning" };
    let matched = cell.matched.filter(|matched| *matched != row.commit.id);
    let matched = matched.map_or_else(String::new, |matched| format!(" <code>{}</code>", matched.short()));
    // The reason is for those who ask; a cell has to be short.
    let _ = write!(
        html,
        "<td title=\"{}\"><span class=\"{class}\">{}</span>{matched}</td>",
        text(&cell.reason),
        cell.state.name()
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hostile;
    use proptest::prelude::*;

    #[test]
    fn what_others_write_is_text() {
        assert_eq!(text("</script><b onclick='x'>\"&"), "&lt;/script&gt;&lt;b onclick=&#39;x&#39;&gt;&quot;&amp;");
        assert_eq!(prose("`a<b` is not <b>"), "<code>a&lt;b</code> is not &lt;b&gt;");
    }

    proptest! {
        #[test]
        fn nothing_opens_a_tag_or_ends_an_attribute(words in hostile::text()) {
            prop_assert!(!text(&words).contains(['<', '>', '"', '\'', '\n', '\r']));
            let bare = prose(&words).replace("<code>", "").replace("</code>", "");
            prop_assert!(!bare.contains(['<', '>', '"', '\'', '\n']));
        }
    }
}
