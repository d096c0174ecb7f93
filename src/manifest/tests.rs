//! What hostile bytes are refused with, whatever the kind; and what the tests of each kind say what they expect with.

use proptest::prelude::*;

use super::*;
use crate::model::work::steps_of;

/// Returns the kind of this name.
pub(super) fn named(name: &str) -> Kind {
    Kind::all().find(|kind| kind.name() == name).unwrap_or_else(|| panic!("no kind `{name}`"))
}

/// Returns the fields of a text, with computed ones as `= what they say`.
pub(super) fn read_with(kind: Kind, text: &str, names: &[&str]) -> Result<Vec<(String, String)>, Error> {
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

pub(super) fn read(kind: Kind, text: &str) -> Result<Vec<(String, String)>, Error> {
    read_with(kind, text, &[])
}

/// Asserts the fields of a text, and that each literal is where its span says.
pub(super) fn expect(kind: Kind, text: &str, expected: &[(&str, &str)]) {
    let found = fields(kind, text.as_bytes(), &Hints::default()).unwrap_or_else(|error| panic!("{error}: {text}"));
    for field in &found {
        if let Value::Literal(value) = &field.value {
            assert_eq!(&text[field.span.clone()], value, "{text}");
        }
    }
    expect_values(kind, text, expected);
}

/// Asserts the fields of a text whose versions are written with escapes or in parts.
pub(super) fn expect_values(kind: Kind, text: &str, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    assert_eq!(read(kind, text), Ok(expected), "{text}");
}

/// Asserts that a text is refused, at this line and column.
pub(super) fn refuse(kind: Kind, text: &str, line: usize, column: usize) {
    let error = read(kind, text).expect_err(text);
    let at = match error {
        Error::Syntax { line, column, .. } | Error::Duplicate { line, column, .. } => (line, column),
        Error::NotUtf8 { line, column } | Error::Template { line, column } => (line, column),
        other => panic!("{other}: {text}"),
    };
    assert_eq!(at, (line, column), "{error}: {text}");
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
