//! What layers declare by name: lines and tag classes.

use std::ops::Range as Span;
use toml::Spanned;

use super::super::Problem;
use super::super::layer::Layer;
use super::Resolver;

/// Tables as written, each with its place.
type Tables<R> = Vec<(R, Span<usize>)>;

/// A table that may be there many times, each with a name of its own.
pub(super) struct Named<R: 'static> {
    /// What `open` calls it.
    pub(super) word: &'static str,
    /// What messages call one, and two.
    pub(super) title: &'static str,
    pub(super) plural: &'static str,
    /// A layer's own.
    pub(super) of: fn(&Layer) -> &Tables<R>,
    /// The name of one.
    pub(super) name: fn(&R) -> &Spanned<String>,
}

impl Resolver<'_> {
    /// All layers' tables of a kind. A layer replaces those of the same name where they stand, and puts its others, the
    /// more specific ones, before those of the layers above. Both weaken what is above, which has to leave it open.
    pub(super) fn named<R, T>(&mut self, kind: &Named<R>, mut make: impl FnMut(&mut Self, usize, &R) -> T) -> Vec<T> {
        let mut all: Vec<(usize, String, T)> = Vec::new();
        for (at, layer) in self.layers.iter().enumerate() {
            let mut own: Vec<(usize, String, T)> = Vec::new();
            for (raw, span) in (kind.of)(layer) {
                let (title, name) = (kind.title, (kind.name)(raw));
                let text = name.get_ref();
                let replaced = all.iter().position(|(_, known, _)| known == text);
                let upper = replaced.and_then(|place| all.get(place)).or(all.first()).map(|(upper, ..)| *upper);
                if own.iter().any(|(_, known, _)| known == text) {
                    self.report(at, Problem::new(name.span(), format!("there are two {} named `{text}`", kind.plural)));
                    continue;
                }
                if let Some(upper) = upper
                    && !self.may_weaken(at, upper, kind.word, span.clone(), &format!("the {title} `{text}`"))
                {
                    continue;
                }
                let made = (at, text.clone(), make(self, at, raw));
                match replaced.and_then(|place| all.get_mut(place)) {
                    Some(place) => *place = made,
                    None => own.push(made),
                }
            }
            own.append(&mut all);
            all = own;
        }
        all.into_iter().map(|(_, _, made)| made).collect()
    }
}
