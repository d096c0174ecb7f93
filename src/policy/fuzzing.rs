//! Entry points for the fuzz targets.

use super::table::waiver_note::NotedWaiver;

/// Reads a note; each waiver as its rule and its reason.
///
/// # Errors
/// The message.
pub fn note(bytes: &[u8]) -> Result<Vec<(String, String)>, String> {
    let waivers = NotedWaiver::read(bytes).map_err(|error| error.to_string())?;
    Ok(waivers.into_iter().map(|waiver| (waiver.rule, waiver.reason)).collect())
}
