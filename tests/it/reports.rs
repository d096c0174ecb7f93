//! The report in every form: the same verdict, nothing raw, nothing lost.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt as _;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::site::{HISTORY, POLICY, Site, USUAL};
use crate::support::{REFGATE, command, git, json as parsed, refgate, run, stderr};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// A flow to a line that has no branch: nobody can say what is owed.
const TO_NOWHERE: &str = "\n[[flow]]\nfrom = \"master\"\nto = \"topic\"\nby = [\"pick\"]\ndue = \"before\"\n";

/// Fails the test unless this is a `refgate.report/v1`.
fn valid(report: &Value) {
    let schema: Value = serde_json::from_str(include_str!("../schemas/report-v1.json")).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(report).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{report:#}");
}

/// Takes the last commit off the server's master, to be pushed again.
fn put_back(site: Site) -> Site {
    git(&site.server, &["update-ref", "refs/keep", "refs/heads/master"]);
    git(&site.server, &["update-ref", "refs/heads/master", site.id("A")]);
    site
}

fn pre_receive(site: &Site, arguments: &[&str], input: impl AsRef<[u8]>) -> Output {
    refgate(&site.server, &[&["hook", "pre-receive"], arguments].concat(), input.as_ref())
}

#[test]
fn every_verdict_is_valid_json_with_the_exit_code_of_the_text() {
    let site = put_back(Site::usual());
    let (a, b, f, t) = (site.id("A"), site.id("B"), site.id("F"), site.id("T"));
    let missing = "1".repeat(40);
    let mut seen = Vec::new();
    for (input, policy) in [
        (format!("{a} {b} refs/heads/master\n"), POLICY.to_owned()),
        (
            format!("{ZERO} {b} refs/tags/1.15.9\n{ZERO} {b} refs/heads/x\n{f} {ZERO} refs/heads/1.15\n"),
            POLICY.to_owned(),
        ),
        (format!("{f} {a} refs/heads/1.15\n{t} {f} refs/tags/1.15.1\n"), POLICY.to_owned()),
        (format!("{a} {b} refs/heads/master\n"), POLICY.to_owned() + TO_NOWHERE),
        (format!("{ZERO} {b} refs/heads/x\n"), format!("{POLICY}\n[rules.unlisted-branch]\nlevel = \"warn\"\n")),
        (format!("{missing} {b} refs/heads/master\n{ZERO} {b} refs/heads/x\n"), POLICY.to_owned()),
        (
            format!("{a} {b} refs/heads/master\n"),
            POLICY.replacen("role = \"mainline\"", "role = \"mainline\"\nmay = { push = [\"alice\"] }", 1),
        ),
    ] {
        std::fs::write(site.path("policy.toml"), &policy).unwrap();
        let machine = pre_receive(&site, &["--format=json"], &input);
        let people = pre_receive(&site, &["--format=human"], &input);
        let coloured = pre_receive(&site, &["--color=always"], &input);
        let report = parsed(&machine);
        valid(&report);
        assert_eq!(machine.status.code(), people.status.code(), "{input}");
        assert_eq!(machine.status.code(), coloured.status.code(), "{input}");
        assert_eq!(report["exit_code"], json!(machine.status.code()));
        assert!(people.stdout.is_empty(), "text for people is for standard error");
        assert!(machine.stderr.is_empty(), "{}", stderr(&machine));
        // Every finding and every open question is in both.
        let text = stderr(&people);
        let told = text.lines().filter(|line| line.starts_with("  error[") || line.starts_with("  warning["));
        // Rules that stop at the same object share a line.
        let told: usize = told.map(|line| line.split(']').next().unwrap_or(line).split(", ").count()).sum();
        let count = |part: &str| report[part].as_array().unwrap().len();
        assert_eq!(told, count("findings") + count("unevaluated"), "{text}\n{report:#}");
        assert_eq!(text.is_empty(), told == 0, "{text}");
        assert!(!text.contains('\u{1b}'), "{text}");
        assert_eq!(stderr(&coloured).contains('\u{1b}'), told > 0);
        seen.push(report["verdict"].as_str().unwrap().to_owned());
    }
    assert_eq!(seen, ["accepted", "refused", "refused", "undecided", "accepted", "refused", "refused"]);
}

#[test]
fn a_report_has_the_facts_of_the_push() {
    let site = Site::new(crate::support::site::Setup { objects: "sha256", ..USUAL }, POLICY, HISTORY);
    git(&site.server, &["config", "refgate.identity", "gitea"]);
    let site = put_back(site);
    let mut hook = command(REFGATE, &site.server);
    hook.args(["hook", "pre-receive", "--format=json"]).env("GITEA_PUSHER_NAME", "al\u{202e}ice");
    let zero = "0".repeat(64);
    let input =
        format!("{} {} refs/heads/master\n{zero} {} refs/tags/1.15.3\n", site.id("A"), site.id("B"), site.id("T"));
    let report = parsed(&run(&mut hook, input.as_bytes()));
    valid(&report);
    assert_eq!((&report["host"], &report["actor"]), (&json!("gitea"), &json!("al\\u{202e}ice")));
    let policy = site.path("policy.toml");
    let id = git(&site.server, &["hash-object", policy.to_str().unwrap()]);
    assert_eq!(report["policy"], json!({ "name": "example", "source": policy, "id": id }));
    assert_eq!(
        report["updates"],
        json!([
            { "ref": "refs/heads/master", "old": site.id("A"), "new": site.id("B"), "kind": "fast-forward", "line": "master" },
            { "ref": "refs/tags/1.15.3", "old": zero, "new": site.id("T"), "kind": "create", "line": "version" },
        ])
    );
}

#[test]
fn hostile_text_is_escaped_in_every_form() {
    let script = format!(
        "{HISTORY}\nX = commit \"fix \u{1b}[31m::error::boo\u{202e}x\\r\u{7}\u{200b}\" parents B trailer \"End-of-Life: \u{1b}[2Jnow\"\n\
         Y = commit \"next\" parents X\nrefs/heads/1.16 = X\n"
    );
    let site = put_back(Site::new(USUAL, POLICY, &script));
    git(&site.server, &["config", "refgate.identity", "env:WHO"]);
    let policy = POLICY.replacen("role = \"mainline\"", "role = \"mainline\"\nmay = { push = [\"alice\"] }", 1);
    std::fs::write(site.path("policy.toml"), policy).unwrap();
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("Y")]);
    let mut input = Vec::new();
    for name in ["refs/heads/\u{1b}]0;x\u{7}", "refs/heads/a\u{202e}b\u{200b}", "refs/heads/\r\u{85}::error::", "weird"]
    {
        input.extend_from_slice(format!("{ZERO} {} {name}\n", site.id("X")).as_bytes());
    }
    input.extend_from_slice(format!("{ZERO} {} refs/heads/", site.id("X")).as_bytes());
    input.extend_from_slice(b"caf\xe9\n");
    input.extend_from_slice(format!("{} {} refs/heads/1.16\n", site.id("X"), site.id("Y")).as_bytes());
    input.extend_from_slice(format!("{} {} refs/heads/master\n", site.id("A"), site.id("B")).as_bytes());
    let ask = |format: &str| {
        let mut hook = command(REFGATE, &site.server);
        hook.args(["hook", "pre-receive", format]).env("WHO", OsString::from_vec(b"mal\x1b[1m\xfflory".to_vec()));
        run(&mut hook, &input)
    };
    let (machine, people) = (ask("--format=json"), ask("--format=human"));
    let report = parsed(&machine);
    valid(&report);
    assert_eq!(report["actor"], r"mal\u{1b}[1m\xfflory");
    assert_eq!(report["updates"][4]["ref"], r"refs/heads/caf\xe9");
    let rules: Vec<&str> =
        report["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    let unlisted = "unlisted-branch";
    assert_eq!(rules, [unlisted, unlisted, unlisted, "foreign-ref", unlisted, "retired-line", "unauthorized-actor"]);
    let text = String::from_utf8(people.stderr).expect("what is shown is UTF-8");
    for text in [&text, &String::from_utf8(machine.stdout).unwrap()] {
        let raw = text.chars().find(|c| (c.is_control() && *c != '\n') || "\u{202e}\u{200b}\u{85}".contains(*c));
        assert_eq!(raw, None, "{text}");
        assert!(!text.lines().any(|line| line.trim_start().starts_with("::")), "a CI system would obey: {text}");
    }
    for part in [r"fix \u{1b}[31m::error::boo\u{202e}x", r"End-of-Life: \u{1b}[2Jnow", r"`mal\u{1b}[1m\xfflory`"] {
        assert!(text.contains(part), "`{part}` is not in\n{text}");
    }
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn more_findings_than_can_be_read_are_counted() {
    let site = Site::usual();
    for (refs, shown, hidden) in
        [(20, 20, None), (21, 20, Some("hint: 1 more are not shown")), (500, 20, Some("480 more"))]
    {
        let input: String = (0..refs).map(|at| format!("{ZERO} {} refs/heads/x{at}\n", site.id("A"))).collect();
        let people = pre_receive(&site, &[], &input);
        let text = stderr(&people);
        assert_eq!(text.matches("error[").count(), shown);
        match hidden {
            Some(hint) => assert!(text.contains(hint), "{text}"),
            None => assert!(!text.contains("not shown"), "{text}"),
        }
        // The machine has them all.
        let report = parsed(&pre_receive(&site, &["--format=json"], &input));
        assert_eq!(report["findings"].as_array().unwrap().len(), refs);
    }
    // Of one ref, too.
    let many = pre_receive(&site, &[], format!("{ZERO} {} weird\n", site.id("A")));
    assert_eq!(stderr(&many).matches("error[").count(), 1);
}

#[test]
fn a_report_goes_where_it_is_told() {
    let site = put_back(Site::usual());
    let good = format!("{} {} refs/heads/master\n", site.id("A"), site.id("B"));
    let bad = format!("{ZERO} {} refs/heads/x\n", site.id("B"));
    let (file, log) = (site.path("report"), site.path("other-log"));
    let (output, logged) = (format!("--output={}", file.display()), format!("--log={}", log.display()));
    let refused = pre_receive(&site, &["--format=json", &output, &logged], &bad);
    assert_eq!((refused.status.code(), refused.stdout.len(), refused.stderr.len()), (Some(1), 0, 0));
    valid(&serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap());
    // Written anew, not added to; relative to where the command runs.
    assert_eq!(pre_receive(&site, &["--output=../report", &logged], &bad).status.code(), Some(1));
    assert!(std::fs::read_to_string(&file).unwrap().starts_with("refgate: refused by the policy `example`\n"));
    assert_eq!(pre_receive(&site, &[&logged], &good).status.code(), Some(0));
    assert_eq!(pre_receive(&site, &[&logged, "--policy=none.toml"], &good).status.code(), Some(3));
    let missing = "1".repeat(40);
    let open = pre_receive(&site, &[&logged], format!("{ZERO} {missing} refs/heads/topic/x\n"));
    assert_eq!(open.status.code(), Some(4));
    // One line of JSON for each: reports, and what kept one from being made.
    let lines = std::fs::read_to_string(&log).unwrap();
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let codes: Vec<&Value> =
        lines.iter().map(|line| line["report"].get("exit_code").unwrap_or(&line["exit_code"])).collect();
    assert_eq!(codes, [1, 1, 0, 3, 4]);
    for line in &lines {
        assert!(line["time"].as_str().unwrap().ends_with('Z'), "{line}");
        match line.get("report") {
            Some(report) => valid(report),
            None => assert_eq!(line["schema"], "refgate.failure/v1"),
        }
    }
    assert!(!site.path("log").exists(), "the flag counts, not the configuration");
}

#[test]
fn timings_are_told_on_request() {
    let site = put_back(Site::usual());
    let good = format!("{} {} refs/heads/master\n", site.id("A"), site.id("B"));
    assert_eq!(stderr(&pre_receive(&site, &[], &good)), "");
    let timed = pre_receive(&site, &["--timings", "--format=json"], &good);
    let text = stderr(&timed);
    assert!(text.starts_with("refgate: open ") && text.ends_with(" ms\n") && text.lines().count() == 1, "{text}");
    let report = parsed(&timed);
    let parts = ["open", "policy", "judge"].map(|part| report["timings_ms"][part].as_f64().unwrap());
    let total = report["timings_ms"]["total"].as_f64().unwrap();
    assert!((parts.iter().sum::<f64>() - total).abs() < 0.01, "{report:#}");
}
