//! The reference page of the policy format, `docs/policy.md`: made from the JSON schema, whose texts are the doc comments
//! of the tables, and current.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::support::{refgate, stderr};

/// Where the generated part of the page begins and ends.
const MARKS: (&str, &str) =
    ("<!-- tables: written by `REFGATE_BLESS=1 cargo test catalogue` -->\n", "<!-- end of tables -->");

fn page() -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/policy.md");
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

fn schema() -> Value {
    let output = refgate(Path::new("/"), &["policy", "schema"], b"");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_policy_page_is_current() {
    let (path, text) = page();
    let (before, rest) = text.split_once(MARKS.0).unwrap();
    let (_, after) = rest.split_once(MARKS.1).unwrap();
    let fresh = format!("{before}{}{}{}{after}", MARKS.0, Writer::new(&schema()).write(), MARKS.1);
    if std::env::var_os("REFGATE_BLESS").is_some() {
        std::fs::write(&path, &fresh).unwrap();
    } else {
        assert!(fresh == text, "run `REFGATE_BLESS=1 cargo test catalogue`");
    }
}

#[test]
fn every_key_of_the_schema_is_on_the_policy_page() {
    let (_, text) = page();
    let schema = schema();
    let mut found = Vec::new();
    keys(&schema, &mut found);
    let keys = found;
    assert!(keys.len() > 90, "{} keys", keys.len());
    for key in keys {
        // The keys that every rule takes are on the page once, as is the heading above them.
        let name = key.rsplit('.').next().unwrap();
        if key == "rules" {
            continue;
        }
        let shown = match key.strip_prefix("rules.").and_then(|rest| rest.split_once('.')) {
            Some(_) if ["level", "since", "only", "except"].contains(&name) => format!("rules.ID.{name}"),
            _ => key.clone(),
        };
        let heading = |line: &str| {
            let title = line.trim_start_matches('#').trim().trim_matches('`');
            line.starts_with('#') && title.trim_matches(['[', ']']) == shown
        };
        assert!(text.lines().any(heading), "`{shown}` has no heading on the page");
    }
}

/// Collects all keys of the schema, by their full names.
pub(crate) fn keys(schema: &Value, keys: &mut Vec<String>) {
    for (key, value) in schema["properties"].as_object().unwrap() {
        keys.push(key.clone());
        collect(schema, value, key, keys);
    }
}

/// Collects the keys below a key, by their full names.
fn collect(schema: &Value, value: &Value, name: &str, keys: &mut Vec<String>) {
    let value = referred(schema, value);
    for (key, below) in value.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let name = format!("{name}.{key}");
        collect(schema, below, &name, keys);
        keys.push(name);
    }
    if let Some(items) = value.get("items") {
        collect(schema, items, name, keys);
    }
}

fn referred<'s>(schema: &'s Value, value: &'s Value) -> &'s Value {
    let name = value.get("$ref").and_then(Value::as_str).and_then(|name| name.strip_prefix('#'));
    name.map_or(value, |name| schema.pointer(name).unwrap())
}

#[test]
fn every_example_and_default_on_the_policy_page_is_one_that_the_schema_takes() {
    let schema = schema();
    let mut checked = 0;
    let mut check = |key: &str, value: &Value| {
        let mut own = value.as_object().unwrap().clone();
        own.insert("$defs".to_owned(), schema["$defs"].clone());
        let validator = jsonschema::validator_for(&Value::Object(own)).unwrap();
        let examples = value["examples"].as_array().into_iter().flatten();
        for example in examples.chain(value.get("default")) {
            let errors: Vec<String> = validator.iter_errors(example).map(|error| error.to_string()).collect();
            assert_eq!(errors, [] as [String; 0], "{key}: {example}");
            checked += 1;
        }
    };
    for table in schema["$defs"].as_object().unwrap().values().chain([&schema]) {
        for (key, value) in table["properties"].as_object().into_iter().flatten() {
            check(key, value);
        }
    }
    assert!(checked > 60, "{checked}");
}

/// Returns what reads a key, for the page: rules, and what else there is.
fn readers(value: &Value) -> Option<String> {
    let rules = value["x-rules"].as_array().into_iter().flatten();
    let rules = rules.map(|id| format!("`{}`", id.as_str().unwrap()));
    let all: Vec<String> = rules.chain(value["x-also"].as_str().map(str::to_owned)).collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Calls a function with every key that is not a table of keys, by its full name, without those of single rules.
fn each_leaf<'s>(schema: &'s Value, value: &'s Value, name: &str, found: &mut dyn FnMut(&str, &'s Value)) {
    let table = referred(schema, value);
    let table = referred(schema, table.get("items").unwrap_or(table));
    let Some(properties) = table.get("properties").and_then(Value::as_object) else {
        found(name, value);
        return;
    };
    for (key, below) in properties.iter().filter(|(key, _)| !(name.is_empty() && *key == "rules")) {
        let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
        each_leaf(schema, below, &name, found);
    }
}

