//! `pom.xml`.
//!
//! <https://maven.apache.org/pom.html#Maven_Coordinates>.

use roxmltree::Node;

use crate::manifest::format::{FileName, Format};
use crate::manifest::source::{MAX_VERSION, Source};
use crate::manifest::xml::{checked, field, only, parse};
use crate::manifest::{Error, Field, Hints, Value};

/// The kind.
pub(super) struct Pom;

impl Format for Pom {
    const NAME: &'static str = "pom";
    const FILES: &'static [FileName] = &[FileName::Is("pom.xml")];
    const READS: &'static str = "`/project/version`, else the inherited `/project/parent/version`. A version \
                                 that names properties, as in `${revision}`, is followed by the properties of \
                                 this file that it names.";

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let text = checked(source)?;
        let document = parse(source, text)?;
        let project = document.root_element();
        if project.tag_name().name() != "project" {
            return Err(source.syntax(project.range().start, "the root element is not `project`"));
        }
        let parent = only(source, project, "parent")?;
        let own = only(source, project, "version")?.map(|version| (version, "project.version"));
        let inherited = match parent {
            Some(parent) => only(source, parent, "version")?.map(|version| (version, "project.parent.version")),
            None => None,
        };
        let Some((version, name)) = own.or(inherited) else { return Ok(Vec::new()) };
        let mut fields = Vec::from_iter(field(source, version, name)?);
        let says = fields.first().and_then(|field| match &field.value {
            Value::Dynamic(says) if says.len() <= MAX_VERSION => Some(says.clone()),
            _ => None,
        });
        if let (Some(says), Some(properties)) = (says, only(source, project, "properties")?) {
            for property in properties.children().filter(Node::is_element) {
                let key = property.tag_name().name();
                if says.contains(&format!("${{{key}}}")) {
                    fields.extend(field(source, property, &format!("project.properties.{key}"))?);
                }
            }
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }
}
