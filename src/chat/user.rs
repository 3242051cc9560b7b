//! People: registering, looking up, and changing one's own profile.

use super::Chat;
use super::admin::By;
use super::error::{Error, Result, Rule};
use super::event::Event;
use super::file::StorageName;
use super::id::{FileId, UserId};
use super::invite::Invite;
use super::label::Label;
use super::name::{Email, Username, fold};
use super::page::{Page, Paged};
use super::password::Password;
use super::session::Asker;
use super::store::{self, Tx};
use super::token::{Keys, Token};

/// Users that a search finds at most.
pub const MAX_FOUND: u32 = 20;

/// Chats whose members are told at once that somebody in them has another name or picture:
/// those with the newest activity. In older and larger chats it is seen with the next look.
pub const MAX_CHATS_TOLD: u32 = 50;
/// Members that such a chat has at most, and that are listed where all of a chat are told how
/// it looks: the frames of a larger one say only how many there are.
pub const MAX_MEMBERS_TOLD: u32 = 100;

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
    /// By id.
    Id(UserId),
    /// By username, in any case.
    Name(String),
}

impl Chat {
    /// Makes an account for whoever has the right invite, and signs it in: a token for the
    /// device that asks, under a label.
    pub async fn register(&self, new: NewUser, invite: Invite, label: Label) -> Result<(Account, Token)> {
        let token = Token::random();
        let device = (token.clone(), label);
        Ok((self.enrol(new, invite, Some(device)).await?, token))
    }

    /// The same without signing it in.
    pub async fn register_only(&self, new: NewUser, invite: Invite) -> Result<Account> {
        self.enrol(new, invite, None).await
    }

    /// Makes an account, for the operator at the command line.
    pub async fn create_user(&self, new: NewUser) -> Result<Account> {
        Ok(self.add_user(&By::CommandLine, new).await?.account)
    }

    /// The one way in for whoever comes by themselves.
    async fn enrol(&self, new: NewUser, invite: Invite, device: Option<(Token, Label)>) -> Result<Account> {
        let now = self.clock.now();
        self.store.read(|db| invite.look(db, now))?;
        let new = NewUser { is_admin: false, ..new };
        let hash = self.hasher.hash(new.password.clone()).await?;
        let keys = self.keys.clone();
        self.store
            .write(move |tx| {
                invite.take(tx)?;
                let account = create(tx, &new, &hash, &keys)?;
                if let Some((token, label)) = &device {
                    super::sign_in::open_device(tx, account.user.id, token, label)?;
                }
                Ok(account)
            })
            .await
    }

    /// The asker's own account.
    pub fn my_account(&self, asker: &Asker) -> Result<Account> {
        self.store.read(|db| store::users::account(db, asker.user)?.ok_or(Error::NotFound))
    }

    /// Somebody, as everybody sees them.
    pub fn user(&self, _asker: &Asker, id: UserId) -> Result<User> {
        self.store.read(|db| store::users::find(db, id)?.ok_or(Error::NotFound))
    }

    /// Who has a username, in any case.
    pub fn user_named(&self, _asker: &Asker, name: &str) -> Result<User> {
        self.store.read(|db| store::users::find_by_key(db, &fold(name))?.ok_or(Error::NotFound))
    }

    /// Everybody who is not disabled, by id, a page at a time.
    pub async fn users(&self, _asker: &Asker, page: Page) -> Result<Paged<User>> {
        self.store.read_page(page, move |db| store::users::page(db, page)).await
    }

    /// Accounts that are not disabled, by id: at most `limit`, from above one. With their
    /// addresses, for documents that print them.
    pub fn directory(&self, _asker: &Asker, after: UserId, limit: u32) -> Result<Vec<Account>> {
        self.store.read(|db| store::users::directory(db, after, limit))
    }

    /// The same but for the asker, as everybody sees them.
    pub fn others(&self, asker: &Asker, after: UserId, limit: u32) -> Result<Vec<User>> {
        // One more: a piece must not be empty for want of the asker.
        let found = self.directory(asker, after, limit.saturating_add(1))?;
        let others = found.into_iter().map(|account| account.user).filter(|user| user.id != asker.user);
        Ok(others.take(limit as usize).collect())
    }

