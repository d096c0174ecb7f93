//! `action.yml` and `templates/refgate.yml`: read as YAML, and their steps run.

use saphyr_parser::{Event, Parser};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Output;

use super::pages::Project;
use super::{branch_pipeline, push};
use crate::support::{REFGATE, command, git, run, stderr};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The program of a release: what is tested, by another name.
const RELEASED: &str = concat!("#!/bin/sh\nexec '", env!("CARGO_BIN_EXE_refgate"), "' \"$@\"\n");

/// The scalars of a YAML file by their path, such as `runs.steps.0.run`; those of its second document begin with `1`.
fn scalars(file: &str) -> BTreeMap<String, String> {
    read(file, &std::fs::read_to_string(Path::new(ROOT).join(file)).unwrap())
}

fn read(file: &str, text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    // Of every open collection, the number of its next item or, of a mapping, the key that waits for its value.
    let mut open: Vec<(bool, usize, Option<String>)> = Vec::new();
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        let (event, _) = event.unwrap();
        let path = |open: &[(bool, usize, Option<String>)]| {
            let parts = open.iter().map(|(is_map, at, key)| match key {
                Some(key) if *is_map => key.clone(),
                _ => at.to_string(),
            });
            parts.collect::<Vec<_>>().join(".")
        };
        let next = |open: &mut Vec<(bool, usize, Option<String>)>| {
            if let Some((_, at, key)) = open.last_mut() {
                (*at, *key) = (*at + 1, None);
            }
        };
        match event {
            Event::DocumentStart(_) => {
                open = vec![(false, documents, None)];
                documents += 1;
            }
            Event::MappingStart(..) => open.push((true, 0, None)),
            Event::SequenceStart(..) => open.push((false, 0, None)),
            Event::MappingEnd | Event::SequenceEnd => {
                open.pop();
                next(&mut open);
            }
            Event::Scalar(value, ..) => match open.last_mut() {
                Some((true, _, key @ None)) => *key = Some(value.into_owned()),
                _ => {
                    let path = path(&open);
                    let path = path.strip_prefix("0.").unwrap_or(&path).to_owned();
                    assert!(found.insert(path.clone(), value.into_owned()).is_none(), "{file}: {path} twice");
                    next(&mut open);
                }
            },
            _ => {}
        }
    }
    found
}

/// A runner of GitHub, which runs the steps of the action.
struct Runner {
    folder: tempfile::TempDir,
    action: BTreeMap<String, String>,
}

