//! Who is typing where. True for a moment, told to the others, stored nowhere.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::Chat;
use super::error::{Error, Result};
use super::event::Event;
use super::id::{ChatId, UserId};
use super::session::Asker;
use super::store;

/// A repeat within this time is not passed on.
pub const REPEAT: Duration = Duration::from_secs(2);
/// Without a renewal, typing is over after this time.
pub const EXPIRES: Duration = Duration::from_secs(6);

/// Who is typing right now. An entry goes with its expiry, so there are never more than
/// requests of the last seconds.
#[derive(Default)]
pub(super) struct TypingNow {
    since: Mutex<HashMap<(ChatId, UserId), State>>,
}

struct State {
    told: Instant,
    renewed: Instant,
}

impl TypingNow {
    fn lock(&self) -> MutexGuard<'_, HashMap<(ChatId, UserId), State>> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that somebody types. Whether that is news to the others, and whether
    /// nobody watches for its end yet.
    fn begin(&self, key: (ChatId, UserId), now: Instant) -> (bool, bool) {
        let mut since = self.lock();
        match since.get_mut(&key) {
            Some(state) => {
                state.renewed = now;
                let is_news = now.duration_since(state.told) >= REPEAT;
                if is_news {
                    state.told = now;
                }
                (is_news, false)
            }
            None => {
                since.insert(key, State { told: now, renewed: now });
                (true, true)
            }
        }
    }

    /// Whether somebody was typing until now.
    fn end(&self, key: (ChatId, UserId)) -> bool {
        self.lock().remove(&key).is_some()
    }

    /// When it expires if nothing renews it; `None`: it has, or was ended.
    fn expire(&self, key: (ChatId, UserId), now: Instant) -> Option<Instant> {
        let mut since = self.lock();
        let end = since.get(&key)?.renewed + EXPIRES;
        if end > now {
            return Some(end);
        }
        since.remove(&key);
        None
    }
}

impl Chat {
    /// Tells the others in a chat that the asker types, or does not any more.
    pub fn typing(&self, asker: &Asker, chat: ChatId, is_typing: bool) -> Result<()> {
        let user = asker.user;
        self.check_signed_in(asker)?;
        if !self.store.read(|db| store::members::is_member(db, chat, user))? {
            return Err(Error::NotFound);
        }
        let key = (chat, user);
        if !is_typing {
            if self.typing.end(key) {
                self.hub.publish([Event::Typing { chat, user, is_typing: false }]);
            }
            return Ok(());
        }
        let (is_news, is_unwatched) = self.typing.begin(key, Instant::now());
        if is_news {
            self.hub.publish([Event::Typing { chat, user, is_typing: true }]);
        }
        if is_unwatched {
            self.watch_typing(key);
        }
        Ok(())
    }

    fn watch_typing(&self, key: (ChatId, UserId)) {
        let chat = self.clone();
        tokio::spawn(async move {
            let mut end = Instant::now() + EXPIRES;
            loop {
                tokio::time::sleep_until(end).await;
                let was_typing = chat.typing.lock().contains_key(&key);
                match chat.typing.expire(key, Instant::now()) {
                    Some(later) => end = later,
                    None if was_typing => {
                        return chat.hub.publish([Event::Typing { chat: key.0, user: key.1, is_typing: false }]);
                    }
                    None => return,
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::{EXPIRES, TypingNow};
    use crate::chat::id::{ChatId, UserId};

    const KEY: (ChatId, UserId) = (ChatId(1), UserId(1));

    #[test]
    fn repeats_are_not_news_and_renewals_last() {
        let typing = TypingNow::default();
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(typing.begin(KEY, begun), (true, true));
        assert_eq!(typing.begin(KEY, after(1)), (false, false));
        assert_eq!(typing.begin(KEY, after(3)), (true, false));
        assert_eq!(typing.expire(KEY, after(6)), Some(after(3) + EXPIRES));
        assert_eq!(typing.expire(KEY, after(9)), None);
        assert!(!typing.end(KEY), "it has expired");
        assert_eq!(typing.begin(KEY, after(9)), (true, true));
        assert!(typing.end(KEY));
    }
}
