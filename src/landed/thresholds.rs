//! The thresholds of the rules in [`super::rules`], by name.
//!
//! They were measured on 12,960 release-branch commits of 22 projects that name their original.

/// The weight of lines in nats. A brace weighs nothing, a line that is in one patch of thousands eight or nine.
pub(super) mod weight {
    /// Something, where git's patch-id is the same.
    pub(in crate::landed) const SOME: f64 = 5.0;
    pub(in crate::landed) const ONE_LINE: f64 = 8.0;
    pub(in crate::landed) const MORE_THAN_ONE: f64 = 12.0;
    pub(in crate::landed) const TWO_LINES: f64 = 15.0;
    pub(in crate::landed) const THREE_LINES: f64 = 25.0;
    pub(in crate::landed) const FIVE_LINES: f64 = 40.0;
    pub(in crate::landed) const SEVEN_LINES: f64 = 60.0;
}

/// Parts of the content, from 0 to 1.
pub(super) mod part {
    pub(in crate::landed) const TRACE: f64 = 0.1;
    pub(in crate::landed) const LITTLE: f64 = 0.15;
    pub(in crate::landed) const SOME: f64 = 0.2;
    pub(in crate::landed) const QUARTER: f64 = 0.25;
    pub(in crate::landed) const THIRD: f64 = 0.3;
    pub(in crate::landed) const OVER_A_THIRD: f64 = 0.35;
    pub(in crate::landed) const MUCH: f64 = 0.4;
    pub(in crate::landed) const HALF: f64 = 0.5;
    pub(in crate::landed) const OVER_HALF: f64 = 0.6;
    pub(in crate::landed) const MOST: f64 = 0.7;
    pub(in crate::landed) const THREE_QUARTERS: f64 = 0.75;
    pub(in crate::landed) const FOUR_FIFTHS: f64 = 0.8;
    pub(in crate::landed) const NEARLY_ALL: f64 = 0.85;
    pub(in crate::landed) const ALL_BUT_A_TENTH: f64 = 0.9;
    pub(in crate::landed) const ALL: f64 = 0.98;
}

/// How alike titles are, from 0 to 1, and how many of their words may be others.
pub(super) mod title {
    pub(in crate::landed) const RELATED: f64 = 0.6;
    pub(in crate::landed) const SIMILAR: f64 = 0.8;
    pub(in crate::landed) const CLOSE: f64 = 0.85;
    /// The number of replaced words must be below this.
    pub(in crate::landed) const FEW_REPLACED: usize = 2;
}

/// How alike messages are below their titles, from 0 to 1, and of how many words the shorter one has to be.
pub(super) mod body {
    pub(in crate::landed) const RELATED: f64 = 0.5;
    pub(in crate::landed) const ALIKE: f64 = 0.6;
    pub(in crate::landed) const SIMILAR: f64 = 0.7;
    pub(in crate::landed) const CLOSE: f64 = 0.85;
    pub(in crate::landed) const SAME: f64 = 0.9;
    pub(in crate::landed) const SHORT: usize = 8;
    pub(in crate::landed) const LONG: usize = 12;
    pub(in crate::landed) const VERY_LONG: usize = 20;
}

/// Days between two commits.
pub(super) mod days {
    pub(in crate::landed) const FEW: f64 = 3.0;
    pub(in crate::landed) const MONTH_AND_A_HALF: f64 = 45.0;
}
