//! What each kind of manifest is read as, pitfall by pitfall; and what hostile bytes are refused with.

use proptest::prelude::*;

use super::*;
use crate::model::work::steps_of;

/// Returns the kind of this name.
fn named(name: &str) -> Kind {
    Kind::all().find(|kind| kind.name() == name).unwrap_or_else(|| panic!("no kind `{name}`"))
}

/// Returns the fields of a text, with computed ones as `= what they say`.
fn read_with(kind: Kind, text: &str, names: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let hints = Hints { names: names.iter().map(ToString::to_string).collect() };
    let fields = fields(kind, text.as_bytes(), &hints)?;
    let shown = fields.into_iter().map(|field| {
        let value = match field.value {
            Value::Literal(value) => value,
            Value::Dynamic(says) => format!("= {says}"),
        };
        (field.name, value)
    });
    Ok(shown.collect())
}

fn read(kind: Kind, text: &str) -> Result<Vec<(String, String)>, Error> {
    read_with(kind, text, &[])
}

/// Asserts the fields of a text, and that each literal is where its span says.
fn expect(kind: Kind, text: &str, expected: &[(&str, &str)]) {
    let found = fields(kind, text.as_bytes(), &Hints::default()).unwrap_or_else(|error| panic!("{error}: {text}"));
    for field in &found {
        if let Value::Literal(value) = &field.value {
            assert_eq!(&text[field.span.clone()], value, "{text}");
        }
    }
    expect_values(kind, text, expected);
}

/// Asserts the fields of a text whose versions are written with escapes or in parts.
fn expect_values(kind: Kind, text: &str, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    assert_eq!(read(kind, text), Ok(expected), "{text}");
}

/// Asserts that a text is refused, at this line and column.
fn refuse(kind: Kind, text: &str, line: usize, column: usize) {
    let error = read(kind, text).expect_err(text);
    let at = match error {
        Error::Syntax { line, column, .. } | Error::Duplicate { line, column, .. } => (line, column),
        Error::NotUtf8 { line, column } | Error::Template { line, column } => (line, column),
        other => panic!("{other}: {text}"),
    };
    assert_eq!(at, (line, column), "{error}: {text}");
}

#[test]
fn cargo_toml() {
    let kind = named("cargo-toml");
    let package = [("package.version", "1.2.3")];
    expect(kind, "[package]\nname = 'a'\nversion = \"1.2.3\"\n", &package);
    expect(
        kind,
        "\u{feff}[package]\r\nrust-version = '1.88'\r\nversion = '''\n1.2.3'''\r\n",
        &[].iter().chain(&package).copied().collect::<Vec<_>>(),
    );
    expect(kind, "package.version = '1.2.3'\n[dependencies.x]\nversion = '9'\n[dependencies]\ny = '8'\n", &package);
    let inherited = [("package.version", "= version.workspace = true")];
    expect(kind, "[package]\nversion.workspace = true\n", &inherited);
    expect(kind, "[package]\nversion = { workspace = true }\n", &inherited);
    expect(
        kind,
        "[workspace.package]\nversion = '2.0.0'\n[package]\nversion = '1.0.0'",
        &[("workspace.package.version", "2.0.0"), ("package.version", "1.0.0")],
    );
    expect(kind, "[workspace]\nmembers = []\n[workspace.dependencies]\nversion = '1'\n", &[]);
    expect_values(kind, "[package]\nversion = \"1.\\u0032\"\n", &[("package.version", "1.2")]);
    refuse(kind, "[package]\nversion = 1.2\n", 2, 11);
    refuse(kind, "[package]\nversion = '1'\nversion = '2'\n", 3, 1);
    refuse(kind, "[package\nversion = '1'\n", 1, 9);
}

#[test]
fn cargo_lock() {
    let text = "version = 4\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n[[package]]\nname = \"dep\"\nversion = \
                \"9.0.0\"\nsource = \"registry+x\"\n";
    expect(named("cargo-lock"), text, &[("package.own.version", "0.1.0")]);
    expect(named("cargo-lock"), "[root]\nname = \"own\"\nversion = \"0.1.0\"\n", &[("package.own.version", "0.1.0")]);
}

