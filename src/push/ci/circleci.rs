//! CircleCI.
//!
//! Sources: <https://circleci.com/docs/reference/variables/> and
//! <https://circleci.com/docs/reference/configuration-reference/> (`checkout`).

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct CircleCi;

impl Provider for CircleCi {
    fn name(&self) -> &'static str {
        "CircleCI"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "CIRCLECI").is_ok()
    }

    fn event(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        let head = text(variables, "CIRCLE_SHA1")?;
        let (name, old) = if let Ok(tag) = text(variables, "CIRCLE_TAG") {
            (RefName::tag(tag), Before::Nothing)
        } else {
            let branch = text(variables, "CIRCLE_BRANCH")?;
            // What it calls the branch of a request from a fork. Others are built as the branch that was pushed.
            if text(variables, "CIRCLE_PR_NUMBER").is_ok() && branch.starts_with("pull/") {
                return Err(CiError::NoTarget(self.name()));
            }
            (RefName::branch(branch), Before::Unsaid)
        };
        Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch: None })
    }

    /// Finds what this job builds. What started it is not said.
    fn job(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        self.event(variables, read)
    }

    fn project(&self, variables: Variables<'_>) -> Option<String> {
        let owner = text(variables, "CIRCLE_PROJECT_USERNAME").ok()?;
        Some(format!("{owner}/{}", text(variables, "CIRCLE_PROJECT_REPONAME").ok()?))
    }

    /// Returns `false`: the checkout step clones all branches.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        false
    }

    fn whole_clone(&self) -> &'static str {
        "give the checkout step `method: full`"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

const PAGE: &str = r#"
```yaml
# .circleci/config.yml
version: 2.1
jobs:
  refgate:
    docker:
      - image: registry.example/refgate     # an image that has git and refgate
    environment:
      BEFORE: << pipeline.git.base_revision >>
    steps:
      - checkout:
          method: full                      # not without the contents of files
      - run: refgate check ${CIRCLE_BRANCH:+--base "${BEFORE:-0000000000000000000000000000000000000000}"}
workflows:
  refgate:
    jobs:
      - refgate:
          filters:
            tags:
              only: /.*/                    # CircleCI builds no tags unless they are asked for
```

| build | judged as |
|---|---|
| branch | `--base` and `CIRCLE_SHA1` of `CIRCLE_BRANCH`. No variable says what the branch held; without `--base` exit 2 |
| tag | the tag of the clone, if it is about `CIRCLE_SHA1` |
| pull request from a fork | nothing, exit 2: no variable says which branch it goes to |

`pipeline.git.base_revision` is the commit that was built before on the branch. It is empty for the first build of a
branch, which is then judged as a new one; for the default branch there is then no policy before the push, exit 3.

A pull request from the project's own repository is built as the push of its branch. What landing it would do is judged by
`refgate check --target main --policy ref:refs/remotes/origin/main:.refgate.toml`, and so is one from a fork.

CircleCI does not say which branch is the default one; the clone's `origin/HEAD` does.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)]) -> Result<CiEvent, CiError> {
        let known = [
            ("CI", "true"),
            ("CIRCLECI", "true"),
            ("CIRCLE_BUILD_NUM", "12"),
            ("CIRCLE_PROJECT_REPONAME", "project"),
            ("CIRCLE_PROJECT_USERNAME", "owner"),
            ("CIRCLE_REPOSITORY_URL", "git@github.com:owner/project.git"),
            ("CIRCLE_SHA1", "abc"),
        ];
        let all = || set.iter().chain(&known);
        let variables = |name: &str| all().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Err("CircleCI has no event file".to_owned());
        assert!(CircleCi.runs(&variables));
        assert_eq!(CircleCi.project(&variables).as_deref(), Some("owner/project"));
        CircleCi.event(&variables, &read)
    }

    fn push(name: RefName, old: Before) -> CiEvent {
        CiEvent::Push { name, old, new: Some("abc".into()), names_commit: true, forced: None, default_branch: None }
    }

    #[test]
    fn a_tag_is_new_and_what_a_branch_held_is_not_said() {
        assert_eq!(ask(&[("CIRCLE_TAG", "v1")]), Ok(push(RefName::tag("v1"), Before::Nothing)));
        let own = [("CIRCLE_BRANCH", "topic/a"), ("CIRCLE_PULL_REQUEST", "https://github.com/owner/project/pull/7")];
        assert_eq!(ask(&own), Ok(push(RefName::branch("topic/a"), Before::Unsaid)));
        assert_eq!(ask(&[]), Err(CiError::Missing("CIRCLE_BRANCH")));
    }

    #[test]
    fn the_target_of_a_request_from_a_fork_is_not_named() {
        let fork = [("CIRCLE_BRANCH", "pull/7"), ("CIRCLE_PR_NUMBER", "7"), ("CIRCLE_PR_USERNAME", "mallory")];
        assert_eq!(ask(&fork), Err(CiError::NoTarget("CircleCI")));
    }
}
