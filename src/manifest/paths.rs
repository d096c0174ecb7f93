//! Recognises files that nobody in the project writes by hand: other projects' code, lock files, what a generator
//! wrote.

use bstr::{BStr, ByteSlice as _};

/// Directories whose contents are another project's, as package managers and habit name them.
const VENDORED: [&str; 22] = [
    "vendor",
    "vendors",
    "vendored",
    "_vendor",
    "_vendored",
    "node_modules",
    "bower_components",
    "third_party",
    "third-party",
    "thirdparty",
    "3rd_party",
    "3rd-party",
    "3rdparty",
    "Godeps",
    "Pods",
    "Carthage",
    "extern",
    "externals",
    "subprojects",
    "site-packages",
    "bundled",
    // The Python 2 shim that many projects carry a copy of, with a `__version__` of its own.
    "six",
];

/// Returns whether a path lies in a directory of other projects' code, such as `vendor/` or `node_modules/`, at any
/// depth and in any case. A policy adds its own; this list has only names that mean nothing else.
pub(crate) fn is_vendored(path: &BStr) -> bool {
    in_directory(path, &VENDORED)
}

/// Directories of translations, which tools write and translators fill in.
const TRANSLATIONS: [&str; 1] = ["po"];

/// Files that a tool keeps, in lower case.
const GENERATED: [&str; 5] = ["go.sum", "go.mod", "package-lock.json", "modules.txt", "pnpm-lock.yaml"];

/// How the names of files end that a tool writes, in lower case.
const GENERATED_ENDS: [&str; 7] = [".lock", ".po", ".pot", ".pb.go", ".min.js", ".min.css", ".abi"];

/// Returns whether a path is of a file that nobody writes by hand: vendored, locked, generated or translated.
pub(crate) fn is_generated(path: &BStr) -> bool {
    let name = path.rsplit_once_str("/").map_or(path.as_bytes(), |(_, name)| name).to_ascii_lowercase();
    is_vendored(path)
        || in_directory(path, &TRANSLATIONS)
        || GENERATED.iter().any(|known| name == known.as_bytes())
        || GENERATED_ENDS.iter().any(|end| name.ends_with(end.as_bytes()))
}

fn in_directory(path: &BStr, names: &[&str]) -> bool {
    let Some((directories, _)) = path.rsplit_once_str("/") else { return false };
    directories.split_str("/").any(|part| names.iter().any(|name| part.eq_ignore_ascii_case(name.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bundled_code_is_not_the_projects_own() {
        for path in
            ["vendor/google.golang.org/grpc/version.go", "a/node_modules/b/package.json", "Third_Party/x/VERSION"]
        {
            assert!(is_vendored(path.into()), "{path}");
            assert!(is_generated(path.into()), "{path}");
        }
        assert!(is_vendored("lib/ansible/module_utils/six/__init__.py".into()));
        for path in ["vendor", "src/vendor.py", "vendoring/Cargo.toml", "setup.py", ""] {
            assert!(!is_vendored(path.into()), "{path}");
            assert!(!is_generated(path.into()), "{path}");
        }
    }

    #[test]
    fn what_tools_write_is_generated() {
        for path in ["Cargo.lock", "a/Gemfile.lock", "go.mod", "po/de.po", "po/Makefile", "api/x.pb.go", "A/Go.SUM"] {
            assert!(is_generated(path.into()), "{path}");
            assert!(!is_vendored(path.into()), "{path}");
        }
        for path in ["src/lock.rs", "po", "pom.xml", "x.min.jsx", "package.json"] {
            assert!(!is_generated(path.into()), "{path}");
        }
    }
}
