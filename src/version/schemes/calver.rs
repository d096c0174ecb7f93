//! Calendar versions: a date in a layout, then the suffixes of [`suffix`](crate::version::suffix).

use std::cmp::Ordering;
use std::sync::Arc;

use jiff::civil::Date;

use crate::version::fault::Fault;
use crate::version::form::{Entry, Form, ParameterError, Reading};
use crate::version::layout::Layout;
use crate::version::numbered::{Numbered, written};
use crate::version::parts::{Parts, Why};
use crate::version::suffix::Suffix;

pub(super) static ENTRY: Entry = Entry {
    name: "calver",
    usage: "calver:LAYOUT",
    summary: "Calendar versions (<https://calver.org>) of a layout.",
    docs: "A layout is tokens with `.`, `-` or `_` between them, the last ones perhaps in brackets, which makes them \
           optional. The date comes first, from coarse to fine. `YYYY`: a year of four digits; `YY` and `0Y`: years since \
           2000, without and with padding; `Q`: a quarter; `MM`, `WW`, `DD`: month, ISO week and day without padding, \
           `0M`, `0W`, `0D` with it; `MAJOR`, `MINOR`, `MICRO`: counters. A version names a period that exists: there is \
           no `2025.5` in quarters. After a version without a counter comes that of the next period; the suffixes are \
           those of `dotted:letters=pre`.",
    examples: &["calver:YYYY.Q", "calver:YY.0M[.MICRO]", "calver:YYYY0M0D"],
    rising: &["2024.4", "2025.1.dev3", "2025.1rc1", "2025.1", "2025.2"],
    pattern: "calver:.+",
    parameters: &[],
    parse: |parameter| {
        let layout = parameter.ok_or("scheme `calver` needs a layout, such as `calver:YYYY.MM`".to_owned());
        let layout = layout.and_then(|layout| Layout::parse(layout).map_err(|error| error.to_string()));
        Ok(Arc::new(Calver(Arc::new(layout.map_err(ParameterError::Wrong)?))))
    },
};

/// The scheme, with its layout.
#[derive(Debug)]
struct Calver(Arc<Layout>);

impl Form for Calver {
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        Ok(Arc::new(Calendar { layout: Arc::clone(&self.0), version: self.0.read(text)? }))
    }

    fn parameter(&self) -> Option<String> {
        Some(self.0.to_string())
    }

    fn numbers(&self) -> Vec<(&'static str, usize)> {
        self.0.names().enumerate().map(|(at, name)| (name, at)).collect()
    }
}

/// A version, with the layout that says what its numbers are.
#[derive(Debug)]
struct Calendar {
    layout: Arc<Layout>,
    version: Numbered,
}

impl Reading for Calendar {
    fn compare(&self, other: &dyn Reading) -> Option<Ordering> {
        Some(self.version.compare(&other.of::<Self>()?.version))
    }

    fn is_prerelease(&self, _text: &str) -> bool {
        self.version.suffix.is_prerelease()
    }

    fn is_dev(&self, _text: &str) -> bool {
        self.version.suffix.dev.is_some()
    }

    fn release(&self) -> Vec<u64> {
        self.version.release()
    }

    fn written(&self, text: &str, index: usize) -> Option<String> {
        written(&self.version.numbers, text, index)
    }

    fn calendar_period(&self) -> Option<(Date, Date)> {
        self.layout.period(&self.version)
    }

    fn raised(&self, text: &str) -> Option<String> {
        if self.version.suffix == Suffix::default() {
            self.layout.next(&self.version)
        } else {
            self.version.raised(text)
        }
    }

    fn without_dev(&self, text: &str) -> String {
        self.version.without_dev(text)
    }

    fn final_release(&self, text: &str) -> String {
        self.version.final_release(text)
    }

    fn parts(&self) -> Result<Parts, Why> {
        Parts::of_suffix(self.version.release(), &self.version.suffix)
    }
}
