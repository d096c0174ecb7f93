//! Every format says the same of a push, and each is read back as the program that it is for reads it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::site::{POLICY, Setup, Site, USUAL};
use crate::support::{REFGATE, command, conforms, git, json as parsed, refgate, run, stderr};

const ZERO: &str = "0000000000000000000000000000000000000000";

/// What a format says of one finding or open question: the rule, how much it weighs, the ref, the message.
type Said = (String, &'static str, String, String);

/// A push in which whatever others write is hostile, and its server: findings of three levels, one with a file, one that
/// is waived, and a check that cannot be carried out.
fn push() -> (Site, String) {
    let script = r#"
A = commit "first" file VERSION "1.0\n"
X = commit "fix \u{1b}[31m::error::boo\u{202e} ]]> </script> @all #1 `x` **b** | \u{200b}" parents A file VERSION "9.9 ]]>::error::%0A\n" file NEWS "2.0.0\n"
T = tag 2.0.0 of X
refs/heads/master = A
"#;
    let policy = format!(
        "{POLICY}\n[[version-field]]\npath = \"VERSION\"\npattern = '(?P<version>\\S+)'\n\n\
         [[changelog]]\npath = \"NEWS\"\nheading = '^(?P<version>[0-9.]+)'\nrequired-by-tag = true\n\n\
         [[flow]]\nfrom = \"topic\"\nto = \"release\"\nby = [\"pick\"]\ndue = \"before\"\n\n\
         [rules.unlisted-branch]\nlevel = \"warn\"\n\n[rules.misplaced-branch]\nlevel = \"observe\"\n"
    );
    let site = Site::new(Setup { ..USUAL }, &policy, script);
    git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), site.id("X"), site.id("T")]);
    // Whether the version is in the changelog cannot be known.
    let news = git(&site.server, &["rev-parse", &format!("{}:NEWS", site.id("X"))]);
    let (folder, file) = news.split_at(2);
    std::fs::remove_file(site.server.join("objects").join(folder).join(file)).unwrap();
    let (a, x) = (site.id("A"), site.id("X"));
    let input = format!(
        "{a} {x} refs/heads/master\n{ZERO} {x} refs/heads/topic/]]>&'\"::x\n{ZERO} {x} refs/heads/<b>@all,#1%0A::error::|`\n{ZERO} {x} refs/heads/2.0\n{ZERO} {} refs/tags/2.0.0\n",
        site.id("T")
    );
    (site, input)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn level(word: &str) -> &'static str {
    match word {
        "refuse" | "error" | "critical" | "failure" => "error",
        "warn" | "warning" | "minor" | "system-out" => "warning",
        "observe" | "note" | "notice" | "info" | "skipped" => "note",
        other => panic!("`{other}` is not a level"),
    }
}

fn of_json(report: &Value) -> Vec<Said> {
    let findings = report["findings"].as_array().unwrap().iter().map(|finding| {
        let waived = finding["evidence"].as_str().is_some_and(|evidence| evidence.starts_with("waived"));
        let weight = if waived { "note" } else { level(finding["level"].as_str().unwrap()) };
        (text(&finding["rule"]), weight, text(&finding["ref"]), text(&finding["message"]))
    });
    let open = report["unevaluated"].as_array().unwrap().iter().map(|open| {
        let weight = if open["elsewhere"] == json!(true) { "note" } else { level(open["level"].as_str().unwrap()) };
        let message = format!("not judged: {} - {}", text(&open["while"]), text(&open["cause"]));
        (text(&open["rule"]), weight, text(&open["ref"]), message)
    });
    findings.chain(open).collect()
}

