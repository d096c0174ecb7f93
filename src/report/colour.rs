//! Colours of text for people.

/// Whether text for people is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour(pub bool);
