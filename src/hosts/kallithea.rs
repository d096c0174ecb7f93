//! Kallithea: ordinary repositories with hooks of its own next to refgate's.

use super::host::{Installs, Pusher, where_git_looks};
use super::{Hook, Host, Refusal};

const MARK: &str = "KALLITHEA_HOOK_VER";

pub(super) static HOST: Host = Host {
    name: "kallithea",
    docs: "Kallithea. It names the right pusher only where one thread of a process serves at a time.",
    pusher: Some(Pusher { variable: "KALLITHEA_EXTRAS", field: Some("username"), administrator: None }),
    installs: Some(Installs {
        is_found: |traces| traces.mentions("post-receive", MARK) || traces.mentions("pre-receive", MARK),
        found_by: "`KALLITHEA_HOOK_VER` in `hooks/post-receive` or `hooks/pre-receive`",
        place: where_git_looks,
        refuses: |spot| {
            (spot.is_of_host && spot.hook == Hook::PostReceive).then(|| Refusal {
                reason: "is Kallithea's own; it is left alone",
                help: "Kallithea writes it again; without refgate in it a push takes longer, no more".to_owned(),
            })
        },
        left_alone: "`hooks/post-receive`",
        refuses_local_pushes: false,
    }),
    hooks: "`hooks/pre-receive`",
    guards: "none",
};