fn of_sarif(log: &Value) -> Vec<Said> {
    assert_eq!((&log["version"], log["runs"].as_array().unwrap().len()), (&json!("2.1.0"), 1));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let mut fingerprints = std::collections::BTreeSet::new();
    let results = run["results"].as_array().unwrap().iter().map(|result| {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"], "the index leads to the rule");
        assert!(fingerprints.insert(text(&result["partialFingerprints"]["refgate/v1"])), "{result:#}");
        // What code scanning asks for: a place in a file.
        let place = &result["locations"][0]["physicalLocation"];
        assert!(!text(&place["artifactLocation"]["uri"]).is_empty(), "{result:#}");
        assert!(place["region"]["startLine"].as_u64().unwrap() >= 1, "{result:#}");
        (
            text(&result["ruleId"]),
            level(result["level"].as_str().unwrap()),
            text(&result["properties"]["ref"]),
            text(&result["message"]["text"]),
        )
    });
    let results: Vec<Said> = results.collect();
    let open = run["invocations"][0]["toolExecutionNotifications"].as_array().unwrap().iter().map(|open| {
        let rule = text(&open["associatedRule"]["id"]);
        (rule, level(open["level"].as_str().unwrap()), String::new(), text(&open["message"]["text"]))
    });
    results.into_iter().chain(open).collect()
}

fn of_gitlab(issues: &Value) -> Vec<Said> {
    let issues = issues.as_array().unwrap().iter().map(|issue| {
        assert_eq!(issue["fingerprint"].as_str().unwrap().len(), 40);
        assert!(issue["location"]["lines"]["begin"].as_u64().unwrap() >= 1);
        assert!(!text(&issue["location"]["path"]).is_empty());
        let weight = level(issue["severity"].as_str().unwrap());
        (text(&issue["check_name"]), weight, String::new(), text(&issue["description"]))
    });
    issues.collect()
}

fn of_junit(document: &str) -> Vec<Said> {
    let document = roxmltree::Document::parse(document).unwrap();
    let root = document.root_element();
    let mut said = Vec::new();
    for suite in root.children().filter(|node| node.has_tag_name("testsuite")) {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for case in suite.children().filter(|node| node.has_tag_name("testcase")) {
            *counts.entry("tests").or_default() += 1;
            assert_eq!(case.attribute("classname"), suite.attribute("name"));
            let Some(end) = case.children().find(|node| node.is_element()) else {
                assert_eq!(case.attribute("name"), Some("accepted"));
                continue;
            };
            let word = end.tag_name().name();
            let counted = BTreeMap::from([("failure", "failures"), ("error", "errors"), ("skipped", "skipped")]);
            if let Some(count) = counted.get(word) {
                *counts.entry(count).or_default() += 1;
            }
            let message = end.attribute("message").or_else(|| end.text()?.lines().next()).unwrap();
            let name = case.attribute("name").unwrap().to_owned();
            said.push((name, level(word), suite.attribute("name").unwrap().to_owned(), message.to_owned()));
        }
        for count in ["tests", "failures", "errors", "skipped"] {
            let stated: usize = suite.attribute(count).unwrap().parse().unwrap();
            assert_eq!(
                stated,
                counts.get(count).copied().unwrap_or_default(),
                "{count} of {:?}",
                suite.attribute("name")
            );
        }
    }
    said
}

fn of_github(commands: &str) -> Vec<Said> {
    let mut said = Vec::new();
    for line in commands.lines() {
        let Some(command) = line.strip_prefix("::") else {
            assert!(line.starts_with("refgate: "), "{line}");
            continue;
        };
        let (word, rest) = command.split_once(' ').unwrap();
        let (properties, data) = rest.split_once("::").unwrap();
        let decoded =
            |text: &str| text.replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n").replace("%25", "%");
        let properties: BTreeMap<&str, String> = properties
            .split(',')
            .map(|pair| pair.split_once('=').unwrap())
            .map(|(key, value)| (key, decoded(value)))
            .collect();
        let (data, rule) = (decoded(data), properties["title"].strip_prefix("refgate: ").unwrap().to_owned());
        let place = data.lines().last().unwrap();
        let place = place.rsplit_once(' ').filter(|(_, id)| id.len() == 40).map_or(place, |(name, _)| name);
        said.push((rule, level(word), place.to_owned(), data.clone()));
    }
    said
}

