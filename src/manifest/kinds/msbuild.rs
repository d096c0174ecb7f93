//! MSBuild: `*.csproj`, `*.fsproj`, `*.vbproj`, `Directory.Build.props`. `Directory.Packages.props` is a list of
//! dependencies.
//!
//! <https://learn.microsoft.com/dotnet/core/project-sdk/msbuild-props>.

use std::collections::BTreeSet;

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::Source;
use crate::manifest::xml::{checked, field, parse};
use crate::manifest::{Error, Field, Hints};

/// Most suffixes that a prefix is read with. With more of them a tag may be found to contradict the file, never to agree.
const MAX_SUFFIXES: usize = 16;

/// The kind.
pub(super) struct MsBuild;

impl Format for MsBuild {
    const NAME: &'static str = "msbuild";
    const FILES: &'static [FileName] = &[
        FileName::Ends(".csproj"),
        FileName::Ends(".fsproj"),
        FileName::Ends(".vbproj"),
        FileName::Is("Directory.Build.props"),
    ];
    const READS: &'static str = "`Version`, `VersionPrefix` and `VersionSuffix` of each `PropertyGroup`; \
                                 never the `Version` of a `PackageReference`, nor `AssemblyVersion` and its \
                                 kin.";
    const SCHEME: Option<&'static str> = Some("semver");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let text = checked(source)?;
        let document = parse(source, text)?;
        let mut fields = Vec::new();
        let groups = document.root_element().children().filter(|node| node.tag_name().name() == "PropertyGroup");
        for property in groups.flat_map(|group| group.children()) {
            let name = property.tag_name().name();
            if ["Version", "VersionPrefix", "VersionSuffix"].contains(&name) {
                fields.extend(field(source, property, &format!("PropertyGroup.{name}"))?);
            }
        }
        Ok(fields)
    }

    /// `VersionPrefix` and `VersionSuffix` are one version in two fields, unless `Version` says another.
    fn meanings(fields: &[Field]) -> Vec<Vec<String>> {
        let named = |field: &&Field, name: &str| field.name.strip_prefix("PropertyGroup.") == Some(name);
        let has_version = fields.iter().any(|field| named(&field, "Version"));
        // Groups for several targets have few suffixes between them; prefixes times suffixes would be millions.
        let suffixes: BTreeSet<&str> = fields
            .iter()
            .filter(|field| named(field, "VersionSuffix"))
            .filter_map(|field| field.value.literal())
            .take(MAX_SUFFIXES)
            .collect();
        let one = |field: &Field| {
            let Some(text) = field.value.literal() else { return Vec::new() };
            let is_prefix = named(&field, "VersionPrefix");
            // A suffix is half of a version, whichever file has the other half.
            if named(&field, "VersionSuffix") || (is_prefix && has_version) {
                return Vec::new();
            }
            let whole: Vec<String> =
                suffixes.iter().filter(|_| is_prefix).map(|suffix| format!("{text}-{suffix}")).collect();
            if whole.is_empty() { vec![text.to_owned()] } else { whole }
        };
        fields.iter().map(one).collect()
    }
}
