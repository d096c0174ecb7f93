//! Refuses calendar versions that were made outside their period.

use jiff::ToSpan as _;
use jiff::civil::Date;
use jiff::tz::Offset;

use super::{Meta, OptionError, Rule, Sink, Standing, VersionTagRule, commands};
use crate::facts::{FactError, VersionTag};
use crate::model::Level;

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
        standing: Standing::Created,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl VersionTagRule for OffCalendarTag {
    fn check(&self, tag: &VersionTag<'_, '_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let period = tag.version().calendar_period().filter(|_| tag.creates());
        let Some((start, end)) = period else { return Ok(()) };
        // Who tagged says when; a plain ref has only its commit's date.
        let made = match tag.target().tags.first().and_then(|object| object.tagger.clone()) {
            Some(tagger) => tagger,
            None => tag.read_commit()?.committer,
        };
        let Some(day) = day(made.seconds, made.offset) else {
            return Err(FactError::undecided(format!("{} is not a date", made.seconds)));
        };
        let days = i64::from(self.0.tolerance_days).days();
        let (first, last) = (start.saturating_sub(days), end.saturating_add(days));
        if first <= day && day <= last {
            return Ok(());
        }
        sink.report(format!("`{}` was made on {day}, and its version is of {start} to {end}", tag.name()))
            .commit(tag.commit())
            .help("use the version of the period in which it is made")
            .command_instead(|| commands::delete_tag(tag.facts(), tag.name()))
            .evidence(format!("{day} is outside {first} to {last}"));
        Ok(())
    }
}

/// Returns the day on the tagger's own calendar. `offset` in seconds east of UTC.
fn day(seconds: i64, offset: i32) -> Option<Date> {
    let timestamp = jiff::Timestamp::from_second(seconds).ok()?;
    let offset = Offset::from_seconds(offset).ok()?;
    Some(offset.to_datetime(timestamp).date())
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn a_calendar_version_is_of_the_month_in_which_it_is_tagged() {
        const CALENDAR: &str = "[[tag]]\nname = \"calendar\"\ntag = \"c{version}\"\nscheme = \"calver:YYYY.0M\"\n";
        let mut memory = Memory::default();
        // Made in November 2023.
        let commit = memory.commit(&[], "feat: first", &[]);
        let [on, off] = ["c2023.11", "c2023.09"].map(|name| (name, memory.tag(name, commit)));
        let said = |(name, tag): (&str, _)| {
            ask("off-calendar-tag", CALENDAR, &memory, &[(&format!("refs/tags/{name}"), None, Some(tag))])
        };
        assert!(said(on).is_empty());
        assert_eq!(
            said(off),
            ["`refs/tags/c2023.09` was made on 2023-11-14, and its version is of 2023-09-01 to 2023-09-30"]
        );
    }
}
