//! The lines of a project as a picture, and the same as a table.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{class, text};
use crate::model::{ObjectId, counted};
use crate::policy::Role;
use crate::project::{Drawing, Lane};
use crate::report::items::{Items, Weight};

/// Where the lanes begin and end, and how far they are apart, in the picture's own units.
const LEFT: f64 = 180.0;
const RIGHT: f64 = 1080.0;
const WIDTH: f64 = 1100.0;
const TOP: f64 = 34.0;
const GAP: f64 = 30.0;

/// A letter of a label is about as wide.
const LETTER: f64 = 6.4;

/// Appends the section.
pub(super) fn section(html: &mut String, drawing: &Drawing, items: &Items) {
    html.push_str("<section aria-labelledby=\"lines\">\n<h2 id=\"lines\">Lines</h2>\n");
    if drawing.lanes.is_empty() {
        html.push_str("<p>There is no branch of any line.</p>\n</section>\n");
        return;
    }
    let scale = Scale::of(drawing);
    let marks = marks(drawing, items);
    picture(html, drawing, &scale, &marks);
    let mut left = Vec::new();
    if drawing.left_out > 0 {
        left.push(format!("{} older branches are not drawn", drawing.left_out));
    }
    if drawing.elsewhere > 0 {
        left.push(format!("{} tags sit on none of these branches", drawing.elsewhere));
    }
    if !left.is_empty() {
        let _ = writeln!(html, "<p class=\"soft\">{}.</p>", left.join("; "));
    }
    table(html, drawing, &marks);
    html.push_str("</section>\n");
}

/// Where seconds are.
struct Scale {
    first: i64,
    last: i64,
}

