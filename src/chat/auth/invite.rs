//! Invitations to register: links with a code that is good for so many accounts.

use std::time::Duration;

use super::audit;
use crate::chat::app::App;
use crate::chat::model::admin::Administrator;
use crate::chat::model::audit::AuditAction;
use crate::chat::model::error::{Error, Result, Rule};
use crate::chat::model::id::{ChatId, InviteId};
use crate::chat::model::invite::{Invitation, MAX_INVITES, NewInvite};
use crate::chat::model::page::{Page, Paged};
use crate::chat::model::time::Timestamp;
use crate::chat::model::token::{Token, secret_hash};
use crate::chat::store::{self, Db, Tx};
use crate::chat::welcome::may_let_in;

/// How long an expired one stays in the list.
pub const KEEP_EXPIRED: Duration = Duration::from_hours(30 * 24);

/// What somebody who registers shows at the door.
#[derive(Clone, Debug)]
pub enum Invite {
    /// Everybody may register. A good code is counted all the same, a bad one is no matter.
    Optional(Option<String>),
    /// Only those may who have a live code.
    Required(Option<String>),
}

impl Invite {
    /// Whether it opens the door now, so that nobody else makes the server hash passwords.
    pub(in crate::chat) fn look(&self, db: &Db, now: Timestamp) -> Result<()> {
        match self {
            Self::Optional(_) => Ok(()),
            Self::Required(None) => Err(Error::Invalid(Rule::InviteRequired)),
            Self::Required(Some(code)) => live(db, code, now)?.map(drop).ok_or(Error::Invalid(Rule::InviteDead)),
        }
    }

    /// Takes a use, in the transaction that makes the account. Returns the group that the
    /// guest is to join, if the invitation names one and whoever made it may still let people in there.
    pub(in crate::chat) fn take(&self, tx: &Tx<'_>) -> Result<Option<ChatId>> {
        let (code, is_required) = match self {
            Self::Optional(None) => return Ok(None),
            Self::Required(None) => return Err(Error::Invalid(Rule::InviteRequired)),
            Self::Optional(Some(code)) => (code, false),
            Self::Required(Some(code)) => (code, true),
        };
        match store::invites::take_use(tx, &secret_hash(code))? {
            Some((Some(chat), maker)) if may_let_in(tx, maker, chat)? => Ok(Some(chat)),
            Some(_) => Ok(None),
            None if is_required => Err(Error::Invalid(Rule::InviteDead)),
            None => Ok(None),
        }
    }
}

impl App {
    /// Makes an invitation: with the code that nobody sees again.
    pub async fn create_invite(&self, by: &Administrator, new: NewInvite) -> Result<(Invitation, Token)> {
        let (code, by) = (Token::random(), by.clone());
        let hash = secret_hash(code.as_str());
        let made = self.store.write(move |tx| {
            by.check(tx)?;
            if store::invites::count(tx)? >= i64::from(MAX_INVITES) {
                return Err(Error::LimitReached { what: "invitations", max: MAX_INVITES });
            }
            if let Some(chat) = new.chat
                && !may_let_in(tx, by.id(), chat)?
            {
                return Err(Error::Invalid(Rule::InviteChat));
            }
            let id = store::invites::insert(tx, &new, &hash, by.id(), tx.now.plus(new.life))?;
            let made = store::invites::find(tx, id, tx.now)?.ok_or(Error::Internal)?;
            let detail = format!("{} uses until {}; {}", made.uses_left, made.expires_at, made.label);
            audit::note(tx, by.id(), AuditAction::InviteCreated, &id.to_string(), detail.trim_end_matches("; "))?;
            Ok(made)
        });
        Ok((made.await?, code))
    }

    /// The invitations that are kept, the newest first.
    pub async fn invites(&self, by: &Administrator, page: Page) -> Result<Paged<Invitation>> {
        let (by, now) = (by.clone(), self.clock.now());
        self.store
            .scan(move |db| {
                by.check(db)?;
                store::invites::page(db, page, now)
            })
            .await
    }

    /// Takes an invitation back.
    pub async fn revoke_invite(&self, by: &Administrator, id: InviteId) -> Result<()> {
        let by = by.clone();
        self.store
            .write(move |tx| {
                by.check(tx)?;
                let gone = store::invites::find(tx, id, tx.now)?.ok_or(Error::NotFound)?;
                store::invites::delete(tx, id)?;
                audit::note(tx, by.id(), AuditAction::InviteRevoked, &id.to_string(), &gone.label)
            })
            .await
    }

    /// What whoever has a code may know of its invitation, as long as that is live.
    pub fn look_at_invite(&self, code: &str) -> Result<Invitation> {
        let now = self.clock.now();
        self.store.read(|db| live(db, code, now)?.ok_or(Error::NotFound))
    }
}

