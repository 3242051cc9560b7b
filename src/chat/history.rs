//! Histories: what was said in a chat, a page or a piece at a time.
//!
//! A hundred messages may be a few lines or some megabytes, and only who has read them knows. So
//! pages are read and put into words where they are asked for as long as they are short; what
//! turns out to be long is left, and done in a turn for long reads, of which everybody has few.

use std::sync::Arc;

use super::app::App;
use super::model::chat::Membership;
use super::model::error::{Error, Result};
use super::model::id::{ChatId, MessageId, UserId};
use super::model::message::{Message, Window};
use super::model::page::Paged;
use super::model::receipt::ReadMark;
use super::model::session::Actor;
use super::store::{self, Db};

/// What a piece of a list that is told in pieces may weigh: it ends behind the item that reaches it.
pub(super) const MAX_PIECE_BYTES: usize = 64 * 1024;

/// Messages of a chat, to be put into words.
pub struct History {
    /// How many the chat has in all, for this viewer.
    pub count: i64,
    /// Those that were asked for.
    pub messages: Vec<Message>,
    /// Up to where each member has read, in the same state of the database, where that is shown.
    pub marks: Arc<[ReadMark]>,
}

/// Where the newest messages of a chat begin.
#[derive(Clone, Copy, Debug)]
pub struct Newest {
    /// The message that they stand above.
    pub above: MessageId,
    /// Whether the viewer may read on below them.
    pub has_older: bool,
}

impl App {
    /// Messages of a chat that the actor is in; `count` is how many there are in all.
    pub fn history(&self, actor: &Actor, chat: ChatId, window: Window) -> Result<Paged<Message>> {
        self.store.read(|db| history(db, actor.user, chat, window))
    }

    /// The same as `write` puts them into words, with the marks of those who have read them if
    /// `has_marks`. Where they are long, `write` is called once more.
    pub async fn written_history<T: Send + 'static>(
        &self,
        actor: &Actor,
        chat: ChatId,
        window: Window,
        has_marks: bool,
        write: impl Fn(&History) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let me = actor.user;
        let work = move |db: &Db, max_weight| {
            let membership = membership(db, me, chat)?;
            load(db, chat, &membership, window, has_marks, max_weight)?.map(|past| write(&past)).transpose()
        };
        self.store.read_long(me, true, work).await
    }

    /// The next of a chat's messages above one, oldest first: `limit` at most, and fewer where they are long.
    pub fn history_piece(&self, actor: &Actor, chat: ChatId, above: MessageId, limit: u32) -> Result<Vec<Message>> {
        self.store.read(|db| {
            let membership = membership(db, actor.user, chat)?;
            let window = Window::After(above, limit);
            store::messages::list_within(db, chat, membership.cleared_mark, window, MAX_PIECE_BYTES)
        })
    }

    /// From above which message on the newest `count` below `end` stand, for [`Window::After`].
    pub async fn start_of_newest(&self, actor: &Actor, chat: ChatId, end: MessageId, count: u32) -> Result<Newest> {
        let me = actor.user;
        self.store
            .scan_for(me, move |db| {
                let membership = membership(db, me, chat)?;
                let start = store::messages::id_below(db, chat, end, count)?.unwrap_or(MessageId(0));
                let has_older = start > membership.cleared_mark;
                Ok(Newest { above: start.max(membership.cleared_mark), has_older })
            })
            .await
    }
}

/// The viewer's part in a chat that they are in.
pub(super) fn membership(db: &Db, viewer: UserId, chat: ChatId) -> Result<Membership> {
    store::chats::find_membership(db, viewer, chat)
}

pub(super) fn history(db: &Db, viewer: UserId, chat: ChatId, window: Window) -> Result<Paged<Message>> {
    let past = load(db, chat, &membership(db, viewer, chat)?, window, false, usize::MAX)?.ok_or(Error::Internal)?;
    Ok(Paged { count: past.count, items: past.messages })
}

