//! How much of a change is on another line, by its own lines; and that the same change gets the same answer whatever else
//! is asked.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::support::{git, git_with, json, refgate};

/// A history that is written commit by commit, a day apart unless it says otherwise.
#[derive(Default)]
struct Story {
    stream: String,
    marks: usize,
    second: Option<u64>,
}

impl Story {
    /// Adds a commit and returns its mark. An empty content removes the file; `sub` is a submodule at that number.
    fn commit(&mut self, branch: &str, who: &str, parents: &[usize], message: &str, files: &[(&str, &str)]) -> usize {
        self.marks += 1;
        let date = self.second.unwrap_or(1_700_000_000 + 86_400 * self.marks as u64);
        let mark = self.marks;
        let _ = write!(
            self.stream,
            "commit refs/heads/{branch}\nmark :{mark}\nauthor {who} <{who}@x> {date} +0000\n\
             committer {who} <{who}@x> {date} +0000\ndata {}\n{message}\n",
            message.len()
        );
        for (nth, parent) in parents.iter().enumerate() {
            let _ = writeln!(self.stream, "{} :{parent}", if nth == 0 { "from" } else { "merge" });
        }
        for (path, content) in files {
            let _ = match *path {
                "sub" => writeln!(self.stream, "M 160000 {content:0>40} sub"),
                _ if content.is_empty() => writeln!(self.stream, "D {path}"),
                _ => writeln!(self.stream, "M 100644 inline {path}\ndata {}\n{content}", content.len()),
            };
        }
        self.stream.push('\n');
        mark
    }

    /// Makes the repository, with the ids of the marks.
    fn made(&self) -> Made {
        let directory = tempfile::tempdir().unwrap();
        git(directory.path(), &["init", "--quiet", "--bare"]);
        let marks = directory.path().join("marks");
        let export = format!("--export-marks={}", marks.display());
        git_with(directory.path(), &["fast-import", "--quiet", &export], self.stream.as_bytes());
        let text = std::fs::read_to_string(marks).unwrap();
        let ids = text.lines().filter_map(|line| line.strip_prefix(':')?.split_once(' '));
        let ids = ids.map(|(mark, id)| (mark.parse().unwrap(), id.to_owned())).collect();
        Made { directory, ids }
    }
}

struct Made {
    directory: tempfile::TempDir,
    ids: BTreeMap<usize, String>,
}

impl Made {
    fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Returns the answers for the release branch, by commit.
    fn answers(&self, flags: &[&str]) -> BTreeMap<String, serde_json::Value> {
        let question = ["landed", "--from", "release", "--to", "main", "--no-cache", "--format", "json"];
        let report = json(&refgate(self.path(), &[question.as_slice(), flags].concat(), b""));
        let commits = report["commits"].as_array().unwrap().clone();
        commits.into_iter().map(|commit| (commit["commit"].as_str().unwrap().to_owned(), commit)).collect()
    }

    fn answer(&self, mark: usize) -> serde_json::Value {
        self.answers(&[])[&self.ids[&mark]].clone()
    }

    fn status(&self, mark: usize) -> String {
        self.answer(mark)["status"].as_str().unwrap().to_owned()
    }

    /// Returns what `refgate where` says of a branch.
    fn at(&self, mark: usize, branch: &str) -> String {
        let report = json(&refgate(self.path(), &["where", &self.ids[&mark], "--format", "json"], b""));
        let branches = report["branches"].as_array().unwrap();
        let found = branches.iter().find(|found| found["branch"] == branch).unwrap();
        found["status"].as_str().unwrap().to_owned()
    }
}

fn function(name: &str) -> String {
    format!(
        "static int {name}(struct ctx *c)\n{{\n    if (c->{name}_a > 1)\n        return {name}_b(c);\n    return 0;\n}}\n"
    )
}

fn file(name: &str) -> String {
    (1..10).map(|at| function(&format!("{name}{at}"))).collect()
}

fn numbered(what: &str, count: usize) -> String {
    (1..=count).map(|at| format!("{what} {at}\n")).collect()
}

/// Returns a text with some of its lines, counted from one, replaced.
fn with(text: &str, lines: &[(usize, &str)]) -> String {
    let line = |(at, line): (usize, &str)| {
        let new = lines.iter().find(|(nth, _)| *nth == at + 1).map_or(line, |(_, new)| *new);
        format!("{new}\n")
    };
    text.lines().enumerate().map(line).collect()
}

