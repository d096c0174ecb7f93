//! `refgate hook`: judges the push that git hands to a hook; what is done after a push is elsewhere.

use bstr::{BString, ByteSlice as _};
use std::ffi::OsString;
use std::time::Instant;

use super::context::Context;
use super::judge::{Case, judge, logged};
use super::output::JudgeFlags;
use super::project::unusable_remote;
use crate::gate::Ask;
use crate::git::Trust;
use crate::model::{Exit, Failure, Stage};
use crate::model::{PROBE, PROBE_ANSWER};
use crate::project::View;
use crate::push;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which hook git is running.
    #[arg(value_enum)]
    name: HookName,
    #[command(flatten)]
    flags: JudgeFlags,
    /// post-receive: do the work here and say what was done, not unseen in a process of its own.
    #[arg(long)]
    foreground: bool,
    /// What git gave to the hook.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    arguments: Vec<OsString>,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum HookName {
    /// On a developer's machine, before anything is sent.
    PrePush,
    /// On the server, before any ref moves.
    PreReceive,
    /// On the server, one ref at a time.
    Update,
    /// On the server, when git moves refs: looks again at what pre-receive let through because of other refs.
    ReferenceTransaction,
    /// On the server, after the refs have moved.
    PostReceive,
}

impl HookName {
    /// Returns the stage at which it judges every push; `None` for hooks that do something else.
    fn stage(self) -> Option<Stage> {
        match self {
            Self::PrePush => Some(Stage::PrePush),
            Self::PreReceive => Some(Stage::PreReceive),
            Self::Update => Some(Stage::Update),
            Self::ReferenceTransaction | Self::PostReceive => None,
        }
    }
}

pub(super) fn run(context: &Context, arguments: Args) -> Result<Exit, Failure> {
    let began = Instant::now();
    let flags = &arguments.flags;
    let words: Vec<BString> = arguments.arguments.iter().map(|word| push::bytes_of(word)).collect();
    if matches!(arguments.name, HookName::ReferenceTransaction) {
        return logged(context, flags, Trust::Hook, || super::second_look::run(context, flags, &words, began));
    }
    let Some(stage) = arguments.name.stage() else {
        #[cfg(unix)]
        return super::post_receive::run(context, flags, &words, arguments.foreground);
        // On other systems nothing is cached.
        #[cfg(not(unix))]
        return context.standard_input().map(|_| Exit::Accepted);
    };
    logged(context, flags, Trust::Hook, || {
        if arguments.foreground {
            let cause = "`--foreground` is for post-receive alone";
            return Err(Failure::new(Exit::Usage, "reading the command line", cause));
        }
        hook(context, flags, stage, &words, began)
    })
}

/// Judges the push of a hook at this stage.
fn hook(
    context: &Context,
    flags: &JudgeFlags,
    stage: Stage,
    words: &[BString],
    began: Instant,
) -> Result<Exit, Failure> {
    let repository = flags.project.repository(context, Trust::Hook)?;
    let hash = repository.hash_kind();
    // Always read to the end: otherwise git may not be able to write all of it.
    let updates = match stage {
        Stage::PrePush => push::pre_push(&context.standard_input()?, hash),
        Stage::PreReceive | Stage::Ci => push::pre_receive(&context.standard_input()?, hash),
        Stage::Update => push::update(words, hash),
    };
    let updates = updates.map_err(|error| Failure::from_error(Exit::Usage, "reading the ref updates", &error))?;
    if updates.is_empty() {
        return Ok(Exit::Accepted);
    }
    let (view, fallbacks) = match stage {
        Stage::PrePush => {
            let remote = words.first().map_or(&b""[..], |name| name.as_slice());
            let own = Ask::default().in_clone(&repository, &remote.to_str_lossy());
            let view = View::of_remote(&repository, remote).map_err(|error| unusable_remote(remote, &error))?;
            (view, own.fallbacks)
        }
        // Never from what is being pushed: on a server the policy is the one that its administrator named.
        Stage::PreReceive | Stage::Update | Stage::Ci => (View::Own, Vec::new()),
    };
    let tests_the_hook = updates.iter().any(|update| update.name.full().starts_with(PROBE.as_bytes()));
    let judged = judge(context, flags, Case { repository, stage, updates, view, fallbacks, began });
    if tests_the_hook { refuse_probe(context, judged) } else { judged }
}

/// Refuses the refs to which `refgate doctor` pushes in order to see that refgate is asked, whatever the policy says
/// about them, and reports how the push was judged.
fn refuse_probe(context: &Context, judged: Result<Exit, Failure>) -> Result<Exit, Failure> {
    let exit = *judged.as_ref().unwrap_or_else(|failure| &failure.exit);
    context.complain(&format!("{PROBE_ANSWER} and was judged with exit code {}\n", exit.code()));
    judged.map(|exit| exit.max(Exit::Refused))
}
