//! Entry points for the fuzz targets.

use bstr::BStr;

use super::{Hints, Kind, changelog, compare, fields};

/// Reads a file of some name as a manifest, compares it with itself, and reads it as both forms of a changelog.
/// Everything that is found lies in the file, and a file does not differ from itself.
pub fn read(path: &BStr, bytes: &[u8]) {
    if let Some(kind) = Kind::of_path(path)
        && let Ok(found) = fields(kind, bytes, &Hints::default())
    {
        assert!(found.iter().all(|field| bytes.get(field.span.clone()).is_some()));
        assert!(compare(&found, &found).is_empty());
        let _ = kind.meanings(&found);
    }
    for entries in [changelog::debian(bytes), changelog::keep_a_changelog(bytes)] {
        let mut entries = entries.into_iter().flatten();
        assert!(entries.all(|entry| bytes.get(entry.span).is_some() && bytes.get(entry.whole).is_some()));
    }
}
