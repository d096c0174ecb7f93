//! Forgejo Actions and Gitea Actions: GitHub's variables and payloads, with a few differences.
//!
//! Sources: <https://forgejo.org/docs/latest/user/actions/reference/> and
//! <https://docs.gitea.com/usage/actions/comparison>.

use super::event::text;
use super::github::{GitHub, Payload};
use super::{CiError, CiEvent, Provider, Read};
use crate::model::Namespace;
use crate::push::variables::Variables;

pub(super) struct Forgejo;

impl Provider for Forgejo {
    fn name(&self) -> &'static str {
        "Forgejo Actions and Gitea Actions"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        ["FORGEJO_ACTIONS", "GITEA_ACTIONS"].iter().any(|name| text(variables, name).is_ok())
    }

    fn event(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        Ok(match GitHub.event(variables, read)? {
            // No test merge is made: the job runs on the head.
            CiEvent::Request { target, queued_on, default_branch, .. } => {
                let head = Payload::read(variables, read)?.need("/pull_request/head/sha", "it has no head")?;
                CiEvent::Request { target, queued_on, head, default_branch }
            }
            // Of an annotated tag, `after` is the tag object if it was pushed, and its commit if it was made on the web.
            CiEvent::Push { name, old, new, names_commit, forced, default_branch } => {
                let names_commit = names_commit || name.namespace() == Namespace::Tag;
                CiEvent::Push { name, old, new, names_commit, forced, default_branch }
            }
        })
    }

    fn job(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        match self.event(variables, read) {
            Err(CiError::Event(_)) => GitHub.job(variables, read),
            other => other,
        }
    }

    fn project(&self, variables: Variables<'_>) -> Option<String> {
        GitHub.project(variables)
    }

    fn may_have_one_branch(&self, variables: Variables<'_>) -> bool {
        GitHub.may_have_one_branch(variables)
    }

    fn whole_clone(&self) -> &'static str {
        GitHub.whole_clone()
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

const PAGE: &str = r#"
```yaml
# .forgejo/workflows/refgate.yml, or .gitea/workflows/refgate.yml
on:
  push:
    branches: ["**"]
    tags: ["**"]
  pull_request:
jobs:
  refgate:
    runs-on: docker
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0                        # all branches, all tags, all history
      - run: refgate check
```

The program has to be in the image of the job, or installed by a step before.

| event | judged as |
|---|---|
| `push` | the payload's `before` and `after` of its `ref`; a tag is that of the clone, if it is `after` or about it |
| `pull_request`, `pull_request_target` | a push of the request's head to the target: no test merge is made |
| `workflow_dispatch`, `schedule`, others | nothing, exit 2: they move no ref |

Of a tag that was moved, the payload says that it is new. Whoever runs the server can judge that in a hook
([hosts](hosts.md)), and every push before it is accepted.
"#;

#[cfg(test)]
mod tests {
    use super::super::Before;
    use super::*;
    use crate::model::RefName;
    use bstr::BString;

    fn ask(event: &str, payload: &str, job: bool) -> Result<CiEvent, CiError> {
        let set = [
            ("CI", "true"),
            ("FORGEJO_ACTIONS", "true"),
            ("GITEA_ACTIONS", "true"),
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_API_URL", "https://code.example/api/v1"),
            ("GITHUB_EVENT_NAME", event),
            ("GITHUB_EVENT_PATH", "/var/run/act/workflow/event.json"),
            ("GITHUB_REF", "refs/heads/main"),
            ("GITHUB_REPOSITORY", "owner/project"),
            ("GITHUB_SERVER_URL", "https://code.example"),
            ("GITHUB_SHA", "abc"),
        ];
        let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Ok(payload.as_bytes().to_vec());
        assert!(Forgejo.runs(&variables));
        if job { Forgejo.job(&variables, &read) } else { Forgejo.event(&variables, &read) }
    }

    #[test]
    fn a_request_is_a_push_of_its_head() {
        let payload = r#"{"action":"opened","number":7,"pull_request":{"base":{"ref":"1.x"},"head":{"ref":"topic","sha":"123"},"merge_base":"0"},"repository":{"default_branch":"main"}}"#;
        for event in ["pull_request", "pull_request_target"] {
            let (target, default_branch) = (RefName::branch("1.x"), Some(RefName::branch("main")));
            let request = CiEvent::Request { target, queued_on: None, head: "123".into(), default_branch };
            assert_eq!(ask(event, payload, false), Ok(request), "{event}");
        }
        let headless = ask("pull_request", r#"{"pull_request":{"base":{"ref":"1.x"}}}"#, false);
        assert!(matches!(headless, Err(CiError::Payload { .. })), "{headless:?}");
    }

    #[test]
    fn a_push_names_what_the_ref_held_and_a_tag_may_be_named_by_its_commit() {
        let push = |payload: &str| match ask("push", payload, false) {
            Ok(CiEvent::Push { name, old, new, names_commit, .. }) => (name, old, new, names_commit),
            other => panic!("{other:?}"),
        };
        let moved = push(r#"{"ref":"refs/heads/main","before":"abc","after":"def"}"#);
        assert_eq!(moved, (RefName::branch("main"), Before::Held("abc".into()), Some("def".into()), false));
        let tag = push(r#"{"ref":"refs/tags/v1","before":"0000","after":"def"}"#);
        assert_eq!(tag, (RefName::tag("v1"), Before::Nothing, Some("def".into()), true));
    }

    #[test]
    fn a_run_by_hand_moves_no_ref() {
        assert_eq!(ask("workflow_dispatch", "{}", false), Err(CiError::Event("workflow_dispatch".into())));
        let job = ask("workflow_dispatch", "{}", true).map(|event| event.name().clone());
        assert_eq!(job, Ok(RefName::branch("main")));
    }
}
