//! `meson.build`.
//!
//! <https://mesonbuild.com/Reference-manual_functions.html#project>: `project()` is the first call of the top-level
//! file, so its version can name no variable.

use crate::manifest::code::{Code, Definitions};
use crate::manifest::format::{FileName, Format};
use crate::manifest::lex;
use crate::manifest::source::Source;
use crate::manifest::{Error, Field, Hints};

/// The kind.
pub(super) struct Meson;

impl Format for Meson {
    const NAME: &'static str = "meson";
    const FILES: &'static [FileName] = &[FileName::Is("meson.build")];
    const READS: &'static str = "`version:` in `project(…)`; neither `meson_version:` nor that of a \
                                 `dependency(…)`.";

    fn read(source: &Source<'_>, _hints: &Hints) -> Result<Vec<Field>, Error> {
        let code = Code::new(source, &lex::Meson)?;
        let call = code.statements().find_map(|tokens| match tokens {
            [name, bracket, rest @ ..] if code.is_word(name, "project") && bracket.is(b'(') => Some((bracket, rest)),
            _ => None,
        });
        let Some((bracket, arguments)) = call else { return Ok(Vec::new()) };
        let arguments = arguments.split(|token| token.depth <= bracket.depth).next().unwrap_or_default();
        let version = arguments.windows(2).position(|pair| match pair {
            [name, colon] => code.is_word(name, "version") && colon.is(b':') && name.depth == bracket.depth + 1,
            _ => false,
        });
        let value = version.and_then(|at| arguments.get(at + 2..)).unwrap_or_default();
        let value = code.evaluate(code.expression(value));
        Ok(value.map(|value| code.field("project.version", &value, &Definitions::default())).into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use crate::manifest::tests::{expect, named, refuse};

    #[test]
    fn its_fields_are_read() {
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
}
