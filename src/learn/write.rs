//! The proposed policy as a file, with what it rests on as comments.

use std::collections::BTreeSet;
use toml::Value;

use super::Draft;
use super::proposal::Proposal;
use super::trial::{Refused, Trial};
use crate::model::counted;
use crate::policy::inline;

/// The first lines of every policy that is written: where editors with Taplo find the keys. There is no address to name, so
/// it is a file next to the policy, and a line that says how to make it.
pub(crate) const EDITORS: &str = "#:schema .refgate.schema.json\n\
     # For editors: `refgate policy schema > .refgate.schema.json` makes the file that the line above names.\n";

/// The rule about tags that no class has.
const UNLISTED_TAG: &str = "unlisted-tag";

impl Draft {
    /// Writes the policy; with what came of a trial, each rule at the level that it would start with.
    pub(crate) fn text(&self, trial: Option<&Trial>) -> String {
        let mut text = format!("{EDITORS}# Proposed by `refgate policy init");
        text.push_str(match trial {
            Some(_) => " --from-history`. The comments say what each table rests on.\n",
            None => "` by branches and tags. `refgate policy init --from-history` looks at commits and files, too.\n",
        });
        let unknown = trial.map_or(&[][..], Trial::unknown);
        for sentence in self.seen.iter().chain(unknown) {
            text.push_str(&comment(sentence));
        }
        text.push_str(&format!("schema = 1\nname = {}\n", Value::from(self.name.as_str())));
        for proposal in &self.proposals {
            text.push('\n');
            for reason in &proposal.because {
                text.push_str(&comment(reason));
            }
            if let Some(starts) = trial.map(|trial| trial.starts(proposal)).filter(|_| !proposal.rules.is_empty()) {
                text.push_str(&comment(&starts));
            }
            text.push_str(&proposal.written());
        }
        text.push_str(&self.rules(trial));
        text
    }

    /// Writes the levels of rules that do not start at their own.
    fn rules(&self, trial: Option<&Trial>) -> String {
        let mut rules: Vec<(String, String)> = Vec::new();
        if !self.has_tags {
            let comment = comment("there is no tag yet to learn a class from");
            rules.push((UNLISTED_TAG.to_owned(), format!("{comment}{UNLISTED_TAG} = \"warn\"\n")));
        }
        for (rule, refused) in trial.into_iter().flat_map(|trial| &trial.rules) {
            if rules.iter().any(|(known, _)| known == rule) {
                continue;
            }
            let mut text = String::new();
            if !refused.now.is_empty() {
                let pushes = counted(refused.pushes, "push", "pushes");
                text.push_str(&comment(&format!(
                    "would have refused {pushes} of the last year: {}",
                    Refused::named(&refused.now)
                )));
                text.push_str(&format!("{rule} = \"warn\"\n"));
            } else if refused.is_lowered() {
                text.push_str(&comment(&format!(
                    "would have refused some of the newest tags: {}",
                    Refused::named(&refused.before)
                )));
                text.push_str(&format!("{rule} = \"warn\"\n"));
            } else if let Some(first) = trial.and_then(|trial| trial.since.as_ref()) {
                text.push_str(&comment(&format!("older tags would not pass: {}", Refused::named(&refused.before))));
                let since = Value::from(first.as_str());
                text.push_str(&format!("{rule} = {{ since = {} }}\n", inline(&since)));
            }
            rules.push((rule.clone(), text));
        }
        if rules.is_empty() {
            return String::new();
        }
        rules.sort();
        let rules: Vec<String> = rules.into_iter().map(|(_, text)| text).collect();
        format!("\n[rules]\n{}", rules.concat())
    }
}

impl Trial {
    /// Says at which levels the rules of a table start.
    fn starts(&self, proposal: &Proposal) -> String {
        let would = |rule: &&&str| self.rules.get(**rule).is_some_and(Refused::is_lowered);
        let lowered: BTreeSet<&str> = proposal.rules.iter().filter(would).copied().collect();
        if lowered.is_empty() {
            return "starts at refuse".to_owned();
        }
        let named: Vec<&str> = lowered.iter().copied().collect();
        if lowered.len() == proposal.rules.len() {
            return "starts at warn".to_owned();
        }
        format!("starts at refuse; {} at warn", named.join(", "))
    }
}

/// Writes a comment of one line.
fn comment(text: &str) -> String {
    format!("# {text}\n")
}