#[test]
fn pyproject() {
    let kind = named("pyproject");
    let python =
        "requires-python = '>=3.9'\n[tool.black]\ntarget-version = ['py39']\n[tool.mypy]\npython_version = '3.9'\n";
    expect(kind, &format!("[project]\nversion = '1.2'\n{python}"), &[("project.version", "1.2")]);
    expect(
        kind,
        &format!("[project]\ndynamic = ['x', 'version']\n{python}"),
        &[("project.version", "= dynamic = [\"version\"]")],
    );
    expect(
        kind,
        "[tool.poetry]\nversion = '1.2'\n[tool.commitizen]\nversion = '3'\n",
        &[("tool.poetry.version", "1.2")],
    );
    expect(
        kind,
        "[tool.poetry]\nversion = '0.0.0'\n[tool.poetry-dynamic-versioning]\nenable = true\n",
        &[("tool.poetry.version", "= tool.poetry-dynamic-versioning")],
    );
    expect(
        kind,
        "[tool.poetry]\nversion = '1.2'\n[tool.poetry-dynamic-versioning]\nenable = true\n",
        &[("tool.poetry.version", "1.2")],
    );
    for tool in ["setuptools_scm", "versioningit", "hatch.version", "pdm.version"] {
        let table = format!("[project]\nname = 'a'\n[tool.{tool}]\nx = 1\n");
        expect(kind, &table, &[("project.version", &format!("= tool.{tool}"))]);
    }
    // Poetry 2 has both tables: `dynamic` then means the other one.
    expect(
        kind,
        "[project]\ndynamic = ['version']\n[tool.poetry]\nversion = '1.2'\n",
        &[("tool.poetry.version", "1.2")],
    );
    expect(kind, "[build-system]\nrequires = []\n", &[]);
    refuse(kind, "[project]\nname = 'a'\n[project]\nversion = '1'\n", 3, 2);
}

#[test]
fn setup_cfg() {
    let kind = named("setup-cfg");
    let one = [("metadata.version", "1.2")];
    expect(kind, "[bumpversion]\nversion = 9\n[metadata]\nname = a\nversion = 1.2\n[options]\nversion = 8\n", &one);
    expect(kind, "[mypy]\npython_version = 3.9\n[metadata]\r\n; version = 0\r\nVersion: 1.2 \r\n", &one);
    expect(kind, "[metadata]\nversion =\n  # c\n  1.2\nname = x\n  version = 9\n", &one);
    expect(kind, "[metadata]\nversion = attr: pkg.__version__\n", &[("metadata.version", "= attr: pkg.__version__")]);
    expect(kind, "[metadata]\nversion = file: VERSION\n", &[("metadata.version", "= file: VERSION")]);
    expect(kind, "[metadata]\nversion = %(v)s\n", &[("metadata.version", "= %(v)s")]);
    expect(kind, "[metadata]\nname = pbr\n", &[]);
    refuse(kind, "[metadata]\nversion = 1\nversion = 2\n", 3, 1);
    refuse(kind, "[metadata]\nversion = 1\n[a]\nb = c\n[metadata]\n", 5, 1);
    refuse(kind, "[metadata]\nversion = 1\n 2\n", 3, 1);
    refuse(kind, "[metadata\n", 1, 1);
    refuse(kind, "[metadata]\nversion\n", 2, 1);
}

#[test]
fn setup_py() {
    let kind = named("setup-py");
    let one = [("setup.version", "1.2")];
    expect(
        kind,
        "# version='0'\nfrom setuptools import setup\nsetup(\n  name='a', # version='9'\n  version='1.2',\n)",
        &one,
    );
    expect(kind, "import setuptools\nif x:\n    setuptools.setup(f(version='9'), version=u\"1.2\")\n", &one);
    expect(
        kind,
        "python_version = '3'\nsetup(python_version='3', long='''\nversion='9'\n''', version='''1.2''')",
        &one,
    );
    expect(kind, "VERSION = '1.2'\ndef f():\n    VERSION = '3'\nsetup(version=VERSION)\n", &one);
    expect(kind, "VERSION: str = '1.2'\nsetup(version = VERSION)\n", &one);
    for (text, says) in [
        ("setup(version=get_version())", "= get_version()"),
        ("setup(version=about['__version__'])", "= about['__version__']"),
        ("from x import V\nsetup(version=V)", "= V"),
        ("V = '1'\nV = '2'\nsetup(version=V)", "= V"),
        ("V = '1'\nV += '.2'\nsetup(version=V)", "= V"),
        ("V = W\nW = '1'\nsetup(version=V)", "= V"),
        ("setup(version='1' '.2')", "= '1' '.2'"),
        ("setup(version='%s' % v)", "= '%s' % v"),
        ("setup(version=f'1.{v}')", "= f'1.{v}'"),
        ("setup(version='1\\x2e2')", "= '1\\x2e2'"),
        ("setup(name='a', **options)", "= **options"),
        ("setup(use_scm_version=True)", "= use_scm_version=True"),
        ("setup(\n  use_scm_version={'local_scheme': f},\n  name='a')", "= use_scm_version={'local_scheme': f}"),
    ] {
        expect(kind, text, &[("setup.version", says)]);
    }
    for text in [
        "def setup(version='1'): pass",
        "app.setup(version='1')",
        "setup(name='pbr', pbr=True)",
        "x.version='1'",
        "setup(use_scm_version=False)",
    ] {
        expect(kind, text, &[]);
    }
    expect(kind, "setup(use_scm_version=True, version='1.2')", &one);
    expect(kind, "setup(x=1 if a == b else version, y=[version == '1'])", &[]);
    refuse(kind, "setup(\n  version='1.2\n)", 2, 11);
    refuse(kind, "setup(version='1.2'", 1, 6);
}

