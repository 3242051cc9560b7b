//! Catching up: everything that changed in one's chats since a number.

use super::app::App;
use super::model::changes::Changes;
use super::model::error::Result;
use super::model::id::Seq;
use super::model::session::Actor;
use super::model::thresholds::Thresholds;
use super::store;

/// What the changes on one page may take, about, before they are put into words: the page ends behind
/// the one that reaches it. Text is a few bytes of JSON a byte at most.
const MAX_CHANGES_BYTES: usize = 256 * 1024;

impl App {
    /// What changed in the actor's chats after `since` and up to `upto`, a page of it.
    pub async fn changes(&self, actor: &Actor, since: Seq, upto: Option<Seq>) -> Result<Changes> {
        let me = actor.user;
        let Thresholds { changes: max, recent, .. } = self.thresholds;
        self.store
            .scan_for(me, move |db| {
                let newest = store::changes::newest(db)?;
                let upto = upto.map_or(newest, |upto| upto.min(newest));
                let mut found = store::changes::of_user(db, me, since, upto, max + 1, recent)?;
                let more = found.len() > max as usize;
                found.truncate(max as usize);
                let places = found.iter().map(|(_, place)| *place);
                let (items, loaded) = store::changes::load(db, me, places, MAX_CHANGES_BYTES)?;
                let more = more || loaded < found.len();
                found.truncate(loaded);
                let seq = found.last().filter(|_| more).map_or(upto, |(seq, _)| *seq);
                Ok(Changes { seq, more, items })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use crate::chat::Durability;
    use crate::chat::app::{App, Config};
    use crate::chat::message::MayDelete;
    use crate::chat::model::id::ChatId;
    use crate::chat::model::id::Seq;
    use crate::chat::model::message::Draft;
    use crate::chat::model::name::{Emoji, MessageText};
    use crate::chat::model::session::Actor;
    use crate::chat::model::time::Clock;
    use crate::chat::tests::{SMALL, crowd, group, person};

    fn text(words: &str) -> MessageText {
        MessageText::parse(words, 100).expect("text")
    }

    /// Posts so many messages, edits the first, reacts to the second and deletes the third.
    async fn talk(app: &App, who: &Actor, room: ChatId, many: usize) {
        let mut said = Vec::with_capacity(many);
        for number in 0..many {
            let draft = Draft::of(text(&format!("word {number}")), None);
            said.push(app.post(who, room, draft).await.expect("posted").message.id);
        }
        app.edit(who, said[0], text("another word")).await.expect("edited");
        app.toggle_reaction(who, said[1], Emoji::parse("👍").expect("an emoji")).await.expect("added");
        app.delete_message(who, said[2], MayDelete::AuthorOrOwner).await.expect("deleted");
    }

    /// Numbers of the changes after `since`, page by page, and the number to ask on from.
    async fn after(app: &App, who: &Actor, mut since: i64) -> (Vec<i64>, i64) {
        let mut numbers = Vec::new();
        loop {
            let changes = app.changes(who, Seq(since), None).await.expect("changes");
            numbers.extend(changes.items.iter().map(|change| change.seq().0));
            since = changes.seq.0;
            if !changes.more {
                return (numbers, since);
            }
        }
    }

    #[tokio::test]
    async fn those_who_have_not_read_make_no_page_shorter() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config { durability: Durability::Normal, ..Config::of(folder.path()) };
        let app = App::open(config).expect("opened");
        let alice = person(&app, "alice").await;
        let square = group(&app, &alice, &[]).await;
        crowd(&app, square, 4_000).await;
        talk(&app, &alice, square, 50).await;
        let page = app.changes(&alice, Seq(0), None).await.expect("changes");
        assert!(!page.more && page.items.len() == 50, "{}", page.items.len());
        let read = "UPDATE members SET read_mark = 1 << 40";
        app.store.write(move |tx| Ok(tx.execute_batch(read)?)).await.expect("read by all");
        let page = app.changes(&alice, Seq(0), None).await.expect("changes");
        assert!(page.more && page.items.len() < 10, "{}", page.items.len());
    }

    #[tokio::test]
    async fn however_far_back_one_asks_the_same_changes_are_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = Config {
            durability: Durability::Normal,
            clock: Clock::system(),
            thresholds: SMALL,
            ..Config::of(folder.path())
        };
        let app = App::open(config).expect("opened");
        let (alice, bob) = (person(&app, "alice").await, person(&app, "bob").await);
        let (den, shed) = (group(&app, &alice, &[&bob]).await, group(&app, &alice, &[&bob]).await);
        let elsewhere = group(&app, &bob, &[]).await;
        // In the end births alone: nothing of another kind comes after them.
        for (room, many) in [(den, 9), (elsewhere, 4), (shed, 3), (den, 3), (elsewhere, 3)] {
            talk(&app, &bob, room, many).await;
            for chat in [shed, elsewhere] {
                app.post(&bob, chat, Draft::of(text("good night"), None)).await.expect("posted");
            }
        }
        for who in [&alice, &bob] {
            let (all, newest) = after(&app, who, 0).await;
            assert!(all.is_sorted() && all.len() > 15, "{all:?}");
            for since in 0..=newest + 3 {
                let later: Vec<i64> = all.iter().copied().filter(|seq| *seq > since).collect();
                assert_eq!(after(&app, who, since).await, (later, newest), "after {since}");
            }
        }
        let (hers, his) = (after(&app, &alice, 0).await.0, after(&app, &bob, 0).await.0);
        assert!(hers.iter().all(|seq| his.contains(seq)) && hers.len() < his.len(), "what is said elsewhere is bob's");
    }
}
