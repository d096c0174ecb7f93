//! Every command that a refusal shows, pasted as it is printed into a clone in which nothing else happened: the push then
//! passes, no commit is lost, and no release is empty.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::support::site::{POLICY, Site, USUAL, install};
use crate::support::{command, git, git_with, refgate, run, stderr};

/// A push that a rule refuses with a command.
struct Case<'a> {
    name: &'static str,
    rule: &'static str,
    /// The function of `src/rules/commands.rs` that makes the command.
    by: &'static str,
    /// The policy, or what is added to the usual one after a `+`.
    policy: &'a str,
    /// What the server has.
    history: &'static str,
    /// What the pusher does in a fresh clone, in a shell.
    work: &'static str,
    /// What somebody else pushes meanwhile, from a clone of their own.
    meanwhile: &'static str,
    /// What is pushed.
    push: &'static str,
    /// Whether the push passes, with a warning.
    is_warned: bool,
    then: Then,
}

/// What is true once the commands have run.
#[derive(Clone, Copy)]
enum Then {
    /// The same push passes, with the branches and tags that the commands changed.
    Passes,
    /// Nothing is left to push; a command that holds true, in a shell in the pusher's clone.
    Holds(&'static str),
}

const USUAL_CASE: Case<'static> = Case {
    name: "",
    rule: "",
    by: "",
    policy: "+",
    history: HISTORY,
    work: "",
    meanwhile: "",
    push: "",
    is_warned: false,
    then: Then::Passes,
};

/// A mainline that has moved on since the release branch was cut.
const HISTORY: &str = r#"
A = commit "first" file README "one\n" file monitor.py "timeout = 3\nretries = 2\n"
B = commit "second" parents A file README "one\ntwo\n"
F = commit "fix of 1.15.1" parents A file fixed "1\n"
T = tag 1.15.1 of F
refs/heads/master = B
refs/heads/1.15 = F
refs/tags/1.15.1 = T
"#;

/// Two fixes that build on each other.
const TWO_FIXES: &str = "git switch -q 1.15; sed -i s/3/5/ monitor.py; c 'fix: wait longer'; sed -i s/5/6/ monitor.py; c 'fix: longer still'";
const MASTER_MOVES: &str = "git switch -q master; w other; c 'somebody else'; git push -q origin master";
const PICKS: &str = "+[[flow]]\nfrom = 'release'\nto = 'master'\nby = ['pick']\ndue = 'before'\n";
const MERGES: &str = "+[[flow]]\nfrom = 'release'\nto = 'master'\nby = ['merge', 'pick']\ndue = 'next-tag'\n";
const ACCEPTS: &str = r#"
schema = 1
name = "example"
[[line]]
name = "master"
branch = "master"
role = "mainline"
[[line]]
name = "release"
branch = "{major}.{minor}"
role = "release"
cut-from = "master"
accepts-changes = ["fix"]
"#;
const DEVELOPS: &str = r#"
schema = 1
name = "example"
[[line]]
name = "develop"
branch = "develop"
role = "integration"
[[line]]
name = "staging"
branch = "staging"
role = "environment"
only-from = "develop"
[[line]]
name = "master"
branch = "master"
role = "mainline"
only-from = ["staging"]
"#;
const STAGES: &str = r#"
A = commit "first" file README "one\n"
B = commit "second" parents A file README "one\ntwo\n"
refs/heads/develop = B
refs/heads/staging = A
refs/heads/master = A
"#;
/// Release branches of two patterns, beside a next major version.
const MAJORS: &str = r#"
schema = 1
name = "example"
[[line]]
name = "master"
branch = "master"
role = "mainline"
[[line]]
name = "next"
branch = "{major}.0-dev"
role = "development"
[[line]]
name = "release"
branch = ["{major}.{minor}", "{major}.{minor}-{name}"]
role = "release"
cut-from = "master"
[[tag]]
name = "version"
tag = "{version}"
scheme = "semver"
line = "release"
series = "{major}.{minor}"
[rules.misplaced-branch]
level = "refuse"
"#;
const MAJOR_HISTORY: &str = r#"
A = commit "first" file README "one\n"
D = commit "the next major" parents A file next "2\n"
refs/heads/master = A
refs/heads/2.0-dev = D
"#;
const TAGS: &str = r#"
schema = 1
name = "example"
[[line]]
name = "master"
branch = "master"
role = "mainline"
[[tag]]
name = "version"
tag = "{version}"
scheme = "semver"
series = "{major}.{minor}"
alias = "v{version}"
"#;
const TAG_HISTORY: &str = r#"
A = commit "first" file README "one\n"
B = commit "second" parents A file README "one\ntwo\n"
T = tag 1.15.4 of A
refs/heads/master = B
refs/tags/1.15.4 = T
"#;