#[test]
fn python_module() {
    let kind = named("python-module");
    let one = [("__version__", "1.2")];
    expect(kind, "\"\"\"\n__version__ = '9'\n\"\"\"\n__version__ = '1.2' # x\nif a:\n    __version__ = '8'\n", &one);
    expect(kind, "__version__ = version = '1.2'\n__version_tuple__ = version_tuple = (1, 2)\n", &one);
    expect(kind, "__version__: str = '1.2'\n", &one);
    expect(kind, "VERSION = '1.2'\r\n__version__ = VERSION\r\n", &one);
    expect(kind, "__version__ = '0'\n__version__ = '1.2'\n", &one);
    for (text, says) in [
        ("_version_major = 8\n__version__ = '.'.join(map(str, v))\n", "= '.'.join(map(str, v))"),
        ("__version__ = (1, 2)\n", "= (1, 2)"),
        ("__version__ = '1'\n__version__ += '.dev'\n", "= __version__ += '.dev'"),
        ("__version__ = get_versions()['version']\n", "= get_versions()['version']"),
    ] {
        expect(kind, text, &[("__version__", says)]);
    }
    expect(kind, "from ._version import __version__\nx.__version__ = '1'\n__version__ == '2'\n", &[]);
    assert_eq!(
        read_with(kind, "_version_major = 8\n_version_minor = 4", &["_version_minor"]),
        Ok(vec![("_version_minor".into(), "4".into())])
    );
    let latin = b"# -*- coding: latin-1 -*-\n__author__ = 'J\xf6rg'\n__version__ = '1.2'\n";
    assert_eq!(
        fields(kind, latin, &Hints::default()).map(|fields| fields[0].value.clone()),
        Ok(Value::Literal("1.2".into()))
    );
    assert_eq!(fields(kind, &latin[26..], &Hints::default()), Err(Error::NotUtf8 { line: 1, column: 16 }));
}

#[test]
fn package_json() {
    let kind = named("package-json");
    let text = "{\"engines\": {\"version\": \"9\"}, \"dependencies\": {\"version\": \"8\", \"version\": \"8\"},\n \
                \"version\": \"1.2.3\", \"workspaces\": [\"a\"]}\n";
    expect(kind, text, &[("version", "1.2.3")]);
    expect(kind, "\u{feff}{\"version\"\r\n:\"1.2.3\"}", &[("version", "1.2.3")]);
    expect(kind, "{\"private\": true, \"name\": \"é\"}", &[]);
    expect(kind, "{\"version\": \"$version$\"}", &[("version", "= $version$")]);
    expect_values(kind, "{\"\\u0076ersion\": \"1\\u002e2\"}", &[("version", "1.2")]);
    refuse(kind, "{\"version\": \"1\",\n \"versio\\u006e\": \"2\"}", 2, 18);
    refuse(kind, "{\"name\": \"é\", \"version\": 1.2}", 1, 26);
    refuse(kind, "{\"version\": \"1\" // c\n}", 1, 17);
    refuse(kind, "{\"version\": \"1\",}", 1, 17);
    refuse(kind, "[]", 1, 1);
    refuse(kind, "{} {}", 1, 4);
    assert!(read(kind, "").is_err());
}

#[test]
fn package_lock() {
    let text = "{\"version\": \"2.1.0\", \"lockfileVersion\": 3, \"packages\": {\"node_modules/x\": {\"version\": \"9\"},\n\
                \"\": {\"name\": \"a\", \"version\": \"2.2.2\"}}, \"dependencies\": {\"x\": {\"version\": \"9\"}}}";
    expect(named("package-lock"), text, &[("version", "2.1.0"), ("packages[\"\"].version", "2.2.2")]);
    refuse(named("package-lock"), "{\"packages\":\n {\"\": {},\n \"\": {\"version\": \"1\"}}}", 3, 6);
    refuse(named("package-lock"), "{\"packages\": {\n\"\": {\"version\": 1}}}", 2, 17);
    refuse(named("package-lock"), "{\"packages\": 1}", 1, 14);
}

