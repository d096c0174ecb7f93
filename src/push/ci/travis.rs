//! Travis CI.
//!
//! Source: docs.travis-ci.com "Environment Variables" and "Customizing the Build" (`git.depth`).

use super::event::text;
use super::{Before, CiError, CiEvent, Provider, Read};
use crate::model::{Namespace, RefName};
use crate::push::variables::Variables;

pub(super) struct Travis;

impl Provider for Travis {
    fn name(&self) -> &'static str {
        "Travis CI"
    }

    fn runs(&self, variables: Variables<'_>) -> bool {
        text(variables, "TRAVIS").is_ok()
    }

    fn event(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        match text(variables, "TRAVIS_EVENT_TYPE")?.as_str() {
            "push" | "pull_request" => build(variables),
            // Builds by hand and by the clock move no ref.
            other => Err(CiError::Event(other.to_owned())),
        }
    }

    fn job(&self, variables: Variables<'_>, _: Read<'_>) -> Result<CiEvent, CiError> {
        build(variables)
    }

    /// Returns the project; of a pull request, the target's.
    fn project(&self, variables: Variables<'_>) -> Option<String> {
        text(variables, "TRAVIS_REPO_SLUG").ok()
    }

    /// Returns `true`: a clone of some depth has one branch alone, and the job cannot see which depth it was given.
    fn may_have_one_branch(&self, _: Variables<'_>) -> bool {
        true
    }

    fn whole_clone(&self) -> &'static str {
        "set `depth: false` below `git:`"
    }

    fn page(&self) -> &'static str {
        PAGE
    }
}

fn build(variables: Variables<'_>) -> Result<CiEvent, CiError> {
    let head = text(variables, "TRAVIS_COMMIT")?;
    let branch = || text(variables, "TRAVIS_BRANCH").map(RefName::branch);
    // `false` is what it says where there is none.
    if text(variables, "TRAVIS_PULL_REQUEST").is_ok_and(|number| number != "false") {
        return Ok(CiEvent::Request { target: branch()?, queued_on: None, head, default_branch: None });
    }
    // TRAVIS_BRANCH is the tag's name where a tag was pushed.
    let name = text(variables, "TRAVIS_TAG").map_or_else(|_| branch(), |tag| Ok(RefName::tag(tag)))?;
    // Empty for a new branch, and `OLD...NEW` otherwise. That of a tag is about its branch.
    let range = text(variables, "TRAVIS_COMMIT_RANGE").ok().filter(|_| name.namespace() == Namespace::Branch);
    let old = Before::of(range.and_then(|range| range.split_once("...").map(|(old, _)| old.to_owned())));
    Ok(CiEvent::Push { name, old, new: Some(head), names_commit: true, forced: None, default_branch: None })
}

const PAGE: &str = r#"
```yaml
# .travis.yml
git:
  depth: false                # all branches, all tags, all history
script:
  - refgate check
```

The program has to be on the PATH of the job; a line under `before_script` installs it.

| build | judged as |
|---|---|
| push of a branch | the range `TRAVIS_COMMIT_RANGE` of `TRAVIS_BRANCH`; a new branch where it is empty |
| push of a tag | the tag of the clone, if it is about `TRAVIS_COMMIT`: Travis names the commit and not the tag object |
| pull request | a push of the test merge (`TRAVIS_COMMIT`) to the target |
| by the clock, by hand | nothing, exit 2: they move no ref |

Travis does not say which branch is the default one; the clone's `origin/HEAD` does. Without `depth: false` a clone has one
branch alone, and the verdict is undecided.

`refgate release-plan` needs no flags either: a push to the master branch publishes nothing although the version tag that
was pushed after it may be in the clone already.
"#;

#[cfg(test)]
mod tests {
    use super::*;
    use bstr::BString;

    fn ask(set: &[(&str, &str)], job: bool) -> Result<CiEvent, CiError> {
        let variables = |name: &str| match name {
            "TRAVIS_COMMIT" => Some("abc".into()),
            _ => set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value)),
        };
        let read = |_: &str| Err("Travis has no event file".to_owned());
        if job { Travis.job(&variables, &read) } else { Travis.event(&variables, &read) }
    }

    fn push(name: RefName, old: Option<&str>) -> CiEvent {
        let (old, new) = (Before::of(old.map(str::to_owned)), Some("abc".to_owned()));
        CiEvent::Push { name, old, new, names_commit: true, forced: None, default_branch: None }
    }

    #[test]
    fn a_branch_a_new_branch_and_a_tag() {
        let event = ("TRAVIS_EVENT_TYPE", "push");
        let no_request = ("TRAVIS_PULL_REQUEST", "false");
        let branch = ("TRAVIS_BRANCH", "develop");
        let range = ("TRAVIS_COMMIT_RANGE", "0123456789ab...abc");
        assert_eq!(
            ask(&[event, no_request, branch, range], false),
            Ok(push(RefName::branch("develop"), Some("0123456789ab")))
        );
        assert_eq!(
            ask(&[event, no_request, branch, ("TRAVIS_COMMIT_RANGE", "")], false),
            Ok(push(RefName::branch("develop"), None))
        );
        let tag = [event, no_request, ("TRAVIS_BRANCH", "1.2.3"), ("TRAVIS_TAG", "1.2.3"), range];
        assert_eq!(ask(&tag, false), Ok(push(RefName::tag("1.2.3"), None)));
        assert_eq!(ask(&[event, no_request], false), Err(CiError::Missing("TRAVIS_BRANCH")));
        assert_eq!(ask(&[branch], false), Err(CiError::Missing("TRAVIS_EVENT_TYPE")));
    }

    #[test]
    fn a_pull_request_is_a_push_to_its_target() {
        let set = [
            ("TRAVIS_EVENT_TYPE", "pull_request"),
            ("TRAVIS_PULL_REQUEST", "7"),
            ("TRAVIS_BRANCH", "develop"),
            ("TRAVIS_COMMIT_RANGE", "1...2"),
        ];
        let target = RefName::branch("develop");
        let request = CiEvent::Request { target, queued_on: None, head: "abc".into(), default_branch: None };
        assert_eq!(ask(&set, false), Ok(request));
    }

    #[test]
    fn builds_by_hand_and_by_the_clock_are_of_a_branch_and_move_nothing() {
        for kind in ["api", "cron"] {
            let set = [("TRAVIS_EVENT_TYPE", kind), ("TRAVIS_BRANCH", "develop")];
            assert_eq!(ask(&set, false), Err(CiError::Event(kind.into())));
            assert_eq!(ask(&set, true), Ok(push(RefName::branch("develop"), None)));
        }
    }
}