/// Fails the test unless a format says of each item what the report says, in the report's order within each weight.
fn agree(format: &str, said: &[Said], report: &[Said], has_ref: bool) {
    let sorted = |said: &[Said]| -> Vec<Said> {
        let known = |said: &Said| if has_ref { said.2.clone() } else { String::new() };
        let mut said: Vec<Said> =
            said.iter().map(|said| (said.0.clone(), said.1, known(said), said.3.clone())).collect();
        said.sort();
        said
    };
    let (said, report) = (sorted(said), sorted(report));
    assert_eq!(said.len(), report.len(), "{format}: {said:#?}\n{report:#?}");
    for (said, reported) in said.iter().zip(&report) {
        assert_eq!((&said.0, said.1), (&reported.0, reported.1), "{format}: {said:?} {reported:?}");
        assert!(said.3.starts_with(&reported.3), "{format}: {said:?}\n{reported:?}");
        assert!(!has_ref || said.2 == reported.2, "{format}: {said:?}\n{reported:?}");
    }
}

fn read(file: &Path) -> String {
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn every_format_of_one_push_is_read_back_to_the_same_findings() {
    let (site, input) = push();
    let formats = ["sarif", "gitlab", "junit", "github", "markdown", "html"];
    let files: BTreeMap<&str, std::path::PathBuf> = formats.map(|name| (name, site.path(name))).into();
    let mut arguments = vec!["hook".to_owned(), "pre-receive".to_owned(), "--format=json".to_owned()];
    arguments.extend(files.iter().map(|(name, file)| format!("--output={name}={}", file.display())));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = refgate(&site.server, &arguments, input.as_bytes());
    let report = parsed(&done);
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    let said = of_json(&report);
    let weights: std::collections::BTreeSet<&str> = said.iter().map(|said| said.1).collect();
    assert!(weights.len() >= 2 && report["unevaluated"] != json!([]), "the push shows little: {report:#}");
    assert!(report["findings"].as_array().unwrap().iter().any(|finding| finding["path"] == "VERSION"), "{report:#}");

    let document = |name: &str| serde_json::from_str::<Value>(&read(&files[name])).unwrap();
    agree("sarif", &of_sarif(&document("sarif")), &said, false);
    agree("gitlab", &of_gitlab(&document("gitlab")), &said, false);
    agree("junit", &of_junit(&read(&files["junit"])), &said, true);
    agree("github", &of_github(&read(&files["github"])), &said, true);
    agree("html", &of_html(&read(&files["html"])), &plain(&said), false);
    let markdown = read(&files["markdown"]);
    assert!(markdown.starts_with("### ❌ refgate: refused by the policy <code>example</code>\n"), "{markdown}");
    assert_eq!(markdown.lines().filter(|line| line.starts_with("- **")).count(), said.len(), "{markdown}");
    assert!(!markdown.contains("@all") && !markdown.contains("<b>"), "{markdown}");
}

/// Reads a page as XML, which it is too, and fails the test where a link leads nowhere.
fn of_html(page: &str) -> Vec<Said> {
    let page = page.strip_prefix("<!doctype html>\n").unwrap();
    let document = roxmltree::Document::parse(page).unwrap_or_else(|error| panic!("{error}\n{page}"));
    let ids: std::collections::BTreeSet<&str> =
        document.descendants().filter_map(|node| node.attribute("id")).collect();
    for link in document.descendants().filter_map(|node| node.attribute("href")) {
        assert!(link.strip_prefix('#').is_some_and(|id| ids.contains(id)), "{link} leads nowhere");
    }
    let known = ["script", "iframe", "img", "link", "object", "form"];
    assert!(!document.descendants().any(|node| known.contains(&node.tag_name().name())), "nothing is loaded or run");
    let text = |node: roxmltree::Node<'_, '_>| -> String {
        node.descendants().filter(roxmltree::Node::is_text).filter_map(|node| node.text()).collect()
    };
    let items = document.descendants().filter(|node| node.has_tag_name("li"));
    let said = items.map(|item| {
        let weight = level(item.attribute("class").unwrap().strip_prefix("is-").unwrap());
        let first = text(item.children().find(roxmltree::Node::is_element).unwrap());
        let (head, message) = first.split_once(": ").unwrap();
        let rule = head.rsplit(' ').next().unwrap().to_owned();
        (rule, weight, String::new(), message.to_owned())
    });
    said.collect()
}

/// What a page says without the marks of code.
fn plain(said: &[Said]) -> Vec<Said> {
    said.iter().map(|said| (said.0.clone(), said.1, said.2.clone(), said.3.replace('`', ""))).collect()
}

#[test]
fn the_page_of_a_project_has_its_branches_tags_findings_and_ledger() {
    let script = r#"
A = commit "first" file a "1\n" at 1600000000
B = commit "feat: </script><b>bold</b> & 'quoted'" parents A file b "2\n" at 1610000000
F = commit "fix: the timeout of every probe" parents A file t "five seconds for every single probe\n" at 1620000000
L = commit "fix: nobody else has this one" parents F file u "a line that no other branch has at all\n" at 1630000000
P = commit "fix: the timeout of every probe" parents B file t "five seconds for every single probe\n" at 1640000000
T = tag 1.0.0 of A
U = tag 1.0.1 of F
W = tag wrong of B
refs/heads/master = P
refs/heads/1.0 = L
refs/tags/1.0.0 = T
refs/tags/1.0.1 = U
refs/tags/wrong = W
"#;
    let policy =
        format!("{POLICY}\n[[flow]]\nfrom = \"release\"\nto = \"master\"\nby = [\"pick\"]\ndue = \"before\"\n");
    let site = Site::new(USUAL, &policy, script);
    let file = site.path("policy.toml").display().to_string();
    let done = refgate(&site.client, &["report", "--policy", &file, "--remote", "none"], b"");
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    let page = String::from_utf8(done.stdout).unwrap();
    let said = of_html(&page);
    let rules: Vec<&str> = said.iter().map(|said| said.0.as_str()).collect();
    assert!(rules.contains(&"unlanded-fix") && rules.contains(&"unlisted-tag"), "{rules:?}");
    for part in
        ["<title>1.0.1, 2021-05-03</title>", ">master</text>", ">1.0</text>", "1 finding: unlanded-fix", "<svg "]
    {
        assert!(page.contains(part), "{part} is not in\n{page}");
    }
    let row = page.lines().find(|line| line.contains("<th scope=\"row\">fix: the timeout")).unwrap();
    assert!(row.contains(">landed</span>") && row.starts_with("<tr class=\"settled\">"), "{row}");
    let row = page.lines().find(|line| line.contains("bold")).unwrap();
    assert!(row.contains("feat: &lt;/script&gt;&lt;b&gt;bold&lt;/b&gt; &amp; &#39;quoted&#39;"), "{row}");
    let short = refgate(&site.client, &["report", "--policy", &file, "--remote", "none", "--no-ledger"], b"");
    assert!(!String::from_utf8(short.stdout).unwrap().contains("Changes of"));
}

/// Release branches under hostile names, whose changes the mainline lacks, or has as picks, and a policy that wants them
/// there. What is in a message is hostile, too.
fn project() -> Site {
    let hostile = r"\u{1b}[31m::error::boo\u{202e} ]]> </script> @all #1 `x` **b** | \u{200b}";
    let script = format!(
        r#"
A = commit "first" file a "1\n" at 1600000000
F = commit "fix: the timeout of every probe {hostile}" parents A file t "five seconds for every single probe\n" at 1620000000
L = commit "fix: nobody else has this one {hostile}" parents F file u "a line that no other branch has at all\n" at 1630000000
P = commit "fix: the timeout of every probe {hostile}" parents A file t "five seconds for every single probe\n" at 1640000000
M = commit "fix: only here" parents P file m "what the mainline alone has, and no other\n" at 1640000100 trailer "Wanted: all"
T = tag 1.0.0 of A
W = tag w of F
refs/heads/master = M
refs/heads/1.0 = L
refs/heads/topic/]]>&'"<b>x = L
refs/tags/1.0.0 = T
refs/tags/<b>@all,#1%0A|` = W
"#
    );
    let policy = format!(
        "{POLICY}\n[[flow]]\nfrom = \"release\"\nto = \"master\"\nby = [\"pick\"]\ndue = \"before\"\n\n\
         [[flow]]\nfrom = \"topic\"\nto = \"master\"\nby = [\"pick\"]\ndue = \"before\"\n\n\
         [[flow]]\nfrom = \"master\"\nto = \"release\"\nby = [\"pick\"]\ndue = \"next-tag\"\n\
         wanted-by = [{{ trailer = \"Wanted\" }}]\n"
    );
    Site::new(USUAL, &policy, &script)
}