fn live(db: &Db, code: &str, now: Timestamp) -> Result<Option<Invitation>> {
    let found = store::invites::find_by_code(db, &secret_hash(code), now)?;
    Ok(found.filter(|invitation| invitation.is_live))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use super::{Invite, KEEP_EXPIRED};
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::auth::audit::KEEP_AUDIT;
    use crate::chat::auth::reset::RESET_LIFE;
    use crate::chat::model::admin::Administrator;
    use crate::chat::model::error::{Error, Rule};
    use crate::chat::model::invite::{INVITE_LIFE, MAX_INVITES, NewInvite};
    use crate::chat::model::label::Label;
    use crate::chat::model::page::Page;
    use crate::chat::model::password::Password;
    use crate::chat::model::time::{Clock, Timestamp};
    use crate::chat::tests::new_user;

    const FIRST: Page = Page { number: 1, size: 50 };

    /// A server whose clock is moved by hand.
    struct World {
        app: App,
        now: Arc<AtomicI64>,
        _folder: tempfile::TempDir,
    }

    impl World {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let now = Arc::new(AtomicI64::new(1_735_732_800_000));
            let hand = Arc::clone(&now);
            let clock = Clock::new(move || Timestamp(hand.load(Ordering::SeqCst)));
            let config = Config { durability: Durability::Normal, clock, ..Config::of(folder.path()) };
            Self { app: App::open(config).expect("opened"), now, _folder: folder }
        }

        fn passes(&self, span: Duration) {
            // A server that runs looks at its clock all the time.
            let mut left = i64::try_from(span.as_millis()).expect("a time");
            while left > 0 {
                let step = left.min(24 * 60 * 60 * 1000);
                self.now.fetch_add(step, Ordering::SeqCst);
                assert!(self.app.clock_doubt().is_none(), "a day is no reason to doubt");
                left -= step;
            }
        }

        async fn registers(&self, name: &str, code: &str) -> Result<(), Error> {
            let shown = Invite::Required(Some(code.to_owned()));
            self.app.register_only(new_user(name), shown).await.map(drop)
        }
    }

    fn twice() -> NewInvite {
        NewInvite { uses: 2, life: INVITE_LIFE, label: Label::default(), chat: None }
    }

    #[tokio::test]
    async fn an_invitation_is_over_when_its_time_is() {
        let world = World::new();
        let (_, code) = world.app.create_invite(&Administrator::CommandLine, twice()).await.expect("made");
        world.passes(INVITE_LIFE - Duration::from_millis(1));
        world.registers("alice", code.as_str()).await.expect("in time");
        world.passes(Duration::from_millis(1));
        let late = world.registers("bob", code.as_str()).await;
        assert_eq!(late, Err(Error::Invalid(Rule::InviteDead)));
        assert_eq!(world.app.look_at_invite(code.as_str()).err(), Some(Error::NotFound));
        let listed = world.app.invites(&Administrator::CommandLine, FIRST).await.expect("listed");
        assert!(!listed.items[0].is_live && listed.items[0].uses_left == 1);
        world.passes(KEEP_EXPIRED);
        world.app.maintain().await.expect("maintained");
        assert_eq!(world.app.invites(&Administrator::CommandLine, FIRST).await.expect("listed").count, 0);
    }

    #[tokio::test]
    async fn a_link_for_a_password_is_over_after_a_day() {
        let world = World::new();
        let alice = world.app.create_user(new_user("alice")).await.expect("an account").user.id;
        let (code, _) = world.app.create_reset(&Administrator::CommandLine, alice).await.expect("made");
        world.passes(RESET_LIFE - Duration::from_millis(1));
        world.app.look_at_reset(code.as_str()).expect("in time");
        world.passes(Duration::from_millis(1));
        let late = world.app.reset_password(code.as_str(), Password::attempt("passwords")).await;
        assert_eq!(late.err(), Some(Error::NotFound));
        let login = ["alice".to_owned()];
        assert!(world.app.check_password(&login, Password::attempt("password")).await.is_ok());
    }

    #[tokio::test]
    async fn a_token_of_a_program_is_over_when_its_time_is() {
        let world = World::new();
        let bob = world.app.create_user(new_user("bob")).await.expect("an account").user.id;
        let life = Duration::from_hours(48);
        let (_, token) = world.app.create_bot_token(bob, Label::default(), Some(life)).await.expect("made");
        world.passes(life - Duration::from_millis(1));
        world.app.authenticate(token.as_str()).expect("in time");
        world.passes(Duration::from_millis(1));
        assert_eq!(world.app.authenticate(token.as_str()).err(), Some(Error::CredentialRevoked));
        assert!(world.app.bot_tokens().expect("listed").is_empty());
    }

    #[tokio::test]
    async fn the_log_forgets_what_is_older_than_it_is_kept() {
        let world = World::new();
        world.app.create_user(new_user("alice")).await.expect("an account");
        world.passes(KEEP_AUDIT);
        world.app.create_user(new_user("bob")).await.expect("an account");
        world.app.maintain().await.expect("maintained");
        assert_eq!(
            world.app.audit(&Administrator::CommandLine, FIRST).await.expect("the log").count,
            2,
            "to the moment"
        );
        world.passes(Duration::from_millis(1));
        world.app.maintain().await.expect("maintained");
        let log = world.app.audit(&Administrator::CommandLine, FIRST).await.expect("the log");
        assert_eq!((log.count, log.items[0].subject.as_str()), (1, "bob"));
    }

    #[tokio::test]
    async fn so_many_invitations_are_kept_and_no_more() {
        let world = World::new();
        for _ in 0..MAX_INVITES {
            world.app.create_invite(&Administrator::CommandLine, twice()).await.expect("made");
        }
        let more = world.app.create_invite(&Administrator::CommandLine, twice()).await;
        assert!(matches!(more, Err(Error::LimitReached { max: MAX_INVITES, .. })), "{more:?}");
    }
}