/// Returns the keys that a TOML text has, by their full names.
fn keys_of(value: &toml::Value, name: &str, keys: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, below) in table {
                let name = if name.is_empty() { key.clone() } else { format!("{name}.{key}") };
                keys_of(below, &name, keys);
                keys.insert(name);
            }
        }
        toml::Value::Array(items) => items.iter().for_each(|item| keys_of(item, name, keys)),
        _ => {}
    }
}

/// Returns the keys of the policies in the scenarios of a rule.
fn keys_in_scenarios(rule: &str) -> BTreeSet<String> {
    let path = format!("tests/scenarios/{}.md", rule.replace('-', "_"));
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let mut keys = BTreeSet::new();
    for block in text.split("```toml").skip(1) {
        let block = block.split_once('\n').unwrap().1.split_once("```").unwrap().0;
        if let Ok(table) = block.parse::<toml::Table>() {
            keys_of(&toml::Value::Table(table), "", &mut keys);
        }
    }
    keys
}

/// Returns the pages of the rules, by their ids.
fn rule_pages() -> BTreeMap<String, String> {
    let output = refgate(Path::new("/"), &["rules", "--format", "json"], b"");
    let rules: Value = serde_json::from_slice(&output.stdout).unwrap();
    let ids = rules["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap().to_owned());
    let page = |id: &String| String::from_utf8(refgate(Path::new("/"), &["explain", id], b"").stdout).unwrap();
    ids.map(|id| (id.clone(), page(&id))).collect()
}

#[test]
fn every_key_says_which_rules_read_it() {
    let (schema, pages) = (schema(), rule_pages());
    let mut wrong = Vec::new();
    let mut leaves: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    each_leaf(&schema, &schema, "", &mut |name, value| {
        if readers(value).is_none() {
            wrong.push(format!("`{name}`: `x-rules` or `x-also` next to the key say what reads it"));
        }
        let rules = value["x-rules"].as_array().into_iter().flatten().map(|id| id.as_str().unwrap()).collect();
        leaves.insert(name.to_owned(), rules);
    });
    assert!(leaves.len() > 80, "{} keys", leaves.len());
    // A claim is borne out by a scenario of the rule that uses the key, or by the rule's page that speaks of it.
    let scenarios: BTreeMap<&str, BTreeSet<String>> =
        pages.keys().map(|rule| (rule.as_str(), keys_in_scenarios(rule))).collect();
    for (name, rules) in &leaves {
        let last = name.rsplit('.').next().unwrap();
        for rule in rules {
            let Some(page) = pages.get(*rule) else {
                wrong.push(format!("`{name}`: there is no rule `{rule}`"));
                continue;
            };
            if !scenarios[rule].contains(name) && !spans(page).any(|span| is_about(span, last)) {
                wrong.push(format!("`{name}`: neither a scenario of `{rule}` nor its page has the key"));
            }
        }
    }
    // What a rule's page calls by a name that only one key has, it reads.
    for (rule, page) in &pages {
        for span in spans(page) {
            let word = span.split([' ', '=']).next().unwrap();
            let named: Vec<_> = leaves.iter().filter(|(name, _)| name.rsplit('.').next() == Some(word)).collect();
            if let ([(name, rules)], true) = (named.as_slice(), word.contains('-'))
                && !rules.contains(rule.as_str())
            {
                wrong.push(format!("`{name}`: the page of `{rule}` speaks of it, and it does not name that rule"));
            }
        }
    }
    wrong.dedup();
    assert_eq!(wrong, [""; 0], "{wrong:#?}");
}

/// Returns what stands between backticks in a text.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Returns whether a piece of code names a key: alone, with a value, or by its full name.
fn is_about(span: &str, key: &str) -> bool {
    span.split(|c: char| !(c.is_alphanumeric() || c == '-')).any(|word| word == key)
}

#[test]
fn every_block_on_the_policy_page_is_a_policy_that_refgate_takes() {
    let (_, text) = page();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("org.toml"), "schema = 1\nname = \"org\"\nopen = [\"*\"]\n").unwrap();
    let blocks: Vec<&str> = text.split("```toml\n").skip(1).map(|rest| rest.split_once("```").unwrap().0).collect();
    assert!(blocks.len() > 10, "{}", blocks.len());
    for block in blocks {
        std::fs::write(folder.path().join("p.toml"), complete(block)).unwrap();
        let output = refgate(folder.path(), &["policy", "check", "p.toml"], b"");
        assert_eq!(output.status.code(), Some(0), "{block}\n{}", stderr(&output));
    }
}

