//! `setup.py`.
//!
//! <https://packaging.python.org/en/latest/discussions/single-source-version/>.

use std::ops::Range;

use crate::manifest::code::{Code, Expression};
use crate::manifest::format::{FileName, Format};
use crate::manifest::lex::{Python, Token};
use crate::manifest::python::{assignments, declared_encoding, definitions};
use crate::manifest::source::{Source, step};
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct SetupPy;

impl Format for SetupPy {
    const NAME: &'static str = "setup-py";
    const FILES: &'static [FileName] = &[FileName::Is("setup.py")];
    const READS: &'static str = "The `version` keyword of each `setup(…)` call, or the one that lets a tool compute the \
                                 version (`use_scm_version` and the like). A name is followed once, to a \
                                 literal that the module assigns once.";
    const WITH: &'static [&'static str] = &["setup.cfg", "pyproject.toml"];
    const SCHEME: Option<&'static str> = Some("pep440");

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        declared_encoding(source)?;
        let code = Code::new(source, &Python)?;
        let definitions = definitions(&assignments(&code));
        let (mut fields, mut computed) = (Vec::new(), Vec::new());
        for (at, token) in code.tokens().iter().enumerate() {
            let (before, after) = code.tokens().split_at_checked(at).unwrap_or_default();
            let [_, bracket, arguments @ ..] = after else { break };
            if !code.is_word(token, "setup") || !bracket.is(b'(') || !is_the_call(&code, before) {
                continue;
            }
            let depth = bracket.depth + 1;
            let mut starts = true;
            for (at, argument) in arguments.iter().enumerate() {
                step();
                if argument.depth < depth {
                    break;
                }
                let rest = arguments.get(at..).unwrap_or_default();
                if starts && let Some(expression) = version_argument(&code, rest) {
                    fields.push(code.field("setup.version", &expression, &definitions));
                } else if starts && let Some(span) = computing_argument(&code, rest) {
                    let says = code.source().slice(span.clone()).split_whitespace().collect::<Vec<_>>().join(" ");
                    computed.push(Field::dynamic("setup.version", says, span));
                }
                starts = argument.depth == depth && argument.is(b',');
            }
        }
        // A version that is written out counts, whatever would compute it.
        Ok(if fields.is_empty() { computed } else { fields })
    }
}

/// The keywords by which extensions of setuptools compute the version, each under its project's name on PyPI:
/// setuptools_scm, vcversioner, calver, incremental, setuptools-git-versioning.
const COMPUTING: [&str; 5] =
    ["use_scm_version", "vcversioner", "use_calver", "use_incremental", "setuptools_git_versioning"];

/// Modules whose `setup` is the one meant in `module.setup(…)`.
const SETUP_MODULES: [&str; 3] = ["setuptools", "core", "distutils"];

/// Whether the `setup` after these tokens is called, not defined, and not some other object's method.
fn is_the_call(code: &Code<'_, '_>, before: &[Token]) -> bool {
    match before {
        [.., module, dot] if dot.is(b'.') => SETUP_MODULES.contains(&code.text(module)),
        [.., dot] if dot.is(b'.') => false,
        [.., word] => !code.is_word(word, "def") && !code.is_word(word, "class"),
        [] => true,
    }
}

/// The value of the argument the tokens begin with, if that is `version=…`; or all of `**…`, which can hold it.
fn version_argument(code: &Code<'_, '_>, tokens: &[Token]) -> Option<Expression> {
    match tokens {
        [first, second, ..] if first.is(b'*') && second.is(b'*') => {
            let range = code.expression(tokens);
            Some(Expression::Other(range.first()?.span.start..range.last()?.span.end))
        }
        _ => match code.assigned(tokens) {
            Some((name, value)) if code.is_word(name, "version") => code.evaluate(code.expression(value)),
            _ => None,
        },
    }
}

/// The argument the tokens begin with, if it lets a tool compute the version. `use_scm_version=False` does not.
fn computing_argument(code: &Code<'_, '_>, tokens: &[Token]) -> Option<Range<usize>> {
    let (name, value) = code.assigned(tokens)?;
    let value = code.expression(value);
    let is_off = matches!(value, [word] if code.is_word(word, "False") || code.is_word(word, "None"));
    let computes = COMPUTING.iter().any(|keyword| code.is_word(name, keyword)) && !is_off;
    computes.then_some(name.span.start..value.last()?.span.end)
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
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
}
