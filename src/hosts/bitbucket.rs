//! Bitbucket Data Center: hook scripts that are registered over REST.

use super::Host;
use super::host::Pusher;

pub(super) static HOST: Host = Host {
    name: "bitbucket",
    docs: "Bitbucket Data Center.",
    pusher: Some(Pusher::variable("BB_USER_NAME")),
    installs: None,
    hooks: "a hook script of type PRE, registered over REST; it runs `refgate hook pre-receive`",
    guards: "`refs/pull-requests/*` cannot be pushed",
};