/// Completes a block with what it takes for granted: a name, lines, a tag class and a group.
fn complete(block: &str) -> String {
    let mut policy: toml::Table = block.parse().unwrap_or_else(|error| panic!("{error}\n{block}"));
    let granted: toml::Table = "schema = 1\nname = \"example\"\n[group]\nrelease-managers = [\"alice\"]\n\
         [[line]]\nname = \"main\"\nbranch = \"main\"\nrole = \"mainline\"\n\
         [[line]]\nname = \"release\"\nbranch = \"release/**\"\nrole = \"release\"\n\
         [[tag]]\nname = \"version\"\ntag = \"{version}\"\nscheme = \"semver\"\n"
        .parse()
        .unwrap();
    for (key, value) in granted {
        match (policy.get_mut(&key), value) {
            (None, value) => {
                policy.insert(key, value);
            }
            (Some(toml::Value::Array(own)), toml::Value::Array(granted)) => {
                let is_there = |table: &toml::Value| own.iter().any(|known| known["name"] == table["name"]);
                let more: Vec<_> = granted.into_iter().filter(|table| !is_there(table)).collect();
                own.extend(more);
            }
            (Some(_), _) => {}
        }
    }
    toml::to_string(&policy).unwrap()
}

/// Writes the page from the schema.
struct Writer<'s> {
    schema: &'s Value,
    text: String,
}

impl<'s> Writer<'s> {
    const fn new(schema: &'s Value) -> Self {
        Self { schema, text: String::new() }
    }

    fn write(mut self) -> String {
        let top = self.schema["properties"].as_object().unwrap();
        let (tables, head): (Vec<_>, Vec<_>) = top.iter().partition(|(_, value)| self.is_table(value));
        self.text.push_str("\n## At the top of the file\n");
        for (key, value) in in_order(self.schema, head) {
            self.key(key, key, value, self.schema, 3);
        }
        for (key, value) in tables.into_iter().filter(|(key, _)| *key != "rules") {
            let brackets = if value["type"] == "array" { format!("[[{key}]]") } else { format!("[{key}]") };
            let table = referred(self.schema, value.get("items").unwrap_or(value));
            let _ = write!(self.text, "\n## `{brackets}`\n\n{}\n", description(table));
            self.keys(key, table, 3);
        }
        self.rules(&top["rules"]);
        self.values();
        self.text
    }

    fn is_table(&self, value: &Value) -> bool {
        let value = referred(self.schema, value.get("items").unwrap_or(value));
        value.get("properties").is_some()
    }

    fn keys(&mut self, name: &str, table: &Value, level: usize) {
        let keys: Vec<_> = table["properties"].as_object().unwrap().iter().collect();
        for (key, value) in in_order(table, keys) {
            self.key(&format!("{name}.{key}"), key, value, table, level);
        }
    }

    /// Writes one key with its type, default, meaning and example; the keys of a table in it come after it.
    fn key(&mut self, name: &str, key: &str, value: &Value, table: &Value, level: usize) {
        let own = referred(self.schema, value);
        let inner = own.get("properties").is_some();
        let said = if value.get("description").is_some() { description(value) } else { description(own) };
        let _ = write!(self.text, "\n{} `{name}`\n\n{said}\n\n- type: {}\n", "#".repeat(level), self.kind(value));
        let required = table["required"].as_array().into_iter().flatten().any(|required| required == key);
        let default = match (value.get("x-default"), value.get("default").filter(|default| !empty(default))) {
            _ if required => "none, the key is required".to_owned(),
            // Of the keys that every rule has, only the words; the level itself is listed with each rule.
            (Some(text), _) => text.as_str().unwrap().to_owned(),
            (None, Some(default)) => format!("`{}`", toml_of(default)),
            (None, None) => "nothing".to_owned(),
        };
        let _ = writeln!(self.text, "- default: {default}");
        for example in value["examples"].as_array().into_iter().flatten() {
            let _ = writeln!(self.text, "- example: `{key} = {}`", toml_of(example));
        }
        if let Some(readers) = readers(value) {
            let _ = writeln!(self.text, "- read by: {readers}");
        }
        let words = own.get("items").map_or(own, |items| referred(self.schema, items));
        for word in words["oneOf"].as_array().into_iter().flatten() {
            let _ = writeln!(self.text, "- `{}`: {}", toml_of(&word["const"]), description(word));
        }
        if inner {
            self.keys(name, own, level + 1);
        } else if words.get("properties").is_some() {
            let _ = write!(self.text, "\n{}\n", description(words));
            self.keys(name, words, level + 1);
        }
    }

