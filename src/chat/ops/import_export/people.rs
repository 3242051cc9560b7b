//! Taking in users, and what is theirs alone.

use super::check::{self, field, refused, time};
use super::import::{FormerName, Import, MappedUser, NO_TITLE, OnConflict, Result};
use crate::chat::hasher::no_password;
use crate::chat::model::id::UserId;
use crate::chat::model::identity::Identity;
use crate::chat::model::label::Label;
use crate::chat::model::name::rule::fold;
use crate::chat::model::name::{self, Email, Username};
use crate::chat::model::quiet::{NotifySettings, Quiet};
use crate::chat::model::record::{self, Credential, CredentialKind, Friend, Post, SecondFactor, User};
use crate::chat::model::second_factor::{FactorSecret, RECOVERY_CODES, step_at};
use crate::chat::model::session;
use crate::chat::model::token::secret_hash;
use crate::chat::store::import::{NewCredential, NewUser};
use crate::chat::store::{identities, users};

/// What is to become of a user of the source.
enum Name {
    Free(Username),
    /// Of somebody who was here.
    Known(i64),
    /// It ends the import.
    Taken,
}

impl Import {
    pub(super) fn user(&mut self, user: &User) -> Result<bool> {
        if self.users.contains_key(&user.id) {
            return refused(format!("there is a second user {}", user.id));
        }
        let wanted = self.username(user)?;
        let display_name = match &user.display_name {
            Some(given) => self.line("display_name", given, wanted.as_str(), name::display_name)?,
            None => wanted.as_str().to_owned(),
        };
        let bio = field("bio", name::bio(&user.bio))?;
        let email = user.email.as_deref().map(|email| field("email", Email::parse(email))).transpose()?;
        let created_at = time("created_at", user.created_at.unwrap_or(self.now), self.now)?;
        let last_seen_at = user.last_seen_at.map(|at| time("last_seen_at", at, self.now)).transpose()?;
        let username = match self.name(&wanted)? {
            Name::Free(username) => username,
            Name::Known(id) => {
                self.merged.insert(id);
                self.users.insert(user.id, MappedUser { id, is_new: false });
                self.report.merged += 1;
                self.report.note(format!("{wanted} is one with whom was here"));
                return Ok(false);
            }
            Name::Taken => {
                self.users.insert(user.id, MappedUser { id: 0, is_new: false });
                return Ok(false);
            }
        };
        let email = self.free_email(&username, email)?;
        let password_hash = match user.is_bot {
            true => no_password(),
            false => self.password_hash(&username, user.password_hash.as_deref()),
        };
        let nonce = rand::random::<[u8; 16]>();
        let id = self.tx.user(&NewUser {
            username: &username,
            email: email.as_ref(),
            display_name: &display_name,
            bio: &bio,
            password_hash: &password_hash,
            nonce: &nonce,
            is_admin: user.is_admin && !user.is_bot,
            is_disabled: user.is_disabled,
            is_bot: user.is_bot,
            created_at,
            last_seen_at,
        })?;
        self.users.insert(user.id, MappedUser { id, is_new: true });
        if let Some(name) = &user.former_name {
            let (username, name) = (username.as_str().to_owned(), name.clone());
            self.former_names.push(FormerName { user: id, username, name });
        }
        self.keep_notify(id, user)?;
        self.keep_second_factor(id, user)?;
        match (user.is_bot, user.is_disabled) {
            (false, _) => self.open_account_token(id, &nonce)?,
            (true, false) => self.keep_bot(id, user)?,
            // It was deleted there.
            (true, true) => {}
        }
        Ok(true)
    }

    fn keep_bot(&self, id: i64, user: &User) -> Result<()> {
        let maker = user.made_by.map(|id| self.person("made_by", id)).transpose()?;
        // One whose name is taken has no row: the import ends by that.
        self.tx.bot(id, maker.map(|maker| maker.id).filter(|id| *id > 0))
    }

