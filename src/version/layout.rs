//! Calendar versions: layouts, and the time a version stands for.

use std::fmt;

use jiff::civil::{Date, ISOWeekDate, Weekday};

use super::fault::{Fault, Reason, shown, suggestion};
use super::numbered::Numbered;
use super::scan::{Number, Scan};
use super::suffix::{Letters, Suffix};

/// One number of a layout, named as on <https://calver.org>; `Q`, the quarter, is not there but in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Field {
    /// `YYYY`: four digits.
    FullYear,
    /// `YY`: years since 2000, no padding.
    ShortYear,
    /// `0Y`: years since 2000, at least two digits.
    PaddedYear,
    /// `Q`: 1 to 4.
    Quarter,
    /// `MM`: 1 to 12, no padding.
    Month,
    /// `0M`: 01 to 12.
    PaddedMonth,
    /// `WW`: the week of ISO 8601, no padding.
    Week,
    /// `0W`: the same, two digits.
    PaddedWeek,
    /// `DD`: 1 to 31, no padding.
    Day,
    /// `0D`: 01 to 31.
    PaddedDay,
    /// `MAJOR`, a counter.
    Major,
    /// `MINOR`, a counter.
    Minor,
    /// `MICRO`, a counter.
    Micro,
}

/// Which part of a date a field is; a counter is not a part of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Year,
    Quarter,
    Month,
    Week,
    Day,
}

impl Field {
    /// Tokens, longest first where one begins like another.
    const TOKENS: &'static [(&'static str, Self)] = &[
        ("YYYY", Self::FullYear),
        ("YY", Self::ShortYear),
        ("0Y", Self::PaddedYear),
        ("Q", Self::Quarter),
        ("MAJOR", Self::Major),
        ("MINOR", Self::Minor),
        ("MICRO", Self::Micro),
        ("MM", Self::Month),
        ("0M", Self::PaddedMonth),
        ("WW", Self::Week),
        ("0W", Self::PaddedWeek),
        ("DD", Self::Day),
        ("0D", Self::PaddedDay),
    ];

    const fn part(self) -> Option<Part> {
        match self {
            Self::FullYear | Self::ShortYear | Self::PaddedYear => Some(Part::Year),
            Self::Quarter => Some(Part::Quarter),
            Self::Month | Self::PaddedMonth => Some(Part::Month),
            Self::Week | Self::PaddedWeek => Some(Part::Week),
            Self::Day | Self::PaddedDay => Some(Part::Day),
            Self::Major | Self::Minor | Self::Micro => None,
        }
    }

    /// Returns the placeholder that stands for it in templates.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::FullYear | Self::ShortYear | Self::PaddedYear => "year",
            Self::Quarter => "quarter",
            Self::Month | Self::PaddedMonth => "month",
            Self::Week | Self::PaddedWeek => "week",
            Self::Day | Self::PaddedDay => "day",
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Micro => "micro",
        }
    }

    /// Returns how many digits it always has, if it always has as many.
    const fn width(self) -> Option<usize> {
        match self {
            Self::FullYear => Some(4),
            Self::Quarter => Some(1),
            Self::PaddedMonth | Self::PaddedWeek | Self::PaddedDay => Some(2),
            _ => None,
        }
    }

    fn read(self, scan: &mut Scan<'_>) -> Result<Number, Fault> {
        let start = scan.offset();
        let mut left = self.width().unwrap_or(usize::MAX);
        let mut ahead = scan.clone();
        while left > 0 && ahead.take_if(|c| c.is_ascii_digit()).is_some() {
            left -= 1;
        }
        let end = ahead.offset();
        let digits = scan.rest().get(..end - start).unwrap_or_default();
        if digits.is_empty() {
            return Err(scan.fault());
        }
        let padded_year_is_short = self == Self::PaddedYear && digits.len() < 2;
        if self.width().is_some_and(|width| digits.len() < width) || padded_year_is_short {
            return Err(Fault::new(end, Reason::Padding));
        }
        let may_be_padded = self.width().is_some() || (self == Self::PaddedYear && digits.len() == 2);
        if !may_be_padded && digits.len() > 1 && digits.starts_with('0') {
            return Err(Fault::new(start, Reason::LeadingZero));
        }
        let value = digits.parse().map_err(|_| Fault::new(start, Reason::TooLarge))?;
        *scan = ahead;
        Ok(Number { value, span: start..end })
    }

    fn write(self, value: u64) -> String {
        let width = if self == Self::PaddedYear { 2 } else { self.width().unwrap_or(1) };
        format!("{value:0width$}")
    }
}

/// The layout of calendar versions: fields, the separators between them, and a part that may be missing.
///
/// `YYYY.Q`, `YY.0M[.MICRO]`, `YYYY0M0D`. A pre-release, post-release or development marker may follow any
/// of them, as in the dotted scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Layout {
    /// Each field with the separator before it.
    fields: Vec<(Option<char>, Field)>,
    /// How many of them are always there.
    required: usize,
}

