//! gitolite: `hooks/update` is its access control, one script for every repository.

use super::host::{Installs, Pusher, where_git_looks};
use super::{Hook, Host, Refusal};

const FOR_ALL: &str = "put the shims `pre-receive`, `reference-transaction` and `post-receive` of \
                       `share/refgate/hooks` into LOCAL_CODE/hooks/common (or `gitolite/VREF/refgate` into \
                       LOCAL_CODE/VREF) and run `gitolite setup --hooks-only`";

/// Where gitolite keeps the scripts that every repository's hooks link to.
const COMMON: &str = "/hooks/common/";

pub(super) static HOST: Host = Host {
    name: "gitolite",
    docs: "gitolite 3.",
    pusher: Some(Pusher {
        variable: "GL_USER",
        field: None,
        // `gitolite push` and its mirroring run without a user, and say so.
        administrator: Some(("GL_BYPASS_ACCESS_CHECKS", "1")),
    }),
    installs: Some(Installs {
        is_found: |traces| {
            std::fs::read_link(traces.common_dir.join("hooks/update"))
                .is_ok_and(|target| target.to_string_lossy().contains(COMMON))
        },
        found_by: "`hooks/update` links into `hooks/common`",
        place: where_git_looks,
        refuses: |spot| {
            if spot.is_of_host && spot.hook == Hook::Update {
                return Some(Refusal {
                    reason: "is gitolite's access control, for every repository at once; it is left alone",
                    help: format!(
                        "install into this repository with `--hook pre-receive`; for all repositories {FOR_ALL}"
                    ),
                });
            }
            let is_link = spot.target.is_some_and(|target| target.to_string_lossy().contains(COMMON));
            is_link.then(|| Refusal {
                reason: "is gitolite's own link, which it makes again; it is left alone",
                help: FOR_ALL.to_owned(),
            })
        },
        left_alone: "`hooks/update`, and every link into `hooks/common`",
        refuses_local_pushes: true,
    }),
    hooks: "`hooks/pre-receive` of one repository; for all of them LOCAL_CODE/hooks/common or a VREF",
    guards: "every ref, by the rules of `gitolite.conf`: after refgate in pre-receive, before it in a VREF",
};
