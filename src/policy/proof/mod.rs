//! Holding a policy against itself: what stands in it and can never take effect.
//!
//! A policy with such an error can be read, and whoever wrote it believes in a protection that does not exist. It is proved
//! before somebody relies on it: by `refgate policy check`, when hooks are installed, by the doctor, and when a push changes
//! it. Hooks do not take the time for any other push.

mod examples;
mod language;

use bstr::{BStr, ByteSlice as _};

use super::actors::ActorSet;
use super::error::{PolicyError, PolicyErrors, Problem};
use super::origin::Origin;
use super::pattern::Pattern;
use super::schema::Policy;
use super::table::line::Line;
use super::table::permissions::Permissions;
use super::table::rules::RuleSetting;
use super::table::series::Series;
use super::table::tag::TagClass;
use crate::model::{RefName, listed};
use language::{Names, TooLarge, find};

/// What is said of a policy that can be read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proof {
    /// What can never take effect.
    pub errors: Vec<PolicyError>,
    /// What has less effect than its author may think.
    pub warnings: Vec<PolicyError>,
}

impl Proof {
    /// Returns the warnings of a policy in which everything can take effect.
    ///
    /// # Errors
    /// What cannot.
    pub(crate) fn into_warnings(self) -> Result<Vec<PolicyError>, PolicyErrors> {
        if self.errors.is_empty() { Ok(self.warnings) } else { Err(PolicyErrors::of(self.errors)) }
    }
}

impl Policy {
    /// Holds the policy against itself.
    pub(crate) fn prove(&self) -> Proof {
        self.prove_while(&|| true)
    }

    /// Holds the policy against itself as long as there is time; what is not looked at then has nothing said of it.
    pub(crate) fn prove_while(&self, in_time: &dyn Fn() -> bool) -> Proof {
        let mut prover = Prover { policy: self, proof: Proof::default() };
        for at in (0..self.lines.len()).take_while(|_| in_time()) {
            prover.line(at);
        }
        for at in (0..self.tags.len()).take_while(|_| in_time()) {
            prover.class(at);
        }
        for at in (0..self.series.len()).take_while(|_| in_time()) {
            prover.series(at);
        }
        for (id, setting) in self.rules.iter().take_while(|_| in_time()) {
            prover.rule(id, setting);
        }
        prover.proof
    }

    /// Returns what is said at a place in one of the policy's files.
    pub(crate) fn said_at(&self, origin: &Origin, problem: Problem) -> Option<PolicyError> {
        let source = self.texts.get(origin.layer)?.clone();
        Some(PolicyError { source, problem: Problem { span: origin.span.clone(), ..problem } })
    }
}

struct Prover<'p> {
    policy: &'p Policy,
    proof: Proof,
}

/// What takes the names of a pattern.
enum Taken {
    /// The lines of these places, together.
    By(Vec<usize>),
    /// Something is left, or it is not known.
    Not,
}

