//! Bitbucket Pipelines.
//!
//! Sources: <https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/> and
//! <https://support.atlassian.com/bitbucket-cloud/docs/git-clone-behavior/>.

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct Bitbucket;

impl Provider for Bitbucket {
    fn name(&self) -> &'static str {
        "Bitbucket Pipelines"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "BITBUCKET_BUILD_NUMBER").is_ok()
    }

    fn event(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        self.job(variables, read)
    }

    /// Finds what this job builds. What started it is not said.
    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        // The request's own head: that it was merged with the target before the job is known to the work tree alone.
        let head = text(variables, "BITBUCKET_COMMIT")?;
        if text(variables, "BITBUCKET_PR_ID").is_ok() {
            let target = RefName::branch(text(variables, "BITBUCKET_PR_DESTINATION_BRANCH")?);
            return Ok(CiEvent::Request { target, queued_on: None, head, default_branch: None });
        }
        let (name, old) = match text(variables, "BITBUCKET_TAG") {
            Ok(tag) => (RefName::tag(tag), Before::Nothing),
            Err(_) => (RefName::branch(text(variables, "BITBUCKET_BRANCH")?), Before::Unsaid),
        };
        Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch: None })
    }

    fn project(&self, variables: Variables<'_>) -> Option<String> {
        text(variables, "BITBUCKET_REPO_FULL_NAME").ok()
    }

    /// Returns `true`: a clone of some depth has one branch alone, and the job cannot see which depth it was given.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        true
    }

    fn whole_clone(&self) -> &'static str {
        "set `depth: full` below `clone:`"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

const PAGE: &str = r#"
```yaml
# bitbucket-pipelines.yml
image: registry.example/refgate       # an image that has git and refgate
clone:
  depth: full                         # all branches, all tags, all history
pipelines:
  pull-requests:
    "**":
      - step:
          script:
            - refgate check
  tags:
    "**":
      - step:
          script:
            - refgate check
```

| pipeline | judged as |
|---|---|
| pull request | a push of `BITBUCKET_COMMIT`, the request's head, to `BITBUCKET_PR_DESTINATION_BRANCH` |
| tag | the tag of the clone, if it is about `BITBUCKET_COMMIT` |
| branch | with `--base REV` alone: Bitbucket does not say what the branch held. Otherwise exit 2 |

Bitbucket says neither what started a pipeline nor which branch is the default one; the clone's `origin/HEAD` does the
latter. A request whose pipeline began before its target moved is judged against the target as the clone has it.

Where a branch moves by one merge at a time, `refgate check --base HEAD^1` judges the last.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)]) -> Result<CiEvent, CiError> {
        let known = [
            ("BITBUCKET_BUILD_NUMBER", "12"),
            ("BITBUCKET_CLONE_DIR", "/opt/atlassian/pipelines/agent/build"),
            ("BITBUCKET_COMMIT", "abc"),
            ("BITBUCKET_REPO_FULL_NAME", "owner/project"),
            ("BITBUCKET_REPO_SLUG", "project"),
            ("BITBUCKET_WORKSPACE", "owner"),
            ("CI", "true"),
        ];
        let all = || set.iter().chain(&known);
        let variables = |name: &str| all().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Err("Bitbucket has no event file".to_owned());
        assert!(Bitbucket.runs(&variables));
        assert_eq!(Bitbucket.project(&variables).as_deref(), Some("owner/project"));
        Bitbucket.event(&variables, &read)
    }

    fn push(name: RefName, old: Before) -> CiEvent {
        CiEvent::Push { name, old, new: Some("abc".into()), names_commit: true, forced: None, default_branch: None }
    }

    #[test]
    fn a_request_a_tag_and_a_branch() {
        let pull = [
            ("BITBUCKET_BRANCH", "topic/a"),
            ("BITBUCKET_PR_ID", "7"),
            ("BITBUCKET_PR_DESTINATION_BRANCH", "1.x"),
            ("BITBUCKET_PR_DESTINATION_COMMIT", "0123456789ab"),
        ];
        let target = RefName::branch("1.x");
        let request = CiEvent::Request { target, queued_on: None, head: "abc".into(), default_branch: None };
        assert_eq!(ask(&pull), Ok(request));
        assert_eq!(ask(&pull[..2]), Err(CiError::Missing("BITBUCKET_PR_DESTINATION_BRANCH")));
        assert_eq!(ask(&[("BITBUCKET_TAG", "v1")]), Ok(push(RefName::tag("v1"), Before::Nothing)));
        assert_eq!(ask(&pull[..1]), Ok(push(RefName::branch("topic/a"), Before::Unsaid)));
        assert_eq!(ask(&[]), Err(CiError::Missing("BITBUCKET_BRANCH")));
    }
}
