//! Deltas, of which packs make objects (`gitformat-pack(5)`, "Deltified representation"): one alone, or several that lead
//! from one object to the next.

/// Objects larger than this, and those that are made from them, are not made here.
pub(in crate::git) const MAX_SIZE: usize = 4 << 20;

/// Returns the size that an entry says it has, unless it is too large to be read here.
pub(super) fn size(bytes: u64) -> Option<usize> {
    usize::try_from(bytes).ok().filter(|size| *size <= MAX_SIZE)
}

/// A part of what a delta makes.
#[derive(Clone, Copy)]
enum Piece<'d> {
    /// Bytes of its base: from where, and how many.
    Base(usize, usize),
    /// New text.
    Text(&'d [u8]),
}

impl Piece<'_> {
    fn len(&self) -> usize {
        match self {
            Self::Base(_, length) => *length,
            Self::Text(text) => text.len(),
        }
    }

    /// Returns a part of it: from where, and how many bytes at most.
    fn part(self, start: usize, length: usize) -> Option<Self> {
        let length = length.min(self.len().checked_sub(start)?);
        Some(match self {
            Self::Base(from, _) => Self::Base(from + start, length),
            Self::Text(text) => Self::Text(text.get(start..start + length)?),
        })
    }
}

/// Takes the next piece from the instructions of a delta.
fn piece<'d>(delta: &mut &'d [u8]) -> Option<Piece<'d>> {
    match byte(delta)? {
        0 => None,
        length @ 1..0x80 => {
            let (text, rest) = delta.split_at_checked(usize::from(length))?;
            *delta = rest;
            Some(Piece::Text(text))
        }
        instruction @ 0x80.. => {
            // One bit for each byte that is present: four of the offset, then three of the length.
            let (mut offset, mut length) = (0, 0);
            for bit in (0..4).filter(|bit| instruction >> bit & 1 == 1) {
                offset |= usize::from(byte(delta)?) << (8 * bit);
            }
            for bit in (0..3).filter(|bit| instruction >> (4 + bit) & 1 == 1) {
                length |= usize::from(byte(delta)?) << (8 * bit);
            }
            Some(Piece::Base(offset, if length == 0 { 0x10000 } else { length }))
        }
    }
}

/// Returns what a delta makes of its base: copies of parts of it, and new text.
pub(super) fn apply(base: &[u8], mut delta: &[u8]) -> Option<Vec<u8>> {
    let (of_base, of_target) = (varint(&mut delta)?, varint(&mut delta)?);
    let mut target = Vec::with_capacity(size(of_target).filter(|_| of_base == base.len() as u64)?);
    while !delta.is_empty() {
        let part = match piece(&mut delta)? {
            Piece::Text(text) => text,
            Piece::Base(offset, length) => base.get(offset..offset.checked_add(length)?)?,
        };
        if part.len() as u64 > of_target - target.len() as u64 {
            return None;
        }
        target.extend_from_slice(part);
    }
    (target.len() as u64 == of_target).then_some(target)
}

/// With more pieces than this, the steps in between are cheaper.
const MAX_PIECES: usize = 1 << 14;