    /// Users whose username or display name has `part` in it, in any case, or whose
    /// address is `part`; never the asker, and at most [`MAX_FOUND`].
    pub async fn search_users(&self, asker: &Asker, part: &str) -> Result<Vec<Account>> {
        let (me, part) = (asker.user, fold(part.trim()));
        self.store.scan(move |db| store::users::search(db, me, &part, MAX_FOUND)).await
    }

    /// All accounts, for the operator at the command line.
    pub fn accounts(&self) -> Result<Vec<Account>> {
        self.store.read(store::users::accounts)
    }

    /// Changes the asker's own profile and tells who it is to others.
    pub async fn change_profile(&self, asker: &Asker, change: ProfileChange) -> Result<Account> {
        let confirmed = match &change.email {
            Some((_, password)) => Some(self.confirm_password(asker, password.clone()).await?),
            None => None,
        };
        self.check_pace(asker)?;
        let me = asker.user;
        self.by(asker)
            .write(move |tx| {
                confirmed.iter().try_for_each(|confirmed| confirmed.check(tx))?;
                apply(tx, me, &change)
            })
            .await
    }
}

pub(super) fn create(tx: &mut Tx<'_>, new: &NewUser, hash: &str, keys: &Keys) -> Result<Account> {
    if store::users::find_by_key(tx, &new.username.key())?.is_some() || store::users::look_is_taken(tx, &new.username)?
    {
        return Err(Error::UsernameTaken);
    }
    if let Some(email) = &new.email
        && store::users::email_is_taken(tx, &email.key())?
    {
        return Err(Error::EmailTaken);
    }
    let nonce = rand::random::<[u8; 16]>();
    let id = store::users::insert(tx, new, hash, &nonce)?;
    super::account_token::open(tx, id, keys, &nonce)?;
    store::users::account(tx, id)?.ok_or(Error::Internal)
}

fn apply(tx: &mut Tx<'_>, me: UserId, change: &ProfileChange) -> Result<Account> {
    let before = store::users::account(tx, me)?.ok_or(Error::NotFound)?;
    if let Some((email, _)) = &change.email {
        let mine = fold(&before.email) == email.key();
        if !mine && store::users::email_is_taken(tx, &email.key())? {
            return Err(Error::EmailTaken);
        }
        store::users::set_email(tx, me, email)?;
    }
    if change.display_name.is_some() || change.bio.is_some() {
        let name = change.display_name.as_deref().unwrap_or(&before.user.display_name);
        let bio = change.bio.as_deref().unwrap_or(&before.user.bio);
        store::users::set_profile(tx, me, &before.user.username, name, bio)?;
    }
    if let Some(avatar) = change.avatar {
        set_avatar(tx, me, avatar)?;
    }
    let after = store::users::account(tx, me)?.ok_or(Error::Internal)?;
    let looks = |account: &Account| (account.user.display_name.clone(), account.user.avatar.clone());
    if looks(&before) != looks(&after) {
        tell_chats(tx, me)?;
    }
    Ok(after)
}

/// Whoever sees a chat with this user in it sees it change: a direct chat bears their name.
fn tell_chats(tx: &mut Tx<'_>, me: UserId) -> Result<()> {
    for chat in store::rooms::newest_small(tx, me, MAX_MEMBERS_TOLD.into(), MAX_CHATS_TOLD)? {
        let hidden_by = store::members::hidden_by(tx, chat)?;
        tx.publish(Event::MemberChanged { chat, hidden_by });
    }
    Ok(())
}

/// The new picture gets a name of its own that nobody can guess; the old one is
/// erased, file and all.
fn set_avatar(tx: &mut Tx<'_>, me: UserId, avatar: Option<FileId>) -> Result<()> {
    let new = match avatar {
        None => None,
        Some(id) => {
            let file = store::files::unused_of(tx, me, id)?.ok_or(Error::Invalid(Rule::Avatar))?;
            if !file.content_type.starts_with("image/") || !super::file::is_inline(&file.content_type) {
                return Err(Error::Invalid(Rule::Avatar));
            }
            Some(file)
        }
    };
    for old in store::files::avatars_of(tx, me)? {
        super::file::erase(tx, &old)?;
    }
    match new {
        None => store::users::set_avatar(tx, me, None),
        Some(file) => {
            store::files::make_avatar(tx, file.id, me)?;
            store::users::set_avatar(tx, me, Some(StorageName::random().as_str()))
        }
    }
}
