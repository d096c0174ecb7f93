//! The keys at the top of the file: what the policy is, and what it builds on.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::group::RawGroups;
use crate::model::Level;
use crate::policy::cx::Cx;
use crate::policy::decode::{decode_value, take};
use crate::policy::error::Problem;
use crate::policy::origin::Origin;
use crate::policy::text::{Layer, Located, OpenWord, Text};

/// The keys at the top of the file, for the schema; decoding goes key by key so that each yields its own errors.
#[derive(JsonSchema)]
#[schemars(title = "refgate policy", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct RawHead {
    /// The version of the format: 1.
    #[schemars(example = 1)]
    #[schemars(extend("x-also" = "refgate itself: a version that it does not know is an error"))]
    schema: u32,
    /// What reports call the policy.
    #[schemars(example = &"my-project")]
    #[schemars(extend("x-also" = "reports"))]
    name: String,
    /// Policies that this one adds to: presets by name, or files next to this one. Each is a layer above this one, and may
    /// extend others in turn. A policy in a work tree extends no file outside of it: whoever proposes a change wrote it.
    #[schemars(default, with = "Vec<Text<Layer>>", example = ["org.toml"])]
    #[schemars(extend("x-rules" = ["invalid-policy"], "x-also" = "whoever reads the policy"))]
    extends: (),
    /// What policies that extend this one may weaken. Without it they may add and tighten, and nothing else.
    #[schemars(default, with = "Vec<Text<OpenWord>>", example = ["line", "version-gap"])]
    #[schemars(extend("x-rules" = ["invalid-policy"], "x-also" = "whoever reads the policy: what a lower layer weakens without leave is an error"))]
    open: (),
    /// The level above which no rule weighs. With `observe`, everything is judged and recorded, nothing is refused, and every
    /// report says what would have been: a policy is tried without a change of its rules. `refgate install --observe` sets
    /// the same for one repository.
    #[schemars(default, with = "Level", example = &"observe", extend("default" = "refuse"))]
    #[schemars(extend("x-also" = "the level of every finding"))]
    highest_level: (),
    /// Groups of actors, by name. What takes actors takes a group as `@NAME`.
    #[schemars(default, with = "RawGroups")]
    #[schemars(extend("x-also" = "every key that takes actors"))]
    group: (),
}

/// What the top of one file says.
#[derive(Debug, Default)]
pub(crate) struct Head {
    pub(crate) name: String,
    pub(crate) extends: Vec<Located<Text<Layer>>>,
    pub(crate) open: Vec<Located<Text<OpenWord>>>,
    pub(crate) highest_level: Option<Located<Level>>,
    pub(crate) groups: RawGroups,
}

/// A word of `open`.
#[derive(Clone, Debug)]
pub struct LeftOpen {
    /// The key of a table, the id of a rule, or `*`. Rule ids are checked where the rules are known.
    pub word: String,
    /// Where it stands.
    pub origin: Origin,
}

/// The key that lowers everything, and what `open` calls it.
pub(crate) const HIGHEST_LEVEL: &str = "highest-level";

/// Returns the level above which nothing weighs: the lowest layer that says it counts. A lower one is for the layers above to
/// leave open, all of them.
pub(crate) fn highest_level(layers: &[&Option<Located<Level>>], cx: &mut Cx<'_>) -> Level {
    let mut highest = Level::Refuse;
    for (at, said) in layers.iter().enumerate() {
        cx.enter(at);
        let Some(said) = said else { continue };
        let level = *said.get_ref();
        if level == Level::Off {
            let problem = Problem::new(said.span(), "with `off` nothing would be judged");
            cx.report(problem.help("write `observe`: everything is judged, and nothing refused"));
            continue;
        }
        if level < highest
            && let Some(upper) = cx.first_closed(HIGHEST_LEVEL)
            && !cx.may_weaken(upper, HIGHEST_LEVEL, said.span(), "a lower `highest-level`")
        {
            continue;
        }
        highest = level;
    }
    highest
}

/// Returns what all layers leave open.
pub(crate) fn left_open(layers: &[&[Located<Text<OpenWord>>]], cx: &mut Cx<'_>) -> Vec<LeftOpen> {
    let mut all = Vec::new();
    for (at, words) in layers.iter().enumerate() {
        cx.enter(at);
        let left =
            |word: &Located<Text<OpenWord>>| LeftOpen { word: word.text().to_owned(), origin: cx.origin(&word.span()) };
        all.extend(words.iter().map(left));
    }
    all
}

