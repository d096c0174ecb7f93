//! What Debian and RPM have in common: only a tilde sorts before the release. Therefore pre-releases and development
//! versions are written behind one (two for a development version of the release itself), and post-releases behind a
//! plus.

use super::scan::Scan;
use super::suffix::{Post, Stage, Suffix};

/// Reads what follows the numbers of a Debian or RPM version as this module spells it.
///
/// Nothing else is read. Both order words by their letters and `~` by how often it appears: `~a2`, `~alpha1` and
/// `~RC1`, or `~dev1` and `~~dev1`, have an order of their own, which numbers for a stage would not keep.
pub(super) fn tilde_suffix(text: &str) -> Option<Suffix> {
    let mut scan = Scan::new(text);
    let pre = Stage::ALL.into_iter().find_map(|stage| {
        let number = marked(&mut scan, &format!("~{}", stage.short()))?;
        Some((stage, vec![number]))
    });
    let post = marked(&mut scan, "+post").map(|number| Post::Numbers(vec![number]));
    let dev = marked(&mut scan, dev_marker(pre.is_some() || post.is_some()));
    scan.is_done().then_some(Suffix { pre, post, dev })
}

/// Returns the marker of development versions. For the release itself it must sort before `~a1`; for a pre-release or
/// post-release, only before that one.
pub(super) const fn dev_marker(of_pre_or_post: bool) -> &'static str {
    if of_pre_or_post { "~dev" } else { "~~dev" }
}

/// Takes a marker and its number. The number may only be missing at the end, where dpkg reads that as 0: further on,
/// `~rc+post1` comes after every `~rc1`.
fn marked(scan: &mut Scan<'_>, marker: &str) -> Option<u64> {
    let mut ahead = scan.clone();
    if !ahead.take(marker) {
        return None;
    }
    let number = if ahead.is_done() { 0 } else { ahead.number().ok()?.value };
    *scan = ahead;
    Some(number)
}
