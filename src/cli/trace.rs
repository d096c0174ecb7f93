//! What refgate does while it does it, for whoever looks for the reason of a verdict or of a slow push: lines on standard
//! error, where `REFGATE_LOG` in the environment asks for them.

use std::io::{self, Write};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::fmt::time::uptime;

use super::context::Surroundings;
use crate::model::Untrusted;

/// The variable. Its value is how much is said: `info`, `debug` or `trace`.
const VARIABLE: &str = "REFGATE_LOG";

/// Begins to write lines if the environment asks for them. Push options and what is pushed cannot: git gives them to hooks
/// under names of their own.
pub(super) fn start(surroundings: &Surroundings) {
    let Some(asked) = surroundings.variables.get(std::ffi::OsStr::new(VARIABLE)) else { return };
    let level = match asked.to_str().unwrap_or_default() {
        "" | "0" => return,
        text => text.parse().unwrap_or(LevelFilter::INFO),
    };
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        .with_ansi(false)
        .with_timer(uptime())
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(|| Escaping(io::stderr()))
        .finish();
    // A second one cannot be set; the first does the same.
    let _kept = tracing::subscriber::set_global_default(subscriber);
}

/// Writes each line of a log escaped. The lines have names and messages that others wrote.
struct Escaping<W>(W);

impl<W: Write> Write for Escaping<W> {
    /// The subscriber writes one whole event at a time.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let line = event.strip_suffix(b"\n").unwrap_or(event);
        self.0.write_all(format!("{}\n", Untrusted::new(line)).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hostile::{self, acts};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_line_of_the_log_acts(name in hostile::text(), bytes in hostile::bytes()) {
            let mut written = Vec::new();
            Escaping(&mut written).write_all(format!("{name} {}\n", bytes.escape_ascii()).as_bytes()).unwrap();
            let written = String::from_utf8(written).unwrap();
            prop_assert_eq!(acts(&written), None);
            prop_assert_eq!(written.matches('\n').count(), 1, "an event is one line");
        }
    }
}