fn begun() -> (Story, usize) {
    let mut story = Story::default();
    let base =
        story.commit("main", "ann", &[], "base of it all", &[("alpha.c", &file("alpha")), ("beta.c", &file("beta"))]);
    (story, base)
}

#[test]
fn a_name_is_not_borne_out_by_braces() {
    let (mut story, base) = begun();
    let sums = file("beta") + &function("check_sum");
    story.commit("main", "ann", &[base], "fix: sum of the table", &[("beta.c", &sums)]);
    let named = story.made().ids[&2].clone();
    let message = format!("fix: header is read twice\n\n(cherry picked from commit {named})\n");
    let headers = file("alpha") + &function("read_header");
    let pick = story.commit("release", "bob", &[base], &message, &[("alpha.c", &headers)]);
    let answer = story.made().answer(pick);
    assert_eq!((answer["status"].as_str(), answer["match"].as_str()), (Some("missing"), None), "{answer}");
    assert!(answer["reason"].as_str().unwrap().contains("nothing in common"), "{answer}");
}

#[test]
fn what_is_in_a_pick_besides_is_missing_whoever_made_it_and_when() {
    let more = (1..8).fold(file("beta"), |text, at| text + &function(&format!("only_here_{at}")));
    let fixed = file("alpha") + &function("one");
    let title = "fix: the header is read twice";
    // As somebody else's commit, and as git writes it when a pick is amended.
    for who in ["bob", "ann"] {
        let (mut story, base) = begun();
        story.second = (who == "ann").then_some(1_700_500_000);
        story.commit("main", "ann", &[base], title, &[("alpha.c", &fixed)]);
        let pick = story.commit("release", who, &[base], title, &[("alpha.c", &fixed), ("beta.c", &more)]);
        let answer = story.made().answer(pick);
        assert_eq!(answer["status"], "partial", "{who}: {answer}");
        assert_eq!(answer["missing"], serde_json::json!([{ "path": "beta.c", "lines": 21 }]));
        let part = answer["part"].as_f64().unwrap();
        assert!((0.05..0.3).contains(&part), "{part}");
    }
    // The other way round the mainline has more than was picked: all of the pick is there.
    let (mut story, base) = begun();
    story.commit("main", "ann", &[base], title, &[("alpha.c", &fixed), ("beta.c", &more)]);
    let pick = story.commit("release", "ann", &[base], title, &[("alpha.c", &fixed)]);
    assert_eq!(story.made().status(pick), "landed");
    // And what another commit of the mainline brought is there as well.
    let (mut story, base) = begun();
    let first = story.commit("main", "ann", &[base], title, &[("alpha.c", &fixed)]);
    story.commit("main", "carl", &[first], "more of the other file", &[("beta.c", &more)]);
    let pick = story.commit("release", "bob", &[base], title, &[("alpha.c", &fixed), ("beta.c", &more)]);
    assert_eq!(story.made().status(pick), "landed");
}

#[test]
fn what_was_measured_is_measured_again_when_the_files_there_have_changed() {
    let more = (1..8).fold(file("beta"), |text, at| text + &function(&format!("only_here_{at}")));
    let fixed = file("alpha") + &function("one");
    let title = "fix: the header is read twice";
    let (mut story, base) = begun();
    let first = story.commit("main", "ann", &[base], title, &[("alpha.c", &fixed)]);
    let pick = story.commit("release", "bob", &[base], title, &[("alpha.c", &fixed), ("beta.c", &more)]);
    let brought = story.commit("later", "carl", &[first], "more of the other file", &[("beta.c", &more)]);
    let away = story.commit("later", "carl", &[brought], "less of the other file", &[("beta.c", &file("beta"))]);
    let other = story.commit("later", "carl", &[away], "something else", &[("gamma.c", &file("gamma"))]);
    let made = story.made();
    for (tip, expected) in [(first, "partial"), (brought, "landed"), (away, "partial"), (other, "partial")] {
        git(made.path(), &["update-ref", "refs/heads/main", &made.ids[&tip]]);
        let asked = |flags: &[&str]| {
            let question = ["landed", "--from", "release", "--to", "main", "--format", "json"];
            json(&refgate(made.path(), &[question.as_slice(), flags].concat(), b""))
        };
        let answer = asked(&[]);
        let own = answer["commits"].as_array().unwrap().iter().find(|commit| commit["commit"] == made.ids[&pick]);
        assert_eq!(own.unwrap()["status"], expected, "{answer}");
        assert_eq!(answer, asked(&["--no-cache"]));
    }
}