impl Runner {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for file in ["path", "output", "summary"] {
            std::fs::write(folder.path().join(file), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("temp")).unwrap();
        Self { folder, action: scalars("action.yml") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs a step with these inputs and the variables that a runner sets.
    fn step(&self, at: usize, directory: &Path, inputs: &[(&str, &str)], variables: &[(&str, &str)]) -> Output {
        let step = format!("runs.steps.{at}");
        assert_eq!(self.action[&format!("{step}.shell")], "bash");
        let path = self.read("path").lines().map(|line| format!("{line}:")).collect::<String>();
        let mut job = command("bash", directory);
        job.args(["--noprofile", "--norc", "-e", "-o", "pipefail", "-c", &self.action[&format!("{step}.run")]]);
        job.env("PATH", path + &std::env::var("PATH").unwrap());
        for (name, value) in self.action.iter() {
            let Some(name) = name.strip_prefix(&format!("{step}.env.")) else { continue };
            job.env(name, self.expanded(value, inputs));
        }
        for (name, file) in [("GITHUB_PATH", "path"), ("GITHUB_OUTPUT", "output"), ("GITHUB_STEP_SUMMARY", "summary")] {
            job.env(name, self.path(file));
        }
        job.env("RUNNER_TEMP", self.path("temp")).env("RUNNER_OS", "Linux").env("RUNNER_ARCH", "X64");
        run(job.envs(variables.iter().copied()), b"")
    }

    /// Expands the expressions of a value. An input has its default unless it is given.
    fn expanded(&self, value: &str, inputs: &[(&str, &str)]) -> String {
        let mut value = value.to_owned();
        while let Some((before, rest)) = value.split_once("${{ ") {
            let (expression, after) = rest.split_once(" }}").unwrap();
            let found = match expression.strip_prefix("inputs.") {
                Some(name) => match inputs.iter().find(|(given, _)| *given == name) {
                    Some((_, given)) => (*given).to_owned(),
                    None => self.action[&format!("inputs.{name}.default")].clone(),
                },
                None => match expression {
                    "github.action_path" => ROOT.to_owned(),
                    "github.server_url" => format!("file://{}", self.path("server").display()),
                    "github.action_repository" => "owner/refgate".to_owned(),
                    other => panic!("{other}"),
                },
            };
            value = format!("{before}{found}{after}");
        }
        value
    }

    /// Makes the archive of a release, and returns its checksum.
    fn release(&self, version: &str) -> String {
        let name = format!("refgate-v{version}-x86_64-unknown-linux-musl");
        let folder = self.path(&format!("server/owner/refgate/releases/download/v{version}"));
        std::fs::create_dir_all(folder.join(&name)).unwrap();
        // What is released has a tenth of the size of what is tested, which would take seconds to pack.
        let program = folder.join(&name).join("refgate");
        std::fs::write(&program, RELEASED).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let archive = format!("{name}.tar.gz");
        for words in [&["tar", "-czf", &archive, &name][..], &["rm", "-r", &name]] {
            assert!(run(command(words[0], &folder).args(&words[1..]), b"").status.success());
        }
        let sum = run(command("sha256sum", &folder).arg(&archive), b"");
        String::from_utf8(sum.stdout).unwrap().split(' ').next().unwrap().to_owned()
    }
}

#[test]
fn the_action_takes_a_release_only_by_its_checksum() {
    let runner = Runner::new();
    let version = env!("CARGO_PKG_VERSION");
    let sum = runner.release(version);
    let here = runner.folder.path();
    let install = |inputs: &[(&str, &str)]| {
        let output = runner.step(0, here, inputs, &[]);
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned() + &stderr(&output))
    };
    let other = "0".repeat(64);
    for (inputs, said) in [
        (vec![("version", version), ("sha256", other.as_str())], format!("has the checksum {sum}, which is not among")),
        (vec![("version", "9.9.9"), ("sha256", sum.as_str())], "could not be fetched".to_owned()),
        (vec![("sha256", sum.as_str())], "sha256 needs version or url".to_owned()),
    ] {
        let (exit, text) = install(&inputs);
        assert!(exit == Some(2) && text.contains(&said), "{inputs:?}: {exit:?}: {text}");
        assert_eq!(runner.read("path"), "", "nothing is installed");
    }
    let both = format!("{other}\n{}\n", sum.to_uppercase());
    let (exit, text) = install(&[("version", version), ("sha256", &both)]);
    assert!(exit == Some(0) && text.contains(&format!("refgate {version}")), "{text}");
    let bin = runner.read("path");
    let installed = Path::new(bin.trim_end()).join("refgate");
    assert_eq!(std::fs::read_to_string(installed).unwrap(), RELEASED);
    // Another version below the same checksum, from a mirror.
    let url = format!(
        "file://{0}/v{version}/refgate-v{version}-x86_64-unknown-linux-musl.tar.gz",
        runner.path("server/owner/refgate/releases/download").display()
    );
    let (exit, text) = install(&[("version", "9.9.9"), ("sha256", &sum), ("url", &url)]);
    assert!(exit == Some(2) && text.contains("not 9.9.9"), "{text}");
    let (exit, text) = install(&[("sha256", &sum), ("url", &url)]);
    assert!(exit == Some(0), "{text}");
}

#[test]
fn without_a_checksum_the_action_builds_its_own_source() {
    let runner = Runner::new();
    // Stands in for a build of some minutes: it puts what was built for this test where cargo would put it.
    let cargo = runner.path("cargo");
    let script = format!(
        "#!/bin/sh\necho \"$*\" >'{0}/asked'\nmkdir \"$7/bin\" && cp '{REFGATE}' \"$7/bin/refgate\"\n",
        runner.folder.path().display()
    );
    std::fs::write(&cargo, script).unwrap();
    std::fs::set_permissions(&cargo, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::write(runner.path("path"), format!("{}\n", runner.folder.path().display())).unwrap();
    let output = runner.step(0, runner.folder.path(), &[], &[]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert!(runner.read("asked").starts_with(&format!("install --quiet --locked --path {ROOT} --root ")));
    assert_eq!(runner.read("path").lines().count(), 2);
}

#[test]
fn the_action_judges_the_job_and_hands_the_verdict_on() {
    let Project { server, before, after, bad, .. } = Project::new();
    let ask = |old: &str, new: &str, inputs: &[(&str, &str)]| {
        let runner = Runner::new();
        let bin = Path::new(REFGATE).parent().unwrap();
        std::fs::write(runner.path("path"), format!("{}\n", bin.display())).unwrap();
        let mut payload = push("refs/heads/main", old, new);
        payload["repository"] = serde_json::json!({ "default_branch": "main" });
        let event = runner.path("event.json");
        std::fs::write(&event, payload.to_string()).unwrap();
        let job = server.action("refs/heads/main", &after, 0, &[]);
        let variables = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "push"),
            ("GITHUB_EVENT_PATH", event.to_str().unwrap()),
            ("GITHUB_SHA", new),
        ];
        let output = runner.step(1, &job, inputs, &variables);
        // As a runner reads them: the last of a name counts.
        let outputs: BTreeMap<String, String> = runner
            .read("output")
            .lines()
            .filter_map(|line| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect();
        for name in outputs.keys() {
            let value = runner.action.get(&format!("outputs.{name}.value"));
            assert_eq!(value, Some(&format!("${{{{ steps.check.outputs.{name} }}}}")));
        }
        (output.status.code(), outputs, String::from_utf8(output.stdout).unwrap(), runner.read("summary"))
    };
    let (exit, outputs, _, summary) = ask(&before, &after, &[]);
    let of = |outputs: &BTreeMap<String, String>| {
        ["verdict", "exit-code", "errors", "warnings"].map(|name| outputs.get(name).cloned().unwrap_or_default())
    };
    assert_eq!((exit, of(&outputs)), (Some(0), ["accepted", "0", "0", "0"].map(str::to_owned)));
    assert!(!summary.is_empty());
    let (exit, outputs, text, _) = ask(&after, &bad, &[]);
    assert_eq!((exit, of(&outputs)), (Some(1), ["refused", "1", "1", "0"].map(str::to_owned)));
    assert!(text.contains("::error title=refgate%3A misplaced-change"), "{text}");
    let (exit, outputs, ..) = ask(&after, &bad, &[("arguments", " --dry-run\n --timings ")]);
    assert_eq!((exit, of(&outputs)), (Some(0), ["refused", "0", "1", "0"].map(str::to_owned)));
    // A policy of this name, and not two words nor a command.
    let (exit, outputs, ..) = ask(&after, &bad, &[("policy", "none $(touch x).toml")]);
    assert_eq!((exit, of(&outputs)), (Some(3), ["", "3", "", ""].map(str::to_owned)));
    let (exit, outputs, text, _) = ask(&after, &bad, &[("format", "json")]);
    assert_eq!((exit, of(&outputs)), (Some(1), ["", "1", "", ""].map(str::to_owned)));
    assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok(), "{text}");
}

#[test]
fn the_scripts_of_the_action_pass_shellcheck() {
    let there =
        std::env::split_paths(&std::env::var_os("PATH").unwrap()).any(|folder| folder.join("shellcheck").is_file());
    if !there {
        return;
    }
    let action = scalars("action.yml");
    let scripts: Vec<&String> = action.iter().filter(|(path, _)| path.ends_with(".run")).map(|(_, run)| run).collect();
    assert_eq!(scripts.len(), 2);
    for script in scripts {
        let output = run(command("shellcheck", Path::new(ROOT)).args(["--shell=bash", "-"]), script.as_bytes());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn the_component_writes_the_code_quality_report() {
    let component = scalars("templates/refgate.yml");
    let inputs: Vec<&str> = component.keys().filter_map(|path| path.strip_prefix("spec.inputs.")).collect();
    let job = "1.$[[ inputs.job ]]";
    // What has no default has to be given.
    let expanded = |value: &str, given: &[(&str, &str)]| {
        let mut value = value.to_owned();
        while let Some((before, rest)) = value.split_once("$[[ inputs.") {
            let (name, after) = rest.split_once(" ]]").unwrap();
            assert!(inputs.iter().any(|path| path.starts_with(&format!("{name}."))), "{name} is not an input");
            let default = || component[&format!("spec.inputs.{name}.default")].clone();
            let found =
                given.iter().find(|(given, _)| *given == name).map_or_else(default, |(_, value)| (*value).to_owned());
            value = format!("{before}{found}{after}");
        }
        value
    };
    assert_eq!(component[&format!("{job}.artifacts.when")], "always");
    let artefact = &component[&format!("{job}.artifacts.reports.codequality")];
    let Project { server, after, bad, .. } = Project::new();
    let clone = server.runner(&[], &bad, 0);
    let ask = |given: &[(&str, &str)]| {
        let mut asked = command("sh", &clone);
        let bin = Path::new(REFGATE).parent().unwrap().display().to_string();
        asked.env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap()));
        asked.args(["-e", "-c", &component[&format!("{job}.script.0")]]);
        for (path, value) in &component {
            let Some(name) = path.strip_prefix(&format!("{job}.variables.")) else { continue };
            asked.env(name, expanded(value, given));
        }
        asked.envs([("GITLAB_CI", "true"), ("CI_DEFAULT_BRANCH", "main")]);
        let output = run(asked.envs(branch_pipeline("main", &after, &bad)), b"");
        let report = std::fs::read_to_string(clone.join(artefact)).unwrap_or_default();
        let _ = std::fs::remove_file(clone.join(artefact));
        (output.status.code(), report, stderr(&output))
    };
    let (exit, report, said) = ask(&[]);
    let report: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!((exit, report[0]["check_name"].as_str()), (Some(1), Some("misplaced-change")), "{said}{report:#}");
    assert_eq!(ask(&[("arguments", "--dry-run")]).0, Some(0));
    assert_eq!(ask(&[("policy", "none.toml")]).0, Some(3));
    assert!(expanded(&component[&format!("{job}.image")], &[("image", "x")]) == "x");
    assert_eq!(git(&clone, &["status", "--porcelain"]), "", "nothing is left behind");
}

#[test]
fn every_job_of_the_page_is_yaml_and_judges() {
    let page = std::fs::read_to_string(Path::new(ROOT).join("docs/ci.md")).unwrap();
    let blocks: Vec<&str> = page.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert_eq!(blocks.len(), 11, "nine systems, the action and the component");
    for block in blocks {
        let scalars = read(block, block);
        let judges = scalars.iter().any(|(path, value)| {
            value.contains("refgate check")
                || path.ends_with(".uses") && value.contains("/refgate@")
                || path.ends_with(".component")
        });
        assert!(judges, "{block}");
    }
}
