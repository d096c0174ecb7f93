//! Pages of `docs/` that are made from the lists in the program. `REFGATE_BLESS=1 cargo test reference_pages` writes
//! them.

use std::fmt::Write as _;
use std::path::Path;

use refgate::testing::manifest::Kind;
use refgate::testing::version::{SCHEMES, Scheme};

/// Asserts that a page is what is made from the list, or writes it.
fn is_current(name: &str, fresh: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name);
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, fresh).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(fresh == text, "docs/{name} is not current: run `REFGATE_BLESS=1 cargo test reference_pages`");
}

const MADE: &str = "<!-- Made from the program's own list by `REFGATE_BLESS=1 cargo test reference_pages`. -->\n";

/// Formats words as code, with commas between them.
fn listed<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    words.into_iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_scheme_is_documented() {
    let mut page = format!(
        "{MADE}# Version schemes\n\nA tag class says with `scheme = \"…\"` how the versions in its tags are read and \
         ordered; `refgate version compare`, `parse` and `next` take the same with `--scheme`.\n\n\
         | scheme | what it is | lowest to highest |\n|---|---|---|\n"
    );
    for entry in SCHEMES {
        writeln!(page, "| [`{}`](#{}) | {} | {} |", entry.usage, entry.name, entry.summary, rising(entry.rising))
            .unwrap();
    }
    for entry in SCHEMES {
        let scheme = Scheme::parse(entry.examples[0]).unwrap();
        let names = scheme.component_names();
        write!(
            page,
            "\n## {}\n\n{}\n\n{}\n\n- Written as: {}\n- Placeholders{}: {}\n- Published as: `{}`, unless another spelling \
             is asked for\n",
            entry.name,
            entry.summary,
            entry.docs,
            listed(entry.examples.iter().copied()),
            if entry.usage == entry.name { String::new() } else { format!(" of `{}`", entry.examples[0]) },
            listed(names.iter().copied()),
            scheme.native(),
        )
        .unwrap();
    }
    is_current("schemes.md", &page);
}

fn rising(versions: &[&str]) -> String {
    versions.iter().map(|version| format!("`{version}`")).collect::<Vec<_>>().join(" < ")
}

#[test]
fn every_kind_of_manifest_is_documented() {
    let mut page = format!(
        "{MADE}# Manifests\n\nThe files whose version refgate reads without a pattern in the policy, known by their names. \
         A version that is computed when the project is built is never guessed: such a field is seen and not judged. Lock \
         files are judged only where the policy names them.\n\n\
         A pre-release may be written as the files of a kind write it: `1.13.0~rc1` in `debian/changelog` agrees with the \
         tag `v1.13.0-rc.1`. The [scheme](schemes.md) of such versions is in the table.\n\n\
         | kind | files | what is read | scheme | at most |\n|---|---|---|---|---|\n"
    );
    for kind in Kind::all() {
        let files: Vec<String> = kind.files().iter().map(ToString::to_string).collect();
        let lock = if kind.is_lock() { " A lock file." } else { "" };
        let files = listed(files.iter().map(String::as_str));
        let size = kind.max_bytes() >> 20;
        let scheme = kind.scheme().map_or("any".to_owned(), |name| Scheme::parse(name).unwrap().to_string());
        writeln!(page, "| {} | {files} | {}{lock} | {scheme} | {size} MiB |", kind.name(), kind.reads()).unwrap();
    }
    is_current("manifests.md", &page);
}
