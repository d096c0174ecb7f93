//! Woodpecker CI.
//!
//! Sources: <https://woodpecker-ci.org/docs/usage/environment> and <https://woodpecker-ci.org/plugins/git-clone>.

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct Woodpecker;

impl Provider for Woodpecker {
    fn name(&self) -> &'static str {
        "Woodpecker CI"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "CI").is_ok_and(|name| name == "woodpecker")
    }

    fn event(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        let event = text(variables, "CI_PIPELINE_EVENT")?;
        match event.as_str() {
            "push" | "tag" | "pull_request" | "pull_request_metadata" => pipeline(variables, &event),
            // By hand, by the clock, of a deployment or a release, and of a request that was closed.
            _ => Err(CiError::Event(event)),
        }
    }

    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        pipeline(variables, &text(variables, "CI_PIPELINE_EVENT")?)
    }

    fn project(&self, variables: Variables<'_>) -> Option<String> {
        text(variables, "CI_REPO").ok()
    }

    /// Returns `true`: the clone step fetches the ref of its pipeline alone.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        true
    }

    fn whole_clone(&self) -> &'static str {
        "give the clone step `partial: false` and fetch all branches"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

fn pipeline(variables: Variables<'_>, event: &str) -> Result<CiEvent, CiError> {
    let head = text(variables, "CI_COMMIT_SHA")?;
    let default_branch = text(variables, "CI_REPO_DEFAULT_BRANCH").ok().map(RefName::branch);
    if event.starts_with("pull_request") {
        let target = RefName::branch(text(variables, "CI_COMMIT_TARGET_BRANCH")?);
        return Ok(CiEvent::Request { target, queued_on: None, head, default_branch });
    }
    let (name, old) = if let Ok(tag) = text(variables, "CI_COMMIT_TAG") {
        (RefName::tag(tag), Before::Nothing)
    } else {
        let name = RefName::branch(text(variables, "CI_COMMIT_BRANCH")?);
        // The pipeline before may have been about a request or a tag.
        let is_same = text(variables, "CI_PREV_COMMIT_REF").is_ok_and(|other| RefName::new(other) == name);
        let built = text(variables, "CI_PREV_COMMIT_SHA").ok();
        let old = match built {
            Some(_) if !is_same => Before::Unsaid,
            built => Before::built(built, &head, default_branch.as_ref().is_none_or(|default| *default == name)),
        };
        (name, old)
    };
    Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch })
}

const PAGE: &str = r#"
```yaml
# .woodpecker/refgate.yaml
when:
  - event: [push, tag, pull_request]
clone:
  git:
    image: woodpeckerci/plugin-git
    settings:
      partial: false            # all history
      depth: 0
      tags: true
steps:
  - name: refgate
    image: registry.example/refgate   # an image that has git and refgate
    commands:
      - git fetch --force --tags origin '+refs/heads/*:refs/remotes/origin/*'   # all branches
      - refgate check
```

Of a private repository, the step that fetches needs the credentials that the clone step has.

| event | judged as |
|---|---|
| `push` | `CI_PREV_COMMIT_SHA` and `CI_COMMIT_SHA` of `CI_COMMIT_BRANCH`, if the pipeline before was about that branch (`CI_PREV_COMMIT_REF`); a new branch where there was none before |
| `tag` | the tag of the clone, if it is about `CI_COMMIT_SHA`: Woodpecker names the commit and not the tag object |
| `pull_request` | a push of `CI_COMMIT_SHA` to `CI_COMMIT_TARGET_BRANCH` |
| `manual`, `cron`, `release`, others | nothing, exit 2: they move no ref |

