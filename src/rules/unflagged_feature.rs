//! Refuses features that name no feature flag.

use bstr::ByteSlice as _;

use super::{CommitRule, Meta, OptionError, Rule, Sink, Standing};
use crate::facts::{BranchUpdate, Commit, FactError, Role};
use crate::model::{Level, Untrusted, did_you_mean};

/// The rule's own keys.
#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub(super) struct Options {
    /// The flags there are; empty takes any name.
    flags: Vec<String>,
    /// The token of the trailer that names the flag.
    trailer: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { flags: Vec::new(), trailer: "Feature-Flag".to_owned() }
    }
}

pub(super) struct UnflaggedFeature(Options);

impl Rule for UnflaggedFeature {
    const META: Meta = Meta {
        id: "unflagged-feature",
        summary: "Refuses feature changes on the mainline that name no declared feature flag.",
        task: "asking for the feature flags of",
        docs: include_str!("unflagged_feature.md"),
        // Only projects with feature flags need this.
        default: Level::Off,
        standing: Standing::Grown,
    };
    type Options = Options;

    fn new(options: Options) -> Result<Self, OptionError> {
        Ok(Self(options))
    }
}

impl CommitRule for UnflaggedFeature {
    fn concerns(&self, branch: &BranchUpdate<'_, '_, '_>) -> bool {
        branch.place().line.role == Role::Mainline
    }

    fn check(&self, branch: &BranchUpdate<'_, '_, '_>, commit: &Commit, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if !branch.facts().project().is_one_of(commit, &["feature"])? {
            return Ok(());
        }
        let token = &self.0.trailer;
        let named = commit.trailers().into_iter().find(|trailer| trailer.token.eq_ignore_ascii_case(token.as_bytes()));
        let known = |name: &[u8]| self.0.flags.iter().any(|flag| flag.as_bytes() == name);
        let problem = match named {
            Some(trailer) if trailer.value.trim().is_empty() => "names an empty flag".to_owned(),
            Some(trailer) if self.0.flags.is_empty() || known(trailer.value.trim()) => return Ok(()),
            Some(trailer) => {
                let shown = Untrusted::new(&trailer.value).to_string();
                let hint = did_you_mean(&shown, self.0.flags.iter().map(String::as_str));
                format!("names the flag `{shown}`, which is not declared{hint}")
            }
            None => "names no feature flag".to_owned(),
        };
        sink.report(format!("{} is a feature and {problem}", commit.id.short()))
            .commit(commit.id)
            .help(format!("put the feature behind a flag, and name it in the trailer `{token}: NAME`"));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::rules::testing::{Memory, ask};

    #[test]
    fn a_feature_on_the_mainline_names_its_flag() {
        let mut memory = Memory::default();
        let first = memory.commit(&[], "fix: first", &[]);
        let flagged = memory.commit(&[first], "feat: dark mode\n\nFeature-Flag: dark", &[]);
        let bare = memory.commit(&[flagged], "feat: bright mode", &[]);
        let said = |new| ask("unflagged-feature", "", &memory, &[("refs/heads/main", Some(first), Some(new))]);
        assert!(said(flagged).is_empty());
        assert_eq!(said(bare), [format!("{} is a feature and names no feature flag", bare.short())]);
        let declared = "[rules.unflagged-feature]\nflags = [\"light\"]\n";
        let said = ask("unflagged-feature", declared, &memory, &[("refs/heads/main", Some(first), Some(flagged))]);
        assert_eq!(
            said,
            [format!("{} is a feature and names the flag `dark`, which is not declared", flagged.short())]
        );
    }
}
