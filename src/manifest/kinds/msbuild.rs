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
}