const CASES: &[Case<'static>] = &[
    Case {
        name: "two names of one image",
        rule: "colliding-slug",
        by: "push_as",
        policy: "+[rules.colliding-slug]\nlevel = 'refuse'\nlower-case = true\n",
        history: "A = commit \"first\"\nrefs/heads/master = A\nrefs/heads/topic/TLS = A\nrefs/heads/topic/tls-2 = A\n",
        work: "git switch -q -c topic/tls; w tls; c tls",
        push: "topic/tls",
        then: Then::Holds("test $(git ls-remote origin refs/heads/topic/tls-3 | cut -f1) = $(git rev-parse HEAD)"),
        ..USUAL_CASE
    },
    Case {
        name: "a tag that was deleted here",
        rule: "deleted-ref",
        by: "fetch",
        work: "git tag -d 1.15.1",
        push: ":refs/tags/1.15.1",
        then: Then::Holds("git rev-parse --verify refs/tags/1.15.1"),
        ..USUAL_CASE
    },
    Case {
        name: "the branch that is checked out",
        rule: "deleted-ref",
        by: "fetch",
        work: "git switch -q 1.15; w own; c own",
        push: ":1.15",
        then: Then::Holds("test -f own && git rev-parse --verify refs/remotes/origin/1.15"),
        ..USUAL_CASE
    },
    Case {
        name: "one version twice",
        rule: "duplicate-version",
        by: "delete_tag",
        policy: TAGS,
        history: TAG_HISTORY,
        work: "git tag v1.15.4 master",
        push: "v1.15.4",
        ..USUAL_CASE
    },
    Case {
        name: "waivers that were made again",
        rule: "improper-waiver",
        by: "merge_waivers",
        policy: "+[waiver-notes]\naccepted-from = ['@anyone']\n",
        work: "git notes --ref refgate add -m 'Waive: unlanded-fix\nReason: r\nBy: Ann' master; git push -q origin refs/notes/refgate
               git update-ref -d refs/notes/refgate
               git notes --ref refgate add -m 'Waive: unlanded-fix\nReason: s\nBy: Ann' origin/1.15",
        push: "+refs/notes/refgate",
        ..USUAL_CASE
    },
    Case {
        name: "a plain tag",
        rule: "lightweight-tag",
        by: "tag",
        work: "git switch -q 1.15; w f; c fix; git push -q origin 1.15; git tag 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a plain tag out of a refspec",
        rule: "lightweight-tag",
        by: "tag",
        work: "git switch -q --detach origin/1.15; w f; c fix; git push -q origin HEAD:1.15; git switch -q master",
        push: "HEAD@{1}:refs/tags/1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a tag object of another name",
        rule: "mismatched-tag",
        by: "tag",
        policy: TAGS,
        history: TAG_HISTORY,
        work: "git tag -a -m x 1.15.5 master",
        push: "1.15.5:refs/tags/1.15.6",
        ..USUAL_CASE
    },
    Case {
        name: "a tag of another version than its tree",
        rule: "mismatched-tag",
        by: "delete_tag",
        policy: "schema = 1\nname = 'x'\n[[line]]\nname = 'master'\nbranch = 'master'\nrole = 'mainline'\n[[tag]]\n\
                 name = 'v'\ntag = '{version}'\nscheme = 'semver'\n[[version-field]]\npath = 'Chart.yaml'\n",
        history: "A = commit \"first\" file Chart.yaml \"version: 1.0.0\"\nrefs/heads/master = A\n",
        work: "git tag -a -m x 1.0.1",
        push: "1.0.1",
        ..USUAL_CASE
    },
    Case {
        name: "a release branch that starts on the next major",
        rule: "misplaced-branch",
        by: "move_onto",
        policy: MAJORS,
        history: MAJOR_HISTORY,
        work: "git switch -q -c 1.16 origin/2.0-dev; w own; c 'release 1.16'",
        push: "1.16",
        ..USUAL_CASE
    },
    Case {
        name: "the same out of a refspec",
        rule: "misplaced-branch",
        by: "move_onto",
        policy: MAJORS,
        history: MAJOR_HISTORY,
        work: "git switch -q --detach origin/2.0-dev; w own; c 'release 1.16'",
        meanwhile: MASTER_MOVES,
        push: "HEAD:refs/heads/1.16",
        ..USUAL_CASE
    },
    Case {
        name: "features among fixes",
        rule: "misplaced-change",
        by: "take_out",
        policy: ACCEPTS,
        work: "git switch -q 1.15; w a; c 'feat: a'; w b; c 'fix: b'; w c; c 'feat: c'; w d; c 'fix: d'",
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "a feature alone, out of a refspec",
        rule: "misplaced-change",
        by: "take_out",
        policy: ACCEPTS,
        work: "git switch -q --detach origin/1.15; w a; c 'feat: a'",
        push: "HEAD:1.15",
        ..USUAL_CASE
    },
    Case {
        name: "a tag before its branch",
        rule: "misplaced-tag",
        by: "bring_home",
        work: "git switch -q 1.15; w f; c fix; w g; c another; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a tag before its branch, without a branch",
        rule: "misplaced-tag",
        by: "bring_home",
        work: "git switch -q --detach origin/1.15; w f; c fix; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a fix of the mainline, tagged there",
        rule: "misplaced-tag",
        by: "bring_home",
        policy: PICKS,
        history: "A = commit \"first\" file a \"1\\n\"\nT = tag 1.15.1 of A\nrefs/heads/master = A\nrefs/heads/1.15 = A\n\
                  refs/tags/1.15.1 = T\n",
        work: "w a; c 'fix: a'; git push -q origin master; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a tag whose branch is missing",
        rule: "misplaced-tag",
        by: "start_home",
        policy: MAJORS,
        history: MAJOR_HISTORY,
        work: "git tag -a -m x 1.16.0 master",
        push: "1.16.0",
        ..USUAL_CASE
    },
    Case {
        name: "a tag of something else",
        rule: "moved-tag",
        by: "take_tag",
        work: "git tag -a -f -m x 1.15.1 origin/master",
        push: "+1.15.1",
        ..USUAL_CASE
    },
    Case {
        name: "a tag of work that no branch has",
        rule: "moved-tag",
        by: "take_tag",
        work: "git switch -q --detach 1.15.1; w f; c fix; git tag -a -f -m x 1.15.1; git switch -q master",
        push: "+1.15.1",
        ..USUAL_CASE
    },
    Case {
        name: "a version of another time",
        rule: "off-calendar-tag",
        by: "delete_tag",
        policy: "schema = 1\nname = 'x'\n[[tag]]\nname = 'cycle'\ntag = '{version}'\nscheme = 'calver:YYYY.Q'\n\
                 [rules.off-calendar-tag]\nlevel = 'refuse'\n",
        work: "git tag -d 1.15.1; git tag -a -m x 2020.1",
        push: "2020.1",
        ..USUAL_CASE
    },
    Case {
        name: "a lower version on top of a higher one",
        rule: "out-of-order-tag",
        by: "delete_tag",
        policy: TAGS,
        history: TAG_HISTORY,
        work: "git tag -a -m x 1.15.3 master",
        push: "1.15.3",
        ..USUAL_CASE
    },
    Case {
        name: "a reserved version",
        rule: "reserved-version",
        by: "delete_tag",
        policy: "+[[series]]\nversions = '1.2.0'\nreserved-for = 'Algiers'\nline = 'master'\n",
        work: "git tag -a -m x 1.2.0 origin/1.15",
        push: "1.2.0",
        ..USUAL_CASE
    },
    Case {
        name: "a fix on a branch that has ended",
        rule: "retired-line",
        by: "revert",
        work: "git switch -q 1.15; echo over >> README; c 'No longer maintained' -m 'End-of-Life: 2020'; git push -q origin 1.15
               w f; c fix; w g; c another",
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "the same, where the end is an empty commit and the name is out of a refspec",
        rule: "retired-line",
        by: "revert",
        work: "git switch -q --detach origin/1.15; c \"It's over\" -m 'End-of-Life: 2020'; git push -q origin HEAD:1.15; w f; c fix",
        push: "HEAD:1.15",
        ..USUAL_CASE
    },
    Case {
        name: "a push over somebody else's",
        rule: "rewritten-history",
        by: "put_on_top",
        work: "w f; c fix; w g; c another",
        meanwhile: MASTER_MOVES,
        push: "+master",
        ..USUAL_CASE
    },
    Case {
        name: "the same out of a refspec",
        rule: "rewritten-history",
        by: "put_on_top",
        work: "git switch -q -c elsewhere; w f; c fix; git branch -q -D master",
        meanwhile: MASTER_MOVES,
        push: "+HEAD:master",
        ..USUAL_CASE
    },
    Case {
        name: "commits that are gone",
        rule: "rewritten-history",
        by: "put_on_top",
        work: "git reset -q --hard HEAD~1",
        push: "+master",
        ..USUAL_CASE
    },
    Case {
        name: "notes that did not come back",
        rule: "stranded-changelog",
        by: "bring_file",
        policy: "+[[changelog]]\npath = 'debian/changelog'\nformat = 'debian'\n\
                 reintegrate = { from = 'release', to = 'master', due = 'next-tag' }\n",
        work: "git switch -q 1.15; mkdir debian; e 1.15.1 > debian/changelog; c 'release 1.15.1'
               { e 1.15.2; e 1.15.1; } > debian/changelog; c 'release 1.15.2'; git push -q origin 1.15; git tag -a -m x 1.15.2",
        meanwhile: MASTER_MOVES,
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a version without notes",
        rule: "undocumented-release",
        by: "delete_tag",
        policy: "+[[changelog]]\npath = 'debian/changelog'\nformat = 'debian'\nrequired-by-tag = true\n",
        work: "git switch -q 1.15; w f; c fix; git push -q origin 1.15; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "two fixes that are not on the mainline",
        rule: "unlanded-fix",
        by: "pick",
        policy: PICKS,
        work: TWO_FIXES,
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "the same, with the mainline moved on",
        rule: "unlanded-fix",
        by: "pick",
        policy: PICKS,
        work: TWO_FIXES,
        meanwhile: MASTER_MOVES,
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "the same, without a local mainline and out of a refspec",
        rule: "unlanded-fix",
        by: "pick",
        policy: PICKS,
        work: "git switch -q -c elsewhere origin/1.15; git branch -q -D master; sed -i s/3/5/ monitor.py; c 'fix: wait longer'; sed -i s/5/6/ monitor.py; c 'fix: longer still'",
        push: "elsewhere:1.15",
        ..USUAL_CASE
    },
    Case {
        name: "two fixes that another branch should have",
        rule: "unlanded-fix",
        by: "pick",
        policy: "+[[flow]]\nfrom = 'release'\nto = 'release'\neach = true\nby = ['pick']\ndue = 'report'\n",
        history: "A = commit \"first\" file monitor.py \"timeout = 3\\n\"\nB = commit \"second\" parents A file b \"1\\n\"\n\
                  refs/heads/master = B\nrefs/heads/1.15 = A\nrefs/heads/1.16 = B\n",
        work: TWO_FIXES,
        push: "1.15",
        is_warned: true,
        ..USUAL_CASE
    },
    Case {
        name: "a release of two fixes that were not merged up",
        rule: "unlanded-fix",
        by: "merge",
        policy: MERGES,
        work: "git switch -q 1.15; sed -i s/3/5/ monitor.py; c 'fix: wait longer'; sed -i s/5/6/ monitor.py; c 'fix: longer still'; git push -q origin 1.15; git tag -a -m x 1.15.2",
        meanwhile: MASTER_MOVES,
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "the same, without a local branch",
        rule: "unlanded-fix",
        by: "merge",
        policy: MERGES,
        work: "git switch -q --detach origin/1.15; w f; c fix; git push -q origin HEAD:1.15; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a release without what is wanted on its branch",
        rule: "unlanded-fix",
        by: "pick_and_tag",
        policy: "+[[flow]]\nfrom = 'master'\nto = 'release'\nwanted-by = [{ trailer = 'Backport-To' }]\nby = ['pick']\ndue = 'next-tag'\n",
        work: "sed -i s/3/5/ monitor.py; c 'fix: wait longer' -m 'Backport-To: 1.15'; sed -i s/5/6/ monitor.py; c 'fix: longer still' -m 'Backport-To: 1.15'; git push -q origin master; git switch -q 1.15; w f; c 'fix: f'; git push -q origin 1.15; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a release with a pick that was repaired since",
        rule: "unrepaired-pick",
        by: "pick_and_tag",
        policy: "+[[flow]]\nfrom = 'release'\nto = 'master'\nby = ['pick']\ndue = 'report'\n[rules.unrepaired-pick]\nlevel = 'refuse'\n",
        work: "sed -i s/3/5/ monitor.py; c 'fix: wait longer'; F=$(git rev-parse HEAD); sed -i s/5/6/ monitor.py; c 'fix: longer still' -m \"Fixes: $F\"; git push -q origin master; git switch -q 1.15; git cherry-pick -x $F; git push -q origin 1.15; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a patch version with a feature",
        rule: "understated-version",
        by: "delete_tag",
        policy: "+[rules.understated-version]\nlevel = 'refuse'\n",
        work: "git switch -q 1.15; w f; c 'feat: f'; git push -q origin 1.15; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "a name that the policy does not have",
        rule: "unlisted-branch",
        by: "push_as",
        work: "git switch -q -c http2; w f; c f",
        push: "http2",
        then: Then::Holds("test $(git ls-remote origin refs/heads/topic/http2 | cut -f1) = $(git rev-parse HEAD)"),
        ..USUAL_CASE
    },
    Case {
        name: "the same out of a refspec",
        rule: "unlisted-branch",
        by: "push_as",
        work: "git switch -q --detach; w f; c f",
        push: "HEAD:refs/heads/wip/http2",
        then: Then::Holds("test $(git ls-remote origin refs/heads/topic/http2 | cut -f1) = $(git rev-parse HEAD)"),
        ..USUAL_CASE
    },
    Case {
        name: "a tag that the policy does not have",
        rule: "unlisted-tag",
        by: "delete_tag",
        work: "git tag -a -m x nightly",
        push: "nightly",
        ..USUAL_CASE
    },
    Case {
        name: "the same out of a refspec",
        rule: "unlisted-tag",
        by: "delete_tag",
        push: "HEAD:refs/tags/nightly",
        then: Then::Holds("! git rev-parse --verify --quiet refs/tags/nightly"),
        ..USUAL_CASE
    },
    Case {
        name: "the same on work that no branch has",
        rule: "unlisted-tag",
        by: "delete_tag",
        work: "git switch -q --detach; w f; c f; git tag -a -m x nightly; git switch -q master",
        push: "nightly",
        ..USUAL_CASE
    },
    Case {
        name: "two commits that skipped the line before",
        rule: "unpromoted-commit",
        by: "promote",
        policy: DEVELOPS,
        history: STAGES,
        work: "git switch -q staging; w f; c f; w g; c g",
        meanwhile: "git switch -q develop; w other; c 'somebody else'; git push -q origin develop",
        push: "staging",
        ..USUAL_CASE
    },
    Case {
        name: "what only has to be carried further",
        rule: "unpromoted-commit",
        by: "promote",
        policy: DEVELOPS,
        history: STAGES,
        push: "origin/develop:master",
        ..USUAL_CASE
    },
    Case {
        name: "a version too far",
        rule: "version-gap",
        by: "delete_tag",
        policy: "+[rules.version-gap]\nlevel = 'refuse'\n",
        work: "git switch -q 1.15; w f; c fix; git push -q origin 1.15; git tag -a -m x 1.15.4",
        push: "1.15.4",
        ..USUAL_CASE
    },
    Case {
        name: "the mainline merged between two fixes",
        rule: "wrong-way-merge",
        by: "take_merge_out",
        work: "git switch -q 1.15; w f; c fix; git merge -q --no-edit origin/master; w g; c another",
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "the same out of a refspec",
        rule: "wrong-way-merge",
        by: "take_merge_out",
        work: "git switch -q --detach origin/1.15; w f; c fix; git merge -q --no-edit origin/master; w g; c another",
        push: "HEAD:1.15",
        ..USUAL_CASE
    },
    Case {
        name: "moved onto the mainline",
        rule: "wrong-way-merge",
        by: "take_off",
        work: "git merge -q --no-edit origin/1.15; git push -q origin master; git switch -q 1.15; git merge -q master; w g; c another",
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "the mainline pushed as a release branch",
        rule: "wrong-way-merge",
        by: "take_off",
        work: "git merge -q --no-edit origin/1.15; git push -q origin master",
        push: "master:1.15",
        then: Then::Holds("git push -q origin 1.15"),
        ..USUAL_CASE
    },
];

