//! `refgate policy show`: what a policy comes to, and what it says of one ref.

use bstr::BStr;
use std::collections::BTreeMap;

use super::load::{Which, load};
use crate::cli::context::Context;
use crate::model::{Actor, Exit, Failure, Level, Namespace, RefName, Untrusted};
use crate::policy::{ActorSet, Bindings, Line, Origin, Pattern, Place, Policy, TagMatch, WrittenTables, inline};
use crate::rules::{Armed, REGISTRY};

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    which: Which,
    /// Show what applies to this ref, in full or the name of a branch.
    #[arg(long = "ref", value_name = "REF")]
    name: Option<String>,
    /// Show what this account may do there.
    #[arg(long, value_name = "NAME", requires = "name")]
    actor: Option<String>,
}

pub(super) fn run(context: &Context, arguments: &Args) -> Result<Exit, Failure> {
    let Some(loaded) = load(context, &arguments.which)? else { return Ok(Exit::Policy) };
    let (policy, rules) = (loaded.policy(), loaded.rules());
    let Some(name) = &arguments.name else {
        return context.print(&show(policy, rules)).map(|()| Exit::Accepted);
    };
    let name = if name.starts_with("refs/") { RefName::new(name.as_str()) } else { RefName::branch(name) };
    let actor = arguments.actor.as_ref().map(|name| Actor::Known(name.as_str().into()));
    context.print(&Applied { policy, rules, name: &name }.show(actor.as_ref())).map(|()| Exit::Accepted)
}

/// Text, line by line.
#[derive(Default)]
struct Lines(Vec<String>);

impl Lines {
    fn title(&mut self, text: impl Into<String>) {
        self.0.extend([String::new(), text.into()]);
    }

    fn say(&mut self, text: impl Into<String>) {
        self.0.push(format!("  {}", text.into()));
    }

    fn detail(&mut self, text: impl Into<String>) {
        self.0.push(format!("      {}", text.into()));
    }

    /// Adds the keys of a table, as they are written, but for those that stand in the line above.
    fn keys<'t>(&mut self, keys: impl IntoIterator<Item = (&'t String, &'t toml::Value)>, above: &[&str]) {
        for (key, value) in keys.into_iter().filter(|(key, _)| !above.contains(&key.as_str())) {
            self.detail(format!("{key} = {}", inline(value)));
        }
    }

    /// Returns the text, escaped: others wrote it.
    fn into_text(self) -> String {
        self.0.iter().map(|line| format!("{}\n", Untrusted::new(line))).collect()
    }
}

/// Returns where something is written: `policy.toml:7`.
fn place(policy: &Policy, origin: &Origin) -> String {
    policy.place_of(origin).map_or_else(String::new, |(source, line)| format!("{source}:{line}"))
}

fn texts(patterns: &[Pattern]) -> String {
    patterns.iter().map(Pattern::text).collect::<Vec<_>>().join(", ")
}

fn show(policy: &Policy, armed: &[Armed]) -> String {
    let written = policy.written();
    let mut lines = Lines(vec![format!("policy {}", policy.name)]);
    lines.0.extend(policy.texts.iter().map(|layer| format!("  read from {}", layer.name)));
    if policy.highest_level < Level::Refuse {
        lines.say(format!("no rule weighs more than {}", policy.highest_level));
    }
    if !policy.open.is_empty() {
        lines.title("left open to layers that extend these");
    }
    for left in &policy.open {
        lines.say(left.word.clone());
    }
    if !policy.groups.is_empty() {
        lines.title("groups");
    }
    for (name, members) in &policy.groups {
        lines.say(format!("@{name:<13} {}", members.join(", ")));
    }
    refs(policy, &written, &mut lines);
    files(policy, &written, &mut lines);
    exceptions(policy, &written, &mut lines);
    forms(policy, &mut lines);
    rules(&written, armed, &mut lines);
    lines.into_text()
}