impl Prover<'_> {
    fn error(&mut self, at: &Origin, message: String, help: String) {
        self.proof.errors.extend(self.policy.said_at(at, Problem::new(0..0, message).help(help)));
    }

    fn warning(&mut self, at: &Origin, message: String, help: String) {
        self.proof.warnings.extend(self.policy.said_at(at, Problem::new(0..0, message).help(help)));
    }

    fn line(&mut self, at: usize) {
        let policy = self.policy;
        let Some(line) = policy.lines.get(at) else { return };
        let name = &line.name;
        let dead: Vec<&Pattern> = line.branches.iter().filter(|pattern| never_matches(pattern, Kind::Short)).collect();
        for pattern in &dead {
            self.never(&line.branches_at, pattern, "no branch can have such a name");
        }
        let taken: Vec<(&Pattern, Vec<usize>)> = line
            .branches
            .iter()
            .filter(|pattern| !dead.iter().any(|dead| dead.text() == pattern.text()))
            .filter_map(|pattern| match self.taken(at, line, pattern) {
                Taken::By(lines) => Some((pattern, lines)),
                Taken::Not => None,
            })
            .collect();
        if taken.is_empty() {
            self.permissions(&line.may, &line.origin, &format!("the line `{name}`"));
            return;
        }
        let mut takers: Vec<usize> = taken.iter().flat_map(|(_, lines)| lines.iter().copied()).collect();
        takers.sort_unstable();
        takers.dedup();
        let takers: Vec<&Line> = takers.iter().filter_map(|at| policy.lines.get(*at)).collect();
        let names: Vec<&str> = takers.iter().map(|line| line.name.as_str()).collect();
        let (names, them) = (listed(&names, "and"), if takers.len() == 1 { "that line" } else { "those lines" });
        let is_whole = taken.len() + dead.len() == line.branches.len();
        // A lower layer's lines stand before those above on purpose.
        let is_own = takers.iter().all(|taker| taker.origin.layer == line.origin.layer);
        let help = format!("move `{name}` above {them}, or take its branches out of {them} with a pattern after `!`");
        if is_whole && is_own {
            let message = format!(
                "the line `{name}` never gets a branch: all that it matches belongs to {names}, which is above it and counts first"
            );
            self.error(&line.branches_at, message, help);
        } else {
            for (pattern, _) in taken {
                let message = format!(
                    "`{}` gives the line `{name}` no branch: all that it matches belongs to {names}",
                    pattern.text()
                );
                self.warning(&line.branches_at, message, help.clone());
            }
        }
        self.permissions(&line.may, &line.origin, &format!("the line `{name}`"));
    }

    /// Looks for a name that a pattern of a line matches and that no line above takes.
    fn taken(&self, at: usize, line: &Line, pattern: &Pattern) -> Taken {
        let belongs = |name: &BStr| self.policy.line_of(&RefName::branch(name)).map(|place| &place.line.name);
        let excluded = |name: &BStr| line.excluded.iter().any(|pattern| pattern.matches(name).is_some());
        // Most patterns are settled by one example.
        let example = pattern.example().filter(|name| !excluded(name.as_bstr()));
        if example.is_some_and(|name| belongs(name.as_bstr()) == Some(&line.name)) {
            return Taken::Not;
        }
        self.prove_taken(at, line, pattern).unwrap_or(Taken::Not)
    }

    /// Adds lines above, one after the other, until they take everything together, or something is left over.
    fn prove_taken(&self, at: usize, line: &Line, pattern: &Pattern) -> Result<Taken, TooLarge> {
        let (short, own, out) = (Names::short()?, Names::of([pattern])?, Names::of(&line.excluded)?);
        let above = self.policy.lines.get(..at).unwrap_or_default();
        let mut takers: Vec<usize> = Vec::new();
        let mut sets: Vec<(Names, Names)> = Vec::new();
        loop {
            let mut all: Vec<&Names> = vec![&short, &own, &out];
            all.extend(sets.iter().flat_map(|(has, lacks)| [has, lacks]));
            let wanted = |member: &[bool]| {
                let (own, above) = member.split_at(3);
                own == [true, true, false] && !above.chunks(2).any(|pair| pair == [true, false])
            };
            let Some(name) = find(&all, wanted)? else {
                return Ok(if takers.is_empty() { Taken::Not } else { Taken::By(takers) });
            };
            let taker = above.iter().position(|line| line.matches(name.as_bstr()).is_some());
            let Some(taker) = taker.filter(|taker| !takers.contains(taker)) else { return Ok(Taken::Not) };
            let Some(found) = above.get(taker) else { return Ok(Taken::Not) };
            sets.push((Names::of(&found.branches)?, Names::of(&found.excluded)?));
            takers.push(taker);
        }
    }

    fn class(&mut self, at: usize) {
        let policy = self.policy;
        let Some(class) = policy.tags.get(at) else { return };
        let name = &class.name;
        let all: Vec<&Pattern> = class.patterns.iter().chain(&class.aliases).collect();
        for pattern in &all {
            if never_matches(pattern, Kind::Short) {
                self.never(&class.tags_at, pattern, "no tag can have such a name");
            }
        }
        let above = policy.tags.get(..at).unwrap_or_default();
        let takers: Vec<&TagClass> = above.iter().filter(|other| takes_some(other, &all)).collect();
        // What a class above reads by the same scheme, it takes.
        let rest: Vec<&Pattern> =
            all.into_iter().filter(|pattern| !takers.iter().any(|other| reads_all(other, class, pattern))).collect();
        let is_taken = rest.is_empty() || (!takers.is_empty() && is_covered(&rest, &takers).unwrap_or(false));
        if is_taken {
            let names: Vec<&str> = takers.iter().map(|class| class.name.as_str()).collect();
            let is_own = takers.iter().all(|taker| taker.origin.layer == class.origin.layer);
            let message = format!(
                "the tag class `{name}` never gets a tag: all that it matches belongs to {}, which is above it and counts first",
                listed(&names, "and")
            );
            let help = format!("move `{name}` above, or give the other a pattern that matches less");
            if is_own {
                self.error(&class.tags_at, message, help);
            } else {
                self.warning(&class.tags_at, message, help);
            }
        }
        self.permissions(&class.may, &class.origin, &format!("the tag class `{name}`"));
    }

    fn series(&mut self, at: usize) {
        let policy = self.policy;
        let Some(series) = policy.series.get(at) else { return };
        let holds = |other: &&Series| {
            (other.class.is_none() || other.class == series.class) && series.versions.is_within(&other.versions)
        };
        let Some(above) = policy.series.get(..at).unwrap_or_default().iter().find(holds) else { return };
        let message = format!(
            "the series `{}` never gets a version: `{}` is above it, has them all and counts first",
            series.versions, above.versions
        );
        let help = "put the narrower series above the wider one".to_owned();
        if above.origin.layer == series.origin.layer {
            self.error(&series.origin, message, help);
        } else {
            self.warning(&series.origin, message, help);
        }
    }

    /// Looks for a ref that a rule judges.
    fn rule(&mut self, id: &str, setting: &RuleSetting) {
        let Some(origin) = &setting.origin else { return };
        let (only, except) = (&setting.only, &setting.except);
        let dead: Vec<&Pattern> = only.iter().filter(|pattern| never_matches(pattern, Kind::Full)).collect();
        for pattern in &dead {
            self.never(origin, pattern, "no ref has such a name; they are named in full here");
        }
        let is_left = |sets: [&Names; 3]| find(&sets, |member| member == [true, true, false]);
        let rest = || -> Result<bool, TooLarge> {
            Ok(is_left([&Names::full()?, &Names::of(only)?, &Names::of(except)?])?.is_some())
        };
        if dead.is_empty() && !only.is_empty() && !except.is_empty() && !rest().unwrap_or(true) {
            let message = format!("`{id}` judges no ref: `except` takes away all that `only` names");
            self.error(
                origin,
                message,
                "leave one of them out, or switch the rule off with `level = \"off\"`".to_owned(),
            );
        }
    }

    fn never(&mut self, at: &Origin, pattern: &Pattern, why: &str) {
        let message = format!("`{}` can never match: {why}", pattern.text());
        self.error(at, message, "`git check-ref-format` says which names there are".to_owned());
    }

    /// Warns where somebody is named and it is nobody.
    fn permissions(&mut self, may: &Permissions, at: &Origin, whose: &str) {
        let deeds = [("create", &may.create), ("push", &may.push), ("rewrite", &may.rewrite), ("delete", &may.delete)];
        let is_empty = |set: &&ActorSet| set.is_nobody() && !set.written.is_empty();
        for (deed, set) in deeds.into_iter().filter_map(|(deed, set)| Some((deed, set.as_ref().filter(is_empty)?))) {
            let message = format!(
                "nobody may {deed} in {whose}: {} {} nobody in it",
                listed(&set.written.iter().map(String::as_str).collect::<Vec<_>>(), "and"),
                if set.written.len() == 1 { "has" } else { "have" }
            );
            self.warning(at, message, "add members under `[group]`; `[]` says that it is meant so".to_owned());
        }
    }
}

