//! Forms of a policy's own in which messages name originals: `[landed]` with `named-by`.

use serde_json::Value;
use std::path::PathBuf;

use crate::support::site::{POLICY, Setup, Site, USUAL};
use crate::support::{git_with, json, layered, refgate, stderr};

/// A change of the mainline, and one like it for 1.15: with another title, another time and a few of its lines.
const HISTORY: &str = r#"
A = commit "first" file README "one\n"
P = commit "feat: probes are patient (#12)" parents A at "1700000100" file probe.py "patience = 5\nfor probe in probes:\n    probe.wait(patience)\n    probe.send(message)\n        log.info(probe.answer)\n        statistics.add(probe.seconds)\n"
N = commit "docs: say why" parents P at "1700000200" file README "one\ntwo\n"
T = commit "the tree of the change" parents A at "1700900000" file monitor.py "import old\n\nclass Monitor:\n    timeout = 9\n    def run(self):\n        statistics.add(probe.seconds)\n        log.info(probe.answer)\n        old.again(self.timeout)\n        return old.result\n"
refs/heads/master = N
refs/heads/1.15 = A
"#;

const FLOW: &str = "[[flow]]\nfrom = \"release\"\nto = \"master\"\nby = [\"pick\"]\ndue = \"before\"\n";

const FORMS: &str = "[landed]\nnamed-by = [\"Ported-From: {commit}\", \"Upstream-Pull: {pull-request}\"]\n";

struct Case {
    site: Site,
    /// The change for 1.15.
    pick: String,
}

impl Case {
    /// Makes a case with this line below the subject of the change; `P` and `N` in it are commits of the mainline.
    fn new(policy: &str, hook: &'static str, line: &str) -> Self {
        let site = Site::new(Setup { hook, ..USUAL }, &format!("{POLICY}\n{FLOW}\n{policy}"), HISTORY);
        let line = line.replace("<P>", site.id("P")).replace("<N>", site.id("N"));
        let message = format!("fix: the monitor of old\n\n{line}\n");
        let tree = format!("{}^{{tree}}", site.id("T"));
        let pick = git_with(&site.client, &["commit-tree", "-p", site.id("A"), &tree], message.as_bytes());
        Self { site, pick: pick.trim().to_owned() }
    }

    fn push(&self) -> crate::support::site::Pushed {
        self.site.pushed(&self.site.git_push(&[], [format!("{}:refs/heads/1.15", self.pick)]))
    }

    fn policy(&self) -> PathBuf {
        self.site.path("policy.toml")
    }

    /// Writes the same policy with another form in its place.
    fn other_policy(&self) -> PathBuf {
        let other = self.site.path("other.toml");
        let text = std::fs::read_to_string(self.policy()).unwrap();
        std::fs::write(&other, text.replace("Ported-From", "Ported-Of")).unwrap();
        other
    }

