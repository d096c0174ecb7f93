//! Meson: a small Python with other strings.

use super::{Error, Language, Lexer, Taken};

/// The language.
pub(in crate::manifest) struct Meson;

impl Language for Meson {
    fn take(&self, lexer: &mut Lexer<'_, '_>, byte: u8) -> Result<Taken, Error> {
        match byte {
            b'#' => lexer.skip_line(),
            b'\'' => lexer.quoted(byte, false)?,
            _ => return Ok(Taken::No),
        }
        Ok(Taken::Yes)
    }

    /// Returns `true`: Meson accepted such strings, with a warning, for years.
    fn strings_span_lines(&self) -> bool {
        true
    }
}