/// What happens in the projects whose processes the presets are.
const PRESETS: &[Case<'static>] = &[
    Case {
        name: "pybal: a fix after the end of life",
        rule: "retired-line",
        by: "revert",
        policy: "preset:pybal",
        work: "git switch -q 1.15; echo over >> README; c 'No longer maintained' -m 'End-of-Life: 2020'; git push -q origin 1.15
               w f; c 'Wait longer'",
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "pybal: two fixes that build on each other",
        rule: "unlanded-fix",
        by: "pick",
        policy: "preset:pybal",
        work: TWO_FIXES,
        meanwhile: MASTER_MOVES,
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "pybal: two fixes that the other maintained branch should have too",
        rule: "unlanded-fix",
        by: "pick",
        policy: "preset:pybal",
        history: "A = commit \"first\" file monitor.py \"timeout = 3\\n\"\nB = commit \"second\" parents A file b \"1\\n\"\n\
                  C = commit \"third\" parents B file c \"1\\n\"\n\
                  refs/heads/master = C\nrefs/heads/1.15 = B\nrefs/heads/1.14 = A\n",
        work: TWO_FIXES,
        push: "1.15",
        ..USUAL_CASE
    },
    Case {
        name: "pybal: a version whose branch is missing",
        rule: "misplaced-tag",
        by: "start_home",
        policy: "preset:pybal",
        work: "mkdir debian; e 1.16.0 > debian/changelog; c 'Release 1.16.0'; git push -q origin master; git tag -a -m x 1.16.0",
        push: "1.16.0",
        ..USUAL_CASE
    },
    Case {
        name: "pybal: an entry that did not come back",
        rule: "stranded-changelog",
        by: "bring_file",
        policy: "preset:pybal",
        work: "git switch -q 1.15; mkdir debian; e 1.15.1 > debian/changelog; c 'Release 1.15.1'
               { e 1.15.2; e 1.15.1; } > debian/changelog; c 'Release 1.15.2'; git push -q origin 1.15; git tag -a -m x 1.15.2",
        push: "1.15.2",
        ..USUAL_CASE
    },
    Case {
        name: "imagefactory: a milestone on the mainline",
        rule: "misplaced-tag",
        by: "bring_home",
        policy: "preset:imagefactory",
        history: "A = commit \"first\" file a \"1\\n\"\nT = tag 1.0.3 of A\nrefs/heads/master = A\nrefs/heads/release/1.0 = A\n\
                  refs/tags/1.0.3 = T\n",
        work: "w a; c 'The fix of 1.0.4'; git push -q origin master; git tag -a -m x 1.0.4",
        push: "1.0.4",
        ..USUAL_CASE
    },
    Case {
        name: "imagefactory: a milestone before it was merged up, without a local branch",
        rule: "unlanded-fix",
        by: "merge",
        policy: "preset:imagefactory",
        history: ALGIERS,
        work: "git switch -q --detach origin/release/Algiers; w f; c 'Fix the factory'; w g; c 'Fix it again'
               git push -q origin HEAD:release/Algiers; git tag -a -m x 1.2.0",
        meanwhile: MASTER_MOVES,
        push: "1.2.0",
        ..USUAL_CASE
    },
    Case {
        name: "imagefactory: the mainline merged over a fix",
        rule: "wrong-way-merge",
        by: "take_merge_out",
        policy: "preset:imagefactory",
        history: ALGIERS,
        work: "git switch -q release/Algiers; w f; c 'Fix the factory'; git merge -q --no-edit origin/master",
        push: "release/Algiers",
        ..USUAL_CASE
    },
    Case {
        name: "imagefactory: the mainline pushed down",
        rule: "wrong-way-merge",
        by: "take_off",
        policy: "preset:imagefactory",
        history: ALGIERS,
        work: "git switch -q release/Algiers; git merge -q --ff-only origin/master; w g; c 'Fix the factory'",
        push: "release/Algiers",
        ..USUAL_CASE
    },
    Case {
        name: "imagefactory: a version of another branch",
        rule: "misplaced-tag",
        by: "delete_tag",
        policy: "preset:imagefactory",
        history: "A = commit \"first\" file a \"1\\n\"\nT = tag 1.0.3 of A\nB = commit \"fix\" parents A file b \"1\\n\"\n\
                  refs/heads/master = B\nrefs/heads/release/1.0 = B\nrefs/tags/1.0.3 = T\n",
        work: "git tag -a -m x 1.3.0 origin/release/1.0",
        push: "1.3.0",
        ..USUAL_CASE
    },
    Case {
        name: "brewblox: straight to master, with develop moved on and no branch of it here",
        rule: "unpromoted-commit",
        by: "promote",
        policy: "preset:brewblox",
        history: "A = commit \"first\" file a \"1\\n\"\nrefs/heads/master = A\nrefs/heads/develop = A\n",
        work: "w f; c 'hotfix'; w g; c 'another'",
        meanwhile: "git switch -q develop; w other; c 'somebody else'; git push -q origin develop",
        push: "master",
        ..USUAL_CASE
    },
    Case {
        name: "brewblox: a branch that nobody expects",
        rule: "unlisted-branch",
        by: "push_as",
        policy: "preset:brewblox",
        history: "A = commit \"first\" file a \"1\\n\"\nrefs/heads/master = A\nrefs/heads/develop = A\n",
        work: "git switch -q -c http2 origin/develop; w f; c f",
        push: "http2",
        then: Then::Holds("test $(git ls-remote origin refs/heads/feature/http2 | cut -f1) = $(git rev-parse HEAD)"),
        ..USUAL_CASE
    },
    Case {
        name: "canfar: straight to staging",
        rule: "unpromoted-commit",
        by: "promote",
        policy: "preset:canfar",
        history: "A = commit \"first\" file a \"1\\n\"\nrefs/heads/main = A\nrefs/heads/dev = A\nrefs/heads/staging = A\n\
                  refs/heads/production = A\n",
        work: "git switch -q -c mine origin/staging; w f; c 'fix: f'; w g; c 'fix: g'",
        meanwhile: "git switch -q dev; w other; c 'fix: somebody else'; git push -q origin dev",
        push: "mine:staging",
        ..USUAL_CASE
    },
];