    fn landed(&self, arguments: &[&str]) -> Value {
        let fixed = ["landed", "--from", &self.pick, "--to", "master", "--format", "json", "--all"];
        json(&refgate(&self.site.client, &[&fixed, arguments].concat(), b""))["commits"][0].clone()
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn only_in_the_form_of_the_policy_the_pick_is_known() {
    for line in ["Ported-From: <P>", "ported-from:<P>, by hand", "Upstream-Pull: 12", "Upstream-Pull: #12"] {
        Case::new("", "pre-receive", line).push().refused(&["unlanded-fix refs/heads/1.15"]);
        Case::new(FORMS, "pre-receive", line).push().accepted();
    }
    for line in ["It was not Ported-From: <P>", "Ported-From: it", "Upstream-Pull: 13"] {
        Case::new(FORMS, "pre-receive", line).push().refused(&["unlanded-fix refs/heads/1.15"]);
    }
}

#[test]
fn what_is_named_in_the_form_of_the_policy_is_verified() {
    let other = "Ported-From: <N>";
    Case::new("", "pre-receive", other).push().refused(&["unlanded-fix refs/heads/1.15"]);
    let lying = Case::new(FORMS, "pre-receive", other).push();
    assert!(!lying.landed && lying.findings().contains(&"unverified-pick refs/heads/1.15".to_owned()), "{lying:#?}");
    assert!(lying.text.contains("but the two have nothing in common"), "{}", lying.text);
    let nowhere = "Ported-From: 0123456789abcdef0123456789abcdef01234567";
    Case::new("", "pre-receive", nowhere).push().refused(&["unlanded-fix refs/heads/1.15"]);
    let invented = Case::new(FORMS, "pre-receive", nowhere).push();
    invented.refused(&["unlanded-fix refs/heads/1.15", "unverified-pick refs/heads/1.15"]);
}

#[test]
fn those_who_ask_are_told_the_same() {
    let case = Case::new(FORMS, "none", "Upstream-Pull: 12");
    let policy = case.policy();
    let with = ["--policy", policy.to_str().unwrap()];
    assert_eq!(case.landed(&[])["status"], "missing");
    let found = case.landed(&with);
    // Only a part of what it does is there: nothing but the name leads to it.
    assert_eq!((&found["status"], &found["evidence"]), (&"partial".into(), &"pull-request".into()), "{found:#}");
    // A branch of a line, as its flow sees it.
    let client = &case.site.client;
    crate::support::git(client, &["update-ref", "refs/heads/1.15", &case.pick]);
    let of_flow = json(&refgate(client, &[&["landed", "--format", "json"], &with[..]].concat(), b""));
    let of_flow = of_flow.as_array().map_or(of_flow.clone(), |all| all[0].clone());
    assert_eq!(of_flow["counts"]["partial"], 1, "{of_flow:#}");
    let branch = |arguments: &[&str]| {
        let found = json(&refgate(client, &[&["where", &case.pick, "--format", "json"], arguments].concat(), b""));
        let branches = found["branches"].as_array().unwrap().clone();
        branches.into_iter().find(|branch| branch["branch"] == "master").unwrap()
    };
    assert_eq!(branch(&[])["status"], "missing");
    assert_eq!((&branch(&with)["status"], &branch(&with)["match"]), (&"partial".into(), &case.site.id("P").into()));
}

#[test]
fn what_was_kept_for_other_forms_is_not_used() {
    let case = Case::new(FORMS, "none", "Ported-From: <P>");
    let policy = case.policy();
    let other = case.other_policy();
    let answers = case.site.client.join("refgate").join("answers");
    let ways = [vec![], vec!["--policy", policy.to_str().unwrap()], vec!["--policy", other.to_str().unwrap()]];
    let expected = ["missing", "partial", "missing"];
    for forgets in [true, false, true, false] {
        for (arguments, status) in ways.iter().zip(expected) {
            assert_eq!(case.landed(arguments)["status"], status, "{arguments:?}");
            if forgets {
                std::fs::remove_dir_all(&answers).unwrap();
            }
        }
    }
    assert_eq!(std::fs::read_dir(&answers).unwrap().count(), 3, "of each its own");
}

#[test]
fn what_is_kept_after_a_push_is_for_the_forms_of_the_policy() {
    let case = Case::new(FORMS, "pre-receive", "Ported-From: <P>");
    case.push().accepted();
    let server = &case.site.server;
    let done = refgate(server, &["hook", "post-receive", "--foreground", "--"], b"");
    assert!(done.status.success(), "{}", stderr(&done));
    let kept = || std::fs::read(server.join("refgate").join("landed")).unwrap();
    let before = kept();
    let ask = |policy: PathBuf| {
        let asked = refgate(server, &["landed", "--from", "1.15", "--policy", policy.to_str().unwrap()], b"");
        assert!(asked.status.success(), "{}", stderr(&asked));
    };
    ask(case.policy());
    assert_eq!(kept(), before, "nothing was to be found out");
    ask(case.other_policy());
    assert_ne!(kept(), before, "with other forms, messages are read anew");
}

#[test]
fn the_forms_of_all_layers_count() {
    let lower = "[landed]\nnamed-by = [\"Upstream-Pull: {pull-request}\", \"Port  of {commit}\"]\n";
    let (code, text) = layered(FORMS, lower);
    assert_eq!(code, Some(0), "{text}");
    let expected = "messages name originals in the built-in forms and as\n  Ported-From: {commit}\n  \
                    Upstream-Pull: {pull-request}\n  Port of {commit}\n\nrules\n";
    assert!(text.contains(expected), "{text}");
    assert!(!layered("", "").1.contains("built-in forms"));
}

#[test]
fn mistakes_are_shown_in_their_place_with_what_to_write_instead() {
    let list = |forms: &str| format!("[landed]\nnamed-by = [\"Port: {{commit}}\",\n  {forms}]");
    for (table, said) in [
        (list("\"Port of\""), &["lower.toml:6:3", "the form `Port of`: it has no placeholder", "{pull-request}"][..]),
        (list("\"Port: {comit}\""), &["lower.toml:6:3", "`{comit}` is not a placeholder; did you mean `commit`?"]),
        (list("\"Port: {commit\""), &["lower.toml:6:3", "`{` without a closing `}`"]),
        (list("\"{commit} {commit}\""), &["lower.toml:6:3", "more than one placeholder", "one form for each"]),
        (list("\"- {commit}\""), &["lower.toml:6:3", "no letter next to its placeholder", "Ported-From: {commit}"]),
        (list("\"Port {commit}th\""), &["lower.toml:6:3", "could be part of the original", "put a blank"]),
        (list("\"Port:\\n{commit}\""), &["lower.toml:6:3", "it has a control character", "one line"]),
        (list(&format!("\"{}{{commit}}\"", "x".repeat(300))), &["lower.toml:6:3", "it has more than 200 bytes"]),
        (list("\"a\", 7, \"Port: {commit}\""), &["lower.toml:6:8", "invalid type: integer"]),
        ("[landed]\nnamed-as = []".to_owned(), &["lower.toml:5:1", "named-by"]),
        ("[landed]".to_owned(), &["lower.toml:4:1", "missing field `named-by`"]),
        ("[lande]\nnamed-by = []".to_owned(), &["lower.toml:4:2", "unknown key `lande`; did you mean `landed`?"]),
        ("landed = true".to_owned(), &["lower.toml:4:10", "`landed` is a table, not a boolean"]),
    ] {
        let (code, text) = layered("", &table);
        assert_eq!(code, Some(3), "{text}");
        assert!(said.iter().all(|said| text.contains(said)), "{said:?} in {text}");
    }
    let many = |prefix: &str| {
        let forms: Vec<String> = (0..40).map(|at| format!("\"{prefix}-{at}: {{commit}}\"")).collect();
        format!("[landed]\nnamed-by = [{}]", forms.join(", "))
    };
    assert_eq!(layered(&many("a"), &many("a")).0, Some(0), "the same ones");
    let (code, text) = layered(&many("a"), &many("b"));
    assert_eq!(code, Some(3), "{text}");
    assert!(text.contains("a policy has at most 64 forms in `named-by`, layers included"), "{text}");
    // One mistake does not hide the next.
    let (_, text) = layered("", &list("\"Port of\", \"x {y}\""));
    assert!(text.contains("lower.toml:6:3") && text.contains("lower.toml:6:14"), "{text}");
}
