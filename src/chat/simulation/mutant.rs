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
    /// Whoever knows a file's number attaches it, whoever uploaded it.
    OthersAttached,
    /// A file is attached although it hangs on another message.
    AttachedTwice,
    /// Who has room left is asked when an upload begins, and not again in the transaction.
    QuotaOutside,
    /// Bytes of an erased file are still counted as its uploader's.
    BytesUncounted,
    /// A message's files lose their rows, and stay on the disk.
    BytesKept,
    /// An upload that is cut off stays on the disk.
    PartKept,
    /// With the uploads that nobody used in time go those that are used.
    AttachedExpires,
    /// Whoever knows a file's number reads it.
    FileUnchecked,
    /// Whoever was removed stays in the call.
    RemovedStaysInCall,
    /// A call takes whoever comes.
    CallUnbounded,
    /// A signal is passed on from whoever sends it.
    SignalUnchecked,
    /// What a socket says that is to close is passed on.
    ClosingSpeaks,
    /// What ends all credentials spares JWTs.
    FamilySpared,
    /// A family of JWTs has no end in time.
    FamilyTimeless,
    /// JWTs name any credential for their family.
    FamilyMistaken,
    /// Catching up leaves out the change right behind the one that was seen last.
    BoundSkipped,
    /// A page of changes that was cut says that it reaches to the end.
    PageCutShort,
    /// Messages that are not entered under their chats yet are not caught up.
    WaitingMissed,
    /// A message that got a reaction keeps its number.
    ReactionUnnumbered,
    /// A number that came to nothing is given out again after a restart.
    NumberReused,
}

/// All of them.
pub(super) const MUTANTS: [Mutant; 31] = [
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
    Mutant::OthersAttached,
    Mutant::AttachedTwice,
    Mutant::QuotaOutside,
    Mutant::BytesUncounted,
    Mutant::BytesKept,
    Mutant::PartKept,
    Mutant::AttachedExpires,
    Mutant::FileUnchecked,
    Mutant::RemovedStaysInCall,
    Mutant::CallUnbounded,
    Mutant::SignalUnchecked,
    Mutant::ClosingSpeaks,
    Mutant::FamilySpared,
    Mutant::FamilyTimeless,
    Mutant::FamilyMistaken,
    Mutant::BoundSkipped,
    Mutant::PageCutShort,
    Mutant::WaitingMissed,
    Mutant::ReactionUnnumbered,
    Mutant::NumberReused,
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
pub(in crate::chat) fn current() -> Option<Mutant> {
    PLANTED.get()
}

/// Whether this bug is planted on this thread.
pub(in crate::chat) fn planted(mutant: Mutant) -> bool {
    PLANTED.get() == Some(mutant)
}
