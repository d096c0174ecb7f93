//! Object ids of both hash functions git has.

use std::fmt;

/// The hash function of a repository (`extensions.objectFormat`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashKind {
    /// 20 bytes, 40 hexadecimal digits.
    Sha1,
    /// 32 bytes, 64 hexadecimal digits.
    Sha256,
}

impl HashKind {
    /// Returns the number of hexadecimal digits of an id.
    pub const fn hex_len(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Sha256 => 64,
        }
    }

    /// Returns git's own name of the function, as in `extensions.objectFormat`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Sha256 => "sha256",
        }
    }
}

/// A full object id. The null id (all zeros) stands for "no object": it is the old value of a created
/// ref and the new value of a deleted one (`githooks(5)`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ObjectId {
    /// An id in a SHA-1 repository.
    Sha1([u8; 20]),
    /// An id in a SHA-256 repository.
    Sha256([u8; 32]),
}

/// Why a text is not an object id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Neither 40 nor 64 characters.
    #[error("an object id has 40 or 64 hexadecimal digits, this has {0}")]
    Length(usize),
    /// A character that is not a hexadecimal digit, at this offset.
    #[error("an object id has only hexadecimal digits, character {} is not one", .0 + 1)]
    Digit(usize),
}

impl ObjectId {
    /// Returns the null id.
    pub const fn null(kind: HashKind) -> Self {
        match kind {
            HashKind::Sha1 => Self::Sha1([0; 20]),
            HashKind::Sha256 => Self::Sha256([0; 32]),
        }
    }

    /// Reads a full id in hexadecimal.
    ///
    /// # Errors
    /// Any other length than 40 or 64, or a byte that is not a hexadecimal digit.
    pub fn from_hex(hex: &[u8]) -> Result<Self, IdError> {
        fn fill<const N: usize>(hex: &[u8]) -> Result<[u8; N], IdError> {
            let mut bytes = [0; N];
            for (at, (byte, pair)) in bytes.iter_mut().zip(hex.chunks(2)).enumerate() {
                for (nibble, digit) in pair.iter().enumerate() {
                    let value = char::from(*digit).to_digit(16).ok_or(IdError::Digit(at * 2 + nibble))?;
                    *byte = (*byte << 4) | u8::try_from(value).unwrap_or_default();
                }
            }
            Ok(bytes)
        }
        match hex.len() {
            40 => fill(hex).map(Self::Sha1),
            64 => fill(hex).map(Self::Sha256),
            other => Err(IdError::Length(other)),
        }
    }

    /// Wraps raw bytes; `None` unless there are 20 or 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        match bytes.len() {
            20 => bytes.try_into().ok().map(Self::Sha1),
            32 => bytes.try_into().ok().map(Self::Sha256),
            _ => None,
        }
    }

    /// Returns the raw bytes, 20 or 32.
    pub const fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Sha1(bytes) => bytes,
            Self::Sha256(bytes) => bytes,
        }
    }

    /// Returns the hash function this id is of.
    pub const fn kind(&self) -> HashKind {
        match self {
            Self::Sha1(_) => HashKind::Sha1,
            Self::Sha256(_) => HashKind::Sha256,
        }
    }

    /// Returns whether this is the null id, "no object".
    pub fn is_null(&self) -> bool {
        self.as_bytes().iter().all(|byte| *byte == 0)
    }

    /// Returns the first ten digits, for people. Ten, because seven are ambiguous in large repositories.
    pub fn short(&self) -> String {
        self.to_string().chars().take(10).collect()
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(self.as_bytes()))
    }
}

/// Returns bytes in hexadecimal. Lists of commits are long, and formatting byte by byte takes ten times as long.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |four: u8| char::from(DIGITS.get(usize::from(four)).copied().unwrap_or_default());
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_round_trips_in_both_lengths() {
        for hex in ["0123456789abcdef0123456789abcdef01234567".to_owned(), "ab".repeat(32)] {
            assert_eq!(ObjectId::from_hex(hex.as_bytes()).unwrap().to_string(), hex);
        }
    }

    #[test]
    fn a_wrong_length_or_digit_says_where() {
        assert_eq!(ObjectId::from_hex(b"abc"), Err(IdError::Length(3)));
        let mut hex = [b'0'; 40];
        hex[7] = b'g';
        assert_eq!(ObjectId::from_hex(&hex), Err(IdError::Digit(7)));
    }

    #[test]
    fn only_the_null_id_is_null() {
        assert!(ObjectId::null(HashKind::Sha256).is_null());
        assert!(!ObjectId::from_hex(&[b'1'; 40]).unwrap().is_null());
    }
}
