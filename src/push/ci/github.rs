//! GitHub Actions.
//!
//! Sources: docs.github.com "Variables reference", "Events that trigger workflows" and "Webhook events and payloads".

use serde_json::Value;

use super::event::{is_null, text};
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct GitHub;

/// Events that move no ref and whose job is about the ref it runs on. Others (`delete`, `workflow_run`, `issues`) run
/// on the default branch whatever they are about.
const RUNS_ON_A_REF: &[&str] = &["workflow_dispatch", "schedule", "release", "create"];

impl Provider for GitHub {
    fn name(&self) -> &'static str {
        "GitHub Actions"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "GITHUB_ACTIONS").is_ok()
    }

    fn event(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        let event = text(variables, "GITHUB_EVENT_NAME")?;
        let payload = Payload::read(variables, read)?;
        let default_branch = payload.text("/repository/default_branch").map(RefName::branch);
        match event.as_str() {
            "pull_request" | "pull_request_target" => {
                let target = RefName::branch(payload.need("/pull_request/base/ref", "it names no target branch")?);
                // `pull_request` runs on the test merge, `pull_request_target` on the target itself.
                let head = match event.as_str() {
                    "pull_request" => text(variables, "GITHUB_SHA")?,
                    _ => payload.need("/pull_request/head/sha", "it has no head")?,
                };
                Ok(CiEvent::Request { target, queued_on: None, head, default_branch })
            }
            "merge_group" => {
                let target = RefName::new(payload.need("/merge_group/base_ref", "it names no target branch")?);
                let head = payload.need("/merge_group/head_sha", "it has no head")?;
                let queued_on = payload.text("/merge_group/base_sha");
                Ok(CiEvent::Request { target, queued_on, head, default_branch })
            }
            "push" => Ok(CiEvent::Push {
                name: RefName::new(payload.need("/ref", "it names no ref")?),
                old: Before::of(payload.text("/before")),
                // What the ref itself holds: of an annotated tag the tag object, where GITHUB_SHA is its commit.
                new: payload.text("/after").filter(|id| !is_null(id)),
                names_commit: false,
                forced: payload.json.pointer("/forced").and_then(Value::as_bool),
                default_branch,
            }),
            _ => Err(CiError::Event(event)),
        }
    }

    fn job(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        match self.event(variables, read) {
            Err(CiError::Event(event)) if RUNS_ON_A_REF.contains(&event.as_str()) => Ok(CiEvent::Push {
                name: RefName::new(text(variables, "GITHUB_REF")?),
                old: Before::Nothing,
                new: Some(text(variables, "GITHUB_SHA")?),
                names_commit: true,
                forced: None,
                default_branch: Payload::read(variables, read)?.text("/repository/default_branch").map(RefName::branch),
            }),
            other => other,
        }
    }

    fn project(&self, variables: Variables<'_>) -> Option<String> {
        text(variables, "GITHUB_REPOSITORY").ok()
    }

    /// Returns `true`: the job cannot see which depth its checkout was given.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        false
    }

    fn whole_clone(&self) -> &'static str {
        "give actions/checkout `fetch-depth: 0`"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

/// The file that describes the event.
pub(super) struct Payload {
    path: String,
    json: Value,
}

impl Payload {
    pub(super) fn read(variables: Variables<'_>, read: Read<'_>) -> Result<Self, CiError> {
        let path = text(variables, "GITHUB_EVENT_PATH")?;
        let parsed = read(&path).and_then(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()));
        match parsed {
            Ok(json) => Ok(Self { path, json }),
            Err(cause) => Err(CiError::Payload { path, cause }),
        }
    }

    fn text(&self, pointer: &str) -> Option<String> {
        self.json.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    pub(super) fn need(&self, pointer: &str, without: &str) -> Result<String, CiError> {
        self.text(pointer).ok_or_else(|| CiError::Payload { path: self.path.clone(), cause: without.to_owned() })
    }
}

const PAGE: &str = r#"
```yaml
# .github/workflows/refgate.yml
name: refgate
on:
  push:
    branches-ignore: ["gh-readonly-queue/**"]   # the merge queue's own branches: merge_group judges those
    tags: ["**"]
  pull_request:
  merge_group:
permissions:
  contents: read
jobs:
  refgate:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
        with:
          fetch-depth: 0                        # all branches, all tags, all history
      - run: refgate check
```

The program has to be on the runner: in its image, or installed by a step before.

