//! Jenkins, in a multibranch pipeline.
//!
//! Sources: <https://www.jenkins.io/doc/book/pipeline/multibranch/> (`CHANGE_*`, `BRANCH_NAME`, `TAG_NAME`),
//! <https://www.jenkins.io/doc/book/pipeline/jenkinsfile/> (`JENKINS_URL`) and <https://plugins.jenkins.io/git/>
//! (`GIT_COMMIT`, `GIT_PREVIOUS_COMMIT`).

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::RefName;
use crate::push::variables::Variables;

pub(super) struct Jenkins;

impl Provider for Jenkins {
    fn name(&self) -> &'static str {
        "Jenkins"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        ["JENKINS_URL", "JENKINS_HOME"].iter().any(|name| text(variables, name).is_ok())
    }

    fn event(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError> {
        self.job(variables, read)
    }

    /// Finds what this job builds. What started it is not said.
    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        let head = text(variables, "GIT_COMMIT")?;
        if text(variables, "CHANGE_ID").is_ok() {
            let target = RefName::branch(text(variables, "CHANGE_TARGET")?);
            return Ok(CiEvent::Request { target, queued_on: None, head, default_branch: None });
        }
        let is_primary = text(variables, "BRANCH_IS_PRIMARY").is_ok_and(|said| said == "true");
        let (name, old) = match text(variables, "TAG_NAME") {
            Ok(tag) => (RefName::tag(tag), Before::Nothing),
            Err(_) => {
                let built = text(variables, "GIT_PREVIOUS_COMMIT").ok();
                let name = RefName::branch(text(variables, "BRANCH_NAME")?);
                (name, Before::built(built, &head, is_primary))
            }
        };
        let default_branch = is_primary.then(|| name.clone());
        Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch })
    }

    /// Returns nothing: the URL that it has is that which was cloned.
    fn project(&self, _: Variables<'_>) -> Option<String> {
        None
    }

    /// Returns `true`: a branch source fetches the branch of the build alone.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        true
    }

    fn whole_clone(&self) -> &'static str {
        "have all branches tracked with `git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'` and fetch"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

const PAGE: &str = r#"
```groovy
// Jenkinsfile of a multibranch pipeline that discovers branches, tags and pull requests
pipeline {
  agent any
  stages {
    stage('refgate') {
      steps {
        sh '''
          git config remote.origin.fetch '+refs/heads/*:refs/remotes/origin/*'
          git fetch --force --prune --tags origin     # all branches, all tags
          git remote set-head origin main             # the default branch, which Jenkins does not name
          refgate check
        '''
      }
    }
  }
}
```

The program has to be on the agent. A branch source fetches one branch without its tags, hence the lines before; of a
private repository they need its credentials (`sshagent`, or the git plugin's `gitUsernamePassword`). With a clone of some
depth (advanced clone behaviours) `git fetch` needs `--unshallow`.

| build | judged as |
|---|---|
| change request (`CHANGE_ID`) | a push of `GIT_COMMIT`, the head or Jenkins' merge of it, to `CHANGE_TARGET` |
| tag (`TAG_NAME`) | the tag of the clone, if it is about `GIT_COMMIT` |
| branch | `GIT_PREVIOUS_COMMIT` and `GIT_COMMIT` of `BRANCH_NAME`; a new branch where it was never built |

`GIT_COMMIT` is set in declarative pipelines. In scripted ones it is what `checkout scm` returns, to be handed on with
`withEnv`.

`GIT_PREVIOUS_COMMIT` is what was built before, not what the branch held: pushes that were not built are judged with the
next one. A commit that is built again, and the first build of the primary branch, do not say what the branch held: exit 2.
Then say it: `refgate check --base REV`.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)]) -> Result<CiEvent, CiError> {
        let known = [
            ("BUILD_NUMBER", "12"),
            ("GIT_COMMIT", "abc"),
            ("GIT_URL", "https://code.example/owner/project.git"),
            ("JENKINS_HOME", "/var/lib/jenkins"),
            ("JENKINS_URL", "https://jenkins.example/"),
        ];
        let all = || set.iter().chain(&known);
        let variables = |name: &str| all().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        let read = |_: &str| Err("Jenkins has no event file".to_owned());
        assert!(Jenkins.runs(&variables));
        Jenkins.event(&variables, &read)
    }

    fn push(name: RefName, old: Before, default_branch: Option<RefName>) -> CiEvent {
        CiEvent::Push { name, old, new: Some("abc".into()), names_commit: true, forced: None, default_branch }
    }

    #[test]
    fn a_branch_stands_on_what_was_built_before() {
        let branch = |built: &str, primary: &str| {
            let name = if primary.is_empty() { "topic/a" } else { "main" };
            ask(&[("BRANCH_NAME", name), ("GIT_PREVIOUS_COMMIT", built), ("BRANCH_IS_PRIMARY", primary)])
        };
        let topic = |old| Ok(push(RefName::branch("topic/a"), old, None));
        assert_eq!(branch("def", ""), topic(Before::Held("def".into())));
        assert_eq!(branch("", ""), topic(Before::Nothing));
        assert_eq!(branch("abc", ""), topic(Before::Unsaid));
        let main = |old| Ok(push(RefName::branch("main"), old, Some(RefName::branch("main"))));
        assert_eq!(branch("def", "true"), main(Before::Held("def".into())));
        assert_eq!(branch("", "true"), main(Before::Unsaid));
        assert_eq!(ask(&[]), Err(CiError::Missing("BRANCH_NAME")));
    }

    #[test]
    fn a_tag_and_a_change_request() {
        let tag = [("TAG_NAME", "v1"), ("BRANCH_NAME", "v1"), ("GIT_PREVIOUS_COMMIT", "def")];
        assert_eq!(ask(&tag), Ok(push(RefName::tag("v1"), Before::Nothing, None)));
        let change = [
            ("BRANCH_NAME", "PR-7"),
            ("CHANGE_ID", "7"),
            ("CHANGE_TARGET", "1.x"),
            ("CHANGE_BRANCH", "topic/a"),
            ("GIT_PREVIOUS_COMMIT", "def"),
        ];
        let target = RefName::branch("1.x");
        let request = CiEvent::Request { target, queued_on: None, head: "abc".into(), default_branch: None };
        assert_eq!(ask(&change), Ok(request));
        assert_eq!(ask(&change[..2]), Err(CiError::Missing("CHANGE_TARGET")));
    }
}