/// Adds lines, tag classes, series and flows.
fn refs(policy: &Policy, written: &WrittenTables, lines: &mut Lines) {
    lines.title("lines, the first that matches counts");
    for line in &policy.lines {
        let (role, branches, publishes) = (line.role.name(), line.written().join(", "), line.publishes.name());
        lines.say(format!("{:<14} {role:<12} {branches}; publishes {publishes}", line.name));
        lines.keys(written.at("line", &line.origin).into_iter().flatten(), &["name", "role", "branch", "publishes"]);
    }
    lines.title("tag classes, the first that matches counts");
    for class in &policy.tags {
        let scheme = class.scheme.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
        let sits = if class.lines.is_empty() { String::new() } else { format!(" on {}", class.lines.join(" or ")) };
        let (tags, publishes) = (texts(&class.patterns), class.publishes.name());
        lines.say(format!("{:<14} {scheme:<12} {tags}{sits}; publishes {publishes}", class.name));
        let above = ["name", "scheme", "tag", "line", "publishes"];
        lines.keys(written.at("tag", &class.origin).into_iter().flatten(), &above);
    }
    if !policy.series.is_empty() {
        lines.title("series, the first that has a version counts");
    }
    for series in &policy.series {
        lines.say(series.versions.to_string());
        lines.keys(written.at("series", &series.origin).into_iter().flatten(), &["versions"]);
    }
    if !policy.flows.is_empty() {
        lines.title("flows");
    }
    for flow in &policy.flows {
        let ways: Vec<&str> = flow.by.iter().map(|way| way.name()).collect();
        lines.say(format!("{} -> {} by {}, due {}", flow.from, flow.to, ways.join(" or "), flow.due));
        lines.keys(written.at("flow", &flow.origin).into_iter().flatten(), &["from", "to", "by", "due"]);
    }
}

/// Adds kinds of change, version fields and changelogs.
fn files(policy: &Policy, written: &WrittenTables, lines: &mut Lines) {
    let tables = [
        ("kind", "kinds of change, next to the built-in ones"),
        ("version-field", "version fields"),
        ("changelog", "changelogs"),
    ];
    for (key, title) in tables {
        let origins: Vec<&Origin> = match key {
            "version-field" => policy.version_fields.iter().map(|field| &field.origin).collect(),
            "changelog" => policy.changelogs.iter().map(|changelog| &changelog.origin).collect(),
            _ => written.of(key).iter().map(|table| &table.origin).collect(),
        };
        if !origins.is_empty() {
            lines.title(title);
        }
        for keys in origins.into_iter().filter_map(|origin| written.at(key, origin)) {
            let first = ["name", "path", "files"].into_iter().find_map(|key| Some((key, keys.get(key)?)));
            let (above, shown) = first.map_or(("", String::new()), |(key, value)| (key, inline(value)));
            lines.say(if above == "name" { shown.trim_matches('"').to_owned() } else { shown });
            lines.keys(keys, &[above]);
        }
    }
}

/// Adds the forms of originals.
fn forms(policy: &Policy, lines: &mut Lines) {
    if !policy.named_by.is_empty() {
        lines.title("messages name originals in the built-in forms and as");
    }
    for form in &policy.named_by {
        lines.say(form.text.clone());
    }
}

fn exceptions(policy: &Policy, written: &WrittenTables, lines: &mut Lines) {
    let accepted = policy.waiver_notes.as_ref().map_or_else(|| "nobody".to_owned(), |set| set.written.join(", "));
    lines.title(format!("waivers in notes are taken from {accepted}"));
    if !policy.waivers.is_empty() {
        lines.title("waivers");
    }
    for waiver in &policy.waivers {
        lines.say(format!("{:<20} {}", waiver.rule, place(policy, &waiver.origin)));
        lines.keys(written.at("waiver", &waiver.origin).into_iter().flatten(), &["rule"]);
    }
}

/// Adds every rule with its level, what is off included.
fn rules(written: &WrittenTables, armed: &[Armed], lines: &mut Lines) {
    lines.title("rules");
    for entry in REGISTRY {
        let id = entry.meta.id;
        let level = armed.iter().find(|rule| rule.meta.id == id).map_or(Level::Off, |rule| rule.level);
        lines.say(format!("{id:<20} {level}"));
        lines.keys(&said_of(written, id), &["level"]);
    }
}