/// Asks a command for every format at once, and returns what its JSON has and the file of each other format.
fn all_formats(site: &Site, words: &[&str], code: i32) -> (Value, BTreeMap<&'static str, String>) {
    let formats = ["sarif", "gitlab", "junit", "github", "markdown", "html"];
    let policy = site.path("policy.toml").display().to_string();
    let mut arguments: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    arguments.extend(["--policy".to_owned(), policy, "--remote=none".to_owned(), "--format=json".to_owned()]);
    arguments.extend(formats.map(|name| format!("--output={name}={}", site.path(name).display())));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = refgate(&site.client, &arguments, b"");
    assert_eq!(done.status.code(), Some(code), "{}", stderr(&done));
    (parsed(&done), formats.map(|name| (name, read(&site.path(name)))).into())
}

/// Fails the test unless each format says what is reported.
fn all_agree(files: &BTreeMap<&str, String>, said: &[Said]) {
    let document = |name: &str| serde_json::from_str::<Value>(&files[name]).unwrap();
    let exit = &document("sarif")["runs"][0]["invocations"][0];
    assert_eq!(exit["executionSuccessful"], json!(true));
    agree("sarif", &of_sarif(&document("sarif")), said, false);
    agree("gitlab", &of_gitlab(&document("gitlab")), said, false);
    agree("junit", &of_junit(&files["junit"]), said, true);
    agree("github", &of_github(&files["github"]), said, true);
    agree("html", &of_html(&files["html"]), &plain(said), false);
    for name in ["markdown", "html"] {
        let text = &files[name];
        assert!(!text.contains("@all") || name == "html", "{text}");
        assert!(!text.contains("<b>") && !text.contains("</script>") && !text.contains('\u{202e}'), "{text}");
    }
}

