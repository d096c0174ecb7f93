//! On which branches a change is wanted: by what its message says, by a file, by notes, by its kind.
//!
//! All of it is written by whoever pushes: as many words are read as a person writes, and none is shown unescaped.

use bstr::{BStr, BString, ByteSlice as _};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::named_branches::{MAX_WORDS, numbers, words};
use super::{FactError, Memo, Project, Snapshot};
use crate::git::{Commit, Entry, Mode};
use crate::landed::{self, Options, Status};
use crate::model::{ObjectId, RefName, Untrusted};
use crate::policy::{Flow, Wanted};

/// A list of what is wanted that is larger than this was not written by people.
const MAX_FILE: usize = 1 << 20;

/// A note with branches is not larger than this.
const MAX_NOTE: u64 = 1 << 14;

/// As many `Fixes:` are followed.
const MAX_FIXES: usize = 32;

/// Fewer digits do not name a commit.
const MIN_DIGITS: usize = 7;

/// What of a flow's wishes is remembered.
#[derive(Default)]
pub(super) struct Kept {
    files: Memo<(ObjectId, String), Rc<WishFile>>,
    notes: Memo<ObjectId, Rc<BTreeMap<ObjectId, Vec<ObjectId>>>>,
    carried: Memo<(ObjectId, ObjectId), bool>,
    /// What a line has, by its tip, that another one has not: whoever asks about many commits has it looked up first.
    beyond: Memo<(ObjectId, ObjectId), Rc<BTreeSet<ObjectId>>>,
    /// What is below a tip.
    below: Memo<(ObjectId, ObjectId), bool>,
    /// Of what is repaired on a line, by its tip, which of it another line has.
    repaired: Memo<(ObjectId, ObjectId), Rc<BTreeMap<ObjectId, bool>>>,
}

/// A wish: branches that shall have a change.
#[derive(Clone, Debug)]
struct Wish {
    /// Where it is said, as messages show it: `` `Backport-To: 1.15` ``.
    said: String,
    places: Places,
    /// Whether only branches are meant that have what the change fixes: always, or where it says what that is.
    fixes: Fixes,
    /// Whether each word has to name a branch.
    is_strict: bool,
}

#[derive(Clone, Debug)]
enum Places {
    All,
    Named(Vec<BString>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fixes {
    Any,
    IfNamed,
    Always,
}

/// Why a change is wanted on a branch, or why it need not be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is wanted, and this says so.
    Wanted(String),
    /// It is wanted on branches that have what it fixes, and this one has not.
    NotAffected,
    /// Nothing says that it is wanted there.
    NotWanted,
}

/// What a file with wishes says.
#[derive(Debug, Default)]
struct WishFile {
    commits: Vec<(BString, Vec<BString>)>,
    pull_requests: BTreeMap<u64, Vec<BString>>,
    /// The lines that say nothing, by their numbers.
    unread: Vec<usize>,
}

impl WishFile {
    fn read(text: &[u8]) -> Self {
        let mut file = Self::default();
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line == b"#" || line.starts_with(b"# ") {
                continue;
            }
            let end = line.iter().position(|byte| byte.is_ascii_whitespace() || *byte == b':').unwrap_or(line.len());
            let (what, rest) = line.split_at_checked(end).unwrap_or((line, b""));
            let branches = words(rest.strip_prefix(b":").unwrap_or(rest).as_bstr());
            let digits =
                what.strip_prefix(b"#").map(|number| number.to_str().ok().and_then(|digits| digits.parse().ok()));
            match digits {
                _ if branches.is_empty() => file.unread.push(at + 1),
                Some(Some(number)) => file.pull_requests.entry(number).or_default().extend(branches),
                None if what.len() >= MIN_DIGITS && what.iter().all(u8::is_ascii_hexdigit) => {
                    file.commits.push((what.to_ascii_lowercase().into(), branches));
                }
                _ => file.unread.push(at + 1),
            }
        }
        file
    }

    /// Returns all branches that its lines name, each once; `all` is not one.
    fn branches(&self) -> Vec<BString> {
        let of_commits = self.commits.iter().map(|(_, branches)| branches);
        let named: BTreeSet<&BString> = of_commits.chain(self.pull_requests.values()).flatten().collect();
        named.into_iter().filter(|word| !word.eq_ignore_ascii_case(b"all")).cloned().collect()
    }

