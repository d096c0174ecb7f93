//! A page of HTML that is whole by itself: no network, no script. What is filtered is filtered by its style sheet.
//!
//! Everything that others wrote goes through [`text`], and the page forbids the browser to load or run anything.

mod graph;

use std::fmt::Write as _;

use crate::gate::Outcome;
use crate::model::{Untrusted, Verdict};
use crate::project::{Cell, Drawing, Ledger, Row};
use crate::report::items::{Item, Items, Weight, items, marked_up};
use crate::report::{Colour, Format, Stream};

/// A page about a push.
pub(in crate::report) const FORMAT: Format = Format {
    name: "html",
    help: "A page of HTML, on standard output: whole by itself, for people",
    stream: Stream::Output,
    render: |report, _: Colour| page(&Page { outcome: report.outcome, past: None }),
    beside: &[],
};

/// What a page shows.
pub(crate) struct Page<'p> {
    /// What was judged.
    pub outcome: &'p Outcome,
    /// What is known of the project around it.
    pub past: Option<(&'p Drawing, &'p [Ledger])>,
}

/// More rows of one ledger are counted, not shown; a page has to open at once.
const MAX_CELLS: usize = 6000;

/// More refs of a push are counted, not shown.
const MAX_REFS: usize = 200;

/// Returns the page.
pub(crate) fn page(page: &Page<'_>) -> String {
    let Page { outcome, past } = page;
    let items = items(outcome);
    let name = text(&outcome.policy.name);
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n\
         <title>refgate: {name}</title>\n<style>\n{}</style>\n</head>\n<body>\n\
         <a class=\"skip\" href=\"#findings\">To the findings</a>\n<header>\n<h1>refgate: the policy <code>{name}</code></h1>\n",
        include_str!("page.css")
    );
    summary(&mut html, outcome, &items, past.is_some());
    html.push_str("</header>\n<main>\n");
    match past {
        Some((drawing, _)) => graph::section(&mut html, drawing, &items),
        None => refs(&mut html, outcome),
    }
    findings(&mut html, &items);
    for (at, ledger) in past.map_or(&[][..], |(_, ledgers)| ledgers).iter().enumerate() {
        ledger_section(&mut html, at, ledger);
    }
    let _ = write!(
        html,
        "</main>\n<footer class=\"soft\"><p>Written by refgate {} from the policy <code>{}</code>, blob <code>{}</code>.</p></footer>\n\
         </body>\n</html>\n",
        env!("CARGO_PKG_VERSION"),
        text(&outcome.policy.source),
        text(&outcome.policy.id),
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

fn summary(html: &mut String, outcome: &Outcome, items: &Items, is_standing: bool) {
    let (class, word) = match outcome.verdict {
        Verdict::Accepted => ("good", "accepted"),
        Verdict::Refused => ("error", "refused"),
        Verdict::Undecided => ("warning", "undecided"),
    };
    let subject = if is_standing { "What the branches and tags hold today would be" } else { "The push is" };
    let counts = [(Weight::Error, "errors"), (Weight::Warning, "warnings"), (Weight::Note, "on record")];
    let counts = counts.map(|(weight, word)| format!("{} {word}", items.count(weight))).join(", ");
    let _ = writeln!(
        html,
        "<p>{subject} <span class=\"verdict {class}\">{word}</span>: {counts}, {} refs judged.</p>",
        outcome.updates.len()
    );
    if let Some(would) = outcome.would.filter(|would| *would != outcome.verdict) {
        let _ =
            writeln!(html, "<p>The policy only observes; the verdict would be <strong>{}</strong>.</p>", would.name());
    }
}

fn refs(html: &mut String, outcome: &Outcome) {
    html.push_str(
        "<section aria-labelledby=\"refs\">\n<h2 id=\"refs\">Refs</h2>\n<div class=\"wide\" role=\"region\" \
         aria-label=\"the refs as a table\" tabindex=\"0\">\n<table>\n<thead><tr><th scope=\"col\">ref</th><th scope=\"col\">belongs to</th>\
         <th scope=\"col\">change</th></tr></thead>\n<tbody>\n",
    );
    for update in outcome.updates.iter().take(MAX_REFS) {
        let place =
            update.place.as_ref().map_or_else(|| "nothing".to_owned(), |place| format!("<code>{}</code>", text(place)));
        let movement = update.movement.map_or("unknown", |movement| movement.name());
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><code>{}</code></th><td>{place}</td><td>{movement} <code>{}..{}</code></td></tr>",
            text(update.name.full()),
            update.old.short(),
            update.new.short()
        );
    }
    html.push_str("</tbody>\n</table>\n</div>\n");
    if let Some(more) = outcome.updates.len().checked_sub(MAX_REFS).filter(|more| *more > 0) {
        let _ = writeln!(html, "<p>{more} more refs are not shown.</p>");
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
        text(item.rule),
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
    for sentence in item.help.iter().chain(&item.waived) {
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
        "<div class=\"wide\" role=\"region\" aria-label=\"ledger {at} as a table\" tabindex=\"0\">\n<table>\n<thead><tr>\
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
    html.push_str("</tbody>\n</table>\n</div>\n");
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