const ALGIERS: &str = r#"
A = commit "first" file README "one\n"
B = commit "second" parents A file README "one\ntwo\n"
refs/heads/master = B
refs/heads/release/Algiers = A
"#;

/// The words of the cases: `w FILE` writes a file, `c MESSAGE` commits everything, `e VERSION` is an entry of a changelog.
const WORDS: &str = "w() { echo \"$1\" >> \"$1\"; }\n\
    c() { git add --all; git commit -q --allow-empty -m \"$@\"; }\n\
    e() { printf 'x (%s) stretch; urgency=low\\n\\n  * y\\n\\n -- A B <a@b>  Mon, 01 Jan 2018 00:00:00 +0000\\n\\n' \"$1\"; }\n";

fn shell(directory: &Path, script: &str) {
    let ran = run(command("sh", directory).args(["-e", "-c", &format!("{WORDS}{script}\n")]), b"");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned() + &stderr(&ran);
    assert!(ran.status.success(), "{script}: {said}");
}

fn clone(site: &Site, name: &str) -> PathBuf {
    let path = site.path(name);
    let (from, to) = (site.server.to_str().unwrap(), path.to_str().unwrap());
    git(&site.server, &["clone", "--quiet", "--template=", from, to]);
    path
}

/// Returns what every commit says and does that these revisions have: that survives a pick.
fn changes(repository: &Path, revisions: &[&str]) -> BTreeSet<(String, String)> {
    let log = |options: &[&str]| git(repository, &[&["log"], options, revisions].concat());
    let patches = log(&["-p", "--format=commit %H"]) + "\n";
    let patches = git_with(repository, &["patch-id", "--stable"], patches.as_bytes());
    let of: BTreeMap<&str, &str> =
        patches.lines().filter_map(|line| line.split_once(' ')).map(|(a, b)| (b, a)).collect();
    let subjects = log(&["--format=%H %s"]);
    let subjects = subjects.lines().filter_map(|line| line.split_once(' '));
    subjects.map(|(id, subject)| (subject.to_owned(), of.get(id).copied().unwrap_or(id).to_owned())).collect()
}