    /// How a user wants to be told, if they said so. Which zones there are is a matter of a version, too.
    fn keep_notify(&mut self, id: i64, user: &User) -> Result<()> {
        let quiet = user.quiet.as_deref().map(Quiet::parse);
        if quiet == Some(None) {
            self.report.leave_out("quiet hours", "they are none here");
        }
        let settings = NotifySettings { quiet: quiet.flatten(), preview: !user.hides_preview };
        if settings != NotifySettings::default() {
            self.tx.notify(id, &settings)?;
        }
        Ok(())
    }

    /// The codes of the same app go on here, and those that were used there stay used.
    fn keep_second_factor(&self, id: i64, user: &User) -> Result<()> {
        let Some(SecondFactor { secret, last_step, recovery_sha256 }) = &user.second_factor else { return Ok(()) };
        if user.is_bot {
            return refused("second_factor: a bot has none");
        }
        let Some(secret) = FactorSecret::parse(secret) else {
            return refused("second_factor: the secret is not 10 to 64 bytes in base32");
        };
        if recovery_sha256.len() > RECOVERY_CODES {
            return refused(format!("second_factor: there are more than {RECOVERY_CODES} recovery codes"));
        }
        let hashes = recovery_sha256.iter().map(|sum| check::sha256("recovery_sha256", sum));
        let hashes = hashes.collect::<Result<Vec<_>>>()?;
        // One of the future would take codes of now for used.
        let last_step = last_step.unwrap_or(-1).min(step_at(self.now) + 1);
        let sealed = secret.sealed(&self.keys.factor_key(), UserId(id))?;
        self.tx.second_factor(id, &sealed, last_step, &hashes)
    }

    /// The name under which a user comes.
    fn name(&mut self, wanted: &Username) -> Result<Name> {
        let known = users::find_by_key(self.tx.db(), &wanted.key())?.map(|user| user.id.0);
        if known.is_none() && users::look_owner(self.tx.db(), wanted)?.is_none() {
            return Ok(Name::Free(wanted.clone()));
        }
        if known.is_none() && self.is_like_another_that_came(wanted)? {
            let free = self.free_name(wanted)?;
            self.report.note(format!("{wanted} comes as {free}: it is drawn like another name"));
            return Ok(Name::Free(free));
        }
        match (self.options.on_conflict, known) {
            (OnConflict::Fail, _) => {
                self.conflicts.add(wanted.as_str());
                Ok(Name::Taken)
            }
            (OnConflict::Merge, Some(id)) if self.tx.is_older(id) && !self.merged.contains(&id) => Ok(Name::Known(id)),
            (OnConflict::Merge, _) => refused(format!("username: {wanted} is like another name, and not the same")),
            (OnConflict::Rename, _) => {
                let free = self.free_name(wanted)?;
                self.report.note(format!("{wanted} comes as {free}: tell them, since {wanted} is somebody else here"));
                Ok(Name::Free(free))
            }
        }
    }

    fn free_email(&mut self, username: &Username, email: Option<Email>) -> Result<Option<Email>> {
        let Some(email) = email else { return Ok(None) };
        if !users::email_is_taken(self.tx.db(), &email.key(), None)? {
            return Ok(Some(email));
        }
        match self.options.on_conflict {
            OnConflict::Fail => self.conflicts.add(&format!("the address of {username}")),
            OnConflict::Merge | OnConflict::Rename => {
                self.report.note(format!("{username} comes without an address: somebody here has it"));
            }
        }
        Ok(None)
    }

    fn password_hash(&mut self, username: &Username, given: Option<&str>) -> String {
        if let Some(hash) = given {
            if check::is_usable_hash(hash) {
                return hash.to_owned();
            }
            self.report.note(format!("the password of {username} is kept in a way that cannot be checked here"));
        }
        self.report.without_password += 1;
        no_password()
    }

    /// Every account has one, derived from this server's secret.
    fn open_account_token(&self, user: i64, nonce: &[u8]) -> Result<()> {
        let token = self.keys.account_token(nonce);
        self.tx.credential(&NewCredential {
            user,
            kind: "account",
            secret_hash: &secret_hash(token.as_str()),
            label: session::ACCOUNT_TOKEN_LABEL,
            is_bot: false,
            created_at: self.now,
            used_at: self.now,
            expires_at: None,
            issuer: None,
        })?;
        Ok(())
    }

