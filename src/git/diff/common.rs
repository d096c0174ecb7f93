//! How many bytes two files have in common, from either end.

/// Sizes of the pieces that are compared at once, largest first: one call for each costs more than comparing it.
const PIECES: [usize; 3] = [1024, 64, 1];

/// Returns how many bytes at the beginning of both are equal.
pub(in crate::git) fn common_prefix(a: &[u8], b: &[u8]) -> usize {
    PIECES.iter().fold(0, |equal, piece| {
        let (a, b) = (a.get(equal..).unwrap_or_default(), b.get(equal..).unwrap_or_default());
        equal + piece * a.chunks_exact(*piece).zip(b.chunks_exact(*piece)).take_while(|(a, b)| a == b).count()
    })
}

/// Returns how many bytes at the end of both are equal.
pub(in crate::git) fn common_suffix<'a>(a: &'a [u8], b: &'a [u8]) -> usize {
    PIECES.iter().fold(0, |equal, piece| {
        let rest = |whole: &'a [u8]| whole.get(..whole.len() - equal).unwrap_or_default();
        let (a, b) = (rest(a), rest(b));
        equal + piece * a.rchunks_exact(*piece).zip(b.rchunks_exact(*piece)).take_while(|(a, b)| a == b).count()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn they_are_as_long_as_byte_by_byte(
            a in "[ab]{0,5}", equal in 0usize..3000, b in "[ab]{0,5}", c in "[ab]{0,5}", d in "[ab]{0,5}"
        ) {
            let text = |start: &str, end: &str| format!("{start}{}{end}", "x".repeat(equal)).into_bytes();
            let (left, right) = (text(&a, &c), text(&b, &d));
            let prefix = left.iter().zip(&right).take_while(|(a, b)| a == b).count();
            let suffix = left.iter().rev().zip(right.iter().rev()).take_while(|(a, b)| a == b).count();
            prop_assert_eq!((common_prefix(&left, &right), common_suffix(&left, &right)), (prefix, suffix));
        }
    }
}
