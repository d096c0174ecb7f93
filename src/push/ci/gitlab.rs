//! GitLab CI.
//!
//! Source: docs.gitlab.com "Predefined CI/CD variables reference" and "Configuring runners" (`GIT_DEPTH`).

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct GitLab;

impl Provider for GitLab {
    fn name(&self) -> &'static str {
        "GitLab CI"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "GITLAB_CI").is_ok()
    }

    fn event(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        let source = text(variables, "CI_PIPELINE_SOURCE").unwrap_or_else(|_| "push".to_owned());
        match pipeline(variables)? {
            // Pipelines by hand and by the clock have no earlier value either: that does not make their ref a new one.
            CiEvent::Push { old: Before::Nothing, .. } if source != "push" => Err(CiError::Event(source)),
            event => Ok(event),
        }
    }

    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        pipeline(variables)
    }

    /// Returns the project; of a request, the target's: its pipeline may run in the fork, whose branches are the
    /// proposer's.
    fn project(&self, variables: Variables<'_>) -> Option<String> {
        text(variables, "CI_MERGE_REQUEST_PROJECT_PATH").or_else(|_| text(variables, "CI_PROJECT_PATH")).ok()
    }

    /// Returns whether there is a depth: with one, the runner fetches the ref of the pipeline alone.
    fn may_have_one_branch(&self, variables: Variables<'_>) -> bool {
        text(variables, "GIT_DEPTH").ok().is_none_or(|depth| depth.trim() != "0")
    }

    fn whole_clone(&self) -> &'static str {
        "set `GIT_DEPTH: \"0\"` among the variables of the job"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

fn pipeline(variables: Variables<'_>) -> Result<CiEvent, CiError> {
    let head = text(variables, "CI_COMMIT_SHA")?;
    let default_branch = text(variables, "CI_DEFAULT_BRANCH").ok().map(RefName::branch);
    if let Ok(target) = text(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
        let is_train = text(variables, "CI_MERGE_REQUEST_EVENT_TYPE").is_ok_and(|kind| kind == "merge_train");
        let queued_on = text(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA").ok().filter(|_| is_train);
        return Ok(CiEvent::Request { target: RefName::branch(target), queued_on, head, default_branch });
    }
    let name = match text(variables, "CI_COMMIT_TAG") {
        Ok(tag) => RefName::tag(tag),
        Err(_) => RefName::branch(text(variables, "CI_COMMIT_BRANCH")?),
    };
    let old = Before::of(text(variables, "CI_COMMIT_BEFORE_SHA").ok());
    Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch })
}

const PAGE: &str = r#"
```yaml
# .gitlab-ci.yml
refgate:
  variables:
    GIT_DEPTH: "0"              # all branches, all tags, all history
    GIT_STRATEGY: clone         # nothing left over from an earlier job
  rules:
    - if: $CI_PIPELINE_SOURCE == "push"
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  script:
    - refgate check
```

The program has to be in the image of the job, or installed by a line before.

| pipeline | judged as |
|---|---|
| branch | `CI_COMMIT_BEFORE_SHA` and `CI_COMMIT_SHA` of `CI_COMMIT_BRANCH` |
| tag | the tag of the clone, if it is about `CI_COMMIT_SHA`: GitLab names the commit and not the tag object |
| merge request, merged results | a push of `CI_COMMIT_SHA` to the target |
| merge train | the same, on top of the requests before it (`CI_MERGE_REQUEST_TARGET_BRANCH_SHA`) |
| by hand, by the clock, others | nothing, exit 2: they move no ref |

With a depth the runner fetches the ref of its pipeline and no other. A young project has less history than the usual
depth of 20, and its clone then looks whole although it is not; where such a clone knows one branch alone, the verdict
is undecided unless `GIT_DEPTH` is 0.

A merge request from a fork runs its pipeline in the fork unless a member of the project starts it. There the branches of
`origin` are the proposer's, so the verdict is undecided.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)], job: bool) -> Result<CiEvent, CiError> {
        let variables = |name: &str| match name {
            "CI_COMMIT_SHA" => Some("abc".into()),
            _ => set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value)),
        };
        let read = |_: &str| Err("GitLab has no event file".to_owned());
        if job { GitLab.job(&variables, &read) } else { GitLab.event(&variables, &read) }
    }

    fn push(name: RefName, old: Option<&str>) -> CiEvent {
        let (old, new) = (Before::of(old.map(str::to_owned)), Some("abc".to_owned()));
        CiEvent::Push { name, old, new, names_commit: true, forced: None, default_branch: None }
    }

    #[test]
    fn a_branch_and_a_tag() {
        let zeros = "0".repeat(40);
        let branch = |before| ask(&[("CI_COMMIT_BRANCH", "main"), ("CI_COMMIT_BEFORE_SHA", before)], false);
        assert_eq!(branch("def"), Ok(push(RefName::branch("main"), Some("def"))));
        assert_eq!(branch(&zeros), Ok(push(RefName::branch("main"), None)));
        assert_eq!(ask(&[("CI_COMMIT_TAG", "v1")], false), Ok(push(RefName::tag("v1"), None)));
        assert_eq!(ask(&[], false), Err(CiError::Missing("CI_COMMIT_BRANCH")));
    }

    #[test]
    fn only_a_push_creates_a_ref() {
        let zeros = "0".repeat(40);
        for source in ["web", "schedule", "api", "trigger", "pipeline"] {
            let set = [
                ("CI_PIPELINE_SOURCE", source),
                ("CI_COMMIT_BRANCH", "main"),
                ("CI_COMMIT_BEFORE_SHA", zeros.as_str()),
            ];
            assert_eq!(ask(&set, false), Err(CiError::Event(source.into())));
            assert_eq!(ask(&set, true), Ok(push(RefName::branch("main"), None)));
        }
    }

    #[test]
    fn a_request_stands_on_others_in_a_train_alone() {
        for (kind, expected) in [("detached", None), ("merged_result", None), ("merge_train", Some("def".to_owned()))] {
            let set = [
                ("CI_PIPELINE_SOURCE", "merge_request_event"),
                ("CI_MERGE_REQUEST_EVENT_TYPE", kind),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "1.x"),
                ("CI_MERGE_REQUEST_TARGET_BRANCH_SHA", "def"),
                ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "fork point"),
                ("CI_DEFAULT_BRANCH", "main"),
            ];
            let (target, default_branch) = (RefName::branch("1.x"), Some(RefName::branch("main")));
            let request = CiEvent::Request { target, queued_on: expected, head: "abc".into(), default_branch };
            assert_eq!(ask(&set, false), Ok(request), "{kind}");
        }
    }

    #[test]
    fn the_project_of_a_request_is_the_targets() {
        let both = |name: &str| match name {
            "CI_PROJECT_PATH" => Some("fork/p".into()),
            "CI_MERGE_REQUEST_PROJECT_PATH" => Some("group/p".into()),
            _ => None,
        };
        assert_eq!(GitLab.project(&both).as_deref(), Some("group/p"));
        assert_eq!(GitLab.project(&|name| both(name).filter(|_| name == "CI_PROJECT_PATH")).as_deref(), Some("fork/p"));
    }
}