/// Returns the local branches and tags, each with what it holds; branches that only keep something are left out.
fn refs(repository: &Path) -> BTreeSet<String> {
    let listed = git(
        repository,
        &["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads", "refs/tags", "refs/notes"],
    );
    listed.lines().filter(|line| !line.starts_with("refs/heads/kept-")).map(str::to_owned).collect()
}

/// Returns what the push brings when it is made again: everything that the commands changed, and what was refused, from
/// the branch or tag of its name where there is one. A tag may be gone: then nothing of it is left to push.
fn again(case: &Case<'_>, before: &BTreeSet<String>, after: &BTreeSet<String>) -> BTreeSet<String> {
    let named = |line: &String| line.split(' ').next().unwrap().to_owned();
    let mut specs: BTreeSet<String> = after.difference(before).map(named).collect();
    let spec = case.push.trim_start_matches('+');
    let name = spec.split_once(':').map_or(spec, |(_, name)| name);
    let short = name.trim_start_matches("refs/heads/").trim_start_matches("refs/tags/");
    let local = [format!("refs/heads/{short}"), format!("refs/tags/{short}")];
    match local.into_iter().find(|name| after.iter().any(|line| named(line) == *name)) {
        Some(name) => specs.extend([name]),
        None if spec.contains(':') => specs.extend([spec.to_owned()]),
        None => {}
    }
    specs
}

