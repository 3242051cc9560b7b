//! Push: devices that are told while no page is open, and of what.
//!
//! What is told is asked twice, when a message is new and right before each attempt, by the same predicate: who
//! read it meanwhile, left, muted the chat or looks at a page is not told any more.

mod key;

use super::app::App;
use super::model::error::{Error, Result};
use super::model::id::{MessageId, PushId};
use super::model::push::{
    Due, Dues, MAX_PUSH_AGE, MAX_PUSH_SUBSCRIPTIONS, NewPushSubscription, Push, PushSubscription, PushTarget, VISIBLE,
};
use super::model::session::Actor;
use super::model::time::Timestamp;
use super::store;
use super::store::push::Reached;
use super::subscription::Subscriber;

/// Messages that are looked at in one read.
const MAX_MESSAGES: u32 = 100;
/// Devices after which no further message is looked at in the same read: each comes with an endpoint of up to 2 KiB.
const MAX_DUES: usize = 1_000;

impl App {
    /// Has one of the actor's devices told, as long as the credential lasts that asks. One that is known by its
    /// endpoint gets these keys, and is the actor's from now on. `true`: it was not known.
    pub async fn subscribe_to_push(&self, actor: &Actor, new: NewPushSubscription) -> Result<(PushSubscription, bool)> {
        self.check_pace(actor)?;
        let (me, credential) = (actor.user, actor.credential);
        self.authorized(actor)
            .write(move |tx| {
                if !store::push::is_any(tx)? {
                    // Nobody was told of what came before.
                    store::push::set_upto(tx, MessageId(tx.last_seq().0))?;
                }
                let (id, is_new) = if let Some(id) = store::push::renew(tx, me, credential, &new)? {
                    (id, false)
                } else {
                    let was_anothers = store::push::delete_endpoint(tx, &new.target.endpoint)?;
                    let id = store::push::insert(tx, me, credential, &new)?;
                    store::push::delete_surplus(tx, me, MAX_PUSH_SUBSCRIPTIONS)?;
                    (id, !was_anothers)
                };
                Ok((store::push::find(tx, me, id)?.ok_or(Error::Internal)?, is_new))
            })
            .await
    }

    /// The actor's devices that are told, the newest first.
    pub fn push_subscriptions(&self, actor: &Actor) -> Result<Vec<PushSubscription>> {
        self.store.read(|db| store::push::of_user(db, actor.user))
    }

    /// Has one of the actor's devices told no more.
    pub async fn end_push_subscription(&self, actor: &Actor, id: PushId) -> Result<()> {
        let me = actor.user;
        self.authorized(actor)
            .write(move |tx| if store::push::delete(tx, me, id)? { Ok(()) } else { Err(Error::NotFound) })
            .await
    }

    /// Where pushes to one of the actor's devices go.
    pub fn push_target(&self, actor: &Actor, id: PushId) -> Result<PushTarget> {
        self.check_pace(actor)?;
        self.store.read(|db| store::push::target(db, actor.user, id)?.ok_or(Error::NotFound))
    }

    /// Ends what goes to an endpoint of which its push service knows nothing any more.
    pub async fn end_push_endpoint(&self, endpoint: String) -> Result<()> {
        self.store.write(move |tx| store::push::delete_endpoint(tx, &endpoint).map(drop)).await
    }

    /// A socket says that somebody looks at it, or that nobody does.
    pub fn set_visible(&self, subscriber: &Subscriber, is_visible: bool) {
        let until = if is_visible { self.clock.now().plus(VISIBLE) } else { Timestamp(0) };
        self.hub.set_visible(subscriber.socket, until);
    }

    /// From here on [`next_post`](Self::next_post) returns. The newest message that was looked at before.
    pub fn follow_posts(&self) -> Result<MessageId> {
        self.posted.follow();
        self.store.read(|db| Ok(store::push::state(db)?.map_or(MessageId(0), |(_, upto)| upto)))
    }

    /// Returns when something was posted since it returned last.
    pub async fn next_post(&self) {
        self.posted.any().await;
    }

    /// Which devices are to be told of the messages above one: of a piece of them.
    pub async fn due_pushes(&self, above: MessageId) -> Result<Dues> {
        let app = self.clone();
        self.store
            .scan(move |db| {
                let now = app.clock.now();
                let messages = store::push::messages(db, above, now.minus(MAX_PUSH_AGE), MAX_MESSAGES)?;
                let (mut upto, mut has_more) = (above, messages.len() == MAX_MESSAGES as usize);
                let (is_followed, mut dues) = (store::push::is_any(db)?, Vec::new());
                for (message, is_recent) in messages {
                    if dues.len() >= MAX_DUES {
                        has_more = true;
                        break;
                    }
                    if is_followed && is_recent {
                        let reached = store::push::reached_by(db, message, now)?;
                        let told = reached.into_iter().filter(|reached| app.is_told(reached, now));
                        dues.extend(told.map(|reached| (reached.due, reached.endpoint)));
                    }
                    upto = message;
                }
                Ok(Dues { upto, is_followed, has_more, dues })
            })
            .await
    }

    /// Writes down that messages up to this one were looked at: what is sent from here on is not sent again after
    /// a crash.
    pub async fn keep_pushed(&self, upto: MessageId) -> Result<()> {
        self.store.write(move |tx| store::push::set_upto(tx, upto)).await
    }

    /// What a device is told, and where that goes. `None`: it is not to be told, or not any more.
    pub fn push(&self, due: Due) -> Result<Option<(PushTarget, Push)>> {
        let now = self.clock.now();
        self.store.read(|db| {
            let Some(reached) = store::push::reaches(db, due, now)?.filter(|reached| self.is_told(reached, now)) else {
                return Ok(None);
            };
            Ok(store::push::target(db, due.user, due.device)?.zip(store::push::push(db, &reached, now)?))
        })
    }

    /// Whether somebody whom a message reaches is told of it now.
    fn is_told(&self, reached: &Reached, now: Timestamp) -> bool {
        reached.notify.is_told(reached.addresses)
            && !reached.settings.quiet.is_some_and(|quiet| quiet.holds(now))
            && !self.hub.is_looking(reached.due.user, now)
    }
}