#[test]
fn every_format_of_a_replay_is_read_back_to_the_same_findings() {
    let site = project();
    let (replay, files) = all_formats(&site, &["replay"], 1);
    let said = of_json(&replay);
    assert!(said.iter().any(|said| said.0 == "unlisted-tag" && said.2.contains("<b>@all")), "{said:#?}");
    all_agree(&files, &said);
    let (refused, pushes) = (&replay["counts"]["refused"], &replay["counts"]["pushes"]);
    let title = format!(
        "### ❌ refgate: {refused} of {pushes} pushes would have been refused by the policy <code>example</code>\n"
    );
    assert!(files["markdown"].starts_with(&title), "{}", files["markdown"]);
    assert!(files["github"].ends_with(&format!(": {} errors, 0 warnings\n", said.len())), "{}", files["github"]);
    assert!(files["junit"].contains("the push of 2"), "{}", files["junit"]);
}

#[test]
fn every_format_of_landed_is_read_back_to_the_same_debts() {
    let site = project();
    let (landed, files) = all_formats(&site, &["landed"], 0);
    let mut said: Vec<Said> = Vec::new();
    for answer in landed.as_array().unwrap() {
        let branch = format!("refs/heads/{}", text(&answer["from"]));
        let owed = answer["commits"].as_array().unwrap().iter().filter(|commit| commit["status"] == "missing");
        said.extend(owed.map(|commit| {
            let message = format!("{} on {}: missing: ", &text(&commit["commit"])[..10], text(&answer["to"]));
            ("unlanded-fix".to_owned(), "warning", branch.clone(), message)
        }));
    }
    assert_eq!(said.len(), 3, "{landed:#}");
    all_agree(&files, &said);
    let title = "### ❗ refgate: 3 of ";
    assert!(files["markdown"].starts_with(title), "{}", files["markdown"]);
    assert!(files["html"].contains("fix: nobody else has this one"), "{}", files["html"]);
    // Without a policy nothing is by a policy, and a question of one's own has an answer in each format, too.
    let own = refgate(&site.client, &["landed", "--from", "1.0", "--to", "master", "--format=github"], b"");
    let own = String::from_utf8(own.stdout).unwrap();
    let owed = own.lines().last().unwrap();
    assert_eq!(owed, "refgate: 1 of 2 changes are not where they were looked for: 0 errors, 1 warnings");
}