| event | judged as |
|---|---|
| `push` | the payload's `before` and `after` of its `ref`. Of an annotated tag `after` is the tag object |
| `pull_request` | a push of the test merge (`GITHUB_SHA`) to the target |
| `pull_request_target` | a push of the request's head to the target. That of a fork has to be fetched: `git fetch origin SHA` |
| `merge_group` | a push of the group's head to the target, on top of the groups before it (`base_sha`) |
| `workflow_dispatch`, `schedule`, others | nothing, exit 2: they move no ref |

Versions of actions/checkout before v6.0.2 put a tag's commit in the place of an annotated tag. With `fetch-depth: 0`
the tag object is there all the same and is what is judged.

GitHub makes no event for the tags of a push that has more than three.

A workflow that runs on `pull_request` is itself taken from the request, which could leave refgate out. Where that
matters, make it a required workflow of a ruleset.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)], payload: &str, job: bool) -> Result<CiEvent, CiError> {
        let variables = |name: &str| match name {
            "GITHUB_EVENT_PATH" => Some("event.json".into()),
            _ => set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value)),
        };
        let read = |_: &str| Ok(payload.as_bytes().to_vec());
        if job { GitHub.job(&variables, &read) } else { GitHub.event(&variables, &read) }
    }

    #[test]
    fn a_request_is_a_push_of_the_test_merge_or_of_the_head_to_its_target() {
        let payload = r#"{"pull_request":{"base":{"ref":"1.x","sha":"def"},"head":{"sha":"123"}},"repository":{"default_branch":"main"}}"#;
        for (event, head) in [("pull_request", "abc"), ("pull_request_target", "123")] {
            let found = ask(&[("GITHUB_EVENT_NAME", event), ("GITHUB_SHA", "abc")], payload, false);
            let expected = CiEvent::Request {
                target: RefName::branch("1.x"),
                queued_on: None,
                head: head.to_owned(),
                default_branch: Some(RefName::branch("main")),
            };
            assert_eq!(found, Ok(expected), "{event}");
        }
    }

    #[test]
    fn a_group_of_the_merge_queue_stands_on_the_groups_before_it() {
        let payload = r#"{"merge_group":{"base_ref":"refs/heads/main","base_sha":"b","head_sha":"h"}}"#;
        let expected = CiEvent::Request {
            target: RefName::branch("main"),
            queued_on: Some("b".into()),
            head: "h".into(),
            default_branch: None,
        };
        assert_eq!(ask(&[("GITHUB_EVENT_NAME", "merge_group")], payload, false), Ok(expected));
    }

    #[test]
    fn a_push_says_what_the_ref_held_and_holds() {
        let push = |payload: &str| match ask(&[("GITHUB_EVENT_NAME", "push")], payload, false) {
            Ok(CiEvent::Push { name, old, new, names_commit: false, forced, .. }) => (name, old, new, forced),
            other => panic!("{other:?}"),
        };
        let created = push(r#"{"ref":"refs/tags/v1","before":"0000","after":"abc","forced":false}"#);
        assert_eq!(created, (RefName::tag("v1"), Before::Nothing, Some("abc".into()), Some(false)));
        let deleted = push(r#"{"ref":"refs/heads/x","before":"abc","after":"0000"}"#);
        assert_eq!(deleted, (RefName::branch("x"), Before::Held("abc".into()), None, None));
        let forced = push(r#"{"ref":"refs/heads/x","before":"abc","after":"def","forced":true}"#);
        assert_eq!(forced, (RefName::branch("x"), Before::Held("abc".into()), Some("def".into()), Some(true)));
    }

    #[test]
    fn a_run_by_hand_moves_no_ref_and_builds_the_one_it_runs_on() {
        let set = |event| [("GITHUB_EVENT_NAME", event), ("GITHUB_REF", "refs/heads/develop"), ("GITHUB_SHA", "abc")];
        for event in ["workflow_dispatch", "schedule"] {
            assert_eq!(ask(&set(event), "{}", false), Err(CiError::Event(event.into())));
            let Ok(CiEvent::Push { name, old: Before::Nothing, new, names_commit: true, .. }) =
                ask(&set(event), "{}", true)
            else {
                panic!("{event}");
            };
            assert_eq!((name, new), (RefName::branch("develop"), Some("abc".into())));
        }
        assert_eq!(ask(&set("delete"), "{}", true), Err(CiError::Event("delete".into())));
    }

    #[test]
    fn a_payload_that_says_too_little_or_is_not_json_is_an_error() {
        for (event, payload) in [("push", "{}"), ("pull_request", "{}"), ("merge_group", "{}"), ("push", "nonsense")] {
            let found = ask(&[("GITHUB_EVENT_NAME", event), ("GITHUB_SHA", "abc")], payload, false);
            assert!(matches!(found, Err(CiError::Payload { .. })), "{event}: {found:?}");
        }
    }
}