/// Which names a pattern is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Those of branches or tags, without their folder.
    Short,
    /// Those of refs, in full.
    Full,
}

/// Returns whether no name can match, as far as that can be proved.
fn never_matches(pattern: &Pattern, kind: Kind) -> bool {
    let prove = || -> Result<bool, TooLarge> {
        let names = if kind == Kind::Full { Names::full()? } else { Names::short()? };
        // An example settles most.
        if let Some(name) = pattern.example()
            && names.contains(&name)
        {
            return Ok(false);
        }
        Ok(find(&[&names, &Names::of([pattern])?], |member| member == [true, true])?.is_none())
    };
    prove().unwrap_or(false)
}

/// Returns the patterns by which a class takes every name that they match: without a version that its scheme could refuse.
fn unconditional(class: &TagClass) -> impl Iterator<Item = &Pattern> {
    let all = class.patterns.iter().chain(&class.aliases);
    all.filter(|pattern| class.scheme.is_none() || !pattern.placeholders().contains(&"version"))
}

/// Returns whether the class takes names of one of the patterns, as far as that is seen without looking for an example.
fn takes_some(class: &TagClass, patterns: &[&Pattern]) -> bool {
    unconditional(class).next().is_some()
        || class.patterns.iter().any(|own| patterns.iter().any(|pattern| pattern.text() == own.text()))
}

