//! The hooks of git in which refgate can stand.

/// A hook that refgate can stand in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Hook {
    /// On the server, before any ref moves.
    PreReceive,
    /// On the server, one ref at a time.
    Update,
    /// On a developer's machine, before anything is sent.
    PrePush,
    /// On the server, when git moves refs: one at a time, or all of an atomic push.
    ReferenceTransaction,
    /// On the server, after the refs have moved.
    PostReceive,
}

impl Hook {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::PreReceive, Self::Update, Self::PrePush, Self::ReferenceTransaction, Self::PostReceive];

    /// Returns the name git knows it by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
            Self::PrePush => "pre-push",
            Self::ReferenceTransaction => "reference-transaction",
            Self::PostReceive => "post-receive",
        }
    }

    /// Tells whether it runs where the push arrives.
    pub const fn is_server(self) -> bool {
        !matches!(self, Self::PrePush)
    }

    /// Tells whether it decides about every push.
    pub const fn judges(self) -> bool {
        !matches!(self, Self::ReferenceTransaction | Self::PostReceive)
    }
}
