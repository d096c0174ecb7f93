//! What follows the numbers of a dotted or calendar version: pre-release, post-release, development.
//!
//! The markers, in any case, each behind an optional `.`, `-` or `_`, each with an optional number behind
//! another such separator (without one the number is 0):
//!
//! | place | markers |
//! |---|---|
//! | before the release, in this order | `a` `alpha`, `b` `beta`, `pre` `preview` `pr`, `c` `cr` `rc` |
//! | after the release | `post` `rev` `r` `patch` `p` `pl`; `-N`; a lone letter, where letters come after |
//! | before whatever it is attached to | `dev` `snapshot` |
//!
//! A pre-release may have several numbers (`rc2.1`), as may `-N` (`-13.1`). Order is that of PEP 440:
//! `1.0.dev1`, `1.0a1.dev1`, `1.0a1`, `1.0rc1`, `1.0`, `1.0.post1.dev1`, `1.0.post1`. Unlike PEP 440, `pre` is a
//! stage of its own before `rc`, since projects had both.

use std::cmp::Ordering;

use super::fault::{Fault, Reason};
use super::scan::{Scan, compare_padded};

/// The stage of a pre-release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Alpha,
    Beta,
    Pre,
    Rc,
}

impl Stage {
    /// Every stage, in order.
    pub(super) const ALL: [Self; 4] = [Self::Alpha, Self::Beta, Self::Pre, Self::Rc];

    /// Returns the word that PEP 440 has for it, and that is written behind a tilde.
    pub(super) const fn short(self) -> &'static str {
        match self {
            Self::Alpha => "a",
            Self::Beta => "b",
            Self::Pre => "pre",
            Self::Rc => "rc",
        }
    }

    /// Returns the word that SemVer's pre-releases begin with.
    pub(super) const fn long(self) -> &'static str {
        match self {
            Self::Alpha => "alpha",
            Self::Beta => "beta",
            Self::Pre => "pre",
            Self::Rc => "rc",
        }
    }
}

/// What a lone letter behind a dotted version means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Letters {
    /// `0.99.9a` comes after `0.99.9`, as in git and OpenSSL.
    #[default]
    Post,
    /// `1.0a` comes before `1.0`, as in PEP 440.
    Pre,
}

/// What comes after a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Post {
    /// A lone letter: a is 1, and `1.0a` one version with `1.0-1`.
    Letter(u8),
    /// `-1`, `.post1`, `r1`.
    Numbers(Vec<u64>),
}

/// Everything behind the numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Suffix {
    pub(super) pre: Option<(Stage, Vec<u64>)>,
    pub(super) post: Option<Post>,
    pub(super) dev: Option<u64>,
}

enum Marker {
    Pre(Stage),
    Post,
    Dev,
}

fn marker(word: &str) -> Option<Marker> {
    Some(match word.to_ascii_lowercase().as_str() {
        "a" | "alpha" => Marker::Pre(Stage::Alpha),
        "b" | "beta" => Marker::Pre(Stage::Beta),
        "pre" | "preview" | "pr" => Marker::Pre(Stage::Pre),
        "c" | "cr" | "rc" => Marker::Pre(Stage::Rc),
        "post" | "rev" | "r" | "patch" | "p" | "pl" => Marker::Post,
        "dev" | "snapshot" => Marker::Dev,
        _ => return None,
    })
}

impl Suffix {
    /// Reads to the end of the text.
    pub(super) fn read(mut scan: Scan<'_>, letters: Letters) -> Result<Self, Fault> {
        let mut suffix = Self::default();
        if let Some(letter) = lone_letter(&scan) {
            match (letters, letter) {
                (Letters::Post, _) => suffix.post = Some(Post::Letter(letter - b'a' + 1)),
                (Letters::Pre, b'a') => suffix.pre = Some((Stage::Alpha, vec![0])),
                (Letters::Pre, b'b') => suffix.pre = Some((Stage::Beta, vec![0])),
                (Letters::Pre, b'c') => suffix.pre = Some((Stage::Rc, vec![0])),
                (Letters::Pre, _) => return Err(Fault::new(scan.offset(), Reason::Letter)),
            }
            return Ok(suffix);
        }
        while !scan.is_done() {
            suffix.read_marker(&mut scan)?;
        }
        Ok(suffix)
    }

