//! Identifiers: an integer each, of a type each, so that none is taken for another.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A user.
    UserId;
    /// A direct chat or group.
    ChatId;
    /// A message; equal to the change number it was born with.
    MessageId;
    /// Somebody's place in a chat; the lower, the longer standing.
    MemberId;
    /// An uploaded file.
    FileId;
    /// A post on a profile.
    PostId;
    /// Something that signs a user in.
    CredentialId;
    /// An invitation to register, or into a group.
    InviteId;
    /// A hook.
    HookId;
    /// A device that pushes go to.
    PushId;
    /// An attempt of a hook to send something.
    DeliveryId;
    /// An open socket, on this process.
    SocketId;
    /// The number of a change to a message (or of whom a group has, where a hook tells of it), on the whole server.
    Seq;
}
