//! Where the versions of a series lie in history, found in one pass for all of them: a push of a mirror asks about
//! thousands, and each of them about each other.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::{FactError, Sibling, Snapshot};
use crate::model::ObjectId;

/// A part of history, each commit after all its children.
#[derive(Default)]
pub(super) struct History {
    places: HashMap<ObjectId, usize>,
    /// The places of the parents of each.
    parents: Vec<Vec<usize>>,
}

/// What lies around the commits of a series. Versions are given by their places among those of the series.
#[derive(Debug, Default)]
pub(crate) struct Lineage(HashMap<ObjectId, Around>);

/// The versions below a commit and on top of it that matter most; versions of the commit itself do not count.
#[derive(Clone, Copy, Debug, Default)]
struct Around {
    /// The highest that is an ancestor.
    highest_below: Option<usize>,
    /// The lowest that is a descendant, of those that were there before.
    lowest_above: Option<usize>,
}

impl Lineage {
    /// Returns whether a version, or an equal one, of these places may lie on top of a higher one.
    pub(crate) fn is_on_top(&self, commit: ObjectId, own: &Range<usize>) -> bool {
        self.0.get(&commit).is_none_or(|around| around.highest_below.is_some_and(|below| below >= own.end))
    }

    /// Returns whether it may lie below a lower one that was there before.
    pub(crate) fn is_below(&self, commit: ObjectId, own: &Range<usize>) -> bool {
        self.0.get(&commit).is_none_or(|around| around.lowest_above.is_some_and(|above| above < own.start))
    }
}

impl<'p> Snapshot<'p> {
    /// Returns how the versions of a series lie in history; `None` where so few are asked about that it is less work to
    /// look at each.
    ///
    /// # Errors
    /// History that cannot be read.
    pub(crate) fn lineage(&self, series: &Rc<[Sibling<'p>]>) -> Result<Option<Rc<Lineage>>, FactError> {
        let Some(first) = series.first().filter(|_| self.asks_much()) else { return Ok(None) };
        self.lineages.get(first.name.clone(), || self.find_lineage(series).map(Rc::new)).map(Some)
    }

    fn find_lineage(&self, series: &[Sibling<'p>]) -> Result<Lineage, FactError> {
        let history = self.history.get((), || self.read_history().map(Rc::new))?;
        let mut own: HashMap<usize, Around> = HashMap::new();
        let mut span: Option<(usize, usize)> = None;
        for (at, sibling) in series.iter().enumerate() {
            self.project().step()?;
            let place = self.tagged(&sibling.name)?.and_then(|commit| history.places.get(&commit).copied());
            let Some(place) = place else { continue };
            span = Some(span.map_or((place, place), |(from, to)| (from.min(place), to.max(place))));
            let here = own.entry(place).or_default();
            here.highest_below = here.highest_below.max(Some(at));
            if !self.arrives(&sibling.name) {
                here.lowest_above = lower(here.lowest_above, Some(at));
            }
        }
        let Some((from, to)) = span else { return Ok(Lineage::default()) };
        // Before the first tagged commit and behind the last, there is nothing left to find out.
        let mut around = vec![Around::default(); to + 1 - from];
        let own_at = |place: usize| own.get(&place).copied().unwrap_or_default();
        for place in from..=to {
            self.project().step()?;
            let here = around.get(place - from).copied().unwrap_or_default();
            let above = lower(here.lowest_above, own_at(place).lowest_above);
            for parent in history.parents.get(place).into_iter().flatten() {
                if let Some(parent) = around.get_mut(parent - from) {
                    parent.lowest_above = lower(parent.lowest_above, above);
                }
            }
        }
        for place in (from..=to).rev() {
            self.project().step()?;
            let mut below = None;
            for parent in history.parents.get(place).into_iter().flatten() {
                let there = around.get(parent - from).copied().unwrap_or_default();
                below = below.max(there.highest_below).max(own_at(*parent).highest_below);
            }
            if let Some(here) = around.get_mut(place - from) {
                here.highest_below = below;
            }
        }
        let tagged = history.places.iter().filter(|(_, place)| own.contains_key(place));
        let found = tagged.filter_map(|(commit, place)| Some((*commit, *around.get(place.checked_sub(from)?)?)));
        Ok(Lineage(found.collect()))
    }

    /// Returns all history below the version tags.
    fn read_history(&self) -> Result<History, FactError> {
        let mut tips = Vec::new();
        for sibling in self.versions()?.iter() {
            tips.extend(self.tagged(&sibling.name)?);
        }
        tips.sort_unstable();
        tips.dedup();
        let commits = self.project().commits(&tips, &[])?;
        let places: HashMap<ObjectId, usize> = commits.iter().enumerate().map(|(place, id)| (*id, place)).collect();
        let mut parents = Vec::with_capacity(commits.len());
        for id in &commits {
            self.project().step()?;
            let own = self.project().repository().parents(*id)?;
            parents.push(own.iter().filter_map(|parent| places.get(parent).copied()).collect());
        }
        Ok(History { places, parents })
    }
}

/// Returns the lower of two places, where there is one.
fn lower(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::scratch::Scratch;
    use crate::model::RefName;
    use crate::policy::{Policy, Source, load};
    use crate::project::{Project, View};
    use std::collections::BTreeMap;
    use std::fmt::Write as _;

    fn policy() -> Policy {
        let text = "schema = 1\nname = \"p\"\n[[tag]]\nname = \"v\"\ntag = \"{version}\"\nscheme = \"semver\"\n\
                    series = \"{major}\"\n";
        load(Source::File("p.toml".into()), &|_| Ok(text.as_bytes().to_vec())).unwrap()
    }

    /// Returns a source of numbers that look random, the same every time.
    fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        move |below| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        }
    }