impl Scale {
    fn of(drawing: &Drawing) -> Self {
        let first = drawing.lanes.iter().map(|lane| lane.begins).min().unwrap_or_default();
        let last = drawing.lanes.iter().map(|lane| lane.ends).max().unwrap_or_default();
        Self { first, last: last.max(first.saturating_add(1)) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    fn x(&self, at: i64) -> f64 {
        let span = self.last.saturating_sub(self.first) as f64;
        let part = at.clamp(self.first, self.last).saturating_sub(self.first) as f64 / span;
        part.mul_add(RIGHT - LEFT, LEFT)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
fn y(lane: usize) -> f64 {
    (lane as f64).mul_add(GAP, TOP)
}

/// The findings at one place of a lane.
struct Found {
    lane: usize,
    at: i64,
    /// The heaviest of them.
    weight: Weight,
    first: usize,
    count: usize,
    rules: Vec<String>,
}

/// Finds the place of each finding: its commit, or the tag or the branch that it is about.
fn marks(drawing: &Drawing, items: &Items) -> Vec<Found> {
    let tags: BTreeMap<String, (usize, i64)> =
        drawing.tags.iter().map(|tag| (tag.name.to_string(), (tag.lane, tag.at))).collect();
    let tips: BTreeMap<String, (usize, i64)> =
        drawing.lanes.iter().enumerate().map(|(at, lane)| (lane.name.to_string(), (at, lane.ends))).collect();
    let mut found: BTreeMap<(usize, i64), Found> = BTreeMap::new();
    for (index, item) in items.listed.iter().enumerate() {
        let commit = item.commit.as_ref().and_then(|id| ObjectId::from_hex(id.as_bytes()).ok());
        let place = commit.and_then(|id| drawing.place(id));
        let named = || item.ref_name.as_ref().and_then(|name| tags.get(name).or_else(|| tips.get(name)).copied());
        let Some((lane, at)) = place.or_else(named) else { continue };
        let entry = found.entry((lane, at)).or_insert_with(|| Found {
            lane,
            at,
            weight: item.weight,
            first: index,
            count: 0,
            rules: Vec::new(),
        });
        entry.count += 1;
        entry.weight = entry.weight.max(item.weight);
        if !entry.rules.contains(&item.rule) {
            entry.rules.push(item.rule.clone());
        }
    }
    found.into_values().collect()
}

fn picture(html: &mut String, drawing: &Drawing, scale: &Scale, marks: &[Found]) {
    let height = y(drawing.lanes.len());
    let _ = write!(
        html,
        "<section class=\"wide\" aria-label=\"the lines as a picture\" tabindex=\"0\">\n\
         <svg viewBox=\"0 0 {WIDTH} {height:.0}\" role=\"group\" aria-label=\"{}, {} and {}, \
         by date; the table below says the same\">\n",
        counted(drawing.lanes.len(), "branch", "branches"),
        counted(drawing.tags.len(), "tag", "tags"),
        counted(marks.len(), "place with findings", "places with findings")
    );
    ticks(html, scale, height);
    for (at, lane) in drawing.lanes.iter().enumerate() {
        draw_lane(html, scale, at, lane);
    }
    let mut free: BTreeMap<usize, f64> = BTreeMap::new();
    for tag in &drawing.tags {
        let (x, y) = (scale.x(tag.at), y(tag.lane));
        let name = text(tag.name.short());
        let _ = writeln!(
            html,
            "<circle class=\"tag\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3.5\"><title>{name}, {}</title></circle>",
            day(tag.at)
        );
        let width = LETTER * f64::from(u32::try_from(name.chars().count()).unwrap_or(u32::MAX));
        let begins = (x - width / 2.0).min(WIDTH - width - 2.0);
        if free.get(&tag.lane).is_none_or(|free| *free < begins) {
            let _ = writeln!(html, "<text class=\"soft\" x=\"{begins:.1}\" y=\"{:.1}\">{name}</text>", y - 7.0);
            free.insert(tag.lane, begins + width + 4.0);
        }
    }
    for found in marks {
        let (x, y) = (scale.x(found.at), y(found.lane));
        let words = counted(found.count, "finding", "findings");
        let _ = writeln!(
            html,
            "<a href=\"#f{}\" aria-label=\"{words}: {}\"><title>{words}: {}</title><path class=\"{}\" d=\"M{x:.1} {:.1}l6 11h-12z\"/></a>",
            found.first,
            found.rules.join(", "),
            found.rules.join(", "),
            class(found.weight),
            y + 2.0
        );
    }
    html.push_str("</svg>\n</section>\n");
}

fn draw_lane(html: &mut String, scale: &Scale, at: usize, lane: &Lane) {
    let (begins, ends, own) = (scale.x(lane.begins), scale.x(lane.ends), y(at));
    let mut classes = vec![if lane.role == Role::Mainline { "mainline" } else { "lane" }];
    if lane.is_retired {
        classes.push("retired");
    }
    let path = match lane.left {
        Some(left) => {
            let from = y(left);
            let bend = (begins + 8.0).min(ends.max(begins));
            format!("M{begins:.1} {from:.1}C{begins:.1} {own:.1} {begins:.1} {own:.1} {bend:.1} {own:.1}H{ends:.1}")
        }
        None => format!("M{begins:.1} {own:.1}H{ends:.1}"),
    };
    let name = lane.name.short().to_string();
    let mut shown: String = name.chars().take(26).collect();
    if shown.len() < name.len() {
        shown.push('…');
    }
    let _ = writeln!(
        html,
        "<path class=\"{}\" d=\"{path}\"/><text x=\"6\" y=\"{:.1}\">{}</text>",
        classes.join(" "),
        own + 4.0,
        text(&shown)
    );
}

/// Draws a line for the first day of each year, or of each month where there are few years.
fn ticks(html: &mut String, scale: &Scale, height: f64) {
    let date = |at: i64| Timestamp::from_second(at).ok().map(|time| time.to_zoned(TimeZone::UTC).date());
    let (Some(first), Some(last)) = (date(scale.first), date(scale.last)) else { return };
    let years = i32::from(last.year()) - i32::from(first.year());
    let by_month = years < 2;
    // Some twenty of them can be read.
    let step = (years / 20 + 1).max(1);
    let mut next = jiff::civil::date(first.year(), if by_month { first.month() } else { 1 }, 1);
    loop {
        let stepped = if by_month {
            next.checked_add(jiff::Span::new().months(1))
        } else {
            next.checked_add(jiff::Span::new().years(step))
        };
        let Ok(stepped) = stepped else { return };
        next = stepped;
        if next > last {
            return;
        }
        let Ok(at) = next.to_zoned(TimeZone::UTC) else { return };
        let x = scale.x(at.timestamp().as_second());
        if x > RIGHT - 24.0 {
            return;
        }
        let label = if by_month { next.strftime("%Y-%m").to_string() } else { next.year().to_string() };
        let _ = writeln!(
            html,
            "<path class=\"grid\" d=\"M{x:.1} 14V{height:.0}\"/><text class=\"soft\" x=\"{:.1}\" y=\"11\">{label}</text>",
            x + 2.0
        );
    }
}

fn day(at: i64) -> String {
    Timestamp::from_second(at).map_or_else(|_| String::new(), |time| time.strftime("%Y-%m-%d").to_string())
}

fn table(html: &mut String, drawing: &Drawing, marks: &[Found]) {
    html.push_str(
        "<details><summary>The same as a table</summary>\n<table>\n<thead><tr><th scope=\"col\">branch</th><th scope=\"col\">line</th>\
         <th scope=\"col\">begins</th><th scope=\"col\">newest commit</th><th scope=\"col\">tags</th><th scope=\"col\">findings</th>\
         </tr></thead>\n<tbody>\n",
    );
    for (at, lane) in drawing.lanes.iter().enumerate() {
        let tags: Vec<String> =
            drawing.tags.iter().filter(|tag| tag.lane == at).map(|tag| text(tag.name.short())).collect();
        let tags = match tags.as_slice() {
            [] => "none".to_owned(),
            [first, .., last] if tags.len() > 6 => format!("{} from {first} to {last}", tags.len()),
            tags => tags.join(", "),
        };
        let findings: usize = marks.iter().filter(|found| found.lane == at).map(|found| found.count).sum();
        let _ = writeln!(
            html,
            "<tr><th scope=\"row\"><code>{}</code></th><td><code>{}</code>{}</td><td>{}</td><td>{} <code>{}</code></td><td>{tags}</td>\
             <td>{findings}</td></tr>",
            text(lane.name.short()),
            text(&lane.line),
            if lane.is_retired { ", unmaintained" } else { "" },
            day(lane.begins),
            day(lane.ends),
            lane.tip.short(),
        );
    }
    html.push_str("</tbody>\n</table>\n</details>\n");
}
