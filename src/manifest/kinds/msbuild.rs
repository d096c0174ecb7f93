//! MSBuild: `*.csproj`, `*.fsproj`, `*.vbproj`, `Directory.Build.props`. `Directory.Packages.props` is a list of
//! dependencies.
//!
//! <https://learn.microsoft.com/dotnet/core/project-sdk/msbuild-props>.

use std::collections::BTreeSet;

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::Source;
use crate::manifest::xml::{checked, field, parse};
use crate::manifest::{Error, Field, Hints, Value};

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
        for group in groups {
            for property in group.children() {
                let name = property.tag_name().name();
                if ["Version", "VersionPrefix", "VersionSuffix"].contains(&name) {
                    let is_conditional = [group, property].iter().any(|node| node.has_attribute("Condition"));
                    let condition = if is_conditional { CONDITION } else { "" };
                    fields.extend(field(source, property, &format!("PropertyGroup.{name}{condition}"))?);
                }
            }
        }
        Ok(fields)
    }

    /// `VersionPrefix` and `VersionSuffix` are one version in two fields, unless `Version` says another. A suffix with a
    /// condition may be there or not.
    fn meanings(fields: &[Field]) -> Vec<Vec<String>> {
        let named = |field: &&Field, name: &str| bare(&field.name) == name;
        // `$(VersionPrefix)-$(VersionSuffix)` says the same as leaving it out.
        let is_own = |field: &Field| field.value.literal().is_some() || !text(field).contains("$(VersionPrefix)");
        let has_version = fields.iter().any(|field| named(&field, "Version") && is_own(field));
        let suffixes = || fields.iter().filter(|field| named(field, "VersionSuffix"));
        let always = suffixes().any(|field| !field.name.ends_with(CONDITION) && field.value.literal().is_some());
        // Groups for several targets have few suffixes between them; prefixes times suffixes would be millions.
        let suffixes: BTreeSet<&str> =
            suffixes().filter_map(|field| field.value.literal()).take(MAX_SUFFIXES).collect();
        let one = |field: &Field| {
            let Some(text) = field.value.literal() else { return Vec::new() };
            let is_prefix = named(&field, "VersionPrefix");
            // A suffix is half of a version, whichever file has the other half.
            if named(&field, "VersionSuffix") || (is_prefix && has_version) {
                return Vec::new();
            }
            let whole = suffixes.iter().filter(|_| is_prefix).map(|suffix| format!("{text}-{suffix}"));
            let alone = Some(text.to_owned()).filter(|_| !is_prefix || !always);
            whole.chain(alone).collect()
        };
        fields.iter().map(one).collect()
    }
}

/// What the name of a field ends with that only counts under a condition.
const CONDITION: &str = "[Condition]";

/// Returns the property that a field is.
fn bare(name: &str) -> &str {
    let name = name.strip_suffix(CONDITION).unwrap_or(name);
    name.strip_prefix("PropertyGroup.").unwrap_or(name)
}

fn text(field: &Field) -> &str {
    match &field.value {
        Value::Literal(text) | Value::Dynamic(text) => text,
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named};

    #[test]
    fn its_fields_are_read() {
        let text = "<Project Sdk=\"x\"><PropertyGroup><TargetFramework>net8</TargetFramework><VersionPrefix>1.2.0</VersionPrefix>\
                    <VersionSuffix>beta1</VersionSuffix><AssemblyVersion>9.0</AssemblyVersion></PropertyGroup>\
                    <PropertyGroup Condition=\"a\"><Version>$(V)</Version></PropertyGroup>\
                    <ItemGroup><PackageReference Include=\"y\" Version=\"8\"><Version>7</Version></PackageReference></ItemGroup></Project>";
        expect(
            named("msbuild"),
            text,
            &[
                ("PropertyGroup.VersionPrefix", "1.2.0"),
                ("PropertyGroup.VersionSuffix", "beta1"),
                ("PropertyGroup.Version[Condition]", "= $(V)"),
            ],
        );
    }
}
