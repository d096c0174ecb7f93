//! Dotted versions: any number of dotted numbers, then the suffixes of [`suffix`](crate::version::suffix).
//!
//! No crate reads what real tags are: `1.2.3.4`, `16.07`, `0.99.9a`, `4.5.0-rc4`, `2.0.0_RC1`, `5.0.0.beta.2`,
//! `1.0.0rc2.1`, `1.1.9-3`.

use std::cmp::Ordering;
use std::sync::Arc;

use crate::version::fault::Fault;
use crate::version::form::{Entry, Form, Levels, ParameterError, Reading};
use crate::version::numbered::{Numbered, written};
use crate::version::parts::{Parts, Why};
use crate::version::scan::Number;
use crate::version::suffix::Letters;

const POST: &str = "letters=post";
const PRE: &str = "letters=pre";

pub(super) static ENTRY: Entry = Entry {
    name: "dotted",
    usage: "dotted",
    summary: "Any number of dotted numbers, with the suffixes that real tags have; a lone letter comes after the release, \
              with `letters=pre` before it.",
    docs: "Missing numbers count as zeros, and zeros in front do not count: `16.07` is `16.7.0`. The markers stand in any \
           case, behind an optional `.`, `-` or `_`: `a` `alpha`, `b` `beta`, `pre` `preview` `pr`, `c` `cr` `rc` before \
           the release, in this order; `post` `rev` `r` `patch` `p` `pl` and `-N` after it; `dev` `snapshot` before \
           whatever they are attached to. A lone letter comes after the release (`0.99.9a`, as in git and OpenSSL), \
           unless the scheme is written `dotted:letters=pre`.",
    examples: &["dotted", "dotted:letters=pre"],
    rising: &["1.9", "1.10-dev", "1.10.0.beta.2", "1.10.0_RC1", "1.10", "1.10a", "1.10.1"],
    pattern: "dotted(:letters=(post|pre))?",
    parameters: &[POST, PRE],
    parse: |parameter| match parameter {
        None | Some(POST) => Ok(Arc::new(Dotted(Letters::Post))),
        Some(PRE) => Ok(Arc::new(Dotted(Letters::Pre))),
        Some(_) => Err(ParameterError::Unknown),
    },
};

/// The scheme.
#[derive(Debug)]
struct Dotted(Letters);

impl Form for Dotted {
    fn read(&self, text: &str) -> Result<Arc<dyn Reading>, Fault> {
        Ok(Arc::new(Numbered::read(text, self.0)?))
    }

    fn parameter(&self) -> Option<String> {
        (self.0 == Letters::Pre).then(|| PRE.to_owned())
    }
}

impl Reading for Numbered {
    fn compare(&self, other: &dyn Reading) -> Option<Ordering> {
        Some(Self::compare(self, other.of()?))
    }

    fn is_prerelease(&self, _text: &str) -> bool {
        self.suffix.is_prerelease()
    }

    fn is_dev(&self, _text: &str) -> bool {
        self.suffix.dev.is_some()
    }

    fn release(&self) -> Vec<u64> {
        Self::release(self)
    }

    fn written(&self, text: &str, index: usize) -> Option<String> {
        written(&self.numbers, text, index)
    }

    fn raised(&self, text: &str) -> Option<String> {
        Self::raised(self, text)
    }

    fn without_dev(&self, text: &str) -> String {
        Self::without_dev(self, text)
    }

    fn final_release(&self, text: &str) -> String {
        Self::final_release(self, text)
    }

    /// Numbers that were padded stay padded.
    fn levels(&self, text: &str) -> Option<Levels> {
        let width = |number: &Number| match text.get(number.span.clone()) {
            Some(digits) if digits.len() > 1 && digits.starts_with('0') => digits.len(),
            _ => 1,
        };
        Some(Levels { before: String::new(), widths: self.numbers.iter().map(width).collect() })
    }

    fn parts(&self) -> Result<Parts, Why> {
        Parts::of_suffix(Self::release(self), &self.suffix)
    }
}