/// Part of a chat's history; `None`: it weighs `max_weight` or more.
pub(super) fn load(
    db: &Db,
    chat: ChatId,
    membership: &Membership,
    window: Window,
    has_marks: bool,
    max_weight: usize,
) -> Result<Option<History>> {
    let count = membership.message_count;
    if matches!(window, Window::Page(page) if page.is_past(count)) {
        return Ok(Some(History { count, messages: Vec::new(), marks: Arc::default() }));
    }
    let messages = store::messages::list_within(db, chat, membership.cleared_mark, window, max_weight)?;
    History::of(db, chat, count, messages, has_marks, max_weight)
}

impl History {
    /// With the marks, if they are wanted. `None`: all of it, with what is told of who has read
    /// each message, weighs `max_weight` or more.
    pub(super) fn of(
        db: &Db,
        chat: ChatId,
        count: i64,
        messages: Vec<Message>,
        has_marks: bool,
        max_weight: usize,
    ) -> Result<Option<Self>> {
        let weight = messages.iter().map(Message::weight).sum::<usize>();
        if weight >= max_weight {
            return Ok(None);
        }
        let marks =
            if has_marks { store::members::read_marks_within(db, chat, max_weight)? } else { Some(Arc::default()) };
        let Some(marks) = marks else { return Ok(None) };
        let is_short = weight + messages.len() * marks.len() * size_of::<UserId>() < max_weight;
        Ok(is_short.then_some(Self { count, messages, marks }))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Sender, channel};

    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::History;
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::model::error::{Error, Result};
    use crate::chat::model::id::{ChatId, MessageId};
    use crate::chat::model::message::{Draft, Window};
    use crate::chat::model::name::MessageText;
    use crate::chat::model::page::Page;
    use crate::chat::model::session::Actor;
    use crate::chat::model::user::UserRef;
    use crate::chat::page_cache::Form;
    use crate::chat::store::MAX_INLINE_BYTES;
    use crate::chat::tests::{crowd, group, person};

    const PAGE: Page = Page { number: 1, size: 2 };
    const BEFORE: Window = Window::Before(MessageId(i64::MAX), 2);

    /// Every way to ask for a page of messages: how many there were on it.
    fn pages<'a>(app: &'a App, who: &'a Actor, chat: ChatId) -> Vec<BoxFuture<'a, Result<usize>>> {
        let count = |past: &History| Ok(past.messages.len());
        let form = Form { name: "plain", has_marks: true };
        let cached = app.cached_page(who, chat, PAGE, form, move |past| Ok(vec![b'x'; count(past)?]));
        let of_directs = async |other| Ok(app.direct_messages(who, other, PAGE, |found| Ok(found.len())).await?.1);
        vec![
            cached.map(|page| Ok(page?.1.len())).boxed(),
            app.written_history(who, chat, BEFORE, true, count).boxed(),
            app.pins(who, chat, None, 2, count).boxed(),
            of_directs(None).boxed(),
            of_directs(app.user_named(who, "bob").ok().map(|bob| bob.id)).boxed(),
        ]
    }

    /// Both turns of a user for long reads, until what is answered is dropped.
    fn hold_turns(app: &App, who: &Actor) -> Vec<Sender<()>> {
        let hold = |_| {
            let (held, wait) = channel::<()>();
            let work = move |_: &_| wait.recv().map_err(|_| Error::Internal);
            let store = app.store.clone();
            let me = who.user;
            let mut turn = async move { store.scan_for(me, work).await }.boxed();
            // It is taken with the first look, and the rest is a thread's.
            assert!(turn.as_mut().now_or_never().is_none());
            held
        };
        (0..2).map(hold).collect()
    }