    fn read_marker(&mut self, scan: &mut Scan<'_>) -> Result<(), Fault> {
        let separator = scan.take_if(is_separator);
        let start = scan.offset();
        if separator == Some('-') && scan.peek().is_some_and(|c| c.is_ascii_digit()) {
            let numbers = scan.dotted()?.iter().map(|number| number.value).collect();
            return self.set_post(start, numbers);
        }
        let word = scan.run(|c| c.is_ascii_alphabetic());
        if word.is_empty() {
            return Err(scan.fault());
        }
        let numbers = marker_numbers(scan)?;
        match marker(word).ok_or_else(|| Fault::new(start, Reason::Marker))? {
            Marker::Pre(stage) => {
                if self.pre.is_some() || self.post.is_some() || self.dev.is_some() {
                    return Err(Fault::new(start, Reason::Unexpected));
                }
                self.pre = Some((stage, numbers));
                Ok(())
            }
            Marker::Post => self.set_post(start, numbers),
            Marker::Dev => {
                let [number] = numbers.as_slice() else { return Err(Fault::new(start, Reason::Unexpected)) };
                if self.dev.replace(*number).is_some() {
                    return Err(Fault::new(start, Reason::Unexpected));
                }
                Ok(())
            }
        }
    }

    fn set_post(&mut self, start: usize, numbers: Vec<u64>) -> Result<(), Fault> {
        if self.post.is_some() || self.dev.is_some() {
            return Err(Fault::new(start, Reason::Unexpected));
        }
        self.post = Some(Post::Numbers(numbers));
        Ok(())
    }

    /// Returns whether this comes before the release.
    pub(super) fn is_prerelease(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// Compares versions with equal numbers.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        // A bare development version comes before every pre-release, a version without one after them all.
        let place = |suffix: &Self| match (&suffix.pre, &suffix.post, suffix.dev) {
            (None, None, Some(_)) => 0,
            (Some(_), _, _) => 1,
            (None, _, _) => 2,
        };
        let dev = |suffix: &Self| suffix.dev.map_or((1, 0), |number| (0, number));
        place(self)
            .cmp(&place(other))
            .then_with(|| match (&self.pre, &other.pre) {
                (Some((stage, numbers)), Some((other_stage, other_numbers))) => {
                    stage.cmp(other_stage).then_with(|| compare_padded(numbers, other_numbers))
                }
                _ => Ordering::Equal,
            })
            .then_with(|| match (&self.post, &other.post) {
                (Some(post), Some(other)) => compare_padded(&post.numbers(), &other.numbers()),
                (post, other) => post.is_some().cmp(&other.is_some()),
            })
            .then_with(|| dev(self).cmp(&dev(other)))
    }
}

impl Post {
    /// Returns the numbers of a suffix. A letter is the post-release of its place in the alphabet: no spelling has
    /// letters, and an order that told them from numbers would be lost in every spelling.
    pub(super) fn numbers(&self) -> Vec<u64> {
        match self {
            Self::Letter(letter) => vec![u64::from(*letter)],
            Self::Numbers(numbers) => numbers.clone(),
        }
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '.' | '-' | '_')
}

/// Returns the letter, in lower case, when it is all that is left.
fn lone_letter(scan: &Scan<'_>) -> Option<u8> {
    match scan.rest().as_bytes() {
        [letter] if letter.is_ascii_alphabetic() => Some(letter.to_ascii_lowercase()),
        _ => None,
    }
}

/// Returns the numbers behind a marker: `1`, `.1`, `2.1`, or 0 when there are none.
fn marker_numbers(scan: &mut Scan<'_>) -> Result<Vec<u64>, Fault> {
    let mut ahead = scan.clone();
    ahead.take_if(is_separator);
    if !ahead.peek().is_some_and(|c| c.is_ascii_digit()) {
        return Ok(vec![0]);
    }
    let numbers = ahead.dotted()?.iter().map(|number| number.value).collect();
    *scan = ahead;
    Ok(numbers)
}
