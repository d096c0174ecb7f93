//! JSON that can be shown: on a terminal, in a log, in a CI job.

use serde::Serialize;
use serde_json::ser::{CharEscape, CompactFormatter, Formatter, PrettyFormatter, Serializer};
use std::io::{self, Write};

use crate::model::escape;

/// Formats a document as text of several lines. Its texts are escaped as [`Untrusted`](crate::model::Untrusted) shows
/// them.
pub(crate) fn json(document: &impl Serialize) -> String {
    written(document, PrettyFormatter::new()) + "\n"
}

/// Formats a document as one line without its line end, escaped in the same way.
pub(crate) fn json_line(document: &impl Serialize) -> String {
    written(document, CompactFormatter)
}

fn written(document: &impl Serialize, layout: impl Formatter) -> String {
    let mut text = Vec::new();
    // A document of texts, numbers and maps with text keys always serialises.
    let _ = document.serialize(&mut Serializer::with_formatter(&mut text, Escaped { layout, is_start: true }));
    String::from_utf8(text).unwrap_or_default()
}

/// Lays a document out as another formatter does, and escapes its texts.
struct Escaped<F> {
    layout: F,
    /// Whether nothing of the text has been written.
    is_start: bool,
}

/// Passes on what is not about texts.
macro_rules! pass_on {
    ($($name:ident($($argument:ident: $kind:ty),*);)+) => {
        $(fn $name<W: ?Sized + Write>(&mut self, writer: &mut W $(, $argument: $kind)*) -> io::Result<()> {
            self.layout.$name(writer $(, $argument)*)
        })+
    };
}

impl<F: Formatter> Formatter for Escaped<F> {
    pass_on! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn begin_string<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.is_start = true;
        self.layout.begin_string(writer)
    }

    fn write_string_fragment<W: ?Sized + Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        let mut shown = String::with_capacity(fragment.len());
        // Writing to a String cannot fail.
        let _ = escape(fragment, std::mem::take(&mut self.is_start), &mut shown);
        // What escapes is itself written with a backslash, which is one more in JSON.
        for (at, piece) in shown.split('\\').enumerate() {
            if at > 0 {
                writer.write_all(b"\\\\")?;
            }
            writer.write_all(piece.as_bytes())?;
        }
        Ok(())
    }

    fn write_char_escape<W: ?Sized + Write>(&mut self, writer: &mut W, escaped: CharEscape) -> io::Result<()> {
        let byte = match escaped {
            CharEscape::LineFeed => b'\n',
            CharEscape::CarriageReturn => b'\r',
            CharEscape::Tab => b'\t',
            CharEscape::Backspace => 8,
            CharEscape::FormFeed => 12,
            CharEscape::AsciiControl(byte) => byte,
            CharEscape::Quote | CharEscape::ReverseSolidus | CharEscape::Solidus => {
                self.is_start = false;
                return self.layout.write_char_escape(writer, escaped);
            }
        };
        self.write_string_fragment(writer, char::from(byte).encode_utf8(&mut [0; 4]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Untrusted;
    use crate::model::hostile::{self, acts};
    use proptest::prelude::*;

    #[test]
    fn documents_are_laid_out_as_ever() {
        let document = serde_json::json!({ "a": ["b", {}, []], "c": { "d\"": null, "e": 1.5 } });
        assert_eq!(json(&document), format!("{document:#}\n"));
        assert_eq!(json_line(&document), document.to_string());
    }

    proptest! {
        #[test]
        fn texts_are_those_that_are_shown(text in hostile::text()) {
            for shown in [json(&[&text]), json_line(&[&text])] {
                prop_assert_eq!(acts(&shown), None);
                let read: Vec<String> = serde_json::from_str(&shown).unwrap();
                prop_assert_eq!(read, [Untrusted::new(&text).to_string()]);
            }
        }
    }
}