    /// Returns the branches that the lines about a commit name.
    fn about(&self, commit: &Commit) -> Vec<BString> {
        let id = commit.id.to_string();
        let own = self.commits.iter().filter(|(prefix, _)| id.as_bytes().starts_with(prefix));
        let mut branches: Vec<BString> = own.flat_map(|(_, branches)| branches.clone()).collect();
        if let Some(number) = landed::own_pull_request(commit.subject()) {
            branches.extend(self.pull_requests.get(&number).into_iter().flatten().cloned());
        }
        branches
    }
}

/// Returns the words of the value of a trailer that names branches behind something else; `None` where it is used for
/// something else. Behind the first word with a colon, prose follows.
fn behind(value: &BStr, before: &str) -> Option<Vec<BString>> {
    let plain: Vec<u8> = value.bytes().filter(|byte| !matches!(byte, b'<' | b'>' | b'"')).collect();
    let plain = plain.trim_start();
    let start = plain.get(..before.len()).filter(|start| start.eq_ignore_ascii_case(before.as_bytes()))?;
    let rest = plain.get(start.len()..)?;
    // `stable@example.organic` is somebody else.
    if rest.first().is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_')) {
        return None;
    }
    let mut found = Vec::new();
    for word in words(rest.as_bstr()) {
        let is_last = word.ends_with(b":");
        let word = word.trim_start_with(|c| matches!(c, '#' | '[' | '('));
        let word = word.trim_end_with(|c| matches!(c, ':' | ']' | ')' | '-'));
        if !numbers(word.strip_suffix(b"+").unwrap_or(word)).is_empty() {
            found.push(word.into());
        }
        if is_last {
            break;
        }
    }
    Some(found)
}

/// Returns a short form of a value, escaped.
fn shown(value: &BStr) -> String {
    const LONGEST: usize = 80;
    let text = value.to_str_lossy();
    let start: String = text.chars().take(LONGEST).collect();
    let more = if start.len() < text.len() { "…" } else { "" };
    format!("{}{more}", Untrusted::new(&start))
}

