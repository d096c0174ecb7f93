//! A repository that no known host manages.

use super::Host;
use super::host::{Installs, refuses_nothing, where_git_looks};

pub(super) static HOST: Host = Host {
    name: "plain",
    docs: "A repository over ssh, http or `file://` without a program that manages it; also every clone.",
    pusher: None,
    installs: Some(Installs {
        // What is left when no other host is recognised.
        is_found: |_| false,
        found_by: "nothing: what is not recognised as another host's",
        place: where_git_looks,
        refuses: refuses_nothing,
        left_alone: "nothing; a hook that is there is kept and runs after refgate",
        refuses_local_pushes: false,
    }),
    hooks: "`hooks/NAME`, or where `core.hooksPath` says",
    guards: "none",
};
