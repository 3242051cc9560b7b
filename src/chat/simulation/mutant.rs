//! Bugs that are planted on purpose, to show that the simulation would find them.

use std::cell::Cell;

/// A bug. Each is one that somebody could make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::chat) enum Mutant {
    /// A batch's events go out before its commit.
    PublishBeforeCommit,
    /// The right to post is checked on a reader, and not again in the transaction.
    CheckedOutside,
    /// The credential is asked for with the request, and not again in the transaction.
    CredentialUnchecked,
    /// A socket's queue takes whatever comes.
    QueueUnbounded,
    /// What ends a credential or a membership answers while its sockets are still open.
    AnsweredBeforeClosed,
    /// A batch that was undone is acknowledged all the same.
    LostWritesAcknowledged,
    /// A credential that is over is still taken for known.
    RevokedRemembered,
    /// A page is still told after it changed.
    PageRemembered,
    /// The key of a post is not stored.
    KeyForgotten,
    /// A deleted message is still counted.
    CounterStale,
    /// What was read is still counted as unread.
    UnreadStale,
}

/// All of them.
pub(super) const MUTANTS: [Mutant; 11] = [
    Mutant::PublishBeforeCommit,
    Mutant::CheckedOutside,
    Mutant::CredentialUnchecked,
    Mutant::QueueUnbounded,
    Mutant::AnsweredBeforeClosed,
    Mutant::LostWritesAcknowledged,
    Mutant::RevokedRemembered,
    Mutant::PageRemembered,
    Mutant::KeyForgotten,
    Mutant::CounterStale,
    Mutant::UnreadStale,
];

thread_local! {
    // A world lives on one thread: other tests, beside it, have none.
    static PLANTED: Cell<Option<Mutant>> = const { Cell::new(None) };
}

/// Plants a bug in all that runs on this thread, or digs it out.
pub(super) fn plant(mutant: Option<Mutant>) {
    PLANTED.set(mutant);
}

/// What is planted on this thread.
pub(super) fn current() -> Option<Mutant> {
    PLANTED.get()
}

/// Whether this bug is planted on this thread.
pub(in crate::chat) fn planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}
