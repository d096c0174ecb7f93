//! `refgate policy test`: cases, and what is said of those that come out differently.

use crate::support::{json, refgate, stderr};

/// What ran: the exit code, standard output and standard error.
fn tried(file: &str, text: &str, more: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(file), text).unwrap();
    let output = refgate(folder.path(), &[&["policy", "test", file], more].concat(), b"");
    (output.status.code(), String::from_utf8(output.stdout.clone()).unwrap(), stderr(&output))
}

/// The page about it, and the example that stands there.
const PAGE: &str = include_str!("../../docs/policy-test.md");

fn example() -> String {
    let (_, rest) = PAGE.split_once("```toml\n").unwrap();
    rest.split_once("\n```").unwrap().0.to_owned() + "\n"
}

#[test]
fn the_example_of_the_page_comes_out_as_it_says() {
    let (code, shown, said) = tried("cases.toml", &example(), &[]);
    assert_eq!(
        shown,
        "ok   cases.toml:10: a version on the mainline\nok   cases.toml:16: a lightweight tag\n2 cases: all as expected\n",
        "{said}"
    );
    assert_eq!(code, Some(0));
}

#[test]
fn the_page_of_every_general_preset_is_tried() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for preset in ["calver", "gitflow", "merge-up", "monorepo", "stable-branches", "trunk"] {
        let (policy, page) = (format!("preset:{preset}"), format!("docs/presets/{preset}.md"));
        let output = refgate(root, &["policy", "test", "--policy", &policy, &page, "--format", "json"], b"");
        let report = json(&output);
        assert_eq!((output.status.code(), &report["failed"]), (Some(0), &0.into()), "{report:#}");
        let text = std::fs::read_to_string(root.join(page)).unwrap();
        assert!(text.contains("\naccepted\n") && text.contains("\nrefuse "), "{preset} shows both");
        assert!(text.contains(&format!("--policy {policy}")), "{preset} says how it is installed");
    }
}

#[test]
fn a_case_that_comes_out_differently_says_how() {
    let text = example().replace("refuse lightweight-tag", "warn moved-tag").replace("[\"accepted\"]", "[]");
    let (code, shown, _) = tried("cases.toml", &text, &[]);
    insta::assert_snapshot!(shown, @r"
    ok   cases.toml:10: a version on the mainline
    FAIL cases.toml:16: a lightweight tag
      - warn moved-tag refs/tags/v1.0.0
      + refuse lightweight-tag refs/tags/v1.0.0
          `refs/tags/v1.0.0` is a plain ref, and tags of the class `version` are annotated
    2 cases: 1 not as expected
    ");
    assert_eq!(code, Some(1));
    let (code, shown, _) = tried("cases.toml", &text, &["--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((code, &report["passed"], &report["failed"]), (Some(1), &1.into(), &1.into()));
    assert_eq!(report["cases"][1]["unexpected"][0]["finding"], "refuse lightweight-tag refs/tags/v1.0.0");
    assert_eq!(report["cases"][1]["missing"][0], "warn moved-tag refs/tags/v1.0.0");
}

#[test]
fn a_page_brings_its_own_policy_and_says_who_pushes() {
    let page = "# Ours\n\n```toml policy\nschema = 1\nname = \"ours\"\n\n[[line]]\nname = \"main\"\nbranch = \"main\"\nrole = \
                \"mainline\"\nmay = { push = \"ann\" }\n```\n\n```repo\nA = commit \"one\"\nB = commit \"two\" parents A\n\
                refs/heads/main = A\n```\n\nHow to:\n\n```sh\ngit push\n```\n\n## ann may\n\n```push\nactor ann\n\
                refs/heads/main A -> B\n```\n\n```expect\naccepted\n```\n\n## bob may not\n\n```push\nactor bob\n\
                refs/heads/main A -> B\n```\n\n```expect\nrefuse unauthorized-actor refs/heads/main\n```\n\n\
                ## nobody is known\n\n```push\nrefs/heads/main A -> B\n```\n\n```expect\n\
                refuse unauthorized-actor refs/heads/main\n```\n";
    let (code, shown, said) = tried("process.md", page, &[]);
    assert_eq!(code, Some(0), "{shown}{said}");
    assert!(shown.ends_with("3 cases: all as expected\n"), "{shown}");
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line() {
    let wrong = |old: &str, new: &str| {
        let (code, shown, said) = tried("cases.toml", &example().replacen(old, new, 1), &[]);
        assert_eq!((code, shown.as_str()), (Some(2), ""), "{said}");
        said.trim_start_matches("error: Failure encountered while: reading the cases in cases.toml - ")
            .trim()
            .to_owned()
    };
    insta::assert_snapshot!([
        wrong("parents A", "parents Q"),
        wrong("T = tag v1.0.0 of A", "T = tag v1.0.0 of Q"),
        wrong("= commit \"feat", "= commmit \"feat"),
        wrong("refs/heads/main = A", "refs/heads/.lock = A"),
        wrong("refs/heads/main = A", "config = A"),
        wrong("refs/heads/main A -> B", "main A -> B"),
        wrong("refs/heads/main A -> B", "refs/heads/main A"),
        wrong("0 -> T", "0 -> Q"),
        wrong("refuse lightweight-tag", "refuse light-tag"),
        wrong("refuse lightweight-tag", "deny lightweight-tag"),
        wrong("actor = ", "author = "),
        wrong("[[case]]", "[[cases]]"),
    ].join("\n"), @r#"
    line 5: `Q` is neither a commit above nor a key
    line 6: there is no object `Q`
    line 4: `commmit "feat: begin" file code "one\n"` is not one of `commit "MESSAGE" …`, `tag NAME of LABEL` and `blob "CONTENT"`
    line 7: the ref `refs/heads/.lock`: Reference name cannot start with a dot
    line 7: `A` is not one of `commit "MESSAGE" …`, `tag NAME of LABEL` and `blob "CONTENT"`
    line 13: `main` is not the full name of a ref, such as `refs/heads/main`
    line 13: `refs/heads/main A` is not one of `REF OLD -> NEW`, `actor NAME` and `option TEXT`
    line 13: there is no object `Q`
    line 19: there is no rule `light-tag`
    line 19: `deny lightweight-tag refs/tags/v1.0.0` is not one of `accepted`, `refuse RULE REF`, `warn RULE REF`, `observe RULE REF`, `waived RULE REF`, `undecided RULE REF`
    line 12: unknown field `author`, expected one of `name`, `policy`, `repo`, `actor`, `push`, `expect`
    line 10: unknown field `cases`, expected one of `policy`, `repo`, `case`
    "#);
    let (code, _, said) = tried("cases.md", "# nothing\n", &[]);
    assert_eq!(code, Some(2));
    assert!(said.contains("line 1: there are no cases: each begins with a `## ` title"), "{said}");
    let (code, _, said) = tried("cases.toml", &example().replace("preset:trunk", "preset:trunc"), &[]);
    assert_eq!(code, Some(3));
    assert!(said.contains("did you mean `trunk`"), "{said}");
}