    #[test]
    fn one_pass_says_what_asking_about_each_pair_says() {
        const COMMITS: u64 = 30;
        for seed in 0..5 {
            let mut number = numbers(seed);
            let scratch = Scratch::new(&[]);
            let mut stream = String::new();
            for at in 0..COMMITS {
                writeln!(stream, "commit refs/heads/c{at}\nmark :{}\ncommitter C <c@x> {} +0000\ndata 0", at + 1, at)
                    .unwrap();
                if at > 0 {
                    writeln!(stream, "from :{}", number(at) + 1).unwrap();
                }
                if at > 1 && number(3) == 0 {
                    writeln!(stream, "merge :{}", number(at) + 1).unwrap();
                }
            }
            scratch.import(&stream);
            // Two series, some versions twice on one commit, half of them there before.
            let (mut arriving, mut there) = (BTreeMap::new(), String::new());
            for at in 0..40 {
                let (commit, name) = (number(COMMITS), format!("{}.{}.0", number(2), at));
                let id = scratch.id(&format!("c{commit}"));
                if at % 2 == 0 {
                    arriving.insert(RefName::tag(name), Some(id));
                } else {
                    writeln!(there, "update refs/tags/{name} {id}").unwrap();
                }
            }
            scratch.git_with(&["update-ref", "--stdin"], &[], there.as_bytes());
            let project = Project::new(scratch.open(), policy(), View::Own);
            let refs = Snapshot::with(&project, arriving.clone());
            for name in refs.refs(crate::model::Namespace::Tag, "").unwrap().iter().map(|(name, _)| name) {
                let tag = project.tag_of(name).unwrap();
                let series = refs.siblings_in_series(&tag).unwrap();
                let own = refs.place_among(&series, &tag).unwrap();
                let lineage = refs.lineage(&series).unwrap().expect("much is asked");
                let commit = refs.tagged(name).unwrap().unwrap();
                let others = |places: Range<usize>| {
                    let tags = series[places]
                        .iter()
                        .map(|sibling| (&sibling.name, refs.tagged(&sibling.name).unwrap().unwrap()));
                    tags.filter(|(_, other)| *other != commit).collect::<Vec<_>>()
                };
                let is_on_top =
                    others(own.end..series.len()).iter().any(|(_, other)| project.is_ancestor(*other, commit).unwrap());
                let is_below = others(0..own.start)
                    .iter()
                    .any(|(name, other)| !arriving.contains_key(*name) && project.is_ancestor(commit, *other).unwrap());
                assert_eq!(
                    (lineage.is_on_top(commit, &own), lineage.is_below(commit, &own)),
                    (is_on_top, is_below),
                    "{seed} {name}"
                );
            }
        }
    }
}