impl Snapshot<'_> {
    /// Returns whether a flow wants a change of the branch at `tip` on a branch of the line that it leads to, which is at
    /// `to`.
    pub(super) fn is_wanted(
        &self,
        flow: &Flow,
        commit: &Commit,
        tip: ObjectId,
        branch: &RefName,
        to: ObjectId,
    ) -> Result<Answer, FactError> {
        let mut answer = Answer::NotWanted;
        for wish in self.wishes(flow, commit, tip)? {
            let is_meant = match &wish.places {
                Places::All => true,
                Places::Named(words) => self.named(flow, words)?.0.contains(branch),
            };
            if !is_meant {
                continue;
            }
            let fixed = if wish.fixes == Fixes::Any { Vec::new() } else { self.fixed_by(commit)? };
            let is_affected = match wish.fixes {
                Fixes::Any => true,
                Fixes::IfNamed if fixed.is_empty() => true,
                Fixes::IfNamed | Fixes::Always => self.has_one(&fixed, tip, to)?,
            };
            if is_affected {
                return Ok(Answer::Wanted(wish.said));
            }
            answer = Answer::NotAffected;
        }
        Ok(answer)
    }

    /// Returns what is wrong with what a change, or the list of a branch, says of where it is wanted: words that name no
    /// maintained branch. One sentence for each place.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn misread_wishes(&self, flow: &Flow, commit: &Commit, tip: ObjectId) -> Result<Vec<String>, FactError> {
        let mut wrong = Vec::new();
        for wish in self.wishes(flow, commit, tip)? {
            let Places::Named(words) = &wish.places else { continue };
            let unknown = self.named(flow, words)?.1;
            if let (Some(first), true) = (unknown.first(), wish.is_strict) {
                let more = unknown.len() - 1;
                let more = if more == 0 { String::new() } else { format!(" and {more} more") };
                wrong.push(format!(
                    "{} names `{}`{more}, which is not a maintained branch of the line `{}`",
                    wish.said,
                    shown(first.as_ref()),
                    flow.to
                ));
            }
        }
        Ok(wrong)
    }

    /// Returns what is wrong with the lists of wishes that a branch has at `tip` and did not have at `old`.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn misread_lists(&self, flow: &Flow, tip: ObjectId, old: Option<ObjectId>) -> Result<Vec<String>, FactError> {
        let mut wrong = Vec::new();
        for sign in &flow.wanted_by {
            let Wanted::File(path) = sign else { continue };
            let project = self.project();
            let now = project.object_at(tip, path.as_str().into())?;
            let before = old.map(|old| project.object_at(old, path.as_str().into())).transpose()?;
            if before == Some(now) {
                continue;
            }
            let file = self.wish_file(tip, path)?;
            let unknown = self.named(flow, &file.branches())?.1;
            if let Some(first) = unknown.first() {
                wrong.push(format!(
                    "`{}` names `{}`, which is not a maintained branch of the line `{}`",
                    Untrusted::new(path),
                    shown(first.as_ref()),
                    flow.to
                ));
            }
            if let Some(first) = file.unread.first() {
                let (path, count) = (Untrusted::new(path), file.unread.len());
                wrong.push(format!(
                    "line {first} of `{path}` does not say what is wanted where ({count} such in it): a line is a commit or \
                     `#` and the number of a pull request, and branches"
                ));
            }
        }
        Ok(wrong)
    }

    fn wishes(&self, flow: &Flow, commit: &Commit, tip: ObjectId) -> Result<Vec<Wish>, FactError> {
        let mut wishes = Vec::new();
        let all = |said: String, fixes| Wish { said, places: Places::All, fixes, is_strict: false };
        let named = |said, words: Vec<BString>, fixes, is_strict| {
            let is_all = words.iter().any(|word| word.eq_ignore_ascii_case(b"all"));
            let places = if is_all { Places::All } else { Places::Named(words) };
            Wish { said, places, fixes, is_strict }
        };
        for sign in &flow.wanted_by {
            match sign {
                Wanted::Trailer { token, before } => {
                    let trailers = commit.trailers();
                    let own = trailers.iter().filter(|trailer| trailer.token.eq_ignore_ascii_case(token.as_bytes()));
                    for trailer in own.take(MAX_WORDS) {
                        let value = trailer.value.as_bstr();
                        let said = format!("`{token}: {}`", shown(value));
                        match before {
                            None => wishes.push(named(said, words(value), Fixes::Any, true)),
                            Some(before) => match behind(value, before) {
                                None => {}
                                Some(words) if words.is_empty() => wishes.push(all(said, Fixes::IfNamed)),
                                Some(words) => wishes.push(named(said, words, Fixes::Any, false)),
                            },
                        }
                    }
                }
                Wanted::Fixes => {
                    if let Some(value) = fixes(commit).first() {
                        wishes.push(all(format!("`Fixes: {}`", shown(value.as_ref())), Fixes::Always));
                    }
                }
                Wanted::File(path) => {
                    let branches = self.wish_file(tip, path)?.about(commit);
                    if !branches.is_empty() {
                        wishes.push(named(format!("`{}`", Untrusted::new(path)), branches, Fixes::Any, true));
                    }
                }
                Wanted::Notes(name) => {
                    let branches = self.noted_branches(name, commit.id)?;
                    if !branches.is_empty() {
                        wishes.push(named(format!("its note in `{name}`"), branches, Fixes::Any, true));
                    }
                }
                Wanted::Kind(kind) => {
                    if self.project().is_one_of(commit, &[kind])? {
                        wishes.push(all(format!("as a `{kind}` change"), Fixes::IfNamed));
                    }
                }
            }
        }
        Ok(wishes)
    }

    fn wish_file(&self, tip: ObjectId, path: &str) -> Result<Rc<WishFile>, FactError> {
        self.wishes.files.get((tip, path.to_owned()), || match self.project().file(tip, path.into(), MAX_FILE)? {
            None => Ok(Rc::default()),
            Some(Ok(bytes)) => Ok(Rc::new(WishFile::read(&bytes))),
            Some(Err(error)) => {
                let path = Untrusted::new(path);
                Err(FactError::undecided(format!(
                    "what is wanted in `{path}` at {} cannot be read: {error}",
                    tip.short()
                )))
            }
        })
    }

    /// Returns the branches that the notes about a commit name.
    fn noted_branches(&self, notes: &RefName, commit: ObjectId) -> Result<Vec<BString>, FactError> {
        let Some(tree) = self.tip(notes)? else { return Ok(Vec::new()) };
        let about = self.wishes.notes.get(tree, || self.project().notes_of(tree).map(Rc::new))?;
        let mut branches = Vec::new();
        for blob in about.get(&commit).into_iter().flatten().take(MAX_WORDS) {
            branches.extend(words(self.project().repository().blob(*blob, MAX_NOTE)?.as_bstr()));
        }
        Ok(branches)
    }

    /// Returns the commits of the repository that a change says it fixes.
    pub(super) fn fixed_by(&self, commit: &Commit) -> Result<Vec<ObjectId>, FactError> {
        let mut fixed = Vec::new();
        for value in fixes(commit) {
            let digits: BString = value.iter().copied().take_while(u8::is_ascii_hexdigit).collect::<Vec<u8>>().into();
            if digits.len() >= MIN_DIGITS {
                let digits = digits.to_ascii_lowercase().into();
                fixed.extend(landed::lookup(self.project().repository(), &digits)?.filter(|id| *id != commit.id));
            }
        }
        Ok(fixed)
    }

    /// Returns whether the other line, at `to`, has one of some commits, by any evidence.
    pub(super) fn has_one(&self, commits: &[ObjectId], tip: ObjectId, to: ObjectId) -> Result<bool, FactError> {
        for id in commits {
            if self.carries(*id, tip, to)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Returns whether a line at `to` has a commit of the line at `tip`, by any evidence, and has not taken it back.
    pub(super) fn carries(&self, commit: ObjectId, tip: ObjectId, to: ObjectId) -> Result<bool, FactError> {
        self.wishes.carried.get((commit, to), || {
            if self.has_itself(commit, tip, to)? {
                return Ok(true);
            }
            // What is on a third branch was never on either line.
            if !self.is_below(commit, tip)? {
                return Ok(false);
            }
            let known = self.wishes.repaired.get((tip, to), || self.repaired_there(tip, to).map(Rc::new))?;
            if let Some(is_there) = known.get(&commit) {
                return Ok(*is_there);
            }
            let (there, unread) = self.landed_there(vec![commit], tip, to)?;
            if there.is_empty() {
                self.all_read(&unread)?;
            }
            Ok(!there.is_empty())
        })
    }

    /// Returns the commits of the line at `tip` that the one at `to` does not have itself.
    pub(super) fn beyond(&self, tip: ObjectId, to: ObjectId) -> Result<Rc<BTreeSet<ObjectId>>, FactError> {
        let find = || Ok(Rc::new(self.project().commits(&[tip], &[to])?.into_iter().collect()));
        self.wishes.beyond.get((tip, to), find)
    }

    /// Returns whether the line at `to` has a commit itself, which is mostly one of the line at `tip`.
    fn has_itself(&self, commit: ObjectId, tip: ObjectId, to: ObjectId) -> Result<bool, FactError> {
        match self.wishes.beyond.known(&(tip, to)) {
            Some(beyond) if beyond.contains(&commit) => Ok(false),
            // Whatever is below the one is below the other, or beyond it.
            Some(_) if self.is_below(commit, tip)? => Ok(true),
            Some(_) | None => self.project().is_ancestor(commit, to),
        }
    }

    fn is_below(&self, commit: ObjectId, tip: ObjectId) -> Result<bool, FactError> {
        self.wishes.below.get((commit, tip), || self.project().is_ancestor(commit, tip))
    }

    /// Returns which of the commits that later ones of a line say they fix are on another line, which has none of them
    /// itself: all at once, because each question reads both lines. What is not known for certain is left out.
    fn repaired_there(&self, tip: ObjectId, to: ObjectId) -> Result<BTreeMap<ObjectId, bool>, FactError> {
        let all = self.beyond(tip, to)?;
        let mut fixed = BTreeSet::new();
        for id in all.iter() {
            fixed.extend(self.fixed_by(&self.project().commit(*id)?)?.into_iter().filter(|id| all.contains(id)));
        }
        if fixed.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (there, unread) = self.landed_there(fixed.iter().copied().collect(), tip, to)?;
        let is_certain = |id: &ObjectId| unread.is_empty() || there.contains(id);
        Ok(fixed.into_iter().filter(is_certain).map(|id| (id, there.contains(&id))).collect())
    }

    /// Returns which of some commits at `tip` have landed at `to`, and what could not be read.
    fn landed_there(
        &self,
        commits: Vec<ObjectId>,
        tip: ObjectId,
        to: ObjectId,
    ) -> Result<(BTreeSet<ObjectId>, Vec<ObjectId>), FactError> {
        let options = Options { only: Some(commits), owes_chores: true, ..self.comparing() };
        let compared = landed::compare(self.project().repository(), tip, &[to], &options)?;
        let landed = compared.verdicts().iter().filter(|verdict| verdict.status == Status::Landed);
        Ok((landed.map(|verdict| verdict.commit).collect(), compared.unread().to_vec()))
    }
}

/// Returns the values of the `Fixes:` trailers.
pub(super) fn fixes(commit: &Commit) -> Vec<BString> {
    // Most messages do not have the word at all.
    if commit.message.find(b"ixes:").is_none() && commit.message.find(b"IXES:").is_none() {
        return Vec::new();
    }
    let own = commit.trailers().into_iter().filter(|trailer| trailer.token.eq_ignore_ascii_case(b"Fixes"));
    own.take(MAX_FIXES).map(|trailer| trailer.value).collect()
}

impl Project {
    /// Returns whether the policy reads in the notes of a ref on which branches changes are wanted.
    pub fn has_wishes_in(&self, name: &RefName) -> bool {
        let is_own = |sign: &Wanted| matches!(sign, Wanted::Notes(notes) if notes == name);
        self.flows().iter().flat_map(|flow| &flow.wanted_by).any(is_own)
    }

    /// Returns the notes in a tree of notes, by the object that each is about.
    fn notes_of(&self, notes: ObjectId) -> Result<BTreeMap<ObjectId, Vec<ObjectId>>, FactError> {
        let mut about: BTreeMap<ObjectId, Vec<ObjectId>> = BTreeMap::new();
        for change in self.repository().diff_trees(None, Some(notes))? {
            if let (Some(object), Some(Entry { mode: Mode::File | Mode::Executable, id })) =
                (self.annotated(change.path.as_ref()), change.new)
            {
                about.entry(object).or_default().push(id);
            }
        }
        Ok(about)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_named_behind_an_address() {
        let named = |value: &str| {
            behind(value.into(), "stable@vger.kernel.org")
                .map(|words| words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>())
        };
        assert_eq!(named("stable@vger.kernel.org"), Some(vec![]));
        assert_eq!(named("<Stable@vger.kernel.org> # 6.1+"), Some(vec!["6.1+".to_owned()]));
        assert_eq!(named("stable@vger.kernel.org # v5.10+ please"), Some(vec!["v5.10+".to_owned()]));
        assert_eq!(named("stable@vger.kernel.org # 3.3.x: a1f84a3: 12.0"), Some(vec!["3.3.x".to_owned()]));
        assert_eq!(named("<stable@vger.kernel.org> # needs 1f84a3"), Some(vec![]));
        assert_eq!(named("someone@example.org # 6.1+"), None);
        assert_eq!(named("stable@vger.kernel.organic # 6.1+"), None);
    }

    #[test]
    fn a_file_names_commits_and_pull_requests() {
        let file = WishFile::read(
            b"# what is wanted\n\ncb2e0c4bd9 1.15, 1.14\n#12 all\n#13: 1.15\nCB2E0C4: 1.13\nnonsense\n#x 1.15\ncb2e0c4bd9\n",
        );
        assert_eq!(file.commits.len(), 2);
        assert_eq!(file.pull_requests.len(), 2);
        assert_eq!(file.pull_requests[&13], ["1.15"]);
        assert_eq!(file.unread, [7, 8, 9]);
    }

    #[test]
    fn what_is_shown_is_short_and_escaped() {
        let text = shown(format!("\u{1b}[2J{}", "x".repeat(500)).as_str().into());
        assert!(text.len() < 120 && !text.contains('\u{1b}'), "{text}");
    }
}