#[test]
fn a_title_is_not_a_change() {
    let text = numbered("line", 60);
    for release in ["SECURITY: do not use before 1.2.3", "five and a half"] {
        let mut story = Story::default();
        let base = story.commit("main", "ann", &[], "base of it all", &[("README.md", &text)]);
        story.commit("main", "ann", &[base], "Update README.md", &[("README.md", &with(&text, &[(5, "five")]))]);
        let other = with(&text, &[(50, release)]);
        let pick = story.commit("release", "ann", &[base], "Update README.md", &[("README.md", &other)]);
        let answer = story.made().answer(pick);
        assert_eq!(answer["status"], "probable", "{answer}");
    }
    let mut story = Story::default();
    let base = story.commit("main", "ann", &[], "base of it all", &[("sub", "1")]);
    story.commit("main", "ann", &[base], "Update the parser library", &[("sub", "2")]);
    let pick = story.commit("release", "ann", &[base], "Update the parser library", &[("sub", "3")]);
    let answer = story.made().answer(pick);
    assert_eq!(answer["status"], "probable", "{answer}");
    // At the same commit it is the same.
    let same = story.commit("release", "ann", &[base], "Update the parser library", &[("sub", "2")]);
    assert_eq!(story.made().status(same), "landed");
}

#[test]
fn two_commits_of_a_bot_in_one_second_are_two() {
    let text = numbered("", 200);
    let mut story = Story::default();
    let base = story.commit("main", "bot", &[], "first commit of all", &[("deploy.yml", &text)]);
    story.second = Some(1_767_312_000);
    let nightly = with(&text, &[(5, "image: nightly")]);
    story.commit("main", "bot", &[base], "Use the nightly image", &[("deploy.yml", &nightly)]);
    let limits = with(&text, &[(150, "limit: 512"), (160, "retries: 3")]);
    let pick = story.commit("release", "bot", &[base], "Raise the memory limit and retry", &[("deploy.yml", &limits)]);
    assert_eq!(story.made().status(pick), "missing");
    // The same line under a new title is the same change.
    let same = story.commit("release", "bot", &[base], "Take the image of tonight", &[("deploy.yml", &nightly)]);
    assert_eq!(story.made().status(same), "landed");
}

#[test]
fn two_bumps_under_the_constant_title_of_a_bot_are_two() {
    let bump = |from: &str, to: &str| {
        format!(
            "chore(deps): update docker\n\n| datasource | package | from   | to     |\n\
             | ---------- | ------- | ------ | ------ |\n| docker     | golang  | {from} | {to} |\n\n\
             Signed-off-by: renovate-app[bot] <1+renovate-app[bot]@users.noreply.github.com>\n"
        )
    };
    let text = numbered("RUN step", 40);
    let mut story = Story::default();
    let base = story.commit("main", "bot", &[], "docker", &[("Dockerfile", &text)]);
    let here = with(&text, &[(1, "FROM golang:1.26.4-alpine@sha256:0123456789")]);
    story.commit("main", "bot", &[base], &bump("1.26.3", "1.26.4"), &[("Dockerfile", &here)]);
    let there = with(&text, &[(20, "FROM golang:1.26.2-alpine@sha256:9876543210")]);
    let pick = story.commit("release", "bot", &[base], &bump("1.26.1", "1.26.2"), &[("Dockerfile", &there)]);
    assert_ne!(story.made().status(pick), "landed");
}

#[test]
fn a_part_of_a_larger_commit_that_says_so_is_a_part() {
    for said in ["Partially backported from ID", "Partial backport of ID, which was too large."] {
        let code = numbered("line", 300);
        let mut story = Story::default();
        let base = story.commit("main", "ann", &[], "base of it all", &[("code.c", &code)]);
        let mut all: Vec<(usize, String)> = (1..60).map(|at| (at, format!("line {at} updated"))).collect();
        all.push((100, "version 4.13.2".to_owned()));
        let all: Vec<(usize, &str)> = all.iter().map(|(at, line)| (*at, line.as_str())).collect();
        story.commit("main", "bob", &[base], "more updates of many things", &[("code.c", &with(&code, &all))]);
        let named = story.made().ids[&2].clone();
        let one = with(&code, &[(100, "version 4.13.2")]);
        let message = format!("Upgrade it to 4.13.2\n\n{}\n", said.replace("ID", &named));
        let pick = story.commit("release", "ann", &[base], &message, &[("code.c", &one)]);
        let answer = story.made().answer(pick);
        assert_eq!((&answer["status"], &answer["match"]), (&"partial".into(), &named.as_str().into()), "{answer}");
        // All of what it does is there nevertheless.
        assert_eq!((answer["part"].as_f64(), &answer["missing"]), (Some(1.0), &serde_json::json!([])), "{answer}");
    }
}