#[test]
fn every_format_of_the_ledger_is_read_back_to_the_same_cells() {
    let site = project();
    let (ledgers, files) = all_formats(&site, &["landed", "--ledger"], 0);
    let mut said: Vec<Said> = Vec::new();
    for change in ledgers["ledgers"][0]["changes"].as_array().unwrap() {
        for cell in change["cells"].as_array().unwrap() {
            let (status, branch) = (text(&cell["status"]), text(&cell["branch"]));
            if status != "landed" {
                let message = format!("{} on {branch}: {status}", &text(&change["commit"])[..10]);
                said.push(("unlanded-fix".to_owned(), "warning", format!("refs/heads/{branch}"), message));
            }
        }
    }
    assert_eq!(said.len(), 1, "{ledgers:#}");
    assert!(said[0].3.ends_with(": wanted"), "{said:?}");
    all_agree(&files, &said);
    assert!(files["markdown"].starts_with("## master -\\> line release\n"), "{}", files["markdown"]);
    assert!(files["html"].contains("Changes of <code>master</code> on the line <code>release</code>"));
    assert!(files["junit"].contains("git cherry-pick -x "), "{}", files["junit"]);
}

#[test]
fn a_job_has_the_summary_of_what_it_asked() {
    let site = project();
    let (summary, outputs) = (site.path("summary"), site.path("outputs"));
    let policy = format!("--policy={}", site.path("policy.toml").display());
    let mut ask = command(REFGATE, &site.client);
    ask.args(["landed", "--remote=none", "--format=github", &policy]);
    ask.env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs);
    let done = run(&mut ask, b"");
    assert_eq!(done.status.code(), Some(0), "{}", stderr(&done));
    assert!(read(&summary).starts_with("### ❗ refgate: 3 of "), "{}", read(&summary));
    // Nothing was judged, and so there is no verdict.
    assert_eq!(read(&outputs), "exit-code=0\nerrors=0\nwarnings=3\n");
}

#[test]
fn a_fingerprint_outlives_a_rebase() {
    let script = "A = commit \"first\"\nX = commit \"fix\" parents A\nB = commit \"other\" parents A\nY = commit \"fix\" parents B\n\
                  refs/heads/master = A\n";
    let site = Site::new(USUAL, POLICY, script);
    let fingerprints = |id: &str| {
        git(&site.server, &["fetch", "--quiet", site.client.to_str().unwrap(), id]);
        let input = format!("{ZERO} {id} refs/heads/x\n{ZERO} {id} refs/heads/y\n");
        let log = parsed(&refgate(&site.server, &["hook", "pre-receive", "--format=sarif"], input.as_bytes()));
        let results = log["runs"][0]["results"].as_array().unwrap().clone();
        results.iter().map(|result| text(&result["partialFingerprints"]["refgate/v1"])).collect::<Vec<String>>()
    };
    let (before, after) = (fingerprints(site.id("X")), fingerprints(site.id("Y")));
    assert_eq!(before, after);
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1]);
}

