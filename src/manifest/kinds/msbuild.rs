//! MSBuild: `*.csproj`, `*.fsproj`, `*.vbproj`, `Directory.Build.props`. `Directory.Packages.props` is a list of
//! dependencies.
//!
//! <https://learn.microsoft.com/dotnet/core/project-sdk/msbuild-props>.

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::Source;
use crate::manifest::xml::{checked, field, parse};
use crate::manifest::{Error, Field, Hints};

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
        let named = |field: &&Field, name: &str| field.name == format!("PropertyGroup.{name}");
        let literals = |name: &'static str| {
            fields.iter().filter(move |field| named(field, name)).filter_map(|field| field.value.literal())
        };
        let has = |name: &str| fields.iter().any(|field| named(&field, name));
        let one = |field: &Field| {
            let Some(text) = field.value.literal() else { return Vec::new() };
            let is_prefix = named(&field, "VersionPrefix");
            // A suffix is half of a version, whichever file has the other half.
            if named(&field, "VersionSuffix") || (is_prefix && has("Version")) {
                return Vec::new();
            }
            let whole: Vec<String> =
                literals("VersionSuffix").filter(|_| is_prefix).map(|suffix| format!("{text}-{suffix}")).collect();
            if whole.is_empty() { vec![text.to_owned()] } else { whole }
        };
        fields.iter().map(one).collect()
    }
}