/// Returns what several deltas make of a base, the last one first.
pub(super) fn composed(base: &[u8], deltas: &[&[u8]]) -> Option<Vec<u8>> {
    let mut whole: Option<(Vec<Piece<'_>>, usize, usize)> = None;
    for delta in deltas {
        let (own, of_base, of_target) = pieces(delta)?;
        whole = Some(match whole {
            None => (own, of_base, of_target),
            Some((later, of_own, target)) => (over(&later, &own).filter(|_| of_own == of_target)?, of_base, target),
        });
    }
    let (pieces, of_base, of_target) = whole?;
    if of_base != base.len() {
        return None;
    }
    let mut target = Vec::with_capacity(of_target);
    for piece in pieces {
        target.extend_from_slice(match piece {
            Piece::Text(text) => text,
            Piece::Base(offset, length) => base.get(offset..offset.checked_add(length)?)?,
        });
    }
    (target.len() == of_target).then_some(target)
}

/// Returns what a delta consists of, the size of its base and that of what it makes.
fn pieces(mut delta: &[u8]) -> Option<(Vec<Piece<'_>>, usize, usize)> {
    let (of_base, of_target) = (size(varint(&mut delta)?)?, size(varint(&mut delta)?)?);
    let (mut pieces, mut length) = (Vec::new(), 0usize);
    while !delta.is_empty() {
        let piece = piece(&mut delta).filter(|_| pieces.len() < MAX_PIECES)?;
        length = length.checked_add(piece.len()).filter(|length| *length <= of_target)?;
        pieces.push(piece);
    }
    (length == of_target).then_some((pieces, of_base, of_target))
}

/// Returns the pieces of which a delta over what another one made consists, in bytes of that one's base.
fn over<'d>(later: &[Piece<'d>], earlier: &[Piece<'d>]) -> Option<Vec<Piece<'d>>> {
    let ends = earlier.iter().scan(0usize, |end, piece| {
        *end += piece.len();
        Some(*end)
    });
    let ends: Vec<usize> = ends.collect();
    let mut pieces = Vec::with_capacity(later.len() + earlier.len());
    for piece in later {
        let Piece::Base(mut offset, mut left) = *piece else {
            pieces.push(*piece);
            continue;
        };
        let mut at = ends.partition_point(|end| *end <= offset);
        while left > 0 {
            let own = earlier.get(at)?;
            let start = ends.get(at)?.checked_sub(own.len())?;
            let part = own.part(offset.checked_sub(start)?, left).filter(|part| part.len() > 0)?;
            (offset, left, at) = (offset + part.len(), left - part.len(), at + 1);
            match (pieces.last_mut(), part) {
                (Some(Piece::Base(from, length)), Piece::Base(next, more)) if *from + *length == next => {
                    *length += more
                }
                _ => pieces.push(part),
            }
            if pieces.len() > MAX_PIECES {
                return None;
            }
        }
    }
    Some(pieces)
}

/// Calls [`apply`], for fuzzing.
#[cfg(fuzzing)]
pub fn apply_delta(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    apply(base, delta)
}

fn byte(bytes: &mut &[u8]) -> Option<u8> {
    let (first, rest) = bytes.split_first()?;
    *bytes = rest;
    Some(*first)
}

/// Returns a size in seven bits a byte, lowest first.
fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..u64::BITS).step_by(7) {
        let next = byte(bytes)?;
        number |= u64::from(next & 0x7f) << shift;
        if next < 0x80 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_delta_is_a_panic(base in proptest::collection::vec(any::<u8>(), 0..99), delta: Vec<u8>) {
            if let Some(target) = apply(&base, &delta) {
                prop_assert!(target.len() <= MAX_SIZE);
            }
        }

        #[test]
        fn deltas_make_the_same_at_once_and_step_by_step(
            base in "[a-z]{20,40}", steps in proptest::collection::vec((0u8..40, 1u8..9, "[A-Z]{1,5}", 0u8..40, 1u8..9), 1..6)
        ) {
            let mut object = base.clone().into_bytes();
            let mut deltas = Vec::new();
            for (from, length, text, other, more) in steps {
                let copy = |from: u8, length: u8| {
                    let from = from % (u8::try_from(object.len()).unwrap());
                    (from, length.min(u8::try_from(object.len()).unwrap() - from))
                };
                let ((from, length), (other, more)) = (copy(from, length), copy(other, more));
                let of_text = u8::try_from(text.len()).unwrap();
                let mut delta = vec![u8::try_from(object.len()).unwrap(), length + of_text + more];
                delta.extend([0x91, from, length, of_text]);
                delta.extend_from_slice(text.as_bytes());
                delta.extend([0x91, other, more]);
                object = apply(&object, &delta).unwrap();
                deltas.insert(0, delta);
            }
            prop_assert_eq!(composed(base.as_bytes(), &deltas.iter().map(Vec::as_slice).collect::<Vec<_>>()), Some(object));
            deltas[0].pop();
            prop_assert_eq!(composed(base.as_bytes(), &deltas.iter().map(Vec::as_slice).collect::<Vec<_>>()), None);
        }

        #[test]
        fn no_deltas_are_a_panic(base in proptest::collection::vec(any::<u8>(), 0..99), deltas: Vec<Vec<u8>>) {
            if let Some(target) = composed(&base, &deltas.iter().map(Vec::as_slice).collect::<Vec<_>>()) {
                prop_assert!(target.len() <= MAX_SIZE);
            }
        }

        #[test]
        fn copies_and_text_make_the_target(base in "[a-z]{70,90}", from in 0u8..60, length in 1u8..10, text in "[A-Z]{1,9}") {
            let size = |text: &str| u8::try_from(text.len()).unwrap();
            let mut delta = vec![size(&base), length + size(&text), 0x91, from, length, size(&text)];
            delta.extend_from_slice(text.as_bytes());
            let (from, to) = (usize::from(from), usize::from(from + length));
            let expected = format!("{}{text}", &base[from..to]);
            prop_assert_eq!(apply(base.as_bytes(), &delta), Some(expected.into_bytes()));
            delta.pop();
            prop_assert_eq!(apply(base.as_bytes(), &delta), None);
        }
    }
}