#[test]
fn a_name_is_borne_out_by_lines_that_were_adapted() {
    let code = numbered("line", 300);
    let mut story = Story::default();
    let base = story.commit("main", "ann", &[], "base of it all", &[("code.c", &code)]);
    let log = with(&code, &[(100, "log(\"failed to get the status\", error);")]);
    story.commit("main", "bob", &[base], "Do not swallow what went wrong", &[("code.c", &log)]);
    let named = story.made().ids[&2].clone();
    let own = with(&code, &[(1, "copyright 2026"), (100, "log(\"failed to obtain the status\", error);")]);
    let pick = story.commit("release", "ann", &[base], &format!("Backport of {named}"), &[("code.c", &own)]);
    let answer = story.made().answer(pick);
    assert_eq!((&answer["status"], &answer["match"]), (&"probable".into(), &named.as_str().into()), "{answer}");
}

#[test]
fn a_backport_that_names_several_originals_has_the_evidence_of_each() {
    let (parse, sums) = (file("alpha") + &function("parse_header"), file("beta") + &function("check_sum"));
    let changes = numbered("entry", 30);
    for says in ["Backport of ONE and TWO", "Backport of ONE\n\nBackport of TWO", "Backports:\n- ONE\n- TWO"] {
        let mut story = Story::default();
        let base_files = [("alpha.c", file("alpha")), ("beta.c", file("beta")), ("CHANGES", changes.clone())];
        let base_files = base_files.each_ref().map(|(path, content)| (*path, content.as_str()));
        let base = story.commit("main", "ann", &[], "base of it all", &base_files);
        let one = story.commit("main", "ann", &[base], "Parse the header in one go", &[("alpha.c", &parse)]);
        let entry = with(&changes, &[(1, "entry 0: what is wrong with the header, for those who read this")]);
        let entries = story.commit("main", "carl", &[one], "News of the header", &[("CHANGES", &entry)]);
        let two = story.commit("main", "bob", &[entries], "Check the sum of a table", &[("beta.c", &sums)]);
        let ids = story.made().ids;
        let message = says.replace("ONE", &ids[&one]).replace("TWO", &ids[&two]);
        let message = format!("What 1.2 needs of the reader\n\n{message}\n");
        // Rewritten: a word of each is another, and an entry that no original has stands between the two.
        let own_parse = parse.replace("parse_header_b(c)", "parse_header_b(c, c->size)");
        let own_sums = sums.replace("check_sum_b(c)", "check_sum_b(c, c->size)");
        let own_entry = with(&changes, &[(9, "entry 9: the reader of this branch was taught a header and a sum")]);
        let files = [("alpha.c", own_parse.as_str()), ("CHANGES", &own_entry), ("beta.c", &own_sums)];
        let pick = story.commit("release", "dora", &[base], &message, &files);
        let answer = story.made().answer(pick);
        assert_eq!(answer["status"], "landed", "{says}: {answer}");
        let matches: Vec<&str> = answer["matches"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        let expected: std::collections::BTreeSet<&str> = [ids[&one].as_str(), &ids[&two]].into();
        assert_eq!(matches.into_iter().collect::<std::collections::BTreeSet<&str>>(), expected, "{says}: {answer}");
        assert_eq!(answer["missing"], serde_json::json!([]), "{says}: the entry is not counted: {answer}");
        // With the one alone, what the other brought is missing, and still not the entry.
        let lone = message.replace(&ids[&two], &ids[&one]);
        let mut story = Story::default();
        let base = story.commit("main", "ann", &[], "base of it all", &base_files);
        story.commit("main", "ann", &[base], "Parse the header in one go", &[("alpha.c", &parse)]);
        let pick = story.commit("release", "dora", &[base], &lone, &files);
        let answer = story.made().answer(pick);
        let missing = answer["missing"].as_array().unwrap();
        assert!(missing.iter().all(|file| file["path"] == "beta.c"), "{says}: {answer}");
    }
}

#[test]
fn notes_on_one_side_and_a_test_on_the_other_are_no_difference() {
    let code = numbered("line", 300);
    let shapes = "vertical horizontal diagonal short long open closed empty".split(' ').collect::<Vec<&str>>();
    let added: String =
        (0..40).map(|at| format!("handle case {at} of the {} segment\n", shapes[at % shapes.len()])).collect();
    let new = code.replacen("line 100\n", &format!("line 100\n{added}"), 1);
    let (news, tests) = (numbered("entry", 50), numbered("test", 50));
    let base_files = [("code.c", code.as_str()), ("NEWS", news.as_str()), ("test.c", tests.as_str())];
    let mut story = Story::default();
    let base = story.commit("main", "ann", &[], "base of it all", &base_files);
    let test = with(&tests, &[(20, "a test for it")]);
    let files = [("code.c", new.as_str()), ("test.c", test.as_str()), ("expected.txt", "x\n")];
    story.commit("main", "ann", &[base], "Treat vertical ones specially", &files);
    let entry = with(&news, &[(3, "an entry about it")]);
    let files = [("code.c", new.as_str()), ("NEWS", entry.as_str())];
    let pick = story.commit("release", "ann", &[base], "Rewrite segment code", &files);
    let made = story.made();
    assert_eq!((made.status(pick).as_str(), &made.answer(pick)["match"]), ("landed", &made.ids[&2].as_str().into()));
}

#[test]
fn what_is_nearly_the_same_under_another_title_and_author_is_probable() {
    let text = numbered("the option of the page with the number", 40);
    let mut story = Story::default();
    let base = story.commit("main", "ann", &[], "base of it all", &[("a.rst", &text), ("b.rst", &text)]);
    let lines = |last: &'static str| {
        let mut lines: Vec<(usize, String)> =
            (1..10).map(|at| (at, format!("the hyphenated option of page {at}"))).collect();
        lines.push((10, last.to_owned()));
        let lines: Vec<(usize, &str)> = lines.iter().map(|(at, line)| (*at, line.as_str())).collect();
        with(&text, &lines)
    };
    let (main, release) = (lines("run it with --junit-xml=out"), lines("run it with --junit=xml=out"));
    story.commit("main", "ann", &[base], "Use hyphenated options in docs", &[("a.rst", &main)]);
    let pick = story.commit("release", "bot", &[base], "documentation should say it right", &[("a.rst", &release)]);
    let answer = story.made().answer(pick);
    assert_eq!(answer["status"], "probable", "{answer}");
}