#[test]
fn pom() {
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
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><project><name>\xe9</name><version>1</version></project>";
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

#[test]
fn msbuild() {
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

#[test]
fn gradle() {
    let kind = named("gradle");
    let one = [("version", "1.2")];
    expect(kind, "plugins {\n  id 'a' version '9'\n  id(\"b\") version \"8\"\n}\ngroup = 'g'\nversion = '1.2'\n", &one);
    expect(kind, "dependencyManagement {\n  dependencies { version '9' }\n}\nversion '1.2' // version '3'\n", &one);
    expect(kind, "/* version = '9' */ project.version = \"1.2\"; group = \"${\"}\"}\"\n", &one);
    expect(kind, "def ver = '1.2'\nversion = ver\n", &one);
    expect(kind, "val ver: String = \"1.2\"\nversion = ver\n", &one);
    expect(kind, "version = 1.2\n", &one);
    expect(kind, "version = bootVersion = '1.2'\n", &one);
    expect(kind, "allprojects {\n  version = '1.2'\n  x { version = '9' }\n}\n", &[("allprojects.version", "1.2")]);
    for (text, says) in [
        ("version = \"${base}.1\"\n", "= \"${base}.1\""),
        ("version = project.findProperty('v')\n", "= project.findProperty('v')"),
        ("def v = '1'\nv = '2'\nversion v\n", "= v"),
    ] {
        expect(kind, text, &[("version", says)]);
    }
    expect(kind, "buildscript { ext { version = '9' } }\next.version2 = '1'\nif (version == '1') {}\n", &[]);
    refuse(kind, "version = '1.2\n", 1, 11);
}

#[test]
fn gradle_properties() {
    let kind = named("gradle-properties");
    let one = [("version", "1.2")];
    expect(kind, "#version=9\n!version=8\norg.gradle.version=7\na=b \\\n  version=6\nversion = 1.2\r\n", &one);
    expect(kind, "  version: 1.2\n", &one);
    expect(kind, "version 1.2\n", &one);
    expect(kind, "# c \\\nversion=1.2\n", &one);
    refuse(kind, "version=1\nversion=2\n", 2, 1);
    assert_eq!(
        read_with(kind, "version=1\nVERSION_NAME=2\n", &["VERSION_NAME"]),
        Ok(vec![("VERSION_NAME".into(), "2".into())])
    );
}

#[test]
fn gemspec() {
    let kind = named("gemspec");
    let one = [("spec.version", "1.2")];
    let body = "  s.required_ruby_version = '>= 9'\n  s.add_dependency 'x', '8'\n  s.files = Dir['a/**/*'].grep(/'/)\n";
    expect(kind, &format!("Gem::Specification.new do |s|\n{body}  s.version = \"1.2\".freeze\nend\n"), &one);
    expect(kind, "version = '1.2'\nGem::Specification.new { |s| s.version = version }\n", &one);
    expect(kind, "Gem::Specification.new 'a', '1.2' do |s|\n  s.name = 'b'\nend", &one);
    expect(kind, "Gem::Specification.new('a', '1.2') do |s|\nend", &one);
    expect(
        kind,
        "require 'a/version'\nGem::Specification.new do |s|\n  s.version = A::VERSION\n  x.version = '9'\nend",
        &[("spec.version", "= A::VERSION")],
    );
    expect(
        kind,
        "version = File.read(\"V\").strip\nGem::Specification.new do |s|\n  s.version = version\nend",
        &[("spec.version", "= version")],
    );
    refuse(kind, "Gem::Specification.new do |s|\n  s.version = '1.2\nend\n", 2, 15);
}

#[test]
fn version_rb() {
    let kind = named("version-rb");
    let rails = "module Rails\n  module VERSION\n    MAJOR = 8\n    MINOR = 1\n    TINY  = 0\n    PRE   = \"alpha\"\n\n    \
                 STRING = [MAJOR, MINOR, TINY, PRE].compact.join(\".\")\n  end\nend\n";
    expect_values(kind, rails, &[("VERSION", "8.1.0.alpha")]);
    let field = fields(kind, rails.as_bytes(), &Hints::default()).unwrap().remove(0);
    assert!(rails[field.span.clone()].starts_with("8\n") && rails[field.span].ends_with("\"alpha"));
    expect_values(kind, &rails.replace("\"alpha\"", "nil"), &[("VERSION", "8.1.0")]);
    expect(kind, "module A\n  VERSION = '1.2' # :nodoc:\n  RUBY_VERSION = '9'\nend\n", &[("VERSION", "1.2")]);
    // Rails 4.0.
    let method = "def self.version\n  Gem::Version.new \"1.2\"\nend\nMAJOR, MINOR, TINY, PRE = X.version.segments\n";
    expect(kind, method, &[("Gem::Version", "1.2")]);
    expect(kind, "def v\n  Gem::Version.new(VERSION::STRING)\nend\n", &[]);
    expect(kind, "VERSION = \"#{A}.1\"\n", &[("VERSION", "= \"#{A}.1\"")]);
    expect(kind, "module A; VERSION = File.read('x'); end", &[("VERSION", "= File.read('x')")]);
}

#[test]
fn cmake() {
    let kind = named("cmake");
    let one = [("project.version", "1.2.3")];
    let pre = "cmake_minimum_required(VERSION 3.20)\n# project(x VERSION 9)\n#[[ project(x VERSION 8) ]]\nfind_package(Y 7)\n";
    expect(kind, &format!("{pre}project(demo VERSION 1.2.3 LANGUAGES C)\n"), &one);
    expect(kind, &format!("{pre}PROJECT(\n  \"demo\" VERSION \"1.2.3\"\n)\n"), &one);
    expect(kind, "set(V 1.2.3 CACHE STRING \"x (\")\nproject(demo VERSION ${V})\n", &one);
    expect_values(kind, "set(MA 1)\nset(MI 2)\nset(V \"${MA}.${MI}\")\nproject(d VERSION ${V}.3)\n", &one);
    for text in [
        "set(V 1)\nset(V 2)\nproject(d VERSION ${V})",
        "file(READ VERSION V)\nproject(d VERSION ${V})",
        "set(V ${V})\nproject(d VERSION ${V})",
        "set(V 1;2 3)\nproject(d VERSION ${V})",
    ] {
        expect(kind, text, &[("project.version", "= ${V}")]);
    }
    expect(kind, "project(demo C)\nmessage([==[ ]] VERSION ]==] \"\\\"\")\n", &[]);
    refuse(kind, "project(demo VERSION 1\n", 1, 8);
    refuse(kind, "message(\"x)\n", 1, 9);
    refuse(kind, "message(x))\n", 1, 11);
}

#[test]
fn meson() {
    let kind = named("meson");
    let one = [("project.version", "1.2")];
    expect(
        kind,
        "# version: '9'\nproject('a', 'c',\n  meson_version: '>=0.50',\n  version: '1.2')\ndependency('x', version: '>8')\n",
        &one,
    );
    expect(kind, "project('a', default_options: ['b=c'], version : '1.2', license: 'version: 3')", &one);
    expect(kind, "project('a', version: files('VERSION'))", &[("project.version", "= files('VERSION')")]);
    expect(
        kind,
        "project('DPDK', 'c',\n  version: run_command('cat',\n    'VERSION', check: true).stdout())",
        &[("project.version", "= run_command('cat', 'VERSION', check: true).stdout()")],
    );
    expect(kind, "x = '''\nproject('a', version: '9')\n'''\nproject('a')\ndependency('y', version: '8')", &[]);
    expect(kind, "project('a', version: '1.2')\nmessage('two\nlines (')\n", &one);
    refuse(kind, "project('a', version: '1.2)\n", 1, 23);
}

#[test]
fn configure_ac() {
    let kind = named("configure-ac");
    let one = [("AC_INIT", "1.2")];
    expect(
        kind,
        "AC_PREREQ([2.69])\ndnl AC_INIT([x],[9])\n# AC_INIT([x],[8])\nAC_INIT([a],[1.2],[b@c])\nLIBA_CURRENT=7\n",
        &one,
    );
    expect(kind, "AC_INIT(a, 1.2, b)\n", &one);
    expect(kind, "m4_define([ver], [1.2])\nAC_INIT([a], [ver])\n", &one);
    expect_values(kind, "m4_define(ma,1)\nm4_define([mi],[2])\nm4_define([v],[ma.mi])\nAC_INIT([a],[v],\n [b])", &one);
    for (argument, says) in [
        ("m4_esyscmd_s([git describe, x])", "m4_esyscmd_s([git describe, x])"),
        ("[@@GIT_VERSION@@]", "@@GIT_VERSION@@"),
        ("[elsewhere]", "elsewhere"),
        ("[m4_esyscmd([x])]", "[m4_esyscmd([x])]"),
    ] {
        expect(kind, &format!("AC_INIT([a], {argument})"), &[("AC_INIT", &format!("= {says}"))]);
    }
    expect(kind, "AC_INIT(src/main.c)\nXAC_INIT([a],[1])\n", &[]);
    expect(kind, "m4_define([v],[v])\nAC_INIT([a],[v])", &[("AC_INIT", "= v")]);
    refuse(kind, "\nAC_INIT([a],[1.2]\n", 2, 8);
}

#[test]
fn debian_changelog() {
    let text =
        "pybal (1:1.15.4-1) stretch; urgency=low\n\n  * x\n\n -- a <b>  c\n\npybal (1.15.3) jessie; urgency=low\n";
    expect(named("debian-changelog"), text, &[("version", "1:1.15.4-1")]);
    let open = format!("pybal (1.15.5) UNRELEASED; urgency=low\n\n  * y\n\n{text}");
    expect(named("debian-changelog"), &open, &[("version of the last release", "1:1.15.4-1")]);
    expect(named("debian-changelog"), "pybal (0.1) UNRELEASED; urgency=low\n", &[("version", "0.1")]);
    refuse(named("debian-changelog"), "pybal 1.15.4 stretch\n", 1, 1);
}

#[test]
fn chart_yaml() {
    let kind = named("chart-yaml");
    let text = "apiVersion: v2\nname: ü\nappVersion: \"9\"\ndependencies:\n  - name: x\n    version: 8\nversion: 0.10.0-rc.3 # c\n";
    expect(kind, text, &[("version", "0.10.0-rc.3")]);
    expect(kind, "\u{feff}version: '1.2'\r\nname: x\r\n", &[("version", "1.2")]);
    expect(kind, "name: &v 1.2\nversion: *v\n", &[("version", "1.2")]);
    expect(kind, "version: \"{{ .V }}\"\n", &[("version", "= {{ .V }}")]);
    expect_values(kind, "version: \"1\\x2e2\"\n", &[("version", "1.2")]);
    assert_eq!(read_with(kind, text, &["version", "appVersion"]).map(|fields| fields.len()), Ok(2));
    refuse(kind, "version: 1\nversion: 2\n", 2, 1);
    refuse(kind, "version: [1]\n", 1, 11);
    refuse(kind, "a: b\n---\nversion: 1\n", 3, 1);
    for text in
        ["version: 1.2\n---\n", "---\nversion: 1.2\n---\n", "version: 1.2\n---", "version: 1.2\n---\n# end\n...\n"]
    {
        expect(kind, text, &[("version", "1.2")]);
    }
    refuse(kind, "version: {{ .V }}\n", 1, 10);
    refuse(kind, "version: 1\n\tname: x\n", 1, 10);
}

#[test]
fn rpm_spec() {
    let kind = named("rpm-spec");
    let text = "# Version: 9\nName: a\nVersion:\t1.2\nRelease: 3%{?dist}\nBuildRequires: b >= 8\n%package c\nVersion: 7\n\
                %description\nVersion: 6\n";
    expect(kind, text, &[("Version", "1.2"), ("Release", "3")]);
    expect(kind, "%define ver 1.2\nversion: %{ver}\nRelease: 1\n", &[("Version", "1.2"), ("Release", "1")]);
    expect(kind, "Version: %{ver}\n", &[("Version", "= %{ver}")]);
    expect(kind, "Version: @VERSION@\nRelease: @RELEASE@\n", &[("Version", "= @VERSION@"), ("Release", "= @RELEASE@")]);
    expect(kind, "%if 1\nVersion: 1\n%else\nVersion: 2\n%endif\n", &[("Version", "1"), ("Version", "2")]);
    let latin = b"Version: 1\n%changelog\n* J\xf6rg\n";
    assert_eq!(fields(kind, latin, &Hints::default()).map(|fields| fields.len()), Ok(1));
}

#[test]
fn version_file() {
    let kind = named("version-file");
    expect(kind, "1.2.3\n", &[("version", "1.2.3")]);
    expect(kind, "\u{feff}\r\n 24.11.0-rc1 \r\n\r\n", &[("version", "24.11.0-rc1")]);
    expect(kind, "", &[]);
    refuse(kind, "1.2\nMAJOR=1\n", 2, 1);
    assert_eq!(fields(kind, b"1.\xff2\n", &Hints::default()), Err(Error::NotUtf8 { line: 1, column: 3 }));
    refuse(kind, &format!("\n{}\n", "1".repeat(257)), 2, 1);
}

#[test]
fn make_variables() {
    let kind = named("make-variables");
    let linux =
        "# c\nVERSION = 6\nPATCHLEVEL = 8\nSUBLEVEL = 0\nEXTRAVERSION = -rc1\nNAME = x\n\nall:\n\tVERSION=9 run\n";
    expect_values(kind, linux, &[("VERSION", "6.8.0-rc1")]);
    expect_values(kind, &linux.replace("-rc1", ""), &[("VERSION", "6.8.0")]);
    expect(kind, "export VERSION ?= 1.2 # VERSION = 9\nMY_VERSION = 8\nVERSION2 = 7\n", &[("VERSION", "1.2")]);
    expect(kind, "#!/bin/sh\nDEF_VER=v2.44.GIT\nVN=$(cat version)\n", &[("DEF_VER", "v2.44.GIT")]);
    expect(kind, "VERSION := $(shell git describe)\n", &[("VERSION", "= $(shell git describe)")]);
    expect(kind, "VERSION != git describe\n", &[("VERSION", "= git describe")]);
    expect(kind, "define X\nVERSION = 9\nendef\nVERSION='1.2'\nY = a \\\nVERSION = 8\n", &[("VERSION", "1.2")]);
    let xen =
        "export XEN_VERSION = 4\nexport XEN_SUBVERSION = 20\nexport XEN_EXTRAVERSION ?= .1-pre$(XEN_VENDORVERSION)\n";
    expect(kind, xen, &[]);
    assert_eq!(
        read_with(kind, xen, &["XEN_SUBVERSION", "XEN_EXTRAVERSION"]),
        Ok(vec![
            ("XEN_SUBVERSION".into(), "20".into()),
            ("XEN_EXTRAVERSION".into(), "= .1-pre$(XEN_VENDORVERSION)".into())
        ])
    );
}

#[test]
fn a_file_that_is_too_large_is_refused_unread() {
    let bytes = vec![b'\n'; 10 << 20];
    for kind in Kind::all() {
        assert_eq!(
            fields(kind, &bytes, &Hints::default()),
            Err(Error::TooLarge { size: 10 << 20, limit: kind.max_bytes() })
        );
    }
}

/// The shapes that took each reader longest, or would if it read anything twice.
const HOSTILE: [(&str, &str); 44] = [
    ("cargo-toml", "a.b.c.d = 1\n"),
    ("cargo-toml", "[a]\nb = 1\n"),
    ("cargo-toml", "[[a]]\n"),
    ("cargo-lock", "[[package]]\nversion = \"1\"\n"),
    ("pyproject", "[project]\n"),
    ("setup-cfg", "[metadata]\nversion\n"),
    ("setup-py", "setup("),
    ("setup-py", "setup(version="),
    ("setup-py", "setup(version=a)\n"),
    ("setup-py", "setup(**"),
    ("python-module", "a = "),
    ("python-module", "__version__ = a\n"),
    ("python-module", "''"),
    ("package-json", "{\"a\":"),
    ("package-json", "[0,"),
    ("package-lock", "{\"packages\":"),
    ("pom", "<a>"),
    ("pom", "<a b=\""),
    ("pom", "<a xmlns:b=\"c\">"),
    ("msbuild", "<Version>"),
    ("gradle", "version = "),
    ("gradle", "version=version\n"),
    ("gradle", "allprojects{version 'x'}"),
    ("gradle", "= /a "),
    ("gradle", "\"${"),
    ("gradle-properties", "version"),
    ("gemspec", "Specification.new "),
    ("gemspec", "Gem::Specification.new do |s| s.version = '1'\n"),
    ("gemspec", "<<~A\n"),
    ("version-rb", "VERSION=|"),
    ("version-rb", "VERSION = VERSION\n"),
    ("version-rb", "\"#{"),
    ("cmake", "project(x VERSION ${a})set(a ${a}${a})"),
    ("cmake", "[="),
    ("cmake", "set("),
    ("meson", "project("),
    ("configure-ac", "AC_INIT([a],[b])\n"),
    ("configure-ac", "m4_define([a],[a a])"),
    ("debian-changelog", "a (1) b; c=d\n"),
    ("chart-yaml", "a: &a [*a, *a]\n"),
    ("chart-yaml", "? "),
    ("chart-yaml", "a: b\n"),
    ("rpm-spec", "Version: %{a}\n"),
    ("make-variables", "VERSION = 1\n"),
];

#[test]
fn hostile_files_take_steps_in_proportion_to_their_size() {
    let steps = |kind: Kind, shape: &str, size: usize| {
        let text = shape.repeat(size / shape.len());
        steps_of(|| drop(fields(kind, text.as_bytes(), &Hints::default())))
    };
    for (name, shape) in HOSTILE {
        let kind = named(name);
        let [once, twice] = [1 << 15, 1 << 16].map(|size| steps(kind, shape, size));
        // What is quadratic takes four times as many, and what looks at 100 tokens from each of them is linear too.
        assert!(twice <= 2 * once + once / 4 + 1000, "{name} {shape:?}: {once} steps, then {twice}");
        assert!(twice <= 128 << 16, "{name} {shape:?}: {twice} steps");
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn large_hostile_files_are_read_or_refused() {
    for (name, shape) in HOSTILE {
        let kind = named(name);
        let text = shape.repeat((1 << 18) / shape.len());
        for field in fields(kind, text.as_bytes(), &Hints::default()).into_iter().flatten() {
            assert!(field.span.start <= field.span.end && field.span.end <= text.len(), "{name} {shape:?}");
        }
    }
}

#[test]
fn deep_nesting_is_refused_or_read_without_the_stack() {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(100_000), close.repeat(100_000));
    assert!(read(named("package-json"), &format!("{{\"version\": {}}}", deep("[", "]"))).is_err());
    assert!(read(named("package-json"), &format!("{{\"a\": {}}}", deep("{\"a\":", "}"))).is_err());
    assert!(read(named("cargo-toml"), &format!("a = {}", deep("[", "]"))).is_err());
    assert!(read(named("chart-yaml"), &format!("a: {}", deep("[", "]"))).is_err());
    assert!(read(named("setup-py"), &deep("(", ")")).is_err());
    assert!(read(named("pom"), &format!("<project>{}</project>", deep("<a>", "</a>"))).is_ok());
    assert_eq!(
        read(named("cmake"), &format!("project(a VERSION 1{})", deep("(", ")"))).map(|fields| fields.len()),
        Ok(1)
    );
}

/// Generates a text made of the words that readers look for, to get random cases past the first token.
fn plausible() -> impl Strategy<Value = String> {
    let words = [
        "version",
        "VERSION",
        "__version__",
        "setup",
        "project",
        "package",
        "[package]",
        "[metadata]",
        "[project]",
        "AC_INIT",
        "m4_define",
        "MAJOR",
        "MINOR",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "<",
        ">",
        "<project>",
        "</project>",
        "<version>",
        "</version>",
        "=",
        ":",
        ",",
        ".",
        "\"",
        "'",
        "\"\"\"",
        "#",
        "//",
        "/*",
        "*/",
        "\\",
        "\n",
        "\r\n",
        " ",
        "  ",
        "\t",
        "$",
        "${",
        "#{",
        "%",
        "%{",
        "%w[",
        "1.2",
        "'1.2'",
        "\"1.2\"",
        "[1.2]",
        "Gem::Specification.new do |s|",
        "s.version",
        "Version:",
        "%define a 1",
        "&a",
        "*a",
        "- ",
        "<<: ",
        "---",
        "é",
        "\u{feff}",
        "\u{2028}",
        "{\"version\":",
        "a (1.2) b; c",
        "def",
        "<<~A",
        "/",
        "?",
        "dnl",
        "[[",
        "]]",
        "[=[",
        "]=]",
        "$(",
        "workspace",
        "true",
        "dynamic",
        "poetry",
        "tool.",
    ];
    proptest::collection::vec(proptest::sample::select(words.to_vec()), 0..40).prop_map(|words| words.concat())
}

/// Returns whether a literal's span must hold exactly its text: not for versions in parts, nor in notations with
/// escapes.
fn is_verbatim(kind: Kind, text: &str, said: &str) -> bool {
    match kind.name() {
        "cmake" | "configure-ac" | "make-variables" | "version-rb" => false,
        "pom" | "msbuild" => !text.contains(['&', '\r']) && !said.contains('\n'),
        "chart-yaml" => !text.contains(['\\', '\n', '\'']),
        _ => !text.contains('\\'),
    }
}

fn check_spans(kind: Kind, bytes: &[u8]) -> Result<(), TestCaseError> {
    for field in fields(kind, bytes, &Hints::default()).into_iter().flatten() {
        prop_assert!(field.span.start <= field.span.end && field.span.end <= bytes.len(), "{:?}", field);
        if let Value::Literal(said) = &field.value {
            let there = std::str::from_utf8(&bytes[field.span.clone()]);
            prop_assert!(there.is_ok(), "{:?}", field);
            let text = String::from_utf8_lossy(bytes);
            if is_verbatim(kind, &text, said) {
                prop_assert_eq!(there.unwrap_or_default(), said, "{:?}", field);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for kind in Kind::all() {
            check_spans(kind, &bytes)?;
        }
    }

    #[test]
    fn any_plausible_text_is_read_or_refused(text in plausible()) {
        for kind in Kind::all() {
            check_spans(kind, text.as_bytes())?;
        }
    }

    #[test]
    fn any_plausible_yaml_is_read_or_refused(text in plausible()) {
        let globs = PathGlobs::new(["**"]).unwrap();
        for value in yaml_values(text.as_bytes(), &globs).into_iter().flatten() {
            prop_assert!(text.get(value.span.clone()).is_some());
            prop_assert_eq!(position(text.as_bytes(), value.span.start).0, value.line);
        }
    }

    /// Reads real manifests with bytes changed, removed and inserted.
    #[test]
    fn damaged_manifests_are_read_or_refused(
        at in 0usize..1000, with in "[\\x00-\\x7fé]{0,3}", cut in 0usize..4, which in 0usize..8,
    ) {
        let (kind, text) = [
            (named("cargo-toml"), "[package]\nversion = \"1.2.3\"\n[dependencies]\na = { version = \"1\" }\n"),
            (named("package-lock"), "{\"version\": \"1.2\", \"packages\": {\"\": {\"version\": \"1.2\"}}}"),
            (named("setup-py"), "V = '1.2'\nsetup(name='a', version=V, x=[1, {2: '3'}])\n"),
            (named("pom"), "<project><parent><version>1</version></parent><version>1.2</version></project>"),
            (named("chart-yaml"), "name: x\nversion: '1.2'\ndependencies:\n- version: 8\n"),
            (named("gemspec"), "Gem::Specification.new do |s|\n  s.version = \"1.2\"\n  s.x = %w[a b]\nend\n"),
            (named("cmake"), "set(V 1.2)\nproject(a VERSION ${V}) # x\n"),
            (named("configure-ac"), "m4_define([v],[1.2])\nAC_INIT([a],[v],[b])\n"),
        ][which];
        let at = at % text.len();
        let end = (at + cut).min(text.len());
        let bytes = [&text.as_bytes()[..at], with.as_bytes(), &text.as_bytes()[end..]].concat();
        check_spans(kind, &bytes)?;
    }
}