/// Returns what the layers say of a rule, taken together: the lower counts, key by key; a rule's own options count as one.
fn said_of(written: &WrittenTables, id: &str) -> BTreeMap<String, toml::Value> {
    const COMMON: [&str; 4] = ["level", "since", "only", "except"];
    let mut said: BTreeMap<String, toml::Value> = BTreeMap::new();
    let tables = written.of("rules").iter().filter_map(|table| table.keys.get(id));
    for table in tables.filter_map(toml::Value::as_table) {
        let is_common = |key: &String| COMMON.contains(&key.as_str());
        if table.keys().any(|key| !is_common(key)) {
            said.retain(|key, _| is_common(key));
        }
        said.extend(table.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    said
}

/// What applies to one ref.
struct Applied<'a> {
    policy: &'a Policy,
    rules: &'a [Armed],
    name: &'a RefName,
}

impl Applied<'_> {
    fn show(&self, actor: Option<&Actor>) -> String {
        let mut lines = Lines(vec![self.name.to_string()]);
        let written = self.policy.written();
        match (self.policy.line_of(self.name), self.policy.tag_of(self.name)) {
            (Some(place), _) => self.line(place.line, &place.bindings, &written, &mut lines, actor),
            (_, Some(place)) => self.class(&place, &written, &mut lines, actor),
            _ => self.nothing(&mut lines),
        }
        lines.title("rules that look at it");
        for rule in self.rules.iter().filter(|rule| rule.looks_at(self.name)) {
            let said = rule.setting.origin.as_ref().map(|origin| self.place(origin));
            let said = said.unwrap_or_else(|| "by itself".to_owned());
            lines.say(format!("{:<20} {:<8} {said}", rule.meta.id, rule.level));
        }
        lines.into_text()
    }

    fn place(&self, origin: &Origin) -> String {
        place(self.policy, origin)
    }

    fn nothing(&self, lines: &mut Lines) {
        lines.say(match self.name.namespace() {
            Namespace::Branch => {
                "no line has this branch: anybody whom the host lets push may do everything that no rule refuses"
            }
            Namespace::Tag => {
                "no class has this tag: anybody whom the host lets push may do everything that no rule refuses"
            }
            Namespace::Other => "it is neither a branch nor a tag",
        });
        if let Some(why) = self.policy.why_unlisted(self.name) {
            lines.say(why);
        }
    }

    fn line(
        &self,
        line: &Line,
        bindings: &Bindings,
        written: &WrittenTables,
        lines: &mut Lines,
        actor: Option<&Actor>,
    ) {
        lines.say(format!("line {}, {} ({})", line.name, line.role.name(), self.place(&line.origin)));
        bound(bindings, lines);
        lines.keys(written.at("line", &line.origin).into_iter().flatten(), &["name", "role", "may"]);
        let short = self.name.short();
        if line.lists_retired(short) {
            lines.detail("it is listed as unmaintained");
        }
        for pattern in later(self.policy, line, short) {
            lines.detail(format!("the line {pattern} matches it too and does not count: it is below"));
        }
        let only_with = |is: bool, word: &str| if is { None } else { Some(format!("nobody: `{word}` is not true")) };
        let may = &line.may;
        lines.title("who may do what");
        permit("create", may.create.as_ref(), None, actor, lines);
        permit("push", may.push.as_ref(), None, actor, lines);
        let rewrite = may.rewrite.as_ref().or(may.push.as_ref());
        permit("rewrite", rewrite, only_with(line.rewritable, "rewritable"), actor, lines);
        permit("delete", may.delete.as_ref(), only_with(line.deletable, "deletable"), actor, lines);
        let touching = self.policy.flows.iter().filter(|flow| flow.from == line.name || flow.to == line.name);
        let flows: Vec<String> = touching
            .map(|flow| {
                let ways: Vec<&str> = flow.by.iter().map(|way| way.name()).collect();
                let (from, to, by, due) = (&flow.from, &flow.to, ways.join(" or "), flow.due);
                format!("{from} -> {to} by {by}, due {due} ({})", self.place(&flow.origin))
            })
            .collect();
        section("flows", flows, lines);
        let classes = self.policy.tags.iter().filter(|class| class.lines.contains(&line.name));
        let classes =
            classes.map(|class| format!("{} ({}) ({})", class.name, texts(&class.patterns), self.place(&class.origin)));
        section("tags that sit on it", classes.collect(), lines);
        let series = self.policy.series.iter().filter(|series| {
            series.places.iter().any(|place| match place {
                Place::Line(name) => *name == line.name,
                Place::Branch(pattern) => pattern.matches(short).is_some(),
            })
        });
        let series = series.map(|series| format!("{} ({})", series.versions, self.place(&series.origin)));
        section("versions that belong on it", series.collect(), lines);
    }

    fn class(&self, tag: &TagMatch<'_>, written: &WrittenTables, lines: &mut Lines, actor: Option<&Actor>) {
        let class = tag.class;
        lines.say(format!("tag class {} ({})", class.name, self.place(&class.origin)));
        bound(&tag.bindings, lines);
        lines.keys(written.at("tag", &class.origin).into_iter().flatten(), &["name", "may"]);
        if tag.alias {
            lines.detail("it is a further spelling of a version");
        }
        if let Some(series) = tag.series() {
            lines.detail(format!("it is of the series {series}"));
        }
        if let Some(series) = self.policy.series_of(tag) {
            let kept = series.reserved_for.as_ref().map_or_else(String::new, |whom| format!(", reserved for {whom}"));
            lines.detail(format!("it is of the series {}{kept} ({})", series.versions, self.place(&series.origin)));
        }
        lines.title("who may do what");
        let only_with = |is: bool, word: &str| if is { None } else { Some(format!("nobody: `{word}` is not true")) };
        permit("create", class.may.create.as_ref(), None, actor, lines);
        permit("move", class.may.rewrite.as_ref(), only_with(class.movable, "movable"), actor, lines);
        permit("delete", class.may.delete.as_ref(), only_with(class.deletable, "deletable"), actor, lines);
    }
}