#[test]
fn parts_of_a_squash_are_united_and_not_added_up() {
    let licence = numbered("apache licence text, clause", 120);
    let of = |version: &str| ["http", "io", "client"].map(|name| format!("lib/jetty-{name}-{version}.LICENSE.txt"));
    let pom = |jetty: &str, snappy: &str| {
        format!(
            "<jetty.version>{jetty}</jetty.version>\n{}<snappy.version>{snappy}</snappy.version>\n",
            numbered("", 40)
        )
    };
    let mut story = Story::default();
    let all = |jetty: &str, snappy: &str| {
        let mut files: Vec<(String, String)> = of(jetty).into_iter().map(|path| (path, licence.clone())).collect();
        files.push((format!("lib/snappy-{snappy}.LICENSE.txt"), licence.clone()));
        files.push(("pom.xml".to_owned(), pom(jetty, snappy)));
        files
    };
    let commit = |story: &mut Story,
                  branch: &str,
                  who: &str,
                  parent: &[usize],
                  title: &str,
                  gone: &[String],
                  files: &[(String, String)]| {
        let mut changed: Vec<(&str, &str)> = gone.iter().map(|path| (path.as_str(), "")).collect();
        changed.extend(files.iter().map(|(path, content)| (path.as_str(), content.as_str())));
        story.commit(branch, who, parent, title, &changed)
    };
    let base = commit(&mut story, "main", "bob", &[], "all of it", &[], &all("9.4.49", "1.1.10.1"));
    let one = commit(
        &mut story,
        "main",
        "carl",
        &[base],
        "T-1: Update Jetty to avoid CVE-1",
        &of("9.4.49"),
        &all("9.4.51", "1.1.10.1"),
    );
    let gone = ["lib/snappy-1.1.10.1.LICENSE.txt".to_owned()];
    commit(
        &mut story,
        "main",
        "dora",
        &[one],
        "T-2: Update snappy-java to avoid CVE-2",
        &gone,
        &all("9.4.51", "1.1.10.5"),
    );
    let pick = commit(
        &mut story,
        "release",
        "carl",
        &[base],
        "T-1: Update Jetty to avoid CVE-1",
        &of("9.4.49"),
        &all("9.4.51", "1.1.10.1"),
    );
    let next = commit(
        &mut story,
        "release",
        "eve",
        &[pick],
        "T-3: Update Jetty to avoid CVE-3",
        &of("9.4.51"),
        &all("9.4.52", "1.1.10.1"),
    );
    let made = story.made();
    assert_eq!((made.status(pick).as_str(), made.status(next).as_str()), ("landed", "missing"));
}

