//! Refuses waivers in notes from others than the policy names, and notes that are not valid waivers.

use bstr::ByteSlice as _;
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::rule::NoOptions;
use super::unauthorized_actor::{members, who};
use super::{Meta, OptionError, RefRule, Rule, Sink, Standing, commands};
use crate::facts::{ArrivingNote, FactError, Kind, Movement, Update};
use crate::model::{Actor, Level, Untrusted, WAIVER_NOTES, did_you_mean};

pub(super) struct ImproperWaiver;

impl Rule for ImproperWaiver {
    const META: Meta = Meta {
        id: "improper-waiver",
        summary: "Refuses waivers in git notes that are malformed, or pushed by others than the policy names.",
        task: "reading the waivers in",
        docs: include_str!("improper_waiver.md"),
        default: Level::Refuse,
        standing: Standing::OF_A_PUSHER,
    };
    type Options = NoOptions;

    fn new(_: NoOptions) -> Result<Self, OptionError> {
        Ok(Self)
    }
}

impl RefRule for ImproperWaiver {
    fn check(&self, change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
        if change.name().full() != WAIVER_NOTES {
            return Ok(());
        }
        history(change, sink)?;
        notes(change, sink)?;
        // This comes last, because on a developer's machine the pusher is unknown: everything else has been reported by
        // then.
        pusher(change, sink)
    }
}

fn pusher(change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let Some(accepted) = change.facts().project().waivers_accepted_from() else {
        sink.report(format!("`{}` may not be pushed: the policy takes no waivers in notes", change.name()))
            .help("it says from whom: `[waiver-notes]` with `accepted-from = [\"@release-managers\"]`");
        return Ok(());
    };
    if accepted.is_everyone() {
        return Ok(());
    }
    let actor = change.facts().actor()?;
    if !accepted.contains(actor) {
        let message = format!("{} may not waive anything: that is for {}", who(actor), members(accepted));
        sink.report(message).help(match actor {
            Actor::Unknown => "the server does not know who pushes: its administrator names the source with `git config refgate.identity`",
            Actor::Known(_) | Actor::Host => "ask one of them to record the waiver",
        });
    }
    Ok(())
}

/// Checks the history of the notes: who waived what, and when it was withdrawn, has to stay readable.
fn history(change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    match change.movement()? {
        Movement::Create | Movement::FastForward => {}
        Movement::Delete => {
            sink.report(format!("`{}` is the record of waivers, which is never deleted", change.name()))
                .help("take single waivers back, with `git notes --ref refgate remove`");
        }
        Movement::Rewrite => {
            sink.report(format!("the push takes waivers out of the history of `{}`", change.name()))
                .help("build on the notes that are there")
                .command(|| commands::merge_waivers(change.project()));
        }
    }
    Ok(())
}

fn notes(change: &Update<'_, '_>, sink: &mut Sink<'_>) -> Result<(), FactError> {
    let Some(peeled) = change.peeled()? else { return Ok(()) };
    if peeled.kind != Kind::Commit || !peeled.tags.is_empty() {
        let kind = if peeled.tags.is_empty() { peeled.kind } else { Kind::Tag };
        sink.report(format!("`{}` shall hold a {kind}, and notes are a commit", change.name()));
        return Ok(());
    }
    let Some(tip) = change.commit()? else { return Ok(()) };
    // Counted from the day on which the notes were made: a verdict must not depend on when it is given.
    let made = Timestamp::from_second(tip.committer.seconds).unwrap_or(Timestamp::UNIX_EPOCH);
    let made = made.to_zoned(TimeZone::UTC).date();
    let old = Some(change.old()).filter(|id| !id.is_null());
    for note in change.facts().arriving_notes(old, tip.id)? {
        let path = note.path.as_bstr();
        if let Some(wrong) = flaw(&note, made) {
            sink.report(format!("the note `{}` is not a waiver: {wrong}", Untrusted::new(path)))
                .path(path)
                .help("write it with `refgate waive`, which makes one that counts");
        }
    }
    Ok(())
}

/// Returns what is wrong with a note.
fn flaw(note: &ArrivingNote, made: Date) -> Option<String> {
    let waivers = match &note.waivers {
        Ok(waivers) => waivers,
        Err(error) => return Some(error.clone()),
    };
    waivers.iter().filter(|waiver| !note.before.contains(waiver)).find_map(|waiver| {
        if super::find(&waiver.rule).is_none() {
            let hint = did_you_mean(&waiver.rule, super::REGISTRY.iter().map(|entry| entry.meta.id));
            return Some(format!("there is no rule `{}`{hint}", Untrusted::new(&waiver.rule)));
        }
        if waiver.rule == ImproperWaiver::META.id {
            return Some(format!("`{}` cannot be waived by a note", waiver.rule));
        }
        let over = waiver.until.filter(|until| *until < made)?;
        Some(format!("it ended on {over}, before it was made"))
    })
}