/// Why a calendar layout makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum LayoutError {
    /// Not a token.
    #[error("`{token}` is not a part of a calendar layout{hint}")]
    Token {
        /// What was written, escaped.
        token: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// A separator or bracket where a token belongs, or the other way round.
    #[error(
        "a calendar layout is tokens with `.`, `-` or `_` between them, the last ones perhaps in brackets: `YY.0M[.MICRO]`"
    )]
    Shape,
    /// No year.
    #[error("a calendar layout begins its date with a year")]
    NoYear,
    /// Month before year, a day without a month, a week inside a month.
    #[error(
        "the date in a calendar layout goes from coarse to fine: year and quarter, year and week, or year, month, day"
    )]
    DateOrder,
    /// The same field twice.
    #[error("`{0}` is in the calendar layout twice")]
    Twice(&'static str),
    /// Digits of two neighbours run together.
    #[error("`{0}` varies in width, so a separator must follow it")]
    RunTogether(&'static str),
}

impl Layout {
    /// Reads a layout.
    ///
    /// # Errors
    /// An unknown token, or a layout whose versions would not be in the order of their dates.
    pub(super) fn parse(text: &str) -> Result<Self, LayoutError> {
        let (required_text, optional_text) = match text.split_once('[') {
            Some((required, rest)) => (required, rest.strip_suffix(']').ok_or(LayoutError::Shape)?),
            None => (text, ""),
        };
        let mut fields = Vec::new();
        read_tokens(required_text, &mut fields)?;
        let required = fields.len();
        if !optional_text.is_empty() {
            read_tokens(optional_text, &mut fields)?;
            if fields.get(required).is_none_or(|(separator, _)| separator.is_none()) {
                return Err(LayoutError::Shape);
            }
        }
        if required == 0 || (text.contains('[') && fields.len() == required) {
            return Err(LayoutError::Shape);
        }
        check(&fields)?;
        Ok(Self { fields, required })
    }

    /// Returns the names its numbers have in templates, in their order.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.fields.iter().map(|(_, field)| field.name())
    }

    /// Reads a version of this layout.
    pub(super) fn read(&self, text: &str) -> Result<Numbered, Fault> {
        let mut scan = Scan::new(text);
        let mut numbers = Vec::new();
        for (at, (separator, field)) in self.fields.iter().enumerate() {
            let mut ahead = scan.clone();
            if let Some(wanted) = separator
                && ahead.take_if(|c| c == *wanted).is_none()
            {
                if at >= self.required {
                    break;
                }
                return Err(scan.fault());
            }
            if at >= self.required && !ahead.peek().is_some_and(|c| c.is_ascii_digit()) {
                break;
            }
            numbers.push(field.read(&mut ahead)?);
            scan = ahead;
        }
        // The layout has no place for a further number; only `-N` would read it, as a post-release.
        let numbered = Numbered { suffix: Suffix::read(scan, Letters::Pre)?, numbers };
        if self.period(&numbered).is_none() {
            let last = self.fields.iter().zip(&numbered.numbers).rfind(|((_, field), _)| field.part().is_some());
            return Err(Fault::new(last.map_or(0, |(_, number)| number.span.start), Reason::NoSuchDate));
        }
        Ok(numbered)
    }

    /// Returns the first and the last day of the time its date names; `None` when there is no such date.
    pub(super) fn period(&self, version: &Numbered) -> Option<(Date, Date)> {
        let part = |wanted| {
            let mut fields = self.fields.iter().zip(&version.numbers);
            fields
                .find(|((_, field), _)| field.part() == Some(wanted))
                .map(|((_, field), number)| (*field, number.value))
        };
        let small = |wanted| part(wanted).map(|(_, value)| i8::try_from(value).ok());
        let (year_field, year) = part(Part::Year)?;
        let year = if year_field == Field::FullYear { year } else { year.checked_add(2000)? };
        let year = i16::try_from(year).ok()?;
        if let Some(week) = small(Part::Week) {
            let monday = ISOWeekDate::new(year, week?, Weekday::Monday).ok()?.date();
            return Some((monday, monday.checked_add(jiff::Span::new().days(6)).ok()?));
        }
        let (first, last) = match (small(Part::Quarter), small(Part::Month)) {
            (None, None) => (1, 12),
            (Some(quarter), _) if !(1..=4).contains(&quarter?) => return None,
            (Some(quarter), None) => (quarter? * 3 - 2, quarter? * 3),
            (quarter, Some(month)) => {
                if quarter.is_some_and(|quarter| quarter != month.map(|month| (month - 1) / 3 + 1)) {
                    return None;
                }
                (month?, month?)
            }
        };
        if let Some(day) = small(Part::Day) {
            let day = Date::new(year, last, day?).ok()?;
            return Some((day, day));
        }
        Some((Date::new(year, first, 1).ok()?, Date::new(year, last, 1).ok()?.last_of_month()))
    }

    /// Returns the numbers of the version that follows one whose last number is `last`: a counter goes up by one, a
    /// date moves on to the period after its own: 2025.4 is followed by 2026.1. `None` past year 9999.
    pub(super) fn next(&self, version: &Numbered) -> Option<String> {
        let mut values: Vec<u64> = version.release();
        let (_, last_field) = self.fields.get(values.len().checked_sub(1)?)?;
        if last_field.part().is_none() {
            let counter = values.last_mut()?;
            *counter = counter.checked_add(1)?;
        } else {
            let day = self.period(version)?.1.tomorrow().ok()?;
            for ((_, field), value) in self.fields.iter().zip(&mut values) {
                let year = if field.part() == Some(Part::Year) && self.names().any(|name| name == "week") {
                    day.iso_week_date().year()
                } else {
                    day.year()
                };
                let number = match field.part() {
                    Some(Part::Year) if *field == Field::FullYear => i64::from(year),
                    Some(Part::Year) => i64::from(year) - 2000,
                    Some(Part::Quarter) => i64::from((day.month() - 1) / 3 + 1),
                    Some(Part::Month) => i64::from(day.month()),
                    Some(Part::Week) => i64::from(day.iso_week_date().week()),
                    Some(Part::Day) => i64::from(day.day()),
                    None => continue,
                };
                *value = u64::try_from(number).ok()?;
            }
        }
        Some(self.write(&values))
    }

    /// Writes the numbers in this layout, padded as it asks.
    pub(super) fn write(&self, values: &[u64]) -> String {
        let mut text = String::new();
        for ((separator, field), value) in self.fields.iter().zip(values) {
            text.extend(separator);
            text.push_str(&field.write(*value));
        }
        text
    }
}