#[test]
fn squashes_and_their_parts_are_found_in_both_directions() {
    let parse = file("alpha") + &function("parse_header");
    let sums = file("beta") + &function("check_sum");
    let squash =
        "feat: header and sum (#7)\n\n* Parse the header in one go\n\n* Check the sum before the table is read\n";
    let titles = ["Parse the header in one go", "Check the sum before the table is read"];
    for (on_main, on_release) in [(true, false), (false, true)] {
        let (mut story, base) = begun();
        let squashed = |story: &mut Story, branch: &str| {
            story.commit(branch, "carl", &[base], squash, &[("alpha.c", &parse), ("beta.c", &sums)])
        };
        let parts = |story: &mut Story, branch: &str| {
            let first = story.commit(branch, "ann", &[base], titles[0], &[("alpha.c", &parse)]);
            [first, story.commit(branch, "bob", &[first], titles[1], &[("beta.c", &sums)])]
        };
        let asked = if on_main {
            squashed(&mut story, "main");
            parts(&mut story, "release").to_vec()
        } else {
            parts(&mut story, "main");
            vec![squashed(&mut story, "release")]
        };
        let made = story.made();
        for mark in asked {
            let answer = made.answer(mark);
            assert_eq!(answer["status"], "landed", "{on_main} {on_release}: {answer}");
            assert_eq!(answer["matches"].as_array().unwrap().len(), if on_release { 2 } else { 1 }, "{answer}");
            assert_eq!(made.at(mark, "main"), "landed");
        }
    }
}

#[test]
fn what_a_merge_brought_is_where_the_merge_was_picked() {
    let three = file("alpha").replace("alpha3_a > 1", "alpha3_a > 2");
    let again = file("alpha").replace("alpha3_a > 1", "alpha3_a > limit_of_it(c)");
    let four = file("beta").replace("beta4_a > 1", "beta4_a > 2");
    for (from, to) in [("release", "main"), ("main", "release")] {
        let (mut story, base) = begun();
        if from == "release" {
            story.commit("main", "ann", &[base], "something else", &[("other", "other\n")]);
        } else {
            story.commit("release", "ann", &[base], "something else", &[("other", "other\n")]);
        }
        // The second is overwritten by the third, and is there nevertheless.
        let first = story.commit("topic", "ann", &[base], "beta four", &[("beta.c", &four)]);
        let second = story.commit("topic", "ann", &[first], "alpha three", &[("alpha.c", &three)]);
        let third = story.commit("topic", "ann", &[second], "alpha three once more", &[("alpha.c", &again)]);
        let both = [("alpha.c", again.as_str()), ("beta.c", four.as_str())];
        let merge = story.commit(from, "bob", &[base, third], "Merge pull request #7", &both);
        let named = story.made().ids[&merge].clone();
        let message = format!("Merge pull request #7\n\n(cherry picked from commit {named})\n");
        let pick = story.commit(to, "carl", &[2], &message, &both);
        let made = story.made();
        if from == "release" {
            for mark in [first, second, third] {
                let answer = made.answer(mark);
                assert_eq!((&answer["status"], &answer["match"]), (&"landed".into(), &made.ids[&pick].as_str().into()));
            }
        } else {
            assert_eq!(made.status(pick), "landed");
        }
        for mark in [merge, first, second, third] {
            assert_eq!(made.at(mark, to), "landed", "{from} {to} {mark}");
        }
    }
}

/// A commit of the mainline: its id, author and title, and its files.
type Original<'a> = (usize, &'a str, String, Vec<(String, String)>);