impl Head {
    /// Takes the keys at the top out of a file. Of a file that is not TOML, it does not say what is missing.
    pub(crate) fn take(root: &mut DeTable<'_>, text: &str, broken: bool, problems: &mut Vec<Problem>) -> Self {
        let schema = take(root, "schema");
        let name = take(root, "name").map(|name| decode_value(name, "name", problems).unwrap_or_default());
        let head = Self {
            name: name.clone().unwrap_or_default(),
            extends: optional(root, "extends", problems),
            open: optional(root, "open", problems),
            highest_level: optional(root, HIGHEST_LEVEL, problems),
            groups: take(root, "group").map(|value| RawGroups::decode("group", value, problems)).unwrap_or_default(),
        };
        if !broken {
            check_schema(schema, problems);
            if name.is_none() {
                let start = 0..text.find('\n').unwrap_or(text.len());
                problems.push(Problem::new(start, "the policy has no `name`").help("add `name = \"…\"` at the top"));
            }
        }
        head
    }
}

fn optional<T: DeserializeOwned + Default>(root: &mut DeTable<'_>, key: &str, problems: &mut Vec<Problem>) -> T {
    take(root, key).and_then(|value| decode_value(value, key, problems)).unwrap_or_default()
}

fn check_schema(schema: Option<Spanned<DeValue<'_>>>, problems: &mut Vec<Problem>) {
    let Some(schema) = schema else {
        problems.push(Problem::new(0..0, "the policy does not say its schema").help("add `schema = 1` at the top"));
        return;
    };
    let span = schema.span();
    if let Some(other) = decode_value::<u32>(schema, "schema", problems)
        && other != 1
    {
        problems.push(
            Problem::new(span, format!("this refgate reads schema 1, the policy says {other}"))
                .help("install the refgate that reads it, or write `schema = 1`"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::model::Level;
    use crate::policy::testing::{BASE, policy, read};

    #[test]
    fn a_policy_says_its_schema_and_its_name() {
        let wrong = |text: &str| read(&[("p.toml", text)]).unwrap_err().to_string();
        assert_eq!(wrong(""), "p.toml:1:1: the policy does not say its schema; p.toml:1:1: the policy has no `name`");
        assert_eq!(wrong("name = 'x'\nschema = 2"), "p.toml:2:10: this refgate reads schema 1, the policy says 2");
        assert_eq!(wrong("name = 'x'\nschema = '1'").matches("schema").count(), 1);
        assert_eq!(wrong("schema = 1\nname = 'x'\nnaem = 1"), "p.toml:3:1: unknown key `naem`; did you mean `name`?");
    }

    #[test]
    fn what_is_left_open_keeps_its_place() {
        let open = format!("open = [\"line\",\n  \"some-rule\"]\n{BASE}");
        let policy = read(&[("p.toml", &open)]).unwrap();
        let places: Vec<_> =
            policy.open.iter().map(|left| (left.word.as_str(), policy.place_of(&left.origin).unwrap().1)).collect();
        assert_eq!(places, [("line", 1), ("some-rule", 2)]);
    }

    #[test]
    fn nothing_is_left_open_unless_it_is_said() {
        assert!(policy("").open.is_empty());
    }

    #[test]
    fn the_highest_level_is_lowered_only_where_all_layers_above_leave_it_open() {
        assert_eq!(policy("").highest_level, Level::Refuse);
        let observing = format!("highest-level = 'observe'\n{BASE}");
        assert_eq!(read(&[("p.toml", &observing)]).unwrap().highest_level, Level::Observe);
        let own = "schema = 1\nname = 'own'\nextends = ['base.toml']\nhighest-level = ";
        let under = |own: &str, base: &str| read(&[("own.toml", own), ("base.toml", base)]);
        let lowered = format!("{own}'warn'\n");
        let wrong = under(&lowered, BASE).unwrap_err().to_string();
        assert!(wrong.contains("a lower `highest-level` is not left open by `base.toml`"), "{wrong}");
        let open = format!("open = ['highest-level']\n{BASE}");
        assert_eq!(under(&lowered, &open).unwrap().highest_level, Level::Warn);
        // More is never less.
        let raised = format!("{own}'refuse'\n");
        assert_eq!(under(&raised, &observing).unwrap().highest_level, Level::Refuse);
        assert!(read(&[("p.toml", &observing.replace("observe", "off"))]).is_err());
    }
}
