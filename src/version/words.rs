//! Development markers and last numbers in the text of a version.

/// The words that mark a development version.
const DEV: [&str; 2] = ["dev", "snapshot"];

/// Returns whether a development marker is among the words of a text.
pub(super) fn has_dev_word(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphabetic()).any(|word| DEV.iter().any(|dev| word.eq_ignore_ascii_case(dev)))
}

/// Splits a text at its last development marker, which is in neither half.
fn around_dev(text: &str) -> (&str, &str) {
    let lower = text.to_ascii_lowercase();
    let last = DEV.iter().filter_map(|word| lower.rfind(word).map(|at| (at, at + word.len()))).max();
    let (start, end) = last.unwrap_or((text.len(), text.len()));
    (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default())
}

/// Returns the text before its development marker, without the separators between them.
pub(super) fn before_dev(text: &str) -> &str {
    around_dev(text).0.trim_end_matches(['.', '-', '_', '~'])
}

/// Returns whether the number behind the development marker is 0 or missing.
pub(super) fn is_dev_zero(text: &str) -> bool {
    let number = around_dev(text).1;
    number.strip_prefix(['.', '-', '_']).unwrap_or(number).bytes().all(|byte| byte == b'0')
}

/// Adds one to the number at the end, keeping its width; a text without one gets a 1, since its number counts as 0.
/// `None` past `u64::MAX`.
pub(super) fn raise_last_number(text: &str) -> Option<String> {
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = text.get(stem.len()..)?;
    if digits.is_empty() {
        return Some(format!("{text}1"));
    }
    let next = digits.parse::<u64>().ok()?.checked_add(1)?;
    Some(format!("{stem}{next:0width$}", width = digits.len()))
}

/// Writes numbers with dots between them.
pub(super) fn dotted(numbers: &[u64]) -> String {
    numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(".")
}
