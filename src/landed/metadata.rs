//! Finds candidates by what commits say: what their messages name, title, author and timestamp.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Change;
use super::exclude::{Asked, Excluded};
use super::explicit::{Claims, Follower, Lookup};
use super::index::{At, Index};
use super::reading::{Patches, Reading};
use super::reverts::Reverts;
use super::{Error, patch, titles};

/// A title of fewer words may be the same by chance.
const MIN_TELLING: usize = 4;

/// What a change of the branch is compared with.
#[derive(Clone, Debug, Default)]
pub(super) struct Candidates {
    /// Commits of the mainline.
    pub(super) found: BTreeSet<At>,
    /// Of these, those whose title is a line of the branch's message, and those whose message has the branch's title.
    pub(super) listed: BTreeSet<At>,
    pub(super) listing: BTreeSet<At>,
    /// The one with the same author and title that is nearer than all others: the others need not be read, and trees
    /// are enough if both name the same files.
    pub(super) plain: Option<At>,
}

impl Candidates {
    /// Returns those that are compared.
    pub(super) fn compared(&self) -> impl Iterator<Item = At> {
        self.found.iter().copied().filter(|at| self.plain.is_none_or(|plain| plain == *at))
    }
}

/// The candidates of each change that has some.
pub(super) type ByChange = BTreeMap<At, Candidates>;

/// What commits say of each other.
pub(super) struct Said {
    pub(super) candidates: ByChange,
    /// What the message of each change of the branch names.
    pub(super) claims: Vec<Claims>,
    /// What answers depend on besides the two lines.
    pub(super) lookups: Vec<Lookup>,
}

/// Pairs that `without` excludes from the answer.
pub(super) type Without = BTreeSet<(At, At)>;

