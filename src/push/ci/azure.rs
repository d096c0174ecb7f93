//! Azure Pipelines.
//!
//! Sources: <https://learn.microsoft.com/en-us/azure/devops/pipelines/build/variables> and
//! <https://learn.microsoft.com/en-us/azure/devops/pipelines/yaml-schema/steps-checkout>.

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::{Namespace, RefName};
use crate::push::variables::Variables;

pub(super) struct Azure;

impl Provider for Azure {
    fn name(&self) -> &'static str {
        "Azure Pipelines"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "TF_BUILD").is_ok()
    }

    fn event(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        let reason = text(variables, "BUILD_REASON")?;
        match reason.as_str() {
            "IndividualCI" | "BatchedCI" | "PullRequest" => build(variables),
            // By hand, by the clock, by another pipeline.
            _ => Err(CiError::Event(reason)),
        }
    }

    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        build(variables)
    }

    /// Returns the project of a repository at GitHub. Elsewhere the name lacks what stands before it in a URL.
    fn project(&self, variables: Variables<'_>) -> Option<String> {
        text(variables, "BUILD_REPOSITORY_NAME").ok().filter(|name| name.contains('/'))
    }

    /// Returns `false`: the agent fetches all branches, at whichever depth.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        false
    }

    fn whole_clone(&self) -> &'static str {
        "give the checkout step `fetchDepth: 0`"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

fn build(variables: Variables<'_>) -> Result<CiEvent, CiError> {
    if text(variables, "BUILD_REASON")? == "PullRequest" {
        // `refs/heads/main` of Azure Repos, `main` of GitHub.
        let target = text(variables, "SYSTEM_PULLREQUEST_TARGETBRANCH")?;
        let target = RefName::branch(target.strip_prefix("refs/heads/").unwrap_or(&target));
        // BUILD_SOURCEVERSION is the test merge.
        let head =
            text(variables, "SYSTEM_PULLREQUEST_SOURCECOMMITID").or_else(|_| text(variables, "BUILD_SOURCEVERSION"))?;
        return Ok(CiEvent::Request { target, queued_on: None, head, default_branch: None });
    }
    let name = RefName::new(text(variables, "BUILD_SOURCEBRANCH")?);
    let old = if name.namespace() == Namespace::Tag { Before::Nothing } else { Before::Unsaid };
    let new = Some(text(variables, "BUILD_SOURCEVERSION")?);
    Ok(CiEvent::Push { name, old, new, names_commit: true, forced: None, default_branch: None })
}

const PAGE: &str = r#"
```yaml
# azure-pipelines.yml
trigger:
  branches:
    exclude: ["*"]
  tags:
    include: ["*"]
pr: ["*"]                       # of GitHub; in Azure Repos a build validation policy of the branch does this
steps:
  - checkout: self
    fetchDepth: 0               # all branches, all history
    fetchTags: true
  - script: |
      git remote set-head origin main       # the default branch, which Azure does not name
      refgate check
```

The program has to be on the agent, or installed by a step before.

| reason | judged as |
|---|---|
| `PullRequest` | a push of the request's head (`SYSTEM_PULLREQUEST_SOURCECOMMITID`), not of the test merge, to the target |
| `IndividualCI`, `BatchedCI` of a tag | the tag of the clone, if it is `BUILD_SOURCEVERSION` or about it |
| `IndividualCI`, `BatchedCI` of a branch | with `--base REV` alone: Azure does not say what the branch held. Otherwise exit 2 |
| `Manual`, `Schedule`, others | nothing, exit 2: they move no ref |

Where a branch moves by one merge at a time, `refgate check --base HEAD^1` judges the last.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)], job: bool) -> Result<CiEvent, CiError> {
        let known = [
            ("AGENT_NAME", "Hosted Agent"),
            ("BUILD_REPOSITORY_NAME", "project"),
            ("BUILD_REPOSITORY_PROVIDER", "TfsGit"),
            ("BUILD_REPOSITORY_URI", "https://org@dev.azure.com/org/team/_git/project"),
            ("BUILD_SOURCEVERSION", "merge"),
            ("SYSTEM_TEAMPROJECT", "team"),
            ("TF_BUILD", "True"),
        ];
        let all = || set.iter().chain(&known);
        let variables = |name: &str| all().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Err("Azure has no event file".to_owned());
        assert!(Azure.runs(&variables));
        assert_eq!(Azure.project(&variables), None);
        if job { Azure.job(&variables, &read) } else { Azure.event(&variables, &read) }
    }

    fn push(name: RefName, old: Before) -> CiEvent {
        CiEvent::Push { name, old, new: Some("merge".into()), names_commit: true, forced: None, default_branch: None }
    }

    #[test]
    fn a_request_is_a_push_of_its_head_and_not_of_the_test_merge() {
        for target in ["refs/heads/release/1.0", "release/1.0"] {
            let set = [
                ("BUILD_REASON", "PullRequest"),
                ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
                ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
                ("SYSTEM_PULLREQUEST_TARGETBRANCH", target),
                ("SYSTEM_PULLREQUEST_SOURCECOMMITID", "head"),
            ];
            let request = |head: &str| {
                let target = RefName::branch("release/1.0");
                Ok(CiEvent::Request { target, queued_on: None, head: head.into(), default_branch: None })
            };
            assert_eq!(ask(&set, false), request("head"));
            assert_eq!(ask(&set[..4], false), request("merge"));
        }
    }

    #[test]
    fn a_tag_is_new_and_what_a_branch_held_is_not_said() {
        for reason in ["IndividualCI", "BatchedCI"] {
            let of = |name| ask(&[("BUILD_REASON", reason), ("BUILD_SOURCEBRANCH", name)], false);
            assert_eq!(of("refs/tags/v1"), Ok(push(RefName::tag("v1"), Before::Nothing)));
            assert_eq!(of("refs/heads/main"), Ok(push(RefName::branch("main"), Before::Unsaid)));
        }
    }

    #[test]
    fn builds_by_hand_and_by_the_clock_move_no_ref() {
        for reason in ["Manual", "Schedule", "ResourceTrigger", "BuildCompletion"] {
            let set = [("BUILD_REASON", reason), ("BUILD_SOURCEBRANCH", "refs/heads/main")];
            assert_eq!(ask(&set, false), Err(CiError::Event(reason.into())));
            assert_eq!(ask(&set, true), Ok(push(RefName::branch("main"), Before::Unsaid)));
        }
    }
}
