//! A web server that authenticates: `git http-backend` behind nginx, Apache and the like.

use super::Host;
use super::host::Pusher;

pub(super) static HOST: Host = Host {
    name: "remote-user",
    docs: "`git http-backend` behind a web server that asks for a password; its repositories are plain ones.",
    pusher: Some(Pusher::variable("REMOTE_USER")),
    installs: None,
    hooks: "as for a plain repository: `refgate install --identity remote-user`",
    guards: "none",
};
