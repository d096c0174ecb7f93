//! Sets of ref names as automata: whether a name is in some of them and in none of others, and which one.
//!
//! Patterns are regular, so that "every name that this one matches belongs to that line" has an exact answer. A set that
//! would take too much room or time has none: then nothing is claimed.

use bstr::BString;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_automata::util::syntax;
use regex_automata::{Anchored, MatchKind, nfa::thompson};
use std::collections::{HashSet, VecDeque};

use crate::policy::pattern::Pattern;

/// The largest automaton, in bytes.
const MAX_AUTOMATON: usize = 2 << 20;

/// As many combinations of states are looked at.
const MAX_STATES: usize = 60_000;

/// A set of names.
#[derive(Debug)]
pub(super) struct Names(dense::DFA<Vec<u32>>);

/// The set takes too much room, or the question too much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

impl Names {
    /// Makes the set of the names that one of the patterns matches.
    ///
    /// # Errors
    /// It is too large.
    pub(super) fn of<'p>(patterns: impl IntoIterator<Item = &'p Pattern>) -> Result<Self, TooLarge> {
        let expressions: Vec<String> = patterns.into_iter().map(Pattern::expression).collect();
        Self::build(&expressions)
    }

    /// Makes the set of the names that branches and tags can have, without `refs/heads/` and `refs/tags/`.
    pub(super) fn short() -> Result<Self, TooLarge> {
        Self::build(&[format!("^{}$", path())])
    }

    /// Makes the set of the names that refs can have, in full.
    pub(super) fn full() -> Result<Self, TooLarge> {
        Self::build(&[format!("^refs/{}$", path())])
    }

    fn build(expressions: &[String]) -> Result<Self, TooLarge> {
        let config = dense::Config::new()
            .start_kind(StartKind::Anchored)
            .match_kind(MatchKind::All)
            .dfa_size_limit(Some(MAX_AUTOMATON))
            .determinize_size_limit(Some(MAX_AUTOMATON));
        let built = dense::Builder::new()
            .configure(config)
            // As patterns are compiled: bytes, not Unicode.
            .syntax(syntax::Config::new().unicode(false).utf8(false).dot_matches_new_line(true))
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(MAX_AUTOMATON)))
            .build_many(expressions);
        built.map(Self).map_err(|_| TooLarge)
    }

    /// Returns whether a name is in the set.
    pub(super) fn contains(&self, name: &[u8]) -> bool {
        let Ok(begin) = self.start() else { return false };
        self.accepts(name.iter().fold(begin, |state, byte| self.0.next_state(state, *byte)))
    }

    fn start(&self) -> Result<StateID, TooLarge> {
        self.0.start_state(&start::Config::new().anchored(Anchored::Yes)).map_err(|_| TooLarge)
    }

    fn accepts(&self, state: StateID) -> bool {
        self.0.is_match_state(self.0.next_eoi_state(state))
    }
}

/// A component, and further ones after slashes.
fn path() -> String {
    // No component begins with a dot, and none is empty; two dots never follow each other.
    let plain = r"[^/\x00-\x20\x7f~^:?*\[\\.]";
    let component = format!(r"{plain}+(?:\.{plain}+)*");
    format!("{component}(?:/{component})*")
}

/// Returns a shortest name for which `wanted` holds, which is given for each set whether the name is in it; `None` where
/// there is none. Of the first set every name that is found has to be an element.
///
/// # Errors
/// There are too many combinations of states.
pub(super) fn find(sets: &[&Names], wanted: impl Fn(&[bool]) -> bool) -> Result<Option<BString>, TooLarge> {
    let Some((first, _)) = sets.split_first() else { return Ok(None) };
    let bytes = distinct_bytes(sets);
    let begin: Vec<StateID> = sets.iter().map(|set| set.start()).collect::<Result<_, _>>()?;
    // Each with the place of the one before it and the byte that leads here, to spell the name in the end.
    let mut seen: HashSet<Vec<StateID>> = HashSet::from([begin.clone()]);
    let mut steps: Vec<(usize, u8)> = vec![(0, 0)];
    let mut queue = VecDeque::from([(0, begin)]);
    while let Some((at, states)) = queue.pop_front() {
        let member: Vec<bool> = sets.iter().zip(&states).map(|(set, state)| set.accepts(*state)).collect();
        if member.first() == Some(&true) && wanted(&member) {
            return Ok(Some(spell(&steps, at)));
        }
        for byte in &bytes {
            let next: Vec<StateID> =
                sets.iter().zip(&states).map(|(set, state)| set.0.next_state(*state, *byte)).collect();
            if next.first().is_none_or(|state| first.0.is_dead_state(*state)) || !seen.insert(next.clone()) {
                continue;
            }
            if seen.len() > MAX_STATES {
                return Err(TooLarge);
            }
            steps.push((at, *byte));
            queue.push_back((steps.len() - 1, next));
        }
    }
    Ok(None)
}