/// Returns the whole policy of a case, with its rule at a level.
fn policy(case: &Case<'_>, level: &str) -> String {
    let policy = match (case.policy.strip_prefix('+'), case.policy.starts_with("preset:")) {
        (Some(more), _) => format!("{POLICY}\n{more}"),
        (None, true) => format!("schema = 1\nname = 'ours'\nextends = ['{}']\n", case.policy),
        (None, false) => case.policy.to_owned(),
    };
    let table = format!("[rules.{}]\n", case.rule);
    let set = format!("{table}level = '{level}'\n");
    if level == "refuse" {
        policy
    } else if policy.contains(&table) {
        policy
            .lines()
            .filter(|line| !line.starts_with("level = "))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
            .replace(&table, &set)
    } else {
        format!("{policy}\n{set}")
    }
}

fn try_case(case: &Case<'_>) {
    let policy = policy(case, "refuse");
    let site = Site::new(USUAL, &policy, case.history);
    let (own, other) = (clone(&site, "own"), clone(&site, "other"));
    shell(&own, case.work);
    shell(&other, case.meanwhile);
    let _ = std::fs::remove_file(site.path("log"));
    let pushed = site.pushed(&run(command("git", &own).args(["push", "origin", case.push]), b""));
    assert_eq!(pushed.landed, case.is_warned, "{pushed:#?}");
    let findings = pushed.reports[0]["findings"].as_array().unwrap();
    let is_own = |finding: &serde_json::Value| finding["rule"] == case.rule && finding["command"].is_string();
    assert!(findings.iter().any(is_own), "{pushed:#?}");
    let unpushed = changes(&own, &["--branches", "--tags", "HEAD", "--not", "--remotes"]);
    let before = refs(&own);

    // As a person sees it, who reads the text and not the report.
    let seen = |command: &str| pushed.text.lines().any(|line| line.trim_start_matches("remote:").trim() == command);
    for shown in findings.iter().filter_map(|finding| finding["command"].as_str()) {
        assert!(seen(shown), "{shown}: {pushed:#?}");
        assert!(!shown.contains("COMMIT") && !shown.contains("NAME"), "{shown}");
        assert!(case.by != "merge" || shown.contains("git merge -m"), "the way that the flow names first: {shown}");
        shell(&own, shown);
    }

    let kept = changes(&own, &["--branches", "--remotes"]);
    assert!(unpushed.is_subset(&kept), "lost: {:#?}", unpushed.difference(&kept));
    match case.then {
        Then::Holds(script) => shell(&own, script),
        Then::Passes => {
            let specs = again(case, &before, &refs(&own));
            let pushed = run(command("git", &own).args(["push", "origin"]).args(&specs), b"");
            assert!(specs.is_empty() || pushed.status.success(), "{specs:?}: {}", stderr(&pushed));
        }
    }
    let tags = git(&site.server, &["for-each-ref", "--format=%(tree)%(*tree)", "refs/tags"]);
    let trees: BTreeSet<&str> = tags.lines().collect();
    assert_eq!(trees.len(), tags.lines().count(), "a release without a change: {tags}");
}

