//! Refuses calendar versions that were made outside their period.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::{Meta, OptionError, RefRule, Rule, Sink};
use crate::facts::{FactError, Kind, Update};
use crate::model::{Level, quote};

/// The rule's own keys.
#[derive(Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// How many days before and after the period are still right.
    tolerance_days: u16,
}

pub(super) struct OffCalendarTag(Options);

impl Rule for OffCalendarTag {
    const META: Meta = Meta {
        id: "off-calendar-tag",
        summary: "Refuses calendar versions that are tagged outside the month, quarter or year they name.",
        task: "comparing with the calendar",
        docs: include_str!("off_calendar_tag.md"),
        default: Level::Warn,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl RefRule for OffCalendarTag {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if !change.creates() {
            return Ok(());
        }
        let period =
            change.tag().and_then(|place| place.version.as_ref()).and_then(|version| version.calendar_period());
        let Some((start, end)) = period else { return Ok(()) };
        let Some(peeled) = change.peeled()?.filter(|peeled| peeled.kind == Kind::Commit) else { return Ok(()) };
        // Who tagged says when; a plain ref has only its commit's date.
        let made = match peeled.tags.first().and_then(|tag| tag.tagger.clone()) {
            Some(tagger) => tagger,
            None => change.facts().project().commit(peeled.id)?.committer,
        };
        let Some(day) = day(made.seconds, made.offset) else {
            return Err(FactError::undecided(format!("{} is no date", made.seconds)));
        };
        let days = i64::from(self.0.tolerance_days).days();
        let (first, last) = (start.saturating_sub(days), end.saturating_add(days));
        if first <= day && day <= last {
            return Ok(());
        }
        sink.report(format!("`{}` was made on {day}, and its version is of {start} to {end}", change.name()))
            .commit(peeled.id)
            .help("use the version of the period in which it is made")
            .command(quote(change.name().short()).map(|name| format!("git tag -d {name}")))
            .evidence(format!("{day} is outside {first} to {last}"));
        Ok(())
    }
}

/// The day on the tagger's own calendar. `offset` in seconds east of UTC.
fn day(seconds: i64, offset: i32) -> Option<Date> {
    let timestamp = jiff::Timestamp::from_second(seconds).ok()?;
    let offset = Offset::from_seconds(offset).ok()?;
    Some(offset.to_datetime(timestamp).date())
}
