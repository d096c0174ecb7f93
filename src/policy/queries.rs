//! What is asked of a policy.

use bstr::BString;
use serde::de::DeserializeOwned;
use std::rc::Rc;

use super::actors::ActorSet;
use super::cx::not_left_open;
use super::decode::{parse, take};
use super::error::{PolicyError, PolicyErrors, SourceText};
use super::origin::Origin;
use super::pattern::Bindings;
use super::schema::{OPENED, Policy};
use super::source::Source;
use super::table::form::Table as _;
use super::table::kind::{Described, KindOfChange, conventional};
use super::table::line::Line;
use super::table::rules::{self, RuleSetting, Rules};
use super::table::series::{Place, Series};
use super::table::tag::{TagMatch, stability};
use crate::model::{Level, Namespace, ObjectId, RefName, Untrusted};

/// The rule that keeps waivers in notes to those from whom the policy takes them.
const GUARDS_WAIVERS: &str = "improper-waiver";

/// A branch's place in the policy.
#[derive(Clone, Debug)]
pub struct LineMatch<'p> {
    /// The line.
    pub line: &'p Line,
    /// What its pattern bound.
    pub bindings: Bindings,
}

impl Policy {
    /// Returns the line a branch belongs to: the first whose pattern matches.
    pub fn line_of(&self, name: &RefName) -> Option<LineMatch<'_>> {
        let (at, bindings) = self.find_line(name)?;
        self.line_at(at, bindings)
    }

    /// Returns the place of that line among all, and what its pattern bound: for whoever remembers it.
    pub(crate) fn find_line(&self, name: &RefName) -> Option<(usize, Bindings)> {
        if name.namespace() != Namespace::Branch {
            return None;
        }
        self.lines.iter().enumerate().find_map(|(at, line)| Some((at, line.matches(name.short())?)))
    }

    /// Returns what [`Self::find_line`] has found.
    pub(crate) fn line_at(&self, at: usize, bindings: Bindings) -> Option<LineMatch<'_>> {
        Some(LineMatch { line: self.lines.get(at)?, bindings })
    }

    /// Returns the class a tag belongs to: the first whose pattern matches and whose scheme reads the version.
    pub fn tag_of(&self, name: &RefName) -> Option<TagMatch<'_>> {
        self.find_tag(name).map(|(_, found)| found)
    }

    /// Returns the place of that class among all, too: for whoever remembers it.
    pub(crate) fn find_tag(&self, name: &RefName) -> Option<(usize, TagMatch<'_>)> {
        if name.namespace() != Namespace::Tag {
            return None;
        }
        self.tags.iter().enumerate().find_map(|(at, class)| Some((at, class.matches(name.short())?)))
    }

    /// Returns the line whose branches a tag closes, by its `retired-by`.
    pub fn closes(&self, name: &RefName) -> Option<&Line> {
        let is_closing =
            |line: &&Line| line.retired_by.tag.as_ref().is_some_and(|pattern| pattern.matches(name.short()).is_some());
        self.lines.iter().filter(|_| name.namespace() == Namespace::Tag).find(is_closing)
    }

    /// Returns what everybody who may push can do to the foundations of the policy, one sentence each: the policy is
    /// valid, but its author should know that.
    pub fn left_to_everybody(&self) -> Vec<String> {
        let mut said = Vec::new();
        for layer in &self.texts {
            let Ok(Source::Ref { revision, .. }) = Source::parse(&layer.name) else { continue };
            // Nobody can change what an id names.
            if ObjectId::from_hex(revision.as_bytes()).is_ok() {
                continue;
            }
            let name = RefName::new(revision.as_str());
            let is_full = revision.starts_with("refs/") || revision == "HEAD";
            let name = if is_full { name } else { RefName::branch(&revision) };
            let is_open = |set: &Option<ActorSet>| set.as_ref().is_none_or(ActorSet::is_everyone);
            match self.line_of(&name) {
                Some(place) if !is_open(&place.line.may.push) => {}
                Some(place) => said.push(format!(
                    "whoever may push to `{name}` changes this policy: `may = {{ push = … }}` on the line `{}` says who",
                    place.line.name
                )),
                None => said.push(format!("whoever may push to `{name}` changes this policy, and no line is for it")),
            }
        }
        let guard = self.rules.get(GUARDS_WAIVERS).and_then(|setting| setting.level);
        if self.waiver_notes.is_some() && guard.is_some_and(|level| level != Level::Refuse) {
            said.push(format!("whoever may push notes grants waivers: `{GUARDS_WAIVERS}` refuses nothing"));
        }
        for line in &self.lines {
            let Some(pattern) = &line.retired_by.tag else { continue };
            let text = pattern.text();
            if !self.tags.iter().any(|class| class.patterns.iter().any(|known| known.text() == text)) {
                said.push(format!(
                    "tags `{text}` close branches of the line `{}`: no `[[tag]]` says who may make them",
                    line.name
                ));
            }
        }
        said
    }

    /// Returns the kinds of change that a commit is, among those that are asked about. `paths` gives what it touches against
    /// its first parent, `file` a file of its tree; each is only asked where a kind is recognised by it.
    ///
    /// # Errors
    /// Those of `paths` and `file`.
    pub fn kinds_of<E>(
        &self,
        commit: &Described<'_>,
        is_asked: impl Fn(&str) -> bool,
        paths: impl FnOnce() -> Result<Rc<[BString]>, E>,
        file: impl Fn(&str) -> Result<Vec<u8>, E>,
    ) -> Result<Vec<&str>, E> {
        let mut kinds: Vec<&str> = conventional(commit);
        kinds.retain(|kind| is_asked(kind));
        // An expression that is compiled for one commit takes longer than all else that is asked of it.
        let declared: Vec<&KindOfChange> = self.kinds.iter().filter(|kind| is_asked(&kind.name)).collect();
        let touched = if declared.iter().any(|kind| kind.needs_paths()) { paths()? } else { Rc::default() };
        for declared in declared {
            let labels = match &declared.issue {
                Some(issue) if issue.is_named(commit.message) => file(&issue.file)?,
                _ => Vec::new(),
            };
            if declared.holds(commit, &touched, &labels) && !kinds.contains(&declared.name.as_str()) {
                kinds.push(&declared.name);
            }
        }
        Ok(kinds)
    }

    /// Returns the line of this name.
    pub fn line(&self, name: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.name == name)
    }

    /// Decodes a rule's own options from the layer that gives them; the default where none does.
    ///
    /// # Errors
    /// Everything that is wrong with them, each at its place.
    pub fn options<T: DeserializeOwned + Default>(&self, rule: &str) -> Result<T, PolicyErrors> {
        let given = self.rules.get(rule).and_then(RuleSetting::options).and_then(|layer| self.texts.get(layer));
        given.map_or_else(|| Ok(T::default()), |source| options(source, rule))
    }

    /// Returns the layer that gives a rule's own options, or else the policy itself.
    pub fn options_source(&self, rule: &str) -> Option<&SourceText> {
        let layer = self.rules.get(rule).and_then(RuleSetting::options);
        layer.map_or_else(|| self.texts.last(), |layer| self.texts.get(layer))
    }

    /// Returns the entry of the series table that holds a tag's version.
    pub fn series_of(&self, tag: &TagMatch<'_>) -> Option<&Series> {
        let version = tag.version.as_ref()?;
        let fits = |series: &&Series| series.class.as_ref().is_none_or(|class| *class == tag.class.name);
        self.series.iter().filter(fits).find(|series| series.versions.contains(version))
    }

    /// Returns the entry of the series table that names this very branch, where none that names it holds the tag's
    /// version: a branch has its versions as a version has its branch.
    pub fn claim_of_others(&self, tag: &TagMatch<'_>, branch: &RefName) -> Option<&Series> {
        let version = tag.version.as_ref()?;
        let claims = |series: &&Series| {
            series.class.as_ref().is_none_or(|class| *class == tag.class.name)
                && series
                    .places
                    .iter()
                    .any(|place| matches!(place, Place::Branch(pattern) if pattern.matches(branch.short()).is_some()))
        };
        let claiming = || self.series.iter().filter(claims);
        if claiming().any(|series| series.versions.contains(version)) { None } else { claiming().next() }
    }

    /// Says why a tag that a pattern matches belongs to no class nevertheless.
    pub fn why_unlisted(&self, name: &RefName) -> Option<String> {
        self.tags.iter().find_map(|class| {
            let scheme = class.scheme.as_ref()?;
            let bindings = class.patterns.iter().find_map(|pattern| pattern.matches(name.short()))?;
            let text = std::str::from_utf8(bindings.get("version")?).ok()?;
            Some(match scheme.read_ref(text) {
                Err(error) => error.to_string(),
                Ok(version) if let Some(why) = class.why_invalid(&version, text) => why,
                Ok(version) => {
                    let (is, taken) =
                        (stability(&version), class.accepts.iter().map(|kind| kind.name()).collect::<Vec<_>>());
                    let text = Untrusted::new(text);
                    format!(
                        "`{text}` is a {}, and the class `{}` takes a {}",
                        is.name(),
                        class.name,
                        taken.join(" or a ")
                    )
                }
            })
        })
    }

    /// Returns what is wrong with the first mention of a rule in a layer that is not the uppermost: for the layers
    /// above, the rule has its level by `default`, and they may not leave that open.
    pub fn weakens_default(&self, id: &str, default: Level) -> Option<PolicyError> {
        let setting = self.rules.get(id)?;
        let (upper, deed) = setting.weakens(default)?;
        self.closed(upper, setting.origin.as_ref()?, id, &format!("{deed} of `{id}`"))
    }

    /// Returns what is wrong with waivers of a rule that the layers above do not mention: for those it has its level by
    /// `default`, and they do not leave that open.
    pub fn waives_default(&self, id: &str, default: Level) -> Vec<PolicyError> {
        let own = self.waivers.iter().filter(|waiver| waiver.rule == id && default != Level::Off);
        own.filter_map(|waiver| self.closed(waiver.closed_by()?, &waiver.origin, id, &format!("a waiver of `{id}`")))
            .collect()
    }

    /// Returns the error of weakening what the layer `upper` does not leave open.
    fn closed(&self, upper: usize, at: &Origin, id: &str, deed: &str) -> Option<PolicyError> {
        let source = self.texts.get(at.layer)?.clone();
        Some(PolicyError { source, problem: not_left_open(self.texts.get(upper)?, at.span.clone(), id, deed) })
    }

    /// Returns the file and the line, from 1, in which the policy says something.
    pub fn place_of(&self, origin: &Origin) -> Option<(String, u32)> {
        let source = self.texts.get(origin.layer)?;
        let before = source.text.get(..origin.span.start)?;
        let line = u32::try_from(before.matches('\n').count()).ok()?.checked_add(1)?;
        Some((source.name.clone(), line))
    }

    /// Returns the words besides rule ids that `open` takes: the keys of tables, and `*` for everything.
    pub fn open_words() -> impl Iterator<Item = &'static str> + Clone {
        OPENED.iter().copied().flatten().chain(["*"])
    }
}

