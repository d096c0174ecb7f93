//! Floor 1: git hosts, one file each: how a repository of theirs is recognised, who pushes, where a hook goes.
//!
//! | file | what is in it |
//! |---|---|
//! | `host` | what is known of a host, as a type |
//! | `hook` | the hooks of git in which refgate can stand |
//! | every other | one host |
//!
//! A new host is one file and one line in [`HOSTS`]; `docs/hosts.md` is made from them. It knows neither git nor
//! policies: a repository is what [`Traces`] shows of it.

mod bitbucket;
mod gitea;
mod github;
mod gitlab;
mod gitolite;
mod hook;
mod host;
mod kallithea;
mod plain;
mod remote_user;

pub use hook::Hook;
pub use host::Traces;
pub(crate) use host::{Host, Pusher, Refusal, Spot};

/// The hosts, in the order of their names.
pub static HOSTS: &[&Host] = &[
    &bitbucket::HOST,
    &gitea::HOST,
    &github::HOST,
    &gitlab::HOST,
    &gitolite::HOST,
    &kallithea::HOST,
    &plain::HOST,
    &remote_user::HOST,
];

/// Returns the host of a name.
pub fn find(name: &str) -> Option<&'static Host> {
    HOSTS.iter().copied().find(|host| host.name == name)
}

/// Returns the host that a repository shows to be its own; [`plain`](self) where none is recognised.
pub fn detect(traces: &Traces<'_>) -> &'static Host {
    let found = |host: &&'static Host| host.installs.as_ref().is_some_and(|installs| (installs.is_found)(traces));
    HOSTS.iter().copied().find(found).unwrap_or(&plain::HOST)
}

/// Returns why a place is left alone, whichever host says so.
pub fn refusal(host: &Host, hook: Hook, target: Option<&std::path::Path>) -> Option<Refusal> {
    HOSTS.iter().find_map(|other| {
        let spot = Spot { hook, target, is_of_host: other.name == host.name };
        (other.installs.as_ref()?.refuses)(&spot)
    })
}

/// Returns the page `docs/hosts.md`.
pub fn page() -> String {
    let mut page = String::from(PREFACE);
    for host in HOSTS {
        let pusher = host.pusher.as_ref().map_or_else(
            || "named in the set-up".to_owned(),
            |pusher| {
                let field = pusher.field.map_or_else(String::new, |field| format!(", member `{field}` of its JSON"));
                let alone = pusher
                    .administrator
                    .map_or_else(String::new, |(name, value)| format!("; `{name}={value}` is the host itself"));
                format!("`refgate.identity = {}`: `{}`{field}{alone}", host.name, pusher.variable)
            },
        );
        let (found, left) = host
            .installs
            .as_ref()
            .map_or(("nothing: refgate does not put hooks there itself", "everything"), |installs| {
                (installs.found_by, installs.left_alone)
            });
        page.push_str(&format!(
            "\n## {}\n\n{}\n\n- **Who pushes**: {pusher}\n- **Recognised by**: {found}\n- **Hooks go to**: {}\n\
             - **Left alone**: {left}\n- **Refs the host guards itself**: {}\n",
            host.name, host.docs, host.hooks, host.guards
        ));
    }
    page
}

const PREFACE: &str = "# Hosts

<!-- Made from src/hosts: `REFGATE_BLESS=1 cargo test hosts` writes it. -->

`refgate install` finds out which host a repository belongs to; `--host NAME` says it. Who pushes is taken from the one
source that `refgate.identity` names and is never guessed: over `file://` and on shell accounts every variable is the
pusher's to forge. Besides the names below there are `env:NAME`, `json:NAME.field` and `none`.
";
