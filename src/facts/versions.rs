//! What is known of versions: the tags there are, and where a tag belongs.

use std::cmp::Ordering;

use super::{Bindings, FactError, Facts, Kind, Place, Series, TagMatch};
use crate::model::{Namespace, ObjectId, RefName};

/// Another tag of the same scope.
#[derive(Clone, Debug)]
pub struct Sibling<'a> {
    /// Its ref.
    pub name: RefName,
    /// Its place in the policy; the version is there.
    pub tag: TagMatch<'a>,
}

/// Where a tag belongs.
#[derive(Clone, Debug, Default)]
pub struct Home {
    /// The lines and branches as the policy words them. Empty: anywhere.
    pub wanted: Vec<String>,
    /// The branches there are, with their tips.
    pub branches: Vec<(RefName, ObjectId)>,
    /// The one branch it leads to, where the policy leaves no choice; it need not exist.
    pub only: Option<RefName>,
}

impl<'a> Facts<'a> {
    /// The tags whose versions are of the same scope as `tag`'s, but not `own`, once the push has happened; lowest
    /// version first. Reads the names of all tags, and no object.
    pub fn siblings(&self, tag: &TagMatch<'a>, own: &RefName) -> Result<Vec<Sibling<'a>>, FactError> {
        self.in_time()?;
        let names = self.after_push(Namespace::Tag, "")?;
        let mut siblings: Vec<Sibling<'a>> = names
            .into_iter()
            .filter(|name| name != own)
            .filter_map(|name| Some(Sibling { tag: self.tag_of(&name)?, name }))
            .filter(|sibling| sibling.tag.version.is_some() && sibling.tag.scope() == tag.scope())
            .collect();
        // Sorting needs an answer for every pair: the first pair without one is kept and told afterwards.
        let mut mixed = None;
        siblings.sort_by(|a, b| {
            self.order(&a.tag, &b.tag).unwrap_or_else(|error| {
                mixed = Some(error);
                Ordering::Equal
            })
        });
        mixed.map_or(Ok(siblings), Err)
    }

    /// The order of two tags' versions: by era, then by scheme.
    pub fn order(&self, a: &TagMatch<'_>, b: &TagMatch<'_>) -> Result<Ordering, FactError> {
        let eras = a.class.era.cmp(&b.class.era);
        let (Some(left), Some(right)) = (&a.version, &b.version) else { return Ok(eras) };
        if eras != Ordering::Equal {
            return Ok(eras);
        }
        left.compare(right).map_err(|error| {
            let help = "give the tag classes of one scope one scheme, or an `era` each";
            FactError::undecided(error.to_string()).help(help)
        })
    }

    /// The commit a tag names once the push has happened; `None` for a tag of a tree or a file.
    pub fn tagged(&self, name: &RefName) -> Result<Option<ObjectId>, FactError> {
        let Some(id) = self.tip(name)? else { return Ok(None) };
        let peeled = self.peel(id)?;
        Ok((peeled.kind == Kind::Commit).then_some(peeled.id))
    }

    /// The entry of the series table that holds a tag's version.
    pub fn series_of(&self, tag: &TagMatch<'_>) -> Option<&'a Series> {
        self.policy.series_of(tag)
    }

    /// Where a tag belongs: where the series table puts its version, else where its class does.
    pub fn home(&self, tag: &TagMatch<'_>) -> Result<Home, FactError> {
        let mut home = Home::default();
        let class = tag.class.lines.iter().cloned().map(Place::Line).collect();
        let series = self.series_of(tag).filter(|series| !series.places.is_empty());
        let places: Vec<Place> = series.map_or(class, |series| series.places.clone());
        let mut possible: Vec<Option<RefName>> = Vec::new();
        for place in &places {
            match place {
                Place::Line(name) => {
                    let Some(line) = self.policy.line(name) else { continue };
                    home.wanted.push(name.clone());
                    home.branches.extend(self.branches(line, &tag.bindings)?);
                    possible.extend(line.instances(&tag.bindings).into_iter().map(|(_, names)| first(names)));
                }
                Place::Branch(pattern) => {
                    home.wanted.push(pattern.text().to_owned());
                    home.branches.extend(self.branches_like(pattern, &tag.bindings)?);
                    possible.push(first(pattern.instances(&tag.bindings)));
                }
            }
        }
        if let [only] = possible.as_mut_slice() {
            home.only = only.take();
        }
        Ok(home)
    }

    /// Whether a commit is on a branch, or hangs off it by at most `tolerance` commits.
    pub fn is_on(&self, commit: ObjectId, tip: ObjectId, tolerance: usize) -> Result<bool, FactError> {
        if self.is_ancestor(commit, tip)? {
            return Ok(true);
        }
        Ok(tolerance > 0 && self.commits(&[commit], &[tip])?.len() <= tolerance)
    }

    /// The single branch that holds a commit, of the lines that have just one: to say where something is.
    pub fn found_on(&self, commit: ObjectId) -> Result<Option<RefName>, FactError> {
        for line in self.lines() {
            let single = line.branches.iter().filter_map(|pattern| pattern.instances(&Bindings::new())).flatten();
            for name in single.map(RefName::branch) {
                if let Some(tip) = self.tip(&name)?
                    && self.is_ancestor(commit, tip)?
                {
                    return Ok(Some(name));
                }
            }
        }
        Ok(None)
    }
}

fn first(names: Option<Vec<bstr::BString>>) -> Option<RefName> {
    names?.into_iter().next().map(RefName::branch)
}
