//! What can go wrong, in the words of the domain.
//!
//! No status codes and no field names of a wire format: each dialect has one
//! exhaustive `match` that makes them of these. Causes are logged where they
//! arise and never carried to a client.

use std::path::PathBuf;
use std::time::Duration;

/// The core's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not happen. Nothing of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or not for the actor: the two look the same.
    #[error("Not found.")]
    NotFound,
    /// The actor sees a public room from outside and is not in it.
    #[error("You are not a member of this room.")]
    NotMember,
    /// The actor sees the thing but may not do this with it.
    #[error("{0}")]
    Forbidden(Denial),
    /// No such user, or a wrong password, or a disabled account: nobody can tell which.
    #[error("Unable to log in with the provided credentials.")]
    InvalidCredentials,
    /// The password is right, and a code of the second factor has to come with it.
    #[error("A code of your second factor is needed.")]
    SecondFactorRequired,
    /// The server asks for a second factor, and there is none yet.
    #[error("This server asks you for a second factor. Set one up first.")]
    SecondFactorMissing,
    /// There is a second factor already.
    #[error("Your second factor is on already. Turn it off to begin anew.")]
    SecondFactorOn,
    /// The credential that the request carries opens nothing (any more).
    #[error("Invalid token.")]
    CredentialRevoked,
    /// The password that should confirm a change is wrong.
    #[error("The password is wrong.")]
    WrongPassword,
    /// Registration is closed on this server.
    #[error("Registration is closed on this server.")]
    RegistrationClosed,
    /// Another account has that username.
    #[error("A user with that username already exists.")]
    UsernameTaken,
    /// Another account has that e-mail address.
    #[error("A user with that email already exists.")]
    EmailTaken,
    /// A user that the request names does not exist.
    #[error("User does not exist")]
    UnknownUser,
    /// A value breaks a rule that only the stored state can tell.
    #[error("{0}")]
    Invalid(Rule),
    /// The room has as many members as it may have.
    #[error("The room has reached its maximum number of participants.")]
    ChatFull,
    /// The idempotency key was used for another content.
    #[error("This key was already used for another message.")]
    KeyReused,
    /// The target of a signal is not in this call.
    #[error("That user is not in this call.")]
    NotInCall,
    /// One has as many of these as one may have.
    #[error("You have reached the limit of {max} {what}.")]
    LimitReached {
        /// The things, in the plural.
        what: &'static str,
        /// How many are allowed.
        max: u32,
    },
    /// The operator named no provider of OpenID Connect.
    #[error("OpenID Connect is off.")]
    ProviderOff,
    /// The server keeps no index to search.
    #[error("Search is off.")]
    SearchOff,
    /// Nothing is pushed.
    #[error("Push is off.")]
    PushOff,
    /// The disk, or one's share of it, is full.
    #[error("There is no space left to store this.")]
    StorageFull,
    /// One has said or changed as much lately as one may; nothing was done.
    #[error("You are sending too fast, try again shortly.")]
    TooOften {
        /// When it works again.
        retry_after: Duration,
    },
    /// Too much to do right now; nothing was done.
    #[error("The server is busy, try again shortly.")]
    Busy {
        /// When it is worth trying again.
        retry_after: Duration,
    },
    /// A fault of the server. The cause is in the log.
    #[error("Internal server error")]
    Internal,
}

/// Why somebody who sees a thing may not change it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// Only the author edits a message.
    #[error("You can only edit your own messages")]
    EditOthersMessage,
    /// Only the author (or, in rooms, the owner) deletes a message.
    #[error("You can only delete your own messages")]
    DeleteOthersMessage,
    /// The room's owner alone does this.
    #[error("Only the owner can do this.")]
    NotOwner,
    /// The chat's admins alone do this.
    #[error("Only an admin of the chat can do this.")]
    NotAdmin,
    /// A direct chat has no such operation.
    #[error("This cannot be done in a direct chat.")]
    DirectChat,
    /// An administrator of the server alone does this.
    #[error("Only an administrator of the server can do this.")]
    NotServerAdmin,
    /// One changes only oneself.
    #[error("You can only change your own profile.")]
    OthersProfile,
    /// A bot has no password and no account token, administers nothing and makes no bots.
    #[error("This is not for bots.")]
    Bot,
    /// Administrators alone make bots on this server.
    #[error("Only administrators make bots on this server.")]
    MakeBot,
    /// Without the account elsewhere nothing would sign them in.
    #[error("Your account has no password yet: ask an administrator for a link that sets one.")]
    NoPassword,
    /// What lasts longer than a credential is given to whoever has just signed in, and not to whoever has found one.
    #[error("You signed in a while ago. Sign in again to do this.")]
    SignInAgain,
    /// Whoever has found an administrator's credential would take the account over by what guards it.
    #[error("Another administrator does this for your own account, or the operator at the command line.")]
    OwnAccount,
    /// This server takes no passwords.
    #[error("This server signs nobody in by a password.")]
    PasswordsOff,
}