Woodpecker names the commit of the pipeline before, not what the branch held. Pushes that had no pipeline are judged with
the next one. Where the pipeline before was about something else, where it was about the same commit, and in the first
pipeline of the default branch, what the branch held is not known: exit 2. Then say it: `refgate check --base REV`.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)], job: bool) -> Result<CiEvent, CiError> {
        let known = [
            ("CI", "woodpecker"),
            ("CI_COMMIT_SHA", "abc"),
            ("CI_FORGE_TYPE", "forgejo"),
            ("CI_REPO", "owner/project"),
            ("CI_REPO_DEFAULT_BRANCH", "main"),
            ("CI_SYSTEM_NAME", "woodpecker"),
            ("CI_WORKSPACE", "/woodpecker/src/code.example/owner/project"),
        ];
        let all = || set.iter().chain(&known);
        let variables = |name: &str| all().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Err("Woodpecker has no event file".to_owned());
        assert!(Woodpecker.runs(&variables));
        if job { Woodpecker.job(&variables, &read) } else { Woodpecker.event(&variables, &read) }
    }

    fn push(name: RefName, old: Before) -> CiEvent {
        let default_branch = Some(RefName::branch("main"));
        CiEvent::Push { name, old, new: Some("abc".into()), names_commit: true, forced: None, default_branch }
    }

    fn pushed(branch: &str, before: &str, before_ref: &str) -> Result<CiEvent, CiError> {
        let full = format!("refs/heads/{branch}");
        let set = [
            ("CI_PIPELINE_EVENT", "push"),
            ("CI_COMMIT_REF", full.as_str()),
            ("CI_COMMIT_BRANCH", branch),
            ("CI_PREV_COMMIT_SHA", before),
            ("CI_PREV_COMMIT_REF", before_ref),
        ];
        ask(&set, false)
    }

    #[test]
    fn a_push_stands_on_the_pipeline_before_if_that_was_about_the_branch() {
        let main = || RefName::branch("main");
        assert_eq!(pushed("main", "def", "refs/heads/main"), Ok(push(main(), Before::Held("def".into()))));
        for (before, name) in
            [("def", "refs/pull/7/head"), ("def", "refs/tags/v1"), ("abc", "refs/heads/main"), ("", "")]
        {
            assert_eq!(pushed("main", before, name), Ok(push(main(), Before::Unsaid)), "{before} {name}");
        }
        assert_eq!(pushed("topic/a", "", ""), Ok(push(RefName::branch("topic/a"), Before::Nothing)));
    }

    #[test]
    fn a_tag_and_a_request() {
        let tag = [("CI_PIPELINE_EVENT", "tag"), ("CI_COMMIT_TAG", "v1"), ("CI_PREV_COMMIT_SHA", "def")];
        assert_eq!(ask(&tag, false), Ok(push(RefName::tag("v1"), Before::Nothing)));
        for event in ["pull_request", "pull_request_metadata"] {
            let set = [
                ("CI_PIPELINE_EVENT", event),
                ("CI_COMMIT_BRANCH", "1.x"),
                ("CI_COMMIT_REF", "refs/pull/7/head"),
                ("CI_COMMIT_SOURCE_BRANCH", "topic/a"),
                ("CI_COMMIT_TARGET_BRANCH", "1.x"),
            ];
            let (target, default_branch) = (RefName::branch("1.x"), Some(RefName::branch("main")));
            let request = CiEvent::Request { target, queued_on: None, head: "abc".into(), default_branch };
            assert_eq!(ask(&set, false), Ok(request), "{event}");
        }
        assert_eq!(
            ask(&[("CI_PIPELINE_EVENT", "pull_request")], false),
            Err(CiError::Missing("CI_COMMIT_TARGET_BRANCH"))
        );
    }

    #[test]
    fn other_events_move_no_ref() {
        for event in ["manual", "cron", "release", "deployment", "pull_request_closed"] {
            assert_eq!(ask(&[("CI_PIPELINE_EVENT", event)], false), Err(CiError::Event(event.into())));
        }
        let manual = [("CI_PIPELINE_EVENT", "manual"), ("CI_COMMIT_BRANCH", "topic/a")];
        assert_eq!(ask(&manual, true), Ok(push(RefName::branch("topic/a"), Before::Nothing)));
    }
}
