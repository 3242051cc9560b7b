//! Who is typing where. True for a moment, told to the others, stored nowhere.

use tokio::time::Instant;

use super::app::App;
use super::memory::typing::{Next, State};
use super::model::error::{Error, Result};
use super::model::event::Event;
use super::model::id::{ChatId, UserId};
use super::model::session::Actor;
use super::store;

impl App {
    /// Tells the others in a chat that the actor types, or does not any more. Who stops and
    /// begins again at once is told to begin when two seconds are over.
    pub fn typing(&self, actor: &Actor, chat: ChatId, is_typing: bool) -> Result<()> {
        let user = actor.user;
        self.check_signed_in(actor)?;
        if !self.store.read(|db| store::members::is_member(db, chat, user))? {
            return Err(Error::NotFound);
        }
        let key = (chat, user);
        // Told under the lock: or two who tell at once could tell the older last.
        let mut states = self.typing.lock();
        let is_news = match states.get_mut(&key) {
            Some(state) if is_typing => state.renew(Instant::now()),
            Some(state) => state.end(),
            None if is_typing => {
                states.insert(key, State::begun(Instant::now()));
                self.watch_typing(key);
                true
            }
            None => false,
        };
        if is_news {
            self.hub.publish([Event::Typing { chat, user, is_typing }]);
        }
        Ok(())
    }

    fn watch_typing(&self, key: (ChatId, UserId)) {
        let app = self.clone();
        tokio::spawn(async move {
            while let Some(then) = app.look_at_typing(key) {
                tokio::time::sleep_until(then).await;
            }
        });
    }

    /// Tells what is due, and when to look again.
    fn look_at_typing(&self, key: (ChatId, UserId)) -> Option<Instant> {
        let is_member = self.store.read(|db| store::members::is_member(db, key.0, key.1)).unwrap_or(true);
        let mut states = self.typing.lock();
        let now = Instant::now();
        match states.get_mut(&key)?.next(now) {
            // Who has left is not spoken of.
            Next::Wait(then) if is_member => return Some(then),
            Next::Tell(is_typing) if is_member => {
                self.hub.publish([Event::Typing { chat: key.0, user: key.1, is_typing }]);
                return Some(now);
            }
            _ => {}
        }
        states.remove(&key);
        None
    }
}