fn spell(steps: &[(usize, u8)], mut at: usize) -> BString {
    let mut name = Vec::new();
    while at != 0 {
        let Some((before, byte)) = steps.get(at) else { break };
        name.push(*byte);
        at = *before;
    }
    name.reverse();
    name.into()
}

/// Returns one byte for each class of bytes between which no set distinguishes, such as people use in names where there
/// is a choice.
fn distinct_bytes(sets: &[&Names]) -> Vec<u8> {
    let usual = (b'a'..=b'z').rev().chain(b'0'..=b'9').chain(*b"-._/").chain(0..=u8::MAX);
    let mut seen = HashSet::new();
    let class = |byte: u8| sets.iter().map(|set| set.0.byte_classes().get(byte)).collect::<Vec<u8>>();
    usual.filter(|byte| seen.insert(class(*byte))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::ByteSlice as _;
    use proptest::prelude::*;

    fn names(patterns: &[&str]) -> Names {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| Pattern::parse(text).unwrap()).collect();
        Names::of(&patterns).unwrap()
    }

    /// Returns a name that one of `own` matches and none of `others`.
    fn left(own: &[&str], others: &[&str]) -> Option<String> {
        let sets = [&Names::short().unwrap(), &names(own), &names(others)];
        find(&sets, |member| member[1] && !member[2]).unwrap().map(|name| name.to_string())
    }

    #[test]
    fn what_one_pattern_leaves_of_another_has_an_example() {
        assert_eq!(left(&["main"], &["**"]), None);
        assert_eq!(left(&["release/{major}.{minor}"], &["release/*"]), None);
        assert_eq!(left(&["{name}"], &["*"]), None, "the empty name is not a name");
        assert_eq!(left(&["release/*"], &["release/{major}.{minor}"]).as_deref(), Some("release/z"));
        assert_eq!(left(&["main", "trunk"], &["main"]).as_deref(), Some("trunk"));
        assert_eq!(left(&["x/**"], &["x/*"]).as_deref(), Some("x/z/z"));
        assert_eq!(left(&["{scope}-{version}"], &["{version}"]).as_deref(), Some("z-0"));
        assert_eq!(left(&["regex:v[0-9]+"], &["v{version}"]), None);
    }

    #[test]
    fn what_git_takes_for_no_name_is_no_example() {
        for dead in ["a//b", "..", "/a", "a/", "regex:a b", "regex:\\.x", "regex:x/\\.y"] {
            assert_eq!(left(&[dead], &["nothing"]), None, "{dead}");
        }
    }

    #[test]
    fn a_set_that_is_too_large_is_not_guessed_at() {
        let text = format!("regex:{}", "(a|b)*a(a|b){24}");
        let pattern = Pattern::parse(&text).unwrap();
        assert_eq!(Names::of([&pattern]).map(|_| ()), Err(TooLarge));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn an_example_is_matched_by_the_one_and_not_by_the_other(
            own in "([a-c]|/|\\*|\\*\\*|\\{name\\}|\\{major\\}){1,5}", other in "([a-c]|/|\\*|\\{minor\\}){1,5}",
        ) {
            let (Ok(a), Ok(b)) = (Pattern::parse(&own), Pattern::parse(&other)) else { return Ok(()) };
            let (short, set, others) = (Names::short().unwrap(), Names::of([&a]).unwrap(), Names::of([&b]).unwrap());
            let found = find(&[&short, &set, &others], |member| member[1] && !member[2]).unwrap();
            if let Some(name) = found {
                prop_assert!(a.matches(name.as_bstr()).is_some() && b.matches(name.as_bstr()).is_none(), "{name}");
            }
        }
    }
}
