//! GitHub Enterprise Server: scripts that its administrators register.

use super::Host;
use super::host::Pusher;

pub(super) static HOST: Host = Host {
    name: "github",
    docs: "GitHub Enterprise Server. All hooks together have five seconds, in an environment of their own.",
    pusher: Some(Pusher::variable("GITHUB_USER_LOGIN")),
    installs: None,
    hooks: "a pre-receive script in a repository that the site administration names; it runs \
            `refgate hook pre-receive`",
    guards: "`refs/pull/*` cannot be pushed",
};