/// A rule that a value broke, found while the transaction ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rule {
    /// A message has text or attachments.
    #[error("This field may not be blank.")]
    BlankMessage,
    /// Attachments are files that one uploaded oneself and has not used before.
    #[error("Every attachment must be a file that you uploaded and have not attached before.")]
    Attachments,
    /// A reply answers a message of the same chat.
    #[error("This is not a message of this chat.")]
    ReplyTo,
    /// What is named is a message of the chat.
    #[error("This is not a message of this chat.")]
    MessageOfChat,
    /// At most so many messages become unread again.
    #[error("There are too many messages after this one.")]
    TooFarBack,
    /// An avatar is a raster image that one uploaded oneself.
    #[error("The avatar must be an image file that you uploaded.")]
    Avatar,
    /// `max_participants` cannot be below the number of members.
    #[error("There are already more participants than that.")]
    MaxMembers,
    /// At most so many different emoji on a message.
    #[error("There are too many different reactions on this message.")]
    Reactions,
    /// A session description is longer than any real one.
    #[error("This signal is too long.")]
    DescriptionLength,
    /// An ICE candidate is longer than any real one.
    #[error("This signal is too long.")]
    CandidateLength,
    /// Only those register who were invited.
    #[error("Registration needs an invitation.")]
    InviteRequired,
    /// No such invitation, or one that is spent, expired or taken back.
    #[error("This invitation is not valid any more.")]
    InviteDead,
    /// Newcomers are sent where an administrator may let them in: see the settings.
    #[error("Every room has to be a public group, or one that you are an admin of.")]
    JoinRooms,
    /// An invitation leads where its maker may let people in.
    #[error("This has to be a public group, or one that you are an admin of.")]
    InviteChat,
    /// Somebody has to administer the server.
    #[error("The last admin who can sign in has to stay one.")]
    LastAdmin,
    /// A group has an owner, and an admin.
    #[error("A group keeps its owner and its last admin. Name another one first.")]
    GroupAdmin,
    /// A code is wrong, was used, or is of another time.
    #[error("This code is wrong, or was used already.")]
    WrongCode,
    /// There is no second factor that waits for its first code.
    #[error("No second factor waits for a code. Start one first.")]
    NoFactorStarted,
    /// One is not one's own friend.
    #[error("You cannot befriend yourself.")]
    FriendSelf,
    /// They are friends already.
    #[error("You are friends already.")]
    FriendAlready,
    /// They are not friends.
    #[error("You are not friends.")]
    FriendNot,
    /// Somebody else here signs in by that account elsewhere.
    #[error("Another account here is linked to this one.")]
    LinkedElsewhere,
    /// One signs in by one account of a provider.
    #[error("Your account is linked already.")]
    LinkedAlready,
}

/// Why the state could not be opened. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the folder.
    #[error("another Fireside is running on the data folder {0}")]
    InUse(PathBuf),
    /// The database is of a later version.
    #[error(
        "the data was written by a newer Fireside (database version {found}, this one knows {newest}); \
         start that version, or restore a backup from before the upgrade"
    )]
    Newer {
        /// In the file.
        found: usize,
        /// The newest that this program knows.
        newest: usize,
    },
    /// The database is of before the first release.
    #[error(
        "the data was written by an unreleased Fireside (database version {found}, the first release has {first}); \
         export it with the program that wrote it, and import it into a new data folder"
    )]
    Unreleased {
        /// In the file.
        found: usize,
        /// Of the first release.
        first: usize,
    },
    /// The system starts no more threads.
    #[error("no thread can be started: {0}; see how many the system allows this user (ulimit -u, TasksMax)")]
    NoThread(std::io::Error),
    /// The file is not a whole Fireside database.
    #[error("the database cannot be used: {0}; restore a backup, or move the file away to start anew")]
    Damaged(String),
    /// It is of an earlier version, and stays of it: something in it is not as that version made it.
    #[error(
        "the database could not be brought from version {found} to {newest}: {cause}; it is unchanged, \
         and the version that wrote it opens it as before"
    )]
    NotMigrated {
        /// In the file.
        found: usize,
        /// This program's.
        newest: usize,
        /// What the database said.
        cause: String,
    },
    /// The disk is full or fails, or another program holds the file: the data may be whole.
    #[error("the database cannot be opened now: {0}; look at the disk under it, and who else uses it")]
    Refused(String),
    /// The secret that tokens are derived from is gone while the database is there.
    #[error("{0} is missing; restore it from the backup that the database came from")]
    SecretMissing(PathBuf),
    /// A file or folder could not be made or read.
    #[error("{0}: {1}")]
    Io(PathBuf, #[source] std::io::Error),
}
