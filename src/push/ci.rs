//! What a CI job is about, from GitHub Actions' and GitLab CI's predefined variables.
//!
//! Sources: docs.github.com "Variables reference" and "Webhook events and payloads"; docs.gitlab.com
//! "Predefined CI/CD variables reference".

use bstr::{BString, ByteSlice as _};
use serde_json::Value;

use super::Variables;
use crate::model::RefName;

/// The event of a CI job. Revisions are as the system gives them and may be missing from a shallow clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CiEvent {
    /// A pull or merge request: judged as a push of `head` to `target`.
    Request {
        /// The branch it goes to.
        target: RefName,
        /// Where that branch stands, if the system says.
        base: Option<String>,
        /// What it brings; GitHub's is the test merge.
        head: String,
    },
    /// A branch or tag that was pushed.
    Push {
        /// The ref.
        name: RefName,
        /// Where it stood before; `None` for a new ref.
        old: Option<String>,
        /// Where it stands now; `None` when it was deleted.
        new: Option<String>,
    },
}

/// Why there is no event to judge.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CiError {
    /// Neither system's variables are there.
    #[error("no flags say what to check, and neither GitHub Actions' nor GitLab CI's variables are set")]
    NoCi,
    /// A variable the event needs.
    #[error("`{0}` is not set, or not text")]
    Missing(&'static str),
    /// The event file of GitHub Actions.
    #[error("the event file `{path}`: {cause}")]
    Payload {
        /// `GITHUB_EVENT_PATH`.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// An event that moves no ref.
    #[error("the event `{0}` moves no ref; run this on push, pull_request or merge_request_event")]
    Event(String),
}

impl CiEvent {
    /// Finds the event. `read` reads the event file that GitHub Actions names.
    ///
    /// # Errors
    /// See [`CiError`].
    pub fn detect(variables: Variables<'_>, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Self, CiError> {
        let set = |name: &str| variables(name).filter(|value| !value.is_empty());
        if set("GITHUB_ACTIONS").is_some() {
            github(variables, read)
        } else if set("GITLAB_CI").is_some() {
            gitlab(variables)
        } else {
            Err(CiError::NoCi)
        }
    }

    /// Finds what a job builds: its event, and where that moves no ref (a run by hand or by the clock, a release that
    /// was published) the branch or tag that the job runs on.
    ///
    /// # Errors
    /// See [`CiError`].
    pub fn job(variables: Variables<'_>, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<Self, CiError> {
        match Self::detect(variables, read) {
            Err(CiError::Event(event)) if RUNS_ON_A_REF.contains(&event.as_str()) => {
                let name = RefName::new(text(variables, "GITHUB_REF")?);
                Ok(Self::Push { name, old: None, new: Some(text(variables, "GITHUB_SHA")?) })
            }
            other => other,
        }
    }
}

/// Events of GitHub Actions that move no ref and whose job is about the ref it runs on. Others (`delete`, `workflow_run`,
/// `issues`) run on the default branch whatever they are about.
const RUNS_ON_A_REF: &[&str] = &["workflow_dispatch", "schedule", "release", "create"];

fn github(variables: Variables<'_>, read: &dyn Fn(&str) -> Result<Vec<u8>, String>) -> Result<CiEvent, CiError> {
    let event = text(variables, "GITHUB_EVENT_NAME")?;
    let path = text(variables, "GITHUB_EVENT_PATH")?;
    let payload_error = |cause: String| CiError::Payload { path: path.clone(), cause };
    let bytes = read(&path).map_err(payload_error)?;
    let payload: Value = serde_json::from_slice(&bytes).map_err(|error| payload_error(error.to_string()))?;
    let member = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    match event.as_str() {
        "pull_request" | "pull_request_target" | "merge_group" => {
            let target = member("/pull_request/base/ref")
                .map(RefName::branch)
                .or_else(|| member("/merge_group/base_ref").map(RefName::new))
                .ok_or_else(|| payload_error("it names no target branch".to_owned()))?;
            let base = member("/pull_request/base/sha").or_else(|| member("/merge_group/base_sha"));
            // `pull_request` checks out the test merge; `pull_request_target` checks out the base instead.
            let head = match event.as_str() {
                "pull_request" => text(variables, "GITHUB_SHA")?,
                "merge_group" => {
                    member("/merge_group/head_sha").ok_or_else(|| payload_error("it has no head".to_owned()))?
                }
                _ => member("/pull_request/head/sha").ok_or_else(|| payload_error("it has no head".to_owned()))?,
            };
            Ok(CiEvent::Request { target, base, head })
        }
        "push" => {
            let name = member("/ref").ok_or_else(|| payload_error("it names no ref".to_owned()))?;
            Ok(CiEvent::Push {
                name: RefName::new(name),
                old: member("/before").filter(|id| !null(id)),
                new: member("/after").filter(|id| !null(id)),
            })
        }
        _ => Err(CiError::Event(event)),
    }
}

fn gitlab(variables: Variables<'_>) -> Result<CiEvent, CiError> {
    let head = text(variables, "CI_COMMIT_SHA")?;
    if let Ok(target) = text(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME") {
        // The target's own position is only known in merged results pipelines.
        let base = text(variables, "CI_MERGE_REQUEST_TARGET_BRANCH_SHA")
            .or_else(|_| text(variables, "CI_MERGE_REQUEST_DIFF_BASE_SHA"))
            .ok();
        return Ok(CiEvent::Request { target: RefName::branch(target), base, head });
    }
    if let Ok(tag) = text(variables, "CI_COMMIT_TAG") {
        return Ok(CiEvent::Push { name: RefName::tag(tag), old: None, new: Some(head) });
    }
    let branch = text(variables, "CI_COMMIT_BRANCH")?;
    let old = text(variables, "CI_COMMIT_BEFORE_SHA").ok().filter(|id| !null(id));
    Ok(CiEvent::Push { name: RefName::branch(branch), old, new: Some(head) })
}

fn text(variables: Variables<'_>, name: &'static str) -> Result<String, CiError> {
    let value: Option<BString> = variables(name).filter(|value| !value.is_empty());
    value.and_then(|value| value.to_str().ok().map(str::to_owned)).ok_or(CiError::Missing(name))
}

fn null(id: &str) -> bool {
    id.bytes().all(|byte| byte == b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detect(set: &[(&str, &str)], payload: &str) -> Result<CiEvent, CiError> {
        let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
        CiEvent::detect(&variables, &|_| Ok(payload.as_bytes().to_vec()))
    }

    #[test]
    fn a_pull_request_on_github_is_a_push_of_the_test_merge_to_its_target() {
        let set = [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", "event.json"),
            ("GITHUB_SHA", "abc"),
        ];
        let event = detect(&set, r#"{"pull_request":{"base":{"ref":"master","sha":"def"},"head":{"sha":"123"}}}"#);
        let expected =
            CiEvent::Request { target: RefName::branch("master"), base: Some("def".into()), head: "abc".into() };
        assert_eq!(event, Ok(expected));
    }

    #[test]
    fn a_new_tag_on_github_has_no_old_value() {
        let set = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "push"), ("GITHUB_EVENT_PATH", "event.json")];
        let event = detect(&set, r#"{"ref":"refs/tags/v1","before":"0000","after":"abc"}"#);
        assert_eq!(event, Ok(CiEvent::Push { name: RefName::tag("v1"), old: None, new: Some("abc".into()) }));
    }

    #[test]
    fn a_merge_request_and_a_tag_on_gitlab() {
        let request = [
            ("GITLAB_CI", "true"),
            ("CI_COMMIT_SHA", "abc"),
            ("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main"),
            ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "def"),
        ];
        let expected =
            CiEvent::Request { target: RefName::branch("main"), base: Some("def".into()), head: "abc".into() };
        assert_eq!(detect(&request, ""), Ok(expected));
        let tag = [("GITLAB_CI", "true"), ("CI_COMMIT_SHA", "abc"), ("CI_COMMIT_TAG", "v1")];
        assert_eq!(
            detect(&tag, ""),
            Ok(CiEvent::Push { name: RefName::tag("v1"), old: None, new: Some("abc".into()) })
        );
    }

    #[test]
    fn a_run_by_hand_is_about_the_ref_it_runs_on() {
        let set = |event| {
            [
                ("GITHUB_ACTIONS", "true"),
                ("GITHUB_EVENT_NAME", event),
                ("GITHUB_EVENT_PATH", "event.json"),
                ("GITHUB_REF", "refs/heads/develop"),
                ("GITHUB_SHA", "abc"),
            ]
        };
        let job = |event| {
            let set = set(event);
            let variables =
                |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| BString::from(*value));
            CiEvent::job(&variables, &|_| Ok(b"{}".to_vec()))
        };
        let expected = CiEvent::Push { name: RefName::branch("develop"), old: None, new: Some("abc".into()) };
        assert_eq!(job("workflow_dispatch"), Ok(expected));
        assert_eq!(job("delete"), Err(CiError::Event("delete".into())));
    }

    #[test]
    fn an_event_that_moves_no_ref_and_no_ci_at_all_are_errors() {
        let set = [("GITHUB_ACTIONS", "true"), ("GITHUB_EVENT_NAME", "schedule"), ("GITHUB_EVENT_PATH", "event.json")];
        assert_eq!(detect(&set, "{}"), Err(CiError::Event("schedule".into())));
        assert_eq!(detect(&[], ""), Err(CiError::NoCi));
    }
}
