//! Refuses tags that disagree with the version in their tree, or with the name in the tag object.

use bstr::BStr;

use super::rule::NoOptions;
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{Agreement, FactError, Facts, Kind, Manifest, PathPattern, TagKind, TagMatch, Update, VersionField};
use crate::manifest::changelog::LAST_RELEASE;
use crate::manifest::{self, Field};
use crate::model::{Level, ObjectId, RefName, Untrusted};
use crate::version::{Scheme, Version, without_v};

pub(super) struct MismatchedTag;

impl Rule for MismatchedTag {
    const META: Meta = Meta {
        id: "mismatched-tag",
        summary: "Refuses tags that disagree with the version in their tree or with the name in the tag object.",
        task: "comparing the names of",
        docs: include_str!("mismatched_tag.md"),
        default: Level::Refuse,
        standing: Standing::Created,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for MismatchedTag {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let Some(place) = change.tag().filter(|place| place.class.kind != TagKind::Ignore) else { return Ok(()) };
        let Some(peeled) = change.peeled()?.filter(|_| change.old() != change.new_id()) else { return Ok(()) };
        let facts = change.facts();
        if let Some(object) = peeled.tags.first()
            && object.name != change.name().short()
            && !is_spelling(facts, place, object.name.as_ref())
        {
            sink.report(format!(
                "the tag object of `{}` says that it is `{}`",
                change.name(),
                Untrusted::new(&object.name)
            ))
            .commit(peeled.id)
            .help("a verifier reads the name in the object: make the tag anew under its own name")
            .command_instead(|| commands::tag(change.name(), peeled.id));
        }
        let (TagKind::Version, Some(version), Kind::Commit) = (place.class.kind, &place.version, peeled.kind) else {
            return Ok(());
        };
        for entry in facts.project().version_fields().iter().filter(|entry| concerns(entry, place)) {
            Tagged { facts, place, version, commit: peeled.id, name: change.name() }.file(entry, sink)?;
        }
        Ok(())
    }
}

/// A version tag and what it is on.
struct Tagged<'c, 'a> {
    facts: &'c Facts<'a>,
    place: &'c TagMatch<'a>,
    version: &'c Version,
    commit: ObjectId,
    name: &'c RefName,
}

impl Tagged<'_, '_> {
    fn file(&self, entry: &VersionField, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let mut there = false;
        for pattern in &entry.paths {
            for path in self.facts.project().files_like(self.commit, pattern, &self.place.bindings)? {
                // A wide pattern also matches code of other projects.
                if manifest::is_vendored(path.as_ref()) && pattern.instances(&self.place.bindings).is_none() {
                    continue;
                }
                there = true;
                self.compare(entry, path.as_ref(), sink)?;
            }
        }
        if !there && !entry.optional {
            let filled_in = |pattern: &PathPattern| format!("`{}`", pattern.filled_in(&self.place.bindings));
            let paths: Vec<String> = entry.paths.iter().map(filled_in).collect();
            sink.report(format!(
                "the tree of `{}` has no file {}, where its version stands",
                self.name,
                paths.join(" or ")
            ))
            .commit(self.commit)
            .help("tag a tree that has it, or say `optional = true` for it");
        }
        Ok(())
    }

    fn compare(&self, entry: &VersionField, path: &BStr, sink: &mut Sink<'_>) -> Result<(), FactError> {
        let shown = Untrusted::new(path);
        let how = if self.version.is_prerelease() { entry.agrees_before } else { entry.agrees };
        match self.facts.project().manifest(self.commit, path, Some(entry))? {
            Manifest::Absent => {}
            Manifest::Unreadable(error) => {
                sink.report(format!("`{shown}` in the tree of `{}` cannot be read: {error}", self.name))
                    .commit(self.commit)
                    .path(path)
                    .help("fix the file, and tag the result");
            }
            Manifest::Read { fields, bytes } => {
                let texts = spellings(path, &fields);
                for (field, texts) in fields.iter().zip(texts) {
                    let Some(says) = field.value.literal() else { continue };
                    if texts.is_empty() || texts.iter().any(|text| self.agrees(path, text, how)) {
                        continue;
                    }
                    // Where a version stands in several fields, the whole of it is named.
                    let says = texts.iter().find(|text| *text == says).or(texts.first()).map_or(says, String::as_str);
                    let what = if field.name == LAST_RELEASE { " as the version of the last release" } else { "" };
                    sink.report(format!(
                        "`{}` is on a tree whose `{shown}` says `{}`{what}",
                        self.name,
                        Untrusted::new(says)
                    ))
                    .commit(self.commit)
                    .place(path, &bytes, &field.span)
                    .help("set the version in a commit first and tag that one, or tag the commit that has it")
                    .command_instead(|| commands::delete_tag(self.facts, self.name))
                    .evidence(format!("the field `{}`", Untrusted::new(&field.name)));
                }
            }
        }
        Ok(())
    }

