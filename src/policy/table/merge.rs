//! How the tables of several layers come together.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::form::Many;
use crate::policy::cx::Cx;
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::text::{Located, Text};

/// A table that each layer may have many times, each with a name of its own.
pub(super) struct Named<R: 'static, K: 'static> {
    /// What `open` calls it.
    pub(super) word: &'static str,
    /// What messages call one, and two.
    pub(super) title: &'static str,
    pub(super) plural: &'static str,
    /// Returns the name of one.
    pub(super) name: fn(&R) -> &Located<Text<K>>,
}

impl<R, K> Named<R, K> {
    /// Merges all layers' tables. A layer replaces those of the same name where they stand, and puts its others, the more
    /// specific ones, before those of the layers above. Both weaken what is above, which has to leave it open.
    pub(super) fn merge<T>(
        &self,
        layers: &[&Many<R>],
        cx: &mut Cx<'_>,
        mut make: impl FnMut(&R, Origin, &mut Cx<'_>) -> T,
    ) -> Vec<T> {
        let mut all: Vec<(usize, String, T)> = Vec::new();
        for (at, layer) in layers.iter().enumerate() {
            cx.enter(at);
            let places: HashMap<String, usize> =
                all.iter().enumerate().map(|(place, (_, name, _))| (name.clone(), place)).collect();
            let (mut own, mut known): (Vec<(usize, String, T)>, HashSet<&str>) = (Vec::new(), HashSet::new());
            for (raw, span) in &layer.0 {
                let (title, name) = (self.title, (self.name)(raw));
                let text = name.text();
                let replaced = places.get(text).copied();
                let upper = replaced.and_then(|place| all.get(place)).or(all.first()).map(|(upper, ..)| *upper);
                if known.contains(text) {
                    cx.report(Problem::new(name.span(), format!("there are two {} named `{text}`", self.plural)));
                    continue;
                }
                if let Some(upper) = upper
                    && !cx.may_weaken(upper, self.word, span.clone(), &format!("the {title} `{text}`"))
                {
                    continue;
                }
                let made = (at, text.to_owned(), make(raw, cx.origin(span), cx));
                match replaced.and_then(|place| all.get_mut(place)) {
                    Some(place) => *place = made,
                    None => {
                        known.insert(text);
                        own.push(made);
                    }
                }
            }
            own.append(&mut all);
            all = own;
        }
        all.into_iter().map(|(_, _, made)| made).collect()
    }
}

/// Merges all layers' tables on files. `key` gives what two for the same files have in common, and the files as messages
/// name them. Every table that a path matches is looked at: adding one only tightens, and saying something else of the same
/// files is what the layer above has to leave open.
pub(super) fn by_files<R, T>(
    word: &str,
    layers: &[&Many<R>],
    cx: &mut Cx<'_>,
    key: impl Fn(&R) -> (String, String),
    mut make: impl FnMut(&R, Origin, &mut Cx<'_>) -> Option<T>,
) -> Vec<T> {
    let mut all: Vec<(usize, T)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (at, layer) in layers.iter().enumerate() {
        cx.enter(at);
        for (raw, span) in &layer.0 {
            let (key, files) = key(raw);
            let place = places.get(&key).copied();
            let upper = place.and_then(|place| all.get(place)).map(|(upper, _)| *upper);
            if !may_replace(upper, word, span, &files, cx) {
                continue;
            }
            let Some(made) = make(raw, cx.origin(span), cx) else { continue };
            match place.and_then(|place| all.get_mut(place)) {
                Some(place) => *place = (at, made),
                None => {
                    places.insert(key, all.len());
                    all.push((at, made));
                }
            }
        }
    }
    all.into_iter().map(|(_, made)| made).collect()
}

/// Whether a table may stand in for the one of the same files in the layer `upper`, if there is one; reports it otherwise.
fn may_replace(upper: Option<usize>, word: &str, span: &Range<usize>, files: &str, cx: &mut Cx<'_>) -> bool {
    match upper {
        None => true,
        Some(upper) if upper == cx.layer() => {
            cx.report(Problem::new(span.clone(), format!("there are two entries `{word}` for `{files}`")));
            false
        }
        Some(upper) => cx.may_weaken(upper, word, span.clone(), &format!("another `{word}` for `{files}`")),
    }
}