/// Finds candidates by what messages say, and by title, author and second.
pub(super) fn candidates(
    reading: &Reading<'_>,
    asked: &Asked,
    excluded: &Excluded,
    (index, reverts): (&Index<'_>, &Reverts),
    without: &Without,
) -> Result<Said, Error> {
    let options = reading.options;
    let (repository, grammar) = (reading.repository, &options.grammar);
    let mut follower = Follower { repository, index, grammar, lookups: Vec::new() };
    let mut said =
        Said { candidates: ByChange::new(), claims: Vec::with_capacity(asked.branch.len()), lookups: Vec::new() };
    for (at, change) in asked.branch.iter().enumerate() {
        let mut own = Candidates { found: index.alike(change).into_iter().collect(), ..Candidates::default() };
        own.listing = index.listing(&change.key).collect();
        own.found.extend(&own.listing);
        let may_be = |other: At| !without.contains(&(at, other));
        let is_repeated = asked.repeated.contains(&change.key) || excluded.is_chore(at);
        let mut plain =
            plainly(index, change, &own.found, &may_be, !is_repeated).filter(|same| reverts.standing(*same).is_none());
        let claims = if options.ignore_explicit { Claims::default() } else { follower.claims(change)? };
        own.found.extend(claims.found.iter().map(|(at, _)| *at));
        let of_second = |at: &At| index.commits.get(*at).is_some_and(|other| other.seconds == change.seconds);
        if !plain.as_ref().is_some_and(of_second) {
            own.listed = index.listed(repository.commit(change.id)?.body()).into_iter().collect();
            own.listed.retain(|other| Some(*other) != plain);
            // With more than one original, titles are not enough.
            plain = plain.filter(|_| own.listed.is_empty());
            own.found.extend(&own.listed);
        }
        own.plain = plain.filter(|same| claims.found.iter().all(|(other, _)| other == same));
        said.claims.push(claims);
        if !own.found.is_empty() {
            said.candidates.insert(at, own);
        }
    }
    said.lookups = follower.lookups;
    Ok(said)
}

/// Returns the one candidate by the same author and with the same title: with the same author timestamp, or else, where
/// `is_telling`, the only one with a title that says enough. Candidates that are less similar need not be read. A merge
/// counts where it was picked itself.
fn plainly(
    index: &Index<'_>,
    change: &Change,
    found: &BTreeSet<At>,
    may_be: &dyn Fn(At) -> bool,
    is_telling: bool,
) -> Option<At> {
    let titled = found.iter().filter_map(|at| Some((*at, index.commits.get(*at)?))).filter(|(at, other)| {
        other.key == change.key && (!other.is_merge || other.subject == change.subject) && may_be(*at)
    });
    let titled: Vec<(At, &Change)> = titled.collect();
    let mut same = titled.iter().filter(|(_, other)| other.seconds == change.seconds && other.author.is(change.author));
    if let Some((first, _)) = same.next() {
        return same.next().is_none().then_some(*first);
    }
    match titled.as_slice() {
        [(only, other)] if is_telling && other.author.is(change.author) => {
            (titles::words(&change.key).count() >= MIN_TELLING).then_some(*only)
        }
        _ => None,
    }
}

/// Reads the plain pairs, and gives up that they are plain where they do not have the same files. Lines are read all the
/// same: the same title, author and second say which commit it is, and not what else was done in it.
pub(super) fn confirm(
    reading: &Reading<'_>,
    candidates: &mut ByChange,
    own: &mut Patches<'_>,
    there: &mut Patches<'_>,
) -> Result<(), Error> {
    let plain: Vec<(At, At)> = candidates.iter().filter_map(|(at, own)| Some((*at, own.plain?))).collect();
    own.read_pairs(reading, there, &plain)?;
    for (at, candidates) in candidates {
        candidates.plain = candidates.plain.filter(|plain| is_confirmed((own, *at), (there, *plain)));
    }
    Ok(())
}

fn is_confirmed((own, branch): (&Patches<'_>, At), (there, mainline): (&Patches<'_>, At)) -> bool {
    let changes = own.changes.get(branch).zip(there.changes.get(mainline));
    let patches = own.get(branch).zip(there.get(mainline));
    changes.zip(patches).is_some_and(|((change, other), (patch, there))| {
        let is_of_second = change.seconds == other.seconds;
        let common = patch::common_paths(patch, there);
        let enough = if is_of_second { f64::MIN_POSITIVE } else { patch::MOST_PATHS };
        // The next bump of the same dependency has the same title and files.
        let is_telling = is_of_second || !patch::is_mostly_generated(&patch.paths);
        patch.unread.is_none() && there.unread.is_none() && common >= enough && is_telling
    })
}

/// Returns the pairs that `without` excludes. A merge and what it brought in are the same change twice: they are
/// excluded together.
pub(super) fn taken_away(reading: &Reading<'_>, branch: &[Change], mainline: &[Change]) -> Result<Without, Error> {
    let mut away = Without::new();
    let without = &reading.options.without;
    if without.is_empty() {
        return Ok(away);
    }
    let places: BTreeMap<_, At> = mainline.iter().enumerate().map(|(at, change)| (change.id, at)).collect();
    // For each commit the merges that brought it in, and for each merge what it brought in.
    let mut related: BTreeMap<At, Vec<At>> = BTreeMap::new();
    for (at, merge) in mainline.iter().enumerate().filter(|(_, change)| change.is_merge) {
        for part in reading.brought(merge)?.iter().filter_map(|id| places.get(id)).filter(|part| **part != at) {
            related.entry(at).or_default().push(*part);
            related.entry(*part).or_default().push(at);
        }
    }
    for (branch, change) in branch.iter().enumerate() {
        let from = (change.id, crate::model::ObjectId::null(change.id.kind()));
        for (_, id) in without.range(from..).take_while(|(id, _)| *id == change.id) {
            let Some(at) = places.get(id) else { continue };
            away.insert((branch, *at));
            away.extend(related.get(at).into_iter().flatten().map(|other| (branch, *other)));
        }
    }
    Ok(away)
}