#[test]
fn a_github_job_has_a_summary_and_outputs_and_a_hook_has_neither() {
    let (site, input) = push();
    let (summary, outputs) = (site.path("summary"), site.path("outputs"));
    std::fs::write(&outputs, "before=1\n").unwrap();
    let ask = |arguments: &[&str], input: &str| {
        let mut check = command(REFGATE, &site.server);
        check.args(arguments).env("GITHUB_STEP_SUMMARY", &summary).env("GITHUB_OUTPUT", &outputs);
        run(&mut check, input.as_bytes())
    };
    ask(&["hook", "pre-receive", "--format=github"], &input);
    assert!(!summary.exists(), "a hook is not a job");
    let update = format!("refs/heads/master={}..{}", site.id("A"), site.id("X"));
    let policy = format!("--policy={}", site.path("policy.toml").display());
    let done = ask(&["check", "--format=github", &policy, "--ref", &update], "");
    assert_eq!(done.status.code(), Some(1), "{}", stderr(&done));
    let human = ask(&["check", &policy, "--ref", &update], "");
    assert!(
        stderr(&human).contains(&format!("    policy  {}:", site.path("policy.toml").display())),
        "{}",
        stderr(&human)
    );
    assert!(read(&summary).starts_with("### ❌ refgate: refused by the policy <code>example</code>\n"));
    let said = read(&outputs);
    assert!(said.starts_with("before=1\nverdict=refused\nexit-code=1\nerrors=1\nwarnings=0\n"), "{said}");
}

#[test]
fn every_document_conforms_to_the_schema_that_is_printed() {
    let site = Site::new(USUAL, POLICY, "A = commit \"first\"\nrefs/heads/master = A\n");
    let file = site.path("policy.toml").display().to_string();
    let print = |name: &str| {
        let output = refgate(Path::new("/"), &["generate", "schema", name], b"");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let asked = |arguments: &[&str]| parsed(&refgate(&site.server, arguments, b""));
    std::fs::write(
        site.server.join("c.md"),
        "## one\n\n```repo\nA = commit \"first\"\n```\n\n```push\nrefs/heads/master 0 -> A\n```\n\n```expect\nwarn moved-tag refs/x\n```\n",
    )
    .unwrap();
    let documents = [
        ("rules", asked(&["rules", "--format", "json"])),
        ("version", asked(&["version", "parse", "1.2.0-rc.1", "--scheme", "semver", "--format", "json"])),
        ("version", asked(&["version", "parse", "2:1.2.0-1", "--scheme", "debian", "--format", "json"])),
        (
            "release-plan",
            asked(&[
                "release-plan",
                "--policy",
                &file,
                "--ref",
                "refs/heads/master",
                "--first",
                "0.1.0",
                "--format",
                "json",
            ]),
        ),
        ("policy-test", asked(&["policy", "test", "c.md", "--policy", &file, "--format", "json"])),
    ];
    for (name, document) in &documents {
        assert_eq!(document["schema"], format!("refgate.{name}/v1"));
        conforms(document, &print(name));
    }
    let log = site.path("failures");
    let failed = refgate(
        &site.server,
        &["check", "--policy", "none.toml", "--log", log.to_str().unwrap(), "--ref", "master"],
        b"",
    );
    assert_ne!(failed.status.code(), Some(0));
    let line: Value = serde_json::from_str(read(&log).lines().next().unwrap()).unwrap();
    conforms(&line, &print("failure"));
    // What the help lists can be printed, and is a schema.
    for name in ["policy", "audit", "landed", "ledger", "replay", "report", "where"] {
        let schema: Value = serde_json::from_str(&print(name)).unwrap();
        assert!(schema["$schema"].is_string() && jsonschema::validator_for(&schema).is_ok(), "{name}");
    }
}