    pub(super) fn credential(&mut self, credential: &Credential) -> Result<bool> {
        let person = self.person("user", credential.user)?;
        let mut label = field("label", Label::parse(&credential.label))?;
        if credential.kind == CredentialKind::Account {
            label = Label::cut(session::MOVED_TOKEN_LABEL);
        }
        let issuer = credential.issuer.as_deref();
        // Such as those of the links, which an unlinking has to find it by.
        issuer.map(|issuer| field("issuer", Identity::exported(UserId(person.id), issuer, "-"))).transpose()?;
        let hash = credential.secret_sha256.as_deref().map(|sum| check::sha256("secret_sha256", sum)).transpose()?;
        let created_at = time("created_at", credential.created_at, self.now)?;
        let used_at = time("used_at", credential.used_at, self.now)?;
        let is_over = credential.expires_at.is_some_and(|at| at <= self.now);
        let why = match (credential.kind, hash) {
            (CredentialKind::Session, _) => "browsers sign in again",
            (CredentialKind::Refresh, _) => "the old server signed it",
            (_, None) => "its secret is not in there",
            _ if !person.is_new => "whoever was here keeps their own",
            _ if is_over => "it is over",
            (CredentialKind::Account | CredentialKind::Device, Some(secret_hash)) => {
                let is_new = self.tx.credential(&NewCredential {
                    user: person.id,
                    kind: "device",
                    secret_hash: &secret_hash,
                    label: label.as_str(),
                    is_bot: credential.is_bot,
                    created_at,
                    used_at,
                    expires_at: credential.expires_at,
                    issuer,
                })?;
                if is_new {
                    return Ok(true);
                }
                "it is known here already"
            }
        };
        self.report.leave_out("credentials", why);
        Ok(false)
    }

    pub(super) fn identity(&mut self, record: &record::Identity) -> Result<bool> {
        let person = self.person("user", record.user)?;
        let identity = field("subject", Identity::exported(UserId(person.id), &record.issuer, &record.subject))?;
        let db = self.tx.db();
        let why = match () {
            () if !person.is_new => "whoever was here keeps their own",
            () if identities::owner(db, &identity)?.is_some() => "somebody here is known by it",
            () if self.means_another(&identity, person.id)? => "the proxy calls somebody else here so",
            () if identities::subject(db, UserId(person.id), identity.issuer())?.is_some() => {
                "one of a provider is enough"
            }
            () => {
                self.tx.identity(person.id, &identity)?;
                return Ok(true);
            }
        };
        self.report.leave_out("identities", why);
        Ok(false)
    }

    /// Whether a proxy means somebody by it who was here, and signs in by the name alone.
    fn means_another(&self, identity: &Identity, person: i64) -> Result<bool> {
        let named = match identity.is_named_by_proxy() {
            true => users::find_by_key(self.tx.db(), &fold(identity.subject()))?,
            false => None,
        };
        Ok(named.is_some_and(|user| user.id.0 != person))
    }

    pub(super) fn friend(&mut self, friend: &Friend) -> Result<bool> {
        let (one, other) = (self.person("user", friend.user)?, self.person("friend", friend.friend)?);
        if one.id == other.id {
            return refused("friend: nobody is their own friend");
        }
        let is_new = self.tx.friend(one.id, other.id, time("created_at", friend.created_at, self.now)?)?;
        if !is_new {
            self.report.leave_out("friends", "they are friends already");
        }
        Ok(is_new)
    }

    pub(super) fn post(&mut self, post: &Post) -> Result<bool> {
        let author = self.person("author", post.author)?;
        let title = self.line("title", &post.title, NO_TITLE, name::title)?;
        let content = field("content", name::post(&post.content))?;
        self.tx.post(author.id, &title, &content, time("created_at", post.created_at, self.now)?)?;
        Ok(true)
    }
}