/// Returns whether a class above has the pattern too, and reads and takes all that the class below would.
fn reads_all(above: &TagClass, class: &TagClass, pattern: &Pattern) -> bool {
    let has_it = above.patterns.iter().chain(&above.aliases).any(|own| own.text() == pattern.text());
    let same_scheme = above.scheme.as_ref().map(ToString::to_string) == class.scheme.as_ref().map(ToString::to_string);
    has_it && same_scheme && above.valid_as.is_none() && class.accepts.iter().all(|kind| above.accepts.contains(kind))
}

/// Returns whether classes take, without a condition, every name of the patterns.
fn is_covered(patterns: &[&Pattern], classes: &[&TagClass]) -> Result<bool, TooLarge> {
    let taken = Names::of(classes.iter().flat_map(|class| unconditional(class)))?;
    let own = Names::of(patterns.iter().copied())?;
    Ok(find(&[&Names::short()?, &own, &taken], |member| member == [true, true, false])?.is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::testing::{BASE, policy, read};

    fn said(said: &[PolicyError]) -> Vec<String> {
        said.iter().map(ToString::to_string).collect()
    }

    /// Returns the errors and the warnings of [`BASE`] and more.
    fn proved(more: &str) -> (Vec<String>, Vec<String>) {
        let proof = policy(more).prove();
        (said(&proof.errors), said(&proof.warnings))
    }

    fn line(name: &str, branch: &str, role: &str) -> String {
        format!("[[line]]\nname = '{name}'\nbranch = {branch}\nrole = '{role}'\n")
    }

    #[test]
    fn a_policy_in_which_everything_counts_is_proved_silently() {
        assert_eq!(proved(""), (vec![], vec![]));
        for (name, text) in crate::policy::PRESETS {
            let proof = read(&[("p.toml", text)]).unwrap().prove();
            assert_eq!((said(&proof.errors), said(&proof.warnings)), (vec![], vec![]), "{name}");
        }
    }

    #[test]
    fn a_line_below_one_that_takes_all_its_branches_is_an_error() {
        let (errors, warnings) = proved(&(line("any", "'**'", "topic") + &line("late", "['late', 'x/*']", "release")));
        assert_eq!(
            errors,
            [
                "the line `late` never gets a branch: all that it matches belongs to `any`, which is above it and counts first"
            ]
        );
        assert_eq!(warnings, [""; 0]);
        // Only together they take everything.
        let two = line("a", "'x/{major}'", "topic")
            + &line("b", "'regex:x/(?:[^0-9/][^/]*|[0-9]+[^0-9/][^/]*|[0-9]{19,})'", "topic");
        let (errors, _) = proved(&(two + &line("c", "'x/*'", "release")));
        assert!(errors[0].contains("belongs to `a` and `b`"), "{errors:?}");
        // What is taken out again is left.
        assert_eq!(proved(&(line("any", "['**', '!late']", "topic") + &line("late", "'late'", "release"))).0, [""; 0]);
        // One of two patterns: the line has branches nevertheless.
        let (errors, warnings) = proved(&(line("x", "'x/**'", "topic") + &line("late", "['late', 'x/y']", "release")));
        assert_eq!(errors, [""; 0]);
        assert_eq!(warnings, ["`x/y` gives the line `late` no branch: all that it matches belongs to `x`"]);
    }

    #[test]
    fn a_lower_layer_may_take_the_branches_of_a_line_above() {
        let own = format!("schema = 1\nname = 'own'\nextends = ['base.toml']\n{}", line("all", "'**'", "topic"));
        let policy = read(&[("own.toml", &own), ("base.toml", &format!("open = ['line']\n{BASE}"))]).unwrap();
        let proof = policy.prove();
        assert_eq!(said(&proof.errors), [""; 0]);
        assert_eq!(proof.warnings.len(), 2, "{:?}", said(&proof.warnings));
        assert_eq!(proof.warnings[0].source.name, "base.toml");
    }

    #[test]
    fn what_no_ref_can_be_called_is_an_error() {
        let (errors, _) = proved(&line("x", "'a//b'", "topic"));
        assert_eq!(errors, ["`a//b` can never match: no branch can have such a name"]);
        let (errors, _) = proved("[rules.moved-tag]\nonly = 'regex:v[0-9]+'\n");
        assert_eq!(errors, ["`regex:v[0-9]+` can never match: no ref has such a name; they are named in full here"]);
        let both = "[rules.moved-tag]\nonly = 'refs/tags/v*'\nexcept = 'refs/tags/**'\n";
        assert_eq!(proved(both).0, ["`moved-tag` judges no ref: `except` takes away all that `only` names"]);
    }

    #[test]
    fn a_class_below_one_that_takes_all_its_tags_is_an_error() {
        let class = |name: &str, tag: &str, more: &str| format!("[[tag]]\nname = '{name}'\ntag = '{tag}'\n{more}\n");
        let late = class("late", "v{version}", "scheme = 'semver'");
        assert_eq!(proved(&late).0.len(), 1);
        // A class above that takes fewer kinds of version, or reads them otherwise, leaves some.
        let dev = class("late", "v{version}", "scheme = 'semver'\naccepts = ['dev']");
        let other = class("late", "v{version}", "scheme = 'pep440'");
        assert_eq!((proved(&dev).0, proved(&other).0), (vec![], vec![]));
        let marker = class("any", "x-*", "kind = 'marker'");
        assert_eq!(proved(&(marker.clone() + &class("late", "x-{name}", "kind = 'marker'"))).0.len(), 1);
        assert_eq!(proved(&(marker + &class("late", "x-**", "kind = 'marker'"))).0, [""; 0]);
    }

    #[test]
    fn a_series_below_a_wider_one_is_an_error() {
        let series = |versions: &str, more: &str| format!("[[series]]\nversions = '{versions}'\n{more}");
        assert_eq!(
            proved(&(series("1.*", "") + &series("1.2.*", ""))).0,
            ["the series `1.2.*` never gets a version: `1.*` is above it, has them all and counts first"]
        );
        assert_eq!(proved(&(series("1.2.*", "") + &series("1.*", ""))).0, [""; 0]);
        assert_eq!(proved(&(series("1.*", "tag = 'version'\n") + &series("1.2.*", ""))).0, [""; 0]);
    }

    #[test]
    fn a_group_without_members_is_a_warning_where_it_may_do_something() {
        let text = BASE.replace("managers = [\"alice\"]", "managers = []");
        let text =
            text.replace("role = \"mainline\"", "role = \"mainline\"\nmay = { push = '@managers', delete = [] }");
        let proof = read(&[("p.toml", &text)]).unwrap().prove();
        assert_eq!(said(&proof.warnings), ["nobody may push in the line `main`: `@managers` has nobody in it"]);
    }
}
