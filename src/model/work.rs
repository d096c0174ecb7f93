//! Counts work. Only tests read the count: they show that work grows with what is pushed, and not faster.

/// Counts steps of a loop over what somebody else wrote.
#[inline]
pub(crate) fn count(_steps: u32) {
    #[cfg(test)]
    STEPS.with(|steps| steps.set(steps.get() + _steps as usize));
}

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Returns the steps that this thread took to do something.
#[cfg(test)]
pub(crate) fn steps_of(work: impl FnOnce()) -> usize {
    let before = STEPS.get();
    work();
    STEPS.get() - before
}