#[test]
fn the_revert_of_a_pick_is_not_wanted_on_the_mainline() {
    let fixed = file("alpha") + &function("one");
    let (mut story, base) = begun();
    story.commit("main", "ann", &[base], "fix: one of them", &[("alpha.c", &fixed)]);
    let named = story.made().ids[&2].clone();
    let message = format!("fix: one of them\n\n(cherry picked from commit {named})\n");
    let pick = story.commit("release", "bob", &[base], &message, &[("alpha.c", &fixed)]);
    let named = story.made().ids[&pick].clone();
    let message = format!("Revert \"fix: one of them\"\n\nThis reverts commit {named}.\n");
    let revert = story.commit("release", "bob", &[pick], &message, &[("alpha.c", &file("alpha"))]);
    assert_eq!(story.made().status(revert), "exempt");
}

/// Makes a mainline and a branch at random: picks as they are, adapted, retitled, with more in them, twice, reverted, and
/// others that only look alike.
fn tangled() -> Made {
    let mut seed = 7u32;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (seed >> 16) as usize % below
    };
    let names = ["ann", "bob", "carl"];
    let titles = ["Update README.md", "fix: the table is read twice", "Drop what nobody uses", "Rework the parser"];
    let mut story = Story::default();
    let path = |at: usize| format!("d{}/f{}.c", at % 3, at % 8);
    let base_file = |at: usize| file(&format!("base{at}_"));
    let files: Vec<(String, String)> = (0..24).map(|at| (path(at), base_file(at % 8))).collect();
    let all: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
    let base = story.commit("main", "ann", &[], "base of it all", &all);
    let (mut main, mut release) = (base, base);
    let mut made: Vec<Original<'_>> = Vec::new();
    for at in 0..60 {
        let title =
            if random(3) == 0 { titles[random(4)].to_owned() } else { format!("change number {at} of the parser") };
        let name = names[random(3)];
        let touched: Vec<usize> = (0..=random(2)).map(|_| random(24)).collect();
        let content = |file: usize, word: &str| base_file(file % 8) + &function(&format!("{word}_{at}_{file}"));
        let files: Vec<(String, String)> = touched.iter().map(|file| (path(*file), content(*file, "new"))).collect();
        let parts: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
        story.second = Some(1_700_000_000 + 3_600 * (at as u64 / 2));
        main = story.commit("main", name, &[main], &title, &parts);
        made.push((main, name, title, files));
    }
    for at in 0..60 {
        let (_, name, title, files) = &made[random(made.len())];
        let title = if random(4) == 0 { format!("[1.x] {title}") } else { title.clone() };
        let title = if random(5) == 0 { format!("something else, {at}") } else { title };
        let mut files = files.clone();
        match random(4) {
            0 => files
                .push(("d9/more.c".to_owned(), (0..random(9)).map(|n| function(&format!("more_{at}_{n}"))).collect())),
            1 => files[0].1 = base_file(3) + &function(&format!("else_{at}")),
            _ => {}
        }
        files.retain(|(_, content)| !content.is_empty());
        let parts: Vec<(&str, &str)> = files.iter().map(|(path, content)| (path.as_str(), content.as_str())).collect();
        story.second = Some(1_700_000_000 + 3_600 * random(40) as u64);
        let name = if random(3) == 0 { "dora" } else { *name };
        release = story.commit("release", name, &[release], &title, &parts);
    }
    story.made()
}

#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn the_same_change_gets_the_same_answer_alone_in_a_range_and_with_its_whole_branch() {
    let made = tangled();
    let whole = made.answers(&[]);
    let statuses: std::collections::BTreeSet<&str> =
        whole.values().map(|answer| answer["status"].as_str().unwrap()).collect();
    assert!(statuses.len() > 3, "{statuses:?}");
    for last in [1, 2, 3, 5, 8, 13, 21, 34, 55] {
        for (id, answer) in made.answers(&["--last", &last.to_string()]) {
            assert_eq!(answer, whole[&id], "with the last {last}");
        }
    }
    // Each of them alone, as a hook is asked.
    for (id, answer) in &whole {
        let report = json(&refgate(made.path(), &["where", id, "--format", "json"], b""));
        let branches = report["branches"].as_array().unwrap();
        let main = branches.iter().find(|found| found["branch"] == "main").unwrap();
        if answer["status"] == "landed" {
            assert_ne!(main["status"], "missing", "{id}");
        }
    }
}