fn read_tokens(text: &str, fields: &mut Vec<(Option<char>, Field)>) -> Result<(), LayoutError> {
    let mut scan = Scan::new(text);
    while !scan.is_done() {
        let separator = scan.take_if(|c| matches!(c, '.' | '-' | '_'));
        if separator.is_some() && fields.is_empty() {
            return Err(LayoutError::Shape);
        }
        let word = scan.run(|c| c.is_alphanumeric());
        if word.is_empty() {
            return Err(LayoutError::Shape);
        }
        let mut left = word;
        let mut before = separator;
        while !left.is_empty() {
            let known = Field::TOKENS.iter().find_map(|(token, field)| Some((*field, left.strip_prefix(token)?)));
            let Some((field, rest)) = known else {
                let hint = suggestion(left, Field::TOKENS.iter().map(|(token, _)| *token));
                return Err(LayoutError::Token { token: shown(left), hint });
            };
            if before.is_none()
                && let Some((_, previous)) = fields.last()
                && previous.width().is_none()
            {
                return Err(LayoutError::RunTogether(previous.name()));
            }
            fields.push((before, field));
            before = None;
            left = rest;
        }
    }
    Ok(())
}

/// Checks that versions of this layout sort like their dates.
fn check(fields: &[(Option<char>, Field)]) -> Result<(), LayoutError> {
    for (at, (_, field)) in fields.iter().enumerate() {
        if fields.iter().skip(at + 1).any(|(_, other)| other.name() == field.name()) {
            return Err(LayoutError::Twice(field.name()));
        }
    }
    let parts: Vec<Part> = fields.iter().filter_map(|(_, field)| field.part()).collect();
    match parts.as_slice() {
        [] => return Err(LayoutError::NoYear),
        [Part::Year]
        | [Part::Year, Part::Quarter | Part::Month | Part::Week]
        | [Part::Year, Part::Quarter, Part::Month]
        | [Part::Year, Part::Month, Part::Day]
        | [Part::Year, Part::Quarter, Part::Month, Part::Day] => {}
        _ => return Err(LayoutError::DateOrder),
    }
    // A counter between two parts of the date would outweigh the second of them.
    let first = fields.iter().position(|(_, field)| field.part().is_some()).unwrap_or_default();
    if fields.iter().skip(first).take(parts.len()).any(|(_, field)| field.part().is_none()) {
        return Err(LayoutError::DateOrder);
    }
    Ok(())
}

/// As [`Layout::parse`] reads it.
impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (separator, field)) in self.fields.iter().enumerate() {
            if at == self.required {
                f.write_str("[")?;
            }
            let token = Field::TOKENS.iter().find(|(_, known)| known == field).map_or("", |(token, _)| token);
            write!(f, "{}{token}", separator.map(String::from).unwrap_or_default())?;
        }
        if self.fields.len() > self.required { f.write_str("]") } else { Ok(()) }
    }
}
