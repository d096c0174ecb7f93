//! Gitea and Forgejo: they write `hooks/NAME` again and again, and run what is in `hooks/NAME.d`.

use super::host::{Installs, Pusher, refuses_nothing};
use super::{Hook, Host};

pub(super) static HOST: Host = Host {
    name: "gitea",
    docs: "Gitea and Forgejo. A wiki is a repository with hooks of its own.",
    pusher: Some(Pusher::variable("GITEA_PUSHER_NAME")),
    installs: Some(Installs {
        is_found: |traces| traces.common_dir.join("hooks/pre-receive.d/gitea").exists(),
        found_by: "`hooks/pre-receive.d/gitea`",
        place: |common_dir, hook| {
            let folder = common_dir.join("hooks").join(format!("{}.d", hook.name()));
            // It runs nothing beside git's own for the moving of refs.
            (hook.is_server() && hook != Hook::ReferenceTransaction).then(|| folder.join("refgate"))
        },
        refuses: refuses_nothing,
        left_alone: "`hooks/NAME` and `hooks/NAME.d/gitea`",
        refuses_local_pushes: true,
    }),
    hooks: "`hooks/NAME.d/refgate`; `hooks/reference-transaction`",
    guards: "protected branches and tags, by its own hook before refgate's; `refs/pull/*` is its own",
};
