//! GitLab: it runs what is in `custom_hooks/NAME.d`.

use super::host::{Installs, Pusher};
use super::{Hook, Host, Refusal};

pub(super) static HOST: Host = Host {
    name: "gitlab",
    docs: "GitLab on a server of one's own; with several Gitaly nodes the hook goes to each.",
    pusher: Some(Pusher::variable("GL_USERNAME")),
    installs: Some(Installs {
        is_found: |traces| {
            (traces.config)("gitlab.fullpath").is_some() || traces.common_dir.iter().any(|part| part == "@hashed")
        },
        found_by: "`gitlab.fullpath` in its configuration, or `@hashed` in its path",
        place: |common_dir, hook| {
            let folder = common_dir.join("custom_hooks").join(format!("{}.d", hook.name()));
            hook.is_server().then(|| folder.join("50-refgate"))
        },
        refuses: |spot| {
            (spot.is_of_host && spot.hook == Hook::ReferenceTransaction).then(|| Refusal {
                reason: "is where GitLab's git does not look",
                help: "GitLab runs no such hook; leave it out".to_owned(),
            })
        },
        left_alone: "`hooks`, and the other files of `custom_hooks`",
        refuses_local_pushes: false,
    }),
    hooks: "`custom_hooks/NAME.d/50-refgate`",
    guards: "protected branches and tags, before hooks run",
};