    #[tokio::test]
    async fn long_pages_wait_for_their_readers_turn_and_short_ones_for_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
        let (alice, bob, carol) = (person(&app, "alice").await, person(&app, "bob").await, person(&app, "carol").await);
        let pair = app.open_direct(&alice, UserRef::Id(bob.user)).await.expect("a chat").0.id;
        let den = group(&app, &carol, &[]).await;
        let say = async |who: &Actor, chat, text: &str| {
            let text = MessageText::parse(text, 2 * MAX_INLINE_BYTES).expect("text");
            let said = app.post(who, chat, Draft::of(text, None)).await.expect("posted").message.id;
            app.pin(who, said).await.expect("pinned");
        };
        say(&alice, pair, "hi").await;
        let held = hold_turns(&app, &alice);
        for (way, page) in pages(&app, &alice, pair).into_iter().enumerate() {
            assert_eq!(page.now_or_never().expect("at once").expect("a page"), 1, "way {way}");
        }
        // No message is long by itself: together they are.
        for _ in 0..2 {
            say(&alice, pair, &"long ".repeat(MAX_INLINE_BYTES / 10)).await;
        }
        for (way, page) in pages(&app, &alice, pair).into_iter().enumerate() {
            assert!(page.now_or_never().is_none(), "way {way} is read where others are waiting");
        }
        for page in pages(&app, &bob, pair).into_iter().take(4) {
            assert_eq!(page.await.expect("a page"), 2, "bob has turns of his own");
        }
        say(&carol, den, "hi").await;
        assert_eq!(pages(&app, &carol, den).remove(1).now_or_never().expect("at once").expect("a page"), 1);
        drop(held);
        for page in pages(&app, &alice, pair) {
            assert_eq!(page.await.expect("a page"), 2, "all of it, when it is her turn");
        }
    }

    #[tokio::test]
    async fn a_chat_of_many_people_waits_for_its_readers_turn_and_one_of_few_for_nothing() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
        let alice = person(&app, "alice").await;
        let (den, square) = (group(&app, &alice, &[]).await, group(&app, &alice, &[]).await);
        crowd(&app, square, 1_100).await;
        let held = hold_turns(&app, &alice);
        let of_few = app.overview(&alice, den).now_or_never().expect("at once").expect("a chat");
        assert_eq!(of_few.members.len(), 1);
        let mut of_many = app.overview(&alice, square).boxed();
        assert!(of_many.as_mut().now_or_never().is_none(), "read where others are waiting");
        let listed = |chats: &[ChatId]| app.next_overviews(&alice, chats.into(), |chat| chat.members.len()).boxed();
        let first = listed(&[den, square]).now_or_never().expect("at once").expect("chats");
        assert_eq!(first, (vec![1], 1), "the group of many is left for the next piece");
        let mut second = listed(&[square, den]);
        assert!(second.as_mut().now_or_never().is_none(), "listed where others are waiting");
        let mut marks = app.read_marks(&alice, square).boxed();
        assert!(marks.as_mut().now_or_never().is_none(), "read where others are waiting");
        assert_eq!(app.read_marks(&alice, den).now_or_never().expect("at once").expect("marks").len(), 1);
        let mut rooms = app.visible_chats(&alice, true, den, 9).boxed();
        assert!(rooms.as_mut().now_or_never().is_none(), "listed where others are waiting");
        drop(held);
        assert_eq!(of_many.await.expect("a chat").members.len(), 1_101);
        assert_eq!(second.await.expect("chats"), (vec![1_101], 1));
        assert_eq!(marks.await.expect("marks").len(), 1_101);
        assert_eq!(rooms.await.expect("rooms")[0].1.len(), 1_101);
        assert_eq!(listed(&[ChatId(99)]).await.expect("chats"), (vec![], 1), "one that she is not in");
    }

    #[tokio::test]
    async fn who_looks_through_everything_keeps_nobodys_list_waiting() {
        let folder = tempfile::tempdir().expect("a folder");
        let app = App::open(Config { durability: Durability::Normal, ..Config::of(folder.path()) }).expect("opened");
        let alice = person(&app, "alice").await;
        let den = group(&app, &alice, &[]).await;
        let held = hold_turns(&app, &alice);
        assert!(app.chats_by_activity(&alice, PAGE, None).now_or_never().is_none(), "a list has these turns");
        let found = app.chats_by_activity(&alice, PAGE, Some("de")).await.expect("chats");
        assert_eq!(found.items, [den]);
        let far = Page { number: 1_000, size: 100 };
        assert_eq!(app.direct_messages(&alice, None, far, |found| Ok(found.len())).await.expect("a page"), (0, 0));
        drop(held);
    }
}
