//! Buildkite.
//!
//! Sources: <https://buildkite.com/docs/pipelines/configure/environment-variables> and
//! <https://buildkite.com/docs/tutorials/github-merge-queue>.

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct Buildkite;

impl Provider for Buildkite {
    fn name(&self) -> &'static str {
        "Buildkite"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "BUILDKITE").is_ok()
    }

    fn event(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        match build(variables)? {
            // Builds by hand, by the clock and of other pipelines move no ref; those of a request are about it all the same.
            CiEvent::Push { .. } if text(variables, "BUILDKITE_SOURCE")? != "webhook" => {
                Err(CiError::Event(text(variables, "BUILDKITE_SOURCE")?))
            }
            event => Ok(event),
        }
    }

    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        build(variables)
    }

    /// Returns nothing: the URL that it has is that which was cloned.
    fn project(&self, _: Variables<'_>) -> Option<String> {
        None
    }

    /// Returns `true`: agents keep their clones, and fetch the branch of the build into them.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        true
    }

    fn whole_clone(&self) -> &'static str {
        "take `--depth` out of BUILDKITE_GIT_CLONE_FLAGS and BUILDKITE_GIT_FETCH_FLAGS"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

fn build(variables: Variables<'_>) -> Result<CiEvent, CiError> {
    let head = text(variables, "BUILDKITE_COMMIT")?;
    let default_branch = text(variables, "BUILDKITE_PIPELINE_DEFAULT_BRANCH").ok().map(RefName::branch);
    if let Ok(target) = text(variables, "BUILDKITE_MERGE_QUEUE_BASE_BRANCH") {
        let queued_on = Some(text(variables, "BUILDKITE_MERGE_QUEUE_BASE_COMMIT")?);
        return Ok(CiEvent::Request { target: RefName::branch(target), queued_on, head, default_branch });
    }
    // `false` is what it says where there is none.
    if text(variables, "BUILDKITE_PULL_REQUEST").is_ok_and(|number| number != "false") {
        let target = RefName::branch(text(variables, "BUILDKITE_PULL_REQUEST_BASE_BRANCH")?);
        return Ok(CiEvent::Request { target, queued_on: None, head, default_branch });
    }
    let (name, old) = match text(variables, "BUILDKITE_TAG") {
        Ok(tag) => (RefName::tag(tag), Before::Nothing),
        Err(_) => (RefName::branch(text(variables, "BUILDKITE_BRANCH")?), Before::Unsaid),
    };
    Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch })
}

const PAGE: &str = r#"
```yaml
# .buildkite/pipeline.yml
steps:
  - label: refgate
    if: build.pull_request.id != null || build.tag != null || build.merge_queue.base_branch != null
    commands:
      # An agent keeps its clone, and fetches one branch into it for a build.
      - git fetch --force --prune --tags origin '+refs/heads/*:refs/remotes/origin/*'
      - refgate check
```

The program has to be on the machine of the agent. Clones are whole unless `--depth` is among
BUILDKITE_GIT_CLONE_FLAGS or BUILDKITE_GIT_FETCH_FLAGS.

| build | judged as |
|---|---|
| pull request | a push of `BUILDKITE_COMMIT` to `BUILDKITE_PULL_REQUEST_BASE_BRANCH` |
| merge queue | the same, on top of the groups before it (`BUILDKITE_MERGE_QUEUE_BASE_COMMIT`) |
| tag | the tag of the clone, if it is about `BUILDKITE_COMMIT` |
| push of a branch | with `--base REV` alone: Buildkite does not say what the branch held. Otherwise exit 2 |
| by hand, by the clock, of another pipeline | nothing, exit 2: they move no ref |

Where a branch moves by one merge at a time, `refgate check --base HEAD^1` judges the last.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)], job: bool) -> Result<CiEvent, CiError> {
        let known = [
            ("BUILDKITE", "true"),
            ("BUILDKITE_BRANCH", "topic/a"),
            ("BUILDKITE_COMMIT", "abc"),
            ("BUILDKITE_PIPELINE_DEFAULT_BRANCH", "main"),
            ("BUILDKITE_PULL_REQUEST", "false"),
            ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", ""),
            ("BUILDKITE_PULL_REQUEST_REPO", ""),
            ("BUILDKITE_REPO", "git@github.com:owner/project.git"),
            ("BUILDKITE_SOURCE", "webhook"),
            ("BUILDKITE_TAG", ""),
            ("CI", "true"),
        ];
        let all = || set.iter().chain(&known);
        let variables = |name: &str| all().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Err("Buildkite has no event file".to_owned());
        assert!(Buildkite.runs(&variables));
        if job { Buildkite.job(&variables, &read) } else { Buildkite.event(&variables, &read) }
    }

    fn push(name: RefName, old: Before) -> CiEvent {
        let default_branch = Some(RefName::branch("main"));
        CiEvent::Push { name, old, new: Some("abc".into()), names_commit: true, forced: None, default_branch }
    }

    fn request(target: &str, queued_on: Option<&str>) -> CiEvent {
        let (target, queued_on) = (RefName::branch(target), queued_on.map(str::to_owned));
        CiEvent::Request { target, queued_on, head: "abc".into(), default_branch: Some(RefName::branch("main")) }
    }

    #[test]
    fn a_request_and_a_group_of_the_merge_queue() {
        let pull = [("BUILDKITE_PULL_REQUEST", "7"), ("BUILDKITE_PULL_REQUEST_BASE_BRANCH", "1.x")];
        assert_eq!(ask(&pull, false), Ok(request("1.x", None)));
        // Built again by hand, it is about the request still.
        assert_eq!(ask(&[&pull[..], &[("BUILDKITE_SOURCE", "ui")]].concat(), false), Ok(request("1.x", None)));
        let queue = [
            ("BUILDKITE_BRANCH", "gh-readonly-queue/main/pr-7-def"),
            ("BUILDKITE_MERGE_QUEUE_BASE_BRANCH", "main"),
            ("BUILDKITE_MERGE_QUEUE_BASE_COMMIT", "def"),
        ];
        assert_eq!(ask(&queue, false), Ok(request("main", Some("def"))));
        assert_eq!(ask(&queue[..2], false), Err(CiError::Missing("BUILDKITE_MERGE_QUEUE_BASE_COMMIT")));
    }

    #[test]
    fn a_tag_is_new_and_what_a_branch_held_is_not_said() {
        assert_eq!(
            ask(&[("BUILDKITE_TAG", "v1"), ("BUILDKITE_BRANCH", "v1")], false),
            Ok(push(RefName::tag("v1"), Before::Nothing))
        );
        assert_eq!(ask(&[], false), Ok(push(RefName::branch("topic/a"), Before::Unsaid)));
    }

    #[test]
    fn builds_by_hand_and_by_the_clock_move_no_ref() {
        for source in ["ui", "api", "schedule", "trigger_job"] {
            assert_eq!(ask(&[("BUILDKITE_SOURCE", source)], false), Err(CiError::Event(source.into())));
            assert_eq!(
                ask(&[("BUILDKITE_SOURCE", source)], true),
                Ok(push(RefName::branch("topic/a"), Before::Unsaid))
            );
        }
    }
}
