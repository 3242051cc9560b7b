//! People and their accounts.

use super::id::{FileId, UserId};
use super::name::{Email, Username};
use super::password::Password;
use super::time::Timestamp;

/// Sockets that one user may have open.
pub const MAX_SOCKETS: u32 = 20;

/// What everybody who is signed in may know of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// Never changes.
    pub username: Username,
    /// The username until its owner says otherwise.
    pub display_name: String,
    /// The unguessable name of the avatar's file, under `/media/user_images/`.
    pub avatar: Option<String>,
    /// Possibly empty.
    pub bio: String,
    /// A program's account.
    pub is_bot: bool,
}

/// A user with what only the user, and few documented places, may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The public part.
    pub user: User,
    /// `""` for none.
    pub email: String,
    /// May administer the server.
    pub is_admin: bool,
    /// Cannot sign in.
    pub is_disabled: bool,
}

/// Somebody in the list of people.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: User,
    /// There now.
    pub is_online: bool,
    /// When their last socket closed.
    pub last_seen: Option<Timestamp>,
    /// The display name without regard to case: what the list is ordered by.
    pub name_key: String,
}

impl Person {
    /// What the list is ordered by, within those who are there and those who are not.
    pub fn order(&self) -> (&str, UserId) {
        (&self.name_key, self.user.id)
    }

    /// Whether they stand behind a place.
    pub fn is_behind(&self, place: &PersonPlace) -> bool {
        self.order() > (place.name_key.as_str(), place.id)
    }
}

/// A place in the list of people.
#[derive(Clone, Debug)]
pub struct PersonPlace {
    /// Among those who are there.
    pub is_online: bool,
    /// See [`Person::name_key`].
    pub name_key: String,
    /// Who stands there.
    pub id: UserId,
}

/// What registration asks for.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Unique without regard to case.
    pub username: Username,
    /// Unique without regard to case; not every way to register asks for one.
    pub email: Option<Email>,
    /// Hashed before anything else happens.
    pub password: Password,
    /// The username if there is none.
    pub display_name: Option<String>,
    /// Given by admins and the command line alone: whoever registers becomes none.
    pub is_admin: bool,
}

/// Changes to one's own profile; `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct ProfileChange {
    /// What others see.
    pub display_name: Option<String>,
    /// A few words.
    pub bio: Option<String>,
    /// A new address, with the current password to confirm it.
    pub email: Option<(Email, Password)>,
    /// An uploaded image; `Some(None)` takes the avatar away.
    pub avatar: Option<Option<FileId>>,
}

/// How a user is named who is not signed in as oneself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserRef {
    Id(UserId),
    /// By username, in any case.
    Name(String),
    /// By address, in any case.
    Email(Email),
}
