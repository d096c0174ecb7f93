//! The systems that run jobs about pushes and requests, one file each.
//!
//! A new one is its file and its line in [`PROVIDERS`]. Its section of `docs/ci.md` is the text that its file has.

mod azure;
mod bitbucket;
mod buildkite;
mod circleci;
mod event;
mod forgejo;
mod github;
mod gitlab;
mod jenkins;
mod travis;
mod woodpecker;

pub(crate) use event::{Before, CiError, CiEvent};

use super::variables::Variables;

/// Reads a file that a variable names.
pub(crate) type Read<'a> = &'a dyn Fn(&str) -> Result<Vec<u8>, String>;

/// A system that runs jobs about pushes and requests. Only what its own documentation promises is used.
pub(crate) trait Provider: Sync {
    /// Returns the name that its users know it by.
    fn name(&self) -> &'static str;

    /// Returns whether the environment is that of one of its jobs.
    fn runs(&self, variables: Variables<'_>) -> bool;

    /// Finds what happened to make this job run.
    ///
    /// # Errors
    /// See [`CiError`]; [`CiError::Event`] where no ref was moved.
    fn event(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError>;

    /// Finds what this job builds: its event, and where no ref was moved (a run by hand or by the clock) the branch or
    /// tag that the job runs on.
    ///
    /// # Errors
    /// See [`CiError`].
    fn job(&self, variables: Variables<'_>, read: Read<'_>) -> Result<CiEvent, CiError>;

    /// Returns the path of the project whose refs the event is about, such as `owner/name`.
    fn project(&self, variables: Variables<'_>) -> Option<String>;

    /// Returns whether a job may have got only one branch without its history being cut off: a clone of a young project
    /// then looks complete and is not.
    fn may_have_one_branch(&self, variables: Variables<'_>) -> bool;

    /// Returns the setting of the job that gives it the whole repository, to be read after "either".
    fn whole_clone(&self) -> &'static str;

    /// Returns its section of `docs/ci.md`.
    #[cfg_attr(not(test), expect(dead_code, reason = "`docs/ci.md` is written from it by a test"))]
    fn page(&self) -> &'static str;
}

/// Every system that is known. Forgejo and Gitea set GitHub's variables too, and the agents of Jenkins hand on what they
/// were started with.
pub(crate) static PROVIDERS: &[&dyn Provider] = &[
    &forgejo::Forgejo,
    &github::GitHub,
    &gitlab::GitLab,
    &travis::Travis,
    &woodpecker::Woodpecker,
    &buildkite::Buildkite,
    &bitbucket::Bitbucket,
    &azure::Azure,
    &circleci::CircleCi,
    &jenkins::Jenkins,
];

/// Finds the system that runs this job.
///
/// # Errors
/// It is not one that is known.
pub(crate) fn provider(variables: Variables<'_>) -> Result<&'static dyn Provider, CiError> {
    PROVIDERS.iter().find(|provider| provider.runs(variables)).copied().ok_or(CiError::NoCi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::Path;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test is asked to write the page by its environment")]
    fn every_file_is_a_provider_and_the_page_has_its_section() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = std::fs::read_dir(root.join("src/push/ci")).unwrap().map(|entry| entry.unwrap().file_name());
        let mut files: BTreeSet<String> = files.map(|name| name.to_str().unwrap().to_owned()).collect();
        assert!(files.remove("mod.rs") && files.remove("event.rs"));
        let word = |name: &str| name.split(' ').next().unwrap_or_default().to_ascii_lowercase();
        let named: BTreeSet<String> = PROVIDERS.iter().map(|known| format!("{}.rs", word(known.name()))).collect();
        assert_eq!(files, named, "a file without a line in PROVIDERS, or the reverse");

        let path = root.join("docs/ci.md");
        let text = std::fs::read_to_string(&path).unwrap();
        let (before, rest) = text.split_once("<!-- providers: ").unwrap();
        let (marker, rest) = rest.split_once("-->\n").unwrap();
        let (_, after) = rest.split_once("<!-- end of providers -->").unwrap();
        let sections: String =
            PROVIDERS.iter().map(|known| format!("\n## {}\n\n{}\n", known.name(), known.page().trim())).collect();
        let fresh = format!("{before}<!-- providers: {marker}-->\n{sections}\n<!-- end of providers -->{after}");
        let blessed = std::env::var_os("REFGATE_BLESS").is_some();
        if blessed {
            std::fs::write(&path, &fresh).unwrap();
        }
        assert!(fresh == text || blessed, "run `REFGATE_BLESS=1 cargo test --lib push::ci`");
    }

    #[test]
    fn every_provider_says_how_to_get_a_whole_clone_and_shows_it_in_its_job() {
        for known in PROVIDERS {
            let setting = known.whole_clone().split('`').nth(1).unwrap();
            assert!(known.page().contains(setting), "{}: `{setting}` is not in the page", known.name());
            assert!(known.page().contains("refgate check"), "{}", known.name());
        }
    }

    #[test]
    fn providers_are_told_apart() {
        let all: [&[(&str, &str)]; 10] = [
            &[("FORGEJO_ACTIONS", "true"), ("GITEA_ACTIONS", "true"), ("GITHUB_ACTIONS", "true")],
            &[("GITHUB_ACTIONS", "true")],
            &[("GITLAB_CI", "true")],
            &[("TRAVIS", "true")],
            &[("CI", "woodpecker")],
            &[("BUILDKITE", "true")],
            &[("BITBUCKET_BUILD_NUMBER", "7")],
            &[("TF_BUILD", "True")],
            &[("CIRCLECI", "true")],
            &[("JENKINS_URL", "https://jenkins.example/")],
        ];
        assert_eq!(all.len(), PROVIDERS.len());
        for (set, expected) in all.into_iter().zip(PROVIDERS) {
            let variables = |name: &str| set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).into());
            assert_eq!(provider(&variables).unwrap().name(), expected.name());
        }
        // Gitea's runners set this one alone.
        let gitea = |name: &str| ["GITEA_ACTIONS", "GITHUB_ACTIONS"].contains(&name).then(|| "true".into());
        assert_eq!(provider(&gitea).unwrap().name(), PROVIDERS[0].name());
        assert_eq!(provider(&|_| None).err(), Some(CiError::NoCi));
    }
}
