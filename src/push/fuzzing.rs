//! Entry points for the fuzz targets.

use bstr::BString;

use super::CiEvent;

/// Finds the event of a job, or says why there is none.
///
/// # Errors
/// The message.
pub fn job(
    variables: &dyn Fn(&str) -> Option<BString>,
    read: &dyn Fn(&str) -> Result<Vec<u8>, String>,
) -> Result<String, String> {
    CiEvent::job(variables, read).map(|event| event.name().to_string()).map_err(|error| error.to_string())
}