/// Makes a test of the cases of each rule, and a list of the rules.
macro_rules! rules {
    ($($rule:ident)*) => {
        $(#[test]
        #[ignore = "the outer ring: every command that a message shows, in a repository of its own"]
        fn $rule() {
            let rule = stringify!($rule).replace('_', "-");
            for case in CASES.iter().chain(PRESETS).filter(|case| case.rule == rule) {
                println!("{}: {}", case.rule, case.name);
                try_case(case);
            }
        })*
        const RULES: &[&str] = &[$(stringify!($rule)),*];
    };
}

rules! {
    colliding_slug deleted_ref duplicate_version improper_waiver lightweight_tag mismatched_tag misplaced_branch
    misplaced_change misplaced_tag moved_tag off_calendar_tag out_of_order_tag reserved_version retired_line
    rewritten_history stranded_changelog understated_version undocumented_release unlanded_fix unlisted_branch unlisted_tag
    unpromoted_commit unrepaired_pick version_gap wrong_way_merge
}

/// Where a command would not do, there is none.
#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn what_no_command_fixes_shows_none() {
    let fixed = "A = commit \"first\" file a \"1\\n\"\nrefs/heads/master = A\nrefs/heads/1.15 = A\n";
    let notes = "[[changelog]]\npath = 'debian/changelog'\nformat = 'debian'\n\
                 reintegrate = { from = 'release', to = 'master', due = 'next-tag' }\n";
    let notes = format!("{POLICY}\n{notes}");
    let usual = |rule, work, push| Case { rule, work, push, ..USUAL_CASE };
    for case in [
        // Its fix would be refused on the branch too, since it is not on the mainline.
        Case { policy: PICKS, ..usual("misplaced-tag", "git switch -q 1.15; w f; c fix; git tag -a -m x 1.15.2", "1.15.2") },
        // Which of them were meant?
        Case {
            history: fixed,
            ..usual("misplaced-tag", "w f; c f; w g; c g; git push -q origin master; git tag -a -m x 1.15.1", "1.15.1")
        },
        // The next major version is not what a release branch starts with.
        Case {
            policy: MAJORS,
            history: MAJOR_HISTORY,
            ..usual("misplaced-branch", "git switch -q -c 1.16 origin/2.0-dev", "1.16")
        },
        Case {
            policy: MAJORS,
            history: MAJOR_HISTORY,
            ..usual("misplaced-tag", "git tag -a -m x 1.16.0 origin/2.0-dev", "1.16.0")
        },
        // What came after it builds on it.
        usual("wrong-way-merge", "git switch -q 1.15; git merge -q --no-edit origin/master; w README; c more", "1.15"),
        Case { policy: ACCEPTS, ..usual("misplaced-change", "git switch -q 1.15; w a; c 'feat: a'; w a; c 'fix: a'", "1.15") },
        usual("rewritten-history", "w README; git commit -q --amend --all -m again", "+master"),
        // A slip of the pen.
        usual("unlisted-branch", "git branch mastre", "mastre"),
        Case {
            policy: &notes,
            ..usual(
                "stranded-changelog",
                "mkdir debian; e 1.16.0 > debian/changelog; c own; git push -q origin master; git switch -q 1.15; mkdir debian
                 { e 1.15.2; e 1.15.1; } > debian/changelog; c 'release 1.15.2'; git push -q origin 1.15; git tag -a -m x 1.15.2",
                "1.15.2",
            )
        },
    ] {
        let site = Site::new(USUAL, &policy(&case, "refuse"), case.history);
        let own = clone(&site, "own");
        shell(&own, case.work);
        let _ = std::fs::remove_file(site.path("log"));
        let pushed = site.pushed(&run(command("git", &own).args(["push", "origin", case.push]), b""));
        let findings = pushed.reports[0]["findings"].as_array().unwrap();
        let own = findings.iter().find(|finding| finding["rule"] == case.rule);
        assert!(!pushed.landed && own.is_some_and(|own| own["command"].is_null()), "{}: {pushed:#?}", case.work);
    }
}