    /// Returns whether what a field says is the tag's version.
    fn agrees(&self, path: &BStr, text: &str, how: Agreement) -> bool {
        let scheme = manifest::Kind::of_path(path).and_then(manifest::Kind::scheme);
        let scheme = scheme.and_then(|name| Scheme::parse(name).ok());
        let is_written = || self.version.is_written(text, scheme.as_slice());
        match how {
            Agreement::No => true,
            Agreement::Exact => is_written(),
            Agreement::Prefix => {
                let numbers: Option<Vec<u64>> = without_v(text).split('.').map(|number| number.parse().ok()).collect();
                is_written() || numbers.is_some_and(|numbers| self.version.release().starts_with(&numbers))
            }
        }
    }
}

/// Returns whether an entry has to agree with tags of this class.
fn concerns(entry: &VersionField, place: &TagMatch<'_>) -> bool {
    entry.agrees != Agreement::No && (entry.classes.is_empty() || entry.classes.contains(&place.class.name))
}

/// Returns whether the name in a tag object is another declared spelling of the same version.
fn is_spelling(facts: &Facts<'_>, place: &TagMatch<'_>, inner: &BStr) -> bool {
    let name = RefName::tag(inner);
    let Some(other) = facts.project().tag_of(&name).filter(|other| other.class.name == place.class.name) else {
        return false;
    };
    let same = match (&place.version, &other.version) {
        (Some(a), Some(b)) => a.same_as(b) == Ok(true),
        _ => false,
    };
    same && (place.alias || other.alias) && place.scope() == other.scope()
}

/// Returns the versions that each field can mean, according to its kind of manifest.
fn spellings(path: &BStr, fields: &[Field]) -> Vec<Vec<String>> {
    match manifest::Kind::of_path(path) {
        Some(kind) => kind.meanings(fields),
        None => fields.iter().map(|field| field.value.literal().map(str::to_owned).into_iter().collect()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Hints;

    fn read(path: &str, text: &str) -> Vec<Vec<String>> {
        let kind = manifest::Kind::of_path(path.into()).unwrap();
        spellings(path.into(), &manifest::fields(kind, text.as_bytes(), &Hints::default()).unwrap())
    }

    #[test]
    fn packages_count_their_own_revisions() {
        let debian =
            "pybal (1:1.15.9-2) stretch; urgency=low\n\n  * x\n\n -- A <a@b>  Mon, 01 Jan 2018 00:00:00 +0000\n";
        assert_eq!(read("debian/changelog", debian), [["1:1.15.9-2", "1.15.9-2", "1.15.9"]]);
        let spec = "Name: x\nVersion: 1.1.16\nRelease: 1%{?dist}\n";
        assert_eq!(read("x.spec", spec), [vec!["1.1.16-1", "1.1.16"], vec![]]);
        assert_eq!(read("VERSION", "1.2\n"), [["1.2"]]);
    }

    #[test]
    fn a_prerelease_in_the_words_of_its_manifest_is_the_tags() {
        let agrees = |path: &str, text: &str, tag: &str, scheme: &str| {
            let own = manifest::Kind::of_path(path.into()).unwrap().scheme().map(|name| Scheme::parse(name).unwrap());
            Scheme::parse(scheme).unwrap().read(tag).unwrap().is_written(text, own.as_slice())
        };
        for (path, text) in [
            ("debian/changelog", "1.13.0~rc1"),
            ("a.spec", "1.13.0~rc1"),
            ("pyproject.toml", "1.13.0rc1"),
            ("lib/a/version.rb", "1.13.0.rc.1"),
            ("a.gemspec", "1.13.0.rc1"),
            ("pom.xml", "1.13.0-RC1"),
            ("build.gradle", "1.13.0-rc1"),
            ("gradle.properties", "1.13.0.RC1"),
        ] {
            assert!(agrees(path, text, "1.13.0-rc.1", "semver"), "{path}");
            assert!(agrees(path, text, "1.13.0rc1", "pep440"), "{path}");
            assert!(!agrees(path, text, "1.13.0-rc.2", "semver"), "{path}");
            assert!(!agrees(path, text, "1.13.0", "semver"), "{path}");
        }
        assert!(agrees("Cargo.toml", "1.13.0-rc.1", "1.13.0rc1", "pep440"));
        assert!(agrees("version.rb", "1.13.0.pre.1", "1.13.0-pre.1", "semver"));
        // dpkg sorts this after 1.13.0; a file in which any text is allowed has no spelling of its own.
        assert!(!agrees("debian/changelog", "1.13.0rc1", "1.13.0-rc.1", "semver"));
        assert!(!agrees("VERSION", "1.13.0~rc1", "1.13.0-rc.1", "semver"));
        // A release is compared as usual.
        assert!(!agrees("pyproject.toml", "1.13", "1.13.0", "semver"));
    }

    #[test]
    fn a_version_in_prefix_and_suffix_is_one() {
        let project = |properties: &str| {
            let text = format!("<Project><PropertyGroup>{properties}</PropertyGroup></Project>");
            read("a.csproj", &text)
        };
        let both = "<VersionPrefix>1.2.0</VersionPrefix><VersionSuffix>rc.1</VersionSuffix>";
        assert_eq!(project(both), [vec!["1.2.0-rc.1"], vec![]]);
        assert_eq!(project("<VersionPrefix>1.2.0</VersionPrefix>"), [["1.2.0"]]);
        assert_eq!(project(&format!("{both}<Version>1.3.0</Version>")), [vec![], vec![], vec!["1.3.0"]]);
        let computed = "<VersionPrefix>1.2.0</VersionPrefix><VersionSuffix>$(S)</VersionSuffix>";
        assert_eq!(project(computed), [vec!["1.2.0"], vec![]]);
        let spelled_out = format!("{both}<Version>$(VersionPrefix)-$(VersionSuffix)</Version>");
        assert_eq!(project(&spelled_out), [vec!["1.2.0-rc.1"], vec![], vec![]]);
        assert_eq!(project(&format!("{both}<Version>$(V)</Version>")), [vec![], vec![], vec![]] as [Vec<&str>; 3]);
        // A build of a release leaves the suffix out.
        let perhaps = "<VersionPrefix>1.2.0</VersionPrefix><VersionSuffix Condition=\"x\">dev</VersionSuffix>";
        assert_eq!(project(perhaps), [vec!["1.2.0-dev", "1.2.0"], vec![]]);
    }

    #[test]
    fn a_version_of_several_properties_is_one() {
        let pom = |version: &str| {
            let properties =
                "<properties><revision>2.466</revision><sha1/><changelist>-SNAPSHOT</changelist></properties>";
            read("pom.xml", &format!("<project><version>{version}</version>{properties}</project>"))
        };
        assert_eq!(pom("${revision}${sha1}${changelist}"), [vec![], vec!["2.466-SNAPSHOT"], vec![]]);
        assert_eq!(pom("${revision}-${build}"), [vec![], vec!["2.466"]]);
        assert_eq!(pom("${revision}${build}"), [vec![], vec!["2.466"]]);
        assert_eq!(pom("2.466"), [["2.466"]]);
        assert_eq!(pom("${build}"), [vec![]] as [Vec<&str>; 1]);
    }

    #[test]
    fn a_prerelease_in_an_rpm_release_is_read() {
        let spec = "Name: x\nVersion: 1.13.0\nRelease: 0.1.rc1%{?dist}\n";
        assert_eq!(read("x.spec", spec), [vec!["1.13.0-0.1.rc1", "1.13.0~rc1", "1.13.0"], vec![]]);
    }
}
