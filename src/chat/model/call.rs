//! Signals between those who are in a call.

use super::id::UserId;
use super::name::Username;

/// Longest session description, in bytes.
pub const MAX_SDP: usize = 64 * 1024;
/// Longest ICE candidate, in bytes.
pub const MAX_CANDIDATE: usize = 4 * 1024;

/// What a signal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// A session description that opens a connection.
    Offer,
    /// The one that answers it.
    Answer,
    /// A way to reach the sender.
    IceCandidate,
}

/// A signal on its way to one participant's sockets.
#[derive(Clone, Debug)]
pub struct Signal {
    /// What it is.
    pub kind: SignalKind,
    /// Set here, never taken from the sender's words.
    pub from: UserId,
    /// Likewise.
    pub from_username: Username,
    /// Whom it is for.
    pub target: UserId,
    /// The sender's words, passed on unread.
    pub body: String,
}