    fn kind(&self, value: &Value) -> String {
        if let Some(choices) = value["anyOf"].as_array() {
            let [one, many] = choices.as_slice() else { panic!("{value}") };
            if many["items"] == *one {
                return format!("{}, or a list of them", self.kind(one));
            }
            return format!("{}, or {}", self.kind(one), self.kind(many));
        }
        let own = referred(self.schema, value);
        match (own["title"].as_str(), own["type"].as_str()) {
            (Some(title), _) => format!("[{title}](#{})", anchor(title)),
            (None, Some("array")) => format!("list of {}", plural(&self.kind(&own["items"]))),
            (None, Some("string")) => "text".to_owned(),
            (None, Some("boolean")) => "`true` or `false`".to_owned(),
            (None, Some("integer" | "number")) => "number".to_owned(),
            (None, Some("object")) if own.get("properties").is_some() => "table".to_owned(),
            (None, Some("object")) => {
                format!("table of names, each with a {}", self.kind(&own["additionalProperties"]))
            }
            (None, None) if own.get("oneOf").is_some() => "one of the words below".to_owned(),
            _ => panic!("{value} has no type that the page can name"),
        }
    }

    fn rules(&mut self, rules: &Value) {
        let _ = write!(self.text, "\n## `[rules.ID]`\n\n{}\n", description(rules));
        let all = rules["properties"].as_object().unwrap();
        let is_common = |key: &str| all.values().all(|rule| rule["properties"].get(key).is_some());
        let first = all.values().next().unwrap();
        let split = |rule: &Value, common: bool| -> Value {
            let keys = rule["properties"].as_object().unwrap().iter().filter(|(key, _)| is_common(key) == common);
            let mut table = rule.as_object().unwrap().clone();
            table["properties"] = Value::Object(keys.map(|(key, value)| (key.clone(), value.clone())).collect());
            Value::Object(table)
        };
        self.keys("rules.ID", &split(first, true), 3);
        self.text.push_str("\n### Rules\n\n`refgate explain ID` prints the page of a rule.\n");
        for (id, rule) in all {
            let _ =
                write!(self.text, "\n#### `rules.{id}`\n\n{} On its own: {}.\n", description(rule), own_level(rule));
            self.keys(&format!("rules.{id}"), &split(rule, false), 5);
        }
    }

    /// Writes what the types of texts are.
    fn values(&mut self) {
        self.text.push_str("\n## What texts mean\n");
        let definitions = self.schema["$defs"].as_object().unwrap().values();
        let titled: BTreeMap<&str, &Value> =
            definitions.filter_map(|value| Some((value["title"].as_str()?, value))).collect();
        for (title, value) in titled {
            let _ = write!(self.text, "\n### {title}\n\n{}\n", description(value));
        }
        self.text.push('\n');
    }
}

fn plural(kind: &str) -> String {
    match kind {
        "table" => "tables".to_owned(),
        "text" => "texts".to_owned(),
        "one of the words below" => "the words below".to_owned(),
        linked => linked.to_owned(),
    }
}

/// Returns the level of a rule that the policy does not mention.
fn own_level(rule: &Value) -> String {
    format!("`{}`", rule["properties"]["level"]["default"].as_str().unwrap())
}

/// Returns the required keys first, as they are declared; then the others by name.
fn in_order<'v>(table: &Value, keys: Vec<(&'v String, &'v Value)>) -> Vec<(&'v String, &'v Value)> {
    let required: Vec<&str> = table["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let mut keys = keys;
    keys.sort_by_key(|(key, _)| required.iter().position(|required| required == key).unwrap_or(usize::MAX));
    keys
}

fn description(value: &Value) -> &str {
    value["description"].as_str().unwrap_or_else(|| panic!("{value} has no description"))
}

fn empty(value: &Value) -> bool {
    *value == json!([]) || *value == Value::Object(Map::new())
}

fn toml_of(value: &Value) -> String {
    toml::Value::try_from(value).unwrap().to_string()
}

/// Returns the anchor of a heading, as GitHub and mdBook make it.
fn anchor(title: &str) -> String {
    let kept = title.to_lowercase().replace(' ', "-");
    kept.chars().filter(|c| c.is_alphanumeric() || *c == '-').collect()
}