/// A push that is only warned about goes ahead: nothing that would have to come before it is shown then.
#[test]
#[ignore = "the outer ring: more than half a second of a core"]
fn a_warning_shows_no_command_that_comes_too_late() {
    let quiet = ["pick", "merge", "merge_waivers", "revert", "promote", "bring_file", "fetch"];
    let cases: Vec<&Case<'_>> = CASES.iter().filter(|case| !quiet.contains(&case.by)).collect();
    assert!(cases.len() > 20);
    for case in cases {
        let site = Site::new(USUAL, &policy(case, "warn"), case.history);
        let (own, other) = (clone(&site, "own"), clone(&site, "other"));
        shell(&own, case.work);
        shell(&other, case.meanwhile);
        let _ = std::fs::remove_file(site.path("log"));
        let pushed = site.pushed(&run(command("git", &own).args(["push", "origin", case.push]), b""));
        let findings = pushed.reports[0]["findings"].as_array().unwrap();
        let own = findings.iter().find(|finding| finding["rule"] == case.rule).unwrap();
        assert!(own["level"] == "warn" && own["command"].is_null(), "{}: {pushed:#?}", case.name);
    }
}

/// A clone's own hook knows what the clone calls the server.
#[test]
fn before_a_push_the_commands_name_the_remote_that_is_pushed_to() {
    let policy = format!("{POLICY}\n{}", PICKS.trim_start_matches('+'));
    let site = Site::new(USUAL, &policy, HISTORY);
    let own = clone(&site, "own");
    shell(&own, &format!("git remote rename origin upstream; {TWO_FIXES}"));
    git(&own, &["config", "refgate.policy", site.path("policy.toml").to_str().unwrap()]);
    install(&own, "pre-push");
    let pushed = run(command("git", &own).args(["push", "upstream", "1.15"]), b"");
    let text = stderr(&pushed);
    let shown: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("git ")).collect();
    assert!(shown.len() == 2 && shown.iter().all(|shown| shown.contains(" --ff-only upstream master")), "{text}");
    shell(&own, &shown.join("\n"));
    shell(&own, "git push upstream 1.15 master");
}

/// What `refgate landed` shows is run on the branch that it names.
#[test]
fn the_commands_of_landed_bring_what_is_missing() {
    for (flow, way) in [(PICKS, "cherry-pick"), (MERGES, "merge")] {
        let policy = format!("{POLICY}\n{}", flow.trim_start_matches('+'));
        let site = Site::new(USUAL, "schema = 1\nname = 'x'\n", HISTORY);
        let own = clone(&site, "own");
        shell(&own, &format!("{TWO_FIXES}; git push -q origin 1.15; git switch -q master; git branch -q -D 1.15"));
        std::fs::write(own.join("policy.toml"), policy).unwrap();
        let landed = || {
            let output = refgate(&own, &["landed", "--policy", "policy.toml"], b"");
            String::from_utf8(output.stdout).unwrap()
        };
        let text = landed();
        let shown: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("git ")).collect();
        assert!(!shown.is_empty() && shown.iter().all(|line| line.starts_with(&format!("git {way} "))), "{text}");
        shell(&own, &format!("{}\ngit push -q origin master", shown.join("\n")));
        assert!(!landed().contains("missing"), "{}", landed());
    }
}

/// Whoever adds a command to a rule adds a case here.
#[test]
fn every_rule_that_can_show_a_command_has_a_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut shown = BTreeSet::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let (stem, extension) = (path.file_stem().unwrap().to_str().unwrap(), path.extension().unwrap());
        if extension != "rs" || ["commands", "mod", "rule"].contains(&stem) {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let makers: BTreeSet<String> = text
            .split("commands::")
            .skip(1)
            .map(|rest| rest.chars().take_while(|char| char.is_ascii_alphanumeric() || *char == '_').collect())
            .collect();
        let count = text.matches(".command(").count() + text.matches(".command_instead(").count();
        assert_eq!(count > 0, !makers.is_empty(), "{stem}: commands are made in src/rules/commands.rs");
        // Names come before a push of another name, and are not commands.
        shown.extend(makers.into_iter().filter(|maker| maker != "topic_names").map(|by| (stem.replace('_', "-"), by)));
    }
    let tried: BTreeSet<(String, String)> =
        CASES.iter().chain(PRESETS).map(|case| (case.rule.to_owned(), case.by.to_owned())).collect();
    assert_eq!(shown, tried);
    let run: BTreeSet<String> = RULES.iter().map(|rule| rule.replace('_', "-")).collect();
    assert_eq!(run, tried.into_iter().map(|(rule, _)| rule).collect());
}