fn bound(bindings: &Bindings, lines: &mut Lines) {
    for (key, value) in bindings {
        lines.detail(format!("{{{key}}} is {value}"));
    }
}

/// Returns the names of the lines below that match a branch too.
fn later<'p>(policy: &'p Policy, line: &Line, short: &BStr) -> Vec<&'p str> {
    let below = policy.lines.iter().skip_while(|other| other.name != line.name).skip(1);
    below.filter(|other| other.matches(short).is_some()).map(|line| line.name.as_str()).collect()
}

fn section(title: &str, rows: Vec<String>, lines: &mut Lines) {
    if !rows.is_empty() {
        lines.title(title);
    }
    rows.into_iter().for_each(|row| lines.say(row));
}

/// Adds who may do something, or whether somebody may.
fn permit(deed: &str, set: Option<&ActorSet>, never: Option<String>, actor: Option<&Actor>, lines: &mut Lines) {
    let whom = match (&never, set) {
        (Some(never), _) => never.clone(),
        (None, None) => "anybody".to_owned(),
        (None, Some(set)) if set.written.is_empty() => "nobody".to_owned(),
        (None, Some(set)) => set.written.join(", "),
    };
    let Some(actor) = actor else {
        lines.say(format!("{deed:<8} {whom}"));
        return;
    };
    let may = never.is_none() && set.is_none_or(|set| set.contains(actor));
    lines.say(format!("{deed:<8} {:<4} {whom}", if may { "yes" } else { "no" }));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::hostile::{self, acts};
    use crate::policy::{self, Source};
    use crate::rules::arm;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn no_policy_acts_where_it_is_shown(text in hostile::text(), word in hostile::text()) {
            // TOML wants the one control character escaped that JSON does not.
            let quoted = |text: &str| serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007f");
            let (text, word) = (quoted(&format!("x{text}")), quoted(&format!("y{word}")));
            // A pattern is not a person.
            let person = word.replace(['{', '}', '*'], "-");
            let policy = format!(
                "schema = 1\nname = {text}\n[[line]]\nname = {text}\nbranch = 'main'\nrole = 'mainline'\n\
                 [[line]]\nname = {word}\nbranch = 'x'\nrole = 'release'\n\
                 [[flow]]\nfrom = {word}\nto = {text}\nby = ['pick']\ndue = 'report'\n\
                 [[tag]]\nname = {word}\ntag = 'v{{version}}'\nscheme = 'semver'\nline = {word}\n\
                 [waiver-notes]\naccepted-from = [{person}]\n"
            );
            let policy = policy::load(Source::File("p".into()), &|_| Ok(policy.clone().into_bytes())).unwrap();
            let armed = arm(&policy).unwrap();
            prop_assert_eq!(acts(&show(&policy, &armed)), None);
        }
    }
}
