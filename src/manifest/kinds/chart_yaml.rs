//! `Chart.yaml`.
//!
//! <https://helm.sh/docs/topics/charts/#the-chartyaml-file>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{Encoding, Source};
use crate::manifest::yaml::Stream;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct ChartYaml;

impl Format for ChartYaml {
    const NAME: &'static str = "chart-yaml";
    const FILES: &'static [FileName] = &[FileName::Is("Chart.yaml")];
    const READS: &'static str = "The root `version`, or the root keys of the policy (`appVersion` is what is \
                                 packaged, not the package); never a dependency's.";
    const ENCODING: Encoding = Encoding::Utf8;
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, hints: &Hints) -> Result<Vec<Field>, Error> {
        let stream = Stream::new(source)?;
        if let Some(start) = stream.second_document() {
            return Err(source.syntax(start, "a chart has one document, this has more"));
        }
        let wanted = hints.names_or(&["version"]);
        let mut fields = Vec::new();
        let mut nested = None;
        stream.visit(&mut |path, scalar| match (path, &scalar.text) {
            ([key], Some(text)) if wanted.contains(&key.as_ref()) => {
                fields.push(Field::new(key.as_ref(), text, stream.range(scalar)));
            }
            ([key, _, ..], _) if wanted.contains(&key.as_ref()) => nested = Some((key.to_string(), scalar.start)),
            _ => {}
        })?;
        match nested {
            Some((key, start)) => Err(source.syntax(start, format!("`{key}` is not a text"))),
            None => Ok(fields),
        }
    }
}