/// Decodes a rule's own options out of a layer's text.
///
/// The text is read again rather than kept decoded: a spanned value borrows from it, and few rules have options.
fn options<T: DeserializeOwned + Default>(source: &SourceText, rule: &str) -> Result<T, PolicyErrors> {
    let mut problems = Vec::new();
    let (root, _) = parse(&source.text);
    let rules = take(&mut root.into_inner(), Rules::KEY);
    let decoded = rules.and_then(|rules| rules::options(rules, rule, &mut problems));
    if problems.is_empty() {
        return Ok(decoded.unwrap_or_default());
    }
    Err(PolicyErrors(problems.into_iter().map(|problem| PolicyError { source: source.clone(), problem }).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{BASE, policy, read};

    #[test]
    fn every_table_knows_the_line_that_it_stands_on() {
        let more = "[[flow]]\nfrom = 'release'\nto = 'main'\nby = ['pick']\ndue = 'before'\n\
                    [[version-field]]\npath = 'setup.py'\n[[changelog]]\npath = 'a'\nformat = 'debian'\n\
                    [[series]]\nversions = '1.*'\n[[waiver]]\nrule = 'b'\nreason = 'x'\nref = 'refs/heads/a'\n[rules.a]\nlevel = 'warn'\n";
        let text = format!("{BASE}{more}");
        let policy = policy(more);
        let at = |origin: &Origin| {
            let (file, line) = policy.place_of(origin).unwrap();
            assert_eq!(file, "policy.toml");
            text.lines().nth(line as usize - 1).unwrap()
        };
        assert_eq!(at(&policy.lines[1].origin), "[[line]]");
        assert_eq!(at(&policy.tags[0].origin), "[[tag]]");
        assert_eq!(at(&policy.flows[0].origin), "[[flow]]");
        assert_eq!(at(&policy.version_fields[0].origin), "[[version-field]]");
        assert_eq!(at(&policy.changelogs[0].origin), "[[changelog]]");
        assert_eq!(at(&policy.series[0].origin), "[[series]]");
        assert_eq!(at(&policy.waivers[0].origin), "[[waiver]]");
        assert_eq!(at(policy.rules["a"].origin.as_ref().unwrap()), "[rules.a]");
        let line = |at: usize| policy.place_of(&policy.lines[at].origin).unwrap().1;
        assert_eq!((line(0), line(1)), (5, 9));
    }

    #[test]
    fn what_a_layer_says_stands_in_its_file() {
        let own = "schema = 1\nname = 'own'\nextends = ['base.toml']\n[rules.a]\nlevel = 'warn'\n";
        let policy = read(&[("own.toml", own), ("base.toml", BASE)]).unwrap();
        assert_eq!(policy.place_of(&policy.lines[0].origin), Some(("base.toml".to_owned(), 5)));
        let rule = policy.rules["a"].origin.as_ref().unwrap();
        assert_eq!(policy.place_of(rule), Some(("own.toml".to_owned(), 4)));
        assert_eq!(policy.place_of(&Origin { layer: 7, span: 0..1 }), None);
        assert_eq!(policy.place_of(&Origin { layer: 0, span: 1 << 20..1 << 21 }), None);
    }

    #[test]
    fn what_is_left_to_everybody_is_said() {
        let said = |more: &str| {
            let text = format!("{BASE}{more}")
                .replace("role = \"release\"", "role = \"release\"\nretired-by = { tag = 'end-{major}' }");
            read(&[("ref:main:p.toml", &text)]).unwrap().left_to_everybody()
        };
        let open = said("");
        assert_eq!(open.len(), 2, "{open:?}");
        assert!(open[0].starts_with("whoever may push to `refs/heads/main` changes this policy"), "{open:?}");
        assert!(open[1].starts_with("tags `end-{major}` close branches of the line `release`"), "{open:?}");
        assert_eq!(said("[[tag]]\nname = 'end'\ntag = 'end-{major}'\nkind = 'marker'\n").len(), 1);
        assert_eq!(policy("").left_to_everybody(), [""; 0]);
        let notes = "[waiver-notes]\naccepted-from = ['ann']\n";
        assert_eq!(policy(notes).left_to_everybody(), [""; 0]);
        let lax = policy(&format!("{notes}[rules.improper-waiver]\nlevel = 'warn'\n")).left_to_everybody();
        assert_eq!(lax, ["whoever may push notes grants waivers: `improper-waiver` refuses nothing"]);
    }

    #[test]
    fn what_open_takes_besides_rules_are_the_tables_that_layers_change() {
        let words: Vec<&str> = Policy::open_words().collect();
        assert_eq!(
            words,
            ["highest-level", "group", "line", "tag", "series", "waiver-notes", "version-field", "changelog", "*"]
        );
    }
}
