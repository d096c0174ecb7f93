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
    // Maven and Gradle take any text; what their projects write is `1.0-RC1` and the like.
    const SCHEME: Option<&'static str> = Some("dotted");

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
                    fields.extend(field(source, property, &format!("{PROPERTY}{key}"))?);
                }
            }
        }
        fields.sort_by_key(|field| field.span.start);
        Ok(fields)
    }

    /// A version of several properties, such as `${revision}${changelist}`, is one version: that of the first property.
    /// A property that another file or the command line sets adds nothing to it.
    fn meanings(fields: &[Field]) -> Vec<Vec<String>> {
        let property = |field: &Field| field.name.strip_prefix(PROPERTY).map(str::to_owned);
        let template = fields.iter().find(|field| property(field).is_none()).map(|field| &field.value);
        let mut whole = match template {
            Some(Value::Dynamic(says)) => vec![filled_in(says, fields)],
            _ => Vec::new(),
        };
        let one = |field: &Field| match field.value.literal() {
            Some(_) if property(field).is_some() => std::mem::take(&mut whole),
            Some(text) => vec![text.to_owned()],
            None => Vec::new(),
        };
        fields.iter().map(one).collect()
    }
}

/// What the names of fields that are properties begin with.
const PROPERTY: &str = "project.properties.";

/// Puts the values of properties into a version that names them.
fn filled_in(template: &str, fields: &[Field]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some((before, (name, after))) =
        rest.split_once("${").and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        text.push_str(before);
        let value = fields.iter().find(|field| field.name.strip_prefix(PROPERTY) == Some(name));
        text.push_str(value.and_then(|field| field.value.literal()).unwrap_or_default());
        rest = after;
    }
    text.push_str(rest);
    // What stands between a version and nothing.
    text.trim_end_matches(['-', '.']).to_owned()
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, expect_values, named, refuse};
    use crate::manifest::{Error, Hints, fields};

    #[test]
    fn its_fields_are_read() {
        let kind = named("pom");
        let dependencies = "<dependencies><dependency><version>9</version></dependency></dependencies><profiles><profile>\
                            <version>7</version></profile></profiles>";
        let parent = "<parent><artifactId>p</artifactId><version>3</version></parent>";
        expect(
            kind,
            &format!(
                "<?xml version=\"1.0\"?><project xmlns=\"http://maven.apache.org/POM/4.0.0\"><modelVersion>4.0.0\
                      </modelVersion>{parent}{dependencies}\r\n<version>\n  1.2-SNAPSHOT </version></project>"
            ),
            &[("project.version", "1.2-SNAPSHOT")],
        );
        expect(kind, &format!("<project>{parent}{dependencies}</project>"), &[("project.parent.version", "3")]);
        expect(kind, "<m:project xmlns:m=\"x\"><m:version>1</m:version></m:project>", &[("project.version", "1")]);
        expect(
            kind,
            "<project><version>${revision}${tail}</version><properties><java>8</java><revision>1.2</revision>\
             <tail>-x1</tail></properties></project>",
            &[
                ("project.version", "= ${revision}${tail}"),
                ("project.properties.revision", "1.2"),
                ("project.properties.tail", "-x1"),
            ],
        );
        expect(kind, "<project/>", &[]);
        expect_values(kind, "<project><version>1&#46;2</version></project>", &[("project.version", "1.2")]);
        let latin =
            b"<?xml version='1.0' encoding='ISO-8859-1'?><project><name>\xe9</name><version>1</version></project>";
        assert_eq!(
            fields(kind, latin, &Hints::default()).map(|fields| latin[fields[0].span.clone()].to_vec()),
            Ok(b"1".to_vec())
        );
        let plain = b"<project>\n<name>\xe9</name></project>";
        assert_eq!(fields(kind, plain, &Hints::default()), Err(Error::NotUtf8 { line: 2, column: 7 }));
        refuse(kind, "<project><version>1</version>\n <version>2</version></project>", 2, 2);
        refuse(kind, "<project><version>1<!-- -->.2</version></project>", 1, 28);
        refuse(kind, "<project><version><![CDATA[1]]><b/></version></project>", 1, 32);
        for version in ["<!-- see RELEASING -->1.2", "1.2<!-- x -->", "\n <!-- a --> <!-- b -->\n 1.2 <!-- c -->\n"] {
            expect(kind, &format!("<project><version>{version}</version></project>"), &[("project.version", "1.2")]);
        }
        expect(kind, "<project><version><!-- 1.2 --></version></project>", &[]);
        refuse(kind, "<project>\n é<version></project>", 2, 12);
        refuse(kind, "<!DOCTYPE p [<!ENTITY v '1'>]><project><version>&v;</version></project>", 1, 1);
        refuse(kind, "<html/>", 1, 1);
    }
}
